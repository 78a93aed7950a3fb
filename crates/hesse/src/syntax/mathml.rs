//! MathML Core, which browsers draw natively and screen readers read.
//!
//! Layouts are spelled as runs of elements; whoever needs exactly one element (a base, an exponent, a side of a fraction)
//! wraps its part in a row, so a long sum stays flat.

use super::boxes::{Boxes, Drawn, Layout, Look, Part, Pieces, Slot};
use super::names;
use super::tree::{NodeId, Operator, Syntax};

/// The tree under `root` as a `<math>` element.
///
/// ```
/// use hesse::syntax::{mathml::mathml, parse::parse_expression};
/// let (syntax, root) = parse_expression("x < 1/n")?;
/// assert!(mathml(&syntax, root).contains("<mi>x</mi><mo>&lt;</mo><mfrac>"));
/// # Ok::<(), hesse::Error>(())
/// ```
pub fn mathml(syntax: &Syntax, root: NodeId) -> String {
    math(&row(syntax, root))
}

/// `left = right` as a `<math>` element.
pub fn equation(syntax: &Syntax, left: NodeId, right: NodeId) -> String {
    math(&format!("{}<mo>=</mo>{}", row(syntax, left), row(syntax, right)))
}

fn math(inner: &str) -> String {
    format!(r#"<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{inner}</math>"#)
}

/// The tree under `root` as an `<mrow>`, to stand in a `<math>` element of the caller.
pub fn row(syntax: &Syntax, root: NodeId) -> String {
    row_with(syntax, root, &|_| None)
}

/// The same; `names` may spell a name in its own way, as one element.
pub fn row_with(syntax: &Syntax, root: NodeId, names: &dyn Fn(&str) -> Option<String>) -> String {
    let boxes = Boxes::new(syntax, root, Look::Page);
    let spell = |layout| match layout {
        Layout::Name(text) => Pieces::default().text(names(text).unwrap_or_else(|| name(text))),
        _ => spell(&boxes, layout),
    };
    format!("<mrow>{}</mrow>", boxes.write(root, spell))
}

/// U+2062 invisible times, with a thin space so that words keep apart.
const TIMES: &str = r#"<mo lspace="0" rspace="0.17em">&#x2062;</mo>"#;
/// U+2061 function application.
const OF: &str = "<mo>&#x2061;</mo>";

fn spell(boxes: &Boxes, layout: Layout) -> Pieces {
    let pieces = Pieces::default();
    match layout {
        Layout::Number(text) => pieces.text(number(text)),
        Layout::Name(text) => pieces.text(name(text)),
        Layout::Fence(a) => fence(boxes, "(", ")", &[a], |pieces| pieces.part(a)),
        Layout::Negation(a) => pieces.text(r#"<mo form="prefix">−</mo>"#).part(a),
        Layout::Infix(op, a, b) if op.compares() => fence(boxes, "[", "]", &[a, b], |pieces| pieces.part(a).text(sign(op)).part(b)),
        Layout::Infix(Operator::Over, a, b) => one(one(pieces.text("<mfrac>"), a), b).text("</mfrac>"),
        Layout::Infix(Operator::Times, a, b) if !boxes.begins_with_digit(b) => pieces.part(a).text(TIMES).part(b),
        Layout::Infix(op, a, b) => pieces.part(a).text(sign(op)).part(b),
        Layout::Power(Operator::DotPower, a, b) => raise(a, |pieces| pieces.text("<mo>⊙</mo>").part(b)),
        Layout::Power(_, a, b) => raise(a, |pieces| pieces.part(b)),
        Layout::Transpose(a) => raise(a, |pieces| pieces.text("<mo>⊤</mo>")),
        Layout::Call(function, arguments, drawn) => call(boxes, function, &arguments, drawn),
        Layout::Index(base, slots) => {
            let indices = |pieces: Pieces| pieces.text("<mrow>").list(&slots, "<mo>,</mo>", slot).text("</mrow>");
            indices(one(pieces.text("<msub>"), base)).text("</msub>")
        }
        Layout::Matrix(rows) => brackets(true, "[", "]", |pieces| table(pieces, &rows)),
        Layout::Contraction(body, groups) => pieces.part(body).text("<mo>→</mo>").text(axes(groups)),
        Layout::Series(index, from, to, body) => {
            let below = pieces.text(format!("<munderover><mo>∑</mo><mrow>{}<mo>=</mo>", name(index))).part(from).text("</mrow>");
            one(below, to).text("</munderover>").part(body)
        }
    }
}

fn call(boxes: &Boxes, name: &str, arguments: &[Part], drawn: Drawn) -> Pieces {
    let pieces = Pieces::default();
    let inner = |pieces: Pieces| pieces.parts(arguments, "<mo>,</mo>");
    match drawn {
        Drawn::Call => {
            let function = format!("<mi>{}</mi>{OF}", escape(&names::with_greek(name)));
            pieces.text(function).append(fence(boxes, "(", ")", arguments, inner))
        }
        Drawn::Norm => pieces.text("<msub><mrow><mo>‖</mo>").parts(arguments, "").text("<mo>‖</mo></mrow><mn>2</mn></msub>"),
        Drawn::Absolute => fence(boxes, "|", "|", arguments, inner),
        Drawn::Root => inner(pieces.text("<msqrt>")).text("</msqrt>"),
        Drawn::Inverse => raise(arguments[0], |pieces| pieces.text(r#"<mo form="prefix">−</mo><mn>1</mn>"#)),
        Drawn::InverseTranspose => raise(arguments[0], |pieces| pieces.text(r#"<mo form="prefix">−</mo><mo>⊤</mo>"#)),
        Drawn::Kronecker => pieces.parts(arguments, "<mo>⊗</mo>"),
        Drawn::Ones => pieces.text("<mn>𝟏</mn>"),
        Drawn::Zeros => pieces.text("<mn>𝟎</mn>"),
        Drawn::Identity => pieces.text("<mi>I</mi>"),
    }
}

/// A part as one element.
fn one(pieces: Pieces, part: Part) -> Pieces {
    pieces.text("<mrow>").part(part).text("</mrow>")
}

/// A base with something raised.
fn raise(base: Part, exponent: impl Fn(Pieces) -> Pieces) -> Pieces {
    let pieces = one(Pieces::default().text("<msup>"), base).text("<mrow>");
    exponent(pieces).text("</mrow></msup>")
}

/// Brackets around parts. They grow where a part is high; some fonts leave gaps beside brackets that may grow.
fn fence(boxes: &Boxes, left: &str, right: &str, parts: &[Part], inner: impl Fn(Pieces) -> Pieces) -> Pieces {
    brackets(parts.iter().any(|&part| boxes.is_tall(part)), left, right, inner)
}

fn brackets(grow: bool, left: &str, right: &str, inner: impl Fn(Pieces) -> Pieces) -> Pieces {
    let still = if grow { "" } else { r#" stretchy="false""# };
    let pieces = Pieces::default().text(format!(r#"<mrow><mo form="prefix"{still}>{left}</mo>"#));
    inner(pieces).text(format!(r#"<mo form="postfix"{still}>{right}</mo></mrow>"#))
}

fn table(pieces: Pieces, rows: &[Vec<Part>]) -> Pieces {
    let entry = |pieces: Pieces, &part: &Part| pieces.text("<mtd>").part(part).text("</mtd>");
    let row = |pieces: Pieces, row: &Vec<Part>| pieces.text("<mtr>").list(row, "", entry).text("</mtr>");
    pieces.text("<mtable>").list(rows, "", row).text("</mtable>")
}

fn slot(pieces: Pieces, slot: &Slot) -> Pieces {
    match *slot {
        Slot::All => pieces.text("<mo>:</mo>"),
        Slot::At(a) => pieces.part(a),
        Slot::Range(a, b) => pieces.part(a).text("<mo>:</mo>").part(b),
        Slot::Stack(ref letters) => pieces.text("<mrow><mo>(</mo>").parts(letters, "").text("<mo>)</mo></mrow>"),
    }
}

/// The groups of a contraction.
fn axes(groups: &[Vec<String>]) -> String {
    let axis = |group: &Vec<String>| {
        let indices: String = group.iter().map(|index| name(index)).collect();
        if group.len() == 1 { indices } else { format!("<mrow><mo>(</mo>{indices}<mo>)</mo></mrow>") }
    };
    let axes: Vec<String> = groups.iter().map(axis).collect();
    format!("<mrow><mo>[</mo>{}<mo>]</mo></mrow>", axes.join("<mo>,</mo>"))
}

/// An infix operator.
pub(crate) fn sign(op: Operator) -> String {
    let sign = match op {
        Operator::GreaterEqual => "≥",
        Operator::LessEqual => "≤",
        Operator::Equal => "=",
        Operator::NotEqual => "≠",
        Operator::Minus => "−",
        Operator::Times => "·",
        Operator::DotTimes => "⊙",
        Operator::DotOver => "⊘",
        _ => op.spelling(),
    };
    format!("<mo>{}</mo>", escape(sign))
}

/// A literal; `1e-3` is a power of ten.
fn number(text: &str) -> String {
    match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => {
            let exponent = exponent.trim_start_matches('+').replace('-', "−");
            format!("<mrow><mn>{}</mn><mo>×</mo><msup><mn>10</mn><mn>{}</mn></msup></mrow>", escape(digits), escape(&exponent))
        }
        None => format!("<mn>{}</mn>", escape(text)),
    }
}

/// A name, its index lowered.
pub fn name(text: &str) -> String {
    let word = |text: &str| {
        let tag = if text.bytes().all(|b| b.is_ascii_digit()) { "mn" } else { "mi" };
        format!("<{tag}>{}</{tag}>", escape(&names::with_greek(text)))
    };
    match names::split(text) {
        (stem, "") => word(stem),
        (stem, index) => format!("<msub>{}{}</msub>", word(stem), word(index)),
    }
}

/// Text without any character that is markup.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse::parse_expression;

    fn draw(text: &str) -> String {
        let (syntax, root) = parse_expression(text).unwrap();
        row(&syntax, root)
    }

    #[test]
    fn formulas() {
        assert_eq!(
            draw("A'*x_1"),
            format!("<mrow><msup><mrow><mi>A</mi></mrow><mrow><mo>⊤</mo></mrow></msup>{TIMES}<msub><mi>x</mi><mn>1</mn></msub></mrow>")
        );
        assert_eq!(
            draw("lambda < 2"),
            r#"<mrow><mrow><mo form="prefix" stretchy="false">[</mo><mi>λ</mi><mo>&lt;</mo><mn>2</mn><mo form="postfix" stretchy="false">]</mo></mrow></mrow>"#
        );
        assert!(draw("sum(x)").contains(r#"<mi>sum</mi><mo>&#x2061;</mo><mrow><mo form="prefix" stretchy="false">(</mo><mi>x</mi><mo "#));
        assert!(draw("sum(x/y)").contains(r#"<mi>sum</mi><mo>&#x2061;</mo><mrow><mo form="prefix">(</mo><mfrac>"#));
        assert!(draw("[a, b; c, d]").contains("<mtable><mtr><mtd><mi>a</mi></mtd><mtd>"));
        assert!(draw("x*2").contains("<mo>·</mo><mn>2</mn>"));
    }

    /// Every element is closed, and elements that take two children have two.
    #[test]
    fn the_markup_is_well_formed() {
        for text in [
            "2*inv(A)'*(x.*y - lambda*ones(n))/norm2(x)^2",
            "[a/b, sqrt(x_1); -c, abs(d.^-1)]",
            "A[i,2:n]*B[j,:] -> [(i k),,j]",
            "kron(A, B) .+ 1e-3*(z >= 0) + f()",
            "sum(i = 2:n, (u[i] - u[i-1])^2)",
        ] {
            let mut open: Vec<(String, usize)> = vec![("".into(), 0)];
            for tag in draw(text).split('<').skip(1).map(|s| &s[..s.find('>').unwrap()]) {
                match tag.strip_prefix('/') {
                    Some(tag) => {
                        let (name, children) = open.pop().unwrap();
                        assert_eq!(name, tag);
                        assert!(children == 2 || !["msup", "msub", "mfrac"].contains(&tag), "{tag} in {text}");
                    }
                    None => {
                        open.last_mut().unwrap().1 += 1;
                        open.push((tag.split(' ').next().unwrap().into(), 0));
                    }
                }
            }
            assert_eq!(open.len(), 1);
        }
    }

    #[test]
    fn no_name_is_markup() {
        let mut s = Syntax::default();
        let hostile = s.name("<script>&\"");
        assert_eq!(row(&s, hostile), "<mrow><mi>&lt;script&gt;&amp;&quot;</mi></mrow>");
    }
}
