//! Text to tokens. Mathematical signs and Greek letters are read here once and for all as their ASCII spelling, so the
//! parser and everything behind it know one language: `‖A·x − b‖²` gives the tokens of `norm2(A*x - b)^2`.
//!
//! Two rules of the grammar are decided here. A number ends before a dot that begins an operator: `2.*x` is `2 .* x`. A
//! quote is always a transpose; there are no strings.

use super::greek;
use super::limits;
use super::tree::{Aside, Operator};
use crate::diagnostic::{Diagnostic, Error, Span};

/// A kind of bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bracket {
    /// `( )`
    Round,
    /// `[ ]`
    Square,
    /// `{ }`
    Curly,
    /// `‖ ‖`
    Norm,
}

impl Bracket {
    /// How it is opened and closed.
    pub fn signs(self) -> (&'static str, &'static str) {
        match self {
            Bracket::Round => ("(", ")"),
            Bracket::Square => ("[", "]"),
            Bracket::Curly => ("{", "}"),
            Bracket::Norm => ("‖", "‖"),
        }
    }
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lexeme {
    /// `2`, `.5`, `1e-3`
    Number(String),
    /// `x`, `sum`, `lambda` (also written `λ`)
    Name(String),
    /// An infix operator; `-` is also the prefix.
    Operator(Operator),
    /// `'`, `.'`, `ᵀ`
    Transpose,
    /// `√`
    Root,
    /// `=`
    Equals,
    /// `->`
    Arrow,
    /// `:`
    Colon,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// An opening bracket.
    Open(Bracket),
    /// A closing bracket.
    Close(Bracket),
    /// One or more ends of lines.
    Newline,
    /// The end of the text; always the last token.
    End,
}

impl Lexeme {
    /// Whether an operand may end with it, so that what follows is an operator.
    fn ends_operand(&self) -> bool {
        matches!(self, Lexeme::Number(_) | Lexeme::Name(_) | Lexeme::Transpose | Lexeme::Close(_))
    }
    /// Whether an operand may begin with it (a minus is an operator first).
    pub fn starts_operand(&self) -> bool {
        matches!(self, Lexeme::Number(_) | Lexeme::Name(_) | Lexeme::Root | Lexeme::Open(Bracket::Round | Bracket::Square | Bracket::Norm))
    }
}

/// A lexeme with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub lexeme: Lexeme,
    /// Where it was written; the tokens of one sign (`½`) share its place.
    pub span: Span,
}

/// A text as tokens, and what stands beside them.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// The tokens; the last one is [`Lexeme::End`].
    pub tokens: Vec<Token>,
    /// `#| …` lines.
    pub docs: Vec<(String, Span)>,
    /// Comments and empty lines.
    pub asides: Vec<(Aside, Span)>,
}

/// ASCII signs, longer ones before their beginnings.
const SIGNS: &[(&str, Lexeme)] = &[
    ("->", Lexeme::Arrow),
    (".+", Lexeme::Operator(Operator::DotPlus)),
    (".-", Lexeme::Operator(Operator::DotMinus)),
    (".*", Lexeme::Operator(Operator::DotTimes)),
    ("./", Lexeme::Operator(Operator::DotOver)),
    (".^", Lexeme::Operator(Operator::DotPower)),
    (".'", Lexeme::Transpose),
    ("<=", Lexeme::Operator(Operator::LessEqual)),
    (">=", Lexeme::Operator(Operator::GreaterEqual)),
    ("==", Lexeme::Operator(Operator::Equal)),
    ("!=", Lexeme::Operator(Operator::NotEqual)),
    ("<", Lexeme::Operator(Operator::Less)),
    (">", Lexeme::Operator(Operator::Greater)),
    ("+", Lexeme::Operator(Operator::Plus)),
    ("-", Lexeme::Operator(Operator::Minus)),
    ("*", Lexeme::Operator(Operator::Times)),
    ("/", Lexeme::Operator(Operator::Over)),
    ("\\", Lexeme::Operator(Operator::Under)),
    ("^", Lexeme::Operator(Operator::Power)),
    ("'", Lexeme::Transpose),
    ("=", Lexeme::Equals),
    (":", Lexeme::Colon),
    (",", Lexeme::Comma),
    (";", Lexeme::Semicolon),
    ("(", Lexeme::Open(Bracket::Round)),
    (")", Lexeme::Close(Bracket::Round)),
    ("[", Lexeme::Open(Bracket::Square)),
    ("]", Lexeme::Close(Bracket::Square)),
    ("{", Lexeme::Open(Bracket::Curly)),
    ("}", Lexeme::Close(Bracket::Curly)),
];

/// Mathematical signs that stand for one token.
fn sign(c: char) -> Option<Lexeme> {
    Some(match c {
        '⊙' | '∘' => Lexeme::Operator(Operator::DotTimes),
        '⊘' => Lexeme::Operator(Operator::DotOver),
        '·' | '⋅' | '×' | '∗' => Lexeme::Operator(Operator::Times),
        '−' => Lexeme::Operator(Operator::Minus),
        '≤' => Lexeme::Operator(Operator::LessEqual),
        '≥' => Lexeme::Operator(Operator::GreaterEqual),
        '≠' => Lexeme::Operator(Operator::NotEqual),
        'ᵀ' | '⊤' | '′' | '’' => Lexeme::Transpose,
        '→' => Lexeme::Arrow,
        '√' => Lexeme::Root,
        '∑' => Lexeme::Name("sum".into()),
        _ => return None,
    })
}

/// The digit that a superscript digit raises.
fn raised(c: char) -> Option<char> {
    "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().zip('0'..='9').find(|row| row.0 == c).map(|row| row.1)
}

/// Numerator and denominator of a vulgar fraction.
fn fraction(c: char) -> Option<(&'static str, &'static str)> {
    Some(match c {
        '½' => ("1", "2"),
        '⅓' => ("1", "3"),
        '⅔' => ("2", "3"),
        '¼' => ("1", "4"),
        '¾' => ("3", "4"),
        _ => return None,
    })
}

/// Characters that hide or reorder what a reader sees; refused everywhere, also in comments.
fn invisible(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r')
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// The tokens of a text, or up to five faults of its characters.
pub fn tokens(text: &str) -> Result<Tokens, Error> {
    if text.len() > limits::BYTES {
        let place = (0..=limits::BYTES).rev().find(|&k| text.is_char_boundary(k)).unwrap_or(0);
        let message = format!("the text has {} bytes; the limit is {} bytes (64 KiB)", text.len(), limits::BYTES);
        return Err(Diagnostic::error("E601", Span::new(place, place), message).help("split the text into several formulas").into());
    }
    let mut lexer = Lexer { text, at: 0, out: Tokens::default(), faults: vec![], norms: 0, line: Line::Empty };
    // A byte order mark is no character of the text.
    lexer.at = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
    while lexer.faults.len() < limits::ERRORS && lexer.out.tokens.len() <= limits::TOKENS {
        let Some(c) = lexer.peek() else { break };
        lexer.token(c);
    }
    if let Some(first) = lexer.out.tokens.get(limits::TOKENS) {
        let message = format!("the text has more tokens than the limit of {}", limits::TOKENS);
        lexer.faults.truncate(limits::ERRORS - 1);
        lexer.faults.push(Diagnostic::error("E602", first.span, message).help("split the text into several formulas"));
    }
    if lexer.faults.is_empty() {
        lexer.push(Lexeme::End, text.len());
        Ok(lexer.out)
    } else {
        Err(Error { diagnostics: lexer.faults })
    }
}

/// What the current line holds so far.
#[derive(Clone, Copy, PartialEq)]
enum Line {
    Empty,
    Comment,
    Tokens,
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    out: Tokens,
    faults: Vec<Diagnostic>,
    /// How many `‖` are open.
    norms: usize,
    line: Line,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn peek_after(&self, bytes: usize) -> Option<char> {
        self.text.get(self.at + bytes..)?.chars().next()
    }

    /// Adds a token that began at `start` and ends here.
    fn push(&mut self, lexeme: Lexeme, start: usize) {
        if !matches!(lexeme, Lexeme::Newline | Lexeme::End) {
            self.line = Line::Tokens;
        }
        self.out.tokens.push(Token { lexeme, span: Span::new(start, self.at) });
    }

    /// Steps over characters while `wanted` holds; gives their text.
    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let rest = &self.text[self.at..];
        let taken = &rest[..rest.find(|c| !wanted(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken.to_string()
    }

    fn token(&mut self, c: char) {
        let start = self.at;
        match c {
            '\n' | '\r' => self.newline(),
            ' ' | '\t' | '\u{A0}' | '\u{2009}' | '\u{202F}' => self.at += c.len_utf8(),
            '#' | '%' => self.comment(),
            '0'..='9' => self.number(),
            '.' if self.peek_after(1).is_some_and(|d| d.is_ascii_digit()) => self.number(),
            'A'..='Z' | 'a'..='z' | '_' => {
                let name = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
                self.name(name, start);
            }
            '‖' | '∥' => self.norm(c),
            _ if greek::name(c).is_some() => self.greek(c),
            _ if raised(c).is_some() || c == '⁻' => self.superscript(),
            _ => {
                if let Some((sign, lexeme)) = SIGNS.iter().find(|row| self.text[start..].starts_with(row.0)) {
                    self.at += sign.len();
                    self.push(lexeme.clone(), start);
                } else if let Some(lexeme) = sign(c) {
                    self.at += c.len_utf8();
                    self.push(lexeme, start);
                } else if let Some((above, below)) = fraction(c) {
                    self.at += c.len_utf8();
                    self.push(Lexeme::Open(Bracket::Round), start);
                    self.push(Lexeme::Number(above.into()), start);
                    self.push(Lexeme::Operator(Operator::Over), start);
                    self.push(Lexeme::Number(below.into()), start);
                    self.push(Lexeme::Close(Bracket::Round), start);
                } else {
                    self.at += c.len_utf8();
                    self.faults.push(unknown_character(c, Span::new(start, self.at)));
                }
            }
        }
    }

    fn newline(&mut self) {
        let start = self.at;
        self.at += if self.text[start..].starts_with("\r\n") { 2 } else { 1 };
        if self.line == Line::Empty && !matches!(self.out.asides.last(), Some((Aside::Blank, _))) {
            self.out.asides.push((Aside::Blank, Span::new(start, start)));
        }
        self.line = Line::Empty;
        if !matches!(self.out.tokens.last(), None | Some(Token { lexeme: Lexeme::Newline, .. })) {
            self.push(Lexeme::Newline, start);
        }
    }

    fn comment(&mut self) {
        let start = self.at;
        let text = self.take_while(|c| !matches!(c, '\n' | '\r'));
        let span = Span::new(start, self.at);
        for (k, c) in text.char_indices().filter(|row| invisible(row.1)) {
            if self.faults.len() < limits::ERRORS {
                self.faults.push(unknown_character(c, Span::new(start + k, start + k + c.len_utf8())));
            }
        }
        let body = text[1..].trim_end();
        if let Some(doc) = body.strip_prefix('|') {
            self.out.docs.push((doc.trim().to_string(), span));
        }
        let aside = if self.line == Line::Tokens { Aside::Trailing(body.into()) } else { Aside::Line(body.into()) };
        self.out.asides.push((aside, span));
        if self.line == Line::Empty {
            self.line = Line::Comment;
        }
    }

    /// A literal. A dot without digits behind it is no part of its text: `2.` is `2`.
    fn number(&mut self) {
        let start = self.at;
        let mut text = self.take_while(|c| c.is_ascii_digit());
        if self.peek() == Some('.') && !self.peek_after(1).is_some_and(|c| "*/^'+-\\".contains(c)) {
            self.at += 1;
            let decimals = self.take_while(|c| c.is_ascii_digit());
            if !decimals.is_empty() {
                text = format!("{text}.{decimals}");
            }
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            let signed = matches!(self.peek_after(1), Some('+' | '-'));
            if self.peek_after(1 + usize::from(signed)).is_some_and(|c| c.is_ascii_digit()) {
                text += &self.text[self.at..self.at + 1 + usize::from(signed)];
                self.at += 1 + usize::from(signed);
                text += &self.take_while(|c| c.is_ascii_digit());
            }
        }
        self.literal(text, start);
    }

    /// Adds a number if it is not too long.
    fn literal(&mut self, text: String, start: usize) {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        if digits > limits::DIGITS {
            let message = format!("a literal has {digits} digits; the limit is {}", limits::DIGITS);
            self.faults.push(
                Diagnostic::error("E606", Span::new(start, self.at), message).help("round the number, or write it with an exponent: 1e400"),
            );
        }
        self.push(Lexeme::Number(text), start);
    }

    /// Adds a name if it is not too long.
    fn name(&mut self, name: String, start: usize) {
        if name.len() > limits::NAME {
            let message = format!("a name has {} characters; the limit is {}", name.len(), limits::NAME);
            self.faults.push(Diagnostic::error("E610", Span::new(start, self.at), message).help("shorten the name"));
        }
        self.push(Lexeme::Name(name), start);
    }

    /// A Greek letter is a name of its own, but may carry an index: `σ2`, `λ_max`. `Σ(` is a sum.
    fn greek(&mut self, c: char) {
        let start = self.at;
        self.at += c.len_utf8();
        let mut name = greek::name(c).unwrap_or_default().to_string();
        if c == 'Σ' && self.peek() == Some('(') {
            name = "sum".into();
        } else if self.peek().is_some_and(|d| d.is_ascii_digit() || d == '_') {
            name += &self.take_while(|d| d.is_ascii_alphanumeric() || d == '_');
        }
        self.name(name, start);
    }

    /// `x²` is `x^2`, `A⁻¹` is `A^-1`, `A⁻ᵀ` is `A^-1'`.
    fn superscript(&mut self) {
        let start = self.at;
        let negative = self.peek() == Some('⁻');
        if negative {
            self.at += '⁻'.len_utf8();
        }
        let mut digits: String = self.take_while(|c| raised(c).is_some()).chars().filter_map(raised).collect();
        if digits.is_empty() {
            if self.peek() == Some('ᵀ') {
                digits.push('1');
            } else {
                let fault = Diagnostic::error("E105", Span::new(start, self.at), "a raised minus without raised digits behind it");
                self.faults.push(fault.help("write the power with `^`: A^-1"));
                return;
            }
        }
        self.push(Lexeme::Operator(Operator::Power), start);
        if negative {
            self.push(Lexeme::Operator(Operator::Minus), start);
        }
        self.literal(digits, start);
    }

    /// `‖` closes where an operand has just ended and one is open, else it opens.
    fn norm(&mut self, c: char) {
        let start = self.at;
        self.at += c.len_utf8();
        if self.norms > 0 && self.out.tokens.last().is_some_and(|t| t.lexeme.ends_operand()) {
            self.norms -= 1;
            self.push(Lexeme::Close(Bracket::Norm), start);
        } else {
            self.norms += 1;
            self.push(Lexeme::Open(Bracket::Norm), start);
        }
    }
}

/// `E105`, with what to write instead where that can be guessed.
fn unknown_character(c: char, span: Span) -> Diagnostic {
    let point = format!("U+{:04X}", u32::from(c));
    if invisible(c) {
        let message = format!("the character {point} is invisible and may hide what a formula says");
        return Diagnostic::error("E105", span, message).help(format!("delete the character {point}"));
    }
    let help = match c {
        '.' => "a dot begins a decimal (.5) or an operator (.* ./ .^); the transpose is written A'",
        '@' => "write the matrix product with `*`",
        '⊗' => "write  .*  for the element-wise product or  kron(A, B)  for the Kronecker product",
        '!' | '~' => "write  !=  for `not equal`",
        '&' => "write  .*  to combine two comparisons: (a > 0).*(b > 0)",
        '|' => "write  abs(x)  for the absolute value, norm2(x) or ‖x‖ for the norm",
        '"' | '`' | '‘' | '“' | '”' => "a transpose is written A' ; there are no strings",
        '∂' | '∇' => "leave the derivative to the request: write only the formula",
        'Α'..='Ω' => "this Greek capital looks like a Latin one: write the Latin letter",
        _ => "delete it; hesse reads ASCII, Greek letters and signs such as ⊙ · √ ≤ ᵀ ‖",
    };
    let shown = if c.is_ascii() { format!("`{c}`") } else { format!("`{c}` ({point})") };
    Diagnostic::error("E105", span, format!("no formula uses the character {shown}")).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lexemes in short: names and numbers as they are, signs as canonical text.
    fn read(text: &str) -> String {
        let spell = |t: &Token| match &t.lexeme {
            Lexeme::Number(s) | Lexeme::Name(s) => s.clone(),
            Lexeme::Newline => "⏎".into(),
            Lexeme::End => ".".into(),
            Lexeme::Root => "√".into(),
            Lexeme::Open(b) => b.signs().0.into(),
            Lexeme::Close(b) => b.signs().1.into(),
            other => SIGNS.iter().filter(|row| row.0 != ".'").find(|row| row.1 == *other).map_or("?", |row| row.0).into(),
        };
        tokens(text).unwrap().tokens.iter().map(spell).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn numbers_end_before_an_operator() {
        assert_eq!(read("2.*x"), "2 .* x .");
        assert_eq!(read("1./x"), "1 ./ x .");
        assert_eq!(read("0.5.*x"), "0.5 .* x .");
        assert_eq!(read("2.^x + 2.'"), "2 .^ x + 2 ' .");
        assert_eq!(read("2. + .5e-3 1E5"), "2 + .5e-3 1E5 .");
        assert_eq!(read("2.e3"), "2e3 .");
        assert_eq!(read("2e x"), "2 e x .");
    }

    #[test]
    fn signs_are_read_as_ascii() {
        assert_eq!(read("‖A·x − b‖²"), "‖ A * x - b ‖ ^ 2 .");
        assert_eq!(read("½·Aᵀ ⊙ B⁻¹"), "( 1 / 2 ) * A ' .* B ^ - 1 .");
        assert_eq!(read("A⁻ᵀ"), "A ^ - 1 ' .");
        assert_eq!(read("λ*σ2 ≤ √x"), "lambda * sigma2 <= √ x .");
        assert_eq!(read("Σ(x) + Σ"), "sum ( x ) + Sigma .");
        assert_eq!(read("‖x·‖y‖‖"), "‖ x * ‖ y ‖ ‖ .");
    }

    #[test]
    fn lines_and_comments() {
        let lexed = tokens("#| about\n\n\na = 1 % why\r\n# alone\r\nb\n").unwrap();
        assert_eq!(lexed.docs.len(), 1);
        assert_eq!(lexed.docs[0].0, "about");
        let asides: Vec<Aside> = lexed.asides.into_iter().map(|a| a.0).collect();
        let (line, trailing) = (|s: &str| Aside::Line(s.into()), |s: &str| Aside::Trailing(s.into()));
        assert_eq!(asides, [line("| about"), Aside::Blank, trailing(" why"), line(" alone")]);
        assert_eq!(read("a\r\n\r\n b"), "a ⏎ b .");
    }

    #[test]
    fn hidden_characters_are_refused_by_name() {
        for (text, point) in [("a\u{202E}b", "U+202E"), ("a\0", "U+0000"), ("# \u{200B}", "U+200B"), ("x\u{FEFF}", "U+FEFF")] {
            let error = tokens(text).unwrap_err();
            assert_eq!(error.first().code, "E105");
            assert!(error.first().message.contains(point), "{error}");
        }
        assert_eq!(read("\u{FEFF}x"), "x .");
    }

    #[test]
    fn limits_are_named() {
        let code = |text: &str| {
            let error = tokens(text).unwrap_err();
            (error.first().code, error.first().message.clone())
        };
        assert!(matches!(code(&"x".repeat(70_000)), ("E601", m) if m.contains("65536")));
        assert!(matches!(code(&"+".repeat(20_001)), ("E602", m) if m.contains("20000")));
        assert!(matches!(code(&"1".repeat(401)), ("E606", m) if m.contains("400")));
        assert!(matches!(code(&"x".repeat(65)), ("E610", m) if m.contains("64")));
        assert!(tokens(&"+".repeat(20_000)).is_ok());
    }
}
