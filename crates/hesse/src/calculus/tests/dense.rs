//! A slow, plain interpreter of expressions on dense arrays: the oracle of what `elaborate` means.

use crate::calculus::model::Model;
use crate::tensor::number::to_f64;
use crate::tensor::{Dim, Expr, Label, Node, Pattern, Pool, VarId};
use std::collections::BTreeMap;

/// Row-major, with its sizes.
#[derive(Clone, Debug)]
pub struct Dense {
    pub sizes: Vec<usize>,
    pub data: Vec<f64>,
}

pub type Sizes = BTreeMap<String, i64>;

pub fn size(pool: &Pool, sizes: &Sizes, d: Dim) -> i64 {
    pool.dims.polynomial(d).iter().map(|(m, c)| c * m.iter().map(|&k| sizes[&pool.dims.names()[k as usize]]).product::<i64>()).sum()
}

/// Runs all vertices, then the last definition.
pub fn run(model: &Model, sizes: &Sizes, inputs: &BTreeMap<String, Vec<f64>>) -> Dense {
    let mut vars: BTreeMap<VarId, Dense> = BTreeMap::new();
    for i in &model.inputs {
        let s = i.shape.axes().iter().map(|&d| size(&model.pool, sizes, d) as usize).collect();
        vars.insert(i.var, Dense { sizes: s, data: inputs[&i.name].clone() });
    }
    for v in &model.vertices {
        let d = eval(&model.pool, v.value, sizes, &vars);
        vars.insert(v.symbol, d);
    }
    eval(&model.pool, model.definitions.last().unwrap().value, sizes, &vars)
}

pub fn eval(pool: &Pool, e: Expr, sizes: &Sizes, vars: &BTreeMap<VarId, Dense>) -> Dense {
    let axes: Vec<usize> = pool.axes(e).iter().map(|&d| size(pool, sizes, d) as usize).collect();
    let scalar = |x: f64| Dense { sizes: vec![], data: vec![x] };
    match pool.node(e).clone() {
        Node::Decimal(bits) => scalar(f64::from_bits(bits)),
        Node::Pi => scalar(std::f64::consts::PI),
        Node::Size(d) => scalar(size(pool, sizes, d) as f64),
        Node::Pattern(p) => {
            let n = axes.iter().product();
            let mut data = vec![0.0; n];
            match p {
                Pattern::Unit { at, .. } => data[size(pool, sizes, at) as usize - 1] = 1.0,
                Pattern::Lower { .. } => (0..n).for_each(|k| data[k] = f64::from(k / axes[1] >= k % axes[1])),
                Pattern::Shift { offset, .. } => {
                    let o = size(pool, sizes, offset);
                    (0..n).for_each(|k| data[k] = f64::from((k / axes[1]) as i64 == (k % axes[1]) as i64 + o));
                }
            }
            Dense { sizes: axes, data }
        }
        Node::Var(v) => vars[&v].clone(),
        Node::Sum(terms, _) => {
            let mut data = vec![0.0; axes.iter().product()];
            for (c, t) in terms {
                let x = eval(pool, t, sizes, vars);
                data.iter_mut().zip(x.data).for_each(|(d, x)| *d += to_f64(c) * x);
            }
            Dense { sizes: axes, data }
        }
        Node::Product { factors, out, sizes: labels } => {
            let n: Vec<usize> = labels.iter().map(|&d| size(pool, sizes, d) as usize).collect();
            let values: Vec<(Dense, f64, Vec<Label>)> = factors
                .iter()
                .map(|f| (eval(pool, f.base, sizes, vars), eval(pool, f.power, sizes, vars).data[0], f.labels.clone()))
                .collect();
            let mut data = vec![0.0; axes.iter().product()];
            let mut at = vec![0usize; n.len()];
            let place = |ls: &[Label], at: &[usize]| ls.iter().fold(0, |p, &l| p * n[l as usize] + at[l as usize]);
            'all: loop {
                let product: f64 =
                    values.iter().map(|(v, p, l)| if *p == 1.0 { v.data[place(l, &at)] } else { v.data[place(l, &at)].powf(*p) }).product();
                data[place(&out, &at)] += product;
                for k in (0..n.len()).rev() {
                    at[k] += 1;
                    if at[k] < n[k] {
                        continue 'all;
                    }
                    at[k] = 0;
                }
                break;
            }
            Dense { sizes: axes, data }
        }
        Node::Map(f, args) => {
            let args: Vec<Dense> = args.iter().map(|&a| eval(pool, a, sizes, vars)).collect();
            let value = |x: &[f64]| if f.row().name == "erf" { erf(x[0]) } else { (f.row().value)(x) };
            let data = (0..args[0].data.len()).map(|k| value(&args.iter().map(|a| a.data[k]).collect::<Vec<f64>>())).collect();
            Dense { sizes: axes, data }
        }
        Node::Apply(f, args) if f.row().of == "any" => {
            let x = eval(pool, args[0], sizes, vars);
            let length = x.sizes[f.kept()..].iter().product();
            let data = x.data.chunks(length).flat_map(|group| reduce(f.row().name, group)).collect();
            Dense { sizes: axes, data }
        }
        Node::Apply(f, args) => {
            let x = eval(pool, args[0], sizes, vars);
            let n = (x.data.len() as f64).sqrt() as usize;
            match f.row().name {
                "inv" => Dense { sizes: axes, data: gauss(&x.data, n).1 },
                "det" => scalar(gauss(&x.data, n).0),
                "logdet" => scalar(gauss(&x.data, n).0.ln()),
                "logabsdet" => scalar(gauss(&x.data, n).0.abs().ln()),
                other => panic!("{other}"),
            }
        }
    }
}

/// A function of some entries: one value, or one for each of them.
fn reduce(name: &str, x: &[f64]) -> Vec<f64> {
    let largest = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = x.iter().copied().fold(f64::INFINITY, f64::min);
    let shares = |best: f64| {
        let count = x.iter().filter(|v| **v == best).count() as f64;
        x.iter().map(|v| if *v == best { 1.0 / count } else { 0.0 }).collect()
    };
    match name {
        "norm2" => vec![x.iter().map(|v| v * v).sum::<f64>().sqrt()],
        "logsumexp" => vec![largest + x.iter().map(|v| (v - largest).exp()).sum::<f64>().ln()],
        "maximum" => vec![largest],
        "minimum" => vec![smallest],
        "argmax" => shares(largest),
        "argmin" => shares(smallest),
        "prod" => vec![x.iter().product()],
        other => panic!("{other}"),
    }
}

/// Determinant and inverse, with pivots.
fn gauss(a: &[f64], n: usize) -> (f64, Vec<f64>) {
    let mut m: Vec<Vec<f64>> =
        (0..n).map(|i| (0..2 * n).map(|j| if j < n { a[i * n + j] } else { f64::from(j - n == i) }).collect()).collect();
    let mut det = 1.0;
    for k in 0..n {
        let p = (k..n).max_by(|&i, &j| m[i][k].abs().total_cmp(&m[j][k].abs())).unwrap();
        if p != k {
            m.swap(p, k);
            det = -det;
        }
        let d = m[k][k];
        det *= d;
        m[k].iter_mut().for_each(|x| *x /= d);
        let row = m[k].clone();
        for (i, r) in m.iter_mut().enumerate() {
            let c = r[k];
            if i != k {
                r.iter_mut().zip(&row).for_each(|(x, y)| *x -= c * y);
            }
        }
    }
    (det, m.into_iter().flat_map(|r| r[n..].to_vec()).collect())
}

/// The series, good for the small arguments of the corpus.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for k in 1..200 {
        term *= -x * x / f64::from(k);
        sum += term / f64::from(2 * k + 1);
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI
}
