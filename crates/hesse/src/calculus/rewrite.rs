//! The rules of `facts::rules` at work: texts made into templates, templates found, right sides put in their place.

use super::library;
use crate::facts::functions;
use crate::facts::matrices::{self, Side};
use crate::facts::notation::{Back, NOTATION};
use crate::facts::rules::{RULES, Rule};
use crate::syntax::parse::parse_expression;
use crate::syntax::tree::{Kind, NodeId, Operator, Subscript, Syntax};
use crate::tensor::matcher::{Bindings, Template};
use crate::tensor::{Dim, Expr, Factor, Label, Node, Pool, Rational, number};
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

fn compile_rule(rule: &'static Rule) -> Option<Compiled> {
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
            Kind::Binary(Operator::Times, a, b) => Template::Times([factors(get(a)?), factors(get(b)?)].concat()),
            Kind::Binary(Operator::Power | Operator::DotPower, a, b) => match (get(a)?, get(b)?) {
                (base, Template::Number(p)) => Template::Times(vec![(base, p)]),
                _ => return None,
            },
            Kind::Binary(Operator::Greater, a, b) => Template::Map(functions::find("gt")?, vec![get(a)?, get(b)?]),
            Kind::Call(name, args) if name == "sum" && args.len() == 1 => match get(&args[0])? {
                Template::Times(factors) if factors.len() == 1 => Template::Total(Box::new(factors[0].0.clone()), factors[0].1),
                t => Template::Total(Box::new(t), Rational::from_integer(1)),
            },
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

fn factors(t: Template) -> Vec<(Template, Rational)> {
    match t {
        Template::Times(factors) => factors,
        t => vec![(t, Rational::from_integer(1))],
    }
}

/// Rewrites by rules, bottom-up, until none applies; `fired` gains the rules that did, each once.
pub fn rewrite(pool: &mut Pool, e: Expr, fired: &mut Vec<&'static Rule>) -> Expr {
    let mut new: FxHashMap<Expr, Expr> = FxHashMap::default();
    for old in pool.under(&[e]) {
        let mut made = pool.rebuild(old, |_, c| new[&c]);
        // The right side is smaller, so this ends; its own parts are already rewritten except at the joints.
        while let Some((next, rule)) = once(pool, made) {
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

fn once(pool: &mut Pool, e: Expr) -> Option<(Expr, &'static Rule)> {
    match pool.node(e).clone() {
        Node::Map(..) | Node::Apply(..) => rules().iter().find_map(|c| {
            let same_head = matches!((&c.from, pool.node(e)),
                (Template::Map(f, _), Node::Map(g, _)) if f == g)
                || matches!((&c.from, pool.node(e)), (Template::Apply(f, _), Node::Apply(g, _)) if f == g);
            let mut bindings = vec![];
            if !same_head || !pool.matches(&c.from, e, &mut bindings) {
                return None;
            }
            let axes = pool.axes(e).to_vec();
            Some((right(pool, c, &bindings, &axes)?, c.rule))
        }),
        Node::Product { factors, out, sizes } => rules().iter().find_map(|c| {
            let found = pool.find(&c.from, &factors, &out)?;
            let rest: Vec<Factor> = factors.iter().enumerate().filter(|(k, _)| !found.used.contains(k)).map(|(_, f)| f.clone()).collect();
            let to: Vec<Label> = match &c.from {
                Template::Labelled(_, kept) => kept.iter().filter_map(|k| found.letters[*k]).collect(),
                _ => found.letters.iter().flatten().copied().collect(),
            };
            let axes: Vec<Dim> = to.iter().map(|l| sizes[*l as usize]).collect();
            let value = right(pool, c, &found.bindings, &axes)?;
            let power = pool.one();
            let all = [rest, vec![Factor { base: value, labels: to.clone(), power }]].concat();
            // Labels that the rule sums away are gone with its factors.
            let kept: Vec<(Label, Dim)> = out.iter().chain(all.iter().flat_map(|f| &f.labels)).map(|l| (*l, sizes[*l as usize])).collect();
            Some((pool.product_of(all, out.clone(), &kept), c.rule))
        }),
        _ => None,
    }
}

/// The right side of a rule as an expression with these axes.
fn right(pool: &mut Pool, c: &Compiled, bindings: &Bindings, axes: &[Dim]) -> Option<Expr> {
    if c.rule.to.starts_with("eye[") {
        return Some(pool.identity(&axes[..axes.len() / 2]));
    }
    let names: Vec<(&str, Expr)> =
        c.names.iter().map(String::as_str).zip(bindings.iter().map(|b| b.unwrap_or_else(|| pool.one()))).collect::<Vec<_>>();
    match names.iter().find(|n| n.0 == c.rule.to) {
        // An argument itself keeps its axes.
        Some((_, e)) => Some(*e),
        None => library::elementwise(pool, c.rule.to, &names, axes),
    }
}
