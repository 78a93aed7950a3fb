use super::{Factor, Kind, PLAIN};
use crate::real::Real;

const SIZES: [usize; 16] = [0, 1, 2, 3, 7, 8, 9, 16, 17, 31, 63, 64, 65, 100, 128, 257];

/// Numbers in [−½, ½) that a seed decides.
fn random<T: Real>(n: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        T::from_f64((state >> 11) as f64 / (1u64 << 53) as f64 - 0.5)
    };
    (0..n).map(|_| next()).collect()
}

/// B·Bᵀ + n·I, exactly symmetric.
fn positive<T: Real>(n: usize, seed: u64) -> Vec<T> {
    let b = random::<T>(n * n, seed);
    let mut a = vec![T::default(); n * n];
    for i in 0..n {
        for j in 0..=i {
            let s: f64 = (0..n).map(|k| b[i * n + k].to_f64() * b[j * n + k].to_f64()).sum();
            let x = T::from_f64(s + if i == j { n as f64 } else { 0.0 });
            (a[i * n + j], a[j * n + i]) = (x, x);
        }
    }
    a
}

/// The largest entry of A·X − B.
fn residual<T: Real>(a: &[T], x: &[T], b: &[T], n: usize, m: usize) -> f64 {
    let at = |i: usize, j: usize| (0..n).map(|k| a[i * n + k].to_f64() * x[k * m + j].to_f64()).sum::<f64>() - b[i * m + j].to_f64();
    (0..n).flat_map(|i| (0..m).map(move |j| (i, j))).map(|(i, j)| at(i, j).abs()).fold(0.0, f64::max)
}

fn holds<T: Real>(epsilon: f64) {
    for n in SIZES {
        let identity: Vec<T> = (0..n * n).map(|k| T::from_f64(if k / n.max(1) == k % n.max(1) { 1.0 } else { 0.0 })).collect();
        // Well conditioned, and with rows that must be exchanged.
        let mut general = random::<T>(n * n, n as u64);
        (0..n).for_each(|i| general[i * n + (i + 1) % n] += T::from_f64(n as f64));
        for (a, kind) in [(positive::<T>(n, 7), Kind::Cholesky), (general, Kind::Lu)] {
            let mut factor = Factor::new(n, 3);
            if n > 1 {
                assert_eq!(factor.factorise(&a), kind, "{n}");
            } else {
                factor.factorise(&a);
            }
            let tolerance = epsilon * (n * n + 10) as f64;
            for m in [1, 2, 3, 5, 8] {
                let b = random::<T>(n * m, 3);
                let mut x = b.clone();
                factor.solve(&mut x, m);
                assert!(residual(&a, &x, &b, n, m) < tolerance, "{n} {m} {kind:?}");
            }
            let mut inverse = vec![T::default(); n * n];
            factor.inverse(&mut inverse);
            assert!(residual(&a, &inverse, &identity, n, n) < tolerance, "{n} {kind:?}");
            if kind == Kind::Cholesky {
                assert!((0..n * n).all(|k| inverse[k] == inverse[k % n * n + k / n]), "{n}");
            }
            // A second solution with the same factors is the same.
            let mut again = vec![T::default(); n * n];
            factor.inverse(&mut again);
            assert_eq!(inverse, again);
            // The determinant by the other factorization.
            let (log, negative) = factor.log_determinant();
            let mut other = Factor::new(n, 1);
            other.lu(&a);
            let (second, also) = other.log_determinant();
            assert!(
                (log.to_f64() - second.to_f64()).abs() <= 10.0 * tolerance * (1.0 + second.to_f64().abs()) && negative == also,
                "{n} {kind:?}"
            );
            let determinant = factor.determinant().to_f64();
            if determinant.is_finite() {
                let expected = second.to_f64().exp() * if also { -1.0 } else { 1.0 };
                assert!((determinant / expected - 1.0).abs() < 1e3 * tolerance, "{n} {determinant} {expected}");
            }
        }
    }
}

#[test]
fn solutions_inverses_and_determinants_hold() {
    holds::<f64>(1e-15);
    holds::<f32>(1e-6);
}

/// Permutation matrices have a determinant of ±1, and rows that must be exchanged.
#[test]
fn the_sign_of_the_permutation_counts() {
    for n in [2, 3, 5, 16, 17, 40, 65] {
        for shift in 1..3 {
            let mut a = vec![0.0; n * n];
            (0..n).for_each(|i| a[i * n + (i + shift) % n] = 1.0);
            let mut factor = Factor::<f64>::new(n, 1);
            factor.lu(&a);
            // A cycle of n is odd for an even n.
            let odd = (n - 1) * shift % 2 == 1;
            assert_eq!(factor.determinant(), if odd { -1.0 } else { 1.0 }, "{n} {shift}");
            assert_eq!(factor.log_determinant(), (0.0, odd));
            let mut x: Vec<f64> = (0..n).map(|i| i as f64).collect();
            factor.solve(&mut x, 1);
            assert!((0..n).all(|i| x[(i + shift) % n] == i as f64), "{n} {shift}");
        }
    }
}

#[test]
fn singular_matrices_have_determinant_0_and_no_finite_inverse() {
    for n in [1, 2, 3, 8, PLAIN, PLAIN + 1, 40, 100] {
        // Exactly singular in binary: a column of zeros; all ones; all zeros.
        let mut column = random::<f64>(n * n, 5);
        (0..n).for_each(|i| column[i * n + n / 2] = 0.0);
        for a in [column, vec![if n > 1 { 1.0 } else { 0.0 }; n * n], vec![0.0; n * n]] {
            let mut factor = Factor::<f64>::new(n, 1);
            assert_eq!(factor.factorise(&a), Kind::Lu);
            assert_eq!(factor.determinant(), 0.0, "{n}");
            assert_eq!(factor.log_determinant(), (f64::NEG_INFINITY, false), "{n}");
            let mut inverse = vec![0.0; n * n];
            factor.inverse(&mut inverse);
            assert!(inverse.iter().any(|x| !x.is_finite()), "{n}");
            let mut x = random::<f64>(n, 9);
            factor.solve(&mut x, 1);
            assert!(x.iter().any(|x| !x.is_finite()), "{n}");
        }
    }
}

#[test]
fn a_symmetric_matrix_that_is_not_positive_definite_goes_to_lu() {
    for n in [2, 3, 16, 17, 64] {
        let mut a = positive::<f64>(n, 1);
        (a[n - 1], a[(n - 1) * n]) = (1e4, 1e4);
        let mut factor = Factor::<f64>::new(n, 1);
        assert!(!factor.cholesky(&a), "{n}");
        assert_eq!(factor.factorise(&a), Kind::Lu, "{n}");
        assert!(factor.log_determinant().1 && factor.determinant() < 0.0, "{n}");
        let b = random::<f64>(n, 2);
        let mut x = b.clone();
        factor.solve(&mut x, 1);
        assert!(residual(&a, &x, &b, n, 1) < 1e-9, "{n}");
    }
}

#[test]
fn nan_and_infinity_are_not_lost() {
    for n in [1, 3, 16, 17, 64] {
        for bad in [f64::NAN, f64::INFINITY] {
            let mut a = positive::<f64>(n, 4);
            a[n * n - 1] = bad;
            let mut factor = Factor::<f64>::new(n, 1);
            factor.factorise(&a);
            assert!(!factor.determinant().is_finite(), "{n} {bad}");
            assert!(!factor.log_determinant().0.is_finite(), "{n} {bad}");
        }
    }
}

#[test]
fn determinants_overflow_only_where_the_result_does() {
    for n in [4usize, 16, 40] {
        let mut a = vec![0.0; n * n];
        (0..n).for_each(|i| a[i * n + i] = if i % 2 == 0 { 1e300 } else { 1e-300 });
        let mut factor = Factor::<f64>::new(n, 1);
        for cholesky in [true, false] {
            if cholesky {
                assert!(factor.cholesky(&a))
            } else {
                factor.lu(&a)
            }
            assert!((factor.determinant() - 1.0).abs() < 1e-12, "{n}");
            assert!(factor.log_determinant().0.abs() < 1e-10, "{n}");
        }
        (0..n).for_each(|i| a[i * n + i] = 5e-324);
        factor.lu(&a);
        assert_eq!(factor.determinant(), 0.0);
        assert!((factor.log_determinant().0 / (n as f64 * -1074.0 * std::f64::consts::LN_2) - 1.0).abs() < 1e-12);
    }
}
