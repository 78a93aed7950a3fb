//! Conditions of a formula that its numbers break, as sentences and as JSON.

use crate::json;
use crate::numbers::Point;
use crate::numerals;
use crate::source::Source;
use hesse::Formula;
use hesse::calculus::model::{Asks, Condition};
use hesse_run::Breach;
use serde_json::{Value, json};

/// A condition of the formula that does not hold at the point.
pub struct Broken<'a> {
    /// The condition.
    pub condition: &'a Condition,
    breach: Breach,
    /// 1-based; empty for the whole.
    index: Vec<usize>,
}

impl Broken<'_> {
    /// ``` `log(p)` needs p > 0: entry [2] is -1 ```
    pub fn sentence(&self, source: &str) -> String {
        let Broken { condition: c, breach, index } = self;
        let operation = source.get(c.span.start..c.span.end).unwrap_or(&c.expression);
        let index: Vec<String> = index.iter().map(usize::to_string).collect();
        let entry = if index.is_empty() { "it".to_string() } else { format!("entry [{}]", index.join(",")) };
        let more = more(breach.count);
        let value = numerals::shortest(breach.value);
        match c.asks {
            _ if c.is_kink() => format!("{}: {entry} is there{more}", c.text),
            Asks::Invertible | Asks::PositiveDeterminant => format!("`{operation}` needs {}: the determinant is {value}", c.text),
            _ => format!("`{operation}` needs {}: {entry} is {value}{more}", c.text),
        }
    }

    /// As JSON, with its place.
    pub fn object(&self, source: &Source) -> Value {
        let mut out = json::condition(self.condition, Some(source));
        out["at"] = if self.breach.at.is_some() { json!(self.index) } else { Value::Null };
        out["value"] = json::number(self.breach.value);
        out["count"] = self.breach.count.into();
        out
    }
}

/// The conditions that do not hold, in source order.
pub fn breaches<'a>(formula: &'a Formula, point: &Point) -> Result<Vec<Broken<'a>>, hesse::Error> {
    let mut out = vec![];
    for condition in &formula.model().conditions {
        let values = point.subjects(formula, condition)?;
        if let Some(breach) = hesse_run::breach(condition.asks, &values)? {
            let widest = values.iter().max_by_key(|a| a.len());
            let index = breach.at.zip(widest).map_or(vec![], |(at, a)| index(&a.shape, at));
            out.push(Broken { condition, breach, index });
        }
    }
    Ok(out)
}

/// What follows the first of several entries.
pub fn more(count: usize) -> String {
    match count {
        0 | 1 => String::new(),
        2 => ", and one more".to_string(),
        n => format!(", and {} more", n - 1),
    }
}

/// The 1-based index of an entry of a row-major array.
pub fn index(shape: &[usize], at: usize) -> Vec<usize> {
    let mut index = vec![];
    let mut rest = at;
    for &size in shape.iter().rev() {
        index.insert(0, rest % size + 1);
        rest /= size;
    }
    index
}
