//! Holds journals to `docs/journal.schema.json`, and cluster files (`.ron`) to `docs/cluster.schema.json`: `quorate-schema FILE…`.
//! Says how many lines and files it has looked at; the first that its schema does not allow ends it.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::ExitCode;

use jsonschema::Validator;

const SCHEMA: &str = include_str!("../../../docs/journal.schema.json");
const CLUSTERS: &str = include_str!("../../../docs/cluster.schema.json");

fn main() -> ExitCode {
    let journals: Vec<String> = std::env::args().skip(1).collect();
    if journals.is_empty() {
        eprintln!("error: name journals, as `quorate drill --journal FILE` writes them");
        return ExitCode::from(64);
    }
    let (clusters, journals): (Vec<_>, Vec<_>) =
        journals.into_iter().partition(|it| it.ends_with(".ron"));
    let files = clusters.len();
    let clusters = clusters.iter().try_for_each(|it| check_cluster(it));
    let lines = clusters.and_then(|()| journals.iter().map(|it| check(it)).sum::<Result<u64, _>>());
    match lines {
        Ok(lines) => {
            println!("{lines} lines and {files} cluster files are as the schemas have them");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn schema() -> Result<Validator, Box<dyn Error>> {
    compiled(SCHEMA)
}

fn compiled(schema: &str) -> Result<Validator, Box<dyn Error>> {
    let schema = serde_json::from_str(schema)?;
    Ok(jsonschema::validator_for(&schema).map_err(|why| why.to_string())?)
}

/// Looks at a cluster file.
fn check_cluster(file: &str) -> Result<(), Box<dyn Error>> {
    cluster_allowed(&compiled(CLUSTERS)?, &std::fs::read_to_string(file)?)
        .map_err(|why| format!("{file}: {why}").into())
}

fn cluster_allowed(schema: &Validator, text: &str) -> Result<(), String> {
    let value = quorate_model::cluster_file_as_json(text).ok_or("this is no RON")?;
    let found = schema.validate(&value);
    found.map_err(|why| format!("{}: {why}", why.instance_path()))
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
    fn a_wrong_cluster_file_is_told_from_a_right_one() {
        let schema = compiled(CLUSTERS).expect("a schema");
        let right = include_str!("../../../scripts/clusters/four-node.ron");
        assert_eq!(cluster_allowed(&schema, right), Ok(()));
        for (was, is) in [
            ("name:", "nmae:"),
            ("quorum: Standard", "quorum: Standrad"),
            ("nodes: [", "nodes: 3, x: ["),
        ] {
            let wrong = right.replacen(was, is, 1);
            assert_ne!(wrong, right, "{was}");
            assert!(cluster_allowed(&schema, &wrong).is_err(), "{is}");
        }
    }

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
