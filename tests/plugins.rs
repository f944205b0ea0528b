//! The plugins are loaded from files at run time.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use quorate_model::types;
use support::{command, finish, plugin_folder, run};

/// The binary alone in a folder, without any plugin near it.
fn lonely(folder: &Path) -> PathBuf {
    let there = folder.join("bin/quorate");
    fs::create_dir_all(folder.join("bin")).expect("a folder");
    let here = Path::new(env!("CARGO_BIN_EXE_quorate"));
    fs::hard_link(here, &there)
        .or_else(|_| fs::copy(here, &there).map(drop))
        .expect("a copy");
    there
}

#[test]
fn without_plugins_a_drill_fails_and_names_the_folders_searched() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = lonely(folder.path());
    let extra = folder.path().join("extra");
    fs::create_dir(&extra).expect("a folder");
    let more = folder.path().join("more");
    let run = finish(
        command(&program)
            .args(["drill", "scripts/drills/lost-node.rhai", "--plugin-dir"])
            .arg(&extra)
            .env("QUORATE_PLUGIN_PATH", &more),
    );
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    for searched in [
        &extra,
        &more,
        &folder.path().join("bin/deps"),
        &folder.path().join("bin"),
    ] {
        let name = searched.display().to_string();
        assert!(
            run.out.contains(&name),
            "{name} is not named in:\n{}",
            run.out
        );
    }
    assert!(run.out.contains("--plugin-dir"), "{}", run.out);
    assert!(run.out.contains("1 error"), "{}", run.out);
}

#[test]
fn a_folder_named_on_the_command_line_or_in_the_environment_will_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = lonely(folder.path());
    let named = finish(
        command(&program)
            .args(["plugin", "list", "--plugin-dir"])
            .arg(plugin_folder()),
    );
    assert_eq!(named.code, 0, "{}", named.err);
    assert!(
        named.out.contains("Microsoft Exchange System Attendant"),
        "{}",
        named.out
    );
    let drill = finish(
        command(&program)
            .args(["drill", "scripts/drills/store-crash.rhai"])
            .env("QUORATE_PLUGIN_PATH", plugin_folder()),
    );
    assert_eq!(drill.code, 0, "{}{}", drill.out, drill.err);
    let none = finish(command(&program).args(["plugin", "list"]));
    assert_eq!(none.code, 64);
    assert!(none.err.contains("folders searched"), "{}", none.err);
}

#[test]
fn a_folder_without_plugins_is_told_and_one_that_is_none_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display().to_string();
    let list = |folder: &str| run(&["plugin", "list", "--plugin-dir", folder]);
    let nowhere = list(&format!("{path}/nowhere"));
    assert_eq!(nowhere.code, 64, "{}", nowhere.out);
    assert!(
        nowhere.err.contains("there is no such folder"),
        "{}",
        nowhere.err
    );
    fs::write(folder.path().join("libweb_proxy.rlib"), "!<arch>\n").expect("a file");
    let file = list(&format!("{path}/libweb_proxy.rlib"));
    assert_eq!(file.code, 64, "{}", file.out);
    assert!(file.err.contains("this is a file"), "{}", file.err);
    let empty = list(&path);
    assert_eq!(empty.code, 0, "{}", empty.err);
    assert!(empty.out.contains("Physical Disk"), "{}", empty.out);
    for part in [
        "there is no plugin in this folder",
        "libweb_proxy.rlib: it is an archive to link with",
        "crate-type",
    ] {
        assert!(empty.err.contains(part), "{part}: {}", empty.err);
    }
    // Good plugins are listed beside unusable ones.
    fs::copy(support::library("bad_abi"), folder.path().join("libold.so")).expect("a copy");
    let broken = list(&path);
    assert_eq!(broken.code, 64, "{}", broken.err);
    assert!(broken.err.contains("field `abi_version`"), "{}", broken.err);
    assert!(broken.out.contains("Physical Disk"), "{}", broken.out);
    let one = run(&["plugin", "list", "clusres"]);
    assert!(
        one.out.contains("Physical Disk") && !one.out.contains("exres"),
        "{}",
        one.out
    );
    let none = run(&["plugin", "list", "clusers"]);
    assert_eq!(none.code, 64, "{}", none.out);
    assert!(none.err.contains("did you mean `clusres`"), "{}", none.err);
    let there = list(&plugin_folder().display().to_string());
    assert_eq!((there.code, &*there.err), (0, ""), "{}", there.out);
}

#[test]
fn one_plugin_missing_is_told_by_the_types_it_would_have() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = lonely(folder.path());
    let some = folder.path().join("some");
    fs::create_dir(&some).expect("a folder");
    let library = "libquorate_clusres.so";
    fs::copy(plugin_folder().join(library), some.join(library)).expect("a copy");
    let run = finish(
        command(&program)
            .args(["drill", "scripts/drills/store-crash.rhai", "--plugin-dir"])
            .arg(&some),
    );
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(
        run.out.contains("Microsoft Exchange System Attendant"),
        "{}",
        run.out
    );
    assert!(run.out.contains(&some.display().to_string()), "{}", run.out);
}

#[test]
fn a_drill_whose_plugin_is_absent_is_skipped_and_says_how_to_get_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = lonely(folder.path());
    let some = folder.path().join("some");
    fs::create_dir(&some).expect("a folder");
    for library in ["libquorate_clusres.so", "libquorate_exres.so"] {
        fs::copy(plugin_folder().join(library), some.join(library)).expect("a copy");
    }
    let run = finish(
        command(&program)
            .args(["drill", STATIC_SITE, "--plugin-dir"])
            .arg(&some),
    );
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(
        run.out
            .contains("the plugin `static-site` is not there: cargo build -p quorate-static-site"),
        "{}",
        run.out
    );
    assert!(run.out.contains("3 drills: 3 skipped;"), "{}", run.out);
}

/// The worked example's drill.
const STATIC_SITE: &str = "scripts/drills/plugins/static-site.rhai";

#[test]
fn a_real_server_is_run_by_the_cluster_and_probed_by_a_plugin() {
    let here = run(&["drill", STATIC_SITE]);
    assert_eq!(here.code, 0, "{}{}", here.out, here.err);
    assert!(here.out.contains("3 drills: 3 pass;"), "{}", here.out);
    let apart = run(&["drill", STATIC_SITE, "--isolate", "static-site"]);
    assert_eq!(apart.code, 0, "{}{}", apart.out, apart.err);
    let found = run(&["check", "scripts/clusters/two-node-site.ron", STATIC_SITE]);
    assert_eq!(found.code, 0, "{}{}", found.out, found.err);
}

#[test]
fn a_type_that_is_not_shipped_holds_the_quorum_on_a_third_machine() {
    let drills = "scripts/drills/plugins/witness.rhai";
    let here = run(&["drill", drills]);
    assert_eq!(here.code, 0, "{}{}", here.out, here.err);
    assert!(here.out.contains("6 drills: 6 pass;"), "{}", here.out);
    let apart = run(&["drill", drills, "--isolate", "witness"]);
    assert_eq!(apart.code, 0, "{}{}", apart.out, apart.err);
    let found = run(&[
        "check",
        "scripts/clusters/two-node-third-machine.ron",
        drills,
    ]);
    assert_eq!(found.code, 0, "{}{}", found.out, found.err);
}

#[test]
fn a_quorum_resource_that_cannot_arbitrate_or_has_no_disk_is_told_at_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(
        support::root().join("scripts/clusters/two-node-third-machine.ron"),
    );
    let text = text.expect("a cluster");
    let file = folder.path().join("cluster.ron");
    let checked = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        std::fs::write(&file, text.replace(from, to)).expect("a cluster");
        let run = run(&["check", &file.display().to_string()]);
        assert_eq!(run.code, 1, "{}{}", run.out, run.err);
        run.out
    };
    // The disk has the resource's own name, which needs no property.
    let own = text.replace("\"Third Machine\"", "\"Witness\"");
    let own = own.replace(
        "type: \"Witness\", properties: { \"Disk\": \"Witness\" }",
        "type: \"Static Site\"",
    );
    std::fs::write(&file, own).expect("a cluster");
    let out = run(&["check", &file.display().to_string()]).out;
    let wanted =
        "the quorum resource `Witness` cannot arbitrate: its type `Static Site` does not claim it";
    assert!(
        out.contains(wanted) && out.contains("not-quorum-capable"),
        "{out}"
    );
    assert!(
        out.contains("the types here that can: `Physical Disk`, `Witness`"),
        "{out}"
    );
    let out = checked("\"Disk\": \"Third Machine\"", "\"Disk\": \"Third Machin\"");
    let wanted = "`Witness` stands for `Third Machin`, but there is no such shared disk";
    assert!(
        out.contains(wanted) && out.contains("Third Machine"),
        "{out}"
    );
    let out = checked(
        "Standard(resource: \"Witness\")",
        "Standard(resource: \"Witnes\")",
    );
    assert!(out.contains("there is no shared disk `Witnes`"), "{out}");
    let out = checked(
        "Standard(resource: \"Witness\")",
        "Standard(resource: \"Site Name\")",
    );
    assert!(
        out.contains("the quorum resource `Site Name` cannot arbitrate"),
        "{out}"
    );
}

#[test]
fn plugin_list_shows_libraries_types_and_properties() {
    let text = run(&["plugin", "list"]);
    assert_eq!(text.code, 0, "{}", text.err);
    for wanted in [
        "clusres",
        "exres",
        "libquorate_clusres.so",
        "ABI 1.0",
        "Physical Disk",
        "Disk (SZ",
    ] {
        assert!(text.out.contains(wanted), "no {wanted:?} in:\n{}", text.out);
    }
    let json = run(&["plugin", "list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    let libraries = list["libraries"].as_array().expect("libraries");
    let types: usize = libraries
        .iter()
        .filter_map(|it| it["types"].as_array())
        .map(Vec::len)
        .sum();
    assert!(types >= 17, "{types} types");
}

/// A cluster file is checked before any plugin is loaded.
#[test]
fn what_is_known_of_shipped_types_is_what_their_plugins_say() {
    let json = run(&["plugin", "list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    let libraries = list["libraries"].as_array().expect("libraries");
    let shipped = libraries
        .iter()
        .filter(|it| it["name"] == "clusres" || it["name"] == "exres");
    let mut found = BTreeMap::new();
    for kind in shipped.flat_map(|it| it["types"].as_array().expect("types")) {
        let properties = kind["properties"].as_array().expect("properties");
        let names = properties
            .iter()
            .map(|it| it["name"].as_str().expect("a name").to_owned());
        let name = kind["name"].as_str().expect("a name");
        found.insert(name.to_owned(), names.collect::<BTreeSet<_>>());
    }
    let known = types::ALL.iter().map(|kind| {
        let private = types::private_properties(kind).unwrap_or_default();
        let names = private.iter().map(|it| it.name.to_owned());
        ((*kind).to_owned(), names.collect::<BTreeSet<_>>())
    });
    assert_eq!(found, known.collect::<BTreeMap<_, _>>());
}
