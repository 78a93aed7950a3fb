//! Random chains against an evaluation of one value and one instruction at a time.

use hesse_kernels::{Binary, Chain, Instruction, Level, Real, Reduction, Source, Unary};

/// splitmix64
struct Random(u64);
impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e3779b97f4a7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58476d1ce4e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d049bb133111eb);
        z ^ z >> 31
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / 2f64.powi(52) - 1.0
    }
}

const REGISTERS: usize = 6;
const SOURCES: usize = 4;
const SINKS: usize = 2;

fn callee(x: &[f64]) -> f64 {
    x.iter().enumerate().map(|(k, x)| x * (k + 1) as f64).sum()
}

/// A chain whose every register is written before it is read.
fn random_chain(random: &mut Random) -> Vec<Instruction> {
    let mut code: Vec<Instruction> = (0..REGISTERS).map(|to| Instruction::Load { to: to as u16, from: random.below(SOURCES) }).collect();
    for _ in 0..random.below(20) {
        let mut r = || random.below(REGISTERS) as u16;
        let (to, a, b, c) = (r(), r(), r(), r());
        code.push(match random.below(12) {
            0 => Instruction::Load { to, from: random.below(SOURCES) },
            1..=3 => Instruction::Unary { f: Unary::ALL[random.below(Unary::ALL.len())], to, a },
            4..=6 => Instruction::Binary { f: Binary::ALL[random.below(Binary::ALL.len())], to, a, b },
            7 => Instruction::MultiplyAdd { to, a, b, c },
            8 => Instruction::Where { to, c, a, b },
            9 => Instruction::PowerInteger { to, a, n: random.below(9) as i32 - 4 },
            10 => Instruction::Call { f: callee, to, args: [a, b, c], arity: 1 + random.below(3) as u8 },
            _ => Instruction::Store { a, to: random.below(SINKS) },
        });
    }
    code.push(Instruction::Store { a: random.below(REGISTERS) as u16, to: 0 });
    code.push(Instruction::Store { a: random.below(REGISTERS) as u16, to: 1 });
    for (to, by) in [Reduction::Sum, Reduction::Max, Reduction::Min, Reduction::Sum].into_iter().enumerate() {
        code.push(Instruction::Reduce { by, a: random.below(REGISTERS) as u16, to });
    }
    code
}

/// The whole number power as the machine defines it.
fn whole_power<T: Real>(x: T, n: i32) -> T {
    let one = T::from_f64(1.0);
    let (mut square, mut power, mut rest) = (x, one, n.unsigned_abs());
    while rest > 0 {
        if rest & 1 == 1 {
            power = power * square;
        }
        square = square * square;
        rest >>= 1;
    }
    if n < 0 { one / power } else { power }
}

/// One value and one instruction at a time, by the functions at one number: the bits of the machine, but for MultiplyAdd fused.
fn naive<T: Real>(level: Level, code: &[Instruction], n: usize, sources: &[Source<'_, T>], sinks: &mut [Vec<T>], terms: &mut [Vec<f64>]) {
    let fused = level != Level::Baseline || cfg!(target_arch = "aarch64");
    for k in 0..n {
        let mut r = [T::default(); REGISTERS];
        for i in code {
            match *i {
                Instruction::Load { to, from } => {
                    r[to as usize] = match sources[from] {
                        Source::Slice(data) => data[k],
                        Source::Strided(data, step) => data[k * step],
                        Source::Scalar(x) => x,
                    }
                }
                Instruction::Unary { f, to, a } => r[to as usize] = f.at_level(level, r[a as usize]),
                Instruction::Binary { f, to, a, b } => r[to as usize] = f.at_level(level, r[a as usize], r[b as usize]),
                Instruction::MultiplyAdd { to, a, b, c } => {
                    let (a, b, c) = (r[a as usize], r[b as usize], r[c as usize]);
                    r[to as usize] = match (fused, T::SINGLE) {
                        (false, _) => a * b + c,
                        (true, true) => T::from_f64(f64::from((a.to_f64() as f32).mul_add(b.to_f64() as f32, c.to_f64() as f32))),
                        (true, false) => T::from_f64(a.to_f64().mul_add(b.to_f64(), c.to_f64())),
                    }
                }
                Instruction::Where { to, c, a, b } => {
                    r[to as usize] = if r[c as usize] != T::default() { r[a as usize] } else { r[b as usize] }
                }
                Instruction::PowerInteger { to, a, n } => r[to as usize] = whole_power(r[a as usize], n),
                Instruction::Call { f, to, args, arity } => {
                    let x = args.map(|a| r[a as usize].to_f64());
                    r[to as usize] = T::from_f64(f(&x[..arity as usize]));
                }
                Instruction::Store { a, to } => sinks[to][k] = r[a as usize],
                Instruction::Reduce { a, to, .. } => terms[to].push(r[a as usize].to_f64()),
            }
        }
    }
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

fn random_chains<T: Real>(seed: u64) {
    let mut random = Random(seed);
    let mut finite = 0;
    for round in 0..60 {
        let code = random_chain(&mut random);
        let chain = Chain::new(code.clone());
        let data: Vec<T> = (0..3200).map(|_| T::from_f64(random.uniform() * 2.0)).collect();
        for n in [0, 1, 7, 8, 127, 128, 129, 1000] {
            // Slices of exactly n values: nothing past them may be read.
            let exact: Vec<Vec<T>> = (0..2).map(|k| data[k * 1000..k * 1000 + n].to_vec()).collect();
            let strided = data[..if n == 0 { 0 } else { (n - 1) * 3 + 1 }].to_vec();
            let sources =
                [Source::Slice(&exact[0][..]), Source::Strided(&strided, 3), Source::Scalar(data[7]), Source::Slice(&exact[1][..])];
            for level in Level::available() {
                let mut expected = vec![vec![T::default(); n]; SINKS];
                let mut terms = vec![Vec::new(); 4];
                naive(level, &code, n, &sources, &mut expected, &mut terms);
                let mut sinks = vec![vec![T::default(); n]; SINKS];
                let mut accumulators = [0.5, f64::NEG_INFINITY, f64::INFINITY, -0.25];
                let mut scratch = vec![T::from_f64(f64::NAN); chain.scratch()];
                let mut views: Vec<&mut [T]> = sinks.iter_mut().map(|s| &mut s[..]).collect();
                chain.run_at(level, n, &sources, &mut views, &mut accumulators, &mut scratch);
                for s in 0..SINKS {
                    for k in 0..n {
                        let (got, y) = (sinks[s][k].to_f64(), expected[s][k].to_f64());
                        assert!(same(got, y), "round {round}, {level:?}, n = {n}, value {k}: {got} is not {y}\n{code:?}");
                        finite += usize::from(y.is_finite());
                    }
                }
                for (to, start) in [(0, 0.5), (3, -0.25)] {
                    let sum: f64 = start + terms[to].iter().sum::<f64>();
                    let size: f64 = 1.0 + terms[to].iter().map(|x| x.abs()).sum::<f64>();
                    let got = accumulators[to];
                    let close = (got - sum).abs() <= 1e-13 * size;
                    // Large terms may overflow in one order and not in another.
                    assert!(close || !size.is_finite(), "round {round}, {level:?}, n = {n}: sum {got} is not {sum}\n{code:?}");
                }
                let max = terms[1].iter().fold(f64::NEG_INFINITY, |m, &x| if x > m || x.is_nan() { x } else { m });
                let min = terms[2].iter().fold(f64::INFINITY, |m, &x| if x < m || x.is_nan() { x } else { m });
                for (got, y) in [(accumulators[1], max), (accumulators[2], min)] {
                    assert!(
                        got == y || got.is_nan() && y.is_nan(),
                        "round {round}, {level:?}, n = {n}: extreme {got} is not {y}\n{code:?}"
                    );
                }
            }
        }
    }
    assert!(finite > 100_000, "the chains should mostly give numbers: {finite}");
}

#[test]
fn random_chains_give_the_bits_of_one_value_at_a_time_in_f64() {
    random_chains::<f64>(1);
}

#[test]
fn random_chains_give_the_bits_of_one_value_at_a_time_in_f32() {
    random_chains::<f32>(2);
}

fn sum<T: Real>(level: Level, x: &[T]) -> f64 {
    let chain = Chain::new(vec![Instruction::Load { to: 0, from: 0 }, Instruction::Reduce { by: Reduction::Sum, a: 0, to: 0 }]);
    let mut sums = [0.0];
    let mut scratch = vec![T::default(); chain.scratch()];
    chain.run_at(level, x.len(), &[Source::Slice(x)], &mut [], &mut sums, &mut scratch);
    sums[0]
}

#[test]
fn sums_have_the_same_bits_at_every_level_and_stay_accurate_over_ten_million_terms() {
    let mut random = Random(3);
    let x: Vec<f64> = (0..12345).map(|_| random.uniform()).collect();
    let y: Vec<f32> = x.iter().map(|&x| x as f32).collect();
    for level in Level::available() {
        assert_eq!(sum(level, &x).to_bits(), sum(Level::Baseline, &x).to_bits());
        assert_eq!(sum(level, &y).to_bits(), sum(Level::Baseline, &y).to_bits());
    }
    // 0.1 as f64 is 0.1000000000000000055511…: ten million of them are 1000000.000000000055511….
    // Added one by one they miss it by 1.6e-4.
    assert!((sum(Level::current(), &vec![0.1f64; 10_000_000]) - 1e6).abs() <= 2.0 * f64::EPSILON * 1e6);
    let tenth = f64::from(0.1f32) * 1e7;
    assert!((sum(Level::current(), &vec![0.1f32; 10_000_000]) - tenth).abs() <= 1e-9);
    assert_eq!(sum(Level::current(), &vec![f64::INFINITY; 1000]), f64::INFINITY);
    assert!(sum(Level::current(), &vec![f64::NAN; 1000]).is_nan());
}

#[test]
#[should_panic(expected = "internal defect")]
fn a_source_that_is_too_short_is_not_read() {
    sum_of(5, &[1.0; 4]);
}

#[test]
#[should_panic(expected = "internal defect")]
fn a_scratch_that_is_too_small_is_not_written() {
    let chain = Chain::new(vec![Instruction::Load { to: 0, from: 0 }, Instruction::Unary { f: Unary::Exp, to: 0, a: 0 }]);
    chain.run(1, &[Source::Scalar(1.0)], &mut [], &mut [], &mut vec![0.0; chain.scratch() - 1]);
}

#[test]
#[should_panic(expected = "internal defect")]
fn a_stride_past_the_end_is_not_followed() {
    let chain = Chain::new(vec![Instruction::Load { to: 0, from: 0 }, Instruction::Reduce { by: Reduction::Sum, a: 0, to: 0 }]);
    chain.run(3, &[Source::Strided(&[1.0; 6], 3)], &mut [], &mut [0.0], &mut vec![0.0; chain.scratch()]);
}

fn sum_of(n: usize, x: &[f64]) {
    let chain = Chain::new(vec![Instruction::Load { to: 0, from: 0 }, Instruction::Reduce { by: Reduction::Sum, a: 0, to: 0 }]);
    chain.run(n, &[Source::Slice(x)], &mut [], &mut [0.0], &mut vec![0.0; chain.scratch()]);
}
