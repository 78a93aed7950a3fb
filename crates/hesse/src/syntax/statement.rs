//! Statements: declarations, definitions, functions, `assume` and `derive`.
//!
//! The words `data param const assume derive` are words only where a name follows them at the start of a statement.

use super::boxes::Level;
use super::cursor::{Parse, Parser, ROLES, TYPES, refuse};
use super::suggest::nearest;
use super::token::{Bracket, Lexeme};
use super::tree::{Attribute, Kind, NodeId, Operator, Role, Statement, Type};
use crate::diagnostic::{Diagnostic, Span};
use crate::facts::properties::PROPERTIES;

const VERBS: &[&str] = &["grad", "jacobian", "hessian", "derive"];
const LAYOUTS: &[&str] = &["numerator", "denominator"];

impl Parser<'_> {
    /// One statement, up to but without what separates it from the next one.
    pub fn statement(&mut self) -> Parse<Statement> {
        let word = match (self.peek(), self.peek_after(1)) {
            (Lexeme::Name(word), Lexeme::Name(_)) => word.as_str(),
            _ => "",
        };
        let statement = match word {
            "data" => self.declaration(Role::Data),
            "param" => self.declaration(Role::Param),
            "const" => self.declaration(Role::Const),
            "assume" => self.assumption(),
            "derive" => self.request(),
            _ if self.declares() => self.declaration(Role::Plain),
            _ if self.defines_function() => self.function(),
            _ => self.definition(),
        }?;
        let ends_with_expression = matches!(statement, Statement::Define { .. } | Statement::Function { .. });
        match self.peek() {
            Lexeme::Newline | Lexeme::Semicolon | Lexeme::End => Ok(statement),
            Lexeme::Close(_) => refuse(self.in_the_way()),
            _ if ends_with_expression => refuse(self.in_the_way()),
            _ => refuse(self.expected("the end of the line").help(format!("remove {}, or write it on a new line", self.found()))),
        }
    }

    /// Whether names with commas and then a colon stand here.
    fn declares(&self) -> bool {
        let mut k = 0;
        while let Lexeme::Name(_) = self.peek_after(k) {
            k += 1;
            match self.peek_after(k) {
                Lexeme::Colon => return true,
                Lexeme::Comma => k += 1,
                _ => return false,
            }
            k += usize::from(*self.peek_after(k) == Lexeme::Newline);
        }
        false
    }

    /// Whether `name(…) =` stands here.
    fn defines_function(&self) -> bool {
        if !matches!((self.peek(), self.peek_after(1)), (Lexeme::Name(_), Lexeme::Open(Bracket::Round))) {
            return false;
        }
        let mut depth = 0usize;
        for (k, token) in self.tokens.iter().enumerate().skip(self.at + 1) {
            match token.lexeme {
                Lexeme::Open(_) => depth += 1,
                Lexeme::Close(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return self.tokens.get(k + 1).is_some_and(|next| next.lexeme == Lexeme::Equals);
            }
        }
        false
    }

    fn declaration(&mut self, role: Role) -> Parse<Statement> {
        if role != Role::Plain {
            self.advance();
        }
        let mut names = vec![self.name("a name to declare", "write a name, such as  x : vector(n)")?];
        while self.eat(&Lexeme::Comma) {
            self.continue_line();
            names.push(self.name("a name after the comma", "write another name, or remove the comma")?);
        }
        if !self.eat(&Lexeme::Colon) {
            let last = &names[names.len() - 1].0;
            return refuse(self.expected("`:` and a type").help(format!("write the type:  {last} : vector(n)")));
        }
        self.continue_line();
        let of = self.type_()?;
        let attributes = self.attributes()?;
        Ok(Statement::Declare { role, names, of, attributes })
    }

    /// A type with its sizes.
    pub fn type_(&mut self) -> Parse<Type> {
        let (word, place) = self.name("a type", "write scalar, vector(n), rowvector(n), matrix(m,n), symmetric(n) or diagonal(n)")?;
        if !TYPES.contains(&word.as_str()) {
            let help = match nearest(&word, TYPES.iter().copied()) {
                Some(type_) => format!("did you mean `{type_}`?"),
                None => format!("the types are {}", TYPES.join(", ")),
            };
            return refuse(Diagnostic::error("E101", place, format!("unknown type `{word}`")).help(help));
        }
        if word == "scalar" {
            return Ok(Type::Scalar);
        }
        let example = if word == "matrix" { "matrix(m,n)".to_string() } else { format!("{word}(n)") };
        if *self.peek() != Lexeme::Open(Bracket::Round) {
            return refuse(self.expected(&format!("the size of the {word}")).help(format!("write  {example}")));
        }
        self.open(Bracket::Round)?;
        let mut sizes = vec![self.size()?];
        while self.eat(&Lexeme::Comma) {
            sizes.push(self.size()?);
        }
        let span = place.to(self.close_list(&format!("write  {example}"))?);
        match (word.as_str(), sizes.as_slice()) {
            ("vector", &[n]) => Ok(Type::Vector(n)),
            ("rowvector", &[n]) => Ok(Type::RowVector(n)),
            ("matrix", &[m, n]) => Ok(Type::Matrix(m, n)),
            ("symmetric", &[n]) => Ok(Type::Symmetric(n)),
            ("diagonal", &[n]) => Ok(Type::Diagonal(n)),
            _ => {
                let message = format!("`{word}` has {} sizes here", sizes.len());
                refuse(Diagnostic::error("E107", span, message).help(format!("write  {example}")))
            }
        }
    }

    /// A size: names and whole numbers with `+ - * ^`.
    fn size(&mut self) -> Parse<NodeId> {
        let before = self.syntax.len();
        let size = self.climb(Level::Sum)?;
        let arithmetic = self.syntax.ids().skip(before).all(|id| match self.syntax.kind(id) {
            Kind::Number(text) => text.bytes().all(|b| b.is_ascii_digit()),
            Kind::Name(_) => true,
            Kind::Binary(op, ..) => matches!(op, Operator::Plus | Operator::Minus | Operator::Times | Operator::Power),
            _ => false,
        });
        if arithmetic {
            return Ok(size.id);
        }
        let message = format!("`{}` is not a size", self.quote(size.span));
        refuse(Diagnostic::error("E102", size.span, message).help("write a size with names and whole numbers: n, 3, n+1, 2*k"))
    }

    /// Attributes up to the end of the statement.
    pub fn attributes(&mut self) -> Parse<Vec<Attribute>> {
        let mut attributes = vec![];
        while !matches!(self.peek(), Lexeme::Newline | Lexeme::Semicolon | Lexeme::End) {
            attributes.push(self.attribute()?);
        }
        Ok(attributes)
    }

    /// A word of the table of properties, `> 0`, or `in (0,1)`.
    fn attribute(&mut self) -> Parse<Attribute> {
        let start = self.here();
        match self.peek().clone() {
            Lexeme::Name(word) if word == "in" => {
                self.advance();
                let (range, end) = self.range()?;
                Ok(Attribute { text: format!("in {range}"), span: start.to(end) })
            }
            Lexeme::Name(word) => {
                self.advance();
                let known = || PROPERTIES.iter().flat_map(|row| std::iter::once(row.name).chain(row.aliases.iter().copied()));
                if known().any(|name| name == word) {
                    return Ok(Attribute { text: word, span: start });
                }
                let help = match nearest(&word, known()) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!("the properties are {}", PROPERTIES.iter().map(|row| row.name).collect::<Vec<_>>().join(", ")),
                };
                refuse(Diagnostic::error("E101", start, format!("unknown property `{word}`")).help(help))
            }
            Lexeme::Operator(op) if Level::of(op) == Level::Comparison && op != Operator::Equal => {
                self.advance();
                let (bound, end) = self.signed_number()?;
                Ok(Attribute { text: format!("{} {bound}", op.spelling()), span: start.to(end) })
            }
            Lexeme::Close(_) => refuse(self.in_the_way()),
            _ => refuse(self.expected("a property").help("write a property such as `invertible`, `> 0` or `in (0,1)`, or end the line")),
        }
    }

    /// `(0,1)`, `[0,1]` or `{-1,0,1}` in canonical spacing.
    fn range(&mut self) -> Parse<(String, Span)> {
        let help = "write a range (0,1) or a set {0,1}";
        let bracket = match *self.peek() {
            Lexeme::Open(bracket) if bracket != Bracket::Norm => bracket,
            _ => return refuse(self.expected("a range").help(help)),
        };
        let start = self.open(bracket)?;
        let mut ends = vec![self.signed_number()?.0];
        while self.eat(&Lexeme::Comma) {
            ends.push(self.signed_number()?.0);
        }
        let (left, right) = bracket.signs();
        let end = self.close_list(help)?;
        if bracket != Bracket::Curly && ends.len() != 2 {
            return refuse(Diagnostic::error("E102", start.to(end), "a range has two ends").help(help));
        }
        Ok((format!("{left}{}{right}", ends.join(",")), end))
    }

    fn signed_number(&mut self) -> Parse<(String, Span)> {
        let start = self.here();
        let sign = if self.eat(&Lexeme::Operator(Operator::Minus)) { "-" } else { "" };
        match self.peek().clone() {
            Lexeme::Number(text) => Ok((format!("{sign}{text}"), start.to(self.advance()))),
            _ => refuse(self.expected("a number").help("write a number, such as 0 or -1.5")),
        }
    }

    /// `name = body`, or a bare expression.
    fn definition(&mut self) -> Parse<Statement> {
        if let (Lexeme::Name(name), Lexeme::Equals) = (self.peek().clone(), self.peek_after(1)) {
            let name_span = self.advance();
            self.advance();
            self.continue_line();
            let body = self.expression()?.id;
            return Ok(Statement::Define { name, name_span, body });
        }
        let body = self.expression()?;
        if *self.peek() == Lexeme::Equals && self.open.is_empty() {
            let message = format!("only a name can be defined, not `{}`", self.quote(body.span));
            return refuse(Diagnostic::error("E102", body.span, message).help("write `==` to compare, or `name = …` to define"));
        }
        Ok(Statement::Define { name: String::new(), name_span: Span::new(body.span.start, body.span.start), body: body.id })
    }

    /// `huber(r; d = 1) = body`
    fn function(&mut self) -> Parse<Statement> {
        let (name, name_span) = self.name("a name", "write a name")?;
        self.open(Bracket::Round)?;
        let mut params: Vec<String> = vec![];
        let mut defaults: Vec<(String, NodeId)> = vec![];
        let help = format!("write the names of the arguments, such as  {name}(t) = …  or  {name}(r; d = 1) = …");
        let mut with_default = false;
        loop {
            let (param, place) = self.name("a name of an argument", &help)?;
            if params.contains(&param) || defaults.iter().any(|row| row.0 == param) {
                let message = format!("`{param}` is an argument already");
                return refuse(Diagnostic::error("E108", place, message).help(format!("give the second `{param}` another name")));
            }
            if with_default {
                if !self.eat(&Lexeme::Equals) {
                    return refuse(self.expected("`=` and a default value").help(format!("write  {param} = 1")));
                }
                defaults.push((param, self.expression()?.id));
            } else {
                params.push(param);
                with_default = self.eat(&Lexeme::Semicolon);
                if with_default {
                    continue;
                }
            }
            if !self.eat(&Lexeme::Comma) {
                break;
            }
        }
        self.close_list(&help)?;
        self.advance();
        self.continue_line();
        let body = self.expression()?.id;
        Ok(Statement::Function { name, name_span, params, defaults, body })
    }

    /// `assume p > 0`
    fn assumption(&mut self) -> Parse<Statement> {
        self.advance();
        let (name, name_span) = self.name("a name", "write what is assumed of a name:  assume p > 0")?;
        if matches!(self.peek(), Lexeme::Newline | Lexeme::Semicolon | Lexeme::End) {
            return refuse(
                self.expected(&format!("what is assumed of `{name}`"))
                    .help(format!("write  assume {name} > 0  or  assume {name} invertible")),
            );
        }
        let attribute = self.attribute()?;
        Ok(Statement::Assume { name, name_span, attribute })
    }

    /// `derive grad(C) wrt w, b layout numerator`
    fn request(&mut self) -> Parse<Statement> {
        let mut span = self.advance();
        let example = "write  derive grad(C) wrt w, b";
        let (word, place) = self.name("what to derive", example)?;
        let (verb, target) = if *self.peek() == Lexeme::Open(Bracket::Round) {
            known(&word, place, VERBS, "derivative")?;
            self.open(Bracket::Round)?;
            let target = self.name("the name of a definition", example)?.0;
            span = span.to(self.close_list(example)?);
            (word, target)
        } else {
            span = span.to(place);
            ("derive".to_string(), word)
        };
        let (mut wrt, mut layout) = (vec![], None);
        while let Lexeme::Name(word) = self.peek().clone() {
            let place = self.advance();
            match known(&word, place, &["wrt", "layout"], "option")? {
                "wrt" => loop {
                    let (name, place) = self.name("a variable", example)?;
                    wrt.push(name);
                    span = span.to(place);
                    if !self.eat(&Lexeme::Comma) {
                        break;
                    }
                    self.continue_line();
                },
                _ => {
                    let (name, place) = self.name("a layout", "write  layout numerator  or  layout denominator")?;
                    layout = Some(known(&name, place, LAYOUTS, "layout")?.to_string());
                    span = span.to(place);
                }
            }
        }
        Ok(Statement::Derive { verb, target, wrt, layout, span })
    }

    /// A name, or `E102` with a fix.
    fn name(&mut self, what: &str, help: &str) -> Parse<(String, Span)> {
        match self.peek().clone() {
            Lexeme::Name(name) => Ok((name, self.advance())),
            _ => refuse(self.expected(what).help(help)),
        }
    }
}

/// The word of a request, or `E402` with the words that are known.
fn known(word: &str, place: Span, words: &[&'static str], what: &str) -> Parse<&'static str> {
    if let Some(known) = words.iter().find(|known| **known == word) {
        return Ok(known);
    }
    let help = match nearest(word, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write one of: {}", words.join(", ")),
    };
    refuse(Diagnostic::error("E402", place, format!("unknown {what} `{word}`")).help(help))
}

impl Role {
    /// The word before the names, empty for none.
    pub fn word(self) -> &'static str {
        match self {
            Role::Plain => "",
            Role::Data => ROLES[0],
            Role::Param => ROLES[1],
            Role::Const => ROLES[2],
        }
    }
}
