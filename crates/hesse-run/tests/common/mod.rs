//! Programs by hand. Sizes are named by letters: `"n"`, `"m*n"`, `"n+1"`, `"3"`.
#![allow(dead_code)]

use hesse::facts::functions;
use hesse::facts::matrices;
use hesse::program::program::{Input, Label, Mask, Op, Output, Program, Size, Step, Value};
use hesse_run::{Array, Scalar, run};

#[derive(Default)]
pub struct Builder {
    pub program: Program,
}

impl Builder {
    pub fn new() -> Self {
        Builder::default()
    }
    pub fn size(&mut self, text: &str) -> Size {
        let mut terms: Vec<(Vec<usize>, i64)> = vec![];
        for term in text.split('+') {
            let (mut names, mut coefficient) = (vec![], 1);
            for factor in term.split('*').map(str::trim) {
                match factor.parse::<i64>() {
                    Ok(k) => coefficient *= k,
                    Err(_) => names.push(match self.program.sizes.iter().position(|n| n == factor) {
                        Some(k) => k,
                        None => {
                            self.program.sizes.push(factor.to_string());
                            self.program.sizes.len() - 1
                        }
                    }),
                }
            }
            names.sort_unstable();
            terms.push((names, coefficient));
        }
        Size { terms }
    }
    pub fn axes(&mut self, text: &str) -> Vec<Size> {
        text.split_whitespace().map(|t| self.size(t)).collect()
    }
    pub fn push(&mut self, op: Op, axes: Vec<Size>, mask: bool) -> Value {
        self.program.steps.push(Step { op, axes, mask });
        Value(self.program.steps.len() as u32 - 1)
    }
    /// An input; `rows` of its axes are rows.
    pub fn input(&mut self, name: &str, rows: usize, axes: &str) -> Value {
        let axes = self.axes(axes);
        self.program.inputs.push(Input { name: name.to_string(), rows, axes: axes.clone() });
        self.push(Op::Input(self.program.inputs.len() - 1), axes, false)
    }
    pub fn constant(&mut self, x: f64) -> Value {
        self.push(Op::Constant(x), vec![], false)
    }
    pub fn axes_of(&self, v: Value) -> Vec<Size> {
        self.program.steps[v.0 as usize].axes.clone()
    }
    pub fn combine(&mut self, terms: &[(f64, Value)]) -> Value {
        let axes = self.axes_of(terms[0].1);
        self.push(Op::Combine(terms.to_vec()), axes, false)
    }
    pub fn map(&mut self, name: &str, args: &[Value]) -> Value {
        let f = functions::find(name).unwrap();
        let axes = self.axes_of(args[0]);
        self.push(Op::Map(f, args.to_vec()), axes, f.row().mask)
    }
    pub fn power(&mut self, base: Value, exponent: f64) -> Value {
        let p = self.constant(exponent);
        let axes = self.axes_of(base);
        self.push(Op::Power(base, p), axes, false)
    }
    pub fn apply(&mut self, name: &str, a: Value) -> Value {
        self.apply_keeping(name, 0, a)
    }
    /// A function for each index of the first `kept` axes.
    pub fn apply_keeping(&mut self, name: &str, kept: usize, a: Value) -> Value {
        let f = matrices::find(name).unwrap().keeping(kept);
        let axes = self.axes_of(a);
        let axes = if f.row().gives == "scalar" { axes[..kept].to_vec() } else { axes };
        self.push(Op::Apply(f, vec![a]), axes, false)
    }
    pub fn solve(&mut self, matrix: Value, right: Value, transposed: bool) -> Value {
        let axes = self.axes_of(right);
        self.push(Op::Solve { matrix, right, transposed }, axes, false)
    }
    pub fn mask(&mut self, mask: Mask, axes: &str) -> Value {
        let axes = self.axes(axes);
        self.push(Op::Mask(mask), axes, true)
    }
    /// `"ij,j->i"` over operands; `extra` gives sizes of labels that no operand carries (`"k=n"`).
    pub fn contract(&mut self, text: &str, operands: &[Value], extra: &str) -> Value {
        let (inputs, out) = text.split_once("->").unwrap();
        let letters: Vec<char> = {
            let mut seen = vec![];
            for c in text.chars().filter(char::is_ascii_lowercase) {
                if !seen.contains(&c) {
                    seen.push(c);
                }
            }
            seen
        };
        let label = |c: char| letters.iter().position(|&l| l == c).unwrap() as Label;
        let mut sizes = vec![Size::default(); letters.len()];
        for pair in extra.split_whitespace() {
            let (l, s) = pair.split_once('=').unwrap();
            sizes[label(l.chars().next().unwrap()) as usize] = self.size(s);
        }
        let mut list = vec![];
        let parts: Vec<&str> = if operands.is_empty() { vec![] } else { inputs.split(',').collect() };
        assert_eq!(parts.len(), operands.len());
        for (part, &v) in parts.iter().zip(operands) {
            let labels: Vec<Label> = part.chars().map(label).collect();
            for (&l, axis) in labels.iter().zip(self.axes_of(v)) {
                sizes[l as usize] = axis;
            }
            list.push((v, labels));
        }
        let out: Vec<Label> = out.chars().map(label).collect();
        let axes = out.iter().map(|&l| sizes[l as usize].clone()).collect();
        self.push(Op::Contract { operands: list, out, sizes }, axes, false)
    }
    pub fn output(mut self, v: Value) -> Program {
        self.program.outputs.push(Output { name: "f".to_string(), value: v });
        self.program
    }
}

/// Runs with sizes by position.
pub fn value<T: Scalar>(program: &Program, sizes: &[usize], inputs: &[Array<T>]) -> Array<T> {
    run(program, sizes, inputs).unwrap().remove(0)
}

/// A reproducible array of numbers in −1…1.
pub fn noise(shape: &[usize], seed: u64) -> Array<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let n = shape.iter().product();
    let data = (0..n)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        })
        .collect();
    Array::new(shape.to_vec(), data)
}

pub fn assert_close(got: &[f64], want: &[f64], limit: f64) {
    assert_eq!(got.len(), want.len());
    for (k, (g, w)) in got.iter().zip(want).enumerate() {
        assert!(g == w || (g.is_nan() && w.is_nan()) || (g - w).abs() <= limit * (1.0 + w.abs()), "entry {k}: {g} but {w} is wanted");
    }
}
