use hesse::{Ask, Formula, Request, Want};
use hesse_run::compile::{BindOptions, Compiled};
use std::time::Instant;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    // FILE sizes asks [threads] [tape]
    let f = Formula::parse(&std::fs::read_to_string(&a[1]).unwrap(), false).unwrap();
    let mut asks = vec![];
    for x in a[3].split(' ') {
        let (k, v) = x.split_once(':').unwrap_or((x, ""));
        let wrt: Vec<String> = v.split(',').filter(|s| !s.is_empty()).map(String::from).collect();
        asks.push(match k {
            "v" => Ask::Value(None),
            "g" => Ask::Derivative(Request { want: Want::Derivative, wrt, ..Default::default() }),
            "h" => Ask::Derivative(Request { want: Want::Hessian, wrt, ..Default::default() }),
            _ => Ask::Derivative(Request { want: Want::Hvp, wrt, ..Default::default() }),
        });
    }
    let t0 = Instant::now();
    let j = f.joint(&asks).unwrap();
    let t1 = t0.elapsed();
    let sizes: Vec<(&str, usize)> = a[2]
        .split(',')
        .map(|s| {
            let (n, v) = s.split_once('=').unwrap();
            (n, v.parse().unwrap())
        })
        .collect();
    let threads = a.get(4).map_or(1, |s| s.parse().unwrap());
    let options = BindOptions {
        threads,
        tape: a.get(5).is_none_or(|s| s != "notape"),
        dense: a.get(5).is_some_and(|s| s == "dense"),
        rows: j.results.iter().map(|r| r.rows).collect(),
        ..Default::default()
    };
    let t0 = Instant::now();
    let mut b = Compiled::new(j.program.clone()).bind::<f64>(&sizes, &options).unwrap();
    println!("joint {t1:?} bind {:?}", t0.elapsed());
    let num = |axes: &Vec<hesse::program::program::Size>| -> usize { axes.iter().map(|s| s.bind(b.sizes()).unwrap()).product() };
    let mut seed = 1u64;
    let mut r = move || {
        let mut s = 0.0;
        for _ in 0..4 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            s += (seed >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
        }
        s
    };
    let mut ins: Vec<Vec<f64>> = j.program.inputs.iter().map(|i| (0..num(&i.axes)).map(|_| r()).collect()).collect();
    for (k, i) in j.program.inputs.iter().enumerate() {
        if i.name == "S" {
            let n = (ins[k].len() as f64).sqrt() as usize;
            for p in 0..n {
                for q in 0..p {
                    let v = ins[k][p * n + q] / n as f64;
                    ins[k][p * n + q] = v;
                    ins[k][q * n + p] = v;
                }
                ins[k][p * n + p] = 2.0;
            }
        }
        if i.name == "y" {
            ins[k].iter_mut().for_each(|x| *x = x.signum());
        }
        if i.name.starts_with('W') {
            let n = (ins[k].len() as f64).sqrt();
            ins[k].iter_mut().for_each(|x| *x *= 2.4 / n.sqrt());
        }
    }
    let s: Vec<&[f64]> = ins.iter().map(|x| &x[..]).collect();
    let mut outs: Vec<Vec<f64>> = b.structures().iter().map(|s| vec![0.0; s.values]).collect();
    println!(
        "forms {:?} values {:?}",
        b.structures().iter().map(|s| s.form()).collect::<Vec<_>>(),
        outs.iter().map(Vec::len).collect::<Vec<_>>()
    );
    println!("{}", b.describe());
    let mut o: Vec<&mut [f64]> = outs.iter_mut().map(|x| &mut x[..]).collect();
    b.call(&s, &mut o).unwrap();
    let t = Instant::now();
    b.call(&s, &mut o).unwrap();
    let once = t.elapsed().as_secs_f64();
    let inner = ((0.002 / once) as usize).clamp(1, 100000);
    let mut v: Vec<f64> = (0..((0.6 / (once * inner as f64)) as usize).clamp(5, 200))
        .map(|_| {
            let t = Instant::now();
            for _ in 0..inner {
                b.call(&s, &mut o).unwrap();
            }
            t.elapsed().as_secs_f64() / inner as f64
        })
        .collect();
    v.sort_by(|a, b| a.total_cmp(b));
    println!("min {:.3} us  median {:.3} us", v[0] * 1e6, v[v.len() / 2] * 1e6);
    if std::env::var("PROFILE").is_ok() {
        println!("{}", b.profile(&s, &mut o));
    }
}
