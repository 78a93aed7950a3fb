//! A derivative over names: `z = X*w + b`, `m = z > 0`, then its parts.
//!
//! What is named is decided on the printed trees by [`share`]; here definitions of the formula are spelled so that they are
//! found, invented names get letters that are free, and everything is read back before it is shown.

use super::{Derivative, Formula, shape_text};
use crate::calculus::complaint::type_text;
use crate::calculus::notate::{Face, notate};
use crate::calculus::simplify;
use crate::diagnostic::Error;
use crate::syntax::parse::parse_document;
use crate::syntax::share::{Form, Known, Sharing};
use crate::syntax::tree::{Kind, NodeId, Statement, Syntax};
use crate::syntax::{latex, mathml, plain, unicode};
use crate::tensor::{Expr, Pool, Rational, Shape};
use num_traits::One;

/// A name with what it stands for.
#[derive(Clone, Debug)]
pub struct Name {
    /// The name: one of the formula's definitions, or a letter that is free in it.
    pub name: String,
    /// Rows and columns as text: `["N", "1"]`.
    pub shape_text: Vec<String>,
    /// Its tree, over earlier names.
    pub root: NodeId,
    /// The name as a tree.
    symbol: NodeId,
}

/// The parts of a derivative over names.
#[derive(Clone, Debug)]
pub struct Named {
    /// The arena of all trees.
    pub syntax: Syntax,
    /// The names in order; each reads earlier ones.
    pub names: Vec<Name>,
    /// One tree for each part.
    pub roots: Vec<NodeId>,
}

impl Named {
    /// A tree of it in the input language. The definitions `z = …`, one a line, and then a part are a text that means the part.
    pub fn plain(&self, root: NodeId) -> String {
        plain::plain(&self.syntax, root)
    }
    /// With mathematical signs.
    pub fn unicode(&self, root: NodeId) -> String {
        unicode::unicode(&self.syntax, root)
    }
    /// LaTeX.
    pub fn latex(&self, root: NodeId) -> String {
        latex::latex(&self.syntax, root)
    }
    /// MathML Core.
    pub fn mathml(&self, root: NodeId) -> String {
        mathml::mathml(&self.syntax, root)
    }
    /// Nodes of the definitions and of all parts.
    pub fn nodes(&self) -> usize {
        self.names.iter().map(|n| n.root).chain(self.roots.iter().copied()).map(|root| self.syntax.count(root)).sum()
    }
    /// `z = X·w + b`
    pub fn unicode_definition(&self, name: &Name) -> String {
        format!("{} = {}", self.unicode(name.symbol), self.unicode(name.root))
    }
    /// `z = X\,w + b`
    pub fn latex_definition(&self, name: &Name) -> String {
        format!("{} = {}", self.latex(name.symbol), self.latex(name.root))
    }
    /// A `<math>` element.
    pub fn mathml_definition(&self, name: &Name) -> String {
        mathml::equation(&self.syntax, name.symbol, name.root)
    }
    /// The definitions in the input language, one a line.
    pub fn definitions(&self) -> String {
        self.names.iter().map(|n| format!("{} = {}\n", n.name, self.plain(n.root))).collect()
    }
}

impl Derivative {
    /// A text after the declarations of the inputs.
    pub(super) fn declared(&self, text: &str) -> String {
        let lines: String = self.declarations().iter().map(|(name, of)| format!("{name} : {of}\n")).collect();
        format!("{lines}{text}")
    }
    /// The inputs with their types, directions and cotangents among them.
    pub fn declarations(&self) -> Vec<(String, String)> {
        let one = |(name, var, rows): &(String, _, usize)| {
            let axes = &self.pool.variable(*var).axes;
            let shape = Shape::new(axes[..*rows].to_vec(), axes[*rows..].to_vec());
            (name.clone(), type_text(&self.pool.dims, &shape))
        };
        self.given.inputs.iter().map(one).collect()
    }
}

impl Formula {
    /// The derivative over names for what repeats in it: definitions of the formula, else conventional letters. `None` where
    /// that is not clearly shorter (see [`share`](crate::syntax::share)).
    ///
    /// ```
    /// use hesse::{Formula, Request};
    /// let f = Formula::parse("data X : matrix(N, n)\ndata y : vector(N)\nparam w : vector(n)\nparam b : scalar\nsum((y - max(0, X*w + b)).^2)/N", true)?;
    /// let derivative = f.derive(&Request::default())?;
    /// let named = f.named(&derivative).unwrap();
    /// assert_eq!(named.definitions(), "z = X*w + b\nm = z > 0\n");
    /// assert_eq!(named.plain(named.roots[0]), "2*((z - y) .* m)'*X/N");
    /// # Ok::<(), hesse::Error>(())
    /// ```
    pub fn named(&self, derivative: &Derivative) -> Option<Named> {
        let named = self.proposed(derivative)?;
        (0..named.roots.len()).all(|k| self.named_means(derivative, &named, k).unwrap_or(false)).then_some(named)
    }

    /// Whether a part over names is the part: as an expression, or (of long sums, which may be grouped in other ways) as the
    /// text that is printed without names.
    #[doc(hidden)]
    pub fn named_means(&self, derivative: &Derivative, named: &Named, part: usize) -> Result<bool, Error> {
        let (definitions, text) = (named.definitions(), named.plain(named.roots[part]));
        if self.reads_back(derivative, part, &format!("{definitions}{text}"))? {
            return Ok(true);
        }
        let inline = derivative.parts[part].plain();
        let read = Formula::parse(&derivative.declared(&format!("{definitions}{inline}\n{text}")), true)?;
        let [.., a, b] = read.model.definitions.as_slice() else { return Ok(false) };
        let mut pool = read.model.pool.clone();
        let expanded = read.tape().expand_all(&mut pool, &[a.value, b.value]);
        Ok(a.shape == b.shape && expanded[0] == expanded[1])
    }

    /// As [`Formula::named`], not read back: the test asks whether it would have been.
    #[doc(hidden)]
    pub fn proposed(&self, derivative: &Derivative) -> Option<Named> {
        let formulas: Vec<(&Syntax, NodeId)> = derivative.parts.iter().map(|p| (&p.syntax, p.root)).collect();
        let known = self.known(derivative);
        let sharing = Sharing::find(&formulas, &known, |name| derivative.given.inputs.iter().any(|i| i.0 == name))?;
        let taken = self.taken(derivative);
        // The letter tells the form, and the form is read from the definitions under names that are free.
        let places: Vec<String> = (1..).map(|k| format!("t_{k}")).filter(|t| !taken.contains(t)).take(sharing.names().count()).collect();
        let draft = sharing.write(&places);
        let definitions = places.iter().zip(&draft.bodies).map(|(name, root)| format!("{name} = {}\n", plain::plain(&draft.syntax, *root)));
        let read = Formula::parse(&derivative.declared(&definitions.collect::<String>()), true).ok()?;
        let shapes: Vec<Vec<String>> = read.model.definitions.iter().map(|d| shape_text(&read.model.pool, &d.shape)).collect();
        let mut names: Vec<String> = vec![];
        for (name, shape) in sharing.names().zip(&shapes) {
            let name = match name {
                Ok(name) => name.to_string(),
                Err(sort) => free(sort.letters(form(shape)), &taken, &names),
            };
            names.push(name);
        }
        let mut shared = sharing.write(&names);
        let named = names.into_iter().zip(shapes).zip(&shared.bodies).map(|((name, shape_text), root)| {
            let symbol = shared.syntax.name(&name);
            Name { name, shape_text, root: *root, symbol }
        });
        Some(Named { names: named.collect(), roots: shared.roots, syntax: shared.syntax })
    }

    /// The definitions as they would be printed within the parts.
    fn known(&self, derivative: &Derivative) -> Vec<Known> {
        let (mut pool, tape, spelling) = (derivative.pool.clone(), self.tape(), self.spelling(&derivative.given.inputs));
        let mut known = vec![];
        for d in self.model.definitions.iter().filter(|d| !d.name.is_empty() && d.groups.is_empty()) {
            let e = tape.expand(&mut pool, d.value);
            let e = simplify::normal(&mut pool, e, &self.symmetric(), &mut vec![]);
            let axes = pool.axes(e).to_vec();
            let face = Face::split(axes.len(), d.shape.rows.len());
            let written = |pool: &mut Pool, e: Expr, face: &Face| notate(pool, e, face, &spelling);
            let Some(tree) = written(&mut pool, e, &face) else { continue };
            let negative = pool.sum(&[(-Rational::one(), e)], &axes);
            let negatives = written(&mut pool, negative, &face).into_iter().collect();
            let transposes = if axes.is_empty() { None } else { written(&mut pool, e, &face.transposed()) };
            known.push(Known { name: d.name.clone(), tree, negatives, transposes: transposes.into_iter().collect() });
        }
        known
    }

    /// Names that mean something in the formula or its derivative.
    pub(super) fn taken(&self, derivative: &Derivative) -> Vec<String> {
        let mut taken: Vec<String> = derivative.given.inputs.iter().map(|i| i.0.clone()).collect();
        taken.extend(self.model.definitions.iter().map(|d| d.name.clone()));
        taken.extend(derivative.pool.dims.names().iter().cloned());
        for part in &derivative.parts {
            taken.extend(part.syntax.ids().filter_map(|id| match part.syntax.kind(id) {
                Kind::Name(name) => Some(name.clone()),
                _ => None,
            }));
        }
        let functions = parse_document(&self.source).map(|d| d.statements).unwrap_or_default();
        taken.extend(functions.into_iter().filter_map(|s| match s {
            Statement::Function { name, .. } => Some(name),
            _ => None,
        }));
        taken
    }
}

fn form(shape_text: &[String]) -> Form {
    match shape_text.iter().filter(|size| *size != "1").count() {
        0 => Form::Scalar,
        1 => Form::Vector,
        _ => Form::Matrix,
    }
}

/// The first letter that the formula does not use, with a number where other names have it already.
fn free(letters: &[&str], taken: &[String], names: &[String]) -> String {
    let used = |name: &str| taken.iter().any(|t| t == name);
    let letter = letters.iter().find(|l| !used(l)).unwrap_or(&letters[0]);
    let numbered = (1..).map(|k| format!("{letter}{k}"));
    let mut all = std::iter::once(letter.to_string()).chain(numbered);
    all.find(|name| !used(name) && !names.contains(name)).unwrap_or_default()
}
