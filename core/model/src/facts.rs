//! Facts of a cluster file that no node acts on: only the rules and the virtual world read them.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::Name;

/// The facts of a cluster file. Everything here is optional in the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Civil time at the origin of virtual time, in milliseconds since 1970 UTC. From the file's `start`
    /// (cluster local time; 2003-06-12 08:00:00 where it says nothing) and `utc_offset`.
    pub civil_origin_ms: i64,
    /// Per network.
    pub networks: BTreeMap<Name, NetworkFacts>,
    /// Per node.
    pub nodes: BTreeMap<Name, NodeFacts>,
    /// Per shared disk.
    pub disks: BTreeMap<Name, DiskFacts>,
    /// Per Exchange virtual server, by its group.
    pub virtual_servers: BTreeMap<Name, VirtualServerFacts>,
    /// How long services take to start, in milliseconds, by service name (`MSExchangeIS`), where the
    /// file overrides the virtual world's own times.
    pub service_start_ms: BTreeMap<String, u64>,
    /// Windows and Exchange components that the operator means to install beside the cluster, such as `SRS`; `None`
    /// where the file does not say.
    pub components: Option<Vec<String>>,
    /// Whether network DTC access is enabled.
    pub network_dtc: bool,
    /// Rules whose warnings the operator has read and accepts. Their findings are notes, not warnings.
    pub accepted: BTreeSet<String>,
}

impl Facts {
    /// 2003-06-12 08:00:00 UTC.
    pub const DEFAULT_ORIGIN_MS: i64 = 1_055_404_800_000;
}

impl Default for Facts {
    fn default() -> Self {
        Facts {
            civil_origin_ms: Self::DEFAULT_ORIGIN_MS,
            networks: BTreeMap::new(),
            nodes: BTreeMap::new(),
            disks: BTreeMap::new(),
            virtual_servers: BTreeMap::new(),
            service_start_ms: BTreeMap::new(),
            components: None,
            network_dtc: false,
            accepted: BTreeSet::new(),
        }
    }
}

/// Facts about a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkFacts {
    /// Its addresses, such as `10.0.0.0/24`.
    pub subnet: Ipv4Net,
}

/// Facts about a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeFacts {
    /// Its edition of Windows; Server 2003, Enterprise Edition by default.
    pub windows: WindowsEdition,
    /// Whether the file names an edition of Windows for it, so that its limits are meant.
    pub windows_named: bool,
    /// Its edition of Exchange; Server 2003 Enterprise Edition by default.
    pub exchange: ExchangeEdition,
    /// How many processors it has; 2 by default.
    pub processors: u32,
    /// Its memory in MiB; 4096 by default.
    pub memory_mb: u32,
}

impl Default for NodeFacts {
    fn default() -> Self {
        NodeFacts {
            windows: WindowsEdition::Server2003Enterprise,
            windows_named: false,
            exchange: ExchangeEdition::Exchange2003Enterprise,
            processors: 2,
            memory_mb: 4_096,
        }
    }
}

macro_rules! editions {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// Every edition, with the word a cluster file uses for it.
            pub const ALL: &'static [(&'static str, $name)] =
                &[$((stringify!($variant), $name::$variant),)+];

            /// The product's own name.
            pub const fn product(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }
    };
}

editions! {
    /// The editions of Windows that have clusters or have none (docs/semantics.md, 2.3).
    WindowsEdition {
        /// No clusters.
        Server2003Standard = "Windows Server 2003, Standard Edition",
        /// Up to eight nodes.
        Server2003Enterprise = "Windows Server 2003, Enterprise Edition",
        /// Up to eight nodes.
        Server2003Datacenter = "Windows Server 2003, Datacenter Edition",
        /// No clusters.
        Server2000 = "Windows 2000 Server",
        /// Up to two nodes.
        AdvancedServer2000 = "Windows 2000 Advanced Server",
        /// Up to four nodes.
        DatacenterServer2000 = "Windows 2000 Datacenter Server",
    }
}

impl WindowsEdition {
    /// How many nodes it clusters; 0 where it has no clusters.
    pub const fn cluster_nodes(self) -> usize {
        match self {
            WindowsEdition::Server2003Standard | WindowsEdition::Server2000 => 0,
            WindowsEdition::AdvancedServer2000 => 2,
            WindowsEdition::DatacenterServer2000 => 4,
            WindowsEdition::Server2003Enterprise | WindowsEdition::Server2003Datacenter => 8,
        }
    }

    /// Whether it is one of Windows 2000.
    pub const fn is_2000(self) -> bool {
        matches!(
            self,
            WindowsEdition::Server2000
                | WindowsEdition::AdvancedServer2000
                | WindowsEdition::DatacenterServer2000
        )
    }
}

editions! {
    /// The editions of Exchange 2003 (docs/semantics.md, 2.3).
    ExchangeEdition {
        /// No clusters.
        Exchange2003Standard = "Exchange Server 2003 Standard Edition",
        /// Clusters, as the edition of Windows allows.
        Exchange2003Enterprise = "Exchange Server 2003 Enterprise Edition",
    }
}

/// Facts about a shared disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskFacts {
    /// Whether it is a RAID set, so that one spindle's failure does not take it away.
    pub raid: bool,
    /// The spindles or array it lives on, where disks share one; `None` means its own.
    pub spindle: Option<String>,
}

/// Facts about an Exchange virtual server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualServerFacts {
    /// Concurrent MAPI users declared for it.
    pub users: Option<u32>,
    /// Average processor load of its store, in per cent of a node.
    pub cpu_percent: Option<u32>,
    /// Whether it is meant to be a front-end server.
    pub front_end: bool,
}
