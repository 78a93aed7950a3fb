//! The rules of `facts::rules` at work: texts made into templates, templates found, right sides put in their place.

use super::library;
use super::simplify::{TERMS, length, spread};
use super::split::{inverse_of_product, norm_of_outer};
use crate::facts::functions;
use crate::facts::matrices::{self, Side};
use crate::facts::notation::{Back, NOTATION};
use crate::facts::rules::{COMPARISON, INVERSE_OF_PRODUCT, NORM_OF_OUTER, RULES, Rule};
use crate::syntax::parse::parse_expression;
use crate::syntax::tree::{Kind, NodeId, Operator, Subscript, Syntax};
use crate::tensor::matcher::{Bindings, Template};
use crate::tensor::{Dim, Expr, Factor, Label, Node, Pool, Rational, number};
use num_traits::Signed;
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

/// A rule with its left side as a template.
pub struct Compiled {
    /// The row.
    pub rule: &'static Rule,
    /// Its left side.
    pub from: Template,
    /// Names of its arguments, by position.
    pub names: Vec<String>,
}

/// All rules, compiled once per process: a constant, not a state.
pub fn rules() -> &'static [Compiled] {
    static COMPILED: OnceLock<Vec<Compiled>> = OnceLock::new();
    COMPILED.get_or_init(|| RULES.iter().filter_map(compile_rule).collect())
}

/// A row with its left side compiled; `None` if that is not of a form that the matcher knows.
pub fn compile_rule(rule: &'static Rule) -> Option<Compiled> {
    let (from, names) = compile(rule.from)?;
    Some(Compiled { rule, from, names })
}

/// A notation with its meaning as a template.
pub struct Written {
    /// The function's name.
    pub call: &'static str,
    /// Where each argument of the call stands among the template's arguments.
    pub arguments: Vec<usize>,
    /// What it means.
    pub means: Template,
}

impl Written {
    /// Its name and that of the same along the other side: `rowsoftmax` and `colsoftmax`.
    pub fn pair(&self) -> Option<[String; 2]> {
        let sides = [Side::Rows, Side::Cols];
        let other = |k: usize| self.call.strip_prefix(sides[k].prefix()).map(|rest| format!("{}{rest}", sides[1 - k].prefix()));
        let pair = (0..2).find_map(|k| Some([self.call.to_string(), other(k)?]))?;
        NOTATION.iter().any(|row| row.matrix.split('(').next() == Some(&pair[1])).then_some(pair)
    }
}

/// The notations that are found by the matcher, compiled once per process.
pub fn notations() -> &'static [Written] {
    static COMPILED: OnceLock<Vec<Written>> = OnceLock::new();
    COMPILED.get_or_init(|| {
        NOTATION
            .iter()
            .filter(|row| row.back == Back::Matched)
            .filter_map(|row| {
                let (means, names) = compile(row.means)?;
                let (call, rest) = row.matrix.split_once('(')?;
                let arguments: Option<Vec<usize>> =
                    rest.trim_end_matches(')').split(", ").map(|a| names.iter().position(|n| n == a)).collect();
                Some(Written { call, arguments: arguments?, means })
            })
            .collect()
    })
}

/// The template of a text, with the names of its arguments in order of appearance; `None` if it is not of a form that the
/// matcher knows.
pub fn compile(text: &str) -> Option<(Template, Vec<String>)> {
    let (syntax, root) = parse_expression(text).ok()?;
    let mut names = vec![];
    let template = match syntax.kind(root) {
        Kind::Contraction(body, groups) => {
            let mut letters: Vec<String> = vec![];
            let mut factors = vec![];
            labelled(&syntax, *body, &mut names, &mut letters, &mut factors)?;
            let kept: Option<Vec<usize>> = groups.iter().flatten().map(|g| letters.iter().position(|l| l == g)).collect();
            Template::Labelled(factors, kept?)
        }
        _ => template(&syntax, root, &mut names)?,
    };
    Some((template, names))
}

fn labelled(
    syntax: &Syntax,
    id: NodeId,
    names: &mut Vec<String>,
    letters: &mut Vec<String>,
    out: &mut Vec<(Template, Vec<usize>)>,
) -> Option<()> {
    match syntax.kind(id) {
        Kind::Binary(Operator::Times, a, b) => {
            labelled(syntax, *a, names, letters, out)?;
            labelled(syntax, *b, names, letters, out)
        }
        Kind::Index(base, subscripts) => {
            let mut places = vec![];
            for s in subscripts {
                let Subscript::At(k) = s else { return None };
                let Kind::Name(letter) = syntax.kind(*k) else { return None };
                places.push(position(letters, letter));
            }
            let base = match syntax.kind(*base) {
                Kind::Name(n) if n == "eye" => Template::Identity,
                Kind::Name(n) if n == "lower" => Template::Lower,
                _ => template(syntax, *base, names)?,
            };
            out.push((base, places));
            Some(())
        }
        _ => None,
    }
}

fn position(names: &mut Vec<String>, name: &str) -> usize {
    names.iter().position(|n| n == name).unwrap_or_else(|| {
        names.push(name.to_string());
        names.len() - 1
    })
}

fn template(syntax: &Syntax, root: NodeId, names: &mut Vec<String>) -> Option<Template> {
    let mut made: Vec<Option<Template>> = vec![None; syntax.len()];
    for id in syntax.under(root) {
        let get = |k: &NodeId| made[k.index()].clone();
        let t = match syntax.kind(id) {
            Kind::Number(text) => Template::Number(number::parse(text)?),
            Kind::Name(name) => Template::Any(position(names, name)),
            Kind::Negate(a) => match get(a)? {
                Template::Number(r) => Template::Number(-r),
                t => Template::Sum(vec![(Rational::from_integer(-1), t)]),
            },
            Kind::Binary(Operator::Plus, a, b) => Template::Sum([terms(get(a)?), terms(get(b)?)].concat()),
            Kind::Binary(Operator::Minus | Operator::DotMinus, a, b) => {
                let minus = terms(get(b)?).into_iter().map(|(c, t)| (-c, t)).collect();
                Template::Sum([terms(get(a)?), minus].concat())
            }
            Kind::Binary(Operator::Times, a, b) => match (get(a)?, get(b)?) {
                (Template::Number(r), b) => Template::Sum(vec![(r, b)]),
                (a, b) => Template::Times([factors(a), factors(b)].concat()),
            },
            Kind::Binary(Operator::Over | Operator::DotOver, a, b) => match (get(a)?, get(b)?) {
                (Template::Number(p), Template::Number(q)) => Template::Number(p / q),
                (a, b) => Template::Times([numerator(a), factors(b).into_iter().map(|(t, p)| (t, -p)).collect()].concat()),
            },
            Kind::Binary(Operator::Power | Operator::DotPower, a, b) => match (get(a)?, get(b)?) {
                (base, Template::Number(p)) => Template::Times(vec![(base, p)]),
                _ => return None,
            },
            Kind::Binary(Operator::Greater, a, b) => Template::Map(functions::find("gt")?, vec![get(a)?, get(b)?]),
            Kind::Call(name, args) if name == "sum" && args.len() == 1 => match get(&args[0])? {
                Template::Times(factors) if factors.len() == 1 => Template::Total(Box::new(factors[0].0.clone()), factors[0].1),
                t => Template::Total(Box::new(t), Rational::from_integer(1)),
            },
            Kind::Call(name, args) if name == "sqrt" => Template::Times(vec![(get(&args[0])?, Rational::new(1, 2))]),
            Kind::Call(name, args) => {
                let args: Option<Vec<Template>> = args.iter().map(get).collect();
                match (functions::find(name), matrices::find(name), matrices::find_along(name)) {
                    (Some(f), ..) => Template::Map(f, args?),
                    (_, Some(f), _) => Template::Apply(f, args?),
                    (.., Some((f, side))) => Template::Along(f, side, Box::new(args?.pop()?)),
                    _ => return None,
                }
            }
            _ => return None,
        };
        made[id.index()] = Some(t);
    }
    made[root.index()].take()
}

fn terms(t: Template) -> Vec<(Rational, Template)> {
    match t {
        Template::Sum(terms) => terms,
        t => vec![(Rational::from_integer(1), t)],
    }
}

/// The factors over a quotient: none for 1.
fn numerator(t: Template) -> Vec<(Template, Rational)> {
    if t == Template::Number(Rational::from_integer(1)) { vec![] } else { factors(t) }
}

fn factors(t: Template) -> Vec<(Template, Rational)> {
    match t {
        Template::Times(factors) => factors,
        t => vec![(t, Rational::from_integer(1))],
    }
}

/// Rewrites by rules, bottom-up, until none applies; `fired` gains the rules that did, each once.
pub fn rewrite(pool: &mut Pool, mut e: Expr, fired: &mut Vec<&'static Rule>) -> Expr {
    // What a rule made below its top (inv(inv(A)) of a product taken apart) is found by the next pass. Each makes the expression smaller.
    loop {
        let next = rewritten(pool, e, fired);
        if next == e || pool.limit().is_some() {
            return next;
        }
        e = next;
    }
}

/// One pass from the inside outwards.
fn rewritten(pool: &mut Pool, e: Expr, fired: &mut Vec<&'static Rule>) -> Expr {
    let mut new: FxHashMap<Expr, Expr> = FxHashMap::default();
    for old in pool.under(&[e]) {
        let mut made = pool.rebuild(old, |_, c| new[&c]);
        // The right side is smaller, so this ends; its own parts are already rewritten except at the joints.
        while let Some((next, rule)) = rewrite_once(pool, made) {
            if !fired.iter().any(|r| std::ptr::eq(*r, rule)) {
                fired.push(rule);
            }
            if !pool.spend(1) {
                break;
            }
            made = next;
        }
        new.insert(old, made);
    }
    new[&e]
}

/// One step: the first rule that applies at the top of the expression, and what it makes of it.
pub fn rewrite_once(pool: &mut Pool, e: Expr) -> Option<(Expr, &'static Rule)> {
    let of_rows = rules().iter().find_map(|c| Some((replace(pool, e, &c.from, &c.names, c.rule.to)?, c.rule)));
    of_rows
        .or_else(|| inverse_of_product(pool, e).map(|made| (made, &INVERSE_OF_PRODUCT)))
        .or_else(|| norm_of_outer(pool, e).map(|made| (made, &NORM_OF_OUTER)))
        .or_else(|| comparison(pool, e).map(|made| (made, &COMPARISON)))
}

/// The expression with an instance of a template at its top replaced by the text `to` over the arguments of these names: the whole of
/// a function, some factors of a product. `None` if there is none.
pub fn replace(pool: &mut Pool, e: Expr, from: &Template, names: &[String], to: &str) -> Option<Expr> {
    match pool.node(e).clone() {
        Node::Map(..) | Node::Apply(..) => {
            let same_head = matches!((from, pool.node(e)), (Template::Map(f, _), Node::Map(g, _)) if f == g)
                || matches!((from, pool.node(e)), (Template::Apply(f, _), Node::Apply(g, _)) if f == g);
            let mut bindings = vec![];
            if !same_head || !pool.matches(from, e, &mut bindings) {
                return None;
            }
            let axes = pool.axes(e).to_vec();
            filled(pool, to, names, &bindings, &axes)
        }
        Node::Product { factors, out, sizes } => {
            let found = pool.find(from, &factors, &out)?;
            let rest: Vec<Factor> = factors.iter().enumerate().filter(|(k, _)| !found.used.contains(k)).map(|(_, f)| f.clone()).collect();
            let labels: Vec<Label> = match from {
                Template::Labelled(_, kept) => kept.iter().filter_map(|k| found.letters[*k]).collect(),
                _ => found.letters.iter().flatten().copied().collect(),
            };
            let axes: Vec<Dim> = labels.iter().map(|l| sizes[*l as usize]).collect();
            let value = filled(pool, to, names, &found.bindings, &axes)?;
            let power = pool.integer(found.times);
            let mut all = [rest, vec![Factor { base: value, labels: labels.clone(), power }]].concat();
            for (k, left) in &found.rest {
                all.push(Factor { power: pool.number(*left), ..factors[*k].clone() });
            }
            // Labels that the rule sums away are gone with its factors.
            let kept: Vec<(Label, Dim)> = out.iter().chain(all.iter().flat_map(|f| &f.labels)).map(|l| (*l, sizes[*l as usize])).collect();
            Some(pool.product_of(all, out.clone(), &kept))
        }
        _ => None,
    }
}

/// a > b as a - b > 0 where that is shorter, without a positive number in front.
fn comparison(pool: &mut Pool, e: Expr) -> Option<Expr> {
    let Node::Map(f, args) = pool.node(e).clone() else { return None };
    let [a, b] = args[..] else { return None };
    if !f.row().mask {
        return None;
    }
    let axes = pool.axes(e).to_vec();
    let minus = pool.negate(b);
    let mut difference = pool.add(a, minus);
    // Beside a zero only the number in front goes: the rest stays as it was written.
    let alone = pool.is_zero(a) || pool.is_zero(b);
    if !alone {
        difference = spread(pool, difference, TERMS)?;
    }
    let (sign, rest) = pool.primitive_of(difference);
    let zero = pool.zero(&axes);
    let turned = if sign.is_negative() { [zero, rest] } else { [rest, zero] };
    let made = pool.map(f, &turned);
    let size = |pool: &Pool, args: &[Expr]| args.iter().fold(0usize, |n, x| n.saturating_add(length(pool, *x)));
    (made != e && (alone || size(pool, &turned) < size(pool, &args))).then_some(made)
}

/// A right side over its arguments, as an expression with these axes.
pub fn filled(pool: &mut Pool, to: &str, names: &[String], bindings: &Bindings, axes: &[Dim]) -> Option<Expr> {
    if to.starts_with("eye[") {
        return Some(pool.identity(&axes[..axes.len() / 2]));
    }
    let names: Vec<(&str, Expr)> =
        names.iter().map(String::as_str).zip(bindings.iter().map(|b| b.unwrap_or_else(|| pool.one()))).collect::<Vec<_>>();
    match names.iter().find(|n| n.0 == to) {
        // An argument itself keeps its axes.
        Some((_, e)) => Some(*e),
        None => library::elementwise(pool, to, &names, axes),
    }
}
