//! `quorate plugin new`: a project with a working resource type, as a start for one's own.
//!
//! The files are the examples in `plugins/examples` under another name. In this way the templates are built, loaded
//! and rehearsed wherever the examples are.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use quorate_model::types::ALL as SHIPPED;

use super::file::{File, write_all};
use super::sdk;
use crate::exit::Exit;
use crate::output::Output;

/// `quorate plugin new`.
#[derive(Args, Debug)]
pub(crate) struct NewArgs {
    /// The plugin's name, which is also the folder to make: small letters, digits and hyphens.
    #[arg(value_name = "NAME")]
    name: String,
    /// The language to write it in.
    #[arg(long, default_value = "rust", value_name = "LANG")]
    lang: Lang,
    /// The folder of a quorate-sdk to build with, for Rust. Without it the project gets one of its own.
    #[arg(long, value_name = "PATH")]
    sdk: Option<PathBuf>,
    /// The folder to make it in.
    #[arg(long, default_value = ".", value_name = "DIR")]
    path: PathBuf,
}

/// A language for plugins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// A library by way of quorate-sdk.
    Rust,
    /// A library by way of quorate.h.
    C,
    /// A script, for resources of the type Generic Script.
    Rhai,
    /// A program that speaks for itself, with the standard library alone.
    Python,
}

macro_rules! example {
    ($file:literal) => {
        include_str!(concat!("../../../plugins/examples/", $file))
    };
}

/// Why no project was made.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    Name(String),
    Taken(String, &'static str),
    Exists(PathBuf),
    Folder(PathBuf, String),
    NoSdk(PathBuf),
    Io(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Name(name) => write!(
                f,
                "`{name}` is no name for a plugin: begin with a letter, go on with small letters, digits and single \
                 hyphens, 40 at most, such as `{}`",
                proper(name).unwrap_or_else(|| "web-proxy".to_owned())
            ),
            Refusal::Taken(name, by) => write!(
                f,
                "`{name}` is taken: it is {by}; choose another name, such as `my-{name}`"
            ),
            Refusal::Exists(path) => write!(
                f,
                "{} is there already, and nothing in it was touched; choose another name, or another folder with \
                 --path DIR",
                path.display()
            ),
            Refusal::Folder(path, why) => write!(
                f,
                "the folder {} cannot be made: {why}; name a folder that you may write to with --path DIR",
                path.display()
            ),
            Refusal::NoSdk(path) => write!(
                f,
                "{} is no folder of quorate-sdk; without --sdk the project gets one of its own",
                path.display()
            ),
            Refusal::Io(what) => f.write_str(what),
        }
    }
}

/// Makes the project.
pub(crate) fn run(args: &NewArgs, output: &mut Output) -> Exit {
    match make(args) {
        Ok(folder) => {
            output.line(&format!(
                "{} is ready; README.md says how to go on",
                folder.display()
            ));
            Exit::Pass
        }
        Err(refusal) => {
            output.error(&refusal.to_string());
            Exit::Usage
        }
    }
}

fn make(args: &NewArgs) -> Result<PathBuf, Refusal> {
    if !is_name(&args.name) {
        return Err(Refusal::Name(args.name.clone()));
    }
    if let Some(by) = taken(&args.name) {
        return Err(Refusal::Taken(args.name.clone(), by));
    }
    if args.sdk.is_some() && args.lang != Lang::Rust {
        return Err(Refusal::Io(
            "--sdk is for projects in Rust alone".to_owned(),
        ));
    }
    let folder = args.path.join(&args.name);
    let files = match args.lang {
        Lang::Rust => {
            let sdk = args.sdk.as_deref().map(sdk).transpose()?;
            rust(&args.name, sdk.as_deref())
        }
        Lang::C => c(&args.name),
        Lang::Rhai => rhai(&args.name),
        Lang::Python => python(&args.name),
    };
    if folder.exists() {
        return Err(Refusal::Exists(folder));
    }
    fs::create_dir_all(&folder)
        .map_err(|error| Refusal::Folder(folder.clone(), error.to_string()))?;
    write_all(&folder, &files).map_err(Refusal::Io)?;
    Ok(folder)
}

/// Whether a name is valid for a folder, a crate, and a type in two languages.
fn is_name(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.split('-').all(|word| {
            !word.is_empty()
                && word
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        })
}

/// A valid name similar to `name`, if there is one.
fn proper(name: &str) -> Option<String> {
    let mut proper = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && proper.ends_with(|before: char| before.is_ascii_lowercase()) {
            proper.push('-');
        }
        if c.is_ascii_alphanumeric() {
            proper.push(c.to_ascii_lowercase());
        } else if !proper.is_empty() && !proper.ends_with('-') {
            proper.push('-');
        }
    }
    let proper = proper.trim_end_matches('-').to_owned();
    (is_name(&proper) && taken(&proper).is_none()).then_some(proper)
}

/// Keywords of Rust or C.
const KEYWORDS: &str = "abstract as async auto await become bool box break case catch char const continue crate default \
                        do double dyn else enum extern false final float fn for gen goto if impl in inline int let long \
                        loop macro match mod move mut override priv pub ref register restrict return self short signed \
                        sizeof static struct super switch trait true try type typedef typeof union unsafe unsigned unsized \
                        use virtual void volatile where while yield";

/// Types and traits that a project in Rust uses, or is likely to use: its own type needs another name.
const SDK_NAMES: [&str; 41] = [
    "AnyProperty",
    "Arbitration",
    "Box",
    "Clock",
    "Context",
    "Debug",
    "Disk",
    "Drop",
    "Duration",
    "Err",
    "Error",
    "Flag",
    "Instance",
    "List",
    "Log",
    "ManagedService",
    "None",
    "Number",
    "Ok",
    "Operation",
    "Option",
    "Probe",
    "Progress",
    "Property",
    "Properties",
    "Quorum",
    "QuorumResource",
    "Random",
    "Resource",
    "Result",
    "Self",
    "Service",
    "Some",
    "State",
    "String",
    "Text",
    "TypeInfo",
    "Vec",
    "World",
    "codes",
    "controls",
];

/// Another use of this name, with which a project would not build or would be in the way.
fn taken(name: &str) -> Option<&'static str> {
    let kind = capitals(name, " ");
    if KEYWORDS.split_whitespace().any(|word| word == name) {
        Some("a keyword of Rust or C")
    } else if ["alloc", "core", "proc-macro", "std", "test", "main"].contains(&name) {
        Some("a library or function of the language itself")
    } else if ["build", "deps", "examples", "incremental"].contains(&name) {
        Some("a folder that cargo builds into")
    } else if ["clusres", "exres", "quorate-sdk", "quorate-abi"].contains(&name) {
        Some("a library of Quorate's")
    } else if SDK_NAMES.contains(&capitals(name, "").as_str()) {
        Some("what quorate-sdk or the standard library calls something that a plugin in Rust uses")
    } else if SHIPPED
        .iter()
        .any(|shipped| shipped.eq_ignore_ascii_case(&kind))
    {
        Some("the name of a resource type that is shipped")
    } else {
        None
    }
}

/// The words of `web-proxy` with capitals, and `between` them.
fn capitals(name: &str, between: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_ascii_uppercase().to_string() + letters.as_str()
        })
    });
    words.collect::<Vec<_>>().join(between)
}

/// The text of an example under another name.
fn renamed(text: &str, from: &str, to: &str) -> String {
    text.replace(from, to)
        .replace(&from.replace('-', "_"), &to.replace('-', "_"))
        .replace(&capitals(from, " "), &capitals(to, " "))
        .replace(&capitals(from, ""), &capitals(to, ""))
}

/// The folder of a given SDK.
fn sdk(named: &Path) -> Result<PathBuf, Refusal> {
    let found = fs::read_to_string(named.join("Cargo.toml"))
        .is_ok_and(|text| text.contains("name = \"quorate-sdk\""));
    let path = named.canonicalize().ok().filter(|_| found);
    path.ok_or_else(|| Refusal::NoSdk(named.to_owned()))
}

/// A project in Rust, with its own copy of the SDK if none is given.
fn rust(name: &str, sdk: Option<&Path>) -> Vec<File> {
    let own = |text: &str| renamed(text, "rust-file-server", name);
    let (sdk, workspace, mut files) = match sdk {
        Some(path) => (path.display().to_string(), "[workspace]\n", Vec::new()),
        None => (
            "sdk/quorate-sdk".to_owned(),
            "[workspace]\nexclude = [\"sdk\"]\n",
            sdk::files(Path::new("sdk")),
        ),
    };
    // In a TOML text, only backslashes and quotes need escapes.
    let sdk = sdk.replace('\\', "\\\\").replace('"', "\\\"");
    let cargo = own(example!("rust-file-server/Cargo.toml"))
        .replace("../../sdk", &sdk)
        .replace(
            "# A workspace of its own: it is built as a plugin outside the house is.\n",
            "# A workspace of its own, wherever it stands.\n",
        )
        .replace("[workspace]\n", workspace);
    files.extend([
        File::new("Cargo.toml", cargo),
        File::new("src/lib.rs", own(example!("rust-file-server/src/lib.rs"))),
        File::new(
            "drills/cluster.ron",
            own(example!("rust-file-server/drills/cluster.ron")),
        ),
        File::new(
            "drills/failures.rhai",
            own(example!("rust-file-server/drills/failures.rhai")),
        ),
        File::new("README.md", own(example!("rust-file-server/README.md"))),
        File::new("ci.sh", own(example!("rust-file-server/ci.sh"))),
        File::new(".gitignore", "/target\n"),
    ]);
    files
}

fn c(name: &str) -> Vec<File> {
    let own = |text: &str| renamed(text, "c-file-server", name);
    let source = format!("src/{}.c", name.replace('-', "_"));
    let makefile =
        own(example!("c-file-server/Makefile")).replace("../../../core/abi/include", "include");
    vec![
        File::new("Makefile", makefile),
        File::new(&source, own(example!("c-file-server/src/c_file_server.c"))),
        File::new(
            "tests/tests.c",
            own(example!("c-file-server/tests/tests.c")),
        ),
        File::new(
            "include/quorate_test.h",
            include_str!("../../../core/abi/include/quorate_test.h"),
        ),
        // Not renamed, since it is the contract, and its comments mention the example.
        File::new(
            "include/quorate.h",
            include_str!("../../../core/abi/include/quorate.h"),
        ),
        File::new(
            "drills/cluster.ron",
            own(example!("c-file-server/drills/cluster.ron")),
        ),
        File::new(
            "drills/failures.rhai",
            own(example!("c-file-server/drills/failures.rhai")),
        ),
        File::new("README.md", own(example!("c-file-server/README.md"))),
        File::new("ci.sh", own(example!("c-file-server/ci.sh"))),
        File::new(".gitignore", "/build\n"),
    ]
}

fn python(name: &str) -> Vec<File> {
    let own = |text: &str| renamed(text, "python-file-server", name);
    vec![
        File::new(
            format!("quorate-plugin-{name}"),
            own(example!(
                "python-file-server/quorate-plugin-python-file-server"
            )),
        ),
        File::new(
            "drills/cluster.ron",
            own(example!("python-file-server/drills/cluster.ron")),
        ),
        File::new(
            "drills/failures.rhai",
            own(example!("python-file-server/drills/failures.rhai")),
        ),
        File::new("README.md", own(example!("python-file-server/README.md"))),
        File::new("ci.sh", own(example!("python-file-server/ci.sh"))),
    ]
}

fn rhai(name: &str) -> Vec<File> {
    let own = |text: &str| text.replace("NAME", name);
    let cluster = example!("c-file-server/drills/cluster.ron")
        .replace("type: \"C File Server\"", "type: \"Generic Script\"")
        .replace(
            "\"Port\": 8080",
            &format!("\"ScriptFilepath\": \"../{name}.rhai\""),
        );
    vec![
        File::new(format!("{name}.rhai"), include_str!("rhai/resource.rhai")),
        File::new("drills/cluster.ron", cluster),
        // The same cluster and the same resource must have the same result. NODE1 is a name in the cluster.
        File::new(
            "drills/failures.rhai",
            example!("rust-file-server/drills/failures.rhai"),
        ),
        File::new("README.md", own(include_str!("rhai/README.md"))),
        File::new("ci.sh", own(include_str!("rhai/ci.sh"))),
    ]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn args(name: &str, lang: Lang, path: &Path) -> NewArgs {
        NewArgs {
            name: name.to_owned(),
            lang,
            sdk: None,
            path: path.to_owned(),
        }
    }

    #[test]
    fn names_are_good_in_every_language() {
        for good in ["a", "web-proxy", "redis7"] {
            assert!(is_name(good), "{good}");
        }
        let long = "a".repeat(41);
        for (bad, good) in [
            ("web_proxy", "web-proxy"),
            ("Web", "web"),
            ("WebProxy", "web-proxy"),
            ("my Redis 7", "my-redis-7"),
        ] {
            assert_eq!(proper(bad).as_deref(), Some(good));
        }
        assert_eq!(proper("7up"), None);
        for bad in [
            "", "-a", "a-", "a--b", "Web", "7up", "a_b", "a b", "../a", "ä", &long,
        ] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn names_that_something_else_has_are_refused_and_say_whose_they_are() {
        let folder = tempfile::tempdir().unwrap();
        for (name, by) in [
            ("fn", "a keyword"),
            ("int", "a keyword"),
            ("std", "of the language"),
            ("deps", "cargo builds into"),
            ("exres", "a library of Quorate's"),
            ("quorate-sdk", "a library of Quorate's"),
            ("physical-disk", "that is shipped"),
            ("ip-address", "that is shipped"),
            ("resource", "quorate-sdk"),
            ("type-info", "quorate-sdk"),
        ] {
            for lang in [Lang::Rust, Lang::C, Lang::Rhai, Lang::Python] {
                let refusal = make(&args(name, lang, folder.path())).unwrap_err();
                let text = refusal.to_string();
                assert!(text.contains(by) && text.contains("my-"), "{text}");
                assert!(!folder.path().join(name).exists(), "{name}");
            }
            let free = format!("my-{name}");
            assert_eq!(taken(&free), None, "what is proposed can be had");
        }
        assert_eq!(taken("disk-watch"), None);
    }

    #[test]
    fn no_project_can_have_a_name_that_its_own_sources_import() {
        let source = example!("rust-file-server/src/lib.rs");
        let file = syn::parse_file(source).unwrap();
        let mut names = Vec::new();
        let mut items: Vec<&syn::Item> = file.items.iter().collect();
        while let Some(item) = items.pop() {
            match item {
                syn::Item::Use(it) => imported(&it.tree, &mut names),
                syn::Item::Mod(it) => items.extend(it.content.iter().flat_map(|(_, inner)| inner)),
                _ => {}
            }
        }
        assert!(names.len() > 10, "{names:?}");
        for name in names {
            assert!(SDK_NAMES.contains(&name.as_str()), "{name}");
        }
    }

    /// The names in a `use`.
    fn imported(tree: &syn::UseTree, into: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => imported(&path.tree, into),
            syn::UseTree::Group(group) => group.items.iter().for_each(|it| imported(it, into)),
            syn::UseTree::Name(name) => into.push(name.ident.to_string()),
            syn::UseTree::Rename(_) | syn::UseTree::Glob(_) => {}
        }
    }

    #[test]
    fn nothing_of_the_example_s_name_is_left() {
        for (files, from) in [
            (rust("web-proxy", None), "rust"),
            (c("web-proxy"), "c"),
            (python("web-proxy"), "python"),
        ] {
            let from = format!("{from}-file-server");
            let copied = |path: &str| path.starts_with("include/") || path.starts_with("sdk/");
            for file in files.iter().filter(|file| !copied(&file.path)) {
                for left in [
                    &from,
                    &from.replace('-', "_"),
                    &capitals(&from, " "),
                    &capitals(&from, ""),
                ] {
                    assert!(
                        !file.text.contains(left.as_str()),
                        "{left} in {}",
                        file.path
                    );
                    assert!(!file.path.contains(left.as_str()), "{}", file.path);
                }
                assert!(
                    !file.text.contains("../.."),
                    "a path out of the project in {}",
                    file.path
                );
            }
        }
    }

    #[test]
    fn a_project_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        for (name, lang) in [
            ("one", Lang::Rust),
            ("two", Lang::C),
            ("three", Lang::Rhai),
            ("four", Lang::Python),
        ] {
            let made = make(&args(name, lang, folder.path())).unwrap();
            assert!(made.join("README.md").exists() && made.join("ci.sh").exists());
            assert_eq!(
                make(&args(name, lang, folder.path())),
                Err(Refusal::Exists(made))
            );
        }
    }

    #[test]
    fn an_sdk_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut args = args("one", Lang::Rust, folder.path());
        args.sdk = Some(folder.path().join("nowhere"));
        let refusal = make(&args).unwrap_err().to_string();
        assert!(
            refusal.contains("without --sdk") && refusal.contains("nowhere"),
            "{refusal}"
        );
        assert!(
            !folder.path().join("one").exists(),
            "nothing is left behind"
        );
    }
}
