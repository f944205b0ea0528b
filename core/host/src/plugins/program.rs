//! Plugins that are programs and not libraries: they speak frames, or lines of JSON, and are never mapped.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use quorate_model::Value;

use super::error::PluginError;
use crate::library::{LibraryInfo, PropertyKind, TypeInfo};

/// How the name of a program begins that is a plugin.
pub(crate) const PREFIX: &str = "quorate-plugin-";

/// Whether a file has the name of a program that is a plugin.
pub fn is_program(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| {
        name.strip_prefix(PREFIX)
            .is_some_and(|rest| !rest.is_empty() && !rest.ends_with(".so"))
    })
}

/// Whether a file can be run.
pub(super) fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

/// Checks what a program says of itself, as a library's block is checked.
///
/// # Errors
///
/// The first field that is wrong.
pub(crate) fn check_program(file: &Path, info: &LibraryInfo) -> Result<(), PluginError> {
    let field = |field: String, found: String, expected: &str| PluginError::Field {
        file: file.to_owned(),
        field,
        found,
        expected: expected.to_owned(),
    };
    let named = |place: &str, name: &str| match name.len() {
        1..=256 => Ok(()),
        0 => Err(field(place.to_owned(), "empty".to_owned(), "a name")),
        length => Err(field(
            place.to_owned(),
            format!("{length} bytes long"),
            "at most 256 bytes",
        )),
    };
    named("name", &info.name)?;
    named("version", &info.version)?;
    if info.types.is_empty() {
        return Err(field(
            "types".to_owned(),
            "empty".to_owned(),
            "a resource type",
        ));
    }
    for (number, kind) in info.types.iter().enumerate() {
        let place = format!("types[{number}]");
        named(&format!("{place}.name"), &kind.name)?;
        let earlier = info.types.iter().take(number);
        if has(&kind.name, earlier) {
            let found = format!("`{}` again", kind.name);
            return Err(field(format!("{place}.name"), found, "a new name"));
        }
        for (name, ms) in [
            ("looks_alive_ms", kind.looks_alive_ms),
            ("is_alive_ms", kind.is_alive_ms),
        ] {
            if ms == 0 {
                return Err(field(
                    format!("{place}.{name}"),
                    "0".to_owned(),
                    "at least 1 ms",
                ));
            }
        }
        for (number, property) in kind.properties.iter().enumerate() {
            let place = format!("{place}.properties[{number}]");
            named(&format!("{place}.name"), &property.name)?;
            let numeric = matches!(property.kind, PropertyKind::Dword | PropertyKind::Bool);
            let number = property.default.parse::<u32>().map(Value::Dword);
            if numeric && !property.required && !number.is_ok_and(|it| property.check(&it).is_ok())
            {
                let found = format!(
                    "`{}` (of the property `{}`)",
                    property.default, property.name
                );
                return Err(field(
                    format!("{place}.default"),
                    found,
                    &property.expected(),
                ));
            }
        }
    }
    Ok(())
}

fn has<'a>(name: &str, mut earlier: impl Iterator<Item = &'a TypeInfo>) -> bool {
    earlier.any(|other| other.name == name)
}
