//! A derivation in Markdown with `$$` blocks, as GitHub, GitLab and notebooks draw it.

use super::Audit;
use super::latex::{equation, inputs, side, tree};
use super::page::{Item, Page, Row, bound, factors, letters, shape};

impl Page<'_> {
    /// The page as Markdown.
    pub fn markdown(&self) -> String {
        let (of, value) = self.problem;
        let mut out = block(&format!("{} = {}", tree(self, of), tree(self, value)));
        out.push_str(&format!("{}\n", inputs(self).join(", ")));
        if self.derivation.denominator {
            out.push_str("\nDenominator layout.\n");
        }
        for section in self.sections.iter().filter(|s| s.shown()) {
            out.push_str(&format!("\n## {} {}\n", section.address(), text(section.heading.as_deref().unwrap_or_default())));
            out.push_str(&self.marked(&section.items, 3));
        }
        out.push_str("\n---\n");
        for (mark, words) in self.tally.words() {
            out.push_str(&format!("\n{mark} {}\n", text(&words)));
        }
        for k in 0..self.flags.len() {
            out.push_str(&format!("\n{} {}\n", self.mark(k), text(&self.flag(k))));
        }
        out
    }

    fn marked(&self, items: &[Item], level: usize) -> String {
        let mut out = String::new();
        for item in items.iter().filter(|i| i.shown()) {
            if let Some(heading) = &item.heading {
                out.push_str(&format!("\n{} {}\n", "#".repeat(level.min(6)), text(heading)));
            }
            if let Some(row) = &item.row {
                if !row.links.is_empty() {
                    out.push_str(&self.formula(row));
                }
                let remarks = self.remark(row);
                if !remarks.is_empty() {
                    out.push_str(&format!("\n{remarks}\n"));
                }
            }
            out.push_str(&self.marked(&item.items, level + 1));
        }
        out
    }

    fn formula(&self, row: &Row) -> String {
        let lines = equation(self, row);
        match lines.as_slice() {
            [_] => {
                let left = row.left.as_ref().map(|l| side(self, l, &row.shape)).unwrap_or_default();
                let one = lines[0].replacen('&', "", 1);
                block(if left.is_empty() { one.trim() } else { &one })
            }
            _ => block(&format!("\\begin{{aligned}}\n{}\n\\end{{aligned}}", lines.join(" \\\\\n"))),
        }
    }

    fn remark(&self, row: &Row) -> String {
        let mut out = vec![];
        if !row.shape.is_empty() {
            let size = if row.factors.is_empty() { shape(&row.shape, "×", "·") } else { factors(row, "×", "·") };
            let pattern = row.pattern.as_deref().filter(|p| !p.is_empty()).map(|p| format!(" {p}"));
            out.push(format!("{}{}", text(&size), text(&pattern.unwrap_or_default())));
        }
        out.extend(letters(row).iter().map(|(l, n)| text(&format!("{} = 1…{n}", l.join(", ")))));
        out.extend(row.notes.iter().map(|n| text(n)));
        out.extend((!row.rules.is_empty()).then(|| row.rules.iter().map(|r| format!("`{r}`")).collect::<Vec<_>>().join(", ")));
        out.extend(row.flags.iter().map(|&k| self.mark(k)));
        if let Audit::Fails { worst, place } = &row.audit {
            out.push(format!("✗ does not hold, error {} {}", bound(*worst), text(place)));
        }
        out.join(" · ")
    }

    /// The sign of a condition, numbered where there are several.
    pub(super) fn mark(&self, k: usize) -> String {
        if self.flags.len() > 1 { format!("⚑{}", k + 1) } else { "⚑".into() }
    }
}

/// Display math. `\operatorname` is no command there, `\mathrm` looks the same.
fn block(formula: &str) -> String {
    format!("\n$$\n{}\n$$\n\n", formula.replace("\\operatorname{", "\\mathrm{"))
}

/// Text without markup.
fn text(words: &str) -> String {
    let mut out = String::new();
    for c in words.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '$' | '~' | '!' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            _ => out.push(c),
        }
    }
    out
}
