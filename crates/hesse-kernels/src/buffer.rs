//! Memory for numbers: aligned to cache lines, on huge pages where it is large, touched when it is made.
//!
//! ```
//! let mut x = hesse_kernels::Buffer::<f64>::new(1000);
//! x[999] = 2.0;
//! assert_eq!((x.len(), x[0], x.as_ptr() as usize % 64), (1000, 0.0, 0));
//! ```

use std::alloc::{self, Layout};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// A cache line, and the widest vector.
const LINE: usize = 64;
/// A huge page of x86-64 and of AArch64 with pages of 4 KiB.
const HUGE_PAGE: usize = 2 << 20;
/// From here on huge pages are asked for: memory is then read up to 1.7 times and touched four times as fast.
const LARGE: usize = 4 << 20;

/// A slice of numbers of its own, all 0 at first. Every page of it has been written to, so that using it causes no page faults.
#[derive(Debug)]
pub struct Buffer<T> {
    start: NonNull<T>,
    length: usize,
}

// SAFETY: a buffer owns its numbers, as a `Vec` does.
unsafe impl<T: Send> Send for Buffer<T> {}
// SAFETY: a shared buffer only gives shared slices.
unsafe impl<T: Sync> Sync for Buffer<T> {}

impl<T: Copy + Default> Buffer<T> {
    /// `length` zeros (values of `T::default()`). Ends the process where there is no memory, as `Vec` does.
    pub fn new(length: usize) -> Self {
        let Some(layout) = layout::<T>(length) else { return Buffer { start: NonNull::dangling(), length } };
        // SAFETY: the layout's size is not 0.
        let Some(start) = NonNull::new(unsafe { alloc::alloc(layout) }.cast::<T>()) else { alloc::handle_alloc_error(layout) };
        ask_for_huge_pages(start.as_ptr().cast(), layout);
        // SAFETY: each of the `length` places lies in the allocation, which is aligned for T and nobody else's.
        (0..length).for_each(|k| unsafe { start.as_ptr().add(k).write(T::default()) });
        Buffer { start, length }
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        if let Some(layout) = layout::<T>(self.length) {
            // SAFETY: allocated by `new` with this layout, which depends on the length only.
            unsafe { alloc::dealloc(self.start.as_ptr().cast(), layout) };
        }
    }
}

impl<T> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        // SAFETY: `new` has written `length` values from `start` on (for none, `start` is dangling but aligned).
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl<T> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`; the buffer is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl<T: Copy + Default> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        let mut copy = Buffer::new(self.length);
        copy.copy_from_slice(self);
        copy
    }
}

/// How so many numbers are allocated; `None` where there is nothing to allocate.
fn layout<T>(length: usize) -> Option<Layout> {
    let size = length.checked_mul(size_of::<T>()).filter(|size| *size <= isize::MAX as usize - HUGE_PAGE);
    let size = size.unwrap_or_else(|| alloc::handle_alloc_error(Layout::new::<T>()));
    let alignment = if size >= LARGE { HUGE_PAGE } else { LINE.max(align_of::<T>()) };
    if size == 0 { None } else { Layout::from_size_align(size, alignment).ok() }
}

#[cfg(target_os = "linux")]
fn ask_for_huge_pages(start: *mut u8, layout: Layout) {
    if layout.size() >= LARGE {
        // SAFETY: the range is our allocation and starts at a page. The advice changes no contents; a kernel that cannot follow it refuses, which does
        // no harm. The last page is advised only as far as it is ours.
        unsafe { libc::madvise(start.cast(), layout.size() / HUGE_PAGE * HUGE_PAGE, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages(_start: *mut u8, _layout: Layout) {}

#[cfg(test)]
mod tests {
    use super::Buffer;

    #[test]
    fn buffers_are_aligned_zeroed_and_writable_to_the_end() {
        for length in [0usize, 1, 7, 8, 100, 4096, (4 << 20) / 8 - 1, (4 << 20) / 8, (5 << 20) / 8 + 3] {
            let mut x = Buffer::<f64>::new(length);
            assert_eq!(x.len(), length);
            assert!(x.iter().all(|v| v.to_bits() == 0), "{length}");
            assert!(length == 0 || (x.as_ptr() as usize).is_multiple_of(if length * 8 >= 4 << 20 { 2 << 20 } else { 64 }), "{length}");
            x.iter_mut().enumerate().for_each(|(k, v)| *v = k as f64);
            let copy = x.clone();
            assert!(copy.iter().enumerate().all(|(k, v)| *v == k as f64), "{length}");
        }
    }

    #[test]
    fn small_types_keep_the_alignment() {
        let x = Buffer::<u8>::new(3);
        assert_eq!((&x[..], x.as_ptr() as usize % 64), (&[0u8; 3][..], 0));
    }

    #[test]
    fn a_buffer_moves_between_threads() {
        let x = Buffer::<f32>::new(10);
        assert_eq!(std::thread::spawn(move || x.iter().sum::<f32>()).join().ok(), Some(0.0));
    }
}
