//! Loads plugins, calls them safely, and is the resource monitor of a node.
//!
//! - [`PluginSet`] finds and loads plugin libraries and checks them field by field before any of their code
//!   but the start-up is called.
//! - [`Monitor`] is the resource monitor of one boot of one node: it runs the resource types' entries, polls
//!   their health and reports every change of state. It reads no clock and starts no thread: time is what
//!   its caller's [`Services`] says it is.
//! - [`Request`] is everything a plugin can ask of its world. The virtual world and the real one each [`Serve`] it;
//!   [`Services`] is the face of that for who asks.
//! - [`run_monitor`] is what a resource monitor process does: it calls the plugins that [`Isolation`] and the property
//!   `SeparateMonitor` keep apart, so that only that process dies of their faults.
//! - [`direct`] is what the monitor calls plugins with, for what calls them without a monitor.
//!
//! `unsafe` stays behind these: it lives where a foreign table is read ([`plugins`](PluginSet)), where
//! an entry is called and where a plugin calls back.

pub mod direct;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod library;
mod monitor;
mod monitor_process;
mod plugins;
mod process;
mod services;
mod table;

pub use quorate_abi::error_name;

pub use library::{Isolation, LibraryInfo, PropertyInfo, PropertyKind, TypeInfo};
pub use monitor::{ARBITRATION_TIMEOUT, Monitor, PluginStatus};
pub use monitor_process::{MonitorError, run_monitor};
pub use plugins::{
    LoadErrors, NearMiss, PluginError, PluginSet, ReloadError, Reloaded, near_misses,
    search_folders,
};
pub use process::{
    Terminal, describe_end, end_at_once, end_soon, end_with_parent, has_ended, interrupt,
    is_stopped, kill_group, take_stdin, tell_parent,
};
pub use services::{
    Answer, Caller, Carried, Request, Reservation, Serve, ServiceResult, ServiceState, Services,
};
pub use table::watch_calls;
