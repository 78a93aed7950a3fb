//! Times the kernels of linear algebra on one and two threads.
//!
//! `cargo run --release -p hesse-kernels --example rates`

use hesse_kernels::factor::{Factor, Kind};
use hesse_kernels::matrix::{Matrix, MatrixMut, gram, mirror, product, transpose_add};
use hesse_kernels::{Buffer, Real};
use std::time::Instant;

fn main() {
    println!("product n×n×n, ns and GF/s: f64, f64 with 2 threads, f32");
    for n in [1usize, 2, 3, 4, 6, 8, 10, 12, 16, 24, 32, 48, 64, 100, 128, 200, 256, 512, 1024] {
        let flops = 2.0 * (n as f64).powi(3);
        let times = [products::<f64>(n, 1), products::<f64>(n, 2), products::<f32>(n, 1)];
        println!("{n:>5} {}", times.map(|t| format!("{:>12.0} {:>6.1}", t * 1e9, flops / t / 1e9)).join(" "));
    }
    println!("gram of rows×n with weights, ms and GF/s (half the operations of a product)");
    for (rows, block, n) in [(100_000, 1000, 100), (10_000, 500, 1000), (10_000, 1000, 1000), (1600, 1600, 800)] {
        let x = filled::<f64>(rows * n);
        let (w, mut c, mut scratch) = (filled::<f64>(rows), Buffer::<f64>::new(n * n), Buffer::<f64>::new(block * n));
        let t = least(|| {
            c.fill(0.0);
            for from in (0..rows).step_by(block) {
                let part = Matrix::row_major(&x[from * n..(from + block) * n], block, n);
                gram(part, Some(&w[from..from + block]), MatrixMut::row_major(&mut c, n, n), &mut scratch);
            }
        });
        println!("{rows:>7} {block:>5} {n:>5} {:>9.2} {:>6.1}", t * 1e3, rows as f64 * (n * n) as f64 / t / 1e9);
    }
    println!("n: Cholesky, its inverse with it, solve of one and of n right sides; the same of LU, ms");
    for n in [2usize, 3, 4, 8, 10, 12, 16, 20, 24, 32, 64, 100, 500, 512, 1024] {
        let a = filled::<f64>(n * n);
        let mut s = Buffer::<f64>::new(n * n);
        product(Matrix::row_major(&a, n, n), Matrix::row_major(&a, n, n).transposed(), false, MatrixMut::row_major(&mut s, n, n), 1);
        (0..n).for_each(|i| s[i * n + i] += n as f64);
        mirror(MatrixMut::row_major(&mut s, n, n));
        let (mut factor, mut out, b) = (Factor::<f64>::new(n, n), Buffer::<f64>::new(n * n), filled::<f64>(n * n));
        print!("{n:>5}");
        for (a, kind) in [(&s, Kind::Cholesky), (&a, Kind::Lu)] {
            let factorise = least(|| assert_eq!(factor.factorise(a), kind));
            let inverse = least(|| {
                factor.factorise(a);
                factor.inverse(&mut out);
            });
            let mut solve = |m: usize| {
                least(|| {
                    out[..n * m].copy_from_slice(&b[..n * m]);
                    factor.solve(&mut out, m);
                })
            };
            let (one, many) = (solve(1), solve(n));
            print!(" | {}", [factorise, inverse, one, many].map(|t| format!("{:>10.5}", t * 1e3)).join(" "));
        }
        println!();
    }
    println!("mirror, transpose_add, ms");
    for n in [100usize, 1000, 2000, 2048] {
        let (a, mut c) = (filled::<f64>(n * n), Buffer::<f64>::new(n * n));
        let t = least(|| mirror(MatrixMut::row_major(&mut c, n, n)));
        let u = least(|| transpose_add(Matrix::row_major(&a, n, n), MatrixMut::row_major(&mut c, n, n)));
        println!("{n:>5} {:>9.3} {:>9.3}", t * 1e3, u * 1e3);
    }
}

fn products<T: Real>(n: usize, threads: usize) -> f64 {
    let (a, b, mut c) = (filled::<T>(n * n), filled::<T>(n * n), Buffer::<T>::new(n * n));
    least(|| {
        let a = Matrix::row_major(&a, n, n);
        product(a, Matrix::row_major(&b, n, n), false, MatrixMut::row_major(&mut c, n, n), threads);
    })
}

fn filled<T: Real>(n: usize) -> Buffer<T> {
    let mut x = Buffer::new(n);
    x.iter_mut().enumerate().for_each(|(k, x)| *x = T::from_f64(((k * 2654435761) % 1000003) as f64 / 1e6 - 0.5));
    x
}

/// The least time of many calls, in seconds.
fn least(mut f: impl FnMut()) -> f64 {
    f();
    let start = Instant::now();
    let (mut best, mut calls) = (f64::INFINITY, 1u32);
    while start.elapsed().as_millis() < 150 {
        let from = Instant::now();
        (0..calls).for_each(|_| f());
        let time = from.elapsed().as_secs_f64();
        best = best.min(time / f64::from(calls));
        if time < 1e-5 {
            calls *= 2;
        }
    }
    best
}
