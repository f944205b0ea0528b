//! The C contract between Quorate and a resource plugin: tables and constants, no logic.
//!
//! A plugin library exports one symbol, [`ENTRY_SYMBOL`], a function that returns its [`QrPlugin`] block.
//! The host checks the block's first fields before it reads any other, then calls `startup` once per resource
//! type, which negotiates a version and hands out a [`QrTable`]: the original's resource DLL contract
//! (`Startup`, then Open, Close, Online, Offline, Terminate, LooksAlive, IsAlive, Arbitrate, Release,
//! ResourceControl, ResourceTypeControl) with one entry more, `work`, so that time can be virtual.
//!
//! Rules for everything here:
//! - fixed-width integers and pointers only; text is UTF-8 with a length and no terminator;
//! - text handed to a call is borrowed for that call; output goes into a buffer of the caller's; nobody
//!   frees the other's memory;
//! - each table begins with its size and version; a field counts only if the size covers it;
//! - a NULL entry means "not supported";
//! - nothing unwinds across the boundary.
//!
//! Threads: the host calls every entry of one library from one thread at a time; a library with
//! [`PLUGIN_STATELESS`] may serve several nodes on several threads, but each instance still sees one thread at a
//! time. Only a plugin that sets
//! [`PLUGIN_THREADS`] may call the host from threads of its own, and then only
//! [`QrHost::set_resource_status`] and [`QrHost::log_event`].
#![no_std]

use core::ffi::c_void;

mod codes;
mod controls;
mod services;

pub use codes::*;
pub use controls::*;
pub use services::*;

/// Text, borrowed: UTF-8, not terminated. A NULL `ptr` with `len` 0 is the empty text.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct QrStr {
    /// First byte.
    pub ptr: *const u8,
    /// Bytes.
    pub len: u64,
}

/// The symbol every plugin exports, a [`QrEntryFn`].
pub const ENTRY_SYMBOL: &[u8] = b"quorate_plugin_v1\0";

/// Type of [`ENTRY_SYMBOL`]. Callable at any time, from any thread; the block lives as long as the library.
pub type QrEntryFn = unsafe extern "C" fn() -> *const QrPlugin;

/// First word of [`QrPlugin`]: "QRPL" read as little-endian bytes.
pub const PLUGIN_MAGIC: u32 = u32::from_le_bytes(*b"QRPL");

/// Version 1.0 of the contract, numbered as the original numbers it (`CLRES_VERSION_V1_00`).
pub const ABI_VERSION_1_00: u32 = 0x100;

/// Flag of [`QrPlugin`]: no process-wide state, so one image may serve several nodes at once.
pub const PLUGIN_STATELESS: u32 = 1;
/// Flag of [`QrPlugin`]: runs threads of its own, so a drill with it is not repeatable.
pub const PLUGIN_THREADS: u32 = 2;
/// Flag of [`QrPlugin`]: asks for a resource monitor process of its own unless a resource says otherwise.
pub const PLUGIN_SEPARATE_MONITOR: u32 = 4;

/// What a library is: checked field by field, in this order, before anything else is called.
#[repr(C)]
#[derive(Debug)]
pub struct QrPlugin {
    /// [`PLUGIN_MAGIC`].
    pub magic: u32,
    /// `sizeof(QrPlugin)` as the plugin was compiled.
    pub length: u32,
    /// The contract's version the plugin was compiled against.
    pub abi_version: u32,
    /// Bits in a pointer.
    pub pointer_width: u32,
    /// The target it was built for, such as `x86_64-linux`.
    pub target: QrStr,
    /// The plugin's name, such as `exres`.
    pub name: QrStr,
    /// The plugin's own version.
    pub version: QrStr,
    /// One line for people.
    pub description: QrStr,
    /// `PLUGIN_…` flags.
    pub flags: u32,
    /// How many types follow.
    pub type_count: u32,
    /// The resource types it implements.
    pub types: *const QrType,
    /// The start-up function.
    pub startup: Option<QrStartupFn>,
}

// SAFETY: the block is immutable and its pointers are to immutable statics.
unsafe impl Sync for QrPlugin {}

/// `Startup`: called once per resource type, before any of its other entries.
///
/// Gives the newest table whose version lies in `min_version..=max_version`, or
/// [`ERROR_REVISION_MISMATCH`] if there is none, or [`ERROR_RESOURCE_TYPE_NOT_FOUND`] for an unknown type. `host`
/// and the table both stay valid for as long as the library is loaded.
pub type QrStartupFn = unsafe extern "C" fn(
    type_name: QrStr,
    min_version: u32,
    max_version: u32,
    host: *const QrHost,
    table: *mut *const QrTable,
) -> u32;

/// Flag of [`QrType`]: can be the quorum resource; `arbitrate` and `release` are there.
pub const TYPE_QUORUM_CAPABLE: u32 = 1;

/// One resource type.
#[repr(C)]
#[derive(Debug)]
pub struct QrType {
    /// `sizeof(QrType)` as the plugin was compiled; also the stride of the array.
    pub size: u32,
    /// `TYPE_…` flags.
    pub flags: u32,
    /// The type's name, such as `Physical Disk`.
    pub name: QrStr,
    /// One line for people.
    pub doc: QrStr,
    /// The type's LooksAlive interval in ms, not 0 (original: 5000).
    pub looks_alive_ms: u32,
    /// The type's IsAlive interval in ms, not 0 (original: 60000).
    pub is_alive_ms: u32,
    /// Default of `PendingTimeout` in ms for this type; 0 takes the cluster's (180000).
    pub pending_timeout_ms: u32,
    /// How many properties follow.
    pub property_count: u32,
    /// The type's private properties.
    pub properties: *const QrProperty,
}

// SAFETY: as for QrPlugin.
unsafe impl Sync for QrType {}

/// Kind of [`QrProperty`]: text.
pub const PROPERTY_SZ: u32 = 1;
/// Kind of [`QrProperty`]: a number.
pub const PROPERTY_DWORD: u32 = 2;
/// Kind of [`QrProperty`]: 0 or 1.
pub const PROPERTY_BOOL: u32 = 3;
/// Kind of [`QrProperty`]: a list of texts.
pub const PROPERTY_MULTI_SZ: u32 = 4;

/// Flag of [`QrProperty`]: Online is refused without it.
pub const PROPERTY_REQUIRED: u32 = 1;
/// Flag of [`QrProperty`]: a change takes effect at the next Online.
pub const PROPERTY_AT_ONLINE: u32 = 2;

/// One private property of a type.
#[repr(C)]
#[derive(Debug)]
pub struct QrProperty {
    /// `sizeof(QrProperty)` as the plugin was compiled; also the stride of the array.
    pub size: u32,
    /// `PROPERTY_SZ` and its siblings.
    pub kind: u32,
    /// `PROPERTY_REQUIRED` and its siblings.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
    /// Its name.
    pub name: QrStr,
    /// Its unit, such as `ms`, or empty.
    pub unit: QrStr,
    /// One line for people.
    pub doc: QrStr,
    /// Its default as text (decimal for numbers, lines for lists).
    pub default: QrStr,
    /// Smallest number allowed.
    pub min: u64,
    /// Largest number allowed.
    pub max: u64,
}

// SAFETY: as for QrPlugin.
unsafe impl Sync for QrProperty {}

/// The host's handle of one resource instance. Handed to `open`, and back to the host with every service call.
/// A number in the guise of a pointer: there is nothing behind it. One that is stale or made up is refused.
#[repr(C)]
#[derive(Debug)]
pub struct QrInstance {
    _private: [u8; 0],
}

/// The plugin's own handle of one resource instance (`RESID`).
pub type QrResid = *mut c_void;

/// What a call that may take time says of its progress. The host zeroes it (but `size`) before each call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct QrWork {
    /// `sizeof(QrWork)`, set by the host.
    pub size: u32,
    /// Call `work` again after this many ms; 0 with a pending operation means at once (the host lets 1 ms pass), 0
    /// without one never. Only where `online` or `arbitrate` is done at once with 0 does an earlier call's wait stand.
    pub wait_ms: u32,
    /// Larger whenever the operation got on: a pending operation whose checkpoint stands still for longer than
    /// `PendingTimeout` is terminated.
    pub checkpoint: u32,
    /// From `online` or the work that ends it: 1 if the type watches itself and will say so through `signal`: no
    /// LooksAlive polling then (the original's event handle).
    pub has_event: u32,
    /// From `work` while online: 1 to signal the event: the host calls `is_alive` at once, to confirm.
    pub signal: u32,
    /// From `work` after a won `arbitrate`: 1 if the reservation is lost (`QuorumResourceLost`).
    pub quorum_lost: u32,
}

/// A type's entries, version 1.0. The v1 order of the original, then what it did not have.
///
/// States: an instance is *offline* from `open`; *pending* from an `online`, `offline` or `arbitrate` that returned
/// [`ERROR_IO_PENDING`] until `work` returns anything else; *online* from success until `offline`, `terminate` or a failed
/// check. "Any state" below means any state of an open instance. Every entry should return within 300 ms.
#[repr(C)]
#[derive(Debug)]
pub struct QrTable {
    /// `sizeof(QrTable)` as the plugin was compiled.
    pub size: u32,
    /// The table's version, [`ABI_VERSION_1_00`].
    pub version: u32,
    /// Makes an instance and leaves the thing offline. Required.
    pub open: Option<
        unsafe extern "C" fn(name: QrStr, instance: *const QrInstance, resid: *mut QrResid) -> u32,
    >,
    /// Destroys the instance. The host has terminated it before, unless it was offline. Required.
    pub close: Option<unsafe extern "C" fn(resid: QrResid)>,
    /// Brings into service: 0, [`ERROR_IO_PENDING`] or an error, on which the host calls `terminate`. Called offline; on an
    /// online instance it is 0 and changes nothing. Required.
    pub online: Option<unsafe extern "C" fn(resid: QrResid, work: *mut QrWork) -> u32>,
    /// Takes out of service gracefully: as `online`. Called online; on an offline instance it is 0. Required.
    pub offline: Option<unsafe extern "C" fn(resid: QrResid, work: *mut QrWork) -> u32>,
    /// Takes out of service at once, in any state, cancelling what is pending. Required.
    pub terminate: Option<unsafe extern "C" fn(resid: QrResid)>,
    /// The cheap check: 1 alive, 0 not (the host then calls `is_alive` at once). Called online only. Required.
    pub looks_alive: Option<unsafe extern "C" fn(resid: QrResid) -> u32>,
    /// The thorough check: 1 alive, 0 not (Failed, and `terminate`). Called online only. Required.
    pub is_alive: Option<unsafe extern "C" fn(resid: QrResid) -> u32>,
    /// Gains the reservation and defends it from then on, in `work`. Legal from `open` on, before `online`. With
    /// `release` required for quorum-capable types, NULL for others.
    pub arbitrate: Option<unsafe extern "C" fn(resid: QrResid, work: *mut QrWork) -> u32>,
    /// Stops defending and gives the reservation up. The host does not call it at `offline`: a type's own offline does.
    pub release: Option<unsafe extern "C" fn(resid: QrResid) -> u32>,
    /// Handles a control code. [`ERROR_INVALID_FUNCTION`] leaves it to the host; [`ERROR_MORE_DATA`] says that the
    /// buffer is too small and sets `returned` to what is needed. Any state.
    pub resource_control: Option<
        unsafe extern "C" fn(
            resid: QrResid,
            code: u32,
            input: *const u8,
            input_len: u64,
            output: *mut u8,
            output_len: u64,
            returned: *mut u64,
        ) -> u32,
    >,
    /// The same for the type as a whole, at any time: there may be no instance. A code that was answered with
    /// [`ERROR_MORE_DATA`] comes again, and must have the same answer.
    pub resource_type_control: Option<
        unsafe extern "C" fn(
            type_name: QrStr,
            code: u32,
            input: *const u8,
            input_len: u64,
            output: *mut u8,
            output_len: u64,
            returned: *mut u64,
        ) -> u32,
    >,
    /// Goes on with what is pending, or with what the type does by itself while online or defending (a probe, a lease, a
    /// renewal). Called again `wait_ms` after the last call that set it. Pending: 0 done, [`ERROR_IO_PENDING`] not yet,
    /// or an error. Otherwise 0, or an error, which the host takes for a `signal` while online and for `quorum_lost`
    /// while only defending. NULL if the type never asks for it.
    pub work: Option<unsafe extern "C" fn(resid: QrResid, work: *mut QrWork) -> u32>,
    /// The last error of this instance as a sentence, copied into `buffer`; returns the whole length. Any state. May be NULL.
    pub last_error:
        Option<unsafe extern "C" fn(resid: QrResid, buffer: *mut u8, buffer_len: u64) -> u64>,
    /// An optional ability by id, or NULL. May be NULL itself.
    pub get_extension: Option<unsafe extern "C" fn(id: QrStr) -> *const c_void>,
}

/// The host's entries.
#[repr(C)]
#[derive(Debug)]
pub struct QrHost {
    /// `sizeof(QrHost)` as the host was compiled.
    pub size: u32,
    /// The host's contract version.
    pub version: u32,
    /// A service table by id, such as `quorate.disk/1`, or NULL. Callable from `startup` on; the table stays valid.
    pub get_service: Option<unsafe extern "C" fn(id: QrStr) -> *const c_void>,
    /// `SetResourceStatus`, for plugins with threads of their own: the pending operation got on (997) or ended (0 or an
    /// error). Returns 0 to go on, 1 to stop the operation and all its threads.
    pub set_resource_status: Option<
        unsafe extern "C" fn(instance: *const QrInstance, status: u32, checkpoint: u32) -> u32,
    >,
    /// `LogEvent`: a line of at most 500 characters for the cluster log. `level` is `LOG_INFORMATION` to `LOG_SEVERE`.
    pub log_event:
        Option<unsafe extern "C" fn(instance: *const QrInstance, level: u32, text: QrStr)>,
}

// SAFETY: the table is immutable and its pointers are to functions.
unsafe impl Sync for QrHost {}
// SAFETY: as for QrHost.
unsafe impl Sync for QrTable {}
