//! Times a pass over the rows of a matrix X that reads X once: for each block of rows t = X·w, then r by a chain (here that of a ReLU neuron's
//! squared residual), then g += Xᵀ·r; beside reading X only.
//!
//! `cargo run --release -p hesse-kernels --example passes`

use hesse_kernels::matrix::{Matrix, add_times_vector, rows_per_block, times_vector};
use hesse_kernels::{Buffer, Real, pool, vector};
use std::time::Instant;

fn main() {
    println!("{:>5} {:>8} {:>6} {:>6} | {:>9} {:>9} {:>7}", "type", "rows", "cols", "block", "pass ms", "read ms", "ratio");
    for (rows, columns) in [(1_000, 100), (100_000, 100), (10_000, 1000), (40_000, 30), (2_000, 5000)] {
        let best = rows_per_block(columns, size_of::<f64>());
        for block in [4, 8, 16, 32, 64, 128, best] {
            report::<f64>("f64", rows, columns, block, 1);
        }
        report::<f64>("f64", rows, columns, best, 2);
        report::<f32>("f32", rows, columns, rows_per_block(columns, size_of::<f32>()), 1);
    }
}

fn report<T: Real>(name: &str, rows: usize, columns: usize, block: usize, threads: usize) {
    let random = |k: usize| T::from_f64(((k * 2654435761) % 1000003) as f64 / 1e6 - 0.5);
    let (mut x, mut w, mut y) = (Buffer::<T>::new(rows * columns), Buffer::<T>::new(columns), Buffer::<T>::new(rows));
    for v in [&mut x, &mut w, &mut y] {
        v.iter_mut().enumerate().for_each(|(k, v)| *v = random(k));
    }
    let mut parts = [0, 1].map(|_| (0.0, Buffer::<f64>::new(columns), Buffer::<T>::new(block)));
    let half = rows.div_ceil(2);
    let (pass, read) = beside(
        || {
            pool::parallel_parts(&mut parts, threads, |k, (loss, g, t)| {
                g.fill(0.0);
                *loss = 0.0;
                let rows = k * half..rows.min((k + 1) * half);
                for from in rows.clone().step_by(block) {
                    let n = block.min(rows.end - from);
                    let part = Matrix::row_major(&x[from * columns..(from + n) * columns], n, columns);
                    times_vector(part, &w, false, &mut t[..n]);
                    for (t, y) in t.iter_mut().zip(&y[from..from + n]) {
                        let zero = T::default();
                        let r = (if *t > zero { *t } else { zero }) - *y;
                        *loss += (r * r).to_f64();
                        *t = if *t > zero { r + r } else { zero };
                    }
                    add_times_vector(part.transposed(), &t[..n], false, g);
                }
            });
        },
        || {
            let mut sums = [T::default(); 2];
            pool::parallel_chunks(&mut sums, 1, threads, |k, s| {
                s[0] = vector::sum(&x[k * half * columns..(rows.min((k + 1) * half)) * columns])
            });
            std::hint::black_box(sums);
        },
    );
    let title = if threads == 1 { name.to_string() } else { format!("{name}×{threads}") };
    println!("{title:>5} {rows:>8} {columns:>6} {block:>6} | {:>9.3} {:>9.3} {:>7.2}", pass * 1e3, read * 1e3, pass / read);
}

/// The least times of two actions in turns, in seconds.
fn beside(mut a: impl FnMut(), mut b: impl FnMut()) -> (f64, f64) {
    let time = |f: &mut dyn FnMut()| {
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64()
    };
    let mut least = (f64::INFINITY, f64::INFINITY);
    let start = Instant::now();
    while start.elapsed().as_millis() < 400 {
        least = (least.0.min(time(&mut a)), least.1.min(time(&mut b)));
    }
    least
}
