//! `quorate plugin sdk`: a copy of quorate-sdk as this program was built with, for projects outside its checkout.
//!
//! It consists of two crates whose manifests need no workspace. A project keeps them beside its own sources, so it
//! builds everywhere, and `cargo update` does not change what it was tested with.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use include_dir::{Dir, include_dir};

use super::file::{File, write_all};
use crate::exit::Exit;
use crate::output::Output;

static ABI: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../core/abi/src");
static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../plugins/sdk/src");

/// The head of the manifest of a crate called `quorate-…`.
const HEAD: &str = "\
# Written by `quorate plugin sdk`, which also brings it up to date.
[package]
name = \"NAME\"
version = \"VERSION\"
edition = \"2024\"
rust-version = \"1.88\"
license = \"MIT OR Apache-2.0\"
publish = false
";
const ABI_DEPENDENCIES: &str = "";
const SDK_DEPENDENCIES: &str = "
[dependencies]
quorate-abi = { path = \"../quorate-abi\" }
";
const README: &str = "\
# quorate-sdk VERSION

Safe Rust for resource plugins of Quorate, and the contract that it stands on. It needs the standard library alone, so that a
project with it builds without a registry. `cargo doc --open -p quorate-sdk` shows its
documentation. Nothing here is the project's own: `quorate plugin sdk` replaces this folder by that of the program's
version.
";

/// `quorate plugin sdk`.
#[derive(Args, Debug)]
pub(crate) struct SdkArgs {
    /// The folder to write it to. What it holds is replaced, if that is an SDK.
    #[arg(value_name = "DIR", default_value = "sdk")]
    folder: PathBuf,
}

/// Writes the SDK.
pub(crate) fn run(args: &SdkArgs, output: &mut Output) -> Exit {
    match replace(&args.folder) {
        Ok(()) => {
            output.line(&format!(
                "{} holds quorate-sdk {}",
                args.folder.display(),
                env!("CARGO_PKG_VERSION")
            ));
            Exit::Pass
        }
        Err(why) => {
            output.error(&format!("{}: {why}", args.folder.display()));
            Exit::Usage
        }
    }
}

/// Puts the SDK into a folder: entirely, or the old content stays.
fn replace(folder: &Path) -> Result<(), String> {
    let was_there = folder.exists();
    if was_there && !is_sdk(folder) && fs::read_dir(folder).map_or(true, |it| it.count() > 0) {
        return Err(
            "this is no folder of quorate-sdk, and nothing in it was touched; name another"
                .to_owned(),
        );
    }
    let name = folder.file_name().ok_or("this is no name for a folder")?;
    // These names must not belong to folders of the user's, since remains of an interrupted run are removed.
    let beside = |end: &str| {
        let mut beside = OsString::from(".quorate-");
        beside.push(name);
        beside.push(end);
        folder.with_file_name(beside)
    };
    let (new, old) = (beside(".new"), beside(".old"));
    let failed = |error: io::Error| error.to_string();
    for left in [&new, &old] {
        if left.exists() {
            fs::remove_dir_all(left).map_err(failed)?;
        }
    }
    write_all(&new, &files(Path::new("")))?;
    if was_there {
        fs::rename(folder, &old).map_err(failed)?;
    }
    if let Err(error) = fs::rename(&new, folder) {
        if was_there {
            fs::rename(&old, folder).map_err(failed)?;
        }
        return Err(error.to_string());
    }
    if was_there {
        fs::remove_dir_all(&old).map_err(failed)?;
    }
    Ok(())
}

fn is_sdk(folder: &Path) -> bool {
    folder.join("quorate-sdk/Cargo.toml").is_file()
}

/// The SDK's files, in a folder of a project.
pub(super) fn files(folder: &Path) -> Vec<File> {
    let at = |path: &str| folder.join(path).display().to_string();
    let named = |text: &str| text.replace("VERSION", env!("CARGO_PKG_VERSION"));
    let mut all = vec![
        File::new(at("README.md"), named(README)),
        File::new(at("LICENSE-MIT"), include_str!("../../../LICENSE-MIT")),
        File::new(
            at("LICENSE-APACHE"),
            include_str!("../../../LICENSE-APACHE"),
        ),
    ];
    for (name, sources, dependencies) in [
        ("quorate-abi", &ABI, ABI_DEPENDENCIES),
        ("quorate-sdk", &SDK, SDK_DEPENDENCIES),
    ] {
        let manifest = named(HEAD).replace("NAME", name) + dependencies;
        all.push(File::new(at(&format!("{name}/Cargo.toml")), manifest));
        sources_of(sources, &at(&format!("{name}/src")), &mut all);
    }
    all
}

fn sources_of(from: &Dir<'_>, folder: &str, into: &mut Vec<File>) {
    for file in from.files() {
        let path = format!("{folder}/{}", file.path().display());
        into.push(File::new(path, file.contents_utf8().unwrap_or_default()));
    }
    for inner in from.dirs() {
        sources_of(inner, folder, into);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use cargo_metadata::DependencyKind;

    use super::*;

    /// Name and version, or path, of the dependencies of a crate in this workspace.
    fn dependencies(of: &str) -> BTreeMap<String, String> {
        let metadata = cargo_metadata::MetadataCommand::new()
            .no_deps()
            .other_options(vec!["--offline".to_owned()])
            .exec()
            .unwrap();
        let package = metadata.packages.iter().find(|it| it.name.as_str() == of);
        let all = package.unwrap().dependencies.iter();
        all.filter(|it| it.kind == DependencyKind::Normal)
            .map(|it| {
                let version = it.req.to_string();
                (it.name.clone(), version.trim_start_matches('^').to_owned())
            })
            .collect()
    }

    #[test]
    fn the_manifests_have_the_dependencies_of_the_workspace() {
        assert_eq!(dependencies("quorate-abi"), BTreeMap::new());
        let sdk = dependencies("quorate-sdk");
        let written: Vec<_> = SDK_DEPENDENCIES
            .lines()
            .filter_map(|line| line.split_once(" = "))
            .collect();
        let known: Vec<_> = sdk.keys().map(String::as_str).collect();
        assert_eq!(written.iter().map(|it| it.0).collect::<Vec<_>>(), known);
        // A project builds wherever there is no registry.
        assert!(
            known.iter().all(|name| name.starts_with("quorate-")),
            "{known:?}"
        );
    }

    #[test]
    fn every_source_is_there() {
        let files = files(Path::new("sdk"));
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (name, from) in [
            ("quorate-abi", "core/abi/src"),
            ("quorate-sdk", "plugins/sdk/src"),
        ] {
            let mut folders = vec![root.join(from)];
            while let Some(folder) = folders.pop() {
                for entry in fs::read_dir(folder).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        folders.push(path);
                        continue;
                    }
                    let below = path.strip_prefix(root.join(from)).unwrap().display();
                    let written = format!("sdk/{name}/src/{below}");
                    let file = files.iter().find(|it| it.path == written);
                    let text = file.map(|it| it.text.clone());
                    assert_eq!(text, fs::read_to_string(&path).ok(), "{written}");
                }
            }
        }
    }

    #[test]
    fn a_folder_of_something_else_is_left_alone_and_an_old_sdk_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let mine = folder.path().join("sdk");
        fs::create_dir(&mine).unwrap();
        fs::write(mine.join("notes.txt"), "mine").unwrap();
        let refused = replace(&mine).unwrap_err();
        assert!(refused.contains("nothing in it was touched"), "{refused}");
        assert_eq!(fs::read_dir(&mine).unwrap().count(), 1);
        fs::create_dir(mine.join("quorate-sdk")).unwrap();
        fs::write(mine.join("quorate-sdk/Cargo.toml"), "old").unwrap();
        replace(&mine).unwrap();
        let manifest = fs::read_to_string(mine.join("quorate-sdk/Cargo.toml")).unwrap();
        assert!(manifest.contains("name = \"quorate-sdk\""), "{manifest}");
        assert!(!mine.join("notes.txt").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        // Other folders with similar names are left alone.
        for name in ["sdk.old", "sdk.new"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        replace(&mine).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
