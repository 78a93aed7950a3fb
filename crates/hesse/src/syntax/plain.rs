//! The canonical ASCII text of a tree: the input language itself. What is written here reads back as the same tree.
//!
//! Spaces stand around `+ -`, comparisons, `.*` and `./`; none around `*`, `/`, `^`, `.^` and `'`.

use super::boxes::{Boxes, Layout, Look, Pieces, Slot};
use super::tree::{NodeId, Operator, Syntax};

/// The tree under `root` in the input language.
///
/// ```
/// use hesse::syntax::{parse::parse_expression, plain::plain};
/// let (syntax, root) = parse_expression("(‖A·x−b‖)²")?;
/// assert_eq!(plain(&syntax, root), "norm2(A*x - b)^2");
/// # Ok::<(), hesse::Error>(())
/// ```
pub fn plain(syntax: &Syntax, root: NodeId) -> String {
    Boxes::new(syntax, root, Look::Ascii).write(root, spell)
}

fn spell(layout: Layout) -> Pieces {
    let pieces = Pieces::default();
    match layout {
        Layout::Number(text) | Layout::Name(text) => pieces.text(text.to_string()),
        Layout::Fence(a) => pieces.text("(").part(a).text(")"),
        Layout::Negation(a) => pieces.text("-").part(a),
        Layout::Infix(op, a, b) => pieces.part(a).text(spaced(op)).part(b),
        Layout::Power(op, a, b) => pieces.part(a).text(op.spelling()).part(b),
        Layout::Transpose(a) => pieces.part(a).text("'"),
        Layout::Call(name, arguments, _) => pieces.text(name.to_string()).text("(").parts(&arguments, ", ").text(")"),
        Layout::Index(base, slots) => index(pieces.part(base), &slots),
        Layout::Matrix(rows) => pieces.text("[").list(&rows, "; ", |pieces, row| pieces.parts(row, ", ")).text("]"),
        Layout::Contraction(body, groups) => pieces.part(body).text(" -> ").text(axes(groups)),
        Layout::Series(index, from, to, body) => {
            pieces.text(format!("sum({index} = ")).part(from).text(":").part(to).text(", ").part(body).text(")")
        }
    }
}

/// An infix operator with its spaces.
fn spaced(op: Operator) -> String {
    match op {
        Operator::Times | Operator::Over | Operator::Under => op.spelling().to_string(),
        _ => format!(" {} ", op.spelling()),
    }
}

/// Subscripts in brackets, for every writer of one line.
pub(super) fn index(pieces: Pieces, slots: &[Slot]) -> Pieces {
    let slot = |pieces: Pieces, slot: &Slot| match *slot {
        Slot::All => pieces.text(":"),
        Slot::At(a) => pieces.part(a),
        Slot::Range(a, b) => pieces.part(a).text(":").part(b),
        Slot::Stack(ref letters) => pieces.text("(").parts(letters, " ").text(")"),
    };
    pieces.text("[").list(slots, ",", slot).text("]")
}

/// The groups of a contraction: `[(i k),j]`, `[,j]`, `[]`.
pub(super) fn axes(groups: &[Vec<String>]) -> String {
    if let [group] = groups
        && group.is_empty()
    {
        // One empty group, which is not the same as none.
        return "[()]".into();
    }
    let axis = |group: &Vec<String>| if group.len() > 1 { format!("({})", group.join(" ")) } else { group.concat() };
    format!("[{}]", groups.iter().map(axis).collect::<Vec<_>>().join(","))
}
