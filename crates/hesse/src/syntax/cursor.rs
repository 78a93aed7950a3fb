//! The parser's place in the tokens: brackets that are open, lines that go on, and what to say when something is in the way.

use super::limits;
use super::token::{Bracket, Lexeme, Token};
use super::tree::{Operator, Syntax};
use crate::diagnostic::{Diagnostic, Span};

/// What a step of the parser gives: the first thing that is in the way ends the statement.
pub(super) type Parse<T> = Result<T, Diagnostic>;

/// Words that begin a declaration when a name follows.
pub(super) const ROLES: &[&str] = &["data", "param", "const"];
/// Names of types.
pub(super) const TYPES: &[&str] = &["scalar", "vector", "rowvector", "matrix", "symmetric", "diagonal"];

/// The parser: tokens, a place in them, and the arena that is being filled.
pub(super) struct Parser<'a> {
    pub text: &'a str,
    pub tokens: Vec<Token>,
    pub at: usize,
    /// Brackets that are open, the innermost last.
    pub open: Vec<(Bracket, Span)>,
    pub syntax: Syntax,
    /// The operand that was read last, to quote it.
    pub last_operand: Span,
}

impl<'a> Parser<'a> {
    pub fn new(text: &'a str, tokens: Vec<Token>) -> Self {
        Parser { text, tokens, at: 0, open: vec![], syntax: Syntax::default(), last_operand: Span::default() }
    }

    /// The next lexeme; inside brackets ends of lines do not count.
    pub fn peek(&self) -> &Lexeme {
        self.peek_after(0)
    }

    /// The lexeme `k` tokens behind the next one.
    pub fn peek_after(&self, k: usize) -> &Lexeme {
        &self.tokens[(self.at + k).min(self.tokens.len() - 1)].lexeme
    }

    /// The place of the next token.
    pub fn here(&self) -> Span {
        self.tokens[self.at].span
    }

    /// Steps over a token; gives its place.
    pub fn advance(&mut self) -> Span {
        let span = self.here();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        if !self.open.is_empty() {
            self.skip_newlines();
        }
        span
    }

    /// Steps over the token if it is the next one.
    pub fn eat(&mut self, lexeme: &Lexeme) -> bool {
        let found = self.peek() == lexeme;
        if found {
            self.advance();
        }
        found
    }

    pub fn skip_newlines(&mut self) {
        while *self.peek() == Lexeme::Newline {
            self.at += 1;
        }
    }

    /// After an operator or a comma a statement goes on in the next line, unless another one clearly begins there.
    pub fn continue_line(&mut self) {
        if *self.peek() == Lexeme::Newline && !self.statement_begins(self.at + 1) {
            self.skip_newlines();
        }
    }

    /// Whether the tokens from `k` look like `name = …`, `name : type` or `data name`.
    fn statement_begins(&self, k: usize) -> bool {
        let lexeme = |j: usize| self.tokens.get(j).map(|t| &t.lexeme);
        let Some(Lexeme::Name(first)) = lexeme(k) else { return false };
        match (lexeme(k + 1), lexeme(k + 2)) {
            (Some(Lexeme::Equals), _) => true,
            (Some(Lexeme::Colon), Some(Lexeme::Name(of))) => TYPES.contains(&of.as_str()),
            (Some(Lexeme::Name(_)), _) => ROLES.contains(&first.as_str()),
            _ => false,
        }
    }

    /// Whether a new statement seems to begin here although brackets are open: then one was not closed.
    pub fn runs_into_statement(&self) -> bool {
        self.at > 0 && self.tokens[self.at - 1].lexeme == Lexeme::Newline && self.statement_begins(self.at)
    }

    /// Steps over an opening bracket.
    pub fn open(&mut self, bracket: Bracket) -> Parse<Span> {
        let span = self.here();
        self.room_for_nesting(0, span)?;
        self.open.push((bracket, span));
        Ok(self.advance())
    }

    /// Refuses to nest deeper than the limit; `more` levels are about to be opened besides the brackets.
    pub fn room_for_nesting(&self, more: usize, span: Span) -> Parse<()> {
        if self.open.len() + more < limits::NESTING {
            return Ok(());
        }
        let message = format!("brackets are nested deeper than the limit of {}", limits::NESTING);
        Err(Diagnostic::error("E603", span, message).help("name the inner part in a line of its own: z = …"))
    }

    /// Steps over the bracket that closes the innermost open one.
    pub fn close(&mut self) -> Parse<Span> {
        match self.open.last() {
            Some(&(bracket, _)) if *self.peek() == Lexeme::Close(bracket) => {
                self.open.pop();
                Ok(self.advance())
            }
            _ => Err(self.in_the_way()),
        }
    }

    /// After an error: to the end of the statement that began at token `start`.
    pub fn recover(&mut self, start: usize) {
        let fault = if self.runs_into_statement() { self.at - 1 } else { self.at };
        self.open.clear();
        let mut depth = 0usize;
        self.at = start;
        loop {
            let ends = match &self.tokens[self.at].lexeme {
                Lexeme::End => break,
                Lexeme::Semicolon => depth == 0,
                Lexeme::Newline => depth == 0 || self.statement_begins(self.at + 1),
                _ => false,
            };
            if ends && self.at >= fault {
                break;
            }
            match self.tokens[self.at].lexeme {
                Lexeme::Open(_) => depth += 1,
                Lexeme::Close(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
    }

    /// The next token in words.
    pub fn found(&self) -> String {
        match self.peek() {
            Lexeme::End => "the end of the text".into(),
            Lexeme::Newline => "the end of the line".into(),
            _ => format!("`{}`", self.quote(self.here())),
        }
    }

    /// The source at a place, cut short.
    pub fn quote(&self, span: Span) -> String {
        shorten(&self.text[span.start..span.end])
    }

    /// `E102` at the next token.
    pub fn expected(&self, what: &str) -> Diagnostic {
        Diagnostic::error("E102", self.here(), format!("expected {what}, found {}", self.found()))
    }

    /// An operand is missing here.
    pub fn missing_operand(&self) -> Diagnostic {
        let here = self.here();
        if !self.open.is_empty() && (self.runs_into_statement() || *self.peek() == Lexeme::End) {
            return self.not_closed();
        }
        let before = (self.at > 0).then(|| &self.tokens[self.at - 1]);
        let open_before = before.filter(|t| !matches!(t.lexeme, Lexeme::Newline | Lexeme::Semicolon)).map(|t| self.quote(t.span));
        let ends = matches!(self.peek(), Lexeme::End | Lexeme::Newline | Lexeme::Semicolon | Lexeme::Close(_));
        let next = self.quote(here);
        let double = |sign: &str| open_before.as_deref() == Some(sign) && next == sign;
        let (message, help) = match &open_before {
            _ if double("*") => ("an operand is missing between `*` and `*`".into(), "write a power with `^`".into()),
            _ if matches!(self.peek(), Lexeme::Close(_)) && self.open.is_empty() => return self.in_the_way(),
            Some(sign) if ends => {
                (format!("an operand is missing after `{sign}`"), format!("write an expression after `{sign}`, or remove it"))
            }
            Some(sign) => (
                format!("an operand is missing between `{sign}` and `{next}`"),
                format!("write an operand before `{next}`, or remove `{next}`"),
            ),
            None => (format!("an operand is missing before {}", self.found()), format!("write an operand before `{next}`, or remove it")),
        };
        Diagnostic::error("E102", here, message).help(help)
    }

    /// What to say of a token that cannot follow a complete expression.
    pub fn in_the_way(&self) -> Diagnostic {
        let here = self.here();
        if !self.open.is_empty() && (self.runs_into_statement() || *self.peek() == Lexeme::End) {
            return self.not_closed();
        }
        match (self.peek(), self.open.last()) {
            (Lexeme::Close(close), None) => {
                let (left, right) = close.signs();
                Diagnostic::error("E106", here, format!("`{right}` closes nothing"))
                    .help(format!("remove the `{right}`, or open it with `{left}`"))
            }
            (Lexeme::Close(close), Some((open, place))) => {
                let ((left, right), (_, wrong)) = (open.signs(), close.signs());
                Diagnostic::error("E106", here, format!("`{left}` is closed by `{wrong}`"))
                    .at(*place, "opened here")
                    .help(format!("write `{right}` instead of `{wrong}`"))
            }
            (lexeme, bracket) if lexeme.starts_operand() => self.missing_times(bracket.map(|b| b.0)),
            (Lexeme::Equals, _) => {
                self.expected("an operator").help("write `==` to compare; a definition `name = …` stands on a line of its own")
            }
            (Lexeme::Arrow, _) => self.expected("an operator").help("put the inner contraction in parentheses: (A[i,i] -> [])*x"),
            (Lexeme::Colon, _) => {
                self.expected("an operator").help("a range stands in an index, x[2:n]; a declaration `x : vector(n)` on a line of its own")
            }
            (Lexeme::Semicolon, _) => self.expected("an operator or a bracket").help("separate arguments with a comma"),
            (Lexeme::Comma, _) => self.expected("an operator").help("remove the comma, or put what it separates in brackets: [a, b]"),
            _ => self.expected("an operator").help(format!("remove {}, or write an operator before it", self.found())),
        }
    }

    /// `E106` at the bracket that was left open.
    fn not_closed(&self) -> Diagnostic {
        let (bracket, place) = self.open[self.open.len() - 1];
        let (left, right) = bracket.signs();
        let behind = self.text[..self.here().start].trim_end();
        let line = behind.rsplit(['\n', '\r']).next().unwrap_or_default();
        Diagnostic::error("E106", place, format!("`{left}` is not closed"))
            .here("opened here")
            .help(format!("write `{right}` after  {}", shorten(line.trim())))
    }

    /// `E104`, with the product written out.
    fn missing_times(&self, inside: Option<Bracket>) -> Diagnostic {
        let here = self.here();
        let (left, right) = (self.quote(self.last_operand), self.quote(Span::new(here.start, self.operand_end())));
        let span = self.last_operand.to(here);
        let help = match inside {
            Some(Bracket::Square) => format!("write  {left}, {right}  for two entries or  {left}*{right}  for a product"),
            _ => format!("write  {left}*{right}"),
        };
        Diagnostic::error("E104", span, format!("missing `*` between `{left}` and `{right}`")).help(help)
    }

    /// Where the operand that begins here ends: behind a call's or a bracket's closing bracket.
    fn operand_end(&self) -> usize {
        let first = self.at + usize::from(matches!((self.peek(), self.peek_after(1)), (Lexeme::Name(_), Lexeme::Open(Bracket::Round))));
        let mut depth = 0usize;
        for token in &self.tokens[first..] {
            match token.lexeme {
                Lexeme::Open(_) => depth += 1,
                Lexeme::Close(_) => depth = depth.saturating_sub(1),
                Lexeme::Newline | Lexeme::End => break,
                _ => {}
            }
            if depth == 0 {
                return token.span.end;
            }
        }
        self.here().end
    }

    /// Whether the next token is that operator.
    pub fn at_operator(&self, op: Operator) -> bool {
        *self.peek() == Lexeme::Operator(op)
    }
}

/// A text on one line, cut after forty characters.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_string(),
    }
}
