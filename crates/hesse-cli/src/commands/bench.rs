//! `hesse bench`: how long a compiled value and gradient takes, beside other tools in the same run.

use crate::bench::functions::Peer;
use crate::bench::inputs;
use crate::bench::peers::{Folder, Job, Running, interpreter};
use crate::bench::python::{Code, Writer, bare, python_name};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::json;
use crate::numerals;
use crate::options::BenchOptions;
use crate::request::request;
use crate::screen::Screen;
use crate::source::Source;
use hesse::{Ask, Formula, Joint, Layout, Request, Want};
use hesse_run::compile::{BindOptions, Bound, Compiled};
use hesse_run::{Array, RunError};
use serde_json::{Value, json};
use std::time::Instant;

/// Seconds of calls between two looks at the clock, at least.
const BATCH: f64 = 0.01;

/// Rounds of the steady state: at least and at most.
const ROUNDS: [usize; 2] = [5, 200];

/// Up to this relative difference results are the same.
const SAME: f64 = 1e-9;

/// Redraws of inputs where the formula is not finite.
const ATTEMPTS: usize = 20;

/// What one contestant needed.
struct Timed {
    name: &'static str,
    first: f64,
    /// Seconds of a call, one for each round.
    calls: Vec<f64>,
    /// The largest relative difference of its results from those of hesse.
    differs: f64,
}

impl Timed {
    fn median(&self) -> f64 {
        let mut calls = self.calls.clone();
        calls.sort_by(f64::total_cmp);
        calls.get(calls.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// Reads, binds, times.
pub fn run(options: &BenchOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    let source = Source::read(&options.input)?;
    let formula = source.formula(options.input.strict)?;
    bench(&formula, options, screen).map_err(|failure| match failure {
        Failure::Refused(error, None) => Failure::within(&source)(error),
        other => other,
    })
}

fn bench(formula: &Formula, options: &BenchOptions, screen: &mut Screen) -> Result<Exit, Failure> {
    if !(options.seconds > 0.0 && options.seconds.is_finite()) {
        return Err(Failure::Usage("--seconds wants a positive number".into()));
    }
    let base = Request { layout: Layout::Denominator, ..request(&options.request, Want::Gradient) };
    let mut asks = vec![Ask::Value(base.target.clone()), Ask::Derivative(base.clone())];
    if options.hessian {
        asks.push(Ask::Derivative(Request { want: Want::Hessian, ..base.clone() }));
    }
    let joint = formula.joint(&asks)?;
    let sizes = inputs::sizes(&options.sizes, formula, &joint.program)?;
    let named: Vec<(&str, usize)> = sizes.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    // What is too large is refused before anything is planned for it.
    let numbers: Vec<usize> = joint.program.sizes.iter().map(|s| sizes[s]).collect();
    for input in &joint.program.inputs {
        hesse_run::interpret::shape(&input.axes, &numbers).map_err(hesse::Error::from)?;
    }
    let compiled = Compiled::new(joint.program.clone());
    let bind = |threads| compiled.bind::<f64>(&named, &BindOptions { threads, ..BindOptions::default() }).map_err(hesse::Error::from);
    let mut bound = bind(1)?;
    let arrays = drawn(formula, &joint, &mut bound, options.seed)?;
    let bytes = arrays.iter().map(|a| 8 * a.len()).sum::<usize>();
    let numbers: Vec<String> = sizes.iter().map(|(name, n)| format!("{name} = {n}")).collect();
    let results: Vec<String> = joint.results.iter().map(crate::commands::doctor::name).collect();
    if !screen.json() {
        let inputs = numerals::significant(bytes as f64 / 1e6, 3);
        let at = if numbers.is_empty() { String::new() } else { format!("   {}", numbers.join(", ")) };
        screen.line(&format!("{}{at}   {inputs} MB of inputs   {} steps", results.join(", "), joint.program.steps.len()))?;
    }

    let folder = if options.against.is_empty() { None } else { Some(Folder::new().map_err(broken)?) };
    let mut files = vec![];
    if let Some(folder) = &folder {
        for (k, a) in arrays.iter().enumerate() {
            let input = &joint.program.inputs[k];
            // A vector is a matrix of one column.
            let sides = |axes: &[usize]| axes.iter().product::<usize>();
            let shape = if a.shape.is_empty() { vec![] } else { vec![sides(&a.shape[..input.rows]), sides(&a.shape[input.rows..])] };
            files.push((shape, folder.write(&format!("input-{k}.f8"), &a.data).map_err(broken)?));
        }
    }
    let python_sizes: Vec<(String, usize)> = sizes.iter().map(|(name, n)| (python_name(name), *n)).collect();
    let wrt: Vec<usize> = joint.results[1..]
        .iter()
        .filter(|r| r.wrt.len() == 1)
        .filter_map(|r| joint.program.inputs.iter().position(|i| r.wrt.first() == Some(&i.name)))
        .collect();
    if options.hessian && wrt.len() != 1 && !options.against.is_empty() {
        return Err(Failure::Usage("--hessian beside peers is by one variable: name it with --wrt".into()));
    }
    let (mut objects, mut refused) = (vec![], vec![]);
    for &threads in &options.threads {
        let mut bound = bind(threads.max(1))?;
        let mut peers = vec![];
        for &peer in &options.against {
            let started = code(peer, formula, &base, &joint, options.hessian).and_then(|code| {
                let python = interpreter(peer, options.python.as_deref())?;
                let folder = folder.as_ref().map(Folder::path).ok_or("no folder")?;
                Running::start(
                    &python,
                    &Job { peer, code: &code, inputs: &files, sizes: &python_sizes, wrt: &wrt, hessian: options.hessian, threads, folder },
                )
            });
            match started {
                Ok(running) => peers.push((peer, running)),
                Err(reason) => refused.push((peer, threads, reason)),
            }
        }
        let rows = timed(&mut bound, &arrays, &mut peers, options.seconds, &mut refused, threads)?;
        if screen.json() {
            objects.push(object(threads, &rows, bytes));
        } else {
            for line in table(threads, &rows, bytes) {
                screen.line(&line)?;
            }
        }
    }
    for (peer, threads, reason) in &refused {
        screen.note("note", &format!("{} ({threads} thread{}): {reason}", peer.name(), if *threads == 1 { "" } else { "s" }))?;
    }
    if screen.json() {
        let refused: Vec<Value> =
            refused.iter().map(|(p, threads, reason)| json!({ "name": p.name(), "threads": threads, "reason": reason })).collect();
        screen.object(&json!({ "schema": json::BENCH, "ok": true, "sizes": sizes, "results": results, "inputs_bytes": bytes,
            "steps": joint.program.steps.len(), "runs": objects, "refused": refused }))?;
    }
    Ok(Exit::OK)
}

fn broken(reason: String) -> Failure {
    hesse::Diagnostic::error("E701", hesse::Span::default(), reason).into()
}

/// Inputs at which every result is finite, if there are such; the first ones otherwise.
fn drawn(formula: &Formula, joint: &Joint, bound: &mut Bound<f64>, seed: u64) -> Result<Vec<Array<f64>>, hesse::Error> {
    let mut first = None;
    for attempt in 0..ATTEMPTS {
        let arrays = inputs::inputs(formula, &joint.program, bound.sizes(), seed.wrapping_add(attempt as u64), attempt)?;
        let mut outputs = buffers(bound);
        call(bound, &slices(&arrays), &mut outputs)?;
        if outputs.iter().flatten().all(|x| x.is_finite()) {
            return Ok(arrays);
        }
        first.get_or_insert(arrays);
    }
    Ok(first.unwrap_or_default())
}

fn buffers(bound: &Bound<f64>) -> Vec<Vec<f64>> {
    bound.structures().iter().map(|s| vec![0.0; s.values]).collect()
}

fn slices(arrays: &[Array<f64>]) -> Vec<&[f64]> {
    arrays.iter().map(|a| &a.data[..]).collect()
}

fn call(bound: &mut Bound<f64>, inputs: &[&[f64]], outputs: &mut [Vec<f64>]) -> Result<(), RunError> {
    let mut out: Vec<&mut [f64]> = outputs.iter_mut().map(|o| &mut o[..]).collect();
    bound.call(inputs, &mut out)
}

/// Seconds of that many calls.
fn calls(bound: &mut Bound<f64>, inputs: &[&[f64]], outputs: &mut [Vec<f64>], n: usize) -> Result<f64, RunError> {
    let mut out: Vec<&mut [f64]> = outputs.iter_mut().map(|o| &mut o[..]).collect();
    let start = Instant::now();
    for _ in 0..n {
        bound.call(inputs, &mut out)?;
    }
    Ok(start.elapsed().as_secs_f64())
}

/// All contestants by turns.
fn timed(
    bound: &mut Bound<f64>,
    arrays: &[Array<f64>],
    peers: &mut Vec<(Peer, Running)>,
    seconds: f64,
    refused: &mut Vec<(Peer, usize, String)>,
    threads: usize,
) -> Result<Vec<Timed>, hesse::Error> {
    let inputs = slices(arrays);
    let mut outputs = buffers(bound);
    let first = calls(bound, &inputs, &mut outputs, 1)?;
    let mut rows = vec![Timed { name: "hesse", first, calls: vec![], differs: 0.0 }];
    let dense = bound.structures().iter().all(|s| s.values == s.shape.iter().product::<usize>());
    let expected = if dense { outputs.clone() } else { bound.reference(&inputs)?.into_iter().map(|a| a.data).collect() };
    for (peer, running) in peers.iter() {
        rows.push(Timed { name: peer.name(), first: running.first, calls: vec![], differs: difference(&expected, &running.results) });
    }
    // How often each is called in a round.
    let again = |one: f64| (BATCH / one.max(1e-9)).ceil().clamp(1.0, 1e7) as usize;
    let guess = calls(bound, &inputs, &mut outputs, 1)?;
    let mut often = vec![again(calls(bound, &inputs, &mut outputs, again(guess).min(1000))? / again(guess).min(1000) as f64)];
    let mut k = 0;
    while k < peers.len() {
        let tried = peers[k].1.calls(1).and_then(|one| Ok(peers[k].1.calls(again(one).min(100))? / again(one).min(100) as f64));
        match tried {
            Ok(one) => {
                often.push(again(one));
                k += 1;
            }
            Err(reason) => {
                refused.push((peers[k].0, threads, reason));
                peers.remove(k);
                rows.remove(k + 1);
            }
        }
    }
    let start = Instant::now();
    let mut round = 0;
    while round < ROUNDS[0] || (round < ROUNDS[1] && start.elapsed().as_secs_f64() < seconds * rows.len() as f64) {
        let n = often[0];
        rows[0].calls.push(calls(bound, &inputs, &mut outputs, n)? / n as f64);
        for (k, (_, running)) in peers.iter_mut().enumerate() {
            if let Ok(time) = running.calls(often[k + 1]) {
                rows[k + 1].calls.push(time / often[k + 1] as f64);
            }
        }
        round += 1;
    }
    Ok(rows)
}

/// The largest difference of two lists of results, beside the largest entry of each.
fn difference(expected: &[Vec<f64>], got: &[Vec<f64>]) -> f64 {
    if expected.len() != got.len() {
        return f64::INFINITY;
    }
    let one = |(e, g): (&Vec<f64>, &Vec<f64>)| {
        if e.len() != g.len() {
            return f64::INFINITY;
        }
        let scale = e.iter().map(|x| x.abs()).fold(f64::MIN_POSITIVE, f64::max);
        let worst = e.iter().zip(g).map(|(a, b)| (a - b).abs() / scale);
        worst.fold(0.0, |m, d| if d.is_nan() { f64::INFINITY } else { m.max(d) })
    };
    expected.iter().zip(got).map(one).fold(0.0, f64::max)
}

/// The function `f` of a peer.
fn code(peer: Peer, formula: &Formula, base: &Request, joint: &Joint, hessian: bool) -> Result<String, String> {
    let mut writer = Writer::new(peer, formula);
    writer.target(base.target.as_deref())?;
    if peer == Peer::Numpy {
        let derivative = formula.derive(base).map_err(|e| e.to_string())?;
        let named = formula.named(&derivative);
        if let Some(named) = &named {
            for name in &named.names {
                writer.define(&name.name, of_shape(&name.shape_text), &named.plain(name.root))?;
            }
        }
        for (k, part) in derivative.parts.iter().enumerate() {
            writer.result(&named.as_ref().map_or_else(|| part.plain(), |n| n.plain(n.roots[k])))?;
        }
    }
    if peer == Peer::Numpy && hessian {
        // Without names: they could be those of the gradient with another meaning.
        let second = formula.derive(&Request { want: Want::Hessian, ..base.clone() }).map_err(|e| e.to_string())?;
        second.parts.iter().try_for_each(|part| writer.result(&part.plain()))?;
    }
    let Code { lines, results } = writer.finish();
    let arguments: Vec<String> = joint.program.inputs.iter().map(|i| python_name(&i.name)).collect();
    let body: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    let results: Vec<&str> = results.iter().map(|r| bare(r)).collect();
    Ok(format!("def f({}):\n{body}    return [{}]\n", arguments.join(", "), results.join(", ")))
}

/// A type by its sizes.
fn of_shape(sizes: &[String]) -> String {
    match sizes.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["1", "1"] => "scalar".into(),
        [rows, "1"] => format!("vector({rows})"),
        ["1", cols] => format!("rowvector({cols})"),
        sizes => format!("matrix({})", sizes.join(", ")),
    }
}

/// `412 µs`
fn duration(seconds: f64) -> String {
    let (x, unit) = match seconds {
        s if s < 1e-6 => (s * 1e9, "ns"),
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    format!("{} {unit}", numerals::significant(x, 3))
}

fn table(threads: usize, rows: &[Timed], bytes: usize) -> Vec<String> {
    let count = if threads == 1 { "1 thread".to_string() } else { format!("{threads} threads") };
    let mut cells = vec![vec![count, "first call".into(), "a call".into(), "GB/s".into(), "÷ hesse".into(), "differs by".into()]];
    let hesse = rows[0].median();
    for (k, row) in rows.iter().enumerate() {
        let ratio = if row.differs <= SAME { numerals::significant(row.median() / hesse, 3) } else { "—".into() };
        let differs = crate::describe::bound(row.differs);
        let speed = numerals::significant(bytes as f64 / row.median() / 1e9, 3);
        let last = if k == 0 { [String::new(), String::new()] } else { [ratio, differs] };
        let mut line = vec![row.name.to_string(), duration(row.first), duration(row.median()), speed];
        line.extend(last);
        cells.push(line);
    }
    if rows.len() == 1 {
        cells.iter_mut().for_each(|c| c.truncate(4));
    }
    let widths: Vec<usize> = (0..cells[0].len()).map(|k| cells.iter().map(|c| c[k].chars().count()).max().unwrap_or(0)).collect();
    let line = |c: &Vec<String>| {
        let mut out = format!("{:<w$}", c[0], w = widths[0]);
        for (cell, w) in c.iter().zip(&widths).skip(1) {
            out.push_str(&format!("  {cell:>w$}"));
        }
        out.trim_end().to_string()
    };
    cells.iter().map(line).collect()
}

fn object(threads: usize, rows: &[Timed], bytes: usize) -> Value {
    let hesse = rows[0].median();
    let one = |row: &Timed| {
        let ratio = (row.differs <= SAME).then(|| row.median() / hesse);
        json!({ "name": row.name, "first_s": row.first, "call_s": row.median(), "rounds": row.calls.len(),
            "gb_per_s": bytes as f64 / row.median() / 1e9, "ratio": ratio, "differs": json::number(row.differs) })
    };
    json!({ "threads": threads, "rows": rows.iter().map(one).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(peer: Peer, source: &str) -> String {
        let formula = Formula::parse(source, true).expect("a formula");
        let base = Request { layout: Layout::Denominator, want: Want::Gradient, ..Request::default() };
        let joint = formula.joint(&[Ask::Value(None), Ask::Derivative(base.clone())]).expect("a program");
        code(peer, &formula, &base, &joint, false).expect("code")
    }

    #[test]
    fn numpy_runs_the_closed_form_of_the_gradient() {
        let source = "data X : matrix(N, n)\ndata y : vector(N)\nparam w : vector(n)\nz = X*w\nC = sum((z - y).^2)/N";
        assert_eq!(
            written(Peer::Numpy, source),
            "def f(X, y, w):\n    z = X @ w\n    C = np.sum((z - y)**2) / N\n    return [C, ((2 * X.T) @ ((X @ w) - y)) / N]\n"
        );
        assert!(written(Peer::Jax, source).ends_with("    return [C]\n"));
    }

    #[test]
    fn results_that_differ_have_no_ratio() {
        let row = |name, differs| Timed { name, first: 2e-3, calls: vec![1e-3, 3e-3, 2e-3], differs };
        let rows = [row("hesse", 0.0), row("numpy", 1e-12), row("jax", 1e-3)];
        let lines = table(1, &rows, 2_000_000);
        assert_eq!(lines[1].split_whitespace().collect::<Vec<_>>(), ["hesse", "2", "ms", "2", "ms", "1"]);
        assert_eq!(lines[2].split_whitespace().collect::<Vec<_>>(), ["numpy", "2", "ms", "2", "ms", "1", "1", "1e-12"]);
        assert_eq!(lines[3].split_whitespace().collect::<Vec<_>>(), ["jax", "2", "ms", "2", "ms", "1", "—", "1e-03"]);
        assert_eq!(object(1, &rows, 1)["rows"][2]["ratio"], Value::Null);
        assert_eq!(difference(&[vec![1.0]], &[vec![f64::NAN]]), f64::INFINITY);
    }

    #[test]
    fn durations() {
        assert_eq!([5.2e-8, 4.12e-4, 0.25, 2.0].map(duration), ["52 ns", "412 µs", "250 ms", "2 s"]);
    }
}
