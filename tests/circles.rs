//! No circles: inside a crate, if one module uses another, that other does not use it, directly or indirectly.
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
    ("core/log", &[]),
    ("core/node", &["node"]),
    ("core/host", &[]),
    ("core/conformance", &[]),
    ("core/machine", &[]),
    ("core/sim", &[]),
    ("core/drill", &[]),
    ("core/script", &[]),
    ("core/rehearse", &[]),
    ("repl", &[]),
];

/// The modules that each module of a crate uses, by the first name of their paths.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// The modules of its own crate that a file uses.
#[derive(Default)]
struct Used(BTreeSet<String>);

impl Used {
    fn tree(&mut self, tree: &syn::UseTree, below_crate: bool) {
        match tree {
            syn::UseTree::Path(path) if below_crate => {
                self.0.insert(path.ident.to_string());
            }
            syn::UseTree::Path(path) if path.ident == "crate" => self.tree(&path.tree, true),
            syn::UseTree::Name(name) if below_crate => {
                self.0.insert(name.ident.to_string());
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|it| self.tree(it, below_crate));
            }
            syn::UseTree::Path(_)
            | syn::UseTree::Name(_)
            | syn::UseTree::Rename(_)
            | syn::UseTree::Glob(_) => {}
        }
    }
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
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, false);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut names = path.segments.iter().map(|segment| &segment.ident);
        if names.next().is_some_and(|first| first == "crate")
            && let Some(module) = names.next()
        {
            self.0.insert(module.to_string());
        }
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

fn uses(folder: &Path, hubs: &[&str]) -> Uses {
    let mut uses = Uses::new();
    for path in files(folder) {
        let below = path.strip_prefix(folder).unwrap().with_extension("");
        let mut names = below.iter().map(|name| name.to_string_lossy().into_owned());
        let module = names.next().unwrap();
        let is_tests = |name: &str| name == "tests" || name.ends_with("_tests");
        if ["lib", "main"].contains(&&*module) || is_tests(&module) || names.any(|it| is_tests(&it))
        {
            continue;
        }
        let mut used = Used::default();
        used.visit_file(&syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap());
        uses.entry(module).or_default().append(&mut used.0);
    }
    uses.retain(|module, _| !hubs.contains(&&**module));
    let modules: BTreeSet<String> = uses.keys().cloned().collect();
    for (module, used) in &mut uses {
        used.retain(|it| it != module && modules.contains(it));
    }
    uses
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

/// The groups of modules that use one another.
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
    let found: BTreeSet<(String, Vec<String>)> = CRATES
        .iter()
        .flat_map(|(folder, hubs)| {
            let uses = uses(&root.join(folder).join("src"), hubs);
            assert!(uses.len() > 1, "{folder} has no modules");
            let circles = circles(&uses).into_iter();
            circles.map(|circle| ((*folder).to_owned(), circle))
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_circle_is_found_through_other_modules() {
    let to = |used: &[&str]| used.iter().map(|it| (*it).to_owned()).collect();
    let uses = Uses::from([
        ("a".to_owned(), to(&["b"])),
        ("b".to_owned(), to(&["c", "d"])),
        ("c".to_owned(), to(&["a"])),
        ("d".to_owned(), to(&[])),
    ]);
    let found = circles(&uses);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [["a", "b", "c"]]);
    let used = |text: &str| {
        let mut used = Used::default();
        used.visit_file(&syn::parse_file(text).unwrap());
        used.0.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(
        used("use crate::{a, b::C}; fn f() { crate::d::g() }"),
        ["a", "b", "d"]
    );
    let tests = "#[cfg(test)] mod tests { use crate::a; }";
    assert!(used(tests).is_empty() && used("use std::a; use super::b;").is_empty());
}
