//! Symbolic sizes: integer polynomials in size names, interned so that equal sizes are equal handles.

use rustc_hash::FxHashMap;

/// A size. Equal handles of one [`Dims`] mean equal polynomials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dim(u32);

/// `(sorted name positions with repetition, coefficient)`, sorted, no zero coefficients.
pub type Polynomial = Vec<(Vec<u32>, i64)>;

/// The table of sizes of a pool.
#[derive(Clone, Debug, Default)]
pub struct Dims {
    names: Vec<String>,
    polynomials: Vec<Polynomial>,
    index: FxHashMap<Polynomial, Dim>,
    /// Sizes that are known not to be negative although their form does not show it.
    nonnegative: Vec<Dim>,
}

impl Dims {
    fn intern(&mut self, mut p: Polynomial) -> Dim {
        p.retain(|t| t.1 != 0);
        p.sort();
        if let Some(&d) = self.index.get(&p) {
            return d;
        }
        let d = Dim(self.polynomials.len() as u32);
        self.polynomials.push(p.clone());
        self.index.insert(p, d);
        d
    }
    /// The size called `name`.
    pub fn name(&mut self, name: &str) -> Dim {
        let k = match self.names.iter().position(|n| n == name) {
            Some(k) => k,
            None => {
                self.names.push(name.to_string());
                self.names.len() - 1
            }
        };
        self.intern(vec![(vec![k as u32], 1)])
    }
    /// A whole number.
    pub fn integer(&mut self, value: i64) -> Dim {
        self.intern(vec![(vec![], value)])
    }
    /// a + b
    pub fn add(&mut self, a: Dim, b: Dim) -> Dim {
        let mut sum: Polynomial = self.polynomial(a).clone();
        for (m, c) in self.polynomial(b).clone() {
            match sum.iter_mut().find(|t| t.0 == m) {
                Some(t) => t.1 = t.1.saturating_add(c),
                None => sum.push((m, c)),
            }
        }
        self.intern(sum)
    }
    /// k·a
    pub fn scale(&mut self, a: Dim, k: i64) -> Dim {
        let p = self.polynomial(a).iter().map(|(m, c)| (m.clone(), c.saturating_mul(k))).collect();
        self.intern(p)
    }
    /// a·b
    pub fn multiply(&mut self, a: Dim, b: Dim) -> Dim {
        let mut product: Polynomial = vec![];
        for (m, c) in self.polynomial(a).clone() {
            for (l, d) in self.polynomial(b).clone() {
                let mut monomial = [m.clone(), l].concat();
                monomial.sort_unstable();
                let value = c.saturating_mul(d);
                match product.iter_mut().find(|t| t.0 == monomial) {
                    Some(t) => t.1 = t.1.saturating_add(value),
                    None => product.push((monomial, value)),
                }
            }
        }
        self.intern(product)
    }
    /// The size with this polynomial, whose names are known.
    pub fn of_polynomial(&mut self, p: Polynomial) -> Dim {
        debug_assert!(p.iter().flat_map(|t| &t.0).all(|&k| (k as usize) < self.names.len()));
        self.intern(p)
    }
    /// a − b
    pub fn subtract(&mut self, a: Dim, b: Dim) -> Dim {
        let minus = self.scale(b, -1);
        self.add(a, minus)
    }
    /// Takes a size to be ≥ 0.
    pub fn assume_nonnegative(&mut self, d: Dim) {
        if !self.nonnegative.contains(&d) {
            self.nonnegative.push(d);
        }
    }
    /// Whether it is ≥ 0 for all sizes ≥ 1, as far as its coefficients show, by themselves or with those of one size that is taken to be ≥ 0.
    pub fn is_nonnegative(&mut self, d: Dim) -> bool {
        if self.shows_nonnegative(d) {
            return true;
        }
        for known in self.nonnegative.clone() {
            let rest = self.subtract(d, known);
            if self.shows_nonnegative(rest) {
                return true;
            }
        }
        false
    }
    /// Whether the form alone shows it to be ≥ 0 for all sizes ≥ 1.
    pub fn shows_nonnegative(&self, d: Dim) -> bool {
        let p = self.polynomial(d);
        // Every monomial is at least 1.
        p.iter().all(|(m, c)| m.is_empty() || *c >= 0) && p.iter().fold(0i64, |sum, (_, c)| sum.saturating_add(*c)) >= 0
    }
    /// The polynomial.
    pub fn polynomial(&self, d: Dim) -> &Polynomial {
        &self.polynomials[d.0 as usize]
    }
    /// The number, if the size is one.
    pub fn as_integer(&self, d: Dim) -> Option<i64> {
        match self.polynomial(d).as_slice() {
            [] => Some(0),
            [(m, c)] if m.is_empty() => Some(*c),
            _ => None,
        }
    }
    /// The name, if the size is one.
    pub fn as_name(&self, d: Dim) -> Option<&str> {
        match self.polynomial(d).as_slice() {
            [(m, 1)] if m.len() == 1 => Some(&self.names[m[0] as usize]),
            _ => None,
        }
    }
    /// Names of all sizes, by position.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// As text in the input language: `m*n`, `n + 1`.
    pub fn text(&self, d: Dim) -> String {
        let mut out = String::new();
        // Names first, the constant last.
        let mut terms: Vec<_> = self.polynomial(d).iter().collect();
        terms.sort_by_key(|(m, _)| (m.is_empty(), m.clone()));
        for (m, c) in terms {
            let names: Vec<&str> = m.iter().map(|&k| self.names[k as usize].as_str()).collect();
            let sign = if *c < 0 {
                "-"
            } else if out.is_empty() {
                ""
            } else {
                "+"
            };
            if out.is_empty() {
                out.push_str(sign)
            } else {
                out.push_str(&format!(" {sign} "))
            }
            let c = c.unsigned_abs();
            if names.is_empty() {
                out.push_str(&c.to_string());
            } else {
                if c != 1 {
                    out.push_str(&format!("{c}*"));
                }
                out.push_str(&names.join("*"));
            }
        }
        if out.is_empty() { "0".into() } else { out }
    }
}
