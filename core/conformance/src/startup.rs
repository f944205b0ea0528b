//! Tests of the start-up function: versions, unknown types, hosts with a shorter table, and the table that it hands
//! out.

use std::mem::offset_of;
use std::ptr;

use quorate_abi::{self as abi, QrHost, QrStartupFn, QrStr, QrTable};
use quorate_host::PluginError;
use quorate_host::direct::{Image, check_table, read_block};

use super::bench::code_text;
use super::{Case, Check, Group, Stop, Test, ensure, fault, passed, test, witness};

const G: Group = Group::Startup;

pub(super) const TESTS: &[Test] = &[
    test(
        "startup-table",
        G,
        "`startup` hands out a table whose size and version this host takes",
        table,
    ),
    test(
        "startup-entries",
        G,
        "The table has every entry that the type requires",
        entries,
    ),
    test(
        "startup-half-abilities",
        G,
        "No ability is half there: arbitration without `release` or without the type's flag, and the like",
        half_abilities,
    ),
    test(
        "startup-newer-host",
        G,
        "A host that takes later versions as well gets a table of a version in its range",
        newer_host,
    ),
    test(
        "startup-too-new",
        G,
        "A host that takes only later versions is refused with ERROR_REVISION_MISMATCH and gets no table",
        too_new,
    ),
    test(
        "startup-too-old",
        G,
        "A host that takes only earlier versions is refused with ERROR_REVISION_MISMATCH and gets no table",
        too_old,
    ),
    test(
        "startup-unknown-type",
        G,
        "An unknown type is refused with ERROR_RESOURCE_TYPE_NOT_FOUND and gets no table",
        unknown_type,
    ),
    test(
        "startup-bad-utf8",
        G,
        "A type's name that is no UTF-8 is refused and gets no table",
        bad_utf8,
    ),
    test(
        "startup-short-host",
        G,
        "Of a host's table that ends early nothing behind the end is used",
        short_host,
    ),
];

/// The value of the place for the table, if the plugin writes nothing there.
fn untouched() -> *const QrTable {
    ptr::null()
}

fn startup(case: &Case<'_>) -> Result<QrStartupFn, Stop> {
    witness::mark_home_thread();
    case.before("load")?;
    let broken = |error: PluginError| {
        Stop::skipped(format!("see the tests of the library ({})", fault(&error)))
    };
    let (_, block) = Image::entry(&case.file, &case.file).map_err(broken)?;
    // SAFETY: the block is what the library's entry returned, and the library stays mapped.
    unsafe { read_block(&case.file, block) }.map_err(broken)?;
    // SAFETY: `read_block` checked that the block is whole.
    let startup = unsafe { (&raw const (*block).startup).read() };
    startup.ok_or_else(|| Stop::skipped("there is no start-up function"))
}

/// Calls the start-up function for a type. Returns its code and its table.
fn start(
    case: &Case<'_>,
    name: &[u8],
    versions: (u32, u32),
    host: *const QrHost,
) -> Result<(u32, *const QrTable), Stop> {
    let startup = startup(case)?;
    case.before("startup")?;
    let mut table = untouched();
    let name = QrStr {
        ptr: name.as_ptr(),
        len: name.len() as u64,
    };
    // SAFETY: this is the first call for this name in this process. All pointers outlive the call, and the host's table
    // is static.
    let code = unsafe { startup(name, versions.0, versions.1, host, &raw mut table) };
    Ok((code, table))
}

/// The oldest and newest version of a table that this host accepts.
const OURS: (u32, u32) = (abi::ABI_VERSION_1_00, abi::ABI_VERSION_1_00);

/// Starts the type of the case, and makes all checks that the host makes.
fn checked(case: &Case<'_>) -> Result<Result<*const QrTable, PluginError>, Stop> {
    let (code, table) = start(case, case.kind.as_bytes(), OURS, witness::host())?;
    let kind = super::describe(&case.file)
        .map_err(|error| Stop::skipped(fault(&error)))?
        .types
        .into_iter()
        .find(|kind| kind.name == case.kind)
        .ok_or_else(|| Stop::skipped(format!("there is no type `{}`", case.kind)))?;
    // SAFETY: the table is NULL or what `startup` handed out, which is valid for as long as the library is mapped.
    Ok(unsafe { check_table(&case.file, &kind, code, table) }.map(|_| table))
}

fn table(case: &Case<'_>) -> Check {
    match checked(case)? {
        Err(PluginError::MissingEntry { .. }) => passed("size and version are right"),
        Err(error) => Err(Stop::failed(fault(&error))),
        Ok(table) => {
            // SAFETY: a checked table begins with its size.
            let size = unsafe { (&raw const (*table).size).read() };
            passed(format!("{size} bytes, version 1.0"))
        }
    }
}

fn entries(case: &Case<'_>) -> Check {
    match checked(case)? {
        Err(error @ PluginError::MissingEntry { .. }) => Err(Stop::failed(fault(&error))),
        Err(_) => Err(Stop::skipped("there is no table: see startup-table")),
        Ok(_) => passed("all there"),
    }
}

fn half_abilities(case: &Case<'_>) -> Check {
    let Ok(table) = checked(case)? else {
        return Err(Stop::skipped(
            "there is no table: see startup-table and startup-entries",
        ));
    };
    let info = super::describe(&case.file).map_err(|error| Stop::skipped(fault(&error)))?;
    let quorum = info
        .types
        .iter()
        .any(|kind| kind.name == case.kind && kind.quorum_capable);
    // SAFETY: a checked table begins with its size.
    let size = unsafe { (&raw const (*table).size).read() } as usize;
    let covers = |offset: usize| size >= offset + size_of::<usize>();
    // SAFETY: each entry is read only if the size covers it.
    let (arbitrate, release, work) = unsafe {
        (
            covers(offset_of!(QrTable, arbitrate))
                && (&raw const (*table).arbitrate).read().is_some(),
            covers(offset_of!(QrTable, release)) && (&raw const (*table).release).read().is_some(),
            covers(offset_of!(QrTable, work)) && (&raw const (*table).work).read().is_some(),
        )
    };
    if !quorum && (arbitrate || release) {
        let which = if arbitrate { "arbitrate" } else { "release" };
        return Err(Stop::failed(format!(
            "`{which}` is there, and the type does not claim TYPE_QUORUM_CAPABLE: NULL says \"not supported\""
        )));
    }
    if quorum && !work && !info.has_threads() {
        return Err(Stop::failed(
            "the type claims TYPE_QUORUM_CAPABLE and has no `work` to defend the reservation in",
        ));
    }
    if size != size_of::<QrTable>() && !size.is_multiple_of(size_of::<usize>()) {
        return Err(Stop::warning(format!(
            "the table's size of {size} bytes ends within an entry"
        )));
    }
    passed("whole abilities or none")
}

fn newer_host(case: &Case<'_>) -> Check {
    let versions = (abi::ABI_VERSION_1_00, u32::MAX);
    let (code, table) = start(case, case.kind.as_bytes(), versions, witness::host())?;
    ensure(code == abi::ERROR_SUCCESS, || {
        format!(
            "{} for versions {:#x} to {:#x}",
            code_text(code),
            versions.0,
            versions.1
        )
    })?;
    ensure(!table.is_null() && table.is_aligned(), || {
        "0, and no table".to_owned()
    })?;
    // SAFETY: every table begins with its size and version.
    let version = unsafe { (&raw const (*table).version).read() };
    ensure(version >= abi::ABI_VERSION_1_00, || {
        format!("a table of version {version:#x}")
    })?;
    passed(format!("version {version:#x}"))
}

fn refused(case: &Case<'_>, name: &[u8], versions: (u32, u32), wanted: Option<u32>) -> Check {
    let (code, table) = start(case, name, versions, witness::host())?;
    ensure(code != abi::ERROR_SUCCESS, || {
        "it is taken, and must be refused".to_owned()
    })?;
    ensure(table.is_null(), || {
        format!("{}, and a table all the same", code_text(code))
    })?;
    match wanted {
        Some(wanted) if wanted != code => Err(Stop::failed(format!(
            "refused with {}, and it should be {}",
            code_text(code),
            code_text(wanted)
        ))),
        _ => passed(format!("refused with {}", code_text(code))),
    }
}

fn too_new(case: &Case<'_>) -> Check {
    let versions = (0x200, 0x2ff);
    let wanted = Some(abi::ERROR_REVISION_MISMATCH);
    refused(case, case.kind.as_bytes(), versions, wanted)
}

fn too_old(case: &Case<'_>) -> Check {
    let versions = (0x1, 0xff);
    let wanted = Some(abi::ERROR_REVISION_MISMATCH);
    refused(case, case.kind.as_bytes(), versions, wanted)
}

fn unknown_type(case: &Case<'_>) -> Check {
    let wanted = Some(abi::ERROR_RESOURCE_TYPE_NOT_FOUND);
    refused(case, b"No Type Has This Name", OURS, wanted)
}

fn bad_utf8(case: &Case<'_>) -> Check {
    refused(case, b"\xff\xfe\xfd", OURS, None)
}

fn short_host(case: &Case<'_>) -> Check {
    let (code, _) = start(case, case.kind.as_bytes(), OURS, witness::short_host())?;
    ensure(!witness::went_beyond(), || {
        "it called an entry of the host's table that the table's size does not cover".to_owned()
    })?;
    if code == abi::ERROR_SUCCESS {
        passed("taken, and nothing behind the end was used")
    } else {
        passed(format!("refused with {}", code_text(code)))
    }
}
