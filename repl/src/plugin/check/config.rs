//! The file of `--config`: what a command line would say, for a repository to keep.

use std::path::{Path, PathBuf};

use quorate_model::nearest;
use serde::Deserialize;

use super::CheckPluginArgs;

/// The fields, for help.
const FIELDS: [&str; 8] = [
    "files",
    "plugin_dirs",
    "type",
    "include",
    "exclude",
    "known_failures",
    "properties",
    "time_limit",
];

/// The settings in the file. Paths are from the folder that the file is in.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    files: Vec<PathBuf>,
    plugin_dirs: Vec<PathBuf>,
    #[serde(rename = "type")]
    kind: Option<String>,
    include: Vec<String>,
    exclude: Vec<String>,
    known_failures: Option<PathBuf>,
    properties: Option<PathBuf>,
    time_limit: Option<u64>,
}

/// Adds what a file says to a command line, which goes before it: its files, type, limit and other files in place of the
/// file's, its patterns and folders besides.
pub(super) fn add(args: &CheckPluginArgs, path: &Path) -> Result<CheckPluginArgs, String> {
    let at = |why: String| format!("{}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| at(error.to_string()))?;
    let config = parse(&text).map_err(at)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let from = |path: PathBuf| folder.join(path);
    let mut all = args.clone();
    if all.files.is_empty() {
        all.files = config.files.into_iter().map(from).collect();
    }
    if all.files.is_empty() {
        return Err(at(
            "neither it nor the command line names a library".to_owned()
        ));
    }
    for named in config.plugin_dirs.into_iter().map(from) {
        if !named.is_dir() {
            return Err(at(format!("there is no folder {}", named.display())));
        }
        all.plugins.plugin_dir.push(named);
    }
    all.kind = all.kind.or(config.kind);
    all.include.extend(config.include);
    all.exclude.extend(config.exclude);
    all.known_failures = all.known_failures.or(config.known_failures.map(from));
    all.properties = all.properties.or(config.properties.map(from));
    all.time_limit = all.time_limit.or(config.time_limit);
    if all
        .time_limit
        .is_some_and(|limit| !(1..=3_600).contains(&limit))
    {
        return Err(at(
            "`time_limit` is a number of seconds from 1 to 3600".to_owned()
        ));
    }
    Ok(all)
}

fn parse(text: &str) -> Result<Config, String> {
    serde_json::from_str(text).map_err(|error| {
        let why = error.to_string();
        let field = why
            .strip_prefix("unknown field `")
            .and_then(|rest| rest.split('`').next());
        let help = field
            .and_then(|field| nearest(field, FIELDS))
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        format!(
            "line {}, column {}: {why}{help}",
            error.line(),
            error.column()
        )
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_read_and_another_one_is_named() {
        let text = r#"{ "files": ["a.so"], "plugin_dirs": ["p"], "type": "Web", "include": ["life-*"], "exclude": [],
            "known_failures": "known.txt", "properties": "values.json", "time_limit": 5 }"#;
        let config = parse(text).unwrap();
        assert_eq!((config.files.len(), config.time_limit), (1, Some(5)));
        for field in FIELDS {
            assert!(text.contains(&format!("\"{field}\"")), "{field}");
        }
        let why = parse("{\n \"inclde\": [] }").unwrap_err();
        assert!(why.starts_with("line 2, column "), "{why}");
        assert!(why.contains("did you mean `include`?"), "{why}");
        assert!(parse("{ \"files\": 7 }").is_err());
    }
}
