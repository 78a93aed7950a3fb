//! Whether a text that comes line by line asks for another line. It says of lines what the parser says of a whole text.

use super::cursor::begins_statement;
use super::token::{Bracket, Lexeme, Token, tokens};

/// Whether a bracket is open, or what ends the text is an operator, a comma, `=`, `:` or `->`, after which a statement goes on in
/// the next line. A text with a fault in its characters is not unfinished: no further line mends it.
///
/// ```
/// use hesse::syntax::unfinished::unfinished;
/// assert!(unfinished("C = sum((y - X*w)"));
/// assert!(unfinished("z = X*w +  # and b"));
/// assert!(!unfinished("sum(x))"));
/// ```
pub fn unfinished(text: &str) -> bool {
    tokens(text).is_ok_and(|read| goes_on(&read.tokens))
}

/// Whether a line begins a statement of its own, so that it does not end the unfinished text above it. Inside brackets `name =` is
/// also the index of a sum, after `(`, and an argument with a default value, after `;` or a comma.
///
/// ```
/// use hesse::syntax::unfinished::begins_anew;
/// assert!(begins_anew("C = sum((y - z", "D = 2*z"));
/// assert!(!begins_anew("C = sum((y - z", "+ 1).^2)"));
/// assert!(!begins_anew("C = sum(", "i = 1:n, x[i])"));
/// ```
pub fn begins_anew(text: &str, line: &str) -> bool {
    let (Ok(above), Ok(below)) = (tokens(text), tokens(line)) else { return false };
    let last = last(&above.tokens);
    let names_follow = matches!(last, Some(Lexeme::Open(Bracket::Round) | Lexeme::Semicolon | Lexeme::Comma));
    begins_statement(&below.tokens, 0) && !(names_follow && open(&above.tokens))
}

fn goes_on(tokens: &[Token]) -> bool {
    let more = matches!(last(tokens), Some(Lexeme::Operator(_) | Lexeme::Comma | Lexeme::Equals | Lexeme::Colon | Lexeme::Arrow));
    more || open(tokens)
}

/// Whether a bracket is open at the end. One that closes nothing is a fault, not a debt of the brackets before it.
fn open(tokens: &[Token]) -> bool {
    let depth = tokens.iter().fold(0usize, |depth, token| match token.lexeme {
        Lexeme::Open(_) => depth + 1,
        Lexeme::Close(_) => depth.saturating_sub(1),
        _ => depth,
    });
    depth > 0
}

/// The last lexeme that is not the end of a line or of the text.
fn last(tokens: &[Token]) -> Option<&Lexeme> {
    tokens.iter().rev().map(|token| &token.lexeme).find(|lexeme| !matches!(lexeme, Lexeme::Newline | Lexeme::End))
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse_document;
    use super::*;

    #[test]
    fn lines_that_ask_for_more() {
        for text in ["(", "f(x", "[1, 2;", "‖x", "x +", "x = ", "A ->", "data X,", "x :", "x .* # all", "a\\\n\n", "-"] {
            assert!(unfinished(text), "{text}");
        }
        for text in ["", "# (", "x", "x)", "x'", "x + $", "‖x‖", "data", "x;"] {
            assert!(!unfinished(text), "{text}");
        }
    }

    #[test]
    fn what_is_finished_by_a_line_is_read_with_it() {
        for (above, below) in [("z = X*w +", "b"), ("data X,", "Y, Z : matrix(m, n)"), ("sum(", "i = 1:n, x[i])"), ("f(r;", "d = 1) = r*d")]
        {
            assert!(unfinished(above) && !begins_anew(above, below));
            assert!(parse_document(&format!("{above}\n{below}")).is_ok(), "{above}");
        }
        for (above, below) in [("a = (b", "x : vector(n)"), ("a = b +", "data X : matrix(m, n)"), ("a =", "b = 3")] {
            assert!(unfinished(above) && begins_anew(above, below));
            assert!(parse_document(&format!("{above}\n{below}")).is_err(), "{above}");
        }
    }
}
