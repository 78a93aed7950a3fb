//! Tests of the elaborator: tables of shapes and of complaints, the public corpus by value, the rows of notation.
mod complaints;
mod corpus;
mod dense;
mod notation;
mod shapes;

use crate::calculus::domain;
use crate::calculus::elaborate::{Options, elaborate, elaborate_expression};
use crate::calculus::model::Model;
use crate::diagnostic::Error;
use crate::syntax::parse::parse_document;

/// A whole text.
fn read(text: &str) -> Result<Model, Error> {
    elaborate(&parse_document(text)?, text, &Options::default())
}

/// `"A: matrix(m,n), x: vector(n)"`, an expression, a domain.
fn typed(vars: &str, expression: &str, domain: &str) -> Result<Model, Error> {
    let vars: Vec<(String, String)> = vars
        .split("; ")
        .filter(|v| !v.is_empty())
        .map(|v| {
            let (name, of) = v.split_once(':').unwrap();
            (name.trim().to_string(), of.trim().to_string())
        })
        .collect();
    elaborate_expression(&vars, expression, &Options { domain: domain::parse(domain), ..Options::default() })
}

/// `N×n` of the last definition.
fn shape(model: &Model) -> String {
    let d = model.definitions.last().unwrap();
    let list = |l: &[crate::tensor::Dim]| crate::calculus::shapes::list_text(&model.pool.dims, l);
    format!("{}×{}", list(&d.shape.rows), list(&d.shape.cols))
}
