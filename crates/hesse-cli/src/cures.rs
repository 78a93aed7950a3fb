//! One concrete fix for an operation whose value is not finite.

use hesse::calculus::model::{Asks, Condition};
use hesse::syntax::parse::parse_expression;
use hesse::syntax::plain::plain;
use hesse::syntax::tree::{Kind, NodeId, Operator, Syntax};

/// The fix for an operation as it is written, with its arguments there, and the condition that it breaks.
pub fn cure(text: &str, arguments: &[(&str, f64)], broken: Option<&Condition>) -> String {
    if let Some(condition) = broken {
        return of_condition(condition);
    }
    let scale = "the numbers leave the range of double precision (1.8e308): scale the data, or take logarithms".to_string();
    let Ok((syntax, root)) = parse_expression(text) else { return scale };
    let part = |id: NodeId| plain(&syntax, id);
    match syntax.kind(root) {
        Kind::Call(f, args) => match (f.as_str(), args.as_slice()) {
            ("exp" | "expm1" | "sinh" | "cosh", [x]) => {
                format!(
                    "{f} overflows above 709: subtract the largest entry of `{0}` first, use logsumexp or softplus, or scale `{0}`",
                    part(*x)
                )
            }
            ("log" | "ln" | "sqrt", [x]) => format!("keep `{0}` above 0: {f}({0} + 1e-12), or max(1e-12, {0})", part(*x)),
            ("inv" | "logdet" | "logabsdet", [a]) => format!("add a multiple of the identity: {f}({0} + 1e-8*eye(rows({0})))", part(*a)),
            ("norm2" | "norm", [x]) => format!("the slope of the norm at 0: use sqrt(sumsq({}) + 1e-12)", part(*x)),
            _ => scale,
        },
        Kind::Binary(Operator::Over | Operator::DotOver, _, below) => divisor(&syntax, *below, arguments),
        Kind::Binary(Operator::Power | Operator::DotPower, base, _) => {
            format!("the power leaves the finite numbers: keep `{0}` away from 0, {0} + 1e-12, or scale it", part(*base))
        }
        _ => scale,
    }
}

fn divisor(syntax: &Syntax, below: NodeId, arguments: &[(&str, f64)]) -> String {
    let name = plain(syntax, below);
    match arguments.iter().find(|a| a.0 == name) {
        Some((_, x)) if *x != 0.0 => format!("the quotient leaves the range of double precision: scale `{name}` and what it divides"),
        _ => format!("`{name}` is 0 there: divide by {name} + 1e-12, or leave such entries out with where({name} != 0, …, 0)"),
    }
}

/// Whether an index may follow a text: a name or a call.
pub fn stands_alone(text: &str) -> bool {
    parse_expression(text).is_ok_and(|(syntax, root)| matches!(syntax.kind(root), Kind::Name(_) | Kind::Call(..)))
}

/// The fix for a condition that does not hold.
pub fn of_condition(c: &Condition) -> String {
    let of = &c.expression;
    match c.asks {
        Asks::Positive => format!("give data with {}, or keep it there: max(1e-12, {of}) in place of {of}", c.text),
        Asks::Nonzero => format!("give data with {}, or add a small number: {of} + 1e-12", c.text),
        Asks::AboveMinusOne | Asks::Inside => format!("give data with {}, or bound it: min(1 - 1e-12, max(1e-12 - 1, {of}))", c.text),
        Asks::Invertible | Asks::PositiveDeterminant => format!("add a multiple of the identity: {of} + 1e-8*eye(rows({of}))"),
        Asks::Apart | Asks::Nothing => format!("give data with {}", c.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fix_is_about_the_operation() {
        assert!(cure("exp(X*w)", &[], None).contains("largest entry of `X*w`"));
        assert!(cure("log(p)", &[], None).contains("log(p + 1e-12)"));
        assert!(cure("1/s", &[("s", 0.0)], None).contains("`s` is 0 there"));
        assert!(cure("a./b", &[("b", 1e-300)], None).contains("scale `b`"));
        assert!(cure("inv(A)", &[], None).contains("inv(A + 1e-8*eye(rows(A)))"));
        assert!(cure("x'*x", &[], None).contains("scale the data"));
    }
}
