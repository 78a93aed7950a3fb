//! How much memory was used at most, where the system tells (Linux).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A figure of this process in kB.
fn status(key: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The peak since it was started, beyond what was used then.
pub enum Watch {
    /// Everything, by the system's own mark.
    All {
        /// kB in use at the start.
        before: Option<u64>,
    },
    /// Anonymous memory only: files mapped into memory do not count. It is looked at often.
    Anonymous {
        /// kB in use at the start.
        before: Option<u64>,
        /// Ends the looking.
        done: Arc<AtomicBool>,
        /// Gives the most that was seen.
        looking: JoinHandle<u64>,
    },
}

impl Watch {
    /// Begins.
    pub fn start(anonymous: bool) -> Watch {
        if !anonymous {
            // Sets the mark back; where that is not allowed, the mark is of the whole process, which is more.
            let _ = std::fs::write("/proc/self/clear_refs", "5");
            return Watch::All { before: status("VmRSS") };
        }
        let done = Arc::new(AtomicBool::new(false));
        let end = done.clone();
        let looking = std::thread::spawn(move || {
            let mut most = 0;
            while !end.load(Ordering::Relaxed) {
                most = most.max(status("RssAnon").unwrap_or(0));
                std::thread::sleep(Duration::from_millis(3));
            }
            most.max(status("RssAnon").unwrap_or(0))
        });
        Watch::Anonymous { before: status("RssAnon"), done, looking }
    }

    /// MB; `None` where the system does not tell.
    pub fn peak_mb(self) -> Option<f64> {
        let (before, most) = match self {
            Watch::All { before } => (before?, status("VmHWM")?),
            Watch::Anonymous { before, done, looking } => {
                done.store(true, Ordering::Relaxed);
                (before?, looking.join().ok()?)
            }
        };
        Some((most.saturating_sub(before) as f64 / 102.4).round() / 10.0)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_seen() {
        for anonymous in [false, true] {
            let watch = Watch::start(anonymous);
            let held = vec![1u8; 64 << 20];
            std::hint::black_box(&held);
            let peak = watch.peak_mb().unwrap();
            assert!((50.0..200.0).contains(&peak), "{peak}");
        }
    }
}
