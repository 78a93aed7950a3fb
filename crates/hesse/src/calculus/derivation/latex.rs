//! A derivation as a LaTeX document of its own. It needs amsmath and geometry and nothing else.

use super::page::{CASES, Drawn, Item, Page, Row, Test, bound, factors, letters, shape};
use super::{Audit, Chain, Relation};
use crate::syntax::greek;
use crate::syntax::latex::{latex_with, name, sign};
use crate::syntax::tree::NodeId;

/// Equations up to about this many signs have their remarks beside them.
const NARROW: usize = 44;

/// Lines of an equation are broken beyond about this many signs.
const WIDE: usize = 84;

impl Page<'_> {
    /// The page as a document.
    pub fn latex(&self) -> String {
        let mut out = String::from(
            "\\documentclass[11pt,fleqn]{article}\n\\usepackage[margin=2.2cm]{geometry}\n\\usepackage{amsmath}\n\\allowdisplaybreaks\n\
             \\setlength{\\parindent}{0pt}\n\\setlength{\\mathindent}{1.5em}\n\\newcommand{\\remark}[1]{\\footnotesize #1}\n\
             \\newenvironment{details}{\\list{}{\\topsep0pt\\leftmargin2em\\rightmargin0pt}\\item\\relax}{\\endlist}\n\\begin{document}\n\
             \\abovedisplayskip4pt plus 2pt \\belowdisplayskip4pt plus 2pt\n\n",
        );
        let (of, value) = self.problem;
        out.push_str(&display(&format!("{} = {}", tree(self, of), tree(self, value))));
        out.push_str(&format!("{}\n", inputs(self).join(", \\quad ")));
        if self.derivation.denominator {
            out.push_str("\nDenominator layout.\n");
        }
        for section in self.sections.iter().filter(|s| s.shown()) {
            out.push_str(&format!(
                "\n\\subsection*{{{}\\quad {}}}\n",
                section.address(),
                text(section.heading.as_deref().unwrap_or_default())
            ));
            out.push_str(&self.items(&section.items));
        }
        out.push_str("\n\\bigskip\n");
        for (mark, words) in self.tally.words() {
            let mark = match mark {
                '✓' => "$\\surd$",
                '✗' => "$\\times$",
                _ => "?",
            };
            out.push_str(&format!("{mark} {}\n\n", text(&words)));
        }
        for k in 0..self.flags.len() {
            out.push_str(&format!("{} {}\n\n", flag(self, k), text(&self.flag(k))));
        }
        out.push_str("\\end{document}\n");
        out
    }

    /// A side in math mode.
    pub fn line_latex(&self, drawn: &Drawn, sizes: &[String]) -> String {
        side(self, drawn, sizes)
    }

    /// Items under each other: equations of one level share their columns.
    fn items(&self, items: &[Item]) -> String {
        let mut out = String::new();
        // Narrow equations with their remarks beside them stand in one alignment.
        let mut rows: Vec<String> = vec![];
        let close = |rows: &mut Vec<String>, out: &mut String| {
            if !rows.is_empty() {
                out.push_str(&alignment(rows));
                rows.clear();
            }
        };
        for item in items.iter().filter(|i| i.shown()) {
            if let Some(heading) = &item.heading {
                close(&mut rows, &mut out);
                out.push_str(&format!("\\paragraph{{{}}}\n", text(heading)));
            }
            match &item.row {
                Some(row) if row.links.is_empty() => {
                    close(&mut rows, &mut out);
                    out.push_str(&row.notes.iter().map(|n| format!("{}\n\n", text(n))).collect::<String>());
                }
                Some(row) => {
                    let mut lines = equation(self, row);
                    let remarks = remarks(self, row);
                    if lines.iter().all(|l| estimate(l) <= NARROW) {
                        if let Some(last) = lines.last_mut().filter(|_| !remarks.is_empty()) {
                            last.push_str(&format!(" &\\qquad& \\parbox[c]{{0.42\\linewidth}}{{\\raggedright\\remark{{{remarks}}}}}"));
                        }
                        rows.extend(lines);
                    } else {
                        close(&mut rows, &mut out);
                        if !remarks.is_empty() {
                            lines.push(format!("& \\quad\\parbox[t]{{0.75\\linewidth}}{{\\raggedright\\remark{{{remarks}}}}}"));
                        }
                        out.push_str(&alignment(&lines));
                    }
                }
                None => {}
            }
            if item.items.iter().any(Item::shown) {
                close(&mut rows, &mut out);
                out.push_str(&format!("\\begin{{details}}\n{}\\end{{details}}\n", self.items(&item.items)));
            }
        }
        close(&mut rows, &mut out);
        out
    }
}

/// Lines of equations under each other.
fn alignment(lines: &[String]) -> String {
    format!("\\begin{{alignat*}}{{2}}\n{}\n\\end{{alignat*}}\n", lines.join(" \\\\\n"))
}

/// The inputs with their types, each in math mode.
pub(super) fn inputs(page: &Page) -> Vec<String> {
    let one = |(names, of): &(Vec<String>, String)| {
        let names: Vec<String> = names.iter().map(|n| name(n)).collect();
        format!("${} : \\text{{{}}}$", names.join(", "), text(of))
    };
    page.inputs.iter().map(one).collect()
}

/// An equation with its columns marked, a line a row of the alignment.
pub(super) fn equation(page: &Page, row: &Row) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    let left = row.left.as_ref().map(|l| side(page, l, &row.shape)).unwrap_or_default();
    for (k, (relation, drawn)) in row.links.iter().enumerate() {
        let right = side(page, drawn, &row.shape);
        let right = broken(&right);
        let (before, relation) = match (k, relation) {
            (0, Relation::Implies) => (format!("\\Rightarrow\\ {left} "), "="),
            (0, Relation::Defined) => (format!("{left} "), ":="),
            (0, Relation::Equal) => (format!("{left} "), "="),
            (_, Relation::Defined) => (String::new(), ":="),
            _ => (String::new(), "="),
        };
        let first = right.first().cloned().unwrap_or_default();
        match lines.last_mut() {
            // Short links go on in the same line.
            Some(line) if estimate(line) + estimate(&first) < NARROW && right.len() == 1 => line.push_str(&format!(" {relation} {first}")),
            _ => lines.push(format!("{before}&{relation} {first}")),
        }
        lines.extend(right.iter().skip(1).map(|part| format!("&\\quad {part}")));
    }
    lines
}

/// What stands beside an equation, in text mode.
pub(super) fn remarks(page: &Page, row: &Row) -> String {
    let mut out = vec![];
    if !row.shape.is_empty() {
        let size = if row.factors.is_empty() { shape(&row.shape, "\\times ", "\\,") } else { factors(row, "\\times ", "\\,") };
        let pattern = row.pattern.as_deref().filter(|p| !p.is_empty()).map(|p| format!(" {}", text(p)));
        out.push(format!("${size}${}", pattern.unwrap_or_default()));
    }
    let named = |l: &[&str]| l.iter().map(|l| name(l)).collect::<Vec<_>>().join(", ");
    out.extend(letters(row).iter().map(|(l, n)| format!("${} = 1, \\dots, {}$", named(l), n.replace('*', "\\,"))));
    out.extend(row.notes.iter().map(|n| text(n)));
    if !row.rules.is_empty() {
        let rules: Vec<String> = row.rules.iter().map(|r| text(r)).collect();
        out.push(format!("[{}]", rules.join(", ")));
    }
    out.extend(row.flags.iter().map(|&k| flag(page, k)));
    if let Audit::Fails { worst, place } = &row.audit {
        out.push(format!("$\\times$ does not hold, error {} {}", bound(*worst), text(place)));
    }
    out.join("\\quad ")
}

/// The sign of a condition.
pub(super) fn flag(page: &Page, k: usize) -> String {
    if page.flags.len() > 1 { format!("$\\triangleright_{{{}}}$", k + 1) } else { "$\\triangleright$".into() }
}

fn display(formula: &str) -> String {
    let lines = broken(formula);
    if lines.len() < 2 {
        return format!("\\[ {formula} \\]\n");
    }
    format!("\\begin{{multline*}}\n{}\n\\end{{multline*}}\n", lines.join(" \\\\\n"))
}

/// A formula in math mode, differentials with an upright d.
pub(super) fn tree(page: &Page, id: NodeId) -> String {
    latex_with(&page.syntax, id, &|text| Some(format!("\\mathrm{{d}}{}", name(page.differential_of(text)?))))
}

/// A side in math mode.
pub(super) fn side(page: &Page, drawn: &Drawn, sizes: &[String]) -> String {
    match drawn {
        Drawn::Tree(id) => tree(page, *id),
        Drawn::Partial(of, by) => partial(page, *of, by),
        Drawn::Chains(chains) => chains.iter().map(|c| chain(page, c)).collect::<Vec<_>>().join(" + "),
        Drawn::Cases(around, rows) => {
            let row = |row: &(NodeId, Test)| format!("{} & \\text{{if }} {}", tree(page, row.0), test(page, &row.1));
            let cases = format!("\\begin{{cases}} {} \\end{{cases}}", rows.iter().map(row).collect::<Vec<_>>().join(" \\\\ "));
            tree(page, *around).replacen(CASES, &cases, 1)
        }
        Drawn::Diagonal(i, j, values) => {
            let values: Vec<String> = values.iter().map(|v| tree(page, *v)).collect();
            let equal = format!("{} = {}", name(j), name(i));
            format!("\\begin{{cases}} {} & \\text{{if }} {equal} \\\\ 0 & \\text{{otherwise}} \\end{{cases}}", values.join(" = "))
        }
        Drawn::Picture(rows) => {
            let entry = |e: &Option<NodeId>| e.map_or_else(|| "\\cdot".to_string(), |id| tree(page, id));
            let row = |row: &Vec<Option<NodeId>>| row.iter().map(entry).collect::<Vec<_>>().join(" & ");
            let at = Page::sizes(rows, sizes);
            let at: Vec<String> = at.iter().map(|n| name(n)).collect();
            let at = if at.is_empty() { String::new() } else { format!("\\ ({} = 3)", at.join(" = ")) };
            format!("\\begin{{pmatrix}} {} \\end{{pmatrix}}{at}", rows.iter().map(row).collect::<Vec<_>>().join(" \\\\ "))
        }
    }
}

fn partial(page: &Page, of: NodeId, by: &[NodeId]) -> String {
    let bare = |id: NodeId| if page.is_name(id) { tree(page, id) } else { format!("({})", tree(page, id)) };
    let order = if by.len() > 1 { format!("^{{{}}}", by.len()) } else { String::new() };
    let names: Vec<String> = by.iter().map(|&v| bare(v)).collect();
    let below = match names.as_slice() {
        [first, rest @ ..] if !rest.is_empty() && rest.iter().all(|n| n == first) => format!("\\partial {first}{order}"),
        _ => names.iter().map(|n| format!("\\partial {n}")).collect::<Vec<_>>().join("\\,"),
    };
    format!("\\frac{{\\partial{order} {}}}{{{below}}}", bare(of))
}

fn chain(page: &Page, chain: &Chain) -> String {
    let factors: Vec<String> = chain.factors.iter().map(|(of, by)| partial(page, *of, &[*by])).collect();
    let letters: Vec<String> = chain.summed.iter().map(|l| name(l)).collect();
    let sum = if letters.is_empty() { String::new() } else { format!("\\sum_{{{}}} ", letters.join(",")) };
    format!("{sum}{}", factors.join("\\,"))
}

fn test(page: &Page, test: &Test) -> String {
    match *test {
        Test::Compares(a, op, b) => format!("{}{}{}", tree(page, a), sign(op), tree(page, b)),
        Test::Holds(a) => format!("{} = 1", tree(page, a)),
        Test::Fails(a) => format!("{} = 0", tree(page, a)),
    }
}

/// About how many signs a formula shows: a command counts once, braces and spaces do not count.
pub(super) fn estimate(formula: &str) -> usize {
    let mut count = 0;
    let mut rest = formula.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                let mut word = String::new();
                while let Some(letter) = rest.next_if(char::is_ascii_alphabetic) {
                    word.push(letter);
                }
                if word.is_empty() {
                    rest.next();
                }
                count += match word.as_str() {
                    "" | "mathrm" | "text" | "begin" | "end" | "left" | "right" | "mathopen" | "quad" => 0,
                    _ => 1,
                };
            }
            '{' | '}' | ' ' | '^' | '_' | '&' => {}
            _ => count += 1,
        }
    }
    count
}

/// A long formula in several lines, broken at signs outside all brackets and groups.
fn broken(formula: &str) -> Vec<String> {
    if estimate(formula) <= WIDE {
        return vec![formula.to_string()];
    }
    let mut parts: Vec<String> = vec![String::new()];
    let mut depth = 0usize;
    let bytes: Vec<char> = formula.chars().collect();
    for (k, &c) in bytes.iter().enumerate() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            '+' | '-' if depth == 0 && k > 0 && bytes[k - 1] == ' ' => parts.push(String::new()),
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    let mut lines: Vec<String> = vec![];
    for part in parts {
        match lines.last_mut() {
            Some(line) if estimate(line) + estimate(&part) <= WIDE => line.push_str(&part),
            _ => lines.push(part),
        }
    }
    lines.iter().map(|l| l.trim().to_string()).collect()
}

/// Text in text mode: no command, and signs that TeX knows.
pub(super) fn text(words: &str) -> String {
    let mut out = String::new();
    for c in words.chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '#' | '$' | '%' | '&' | '_' | '{' | '}' => out.extend(['\\', c]),
            '<' | '>' | '|' => out.push_str(&format!("${c}$")),
            '\'' => out.push_str("\\textquotesingle{}"),
            ' '..='\x7e' => out.push(c),
            _ => out.push_str(&outside(c)),
        }
    }
    // A sign beside another one shares its math.
    out.replace("$$", "")
}

/// A sign outside ASCII.
fn outside(c: char) -> String {
    let math = match c {
        'ᵀ' => "^{\\top}",
        '·' => "\\cdot ",
        '×' => "\\times ",
        '−' => "-",
        '≤' => "\\le ",
        '≥' => "\\ge ",
        '≠' => "\\ne ",
        '⊙' => "\\odot ",
        '⊘' => "\\oslash ",
        '⊗' => "\\otimes ",
        '→' => "\\to ",
        '↦' => "\\mapsto ",
        '⇒' => "\\Rightarrow ",
        '∂' => "\\partial ",
        'Σ' | '∑' => "\\Sigma ",
        '‖' => "\\Vert ",
        '√' => "\\surd ",
        '∞' => "\\infty ",
        '½' => "\\tfrac12 ",
        '…' => "\\dots ",
        '⁻' => "^{-}",
        '–' => return "--".into(),
        '—' => return "---".into(),
        '‘' | '’' => return "'".into(),
        '“' => return "``".into(),
        '”' => return "''".into(),
        _ => "",
    };
    if !math.is_empty() {
        return format!("${math}$");
    }
    for (signs, plain, mark) in
        [("₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789aehijklmnoprstuvx", '_'), ("⁰¹²³⁴⁵⁶⁷⁸⁹ᴺᴹⁿᵐ", "0123456789NMnm", '^')]
    {
        if let Some(letter) = signs.chars().position(|s| s == c).and_then(|k| plain.chars().nth(k)) {
            return format!("${mark}{{{letter}}}$");
        }
    }
    match greek::name(c) {
        Some(letter) => format!("$\\{letter} $"),
        // Nothing that a font may lack.
        None => format!("[U+{:04X}]", u32::from(c)),
    }
}
