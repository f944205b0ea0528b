//! Which plugins run in processes beside the host, and how those are looked after.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::info::LibraryInfo;

/// The settings of resource monitor processes.
///
/// A resource with the property `SeparateMonitor` has a process of its own; without it, it shares one with the other
/// resources of its library if that is named here or asks for one (`PLUGIN_SEPARATE_MONITOR`), and otherwise runs in
/// the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isolation {
    /// Whether to run a library in a process apart, by its name; `all` stands for every library that is not named. It
    /// overrides what the library asks for.
    pub libraries: BTreeMap<String, bool>,
    /// Whether libraries are first loaded in processes beside the host, to learn what they say of themselves. One that
    /// crashes or hangs while it is loaded is then an error that names its file, and one that asks for a process of its
    /// own is never mapped in the host. It is done in any case where a library is to be kept apart.
    pub learn_apart: bool,
    /// How long one call may take, of real time: after that the process is killed.
    pub call_limit: Duration,
    /// How long a process may take to start and load its library: much longer than a call, since a machine may be busy
    /// with other things, and a slow start is no fault of the plugin's.
    pub start_limit: Duration,
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
    /// No library is kept apart, and all are loaded in the host. A call may take 10 s, a start 60 s; three deaths within
    /// 30 minutes mean quarantine, which is how the original's deadlock detection counts (docs/semantics.md, 1.4). The
    /// program is this one, with the argument `monitor`.
    fn default() -> Isolation {
        Isolation {
            libraries: BTreeMap::new(),
            learn_apart: false,
            call_limit: Duration::from_secs(10),
            start_limit: Duration::from_secs(60),
            crash_threshold: 3,
            crash_period: Duration::from_secs(30 * 60),
            // The program that runs, even if another file has its name now.
            program: PathBuf::from("/proc/self/exe"),
            arguments: vec!["monitor".into()],
        }
    }
}

impl Isolation {
    /// Stands for every library.
    pub const ALL: &str = "all";

    /// Settings for a set that is only asked what libraries say of themselves: none is mapped for that.
    pub fn for_learning() -> Isolation {
        Isolation {
            learn_apart: true,
            ..Isolation::default()
        }
    }

    /// Whether all resources of the library run in a process of theirs.
    pub fn covers(&self, library: &LibraryInfo) -> bool {
        self.said(&library.name)
            .unwrap_or_else(|| library.wants_separate_monitor())
    }

    /// What [`libraries`](Self::libraries) says of a library: by its own name, or else for all.
    pub fn said(&self, library: &str) -> Option<bool> {
        let named = self.libraries.get(library);
        named.or_else(|| self.libraries.get(Self::ALL)).copied()
    }

    /// Whether what libraries say of themselves is learned by processes beside the host. A library's name is known only
    /// then, so one that is to be kept apart means all of them.
    pub(crate) fn learns_apart(&self) -> bool {
        self.learn_apart || self.libraries.values().any(|apart| *apart)
    }
}
