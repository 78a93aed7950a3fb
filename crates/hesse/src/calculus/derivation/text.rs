//! A derivation for the terminal: numbered sections, equations under each other, cases and small matrices over several lines.

use super::page::{CASES, Drawn, Item, Page, Row, Test, bound, factors, letters, shape};
use super::{Audit, Chain, Relation};
use crate::syntax::plain::plain;
use crate::syntax::tree::{NodeId, Operator};
use crate::syntax::unicode::{lowered, sign};

/// How the text is set.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Columns.
    pub width: usize,
    /// No signs outside ASCII.
    pub ascii: bool,
}

/// A heading up to this many columns stands on the line of its first equation, where lines are this wide.
const HEADING: usize = 30;
const SPACIOUS: usize = 110;

/// Left sides up to this many columns have a column of their own.
const LEFT: usize = 24;

/// In fewer columns than this a heading has a line of its own.
const NARROW: usize = 80;

/// An equation wider than this does not push the remarks of the others to the right.
const WIDEST: usize = 46;

impl Page<'_> {
    /// The page as text; every line ends with a newline.
    pub fn text(&self, setting: Setting) -> String {
        let writer = Writer { page: self, setting, signs: if setting.ascii { &ASCII } else { &UNICODE } };
        let mut lines = writer.head();
        lines.push(String::new());
        lines.extend(writer.sections());
        lines.extend(writer.tail());
        lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// A side on one line.
    pub fn line(&self, drawn: &Drawn, ascii: bool) -> String {
        let setting = Setting { width: usize::MAX, ascii };
        Writer { page: self, setting, signs: if ascii { &ASCII } else { &UNICODE } }.flat(drawn)
    }
}

/// The signs of a text.
struct Signs {
    times: &'static str,
    by: &'static str,
    within: &'static str,
    dots: &'static str,
    partial: &'static str,
    sum: &'static str,
    zero: &'static str,
    implies: &'static str,
    flag: &'static str,
}

const UNICODE: Signs =
    Signs { times: " · ", by: "×", within: "·", dots: "…", partial: "∂", sum: "Σ", zero: "·", implies: "⇒", flag: "⚑" };
const ASCII: Signs =
    Signs { times: " * ", by: "x", within: "*", dots: "...", partial: "d", sum: "sum", zero: ".", implies: "=>", flag: "!" };

struct Writer<'a> {
    page: &'a Page<'a>,
    setting: Setting,
    signs: &'static Signs,
}

/// Lines of equal standing, one of which is level with the text around.
#[derive(Clone, Debug, Default)]
struct Block {
    lines: Vec<String>,
    axis: usize,
}

impl Block {
    fn line(text: impl Into<String>) -> Block {
        Block { lines: vec![text.into()], axis: 0 }
    }

    fn width(&self) -> usize {
        self.lines.iter().map(|line| width(line)).max().unwrap_or(0)
    }

    /// The block with another one to its right.
    fn beside(self, right: &Block) -> Block {
        let axis = self.axis.max(right.axis);
        let below = |b: &Block| b.lines.len() - b.axis;
        let height = axis + below(&self).max(below(right));
        let at = self.width();
        let line = |b: &Block, k: usize| (k + b.axis).checked_sub(axis).and_then(|k| b.lines.get(k).cloned()).unwrap_or_default();
        let lines = (0..height).map(|k| format!("{}{}", padded(&line(&self, k), at), line(right, k))).collect();
        Block { lines, axis }
    }
}

/// Columns that a text takes.
fn width(text: &str) -> usize {
    text.chars().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).count()
}

fn padded(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

impl Writer<'_> {
    fn tree(&self, id: NodeId) -> String {
        if self.setting.ascii {
            return plain(&self.page.syntax, id);
        }
        lowered(&self.page.syntax, id, &|name| self.differential(name))
    }

    /// `dlambda` as `dλ`.
    fn differential(&self, name: &str) -> Option<String> {
        let of = self.page.differential_of(name)?;
        Some(format!("d{}", crate::syntax::unicode::name(of)))
    }

    fn named(&self, name: &str) -> String {
        if self.setting.ascii { name.to_string() } else { crate::syntax::unicode::name(name) }
    }

    fn shape(&self, sizes: &[String]) -> String {
        shape(sizes, self.signs.by, self.signs.within)
    }

    // Sides.

    /// A side over as many lines as it needs.
    fn block(&self, drawn: &Drawn, sizes: &[String]) -> Block {
        match drawn {
            Drawn::Cases(around, rows) => {
                let text = self.tree(*around);
                let (before, after) = text.split_once(CASES).unwrap_or((&text, ""));
                let values: Vec<String> = rows.iter().map(|r| self.tree(r.0)).collect();
                let widest = values.iter().map(|v| width(v)).max().unwrap_or(0);
                let last = rows.len().saturating_sub(1);
                let brace = |k: usize| match (self.setting.ascii, k) {
                    (true, _) => "{",
                    (_, 0) => "⎧",
                    (_, k) if k == last => "⎩",
                    _ => "⎨",
                };
                let line = |(k, (value, row)): (usize, (&String, &(NodeId, Test)))| {
                    format!("{} {}  if {}", brace(k), padded(value, widest), self.test(&row.1))
                };
                let cases = Block { lines: values.iter().zip(rows).enumerate().map(line).collect(), axis: 0 };
                Block::line(before).beside(&cases).beside(&Block::line(after))
            }
            Drawn::Picture(rows) => {
                let picture = self.picture(rows);
                let at = Page::sizes(rows, sizes);
                if at.is_empty() { picture } else { picture.beside(&Block::line(format!("  ({} = 3)", at.join(" = ")))) }
            }
            _ => Block::line(self.flat(drawn)),
        }
    }

    /// A side on one line.
    fn flat(&self, drawn: &Drawn) -> String {
        match drawn {
            Drawn::Tree(id) => self.tree(*id),
            Drawn::Partial(of, by) => self.partial(*of, by),
            Drawn::Chains(chains) => chains.iter().map(|c| self.chain(c)).collect::<Vec<_>>().join(" + "),
            Drawn::Cases(around, rows) => {
                let one = |row: &(NodeId, Test)| format!("{} if {}", self.tree(row.0), self.test(&row.1));
                let cases = rows.iter().map(one).collect::<Vec<_>>().join(", ");
                self.tree(*around).replacen(CASES, &format!("{{{cases}}}"), 1)
            }
            Drawn::Diagonal(i, j, values) => {
                let values: Vec<String> = values.iter().map(|v| self.tree(*v)).collect();
                format!("{}  if {} = {},  0 otherwise", values.join(" = "), self.named(j), self.named(i))
            }
            Drawn::Picture(rows) => {
                let entry = |e: &Option<NodeId>| e.map_or_else(|| self.signs.zero.to_string(), |id| self.tree(id));
                let row = |row: &Vec<Option<NodeId>>| row.iter().map(entry).collect::<Vec<_>>().join(", ");
                format!("[{}]", rows.iter().map(row).collect::<Vec<_>>().join("; "))
            }
        }
    }

    /// `∂u/∂z`; more variables are those of a second derivative.
    fn partial(&self, of: NodeId, by: &[NodeId]) -> String {
        let d = self.signs.partial;
        let bare = |id: NodeId| if self.page.is_name(id) { self.tree(id) } else { format!("({})", self.tree(id)) };
        let order = match (by.len(), self.setting.ascii) {
            (1, _) => "",
            (2, false) => "²",
            (2, true) => "^2",
            (_, false) => "³",
            (_, true) => "^3",
        };
        let names: Vec<String> = by.iter().map(|&v| bare(v)).collect();
        let below = match names.as_slice() {
            [first, rest @ ..] if !rest.is_empty() && rest.iter().all(|n| n == first) => format!("{d}{first}{order}"),
            _ => names.iter().map(|n| format!("{d}{n}")).collect(),
        };
        format!("{d}{order}{}/{below}", bare(of))
    }

    fn chain(&self, chain: &Chain) -> String {
        let factors: Vec<String> = chain.factors.iter().map(|(of, by)| self.partial(*of, &[*by])).collect();
        let product = factors.join(self.signs.times);
        if chain.summed.is_empty() {
            return product;
        }
        let letters: Vec<String> = chain.summed.iter().map(|l| self.named(l)).collect();
        let low: Option<String> = chain.summed.iter().map(|l| crate::syntax::unicode::low(l)).collect();
        match low {
            Some(low) if !self.setting.ascii => format!("{}{low} {product}", self.signs.sum),
            _ => format!("{}[{}] {product}", self.signs.sum, letters.join(",")),
        }
    }

    fn test(&self, test: &Test) -> String {
        match *test {
            Test::Compares(a, op, b) => {
                let sign = match (self.setting.ascii, op) {
                    (_, Operator::Equal) => " = ".to_string(),
                    (true, op) => format!(" {} ", op.spelling()),
                    (false, op) => sign(op),
                };
                format!("{}{sign}{}", self.tree(a), self.tree(b))
            }
            Test::Holds(a) => format!("{} = 1", self.tree(a)),
            Test::Fails(a) => format!("{} = 0", self.tree(a)),
        }
    }

    /// A matrix entry by entry, columns centred.
    fn picture(&self, rows: &[Vec<Option<NodeId>>]) -> Block {
        let entry = |e: &Option<NodeId>| e.map_or_else(|| self.signs.zero.to_string(), |id| self.tree(id));
        let texts: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(entry).collect()).collect();
        let columns = texts.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(|c| texts.iter().filter_map(|r| r.get(c)).map(|t| width(t)).max().unwrap_or(0)).collect();
        let centred = |(text, w): (&String, &usize)| {
            let left = (w - width(text)) / 2;
            padded(&format!("{}{text}", " ".repeat(left)), *w)
        };
        let last = texts.len().saturating_sub(1);
        let bracket = |k: usize| match (self.setting.ascii || last == 0, k) {
            (true, _) => ("[", "]"),
            (_, 0) => ("⎡", "⎤"),
            (_, k) if k == last => ("⎣", "⎦"),
            _ => ("⎢", "⎥"),
        };
        let line = |(k, row): (usize, &Vec<String>)| {
            let cells: Vec<String> = row.iter().zip(&widths).map(centred).collect();
            format!("{} {} {}", bracket(k).0, cells.join("  "), bracket(k).1)
        };
        Block { lines: texts.iter().enumerate().map(line).collect(), axis: last / 2 }
    }

    // The page.

    /// The problem, and the types of the inputs.
    fn head(&self) -> Vec<String> {
        let (name, value) = self.page.problem;
        let equation = format!("{} = {}", self.tree(name), self.tree(value));
        let of = |(names, of): &(Vec<String>, String)| {
            let names: Vec<String> = names.iter().map(|n| self.named(n)).collect();
            format!("{} : {of}", names.join(", "))
        };
        let types: Vec<String> = self.page.inputs.iter().map(of).collect();
        let layout = if self.page.derivation.denominator { "   (denominator layout)" } else { "" };
        let together = format!("{equation}     {}{layout}", types.join(", "));
        if width(&together) <= self.setting.width {
            return vec![together];
        }
        let mut lines = wrapped(&equation, self.setting.width, self.setting.width, 4);
        // A type stays with its names.
        let mut line = String::new();
        for (k, of) in types.iter().enumerate() {
            let of = if k + 1 < types.len() { format!("{of},") } else { format!("{of}{layout}") };
            if !line.is_empty() && 5 + width(&line) + width(&of) > self.setting.width {
                lines.push(format!("    {}", std::mem::take(&mut line)));
            }
            line = if line.is_empty() { of } else { format!("{line} {of}") };
        }
        lines.push(format!("    {line}"));
        lines
    }

    fn sections(&self) -> Vec<String> {
        let shown: Vec<&Item> = self.page.sections.iter().filter(|s| s.shown()).collect();
        let heading = |s: &Item| format!("{:<2} {}", s.address(), s.heading.as_deref().unwrap_or_default()).trim_end().to_string();
        let widest = if self.setting.width < SPACIOUS { LEFT } else { HEADING };
        let widths = shown.iter().map(|s| width(&heading(s))).filter(|&w| w <= widest);
        let indent = widths.max().filter(|_| self.setting.width >= NARROW).map_or(3, |w| w + 3);
        let mut out = vec![];
        for section in shown {
            let mut lines = self.rows(&section.items, indent);
            let heading = heading(section);
            match lines.first_mut() {
                Some(first) if width(&heading) + 2 <= indent && width(first) > indent => {
                    *first = format!("{}{}", padded(&heading, indent), first.chars().skip(indent).collect::<String>());
                }
                _ => out.push(heading),
            }
            out.extend(lines);
        }
        out
    }

    /// Items under each other: relation signs and remarks in columns.
    fn rows(&self, items: &[Item], indent: usize) -> Vec<String> {
        let shown: Vec<&Item> = items.iter().filter(|i| i.shown()).collect();
        let rows = || shown.iter().filter_map(|i| i.row.as_ref());
        let left = |row: &Row| row.left.as_ref().map(|l| self.flat(l));
        let lefts = rows().filter(|r| !r.links.is_empty()).filter_map(left).map(|t| width(&t)).filter(|&w| w <= LEFT);
        let columns = Columns {
            indent,
            left: lefts.max().unwrap_or(0),
            relation: rows().flat_map(|r| &r.links).map(|l| width(self.relation(l.0))).max().unwrap_or(1),
            body: 0,
            shape: rows().map(|r| width(&self.size(r))).filter(|&w| w <= WIDEST).max().unwrap_or(0),
        };
        let widest = rows().map(|r| self.equation(r, &columns).width()).filter(|&w| w <= WIDEST).max().unwrap_or(0);
        let columns = Columns { body: widest, ..columns };
        let mut out = vec![];
        let mut above: Option<&Row> = None;
        for item in shown {
            if let Some(heading) = &item.heading {
                out.extend(hung(heading, indent, self.setting.width));
            }
            if let Some(row) = &item.row {
                out.extend(self.draw(row, &columns, above));
                above = Some(row);
            }
            out.extend(self.rows(&item.items, indent + 2));
        }
        out
    }

    fn relation(&self, relation: Relation) -> &'static str {
        match relation {
            Relation::Defined => ":=",
            Relation::Equal | Relation::Implies => "=",
        }
    }

    /// The left side and the relation of a row, in their columns.
    fn start(&self, row: &Row, columns: &Columns) -> Block {
        let Some(left) = &row.left else { return Block::line("") };
        let relation = row.links.first().map_or("", |l| self.relation(l.0));
        let implies = row.links.first().is_some_and(|l| l.0 == Relation::Implies);
        let left = if implies { format!("{} {}", self.signs.implies, self.flat(left)) } else { self.flat(left) };
        let pad = columns.relation.saturating_sub(width(relation));
        Block::line(format!("{} {}{relation} ", padded(&left, columns.left), " ".repeat(pad)))
    }

    /// A whole row side by side.
    fn equation(&self, row: &Row, columns: &Columns) -> Block {
        let mut block = self.start(row, columns);
        for (k, (_, side)) in row.links.iter().enumerate() {
            if k > 0 {
                block = block.beside(&Block::line(" = "));
            }
            block = block.beside(&self.block(side, &row.shape));
        }
        block
    }

    fn size(&self, row: &Row) -> String {
        let size = if row.factors.is_empty() { self.shape(&row.shape) } else { factors(row, self.signs.by, self.signs.within) };
        match &row.pattern {
            Some(pattern) if !pattern.is_empty() => format!("{size}  {pattern}"),
            _ => size,
        }
    }

    /// What stands to the right of an equation, after its size. What is said of the row above is not said again.
    fn remarks(&self, row: &Row, above: Option<&Row>) -> Vec<String> {
        let mut out = vec![];
        let letters = letters(row).into_iter().map(|(letters, n)| {
            let letters: Vec<String> = letters.iter().map(|l| self.named(l)).collect();
            format!("{} = 1{}{n}", letters.join(", "), self.signs.dots)
        });
        let letters: Vec<String> = letters.collect();
        if !letters.is_empty() {
            out.push(letters.join(", "));
        }
        match above {
            Some(above) if above.notes == row.notes && !row.notes.is_empty() => out.push("likewise".into()),
            _ => out.extend(row.notes.iter().cloned()),
        }
        if !row.rules.is_empty() && above.is_none_or(|above| above.rules != row.rules) {
            out.push(format!("[{}]", row.rules.join(", ")));
        }
        if !row.flags.is_empty() {
            out.push(row.flags.iter().map(|&k| self.flag(k)).collect::<Vec<_>>().join(" "));
        }
        if let Audit::Fails { worst, place } = &row.audit {
            let place = if place.is_empty() { String::new() } else { format!(": {place}") };
            out.push(format!("{} does not hold, error {}{place}", if self.setting.ascii { "FAILED" } else { "✗" }, bound(*worst)));
        }
        out
    }

    /// The sign of a condition, numbered where there are several.
    fn flag(&self, k: usize) -> String {
        if self.page.flags.len() > 1 { format!("{}{}", self.signs.flag, k + 1) } else { self.signs.flag.to_string() }
    }

    fn draw(&self, row: &Row, columns: &Columns, above: Option<&Row>) -> Vec<String> {
        let space = " ".repeat(columns.indent);
        if row.links.is_empty() {
            return row.notes.iter().flat_map(|note| hung(note, columns.indent, self.setting.width)).collect();
        }
        let room = self.setting.width.saturating_sub(columns.indent);
        let size = self.size(row);
        let remarks = self.remarks(row, above);
        let mut lines = self.lines(row, columns, room);
        // The remarks stand beside the line of the relation if they fit, else below.
        let block = self.equation(row, columns);
        let single = lines.len() == block.lines.len() && block.width() <= room;
        let at = if single { block.axis } else { lines.len() - 1 };
        let own = if single { block.width() } else { width(&lines[at]) };
        let column = columns.body.max(own);
        let mut segments: Vec<String> = vec![];
        if !size.is_empty() || columns.shape > 0 && !remarks.is_empty() {
            segments.push(if remarks.is_empty() { size } else { padded(&size, columns.shape) });
        }
        segments.extend(remarks);
        let mut line = at;
        let mut rest: Vec<String> = vec![];
        for (k, segment) in segments.iter().enumerate() {
            let bare = segment.trim_end();
            let from = |line: usize| if width(&lines[line]) <= own { column } else { width(&lines[line]) };
            // The lines below the first of a block have room as well.
            while line + 1 < lines.len() && single && from(line) + 3 + width(bare) > room {
                line += 1;
            }
            if bare.is_empty() && rest.is_empty() && k > 0 {
                continue;
            }
            if rest.is_empty() && from(line) + 3 + width(bare) <= room {
                let text = format!("{}   {segment}", padded(&lines[line], from(line)));
                lines[line] = if width(&text) <= room { text } else { text.trim_end().to_string() };
            } else if rest.is_empty() && width(&lines[line]) <= own && own + 3 + width(bare) <= room {
                // A remark that is out of its column is better than one on a line of its own.
                let from = room - width(bare);
                lines[line] = format!("{}{bare}", padded(&lines[line], from));
            } else if !bare.is_empty() {
                rest.push(bare.to_string());
            }
        }
        let rest = rest.join("   ");
        let mut out: Vec<String> = lines.iter().map(|line| format!("{space}{line}")).collect();
        if !rest.is_empty() {
            let hang = columns.left + columns.relation + 2;
            out.extend(hung(&rest, columns.indent + hang, self.setting.width));
        }
        out
    }

    /// An equation within a width: side by side, else a line a link, else broken at its operators.
    fn lines(&self, row: &Row, columns: &Columns, room: usize) -> Vec<String> {
        let whole = self.equation(row, columns);
        if whole.width() <= room {
            return whole.lines;
        }
        let start = self.start(row, columns);
        // A wide left side has its own line.
        let hang = columns.left + columns.relation + 2;
        let mut out = vec![];
        let mut current = start;
        if current.width() > hang && current.width() + 8 > room {
            out.extend(current.lines.clone());
            current = Block::line(" ".repeat(hang));
        }
        for (k, (relation, side)) in row.links.iter().enumerate() {
            let side = self.block(side, &row.shape);
            if k > 0 {
                let joined = current.clone().beside(&Block::line(" = ")).beside(&side);
                if joined.width() <= room {
                    current = joined;
                    continue;
                }
                out.extend(current.lines);
                let sign = self.relation(*relation);
                current = Block::line(format!("{}{sign} ", " ".repeat(hang - width(sign) - 1)));
            }
            if current.width() + side.width() > room && side.lines.len() == 1 {
                let from = current.width();
                let mut lines = wrapped(&side.lines[0], room.saturating_sub(from), room, hang + 2);
                let last = if lines.len() > 1 { lines.pop() } else { None };
                let first = lines.remove(0);
                out.push(format!("{}{first}", current.lines[0]));
                out.extend(lines);
                match last {
                    Some(last) => current = Block::line(last),
                    None => current = Block::line(out.pop().unwrap_or_default()),
                }
            } else {
                current = current.beside(&side);
            }
        }
        out.extend(current.lines);
        out
    }

    /// What the audit found, and what the conditions are.
    fn tail(&self) -> Vec<String> {
        let mut out = vec![];
        for (sign, words) in self.page.tally.words() {
            let sign = match (self.setting.ascii, sign) {
                (true, '✓') => "ok".to_string(),
                (true, '✗') => "FAILED".to_string(),
                (_, sign) => sign.to_string(),
            };
            out.extend(hung(&format!("{sign} {words}"), 0, self.setting.width));
        }
        let flags: Vec<String> = (0..self.page.flags.len()).map(|k| format!("{} {}", self.flag(k), self.page.flag(k))).collect();
        match (out.as_mut_slice(), flags.as_slice()) {
            // A short verdict and the only condition share a line.
            ([line], [flag]) if width(line) + 3 + width(flag) <= self.setting.width.min(SPACIOUS) => *line = format!("{line}   {flag}"),
            _ => out.extend(flags.iter().flat_map(|flag| hung(flag, 0, self.setting.width))),
        }
        out
    }
}

/// Where the columns of a section stand, and how wide they are.
struct Columns {
    indent: usize,
    left: usize,
    relation: usize,
    body: usize,
    shape: usize,
}

/// Words from a column on, the further lines two columns in.
fn hung(text: &str, indent: usize, columns: usize) -> Vec<String> {
    let room = columns.saturating_sub(indent).max(20);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let first = lines.len() == 1;
        let Some(line) = lines.last_mut() else { continue };
        let limit = if first { room } else { room.saturating_sub(2) };
        if !line.is_empty() && width(line) + 1 + width(word) > limit && !word.is_empty() {
            lines.push(word.to_string());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    let line = |(k, line): (usize, &String)| format!("{}{}", " ".repeat(indent + if k > 0 { 2 } else { 0 }), line.trim_end());
    lines.iter().enumerate().map(line).collect()
}

/// A formula in lines of at most `first`, then `rest` columns, broken outside brackets where it can be; the further lines from column `indent` on.
fn wrapped(text: &str, first: usize, rest: usize, indent: usize) -> Vec<String> {
    let mut out: Vec<String> = vec![];
    let mut left: Vec<char> = text.chars().collect();
    loop {
        let limit = if out.is_empty() { first.max(12) } else { rest.saturating_sub(indent).max(12) };
        let line = |chars: &[char], first: bool| {
            let text: String = chars.iter().collect();
            if first { text.trim_end().to_string() } else { format!("{}{}", " ".repeat(indent), text.trim()) }
        };
        if left.len() <= limit {
            out.push(line(&left, out.is_empty()));
            return out;
        }
        let at = breaking(&left, limit);
        out.push(line(&left[..at], out.is_empty()));
        left.drain(..at);
        while left.first() == Some(&' ') {
            left.remove(0);
        }
        if left.is_empty() {
            return out;
        }
    }
}

/// The best place to break before a limit: a space or a `·` outside brackets, else inside, else the limit itself.
fn breaking(chars: &[char], limit: usize) -> usize {
    let mut depth = 0usize;
    let mut best: Option<(usize, usize)> = None;
    for (k, c) in chars.iter().enumerate().take(limit) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ' ' | '·' if k > limit / 3 => {
                // A break at a space stands before its sign: `a` / `+ b`.
                let before_sign = *c == ' ' && chars.get(k + 1).is_some_and(|n| !n.is_alphanumeric() && *n != '(' && *n != '[');
                let rank = depth * 2 + usize::from(!before_sign);
                if best.is_none_or(|(r, _)| rank <= r) {
                    best = Some((rank, if *c == '·' { k + 1 } else { k }));
                }
            }
            _ => {}
        }
    }
    best.map_or(limit, |(_, at)| at)
}
