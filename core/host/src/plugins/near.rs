//! Files that were probably meant to be plugins, and why they are not.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use super::error::NearMiss;
use super::program::{is_executable, is_program};
use super::{elf, search};

/// Most files of a folder that are named. A folder with more of them is full of other things.
const MOST: usize = 4;

/// Whether a folder is one of those beside the program. Cargo leaves many other libraries there.
fn is_beside_the_program(folder: &Path) -> bool {
    search::search_folders(&[]).iter().any(|it| it == folder)
}

/// The near misses in `folder`: libraries without the entry, libraries with a name other than `libNAME.so`, and
/// libraries that are for linking only. If there are many, only those whose names are like that of the resource type
/// `wanted`. Files are opened only to read their symbols. There are none in a folder that cannot be read, and in the
/// folders beside the program, which are not searched for them.
pub fn near_misses(folder: &Path, wanted: Option<&str>) -> Vec<NearMiss> {
    if is_beside_the_program(folder) {
        return Vec::new();
    }
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<NearMiss> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .filter_map(|file| why(&file).map(|why| NearMiss { file, why }))
        .collect();
    if found.len() > MOST {
        let alike = wanted.map(letters).unwrap_or_default();
        let name = |it: &NearMiss| letters(&it.file.to_string_lossy());
        found.retain(|it| !alike.is_empty() && name(it).contains(&alike));
        found.truncate(MOST);
    }
    found.sort_by(|one, other| one.file.cmp(&other.file));
    found
}

fn why(file: &Path) -> Option<String> {
    let name = file.file_name().and_then(OsStr::to_str)?;
    if is_program(file) {
        let why = "it is no program that can be run: make it one with chmod +x";
        return (!is_executable(file)).then(|| why.to_owned());
    }
    match file.extension().and_then(OsStr::to_str)? {
        "so" => match search::stem(name) {
            // Names with cargo's build hash are libraries of other crates.
            Some((_, false)) => None,
            Some((_, true)) if elf::exports_entry(file).unwrap_or(true) => None,
            Some((_, true)) => elf::why_none(file).ok(),
            None if name.starts_with("lib") => None,
            None => Some(format!("it is passed by; name it lib{name}")),
        },
        "rlib" | "a" if name.starts_with("lib") => elf::why_none(file).ok(),
        _ => None,
    }
}

/// The letters and digits of a text, in lower case.
fn letters(text: &str) -> String {
    let kept = text.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}
