//! Holds journals to `docs/journal.schema.json`: `quorate-schema JOURNAL…`. Says how many lines it has looked at; the first that
//! the schema does not allow ends it.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::ExitCode;

use jsonschema::Validator;

const SCHEMA: &str = include_str!("../../../docs/journal.schema.json");

fn main() -> ExitCode {
    let journals: Vec<String> = std::env::args().skip(1).collect();
    if journals.is_empty() {
        eprintln!("error: name journals, as `quorate drill --journal FILE` writes them");
        return ExitCode::from(64);
    }
    match journals.iter().map(|it| check(it)).sum::<Result<u64, _>>() {
        Ok(lines) => {
            println!("{lines} lines are as the schema has them");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn schema() -> Result<Validator, Box<dyn Error>> {
    let schema = serde_json::from_str(SCHEMA)?;
    Ok(jsonschema::validator_for(&schema).map_err(|why| why.to_string())?)
}

/// Looks at each line of a journal. Returns how many there are.
fn check(journal: &str) -> Result<u64, Box<dyn Error>> {
    let schema = schema()?;
    let mut number = 0;
    for line in BufReader::new(File::open(journal)?).lines() {
        number += 1;
        let line = line?;
        allowed(&schema, &line).map_err(|why| format!("{journal}, line {number}: {why}\n{line}"))?;
    }
    Ok(number)
}

fn allowed(schema: &Validator, line: &str) -> Result<(), String> {
    let value = serde_json::from_str(line).map_err(|why| why.to_string())?;
    schema.validate(&value).map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_line_is_told_from_a_right_one() {
        let schema = schema().expect("a schema");
        for right in [
            r#"{"t":3,"n":0,"node":"A","kind":"forming","weather":"fine"}"#,
            r#"{"t":3,"n":1,"because":0,"kind":"power","on":true,"reason":"switched on"}"#,
            r#"{"schema":"quorate-journal/2","seed":1,"cluster":"C","civil_start_ms":0,"nodes":[]}"#,
        ] {
            assert_eq!(allowed(&schema, right), Ok(()), "{right}");
        }
        for wrong in [
            r#"{"t":3,"n":0,"kind":"power","on":"yes","reason":"switched on"}"#,
            r#"{"t":3,"n":0,"kind":"power","reason":"switched on"}"#,
            r#"{"t":3,"n":0,"kind":"pwer","on":true,"reason":"switched on"}"#,
            r#"{"t":-3,"n":0,"kind":"forming"}"#,
            r#"{"n":0,"kind":"forming"}"#,
            r#"{"t":3,"n":0,"because":"x","kind":"forming"}"#,
            r#"{"schema":"quorate-journal/1","seed":1,"cluster":"C","civil_start_ms":0,"nodes":[]}"#,
            r#"{"schema":"quorate-journal/2","seed":1,"cluster":"C","civil_start_ms":0}"#,
        ] {
            assert!(allowed(&schema, wrong).is_err(), "{wrong}");
        }
    }
}
