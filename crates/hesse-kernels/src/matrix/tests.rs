use super::*;
use crate::level::Level;
use crate::vector::tests::{exact, random};
use crate::{Buffer, Real};

const SIZES: [usize; 13] = [0, 1, 2, 3, 7, 8, 9, 17, 63, 64, 65, 100, 257];

/// An m×n matrix in one of the ways that memory can run: by rows, by columns, with gaps, with a step along both.
pub(super) struct Laid<T> {
    data: Vec<T>,
    rows: usize,
    columns: usize,
    row_step: usize,
    column_step: usize,
}

pub(super) const WAYS: usize = 5;

impl<T: Real> Laid<T> {
    fn new(rows: usize, columns: usize, way: usize, seed: u64) -> Self {
        let (row_step, column_step) = match way {
            0 => (columns.max(1), 1),
            1 => (1, rows.max(1)),
            2 => (columns + 3, 1),
            3 => (1, rows + 5),
            _ => (2 * columns + 1, 2),
        };
        let size = rows * row_step + columns * column_step;
        Laid { data: random(size, seed), rows, columns, row_step, column_step }
    }
    fn view(&self) -> Matrix<'_, T> {
        Matrix { data: &self.data, rows: self.rows, columns: self.columns, row_step: self.row_step, column_step: self.column_step }
    }
    fn view_mut(&mut self) -> MatrixMut<'_, T> {
        MatrixMut { data: &mut self.data, rows: self.rows, columns: self.columns, row_step: self.row_step, column_step: self.column_step }
    }
    fn at(&self, i: usize, j: usize) -> f64 {
        self.view().at(i, j).to_f64()
    }
}

/// What sums of n products of numbers below ½ may be off.
fn tolerance<T: Real>(n: usize) -> f64 {
    (if size_of::<T>() == 8 { f64::EPSILON } else { f64::from(f32::EPSILON) }) * (n as f64 / 4.0 + 2.0)
}

fn times_vector_holds<T: Real>(level: Level, m: usize, n: usize) {
    for way in 0..WAYS {
        let a = Laid::<T>::new(m, n, way, 1);
        let mut x = random::<T>(n, 2);
        x.iter_mut().step_by(3).for_each(|x| *x = T::default());
        let before = random::<T>(m, 3);
        for (add, selected) in [(false, false), (true, false), (false, true), (true, true)] {
            let (mut y, mut wide) = (before.clone(), before.iter().map(|y| y.to_f64()).collect::<Vec<f64>>());
            times::times_vector_at(level, a.view(), &x, add, selected, times::Target::Same(&mut y));
            times::times_vector_at(level, a.view(), &x, true, selected, times::Target::Wide(&mut wide));
            for i in 0..m {
                let (sum, _) = exact((0..n).map(|j| (a.at(i, j), x[j].to_f64())));
                let expected = sum + if add { before[i].to_f64() } else { 0.0 };
                assert!((y[i].to_f64() - expected).abs() <= tolerance::<T>(n), "{level:?} {m}×{n} way {way} {add} {selected} row {i}");
                assert!((wide[i] - sum - before[i].to_f64()).abs() <= tolerance::<T>(n), "{level:?} {m}×{n} way {way} {selected} row {i}");
            }
        }
    }
}

#[test]
fn matrices_times_vectors_hold_at_every_level() {
    for level in Level::available() {
        for m in [0, 1, 3, 8, 17, 65] {
            for n in SIZES {
                times_vector_holds::<f64>(level, m, n);
                times_vector_holds::<f32>(level, m, n);
            }
        }
        for (m, n) in [(3, 9000), (1100, 20), (520, 300)] {
            times_vector_holds::<f64>(level, m, n);
            times_vector_holds::<f32>(level, m, n);
        }
    }
}

/// A row's result depends on the row alone, so that blocks of rows may be cut anywhere.
#[test]
fn rows_do_not_depend_on_their_neighbours() {
    let (m, n) = (23, 101);
    let a = Laid::<f64>::new(m, n, 0, 1);
    let x = random::<f64>(n, 2);
    let mut all = vec![0.0; m];
    times_vector(a.view(), &x, false, &mut all);
    for (i, y) in all.iter().enumerate() {
        let mut one = [0.0];
        times_vector(Matrix::row_major(&a.data[i * n..], 1, n), &x, false, &mut one);
        assert_eq!(one[0], *y);
    }
    // Nor do sums over rows depend on how many are taken at a time.
    let r = random::<f64>(m, 3);
    let (mut whole, mut parts) = (vec![0.0; n], vec![0.0; n]);
    times_vector(a.view().transposed(), &r, true, &mut whole);
    for from in (0..m).step_by(5) {
        let k = 5.min(m - from);
        times_vector(Matrix::row_major(&a.data[from * n..], k, n).transposed(), &r[from..from + k], true, &mut parts);
    }
    assert_eq!(whole, parts);
}

#[test]
fn zero_times_infinity_is_nan_but_where_zeros_are_masks() {
    for way in 0..WAYS {
        for (m, n) in [(3, 40), (40, 3), (20, 20)] {
            for bad in [f64::INFINITY, f64::NAN] {
                let mut a = Laid::<f64>::new(m, n, way, 1);
                let mut x = random::<f64>(n, 2);
                x[n / 2] = 0.0;
                let at = a.row_step + n / 2 * a.column_step;
                a.data[at] = bad;
                let mut y = vec![0.0; m];
                times_vector(a.view(), &x, false, &mut y);
                assert!((0..m).all(|i| y[i].is_nan() == (i == 1)), "{way} {m} {n}");
                times_vector_selected(a.view(), &x, false, &mut y);
                assert!(y.iter().all(|y| y.is_finite()), "{way} {m} {n}");
                add_times_vector(a.view(), &x, true, &mut y);
                assert!(y.iter().all(|y| y.is_finite()), "{way} {m} {n}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "shorter")]
fn a_matrix_beyond_its_data_is_refused() {
    times_vector(Matrix { data: &[1.0; 5], rows: 2, columns: 3, row_step: 3, column_step: 1 }, &[1.0; 3], false, &mut [0.0; 2]);
}

/// (rows − 1)·row_step wraps around to 0 here.
#[test]
#[should_panic(expected = "shorter")]
fn a_step_beyond_all_memory_is_refused() {
    times_vector(Matrix { data: &[1.0; 5], rows: 5, columns: 1, row_step: 1 << 62, column_step: 1 }, &[1.0], false, &mut [0.0; 5]);
}

#[test]
fn matrices_without_entries_are_matrices() {
    let none: [f64; 0] = [];
    product(Matrix::row_major(&none, 3, 0), Matrix::row_major(&none, 0, 0), true, MatrixMut::row_major(&mut [], 3, 0), 2);
    let mut c = [7.0; 6];
    product(Matrix::row_major(&none, 2, 0), Matrix::row_major(&none, 0, 3), false, MatrixMut::row_major(&mut c, 2, 3), 2);
    assert_eq!(c, [0.0; 6]);
    mirror(MatrixMut::<f64>::row_major(&mut [], 0, 0));
    gram(Matrix::row_major(&none, 5, 0), Some(&[1.0; 5]), MatrixMut::row_major(&mut [], 0, 0), &mut []);
    add_scaled(1.0, Matrix::row_major(&none, 0, 4), 1.0, Matrix::row_major(&none, 0, 4), MatrixMut::row_major(&mut [], 0, 4));
}

fn product_holds<T: Real>(m: usize, n: usize, k: usize, ways: [usize; 3]) {
    let (a, b) = (Laid::<T>::new(m, k, ways[0], 1), Laid::<T>::new(k, n, ways[1], 2));
    for add in [false, true] {
        let mut c = Laid::<T>::new(m, n, ways[2], 3);
        let before = Laid::<T>::new(m, n, ways[2], 3);
        if !add {
            // What was there must not matter.
            (0..m).for_each(|i| (0..n).for_each(|j| c.data[i * before.row_step + j * before.column_step] = T::from_f64(f64::NAN)));
        }
        product(a.view(), b.view(), add, c.view_mut(), 1);
        let mut inside = vec![false; c.data.len()];
        for i in 0..m {
            for j in 0..n {
                let (sum, _) = exact((0..k).map(|l| (a.at(i, l), b.at(l, j))));
                let expected = sum + if add { before.at(i, j) } else { 0.0 };
                assert!((c.at(i, j) - expected).abs() <= tolerance::<T>(k), "{m}×{k}×{n} {ways:?} {add} ({i}, {j})");
                inside[i * c.row_step + j * c.column_step] = true;
            }
        }
        // Nothing else was written.
        assert!((0..c.data.len()).all(|p| inside[p] || c.data[p] == before.data[p]), "{m}×{k}×{n} {ways:?}");
        let mut two = Laid::<T>::new(m, n, ways[2], 3);
        product(a.view(), b.view(), add, two.view_mut(), 2);
        assert!((0..m).all(|i| (0..n).all(|j| two.at(i, j).to_bits() == c.at(i, j).to_bits())), "{m}×{k}×{n} {ways:?}");
    }
}

#[test]
fn products_hold_in_every_layout() {
    for m in [0, 1, 2, 3, 4, 8, 65] {
        for n in [0, 1, 2, 3, 4, 17, 64] {
            for k in [0, 1, 2, 3, 4, 9, 65] {
                // Every pair of ways is met over the sizes.
                for way in (0..WAYS * WAYS).skip((m + n + k) % 4).step_by(4) {
                    let ways = [way % WAYS, way / WAYS, (way + m) % WAYS];
                    product_holds::<f64>(m, n, k, ways);
                    product_holds::<f32>(m, n, k, ways);
                }
            }
        }
    }
}

#[test]
fn large_products_are_the_same_for_any_number_of_threads() {
    for (m, n, k) in [(257, 300, 100), (1000, 65, 130), (64, 900, 257), (130, 130, 600), (2, 5000, 300)] {
        for ways in [[0, 0, 0], [1, 0, 0], [0, 1, 1], [4, 4, 4]] {
            product_holds::<f64>(m, n, k, ways);
            product_holds::<f32>(m, n, k, ways);
        }
    }
}

#[test]
fn products_keep_nan_and_infinity() {
    for n in [2, 8, 20, 65] {
        let (mut a, b) = (vec![1.0; n * n], vec![0.0; n * n]);
        a[n + 1] = f64::INFINITY;
        let mut c = vec![0.0; n * n];
        product(Matrix::row_major(&a, n, n), Matrix::row_major(&b, n, n), false, MatrixMut::row_major(&mut c, n, n), 1);
        assert!((0..n * n).all(|k| c[k].is_nan() == (k / n == 1)), "{n}");
    }
}

#[test]
#[should_panic(expected = "share a place")]
fn a_matrix_that_overlaps_itself_is_not_written() {
    let one = [1.0; 4];
    let c = MatrixMut { data: &mut [0.0; 8], rows: 2, columns: 2, row_step: 1, column_step: 1 };
    product(Matrix::row_major(&one, 2, 2), Matrix::row_major(&one, 2, 2), false, c, 1);
}

fn gram_holds<T: Real>(m: usize, n: usize, way: usize) {
    let a = Laid::<T>::new(m, n, way, 1);
    let w = random::<T>(m, 2);
    for weights in [None, Some(&w[..])] {
        for threads in [1, 2] {
            let mut c = Laid::<T>::new(n, n, 0, 3);
            let before = Laid::<T>::new(n, n, 0, 3);
            gram_by(a.view(), weights, c.view_mut(), &mut Buffer::new(m * n), threads);
            for i in 0..n {
                for j in 0..n {
                    if j > i {
                        assert_eq!(c.at(i, j), before.at(i, j), "the upper triangle is the caller's");
                        continue;
                    }
                    let weight = |k: usize| weights.map_or(1.0, |w| w[k].to_f64());
                    let (sum, _) = exact((0..m).map(|k| (a.at(k, i) * weight(k), a.at(k, j))));
                    assert!((c.at(i, j) - sum - before.at(i, j)).abs() <= 4.0 * tolerance::<T>(m), "{m}×{n} way {way} ({i}, {j})");
                }
            }
        }
        let mut c = [1, 2].map(|threads| {
            let mut c = vec![T::default(); n * n];
            gram_by(a.view(), weights, MatrixMut::row_major(&mut c, n, n), &mut Buffer::new(m * n), threads);
            c
        });
        assert_eq!(c[0], c[1], "{m}×{n} way {way}: one and two threads");
        mirror(MatrixMut::row_major(&mut c[0], n, n));
        assert!((0..n * n).all(|k| c[0][k] == c[0][k % n * n + k / n] && c[0][k / n.max(1) * n + k % n] == c[0][k]));
        assert!((0..n).all(|i| (0..=i).all(|j| c[0][i * n + j] == c[1][i * n + j])), "mirror keeps the lower triangle");
    }
}

#[test]
fn weighted_gram_matrices_hold() {
    for m in [0, 1, 3, 8, 65] {
        for n in [0, 1, 3, 8, 9, 17, 64, 100] {
            for way in [(m + n) % WAYS, (m + n + 2) % WAYS] {
                gram_holds::<f64>(m, n, way);
                gram_holds::<f32>(m, n, way);
            }
        }
    }
    gram_holds::<f64>(300, 257, 0);
    gram_holds::<f32>(257, 130, 1);
}

#[test]
fn sums_of_matrices_hold_in_every_layout() {
    for m in [0, 1, 3, 7, 8, 9, 64, 130] {
        for n in [0, 1, 3, 8, 65] {
            for way in 0..WAYS * WAYS {
                let (a, b) = (Laid::<f64>::new(m, n, way % WAYS, 1), Laid::<f64>::new(m, n, way / WAYS, 2));
                let mut c = Laid::<f64>::new(m, n, (way + n) % WAYS, 3);
                add_scaled(2.0, a.view(), -3.0, b.view(), c.view_mut());
                assert!((0..m).all(|i| (0..n).all(|j| c.at(i, j) == 2.0 * a.at(i, j) - 3.0 * b.at(i, j))), "{m}×{n} way {way}");
            }
        }
        for way in 0..WAYS {
            let a = Laid::<f32>::new(m, m, way, 1);
            let mut c = Laid::<f32>::new(m, m, (way + m) % WAYS, 2);
            transpose_add(a.view(), c.view_mut());
            assert!((0..m).all(|i| (0..m).all(|j| c.view().at(i, j) == a.view().at(i, j) + a.view().at(j, i))), "{m} way {way}");
        }
    }
}

#[test]
fn blocks_of_rows_fit_the_cache_and_whole_groups() {
    for columns in [0, 1, 3, 100, 1000, 100_000] {
        for size in [4, 8] {
            let rows = rows_per_block(columns, size);
            assert!((8..=64).contains(&rows) && rows.is_multiple_of(8), "{columns} {rows}");
        }
    }
}
