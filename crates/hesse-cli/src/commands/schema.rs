//! `hesse schema`: what the JSON that is read and written holds.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::json;
use crate::screen::Screen;

const SCHEMAS: &str = include_str!("schema.txt");

/// Prints the schemas.
pub fn run(screen: &mut Screen) -> Result<Exit, Failure> {
    if screen.json() {
        screen.object(&json::text("schema", SCHEMAS))?;
    } else {
        screen.line(SCHEMAS.trim_end())?;
    }
    Ok(Exit::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_described() {
        let outputs = [
            json::DERIVATIVE,
            json::DERIVATION,
            json::CHECK,
            json::CLAIM,
            json::ANSWERS,
            json::EVAL,
            json::DOCTOR,
            json::BENCH,
            json::STAGES,
            json::FMT,
            json::TEXT,
        ];
        for schema in outputs.into_iter().chain([json::ERROR, json::BATCH]) {
            assert!(SCHEMAS.contains(schema), "{schema}");
        }
    }
}
