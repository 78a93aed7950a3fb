//! Rows made into expressions: the slope of a function at given arguments.
//!
//! Slopes are written in the rows in hesse's own language. An element-wise slope is a formula over the argument names
//! (`sigmoid(x)*(1 - sigmoid(x))`); the slope of a matrix function is one product in index notation
//! (`-inv(A)[k,i]*inv(A)[j,l] -> [k, l, i, j]`).

use crate::facts::functions::{self, FunctionId};
use crate::facts::matrices::{self, MatrixFunctionId};
use crate::facts::planted::{self, Table};
use crate::syntax::parse::parse_expression;
use crate::syntax::tree::{Kind, NodeId, Operator, Subscript, Syntax};
use crate::tensor::{Dim, Expr, Factor, Label, Pool, Rational, number};

/// The derivative of an element-wise function by argument `k`, at these arguments: a tensor of their axes.
/// `None` if the row has no slope (then the derivative is refused).
pub fn slope(pool: &mut Pool, f: FunctionId, k: usize, args: &[Expr]) -> Option<Expr> {
    let row = f.row();
    let names: Vec<(&str, Expr)> = row.of.iter().copied().zip(args.iter().copied()).collect();
    let axes = pool.axes(args[0]).to_vec();
    let text = planted::text(pool.planted(), Table::Slope, f.0.into(), k, row.slopes.get(k)?);
    elementwise(pool, text, &names, &axes)
}

/// log of each entry.
pub fn log(pool: &mut Pool, base: Expr) -> Option<Expr> {
    functions::find("log").map(|f| pool.map(f, &[base]))
}

/// An element-wise formula over named tensors of equal axes (and scalars), as a tensor of those axes.
pub fn elementwise(pool: &mut Pool, text: &str, names: &[(&str, Expr)], axes: &[Dim]) -> Option<Expr> {
    elementwise_for_each(pool, text, names, axes, 0)
}

/// The same for each index of the first `kept` axes: a function of a whole tensor runs over the axes behind them.
fn elementwise_for_each(pool: &mut Pool, text: &str, names: &[(&str, Expr)], axes: &[Dim], kept: usize) -> Option<Expr> {
    let (syntax, root) = parse_expression(text).ok()?;
    let mut value: Vec<Option<Expr>> = vec![None; syntax.len()];
    for id in syntax.under(root) {
        let get = |k: &NodeId| value[k.index()];
        let made = match syntax.kind(id) {
            Kind::Number(text) => number::parse(text).map(|r| pool.number(r)),
            Kind::Name(name) if name == "pi" => Some(pool.pi()),
            Kind::Name(name) => names.iter().find(|t| t.0 == name).map(|t| t.1),
            Kind::Negate(a) => get(a).map(|a| pool.negate(a)),
            Kind::Binary(op, a, b) => elementwise_binary(pool, *op, get(a)?, get(b)?, axes),
            Kind::Call(name, args) => {
                let args: Option<Vec<Expr>> = args.iter().map(get).collect();
                elementwise_call(pool, name, args?, axes, kept)
            }
            _ => None,
        };
        value[id.index()] = Some(made?);
    }
    let result = value[root.index()]?;
    Some(spread(pool, result, axes))
}

/// A scalar, or a tensor of the first axes, where a tensor of all is wanted: equal entries along the others.
fn spread(pool: &mut Pool, e: Expr, axes: &[Dim]) -> Expr {
    let rank = pool.rank(e);
    if rank >= axes.len() {
        return e;
    }
    let labels: Vec<Label> = (0..axes.len() as Label).collect();
    let sizes: Vec<(Label, Dim)> = labels.iter().copied().zip(axes.iter().copied()).collect();
    pool.product(&[(e, &labels[..rank])], &labels, &sizes)
}

fn elementwise_binary(pool: &mut Pool, op: Operator, a: Expr, b: Expr, axes: &[Dim]) -> Option<Expr> {
    let minus_one = pool.integer(-1);
    let both = |pool: &mut Pool| {
        if pool.rank(a) == pool.rank(b) { (a, b) } else { (spread(pool, a, axes), spread(pool, b, axes)) }
    };
    Some(match op {
        Operator::Plus | Operator::Minus => {
            let (a, b) = both(pool);
            let b = if op == Operator::Minus { pool.negate(b) } else { b };
            pool.add(a, b)
        }
        Operator::Times | Operator::DotTimes => pool.times(a, b),
        Operator::Over | Operator::DotOver => {
            let inverse = pool.power(b, minus_one);
            pool.times(a, inverse)
        }
        Operator::Power | Operator::DotPower => pool.power(a, b),
        Operator::Greater | Operator::Less => {
            let (a, b) = both(pool);
            let gt = functions::find("gt")?;
            pool.map(gt, &if op == Operator::Greater { [a, b] } else { [b, a] })
        }
        Operator::GreaterEqual => {
            let (a, b) = both(pool);
            let ge = functions::find("ge")?;
            pool.map(ge, &[a, b])
        }
        _ => return None,
    })
}

fn elementwise_call(pool: &mut Pool, name: &str, args: Vec<Expr>, axes: &[Dim], kept: usize) -> Option<Expr> {
    if name == "sqrt" {
        let half = pool.number(Rational::new(1, 2));
        return Some(pool.power(args[0], half));
    }
    if let Some(f) = matrices::find(name) {
        return Some(pool.apply(f.keeping(kept), &args));
    }
    let f = functions::find(name)?;
    let rank = args.iter().map(|a| pool.rank(*a)).max().unwrap_or(0);
    let args: Vec<Expr> = if rank > 0 { args.into_iter().map(|a| spread(pool, a, axes)).collect() } else { args };
    Some(pool.map(f, &args))
}

/// The derivative of a matrix function by argument `k`, at these arguments: axes of the result, then axes of the argument.
/// `None` if the row has no slope for it: what takes a direction is derived by the direction only.
pub fn matrix_slope(pool: &mut Pool, f: MatrixFunctionId, k: usize, args: &[Expr]) -> Option<Expr> {
    let (row, a) = (f.row(), args[0]);
    if k + 1 != row.takes.len() {
        return None;
    }
    let text = planted::text(pool.planted(), Table::MatrixSlope, f.position(), 0, row.slope);
    if row.of == "any" {
        let axes = pool.axes(a).to_vec();
        let slope = elementwise_for_each(pool, text, &[("A", a)], &axes, f.kept())?;
        if row.gives == "like" {
            // Constant almost everywhere; a row that is not would need an index for the result too.
            return pool.is_zero(slope).then(|| pool.zero(&[axes.clone(), axes].concat()));
        }
        // What stands at one kept index moves the value at that index only.
        let all: Vec<Label> = (0..axes.len() as Label).collect();
        return Some(pool.product(&[(slope, &all)], &[&all[..f.kept()], &all].concat(), &[]));
    }
    let half = pool.rank(a) / 2;
    index_product(pool, text, a, half)
}

/// One product in index notation over the matrix `A`, whose letters stand for `half` axes each.
fn index_product(pool: &mut Pool, text: &str, a: Expr, half: usize) -> Option<Expr> {
    let (syntax, root) = parse_expression(text).ok()?;
    let Kind::Contraction(body, groups) = syntax.kind(root) else { return None };
    let mut letters: Vec<String> = vec![];
    let mut labels = |name: &str| -> Vec<Label> {
        let k = letters.iter().position(|l| l == name).unwrap_or_else(|| {
            letters.push(name.to_string());
            letters.len() - 1
        });
        (0..half).map(|d| (k * half + d) as Label).collect()
    };
    let mut sign = Rational::from_integer(1);
    let mut factors = vec![];
    let mut pending = vec![*body];
    while let Some(id) = pending.pop() {
        match syntax.kind(id) {
            Kind::Negate(x) => {
                sign = -sign;
                pending.push(*x);
            }
            Kind::Binary(Operator::Times, x, y) => pending.extend([*y, *x]),
            Kind::Index(base, subscripts) => {
                let base = matrix_call(pool, &syntax, *base, a)?;
                let mut places = vec![];
                for s in subscripts {
                    let Subscript::At(k) = s else { return None };
                    let Kind::Name(letter) = syntax.kind(*k) else { return None };
                    places.extend(labels(letter));
                }
                factors.push(Factor { base, labels: places, power: pool.one() });
            }
            _ => {
                let base = matrix_call(pool, &syntax, id, a)?;
                factors.push(Factor { base, labels: vec![], power: pool.one() });
            }
        }
    }
    let out: Vec<Label> = groups.iter().flatten().flat_map(|name| labels(name)).collect();
    let product = pool.product_of(factors, out, &[]);
    Some(pool.scale(sign, product))
}

fn matrix_call(pool: &mut Pool, syntax: &Syntax, id: NodeId, a: Expr) -> Option<Expr> {
    match syntax.kind(id) {
        Kind::Name(name) if name == "A" => Some(a),
        Kind::Call(name, _) => matrices::find(name).map(|f| pool.apply(f, &[a])),
        _ => None,
    }
}

/// A formula of square matrices with `+ - '` and `diag(diag(G))`: the projections of properties.
pub fn matrix_formula(pool: &mut Pool, text: &str, names: &[(String, Expr)]) -> Option<Expr> {
    let (syntax, root) = parse_expression(text).ok()?;
    let mut value: Vec<Option<Expr>> = vec![None; syntax.len()];
    for id in syntax.under(root) {
        let get = |k: NodeId| value[k.index()];
        let made = match syntax.kind(id) {
            Kind::Name(name) => names.iter().find(|t| t.0 == *name).map(|t| t.1),
            Kind::Transpose(a) => get(*a).map(|a| pool.transpose(a)),
            Kind::Binary(Operator::Plus, a, b) => Some(pool.add(get(*a)?, get(*b)?)),
            Kind::Binary(Operator::Minus, a, b) => {
                let minus = pool.negate(get(*b)?);
                Some(pool.add(get(*a)?, minus))
            }
            Kind::Call(f, args) if f == "diag" && args.len() == 1 => {
                let a = get(args[0])?;
                Some(if pool.rank(a) == 2 { pool.product(&[(a, &[0, 0])], &[0], &[]) } else { pool.product(&[(a, &[0])], &[0, 0], &[]) })
            }
            Kind::Call(f, args) if f == "tril" && args.len() == 1 => {
                let a = get(args[0])?;
                let of = pool.axes(a)[0];
                let lower = pool.pattern(crate::tensor::Pattern::Lower { of });
                Some(pool.times(a, lower))
            }
            _ => None,
        };
        value[id.index()] = Some(made?);
    }
    value[root.index()]
}
