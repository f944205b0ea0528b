//! Checks of the project's own structure, by what they guard.
#![allow(clippy::unwrap_used)]

#[path = "house/arrows.rs"]
mod arrows;
#[path = "house/citations.rs"]
mod citations;
#[path = "house/code.rs"]
mod code;
#[path = "house/map.rs"]
mod map;
#[path = "house/pages.rs"]
mod pages;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// All files of the project, as paths below its root.
fn files() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && name != ".git" {
                    walk(&path, found);
                }
            } else {
                found.push(path);
            }
        }
    }
    let (root, mut found) = (root(), Vec::new());
    walk(&root, &mut found);
    found
        .iter()
        .map(|path| path.strip_prefix(&root).unwrap().to_owned())
        .collect()
}

fn sources() -> impl Iterator<Item = (PathBuf, String)> {
    files()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ext| ext == "rs"))
        .map(|path| {
            let text = fs::read_to_string(root().join(&path)).unwrap();
            (path, text)
        })
}
