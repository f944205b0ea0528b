//! Which plugins run in processes beside the host, and how those are looked after.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::info::LibraryInfo;

/// Stands for every library.
pub(super) const ALL: &str = "all";

/// The settings of resource monitor processes.
///
/// A resource with the property `SeparateMonitor` has a process of its own; without it, it shares one with the other
/// resources of its library if that asks for one (`PLUGIN_SEPARATE_MONITOR`) or is named here, and otherwise runs in
/// the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isolation {
    /// The libraries to keep apart, by their names; `all` is every one.
    pub libraries: BTreeSet<String>,
    /// How long one call may take, of real time: after that the process is killed.
    pub call_limit: Duration,
    /// A library is quarantined when so many of its processes have died within [`crash_period`](Self::crash_period).
    pub crash_threshold: u32,
    /// See [`crash_threshold`](Self::crash_threshold). It counts on the node's clock: virtual time in a drill.
    pub crash_period: Duration,
    /// The program to start: one that calls [`run_monitor`](crate::run_monitor).
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl Default for Isolation {
    /// No library is kept apart. A call may take 10 s; three deaths within 30 minutes mean quarantine, as the
    /// original's deadlock detection counts. The program is this one, with the argument `monitor`.
    fn default() -> Isolation {
        Isolation {
            libraries: BTreeSet::new(),
            call_limit: Duration::from_secs(10),
            crash_threshold: 3,
            crash_period: Duration::from_secs(30 * 60),
            // The program that runs, even if another file has its name now.
            program: PathBuf::from("/proc/self/exe"),
            arguments: vec!["monitor".into()],
        }
    }
}

impl Isolation {
    /// Whether all resources of the library run in a process of theirs.
    pub fn covers(&self, library: &LibraryInfo) -> bool {
        library.wants_separate_monitor()
            || self.libraries.contains(ALL)
            || self.libraries.contains(&library.name)
    }
}
