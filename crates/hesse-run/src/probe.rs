//! Random sizes and inputs that respect what a formula declares: positive, positive definite, one-hot rows, m > n …
//!
//! ```
//! use hesse_run::probe::draw;
//! use hesse_run::random::Random;
//! let x = draw(1, &[3], &["> 0".to_string()], 0, &mut Random::new(1));
//! assert!(x.data.iter().all(|&x| x > 0.0));
//! ```
//!
//! What is not declared is generic: normal with standard deviation 0.8. Properties that are not known here are ignored; a caller redraws where
//! the formula then has no finite value, and later attempts shift and scale the generic inputs.

use crate::array::Array;
use crate::linear::Lu;
use crate::random::Random;
use crate::scalar::Scalar;
use hesse::program::program::Program;
use std::collections::BTreeMap;

/// Standard deviation of generic inputs.
const SIGMA: f64 = 0.8;

/// An input to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeInput {
    /// Its name in the program.
    pub name: String,
    /// As in [`hesse::calculus::model::Input::properties`]: names of properties and domains as written.
    pub properties: Vec<String>,
    /// For a definition that is moved like an input: what computes it from the others.
    pub value: Option<Program>,
}

/// A sum of sizes with coefficients and a constant.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Linear {
    names: Vec<(String, i64)>,
    constant: i64,
}

impl Linear {
    fn read(text: &str) -> Option<Linear> {
        let mut sum = Linear { names: vec![], constant: 0 };
        for term in text.split('+') {
            let (mut coefficient, mut name) = (1, None);
            for factor in term.split('*').map(str::trim) {
                if let Ok(k) = factor.parse::<i64>() {
                    coefficient *= k;
                } else if name.is_none() && !factor.is_empty() && factor.chars().all(|c| c.is_alphanumeric() || c == '_') {
                    name = Some(factor.to_string());
                } else {
                    return None;
                }
            }
            match name {
                Some(name) => sum.names.push((name, coefficient)),
                None => sum.constant += coefficient,
            }
        }
        Some(sum)
    }
    fn at(&self, sizes: &BTreeMap<String, usize>) -> i64 {
        self.names.iter().fold(self.constant, |sum, (name, c)| sum + c * sizes.get(name).map_or(0, |&n| n as i64))
    }
}

/// A relation between sizes: `dim m > n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    greater: Linear,
    smaller: Linear,
    /// 1 for a strict relation.
    gap: i64,
}

impl Relation {
    /// Reads `dim m > n`, `n >= 2`, `m < 2*n + 1`, with `==` as two relations; nothing if the text is about something else than these sizes.
    pub fn read(text: &str, names: &[String]) -> Vec<Relation> {
        let text = text.trim().strip_prefix("dim ").unwrap_or(text);
        for (sign, flipped, gap) in [(">=", false, 0), ("<=", true, 0), ("==", false, 0), (">", false, 1), ("<", true, 1)] {
            let Some((left, right)) = text.split_once(sign) else { continue };
            let (Some(left), Some(right)) = (Linear::read(left.trim()), Linear::read(right.trim())) else { return vec![] };
            if left.names.iter().chain(&right.names).any(|(n, _)| !names.contains(n)) {
                return vec![];
            }
            let (greater, smaller) = if flipped { (right, left) } else { (left, right) };
            let mut out = vec![Relation { greater: greater.clone(), smaller: smaller.clone(), gap }];
            if sign == "==" {
                out.push(Relation { greater: smaller, smaller: greater, gap });
            }
            return out;
        }
        vec![]
    }
    /// Whether these sizes fulfil it.
    pub fn holds(&self, sizes: &BTreeMap<String, usize>) -> bool {
        self.greater.at(sizes) >= self.smaller.at(sizes) + self.gap
    }
}

/// Which sizes are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeKind {
    /// 1 wherever that is admissible.
    Ones,
    /// Small and all different, so that m ≠ n.
    Distinct,
    /// Different and larger.
    Larger,
}

/// Numbers for the sizes that fulfil the relations and that `admissible` accepts; `None` if none were found.
pub fn draw_sizes(
    names: &[String],
    relations: &[Relation],
    kind: SizeKind,
    admissible: &dyn Fn(&BTreeMap<String, usize>) -> bool,
    random: &mut Random,
) -> Option<BTreeMap<String, usize>> {
    let fits = |sizes: &BTreeMap<String, usize>| relations.iter().all(|r| r.holds(sizes)) && admissible(sizes);
    if kind == SizeKind::Ones {
        return (1..=8).find_map(|base| {
            let mut sizes = names.iter().map(|n| (n.clone(), base)).collect();
            repair(&mut sizes, relations, random);
            fits(&sizes).then_some(sizes)
        });
    }
    let (first, spread) = if kind == SizeKind::Distinct { (2, 2) } else { (4, 4) };
    for attempt in 0..200 {
        // Distinct numbers from a range that widens with the attempts; larger ones shrink again where they are too large.
        let first = if attempt < 60 { first } else { 2 };
        let mut pool: Vec<usize> = (first..first + names.len() + spread + if attempt < 120 { attempt / 20 } else { 0 }).collect();
        let mut sizes: BTreeMap<String, usize> = names.iter().map(|n| (n.clone(), pool.swap_remove(random.below(pool.len())))).collect();
        repair(&mut sizes, relations, random);
        if fits(&sizes) {
            return Some(sizes);
        }
    }
    (1..=8).find_map(|base| {
        let mut sizes = names.iter().map(|n| (n.clone(), base)).collect();
        repair(&mut sizes, relations, random);
        fits(&sizes).then_some(sizes)
    })
}

/// Grows what must be greater, one step at a time.
fn repair(sizes: &mut BTreeMap<String, usize>, relations: &[Relation], random: &mut Random) {
    for _ in 0..64 {
        let Some(broken) = relations.iter().find(|r| !r.holds(sizes)) else { return };
        let grow = &broken.greater.names;
        if !grow.is_empty() {
            let name = &grow[random.below(grow.len())].0;
            sizes.entry(name.clone()).and_modify(|n| *n += 1);
        } else if let Some((name, _)) = broken.smaller.names.first() {
            sizes.entry(name.clone()).and_modify(|n| *n = n.saturating_sub(1).max(1));
        }
    }
}

/// What the properties of an input say.
#[derive(Clone, Debug, Default, PartialEq)]
struct Wishes {
    above: Option<f64>,
    below: Option<f64>,
    choices: Vec<f64>,
    nonzero: bool,
    integer: bool,
    small: bool,
    simplex: bool,
    simplex_rows: bool,
    onehot: bool,
    onehot_rows: bool,
    unit: bool,
    symmetric: bool,
    diagonal: bool,
    lower: bool,
    orthogonal: bool,
    posdef: bool,
    invertible: bool,
    detpos: bool,
}

fn number(text: &str) -> Option<f64> {
    match text.trim() {
        "pi" => Some(std::f64::consts::PI),
        "-pi" => Some(-std::f64::consts::PI),
        other => other.parse().ok(),
    }
}

impl Wishes {
    fn read(properties: &[String]) -> Wishes {
        let mut w = Wishes::default();
        for property in properties {
            let p = property.trim();
            match p {
                "positive" => w.bound_below(0.0),
                "nonnegative" => w.bound_below(0.0),
                "negative" => w.bound_above(0.0),
                "nonzero" | "!= 0" => w.nonzero = true,
                "integer" => w.integer = true,
                "small" => w.small = true,
                "simplex" => w.simplex = true,
                "simplex rows" => w.simplex_rows = true,
                "onehot" => w.onehot = true,
                "onehot rows" => w.onehot_rows = true,
                "unit" => w.unit = true,
                "symmetric" => w.symmetric = true,
                "diagonal" => w.diagonal = true,
                "lower" => w.lower = true,
                "orthogonal" => w.orthogonal = true,
                "posdef" | "spd" => w.posdef = true,
                "invertible" => w.invertible = true,
                "detpos" => w.detpos = true,
                _ => w.domain(p),
            }
        }
        w
    }

    fn bound_below(&mut self, c: f64) {
        self.above = Some(self.above.map_or(c, |a| a.max(c)));
    }
    fn bound_above(&mut self, c: f64) {
        self.below = Some(self.below.map_or(c, |b| b.min(c)));
    }

    /// `> 0`, `<= 2`, `in (0,1)`, `in {-1,1}`; anything else is ignored.
    fn domain(&mut self, p: &str) {
        if let Some(set) = p.strip_prefix("in").map(str::trim) {
            let numbers: Vec<Option<f64>> = set.trim_matches(|c| "(){}[]".contains(c)).split(',').map(number).collect();
            let Some(numbers) = numbers.into_iter().collect::<Option<Vec<f64>>>() else { return };
            if set.starts_with('{') {
                self.choices = numbers;
            } else if let [a, b] = numbers[..] {
                if a.is_finite() {
                    self.bound_below(a);
                }
                if b.is_finite() {
                    self.bound_above(b);
                }
            }
        } else if let Some(c) = p.strip_prefix('>').and_then(|c| number(c.trim_start_matches('='))) {
            self.bound_below(c);
        } else if let Some(c) = p.strip_prefix('<').and_then(|c| number(c.trim_start_matches('='))) {
            self.bound_above(c);
        }
    }

    /// Whether nothing is said about the entries one by one.
    fn generic(&self) -> bool {
        self.above.is_none() && self.below.is_none() && self.choices.is_empty() && !self.nonzero && !self.integer
    }

    fn entry(&self, random: &mut Random) -> f64 {
        if !self.choices.is_empty() {
            return self.choices[random.below(self.choices.len())];
        }
        let x = match (self.above, self.below) {
            (Some(a), Some(b)) => a + (b - a) * (0.05 + 0.9 * random.uniform()),
            (Some(a), None) => a + SIGMA * (0.6 * random.normal()).exp(),
            (None, Some(b)) => b - SIGMA * (0.6 * random.normal()).exp(),
            (None, None) if self.nonzero => {
                let z = SIGMA * random.normal();
                z + 0.3f64.copysign(z)
            }
            (None, None) => SIGMA * random.normal(),
        };
        if !self.integer {
            return x;
        }
        match (self.above, self.below) {
            (Some(a), None) => a.floor() + 1.0 + random.below(4) as f64,
            (None, Some(b)) => b.ceil() - 1.0 - random.below(4) as f64,
            _ => (2.5 * x).round(),
        }
    }
}

/// An input with that many axes as rows, of a given shape. `attempt` counts the redraws so far: later ones shift and scale generic entries, to
/// reach domains that no property names (`log(b - A*x)`).
pub fn draw(rows: usize, shape: &[usize], properties: &[String], attempt: usize, random: &mut Random) -> Array<f64> {
    let wishes = Wishes::read(properties);
    let (m, n): (usize, usize) = (shape[..rows].iter().product(), shape[rows..].iter().product());
    let (mut shift, mut scale) = (0.0, 1.0);
    if attempt > 3 && wishes.generic() {
        shift = [0.0, 0.0, 1.5, -1.5, 3.0, -3.0][random.below(6)];
        scale = [1.0, 1.0, 0.5, 0.25][random.below(4)];
    }
    let mut best: Option<(f64, Vec<f64>)> = None;
    for _ in 0..200 {
        let mut data = candidate(&wishes, m, n, random);
        if scale != 1.0 || shift != 0.0 {
            data.iter_mut().for_each(|x| *x = *x * scale + shift);
            structure(&wishes, m, n, &mut data);
        }
        if m != n || !(wishes.invertible || wishes.detpos) {
            best = Some((0.0, data));
            break;
        }
        // Invertible, and by a margin: the best-conditioned of some candidates, the first that is good.
        if wishes.detpos && f64::determinant(&data, n) < 0.0 {
            if wishes.symmetric || wishes.diagonal || wishes.lower {
                continue;
            }
            data[..n].iter_mut().for_each(|x| *x = -*x);
        }
        let condition = condition(&data, n);
        if best.as_ref().is_none_or(|b| condition < b.0) {
            best = Some((condition, data));
        }
        if condition < 30.0 * n as f64 {
            break;
        }
    }
    let data = best.map_or_else(|| candidate(&wishes, m, n, random), |b| b.1);
    Array { shape: shape.to_vec(), data }
}

/// Numbers that are easily written down.
const ROUND: [f64; 7] = [1.0, 0.0, -1.0, 2.0, 0.5, -0.5, -2.0];

/// As [`draw`], with entries that are easily written down: all of them `wanted`, if that is given and allowed, else halves and whole numbers near
/// 0. What is more than a bound of each entry (positive definite, orthogonal …) is the identity, or drawn like any other value.
pub fn round(rows: usize, shape: &[usize], properties: &[String], random: &mut Random, wanted: Option<f64>) -> Array<f64> {
    let wishes = Wishes::read(properties);
    let (m, n): (usize, usize) = (shape[..rows].iter().product(), shape[rows..].iter().product());
    let whole = wishes.posdef || wishes.invertible || wishes.detpos || wishes.orthogonal;
    if whole && m == n && (wanted.is_some() || random.below(2) == 0) {
        let data = (0..n * n).map(|k| if k % (n + 1) == 0 { 1.0 } else { 0.0 }).collect();
        return Array { shape: shape.to_vec(), data };
    }
    if whole || wishes.simplex || wishes.simplex_rows || wishes.onehot || wishes.onehot_rows || wishes.unit {
        return draw(rows, shape, properties, 0, random);
    }
    let allowed = |x: f64| {
        wishes.above.is_none_or(|a| x > a)
            && wishes.below.is_none_or(|b| x < b)
            && (!wishes.nonzero || x != 0.0)
            && (!wishes.integer || x.fract() == 0.0)
            && (wishes.choices.is_empty() || wishes.choices.contains(&x))
    };
    let from: Vec<f64> = ROUND.into_iter().chain(wishes.choices.iter().copied()).filter(|x| allowed(*x)).collect();
    let mut entry = || match wanted.filter(|x| allowed(*x)) {
        Some(x) => x,
        None if from.is_empty() => wishes.entry(random),
        None => from[random.below(from.len())],
    };
    let mut data: Vec<f64> = (0..m * n).map(|_| entry()).collect();
    // The mean of two halves is none: the lower triangle decides.
    structure(&Wishes { integer: true, ..wishes.clone() }, m, n, &mut data);
    Array { shape: shape.to_vec(), data }
}

/// ‖A‖·‖A⁻¹‖ by largest row sums, and large too where A itself is small (a 1×1 matrix has condition 1 however close to 0 it is).
fn condition(a: &[f64], n: usize) -> f64 {
    let norm = |a: &[f64]| a.chunks(n.max(1)).map(|row| row.iter().map(|x| x.abs()).sum::<f64>()).fold(0.0, f64::max);
    let mut identity = vec![0.0; n * n];
    (0..n).for_each(|k| identity[k * n + k] = 1.0);
    let c = norm(a).max(6.0) * norm(&Lu::new(a, n).solve(&identity, n));
    if c.is_nan() { f64::INFINITY } else { c }
}

fn candidate(w: &Wishes, m: usize, n: usize, random: &mut Random) -> Vec<f64> {
    let scale = if w.small { 0.25 } else { 1.0 };
    if w.onehot_rows || w.onehot {
        let mut data = vec![0.0; m * n];
        if w.onehot_rows {
            (0..m).for_each(|i| data[i * n + random.below(n)] = 1.0);
        } else if !data.is_empty() {
            let k = random.below(data.len());
            data[k] = 1.0;
        }
        return data;
    }
    if w.posdef && m == n {
        return positive_definite(w, n, scale, random);
    }
    let mut data: Vec<f64> = (0..m * n).map(|_| scale * w.entry(random)).collect();
    if w.diagonal && (w.invertible || w.detpos) && w.generic() {
        data.iter_mut().for_each(|x| *x += 0.3f64.copysign(*x));
    }
    if w.orthogonal && m == n {
        orthonormalise(&mut data, n);
    }
    structure(w, m, n, &mut data);
    data
}

/// Zeros, symmetry and normalisation.
fn structure(w: &Wishes, m: usize, n: usize, data: &mut [f64]) {
    if m == n && w.symmetric && !w.diagonal {
        for i in 0..n {
            for j in 0..i {
                // The mean of two whole numbers need not be one.
                let mean = if w.integer || !w.choices.is_empty() { data[i * n + j] } else { (data[i * n + j] + data[j * n + i]) / 2.0 };
                (data[i * n + j], data[j * n + i]) = (mean, mean);
            }
        }
    }
    for i in 0..m {
        for j in 0..n {
            if (w.diagonal && i != j) || (w.lower && j > i) {
                data[i * n + j] = 0.0;
            }
        }
    }
    if w.simplex {
        data.iter_mut().for_each(|x| *x = x.abs() + 0.05);
        let sum: f64 = data.iter().sum();
        data.iter_mut().for_each(|x| *x /= sum);
    }
    if w.simplex_rows {
        for row in data.chunks_mut(n.max(1)) {
            row.iter_mut().for_each(|x| *x = x.abs() + 0.05);
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|x| *x /= sum);
        }
    }
    if w.unit {
        let norm = data.iter().map(|x| x * x).sum::<f64>().sqrt();
        data.iter_mut().for_each(|x| *x /= norm);
    }
}

/// B·Bᵀ/n + ⅓·I; on a matrix that is not declared symmetric with a skew part, because only the symmetric part is said to be positive definite.
fn positive_definite(w: &Wishes, n: usize, scale: f64, random: &mut Random) -> Vec<f64> {
    let b: Vec<f64> = (0..n * n).map(|_| w.entry(random)).collect();
    let mut data = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            if w.diagonal && i != j {
                continue;
            }
            data[i * n + j] = (0..n).map(|k| b[i * n + k] * b[j * n + k]).sum::<f64>() / n as f64;
        }
        data[i * n + i] += 1.0 / 3.0;
    }
    if !w.symmetric && !w.diagonal && w.generic() {
        for i in 0..n {
            for j in 0..i {
                let skew = 0.3 * random.normal();
                data[i * n + j] += skew;
                data[j * n + i] -= skew;
            }
        }
    }
    data.iter_mut().for_each(|x| *x *= scale);
    data
}

/// Gram and Schmidt on the rows, twice for orthogonality to the last bits.
fn orthonormalise(data: &mut [f64], n: usize) {
    for _ in 0..2 {
        for i in 0..n {
            for k in 0..i {
                let dot: f64 = (0..n).map(|j| data[i * n + j] * data[k * n + j]).sum();
                for j in 0..n {
                    data[i * n + j] -= dot * data[k * n + j];
                }
            }
            let norm = (0..n).map(|j| data[i * n + j].powi(2)).sum::<f64>().sqrt();
            (0..n).for_each(|j| data[i * n + j] /= norm);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(rows: usize, shape: &[usize], properties: &[&str]) -> Vec<Array<f64>> {
        let properties: Vec<String> = properties.iter().map(|s| s.to_string()).collect();
        let mut random = Random::new(7);
        (0..50).map(|_| draw(rows, shape, &properties, 0, &mut random)).collect()
    }

    #[test]
    fn entries_lie_in_their_domains() {
        let all = |p: &[&str], ok: &dyn Fn(f64) -> bool| {
            for a in drawn(1, &[5], p) {
                assert!(a.data.iter().all(|&x| ok(x)), "{p:?}: {:?}", a.data);
            }
        };
        all(&["> 0"], &|x| x > 0.0);
        all(&["positive", "nonnegative", "nonzero"], &|x| x > 0.0);
        all(&["< 0"], &|x| x < 0.0);
        all(&["> 1"], &|x| x > 1.0);
        all(&[">= 0"], &|x| x >= 0.0);
        all(&["in (-1,1)"], &|x| x.abs() < 1.0);
        all(&["in (0, 1)"], &|x| x > 0.0 && x < 1.0);
        all(&["in {-1,1}"], &|x| x.abs() == 1.0);
        all(&["in {0,1}"], &|x| x == 0.0 || x == 1.0);
        all(&["nonzero"], &|x| x.abs() > 0.2);
        all(&["integer"], &|x| x.fract() == 0.0);
        all(&["integer", "> 0"], &|x| x.fract() == 0.0 && x > 0.0);
        all(&["simplex"], &|x| x > 0.0 && x < 1.0);
        all(&["no such property", "> A*x"], &|x| x.is_finite());
        assert!(drawn(1, &[5], &["simplex"]).iter().all(|a| (a.data.iter().sum::<f64>() - 1.0).abs() < 1e-14));
        assert!(drawn(1, &[5], &["unit"]).iter().all(|a| (a.data.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-14));
        assert!(drawn(1, &[5], &["onehot"]).iter().all(|a| a.data.iter().sum::<f64>() == 1.0));
        assert!(drawn(1, &[4, 3], &["onehot rows"]).iter().all(|a| a.data.chunks(3).all(|r| r.iter().sum::<f64>() == 1.0)));
        let spread = |p: &[&str]| drawn(1, &[5], p).iter().flat_map(|a| a.data.clone()).map(|x| x * x).sum::<f64>() / 250.0;
        assert!((spread(&[]) - 0.64).abs() < 0.15 && spread(&["small"]) < 0.06);
    }

    #[test]
    fn matrices_have_their_structure() {
        let n = 4;
        let symmetric = |a: &[f64]| (0..n).all(|i| (0..n).all(|j| a[i * n + j] == a[j * n + i]));
        // Positive definite: Cholesky-like pivots of the symmetric part.
        let definite = |a: &[f64]| {
            let s: Vec<f64> = (0..n * n).map(|k| (a[k] + a[(k % n) * n + k / n]) / 2.0).collect();
            (1..=n).all(|k| f64::determinant(&(0..k * k).map(|e| s[(e / k) * n + e % k]).collect::<Vec<_>>(), k) > 0.0)
        };
        assert!(drawn(1, &[n, n], &["symmetric"]).iter().all(|a| symmetric(&a.data)));
        assert!(drawn(1, &[n, n], &["posdef", "symmetric"]).iter().all(|a| symmetric(&a.data) && definite(&a.data)));
        let plain = drawn(1, &[n, n], &["posdef"]);
        assert!(plain.iter().all(|a| definite(&a.data)) && plain.iter().any(|a| !symmetric(&a.data)));
        assert!(drawn(1, &[n, n], &["diagonal"]).iter().all(|a| (0..16).all(|k| k % 5 == 0 || a.data[k] == 0.0)));
        assert!(drawn(1, &[n, n], &["lower"]).iter().all(|a| (0..16).all(|k| k % 4 <= k / 4 || a.data[k] == 0.0)));
        assert!(drawn(1, &[n, n], &["detpos"]).iter().all(|a| f64::determinant(&a.data, n) > 0.0));
        assert!(drawn(1, &[n, n], &["invertible", "symmetric"]).iter().all(|a| condition(&a.data, n) < 200.0));
        assert!(drawn(1, &[1, 1], &["invertible"]).iter().all(|a| a.data[0].abs() > 0.19));
        for a in drawn(1, &[n, n], &["orthogonal"]) {
            let dot = |i: usize, k: usize| (0..n).map(|j| a.data[i * n + j] * a.data[k * n + j]).sum::<f64>();
            assert!((dot(1, 1) - 1.0).abs() < 1e-14 && dot(0, 3).abs() < 1e-14);
        }
    }

    #[test]
    fn sizes_fulfil_their_relations() {
        let names: Vec<String> = ["m", "n", "d"].map(String::from).to_vec();
        let relations: Vec<Relation> = ["dim m > n", "d > 1", "b > A*x", "x > 0"].iter().flat_map(|r| Relation::read(r, &names)).collect();
        assert_eq!(relations.len(), 2);
        let mut random = Random::new(3);
        let ones = draw_sizes(&names, &relations, SizeKind::Ones, &|_| true, &mut random).unwrap();
        assert_eq!((ones["m"], ones["n"], ones["d"]), (2, 1, 2));
        for _ in 0..50 {
            let s = draw_sizes(&names, &relations, SizeKind::Distinct, &|_| true, &mut random).unwrap();
            assert!(s["m"] > s["n"] && s["n"] > 1, "{s:?}");
            let s = draw_sizes(&names, &relations, SizeKind::Larger, &|s| s["m"] * s["n"] < 50, &mut random).unwrap();
            assert!(s["m"] > s["n"] && s["n"] > 1, "{s:?}");
        }
        assert!(draw_sizes(&names, &relations, SizeKind::Distinct, &|_| false, &mut random).is_none());
        let plain = draw_sizes(&names, &[], SizeKind::Distinct, &|_| true, &mut random).unwrap();
        assert!(plain["m"] != plain["n"] && plain["n"] != plain["d"]);
    }
}
