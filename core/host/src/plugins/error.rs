//! The errors about plugins. Each has the value found, the value expected, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A file that the search for plugins passes by, although somebody may have meant it to be a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// The file.
    pub file: PathBuf,
    /// Why it is passed by, and what to do.
    pub why: String,
}

/// Why a plugin library, or one of its types, cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PluginError {
    /// No library implements the wanted type, or none was found at all.
    #[error("{}", not_found(wanted.as_deref(), folders, did_you_mean.as_deref(), near_misses))]
    NotFound {
        /// The wanted resource type; `None` if there is no plugin at all.
        wanted: Option<String>,
        /// The folders searched, in order.
        folders: Vec<PathBuf>,
        /// The type with the most similar name, if there is one.
        did_you_mean: Option<String>,
        /// Files in those folders that are not plugins, although somebody may have meant them to be.
        near_misses: Vec<NearMiss>,
    },
    /// The file or folder cannot be read, copied or mapped.
    #[error("{}: cannot be opened: {why}", file.display())]
    Open {
        /// The file or folder.
        file: PathBuf,
        /// What the system said.
        why: String,
    },
    /// It was to be loaded in a process beside the host, and that failed.
    #[error("{}: {why}", file.display())]
    Apart {
        /// The file.
        file: PathBuf,
        /// How the process ended, or what it reported.
        why: String,
    },
    /// The file is not a plugin: it is no library, or does not export the entry symbol.
    #[error("{}: not a Quorate plugin: {why}", file.display())]
    NotAPlugin {
        /// The file.
        file: PathBuf,
        /// What it is instead, and what to do.
        why: String,
    },
    /// The first number of its block is wrong.
    #[error("{}: field `magic` is {found:#010x}, expected {expected:#010x}: the entry does not return a plugin block", file.display())]
    Magic {
        /// The file.
        file: PathBuf,
        /// What the block says.
        found: u32,
        /// What it must say.
        expected: u32,
    },
    /// Its block is too short.
    #[error("{}: field `length` is {found}, expected at least {expected}: build it against this version's contract", file.display())]
    Length {
        /// The file.
        file: PathBuf,
        /// What the block says, in bytes.
        found: u32,
        /// What is needed, in bytes.
        expected: u32,
    },
    /// It was compiled against another major version of the contract.
    #[error("{}: field `abi_version` is {found:#x}, expected {expected:#x}: rebuild it against this version's contract", file.display())]
    AbiVersion {
        /// The file.
        file: PathBuf,
        /// What the block says.
        found: u32,
        /// The host's version.
        expected: u32,
    },
    /// It was compiled for pointers of another width.
    #[error("{}: field `pointer_width` is {found}, expected {expected}: build it for this target", file.display())]
    PointerWidth {
        /// The file.
        file: PathBuf,
        /// What the block says, in bits.
        found: u32,
        /// The width here, in bits.
        expected: u32,
    },
    /// It was compiled for another platform.
    #[error("{}: field `target` is `{found}`, expected `{expected}`: build it for this target", file.display())]
    Target {
        /// The file.
        file: PathBuf,
        /// What the block says.
        found: String,
        /// This machine's platform.
        expected: String,
    },
    /// The value of another field, of a block, type or property, is not allowed.
    #[error("{}: field `{field}` is {found}, expected {expected}", file.display())]
    Field {
        /// The file.
        file: PathBuf,
        /// Which field, such as `types[2].looks_alive_ms`.
        field: String,
        /// What it says.
        found: String,
        /// What it may say.
        expected: String,
    },
    /// The start-up function refused a type that the block lists.
    #[error("{}: type `{kind}`: `startup` failed with error {code}{}", file.display(), named(*code))]
    Startup {
        /// The file.
        file: PathBuf,
        /// The resource type.
        kind: String,
        /// The original's error code.
        code: u32,
    },
    /// Plugin and host have no version of the table in common.
    #[error("{}: type `{kind}`: no table version in common: it offers {found}, this host takes {min:#x} to {max:#x}; rebuild it against this version's contract", file.display())]
    Revision {
        /// The file.
        file: PathBuf,
        /// The resource type.
        kind: String,
        /// The table's version; `none` if it offered no table.
        found: String,
        /// The oldest the host takes.
        min: u32,
        /// The newest the host takes.
        max: u32,
    },
    /// A type's table is too short for its required entries.
    #[error("{}: type `{kind}`: table field `size` is {found}, expected at least {expected}: the table is truncated", file.display())]
    TableSize {
        /// The file.
        file: PathBuf,
        /// The resource type.
        kind: String,
        /// What the table says, in bytes.
        found: u32,
        /// What is needed, in bytes.
        expected: u32,
    },
    /// A type's table lacks a required entry.
    #[error("{}: type `{kind}`: table entry `{entry}` is NULL, expected a function: it is required{}", file.display(), if *quorum { " of a quorum-capable type" } else { "" })]
    MissingEntry {
        /// The file.
        file: PathBuf,
        /// The resource type.
        kind: String,
        /// The entry's name in the table.
        entry: String,
        /// Whether it is required only because the type says that it can be the quorum resource.
        quorum: bool,
    },
    /// Two different plugins implement a type of the same name.
    #[error("resource type `{kind}` is implemented by two plugins: `{}` in {} and `{}` in {}; take one of them out of the folders searched", first.0, first.1.display(), second.0, second.1.display())]
    DuplicateType {
        /// The resource type.
        kind: String,
        /// Name and file of the plugin that was found first.
        first: (String, PathBuf),
        /// Name and file of the other plugin.
        second: (String, PathBuf),
    },
}

impl PluginError {
    /// What is wrong, and separately what to do, if the error has such advice.
    pub fn parts(&self) -> (String, Option<String>) {
        match self {
            Self::NotFound {
                wanted,
                folders,
                did_you_mean,
                near_misses,
            } => (
                missing(wanted.as_deref(), did_you_mean.as_deref()),
                Some(where_to_look(folders, near_misses)),
            ),
            other => (other.to_string(), None),
        }
    }

    /// The file that the error is about, if there is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::NotFound { .. } => None,
            Self::Apart { file, .. }
            | Self::Open { file, .. }
            | Self::NotAPlugin { file, .. }
            | Self::Magic { file, .. }
            | Self::Length { file, .. }
            | Self::AbiVersion { file, .. }
            | Self::PointerWidth { file, .. }
            | Self::Target { file, .. }
            | Self::Field { file, .. }
            | Self::Startup { file, .. }
            | Self::Revision { file, .. }
            | Self::TableSize { file, .. }
            | Self::MissingEntry { file, .. } => Some(file),
            Self::DuplicateType { second, .. } => Some(&second.1),
        }
    }
}

/// All errors of loading a set: never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadErrors(pub Vec<PluginError>);

impl std::error::Error for LoadErrors {}

impl From<PluginError> for LoadErrors {
    fn from(error: PluginError) -> Self {
        LoadErrors(vec![error])
    }
}

impl fmt::Display for LoadErrors {
    /// One error a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

/// The original's name of a code, in brackets, where it has one.
fn named(code: u32) -> String {
    quorate_abi::error_name(code)
        .map(|name| format!(" ({name})"))
        .unwrap_or_default()
}

fn not_found(
    wanted: Option<&str>,
    folders: &[PathBuf],
    did_you_mean: Option<&str>,
    near_misses: &[NearMiss],
) -> String {
    let what = missing(wanted, did_you_mean);
    format!("{what}; {}", where_to_look(folders, near_misses))
}

/// The sentence that says what was not found.
fn missing(wanted: Option<&str>, did_you_mean: Option<&str>) -> String {
    let mut text = match wanted {
        Some(kind) => format!("no plugin implements the resource type `{kind}`"),
        None => "no plugins found".to_owned(),
    };
    if let Some(near) = did_you_mean {
        text.push_str(&format!(" (did you mean `{near}`?)"));
    }
    text
}

/// Where the search looked, and what to do.
fn where_to_look(folders: &[PathBuf], near_misses: &[NearMiss]) -> String {
    let mut text = String::new();
    if folders.is_empty() {
        text.push_str("no folder was searched");
    } else {
        text.push_str("folders searched:");
        for (index, folder) in folders.iter().enumerate() {
            text.push_str(if index == 0 { " " } else { ", " });
            text.push_str(&folder.display().to_string());
            if !folder.is_dir() {
                text.push_str(" (no such folder)");
            }
        }
    }
    for NearMiss { file, why } in near_misses {
        text.push_str(&format!("; {} is no plugin: {why}", file.display()));
    }
    text.push_str("; name one with --plugin-dir or QUORATE_PLUGIN_PATH");
    text
}
