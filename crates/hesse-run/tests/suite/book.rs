//! Reads a chapter of the manual: Markdown with fences of cases. What a line of a case means is a table in `suite/README.md`.
//!
//! This room knows no formulas: a question is text, an answer is text, and a place is a line that blessing may rewrite.

use hesse::{Depth, Style};
use std::path::{Path, PathBuf};

/// A chapter: its lines as they are in the file, and the cases found in them.
pub struct Chapter {
    pub path: PathBuf,
    pub lines: Vec<String>,
    pub cases: Vec<Case>,
}

/// A fence: statements and what is asked of them.
pub struct Case {
    /// What the reader is told: the lines outside of fences since the last heading, or since an earlier one if there has been no case in between.
    pub prose: String,
    /// Declarations and definitions, one a line.
    pub statements: String,
    pub questions: Vec<Question>,
    /// How its answers come about: the derivations that stand below it.
    pub derivations: Vec<Shown>,
}

/// A derivation of all that a case asks for, as it is printed.
pub struct Shown {
    /// Line of the fence, 0-based; the text stands below it.
    pub line: usize,
    pub style: Style,
    pub depth: Depth,
    pub layout: Layout,
    pub text: Vec<String>,
}

/// The layout in which an answer is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    Numerator,
    Denominator,
}

/// `d EXPR / dX` in one layout, with all that is said of its answer.
#[derive(Clone)]
pub struct Question {
    /// Line of the file, 0-based.
    pub line: usize,
    pub expression: String,
    /// One variable, or two of a mixed Hessian.
    pub wrt: Vec<String>,
    pub order: usize,
    pub layout: Layout,
    pub structure: Option<String>,
    /// As the matrix d vec(F)/d vec(X)'.
    pub vec: bool,
    pub answer: Option<Said<Answer>>,
    pub shape: Option<Said<String>>,
    pub pattern: Option<Said<String>>,
    /// The answer over names: `z = A*x - b: z'*A`, or `nothing`.
    pub names: Option<Said<String>>,
    pub nonzeros: Option<Said<String>>,
    pub map: Option<Said<String>>,
    pub needs: Vec<Said<String>>,
    pub kinks: Vec<Said<String>>,
    pub points: Vec<Said<Point>>,
}

/// Something said on a line of the file.
#[derive(Clone)]
pub struct Said<T> {
    pub line: usize,
    pub what: T,
}

/// What is expected.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// The printed text; `?` is not known yet.
    Text(String),
    /// A code, and the message if it is said.
    Refused(String, Option<String>),
}

/// `at x = [0, -1], b = 2; value [0, 1]`
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    pub values: Vec<(String, Rows)>,
    pub value: Rows,
}

/// A literal: rows of numbers.
pub type Rows = Vec<Vec<f64>>;

impl Chapter {
    /// Reads a file; a line that is not understood is an error that names it.
    pub fn read(path: &Path) -> Result<Chapter, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let lines: Vec<String> = text.lines().map(String::from).collect();
        let (mut cases, mut prose, mut told) = (vec![], String::new(), false);
        let mut k = 0;
        while k < lines.len() {
            let line = &lines[k];
            if let Some(fence) = line.trim_start().strip_prefix("```") {
                let ticks = line.chars().take_while(|c| *c == '`').count();
                let close = "`".repeat(ticks);
                let end = (k + 1..lines.len()).find(|&j| lines[j] == close).ok_or(format!(
                    "{}:{}: the fence is not closed",
                    path.display(),
                    k + 1
                ))?;
                if fence == "hesse" {
                    let case = Case::read(&lines[..end], k + 1, &prose);
                    cases.push(case.map_err(|(line, why)| format!("{}:{}: {why}", path.display(), line + 1))?);
                    told = true;
                }
                if let Some(setting) = fence.strip_prefix("derivation") {
                    let fault = |why: &str| format!("{}:{}: {why}", path.display(), k + 1);
                    let case: &mut Case = cases.last_mut().filter(|_| told).ok_or_else(|| fault("a derivation below no case"))?;
                    case.derivations.push(Shown::read(k, setting, &lines[k + 1..end]).map_err(|why| fault(&why))?);
                }
                k = end + 1;
                continue;
            }
            if line.starts_with('#') && std::mem::take(&mut told) {
                prose.clear();
            }
            prose.push_str(line);
            prose.push('\n');
            k += 1;
        }
        Ok(Chapter { path: path.to_path_buf(), lines, cases })
    }
}

type Fault = (usize, String);

impl Case {
    fn read(lines: &[String], first: usize, prose: &str) -> Result<Case, Fault> {
        let mut case = Case { prose: prose.into(), statements: String::new(), questions: vec![], derivations: vec![] };
        for (k, line) in lines.iter().enumerate().skip(first) {
            case.line(k, line.trim_end()).map_err(|why| (k, why))?;
        }
        match case.questions.iter().find(|q| q.answer.is_none()) {
            Some(q) => Err((q.line, "a question without an answer; write `= ?` for one that you do not know".into())),
            None if case.questions.is_empty() => Err((first, "a case without a question".into())),
            None => Ok(case),
        }
    }

    fn line(&mut self, k: usize, line: &str) -> Result<(), String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        let said = |what: &str| Said { line: k, what: what.to_string() };
        match word {
            _ if line.is_empty() || line.starts_with('#') => {}
            "d" | "d2" | "d3" | "d4" if line.contains(" / d") => self.questions.push(Question::read(k, word, rest)?),
            "layout" => {
                let layout = match rest {
                    "numerator" => Layout::Numerator,
                    "denominator" => Layout::Denominator,
                    _ => return Err(format!("no layout `{rest}`")),
                };
                self.again(k)?.layout = layout;
            }
            "structure" => self.again(k)?.structure = Some(rest.to_string()),
            "vec" if rest.is_empty() => self.again(k)?.vec = true,
            "=" => self.answer(k, Answer::Text(rest.to_string()))?,
            _ if line.starts_with('!') => {
                let message = (!rest.is_empty()).then(|| rest.to_string());
                self.answer(k, Answer::Refused(word[1..].to_string(), message))?;
            }
            "shape" => self.last()?.shape = Some(said(rest)),
            "pattern" => self.last()?.pattern = Some(said(rest)),
            "where" => self.last()?.names = Some(said(rest)),
            "nonzeros" => self.last()?.nonzeros = Some(said(rest)),
            "map" => self.last()?.map = Some(said(rest)),
            "needs" => self.last()?.needs.push(said(rest)),
            "kink" => self.last()?.kinks.push(said(rest)),
            "at" => {
                let point = Point::read(rest)?;
                self.last()?.points.push(Said { line: k, what: point });
            }
            _ => {
                self.statements.push_str(line);
                self.statements.push('\n');
            }
        }
        Ok(())
    }

    fn last(&mut self) -> Result<&mut Question, String> {
        self.questions.last_mut().ok_or_else(|| "this is said of an answer, but nothing has been asked".into())
    }

    /// The last question if it waits for its answer, else the same question once more.
    fn again(&mut self, k: usize) -> Result<&mut Question, String> {
        let last = self.last()?;
        if last.answer.is_some() {
            let stem = Question {
                line: k,
                answer: None,
                shape: None,
                pattern: None,
                names: None,
                nonzeros: None,
                map: None,
                needs: vec![],
                kinks: vec![],
                points: vec![],
                ..last.clone()
            };
            self.questions.push(stem);
        }
        self.last()
    }

    fn answer(&mut self, k: usize, what: Answer) -> Result<(), String> {
        let last = self.last()?;
        if last.answer.is_some() {
            return Err("a second answer to one question".into());
        }
        last.answer = Some(Said { line: k, what });
        Ok(())
    }
}

impl Shown {
    /// What stands behind `derivation`: `style=scalar depth=full`.
    fn read(line: usize, setting: &str, text: &[String]) -> Result<Shown, String> {
        let mut shown = Shown { line, style: Style::Scalar, depth: Depth::Normal, layout: Layout::Numerator, text: text.to_vec() };
        for word in setting.split_whitespace() {
            match word {
                "style=scalar" => shown.style = Style::Scalar,
                "style=differential" => shown.style = Style::Differential,
                "depth=outline" => shown.depth = Depth::Outline,
                "depth=normal" => shown.depth = Depth::Normal,
                "depth=full" => shown.depth = Depth::Full,
                "layout=denominator" => shown.layout = Layout::Denominator,
                _ => return Err(format!("`{word}` says nothing of a derivation")),
            }
        }
        Ok(shown)
    }
}

impl Question {
    fn read(line: usize, word: &str, rest: &str) -> Result<Question, String> {
        let order = match &word[1..] {
            "" => 1,
            digit => digit.parse().map_err(|_| format!("order `{digit}`"))?,
        };
        let (expression, below) = rest.rsplit_once(" / d").ok_or("a question is `d EXPR / dX`")?;
        let wrt: Vec<String> = below.split(" d").map(|name| name.trim().to_string()).collect();
        if wrt.len() > 2 || (wrt.len() == 2 && order != 2) {
            return Err("two variables are those of a mixed Hessian, `d2 EXPR / dx dy`".into());
        }
        Ok(Question {
            line,
            expression: expression.trim().into(),
            wrt,
            order,
            layout: Layout::Numerator,
            structure: None,
            vec: false,
            answer: None,
            shape: None,
            pattern: None,
            names: None,
            nonzeros: None,
            map: None,
            needs: vec![],
            kinks: vec![],
            points: vec![],
        })
    }

    /// As a reader would say it.
    pub fn text(&self) -> String {
        let order = if self.order == 1 { String::new() } else { self.order.to_string() };
        let below: Vec<String> = self.wrt.iter().map(|v| format!("d{v}")).collect();
        let structure = self.structure.as_ref().map_or(String::new(), |s| format!(", {s}"));
        let layout = if self.layout == Layout::Denominator { ", denominator layout" } else { "" };
        let vec = if self.vec { ", columns stacked" } else { "" };
        format!("d{order} {} / {}{layout}{structure}{vec}", self.expression, below.join(" "))
    }
}

impl Point {
    fn read(text: &str) -> Result<Point, String> {
        let (at, value) = text.rsplit_once("; value ").ok_or("a point is `at x = 1, y = [1, 2]; value 3`")?;
        let mut values = vec![];
        let mut rest = at.trim();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=').ok_or("a value is `x = 1`")?;
            let after = after.trim_start();
            let end =
                if after.starts_with('[') { after.find(']').ok_or("`]` is missing")? + 1 } else { after.find(',').unwrap_or(after.len()) };
            values.push((name.trim().to_string(), literal(&after[..end])?));
            rest = after[end..].trim_start().trim_start_matches(',').trim_start();
        }
        Ok(Point { values, value: literal(value.trim())? })
    }
}

/// A number, `[a, b]` a row, `[a; b]` a column, `[a, b; c, d]`.
pub fn literal(text: &str) -> Result<Rows, String> {
    let number = |t: &str| t.trim().parse::<f64>().map_err(|_| format!("`{}` is no number", t.trim()));
    let rows: Rows = match text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        None => vec![vec![number(text)?]],
        Some(inside) => inside.split(';').map(|row| row.split(',').map(number).collect()).collect::<Result<_, _>>()?,
    };
    if rows.iter().any(|row| row.len() != rows[0].len()) {
        return Err(format!("the rows of {text} differ in length"));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(text: &str) -> Result<Case, Fault> {
        let lines: Vec<String> = text.lines().map(String::from).collect();
        Case::read(&lines, 0, "prose")
    }

    #[test]
    fn statements_questions_and_what_is_said_of_answers() {
        let case = case(
            "x : vector(n)\nd a/b / dx\n= 1\nshape 1 x n\nlayout denominator\nstructure symmetric\n= 2\nd = 3\nd2 x'*y / dx dy\n!E201 no",
        )
        .unwrap();
        assert_eq!(case.statements, "x : vector(n)\nd = 3\n");
        let texts: Vec<String> = case.questions.iter().map(Question::text).collect();
        assert_eq!(texts, ["d a/b / dx", "d a/b / dx, denominator layout, symmetric", "d2 x'*y / dx dy"]);
        assert_eq!(case.questions[0].shape.as_ref().unwrap().what, "1 x n");
        assert!(case.questions[1].shape.is_none());
        assert_eq!(case.questions[2].wrt, ["x", "y"]);
        assert_eq!(case.questions[2].answer.as_ref().unwrap().what, Answer::Refused("E201".into(), Some("no".into())));
    }

    #[test]
    fn settings_of_derivations() {
        let shown = Shown::read(7, " style=differential depth=full", &["text".to_string()]).unwrap();
        assert_eq!((shown.line, shown.style, shown.depth, shown.layout), (7, Style::Differential, Depth::Full, Layout::Numerator));
        assert!(Shown::read(7, " style=other", &[]).is_err());
    }

    #[test]
    fn points() {
        let point = Point::read("x = [0, -1], b = 2; value [1; 2.5]").unwrap();
        assert_eq!(point.values, [("x".to_string(), vec![vec![0., -1.]]), ("b".to_string(), vec![vec![2.]])]);
        assert_eq!(point.value, [[1.], [2.5]]);
        assert_eq!(literal("[1, 2; 3, 4]").unwrap(), [[1., 2.], [3., 4.]]);
        assert!(literal("[1, 2; 3]").is_err() && literal("x").is_err());
    }

    #[test]
    fn what_is_not_a_case() {
        for text in ["x : scalar", "= 1", "d x / dx", "d x / dx\n= 1\n= 2", "d x / dx dy\n= 1", "shape 1", "d x / dx\nlayout other\n= 1"] {
            assert!(case(text).is_err(), "{text}");
        }
    }
}
