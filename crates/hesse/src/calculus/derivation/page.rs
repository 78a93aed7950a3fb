//! A derivation as it is laid out, before any format spells it: numbered sections of equations, each with its details.
//!
//! ```text
//! Derivation + View ─page▶ Page ─text │ markdown │ latex │ html▶ text
//! ```
//!
//! Numbers do not depend on what is shown: `2` is a section, `2.3` its third equation, `2.3.1` the first detail of that. An equation
//! may be a chain of steps, `a = b = c`.

use super::{Audit, Chain, Depth, Derivation, Line, Relation, RuleId, Side, Step};
use crate::diagnostic::{Diagnostic, Error, Span};
use crate::syntax::parse::parse_document;
use crate::syntax::tree::{Kind, NodeId, Operator, Statement, Subscript, Syntax};
use rustc_hash::FxHashMap;

/// What is shown of a derivation.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// How much of each step.
    pub depth: Depth,
    /// Only the step of this number, in full: `[2, 3]`.
    pub why: Option<Vec<usize>>,
    /// Only these sections, first and last.
    pub steps: Option<(usize, usize)>,
}

/// A derivation laid out.
pub struct Page<'a> {
    /// What is laid out.
    pub derivation: &'a Derivation,
    /// How much of each step.
    pub depth: Depth,
    /// Whether all of it is shown.
    pub whole: bool,
    /// The trees of the derivation and those that drawing adds.
    pub syntax: Syntax,
    /// The name of the target and what it is, written out where that is short.
    pub problem: (NodeId, NodeId),
    /// Inputs of the same type together: `(["w", "x"], "vector(n)")`.
    pub inputs: Vec<(Vec<String>, String)>,
    /// Both sides of each step's equation, as they are drawn.
    pub sides: Vec<Option<(Drawn, Drawn)>>,
    /// The sections that are shown.
    pub sections: Vec<Item>,
    /// Conditions that what is shown needs and that are not proved: places in the derivation's list.
    pub flags: Vec<usize>,
    /// What the audit found in the whole derivation.
    pub tally: Tally,
}

/// A section, an equation, or a heading with details.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its number: `[2, 3]`.
    pub number: Vec<usize>,
    /// A heading.
    pub heading: Option<String>,
    /// The step that is nothing but the heading.
    of: Option<usize>,
    /// The steps of the equation, which are links of one chain; none for a heading.
    links: Vec<usize>,
    /// The equation; a heading has none.
    pub row: Option<Row>,
    /// The equation with all links of its chain, where some are hidden.
    pub full: Option<Row>,
    /// Of a section its equations, of an equation its details.
    pub items: Vec<Item>,
    /// The least depth at which it is shown.
    level: Depth,
    /// The depth at which it is drawn.
    depth: Depth,
}

/// An equation with what stands beside it.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its steps.
    pub steps: Vec<usize>,
    /// The left side; a remark has none.
    pub left: Option<Drawn>,
    /// Relations and right sides: `= b = c`.
    pub links: Vec<(Relation, Drawn)>,
    /// Rows and columns.
    pub shape: Vec<String>,
    /// Of a chain: rows and columns of each factor of each term.
    pub factors: Vec<Vec<Vec<String>>>,
    /// What can be non-zero.
    pub pattern: Option<String>,
    /// What letters run over.
    pub letters: Vec<(String, String)>,
    /// Reasons in words.
    pub notes: Vec<String>,
    /// The rules.
    pub rules: Vec<RuleId>,
    /// Places in [`Page::flags`].
    pub flags: Vec<usize>,
    /// What the audit found, in all links together.
    pub audit: Audit,
}

/// A side as it is drawn.
#[derive(Clone, Debug)]
pub enum Drawn {
    /// A formula.
    Tree(NodeId),
    /// A derivative: what of, by what.
    Partial(NodeId, Vec<NodeId>),
    /// A sum of products of derivatives.
    Chains(Vec<Chain>),
    /// A formula with cases at the place of [`CASES`]; each a value and when.
    Cases(NodeId, Vec<(NodeId, Test)>),
    /// A value where two letters are equal; of a chain `a = b` all values.
    Diagonal(String, String, Vec<NodeId>),
    /// A small matrix.
    Picture(Vec<Vec<Option<NodeId>>>),
}

/// When a case holds.
#[derive(Clone, Debug)]
pub enum Test {
    /// `a > b`
    Compares(NodeId, Operator, NodeId),
    /// A condition is 1.
    Holds(NodeId),
    /// A condition is 0.
    Fails(NodeId),
}

/// The name that stands for the cases in a tree: the sign for an object within a text.
pub const CASES: &str = "\u{fffc}";

/// The audit of a whole derivation.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Lines that claim something.
    pub lines: usize,
    /// Those that hold.
    pub held: usize,
    /// At how many points at least.
    pub points: usize,
    /// The largest error of those that hold.
    pub worst: f64,
    /// Those that could not be tested: the reason, and their numbers.
    pub skipped: Vec<(String, Vec<String>)>,
    /// Those that do not hold: number, error, place.
    pub failed: Vec<(String, f64, String)>,
}

/// Formulas up to this many nodes are written out in the first line.
const SHORT: usize = 60;

impl Derivation {
    /// The derivation as it is laid out for a view.
    ///
    /// # Errors
    /// E402 if there is no step of the number that is asked for.
    pub fn page(&self, view: &View) -> Result<Page<'_>, Error> {
        let mut syntax = self.syntax.clone();
        let mut sections = Sections { derivation: self }.all();
        for (k, section) in sections.iter_mut().enumerate() {
            section.renumber(vec![k + 1]);
            section.draw_at(view.depth);
        }
        let tally = Tally::of(self, &sections);
        let count = sections.len();
        let absent = |step: String| {
            let message = format!("there is no step {step}");
            Error::from(
                Diagnostic::error("E402", Span::default(), message)
                    .help(format!("steps go from 1 to {count}; 2.1 is the first line of step 2")),
            )
        };
        if let Some(number) = &view.why {
            let found = sections.iter_mut().find_map(|s| s.only(number));
            sections = vec![found.ok_or_else(|| absent(dotted(number)))?];
        }
        if let Some((first, last)) = view.steps {
            sections.retain(|s| (first..=last).contains(&s.number[0]));
            if sections.is_empty() {
                return Err(absent(if first == last { first.to_string() } else { format!("{first}-{last}") }));
            }
        }
        let problem = self.problem_tree(&mut syntax);
        let mut page = Page {
            derivation: self,
            depth: view.depth,
            whole: view.why.is_none() && view.steps.is_none(),
            syntax,
            problem,
            inputs: grouped(&self.problem.inputs),
            sides: vec![],
            sections: vec![],
            flags: vec![],
            tally,
        };
        for step in &self.steps {
            let sides = step.line.as_ref().map(|line| (page.drawn(&line.left), page.drawn(&line.right)));
            page.sides.push(sides);
        }
        page.flags = page.needed(&sections);
        sections.iter_mut().for_each(|item| page.fill(item));
        page.sections = sections;
        Ok(page)
    }

    /// The name of the target and its value as the user wrote it, in which definitions are written out where that stays short.
    fn problem_tree(&self, syntax: &mut Syntax) -> (NodeId, NodeId) {
        let name = syntax.name(&self.problem.of);
        let written = self.definitions(syntax);
        let pieces: Vec<(String, NodeId)> = self.pieces.iter().map(|p| (p.name.clone(), p.value)).collect();
        for values in [written, pieces] {
            let mut whole: FxHashMap<&str, NodeId> = FxHashMap::default();
            for (of, value) in &values {
                let all = written_out(syntax, *value, &whole);
                if *of == self.problem.of {
                    return (name, if syntax.count(all) <= SHORT { all } else { *value });
                }
                whole.insert(of, all);
            }
        }
        (name, name)
    }

    /// Definitions of the user's text with their values; a last formula without a name is the target.
    fn definitions(&self, syntax: &mut Syntax) -> Vec<(String, NodeId)> {
        let Ok(document) = parse_document(&self.problem.source) else { return vec![] };
        let mut out = vec![];
        for statement in &document.statements {
            if let Statement::Define { name, body, .. } = statement {
                let name = if name.is_empty() { &self.problem.of } else { name };
                out.push((name.clone(), syntax.graft(&document.syntax, *body)));
            }
        }
        // Of several formulas without a name the last one is meant.
        let last = out.iter().rposition(|d: &(String, NodeId)| d.0 == self.problem.of);
        out.iter().enumerate().filter(|(k, d)| d.0 != self.problem.of || Some(*k) == last).map(|(_, d)| d.clone()).collect()
    }
}

/// A tree with names replaced by what they stand for; as it is where an index of a sum in it has such a name.
fn written_out(syntax: &mut Syntax, root: NodeId, values: &FxHashMap<&str, NodeId>) -> NodeId {
    let under = syntax.under(root);
    let clashes = |id: &NodeId| matches!(syntax.kind(*id), Kind::Series(s) if values.contains_key(s.index.as_str()));
    if under.iter().any(clashes) {
        return root;
    }
    replaced(syntax, root, &|syntax, id| match syntax.kind(id) {
        Kind::Name(name) => values.get(name.as_str()).copied(),
        _ => None,
    })
}

/// A tree in which some nodes are replaced.
fn replaced(syntax: &mut Syntax, root: NodeId, by: &dyn Fn(&Syntax, NodeId) -> Option<NodeId>) -> NodeId {
    let mut made: FxHashMap<NodeId, NodeId> = FxHashMap::default();
    for id in syntax.under(root) {
        let new = match by(syntax, id) {
            Some(new) => new,
            None if syntax.children(id).iter().all(|c| made.get(c).is_none_or(|m| m == c)) => id,
            None => {
                let kind = syntax.kind(id).over(|c| made.get(&c).copied().unwrap_or(c));
                syntax.add(kind, syntax.span(id))
            }
        };
        made.insert(id, new);
    }
    made.get(&root).copied().unwrap_or(root)
}

/// Names of the same type together, in the order of the first.
fn grouped(inputs: &[(String, String)]) -> Vec<(Vec<String>, String)> {
    let mut groups: Vec<(Vec<String>, String)> = vec![];
    for (name, of) in inputs {
        match groups.iter_mut().find(|g| g.1 == *of) {
            Some(group) => group.0.push(name.clone()),
            None => groups.push((vec![name.clone()], of.clone())),
        }
    }
    groups
}

/// A number as it is printed: `2.3`.
pub fn dotted(number: &[usize]) -> String {
    number.iter().map(usize::to_string).collect::<Vec<_>>().join(".")
}

/// A number from its text.
pub fn number(text: &str) -> Option<Vec<usize>> {
    text.split('.').map(|part| part.parse().ok().filter(|&n: &usize| n > 0)).collect()
}

/// Makes the forest of steps into numbered items.
struct Sections<'a> {
    derivation: &'a Derivation,
}

impl Sections<'_> {
    fn all(&self) -> Vec<Item> {
        let mut sections: Vec<Item> = vec![];
        let mut lines: Vec<Vec<&Step>> = vec![];
        for step in self.derivation.steps.iter().filter(|s| s.parent.is_none()) {
            if step.heading.is_some() || sections.is_empty() {
                sections.push(Item {
                    number: vec![],
                    heading: step.heading.clone(),
                    of: None,
                    links: vec![],
                    row: None,
                    full: None,
                    items: vec![],
                    level: step.level,
                    depth: Depth::Full,
                });
                lines.push(vec![]);
            }
            if let Some(own) = lines.last_mut() {
                if step.line.is_some() || step.note.is_some() || step.heading.is_none() {
                    own.push(step);
                } else {
                    if let Some(section) = sections.last_mut() {
                        section.of = Some(step.id);
                    }
                    own.extend(self.children(step.id));
                }
            }
        }
        for (section, lines) in sections.iter_mut().zip(lines) {
            section.items = self.items(&lines, true);
            let least = section.items.iter().map(|i| i.level).min();
            section.level = section.level.min(least.unwrap_or(section.level));
        }
        sections
    }

    fn children(&self, id: usize) -> impl Iterator<Item = &Step> {
        self.derivation.steps.iter().filter(move |s| s.parent == Some(id))
    }

    /// Steps as items: links of a chain become one, and what is only shown in full goes below the line before it.
    fn items(&self, steps: &[&Step], is_section: bool) -> Vec<Item> {
        let mut items: Vec<Item> = vec![];
        for step in steps {
            let level = level(step);
            let details: Vec<&Step> = self.children(step.id).collect();
            let details = self.items(&details, false);
            let continues = step.line.as_ref().is_some_and(|l| l.continues);
            match items.last_mut() {
                Some(chain) if continues && !chain.links.is_empty() => {
                    chain.links.push(step.id);
                    chain.items.extend(details);
                    chain.level = chain.level.min(level);
                    continue;
                }
                _ => {}
            }
            // The heading of a section stands above all of its lines.
            let heading = if is_section && step.parent.is_none() { None } else { step.heading.clone() };
            let links = if step.line.is_some() || step.note.is_some() { vec![step.id] } else { vec![] };
            let of = links.is_empty().then_some(step.id);
            items.push(Item { number: vec![], heading, of, links, row: None, full: None, items: details, level, depth: Depth::Full });
        }
        if !is_section {
            return items;
        }
        let mut out: Vec<Item> = vec![];
        for item in items {
            match out.last_mut() {
                Some(before) if item.level == Depth::Full && before.level < Depth::Full => before.items.push(item),
                _ => out.push(item),
            }
        }
        out
    }
}

/// The least depth at which a step is shown; what fails is always shown.
fn level(step: &Step) -> Depth {
    if matches!(step.audit, Audit::Fails { .. }) { Depth::Outline } else { step.level }
}

impl Item {
    fn renumber(&mut self, number: Vec<usize>) {
        for (k, item) in self.items.iter_mut().enumerate() {
            item.renumber(number.iter().copied().chain([k + 1]).collect());
        }
        self.number = number;
    }

    fn draw_at(&mut self, depth: Depth) {
        self.depth = depth;
        self.items.iter_mut().for_each(|item| item.draw_at(depth));
    }

    /// This item with nothing but the one of a number in it, which is drawn in full.
    fn only(&mut self, number: &[usize]) -> Option<Item> {
        if self.number == number {
            self.draw_at(Depth::Full);
            self.level = Depth::Outline;
            return Some(self.clone());
        }
        let found = self.items.iter_mut().find_map(|item| item.only(number))?;
        Some(Item { items: vec![found], level: Depth::Outline, ..self.clone() })
    }

    /// Whether it is shown.
    pub fn shown(&self) -> bool {
        self.level <= self.depth || self.items.iter().any(Item::shown)
    }

    /// Its number as it is printed.
    pub fn address(&self) -> String {
        dotted(&self.number)
    }

    /// All steps of it and of its details, each with the number of its item.
    pub fn steps(&self) -> Vec<(usize, String)> {
        let own = self.of.iter().chain(&self.links).map(|&id| (id, self.address()));
        own.chain(self.items.iter().flat_map(Item::steps)).collect()
    }

    fn find(&self, step: usize) -> Option<&Item> {
        if self.links.contains(&step) { Some(self) } else { self.items.iter().find_map(|i| i.find(step)) }
    }
}

impl Page<'_> {
    /// Draws the equations of an item.
    fn fill(&self, item: &mut Item) {
        let steps: Vec<&Step> = item.links.iter().map(|&id| &self.derivation.steps[id]).collect();
        // Of a chain that is not shown at this depth, what is shown at the least depth.
        let depth = item.depth.max(item.level);
        let shown: Vec<&Step> = steps.iter().copied().filter(|s| level(s) <= depth).collect();
        let hides = shown.len() < steps.len();
        if let Some(head) = steps.first() {
            item.row = Some(self.row(head, &shown));
            item.full = hides.then(|| self.row(head, &steps));
        }
        item.items.iter_mut().for_each(|item| self.fill(item));
    }

    fn row(&self, head: &Step, shown: &[&Step]) -> Row {
        let mut row = Row {
            steps: shown.iter().map(|s| s.id).collect(),
            left: self.sides[head.id].as_ref().map(|s| s.0.clone()),
            links: vec![],
            shape: vec![],
            factors: vec![],
            pattern: None,
            letters: vec![],
            notes: vec![],
            rules: vec![],
            flags: vec![],
            audit: Audit::Structural,
        };
        for step in shown {
            if let (Some(line), Some((_, right))) = (&step.line, &self.sides[step.id]) {
                match (row.links.last_mut(), right) {
                    // One condition for all values of a chain.
                    (Some((_, Drawn::Diagonal(i, j, values))), Drawn::Diagonal(k, l, more)) if i == k && j == l => values.extend(more),
                    _ => row.links.push((line.relation, right.clone())),
                }
                row.add(line);
            }
            row.notes.extend(step.note.clone());
            for rule in &step.rules {
                if !row.rules.contains(rule) {
                    row.rules.push(rule.clone());
                }
            }
            for flag in self.flags.iter().enumerate().filter(|(_, c)| step.requires.contains(c)).map(|(k, _)| k) {
                if !row.flags.contains(&flag) {
                    row.flags.push(flag);
                }
            }
            row.audit = together(&row.audit, &step.audit);
        }
        row
    }

    /// Conditions of the steps that are shown, then, where all of it is shown, the others; those that are not proved.
    fn needed(&self, sections: &[Item]) -> Vec<usize> {
        let mut out = vec![];
        for (id, _) in sections.iter().flat_map(Item::steps) {
            for &c in &self.derivation.steps[id].requires {
                if self.derivation.conditions.get(c).is_some_and(|c| !c.proved) && !out.contains(&c) {
                    out.push(c);
                }
            }
        }
        if self.whole {
            let rest = (0..self.derivation.conditions.len()).filter(|c| !self.derivation.conditions[*c].proved && !out.contains(c));
            out.extend(rest.collect::<Vec<_>>());
        }
        out
    }

    /// A condition in words.
    pub fn flag(&self, k: usize) -> String {
        let condition = &self.derivation.conditions[self.flags[k]];
        if condition.is_kink() { condition.text.clone() } else { format!("needs {}", condition.text) }
    }

    /// What a name is the differential of.
    pub fn differential_of(&self, name: &str) -> Option<&str> {
        let known = self.derivation.differentials.iter().find(|d| d.0 == name);
        known.map(|d| d.1.as_str())
    }

    fn drawn(&mut self, side: &Side) -> Drawn {
        match side {
            Side::Tree(id) => Drawn::Tree(*id),
            Side::Partial(of, by) => Drawn::Partial(*of, by.clone()),
            Side::Differential(of) => Drawn::Tree(self.differential(*of)),
            Side::Chains(chains) => Drawn::Chains(chains.clone()),
            Side::Cases(id) => self.cases(*id),
            Side::Diagonal(i, j, id) => Drawn::Diagonal(i.clone(), j.clone(), vec![*id]),
            Side::Picture(rows) => Drawn::Picture(rows.clone()),
        }
    }

    /// The differential of a name, of an entry, or of a formula.
    fn differential(&mut self, of: NodeId) -> NodeId {
        match self.syntax.kind(of).clone() {
            Kind::Name(name) => {
                let known = self.derivation.differentials.iter().find(|d| d.1 == name);
                let name = known.map_or_else(|| format!("d{name}"), |d| d.0.clone());
                self.syntax.name(&name)
            }
            Kind::Index(base, subscripts) => {
                let base = self.differential(base);
                self.syntax.add(Kind::Index(base, subscripts), Span::default())
            }
            _ => self.syntax.add(Kind::Call("d".into(), vec![of]), Span::default()),
        }
    }

    /// The first `where` of a tree as cases: its marker in the tree, and the rows, those of a nested one among them.
    fn cases(&mut self, root: NodeId) -> Drawn {
        let choice = |syntax: &Syntax, id: NodeId| match syntax.kind(id) {
            Kind::Call(name, parts) if name == "where" && parts.len() == 3 => Some((parts[0], parts[1], parts[2])),
            _ => None,
        };
        let Some(first) = self.syntax.under(root).into_iter().rev().find(|id| choice(&self.syntax, *id).is_some()) else {
            return Drawn::Tree(root);
        };
        let (mut rows, mut rest) = (vec![], vec![first]);
        while let Some(id) = rest.pop() {
            if let Some((condition, yes, no)) = choice(&self.syntax, id) {
                // A choice within the case that a condition excludes is drawn as it is.
                rows.push((no, self.test(condition, false)));
                rows.push((yes, self.test(condition, true)));
            }
        }
        let marker = self.syntax.name(CASES);
        let around = replaced(&mut self.syntax, root, &|_, id| (id == first).then_some(marker));
        Drawn::Cases(around, rows)
    }

    fn test(&self, condition: NodeId, holds: bool) -> Test {
        match self.syntax.kind(condition) {
            Kind::Binary(op, a, b) if op.compares() => {
                let op = match (holds, op) {
                    (true, op) => *op,
                    (false, Operator::Greater) => Operator::LessEqual,
                    (false, Operator::Less) => Operator::GreaterEqual,
                    (false, Operator::GreaterEqual) => Operator::Less,
                    (false, Operator::LessEqual) => Operator::Greater,
                    (false, Operator::Equal) => Operator::NotEqual,
                    (false, _) => Operator::Equal,
                };
                Test::Compares(*a, op, *b)
            }
            _ if holds => Test::Holds(condition),
            _ => Test::Fails(condition),
        }
    }

    /// Whether a tree takes a `∂` before it without parentheses: a name or an entry of one.
    pub fn is_name(&self, id: NodeId) -> bool {
        match self.syntax.kind(id) {
            Kind::Name(_) => true,
            Kind::Index(base, subscripts) => {
                matches!(self.syntax.kind(*base), Kind::Name(_)) && subscripts.iter().all(|s| matches!(s, Subscript::At(_)))
            }
            _ => false,
        }
    }

    /// Sizes with their value in a picture: `["n"]` of `N×n` that is drawn at n = 3.
    pub fn sizes(rows: &[Vec<Option<NodeId>>], shape: &[String]) -> Vec<String> {
        let drawn = [rows.len(), rows.first().map_or(0, Vec::len)];
        let mut out: Vec<String> = vec![];
        for (size, n) in shape.iter().zip(drawn) {
            let named = size.starts_with(|c: char| c.is_alphabetic()) && size.chars().all(|c| c.is_alphanumeric() || c == '_');
            if named && n == 3 && !out.contains(size) {
                out.push(size.clone());
            }
        }
        out
    }
}

impl Row {
    fn add(&mut self, line: &Line) {
        if !line.shape.is_empty() {
            self.shape = line.shape.clone();
        }
        if !line.factors.is_empty() {
            self.factors = line.factors.clone();
        }
        if line.pattern.is_some() {
            self.pattern = line.pattern.clone();
        }
        for letter in &line.letters {
            if !self.letters.contains(letter) {
                self.letters.push(letter.clone());
            }
        }
    }
}

/// What two links of a chain are together.
pub(super) fn together(a: &Audit, b: &Audit) -> Audit {
    let rank = |x: &Audit| match x {
        Audit::Structural => 0,
        Audit::Holds { .. } => 1,
        Audit::Open => 2,
        Audit::Skipped(_) => 3,
        Audit::Fails { .. } => 4,
    };
    match (a, b) {
        (Audit::Holds { points, worst }, Audit::Holds { points: p, worst: w }) => {
            Audit::Holds { points: *points.min(p), worst: worst.max(*w) }
        }
        _ if rank(b) > rank(a) => b.clone(),
        _ => a.clone(),
    }
}

impl Tally {
    fn of(derivation: &Derivation, sections: &[Item]) -> Tally {
        let mut tally = Tally { points: usize::MAX, ..Tally::default() };
        for step in &derivation.steps {
            let place = || sections.iter().find_map(|s| s.find(step.id)).map_or_else(String::new, Item::address);
            match &step.audit {
                Audit::Structural => continue,
                Audit::Open if step.line.as_ref().is_none_or(|l| l.tested.is_none()) => continue,
                Audit::Open => {}
                Audit::Holds { points, worst } => {
                    tally.held += 1;
                    tally.points = tally.points.min(*points);
                    tally.worst = tally.worst.max(*worst);
                }
                Audit::Skipped(reason) => match tally.skipped.iter_mut().find(|s| s.0 == *reason) {
                    Some(group) if group.1.contains(&place()) => {}
                    Some(group) => group.1.push(place()),
                    None => tally.skipped.push((reason.clone(), vec![place()])),
                },
                Audit::Fails { worst, place: words } => tally.failed.push((place(), *worst, words.clone())),
            }
            tally.lines += 1;
        }
        tally
    }

    /// The sign and the words of each line of the verdict; in words only, so that it does not depend on colour.
    pub fn words(&self) -> Vec<(char, String)> {
        let mut out = vec![];
        let lines = |n: usize| if n == 1 { "line" } else { "lines" };
        let at = || format!("checked at {} points, worst {}", self.points, bound(self.worst));
        if self.held > 0 && self.failed.is_empty() {
            out.push((
                '✓',
                if self.held == self.lines {
                    format!("each line {}", at())
                } else {
                    format!("{} of {} lines {}", self.held, self.lines, at())
                },
            ));
        } else if self.held == 0 && self.skipped.is_empty() && self.failed.is_empty() {
            out.push(('?', if self.lines == 0 { "nothing to check".into() } else { "not checked".into() }));
        }
        for (number, worst, place) in &self.failed {
            let place = if place.is_empty() { String::new() } else { format!(": {place}") };
            out.push(('✗', format!("line {number} does not hold, error {}{place}", bound(*worst))));
        }
        for (reason, numbers) in &self.skipped {
            out.push(('?', format!("{} {} not tested: {reason}", lines(numbers.len()), numbers.join(", "))));
        }
        out
    }
}

/// An error bound with one digit after the point.
pub fn bound(x: f64) -> String {
    if x == 0.0 { "0".into() } else { format!("{x:.1e}") }
}

/// Sizes as a shape: `N×n`, `(n+1)×n`, with signs of one's own for times and for products within a size.
pub fn shape(sizes: &[String], by: &str, times: &str) -> String {
    let one = |size: &String| {
        let simple = size.chars().all(|c| c.is_alphanumeric() || c == '_');
        let text = size.replace('*', times);
        if simple || sizes.len() == 1 { text } else { format!("({text})") }
    };
    sizes.iter().map(one).collect::<Vec<_>>().join(by)
}

/// What letters run over, those of the same size together: `i, j = 1…n`.
pub fn letters(row: &Row) -> Vec<(Vec<&str>, &str)> {
    let mut groups: Vec<(Vec<&str>, &str)> = vec![];
    for (letter, size) in &row.letters {
        match groups.iter_mut().find(|g| g.1 == size) {
            Some(group) => group.0.push(letter),
            None => groups.push((vec![letter], size)),
        }
    }
    groups
}

/// Shapes of the factors of a chain: `(1×N)(N×n) = 1×n`, terms with a plus between them.
pub fn factors(row: &Row, by: &str, times: &str) -> String {
    let factor = |f: &Vec<String>| format!("({})", shape(f, by, times));
    let term = |t: &Vec<Vec<String>>| t.iter().map(factor).collect::<String>();
    let terms: Vec<String> = row.factors.iter().map(term).collect();
    format!("{} = {}", terms.join(" + "), shape(&row.shape, by, times))
}
