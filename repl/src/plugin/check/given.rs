//! What the command line names is there, can be read, and fits together, before anything is run.

use std::path::{Path, PathBuf};

use quorate_conformance::{Catalog, KnownFailures};
use quorate_host::TypeInfo;

use super::{CheckPluginArgs, Tested, is_script, values, wanted};

/// Checks every file that the command line names, before anything is run.
pub(super) fn must_be_usable(args: &CheckPluginArgs) -> std::result::Result<(), String> {
    for (index, file) in args.files.iter().enumerate() {
        must_be_a_file(file)?;
        if args.files[..index].contains(file) {
            return Err(format!("{} is named twice", file.display()));
        }
        if is_script(file) {
            must_be_text(file)?;
            must_be_a_resource(file)?;
        }
    }
    let read = [&args.properties, &args.known_failures, &args.config];
    let read = args.files.iter().chain(read.into_iter().flatten());
    let mut taken: Vec<&Path> = read.map(PathBuf::as_path).collect();
    for path in [&args.json, &args.junit].into_iter().flatten() {
        crate::files::must_be_another(path, &taken)?;
        must_be_writable(path)?;
        taken.push(path);
    }
    if !quorate_conformance::tests().any(|test| wanted(args, test)) {
        let text = args.filter.as_deref().unwrap_or_default();
        return Err(format!(
            "no test has `{text}` in its name or its group's; --list shows what there is"
        ));
    }
    Ok(())
}

pub(super) fn known_failures(args: &CheckPluginArgs) -> std::result::Result<KnownFailures, String> {
    let Some(path) = &args.known_failures else {
        return Ok(KnownFailures::default());
    };
    let at = |why: String| format!("{}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| at(error.to_string()))?;
    KnownFailures::parse(&text).map_err(at)
}

/// Checks that the types and values that the command line's files name are there.
pub(super) fn must_know(
    args: &CheckPluginArgs,
    tested: &[Tested],
    known: &KnownFailures,
    catalog: &Catalog,
) -> std::result::Result<(), String> {
    let libraries = || tested.iter().filter_map(|it| it.described.as_ref().ok());
    let own: Vec<&TypeInfo> = libraries().flat_map(|library| &library.types).collect();
    let has = |name: &str| own.iter().any(|kind| kind.name == name);
    if libraries().next().is_none() {
        return Ok(());
    }
    if let Some(path) = &args.properties {
        let values = values::read(path)?;
        let types = if values.keys().all(|name| has(name)) {
            own.clone()
        } else {
            catalog.types()
        };
        values::check(&values, &types).map_err(|why| format!("{}: {why}", path.display()))?;
    }
    for (name, path) in known.kinds().zip(args.known_failures.iter().cycle()) {
        if !has(name) {
            let there = values::hint(name, own.iter().map(|kind| kind.name.as_str()));
            return Err(format!(
                "{}: no library here has a type `{name}`{there}",
                path.display()
            ));
        }
    }
    Ok(())
}

fn must_be_a_file(path: &Path) -> std::result::Result<(), String> {
    if path.is_file() {
        return Ok(());
    }
    Err(if path.is_dir() {
        format!(
            "{}: this is a folder; name the library or the script in it",
            path.display()
        )
    } else if path.exists() {
        format!("{}: this is no ordinary file", path.display())
    } else {
        format!("{}: there is no such file", path.display())
    })
}

/// Checks that a script is readable text. The world of the tests could only report that it has no such script.
fn must_be_text(path: &Path) -> std::result::Result<(), String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let Err(error) = std::str::from_utf8(&bytes) else {
        return Ok(());
    };
    let sound = &bytes[..error.valid_up_to()];
    let line = 1 + sound.iter().filter(|byte| **byte == b'\n').count();
    let begin = sound.iter().rposition(|byte| *byte == b'\n');
    let before = &sound[begin.map_or(0, |at| at + 1)..];
    let column = 1 + String::from_utf8_lossy(before).chars().count();
    Err(format!(
        "{}:{line}:{column}: this is not UTF-8 (byte {:#04x}); save the script as UTF-8",
        path.display(),
        bytes[error.valid_up_to()]
    ))
}

/// Checks that a script is a resource script, as far as its functions show.
fn must_be_a_resource(path: &Path) -> std::result::Result<(), String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if quorate_script::declares_drills(&text) {
        return Err(format!(
            "{}: this is a script of drills, not a resource's; quorate drill runs it",
            path.display()
        ));
    }
    if crate::resource_scripts::is_one(&text) {
        return Ok(());
    }
    let found = crate::resource_scripts::check(&path.display().to_string(), &text);
    let missing = found.iter().find(|it| it.rule == "missing-function");
    missing.map_or(Ok(()), |it| {
        Err(format!(
            "{}: {}; quorate check says more",
            path.display(),
            it.message
        ))
    })
}

/// Checks that the file for the results can be written, since the tests take too long to find that out afterwards.
fn must_be_writable(path: &Path) -> std::result::Result<(), String> {
    let was_there = path.exists();
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|_| {
            if was_there {
                Ok(())
            } else {
                // If it is a link, the file behind it is removed.
                path.canonicalize().and_then(std::fs::remove_file)
            }
        })
        .map_err(|error| {
            format!(
                "{}: results cannot be written there: {error}; nothing was tested",
                path.display()
            )
        })
}
