//! The worst error of each function, instruction set and type, in units in the last place:
//! `cargo run --release -p hesse-kernels --example ulps [FILE]`, FILE being what `tools/reference.py` wrote (else the tests' own values).

#[path = "../tests/reference/mod.rs"]
mod reference;

use hesse_kernels::Level;
use reference::{Function, Worst};

fn line(name: &str, values: usize, worst: &[Worst]) {
    print!("{name:<14}{values:>10}");
    worst.iter().for_each(|w| print!("{:>10.3}", w.error));
    let w = worst.iter().max_by(|a, b| a.error.total_cmp(&b.error)).copied().unwrap_or_default();
    println!("   {:e}, {:e}: {:e}, exact {:e}", w.a, w.b, w.got, w.y);
}

fn main() {
    let text = match std::env::args().nth(1) {
        Some(file) => std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{file}: {e}")),
        None => include_str!("../tests/reference/values.txt").to_string(),
    };
    let levels = Level::available();
    print!("{:<14}{:>10}", "f64", "values");
    levels.iter().for_each(|l| print!("{:>10}", l.name()));
    println!("   worst at");
    let rows = reference::read(&text);
    for rows in &rows {
        let worst: Vec<Worst> = levels.iter().map(|&l| reference::worst_f64(l, rows)).collect();
        line(&rows.function.name(), rows.a.len(), &worst);
    }
    println!("\nf32");
    let x = reference::singles(251);
    for f in Function::all() {
        let worst: Vec<Worst> = levels
            .iter()
            .map(|&l| match f {
                Function::One(_) => reference::worst_f32(l, f, &x, &x),
                Function::Two(_) => rows.iter().filter(|r| r.function == f).fold(Worst::default(), |w, r| {
                    let narrow = |x: &[f64]| x.iter().map(|&x| x as f32).collect::<Vec<f32>>();
                    let v = reference::worst_f32(l, f, &narrow(&r.a), &narrow(&r.b));
                    if v.error > w.error { v } else { w }
                }),
            })
            .collect();
        line(&f.name(), x.len(), &worst);
    }
}
