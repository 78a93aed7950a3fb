//! A whole document in canonical text: one statement a line, comments and empty lines kept.

use super::plain::plain;
use super::tree::{Aside, Attribute, Document, NodeId, Role, Statement, Syntax, Type};

/// The document as `hesse fmt` writes it. Reading it again gives the same statements, and the same text.
///
/// ```
/// use hesse::syntax::{format::format, parse::parse_document};
/// let document = parse_document("data X:matrix(m,n)  # table\nx=2.*X ;  sum(x)")?;
/// assert_eq!(format(&document), "data X : matrix(m, n)  # table\nx = 2 .* X\nsum(x)\n");
/// # Ok::<(), hesse::Error>(())
/// ```
pub fn format(document: &Document) -> String {
    let mut lines: Vec<String> = vec![];
    let mut asides = document.asides.iter().peekable();
    // Whether the last line is a statement that may still take a comment behind it.
    let mut open = false;
    for k in 0..=document.statements.len() {
        let statement = document.statements.get(k);
        let start = statement.map_or(usize::MAX, Statement::start);
        while let Some((aside, _)) = asides.next_if(|(_, span)| span.start < start) {
            match aside {
                Aside::Blank if lines.last().is_some_and(|line| !line.is_empty()) => lines.push(String::new()),
                Aside::Blank => {}
                Aside::Trailing(text) if open => {
                    if let Some(line) = lines.last_mut() {
                        line.push_str("  ");
                        line.push_str(&comment(text));
                    }
                }
                Aside::Trailing(text) | Aside::Line(text) => lines.push(comment(text)),
            }
            open = false;
        }
        if let Some(statement) = statement {
            lines.push(line(&document.syntax, statement));
            open = true;
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.join("\n") + "\n"
}

/// A comment with its sign; `| text` becomes documentation again.
fn comment(text: &str) -> String {
    match text.chars().next() {
        None | Some(' ' | '\t' | '|') => format!("#{text}"),
        Some(_) => format!("# {text}"),
    }
}

/// A statement on one line.
pub fn line(syntax: &Syntax, statement: &Statement) -> String {
    match statement {
        Statement::Declare { role, names, of, attributes } => {
            let role = if *role == Role::Plain { String::new() } else { format!("{} ", role.word()) };
            let names: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
            format!("{role}{} : {}", names.join(", "), type_text(syntax, of, attributes))
        }
        Statement::Define { name, body, .. } if name.is_empty() => plain(syntax, *body),
        Statement::Define { name, body, .. } => format!("{name} = {}", plain(syntax, *body)),
        Statement::Function { name, params, defaults, body, .. } => {
            let defaults: Vec<String> = defaults.iter().map(|(name, value)| format!("{name} = {}", plain(syntax, *value))).collect();
            let semicolon = if defaults.is_empty() { "" } else { "; " };
            format!("{name}({}{semicolon}{}) = {}", params.join(", "), defaults.join(", "), plain(syntax, *body))
        }
        Statement::Assume { name, attribute, .. } => format!("assume {name} {}", attribute.text),
        Statement::Derive { verb, target, wrt, layout, .. } => {
            let mut text = if verb == "derive" { format!("derive {target}") } else { format!("derive {verb}({target})") };
            if !wrt.is_empty() {
                text += &format!(" wrt {}", wrt.join(", "));
            }
            if let Some(layout) = layout {
                text += &format!(" layout {layout}");
            }
            text
        }
    }
}

/// A type with its attributes: `matrix(m, n) invertible`.
pub fn type_text(syntax: &Syntax, of: &Type, attributes: &[Attribute]) -> String {
    let sized = |word: &str, sizes: &[NodeId]| {
        let sizes: Vec<String> = sizes.iter().map(|&size| plain(syntax, size)).collect();
        format!("{word}({})", sizes.join(", "))
    };
    let mut text = match *of {
        Type::Scalar => "scalar".to_string(),
        Type::Vector(n) => sized("vector", &[n]),
        Type::RowVector(n) => sized("rowvector", &[n]),
        Type::Matrix(m, n) => sized("matrix", &[m, n]),
        Type::Symmetric(n) => sized("symmetric", &[n]),
        Type::Diagonal(n) => sized("diagonal", &[n]),
    };
    for attribute in attributes {
        text += " ";
        text += &attribute.text;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse_document;
    use super::*;

    #[test]
    fn a_file_keeps_its_comments() {
        let text = "#| Loss of one neuron.\r\n\r\n\r\n%made by hand\ndata X,y:matrix( N,n )>0 # two\nz=X*w+\n  b  #inside\n\n\nC=sum(z);huber(r;d=1)=abs(r)<=d\nderive grad(C) wrt w,b layout numerator\nassume w>0\n#end";
        let formatted = "#| Loss of one neuron.\n\n# made by hand\ndata X, y : matrix(N, n) > 0  # two\nz = X*w + b  # inside\n\nC = sum(z)\nhuber(r; d = 1) = abs(r) <= d\nderive grad(C) wrt w, b layout numerator\nassume w > 0\n# end\n";
        let document = parse_document(text).unwrap();
        assert_eq!(format(&document), formatted);
        assert_eq!(format(&parse_document(formatted).unwrap()), formatted);
    }
}
