//! Another text over the names of a formula: what somebody says of it.

use super::{Derivative, Formula, shape_text};
use crate::calculus::elaborate::Options;
use crate::diagnostic::{Diagnostic, Error, Span};
use crate::syntax::format;
use crate::syntax::parse::parse_document;
use crate::syntax::tree::{Document, Kind, NodeId, Statement};

impl Formula {
    /// A text over the inputs, sizes, definitions and functions of this formula, typed: an expression, perhaps after definitions and
    /// functions of its own, one a line. Directions and cotangents of the derivative are inputs too. Spans are those of `text`.
    ///
    /// ```
    /// use hesse::{Formula, Request};
    /// let f = Formula::parse("X : matrix(N, n); w : vector(n); z = X*w; C = sum(z.^2)", true)?;
    /// let derivative = f.derive(&Request { wrt: vec!["w".into()], ..Request::default() })?;
    /// assert_eq!(f.reading(&derivative, "2*z'*X")?.shape(None)?, ["1", "n"]);
    /// assert_eq!(f.reading(&derivative, "2*q'*X").unwrap_err().first().code, "E101");
    /// # Ok::<(), hesse::Error>(())
    /// ```
    ///
    /// # Errors
    /// What cannot be read or typed (E1xx, E2xx); a statement that is neither a definition nor an expression (E102).
    pub fn reading(&self, derivative: &Derivative, text: &str) -> Result<Formula, Error> {
        let document = parse_document(text)?;
        for s in &document.statements {
            if !matches!(s, Statement::Define { .. } | Statement::Function { .. }) {
                let at = Span::new(s.start(), text.len().min(s.start() + 1));
                return Err(Diagnostic::error("E102", at, "a definition or an expression was expected")
                    .because("the names of the formula are known, with their types")
                    .help("leave declarations, assumptions and `derive` lines out")
                    .into());
            }
        }
        let mut lead = derivative.declared("");
        for line in self.statements_for(&document) {
            lead.push_str(&line);
            lead.push('\n');
        }
        let options = Options { closed: true, limits: self.model.pool.limits(), ..Options::default() };
        Formula::parse_with(&format!("{lead}{text}"), &options).map_err(|e| moved(e, lead.len()))
    }

    /// Rows and columns of a definition (the last one if `None`) as text: `["N", "1"]`. Of more than two axes all are rows.
    ///
    /// # Errors
    /// An unknown target (E401).
    pub fn shape(&self, target: Option<&str>) -> Result<Vec<String>, Error> {
        self.target(target).map(|(_, _, shape)| shape_text(&self.model.pool, &shape))
    }

    /// The definitions and functions of this formula that a text needs, directly or through others, in order.
    fn statements_for(&self, text: &Document) -> Vec<String> {
        let Ok(own) = parse_document(&self.source) else { return vec![] };
        let defined: Vec<&str> = text.statements.iter().filter_map(name).collect();
        let mut needed: Vec<String> = names(text, &text.syntax.ids().collect::<Vec<_>>());
        // What the text defines itself, it means; what the formula needs, it means by its own names.
        needed.retain(|n| !defined.contains(&n.as_str()));
        let mut wanted = vec![];
        for s in own.statements.iter().rev() {
            let Some(name) = name(s).filter(|n| needed.iter().any(|m| m == n)) else { continue };
            let parts: Vec<NodeId> = match s {
                Statement::Function { defaults, body, .. } => defaults.iter().map(|d| d.1).chain([*body]).collect(),
                Statement::Define { body, .. } => vec![*body],
                _ => vec![],
            };
            let under: Vec<NodeId> = parts.iter().flat_map(|p| own.syntax.under(*p)).collect();
            needed.extend(names(&own, &under).into_iter().filter(|n| n != name));
            wanted.push(format::line(&own.syntax, s));
        }
        wanted.reverse();
        wanted
    }
}

/// The name that a statement gives a meaning to.
fn name(s: &Statement) -> Option<&str> {
    match s {
        Statement::Define { name, .. } | Statement::Function { name, .. } if !name.is_empty() => Some(name),
        _ => None,
    }
}

/// The names of variables and functions among nodes.
fn names(document: &Document, ids: &[NodeId]) -> Vec<String> {
    let one = |id: &NodeId| match document.syntax.kind(*id) {
        Kind::Name(name) | Kind::Call(name, _) => Some(name.clone()),
        _ => None,
    };
    ids.iter().filter_map(one).collect()
}

/// The error with places of a text that stood behind `lead` bytes; places before it go.
fn moved(mut error: Error, lead: usize) -> Error {
    for d in &mut error.diagnostics {
        let main = d.labels[0].clone();
        d.labels.retain(|(span, _)| span.start >= lead);
        for (span, _) in &mut d.labels {
            (span.start, span.end) = (span.start - lead, span.end - lead);
        }
        if main.0.start < lead {
            d.labels.insert(0, (Span::default(), main.1));
        }
    }
    error
}
