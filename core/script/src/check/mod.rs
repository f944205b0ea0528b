//! Finds mistakes in a script before anything runs. The engine itself reports unknown functions and wrong numbers of
//! arguments only when it reaches them.

mod across;
mod known;
pub(crate) mod literals;
mod resource;
mod variables;
mod waits;

use std::path::Path;

use quorate_drill::Finding;

use crate::docs::words_of;
use crate::engine::bare;
use crate::lexicon::{syntax, walk};
use known::Files;

pub use across::{duplicate_drills, mixed_alphabets};
pub use resource::{
    check_resource_script, declares_drills, is_nearly_resource_script, is_resource_script,
};

/// Checks the script `source` of the file `file`: syntax, unknown variables, unknown functions, methods and
/// properties, wrong numbers of arguments, and words outside closed sets. Findings are in the order of the text.
pub fn check_script(file: &str, source: &str) -> Vec<Finding> {
    check(file, source, None)
}

/// As [`check_script`]; also reads the cluster files that the script's drills name, and checks the names in the drills
/// against them. `read` gives the text of a file or says why it cannot: an editor has texts that no disk has.
pub fn check_script_among(
    file: &Path,
    source: &str,
    read: &dyn Fn(&Path) -> Result<String, String>,
) -> Vec<Finding> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let files = Files { folder, read };
    check(&file.display().to_string(), source, Some(&files))
}

fn check(file: &str, source: &str, files: Option<&Files<'_>>) -> Vec<Finding> {
    let mut engine = bare();
    let lexicon = words_of(&engine);
    let mut findings = variables::unknown(file, source, lexicon, &engine);
    // One unknown variable must not hide the rest.
    engine.set_strict_variables(false);
    match engine.compile(source) {
        Ok(ast) => {
            let mut checker = walk::checked(file, source, lexicon, &ast);
            literals::look(&mut checker, &engine, &ast, files);
            findings.extend(checker.finish());
            findings.extend(waits::findings(file, source, lexicon, &ast));
        }
        Err(error) => findings.push(syntax(file, source, lexicon, &error)),
    }
    findings.sort();
    findings.dedup();
    findings
}
