//! Times the functions and two chains: `cargo run --release -p hesse-kernels --example speed [VALUES]`.

use hesse_kernels::{Binary, Chain, Instruction, Level, Real, Reduction, Source, Unary};
use std::hint::black_box;
use std::time::Instant;

/// The least time of one call, in ns.
fn least(mut f: impl FnMut()) -> f64 {
    f();
    let mut best = f64::INFINITY;
    let start = Instant::now();
    let mut rounds = 0;
    while rounds < 5 || start.elapsed().as_millis() < 60 {
        let t = Instant::now();
        f();
        best = best.min(t.elapsed().as_secs_f64() * 1e9);
        rounds += 1;
    }
    best
}

/// Numbers from low to high, in no order.
fn numbers<T: Real>(n: usize, low: f64, high: f64) -> Vec<T> {
    (0..n).map(|k| T::from_f64(low + (high - low) * ((k as u64).wrapping_mul(0x9e3779b97f4a7c15) >> 11) as f64 / 2f64.powi(53))).collect()
}

fn functions<T: Real>(name: &str, n: usize) {
    let levels = Level::available();
    print!("\n{name:<16}");
    levels.iter().for_each(|l| print!("{:>10}", l.name()));
    println!("   ns a value, {n} values");
    let mut y = vec![T::default(); n];
    for f in Unary::ALL {
        let x = match f {
            Unary::Log | Unary::Log1p | Unary::Sqrt => numbers::<T>(n, 1e-3, 100.0),
            _ => numbers::<T>(n, -8.0, 8.0),
        };
        print!("{:<16}", format!("{f:?}"));
        for &l in &levels {
            let ns = least(|| f.map_at(l, black_box(&x), &mut y));
            print!("{:>10.2}", ns / n as f64);
        }
        println!();
    }
    let (a, b) = (numbers::<T>(n, 0.1, 8.0), numbers::<T>(n, -3.0, 5.0));
    for f in [Binary::Multiply, Binary::Divide, Binary::Power, Binary::Hypot, Binary::Atan2] {
        print!("{:<16}", format!("{f:?}"));
        for &l in &levels {
            let ns = least(|| f.map_at(l, black_box(&a), black_box(&b), &mut y));
            print!("{:>10.2}", ns / n as f64);
        }
        println!();
    }
}

/// exp(w)·x + cos(w)
fn fused() -> Chain {
    Chain::new(vec![
        Instruction::Load { to: 0, from: 0 },
        Instruction::Load { to: 1, from: 1 },
        Instruction::Unary { f: Unary::Exp, to: 2, a: 0 },
        Instruction::Unary { f: Unary::Cos, to: 3, a: 0 },
        Instruction::MultiplyAdd { to: 2, a: 2, b: 1, c: 3 },
        Instruction::Store { a: 2, to: 0 },
    ])
}

/// Sums a neuron's loss: ten cheap steps.
fn tiny() -> Chain {
    Chain::new(vec![
        Instruction::Load { to: 0, from: 0 },
        Instruction::Load { to: 1, from: 1 },
        Instruction::Load { to: 2, from: 2 },
        Instruction::MultiplyAdd { to: 3, a: 0, b: 1, c: 2 },
        Instruction::Unary { f: Unary::Relu, to: 3, a: 3 },
        Instruction::Binary { f: Binary::Subtract, to: 4, a: 3, b: 2 },
        Instruction::Unary { f: Unary::Square, to: 5, a: 4 },
        Instruction::Binary { f: Binary::Multiply, to: 4, a: 4, b: 1 },
        Instruction::Store { a: 4, to: 0 },
        Instruction::Reduce { by: Reduction::Sum, a: 5, to: 0 },
    ])
}

fn main() {
    let n = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    functions::<f64>("f64", n);
    functions::<f32>("f32", n);
    let (w, x) = (numbers::<f64>(n, -3.0, 3.0), numbers::<f64>(n, -1.0, 1.0));
    let (mut y, mut sums) = (vec![0.0; n], [0.0]);
    println!("\nchains");
    for level in Level::available() {
        let chain = fused();
        let mut scratch = vec![0.0; chain.scratch()];
        let ns = least(|| chain.run_at(level, n, &[Source::Slice(&w), Source::Slice(&x)], &mut [&mut y[..]], &mut sums, &mut scratch));
        println!("exp(w)*x + cos(w)   {:>10} {:>8.2} ns a value", level.name(), ns / n as f64);
        let chain = tiny();
        let mut scratch = vec![0.0; chain.scratch()];
        for m in [1, 4, 8, 16, 128] {
            let sources = [Source::Slice(&w[..m]), Source::Slice(&x[..m]), Source::Scalar(0.5)];
            let ns = least(|| {
                for _ in 0..1000 {
                    chain.run_at(level, m, black_box(&sources), &mut [&mut y[..m]], &mut sums, &mut scratch);
                }
            });
            println!("ten steps, n = {m:<4} {:>10} {:>8.1} ns a run", level.name(), ns / 1000.0);
        }
        let one = least(|| {
            for _ in 0..1000 {
                black_box(Unary::Exp.at_level(level, black_box(0.3)));
            }
        });
        println!("exp at one number   {:>10} {:>8.1} ns", level.name(), one / 1000.0);
    }
}
