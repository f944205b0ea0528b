//! The folders in which plugins are searched, and the files there that are worth opening.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::program::{is_executable, is_program};

/// The environment variable with more folders to search, separated as in `PATH`.
const PATH_VARIABLE: &str = "QUORATE_PLUGIN_PATH";

/// The prefix of plugins that are broken on purpose, for tests. A folder search ignores them; they can be loaded by
/// name.
const BAD_PREFIX: &str = "libquorate_bad_";

/// The folders to search for plugins, in order: `extra` (from `--plugin-dir`), the entries of `QUORATE_PLUGIN_PATH`,
/// and then, beside the running executable, `deps` (where cargo puts a binary's plugins), `../deps` (the same for tests
/// and benchmarks) and the executable's own folder.
///
/// The executable's own folder comes last because cargo leaves older copies of plugins there. A folder that is named
/// twice is listed once. Folders that do not exist are listed as well.
pub fn search_folders(extra: &[PathBuf]) -> Vec<PathBuf> {
    let executable = env::current_exe().ok();
    let variable = env::var_os(PATH_VARIABLE);
    folders(extra, variable.as_deref(), executable.as_deref())
}

fn folders(extra: &[PathBuf], variable: Option<&OsStr>, executable: Option<&Path>) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = extra.to_vec();
    found.extend(
        variable
            .iter()
            .flat_map(env::split_paths)
            .filter(|p| !p.as_os_str().is_empty()),
    );
    if let Some(folder) = executable.and_then(Path::parent) {
        found.push(folder.join("deps"));
        if let Some(above) = folder.parent() {
            found.push(above.join("deps"));
        }
        found.push(folder.to_owned());
    }
    let mut unique: Vec<PathBuf> = Vec::new();
    for folder in found {
        if !unique.contains(&folder) {
            unique.push(folder);
        }
    }
    unique
}

/// The files of a folder that may be plugins, in the order of their names.
///
/// Cargo may leave `libname.so` and `libname-<16 hex digits>.so` side by side. Of those only the plain one is listed,
/// or else the newest. A folder that does not exist has no files.
pub(super) fn candidates(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            let text =
                format!("it is a file; name its folder (in --plugin-dir or {PATH_VARIABLE})");
            return Err(io::Error::new(error.kind(), text));
        }
        Err(error) => return Err(error),
    };
    // By stem: whether the name is plain, when the file was changed, and the file. The greatest of these wins.
    let mut best: BTreeMap<String, (bool, Option<SystemTime>, PathBuf)> = BTreeMap::new();
    for entry in entries {
        let entry = entry?;
        let file = entry.path();
        let name = entry.file_name();
        let program = is_program(&file);
        if program && !is_executable(&file) {
            continue;
        }
        let stem = match program {
            true => name.to_str().map(|name| (name, true)),
            false => name.to_str().and_then(stem),
        };
        let Some((stem, plain)) = stem else {
            continue;
        };
        let Ok(metadata) = fs::metadata(&file) else {
            continue;
        };
        if !metadata.is_file() {
            continue;
        }
        let candidate = (plain, metadata.modified().ok(), file);
        match best.get(stem) {
            Some(other) if *other >= candidate => {}
            _ => {
                best.insert(stem.to_owned(), candidate);
            }
        }
    }
    Ok(best.into_values().map(|(_, _, file)| file).collect())
}

/// The stem of a plugin's file name, and whether the name is plain, that is, without a build hash.
pub(super) fn stem(file_name: &str) -> Option<(&str, bool)> {
    if file_name.starts_with(BAD_PREFIX) {
        return None;
    }
    let stem = file_name.strip_prefix("lib")?.strip_suffix(".so")?;
    if let Some((base, hash)) = stem.rsplit_once('-')
        && hash.len() == 16
        && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        return Some((base, false));
    }
    Some((stem, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_in_order_and_once() {
        let extra = [PathBuf::from("/a"), PathBuf::from("/b")];
        let found = folders(
            &extra,
            Some(OsStr::new("/c::/a")),
            Some(Path::new("/t/debug/quorate")),
        );
        let wanted = ["/a", "/b", "/c", "/t/debug/deps", "/t/deps", "/t/debug"];
        assert_eq!(found, wanted.map(PathBuf::from));
    }

    #[test]
    fn a_test_binary_finds_its_own_folder() {
        let found = folders(
            &[],
            None,
            Some(Path::new("/t/debug/deps/suite-0123456789abcdef")),
        );
        assert!(found.contains(&PathBuf::from("/t/debug/deps")), "{found:?}");
    }

    #[test]
    fn the_plain_file_wins_over_hashed_ones_and_the_newest_of_those_over_older_ones() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str, seconds: u64| {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds))
                .unwrap();
        };
        at("libone.so", 1);
        at("libone-0123456789abcdef.so", 2);
        at("libtwo-0123456789abcdef.so", 2);
        at("libtwo-fedcba9876543210.so", 1);
        at("libthree-short.so", 1);
        at("libquorate_bad_abi.so", 1);
        at("libfour.rlib", 1);
        at("five.so", 1);
        fs::create_dir(folder.path().join("libfolder.so")).unwrap();
        let names: Vec<_> = candidates(folder.path())
            .unwrap()
            .iter()
            .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            names,
            [
                "libone.so",
                "libthree-short.so",
                "libtwo-0123456789abcdef.so"
            ]
        );
    }

    #[test]
    fn a_missing_folder_holds_nothing() {
        assert_eq!(
            candidates(Path::new("/nowhere/at/all")).unwrap(),
            Vec::<PathBuf>::new()
        );
    }
}
