//! LaTeX: `2\,A^{\top}\,(A\,x - b)`. It needs amsmath and nothing else.

use super::boxes::{Boxes, Drawn, Layout, Look, Part, Pieces, Slot};
use super::tree::{NodeId, Operator, Syntax};
use super::{greek, names};
use crate::facts::{functions, matrices};
use std::borrow::Cow;

/// The tree under `root` in LaTeX, to stand in math mode.
///
/// ```
/// use hesse::syntax::{latex::latex, parse::parse_expression};
/// let (syntax, root) = parse_expression("2/N*X'*(z_1 > 0)")?;
/// assert_eq!(latex(&syntax, root), r"\frac{2}{N}\,X^{\top}\,[z_{1} > 0]");
/// # Ok::<(), hesse::Error>(())
/// ```
pub fn latex(syntax: &Syntax, root: NodeId) -> String {
    latex_with(syntax, root, &|_| None)
}

/// The same; `names` may spell a name in its own way.
pub fn latex_with(syntax: &Syntax, root: NodeId, names: &dyn Fn(&str) -> Option<String>) -> String {
    let boxes = Boxes::new(syntax, root, Look::Page);
    boxes.write(root, |layout| match layout {
        Layout::Name(text) => Pieces::default().text(names(text).unwrap_or_else(|| name(text))),
        _ => spell(&boxes, layout),
    })
}

fn spell(boxes: &Boxes, layout: Layout) -> Pieces {
    let pieces = Pieces::default();
    match layout {
        Layout::Number(text) => pieces.text(number(text)),
        Layout::Name(text) => pieces.text(name(text)),
        Layout::Fence(a) => fence(boxes, "(", ")", &[a], |pieces| pieces.part(a)),
        Layout::Negation(a) => pieces.text("-").part(a),
        Layout::Infix(op, a, b) if op.compares() => fence(boxes, "[", "]", &[a, b], |pieces| pieces.part(a).text(sign(op)).part(b)),
        Layout::Infix(Operator::Over, a, b) => pieces.text(r"\frac{").part(a).text("}{").part(b).text("}"),
        Layout::Infix(Operator::Times, a, b) if boxes.begins_with_digit(b) => pieces.part(a).text(r" \cdot ").part(b),
        Layout::Infix(op, a, b) => pieces.part(a).text(sign(op)).part(b),
        Layout::Power(Operator::DotPower, a, b) if boxes.whole_number(b).is_some_and(|n| !n.0) => {
            pieces.part(a).text(r"^{\odot ").part(b).text("}")
        }
        Layout::Power(Operator::DotPower, a, b) => pieces.part(a).text(r"^{\odot {").part(b).text("}}"),
        Layout::Power(_, a, b) => pieces.part(a).text("^{").part(b).text("}"),
        Layout::Transpose(a) => pieces.part(a).text(r"^{\top}"),
        Layout::Call(function, arguments, drawn) => call(boxes, function, &arguments, drawn),
        Layout::Index(base, slots) => {
            // A name that has an index of its own takes the second one as a whole.
            let indexed = boxes.name(base).is_some_and(|name| !names::split(name).1.is_empty());
            let pieces = if indexed { pieces.text("{").part(base).text("}") } else { pieces.part(base) };
            pieces.text("_{").list(&slots, ",", slot).text("}")
        }
        Layout::Matrix(rows) => {
            let entries = |pieces: Pieces, row: &Vec<Part>| pieces.parts(row, " & ");
            pieces.text(r"\begin{bmatrix} ").list(&rows, r" \\ ", entries).text(r" \end{bmatrix}")
        }
        Layout::Contraction(body, groups) => pieces.part(body).text(r" \to ").text(axes(groups)),
        Layout::Series(index, from, to, body) => {
            pieces.text(format!(r"\sum_{{{} = ", name(index))).part(from).text("}^{").part(to).text("} ").part(body)
        }
    }
}

fn call(boxes: &Boxes, name: &str, arguments: &[Part], drawn: Drawn) -> Pieces {
    let pieces = Pieces::default();
    let inner = |pieces: Pieces| pieces.parts(arguments, ", ");
    match drawn {
        Drawn::Call => {
            let tall = arguments.iter().any(|&a| boxes.is_tall(a));
            let (left, right) = if tall { (r"\mathopen{}\left(", r"\right)") } else { ("(", ")") };
            inner(pieces.text(function(name)).text(left)).text(right)
        }
        Drawn::Norm => fence(boxes, r"\lVert ", r"\rVert", arguments, inner).text("_2"),
        Drawn::Absolute => fence(boxes, r"\lvert ", r"\rvert", arguments, inner),
        Drawn::Root => inner(pieces.text(r"\sqrt{")).text("}"),
        Drawn::Inverse => inner(pieces).text("^{-1}"),
        Drawn::InverseTranspose => inner(pieces).text(r"^{-\top}"),
        Drawn::Kronecker => pieces.parts(arguments, r" \otimes "),
        Drawn::Ones => pieces.text(r"\mathbf{1}"),
        Drawn::Zeros => pieces.text(r"\mathbf{0}"),
        Drawn::Identity => pieces.text("I"),
    }
}

/// Brackets that grow with what is between them.
fn fence(boxes: &Boxes, left: &'static str, right: &'static str, parts: &[Part], inner: impl Fn(Pieces) -> Pieces) -> Pieces {
    let tall = parts.iter().any(|&part| boxes.is_tall(part));
    let (grow_left, grow_right) = if tall { (r"\left", r"\right") } else { ("", "") };
    inner(Pieces::default().text(grow_left).text(left)).text(grow_right).text(right)
}

fn slot(pieces: Pieces, slot: &Slot) -> Pieces {
    match *slot {
        Slot::All => pieces.text(":"),
        Slot::At(a) => pieces.part(a),
        Slot::Range(a, b) => pieces.part(a).text("{:}").part(b),
        Slot::Stack(ref letters) => pieces.text("(").parts(letters, r"\,").text(")"),
    }
}

/// The groups of a contraction.
fn axes(groups: &[Vec<String>]) -> String {
    let axis = |group: &Vec<String>| {
        let indices: Vec<String> = group.iter().map(|index| name(index)).collect();
        if indices.len() == 1 { indices.concat() } else { format!("({})", indices.join(r"\,")) }
    };
    format!("[{}]", groups.iter().map(axis).collect::<Vec<_>>().join(","))
}

/// An infix operator; a matrix product is a thin space.
pub(crate) fn sign(op: Operator) -> &'static str {
    match op {
        Operator::Greater => " > ",
        Operator::Less => " < ",
        Operator::GreaterEqual => r" \ge ",
        Operator::LessEqual => r" \le ",
        Operator::Equal => " = ",
        Operator::NotEqual => r" \ne ",
        Operator::Plus => " + ",
        Operator::Minus => " - ",
        Operator::DotPlus => r" \mathbin{.+} ",
        Operator::DotMinus => r" \mathbin{.-} ",
        Operator::Times => r"\,",
        Operator::Over => "/",
        Operator::Under => r" \backslash ",
        Operator::DotTimes => r" \odot ",
        Operator::DotOver => r" \oslash ",
        Operator::Power | Operator::DotPower => "^",
    }
}

/// A literal; `1e-3` is a power of ten.
fn number(text: &str) -> String {
    match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => format!(r"{digits} \times 10^{{{}}}", exponent.trim_start_matches('+')),
        None => text.to_string(),
    }
}

/// A name: one letter in italics, a word upright, an index lowered.
pub fn name(text: &str) -> String {
    match names::split(text) {
        (stem, "") => word(stem),
        (stem, index) => format!("{}_{{{}}}", word(stem), word(index)),
    }
}

/// A letter, a Greek letter, digits, or a word upright.
fn word(text: &str) -> String {
    let single = text.chars().count() == 1 && text != "_";
    if greek::letter(text).is_some() {
        format!(r"\{text}")
    } else if single || text.bytes().all(|b| b.is_ascii_digit()) {
        escape(text).into_owned()
    } else {
        format!(r"\mathrm{{{}}}", escape(text))
    }
}

/// The name of a function as its row says.
fn function(text: &str) -> String {
    let element_wise = functions::find(text).map(|id| id.row().latex);
    let known = element_wise.or_else(|| matrices::find(text).map(|id| id.row().latex));
    match known {
        Some(latex) if !latex.is_empty() => latex.to_string(),
        None if greek::letter(text).is_some() || text.chars().count() == 1 => word(text),
        _ => format!(r"\operatorname{{{}}}", escape(text)),
    }
}

/// Text without any character that is a command to TeX, to stand in math mode.
fn escape(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str(r"\backslash "),
            '^' | '~' => out.push_str(&format!(r"\{c}{{}}")),
            '#' | '$' | '%' | '&' | '_' | '{' | '}' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse::parse_expression;

    #[test]
    fn formulas() {
        for (text, expected) in [
            ("2*A'*(A*x - b)", r"2\,A^{\top}\,(A\,x - b)"),
            ("(1/2)*norm2(A*x - b)^2", r"\frac{1}{2}\,\lVert A\,x - b\rVert_2^{2}"),
            ("(a/b)^2 + (a/b)'", r"\left(\frac{a}{b}\right)^{2} + \left(\frac{a}{b}\right)^{\top}"),
            ("inv(A)'*inv(A*B)", r"A^{-\top}\,(A\,B)^{-1}"),
            ("(x.*y)*z .* w./v", r"(x \odot y)\,z \odot w \oslash v"),
            ("x.^2 + x.^-1 + x.^(n-1)", r"x^{\odot 2} + x^{\odot {-1}} + x^{\odot {n - 1}}"),
            ("x*2 + a*(-b)", r"x \cdot 2 + a\,(-b)"),
            ("sin(x_1) + softplus(x) + f(x) + log(det(A))", r"\sin(x_{1}) + \operatorname{softplus}(x) + f(x) + \log(\det(A))"),
            ("sigma_max*eta2*weights*a_b_c", r"\sigma_{\mathrm{max}}\,\eta_{2}\,\mathrm{weights}\,a_{\mathrm{b\_c}}"),
            ("my_fun(x) + _x + x_", r"\operatorname{my\_fun}(x) + \mathrm{\_x} + \mathrm{x\_}"),
            ("[a, b; c, d]", r"\begin{bmatrix} a & b \\ c & d \end{bmatrix}"),
            ("(x >= 0).*abs(x/2)", r"[x \ge 0] \odot \left\lvert \frac{x}{2}\right\rvert"),
            ("x_1[2] + A[2,:] + u[2:n]", r"{x_{1}}_{2} + A_{2,:} + u_{2{:}n}"),
            ("A[i,j]*B[j,k] -> [(i k),j]", r"A_{i,j}\,B_{j,k} \to [(i\,k),j]"),
            ("kron(A, B)*ones(n) - eye(n)", r"(A \otimes B)\,\mathbf{1} - I"),
            ("1e-3^2*sqrt(x)", r"(1 \times 10^{-3})^{2}\,\sqrt{x}"),
            ("-(a*b) - -c", r"-a\,b - (-c)"),
            ("2*sum(i = 1:N, (y[i] - x)^2 + 1)", r"2\,\sum_{i = 1}^{N} ((y_{i} - x)^{2} + 1)"),
            ("exp(-x/2)", r"\exp\mathopen{}\left(\frac{-x}{2}\right)"),
        ] {
            let (syntax, root) = parse_expression(text).unwrap();
            assert_eq!(latex(&syntax, root), expected, "{text}");
        }
    }

    #[test]
    fn no_name_is_a_command() {
        let mut s = Syntax::default();
        let hostile = s.name(r"\input{a}$%");
        assert_eq!(latex(&s, hostile), r"\mathrm{\backslash input\{a\}\$\%}");
    }
}
