//! Expressions: precedence climbing over the levels that `boxes` prints by, so reading and writing agree by construction.
//!
//! Recursion happens only at brackets, whose nesting is limited; chains of operators, signs and postfixes are loops.

use super::boxes::Level;
use super::cursor::{Parse, Parser, refuse};
use super::token::{Bracket, Lexeme};
use super::tree::{Kind, NodeId, Operator, Series, Subscript};
use crate::diagnostic::{Diagnostic, Span};

/// A node and the text that it took, with the parentheses that the tree does not keep.
#[derive(Clone, Copy)]
pub(super) struct Operand {
    pub id: NodeId,
    pub span: Span,
}

impl Parser<'_> {
    /// An expression, possibly a contraction `body -> [groups]`.
    pub fn expression(&mut self) -> Parse<Operand> {
        let body = self.climb(Level::Comparison)?;
        if *self.peek() != Lexeme::Arrow {
            return Ok(body);
        }
        self.advance();
        self.continue_line();
        let (groups, end) = self.groups()?;
        let span = body.span.to(end);
        self.last_operand = span;
        Ok(self.operand(Kind::Contraction(body.id, groups), span))
    }

    /// Infix operators of the level and tighter ones, left to right.
    pub fn climb(&mut self, lowest: Level) -> Parse<Operand> {
        let mut left = self.negation()?;
        while let &Lexeme::Operator(op) = self.peek() {
            let level = Level::of(op);
            if level < lowest {
                break;
            }
            self.advance();
            self.continue_line();
            let right = self.climb(level.tighter())?;
            let span = left.span.to(right.span);
            left = self.operand(Kind::Binary(op, left.id, right.id), span);
            if level == Level::Comparison {
                self.refuse_chain(span, right.span)?;
                break;
            }
        }
        Ok(left)
    }

    fn refuse_chain(&self, first: Span, middle: Span) -> Parse<()> {
        match self.peek() {
            Lexeme::Operator(op) if op.compares() => {
                let message = format!("a comparison cannot be compared again with {}", self.found());
                let (first, middle, last) = (self.quote(first), self.quote(middle), self.quote_operand(self.at + 1));
                let help = format!("compare twice and multiply:  ({first}).*({middle} {} {last})", op.spelling());
                refuse(Diagnostic::error("E102", self.here(), message).help(help))
            }
            _ => Ok(()),
        }
    }

    fn negation(&mut self) -> Parse<Operand> {
        let mut signs = vec![];
        while self.at_operator(Operator::Minus) {
            signs.push(self.advance());
            self.continue_line();
        }
        let mut operand = self.postfix()?;
        while let Some(sign) = signs.pop() {
            let span = sign.to(operand.span);
            operand = self.operand(Kind::Negate(operand.id), span);
        }
        Ok(operand)
    }

    /// A primary with its transposes, powers and indices: one level, left to right.
    fn postfix(&mut self) -> Parse<Operand> {
        let mut base = self.primary()?;
        loop {
            base = match *self.peek() {
                Lexeme::Transpose => {
                    let span = base.span.to(self.advance());
                    self.operand(Kind::Transpose(base.id), span)
                }
                Lexeme::Operator(op) if Level::of(op) == Level::Postfix => {
                    self.advance();
                    self.continue_line();
                    let exponent = self.exponent()?;
                    let span = base.span.to(exponent.span);
                    self.operand(Kind::Binary(op, base.id, exponent.id), span)
                }
                Lexeme::Open(Bracket::Square) => {
                    let (subscripts, end) = self.subscripts()?;
                    let span = base.span.to(end);
                    self.operand(Kind::Index(base.id, subscripts), span)
                }
                _ => {
                    self.last_operand = base.span;
                    return Ok(base);
                }
            }
        }
    }

    /// A primary with an optional minus: `X^-1`, `x.^(n - 1)`.
    fn exponent(&mut self) -> Parse<Operand> {
        if !self.at_operator(Operator::Minus) {
            return self.primary();
        }
        let sign = self.advance();
        let size = self.primary()?;
        Ok(self.operand(Kind::Negate(size.id), sign.to(size.span)))
    }

    fn primary(&mut self) -> Parse<Operand> {
        if !self.open.is_empty() && self.runs_into_statement() {
            return refuse(self.missing_operand());
        }
        match self.peek().clone() {
            Lexeme::Number(text) => {
                let span = self.advance();
                Ok(self.operand(Kind::Number(text), span))
            }
            Lexeme::Name(name) => {
                let span = self.advance();
                if *self.peek() == Lexeme::Open(Bracket::Round) { self.call(name, span) } else { Ok(self.operand(Kind::Name(name), span)) }
            }
            Lexeme::Open(Bracket::Round) => {
                let start = self.open(Bracket::Round)?;
                let inner = self.expression()?;
                let span = start.to(self.close()?);
                Ok(Operand { id: inner.id, span })
            }
            Lexeme::Open(Bracket::Square) => self.matrix(),
            Lexeme::Open(Bracket::Norm) => {
                let start = self.open(Bracket::Norm)?;
                let inner = self.expression()?;
                let span = start.to(self.close()?);
                Ok(self.operand(Kind::Call("norm2".into(), vec![inner.id]), span))
            }
            Lexeme::Root => self.root(),
            Lexeme::Open(Bracket::Curly) => {
                refuse(self.expected("an operand").help("group with ( ), build a matrix with [ ]; braces stand only in `in {0,1}`"))
            }
            _ => refuse(self.missing_operand()),
        }
    }

    /// `√x`, `√(x + 1)`: the root of a primary.
    fn root(&mut self) -> Parse<Operand> {
        let mut signs = vec![];
        while *self.peek() == Lexeme::Root {
            self.room_for_nesting(signs.len(), self.here())?;
            signs.push(self.advance());
        }
        let mut operand = self.primary()?;
        while let Some(sign) = signs.pop() {
            let span = sign.to(operand.span);
            operand = self.operand(Kind::Call("sqrt".into(), vec![operand.id]), span);
        }
        Ok(operand)
    }

    fn call(&mut self, name: String, place: Span) -> Parse<Operand> {
        self.open(Bracket::Round)?;
        let mut arguments = vec![];
        if !matches!(self.peek(), Lexeme::Close(_)) {
            if arguments.is_empty() && self.at_series() {
                return self.series(&name, place);
            }
            loop {
                arguments.push(self.expression()?.id);
                if !self.eat(&Lexeme::Comma) {
                    break;
                }
            }
        }
        let span = place.to(self.close()?);
        Ok(self.operand(Kind::Call(name, arguments), span))
    }

    /// `i = …` as the first argument of a call; on a new line it may be the next statement behind a bracket that was never closed.
    fn at_series(&self) -> bool {
        let begins = matches!((self.peek(), self.peek_after(1)), (Lexeme::Name(_), Lexeme::Equals));
        begins && (*self.peek_after(3) == Lexeme::Colon || !self.runs_into_statement())
    }

    /// `sum(i = from:to, body)`, behind its bracket.
    fn series(&mut self, function: &str, place: Span) -> Parse<Operand> {
        let Lexeme::Name(index) = self.peek().clone() else { return refuse(self.missing_operand()) };
        let instead = match function {
            "sum" => None,
            "prod" => Some("of positive terms it is  exp(sum(i = 1:n, log(x[i])))"),
            "mean" => Some("write the sum and divide:  sum(i = 1:n, x[i])/n"),
            _ => Some("only a sum runs over an index:  sum(i = 1:n, x[i])"),
        };
        if let Some(instead) = instead {
            let message = format!("`{function}` over an index {index} is not supported");
            return refuse(Diagnostic::error("E301", self.here(), message).because("an index numbers the terms of a sum").help(instead));
        }
        self.advance();
        self.advance();
        let from = self.climb(Level::Comparison)?.id;
        if !self.eat(&Lexeme::Colon) {
            return refuse(self.expected("`:` and the last value of the index").help("write both ends: sum(i = 1:n, x[i])"));
        }
        let to = self.climb(Level::Comparison)?.id;
        if !self.eat(&Lexeme::Comma) {
            return refuse(self.expected("`,` and the term").help("write the term that is summed: sum(i = 1:n, x[i])"));
        }
        let body = self.expression()?.id;
        let span = place.to(self.close()?);
        Ok(self.operand(Kind::Series(Series { index, from, to, body }), span))
    }

    fn matrix(&mut self) -> Parse<Operand> {
        let start = self.open(Bracket::Square)?;
        if *self.peek() == Lexeme::Close(Bracket::Square) {
            return refuse(
                Diagnostic::error("E102", start.to(self.here()), "a matrix without entries")
                    .help("write entries, [a, b; c, d], or zeros(m, n)"),
            );
        }
        let mut rows = vec![vec![self.expression()?.id]];
        loop {
            if self.eat(&Lexeme::Semicolon) {
                rows.push(vec![]);
            } else if !self.eat(&Lexeme::Comma) {
                break;
            }
            let entry = self.expression()?.id;
            rows.last_mut().expect("a matrix has a first row").push(entry);
        }
        let span = start.to(self.close()?);
        Ok(self.operand(Kind::Matrix(rows), span))
    }

    /// `[3]`, `[2,:]`, `[2:n]`, with the place of the closing bracket.
    fn subscripts(&mut self) -> Parse<(Vec<Subscript>, Span)> {
        self.open(Bracket::Square)?;
        let mut subscripts = vec![];
        loop {
            subscripts.push(self.subscript()?);
            if !self.eat(&Lexeme::Comma) {
                return Ok((subscripts, self.close()?));
            }
        }
    }

    fn subscript(&mut self) -> Parse<Subscript> {
        let ends = |lexeme: &Lexeme| matches!(lexeme, Lexeme::Comma | Lexeme::Close(_));
        if *self.peek() == Lexeme::Colon {
            self.advance();
            return if ends(self.peek()) {
                Ok(Subscript::All)
            } else {
                refuse(self.expected("`,` or `]` after `:`").help("write both ends of a range: 1:3"))
            };
        }
        if ends(self.peek()) {
            return refuse(self.expected("an index").help("write an index, such as x[1] or A[2,:]"));
        }
        if let (Lexeme::Open(Bracket::Round), Lexeme::Name(_), Lexeme::Name(_)) = (self.peek(), self.peek_after(1), self.peek_after(2)) {
            return self.stack();
        }
        let first = self.climb(Level::Comparison)?;
        if !self.eat(&Lexeme::Colon) {
            return Ok(Subscript::At(first.id));
        }
        if ends(self.peek()) {
            return refuse(self.expected("the end of the range").help("write both ends of a range: 2:n"));
        }
        Ok(Subscript::Range(first.id, self.climb(Level::Comparison)?.id))
    }

    /// `(i k)` as a subscript: the letters of one stacked axis.
    fn stack(&mut self) -> Parse<Subscript> {
        self.open(Bracket::Round)?;
        let mut letters = vec![];
        while let Lexeme::Name(letter) = self.peek().clone() {
            let span = self.advance();
            letters.push(self.operand(Kind::Name(letter), span).id);
        }
        self.close_list("write the indices of one axis with spaces between them: x[(i k)]")?;
        Ok(Subscript::Stack(letters))
    }

    /// The right side of `->`, with the place of its closing bracket.
    fn groups(&mut self) -> Parse<(Vec<Vec<String>>, Span)> {
        if *self.peek() != Lexeme::Open(Bracket::Square) {
            return refuse(self.expected("the indices of the result").help("write them in brackets: -> [i,j], or -> [] for a scalar"));
        }
        self.open(Bracket::Square)?;
        let mut groups = vec![];
        if *self.peek() != Lexeme::Close(Bracket::Square) {
            loop {
                groups.push(self.group()?);
                if !self.eat(&Lexeme::Comma) {
                    break;
                }
            }
        }
        let end = self.close_list("separate indices with commas, [i,j], or group them as one axis, [(i j)]")?;
        Ok((groups, end))
    }

    /// One axis of a result: an index, `(i j)`, or nothing.
    fn group(&mut self) -> Parse<Vec<String>> {
        let mut group = vec![];
        if *self.peek() == Lexeme::Open(Bracket::Round) {
            self.open(Bracket::Round)?;
            while let Lexeme::Name(index) = self.peek() {
                group.push(index.clone());
                self.advance();
            }
            self.close_list("write the indices of one axis with spaces between them: (i k)")?;
        } else if let Lexeme::Name(index) = self.peek() {
            group.push(index.clone());
            self.advance();
        }
        Ok(group)
    }

    fn operand(&mut self, kind: Kind, span: Span) -> Operand {
        Operand { id: self.syntax.add(kind, span), span }
    }
}
