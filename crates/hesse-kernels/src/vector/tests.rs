use super::*;
use crate::reduce::TERMS;

pub(crate) const SIZES: [usize; 21] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 257, 1000, 70_001];

/// Numbers in [−½, ½) that a seed decides.
pub(crate) fn random<T: Real>(n: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        T::from_f64((state >> 11) as f64 / (1u64 << 53) as f64 - 0.5)
    };
    (0..n).map(|_| next()).collect()
}

/// Σ of the terms in twice the precision, and Σ of their sizes.
pub(crate) fn exact(terms: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    let (mut high, mut low, mut sizes) = (0.0f64, 0.0f64, 0.0f64);
    for (a, b) in terms {
        let p = a * b;
        let e = a.mul_add(b, -p);
        let s = high + p;
        let z = s - high;
        low += (high - (s - z)) + (p - z) + e;
        high = s;
        sizes += p.abs();
    }
    (high + low, sizes)
}

/// The unit of rounding of the result, and how many roundings a term meets at most.
fn bound<T: Real>(n: usize) -> f64 {
    if size_of::<T>() == 8 { f64::EPSILON * (n as f64 / 32.0 + 12.0) } else { f64::from(f32::EPSILON) * (TERMS.min(n / 32 + 12) as f64) }
}

fn sums_hold<T: Real>() {
    for level in Level::available() {
        for n in SIZES {
            let (a, b) = (random::<T>(n, 1), random::<T>(n, 2));
            let (expected, sizes) = exact(a.iter().zip(&b).map(|(a, b)| (a.to_f64(), b.to_f64())));
            let got = dot_at(level, &a, &b).to_f64();
            assert!((got - expected).abs() <= sizes * bound::<T>(n), "dot {level:?} {n}: {got} {expected}");
            let (expected, sizes) = exact(a.iter().map(|a| (a.to_f64(), 1.0)));
            let got = sum_at(level, &a).to_f64();
            assert!((got - expected).abs() <= sizes * bound::<T>(n), "sum {level:?} {n}: {got} {expected}");
            // The same for any alignment.
            for shift in 1..9 {
                let moved: Vec<T> = vec![T::default(); shift].into_iter().chain(a.iter().copied()).collect();
                assert_eq!(dot_at(level, &moved[shift..], &b), dot_at(level, &a, &b));
                assert_eq!(sum_at(level, &moved[shift..]), sum_at(level, &a));
            }
            let mut y = b.clone();
            axpy_at(level, T::from_f64(0.75), &a, &mut y);
            let unit = if size_of::<T>() == 8 { f64::EPSILON } else { f64::from(f32::EPSILON) };
            for k in 0..n {
                let expected = 0.75 * a[k].to_f64() + b[k].to_f64();
                assert!((y[k].to_f64() - expected).abs() <= unit, "axpy {level:?} {n} {k}");
            }
            scale_at(level, T::from_f64(-2.0), &mut y);
            assert!(
                (0..n).all(|k| (y[k].to_f64() + 2.0 * (0.75 * a[k].to_f64() + b[k].to_f64())).abs() <= 2.0 * unit),
                "scale {level:?} {n}"
            );
            let most = a.iter().map(|x| x.to_f64()).fold(f64::NEG_INFINITY, f64::max);
            assert_eq!(extreme_at(level, &a, false).to_f64(), most, "max {level:?} {n}");
        }
    }
}

#[test]
fn sums_products_and_extremes_hold_at_every_level() {
    sums_hold::<f64>();
    sums_hold::<f32>();
}

/// No entry is skipped, none counted twice: 1 at one place, 0 elsewhere.
#[test]
fn every_entry_counts_once() {
    for level in Level::available() {
        for n in SIZES.into_iter().filter(|n| *n < 300) {
            for at in 0..n {
                let mut a = vec![0.0f64; n];
                a[at] = 1.0;
                assert_eq!((dot_at(level, &a, &a), sum_at(level, &a), max(&a)), (1.0, 1.0, 1.0), "{level:?} {n} {at}");
                let mut y = vec![0.0; n];
                axpy_at(level, 3.0, &a, &mut y);
                assert!((0..n).all(|k| y[k] == if k == at { 3.0 } else { 0.0 }), "{level:?} {n} {at}");
            }
        }
    }
}

#[test]
fn nan_and_infinity_go_through() {
    for level in Level::available() {
        for n in SIZES.into_iter().filter(|n| (1..300).contains(n)) {
            for at in 0..n {
                let (mut a, zero) = (vec![1.0f32; n], vec![0.0f32; n]);
                a[at] = f32::INFINITY;
                assert!(dot_at(level, &a, &zero).is_nan(), "{level:?} {n} {at}");
                assert_eq!(sum_at(level, &a), f32::INFINITY);
                let mut y = vec![0.0; n];
                axpy_at(level, 0.0, &a, &mut y);
                assert!((0..n).all(|k| y[k].is_nan() == (k == at)), "{level:?} {n} {at}");
                a[at] = f32::NAN;
                assert!(dot_at(level, &zero, &a).is_nan() && sum_at(level, &a).is_nan());
                assert!(extreme_at(level, &a, false).is_nan() && extreme_at(level, &a, true).is_nan(), "{level:?} {n} {at}");
            }
        }
    }
    assert!(norm2(&[1.0, f64::NAN, f64::INFINITY]).is_nan());
}

#[test]
fn extremes_of_nothing_are_infinite() {
    assert_eq!((max::<f64>(&[]), min::<f64>(&[]), norm2::<f64>(&[]), sum::<f64>(&[])), (f64::NEG_INFINITY, f64::INFINITY, 0.0, 0.0));
    assert_eq!((max(&[-3.0, -1.0]), min(&[-3.0, -1.0])), (-1.0, -3.0));
}

#[test]
fn norms_neither_overflow_nor_underflow_on_the_way() {
    for scale in [1.0, 1e160, 1e-160, 1e300, 1e-308, 5e-324] {
        for (a, norm) in [(vec![3.0, -4.0], 5.0), (vec![0.0, -2.0, 0.0], 2.0), (vec![1.0; 64], 8.0)] {
            let scaled: Vec<f64> = a.iter().map(|x| x * scale).collect();
            let got = norm2(&scaled);
            assert!((got / scale - norm).abs() <= 4e-16 * norm, "{scale} {norm} {got}");
        }
    }
    assert_eq!(norm2(&[3e38f32, -3e38 / 4.0 * 3.0 * 0.0]), 3e38);
    assert_eq!(norm2(&[3e-45f32, 4e-45]), (3e-45f32 as f64).hypot(4e-45f32 as f64) as f32);
    assert_eq!((norm2(&[0.0, -0.0]), norm2(&[1.0, f64::NEG_INFINITY])), (0.0, f64::INFINITY));
}
