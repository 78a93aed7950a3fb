//! One line of Unicode for the terminal: `2·Aᵀ·(A·x − b)`.
//!
//! It reads back as the same formula except for the signs that are words of the language: ones are `1`, zeros `0`, eye is
//! `I`, and `⊗` is the Kronecker product.

use super::boxes::{Boxes, Drawn, Layout, Look, Part, Pieces, Slot};
use super::names;
use super::plain::{axes, index};
use super::tree::{NodeId, Operator, Syntax};

/// The tree under `root` as one line of Unicode.
///
/// ```
/// use hesse::syntax::{parse::parse_expression, unicode::unicode};
/// let (syntax, root) = parse_expression("2*inv(A)'*(x.*y - lambda*ones(n))/norm2(x)^2")?;
/// assert_eq!(unicode(&syntax, root), "2·A⁻ᵀ·(x ⊙ y − λ·1)/‖x‖²");
/// # Ok::<(), hesse::Error>(())
/// ```
pub fn unicode(syntax: &Syntax, root: NodeId) -> String {
    let boxes = Boxes::new(syntax, root, Look::Unicode);
    boxes.write(root, |layout| spell(&boxes, layout))
}

/// The tree under `root` with lowered indices and `Σ`: `Σᵢ₌₁ᴺ xᵢ²`. What Unicode cannot lower stays as [`unicode`] writes it.
/// `names` may spell a name in its own way.
///
/// ```
/// use hesse::syntax::{parse::parse_expression, unicode::lowered};
/// let (syntax, root) = parse_expression("2*sum(i = 1:N, X[i,j]*(y[i] - w[1]))")?;
/// assert_eq!(lowered(&syntax, root, &|_| None), "2·Σᵢ₌₁ᴺ Xᵢⱼ·(yᵢ − w₁)");
/// # Ok::<(), hesse::Error>(())
/// ```
pub fn lowered(syntax: &Syntax, root: NodeId, names: &dyn Fn(&str) -> Option<String>) -> String {
    let boxes = Boxes::new(syntax, root, Look::Lowered);
    boxes.write(root, |layout| match layout {
        Layout::Name(name) => Pieces::default().text(names(name).unwrap_or_else(|| names::with_greek(name))),
        Layout::Index(base, ref slots) => match low_indices(&boxes, base, slots) {
            Some(low) => Pieces::default().part(base).text(low),
            None => spell(&boxes, layout),
        },
        Layout::Series(index, from, to, body) => match low_range(&boxes, index, from, to) {
            Some(range) => Pieces::default().text(format!("Σ{range} ")).part(body),
            None => spell(&boxes, layout),
        },
        _ => spell(&boxes, layout),
    })
}

/// Indices behind a name as lowered signs, where each is one letter or one digit.
fn low_indices(boxes: &Boxes, base: Part, slots: &[Slot]) -> Option<String> {
    boxes.name(base)?;
    let one = |slot: &Slot| match *slot {
        Slot::At(part) => low(boxes.atom(part)?),
        _ => None,
    };
    slots.iter().map(one).collect()
}

/// The range of a sum as signs below and above a `Σ`.
fn low_range(boxes: &Boxes, index: &str, from: Part, to: Part) -> Option<String> {
    Some(format!("{}₌{}{}", low(index)?, low(boxes.atom(from)?)?, high(boxes.atom(to)?)?))
}

/// A name with its Greek letter: `lambda_max` is `λ_max`.
pub fn name(text: &str) -> String {
    names::with_greek(text)
}

/// One letter or digit as a lowered sign.
pub fn low(text: &str) -> Option<char> {
    let mut letters = text.chars();
    let (Some(c), None) = (letters.next(), letters.next()) else { return None };
    sign_of(c, "0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
}

/// One letter or digit as a raised sign; no T, which would be a transpose.
fn high(text: &str) -> Option<char> {
    let mut letters = text.chars();
    let (Some(c), None) = (letters.next(), letters.next()) else { return None };
    sign_of(c, "0123456789abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRUW", "⁰¹²³⁴⁵⁶⁷⁸⁹ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵁᵂ")
}

/// The sign of `to` at the place of `c` in `from`.
fn sign_of(c: char, from: &str, to: &str) -> Option<char> {
    to.chars().nth(from.chars().position(|letter| letter == c)?)
}

fn spell(boxes: &Boxes, layout: Layout) -> Pieces {
    let pieces = Pieces::default();
    match layout {
        Layout::Number(text) => pieces.text(text.to_string()),
        Layout::Name(name) => pieces.text(names::with_greek(name)),
        Layout::Fence(a) => pieces.text("(").part(a).text(")"),
        Layout::Negation(a) => pieces.text("−").part(a),
        Layout::Infix(op, a, b) if op.compares() => pieces.text("[").part(a).text(sign(op)).part(b).text("]"),
        Layout::Infix(op, a, b) => pieces.part(a).text(sign(op)).part(b),
        Layout::Power(op, a, b) => match boxes.whole_number(b) {
            Some((negative, digits)) if op == Operator::Power => pieces.part(a).text(raised(negative, digits)),
            _ => pieces.part(a).text(op.spelling()).part(b),
        },
        Layout::Transpose(a) => pieces.part(a).text("ᵀ"),
        Layout::Call(name, arguments, drawn) => call(name, &arguments, drawn),
        Layout::Index(base, slots) => index(pieces.part(base), &slots),
        Layout::Matrix(rows) => pieces.text("[").list(&rows, "; ", |pieces, row| pieces.parts(row, ", ")).text("]"),
        Layout::Contraction(body, groups) => pieces.part(body).text(" → ").text(axes(groups)),
        Layout::Series(index, from, to, body) => {
            let index = names::with_greek(index);
            pieces.text(format!("sum({index} = ")).part(from).text(":").part(to).text(", ").part(body).text(")")
        }
    }
}

fn call(name: &str, arguments: &[Part], drawn: Drawn) -> Pieces {
    let pieces = Pieces::default();
    // `Σ(` is read as a sum.
    let function = if name == "Sigma" { name.to_string() } else { names::with_greek(name) };
    match drawn {
        Drawn::Call => pieces.text(function).text("(").parts(arguments, ", ").text(")"),
        Drawn::Norm => pieces.text("‖").parts(arguments, "").text("‖"),
        Drawn::Absolute => pieces.text("|").parts(arguments, "").text("|"),
        Drawn::Root => pieces.text("√").parts(arguments, ""),
        Drawn::Inverse => pieces.parts(arguments, "").text("⁻¹"),
        Drawn::InverseTranspose => pieces.parts(arguments, "").text("⁻ᵀ"),
        Drawn::Kronecker => pieces.parts(arguments, " ⊗ "),
        Drawn::Ones => pieces.text("1"),
        Drawn::Zeros => pieces.text("0"),
        Drawn::Identity => pieces.text("I"),
    }
}

/// An infix operator with its spaces.
pub(crate) fn sign(op: Operator) -> String {
    match op {
        Operator::Times => "·".into(),
        Operator::Over | Operator::Under => op.spelling().into(),
        Operator::Minus => " − ".into(),
        Operator::DotTimes => " ⊙ ".into(),
        Operator::DotOver => " ⊘ ".into(),
        Operator::LessEqual => " ≤ ".into(),
        Operator::GreaterEqual => " ≥ ".into(),
        Operator::NotEqual => " ≠ ".into(),
        _ => format!(" {} ", op.spelling()),
    }
}

/// A whole number as an exponent.
fn raised(negative: bool, digits: &str) -> String {
    let up = |b: u8| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(usize::from(b - b'0')).unwrap_or_default();
    let sign = if negative { "⁻" } else { "" };
    sign.chars().chain(digits.bytes().map(up)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse::parse_expression;

    #[test]
    fn formulas() {
        for (text, expected) in [
            ("2*A'*(A*x - b)", "2·Aᵀ·(A·x − b)"),
            ("(e.*(z > 0))'*X", "(e ⊙ [z > 0])ᵀ·X"),
            ("(a.*b)*c + a*b.*c", "(a ⊙ b)·c + a·b ⊙ c"),
            ("A'^2 + A^2' + x^n'", "(Aᵀ)² + (A²)ᵀ + (x^n)ᵀ"),
            ("X^-12 + x.^2 + x.^-1", "X⁻¹² + x.^2 + x.^−1"),
            ("sqrt(x) + sqrt(x + 1)'", "√x + (√(x + 1))ᵀ"),
            ("a*(-b) - (-c)", "a·(−b) − (−c)"),
            ("a + (-b)*c", "a + (−b·c)"),
            ("-(a*b) - (-(a + b))", "−a·b − (−(a + b))"),
            ("kron(A, kron(B, C))*x + kron(kron(A, B), C)", "(A ⊗ (B ⊗ C))·x + A ⊗ B ⊗ C"),
            ("ones(N)*b' - zeros(m, n) + eye(n)", "1·bᵀ − 0 + I"),
            ("2*x_1*sigma2/N", "2·x_1·σ2/N"),
            ("A[i,j]*B[j,k] -> [i,k]", "A[i,j]·B[j,k] → [i,k]"),
            ("Sigma(x)", "Sigma(x)"),
        ] {
            let (syntax, root) = parse_expression(text).unwrap();
            assert_eq!(unicode(&syntax, root), expected);
        }
    }
}
