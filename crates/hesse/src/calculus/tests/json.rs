//! Just enough JSON for the corpus.

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

impl Json {
    pub fn get(&self, key: &str) -> &Json {
        match self {
            Json::Map(m) => m.iter().find(|e| e.0 == key).map_or(&Json::Null, |e| &e.1),
            _ => &Json::Null,
        }
    }
    pub fn text(&self) -> &str {
        if let Json::Text(t) = self { t } else { "" }
    }
    pub fn number(&self) -> f64 {
        if let Json::Number(x) = self { *x } else { f64::NAN }
    }
    pub fn list(&self) -> &[Json] {
        if let Json::List(l) = self { l } else { &[] }
    }
    pub fn entries(&self) -> &[(String, Json)] {
        if let Json::Map(m) = self { m } else { &[] }
    }
}

pub fn parse(text: &str) -> Json {
    let chars: Vec<char> = text.chars().collect();
    value(&chars, &mut 0)
}

fn blank(c: &[char], k: &mut usize) {
    while *k < c.len() && c[*k].is_whitespace() {
        *k += 1;
    }
}

fn value(c: &[char], k: &mut usize) -> Json {
    blank(c, k);
    let out = match c[*k] {
        '{' | '[' => {
            let map = c[*k] == '{';
            *k += 1;
            let (mut entries, mut items) = (vec![], vec![]);
            loop {
                blank(c, k);
                match c[*k] {
                    '}' | ']' => break,
                    ',' => *k += 1,
                    _ if map => {
                        let key = value(c, k).text().to_string();
                        blank(c, k);
                        assert_eq!(c[*k], ':');
                        *k += 1;
                        entries.push((key, value(c, k)));
                    }
                    _ => items.push(value(c, k)),
                }
            }
            *k += 1;
            if map { Json::Map(entries) } else { Json::List(items) }
        }
        '"' => {
            let mut out = String::new();
            *k += 1;
            while c[*k] != '"' {
                if c[*k] == '\\' {
                    *k += 1;
                    match c[*k] {
                        'n' => out.push('\n'),
                        't' => out.push('\t'),
                        'u' => {
                            let code: String = c[*k + 1..*k + 5].iter().collect();
                            out.push(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).unwrap_or('?'));
                            *k += 4;
                        }
                        other => out.push(other),
                    }
                } else {
                    out.push(c[*k]);
                }
                *k += 1;
            }
            *k += 1;
            Json::Text(out)
        }
        _ => {
            let start = *k;
            while *k < c.len() && !",]}".contains(c[*k]) && !c[*k].is_whitespace() {
                *k += 1;
            }
            let word: String = c[start..*k].iter().collect();
            match word.as_str() {
                "null" => Json::Null,
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                _ => Json::Number(word.parse().unwrap()),
            }
        }
    };
    blank(c, k);
    out
}
