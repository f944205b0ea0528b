//! Reads a library's symbols without running any of its code.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use object::elf::{EM_AARCH64, EM_RISCV, EM_X86_64, FileHeader64, PT_LOAD, SHT_DYNSYM, STB_LOCAL};
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader, Sym};
use object::{Endianness, Object, ObjectSection, ObjectSymbol, ReadCache, ReadRef};

use quorate_model::nearest;

use super::error::PluginError;

/// What is wrong with a library that ends too early.
pub(super) const CUT_OFF: &str = "it is cut off, or damaged; build it again";

/// Whether the library exports the plugin entry, read from its dynamic symbol table.
///
/// Opening a library would run its initialisers. A folder such as cargo's `deps` is full of libraries that do not
/// concern us, such as compiler plugins, and those are never opened.
///
/// A file that is not a 64-bit ELF library exports nothing.
pub(super) fn exports_entry(path: &Path) -> Result<bool, PluginError> {
    let file = File::open(path).map_err(|error| PluginError::Open {
        file: path.to_owned(),
        why: error.to_string(),
    })?;
    Ok(has_entry(&ReadCache::new(file)))
}

/// The machine that a library is built for, if it is not this one.
pub(super) fn other_machine(path: &Path) -> Option<String> {
    let here = match std::env::consts::ARCH {
        "x86_64" => EM_X86_64,
        "aarch64" => EM_AARCH64,
        "riscv64" => EM_RISCV,
        _ => return None,
    };
    let cache = ReadCache::new(File::open(path).ok()?);
    let header = FileHeader64::<Endianness>::parse(&cache).ok()?;
    if header.e_machine(header.endian().ok()?) == here {
        return None;
    }
    let elf = ElfFile64::<Endianness, _>::parse(&cache).ok()?;
    Some(format!("{:?}", elf.architecture()))
}

/// Why a file exports no plugin entry, and what to do about it.
pub(super) fn why_none(path: &Path) -> Result<String, PluginError> {
    let open = |error: std::io::Error| PluginError::Open {
        file: path.to_owned(),
        why: error.to_string(),
    };
    let mut head = Vec::new();
    let file = File::open(path).map_err(open)?;
    file.take(8).read_to_end(&mut head).map_err(open)?;
    Ok(match &*head {
        [] => "it is empty; build it again".to_owned(),
        b"!<arch>\n" => "it is an archive to link with; build a shared library: in Rust with \
                         `crate-type = [\"cdylib\"]`, in C with `-shared`"
            .to_owned(),
        [0x7f, b'E', b'L', b'F', 2, ..] if !is_whole(path) => CUT_OFF.to_owned(),
        [0x7f, b'E', b'L', b'F', 2, ..] => format!(
            "it does not export `{}`{}: in Rust `export_plugin!` does, in C a function that is marked QR_EXPORT",
            entry_name(),
            instead(path)
                .map(|name| format!(", but `{name}`"))
                .unwrap_or_default()
        ),
        [0x7f, b'E', b'L', b'F', ..] => {
            "it is not built for 64 bits; build it for this machine".to_owned()
        }
        _ => "it is no shared library (ELF); name the .so file that the build made".to_owned(),
    })
}

/// Whether a library file is complete: its headers can be read, and no section ends beyond the file.
fn is_whole(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let length = file.metadata().map_or(0, |it| it.len());
    let cache = ReadCache::new(file);
    let Ok(elf) = ElfFile64::<Endianness, _>::parse(&cache) else {
        return false;
    };
    // Sections may come before or after their headers, so each one's end is compared with the file's.
    let ends = |section: object::read::elf::ElfSection64<'_, '_, Endianness, _>| {
        section
            .file_range()
            .map_or(0, |(start, size)| start.saturating_add(size))
    };
    elf.sections().map(ends).all(|end| end <= length)
}

/// How much of a library file is mapped: what follows is for linkers and debuggers, and mostly far longer. `None` if its headers
/// cannot be read.
pub(super) fn mapped_length(file: &File) -> Option<u64> {
    let cache = ReadCache::new(file);
    let header = FileHeader64::<Endianness>::parse(&cache).ok()?;
    let endian = header.endian().ok()?;
    let parts = header.program_headers(endian, &cache).ok()?.iter();
    let mapped = parts.filter(|part| part.p_type(endian) == PT_LOAD);
    let ends = mapped.map(|part| part.p_offset(endian).saturating_add(part.p_filesz(endian)));
    ends.max()
}

/// The exported name that was probably meant to be the entry.
fn instead(path: &Path) -> Option<String> {
    let cache = ReadCache::new(File::open(path).ok()?);
    let elf = ElfFile64::<Endianness, _>::parse(&cache).ok()?;
    let names = elf.dynamic_symbols().filter(|it| it.is_definition());
    let names: Vec<&str> = names.filter_map(|it| it.name().ok()).collect();
    nearest(entry_name(), names).map(str::to_owned)
}

/// Whether these bytes are a library that defines the plugin entry.
pub(crate) fn has_entry<'a>(bytes: impl ReadRef<'a>) -> bool {
    defines(bytes, entry_name().as_bytes()).unwrap_or(false)
}

/// Whether a library's dynamic symbols define this one. The symbols for linkers and debuggers are not read: they are a hundred times
/// as many.
fn defines<'a>(bytes: impl ReadRef<'a>, name: &[u8]) -> object::Result<bool> {
    let header = FileHeader64::<Endianness>::parse(bytes)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, bytes)?;
    let symbols = sections.symbols(endian, bytes, SHT_DYNSYM)?;
    Ok(symbols.iter().any(|symbol| {
        symbol.is_definition(endian, symbols.strings())
            && symbol.st_bind() != STB_LOCAL
            && symbol.name(endian, symbols.strings()) == Ok(name)
    }))
}

/// The entry symbol's name without its terminating zero.
pub(super) fn entry_name() -> &'static str {
    quorate_abi::ENTRY_SYMBOL
        .strip_suffix(b"\0")
        .and_then(|name| std::str::from_utf8(name).ok())
        .unwrap_or("quorate_plugin_v1")
}
