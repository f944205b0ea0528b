//! The dependencies of crates: the arrows of ARCHITECTURE.md, and what a crate must not know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

use super::{root, sources};

/// The crates that each crate may use: the arrows of ARCHITECTURE.md.
const ARROWS: &[(&str, &[&str])] = &[
    ("quorate-abi", &[]),
    ("quorate-model", &[]),
    ("quorate-journal", &["quorate-model"]),
    ("quorate-report", &["quorate-model", "quorate-journal"]),
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
        "quorate-live",
        &[
            "quorate-model",
            "quorate-journal",
            "quorate-node",
            "quorate-host",
            "quorate-machine",
            "quorate-wire",
        ],
    ),
    (
        "quorate-drill",
        &[
            "quorate-model",
            "quorate-journal",
            "quorate-report",
            "quorate-host",
        ],
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
    ("quorate-witness", &["quorate-conformance", "quorate-sdk"]),
];

/// The crates on top, which may use everything.
const TOP: &[&str] = &["quorate", "quorate-benches"];

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
