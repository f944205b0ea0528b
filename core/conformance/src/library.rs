//! The library: what it exports and what its block says, before any of its types is started.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use quorate_abi as abi;
use quorate_host::direct::{Image, read_block};
use quorate_host::{LibraryInfo, PluginError};
use quorate_model::Lasting;

use super::{Case, Check, Group, Stop, Test, ensure, fault, passed, test};

const G: Group = Group::Library;

pub(super) const TESTS: &[Test] = &[
    test(
        "library-entry",
        G,
        "The file is a library that exports the entry `quorate_plugin_v1`",
        entry,
    ),
    test(
        "library-magic",
        G,
        "The block begins with the magic word",
        magic,
    ),
    test(
        "library-length",
        G,
        "The block is at least as long as this contract's",
        length,
    ),
    test(
        "library-abi-version",
        G,
        "The block was compiled against a version of the contract that this host takes",
        abi_version,
    ),
    test(
        "library-target",
        G,
        "Pointer width and target are this machine's",
        target,
    ),
    test(
        "library-block",
        G,
        "Names, types, intervals, properties, defaults and ranges can be read and make sense",
        block,
    ),
    test(
        "library-entry-again",
        G,
        "The entry gives the same block whenever it is called",
        entry_again,
    ),
    test(
        "library-flags",
        G,
        "The block and its types set only flags that the contract has",
        flags,
    ),
    test(
        "library-described",
        G,
        "The plugin, its types and their properties have a line of documentation each",
        described,
    ),
    test(
        "library-property-names",
        G,
        "No type has two properties whose names differ by case alone, or one of a common property's name",
        property_names,
    ),
    test(
        "library-scan-time",
        G,
        "Loading the library and reading its block takes less than a second",
        scan_time,
    ),
];

/// How long a folder search should have to wait for one library.
const SCAN_MAX: Duration = Duration::from_secs(1);

/// The common properties, in small letters: a private one of that name could not be told from them.
const COMMON: [&str; 8] = [
    "looksalivepollinterval",
    "isalivepollinterval",
    "restartaction",
    "restartthreshold",
    "restartperiod",
    "retryperiodonfailure",
    "pendingtimeout",
    "separatemonitor",
];

fn load(case: &Case<'_>) -> Result<*const abi::QrPlugin, Stop> {
    case.before("load")?;
    match Image::entry(&case.file, &case.file) {
        Ok((_, block)) => Ok(block),
        Err(_) => Err(Stop::skipped("see library-entry")),
    }
}

/// Reads the block.
fn read(case: &Case<'_>) -> Result<Result<LibraryInfo, PluginError>, Stop> {
    let block = load(case)?;
    // SAFETY: what the library's entry returned; it stays mapped.
    Ok(unsafe { read_block(&case.file, block) })
}

/// The block's contents, for tests of what only a good block has.
fn info(case: &Case<'_>) -> Result<LibraryInfo, Stop> {
    read(case)?.map_err(|error| Stop::skipped(format!("the block is broken: {}", fault(&error))))
}

fn entry(case: &Case<'_>) -> Check {
    case.before("load")?;
    match Image::entry(&case.file, &case.file) {
        Ok((_, block)) if block.is_null() => Err(Stop::failed("the entry gives NULL")),
        Ok(_) => passed("exported, and gives a block"),
        Err(error) => Err(Stop::failed(fault(&error))),
    }
}

/// Where the checks of the block stop, one after the other: what is behind the first that fails is not looked at.
fn field(
    case: &Case<'_>,
    is_this: fn(&PluginError) -> bool,
    before: fn(&PluginError) -> bool,
) -> Check {
    match read(case)? {
        Err(error) if is_this(&error) => Err(Stop::failed(fault(&error))),
        Err(error) if before(&error) => Err(Stop::skipped("a field before it is wrong".to_owned())),
        _ => passed("as it must be"),
    }
}

fn rank(error: &PluginError) -> u32 {
    match error {
        PluginError::Magic { .. } => 1,
        PluginError::Length { .. } => 2,
        PluginError::AbiVersion { .. } => 3,
        PluginError::PointerWidth { .. } | PluginError::Target { .. } => 4,
        _ => 5,
    }
}

fn magic(case: &Case<'_>) -> Check {
    field(case, |error| rank(error) == 1, |_| false)
}

fn length(case: &Case<'_>) -> Check {
    field(case, |error| rank(error) == 2, |error| rank(error) < 2)
}

fn abi_version(case: &Case<'_>) -> Check {
    field(case, |error| rank(error) == 3, |error| rank(error) < 3)
}

fn target(case: &Case<'_>) -> Check {
    field(case, |error| rank(error) == 4, |error| rank(error) < 4)
}

fn block(case: &Case<'_>) -> Check {
    field(case, |error| rank(error) == 5, |error| rank(error) < 5)
}

fn entry_again(case: &Case<'_>) -> Check {
    let first = info(case)?;
    let (entry, block) = Image::entry(&case.file, &case.file)
        .map_err(|error| Stop::failed(format!("it cannot be loaded again: {}", fault(&error))))?;
    // SAFETY: callable at any time, from any thread.
    let again = unsafe { entry() };
    ensure(again == block, || {
        "the entry gives another block the second time".to_owned()
    })?;
    // SAFETY: what the library's entry returned; it stays mapped.
    match unsafe { read_block(&case.file, again) } {
        Ok(second) if second == first => passed("the same block, unchanged"),
        Ok(_) => Err(Stop::failed("the block has changed since the first call")),
        Err(error) => Err(Stop::failed(format!("the second time: {}", fault(&error)))),
    }
}

fn flags(case: &Case<'_>) -> Check {
    let known = abi::PLUGIN_STATELESS | abi::PLUGIN_THREADS | abi::PLUGIN_SEPARATE_MONITOR;
    let flags = info(case)?.flags;
    match flags & !known {
        0 => passed(format!("{flags:#x}")),
        unknown => Err(Stop::warning(format!(
            "flags {unknown:#x} mean nothing in this version of the contract"
        ))),
    }
}

fn described(case: &Case<'_>) -> Check {
    let info = info(case)?;
    let mut without = Vec::new();
    if info.description.trim().is_empty() {
        without.push("the plugin".to_owned());
    }
    for kind in &info.types {
        if kind.doc.trim().is_empty() {
            without.push(format!("type `{}`", kind.name));
        }
        for property in &kind.properties {
            if property.doc.trim().is_empty() {
                without.push(format!("property `{}` of `{}`", property.name, kind.name));
            }
        }
    }
    match without.as_slice() {
        [] => passed("each of them"),
        [first, rest @ ..] => Err(Stop::warning(format!(
            "no line of documentation: {first}{}",
            if rest.is_empty() {
                String::new()
            } else {
                format!(" and {} more", rest.len())
            }
        ))),
    }
}

fn property_names(case: &Case<'_>) -> Check {
    for kind in info(case)?.types {
        let mut seen = BTreeSet::new();
        for property in &kind.properties {
            let (name, of) = (property.name.to_ascii_lowercase(), &kind.name);
            ensure(!COMMON.contains(&name.as_str()), || {
                format!(
                    "property `{}` of `{of}` has the name of a common one",
                    property.name
                )
            })?;
            ensure(seen.insert(name), || {
                format!("property `{}` of `{of}` is there twice", property.name)
            })?;
        }
    }
    passed("each name once")
}

fn scan_time(case: &Case<'_>) -> Check {
    let began = Instant::now();
    info(case)?;
    let took = began.elapsed();
    let long = took > SCAN_MAX;
    let took = Lasting(took).to(Duration::from_millis(1));
    if long {
        let text = format!("{took}, and every start of the host waits");
        return Err(Stop::warning(text));
    }
    passed(took.to_string())
}
