//! What must hold of a case.

use super::case::Case;
use super::places::{Place, Placed};
use hesse::program::program::{Op, Program};
use hesse::tensor::{Expr, Node, Pattern, Pool, VarId};
use hesse::{Derivative, Elimination, Error, Formula, Layout, Want};
use hesse_run::interpret::{RunError, shape};
use hesse_run::probe::draw;
use hesse_run::random::Random;
use hesse_run::{Array, CheckOptions, Failure, ProbeInput, Status, Trace, check, run_traced};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How a case went.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// All holds; with the kinds of nodes that occurred, and where.
    Right(BTreeSet<Placed>),
    /// All holds but the oracles, which had no usable point: the reason.
    NotChecked(String),
    /// The engine refused: the code.
    Refused(&'static str, String),
    /// The printed text has the same value and another form: a tie between labels or factors that the canonical form leaves.
    ReadsAnew(String),
    /// Something does not hold: what, and the numbers.
    Wrong(&'static str, String),
}

/// A wrong answer, by what it breaks.
type Verdict<T> = Result<T, Outcome>;

/// Examines a case; a panic is a wrong answer.
pub fn examine(case: &Case) -> Outcome {
    match catch_unwind(AssertUnwindSafe(|| properties(case))) {
        Ok(Ok(outcome) | Err(outcome)) => outcome,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Outcome::Wrong("panic", text.unwrap_or_default())
        }
    }
}

fn refused(e: &Error) -> Outcome {
    Outcome::Refused(e.first().code, e.first().message.clone())
}

fn properties(case: &Case) -> Verdict<Outcome> {
    let formula = Formula::parse(&case.text(), true).map_err(|e| Outcome::Wrong("ill-typed case", e.to_string()))?;
    let derive = |elimination, layout| formula.derive(&case.request(elimination, layout)).map_err(|e| refused(&e));
    let reverse = derive(Elimination::Reverse, Layout::Numerator)?;
    let forward = derive(Elimination::Forward, Layout::Numerator)?;
    let cross = derive(Elimination::CrossCountry, Layout::Numerator)?;
    let turned = derive(Elimination::Automatic, Layout::Denominator)?;
    let mut point = Point::new(&formula, case)?;
    let tensor = |d: &Derivative| d.tensor_program(0).map_err(|e| refused(&e));
    let value = point.run(&tensor(&reverse)?)?;
    for (name, other) in [("forward", &forward), ("cross-country", &cross), ("automatic", &turned)] {
        let other_value = point.run(&tensor(other)?)?;
        value.same(&other_value).map_err(|why| {
            Outcome::Wrong(
                "orders of elimination differ",
                format!("reverse {} and {name} {}: {why}", reverse.parts[0].plain(), other.parts[0].plain()),
            )
        })?;
    }
    // The same without writing it out: one program over the definitions.
    let unwritten = formula.differentiate(&case.request(Elimination::Automatic, Layout::Numerator)).map_err(|e| refused(&e))?;
    let unwritten = point.run(&unwritten.program().map_err(|e| refused(&e))?)?;
    value
        .same(&unwritten)
        .map_err(|why| Outcome::Wrong("the unwritten derivative differs", format!("{}: {why}", reverse.parts[0].plain())))?;
    layouts(case, &formula, &reverse, &turned, &mut point)?;
    let anew = [&reverse, &forward, &turned].into_iter().find_map(|d| reads(&formula, d, &mut point).err());
    if let Some(wrong @ Outcome::Wrong(..)) = anew {
        return Err(wrong);
    }
    let verdict = oracles(case, &formula, &reverse);
    match verdict.0 {
        Status::Ok if anew.is_some() => Ok(anew.unwrap_or(Outcome::ReadsAnew(String::new()))),
        Status::Ok => Ok(Outcome::Right(kinds(&formula, &reverse, &case.order()))),
        Status::NotChecked(why) => Ok(Outcome::NotChecked(why)),
        Status::Failed => Err(Outcome::Wrong("the oracles disagree", format!("{}: {}", reverse.parts[0].plain(), verdict.1))),
    }
}

/// The denominator layout is the transpose of the numerator layout wherever there is a layout.
fn layouts(case: &Case, formula: &Formula, numerator: &Derivative, denominator: &Derivative, point: &mut Point) -> Verdict<()> {
    let program = |d: &Derivative| d.program(0).map_err(|e| refused(&e));
    let (n, d) = (&numerator.parts[0], &denominator.parts[0]);
    let (a, b) = (point.run(&program(numerator)?)?, point.run(&program(denominator)?)?);
    let of = &formula.model().definitions.last().expect("a target").shape;
    let by = &formula.model().inputs.iter().find(|i| i.name == case.wrt).expect("a variable").shape;
    let vector = |s: &hesse::tensor::Shape| s.rows.is_empty() || s.cols.is_empty();
    let matrix = of.is_scalar() || by.is_scalar() || (vector(of) && vector(by));
    let same = if case.want == Want::Hessian || !matrix {
        a.same(&b)
    } else if n.face != d.face.transposed() {
        Err("the faces are no transposes".to_string())
    } else {
        a.transposed(d.face.cols.len()).same(&b)
    };
    same.map_err(|why| Outcome::Wrong("layouts are no transposes", format!("{} and {}: {why}", n.plain(), d.plain())))
}

/// The printed text means the same expression and has the same value.
fn reads(formula: &Formula, derivative: &Derivative, point: &mut Point) -> Verdict<()> {
    let plain = derivative.parts[0].plain();
    let unread = |e: &Error| Outcome::Wrong("printed text cannot be read", format!("{plain}: {e}"));
    let same = formula.reads_back(derivative, 0, &plain).map_err(|e| unread(&e))?;
    let inputs: Vec<(String, String)> =
        formula.model().input_types().iter().filter_map(|t| t.split_once(" : ")).map(|(a, b)| (a.to_string(), b.to_string())).collect();
    let again = Formula::expression(&inputs, &plain, "").and_then(|f| f.program(None)).map_err(|e| unread(&e))?;
    let value = point.run(&derivative.program(0).map_err(|e| refused(&e))?)?;
    value.same(&point.run(&again)?).map_err(|why| Outcome::Wrong("printed text has another value", format!("{plain}: {why}")))?;
    if same { Ok(()) } else { Err(Outcome::ReadsAnew(plain)) }
}

fn oracles(case: &Case, formula: &Formula, derivative: &Derivative) -> (Status, String) {
    let inputs: Vec<ProbeInput> =
        formula.model().inputs.iter().map(|i| ProbeInput { name: i.name.clone(), properties: i.properties.clone(), value: None }).collect();
    let (Ok(primal), Ok(tensor)) = (formula.program(None), derivative.tensor_program(0)) else {
        return (Status::NotChecked("no program".into()), String::new());
    };
    let options = CheckOptions { points: 3, directions: 2, seed: case.seed, max_elements: 1 << 14, ..CheckOptions::default() };
    let report = check(&primal, &tensor, &inputs, &case.order(), &formula.model().relations, &options);
    if let Some(why) = report.first_failure.as_ref().and_then(|f| no_judge(&primal, f)) {
        return (Status::NotChecked(why.into()), String::new());
    }
    let failure = report.first_failure.as_ref().map_or(String::new(), |f| {
        format!("{:?} {:?} entry {}: {} against {} ({:.1e})", f.oracle, f.sizes, f.entry, f.symbolic, f.numeric, f.relative)
    });
    (report.status, failure)
}

/// The formula's largest number up to which its logarithms and exponentials leave digits to compare.
const LARGE: f64 = 1e13;

/// Why a disagreement says nothing. Numbers are so large that log n is lost beside them, as in exp(x - logsumexp(x*ones(n))) for x near 1e15;
/// or max or min chooses between two equal values at the failing point, as max(A, sum(A)) does for a 1×1 matrix: along a direction they
/// stay equal, so that differences see no kink, and the derivative there is a convention. Likewise a norm of what is 0 along the direction.
fn no_judge(primal: &Program, failure: &Failure) -> Option<&'static str> {
    let chooses = |op: &Op| match op {
        Op::Map(f, _) => ["max", "min"].contains(&f.row().name),
        Op::Apply(f, _) => f.row().name == "norm2",
        _ => false,
    };
    let size = |name: &String| failure.sizes.iter().find(|s| s.0 == *name).map_or(1, |s| s.1);
    let sizes: Vec<usize> = primal.sizes.iter().map(size).collect();
    let value = |name: &String| failure.inputs.iter().find(|i| i.0 == *name).map(|i| i.1.clone());
    let inputs: Option<Vec<Array<f64>>> = primal.inputs.iter().map(|i| value(&i.name)).collect();
    let mut trace = Trace::default();
    let ran = inputs.is_some_and(|inputs| run_traced(primal, &sizes, &inputs, &mut trace).is_ok());
    if !ran {
        return None;
    }
    if trace.peak > LARGE {
        return Some("numbers too large to compare at the point");
    }
    let tied = trace.ties > 0 && primal.steps.iter().any(|s| chooses(&s.op));
    tied.then_some("the larger of two equal values at the point")
}

/// Kinds of nodes in the formula and its derivative. A constant contains no variable: below an operation it is inner.
fn kinds(formula: &Formula, derivative: &Derivative, order: &[String]) -> BTreeSet<Placed> {
    let mut found = BTreeSet::new();
    let kind = |pool: &Pool, e: Expr| match pool.node(e) {
        Node::Decimal(_) => ("node Decimal", true),
        Node::Pi => ("node Pi", true),
        Node::Size(_) => ("node Size", true),
        Node::Pattern(Pattern::Unit { .. }) => ("node Unit", true),
        Node::Pattern(Pattern::Lower { .. }) => ("node Lower", true),
        Node::Pattern(Pattern::Shift { .. }) => ("node Shift", true),
        Node::Var(_) => ("node Var", false),
        Node::Sum(..) => ("node Sum", false),
        Node::Product { .. } => ("node Product", false),
        Node::Map(..) => ("node Map", false),
        Node::Apply(..) => ("node Apply", false),
    };
    let model = formula.model();
    // Symbols with a variable of differentiation behind them.
    let mut moving: Vec<VarId> = model.inputs.iter().filter(|i| order.contains(&i.name)).map(|i| i.var).collect();
    let mut look = |pool: &Pool, root: Expr, top: usize, moving: &[VarId]| {
        let mut depths: BTreeMap<Expr, (usize, usize)> = BTreeMap::from([(root, (top, top))]);
        let moves = |e: Expr| pool.variables_of(e).iter().any(|v| moving.contains(v));
        // A parent comes after its children: from the root down.
        for e in pool.under(&[root]).into_iter().rev() {
            let (least, most) = depths[&e];
            let (what, constant) = kind(pool, e);
            if least <= 1 {
                found.insert((what, Place::Outer));
            }
            if most >= 2 && !found.contains(&(what, Place::Inner)) && (constant || moves(e)) {
                found.insert((what, Place::Inner));
            }
            pool.each_child(e, |c| {
                let d = depths.entry(c).or_insert((least + 1, most + 1));
                *d = (d.0.min(least + 1), d.1.max(most + 1));
            });
        }
        moves(root)
    };
    let last = model.vertices.len().saturating_sub(1);
    for (k, v) in model.vertices.iter().enumerate() {
        if look(&model.pool, v.value, if k == last { 0 } else { 2 }, &moving) {
            moving.push(v.symbol);
        }
    }
    look(&derivative.pool, derivative.parts[0].tensor, 0, &moving);
    found
}

/// A result with the size of the numbers on the way to it.
struct Measured {
    value: Array<f64>,
    peak: f64,
}

impl Measured {
    fn same(&self, other: &Measured) -> Result<(), String> {
        let (a, b) = (&self.value.data, &other.value.data);
        if a.len() != b.len() {
            return Err(format!("{} and {} entries", a.len(), b.len()));
        }
        let largest = a.iter().chain(b).filter(|x| x.is_finite()).fold(0.0f64, |m, x| m.max(x.abs()));
        let limit = 1e-9 * largest.max(1e-4 * self.peak.max(other.peak));
        let apart = |k: &usize| !((a[*k] - b[*k]).abs() <= limit || a[*k] == b[*k] || (a[*k].is_nan() && b[*k].is_nan()));
        match (0..a.len()).find(apart) {
            Some(k) => Err(format!("entry {k} is {} and {}", a[k], b[k])),
            None => Ok(()),
        }
    }
    /// As a matrix whose rows take the last `cols` axes, transposed.
    fn transposed(&self, rows: usize) -> Measured {
        let (r, c) = self.value.shape.split_at(rows);
        let (m, n): (usize, usize) = (r.iter().product(), c.iter().product());
        let data = (0..n).flat_map(|j| (0..m).map(move |i| (i, j))).map(|(i, j)| self.value.data[i * n + j]).collect();
        Measured { value: Array { shape: [c, r].concat(), data }, peak: self.peak }
    }
}

/// Numbers for the inputs of a case.
struct Point {
    properties: BTreeMap<String, Vec<String>>,
    values: BTreeMap<String, Array<f64>>,
    seed: u64,
    attempt: usize,
}

/// Sizes at which values are compared.
fn sizes(program: &Program) -> Vec<usize> {
    let number = |name: &String| match name.as_str() {
        "m" => 2,
        "n" => 4,
        _ => 5,
    };
    program.sizes.iter().map(number).collect()
}

impl Point {
    /// The first of some draws at which the formula is finite (the last, if none is).
    fn new(formula: &Formula, case: &Case) -> Verdict<Point> {
        let properties = formula.model().inputs.iter().map(|i| (i.name.clone(), i.properties.clone())).collect();
        let mut point = Point { properties, values: BTreeMap::new(), seed: case.seed, attempt: 0 };
        let primal = formula.program(None).map_err(|e| refused(&e))?;
        for attempt in 0..12 {
            point.values.clear();
            point.attempt = attempt;
            if point.run(&primal)?.value.data.iter().all(|x| x.is_finite()) {
                break;
            }
        }
        Ok(point)
    }

    fn run(&mut self, program: &Program) -> Verdict<Measured> {
        let broken = |e: RunError| Outcome::Wrong("a program does not run", e.message);
        let sizes = sizes(program);
        let mut inputs = vec![];
        for input in &program.inputs {
            let shape = shape(&input.axes, &sizes).map_err(broken)?;
            let seed =
                input.name.bytes().fold(self.seed.wrapping_mul(1000) + self.attempt as u64, |h, b| h.wrapping_mul(31) + u64::from(b));
            let properties = self.properties.get(&input.name).cloned().unwrap_or_default();
            let drawn = || draw(input.rows, &shape, &properties, self.attempt, &mut Random::new(seed));
            inputs.push(self.values.entry(input.name.clone()).or_insert_with(drawn).clone());
        }
        let mut trace = Trace::default();
        let mut values = run_traced(program, &sizes, &inputs, &mut trace).map_err(broken)?;
        Ok(Measured { value: values.remove(0), peak: trace.peak })
    }
}
