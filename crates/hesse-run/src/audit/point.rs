//! One point of the audit: sizes, inputs, directions, and what pieces, differentials and derivatives of pieces are there. All derivatives are
//! those of dual numbers through the programs of the pieces; nothing here knows a rule.

use super::reader::{Sizes, Text};
use crate::array::Array;
use crate::check::by_position;
use crate::dual::Dual;
use crate::interpret::{RunError, run_traced};
use crate::random::Random;
use crate::scalar::Scalar;
use crate::trace::Trace;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A piece as a program.
pub(super) struct Piece {
    pub name: String,
    pub round: usize,
    pub text: Rc<Text>,
    /// Its declared axes.
    pub declared: Rc<Text>,
}

/// Numbers with the largest on the way to them.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub shape: Vec<usize>,
    pub data: Vec<f64>,
    pub peak: f64,
}

/// Why there are no numbers.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// This point says nothing.
    Unusable(String),
    /// No point will: the derivation contradicts itself.
    Broken(String),
}

impl From<RunError> for Trouble {
    fn from(e: RunError) -> Self {
        Trouble::Broken(e.message)
    }
}

/// The derivative of one name by another: `(of, by, local)`.
pub(super) type Pair = (String, String, bool);

/// The point.
pub(super) struct Point<'a> {
    pub sizes: Sizes,
    pub pieces: &'a [Piece],
    /// Inputs, then pieces.
    pub values: BTreeMap<String, Array<f64>>,
    /// Directions of all variables.
    pub directions: BTreeMap<String, Array<f64>>,
    /// Branches that the pieces take.
    pub signature: u64,
    tensors: BTreeMap<Pair, Rc<Numbers>>,
    along: BTreeMap<Vec<String>, Rc<Along>>,
}

/// Derivatives of all names along the directions.
#[derive(Default)]
pub(super) struct Along {
    pub of: BTreeMap<String, Array<f64>>,
    pub peak: f64,
}

impl<'a> Point<'a> {
    /// The point at given inputs.
    pub fn new(sizes: &Sizes, pieces: &'a [Piece], inputs: BTreeMap<String, Array<f64>>) -> Result<Self, Trouble> {
        let (mut values, mut trace) = (inputs, Trace::default());
        for piece in pieces {
            // A definition that is derived by has its value already.
            if !values.contains_key(&piece.name) {
                let value = piece.run::<f64>(sizes, &|name| values.get(name).cloned(), &mut trace)?;
                values.insert(piece.name.clone(), value);
            }
        }
        if values.values().flat_map(|a| &a.data).any(|x| !x.is_finite()) {
            return Err(Trouble::Unusable("a piece is not finite at any probe: the domain may be empty or must be declared".into()));
        }
        Ok(Point {
            sizes: sizes.clone(),
            pieces,
            values,
            directions: BTreeMap::new(),
            signature: trace.signature,
            tensors: BTreeMap::new(),
            along: BTreeMap::new(),
        })
    }

    /// Draws a direction of length 1 for each of these variables.
    pub fn aim(&mut self, variables: &[String], random: &mut Random) {
        for name in variables {
            let Some(value) = self.values.get(name) else { continue };
            let mut data: Vec<f64> = (0..value.len()).map(|_| random.normal()).collect();
            let norm = data.iter().map(|x| x * x).sum::<f64>().sqrt();
            data.iter_mut().for_each(|x| *x /= norm);
            self.directions.insert(name.clone(), Array { shape: value.shape.clone(), data });
        }
    }

    /// Inputs moved by a step along the directions; pieces that move by themselves among them.
    pub fn moved(&self, step: f64) -> BTreeMap<String, Array<f64>> {
        let piece = |name: &String| self.pieces.iter().any(|p| p.name == *name);
        let chosen = self.values.iter().filter(|(name, _)| !piece(name) || self.directions.contains_key(*name));
        let moved = |(name, value): (&String, &Array<f64>)| {
            let data = match self.directions.get(name) {
                Some(d) => value.data.iter().zip(&d.data).map(|(x, d)| x + step * d).collect(),
                None => value.data.clone(),
            };
            (name.clone(), Array { shape: value.shape.clone(), data })
        };
        chosen.map(moved).collect()
    }

    /// The same point with its inputs moved by a few hundred roundings: what rounding can do to the numbers here.
    pub fn nudged(&self, random: &mut Random) -> Result<Point<'a>, Trouble> {
        let mut inputs = self.moved(0.0);
        inputs.values_mut().flat_map(|a| &mut a.data).for_each(|x| *x *= 1.0 + 1e-13 * random.normal());
        let mut point = Point::new(&self.sizes, self.pieces, inputs)?;
        point.directions = self.directions.clone();
        Ok(point)
    }

    /// The derivative of `of` by `by`: axes of `of`, then of `by`. Local: whatever else `of` reads is held.
    pub fn tensor(&mut self, pair: &Pair) -> Result<Rc<Numbers>, Trouble> {
        if let Some(known) = self.tensors.get(pair) {
            return Ok(known.clone());
        }
        let (of, by, local) = (&pair.0, &pair.1, pair.2);
        let unknown = |name: &str| Trouble::Broken(format!("`{name}` is neither an input nor a piece"));
        let (f, x) = (self.values.get(of).ok_or_else(|| unknown(of))?, self.values.get(by).ok_or_else(|| unknown(by))?);
        let route = self.route(of, by, local);
        let (rows, columns) = (f.len(), x.len());
        let mut numbers = Numbers { shape: [f.shape.clone(), x.shape.clone()].concat(), data: vec![0.0; rows * columns], peak: 0.0 };
        for k in 0..columns {
            let mut moving: BTreeMap<&str, Array<Dual<f64>>> = BTreeMap::new();
            let mut seeded = x.map(Dual::<f64>::from_f64);
            seeded.data[k].ep = 1.0;
            moving.insert(by, seeded);
            let mut trace = Trace::default();
            for piece in &route {
                let value = piece.run(&self.sizes, &|name| self.dual(&moving, name), &mut trace)?;
                moving.insert(&piece.name, value);
            }
            numbers.peak = numbers.peak.max(trace.peak);
            if let Some(result) = moving.get(&of[..]) {
                result.data.iter().enumerate().for_each(|(row, v)| numbers.data[row * columns + k] = v.ep);
            }
        }
        let numbers = Rc::new(numbers);
        self.tensors.insert(pair.clone(), numbers.clone());
        Ok(numbers)
    }

    /// The pieces between `by` and `of` through which a change runs, in order.
    fn route(&self, of: &str, by: &str, local: bool) -> Vec<&'a Piece> {
        let Some(last) = self.pieces.iter().position(|p| p.name == of && of != by) else { return vec![] };
        if local {
            return vec![&self.pieces[last]];
        }
        let mut moving = vec![by];
        let mut route = vec![];
        for piece in &self.pieces[..=last] {
            if piece.name != by && piece.text.program.inputs.iter().any(|i| moving.contains(&&i.name[..])) {
                moving.push(&piece.name);
                route.push(piece);
            }
        }
        route
    }

    fn dual(&self, moving: &BTreeMap<&str, Array<Dual<f64>>>, name: &str) -> Option<Array<Dual<f64>>> {
        moving.get(name).cloned().or_else(|| self.values.get(name).map(|v| v.map(Dual::from_f64)))
    }

    /// Derivatives along the directions of these variables.
    pub fn along(&mut self, variables: &[String]) -> Result<Rc<Along>, Trouble> {
        if let Some(known) = self.along.get(variables) {
            return Ok(known.clone());
        }
        let mut moving: BTreeMap<&str, Array<Dual<f64>>> = BTreeMap::new();
        for (name, value) in &self.values {
            if let (true, Some(d)) = (variables.contains(name), self.directions.get(name)) {
                let data = value.data.iter().zip(&d.data).map(|(&re, &ep)| Dual { re, ep }).collect();
                moving.insert(name, Array { shape: value.shape.clone(), data });
            }
        }
        let mut trace = Trace::default();
        for piece in self.pieces {
            let moves = piece.text.program.inputs.iter().any(|i| moving.contains_key(&i.name[..]));
            if moves && !moving.contains_key(&piece.name[..]) {
                let value = piece.run(&self.sizes, &|name| self.dual(&moving, name), &mut trace)?;
                moving.insert(&piece.name, value);
            }
        }
        let differential = |(name, value): (&String, &Array<f64>)| {
            let moved = moving.get(&name[..]).map(|v| v.map(|x| x.ep));
            (name.clone(), moved.unwrap_or_else(|| Array::full(value.shape.clone(), 0.0)))
        };
        let along = Rc::new(Along { of: self.values.iter().map(differential).collect(), peak: trace.peak });
        self.along.insert(variables.to_vec(), along.clone());
        Ok(along)
    }

    /// The value of a text; `differential` says what names of differentials stand for.
    pub fn value(&self, text: &Text, differential: &dyn Fn(&str) -> Option<Array<f64>>) -> Result<Numbers, Trouble> {
        // The sizes fit the formula, so they must fit what is said of it.
        if !text.fits(&self.sizes) {
            return Err(Trouble::Broken("a position of the text lies outside".into()));
        }
        let mut trace = Trace::default();
        let value = text.run::<f64>(&self.sizes, &|name| differential(name).or_else(|| self.values.get(name).cloned()), &mut trace)?;
        Ok(Numbers { shape: value.shape, data: value.data, peak: trace.peak })
    }
}

impl Text {
    /// Runs the program on what its names stand for.
    pub fn run<T: Scalar>(&self, sizes: &Sizes, value: &dyn Fn(&str) -> Option<Array<T>>, trace: &mut Trace) -> Result<Array<T>, Trouble> {
        let input = |name: &str| value(name).ok_or_else(|| Trouble::Broken(format!("`{name}` has no value")));
        let inputs = self.program.inputs.iter().map(|i| input(&i.name)).collect::<Result<Vec<_>, _>>()?;
        Ok(run_traced(&self.program, &by_position(&self.program, sizes), &inputs, trace)?.remove(0))
    }
}

impl Piece {
    /// Its value, with the axes of its declaration: a stack of several sizes may be written as one.
    fn run<T: Scalar>(&self, sizes: &Sizes, value: &dyn Fn(&str) -> Option<Array<T>>, trace: &mut Trace) -> Result<Array<T>, Trouble> {
        let result = self.text.run(sizes, value, trace)?;
        let declared = self.declared.shape(sizes).unwrap_or_default();
        if self.text.face(sizes) != self.declared.face(sizes) || result.len() != declared.iter().product::<usize>() {
            return Err(Trouble::Broken(format!("`{}` is declared {declared:?} and is {:?}", self.name, result.shape)));
        }
        Ok(Array { shape: declared, data: result.data })
    }
}
