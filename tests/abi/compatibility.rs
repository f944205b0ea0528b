//! The changes that a layout may have without breaking existing plugins.

use std::collections::{BTreeMap, BTreeSet};

/// Structures without a size field, and those that the host only accepts in the size it knows.
const FIXED: [&str; 4] = ["QrStr", "QrPlugin", "QrType", "QrProperty"];

/// The prefix of the constants that name the versions of the contract.
const VERSION: &str = "ABI_VERSION_";

/// A table of the layout, in its checked-in form.
#[derive(Debug, Default)]
struct Table<'a> {
    /// By structure: its fields in order, with offset and size.
    structures: BTreeMap<&'a str, Vec<(&'a str, &'a str)>>,
    constants: BTreeMap<&'a str, &'a str>,
}

impl<'a> Table<'a> {
    fn read(text: &'a str) -> Table<'a> {
        let mut table = Table::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, value)) = line.split_once(" = ") {
                table.constants.insert(name, value);
                continue;
            }
            let Some((structure, rest)) = line.split_once(' ') else {
                continue;
            };
            let Some((field, place)) = rest.trim_start().split_once(' ') else {
                continue;
            };
            let fields = table.structures.entry(structure).or_default();
            // The size of the whole structure follows from its fields.
            if field != "-" {
                fields.push((field, place.trim_start()));
            }
        }
        table
    }

    fn versions(&self) -> BTreeSet<&'a str> {
        let names = self.constants.keys().copied();
        names.filter(|name| name.starts_with(VERSION)).collect()
    }
}

/// Whether plugins that were built against the layout `old` still work under `new`: everything old is unchanged, and
/// every addition is at the end of a table, or is a new constant or structure. A new version of the contract may
/// change anything.
///
/// # Errors
///
/// The change that a plugin would find.
pub(crate) fn judge(old: &str, new: &str) -> Result<(), String> {
    let (old, new) = (Table::read(old), Table::read(new));
    if new.versions().difference(&old.versions()).next().is_some() {
        return Ok(());
    }
    for (name, value) in &old.constants {
        match new.constants.get(name) {
            Some(now) if now == value => {}
            Some(now) => return Err(format!("{name} was {value} and is {now}")),
            None => return Err(format!("{name} is gone")),
        }
    }
    for (structure, before) in &old.structures {
        let Some(now) = new.structures.get(structure) else {
            return Err(format!("{structure} is gone"));
        };
        for (index, (field, place)) in before.iter().enumerate() {
            match now.get(index) {
                Some(same) if same == &(*field, *place) => {}
                Some((other, there)) => {
                    return Err(format!(
                        "{structure}: `{field}` ({place}) has become `{other}` ({there})"
                    ));
                }
                None => return Err(format!("{structure}: `{field}` is gone")),
            }
        }
        if now.len() > before.len() && FIXED.contains(structure) {
            let field = now[before.len()].0;
            return Err(format!(
                "{structure}: `{field}` has come, and a {structure} without it is refused"
            ));
        }
    }
    Ok(())
}

#[test]
fn additions_are_told_from_changes() {
    let old = "# Comment\n\
               QrStr    -      -  16\n\
               QrStr    ptr    0   8\n\
               QrStr    len    8   8\n\
               QrTable  -      -  16\n\
               QrTable  size   0   8\n\
               QrTable  open   8   8\n\
               ABI_VERSION_1_00 = 0x100\n\
               FLAG = 1\n";
    assert_eq!(judge(old, old), Ok(()));
    let at_the_end = old.replace(
        "QrTable  open   8   8\n",
        "QrTable  open   8   8\nQrTable  shut  16   8\n",
    );
    assert_eq!(
        judge(old, &at_the_end.replace("-  16\nQrTable", "-  24\nQrTable")),
        Ok(())
    );
    let more = format!("{old}QrNew    -      -   8\nQrNew    size   0   8\nOTHER = 2\n");
    assert_eq!(judge(old, &more), Ok(()));
    for (from, to, why) in [
        ("FLAG = 1", "FLAG = 2", "FLAG was 1 and is 2"),
        ("FLAG = 1\n", "", "FLAG is gone"),
        (
            "QrTable  open   8   8",
            "QrTable  shut   8   8\nQrTable  open  16   8",
            "QrTable: `open` (8   8) has become `shut` (8   8)",
        ),
        ("QrTable  open   8   8\n", "", "QrTable: `open` is gone"),
        (
            "QrTable  size   0   8",
            "QrTable  size   0   4",
            "QrTable: `size` (0   8) has become `size` (0   4)",
        ),
        (
            "QrStr    len    8   8",
            "QrStr    len    8   8\nQrStr    hash  16   8",
            "QrStr: `hash` has come",
        ),
    ] {
        let new = old.replace(from, to);
        let found = judge(old, &new).unwrap_err();
        assert!(found.starts_with(why), "{found}");
        // With a new version it is allowed.
        let new = format!("{new}ABI_VERSION_2_00 = 0x200\n");
        assert_eq!(judge(old, &new), Ok(()), "{why}");
    }
    let swapped = old
        .replace("QrStr    ptr", "QrStr    xxx")
        .replace("QrStr    len", "QrStr    ptr")
        .replace("QrStr    xxx", "QrStr    len");
    assert!(judge(old, &swapped).is_err());
}
