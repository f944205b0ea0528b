//! No circles: inside a folder of a crate, if one module uses another, that other does not use it, directly or indirectly.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// The crates that are checked. With each are the modules of types that other files of the crate extend: each of
/// these files uses the type, and the type contains the data of each file.
const CRATES: &[(&str, &[&str])] = &[
    ("core/abi", &[]),
    ("core/model", &[]),
    ("core/journal", &[]),
    ("core/report", &[]),
    ("core/log", &[]),
    ("core/wire", &[]),
    ("core/node", &["node"]),
    ("core/host", &[]),
    ("core/conformance", &[]),
    ("core/machine", &[]),
    ("core/live", &[]),
    ("core/sim", &[]),
    ("core/drill", &[]),
    ("core/script", &[]),
    ("core/rehearse", &[]),
    ("repl", &[]),
];

/// The path of a module or of an item, from the root of its crate.
type ItemPath = Vec<String>;

/// The modules that each module of one folder uses.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// What a file uses of its own crate, where it says so by `crate`, `super` or `self`.
struct Used {
    /// The module that the file is.
    module: ItemPath,
    found: BTreeSet<ItemPath>,
}

impl Used {
    fn by(module: &[String], text: &str) -> BTreeSet<ItemPath> {
        let module = module.to_vec();
        let mut used = Used {
            module,
            found: BTreeSet::new(),
        };
        used.visit_file(&syn::parse_file(text).unwrap());
        used.found
    }

    /// The names of a path, counted from the root; `None` for a path that begins elsewhere.
    fn resolved(&self, names: &[String]) -> Option<ItemPath> {
        let prefix = names.iter().take_while(|it| is_prefix(it));
        let prefix: Vec<&str> = prefix.map(String::as_str).collect();
        let ups = prefix.iter().filter(|it| **it == "super").count();
        let mut path = match prefix.first()? {
            &"crate" => ItemPath::new(),
            _ => self.module[..self.module.len().checked_sub(ups)?].to_vec(),
        };
        path.extend_from_slice(&names[prefix.len()..]);
        Some(path)
    }

    fn tree(&mut self, tree: &syn::UseTree, mut before: Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(&path.tree, before);
            }
            syn::UseTree::Group(group) => {
                let items = group.items.iter();
                items.for_each(|it| self.tree(it, before.clone()));
            }
            syn::UseTree::Name(name) => {
                before.push(name.ident.to_string());
                self.found.extend(self.resolved(&before));
            }
            syn::UseTree::Rename(rename) => {
                before.push(rename.ident.to_string());
                self.found.extend(self.resolved(&before));
            }
            syn::UseTree::Glob(_) => self.found.extend(self.resolved(&before)),
        }
    }
}

fn is_prefix(name: &str) -> bool {
    ["crate", "super", "self"].contains(&name)
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|it| {
        it.path().is_ident("cfg")
            && it
                .parse_args::<syn::Meta>()
                .is_ok_and(|meta| meta.path().is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Used {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_none() || is_test(&module.attrs) {
            return;
        }
        // What stands in braces counts from there.
        self.module.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter();
        let names: Vec<String> = segments.map(|it| it.ident.to_string()).collect();
        self.found.extend(self.resolved(&names));
        visit::visit_path(self, path);
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
    found
}

/// The module that a file of `folder` is; `None` for the crate's root and for tests.
fn module_of(folder: &Path, file: &Path) -> Option<ItemPath> {
    let below = file.strip_prefix(folder).unwrap().with_extension("");
    let names = below.iter().map(|name| name.to_string_lossy().into_owned());
    let mut names: ItemPath = names.collect();
    if names.last().is_some_and(|it| it == "mod") {
        names.pop();
    }
    let is_tests = |name: &String| name == "tests" || name.ends_with("_tests");
    let is_root = ["lib", "main"].contains(&names[0].as_str());
    (!is_root && !names.iter().any(is_tests)).then_some(names)
}

/// Which modules use which, folder by folder: what two modules have to do with each other counts where their paths part.
fn uses(files: &BTreeMap<ItemPath, BTreeSet<ItemPath>>) -> BTreeMap<ItemPath, Uses> {
    let mut folders: BTreeMap<ItemPath, Uses> = BTreeMap::new();
    for module in files.keys() {
        for depth in 0..module.len() {
            let folder = folders.entry(module[..depth].to_vec()).or_default();
            folder.entry(module[depth].clone()).or_default();
        }
    }
    for (module, used) in files {
        for other in used {
            let both = module.iter().zip(other);
            let depth = both.take_while(|(one, other)| one == other).count();
            let (Some(from), Some(to)) = (module.get(depth), other.get(depth)) else {
                continue;
            };
            let folder = folders.get_mut(&module[..depth]).unwrap();
            if folder.contains_key(to) {
                folder.get_mut(from).unwrap().insert(to.clone());
            }
        }
    }
    folders
}

fn reachable(uses: &Uses, from: &str) -> BTreeSet<String> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(module) = next.pop() {
        for used in uses.get(&module).into_iter().flatten() {
            if reached.insert(used.clone()) {
                next.push(used.clone());
            }
        }
    }
    reached
}

/// The modules that use each other, one list for each circle.
fn circles(uses: &Uses) -> BTreeSet<Vec<String>> {
    let reached: BTreeMap<&String, BTreeSet<String>> = uses
        .keys()
        .map(|module| (module, reachable(uses, module)))
        .collect();
    let circle = |module: &String| -> Vec<String> {
        let both =
            |other: &&String| reached[module].contains(*other) && reached[*other].contains(module);
        uses.keys().filter(both).cloned().collect()
    };
    let found = uses.keys().map(circle);
    found.filter(|circle| circle.len() > 1).collect()
}

#[test]
fn no_module_stands_on_one_that_stands_on_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for (name, hubs) in CRATES {
        let source = root.join(name).join("src");
        let mut read = BTreeMap::new();
        for file in files(&source) {
            if let Some(module) = module_of(&source, &file) {
                let text = fs::read_to_string(&file).unwrap();
                read.insert(module.clone(), Used::by(&module, &text));
            }
        }
        let mut folders = uses(&read);
        let top = folders.get_mut(&ItemPath::new()).unwrap();
        assert!(top.len() > 1, "{name} has no modules");
        top.retain(|module, _| !hubs.contains(&module.as_str()));
        for (folder, uses) in folders {
            let circles = circles(&uses).into_iter();
            found.extend(
                circles.map(|it| format!("{name} {}: {}", folder.join("/"), it.join(", "))),
            );
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

fn names(path: &str) -> ItemPath {
    path.split('/').map(str::to_owned).collect()
}

#[test]
fn no_crate_of_the_core_is_left_out() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core");
    let rooms = fs::read_dir(core).unwrap().map(|room| room.unwrap());
    let names = rooms.map(|room| format!("core/{}", room.file_name().display()));
    let left_out: Vec<String> = names
        .filter(|name| !CRATES.iter().any(|(listed, _)| listed == name))
        .collect();
    assert_eq!(left_out, Vec::<String>::new());
}

#[test]
fn what_a_file_uses_is_read_from_its_paths() {
    let used = |module: &str, text: &str| {
        let found = Used::by(&names(module), text).into_iter();
        found.map(|path| path.join("/")).collect::<Vec<_>>()
    };
    assert_eq!(
        used("m", "use crate::{a, b::C}; fn f() { crate::d::g() }"),
        ["a", "b/C", "d/g"]
    );
    assert_eq!(
        used(
            "m/n",
            "use super::o::P; use self::q::r as s; use super::super::t::*;"
        ),
        ["m/n/q/r", "m/o/P", "t"]
    );
    assert_eq!(used("m", "mod inner { use super::super::a; }"), ["a"]);
    let tests = "#[cfg(test)] mod tests { use crate::a; }";
    assert!(used("m", tests).is_empty() && used("m", "use std::a; use b::c;").is_empty());
}

#[test]
fn a_circle_is_found_through_other_modules_and_in_folders() {
    let file = |module: &str, used: &[&str]| {
        let used = used.iter().map(|it| names(it)).collect::<BTreeSet<_>>();
        (names(module), used)
    };
    let found = uses(&BTreeMap::from([
        file("a", &["b/x"]),
        file("b", &["c", "d/Item"]),
        file("c", &["a"]),
        file("d", &["d/one/Item"]),
        file("d/one", &["d/two/x", "e"]),
        file("d/two", &["d/one/x", "d/Item"]),
        file("e", &["Root"]),
    ]));
    let circles = |folder: &str| {
        let folder = match folder {
            "" => ItemPath::new(),
            folder => names(folder),
        };
        circles(&found[&folder]).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(circles(""), [["a", "b", "c"]]);
    assert_eq!(circles("d"), [["one", "two"]]);
}
