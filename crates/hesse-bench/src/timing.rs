//! How long a call takes, as `bench/peers/worker.py` does it: calls in batches of a millisecond, for about so many seconds.

use std::time::Instant;

/// Seconds of one call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Median of the batches.
    pub median: f64,
    /// The fastest batch.
    pub min: f64,
    /// Calls, all together.
    pub runs: usize,
}

/// Calls again and again for about `seconds`; `once` is what a call took before.
pub fn time(seconds: f64, once: f64, mut call: impl FnMut() -> Result<(), String>) -> Result<Timing, String> {
    // The others ran in between: bring the data back into the caches.
    if once < seconds / 4.0 {
        call()?;
    }
    let calls = if once < 3e-4 { (1e-3 / once.max(1e-9)).clamp(1.0, 1e6) as usize } else { 1 };
    let (mut samples, mut spent) = (vec![], 0.0);
    while spent < seconds || samples.is_empty() {
        let start = Instant::now();
        for _ in 0..calls {
            call()?;
        }
        let took = start.elapsed().as_secs_f64();
        samples.push(took / calls as f64);
        spent += took;
    }
    samples.sort_by(f64::total_cmp);
    let middle = samples.len() / 2;
    let median = if samples.len() % 2 == 1 { samples[middle] } else { (samples[middle - 1] + samples[middle]) / 2.0 };
    Ok(Timing { median, min: samples[0], runs: samples.len() * calls })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_call_is_made_once() {
        let mut calls = 0;
        let timing = time(0.0, 5.0, || {
            calls += 1;
            Ok(())
        });
        assert_eq!((calls, timing.unwrap().runs), (1, 1));
    }

    #[test]
    fn fast_calls_come_in_batches() {
        let mut calls = 0;
        let timing = time(1e-9, 1e-5, || {
            calls += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(timing.runs % 100, 0);
        assert!(timing.min <= timing.median);
        // No call before the batches: one took longer than the time that is there.
        assert_eq!(calls, timing.runs);
    }

    #[test]
    fn a_failure_is_handed_on() {
        assert_eq!(time(1.0, 5.0, || Err("no".into())), Err("no".to_string()));
    }
}
