//! The contract does not change by accident: its layout is a checked-in table, and the C header is generated from the
//! code.
//!
//! `QUORATE_BLESS=1 cargo test -p quorate-abi --test abi` writes both again, unless a plugin built against the
//! checked-in layout would find a change. A new entry at the end of a table is an addition to ABI 1. Anything else
//! needs a new version, that is, one more constant `ABI_VERSION_…`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "abi/compatibility.rs"]
mod compatibility;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::mem::{offset_of, size_of};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};
use quorate_abi::*;

use compatibility::judge;

const BLESS: &str = "QUORATE_BLESS";

fn abi() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// One structure of the contract.
struct Layout {
    name: &'static str,
    size: usize,
    /// Name, offset, size.
    fields: Vec<(&'static str, usize, usize)>,
}

fn size_behind<T, F>(_: fn(&T) -> &F) -> usize {
    size_of::<F>()
}

/// The layouts of structures. This does not compile if a field is missing.
macro_rules! layouts {
    ($($name:ident { $($field:ident),+ $(,)? })+) => {
        vec![$({
            fn _every_field(it: &$name) {
                let $name { $($field: _),+ } = it;
            }
            Layout {
                name: stringify!($name),
                size: size_of::<$name>(),
                fields: vec![$((
                    stringify!($field),
                    offset_of!($name, $field),
                    size_behind(|it: &$name| &it.$field),
                )),+],
            }
        }),+]
    };
}

fn layouts() -> Vec<Layout> {
    layouts! {
        QrStr { ptr, len }
        QrPlugin {
            magic, length, abi_version, pointer_width, target, name, version, description, flags, type_count, types,
            startup,
        }
        QrType {
            size, flags, name, doc, looks_alive_ms, is_alive_ms, pending_timeout_ms, property_count, properties,
        }
        QrProperty { size, kind, flags, reserved, name, unit, doc, default, min, max }
        QrWork { size, wait_ms, checkpoint, has_event, signal, quorum_lost }
        QrTable {
            size, version, open, close, online, offline, terminate, looks_alive, is_alive, arbitrate, release,
            resource_control, resource_type_control, work, last_error, get_extension,
        }
        QrHost { size, version, get_service, set_resource_status, log_event }
        QrClock { size, version, now_ms, civil_ms }
        QrRandom { size, version, next }
        QrProperties { size, version, get, get_u32, provider_count, provider_name, provider_get, publish }
        QrService { size, version, start, stop, kill, state, listen, start_with }
        QrProbe { size, version, service, port, ask }
        QrDisk {
            size, version, reserve, break_reservation, release, reserved, mount, unmount, list, write, read,
            reservation,
        }
        QrAddress { size, version, add, remove, works, lease }
        QrName { size, version, register, unregister, resolve }
        QrCheckpoint { size, version, save, load }
        QrCluster { size, version, configured_nodes, online_here, other, others }
        QrLog { size, version, write }
        QrScript { size, version, load }
    }
}

/// The crate's source files, in the order that suits a reader of the header.
fn sources() -> [String; 4] {
    ["codes.rs", "controls.rs", "lib.rs", "services.rs"]
        .map(|name| fs::read_to_string(abi().join("src").join(name)).unwrap())
}

/// The names of the contract's numeric and text constants.
fn constants(source: &str) -> Vec<String> {
    let declared = source.lines().filter_map(|line| {
        let line = line.trim();
        let (name, rest) = match line.strip_prefix("pub const ") {
            Some(rest) => rest.split_once(':')?,
            None => line.split_once(" = ")?,
        };
        let code = rest
            .strip_suffix(';')
            .is_some_and(|value| value.starts_with("0x") || value.parse::<u32>().is_ok());
        (line.starts_with("pub const ") || code).then_some(name)
    });
    declared
        .filter(|name| {
            name.chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        })
        .map(str::to_owned)
        .collect()
}

/// `text` in which every whole word known to `change` is replaced.
fn map_words(text: &str, change: impl Fn(&str) -> Option<String>) -> String {
    let (mut out, mut word) = (String::with_capacity(text.len()), String::new());
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        out.push_str(&change(&word).unwrap_or_else(|| word.clone()));
        word.clear();
        out.push(c);
    }
    out.pop();
    out
}

/// A source in a form that cbindgen can read: plain constants with C's prefix, types that it knows, docs without
/// Rust's links.
fn plain(source: &str, names: &[String]) -> String {
    let mut lines = Vec::new();
    let mut in_codes = false;
    for line in source.lines() {
        let trimmed = line.trim();
        in_codes = (in_codes || trimmed == "codes! {") && trimmed != "}";
        let code = trimmed
            .split_once(" = ")
            .filter(|(name, _)| in_codes && !name.starts_with('/'));
        if let Some((name, value)) = code {
            lines.push(format!("pub const {name}: u32 = {value}"));
        } else if !matches!(trimmed, "codes! {" | "mod codes;" | "mod services;") {
            lines.push(line.to_owned());
        }
    }
    let mut text = lines.join("\n");
    // C does not need the macro of codes.rs; the constants it makes stand after it.
    if let (Some(from), Some(to)) = (text.find("macro_rules! codes"), text.find("    /// Done.")) {
        text.replace_range(from..to, "");
        // The closing brace of the list.
        let end = text.find("\n}\n").unwrap();
        text.replace_range(end..end + 3, "\n");
    }
    let text = text
        .replace(
            "u32::from_le_bytes(*b\"QRPL\")",
            &format!("{PLUGIN_MAGIC:#x}"),
        )
        .replace("Option<QrStartupFn>", "QrStartupFn")
        .replace(
            "#[repr(C)]\n#[derive(Debug)]\npub struct QrInstance",
            "pub struct QrInstance",
        );
    let text = text
        .replace("[`crate::", "[`")
        .replace("[`", "`")
        .replace("`]", "`")
        .replace("`PLUGIN_…", "`QR_PLUGIN_…")
        .replace("`TYPE_…", "`QR_TYPE_…")
        .replace("`ENTRY_SYMBOL`", "`quorate_plugin_v1`")
        .replace("`QrHost::", "`QrHost.")
        .replace("`QrTable::", "`QrTable.");
    map_words(&text, |word| {
        names
            .iter()
            .any(|name| name == word)
            .then(|| format!("QR_{word}"))
    })
}

const TOP: &str = r#"/*
 * Quorate's plugin contract, version 1.0. Written from core/abi/src by its tests: do not edit.
 *
 * A plugin library exports one function, quorate_plugin_v1, and gives its QrPlugin block through it. docs/plugins.md
 * goes through the contract call by call; plugins/examples/c-file-server is a small plugin from top to bottom.
 *
 * Rules for everything here:
 *  - fixed-width integers and pointers only; text is UTF-8 with a length and no terminator;
 *  - text handed to a call is borrowed for that call; output goes into a buffer of the caller's; nobody frees the
 *    other's memory;
 *  - each table begins with its size and version; a field counts only if the size covers it;
 *  - a NULL entry means "not supported";
 *  - nothing unwinds across the boundary: no C++ exception may leave an entry.
 */

#ifndef QUORATE_H
#define QUORATE_H"#;

const MACROS: &str = r#"
/** Marks the one function that a plugin exports. */
#if defined(__GNUC__)
#define QR_EXPORT __attribute__((visibility("default")))
#else
#define QR_EXPORT
#endif

/** A QrStr of a string literal, to initialise one with. */
#define QR_STR(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }

/** Whether a table of the host's is there and has an entry: a host that is older may lack the last ones. */
#define QR_HAS(type, table, entry)                                                                             \
    ((table) != NULL && (table)->size >= offsetof(struct type, entry) + sizeof((table)->entry) &&             \
     (table)->entry != NULL)

/** The target that is compiled for, for QrPlugin.target. */
#if defined(__x86_64__) && defined(__linux__)
#define QR_TARGET "x86_64-linux"
#elif defined(__aarch64__) && defined(__linux__)
#define QR_TARGET "aarch64-linux"
#elif defined(__riscv) && __riscv_xlen == 64 && defined(__linux__)
#define QR_TARGET "riscv64-linux"
#endif
"#;

/// The header, from cbindgen and the layouts.
fn header() -> String {
    let sources = sources();
    let names: Vec<String> = sources
        .iter()
        .flat_map(|source| constants(source))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config {
        language: Language::C,
        header: Some(TOP.to_owned()),
        no_includes: true,
        sys_includes: vec!["stddef.h".to_owned(), "stdint.h".to_owned()],
        cpp_compat: true,
        style: Style::Tag,
        documentation: true,
        documentation_style: DocumentationStyle::Doxy,
        line_length: 110,
        ..Config::default()
    };
    // cbindgen leaves out types that no function uses, and the contract has no functions.
    config.export.include = layouts()
        .iter()
        .map(|layout| layout.name.to_owned())
        .collect();
    config
        .export
        .include
        .extend(["QrInstance", "QrResid", "QrEntryFn", "QrStartupFn"].map(str::to_owned));
    config.after_includes = Some(format!("{MACROS}{}\n{}", texts(&sources), forward()));
    config.trailer = Some(format!("{}\n{}", declaration(), asserts()));
    let mut builder = Builder::new().with_config(config);
    for (index, source) in sources.iter().enumerate() {
        let file = folder.path().join(format!("{index}.rs"));
        fs::write(&file, plain(source, &names)).unwrap();
        builder = builder.with_src(file);
    }
    let mut out = Vec::new();
    builder.generate().unwrap().write(&mut out);
    let text = String::from_utf8(out).unwrap();
    text.lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
        + "\n"
}

/// The ids of the services, which cbindgen leaves out because they are texts.
fn texts(sources: &[String]) -> String {
    let mut out = String::from(
        "\n/* The host's services, for QrHost.get_service: each is a table of the same name. */\n",
    );
    for source in sources {
        for line in source.lines() {
            let Some((name, value)) = line
                .strip_prefix("pub const ")
                .and_then(|rest| rest.split_once(": &str = "))
            else {
                continue;
            };
            let value = value.trim_end_matches(';');
            writeln!(out, "#define QR_{name} {value}").unwrap();
        }
    }
    out
}

/// Forward declarations of all structures, so that their order does not matter.
fn forward() -> String {
    let mut out = String::from("struct QrInstance;\n");
    for layout in layouts() {
        writeln!(out, "struct {};", layout.name).unwrap();
    }
    out
}

fn declaration() -> &'static str {
    r#"#ifdef __cplusplus
extern "C" {
#endif

/**
 * What every plugin defines: gives its block, which lives as long as the library. Callable at any time, from any
 * thread.
 */
QR_EXPORT const struct QrPlugin *quorate_plugin_v1(void);

#ifdef __cplusplus
}
#endif
"#
}

/// Sizes and offsets on the Rust side, for the C compiler to compare.
fn asserts() -> String {
    let mut out = String::from(
        "/* The layout that the host was compiled with. */\n#if UINTPTR_MAX == UINT64_MAX\n#ifdef __cplusplus\n\
         #define QR_ASSERT_LAYOUT(what) static_assert(what, #what)\n#else\n\
         #define QR_ASSERT_LAYOUT(what) _Static_assert(what, #what)\n#endif\n",
    );
    for layout in layouts() {
        let name = layout.name;
        for (field, offset, size) in layout.fields {
            let field = c_field(field);
            writeln!(
                out,
                "QR_ASSERT_LAYOUT(offsetof(struct {name}, {field}) == {offset});"
            )
            .unwrap();
            writeln!(
                out,
                "QR_ASSERT_LAYOUT(sizeof(((struct {name} *)0)->{field}) == {size});"
            )
            .unwrap();
        }
        writeln!(
            out,
            "QR_ASSERT_LAYOUT(sizeof(struct {name}) == {});",
            layout.size
        )
        .unwrap();
    }
    out.push_str("#undef QR_ASSERT_LAYOUT\n#endif\n\n#endif /* QUORATE_H */\n");
    out
}

/// The C name of a field: one that is a keyword of C gets a trailing underscore.
fn c_field(field: &str) -> &str {
    match field {
        "default" => "default_",
        "register" => "register_",
        field => field,
    }
}

/// The declarations in the header, each on one line: the fields of structures, by structure and name, and function
/// types.
fn declarations(header: &str) -> (BTreeMap<(String, String), String>, Vec<String>) {
    let mut text = String::new();
    let mut rest = header;
    // Without comments and preprocessor lines.
    while let Some((before, after)) = rest.split_once("/*") {
        text.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let text = lines.collect::<Vec<_>>().join(" ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (mut fields, mut functions) = (BTreeMap::new(), Vec::new());
    for statement in text.split("; ") {
        if statement.starts_with("typedef ") && statement.contains("(*") {
            functions.push(statement.to_owned());
        }
    }
    for layout in layouts() {
        let begin = format!("struct {} {{ ", layout.name);
        let body = text
            .split_once(&begin)
            .and_then(|(_, rest)| rest.split_once(" };"));
        let (body, _) = body.unwrap_or_else(|| panic!("the header has no {}", layout.name));
        for (declared, (name, ..)) in body.split_terminator(';').zip(&layout.fields) {
            let declared = declared.trim().to_owned();
            assert!(declared.contains(c_field(name)), "{declared} is not {name}");
            fields.insert((layout.name.to_owned(), (*name).to_owned()), declared);
        }
    }
    (fields, functions)
}

/// The table: one line a structure or field, then one a function type or constant.
fn table() -> String {
    let (declared, functions) = declarations(&header());
    let mut out = String::from(
        "# The layout of ABI 1 on 64-bit targets: structure, field, offset, size, what C calls it. Then the types of \
         functions, and every constant and its value.\n",
    );
    for layout in layouts() {
        writeln!(
            out,
            "{:<14} {:<22} {:>4} {:>4}",
            layout.name, "-", "-", layout.size
        )
        .unwrap();
        for (field, offset, size) in layout.fields {
            let declared = &declared[&(layout.name.to_owned(), field.to_owned())];
            let name = layout.name;
            writeln!(
                out,
                "{name:<14} {field:<22} {offset:>4} {size:>4}  {declared}"
            )
            .unwrap();
        }
    }
    for (number, function) in functions.iter().enumerate() {
        writeln!(out, "function {} = {function}", number + 1).unwrap();
    }
    for source in sources() {
        let names = constants(&source);
        for line in source.lines().map(str::trim) {
            let (name, value) = match line.strip_prefix("pub const ") {
                Some(rest) => {
                    let Some((declared, value)) = rest.split_once(" = ") else {
                        continue;
                    };
                    (declared.split(':').next().unwrap_or(declared), value)
                }
                None => {
                    let Some(both) = line.split_once(" = ") else {
                        continue;
                    };
                    both
                }
            };
            if names.iter().any(|known| known == name) {
                writeln!(out, "{name} = {}", value.trim_end_matches(';')).unwrap();
            }
        }
    }
    out
}

/// Compares a file with its wanted content, or writes it if that is allowed.
fn hold(path: &Path, wanted: &str) {
    // Without the old table everything would be new, and nothing a change.
    let layout = fs::read_to_string(abi().join("layout.txt")).unwrap();
    assert!(
        layout.contains(" "),
        "core/abi/layout.txt is empty: take it back"
    );
    if let Err(why) = judge(&layout, &table()) {
        panic!(
            "the contract has changed for plugins that are built already: {why}. Take that back, or make a new version."
        );
    }
    if env::var_os(BLESS).is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, wanted).unwrap();
        return;
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    let differs = found.lines().zip(wanted.lines()).position(|(a, b)| a != b);
    let line = differs.unwrap_or_else(|| found.lines().count().min(wanted.lines().count())) + 1;
    assert!(
        found == wanted,
        "{}:{line} is not what core/abi/src says. Plugins that are built already find what they know: if the change is \
         meant, run the test with {BLESS}=1.",
        path.display()
    );
}

/// The codes with which the services of the virtual world and of a real machine answer.
fn answered() -> BTreeMap<String, u64> {
    let root = abi().join("../..");
    let errors = fs::read_to_string(root.join("core/model/src/errors.rs")).unwrap();
    let known: BTreeMap<&str, u64> = errors
        .lines()
        .filter_map(|line| line.trim().strip_suffix(';')?.split_once(" = "))
        .filter_map(|(name, value)| Some((name, value.parse().ok()?)))
        .collect();
    let mut found = BTreeMap::new();
    for folder in [
        "core/sim/src/services",
        "core/sim/src/env",
        "core/live/src/services",
    ] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() || path.ends_with("tests.rs") {
                continue;
            }
            let text = fs::read_to_string(path).unwrap();
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            for word in words {
                if let Some(value) = known.get(word) {
                    found.insert(word.to_owned(), *value);
                }
            }
        }
    }
    found
}

#[test]
fn every_code_of_a_service_is_in_the_header() {
    let header = header();
    let values: Vec<u64> = header
        .lines()
        .filter_map(|line| line.strip_prefix("#define QR_")?.split_once(' '))
        .filter(|(name, _)| {
            ["ERROR_", "WSA", "DNS_"]
                .iter()
                .any(|kind| name.starts_with(kind))
        })
        .filter_map(|(_, value)| value.trim().parse().ok())
        .collect();
    let answered = answered();
    assert!(answered.len() > 15, "{answered:?}");
    for (name, value) in answered {
        assert!(
            values.contains(&value),
            "{name} ({value}) is not in quorate.h"
        );
    }
}

#[test]
fn the_layout_is_the_checked_in_table() {
    let table = table();
    for source in sources() {
        for line in source.lines() {
            let Some(name) = line
                .strip_prefix("pub struct ")
                .and_then(|rest| rest.split([' ', '{']).next())
            else {
                continue;
            };
            let known = name == "QrInstance"
                || table.lines().any(|row| row.split(' ').next() == Some(name));
            assert!(known, "{name} is missing in `layouts`");
        }
    }
    hold(&abi().join("layout.txt"), &table);
}

#[test]
fn the_header_is_what_the_code_says() {
    hold(&abi().join("include/quorate.h"), &header());
}

/// Compiles a few lines with the header and returns the first errors; `None` without a compiler.
fn compile(
    compiler: &str,
    arguments: &[&str],
    suffix: &str,
    source: &str,
) -> Option<Result<(), String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("header.{suffix}"));
    fs::write(&file, source).unwrap();
    fs::write(folder.path().join("quorate.h"), header()).unwrap();
    let done = Command::new(compiler)
        .args(arguments)
        .args(["-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I"])
        .arg(folder.path())
        .arg(&file)
        .output()
        .ok()?;
    let errors: Vec<_> = String::from_utf8_lossy(&done.stderr)
        .lines()
        .take(10)
        .map(str::to_owned)
        .collect();
    let errors = errors.join("\n");
    Some(if done.status.success() {
        Ok(())
    } else {
        Err(errors)
    })
}

const USES: &str = "#include <quorate.h>\n#include <quorate.h>\nstruct QrStr text = QR_STR(QR_SERVICE_ID_DISK);\n\
                    struct QrPlugin block = { QR_PLUGIN_MAGIC, sizeof(struct QrPlugin), QR_ABI_VERSION_1_00, 64,\n\
                    QR_STR(QR_TARGET), QR_STR(\"p\"), QR_STR(\"1\"), QR_STR(\"d\"), QR_PLUGIN_STATELESS, 0, 0, 0 };\n";

#[test]
fn the_header_is_good_c_and_cpp() {
    for (compiler, arguments, suffix) in [
        ("gcc", &["-std=c11"][..], "c"),
        ("g++", &["-std=c++11"][..], "cpp"),
    ] {
        match compile(compiler, arguments, suffix, USES) {
            Some(result) => assert_eq!(result, Ok(()), "{compiler}"),
            None => assert!(
                env::var_os("QUORATE_WITHOUT_C").is_some(),
                "the header is tested with `{compiler}`: install it, or leave that out by QUORATE_WITHOUT_C=1"
            ),
        }
    }
}

#[test]
fn a_layout_that_differs_does_not_compile() {
    let wrong = format!("{USES}_Static_assert(sizeof(struct QrTable) == 1, \"no\");\n");
    if let Some(result) = compile("gcc", &["-std=c11"], "c", &wrong) {
        assert!(result.unwrap_err().contains("no"));
    }
}
