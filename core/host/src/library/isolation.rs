//! The settings for plugins that run in processes of their own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::info::LibraryInfo;

/// The settings of resource monitor processes.
///
/// A resource with the property `SeparateMonitor` has a process of its own. Any other resource shares a process with
/// the other resources of its library if the library is listed here, or asks for that itself
/// (`PLUGIN_SEPARATE_MONITOR`). Otherwise it runs in the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isolation {
    /// By a library's name, whether it runs in a process apart; `all` stands for every library that is not listed. This
    /// overrides what the library asks for.
    pub libraries: BTreeMap<String, bool>,
    /// Whether libraries are first loaded in a process beside the host, to learn what they say of themselves. A library
    /// that crashes or hangs while it is loaded is then an error that names its file, and one that asks for a process
    /// of its own is never mapped into the host. This is done in any case if some library is to run apart.
    pub learn_apart: bool,
    /// How long one call may take, in real time. After that the process is killed.
    pub call_limit: Duration,
    /// How long a process may take to start and load its library. This is much longer than a call: the machine may be
    /// busy with other things, and a slow start is not the plugin's fault.
    pub start_limit: Duration,
    /// After this many deaths of a library's processes within [`crash_period`](Self::crash_period), the library is
    /// quarantined.
    pub crash_threshold: u32,
    /// See [`crash_threshold`](Self::crash_threshold). It is measured by the node's clock: virtual time in a drill.
    pub crash_period: Duration,
    /// The program to start: one that calls [`run_monitor`](crate::run_monitor).
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl Default for Isolation {
    /// No library runs apart, and all are loaded in the host. A call may take 10 s, a start 60 s. Three deaths within
    /// 30 minutes mean quarantine; the original's deadlock detection counts the same way (docs/semantics.md, 1.4). The
    /// program is the running one, with the argument `monitor`.
    fn default() -> Isolation {
        Isolation {
            libraries: BTreeMap::new(),
            learn_apart: false,
            call_limit: Duration::from_secs(10),
            start_limit: Duration::from_secs(60),
            crash_threshold: 3,
            crash_period: Duration::from_secs(30 * 60),
            // This is the running program, even if another file has its name by now.
            program: PathBuf::from("/proc/self/exe"),
            arguments: vec!["monitor".into()],
        }
    }
}

impl Isolation {
    /// The name that stands for every library.
    pub const ALL: &str = "all";

    /// Settings for a set of plugins that is only asked what the libraries say of themselves: none is mapped for that.
    pub fn for_learning() -> Isolation {
        Isolation {
            learn_apart: true,
            ..Isolation::default()
        }
    }

    /// Whether all resources of the library run in a process of the library's own.
    pub fn covers(&self, library: &LibraryInfo) -> bool {
        self.said(&library.name)
            .unwrap_or_else(|| library.wants_separate_monitor())
    }

    /// The entry of [`libraries`](Self::libraries) for a library: that of its name, or else that for all.
    pub fn said(&self, library: &str) -> Option<bool> {
        let named = self.libraries.get(library);
        named.or_else(|| self.libraries.get(Self::ALL)).copied()
    }

    /// Whether libraries are first loaded in processes beside the host. A library's name is known only after that, so
    /// if one is to run apart, all are loaded that way.
    pub(crate) fn learns_apart(&self) -> bool {
        self.learn_apart || self.libraries.values().any(|apart| *apart)
    }
}
