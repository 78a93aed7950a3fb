//! How many rows go through a pass at a time.

use super::tasks::{Pass, Task};

/// Most rows of a block.
pub const MOST_ROWS: usize = 1 << 14;

/// Numbers of a block that a core's nearest cache holds beside everything else.
const NEAR: usize = 3 << 10;

/// Numbers of a block of a matrix product.
const MIDDLE: usize = 256 << 10;

/// Numbers below which a pass is not cut into pieces: less work than it takes to wake a thread.
const SMALL: usize = 600 << 10;

/// Most pieces.
const MOST_PIECES: usize = 64;

/// Most numbers in the sums of all pieces.
const MOST_SUMS: usize = 8 << 20;

/// Rows of a block and rows of a piece; both depend on the shape of the pass alone. Not more than `most` rows are summed in one number
/// where memory allows.
pub fn choose(rows: usize, pass: &Pass, most: usize) -> (usize, usize) {
    let mut width: usize = pass.tiles.iter().sum::<usize>() + pass.sinks.iter().map(|s| s.width).sum::<usize>();
    let (mut matrices, mut vectors) = (false, false);
    let mut work = 0usize;
    for task in &pass.tasks {
        match task {
            Task::Product(t) => {
                let [m, n, k] = t.sizes.map(|e| e.times);
                let read = if t.sizes[0].rows || t.sizes[2].rows { m.saturating_mul(k) } else { n.saturating_mul(k) };
                width = width.max(read);
                work += m.saturating_mul(n).saturating_mul(k).saturating_mul(t.batch.iter().map(|b| b.0.times).product());
                let thin = [t.sizes[0], t.sizes[1], t.sizes[2]].iter().filter(|e| !e.rows).any(|e| e.times == 1);
                matrices |= !thin;
                vectors |= thin;
            }
            Task::Gram(t) => {
                let n = t.sizes[0].times;
                width = width.max(n);
                work += n * n;
                matrices = true;
            }
            Task::Chain(t) => work += t.inner.times * t.outer.iter().map(|e| e.times).product::<usize>() * t.chain.code().len().max(1),
            Task::Reduce { length, groups, .. } => work += length * groups.times * 4,
            _ => {}
        }
    }
    let width = width.max(1);
    let block = if matrices {
        (MIDDLE / width).clamp(256, 1024)
    } else if vectors {
        hesse_kernels::matrix::rows_per_block(width, 8)
    } else {
        (4 * NEAR / width).clamp(1, MOST_ROWS) / 128 * 128
    };
    let block = block.max(1).min(rows.max(1)).min(MOST_ROWS);
    // One block of a matrix product is cut by the product itself.
    if rows.saturating_mul(work.max(1)) < SMALL || (matrices && rows <= block) {
        let whole = if rows.saturating_mul(width) <= 4 * NEAR { rows.clamp(1, MOST_ROWS) } else { block };
        return (whole, usize::MAX);
    }
    let sums: usize = pass.sums.iter().map(|s| s.length).sum::<usize>().max(1);
    let pieces = if pass.sums.is_empty() { MOST_PIECES } else { MOST_PIECES.max(rows.div_ceil(most)) };
    let pieces = pieces.min(MOST_SUMS / sums).max(2).min(rows.div_ceil(block)).max(1);
    let piece = rows.div_ceil(pieces).div_ceil(block) * block;
    (block, piece)
}
