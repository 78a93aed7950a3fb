//! Expressions and programs as numbered lines in index notation, for `hesse stages`.

use hesse::program::program::{Mask, Op, Program, Size, Value};
use hesse::tensor::{Expr, Node, Pattern, Pool};
use hesse_run::bind::size_text;
use std::collections::{BTreeMap, BTreeSet};

/// Some expressions in order; the distinct nodes under each, one a line, before it.
pub fn expressions(pool: &Pool, roots: &[(String, Expr)]) -> String {
    let mut lines = Lines::default();
    for (name, root) in roots {
        let mut reached = BTreeSet::new();
        let mut open = vec![*root];
        while let Some(e) = open.pop() {
            if !lines.names.contains_key(&e) && reached.insert(e) {
                open.extend(children(pool.node(e)));
            }
        }
        // A child has a smaller handle than its parent.
        for &e in &reached {
            node(pool, e, &mut lines, (e == *root).then_some(name));
        }
        let text = lines.of(*root);
        if text != *name {
            lines.text.push_str(&format!("{name} = {text}\n"));
        }
    }
    lines.text
}

/// Writes a node whose children are written; what is not computed is only named.
fn node(pool: &Pool, e: Expr, lines: &mut Lines<Expr>, name: Option<&String>) {
    if let Some(number) = pool.as_number(e) {
        return lines.name(e, number.to_string());
    }
    let text = match pool.node(e) {
        Node::Decimal(bits) => return lines.name(e, f64::from_bits(*bits).to_string()),
        Node::Pi => return lines.name(e, "pi".into()),
        Node::Size(d) => return lines.name(e, pool.dims.text(*d)),
        Node::Var(v) => return lines.name(e, pool.variable(*v).name.clone()),
        Node::Pattern(Pattern::Unit { at, .. }) => return lines.name(e, format!("unit({})", pool.dims.text(*at))),
        Node::Pattern(Pattern::Lower { .. }) => return lines.name(e, "lower".into()),
        Node::Pattern(Pattern::Shift { offset, .. }) => return lines.name(e, format!("shift({})", pool.dims.text(*offset))),
        Node::Sum(terms, _) => combination(terms.iter().map(|(c, t)| (c.to_string(), lines.of(*t)))),
        Node::Product { factors, out, .. } => {
            let one = |base: Expr, labels: &[u32], power: Expr| {
                let base = indexed(&lines.of(base), labels);
                match lines.of(power).as_str() {
                    "1" => base,
                    power => format!("{base}^{power}"),
                }
            };
            let text: Vec<String> = factors.iter().map(|f| one(f.base, &f.labels, f.power)).collect();
            contraction(&if text.is_empty() { "1".into() } else { text.join("*") }, out)
        }
        Node::Map(f, args) => format!("{}({})", f.row().name, lines.list(args)),
        Node::Apply(f, args) => format!("{}({})", f.name(), lines.list(args)),
    };
    lines.compute(e, &text, name.cloned());
}

fn children(node: &Node) -> Vec<Expr> {
    match node {
        Node::Decimal(_) | Node::Pi | Node::Size(_) | Node::Pattern(_) | Node::Var(_) => vec![],
        Node::Sum(terms, _) => terms.iter().map(|t| t.1).collect(),
        Node::Product { factors, .. } => factors.iter().flat_map(|f| [f.base, f.power]).collect(),
        Node::Map(_, args) | Node::Apply(_, args) => args.clone(),
    }
}

/// The inputs of a program with their sizes, its steps, one a line, and what it gives.
pub fn program(program: &Program) -> String {
    let size = |s: &Size| size_text(s, &program.sizes);
    let mut lines = Lines::default();
    for input in &program.inputs {
        let axes: Vec<String> = input.axes.iter().map(size).collect();
        lines.text.push_str(&format!("input {}[{}]\n", input.name, axes.join(",")));
    }
    for form in &program.forms {
        lines.text.push_str(&format!("form {} ({})\n", form.text, form.name));
    }
    for (k, step) in program.steps.iter().enumerate() {
        let value = Value(u32::try_from(k).unwrap_or(u32::MAX));
        let text = match &step.op {
            Op::Input(k) => {
                lines.name(value, program.inputs[*k].name.clone());
                continue;
            }
            Op::Constant(c) => {
                lines.name(value, c.to_string());
                continue;
            }
            Op::Size(s) => {
                lines.name(value, size(s));
                continue;
            }
            Op::Mask(Mask::Unit(at)) => format!("unit({})", size(at)),
            Op::Mask(Mask::Lower) => "lower".into(),
            Op::Mask(Mask::Shift(by)) => format!("shift({})", size(by)),
            Op::Zeros => "0".into(),
            Op::Combine(terms) => combination(terms.iter().map(|(c, v)| (c.to_string(), lines.of(*v)))),
            Op::Map(f, args) => format!("{}({})", f.row().name, lines.list(args)),
            Op::Power(base, power) => format!("{}.^{}", lines.of(*base), lines.of(*power)),
            Op::Contract { operands, out, .. } => {
                let factors: Vec<String> = operands.iter().map(|(v, labels)| indexed(&lines.of(*v), labels)).collect();
                contraction(&if factors.is_empty() { "1".into() } else { factors.join("*") }, out)
            }
            Op::Apply(f, args) => format!("{}({})", f.name(), lines.list(args)),
            Op::Adjugate(a) => format!("adjugate({})", lines.of(*a)),
            Op::Others { array, .. } => format!("others({})", lines.of(*array)),
            Op::GuardedPower(base, power) => format!("{}.^{} (0 at 0)", lines.of(*base), lines.of(*power)),
            Op::Solve { matrix, right, transposed } => {
                format!("{}{} \\ {}", lines.of(*matrix), if *transposed { "'" } else { "" }, lines.of(*right))
            }
        };
        lines.compute(value, &text, None);
    }
    for output in &program.outputs {
        let text = lines.of(output.value);
        lines.text.push_str(&format!("output {} = {text}\n", output.name));
    }
    lines.text
}

/// Numbered lines over values that have names.
struct Lines<K> {
    text: String,
    names: BTreeMap<K, String>,
    count: usize,
}

impl<K> Default for Lines<K> {
    fn default() -> Self {
        Lines { text: String::new(), names: BTreeMap::new(), count: 0 }
    }
}

impl<K: Ord + Copy> Lines<K> {
    /// A value that is written where it is used.
    fn name(&mut self, key: K, name: String) {
        self.names.insert(key, name);
    }
    /// A value with a line of its own, numbered unless it has a name.
    fn compute(&mut self, key: K, text: &str, name: Option<String>) {
        let name = name.unwrap_or_else(|| {
            self.count += 1;
            format!("t{}", self.count)
        });
        self.text.push_str(&format!("{name} = {text}\n"));
        self.names.insert(key, name);
    }
    fn of(&self, key: K) -> String {
        self.names.get(&key).cloned().unwrap_or_else(|| "?".into())
    }
    fn list(&self, keys: &[K]) -> String {
        keys.iter().map(|&k| self.of(k)).collect::<Vec<_>>().join(", ")
    }
}

/// The index with this number: i, j, … z, i1, j1, …
fn index(label: u32) -> String {
    let letter = char::from(b'i' + (label % 18) as u8);
    match label / 18 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

fn indices(labels: &[u32]) -> String {
    labels.iter().map(|&l| index(l)).collect::<Vec<_>>().join(",")
}

fn indexed(name: &str, labels: &[u32]) -> String {
    if labels.is_empty() { name.to_string() } else { format!("{name}[{}]", indices(labels)) }
}

fn contraction(factors: &str, out: &[u32]) -> String {
    format!("{factors} -> [{}]", indices(out))
}

/// `Σ c·v`, with signs between the terms.
fn combination(terms: impl Iterator<Item = (String, String)>) -> String {
    let mut out = String::new();
    for (coefficient, value) in terms {
        let (minus, size) = match coefficient.strip_prefix('-') {
            Some(size) => (true, size),
            None => (false, coefficient.as_str()),
        };
        out.push_str(match (out.is_empty(), minus) {
            (true, false) => "",
            (true, true) => "-",
            (false, false) => " + ",
            (false, true) => " - ",
        });
        if size != "1" {
            out.push_str(&format!("{size}*"));
        }
        out.push_str(&value);
    }
    if out.is_empty() { "0".into() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse::program::program::{Input, Output, Step};

    #[test]
    fn a_program_reads_like_one() {
        let n = Size { terms: vec![(vec![1], 1)] };
        let m = Size { terms: vec![(vec![0], 1), (vec![], -1)] };
        let step = |op: Op, axes: &[Size]| Step { op, axes: axes.to_vec(), mask: false };
        let p = Program {
            sizes: vec!["m".into(), "n".into()],
            inputs: vec![
                Input { name: "A".into(), rows: 1, axes: vec![m.clone(), n.clone()] },
                Input { name: "x".into(), rows: 1, axes: vec![n.clone()] },
            ],
            steps: vec![
                step(Op::Input(0), &[m.clone(), n.clone()]),
                step(Op::Input(1), std::slice::from_ref(&n)),
                step(
                    Op::Contract {
                        operands: vec![(Value(0), vec![0, 1]), (Value(1), vec![1])],
                        out: vec![0],
                        sizes: vec![m.clone(), n.clone()],
                    },
                    std::slice::from_ref(&m),
                ),
                step(Op::Combine(vec![(2.0, Value(2)), (-1.0, Value(2))]), std::slice::from_ref(&m)),
            ],
            outputs: vec![Output { name: "f".into(), value: Value(3) }],
            ..Program::default()
        };
        assert_eq!(program(&p), "input A[m - 1,n]\ninput x[n]\nt1 = A[i,j]*x[j] -> [i]\nt2 = 2*t1 - t1\noutput f = t2\n");
        assert_eq!((index(0), index(17), index(18)), ("i".into(), "z".into(), "i1".into()));
    }
}
