//! A healthy plugin that does nothing: a fixture is this with one thing changed.

use std::ffi::c_void;
use std::ptr;

pub use quorate_abi as abi;
use quorate_abi::{QrInstance, QrPlugin, QrResid, QrStartupFn, QrStr, QrTable, QrType, QrWork};

/// Text for a table.
pub const fn text(text: &'static str) -> QrStr {
    QrStr {
        ptr: text.as_ptr(),
        len: text.len() as u64,
    }
}

extern "C" fn open(_: QrStr, _: *const QrInstance, _: *mut QrResid) -> u32 {
    0
}
extern "C" fn nothing(_: QrResid) {}
extern "C" fn done(_: QrResid, _: *mut QrWork) -> u32 {
    0
}
extern "C" fn yes(_: QrResid) -> u32 {
    1
}
extern "C" fn no_extension(_: QrStr) -> *const c_void {
    ptr::null()
}

/// A table whose entries do nothing and are always well.
pub const TABLE: QrTable = QrTable {
    size: size_of::<QrTable>() as u32,
    version: abi::ABI_VERSION_1_00,
    open: Some(open),
    close: Some(nothing),
    online: Some(done),
    offline: Some(done),
    terminate: Some(nothing),
    looks_alive: Some(yes),
    is_alive: Some(yes),
    arbitrate: None,
    release: None,
    resource_control: None,
    resource_type_control: None,
    work: None,
    last_error: None,
    get_extension: Some(no_extension),
};

/// A type called `name` without properties, with these flags.
pub const fn kind(name: &'static str, flags: u32) -> QrType {
    QrType {
        size: size_of::<QrType>() as u32,
        flags,
        name: text(name),
        doc: text("Bad on purpose"),
        looks_alive_ms: 5_000,
        is_alive_ms: 60_000,
        pending_timeout_ms: 0,
        property_count: 0,
        properties: ptr::null(),
    }
}

/// The block of a plugin called `name` with these types.
pub const fn block(name: &'static str, types: &'static [QrType], startup: QrStartupFn) -> QrPlugin {
    QrPlugin {
        magic: abi::PLUGIN_MAGIC,
        length: size_of::<QrPlugin>() as u32,
        abi_version: abi::ABI_VERSION_1_00,
        pointer_width: usize::BITS,
        target: text(TARGET),
        name: text(name),
        version: text(env!("CARGO_PKG_VERSION")),
        description: text("Bad on purpose"),
        flags: abi::PLUGIN_STATELESS,
        type_count: types.len() as u32,
        types: types.as_ptr(),
        startup: Some(startup),
    }
}

const TARGET: &str = if cfg!(all(target_arch = "x86_64", target_os = "linux")) {
    "x86_64-linux"
} else if cfg!(all(target_arch = "aarch64", target_os = "linux")) {
    "aarch64-linux"
} else {
    "unknown"
};

/// What a healthy `startup` answers for these types and tables.
///
/// # Safety
///
/// `name` is lent for the call, and `table` is the host's place for a table.
pub unsafe fn start(
    name: QrStr,
    versions: (u32, u32),
    types: &[QrType],
    tables: &[&'static QrTable],
    table: *mut *const QrTable,
) -> u32 {
    // SAFETY: the host lends the name for this call.
    let named = |text: QrStr| unsafe { std::slice::from_raw_parts(text.ptr, text.len as usize) };
    let found = types
        .iter()
        .zip(tables)
        .find(|(kind, _)| named(kind.name) == named(name));
    let Some((_, found)) = found else {
        return abi::ERROR_RESOURCE_TYPE_NOT_FOUND;
    };
    if !(versions.0..=versions.1).contains(&abi::ABI_VERSION_1_00) {
        return abi::ERROR_REVISION_MISMATCH;
    }
    // SAFETY: the host's place for the table.
    unsafe { table.write(*found) };
    abi::ERROR_SUCCESS
}

/// Exports a plugin called `$name` with one type `$kind`. `$block` and `$table` take the healthy block and table
/// and give the ones to export.
#[macro_export]
macro_rules! export {
    ($name:literal, $kind:literal, |$block:ident| $new_block:expr, |$table:ident| $new_table:expr) => {
        $crate::export_types!($name, |$block| $new_block, |$table| [$kind: $new_table]);
    };
}

/// Exports a plugin called `$name` with several types, each with flags in brackets if it has any. `$block` and `$table`
/// take the healthy block and table and give the ones to export.
#[macro_export]
macro_rules! export_types {
    ($name:literal, |$block:ident| $new_block:expr, |$table:ident| [$($kind:literal $([$flags:expr])?: $new_table:expr),+ $(,)?]) => {
        static TYPES: &[$crate::abi::QrType] = &[$($crate::kind($kind, 0 $(| $flags)?)),+];

        static TABLES: &[&$crate::abi::QrTable] = &[$({
            const TABLE: &$crate::abi::QrTable = &{
                let $table = $crate::TABLE;
                $new_table
            };
            TABLE
        }),+];

        static PLUGIN: $crate::abi::QrPlugin = {
            let $block = $crate::block($name, TYPES, startup);
            $new_block
        };

        unsafe extern "C" fn startup(
            name: $crate::abi::QrStr,
            min: u32,
            max: u32,
            _: *const $crate::abi::QrHost,
            table: *mut *const $crate::abi::QrTable,
        ) -> u32 {
            // SAFETY: passed on.
            unsafe { $crate::start(name, (min, max), TYPES, TABLES, table) }
        }

        /// The plugin's entry.
        #[unsafe(no_mangle)]
        pub extern "C" fn quorate_plugin_v1() -> *const $crate::abi::QrPlugin {
            &raw const PLUGIN
        }
    };
}
