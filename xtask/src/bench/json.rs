//! JSON, as far as workers and records speak it.

use std::fmt::{self, Write};

/// A value; the fields of an object in their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`; also what stands for a number that is not finite.
    Null,
    /// `true`, `false`
    Truth(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads one value that fills the text.
    pub fn parse(text: &str) -> Result<Json, String> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value()?;
        reader.space();
        if reader.at == text.len() { Ok(value) } else { Err(reader.unexpected()) }
    }
    /// A field of an object.
    pub fn get(&self, key: &str) -> Option<&Json> {
        let Json::Object(fields) = self else { return None };
        fields.iter().find(|f| f.0 == key).map(|f| &f.1)
    }
    /// A number in a field.
    pub fn number(&self, key: &str) -> Option<f64> {
        match self.get(key) {
            Some(Json::Number(x)) => Some(*x),
            _ => None,
        }
    }
    /// A string in a field.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some(Json::Text(t)) => Some(t),
            _ => None,
        }
    }
    /// The entries of a list in a field; none if there is no such list.
    pub fn list(&self, key: &str) -> &[Json] {
        match self.get(key) {
            Some(Json::List(items)) => items,
            _ => &[],
        }
    }
    /// The fields of an object in a field; none if there is no such object.
    pub fn fields(&self, key: &str) -> &[(String, Json)] {
        match self.get(key) {
            Some(Json::Object(fields)) => fields,
            _ => &[],
        }
    }
    /// A string.
    pub fn from_text(text: &str) -> Json {
        Json::Text(text.to_string())
    }
    /// A number, or `null`.
    pub fn from_number(x: Option<f64>) -> Json {
        x.filter(|x| x.is_finite()).map_or(Json::Null, Json::Number)
    }
    /// An object.
    pub fn object(fields: Vec<(&str, Json)>) -> Json {
        Json::Object(fields.into_iter().map(|(k, v)| (k.to_string(), v)).collect())
    }
    /// Short values on one line, long ones a line an entry.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        self.write_pretty(0, &mut out);
        out.push('\n');
        out
    }

    fn write_pretty(&self, depth: usize, out: &mut String) {
        let line = self.to_string();
        let (open, close, count) = match self {
            Json::List(items) if line.len() > 120 => ('[', ']', items.len()),
            Json::Object(fields) if line.len() > 120 => ('{', '}', fields.len()),
            _ => return out.push_str(&line),
        };
        out.push(open);
        for k in 0..count {
            let _ = write!(out, "{}\n{:width$}", if k > 0 { "," } else { "" }, "", width = 2 * (depth + 1));
            match self {
                Json::List(items) => items[k].write_pretty(depth + 1, out),
                Json::Object(fields) => {
                    let _ = write!(out, "{}: ", Json::from_text(&fields[k].0));
                    fields[k].1.write_pretty(depth + 1, out);
                }
                _ => {}
            }
        }
        let _ = write!(out, "\n{:width$}{close}", "", width = 2 * depth);
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Truth(b) => write!(f, "{b}"),
            Json::Number(x) => write!(f, "{x}"),
            Json::Text(t) => {
                f.write_char('"')?;
                for c in t.chars() {
                    match c {
                        '"' | '\\' => write!(f, "\\{c}")?,
                        '\n' => f.write_str("\\n")?,
                        c if (c as u32) < 0x20 => write!(f, "\\u{:04x}", c as u32)?,
                        c => f.write_char(c)?,
                    }
                }
                f.write_char('"')
            }
            Json::List(items) => {
                f.write_char('[')?;
                for (k, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if k > 0 { ", " } else { "" })?;
                }
                f.write_char(']')
            }
            Json::Object(fields) => {
                f.write_char('{')?;
                for (k, (key, value)) in fields.iter().enumerate() {
                    write!(f, "{}{}: {value}", if k > 0 { ", " } else { "" }, Json::from_text(key))?;
                }
                f.write_char('}')
            }
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }
    fn unexpected(&self) -> String {
        format!("no JSON at character {}: {}", self.at, self.rest().chars().take(20).collect::<String>())
    }
    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }
    fn take(&mut self, sign: &str) -> bool {
        self.space();
        let there = self.rest().starts_with(sign);
        if there {
            self.at += sign.len();
        }
        there
    }
    fn value(&mut self) -> Result<Json, String> {
        // Python writes NaN and Infinity.
        for (word, value) in [
            ("null", Json::Null),
            ("NaN", Json::Null),
            ("Infinity", Json::Null),
            ("true", Json::Truth(true)),
            ("false", Json::Truth(false)),
        ] {
            if self.take(word) {
                return Ok(value);
            }
        }
        if self.take("[") {
            let mut items = vec![];
            while !self.take("]") {
                items.push(self.value()?);
                if !self.take(",") && !self.rest().trim_start().starts_with(']') {
                    return Err(self.unexpected());
                }
            }
            return Ok(Json::List(items));
        }
        if self.take("{") {
            let mut fields = vec![];
            while !self.take("}") {
                let Json::Text(key) = self.value()? else { return Err(self.unexpected()) };
                if !self.take(":") {
                    return Err(self.unexpected());
                }
                fields.push((key, self.value()?));
                if !self.take(",") && !self.rest().trim_start().starts_with('}') {
                    return Err(self.unexpected());
                }
            }
            return Ok(Json::Object(fields));
        }
        if self.take("\"") {
            return self.string();
        }
        let end = self.rest().find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(self.rest().len());
        match self.rest()[..end].parse() {
            Ok(x) => {
                self.at += end;
                Ok(Json::Number(x))
            }
            Err(_) => Err(self.unexpected()),
        }
    }
    fn string(&mut self) -> Result<Json, String> {
        let mut out = String::new();
        let mut pair = vec![];
        loop {
            let Some(c) = self.rest().chars().next() else { return Err("the text ends within a string".into()) };
            self.at += c.len_utf8();
            if c != '\\' {
                if c == '"' {
                    return Ok(Json::Text(out));
                }
                out.push(c);
                continue;
            }
            let Some(c) = self.rest().chars().next() else { return Err("the text ends within a string".into()) };
            self.at += c.len_utf8();
            match c {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                'b' => out.push('\u{8}'),
                'f' => out.push('\u{c}'),
                'u' => {
                    let unit = self.rest().get(..4).and_then(|hex| u16::from_str_radix(hex, 16).ok()).ok_or_else(|| self.unexpected())?;
                    self.at += 4;
                    pair.push(unit);
                    if !(0xd800..0xdc00).contains(&unit) {
                        out.push_str(&String::from_utf16_lossy(&pair));
                        pair.clear();
                    }
                }
                c => out.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let value = Json::object(vec![
            ("text", Json::from_text("a \"b\" \\ \n é 𝛼 \u{1}")),
            ("numbers", Json::List(vec![Json::Number(1.5e-9), Json::Number(-3.0), Json::Null])),
            ("truth", Json::Truth(true)),
            ("empty", Json::List(vec![])),
            ("long", Json::List((0..60).map(|k| Json::Number(f64::from(k))).collect())),
        ]);
        assert_eq!(Json::parse(&value.to_string()).unwrap(), value);
        assert_eq!(Json::parse(&value.pretty()).unwrap(), value);
        assert!(value.pretty().lines().count() > 60);
    }

    #[test]
    fn what_python_writes_is_read() {
        let value = Json::parse(r#"{"first_s": 1e-05, "x": NaN, "e": "d\u00e9j\u00e0 \ud835\udefc"}"#).unwrap();
        assert_eq!(value.number("first_s"), Some(1e-5));
        assert_eq!(value.get("x"), Some(&Json::Null));
        assert_eq!(value.text("e"), Some("déjà 𝛼"));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "[1 2]", "{1: 2}", "\"a", "1 2", "{\"a\" 1}", "Traceback"] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
    }
}
