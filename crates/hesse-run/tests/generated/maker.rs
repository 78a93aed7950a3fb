//! Well-typed expressions by shape, inside their domains. A wish says what a subtree must be: positive, inside (-1, 1), positive definite.
//!
//! Among the forms that fit a shape those that have stood least often where one is wanted (outer, inner) are preferred, so that every row of
//! every table comes up in both places.

use super::case::{CONSTANT, Case, variables};
use super::forms::{self, Form};
use super::places::{Counts, Place, exempt, places};
use super::tree::{Shape, Tree, words};
use hesse::Want;
use hesse_run::random::Random;
use std::collections::BTreeMap;

/// What a subtree must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Anything.
    Any,
    /// Every entry positive.
    Positive,
    /// Every entry in (-1, 1).
    Inside,
    /// Positive definite and symmetric.
    Definite,
    /// Positive and without a variable of differentiation.
    Constant,
}

/// The generator.
pub struct Maker {
    pub random: Random,
    /// What stood where in the cases that went right.
    pub counts: Counts,
    /// How often each form was tried in each place: what never goes right must not be all that is tried.
    tried: BTreeMap<(&'static str, Place), usize>,
    /// Definitions of the case under way.
    definitions: Vec<(String, Tree)>,
    /// Variables that stand in the case under way.
    named: Vec<String>,
    /// The order of differentiation of the case under way.
    order: usize,
}

impl Maker {
    pub fn new(seed: u64) -> Self {
        Maker { random: Random::new(seed), counts: Counts::default(), tried: BTreeMap::new(), definitions: vec![], named: vec![], order: 1 }
    }

    /// The next case. Its seed alone makes it again only together with the counts so far; the text is what to keep.
    pub fn case(&mut self, seed: u64) -> Case {
        self.random = Random::new(seed);
        self.definitions.clear();
        self.named.clear();
        let roll = self.random.below(100);
        let (want, shape, depth) = match roll {
            0..12 => (Want::Gradient, Shape::scalar(), 3),
            12..45 => (Want::Gradient, Shape::scalar(), 4),
            45..52 => (Want::Jacobian, self.vector(), 3),
            52..60 => (Want::Jacobian, self.vector(), 4),
            60..72 => (Want::Derivative, self.any_shape(), 2),
            72..80 => (Want::Derivative, self.any_shape(), 3),
            _ => (Want::Hessian, Shape::scalar(), 2),
        };
        self.order = if want == Want::Hessian { 2 } else { 1 };
        if self.random.below(3) == 0 {
            for k in 0..1 + self.random.below(2) {
                let shape = if self.random.below(2) == 0 { shape.clone() } else { self.any_shape() };
                let tree = self.make(&shape, Wish::Any, 2, 1);
                self.definitions.push((format!("d{k}"), tree));
            }
        }
        let target = self.make(&shape, Wish::Any, depth, 0);
        let mut case = Case { seed, definitions: self.definitions.clone(), target, wrt: String::new(), wrt2: None, want };
        let fits = |shape: &Shape| match roll {
            0..45 => true,
            45..60 => shape.is_vector(),
            60..72 => true,
            72..80 => shape.is_scalar(),
            _ => shape.axes() <= 1 || roll >= 95,
        };
        case.wrt = self.variable(&case, &fits);
        if want == Want::Hessian && self.random.below(3) == 0 {
            case.wrt2 = Some(self.variable(&case, &fits));
        }
        case
    }

    /// A variable of the case that fits; usually one that it reads, often the one in what has least often had one in it.
    fn variable(&mut self, case: &Case, fits: &impl Fn(&Shape) -> bool) -> String {
        let all: Vec<&str> = variables().into_iter().filter(|v| v.0 != CONSTANT && fits(&v.2)).map(|v| v.0).collect();
        let read: Vec<&str> = all.iter().copied().filter(|v| case.trees().iter().any(|t| t.names(v))).collect();
        let from = if read.is_empty() { all } else { read };
        let mut chosen = from[self.random.below(from.len())];
        if self.random.below(4) > 0 {
            let worth = |v: &&str| -> f64 {
                let inner = places(case, &[v]).into_iter().filter(|p| p.1 == Place::Inner);
                inner.map(|(what, place)| 1.0 / (1.0 + self.counts.of(what, place) as f64)).sum()
            };
            chosen = from.into_iter().max_by(|a, b| worth(a).total_cmp(&worth(b))).unwrap_or(chosen);
        }
        chosen.to_string()
    }

    fn vector(&mut self) -> Shape {
        let shapes = [
            Shape::column("n"),
            Shape::column("m"),
            Shape::row("n"),
            Shape::column("3"),
            Shape::row("m"),
            Shape::column("k"),
            Shape::new(&["m", "n"], &[]),
        ];
        shapes[self.random.below(shapes.len())].clone()
    }

    fn any_shape(&mut self) -> Shape {
        let shapes = [
            Shape::scalar(),
            Shape::column("n"),
            Shape::row("n"),
            Shape::column("m"),
            Shape::matrix("m", "n"),
            Shape::matrix("n", "n"),
            Shape::matrix("n", "k"),
            Shape::matrix("3", "3"),
            Shape::column("3"),
            Shape::new(&["m", "n"], &["n", "k"]),
            Shape::new(&["n", "m"], &[]),
        ];
        shapes[self.random.below(shapes.len())].clone()
    }

    /// A tree of that shape, `level` operations below the root.
    pub fn make(&mut self, shape: &Shape, wish: Wish, depth: usize, level: usize) -> Tree {
        match wish {
            Wish::Any => {}
            Wish::Constant => return Tree { shape: shape.clone(), feature: "constant", text: constant(shape), children: vec![] },
            Wish::Positive => return self.pick(forms::positive(shape), shape, depth, level),
            Wish::Inside => return self.pick(forms::inside(shape), shape, depth, level),
            Wish::Definite => return self.pick(forms::definite(shape), shape, depth, level),
        }
        let defined = self.definitions.iter().any(|d| d.1.shape == *shape);
        if depth == 0 || (level > 0 && defined && self.random.below(3) == 0) {
            return self.leaf(shape);
        }
        let forms = forms::any(shape, self.order);
        self.pick(forms, shape, depth, level)
    }

    /// Chooses among forms and makes their children.
    fn pick(&mut self, mut forms: Vec<Form>, shape: &Shape, depth: usize, level: usize) -> Tree {
        if depth == 0 {
            let least = forms.iter().map(Form::demand).min().unwrap_or(0);
            forms.retain(|f| f.demand() == least);
        }
        let place = if level <= 1 { Place::Outer } else { Place::Inner };
        let count = |k: usize| {
            let what = forms[k].feature;
            let tried = self.tried.get(&(what, place)).copied().unwrap_or(0);
            (exempt(what, place), 2 * self.counts.of(what, place) + tried / 4)
        };
        let mut best = self.random.below(forms.len());
        let others = if self.random.below(3) == 0 { 3 } else { forms.len() };
        for _ in 0..others {
            let other = self.random.below(forms.len());
            if count(other) < count(best) {
                best = other;
            }
        }
        let form = forms.swap_remove(best);
        *self.tried.entry((form.feature, place)).or_default() += 1;
        let depth = depth.saturating_sub(1);
        let children = form.children.iter().map(|(wish, shape)| self.make(shape, *wish, depth, level + 1)).collect();
        Tree { shape: shape.clone(), feature: form.feature, text: form.text, children }
    }

    /// A variable, a definition, or something small of that shape.
    fn leaf(&mut self, shape: &Shape) -> Tree {
        let named: Vec<String> = self.definitions.iter().filter(|d| d.1.shape == *shape).map(|d| d.0.clone()).collect();
        if !named.is_empty() && self.random.below(2) == 0 {
            let name = named[self.random.below(named.len())].clone();
            return Tree { shape: shape.clone(), feature: "definition", text: name, children: vec![] };
        }
        let forms = forms::leaves(shape);
        // A variable that stands elsewhere already: then what is derived stands in more places.
        let again: Vec<&Form> = forms.iter().filter(|f| words(&f.text).any(|w| self.named.iter().any(|n| n == w))).collect();
        let form = if again.is_empty() || self.random.below(3) == 0 {
            &forms[self.random.below(forms.len())]
        } else {
            again[self.random.below(again.len())]
        };
        let names = words(&form.text).filter(|w| variables().iter().any(|v| v.0 == *w));
        self.named.extend(names.map(String::from));
        let (text, feature) = (form.text.clone(), form.feature);
        let children = form.children.iter().map(|(_, shape)| self.leaf(shape)).collect();
        Tree { shape: shape.clone(), feature, text, children }
    }
}

/// A positive value that depends on the constant only.
fn constant(shape: &Shape) -> String {
    let scalar = format!("(1 + {CONSTANT}^2)");
    if shape.is_scalar() { scalar } else { format!("{scalar}*{}", forms::ones(shape)) }
}
