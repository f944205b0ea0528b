//! Loads plugins, calls them safely, and is the resource monitor of a node.
//!
//! - [`PluginSet`] finds and loads plugin libraries. It checks what they say of themselves field by field; of their
//!   code only the start-up function is called by then.
//! - [`Monitor`] is the resource monitor of one boot of one node: it calls the entries of resource types, polls the
//!   resources' health and reports every change of state. It reads no clock and starts no thread: the time is what its
//!   caller's [`Services`] say.
//! - [`Request`] is everything that a plugin can ask of its world. The virtual world and the real one each answer it
//!   ([`Serve`]); [`Services`] has a method for each request, for those who ask.
//! - [`run_monitor`] is the whole of a resource monitor process. It calls the plugins that [`Isolation`] or the
//!   property `SeparateMonitor` put into a process of their own, so that a crash of theirs ends only that process.
//! - [`direct`] calls plugins without a monitor, with the same means as the monitor.
//!
//! None of these needs `unsafe` to be used. It is needed inside, where a foreign table is read
//! ([`plugins`](PluginSet)), where an entry is called, and where a plugin calls back.

mod bridge;
pub mod direct;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod keeping;
mod library;
mod monitor;
mod monitor_process;
mod plugins;
mod process;
mod services;
mod signals;
mod table;

pub use quorate_abi::error_name;

/// How long a unit of work takes of a service that starts, where time is virtual.
pub const WORK_UNIT: std::time::Duration =
    std::time::Duration::from_millis(quorate_abi::SERVICE_WORK_UNIT_MS as u64);

pub use keeping::{Change, Together};
pub use library::{Isolation, LibraryInfo, PropertyInfo, PropertyKind, TypeInfo};
pub use monitor::{ARBITRATION_TIMEOUT, Monitor, PluginStatus};
pub use monitor_process::{MonitorError, run_monitor};
pub use plugins::{
    Held, KeptCopies, LoadErrors, NearMiss, PluginError, PluginSet, ReloadError, Reloaded,
    near_misses, search_folders,
};
pub use process::{
    Terminal, describe_end, end_at_once, end_soon, end_with_parent, has_ended, interrupt,
    is_stopped, kill_group, share_heap, take_stdin, tell_parent,
};
pub use services::{
    Answer, Caller, Carried, Request, Reservation, Serve, ServiceResult, ServiceState, Services,
};
pub use table::{
    LastCall, last_call, last_call_in, record_calls_in, take_slow_calls, tell_deaths, watch_calls,
};
