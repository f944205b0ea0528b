//! The cluster definition: what a cluster file says, once it has been read and found sound.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    CLUSTER_GROUP, ClusterProperties, GroupProperties, Name, NodeId, PolicyScript,
    ResourceProperties, Value, called, types,
};

/// The property of a Majority Node Set's quorum resource that names its file share witness (KB 921181).
pub const FILE_SHARE_WITNESS: &str = "MNSFileShare";

/// Which quorum holds the cluster together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum QuorumKind {
    /// One shared disk, which a node must arbitrate for.
    Standard {
        /// The Physical Disk resource that is the quorum resource.
        resource: Name,
    },
    /// A majority of the configured nodes: floor(n/2)+1.
    MajorityNodeSet,
    /// One node alone.
    Local,
}

/// Gives an enum the names of its variants. It does not compile if a variant is left out.
macro_rules! names {
    ($name:ident { $($variant:ident),+ }) => {
        impl $name {
            /// The name of each variant, as cluster files, drills and `:status` spell it.
            pub const WORDS: &'static [&'static str] = &[$(stringify!($variant)),+];

            /// The name of this variant: one of [`WORDS`](Self::WORDS).
            pub const fn as_str(&self) -> &'static str {
                match self { $(Self::$variant { .. } => stringify!($variant),)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

names!(QuorumKind {
    Standard,
    MajorityNodeSet,
    Local
});

/// What a network carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NetworkRole {
    /// Cluster communication only: the private network.
    Internal,
    /// Clients only.
    ClientAccess,
    /// Both.
    Mixed,
}

names!(NetworkRole {
    Internal,
    ClientAccess,
    Mixed
});

impl NetworkRole {
    /// Whether heartbeats and other cluster messages may use the network.
    pub const fn carries_cluster(self) -> bool {
        !matches!(self, Self::ClientAccess)
    }

    /// Whether clients come in on the network.
    pub const fn carries_clients(self) -> bool {
        !matches!(self, Self::Internal)
    }
}

/// A cluster as it is installed: the same on every node's disk before the cluster first forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterDefinition {
    /// The cluster's name.
    pub name: Name,
    /// Its quorum.
    pub quorum: QuorumKind,
    /// The nodes, in the order of their ids.
    pub nodes: Vec<NodeDefinition>,
    /// The networks, in the order of their priority for cluster communication.
    pub networks: Vec<NetworkDefinition>,
    /// The shared disks. The quorum disk is one of them.
    pub disks: Vec<DiskDefinition>,
    /// The groups, the default Cluster Group first.
    pub groups: Vec<GroupDefinition>,
    /// Minutes east of UTC that the cluster's local time is.
    pub utc_offset_minutes: i32,
    /// Its own properties.
    pub properties: ClusterProperties,
    /// The policy script of groups that have none of their own.
    pub policy: Option<PolicyScript>,
}

/// One configured node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeDefinition {
    /// Its number.
    pub id: NodeId,
    /// Its name.
    pub name: Name,
    /// Its address on each network it has a card in.
    pub interfaces: BTreeMap<Name, String>,
    /// What the cluster file says about it for policies, such as its rack.
    pub attributes: BTreeMap<String, Value>,
}

/// One network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkDefinition {
    /// Its name.
    pub name: Name,
    /// What it carries.
    pub role: NetworkRole,
    /// One-way latency in microseconds in the virtual world.
    pub latency_us: u64,
    /// Whether a DHCP server hands out leases on it.
    pub dhcp: bool,
}

/// One shared disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskDefinition {
    /// Its name, such as `Disk Q:`.
    pub name: Name,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDefinition {
    /// Its name.
    pub name: Name,
    /// Its properties.
    pub properties: GroupProperties,
    /// Its resources, providers before dependents.
    pub resources: Vec<ResourceDefinition>,
    /// Whether it is brought online when the cluster forms (`PersistentState`).
    pub persistent_state: bool,
    /// Its policy script; `None` follows the cluster's.
    pub policy: Option<PolicyScript>,
    /// What the cluster file says about it for policies; `load`, `users` and `cpu_percent` among others.
    pub attributes: BTreeMap<String, Value>,
}

/// One resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceDefinition {
    /// Its name, unique in the cluster.
    pub name: Name,
    /// Its type's name.
    pub kind: Name,
    /// What it depends on: resources of the same group.
    pub depends_on: Vec<Name>,
    /// The nodes that may own it; empty means all.
    pub possible_owners: Vec<Name>,
    /// `PersistentState`; `None` inherits the group's.
    pub persistent_state: Option<bool>,
    /// Common and private properties.
    pub properties: ResourceProperties,
}

impl GroupDefinition {
    /// The resources that depend on this one directly, in the order of the definition.
    pub fn dependents_of(&self, provider: &str) -> Vec<Name> {
        let depends =
            |other: &&ResourceDefinition| other.depends_on.iter().any(|it| *it == *provider);
        let dependents = self.resources.iter().filter(depends);
        dependents.map(|other| other.name.clone()).collect()
    }

    /// Whether it is a virtual server: clients reach it by a network name of its own. The cluster's own group is none.
    pub fn is_virtual_server(&self) -> bool {
        self.has_resource_of(types::NETWORK_NAME) && self.name != *CLUSTER_GROUP
    }

    /// Whether one of its resources is of this type.
    pub fn has_resource_of(&self, kind: &str) -> bool {
        self.resources
            .iter()
            .any(|resource| *resource.kind == *kind)
    }
}

impl ResourceDefinition {
    /// For a Physical Disk resource, or a quorum resource of another type: the shared disk it stands for, which is its
    /// `Disk` property or, without one, the disk of its own name.
    pub fn disk(&self) -> Name {
        match self.properties.private.get("Disk") {
            Some(crate::Value::Text(disk)) => disk.as_str().into(),
            _ => self.name.clone(),
        }
    }
}

impl ClusterDefinition {
    /// The shared disk that a resource is: a Physical Disk's, and the one on which the quorum resource of a Standard
    /// quorum keeps the cluster's log, of whatever type it is.
    pub fn shared_disk(&self, resource: &ResourceDefinition) -> Option<Name> {
        let quorum = matches!(&self.quorum, QuorumKind::Standard { resource: quorum } if *quorum == resource.name);
        (quorum || *resource.kind == *crate::types::PHYSICAL_DISK).then(|| resource.disk())
    }

    /// The longest that taking any one group offline may take, as long as nothing reports progress. Dependents end
    /// before what they depend on, so their `PendingTimeout`s add up along the longest chain. A resource that reports
    /// progress may take longer still.
    pub fn longest_stop(&self) -> Duration {
        let groups = self.groups.iter();
        let longest = groups.map(|group| {
            // Providers stand before their dependents, so one pass is enough.
            let mut paths: BTreeMap<&Name, u64> = BTreeMap::new();
            for resource in &group.resources {
                let below = resource.depends_on.iter().filter_map(|one| paths.get(one));
                let below = below.copied().max().unwrap_or(0);
                let own = u64::from(resource.properties.pending_timeout);
                paths.insert(&resource.name, below.saturating_add(own));
            }
            paths.into_values().max().unwrap_or(0)
        });
        Duration::from_millis(longest.max().unwrap_or(0))
    }

    /// The node called `name`. Here and below, names match without case.
    pub fn node(&self, name: &str) -> Option<&NodeDefinition> {
        called(&self.nodes, name, |node| &node.name)
    }

    /// The node with number `id`.
    pub fn node_by_id(&self, id: NodeId) -> Option<&NodeDefinition> {
        // Most often they are there in the order of their numbers.
        let there = usize::from(id.0).checked_sub(1);
        let there = there.and_then(|place| self.nodes.get(place));
        let there = there.filter(|node| node.id == id);
        there.or_else(|| self.nodes.iter().find(|node| node.id == id))
    }

    /// The policy script that decides for a group: its own, else the cluster's.
    pub fn policy_of<'a>(&'a self, group: &'a GroupDefinition) -> Option<&'a PolicyScript> {
        group.policy.as_ref().or(self.policy.as_ref())
    }

    /// The file share whose vote counts beside the nodes' in a Majority Node Set: the `MNSFileShare` of its quorum
    /// resource. `None` where that is empty, and for the other kinds of quorum.
    pub fn file_share_witness(&self) -> Option<&str> {
        if self.quorum != QuorumKind::MajorityNodeSet {
            return None;
        }
        let mut resources = self.groups.iter().flat_map(|group| &group.resources);
        let quorum = resources.find(|it| *it.kind == *crate::types::MAJORITY_NODE_SET)?;
        let mut private = quorum.properties.private.iter();
        let (_, share) = private.find(|(name, _)| name.eq_ignore_ascii_case(FILE_SHARE_WITNESS))?;
        match share {
            Value::Text(share) if !share.is_empty() => Some(share),
            _ => None,
        }
    }

    /// The group called `name`.
    pub fn group(&self, name: &str) -> Option<&GroupDefinition> {
        called(&self.groups, name, |group| &group.name)
    }

    /// The resource called `name`, with its group.
    pub fn resource(&self, name: &str) -> Option<(&GroupDefinition, &ResourceDefinition)> {
        let groups = self.groups.iter();
        let resources = groups.flat_map(|group| {
            group
                .resources
                .iter()
                .map(move |resource| (group, resource))
        });
        called(resources, name, |(_, resource)| &resource.name)
    }
}
