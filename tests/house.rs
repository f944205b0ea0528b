//! Checks of the project's own structure: dependencies, `unsafe`, documentation, and the places of files.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// The crates that each crate may use: the arrows of ARCHITECTURE.md.
const ARROWS: &[(&str, &[&str])] = &[
    ("quorate-abi", &[]),
    ("quorate-model", &[]),
    ("quorate-journal", &["quorate-model"]),
    ("quorate-log", &[]),
    ("quorate-wire", &[]),
    (
        "quorate-node",
        &["quorate-model", "quorate-journal", "quorate-log"],
    ),
    ("quorate-host", &["quorate-abi", "quorate-model"]),
    // For authors' tests: only the program may use it, so that a program that just runs clusters does not contain it.
    (
        "quorate-conformance",
        &["quorate-abi", "quorate-model", "quorate-host"],
    ),
    (
        "quorate-machine",
        &[
            "quorate-model",
            "quorate-journal",
            "quorate-node",
            "quorate-host",
        ],
    ),
    (
        "quorate-sim",
        &[
            "quorate-model",
            "quorate-journal",
            "quorate-node",
            "quorate-host",
            "quorate-machine",
        ],
    ),
    (
        "quorate-drill",
        &["quorate-model", "quorate-journal", "quorate-host"],
    ),
    (
        "quorate-script",
        &[
            "quorate-model",
            "quorate-journal",
            "quorate-host",
            "quorate-node",
            "quorate-drill",
        ],
    ),
    (
        "quorate-rehearse",
        &[
            "quorate-model",
            "quorate-host",
            "quorate-node",
            "quorate-sim",
            "quorate-drill",
        ],
    ),
    ("quorate-sdk", &["quorate-abi"]),
    ("quorate-clusres", &["quorate-sdk"]),
    ("quorate-exres", &["quorate-sdk"]),
    ("quorate-static-site", &["quorate-sdk"]),
];

/// The crates on top, which may use everything.
const TOP: &[&str] = &["quorate", "quorate-benches"];

/// Where `unsafe` may be used: the contract, its two sides, and the code that tests it call by call. Faulty plugins
/// need it for their faults.
const UNSAFE: &[&str] = &[
    "core/abi",
    "core/host",
    "core/conformance",
    "plugins/sdk",
    "plugins/examples",
];

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

/// The dependencies that are not allowed: user and used crate.
fn wrong_arrows(used: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (user, used) in used {
        if TOP.contains(&user.as_str())
            || user.starts_with("quorate-bad-")
            || user.starts_with("quorate-example-")
        {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| name == user) else {
            wrong.push(format!("{user} stands in no list of arrows"));
            continue;
        };
        for name in used.iter().filter(|name| !allowed.contains(&name.as_str())) {
            wrong.push(format!("{user} uses {name}"));
        }
    }
    wrong
}

#[test]
fn arrows_point_downwards() {
    let metadata = MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .exec()
        .unwrap();
    let used = metadata.workspace_packages().into_iter().map(|package| {
        let ours = package.dependencies.iter().filter(|dependency| {
            dependency.kind == DependencyKind::Normal && dependency.name.starts_with("quorate")
        });
        (
            package.name.to_string(),
            ours.map(|dependency| dependency.name.to_string()).collect(),
        )
    });
    assert_eq!(wrong_arrows(&used.collect()), Vec::<String>::new());
}

/// What a crate must not know although others do: a drill, and the world it runs on, know no language.
const UNKNOWN: &[(&str, &str)] = &[
    ("quorate-drill", "rhai"),
    ("quorate-rehearse", "rhai"),
    ("quorate-sim", "rhai"),
];

#[test]
fn a_drill_knows_no_language() {
    let metadata = MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .exec()
        .unwrap();
    for (user, unknown) in UNKNOWN {
        let mut packages = metadata.workspace_packages().into_iter();
        let package = packages.find(|package| package.name == *user).unwrap();
        let uses = package.dependencies.iter().any(|it| it.name == *unknown);
        assert!(!uses, "{user} uses {unknown}");
    }
}

#[test]
fn an_arrow_upwards_is_seen() {
    let used = BTreeMap::from([(
        "quorate-log".to_owned(),
        BTreeSet::from(["quorate-node".to_owned()]),
    )]);
    assert_eq!(wrong_arrows(&used), ["quorate-log uses quorate-node"]);
}

/// The lines of a crate's sources without the tests, each with its place. Tests are in files of their own or at the
/// end of a file.
fn lines_without_tests(folder: &str) -> Vec<(String, String)> {
    let all: Vec<(PathBuf, String)> = sources()
        .filter(|(path, _)| path.starts_with(folder))
        .collect();
    let mut tests: BTreeSet<String> = BTreeSet::from(["tests".to_owned()]);
    for (_, text) in &all {
        let after = text.split("#[cfg(test)]\n").skip(1);
        tests.extend(after.filter_map(|rest| {
            let (module, _) = rest.split_once(';')?;
            let (_, name) = module.rsplit_once("mod ")?;
            Some(name.to_owned())
        }));
    }
    let is_test = |path: &Path| {
        let below = path.with_extension("");
        let mut names = below.iter().map(|name| name.to_string_lossy().into_owned());
        names.any(|name| tests.contains(&name))
    };
    let mut lines = Vec::new();
    for (path, text) in all.iter().filter(|(path, _)| !is_test(path)) {
        let code = text
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or(text);
        let numbered = code.lines().enumerate();
        lines.extend(numbered.map(|(number, line)| {
            (
                format!("{}:{}", path.display(), number + 1),
                line.to_owned(),
            )
        }));
    }
    lines
}

/// Whether a line contains these words as whole words. Case does not matter.
fn says(line: &str, words: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.match_indices(&words.to_ascii_lowercase())
        .any(|(at, found)| {
            let before = line[..at].chars().next_back();
            let after = line[at + found.len()..].chars().next();
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
}

/// A product declares its rules for a cluster (`core/model/src/product.rs`); a node keeps them without knowing any
/// product.
#[test]
fn a_node_names_no_product() {
    let mut words = BTreeSet::from([
        "exchange",
        "mta",
        "system_attendant",
        "virtual_server_class",
    ]);
    for product in quorate_model::PRODUCTS {
        words.extend([product.leader, product.server, product.class]);
        words.extend([product.apart_rule, product.dependency_rule]);
        words.extend(product.once.iter().flat_map(|once| [once.kind, once.rule]));
    }
    words.extend(
        ["system attendant", "information store"].into_iter().chain(
            quorate_model::types::ALL
                .iter()
                .copied()
                .filter(|kind| quorate_model::types::is_exchange(kind)),
        ),
    );
    let lines = lines_without_tests("core/node/src");
    assert!(lines.len() > 5_000, "{} lines", lines.len());
    let named: Vec<String> = lines
        .iter()
        .filter(|(_, line)| words.iter().any(|words| says(line, words)))
        .map(|(place, line)| format!("{place}: {}", line.trim()))
        .collect();
    assert_eq!(named, Vec::<String>::new());
    assert!(says("// An Exchange server.", "exchange") && says("types::MTA)", "mta"));
    assert!(!says("exchanged", "exchange") && !says("EXCHANGE_RATE", "exchange"));
}

fn has_unsafe(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "unsafe",
        TokenTree::Group(group) => has_unsafe(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

#[test]
fn unsafe_stands_in_three_crates_only() {
    let offenders: Vec<PathBuf> = sources()
        .filter(|(path, _)| !UNSAFE.iter().any(|room| path.starts_with(room)))
        .filter(|(_, text)| has_unsafe(text.parse().unwrap()))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(
        offenders,
        Vec::<PathBuf>::new(),
        "unsafe belongs in {UNSAFE:?}"
    );
    assert!(has_unsafe("fn f() { unsafe { g() } }".parse().unwrap()));
    assert!(!has_unsafe(
        "#![forbid(unsafe_code)] /* unsafe */".parse().unwrap()
    ));
}

/// Finds public items without documentation.
#[derive(Default)]
struct Undocumented(Vec<String>);

impl Undocumented {
    fn look(
        &mut self,
        visibility: &syn::Visibility,
        attributes: &[syn::Attribute],
        name: &impl ToString,
    ) {
        let hidden = attributes
            .iter()
            .any(|attribute| attribute.path().is_ident("cfg"))
            && attributes
                .iter()
                .any(|attribute| attribute.path().is_ident("test"));
        if matches!(visibility, syn::Visibility::Public(_)) && !hidden && !documented(attributes) {
            self.0.push(name.to_string());
        }
    }
}

fn documented(attributes: &[syn::Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("doc"))
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .meta
                .require_list()
                .is_ok_and(|list| list.tokens.to_string().contains("test"))
    })
}

impl<'a> Visit<'a> for Undocumented {
    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        self.look(&item.vis, &item.attrs, &item.sig.ident);
    }
    fn visit_item_struct(&mut self, item: &'a syn::ItemStruct) {
        self.look(&item.vis, &item.attrs, &item.ident);
        if matches!(item.vis, syn::Visibility::Public(_)) {
            for field in &item.fields {
                if let Some(name) = &field.ident {
                    self.look(&field.vis, &field.attrs, &format!("{}::{name}", item.ident));
                }
            }
        }
    }
    fn visit_item_enum(&mut self, item: &'a syn::ItemEnum) {
        self.look(&item.vis, &item.attrs, &item.ident);
        for variant in &item.variants {
            self.look(
                &item.vis,
                &variant.attrs,
                &format!("{}::{}", item.ident, variant.ident),
            );
        }
    }
    fn visit_item_trait(&mut self, item: &'a syn::ItemTrait) {
        self.look(&item.vis, &item.attrs, &item.ident);
        for inner in &item.items {
            if let syn::TraitItem::Fn(method) = inner {
                self.look(
                    &item.vis,
                    &method.attrs,
                    &format!("{}::{}", item.ident, method.sig.ident),
                );
            }
        }
    }
    fn visit_item_const(&mut self, item: &'a syn::ItemConst) {
        self.look(&item.vis, &item.attrs, &item.ident);
    }
    fn visit_item_type(&mut self, item: &'a syn::ItemType) {
        self.look(&item.vis, &item.attrs, &item.ident);
    }
    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        // A module in its own file has its doc there, and nobody sees the contents of a private inline module.
        let public = matches!(item.vis, syn::Visibility::Public(_));
        if public && !is_test(&item.attrs) && item.content.is_some() {
            self.look(&item.vis, &item.attrs, &item.ident);
            visit::visit_item_mod(self, item);
        }
    }
    fn visit_item_impl(&mut self, item: &'a syn::ItemImpl) {
        if item.trait_.is_none() && !is_test(&item.attrs) {
            for inner in &item.items {
                match inner {
                    syn::ImplItem::Fn(method) => {
                        self.look(&method.vis, &method.attrs, &method.sig.ident)
                    }
                    syn::ImplItem::Const(value) => {
                        self.look(&value.vis, &value.attrs, &value.ident)
                    }
                    _ => {}
                }
            }
        }
    }
}

fn undocumented(text: &str) -> Vec<String> {
    let mut found = Undocumented::default();
    found.visit_file(&syn::parse_file(text).unwrap());
    found.0
}

#[test]
fn public_items_are_documented() {
    let mut missing = Vec::new();
    for (path, text) in sources() {
        let library = path.components().any(|part| part.as_os_str() == "src")
            && !path.starts_with("repl")
            && !path.starts_with("plugins/examples");
        if library {
            let names = undocumented(&text);
            missing.extend(
                names
                    .into_iter()
                    .map(|name| format!("{}: {name}", path.display())),
            );
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn a_missing_doc_is_seen() {
    assert_eq!(
        undocumented("pub fn f() {} /// Said.\npub fn g() {} fn h() {}"),
        ["f"]
    );
    assert_eq!(
        undocumented("/// Said.\npub struct S { pub a: u8 }"),
        ["S::a"]
    );
}

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

#[test]
fn lints_are_the_workspaces() {
    for path in files()
        .iter()
        .filter(|path| path.ends_with("Cargo.toml") && path.parent() != Some(Path::new("")))
    {
        let text = fs::read_to_string(root().join(path)).unwrap();
        assert!(
            text.contains("[lints]\nworkspace = true"),
            "{} has lints of its own",
            path.display()
        );
    }
}

/// The page on the original's behaviour.
const SEMANTICS: &str = "docs/semantics.md";

/// The number of a heading on that page, `3` or `3.4`.
fn section(heading: &str) -> Option<&str> {
    let title = heading
        .strip_prefix("### ")
        .or_else(|| heading.strip_prefix("## "))?;
    let number = title.split(' ').next()?.trim_end_matches('.');
    number
        .starts_with(|first: char| first.is_ascii_digit())
        .then_some(number)
}

/// The sections of the page that the comments of a file cite, and the number of citations without a section. The
/// lines of a comment are read as one text; a path in a string literal is no citation.
fn cited(text: &str) -> (Vec<String>, usize) {
    let mut joined = String::new();
    for line in text.lines() {
        let line = line.trim_start();
        let line = ["//!", "///", "//", "*"]
            .iter()
            .find_map(|mark| line.strip_prefix(mark))
            .unwrap_or(line);
        joined.push_str(line.trim());
        joined.push(' ');
    }
    let (mut sections, mut without) = (Vec::new(), 0);
    for (at, _) in joined.match_indices(SEMANTICS) {
        let after = &joined[at + SEMANTICS.len()..];
        if after.starts_with('"') {
            continue;
        }
        let mut words = after.strip_prefix(", ").unwrap_or_default().split(' ');
        let before = sections.len();
        while let Some(number) = words.next().and_then(number) {
            sections.push(number);
            if !matches!(words.next(), Some("to" | "and")) {
                break;
            }
        }
        without += usize::from(sections.len() == before);
    }
    (sections, without)
}

/// The section number in a word, without the punctuation after it.
fn number(word: &str) -> Option<String> {
    let number = word.trim_end_matches(|last: char| !last.is_ascii_digit());
    let digits = number.chars().all(|one| one.is_ascii_digit() || one == '.');
    (!number.is_empty() && digits).then(|| number.to_owned())
}

#[test]
fn every_section_that_a_comment_cites_is_on_the_page() {
    let page = fs::read_to_string(root().join(SEMANTICS)).unwrap();
    let there: BTreeSet<&str> = page.lines().filter_map(section).collect();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for path in files() {
        let kind = path.extension().and_then(|kind| kind.to_str());
        if !matches!(kind, Some("rs" | "c" | "h" | "rhai" | "ron")) {
            continue;
        }
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let (sections, without) = cited(&text);
        if without > 0 {
            wrong.push(format!("{} names no section", path.display()));
        }
        seen += sections.len();
        let missing = sections.iter().filter(|it| !there.contains(it.as_str()));
        wrong.extend(missing.map(|it| format!("{} cites {it}", path.display())));
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(seen > 35, "{seen}");
}

#[test]
fn a_citation_is_read_across_lines_and_one_without_a_section_is_seen() {
    let cites = |after: &str| cited(&format!("/// Some words ({SEMANTICS}{after}\nfn f() {{}}"));
    let one = |section: &str| (vec![section.to_owned()], 0);
    assert_eq!(cites(", 3.4)."), one("3.4"));
    assert_eq!(cites(",\n/// 9.9: both)."), one("9.9"));
    assert_eq!(cites(", 1)."), one("1"));
    let both = (vec!["1.2".to_owned(), "1.6".to_owned()], 0);
    assert_eq!(cites(", 1.2 to\n//  1.6 have it"), both);
    assert_eq!(cites(")."), (Vec::new(), 1));
    assert_eq!(cites(", as it says)"), (Vec::new(), 1));
    assert_eq!(cites("\")"), (Vec::new(), 0));
}

/// The anchor of a heading in links: small letters, no punctuation, hyphens for spaces.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim();
    text.chars()
        .filter(|one| one.is_alphanumeric() || matches!(one, ' ' | '-' | '_'))
        .map(|one| match one {
            ' ' => '-',
            one => one.to_ascii_lowercase(),
        })
        .collect()
}

/// The pages with links that readers follow, and their texts.
fn pages() -> Vec<(PathBuf, String)> {
    let pages = files().into_iter().filter(|path| {
        let top = path.parent() == Some(Path::new(""));
        path.extension().is_some_and(|ext| ext == "md") && (top || path.starts_with("docs"))
    });
    pages
        .map(|path| {
            let text = fs::read_to_string(root().join(&path)).unwrap();
            (path, text)
        })
        .collect()
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let pages = pages();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for (path, text) in &pages {
        for part in text.split("](").skip(1) {
            let target = part.split(')').next().unwrap_or_default();
            if target.contains("://") {
                continue;
            }
            seen += 1;
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let to = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            let there = match pages.iter().find(|(page, _)| *page == to) {
                Some((_, text)) => {
                    let mut headings = text.lines().filter(|line| line.starts_with('#'));
                    heading.is_empty() || headings.any(|line| anchor(line) == heading)
                }
                None => heading.is_empty() && root().join(&to).exists(),
            };
            if !there {
                wrong.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(seen > 40, "{seen}");
}

/// The files of this project that a page names with their folders.
fn named_files(page: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join(page)).unwrap();
    let words = page.split('`').skip(1).step_by(2);
    let paths = words.filter(|text| {
        let top = text.split('/').next().unwrap_or_default();
        text.contains('/') && !text.contains([' ', '*', '{', '<']) && root().join(top).is_dir()
    });
    paths.map(str::to_owned).collect()
}

#[test]
fn every_file_that_a_page_for_developers_names_is_there() {
    for (page, least) in [
        ("docs/glossary.md", 30),
        ("ARCHITECTURE.md", 30),
        ("CONTRIBUTING.md", 40),
    ] {
        let named = named_files(page);
        let mut missing = named.clone();
        missing.retain(|path| !root().join(path).exists());
        assert_eq!(missing, Vec::<String>::new(), "{page}");
        assert!(named.len() > least, "{page}: {}", named.len());
    }
}
