//! Instruction sets, found at run time: one source for every one of them.
//!
//! A kernel is a struct of its arguments whose [`Kernel::run`] is one `#[inline(always)]` function, generic over the instruction set.
//! [`dispatch`] picks the set once a call (an atomic load, a compare, a jump: one or two nanoseconds) and runs the kernel inside a
//! function that is compiled for it:
//!
//! ```
//! use hesse_kernels::level::{dispatch, Isa, Kernel};
//!
//! struct Dot<'a> {
//!     a: &'a [f64],
//!     b: &'a [f64],
//! }
//!
//! impl Kernel for Dot<'_> {
//!     type Output = f64;
//!     #[inline(always)]
//!     fn run<I: Isa>(self) -> f64 {
//!         let mut sums = [0.0; 8]; // a fixed number of sums: the same result at every vector width
//!         for (a, b) in self.a.as_chunks::<8>().0.iter().zip(self.b.as_chunks::<8>().0) {
//!             for k in 0..8 {
//!                 sums[k] = if I::FUSED { a[k].mul_add(b[k], sums[k]) } else { a[k] * b[k] + sums[k] };
//!             }
//!         }
//!         sums.iter().sum()
//!     }
//! }
//!
//! assert_eq!(dispatch(Dot { a: &[1.0; 16], b: &[2.0; 16] }), 32.0);
//! ```
//!
//! What to know when writing one:
//! - Every function on the way from `run` down to the loop is `#[inline(always)]`. A function that is not, and every **closure**, is
//!   compiled for the baseline: pass behaviour as a type with a trait, never as a closure.
//! - `mul_add` only where [`Isa::FUSED`] says so: elsewhere it is a library call of 40 to 70 ns.
//! - Loops over slices and arrays of fixed size vectorise by themselves. Where control is wanted, [`Isa::F64`] and [`Isa::F32`] (or
//!   [`crate::Real::Lanes`]) are vectors of this set with arithmetic, comparison and selection: see [`crate::lanes`].
//! - A kernel calls a large inner kernel out of line by [`Isa::call`]: already dispatched, the price of a call.
//! - Tests run a kernel at each of [`Level::available`] by [`dispatch_at`].

use crate::lanes::Lanes;
use std::sync::atomic::{AtomicU8, Ordering};

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// What every machine of this architecture has: SSE2 on x86-64, NEON (with fused multiply-add) on AArch64.
    Baseline = 1,
    /// AVX2 and FMA: 256 bits.
    Avx2 = 2,
    /// AVX-512 F, DQ, VL, BW: 512 bits.
    Avx512 = 3,
}

/// 0: not looked yet.
static LEVEL: AtomicU8 = AtomicU8::new(0);

impl Level {
    /// The best level of this machine; looked up once.
    #[inline]
    pub fn current() -> Level {
        match LEVEL.load(Ordering::Relaxed) {
            1 => Level::Baseline,
            2 => Level::Avx2,
            3 => Level::Avx512,
            _ => detect(),
        }
    }
    /// Every level that this machine has, least first.
    pub fn available() -> Vec<Level> {
        [Level::Baseline, Level::Avx2, Level::Avx512].into_iter().filter(|&l| l <= Level::current()).collect()
    }
    /// As `hesse doctor` prints it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Baseline if cfg!(target_arch = "aarch64") => "NEON",
            Level::Baseline => "baseline",
            Level::Avx2 => "AVX2",
            Level::Avx512 => "AVX-512",
        }
    }
}

#[cold]
fn detect() -> Level {
    let level = best();
    LEVEL.store(level as u8, Ordering::Relaxed);
    level
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
fn best() -> Level {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512bw");
    match (avx2, avx512) {
        (true, true) => Level::Avx512,
        (true, false) => Level::Avx2,
        _ => Level::Baseline,
    }
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
fn best() -> Level {
    Level::Baseline
}

/// An instruction set as a type.
pub trait Isa: Copy + 'static {
    /// Which.
    const LEVEL: Level;
    /// Whether a fused multiply-add is one instruction.
    const FUSED: bool;
    /// Vectors of f64.
    type F64: Lanes<Scalar = f64, Wide = Self::F64>;
    /// Vectors of f32.
    type F32: Lanes<Scalar = f32, Wide = Self::F64>;
    /// Runs a kernel in a function of its own, compiled for this set.
    ///
    /// # Safety
    /// The machine has this instruction set: true inside [`Kernel::run`].
    unsafe fn call<K: Kernel>(kernel: K) -> K::Output;
}

/// A computation compiled once for every instruction set.
pub trait Kernel {
    /// What it returns.
    type Output;
    /// The computation: `#[inline(always)]`.
    fn run<I: Isa>(self) -> Self::Output;
}

/// The instruction set [`Level::Baseline`].
#[derive(Clone, Copy, Debug)]
pub struct Baseline;

impl Isa for Baseline {
    const LEVEL: Level = Level::Baseline;
    const FUSED: bool = cfg!(target_arch = "aarch64");
    type F64 = crate::lanes::One<f64>;
    type F32 = crate::lanes::One<f32>;
    #[inline(never)]
    unsafe fn call<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Baseline>()
    }
}

/// The instruction set [`Level::Avx2`].
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub struct Avx2;

#[cfg(target_arch = "x86_64")]
impl Isa for Avx2 {
    const LEVEL: Level = Level::Avx2;
    const FUSED: bool = true;
    type F64 = crate::lanes::avx2::F64x4;
    type F32 = crate::lanes::avx2::F32x8;
    #[inline(never)]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn call<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Avx2>()
    }
}

/// The instruction set [`Level::Avx512`].
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub struct Avx512;

#[cfg(target_arch = "x86_64")]
impl Isa for Avx512 {
    const LEVEL: Level = Level::Avx512;
    const FUSED: bool = true;
    type F64 = crate::lanes::avx512::F64x8;
    type F32 = crate::lanes::avx512::F32x16;
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
    unsafe fn call<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Avx512>()
    }
}

/// Runs a kernel at the best level of this machine.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    dispatch_at(Level::current(), kernel)
}

/// Runs a kernel at a level, or at the best one of this machine if that is less.
#[inline]
pub fn dispatch_at<K: Kernel>(level: Level, kernel: K) -> K::Output {
    match level.min(Level::current()) {
        // SAFETY: `current` found the instruction set on this machine.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { Avx512::call(kernel) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { Avx2::call(kernel) },
        // SAFETY: every machine has the baseline.
        _ => unsafe { Baseline::call(kernel) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Which;
    impl Kernel for Which {
        type Output = (Level, bool);
        #[inline(always)]
        fn run<I: Isa>(self) -> (Level, bool) {
            (I::LEVEL, I::FUSED)
        }
    }

    #[test]
    fn a_kernel_runs_at_the_level_asked_for_or_at_the_best_below() {
        assert_eq!(Level::available().last(), Some(&Level::current()));
        for level in [Level::Baseline, Level::Avx2, Level::Avx512] {
            assert_eq!(dispatch_at(level, Which).0, level.min(Level::current()));
        }
        assert_eq!(dispatch(Which).0, Level::current());
        assert_eq!(dispatch_at(Level::Baseline, Which).1, cfg!(target_arch = "aarch64"));
    }
}
