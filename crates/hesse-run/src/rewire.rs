//! Programs rewired so that the numeric check, which compares a function with its derivative by an input, can also judge what is
//! no plain derivative: products with a direction, rows of partials, derivatives on a space of structured matrices.
//!
//! | judged | function that is checked | by |
//! |---|---|---|
//! | `J·dX` | f(X + t·dX) | t |
//! | `f_bar·J` | ⟨f_bar, f(X)⟩ | X |
//! | `H·v` | f(x + t·v) | t, then x |
//! | partials by scalars a, b | f(a + p₁, b + p₂) | p |
//! | structured gradient | f(S(X)), S the projection on the structure | X |

use hesse::program::program::{Input, Mask, Op, Program, Size, Step, Value};

/// Where the programs of the table are moved by `t` and `p`, a name that no formula can use.
pub const PARAMETER: &str = "?";

/// Replaces what a program reads from an input: `build` adds steps to the new program and gives the value to be read instead of the
/// input's own, whose value and position it is told. A program that does not read the input stays as it is.
fn splice(program: &Program, input: &str, mut build: impl FnMut(&mut Program, Value, usize) -> Value) -> Program {
    let mut out = Program { steps: vec![], outputs: vec![], ..program.clone() };
    let mut renamed: Vec<Value> = vec![];
    for step in &program.steps {
        let value = push(&mut out, Step { op: reread(&step.op, &renamed), ..step.clone() });
        renamed.push(match step.op {
            Op::Input(k) if program.inputs[k].name == input => build(&mut out, value, k),
            _ => value,
        });
    }
    out.outputs = program.outputs.clone();
    for output in &mut out.outputs {
        output.value = renamed[output.value.0 as usize];
    }
    out
}

/// An operation over renamed values.
fn reread(op: &Op, renamed: &[Value]) -> Op {
    let now = |v: &Value| renamed[v.0 as usize];
    match op {
        Op::Input(_) | Op::Constant(_) | Op::Size(_) | Op::Mask(_) | Op::Zeros => op.clone(),
        Op::Combine(terms) => Op::Combine(terms.iter().map(|(c, v)| (*c, now(v))).collect()),
        Op::Map(f, args) => Op::Map(*f, args.iter().map(now).collect()),
        Op::Power(base, power) => Op::Power(now(base), now(power)),
        Op::Contract { operands, out, sizes } => {
            let operands = operands.iter().map(|(v, labels)| (now(v), labels.clone())).collect();
            Op::Contract { operands, out: out.clone(), sizes: sizes.clone() }
        }
        Op::Apply(f, args) => Op::Apply(*f, args.iter().map(now).collect()),
        Op::Adjugate(a) => Op::Adjugate(now(a)),
        Op::Others { array, kept } => Op::Others { array: now(array), kept: *kept },
        Op::GuardedPower(base, power) => Op::GuardedPower(now(base), now(power)),
        Op::Solve { matrix, right, transposed } => Op::Solve { matrix: now(matrix), right: now(right), transposed: *transposed },
    }
}

fn push(program: &mut Program, step: Step) -> Value {
    program.steps.push(step);
    Value(u32::try_from(program.steps.len() - 1).unwrap_or(u32::MAX))
}

/// Reads an input, which is declared if it is new.
fn read(program: &mut Program, name: &str, rows: usize, axes: &[Size]) -> Value {
    let known = program.inputs.iter().position(|i| i.name == name);
    let k = known.unwrap_or_else(|| {
        program.inputs.push(Input { name: name.to_string(), rows, axes: axes.to_vec() });
        program.inputs.len() - 1
    });
    push(program, Step { op: Op::Input(k), axes: axes.to_vec(), mask: false })
}

/// `Σ over labels that are not in out of Π operands`; label k has the size `sizes[k]`.
fn contract(program: &mut Program, operands: &[(Value, &[u32])], out: &[u32], sizes: &[Size]) -> Value {
    let operands = operands.iter().map(|(v, labels)| (*v, labels.to_vec())).collect();
    let axes = out.iter().map(|&l| sizes[l as usize].clone()).collect();
    push(program, Step { op: Op::Contract { operands, out: out.to_vec(), sizes: sizes.to_vec() }, axes, mask: false })
}

fn sum(program: &mut Program, terms: &[(f64, Value)], axes: &[Size]) -> Value {
    push(program, Step { op: Op::Combine(terms.to_vec()), axes: axes.to_vec(), mask: false })
}

fn whole(n: usize) -> Size {
    Size { terms: if n == 0 { vec![] } else { vec![(vec![], i64::try_from(n).unwrap_or(i64::MAX))] } }
}

/// The program at X + t·D, where D is the input `direction` and t the [`PARAMETER`].
pub fn moved_along(program: &Program, input: &str, direction: &str) -> Program {
    splice(program, input, |out, x, k| {
        let (rows, axes) = (out.inputs[k].rows, out.inputs[k].axes.clone());
        let labels: Vec<u32> = (0..axes.len() as u32).collect();
        let d = read(out, direction, rows, &axes);
        let t = read(out, PARAMETER, 0, &[]);
        let step = contract(out, &[(d, &labels), (t, &[])], &labels, &axes);
        sum(out, &[(1.0, x), (1.0, step)], &axes)
    })
}

/// The program with each of several scalar inputs moved by an entry of the [`PARAMETER`], a vector.
pub fn moved_each(program: &Program, inputs: &[String]) -> Program {
    let length = whole(inputs.len());
    let mut out = program.clone();
    for (k, input) in inputs.iter().enumerate() {
        out = splice(&out, input, |out, x, _| {
            let p = read(out, PARAMETER, 1, std::slice::from_ref(&length));
            let unit = push(out, Step { op: Op::Mask(Mask::Unit(whole(k))), axes: vec![length.clone()], mask: true });
            let step = contract(out, &[(p, &[0]), (unit, &[0])], &[], std::slice::from_ref(&length));
            sum(out, &[(1.0, x), (1.0, step)], &[])
        });
    }
    out
}

/// The only output times the input `cotangent`, entry by entry, summed up; `rows` of the output's axes are rows.
pub fn paired(program: &Program, cotangent: &str, rows: usize) -> Program {
    let mut out = program.clone();
    if let Some(value) = out.outputs.first().map(|o| o.value) {
        let axes = out.steps[value.0 as usize].axes.clone();
        let labels: Vec<u32> = (0..axes.len() as u32).collect();
        let bar = read(&mut out, cotangent, rows, &axes);
        out.outputs[0].value = contract(&mut out, &[(value, &labels), (bar, &labels)], &[], &axes);
    }
    out
}

/// The program at the symmetric matrix with the lower triangle of the input.
pub fn symmetrised(program: &Program, input: &str) -> Program {
    splice(program, input, |out, x, k| {
        let axes = out.inputs[k].axes.clone();
        let lower = triangle(out, x, &axes);
        let upper = contract(out, &[(lower, &[0, 1])], &[1, 0], &axes);
        let diagonal = contract(out, &[(x, &[0, 0])], &[0, 0], &axes[..1]);
        sum(out, &[(1.0, lower), (1.0, upper), (-1.0, diagonal)], &axes)
    })
}

/// The program at the diagonal matrix with the diagonal of the input.
pub fn diagonalised(program: &Program, input: &str) -> Program {
    splice(program, input, |out, x, k| {
        let size = out.inputs[k].axes[..1].to_vec();
        contract(out, &[(x, &[0, 0])], &[0, 0], &size)
    })
}

/// The program whose output is the lower triangle of this one's.
pub fn lower_triangle(program: &Program) -> Program {
    let mut out = program.clone();
    if let Some(value) = out.outputs.first().map(|o| o.value) {
        let axes = out.steps[value.0 as usize].axes.clone();
        out.outputs[0].value = triangle(&mut out, value, &axes);
    }
    out
}

fn triangle(program: &mut Program, x: Value, axes: &[Size]) -> Value {
    let lower = push(program, Step { op: Op::Mask(Mask::Lower), axes: axes.to_vec(), mask: true });
    contract(program, &[(x, &[0, 1]), (lower, &[0, 1])], &[0, 1], axes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bindings, Tensor, evaluate};
    use hesse::Formula;

    fn program(text: &str) -> Program {
        Formula::parse(text, false).unwrap().program(None).unwrap()
    }
    fn at(program: &Program, values: &[(&str, Tensor)]) -> Vec<f64> {
        let bindings: Bindings = values.iter().map(|(name, x)| (name.to_string(), x.clone())).collect();
        evaluate(program, &bindings).unwrap().remove(0).data
    }

    #[test]
    fn moves() {
        let p = moved_along(&program("x : vector(n); x.^2"), "x", "dx");
        let values = [("x", Tensor::flat(vec![1., 2.])), ("dx", Tensor::flat(vec![1., -1.])), (PARAMETER, Tensor::scalar(2.0))];
        assert_eq!(at(&p, &values), [9.0, 0.0]);
        let p = moved_each(&program("a : scalar; b : scalar; a*b"), &["a".into(), "b".into()]);
        let values = [("a", Tensor::scalar(2.0)), ("b", Tensor::scalar(3.0)), (PARAMETER, Tensor::flat(vec![1., 2.]))];
        assert_eq!(at(&p, &values), [15.0]);
    }

    #[test]
    fn pairs_and_structures() {
        let x = || ("X", Tensor::matrix(2, 2, vec![1., 2., 3., 4.]));
        let p = program("X : matrix(n, n); 1*X");
        assert_eq!(at(&paired(&p, "bar", 1), &[x(), ("bar", Tensor::matrix(2, 2, vec![1., 0., 0., 2.]))]), [9.0]);
        assert_eq!(at(&symmetrised(&p, "X"), &[x()]), [1., 3., 3., 4.]);
        assert_eq!(at(&diagonalised(&p, "X"), &[x()]), [1., 0., 0., 4.]);
        assert_eq!(at(&lower_triangle(&p), &[x()]), [1., 0., 3., 4.]);
    }
}
