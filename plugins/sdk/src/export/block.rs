//! The plugin block and the start-up function.

use quorate_abi::{self as abi, QrHost, QrPlugin, QrProperty, QrStr, QrTable, QrType};

use super::host::set_host;
use super::table::Export;
use crate::Resource;
use crate::raw;

/// A type's name and its table.
#[derive(Debug)]
pub struct TypeEntry {
    name: &'static str,
    table: &'static QrTable,
}

impl TypeEntry {
    /// Of the type `T`.
    pub const fn of<T: Resource>() -> Self {
        TypeEntry {
            name: T::TYPE.name,
            table: Export::<T>::TABLE,
        }
    }
}

/// The block of the type `T`.
pub const fn type_block<T: Resource>() -> QrType {
    let info = T::TYPE;
    QrType {
        size: size_of::<QrType>() as u32,
        flags: if T::QUORUM.is_some() {
            abi::TYPE_QUORUM_CAPABLE
        } else {
            0
        },
        name: raw::text(info.name),
        doc: raw::text(info.doc),
        looks_alive_ms: info.looks_alive_ms,
        is_alive_ms: info.is_alive_ms,
        pending_timeout_ms: info.pending_timeout_ms,
        property_count: info.properties.len() as u32,
        // `AnyProperty` is a transparent `QrProperty`.
        properties: info.properties.as_ptr().cast::<QrProperty>(),
    }
}

/// The plugin's block.
pub const fn plugin_block(
    name: &'static str,
    version: &'static str,
    description: &'static str,
    types: &'static [QrType],
    startup: abi::QrStartupFn,
) -> QrPlugin {
    QrPlugin {
        magic: abi::PLUGIN_MAGIC,
        length: size_of::<QrPlugin>() as u32,
        abi_version: abi::ABI_VERSION_1_00,
        pointer_width: usize::BITS,
        target: raw::text(host_target()),
        name: raw::text(name),
        version: raw::text(version),
        description: raw::text(description),
        flags: abi::PLUGIN_STATELESS,
        type_count: types.len() as u32,
        types: types.as_ptr(),
        startup: Some(startup),
    }
}

const TARGET_PARTS: [&str; 3] = [std::env::consts::ARCH, "-", std::env::consts::OS];
const TARGET_LEN: usize = TARGET_PARTS[0].len() + TARGET_PARTS[1].len() + TARGET_PARTS[2].len();
static TARGET: [u8; TARGET_LEN] = {
    let mut joined = [0; TARGET_LEN];
    let (mut part, mut at) = (0, 0);
    while part < TARGET_PARTS.len() {
        let bytes = TARGET_PARTS[part].as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            joined[at] = bytes[index];
            at += 1;
            index += 1;
        }
        part += 1;
    }
    joined
};

/// The target of this build, such as `x86_64-linux`.
pub const fn host_target() -> &'static str {
    match std::str::from_utf8(&TARGET) {
        Ok(target) => target,
        Err(_) => panic!("a target's name is not UTF-8"),
    }
}

/// The start-up function: negotiates a version and hands out a type's table.
///
/// # Safety
/// The contract of [`abi::QrStartupFn`].
pub unsafe fn startup(
    entries: &[TypeEntry],
    type_name: QrStr,
    min_version: u32,
    max_version: u32,
    host: *const QrHost,
    table: *mut *const QrTable,
) -> u32 {
    if host.is_null() || table.is_null() {
        return abi::ERROR_INVALID_PARAMETER;
    }
    // SAFETY: the text is the host's, for this call.
    let wanted = unsafe { raw::bytes(type_name.ptr, type_name.len) };
    let Some(entry) = entries.iter().find(|entry| entry.name.as_bytes() == wanted) else {
        return abi::ERROR_RESOURCE_TYPE_NOT_FOUND;
    };
    if !(min_version..=max_version).contains(&abi::ABI_VERSION_1_00) {
        return abi::ERROR_REVISION_MISMATCH;
    }
    set_host(host);
    // SAFETY: not NULL, and the host's to write.
    unsafe { table.write(entry.table) };
    abi::ERROR_SUCCESS
}
