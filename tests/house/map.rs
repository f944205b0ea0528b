//! ARCHITECTURE.md as a map: it names every folder, and says what each dependency is for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cargo_metadata::MetadataCommand;

use super::{files, root};

/// The room of a file: its top folder, or in `core` and `plugins` the folder below that.
fn room(path: &Path) -> Option<String> {
    let parts: Vec<String> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    match parts.as_slice() {
        [_] => None,
        [first, second, _, ..] if first == "core" || first == "plugins" => {
            Some(format!("{first}/{second}"))
        }
        [first, ..] => Some(first.clone()),
        [] => None,
    }
}

#[test]
fn every_file_stands_in_a_room_that_the_map_names() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rooms: BTreeSet<String> = files().iter().filter_map(|path| room(path)).collect();
    let unnamed: Vec<&String> = rooms
        .iter()
        .filter(|room| !map.contains(&format!("`{room}`")))
        .collect();
    assert_eq!(
        unnamed,
        Vec::<&String>::new(),
        "ARCHITECTURE.md names every room in `backquotes`"
    );
    assert!(!map.contains("`core/attic`"));
}

#[test]
fn every_dependency_is_in_the_table() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let metadata = MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .exec()
        .unwrap();
    let used: BTreeSet<String> = metadata
        .workspace_packages()
        .into_iter()
        .flat_map(|package| &package.dependencies)
        .map(|dependency| dependency.name.to_string())
        .filter(|name| !name.starts_with("quorate"))
        .collect();
    let missing: Vec<&String> = used
        .iter()
        .filter(|name| !map.contains(&format!("| `{name}` |")))
        .collect();
    assert_eq!(
        missing,
        Vec::<&String>::new(),
        "say in ARCHITECTURE.md what each is for"
    );
}
