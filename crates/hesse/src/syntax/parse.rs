//! Text to tree: a hand-written parser that never evaluates and never overflows the stack.
//!
//! ```
//! use hesse::syntax::{parse::parse_expression, plain::plain};
//! let (syntax, root) = parse_expression("2*A'*(A*x-b)")?;
//! assert_eq!(plain(&syntax, root), "2*A'*(A*x - b)");
//! # Ok::<(), hesse::Error>(())
//! ```
//!
//! # The language
//!
//! ```text
//! document    = { statement } ;  separated by ends of lines or `;`
//! statement   = [ "data" | "param" | "const" ] name { "," name } ":" type { attribute }
//!             | name "=" expression | expression
//!             | name "(" name { "," name } [ ";" name "=" expression { "," … } ] ")" "=" expression
//!             | "assume" name attribute
//!             | "derive" ( verb "(" name ")" | name ) [ "wrt" name { "," name } ] [ "layout" name ]
//! type        = "scalar" | ( "vector" | "rowvector" | "symmetric" | "diagonal" ) "(" size ")" | "matrix" "(" size "," size ")"
//! attribute   = word of the table of properties | comparison number | "in" ( "(0,1)" | "[0,1]" | "{0,1}" )
//!
//! expression  = comparison [ "->" result ]
//! comparison  = sum [ ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum ]          not chained
//! sum         = product { ( "+" | "-" | ".+" | ".-" ) product }
//! product     = negation { ( "*" | "/" | "\" | ".*" | "./" ) negation }
//! negation    = { "-" } postfix
//! postfix     = primary { "'" | ( "^" | ".^" ) exponent | "[" subscript { "," subscript } "]" }
//! exponent    = [ "-" ] primary
//! primary     = number | name | name "(" [ expression { "," expression } ] ")" | "(" expression ")" | "√" primary
//!             | "‖" expression "‖" | "[" expression { ( "," | ";" ) expression } "]"
//! subscript   = ":" | comparison [ ":" comparison ]
//! ```
//!
//! # Index notation
//!
//! ```text
//! contraction = comparison "->" result
//! result      = "[" [ group { "," group } ] "]"
//! group       = index | "(" { index } ")" | nothing
//! index       = name
//! ```
//!
//! In the body every subscript is an index (`A[i,j]`): one letter for each axis. The value at the indices of the result is the
//! sum of the body over all indices that the result does not name. An index that the result names twice (`[i,i]`) puts the
//! value on the diagonal; an index that only the result names repeats the value along that axis.
//!
//! Each group is one axis of the result, rows first: `[i]` is a column, `[i,j]` a matrix, `[]` a scalar, `[,j]` (an empty
//! group of rows) a row. `[(i k),(j l)]` joins two indices to one axis, the last one running fastest, as in a Kronecker
//! product. More than two groups are a tensor. `->` binds looser than every operator and is not chained; in parentheses a
//! contraction is an operand: `(A[i,i] -> [])*x`.

use super::cursor::{Parse, Parser};
use super::limits;
use super::token::{Lexeme, tokens};
use super::tree::{Attribute, Document, NodeId, Syntax, Type};
use crate::diagnostic::{Diagnostic, Error, Span};

/// Reads a file: statements separated by ends of lines or `;`. After an error it goes on with the next statement.
pub fn parse_document(text: &str) -> Result<Document, Error> {
    let lexed = tokens(text)?;
    let mut parser = Parser::new(text, lexed.tokens);
    let (mut statements, mut places, mut diagnostics) = (vec![], vec![], vec![]);
    while diagnostics.len() < limits::ERRORS {
        while matches!(parser.peek(), Lexeme::Newline | Lexeme::Semicolon) {
            parser.at += 1;
        }
        if *parser.peek() == Lexeme::End {
            break;
        }
        let start = parser.at;
        match parser.statement() {
            Ok(statement) => {
                statements.push(statement);
                places.push(parser.tokens[start].span.to(parser.tokens[parser.at - 1].span));
            }
            Err(diagnostic) => {
                diagnostics.push(*diagnostic);
                parser.recover(start);
            }
        }
    }
    if !diagnostics.is_empty() {
        return Err(Error { diagnostics });
    }
    if statements.is_empty() {
        return Err(nothing().into());
    }
    Ok(Document { syntax: parser.syntax, statements, places, docs: lexed.docs, asides: lexed.asides })
}

/// Reads one expression; anything behind it is an error.
pub fn parse_expression(text: &str) -> Result<(Syntax, NodeId), Error> {
    let (syntax, root) = whole(text, |parser| parser.expression().map(|operand| operand.id))?;
    Ok((syntax, root))
}

/// Reads a type with its attributes, such as `matrix(m,n)` or `symmetric(n) spd`.
pub fn parse_type(text: &str) -> Result<(Syntax, Type, Vec<Attribute>), Error> {
    let (syntax, (of, attributes)) = whole(text, |parser| Ok((parser.type_()?, parser.attributes()?)))?;
    Ok((syntax, of, attributes))
}

/// Reads all of a text as one thing.
fn whole<T>(text: &str, read: impl Fn(&mut Parser) -> Parse<T>) -> Result<(Syntax, T), Error> {
    let mut parser = Parser::new(text, tokens(text)?.tokens);
    parser.skip_newlines();
    if *parser.peek() == Lexeme::End {
        return Err(nothing().into());
    }
    let value = read(&mut parser).map_err(|diagnostic| *diagnostic)?;
    parser.skip_newlines();
    match parser.peek() {
        Lexeme::End => Ok((parser.syntax, value)),
        _ => Err(parser.in_the_way().into()),
    }
}

fn nothing() -> Diagnostic {
    Diagnostic::error("E103", Span::default(), "there is nothing to read").help("write an expression, such as sum(x.^2)")
}

#[cfg(test)]
mod tests {
    use super::super::plain::plain;
    use super::super::tree::Statement;
    use super::*;

    fn read(text: &str) -> String {
        let (syntax, root) = parse_expression(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        plain(&syntax, root)
    }

    fn fault(text: &str) -> Diagnostic {
        parse_expression(text).expect_err(text).first().clone()
    }

    fn same(a: &str, b: &str) {
        let ((s, x), (t, y)) = (parse_expression(a).unwrap(), parse_expression(b).unwrap());
        assert!(s.same(x, &t, y), "{a} and {b}");
    }

    #[test]
    fn precedence() {
        same("A^2'", "(A^2)'");
        same("-x.^2", "-(x.^2)");
        same("A*x.^2", "A*(x.^2)");
        same("2*x.^2./y", "(2*(x.^2))./y");
        same("1 - y > 0", "(1 - y) > 0");
        same("-x*y", "(-x)*y");
        same("a - b - c", "(a - b) - c");
        same("a/b*c", "(a/b)*c");
        same("X^-1*y", "(X^(-1))*y");
        same("x.^-1.5", "x.^(-1.5)");
        same("a^b^c", "(a^b)^c");
        same("x*-y", "x*(-y)");
        same("A[1,:]'", "(A[1,:])'");
        same("A'[1,2]", "(A')[1,2]");
        same("A[i,j]*B[j,k] -> [i,k]", "(A[i,j]*B[j,k]) -> [i,k]");
    }

    #[test]
    fn unicode_is_read() {
        same("½·‖A·x − b‖²", "(1/2)*norm2(A*x - b)^2");
        same("√x ⊙ √(y + 1)", "sqrt(x).*sqrt(y + 1)");
        same("Σ(λ·xᵀ) ≥ A⁻ᵀ", "sum(lambda*x') >= A^-1'");
    }

    #[test]
    fn canonical_text() {
        for text in [
            "2*A'*(A*x - b)",
            "x[3] + A[2,:]*u[2:n]",
            "[a, b; c, d]",
            "A[i,j]*B[k,l] -> [(i k),(j l)]",
            "A[i,j] -> [,j]",
            "(A[i,i] -> [])*x",
            "A -> [()]",
            "2 .* x ./ y",
            "--x - -y",
            "(a < b) == (c < d)",
            "(-x)'^2",
            "eye()*A\\b",
        ] {
            assert_eq!(read(text), text);
        }
        assert_eq!(read("( 2.*x )./( y+1 )"), "2 .* x ./ (y + 1)");
        assert_eq!(read("sum(\n  x,\n  y)\n"), "sum(x, y)");
        assert_eq!(read("a +\n b"), "a + b");
    }

    #[test]
    fn every_fault_names_a_fix() {
        for (text, code, help) in [
            ("", "E103", "sum(x.^2)"),
            (" # only a comment\n", "E103", "sum(x.^2)"),
            ("w'x + b", "E104", "write  w'*x"),
            ("2x", "E104", "write  2*x"),
            ("(a+b)(c + d)", "E104", "write  (a+b)*(c + d)"),
            ("2 sin(x)", "E104", "write  2*sin(x)"),
            ("[a b]", "E104", "write  a, b  for two entries"),
            ("sum(x))", "E106", "remove the `)`"),
            ("sum(x", "E106", "write `)` after  sum(x"),
            ("y +\n (sum(x\n# open\n", "E106", "write `)` after  (sum(x"),
            ("(a]", "E106", "write `)` instead of `]`"),
            (")", "E106", "remove the `)`"),
            ("x + * x", "E102", "remove `*`"),
            ("x +", "E102", "after `+`"),
            ("(x + )", "E102", "after `+`"),
            ("* x", "E102", "before `*`"),
            ("x ** 2", "E102", "`^`"),
            ("a < b < c", "E102", "(a < b).*(b < c)"),
            ("a = b", "E102", "`==`"),
            ("A.T", "E105", "A'"),
            ("A @ B", "E105", "`*`"),
            ("A ⊗ B", "E105", "kron(A, B)"),
            ("x[]", "E102", "x[1]"),
            ("x[2:]", "E102", "2:n"),
            ("x[:3]", "E102", "1:3"),
            ("[]", "E102", "zeros(m, n)"),
            ("{x}", "E102", "( )"),
            ("A -> i", "E102", "[i,j]"),
            ("A -> [i j]", "E102", "[(i j)]"),
            ("A -> [i] -> [j]", "E102", "parentheses"),
            ("prod(i = 1:n, x[i])", "E301", "exp(sum(i = 1:n, log(x[i])))"),
            ("mean(i = 1:n, x[i])", "E301", "/n"),
            ("f(i = 1:n, x[i])", "E301", "only a sum"),
            ("sum(i = 1, x[i])", "E102", "both ends"),
            ("sum(i = 1:n)", "E102", "the term"),
            ("huber(r; 2)", "E102", "comma"),
            ("x, y", "E102", "[a, b]"),
            ("‖x", "E106", "write `‖`"),
        ] {
            let fault = fault(text);
            assert_eq!(fault.code, code, "{text}: {fault}");
            assert!(fault.help.as_deref().unwrap_or_default().contains(help), "{text}: {fault}");
            assert!(fault.span().start <= fault.span().end && fault.span().end <= text.len(), "{text}");
        }
    }

    #[test]
    fn a_document() {
        let text = "
            # neuron.hesse
            data  X, Z : matrix(N, n) invertible
            param w : vector(2*n+1) > 0 unit   # weights
            p : scalar in ( 0, 1 ); data : symmetric(n) spd
            z = X*w +
                b
            softp(t) = log(1 + exp(t))
            huber(r; d=1, e = 2*3) = where(abs(r) <= d, 0.5*r.^2, d*(abs(r) - 0.5*d))
            assume b >= -1.5
            derive hessian(z) wrt w, b layout numerator
            derive z wrt w
            f(z) == 3
        ";
        let document = parse_document(text).unwrap();
        let kinds: Vec<&str> = document
            .statements
            .iter()
            .map(|s| match s {
                Statement::Declare { attributes, .. } if attributes.iter().any(|a| a.text == "in (0,1)" || a.text == "> 0") => "domain",
                Statement::Declare { role, .. } if role.word() == "data" => "data",
                Statement::Declare { .. } => "declare",
                Statement::Define { name, .. } if name.is_empty() => "bare",
                Statement::Define { .. } => "define",
                Statement::Function { params, defaults, .. } if params.len() == 1 && defaults.len() == 2 => "function with defaults",
                Statement::Function { .. } => "function",
                Statement::Assume { attribute, .. } if attribute.text == ">= -1.5" => "assume",
                Statement::Derive { verb, wrt, .. } if verb == "hessian" && wrt.len() == 2 => "hessian",
                Statement::Derive { .. } => "derive",
                Statement::Assume { .. } => "?",
            })
            .collect();
        let expected =
            ["data", "domain", "domain", "declare", "define", "function", "function with defaults", "assume", "hessian", "derive", "bare"];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn places_of_statements() {
        let text = " data X, y : vector(n) # two\n\nz = X +\n  y; sum(z)\n";
        let document = parse_document(text).unwrap();
        let places: Vec<&str> = document.places.iter().map(|span| &text[span.start..span.end]).collect();
        assert_eq!(places, ["data X, y : vector(n)", "z = X +\n  y", "sum(z)"]);
    }

    #[test]
    fn faults_of_statements() {
        for (text, code, help) in [
            ("data X", "E102", "X : vector(n)"),
            ("x : vectr(n)", "E101", "`vector`"),
            ("x : matrix(n)", "E107", "matrix(m,n)"),
            ("x : vector", "E102", "vector(n)"),
            ("x : matrix(m n)", "E102", "matrix(m,n)"),
            ("x : scalar in (0 1)", "E102", "(0,1)"),
            ("derive grad(C wrt w", "E102", "derive grad(C) wrt w, b"),
            ("derive C wrt w 3", "E102", "remove `3`"),
            ("assume p > 0 unit", "E102", "new line"),
            ("f(x y) = x", "E102", "f(t)"),
            ("assume p > 0)", "E106", "remove the `)`"),
            ("x : vector(n')", "E102", "n+1"),
            ("A : matrix(n,n) invertable", "E101", "`invertible`"),
            ("x : vector(n) > y", "E102", "number"),
            ("x : vector(n) in (0)", "E102", "(0,1)"),
            ("x : vector(n) in ‖0,1‖", "E102", "(0,1)"),
            ("f(x, 2) = x", "E102", "f(t)"),
            ("f(x, x) = x", "E108", "another name"),
            ("f(x; d) = x", "E102", "d = 1"),
            ("derive grda(C)", "E402", "`grad`"),
            ("derive C layout num", "E402", "numerator"),
            ("assume p", "E102", "assume p > 0"),
            ("x' = 3", "E102", "=="),
            ("x =", "E102", "after `=`"),
        ] {
            let error = parse_document(text).expect_err(text);
            let first = error.first();
            assert_eq!((first.code, error.diagnostics.len()), (code, 1), "{text}: {error}");
            assert!(first.help.as_deref().unwrap_or_default().contains(help), "{text}: {error}");
        }
    }

    #[test]
    fn errors_are_found_in_every_statement() {
        let codes = |text: &str| parse_document(text).unwrap_err().diagnostics.iter().map(|d| d.code).collect::<Vec<_>>();
        assert_eq!(codes("a = 2x\nb = 3\nc = (1 + )\n d = w'x; e = 1))"), ["E104", "E102", "E104", "E106"]);
        assert_eq!(codes("C = sum((y - x).^2\nD = 3\nE = 2x"), ["E106", "E104"]);
        assert_eq!(codes("C = sum(\nD = 2y\nE = a + \nF = 1"), ["E106", "E104", "E102"]);
        assert_eq!(codes("[a b; c, d]\nx +\n * y\nz = 1"), ["E104", "E102"]);
        assert_eq!(codes(&"2x\n".repeat(9)), ["E104"; 5]);
    }

    #[test]
    fn types() {
        let (_, of, attributes) = parse_type("symmetric(n) spd").unwrap();
        assert!(matches!(of, Type::Symmetric(_)));
        assert_eq!(attributes[0].text, "spd");
        assert!(parse_type("matrix(m,n) x)").is_err());
        assert!(parse_type("scalar = 3").unwrap_err().first().help.is_some());
    }

    #[test]
    fn long_and_deep_inputs() {
        assert!(parse_expression(&vec!["a"; 10_000].join("+")).is_ok());
        assert!(parse_expression(&format!("{}x", "-".repeat(10_000))).is_ok());
        assert!(parse_expression(&format!("x{}", "'".repeat(10_000))).is_ok());
        assert!(parse_expression(&format!("x{}", "^2".repeat(9_999))).is_ok());
        let nested = |k: usize| format!("{}x{}", "(".repeat(k), ")".repeat(k));
        assert!(parse_expression(&nested(limits::NESTING)).is_ok());
        assert_eq!(fault(&nested(limits::NESTING + 1)).code, "E603");
        assert_eq!(fault(&format!("{}x", "√".repeat(300))).code, "E603");
        assert_eq!(fault(&"(".repeat(15_000)).code, "E603");
        assert_eq!(fault(&"(".repeat(100_000)).code, "E601");
    }
}
