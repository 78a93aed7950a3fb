//! Words for what the engine found: types of inputs, names of derivatives, numbers.

use hesse::calculus::complaint::type_text;
use hesse::calculus::model::{Condition, Input, Named};
use hesse::calculus::structure::Kind;
use hesse::facts::properties::PROPERTIES;
use hesse::tensor::dim::Dims;
use hesse::{Layout, Part, Request, Want};

/// How often a request differentiates. (A part of a first derivative with several variables is a row of partials.)
pub fn order(request: &Request) -> usize {
    if request.want == Want::Hessian { 2 } else { request.order.max(1) }
}

/// The type of an input as it would be declared: `matrix(N, n)`, `vector(n) positive`.
pub fn type_of(input: &Input, dims: &Dims) -> String {
    let mut out = type_text(dims, &input.shape);
    for property in input.properties.iter().filter(|p| !follows(p, &input.properties)) {
        out.push(' ');
        out.push_str(property);
    }
    out
}

/// The shape of a definition with its name, written as the shapes of inputs are: `z: vector(N)`.
pub fn definition(named: &Named, dims: &Dims) -> String {
    format!("{}: {}", named.name, type_text(dims, &named.shape))
}

/// Whether a property follows from another one of the list.
fn follows(property: &str, all: &[String]) -> bool {
    PROPERTIES.iter().any(|row| row.implies.contains(&property) && all.iter().any(|p| p == row.name))
}

/// The left side of a printed derivative: `∂f/∂w`, `∂²C/∂w∂wᵀ`, `X_bar`, `df`.
pub fn left_side(part: &Part, request: &Request) -> String {
    let of = if part.of.is_empty() { "f" } else { &part.of };
    match (request.want, part.wrt.as_slice()) {
        (Want::Vjp, [v, ..]) => format!("{v}_bar"),
        (Want::Jvp, []) => format!("d{of}"),
        (Want::Jvp | Want::Hvp, [v, .., w]) => {
            let direction = part.direction.as_deref().unwrap_or_default();
            match part.wrt.len() {
                2 if part.shape.is_scalar() && v == w => format!("∂²{of}/∂{v}²·{direction}"),
                2 => format!("∂²{of}/∂{v}∂{w}ᵀ·{direction}"),
                n => format!("∂^{n}{of}/∂{v}^{n}·{direction}"),
            }
        }
        (_, []) => of.to_string(),
        (_, [v]) => format!("∂{of}/∂{v}"),
        // The columns of a matrix of second derivatives are those of its second variable.
        (Want::Hessian, [v, w]) if part.face == part.stack && part.shape_text.iter().all(|size| size != "1") => {
            format!("∂²{of}/∂{v}∂{w}ᵀ")
        }
        (_, many) if many.len() > order(request) => format!("∂{of}/∂({})", many.join(", ")),
        (_, many) => {
            let order = match many.len() {
                2 => "²".into(),
                3 => "³".into(),
                n => format!("^{n}"),
            };
            let below = if many.iter().all(|v| *v == many[0]) {
                format!("∂{}{order}", many[0])
            } else {
                many.iter().map(|v| format!("∂{v}")).collect::<Vec<_>>().concat()
            };
            format!("∂{order}{of}/{below}")
        }
    }
}

/// What stands to the right of a printed derivative: its size, its layout where there is a choice, its structure.
pub fn remark(part: &Part, request: &Request, conditions: &[Condition]) -> String {
    let mut out = size(part);
    let chosen = matches!(request.want, Want::Gradient | Want::Jacobian | Want::Derivative);
    if chosen && order(request) == 1 && part.shape_text.len() == 2 && part.shape_text.iter().any(|size| size != "1") {
        out.push_str(&format!("   {} layout", layout(part.layout)));
    }
    let structure = structure(part, request, conditions);
    if !structure.is_empty() {
        out.push_str(&format!("   {structure}"));
    }
    out
}

/// `m×n`, `(n - 1)×n`
pub fn size(part: &Part) -> String {
    let one = |s: &String| if s.contains(' ') { format!("({s})") } else { s.clone() };
    part.shape_text.iter().map(one).collect::<Vec<_>>().join("×")
}

/// What is known of the entries: `diagonal, n of n² entries can be non-zero`; nothing for a dense matrix.
fn structure(part: &Part, request: &Request, conditions: &[Condition]) -> String {
    let s = &part.structure;
    let mut words = vec![];
    if s.name() != "dense" {
        words.push(s.name());
    }
    let plain = matches!(s.kind, Kind::Zero | Kind::Identity | Kind::ScaledIdentity | Kind::Diagonal | Kind::Dense);
    if s.symmetric && !plain {
        words.push("symmetric".into());
    }
    if s.semidefinite && request.want == Want::Hessian && s.kind != Kind::Zero {
        let kinks = conditions.iter().any(|c| c.is_kink());
        words.push(format!("positive semidefinite{}", if kinks { " (almost everywhere)" } else { "" }));
    }
    if let Some(nonzeros) = s.nonzeros.as_ref().filter(|_| s.has_zeros() && s.kind != Kind::Zero) {
        words.push(format!("{} of {} entries can be non-zero", raised(nonzeros), raised(&s.entries)));
    }
    words.join(", ")
}

/// n^2 as n².
fn raised(text: &str) -> String {
    text.replace("^2", "²").replace("^3", "³").replace("^4", "⁴")
}

/// The name of a layout.
pub fn layout(layout: Layout) -> &'static str {
    match layout {
        Layout::Numerator => "numerator",
        Layout::Denominator => "denominator",
    }
}

/// The name of what is asked for.
pub fn want(want: Want) -> &'static str {
    match want {
        Want::Gradient => "gradient",
        Want::Jacobian => "jacobian",
        Want::Hessian => "hessian",
        Want::Derivative => "derivative",
        Want::Jvp => "jvp",
        Want::Vjp => "vjp",
        Want::Hvp => "hvp",
    }
}

/// An error bound with one digit after the point and two in the exponent: `1.1e-12`, `1e-07`, `0`.
pub fn bound(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return x.to_string();
    }
    let text = format!("{x:.1e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(e) => ('-', e),
        None => ('+', exponent),
    };
    format!("{}e{sign}{exponent:0>2}", digits.trim_end_matches(".0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        assert_eq!(bound(1.14e-12), "1.1e-12");
        assert_eq!(bound(1e-7), "1e-07");
        assert_eq!(bound(0.0), "0");
        assert_eq!(bound(2.5), "2.5e+00");
    }
}
