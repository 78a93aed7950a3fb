//! Function rows on numbers that carry derivatives: the definitions of the rows, parsed once, run down to the primitives of [`Scalar`].
//!
//! `softplus` on a dual number runs `max(x, 0) + log1p(exp(-abs(x)))`, which calls the rows `max`, `log1p`, `exp` and `abs`, and so on.
//! The slopes of the rows are never read here.
//!
//! A stable form may have kinks that cancel (`softplus` above is smooth at 0). Where the evaluation of `safe` meets a tie and the row has no
//! kink of its own, the plain definition `means` is run instead.

use crate::scalar::Scalar;
use crate::trace::Trace;
use hesse::facts::functions::{self, FUNCTIONS, Function, FunctionId};
use hesse::syntax::parse::parse_expression;
use hesse::syntax::tree::{Kind, NodeId, Operator, Syntax};
use std::sync::OnceLock;

/// An expression over the arguments of a row, in evaluation order; the last node is the value.
#[derive(Clone, Debug)]
pub struct Text {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
enum Node {
    Number(f64),
    Argument(usize),
    Negate(usize),
    Binary(Operator, usize, usize),
    Sqrt(usize),
    Call(FunctionId, Vec<usize>),
}

/// A primitive of [`Scalar`] by the name of its row.
#[derive(Clone, Copy, Debug)]
enum Primitive {
    Exp,
    Log,
    Log1p,
    Expm1,
    Sin,
    Cos,
    Atan2,
    Erf,
    Lgamma,
    Polygamma(u32),
    Greater,
    GreaterEqual,
    Equal,
    Where,
}

fn primitive(name: &str) -> Option<Primitive> {
    Some(match name {
        "exp" => Primitive::Exp,
        "log" => Primitive::Log,
        "log1p" => Primitive::Log1p,
        "expm1" => Primitive::Expm1,
        "sin" => Primitive::Sin,
        "cos" => Primitive::Cos,
        "atan2" => Primitive::Atan2,
        "erf" => Primitive::Erf,
        "lgamma" => Primitive::Lgamma,
        "digamma" => Primitive::Polygamma(0),
        "trigamma" => Primitive::Polygamma(1),
        "polygamma2" => Primitive::Polygamma(2),
        "polygamma3" => Primitive::Polygamma(3),
        "gt" => Primitive::Greater,
        "ge" => Primitive::GreaterEqual,
        "eq" => Primitive::Equal,
        "where" => Primitive::Where,
        _ => return None,
    })
}

/// The surface on which a row has its kink: the two sides are equal there.
#[derive(Clone, Debug)]
enum Surface {
    /// The first two arguments.
    Arguments,
    /// Two texts, from `at_kink`.
    Texts(Text, Text),
}

/// How a row runs.
#[derive(Debug)]
struct Plan {
    primitive: Option<Primitive>,
    safe: Option<Text>,
    means: Option<Text>,
    surface: Option<Surface>,
    /// The convention at the kink is about the row itself, not only about a comparison.
    own_kink: bool,
}

impl Text {
    /// Reads an expression over the names of `of`.
    pub fn read(text: &str, of: &[&str]) -> Result<Text, String> {
        let (syntax, root) = parse_expression(text).map_err(|e| format!("`{text}` cannot be read: {e}"))?;
        Text::compile(&syntax, root, of).map_err(|e| format!("`{text}`: {e}"))
    }

    fn compile(syntax: &Syntax, root: NodeId, of: &[&str]) -> Result<Text, String> {
        let mut nodes = vec![];
        let mut place = vec![0; root.index() + 1];
        for id in syntax.under(root) {
            let at = |k: &NodeId| place[k.index()];
            let node = match syntax.kind(id) {
                Kind::Number(text) => Node::Number(text.parse().map_err(|_| format!("`{text}` is no number"))?),
                Kind::Name(name) => match of.iter().position(|n| n == name) {
                    Some(k) => Node::Argument(k),
                    None if name == "pi" => Node::Number(std::f64::consts::PI),
                    None => return Err(format!("unknown name `{name}`")),
                },
                Kind::Negate(a) => Node::Negate(at(a)),
                Kind::Binary(op, a, b) => Node::Binary(*op, at(a), at(b)),
                Kind::Call(name, args) if name == "sqrt" && args.len() == 1 => Node::Sqrt(at(&args[0])),
                Kind::Call(name, args) => {
                    let f = functions::find(name).ok_or_else(|| format!("unknown function `{name}`"))?;
                    if f.row().of.len() != args.len() {
                        return Err(format!("`{name}` takes {} arguments", f.row().of.len()));
                    }
                    Node::Call(f, args.iter().map(at).collect())
                }
                _ => return Err("a definition of a row is a scalar expression".to_string()),
            };
            place[id.index()] = nodes.len();
            nodes.push(node);
        }
        Ok(Text { nodes })
    }

    /// The value at these arguments.
    pub fn evaluate<T: Scalar>(&self, arguments: &[T]) -> Result<T, String> {
        self.run(arguments, &mut false)
    }

    fn run<T: Scalar>(&self, arguments: &[T], tie: &mut bool) -> Result<T, String> {
        let mut values: Vec<T> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let value = match node {
                Node::Number(x) => T::from_f64(*x),
                Node::Argument(k) => arguments[*k],
                Node::Negate(a) => -values[*a],
                Node::Sqrt(a) => values[*a].sqrt(),
                Node::Binary(op, a, b) => binary(*op, values[*a], values[*b], tie)?,
                Node::Call(f, args) => {
                    let arguments: Vec<T> = args.iter().map(|&k| values[k]).collect();
                    call_row(*f, &arguments, tie)?
                }
            };
            values.push(value);
        }
        values.pop().ok_or_else(|| "empty text".to_string())
    }
}

fn indicator<T: Scalar>(c: bool) -> T {
    if c { T::one() } else { T::zero() }
}

fn binary<T: Scalar>(op: Operator, a: T, b: T, tie: &mut bool) -> Result<T, String> {
    let (x, y) = (a.value(), b.value());
    let mut compare = |c: bool| {
        *tie |= x == y;
        indicator(c)
    };
    Ok(match op {
        Operator::Plus | Operator::DotPlus => a + b,
        Operator::Minus | Operator::DotMinus => a - b,
        Operator::Times | Operator::DotTimes => a * b,
        Operator::Over | Operator::DotOver => a / b,
        Operator::Power | Operator::DotPower => a.power_scalar(b),
        Operator::Greater => compare(x > y),
        Operator::Less => compare(x < y),
        Operator::GreaterEqual => compare(x >= y),
        Operator::LessEqual => compare(x <= y),
        Operator::Equal => compare(x == y),
        Operator::NotEqual => compare(x != y),
        Operator::Under => return Err("`\\` has no meaning between numbers".to_string()),
    })
}

/// All rows, prepared once.
fn plans() -> &'static [Result<Plan, String>] {
    static PLANS: OnceLock<Vec<Result<Plan, String>>> = OnceLock::new();
    PLANS.get_or_init(|| FUNCTIONS.iter().map(|row| plan(row).map_err(|e| format!("row `{}`: {e}", row.name))).collect())
}

fn plan(row: &Function) -> Result<Plan, String> {
    let read = |text: &str| if text.is_empty() { Ok(None) } else { Text::read(text, row.of).map(Some) };
    let mut surface = None;
    if let Some((_, place)) = row.at_kink.rsplit_once(" at ") {
        let (left, right) = place.split_once('=').ok_or_else(|| format!("kink `{place}` is no equation"))?;
        surface = Some(Surface::Texts(Text::read(left.trim(), row.of)?, Text::read(right.trim(), row.of)?));
    } else if !row.at_kink.is_empty() && row.of.len() == 2 {
        surface = Some(Surface::Arguments);
    }
    let own_kink = matches!(surface, Some(Surface::Texts(..)));
    Ok(Plan { primitive: primitive(row.name), safe: read(row.safe)?, means: read(row.means)?, surface, own_kink })
}

fn find_plan(f: FunctionId) -> Result<&'static Plan, String> {
    plans()[f.0 as usize].as_ref().map_err(Clone::clone)
}

/// A row at these arguments: its value in f64 for plain numbers, its definition for dual numbers.
pub fn call<T: Scalar>(f: FunctionId, arguments: &[T]) -> Result<T, String> {
    call_row(f, arguments, &mut false)
}

/// The same by a chosen text (`means` or `safe`) also for plain numbers: what tests compare. `None` if the row has no such text.
pub fn by_definition<T: Scalar>(f: FunctionId, safe: bool, arguments: &[T]) -> Option<Result<T, String>> {
    let plan = match find_plan(f) {
        Ok(plan) => plan,
        Err(e) => return Some(Err(e)),
    };
    let text = if safe { plan.safe.as_ref() } else { plan.means.as_ref() };
    text.map(|text| text.run(arguments, &mut false))
}

fn call_row<T: Scalar>(f: FunctionId, arguments: &[T], tie: &mut bool) -> Result<T, String> {
    let row = f.row();
    if let Some(value) = T::native(row.value, arguments) {
        return Ok(value);
    }
    let plan = find_plan(f)?;
    if let Some(surface) = &plan.surface {
        let (left, right) = sides(surface, arguments)?;
        if left == right {
            *tie = true;
            if plan.own_kink {
                // The convention of the rows: the derivative is 0 here.
                let values: Vec<f64> = arguments.iter().map(|x| x.value()).collect();
                return Ok(T::from_f64((row.value)(&values)));
            }
        }
    }
    if let Some(primitive) = plan.primitive {
        return Ok(apply(primitive, arguments));
    }
    let (first, second) = match (&plan.safe, &plan.means) {
        (Some(safe), means) => (safe, means.as_ref()),
        (None, Some(means)) => (means, None),
        (None, None) => return Err(format!("`{}` has no definition to run on dual numbers", row.name)),
    };
    let mut inner = false;
    let value = first.run(arguments, &mut inner)?;
    if inner && !plan.own_kink {
        if let Some(means) = second {
            let plain = means.run(arguments, &mut false)?;
            if plain.is_finite() {
                return Ok(plain);
            }
        }
        *tie = true;
    }
    Ok(value)
}

fn sides<T: Scalar>(surface: &Surface, arguments: &[T]) -> Result<(f64, f64), String> {
    Ok(match surface {
        Surface::Arguments => (arguments[0].value(), arguments[1].value()),
        Surface::Texts(left, right) => (left.run(arguments, &mut false)?.value(), right.run(arguments, &mut false)?.value()),
    })
}

fn apply<T: Scalar>(primitive: Primitive, x: &[T]) -> T {
    match primitive {
        Primitive::Exp => x[0].exp(),
        Primitive::Log => x[0].ln(),
        Primitive::Log1p => x[0].ln_1p(),
        Primitive::Expm1 => x[0].exp_m1(),
        Primitive::Sin => x[0].sin(),
        Primitive::Cos => x[0].cos(),
        Primitive::Atan2 => x[0].atan2(x[1]),
        Primitive::Erf => x[0].erf(),
        Primitive::Lgamma => x[0].lgamma(),
        Primitive::Polygamma(n) => x[0].polygamma(n),
        Primitive::Greater => indicator(x[0].value() > x[1].value()),
        Primitive::GreaterEqual => indicator(x[0].value() >= x[1].value()),
        Primitive::Equal => indicator(x[0].value() == x[1].value()),
        Primitive::Where => {
            if x[0].value() != 0.0 {
                x[1]
            } else {
                x[2]
            }
        }
    }
}

/// Records in a trace which branches a row takes at these arguments: the comparison of the two sides of its kink, and the choice of `where`.
pub fn record<T: Scalar>(f: FunctionId, arguments: &[T], trace: &mut Trace) -> Result<(), String> {
    let plan = find_plan(f)?;
    if let Some(surface) = &plan.surface {
        let (left, right) = sides(surface, arguments)?;
        trace.compare(left.partial_cmp(&right));
    } else if matches!(plan.primitive, Some(Primitive::Where)) {
        trace.branch(5 + u64::from(arguments[0].value() != 0.0));
    }
    Ok(())
}

/// Whether a row has branches to record.
pub fn branches(f: FunctionId) -> bool {
    find_plan(f).is_ok_and(|plan| plan.surface.is_some() || matches!(plan.primitive, Some(Primitive::Where)))
}
