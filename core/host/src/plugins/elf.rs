//! Looks into a library without running any of it.

use std::fs::File;
use std::path::Path;

use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSymbol, ReadCache, ReadRef};

use super::error::PluginError;

/// Whether the library exports the plugin entry, read from its dynamic symbol table.
///
/// Opening a library runs its initialisers; a folder such as cargo's `deps` is full of libraries that are
/// none of our business (compiler plugins, for one), and those are never opened.
///
/// A file that is no 64-bit ELF library exports nothing.
pub(super) fn exports_entry(path: &Path) -> Result<bool, PluginError> {
    let file = File::open(path).map_err(|error| PluginError::Open {
        file: path.to_owned(),
        why: error.to_string(),
    })?;
    Ok(has_entry(&ReadCache::new(file)))
}

/// Whether the bytes of a library define the plugin entry; those of anything else do not.
pub(crate) fn has_entry<'a>(bytes: impl ReadRef<'a>) -> bool {
    let Ok(elf) = ElfFile64::<Endianness, _>::parse(bytes) else {
        return false;
    };
    let entry = entry_name().as_bytes();
    elf.dynamic_symbols().any(|symbol| {
        symbol.is_definition() && symbol.is_global() && symbol.name_bytes() == Ok(entry)
    })
}

/// The entry symbol without its terminator.
pub(super) fn entry_name() -> &'static str {
    quorate_abi::ENTRY_SYMBOL
        .strip_suffix(b"\0")
        .and_then(|name| std::str::from_utf8(name).ok())
        .unwrap_or("quorate_plugin_v1")
}
