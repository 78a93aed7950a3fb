//! The parser's place in the tokens: brackets that are open, lines that go on, and what to say when something is in the way.

use super::limits;
use super::token::{Bracket, Lexeme, Token};
use super::tree::{Operator, Syntax};
use crate::diagnostic::{Diagnostic, Span};

/// What a step of the parser gives: the first thing that is in the way ends the statement.
/// Boxed, for the stack's sake: the recursion at brackets carries it through every level.
pub(super) type Parse<T> = Result<T, Box<Diagnostic>>;

/// Ends a statement with a diagnostic.
#[cold]
pub(super) fn refuse<T>(diagnostic: Diagnostic) -> Parse<T> {
    Err(Box::new(diagnostic))
}

/// Words that begin a declaration when a name follows.
pub(super) const ROLES: &[&str] = &["data", "param", "const"];
/// Names of types.
pub(super) const TYPES: &[&str] = &["scalar", "vector", "rowvector", "matrix", "symmetric", "diagonal"];

/// Whether the tokens from `k` look like `name = …`, `name : type` or `data name`.
pub(super) fn begins_statement(tokens: &[Token], k: usize) -> bool {
    let lexeme = |j: usize| tokens.get(j).map(|t| &t.lexeme);
    let Some(Lexeme::Name(first)) = lexeme(k) else { return false };
    match (lexeme(k + 1), lexeme(k + 2)) {
        (Some(Lexeme::Equals), _) => true,
        (Some(Lexeme::Colon), Some(Lexeme::Name(of))) => TYPES.contains(&of.as_str()),
        (Some(Lexeme::Name(_)), _) => ROLES.contains(&first.as_str()),
        _ => false,
    }
}

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
        if *self.peek() == Lexeme::Newline && !begins_statement(&self.tokens, self.at + 1) {
            self.skip_newlines();
        }
    }

    /// Whether a new statement seems to begin here although brackets are open: then one was not closed.
    pub fn runs_into_statement(&self) -> bool {
        self.at > 0 && self.tokens[self.at - 1].lexeme == Lexeme::Newline && begins_statement(&self.tokens, self.at)
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
        refuse(Diagnostic::error("E603", span, message).help("name the inner part in a line of its own: z = …"))
    }

    /// Steps over the bracket that closes the innermost open one.
    pub fn close(&mut self) -> Parse<Span> {
        match self.open.last() {
            Some(&(bracket, _)) if *self.peek() == Lexeme::Close(bracket) => {
                self.open.pop();
                Ok(self.advance())
            }
            _ => refuse(self.in_the_way()),
        }
    }

    /// Like [`Parser::close`], for lists of other things than expressions: what else stands here is no missing `*`.
    pub fn close_list(&mut self, help: &str) -> Parse<Span> {
        if !matches!(self.peek(), Lexeme::Close(_) | Lexeme::End) {
            let right = self.open.last().map_or("", |(bracket, _)| bracket.signs().1);
            return refuse(self.expected(&format!("`,` or `{right}`")).help(help));
        }
        self.close()
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
                Lexeme::Newline => depth == 0 || begins_statement(&self.tokens, self.at + 1),
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
        if matches!(self.peek(), Lexeme::Close(_)) && self.open.is_empty() {
            return self.in_the_way();
        }
        let ends = matches!(self.peek(), Lexeme::End | Lexeme::Newline | Lexeme::Semicolon | Lexeme::Close(_));
        let before = self.tokens[..self.at].last().filter(|t| !matches!(t.lexeme, Lexeme::Newline | Lexeme::Semicolon));
        let next = self.quote(here);
        let (message, help) = match before.map(|token| self.quote(token.span)) {
            Some(sign) if ends => (format!("after `{sign}`"), format!("write an expression after `{sign}`, or remove it")),
            Some(sign) if sign == "*" && next == "*" => ("between `*` and `*`".into(), "write a power with `^`".into()),
            Some(sign) => (format!("between `{sign}` and `{next}`"), format!("write an operand before `{next}`, or remove `{next}`")),
            None => (format!("before {}", self.found()), format!("write an operand before `{next}`, or remove it")),
        };
        Diagnostic::error("E102", here, format!("an operand is missing {message}")).help(help)
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
        let last = self.tokens[..self.at].iter().rev().find(|token| token.lexeme != Lexeme::Newline);
        let read = &self.text[..last.map_or(place.end, |token| token.span.end)];
        let line = read.rsplit(['\n', '\r']).next().unwrap_or_default();
        Diagnostic::error("E106", place, format!("`{left}` is not closed"))
            .here("opened here")
            .help(format!("write `{right}` after  {}", shorten(line.trim())))
    }

    /// `E104`, with the product written out.
    fn missing_times(&self, inside: Option<Bracket>) -> Diagnostic {
        let here = self.here();
        let (left, right) = (self.quote(self.last_operand), self.quote_operand(self.at));
        let span = self.last_operand.to(here);
        let help = match inside {
            Some(Bracket::Square) => format!("write  {left}, {right}  for two entries or  {left}*{right}  for a product"),
            _ => format!("write  {left}*{right}"),
        };
        Diagnostic::error("E104", span, format!("missing `*` between `{left}` and `{right}`")).help(help)
    }

    /// The operand that begins at token `k`, up to a call's or a bracket's closing bracket.
    pub fn quote_operand(&self, k: usize) -> String {
        let start = self.tokens[k].span;
        let mut depth = 0usize;
        for (token, next) in self.tokens[k..].iter().zip(&self.tokens[k + 1..]) {
            match token.lexeme {
                Lexeme::Open(_) => depth += 1,
                Lexeme::Close(_) => depth = depth.saturating_sub(1),
                Lexeme::Newline => break,
                _ => {}
            }
            let calls = matches!((&token.lexeme, &next.lexeme), (Lexeme::Name(_), Lexeme::Open(Bracket::Round)));
            if depth == 0 && !calls {
                return self.quote(start.to(token.span));
            }
        }
        self.quote(start)
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
