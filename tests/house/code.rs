//! The code of each crate: where `unsafe` may be used, documentation of public items, and lints.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::{files, root, sources};

/// Where `unsafe` may be used: the contract, its two sides, and the code that tests it call by call. Faulty plugins
/// need it for their faults.
const UNSAFE: &[&str] = &[
    "core/abi",
    "core/host",
    "core/conformance",
    "plugins/sdk",
    "plugins/examples",
];

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

/// What the code of a room may not call, such as the machine's clock. The contract has no code to call anything.
#[test]
fn every_room_of_the_core_says_what_it_must_not_call() {
    let files = files();
    let rooms = files.iter().filter(|path| {
        path.ends_with("Cargo.toml")
            && path
                .parent()
                .is_some_and(|room| room.parent() == Some(Path::new("core")))
    });
    let silent: Vec<&Path> = rooms
        .filter_map(|path| path.parent())
        .filter(|room| *room != Path::new("core/abi") && !files.contains(&room.join("clippy.toml")))
        .collect();
    assert_eq!(silent, Vec::<&Path>::new());
}
