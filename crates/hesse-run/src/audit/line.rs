//! One line of a derivation: what its two sides mean, and their numbers at a point.

use super::pattern;
use super::point::{Numbers, Pair, Point, Trouble};
use super::reader::{Read, Reader, Text, at, graft};
use crate::array::Array;
use hesse::Derivation;
use hesse::calculus::derivation::{Line, Meaning};
use hesse::syntax::parse::parse_expression;
use hesse::syntax::tree::{Kind, NodeId, Syntax};
use std::rc::Rc;

/// At how many positions a line with letters is asked.
const POSITIONS: usize = 8;

/// Where a letter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At this position, from 1.
    Number(usize),
    /// At the last position: its size.
    Last,
}

/// A side as it is asked.
enum Asked {
    /// A text.
    Value(Rc<Text>),
    /// A text at each position.
    Places(Vec<Rc<Text>>),
    /// A sum of products of derivatives.
    Chains(Vec<Vec<Pair>>, Vec<usize>),
    /// A derivative along the directions.
    Along(String),
    /// Entries of a name: which letters.
    Entry(String, Vec<usize>),
    /// Entries of a derivative: which letters.
    PartialEntry(Pair, Vec<usize>),
    /// Where two letters are equal, a text at each position.
    Diagonal(usize, usize, Vec<Rc<Text>>),
    /// A small matrix, entry by entry.
    Grid(Vec<Vec<Option<Rc<Text>>>>),
}

/// Sizes of the sides of a name: what its letters run over.
type Sides = Rc<Text>;

/// A line, ready to be asked.
pub(super) struct Prepared {
    left: Asked,
    right: Asked,
    /// The sizes that letters run over.
    letters: Vec<Rc<Text>>,
    positions: Vec<Vec<Place>>,
    /// Rows and columns as the line says them.
    shape: Vec<Rc<Text>>,
    /// What it says of entries.
    pattern: Option<String>,
    /// Rows and columns of each factor of a chain as the line says them.
    factors: Vec<Vec<Vec<Rc<Text>>>>,
    /// Names of differentials with what they are differentials of.
    differentials: Vec<(String, String)>,
    /// The variables that move.
    moving: Vec<String>,
    /// Axes of names that letters stand at.
    sides: Vec<(String, Sides)>,
}

/// What both sides are at a point.
pub(super) struct Both {
    pub left: Vec<f64>,
    pub right: Vec<f64>,
    /// The largest number on the way.
    pub peak: f64,
    /// How many of the entries of a small matrix were asked, of how many.
    pub seen: (usize, usize),
}

/// Reads a line. An error is a defect of the derivation.
pub(super) fn prepare(
    reader: &mut Reader,
    derivation: &Derivation,
    line: &Line,
    meanings: &(Meaning, Meaning),
) -> Result<Prepared, String> {
    let mut made = Prepared {
        left: Asked::Grid(vec![]),
        right: Asked::Grid(vec![]),
        letters: line.letters.iter().map(|(_, size)| reader.size(size)).collect::<Result<_, _>>()?,
        positions: positions(&line.letters),
        shape: line.shape.iter().map(|size| reader.size(size)).collect::<Result<_, _>>()?,
        pattern: line.pattern.clone(),
        factors: vec![],
        differentials: derivation.differentials.clone(),
        moving: moving(derivation, &[&meanings.0, &meanings.1]),
        sides: vec![],
    };
    for term in &line.factors {
        let mut read = |factor: &Vec<String>| factor.iter().map(|size| reader.size(size)).collect::<Result<Vec<_>, _>>();
        made.factors.push(term.iter().map(&mut read).collect::<Result<_, _>>()?);
    }
    made.left = made.ask(reader, derivation, line, &meanings.0)?;
    made.right = made.ask(reader, derivation, line, &meanings.1)?;
    if matches!((&made.left, &made.right), (Asked::Grid(_), Asked::Grid(_))) {
        return Err("both sides are pictures".into());
    }
    Ok(made)
}

/// Corners first: all letters at 1, all at the end; then where they differ.
fn positions(letters: &[(String, String)]) -> Vec<Vec<Place>> {
    // No text has a position behind a size that is a number.
    let lengths: Vec<Option<usize>> = letters.iter().map(|(_, size)| size.parse().ok()).collect();
    let lies = |place: &Place, length: &Option<usize>| !matches!((place, length), (Place::Number(n), Some(length)) if n > length);
    let letters = letters.len();
    if letters == 0 {
        return vec![];
    }
    let all = [Place::Number(1), Place::Last, Place::Number(2), Place::Number(3)];
    let mut out: Vec<Vec<Place>> = vec![vec![Place::Number(1); letters], vec![Place::Last; letters], vec![Place::Number(2); letters]];
    // Each letter runs through the places with another start and another step.
    for k in 0..4 * POSITIONS {
        let position: Vec<Place> = (0..letters).map(|l| all[(k / (1 + l * l) + 3 * l + k * l) % 4]).collect();
        if !out.contains(&position) && out.len() < POSITIONS {
            out.push(position);
        }
    }
    out.retain(|position| position.iter().zip(&lengths).all(|(place, length)| lies(place, length)));
    out
}

impl Prepared {
    fn ask(&mut self, reader: &mut Reader, derivation: &Derivation, line: &Line, meaning: &Meaning) -> Result<Asked, String> {
        let letters: Vec<String> = line.letters.iter().map(|l| l.0.clone()).collect();
        let syntax = &derivation.syntax;
        let number = |letter: &String| {
            letters.iter().position(|l| l == letter).ok_or_else(|| format!("the letter `{letter}` runs over nothing that the line says"))
        };
        Ok(match meaning {
            Meaning::Value(root) => {
                if letters.is_empty() || matches!(syntax.kind(*root), Kind::Contraction(..)) {
                    Asked::Value(reader.tree(syntax, *root)?)
                } else {
                    Asked::Places(self.places(reader, syntax, *root, line)?)
                }
            }
            Meaning::Partial { of, by, local, order } => {
                self.know(reader, &[of, by])?;
                Asked::Chains(vec![vec![(of.clone(), by.clone(), *local)]], order.clone())
            }
            Meaning::Chains { terms, order } => {
                for (of, by, _) in terms.iter().flatten() {
                    self.know(reader, &[of, by])?;
                }
                if terms.is_empty() || terms.iter().any(Vec::is_empty) {
                    return Err("a chain has no factor".into());
                }
                if let Some(pair) = terms.iter().flat_map(|t| t.windows(2)).find(|w| w[0].1 != w[1].0) {
                    return Err(format!("a chain goes on from `{}` to `{}`", pair[0].1, pair[1].0));
                }
                Asked::Chains(terms.clone(), order.clone())
            }
            Meaning::Differential(name) => {
                let of = derivation.differentials.iter().find(|d| d.0 == *name).map_or(name, |d| &d.1);
                self.know(reader, &[of])?;
                Asked::Along(of.clone())
            }
            Meaning::Entry(name, at) => {
                self.know(reader, &[name])?;
                Asked::Entry(name.clone(), at.iter().map(number).collect::<Result<_, _>>()?)
            }
            Meaning::PartialEntry { of, by, letters, local } => {
                self.know(reader, &[of, by])?;
                Asked::PartialEntry((of.clone(), by.clone(), *local), letters.iter().map(number).collect::<Result<_, _>>()?)
            }
            Meaning::Diagonal(i, j, root) => Asked::Diagonal(number(i)?, number(j)?, self.places(reader, syntax, *root, line)?),
            Meaning::Entries(rows) => {
                let mut read = |cell: &Option<NodeId>| cell.map(|root| reader.tree(syntax, root)).transpose();
                let grid = rows.iter().map(|row| row.iter().map(&mut read).collect()).collect::<Result<Vec<Vec<_>>, String>>()?;
                Asked::Grid(grid)
            }
        })
    }

    fn know(&mut self, reader: &mut Reader, names: &[&String]) -> Result<(), String> {
        for name in names {
            if !reader.knows(name) {
                return Err(format!("`{name}` is neither an input nor a piece"));
            }
            let text = reader.name(name)?;
            self.sides.push(((*name).clone(), text));
        }
        Ok(())
    }

    /// A tree with letters, read at each position.
    fn places(&self, reader: &mut Reader, syntax: &Syntax, root: NodeId, line: &Line) -> Result<Vec<Rc<Text>>, String> {
        let letters: Vec<String> = line.letters.iter().map(|l| l.0.clone()).collect();
        let mut sizes = vec![];
        for (_, size) in &line.letters {
            sizes.push(parse_expression(size).map_err(|e| format!("`{size}` is no size: {}", e.first().message))?);
        }
        let read = |position: &Vec<Place>| -> Read {
            let place = |out: &mut Syntax, k: usize| match position[k] {
                Place::Number(n) => out.number(n.to_string()),
                Place::Last => graft(&sizes[k].0, sizes[k].1, out),
            };
            let (edited, root) = at(syntax, root, &letters, &place);
            reader.tree(&edited, root)
        };
        self.positions.iter().map(read).collect()
    }

    /// Both sides at a point.
    pub fn both(&self, point: &mut Point<'_>) -> Result<Both, Trouble> {
        if !self.letters.is_empty() {
            return self.at_positions(point);
        }
        let (left, right) = match (&self.left, &self.right) {
            (Asked::Grid(grid), other) => {
                let whole = self.whole(other, point)?;
                return self.picture(grid, &whole, point).map(|b| Both { left: b.right, right: b.left, ..b });
            }
            (other, Asked::Grid(grid)) => {
                let whole = self.whole(other, point)?;
                return self.picture(grid, &whole, point);
            }
            (left, right) => (self.whole(left, point)?, self.whole(right, point)?),
        };
        if !alike(&left.shape, &right.shape) {
            return Err(Trouble::Broken(format!("the left side is {:?}, the right side {:?}", left.shape, right.shape)));
        }
        self.as_said(&left, point)?;
        Ok(Both { peak: left.peak.max(right.peak), left: left.data, right: right.data, seen: (0, 0) })
    }

    /// The shape that the line says.
    fn as_said(&self, numbers: &Numbers, point: &mut Point<'_>) -> Result<(), Trouble> {
        let said = self.said(point)?;
        if !said.is_empty() && said.iter().product::<usize>() != numbers.data.len() {
            return Err(Trouble::Broken(format!("the line says {said:?}, its sides are {:?}", numbers.shape)));
        }
        let faces = [&self.left, &self.right].map(|side| match side {
            Asked::Value(text) => text.face(&point.sizes),
            _ => None,
        });
        if let [rows, columns] = said[..]
            && let Some(face) = faces.into_iter().flatten().find(|f| *f != (rows, columns))
        {
            return Err(Trouble::Broken(format!("the line says {rows}×{columns}, a side is {}×{}", face.0, face.1)));
        }
        if let (Some(pattern), [_, columns]) = (&self.pattern, &said[..])
            && !pattern::fits(pattern, &numbers.data, *columns, numbers.peak)
        {
            return Err(Trouble::Broken(format!("the line says that it is {pattern}")));
        }
        self.factors_as_said(point)
    }

    /// The factors of a chain hold as many entries as the line says, whichever way they are laid out.
    fn factors_as_said(&self, point: &mut Point<'_>) -> Result<(), Trouble> {
        if self.factors.is_empty() {
            return Ok(());
        }
        let lengths = |terms: &[Vec<Pair>]| terms.iter().map(Vec::len).eq(self.factors.iter().map(Vec::len));
        let chain = [&self.right, &self.left].into_iter().find_map(|side| match side {
            Asked::Chains(terms, _) if lengths(terms) => Some(terms),
            _ => None,
        });
        let Some(terms) = chain else {
            return Err(Trouble::Broken("the line says shapes of other factors".into()));
        };
        for (said, term) in self.factors.iter().zip(terms) {
            let mut wanted = vec![];
            for factor in said {
                let sizes = factor.iter().map(|size| number(size, point)).collect::<Result<Vec<_>, _>>()?;
                wanted.push(sizes.iter().product::<usize>());
            }
            let mut found = vec![];
            for pair in term {
                found.push(point.tensor(pair)?.data.len());
            }
            wanted.sort_unstable();
            found.sort_unstable();
            if wanted != found {
                return Err(Trouble::Broken(format!("the factors of a chain hold {found:?} entries, the line says {wanted:?}")));
            }
        }
        Ok(())
    }

    fn said(&self, point: &Point<'_>) -> Result<Vec<usize>, Trouble> {
        self.shape.iter().map(|size| number(size, point)).collect()
    }

    /// A side as a whole.
    fn whole(&self, side: &Asked, point: &mut Point<'_>) -> Result<Numbers, Trouble> {
        match side {
            Asked::Value(text) => self.value(text, point),
            Asked::Chains(terms, order) => chains(terms, order, point),
            Asked::Along(name) => {
                let along = point.along(&self.moving)?;
                let d = &along.of[name];
                Ok(Numbers { shape: d.shape.clone(), data: d.data.clone(), peak: along.peak })
            }
            Asked::Entry(name, at) if at.is_empty() => {
                let x = &point.values[name];
                Ok(Numbers { shape: x.shape.clone(), data: x.data.clone(), peak: 0.0 })
            }
            Asked::PartialEntry(pair, at) if at.is_empty() => Ok((*point.tensor(pair)?).clone()),
            _ => Err(Trouble::Broken("an entry without letters".into())),
        }
    }

    fn value(&self, text: &Text, point: &mut Point<'_>) -> Result<Numbers, Trouble> {
        let reads = |d: &&(String, String)| text.program.inputs.iter().any(|i| i.name == d.0);
        let named: Vec<&(String, String)> = self.differentials.iter().filter(reads).collect();
        let along = if named.is_empty() { None } else { Some(point.along(&self.moving)?) };
        let differential = |name: &str| -> Option<Array<f64>> {
            let of = &named.iter().find(|d| d.0 == name)?.1;
            along.as_ref()?.of.get(of).cloned()
        };
        let mut numbers = point.value(text, &differential)?;
        numbers.peak = numbers.peak.max(along.as_ref().map_or(0.0, |a| a.peak));
        Ok(numbers)
    }

    /// A line with letters, at each of its positions that lie inside: the numbers there, one behind the other.
    fn at_positions(&self, point: &mut Point<'_>) -> Result<Both, Trouble> {
        let ranges: Vec<usize> = self.letters.iter().map(|size| number(size, point)).collect::<Result<_, _>>()?;
        let mut both = Both { left: vec![], right: vec![], peak: 0.0, seen: (0, 0) };
        let mut seen: Vec<Vec<usize>> = vec![];
        for (k, position) in self.positions.iter().enumerate() {
            let place = |(p, n): (&Place, &usize)| match p {
                Place::Number(p) => *p,
                Place::Last => *n,
            };
            let here: Vec<usize> = position.iter().zip(&ranges).map(place).collect();
            if seen.contains(&here) || here.iter().zip(&ranges).any(|(p, n)| p > n || *p == 0) {
                continue;
            }
            let left = self.there(&self.left, k, &here, &ranges, point)?;
            let right = self.there(&self.right, k, &here, &ranges, point)?;
            if left.data.len() != right.data.len() {
                return Err(Trouble::Broken(format!("the left side is {:?}, the right side {:?}", left.shape, right.shape)));
            }
            both.peak = both.peak.max(left.peak).max(right.peak);
            both.left.extend(left.data);
            both.right.extend(right.data);
            seen.push(here);
        }
        if seen.is_empty() { Err(Trouble::Unusable("no position lies inside".into())) } else { Ok(both) }
    }

    /// A side at one position.
    fn there(&self, side: &Asked, k: usize, here: &[usize], ranges: &[usize], point: &mut Point<'_>) -> Result<Numbers, Trouble> {
        let pick = |letters: &[usize]| letters.iter().map(|l| here[*l]).collect::<Vec<usize>>();
        match side {
            Asked::Places(texts) => self.value(&texts[k], point),
            Asked::Diagonal(i, j, texts) => {
                let value = self.value(&texts[k], point)?;
                Ok(if here[*i] == here[*j] { value } else { Numbers { data: vec![0.0; value.data.len()], ..value } })
            }
            Asked::Entry(name, letters) => {
                let x = &point.values[name];
                let numbers = Numbers { shape: self.sides_of(name, point), data: x.data.clone(), peak: 0.0 };
                entry(&numbers, &pick(letters))
            }
            Asked::PartialEntry(pair, letters) => {
                let numbers = point.tensor(pair)?;
                let shape = [self.sides_of(&pair.0, point), self.sides_of(&pair.1, point)].concat();
                entry(&Numbers { shape, ..(*numbers).clone() }, &pick(letters))
            }
            Asked::Grid(_) => Err(Trouble::Broken("a picture has no letters".into())),
            Asked::Value(_) | Asked::Chains(..) | Asked::Along(_) => {
                let mut numbers = self.whole(side, point)?;
                // A letter may number a stack of axes.
                if numbers.data.len() == ranges.iter().product::<usize>() {
                    numbers.shape = ranges.to_vec();
                }
                entry(&numbers, here)
            }
        }
    }

    fn sides_of(&self, name: &str, point: &Point<'_>) -> Vec<usize> {
        let sides = self.sides.iter().find(|s| s.0 == name);
        sides.and_then(|s| s.1.sides(&point.sizes)).unwrap_or_default()
    }

    /// The entries of a small matrix that lie inside.
    fn picture(&self, grid: &[Vec<Option<Rc<Text>>>], whole: &Numbers, point: &mut Point<'_>) -> Result<Both, Trouble> {
        let (rows, columns) = match self.said(point)?[..] {
            [r, c] => (r, c),
            _ => return Err(Trouble::Broken("a picture has rows and columns".into())),
        };
        self.as_said(whole, point)?;
        let mut both = Both { left: vec![], right: vec![], peak: whole.peak, seen: (0, grid.iter().map(Vec::len).sum()) };
        for (r, row) in grid.iter().enumerate().take(rows) {
            for (c, cell) in row.iter().enumerate().take(columns) {
                let value = match cell {
                    None => 0.0,
                    // A picture is drawn for a size that a probe may not reach.
                    Some(text) if !text.fits(&point.sizes) => continue,
                    Some(text) => {
                        let numbers = self.value(text, point)?;
                        both.peak = both.peak.max(numbers.peak);
                        match numbers.data[..] {
                            [x] => x,
                            _ => return Err(Trouble::Broken("an entry of a picture is no scalar".into())),
                        }
                    }
                };
                both.left.push(whole.data[r * columns + c]);
                both.right.push(value);
                both.seen.0 += 1;
            }
        }
        Ok(both)
    }
}

/// The variables that move where a line speaks of differentials: all of a first derivative. Those of a second derivative move one after the
/// other, one a round; a line says which by its differential, or by the latest piece that it speaks of.
fn moving(derivation: &Derivation, meanings: &[&Meaning]) -> Vec<String> {
    let problem = &derivation.problem;
    if problem.order <= 1 {
        return problem.wrt.clone();
    }
    let spoken = |m: &&Meaning| match m {
        Meaning::Value(root) => names(&derivation.syntax, *root),
        Meaning::Differential(name) => vec![name.clone()],
        Meaning::Partial { of, .. } => vec![of.clone()],
        _ => vec![],
    };
    let spoken: Vec<String> = meanings.iter().flat_map(spoken).collect();
    let of = |name: &String| derivation.differentials.iter().find(|d| d.0 == *name).map(|d| &d.1);
    let mut variables: Vec<&String> = spoken.iter().filter_map(of).filter(|v| problem.wrt.contains(v)).collect();
    variables.sort();
    variables.dedup();
    if let [one] = variables[..] {
        return vec![one.clone()];
    }
    let round = |name: &String| derivation.pieces.iter().find(|p| p.name == *of(name).unwrap_or(name)).map_or(0, |p| p.round);
    let round = spoken.iter().map(round).max().unwrap_or(0);
    let of_result = derivation.results.get(round / 2).and_then(|r| r.wrt.get(round % 2));
    of_result.map_or_else(|| problem.wrt.clone(), |variable| vec![variable.clone()])
}

fn names(syntax: &Syntax, root: NodeId) -> Vec<String> {
    let name = |id: &NodeId| match syntax.kind(*id) {
        Kind::Name(name) => Some(name.clone()),
        _ => None,
    };
    syntax.under(root).iter().filter_map(name).collect()
}

pub(super) fn number(size: &Text, point: &Point<'_>) -> Result<usize, Trouble> {
    let value = point.value(size, &|_| None)?;
    match value.data[..] {
        [x] if x >= 0.0 && x.fract() == 0.0 => Ok(x as usize),
        _ => Err(Trouble::Broken("a size is no whole number".into())),
    }
}

/// The entry, or the slice where letters are fewer than axes, at 1-based positions of the first axes.
fn entry(numbers: &Numbers, at: &[usize]) -> Result<Numbers, Trouble> {
    let shape = &numbers.shape;
    if at.len() > shape.len() || at.iter().zip(shape).any(|(p, n)| *p == 0 || p > n) {
        return Err(Trouble::Broken(format!("there is no entry {at:?} of {shape:?}")));
    }
    let rest = shape[at.len()..].to_vec();
    let length: usize = rest.iter().product();
    let first = at.iter().zip(shape).fold(0, |flat, (p, n)| flat * n + p - 1) * length;
    Ok(Numbers { shape: rest, data: numbers.data[first..first + length].to_vec(), peak: numbers.peak })
}

/// Whether two shapes hold the same entries in the same order: one may stack axes of the other.
pub(super) fn alike(a: &[usize], b: &[usize]) -> bool {
    let steps = |shape: &[usize]| -> Vec<usize> {
        let mut at = 1;
        let lengths = shape.iter().filter(|n| **n != 1);
        lengths
            .map(|n| {
                at *= n;
                at
            })
            .collect()
    };
    let (a, b) = (steps(a), steps(b));
    a.last() == b.last() && (a.iter().all(|k| b.contains(k)) || b.iter().all(|k| a.contains(k)))
}

/// The axes of numbers in another order.
pub(super) fn permuted(numbers: &Numbers, order: &[usize]) -> Result<Numbers, Trouble> {
    let rank = numbers.shape.len();
    if order.is_empty() {
        return Ok(numbers.clone());
    }
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    if sorted != (0..rank).collect::<Vec<_>>() {
        return Err(Trouble::Broken(format!("{order:?} is no order of {rank} axes")));
    }
    let strides = crate::array::strides(&numbers.shape);
    let shape: Vec<usize> = order.iter().map(|a| numbers.shape[*a]).collect();
    let data = (0..numbers.data.len())
        .map(|k| {
            let (mut rest, mut from) = (k, 0);
            for (axis, n) in order.iter().zip(&shape).rev() {
                from += rest % n * strides[*axis];
                rest /= n;
            }
            numbers.data[from]
        })
        .collect();
    Ok(Numbers { shape, data, peak: numbers.peak })
}

/// A sum of products of derivatives, contracted from the target to the variable.
fn chains(terms: &[Vec<Pair>], order: &[usize], point: &mut Point<'_>) -> Result<Numbers, Trouble> {
    let mut sum: Option<Numbers> = None;
    for term in terms {
        let mut product: Option<Numbers> = None;
        for pair in term {
            let factor = point.tensor(pair)?;
            let axes = point.values[&pair.0].shape.len();
            product = Some(match product {
                None => (*factor).clone(),
                Some(left) => contract(&left, &factor, axes),
            });
        }
        let product = product.ok_or_else(|| Trouble::Broken("a chain has no factor".into()))?;
        match &mut sum {
            None => sum = Some(product),
            Some(sum) if sum.shape == product.shape => {
                sum.data.iter_mut().zip(&product.data).for_each(|(s, x)| *s += x);
                sum.peak = sum.peak.max(product.peak);
            }
            Some(sum) => return Err(Trouble::Broken(format!("a sum of {:?} and {:?}", sum.shape, product.shape))),
        }
    }
    let sum = sum.ok_or_else(|| Trouble::Broken("a sum without terms".into()))?;
    permuted(&sum, order)
}

/// A product over the last `axes` axes of the left, which are the first of the right.
fn contract(left: &Numbers, right: &Numbers, axes: usize) -> Numbers {
    let (outer, _) = left.shape.split_at(left.shape.len() - axes);
    let (inner, columns) = right.shape.split_at(axes);
    let (m, k, n): (usize, usize, usize) = (outer.iter().product(), inner.iter().product(), columns.iter().product());
    let mut data = vec![0.0; m * n];
    let mut peak = left.peak.max(right.peak);
    for i in 0..m {
        for l in 0..k {
            for j in 0..n {
                let term = left.data[i * k + l] * right.data[l * n + j];
                if term.is_finite() {
                    peak = peak.max(term.abs());
                }
                data[i * n + j] += term;
            }
        }
    }
    Numbers { shape: [outer, columns].concat(), data, peak }
}
