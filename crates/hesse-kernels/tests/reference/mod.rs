//! Exact values, and how far the kernels are from them. Shared by the tests and the example `ulps`.

use hesse_kernels::{Binary, Level, Real, Unary};

/// A function with a kernel.
#[derive(Clone, Copy, PartialEq)]
pub enum Function {
    One(Unary),
    Two(Binary),
}

impl Function {
    /// All of them.
    pub fn all() -> Vec<Function> {
        Unary::ALL.into_iter().map(Function::One).chain(Binary::ALL.into_iter().map(Function::Two)).collect()
    }
    pub fn name(self) -> String {
        match self {
            Function::One(f) => format!("{f:?}"),
            Function::Two(f) => format!("{f:?}"),
        }
    }
    /// The values by the kernel of a level.
    pub fn map<T: Real>(self, level: Level, a: &[T], b: &[T]) -> Vec<T> {
        let mut y = vec![T::default(); a.len()];
        match self {
            Function::One(f) => f.map_at(level, a, &mut y),
            Function::Two(f) => f.map_at(level, a, b, &mut y),
        }
        y
    }
}

/// Exact values of one function.
pub struct Rows {
    pub function: Function,
    pub a: Vec<f64>,
    pub b: Vec<f64>,
    /// The nearest f64, and the exact value's distance from it in its last place.
    pub y: Vec<(f64, f64)>,
}

/// Reads what `tools/reference.py` wrote.
pub fn read(text: &str) -> Vec<Rows> {
    let functions = Function::all();
    let mut all: Vec<Rows> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |k: usize| f64::from_bits(u64::from_str_radix(words[k], 16).expect("bits"));
        let function = *functions.iter().find(|f| f.name() == words[0]).expect("a function");
        if all.last().is_none_or(|r| r.function != function) {
            all.push(Rows { function, a: vec![], b: vec![], y: vec![] });
        }
        let (rows, n) = (all.last_mut().expect("pushed"), words.len());
        rows.a.push(number(1));
        rows.b.push(number(n - 3));
        rows.y.push((number(n - 2), words[n - 1].parse::<f64>().expect("thousandths") / 1000.0));
    }
    all
}

/// The distance of `got` from y + rest (in last places of y), in last places of y in the type T.
pub fn error<T: Real>(got: T, (y, rest): (f64, f64)) -> f64 {
    let got = got.to_f64();
    if y.is_nan() || got.is_nan() {
        return if y.is_nan() && got.is_nan() { 0.0 } else { f64::INFINITY };
    }
    let (digits, least) = if T::SINGLE { (23, -149) } else { (52, -1074) };
    let place = |y: f64| power((exponent(y) - digits).max(least));
    if got == y || T::from_f64(y).to_f64() == got && y.abs() >= largest::<T>() {
        return if got.is_infinite() { 0.0 } else { rest.abs() };
    }
    if got.is_infinite() && y.abs() >= largest::<T>() {
        return 1.0;
    }
    let double = power((exponent(y) - 52).max(-1074));
    ((got - y) / place(y) - rest * (double / place(y))).abs()
}

fn largest<T: Real>() -> f64 {
    if T::SINGLE { f64::from(f32::MAX) } else { f64::MAX }
}

/// The exponent of |y|: −1074 and up.
fn exponent(y: f64) -> i32 {
    let y = y.abs().min(f64::MAX);
    if y < f64::MIN_POSITIVE { -1074 + (64 - y.to_bits().leading_zeros() as i32 - 1).max(0) } else { (y.to_bits() >> 52) as i32 - 1023 }
}

fn power(e: i32) -> f64 {
    if e < -1022 { f64::from_bits(1 << (e + 1074)) } else { f64::from_bits(((e + 1023) as u64) << 52) }
}

/// The greatest error and where it is.
#[derive(Clone, Copy, Default)]
pub struct Worst {
    pub error: f64,
    pub a: f64,
    pub b: f64,
    pub got: f64,
    pub y: f64,
}

/// The worst error in f64 at a level.
pub fn worst_f64(level: Level, rows: &Rows) -> Worst {
    let got = rows.function.map(level, &rows.a, &rows.b);
    worst(got.into_iter().zip(&rows.y).map(|(got, &y)| (got, y)), &rows.a, &rows.b)
}

/// The worst error in f32 at a level, the reference being the kernel in f64 at the best level, a billion times closer.
pub fn worst_f32(level: Level, function: Function, a: &[f32], b: &[f32]) -> Worst {
    let wide = |x: &[f32]| x.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    let (aw, bw) = (wide(a), wide(b));
    let y = function.map(Level::current(), &aw, &bw);
    worst(function.map(level, a, b).into_iter().zip(y).map(|(got, y)| (got, (y, 0.0))), &aw, &bw)
}

fn worst<T: Real>(values: impl Iterator<Item = (T, (f64, f64))>, a: &[f64], b: &[f64]) -> Worst {
    let mut worst = Worst::default();
    for (k, (got, y)) in values.enumerate() {
        let e = error(got, y);
        if e > worst.error {
            worst = Worst { error: e, a: a[k], b: b[k], got: got.to_f64(), y: y.0 };
        }
    }
    worst
}

/// Every `step`th f32 by its bits, infinities and NaN among them.
pub fn singles(step: u32) -> Vec<f32> {
    (0..=u32::MAX / step).map(|k| f32::from_bits(k * step)).collect()
}
