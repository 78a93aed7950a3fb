//! Whether a symmetric matrix is provably positive semidefinite: each term is Lᵀ·M·L with M ≥ 0 entry by entry on its diagonal.
//!
//! A term is a network of factors. Exchanging rows and columns must map it to itself, some labels to others and some (the diagonal in the
//! middle) to themselves. Then the term is Σ over the fixed labels of Π fixed factors · ℓ·ℓᵀ, which is semidefinite where the fixed
//! factors are not negative. A factor that is mapped to itself with its labels exchanged is a kernel of its own and must be semidefinite.

use super::terms;
use crate::calculus::notate::Face;
use crate::calculus::signs::Fact;
use crate::tensor::{Expr, Factor, Label, Node, Pool, Rational, VarId};
use num_traits::{One, Signed, Zero};
use rustc_hash::FxHashMap;

/// Whether the matrix with this face, which must be symmetric, has provably no negative eigenvalue.
pub(super) fn semidefinite(pool: &mut Pool, e: Expr, face: &Face, declared: &[(VarId, Vec<String>)]) -> bool {
    let signs = Signs::new(pool, e, declared);
    let coefficients: Vec<Rational> = match pool.node(e) {
        Node::Sum(terms, _) => terms.iter().map(|t| t.0).collect(),
        _ => vec![Rational::one()],
    };
    let positive = coefficients.iter().all(|c| c.is_positive());
    let all = terms(pool, e);
    positive && face.rows.len() == face.cols.len() && all.into_iter().all(|t| signs.term(pool, t, face))
}

struct Signs<'a> {
    properties: FxHashMap<VarId, &'a [String]>,
    /// Expressions without a negative entry.
    nonneg: FxHashMap<Expr, bool>,
}

impl<'a> Signs<'a> {
    fn new(pool: &Pool, e: Expr, declared: &'a [(VarId, Vec<String>)]) -> Signs<'a> {
        let properties = declared.iter().map(|(v, p)| (*v, p.as_slice())).collect();
        let mut signs = Signs { properties, nonneg: FxHashMap::default() };
        for x in pool.under(&[e]) {
            let known = signs.entries(pool, x);
            signs.nonneg.insert(x, known);
        }
        signs
    }

    fn is(&self, e: Expr) -> bool {
        self.nonneg.get(&e).copied().unwrap_or(false)
    }

    fn entries(&self, pool: &Pool, e: Expr) -> bool {
        match pool.node(e) {
            Node::Decimal(bits) => f64::from_bits(*bits) >= 0.0,
            Node::Pi | Node::Size(_) | Node::Pattern(_) => true,
            Node::Var(v) => self.properties.get(v).is_some_and(|p| Fact::of_properties(p).nonneg),
            Node::Sum(terms, _) => {
                // c − Σ dᵢ·sᵢ with 0 ≤ sᵢ ≤ 1 and c ≥ Σ dᵢ.
                let (mut least, mut proved) = (Rational::zero(), true);
                for (c, t) in terms {
                    if let Some(k) = pool.as_constant(*t) {
                        least += c * k;
                    } else if c.is_negative() {
                        least += *c;
                        proved &= unit(pool, *t);
                    } else {
                        proved &= self.is(*t);
                    }
                }
                proved && !least.is_negative()
            }
            Node::Product { factors, .. } => factors.iter().all(|f| self.factor(pool, f)),
            Node::Map(f, _) => f.row().mask || !f.row().sign.is_empty(),
            Node::Apply(f, _) => f.row().name == "norm2",
        }
    }

    fn factor(&self, pool: &Pool, f: &Factor) -> bool {
        let number = pool.as_number(f.power);
        // A power that is no whole number is only taken of a base that is not negative.
        let even = number.is_some_and(|p| !p.is_integer() || (p.to_integer() % 2).is_zero());
        even || self.is(f.base)
    }

    /// A variable declared positive definite and symmetric, or the inverse of one.
    fn kernel(&self, pool: &Pool, e: Expr) -> bool {
        let definite = |e: Expr| match pool.node(e) {
            Node::Var(v) => self.properties.get(v).is_some_and(|p| ["posdef", "symmetric"].iter().all(|q| p.iter().any(|p| p == q))),
            _ => false,
        };
        definite(e) || matches!(pool.node(e), Node::Apply(f, args) if f.row().name == "inv" && definite(args[0]))
    }

    fn term(&self, pool: &mut Pool, t: Expr, face: &Face) -> bool {
        let Node::Product { factors, out, sizes } = pool.node(t).clone() else {
            // A bare matrix is a kernel of its own.
            return pool.rank(t) == 2 && self.kernel(pool, t);
        };
        let mut image: Vec<Option<Label>> = vec![None; sizes.len()];
        for (r, c) in face.rows.iter().zip(&face.cols) {
            if !exchange(&mut image, out[*r], out[*c]) {
                return false;
            }
        }
        let moved = |image: &[Option<Label>], f: &Factor| f.labels.iter().any(|l| image[*l as usize].is_some_and(|m| m != *l));
        let mut open: Vec<usize> = (0..factors.len()).collect();
        while let Some(k) = open.iter().copied().find(|k| moved(&image, &factors[*k])) {
            let f = &factors[k];
            // The mirror image, with what it says of labels that had none.
            let mirror = open.iter().copied().find_map(|m| {
                let g = &factors[m];
                if g.base != f.base || g.power != f.power {
                    return None;
                }
                let mut tried = image.clone();
                let fits = f.labels.iter().zip(&g.labels).all(|(a, b)| exchange(&mut tried, *a, *b));
                let once = pool.as_number(f.power).is_some_and(|p| p.is_one());
                let turned = m == k && f.labels.len() == 2 && pool.is_symmetric(f.base) && {
                    tried = image.clone();
                    exchange(&mut tried, f.labels[0], f.labels[1])
                };
                (fits && m != k || turned && once && self.kernel(pool, f.base)).then_some((m, tried))
            });
            let Some((m, tried)) = mirror else { return false };
            image = tried;
            open.retain(|j| *j != k && *j != m);
        }
        open.into_iter().all(|k| self.factor(pool, &factors[k]))
    }
}

/// Between 0 and 1.
fn unit(pool: &Pool, e: Expr) -> bool {
    matches!(pool.node(e), Node::Map(f, _) if f.row().mask || f.row().name == "sigmoid")
}

/// Says that two labels are each other's image; `false` if something else was said.
fn exchange(image: &mut [Option<Label>], a: Label, b: Label) -> bool {
    let fits = |l: Label, to: Label| image[l as usize].is_none_or(|known| known == to);
    if !fits(a, b) || !fits(b, a) {
        return false;
    }
    image[a as usize] = Some(b);
    image[b as usize] = Some(a);
    true
}
