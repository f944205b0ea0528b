//! Properties with the original's names, units and defaults.

mod access;
mod field;
mod rows;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Name;

pub use rows::*;
pub use table::*;

/// A property's value, as cluster files, drills and the cluster database carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// A 32-bit number (DWORD), boolean properties included (0 and 1).
    Dword(u32),
    /// Text (SZ).
    Text(String),
    /// A list of texts (MULTI_SZ).
    List(Vec<String>),
}

/// What a failed resource does (`RestartAction`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RestartAction {
    /// 0: stay Failed.
    DontRestart,
    /// 1: restart; past the threshold stay Failed and leave the group alone ("Affect the group" off).
    RestartNoNotify,
    /// 2: restart; past the threshold fail the group over.
    RestartNotify,
}

/// The common properties of a resource, and its private ones. Milliseconds unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceProperties {
    /// `LooksAlivePollInterval`; 0xFFFFFFFF means the type's.
    pub looks_alive_poll_interval: u32,
    /// `IsAlivePollInterval`; 0xFFFFFFFF means the type's.
    pub is_alive_poll_interval: u32,
    /// `RestartAction`.
    pub restart_action: RestartAction,
    /// `RestartThreshold`: how many restarts inside `RestartPeriod` are tolerated.
    pub restart_threshold: u32,
    /// `RestartPeriod`.
    pub restart_period: u32,
    /// `RestartDelay`: how long a failed resource waits before its restart. Server 2003 has no such property; its
    /// successors have it, with a default of 500.
    pub restart_delay: u32,
    /// `RetryPeriodOnFailure`; 0xFFFFFFFF means never.
    pub retry_period_on_failure: u32,
    /// `PendingTimeout`: the longest gap between progress reports of a pending operation.
    pub pending_timeout: u32,
    /// `SeparateMonitor`: a resource monitor process of its own.
    pub separate_monitor: bool,
    /// The type's own properties.
    pub private: BTreeMap<String, Value>,
}

impl Default for ResourceProperties {
    /// The defaults of Server 2003; for properties that it does not have, those of its successors (docs/semantics.md,
    /// 3.1).
    fn default() -> Self {
        ResourceProperties {
            looks_alive_poll_interval: u32::MAX,
            is_alive_poll_interval: u32::MAX,
            restart_action: RestartAction::RestartNotify,
            restart_threshold: 3,
            restart_period: 900_000,
            restart_delay: 500,
            retry_period_on_failure: u32::MAX,
            pending_timeout: 180_000,
            separate_monitor: false,
            private: BTreeMap::new(),
        }
    }
}

/// The properties of the cluster itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterProperties {
    /// `MaxQuorumLogSize`, in bytes: past it the quorum log is replaced by a checkpoint.
    pub max_quorum_log_size: u32,
}

impl Default for ClusterProperties {
    /// The default of Server 2003: 4096 KB.
    fn default() -> Self {
        ClusterProperties {
            max_quorum_log_size: 4_096 * 1_024,
        }
    }
}

/// Whether a group goes back to a preferred owner (`AutoFailbackType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AutoFailback {
    /// 0: it stays where it is.
    Prevent,
    /// 1: it goes back, inside the window if one is set.
    Allow,
}

/// A group's properties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupProperties {
    /// `FailoverThreshold`: how many failovers inside `FailoverPeriod` are made.
    pub failover_threshold: u32,
    /// `FailoverPeriod`, in hours.
    pub failover_period: u32,
    /// `AutoFailbackType`.
    pub auto_failback_type: AutoFailback,
    /// `FailbackWindowStart`, hour 0 to 23 of cluster local time; `None` is the original's -1.
    pub failback_window_start: Option<u8>,
    /// `FailbackWindowEnd`, hour 0 to 23. If one of the two is missing, there is no window.
    pub failback_window_end: Option<u8>,
    /// `AntiAffinityClassNames`.
    pub anti_affinity_class_names: Vec<String>,
    /// Classes of which one node hosts at most one group: a hard rule, unlike anti-affinity.
    pub exclusive_class_names: Vec<String>,
    /// Preferred owners, best first.
    pub preferred_owners: Vec<Name>,
}

impl Default for GroupProperties {
    /// The defaults of Server 2003 (docs/semantics.md, 3.2).
    fn default() -> Self {
        GroupProperties {
            failover_threshold: 10,
            failover_period: 6,
            auto_failback_type: AutoFailback::Prevent,
            failback_window_start: None,
            failback_window_end: None,
            anti_affinity_class_names: Vec::new(),
            exclusive_class_names: Vec::new(),
            preferred_owners: Vec::new(),
        }
    }
}
