//! Threads: one pool in the process, whose helpers sleep until there is work.
//!
//! The caller works too, and waits only for helpers that have taken a piece: on a loaded machine, where a helper may wake late or never, the caller
//! does all pieces itself. Which thread does which piece is left to chance, so pieces must be fixed by the data alone, never by the number of
//! threads: then results do not depend on it.
//!
//! ```
//! use hesse_kernels::pool;
//! let mut squares = [0usize; 100];
//! pool::parallel_chunks(&mut squares, 30, pool::threads(), |piece, chunk| {
//!     chunk.iter_mut().enumerate().for_each(|(k, x)| *x = (30 * piece + k).pow(2));
//! });
//! assert_eq!(squares[99], 9801);
//! ```

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

/// How many threads there are to use: what the environment variable `HESSE_THREADS` says, or as many as the machine runs at a time.
pub fn threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| {
        let set = std::env::var("HESSE_THREADS").ok().and_then(|text| text.trim().parse().ok()).filter(|n| *n > 0);
        set.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    })
}

/// Calls `work` once for each of 0 … pieces − 1, on at most `threads` threads, this one among them; returns when all is done. A call from within
/// `work`, or while another thread is in here, runs serially. A panic of `work` goes on in the caller, after the pieces begun have ended.
///
/// Entering costs one to three microseconds where the helpers sleep, and a helper begins some 10 to 50 microseconds later.
pub fn parallel(pieces: usize, threads: usize, work: impl Fn(usize) + Sync) {
    let seats = threads.min(pieces).saturating_sub(1);
    let turn = if seats == 0 { None } else { POOL.turn.try_lock().ok() };
    if turn.is_none() {
        return (0..pieces).for_each(work);
    }
    let job = Job { work: &work, next: AtomicUsize::new(0), pieces, panic: Mutex::new(None) };
    POOL.open(&job, seats);
    job.run();
    POOL.close();
    drop(turn);
    if let Some(panic) = lock(&job.panic).take() {
        resume_unwind(panic);
    }
}

/// [`parallel`] over `parts`, each of which belongs to one piece.
pub fn parallel_parts<P: Send>(parts: &mut [P], threads: usize, work: impl Fn(usize, &mut P) + Sync) {
    let start = Shared(parts.as_mut_ptr());
    parallel(parts.len(), threads, |k| {
        // SAFETY: k is below the length, and each k comes once, so that no part is borrowed twice.
        work(k, unsafe { &mut *start.at(k) })
    });
}

/// [`parallel`] over pieces of `chunk` entries of `data`, the last of them shorter.
pub fn parallel_chunks<T: Send>(data: &mut [T], chunk: usize, threads: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    let (length, chunk) = (data.len(), chunk.max(1));
    let start = Shared(data.as_mut_ptr());
    parallel(length.div_ceil(chunk), threads, |k| {
        let from = k * chunk;
        // SAFETY: the ranges of different pieces are disjoint and within the data, and each piece comes once.
        work(k, unsafe { std::slice::from_raw_parts_mut(start.at(from), chunk.min(length - from)) })
    });
}

/// A pointer to data of which each thread touches a part of its own.
struct Shared<T>(*mut T);
// SAFETY: the users hand out disjoint parts only, so that sharing the pointer amounts to sending the parts.
unsafe impl<T: Send> Sync for Shared<T> {}
impl<T> Shared<T> {
    /// # Safety
    /// `k` must be within the data.
    unsafe fn at(&self, k: usize) -> *mut T {
        // SAFETY: promised by the caller.
        unsafe { self.0.add(k) }
    }
}

/// One call of [`parallel`].
struct Job<'a> {
    work: &'a (dyn Fn(usize) + Sync),
    next: AtomicUsize,
    pieces: usize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Job<'_> {
    /// Does pieces until none are left.
    fn run(&self) {
        let all = catch_unwind(AssertUnwindSafe(|| {
            loop {
                let k = self.next.fetch_add(1, Ordering::Relaxed);
                if k >= self.pieces {
                    break;
                }
                (self.work)(k);
            }
        }));
        if let Err(panic) = all {
            self.next.store(self.pieces, Ordering::Relaxed);
            lock(&self.panic).get_or_insert(panic);
        }
    }
}

struct Pool {
    /// Held by the caller whose job it is.
    turn: Mutex<()>,
    state: Mutex<State>,
    /// There is a job.
    wake: Condvar,
    /// The last helper has left.
    left: Condvar,
    /// Helpers at work, also to be seen without the lock.
    inside: AtomicUsize,
}

struct State {
    job: Option<&'static Job<'static>>,
    /// How many helpers may still join.
    seats: usize,
    /// Helpers that exist.
    helpers: usize,
}

static POOL: Pool = Pool {
    turn: Mutex::new(()),
    state: Mutex::new(State { job: None, seats: 0, helpers: 0 }),
    wake: Condvar::new(),
    left: Condvar::new(),
    inside: AtomicUsize::new(0),
};

/// How often the caller looks whether the helpers have left before it goes to sleep: about as long as going to sleep takes.
const LOOKS: usize = 200;

impl Pool {
    fn open(&'static self, job: &Job<'_>, seats: usize) {
        let mut state = lock(&self.state);
        while state.helpers < seats {
            // Where the system has no more threads, the others do the work.
            let Ok(_) = std::thread::Builder::new().name("hesse".into()).spawn(|| self.help()) else { break };
            state.helpers += 1;
        }
        // SAFETY: helpers reach the job only through `state.job`. `close` takes it from there and waits for those who have it, before `parallel` lets
        // go of the job; `Job::run` catches panics, so that nothing gets past `close`.
        state.job = Some(unsafe { std::mem::transmute::<&Job<'_>, &'static Job<'static>>(job) });
        state.seats = seats;
        let wanted = seats.min(state.helpers);
        drop(state);
        (0..wanted).for_each(|_| self.wake.notify_one());
    }

    fn close(&self) {
        let mut state = lock(&self.state);
        state.job = None;
        if self.inside.load(Ordering::Acquire) == 0 {
            return;
        }
        drop(state);
        for _ in 0..LOOKS {
            if self.inside.load(Ordering::Acquire) == 0 {
                return;
            }
            std::hint::spin_loop();
        }
        state = lock(&self.state);
        while self.inside.load(Ordering::Acquire) > 0 {
            state = self.left.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The life of a helper.
    fn help(&self) {
        let mut state = lock(&self.state);
        loop {
            let Some(job) = state.job.filter(|_| state.seats > 0) else {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.seats -= 1;
            self.inside.fetch_add(1, Ordering::Relaxed);
            drop(state);
            job.run();
            state = lock(&self.state);
            // The release makes what was written visible to a caller who looks without the lock.
            if self.inside.fetch_sub(1, Ordering::Release) == 1 {
                self.left.notify_one();
            }
        }
    }
}

/// Nothing that is guarded here can be left half-done by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{parallel, parallel_chunks, parallel_parts};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn each_piece_comes_once() {
        for (pieces, threads) in [(0, 2), (1, 2), (2, 1), (2, 2), (3, 2), (100, 2), (100, 5), (1000, 3)] {
            let counts: Vec<AtomicUsize> = (0..pieces).map(|_| AtomicUsize::new(0)).collect();
            parallel(pieces, threads, |k| {
                counts[k].fetch_add(1, Ordering::Relaxed);
            });
            assert!(counts.iter().all(|c| c.load(Ordering::Relaxed) == 1), "{pieces} {threads}");
        }
    }

    #[test]
    fn many_short_jobs_end() {
        let total = AtomicUsize::new(0);
        for _ in 0..20_000 {
            parallel(3, 2, |k| {
                total.fetch_add(k, Ordering::Relaxed);
            });
        }
        assert_eq!(total.load(Ordering::Relaxed), 60_000);
    }

    #[test]
    fn threads_compete_without_harm() {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let mut data = [0u32; 64];
                        parallel_chunks(&mut data, 5, 3, |piece, chunk| chunk.fill(piece as u32 + 1));
                        assert!(data.iter().enumerate().all(|(k, x)| *x == k as u32 / 5 + 1));
                    }
                });
            }
        });
    }

    #[test]
    fn nested_calls_end() {
        let mut rows = vec![vec![0usize; 50]; 20];
        parallel_parts(&mut rows, 2, |i, row| parallel_chunks(row, 7, 2, |k, chunk| chunk.fill(i * 100 + k)));
        assert!((0..20).all(|i| (0..50).all(|j| rows[i][j] == i * 100 + j / 7)));
    }

    #[test]
    fn at_most_the_threads_asked_for() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        parallel(5, 5, |_| ()); // makes helpers that must not join below
        parallel(200, 2, |_| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
        });
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
        let caught = std::panic::catch_unwind(|| parallel(10, 2, |k| assert!(k != 4, "piece 4")));
        assert!(caught.is_err());
        let sum = AtomicUsize::new(0);
        parallel(10, 2, |k| {
            sum.fetch_add(k, Ordering::Relaxed);
        });
        assert_eq!(sum.load(Ordering::Relaxed), 45);
    }
}
