//! Medians, quartiles, ratios of measurements that were taken in turn, and fitted growth.

/// The quantile of some numbers, linear between neighbours; `None` of none.
pub fn quantile(of: &[f64], at: f64) -> Option<f64> {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = at * (sorted.len().checked_sub(1)?) as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(low + (high - low) * place.fract())
}

/// The median.
pub fn median(of: &[f64]) -> Option<f64> {
    quantile(of, 0.5)
}

/// A measurement of a round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Which round.
    pub round: usize,
    /// Nanoseconds of a call.
    pub ns: f64,
}

/// The median of samples.
pub fn median_of(samples: &[Sample]) -> Option<f64> {
    median(&samples.iter().map(|s| s.ns).collect::<Vec<_>>())
}

/// How many times longer a peer takes: ratio of the medians, and the quartiles of the ratios round by round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// Median of the peer over median of hesse.
    pub of_medians: f64,
    /// First quartile of the ratios in one round.
    pub low: f64,
    /// Third quartile.
    pub high: f64,
}

/// A peer against hesse. Each round of the one that has fewer is set against the nearest round of the other. `None` without samples.
pub fn ratio(peer: &[Sample], hesse: &[Sample]) -> Option<Ratio> {
    let of_medians = median_of(peer)? / median_of(hesse)?;
    let nearest = |of: &[Sample], round: usize| of.iter().min_by_key(|s| s.round.abs_diff(round)).map(|s| s.ns);
    let pairs: Vec<f64> = if peer.len() <= hesse.len() {
        peer.iter().filter_map(|p| Some(p.ns / nearest(hesse, p.round)?)).collect()
    } else {
        hesse.iter().filter_map(|h| Some(nearest(peer, h.round)? / h.ns)).collect()
    };
    Some(Ratio { of_medians, low: quantile(&pairs, 0.25)?, high: quantile(&pairs, 0.75)? })
}

/// The exponent a of y = c·xᵃ by least squares of the logarithms; `None` of fewer than two different x.
pub fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<(f64, f64)> = points.iter().filter(|p| p.0 > 0.0 && p.1 > 0.0).map(|p| (p.0.ln(), p.1.ln())).collect();
    let n = logs.len() as f64;
    let (mx, my) = (logs.iter().map(|p| p.0).sum::<f64>() / n, logs.iter().map(|p| p.1).sum::<f64>() / n);
    let xx: f64 = logs.iter().map(|p| (p.0 - mx).powi(2)).sum();
    let xy: f64 = logs.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
    (xx > 1e-12).then(|| xy / xx)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(of: &[(usize, f64)]) -> Vec<Sample> {
        of.iter().map(|&(round, ns)| Sample { round, ns }).collect()
    }

    #[test]
    fn quantiles() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(quantile(&[0.0, 1.0, 2.0, 3.0, 4.0], 0.25), Some(1.0));
        assert_eq!(quantile(&[7.0], 0.75), Some(7.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_slow_round_meets_both() {
        let peer = samples(&[(0, 20.0), (1, 200.0), (2, 20.0)]);
        let hesse = samples(&[(0, 10.0), (1, 100.0), (2, 10.0)]);
        assert_eq!(ratio(&peer, &hesse), Some(Ratio { of_medians: 2.0, low: 2.0, high: 2.0 }));
    }

    #[test]
    fn fewer_rounds_are_set_against_the_nearest() {
        let peer = samples(&[(0, 30.0), (9, 60.0)]);
        let hesse = samples(&[(0, 10.0), (4, 15.0), (8, 20.0)]);
        let r = ratio(&peer, &hesse).unwrap();
        assert_eq!((r.of_medians, r.low, r.high), (3.0, 3.0, 3.0));
        // The other way round: rounds of hesse are the fewer.
        let r = ratio(&hesse, &peer).unwrap();
        assert_eq!((r.low, r.high), (1.0 / 3.0, 1.0 / 3.0));
        assert_eq!(ratio(&peer, &[]), None);
    }

    #[test]
    fn exponents_of_powers() {
        let cubes: Vec<(f64, f64)> = [2.0, 4.0, 10.0].map(|x: f64| (x, 5.0 * x.powi(3))).to_vec();
        assert!((exponent(&cubes).unwrap() - 3.0).abs() < 1e-12);
        assert_eq!(exponent(&[(2.0, 1.0)]), None);
        assert_eq!(exponent(&[(2.0, 1.0), (2.0, 3.0)]), None);
        assert_eq!(exponent(&[]), None);
    }
}
