//! A derivation as one HTML page: nothing is loaded, nothing runs. Steps open with `<details>`, formulas are MathML.

use super::page::{CASES, Drawn, Item, Page, Row, Test, bound, factors, letters, shape};
use super::{Audit, Chain, Depth, Relation, Style};
use crate::syntax::mathml::{escape, name, row_with, sign};
use crate::syntax::tree::{NodeId, Operator};

const CSS: &str = include_str!("page.css");

impl Page<'_> {
    /// The page as a document. All steps are in it, whatever is shown: those that are not stand closed.
    pub fn html(&self) -> String {
        let (of, value) = self.problem;
        let title = format!("Derivation of {}", escape(&self.title()));
        let mut out = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
             <style>\n{CSS}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        );
        out.push_str(&format!(
            "<div class=\"formula problem\">{}</div>\n",
            math(&format!("{}<mo>=</mo>{}", tree(self, of), tree(self, value)))
        ));
        out.push_str("<ul class=\"inputs\">\n");
        for (names, of) in &self.inputs {
            let names: Vec<String> = names.iter().map(|n| name(n)).collect();
            out.push_str(&format!("<li>{} : {}</li>\n", inline(&names.join("<mo>,</mo>")), escape(of)));
        }
        out.push_str("</ul>\n");
        let style = match self.derivation.style {
            Style::Scalar => "pieces, their Jacobians, and the vector chain rule",
            Style::Differential => "differentials",
        };
        let layout = if self.derivation.denominator { "denominator" } else { "numerator" };
        out.push_str(&format!("<p class=\"how\">By {style}; {layout} layout.</p>\n"));
        out.push_str(&self.verdict());
        out.push_str("<ol class=\"steps\">\n");
        out.push_str(&self.sections.iter().map(|s| self.section(s)).collect::<String>());
        out.push_str("</ol>\n</main>\n</body>\n</html>\n");
        out
    }

    /// What is derived: `∂C/∂w, ∂C/∂b`.
    fn title(&self) -> String {
        let problem = &self.derivation.problem;
        let square = if problem.order > 1 { "²" } else { "" };
        let one = |v: &String| format!("∂{square}{}/∂{v}{square}", problem.of);
        if problem.wrt.is_empty() || problem.order > 1 && problem.wrt.len() > 1 {
            return problem.of.clone();
        }
        problem.wrt.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// What the audit found, and the conditions.
    fn verdict(&self) -> String {
        let mut out = String::from("<ul class=\"verdict\">\n");
        for (mark, words) in self.tally.words() {
            let class = match mark {
                '✓' => "holds",
                '✗' => "fails",
                _ => "open",
            };
            out.push_str(&format!("<li class=\"{class}\"><span aria-hidden=\"true\">{mark}</span> {}</li>\n", escape(&words)));
        }
        for k in 0..self.flags.len() {
            let text = escape(&self.flag(k));
            out.push_str(&format!(
                "<li class=\"flag\" id=\"condition-{}\"><span aria-hidden=\"true\">{}</span> {text}</li>\n",
                k + 1,
                self.mark(k)
            ));
        }
        out.push_str("</ul>\n");
        out
    }

    fn section(&self, section: &Item) -> String {
        let open = if section.shown() && self.depth > Depth::Outline || section.shown() && !self.whole { " open" } else { "" };
        let id = anchor(section);
        let heading = escape(section.heading.as_deref().unwrap_or("Step"));
        let number = section.address();
        format!(
            "<li value=\"{number}\" id=\"{id}\">\n<details{open}>\n<summary><h2>{heading}</h2> {}<a href=\"#{id}\" aria-label=\"Link to step {number}\">#</a></summary>\n{}</details>\n</li>\n",
            badge(&self.audit(section)),
            self.rows_of(&section.items),
        )
    }

    fn rows_of(&self, items: &[Item]) -> String {
        items.iter().map(|i| self.item(i)).collect()
    }

    fn item(&self, item: &Item) -> String {
        let mut out = format!("<div class=\"line\" id=\"{}\">\n", anchor(item));
        if let Some(heading) = &item.heading {
            out.push_str(&format!("<h3>{}</h3>\n", escape(heading)));
        }
        if let Some(row) = &item.row {
            out.push_str(&self.equation(row));
        }
        if item.row.is_none() {
            out.push_str(&self.rows_of(&item.items));
        } else if item.full.is_some() || !item.items.is_empty() {
            // The details of an equation are open where they are asked for.
            let open = if item.items.iter().any(Item::shown) { " open" } else { "" };
            let full = item.full.as_ref().map(|row| self.equation(row)).unwrap_or_default();
            out.push_str(&format!("<details{open}>\n<summary>why</summary>\n{full}{}</details>\n", self.rows_of(&item.items)));
        }
        out.push_str("</div>\n");
        out
    }

    /// What the audit found in a section.
    fn audit(&self, item: &Item) -> Audit {
        let own = item.row.as_ref().map_or(Audit::Structural, |r| r.audit.clone());
        item.items.iter().fold(own, |a, i| super::page::together(&a, &self.audit(i)))
    }

    fn equation(&self, row: &Row) -> String {
        let mut out = String::from("<div class=\"equation\">\n");
        if !row.links.is_empty() {
            out.push_str(&format!("<div class=\"formula\" tabindex=\"0\">{}</div>\n", self.chain_of(row)));
        }
        let mut remarks = vec![];
        if !row.shape.is_empty() {
            let size = if row.factors.is_empty() { shape(&row.shape, "×", "·") } else { factors(row, "×", "·") };
            remarks.push(format!("<span class=\"size\">{}</span>", escape(&size)));
        }
        remarks.extend(row.pattern.as_ref().filter(|p| !p.is_empty()).map(|p| format!("<span class=\"pattern\">{}</span>", escape(p))));
        remarks.extend(letters(row).iter().map(|(l, n)| format!("<span>{} = 1…{}</span>", escape(&l.join(", ")), escape(n))));
        remarks.extend(row.notes.iter().map(|n| format!("<span class=\"note\">{}</span>", escape(n))));
        remarks.extend(row.rules.iter().map(|r| format!("<code>{}</code>", escape(r))));
        for &k in &row.flags {
            remarks.push(format!(
                "<a class=\"flag\" href=\"#condition-{}\" title=\"{}\">{} condition</a>",
                k + 1,
                escape(&self.flag(k)),
                self.mark(k)
            ));
        }
        remarks.push(badge(&row.audit));
        remarks.retain(|r| !r.is_empty());
        if !remarks.is_empty() {
            out.push_str(&format!("<p class=\"remarks\">{}</p>\n", remarks.join(" ")));
        }
        out.push_str("</div>\n");
        out
    }

    /// `a = b = c`, a link a line where there are several that are no short formulas.
    fn chain_of(&self, row: &Row) -> String {
        let left = row.left.as_ref().map(|l| side(self, l, &row.shape)).unwrap_or_default();
        let relation = |r: Relation| if r == Relation::Defined { "<mo>:=</mo>" } else { "<mo>=</mo>" };
        let implies =
            if row.links.first().is_some_and(|l| l.0 == Relation::Implies) { "<mo>⇒</mo><mspace width=\"0.5em\"/>" } else { "" };
        let links: Vec<String> = row.links.iter().map(|(r, d)| format!("{}{}", relation(*r), side(self, d, &row.shape))).collect();
        if let [only] = links.as_slice() {
            return math(&format!("{implies}{left}{only}"));
        }
        let line = |(k, link): (usize, &String)| {
            let left = if k == 0 { format!("{implies}{left}") } else { String::new() };
            format!("<mtr><mtd>{left}</mtd><mtd>{link}</mtd></mtr>")
        };
        math(&format!("<mtable class=\"chain\" displaystyle=\"true\">{}</mtable>", links.iter().enumerate().map(line).collect::<String>()))
    }
}

/// The anchor of an item: `step-2.3`.
fn anchor(item: &Item) -> String {
    format!("step-{}", item.address())
}

/// The audit in words.
fn badge(audit: &Audit) -> String {
    let (class, words) = match audit {
        Audit::Structural => return String::new(),
        Audit::Open => ("open", "not checked".to_string()),
        Audit::Holds { worst, .. } => ("holds", format!("checked, worst error {}", bound(*worst))),
        Audit::Skipped(reason) => ("open", format!("not tested: {reason}")),
        Audit::Fails { worst, place } => ("fails", format!("does not hold, error {} {place}", bound(*worst))),
    };
    format!("<span class=\"badge {class}\">{}</span>", escape(words.trim()))
}

fn math(inner: &str) -> String {
    format!("<math xmlns=\"http://www.w3.org/1998/Math/MathML\" display=\"block\">{inner}</math>")
}

fn inline(inner: &str) -> String {
    format!("<math xmlns=\"http://www.w3.org/1998/Math/MathML\">{inner}</math>")
}

fn tree(page: &Page, id: NodeId) -> String {
    row_with(&page.syntax, id, &|text| {
        let of = name(page.differential_of(text)?);
        Some(format!("<mrow><mi mathvariant=\"normal\">d</mi>{of}</mrow>"))
    })
}

/// A side as one element.
fn side(page: &Page, drawn: &Drawn, sizes: &[String]) -> String {
    match drawn {
        Drawn::Tree(id) => tree(page, *id),
        Drawn::Partial(of, by) => partial(page, *of, by),
        Drawn::Chains(chains) => format!("<mrow>{}</mrow>", chains.iter().map(|c| chain(page, c)).collect::<Vec<_>>().join("<mo>+</mo>")),
        Drawn::Cases(around, rows) => {
            let row = |row: &(NodeId, Test)| case(&tree(page, row.0), &format!("<mtext>if&#xa0;</mtext>{}", test(page, &row.1)));
            let marker = format!("<mi>{CASES}</mi>");
            tree(page, *around).replacen(&marker, &cases(&rows.iter().map(row).collect::<String>()), 1)
        }
        Drawn::Diagonal(i, j, values) => {
            let values: Vec<String> = values.iter().map(|v| tree(page, *v)).collect();
            let equal = case(&values.join("<mo>=</mo>"), &format!("<mtext>if&#xa0;</mtext>{}<mo>=</mo>{}", name(j), name(i)));
            cases(&format!("{equal}{}", case("<mn>0</mn>", "<mtext>otherwise</mtext>")))
        }
        Drawn::Picture(rows) => {
            let entry = |e: &Option<NodeId>| format!("<mtd>{}</mtd>", e.map_or_else(|| "<mo>·</mo>".to_string(), |id| tree(page, id)));
            let row = |row: &Vec<Option<NodeId>>| format!("<mtr>{}</mtr>", row.iter().map(entry).collect::<String>());
            let at = Page::sizes(rows, sizes);
            let at: Vec<String> = at.iter().map(|n| name(n)).collect();
            let at = match at.is_empty() {
                true => String::new(),
                false => format!("<mspace width=\"0.7em\"/><mo>(</mo>{}<mo>=</mo><mn>3</mn><mo>)</mo>", at.join("<mo>=</mo>")),
            };
            let rows: String = rows.iter().map(row).collect();
            format!("<mrow><mrow><mo form=\"prefix\">(</mo><mtable>{rows}</mtable><mo form=\"postfix\">)</mo></mrow>{at}</mrow>")
        }
    }
}

fn cases(rows: &str) -> String {
    format!("<mrow><mo form=\"prefix\">{{</mo><mtable class=\"cases\">{rows}</mtable></mrow>")
}

fn case(value: &str, when: &str) -> String {
    format!("<mtr><mtd>{value}</mtd><mtd>{when}</mtd></mtr>")
}

fn partial(page: &Page, of: NodeId, by: &[NodeId]) -> String {
    let bare = |id: NodeId| if page.is_name(id) { tree(page, id) } else { format!("<mo>(</mo>{}<mo>)</mo>", tree(page, id)) };
    let d = "<mo form=\"prefix\" lspace=\"0\" rspace=\"0\">∂</mo>";
    let raised = |base: &str| match by.len() {
        1 => base.to_string(),
        n => format!("<msup><mrow>{base}</mrow><mn>{n}</mn></msup>"),
    };
    let names: Vec<String> = by.iter().map(|&v| bare(v)).collect();
    let below = match names.as_slice() {
        [first, rest @ ..] if !rest.is_empty() && rest.iter().all(|n| n == first) => format!("{d}{}", raised(first)),
        _ => names.iter().map(|n| format!("{d}{n}")).collect(),
    };
    format!("<mfrac><mrow>{}{}</mrow><mrow>{below}</mrow></mfrac>", raised(d), bare(of))
}

fn chain(page: &Page, chain: &Chain) -> String {
    let factors: Vec<String> = chain.factors.iter().map(|(of, by)| partial(page, *of, &[*by])).collect();
    let letters: Vec<String> = chain.summed.iter().map(|l| name(l)).collect();
    let sum = if letters.is_empty() {
        String::new()
    } else {
        format!("<munder><mo>∑</mo><mrow>{}</mrow></munder>", letters.join("<mo>,</mo>"))
    };
    format!("<mrow>{sum}{}</mrow>", factors.join("<mo>·</mo>"))
}

fn test(page: &Page, test: &Test) -> String {
    match *test {
        Test::Compares(a, Operator::Equal, b) => format!("{}<mo>=</mo>{}", tree(page, a), tree(page, b)),
        Test::Compares(a, op, b) => format!("{}{}{}", tree(page, a), sign(op), tree(page, b)),
        Test::Holds(a) => format!("{}<mo>=</mo><mn>1</mn>", tree(page, a)),
        Test::Fails(a) => format!("{}<mo>=</mo><mn>0</mn>", tree(page, a)),
    }
}
