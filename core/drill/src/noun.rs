//! What has names in a cluster.

use quorate_model::Name;

use crate::Stage;

/// What has names in a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Noun {
    /// A node.
    Node,
    /// A group.
    Group,
    /// A resource.
    Resource,
    /// A network.
    Network,
    /// A disk.
    Disk,
}

impl Noun {
    /// All of them.
    pub const ALL: [Noun; 5] = [
        Noun::Node,
        Noun::Group,
        Noun::Resource,
        Noun::Network,
        Noun::Disk,
    ];

    /// As scripts call it.
    pub const fn word(self) -> &'static str {
        match self {
            Noun::Node => "node",
            Noun::Group => "group",
            Noun::Resource => "resource",
            Noun::Network => "network",
            Noun::Disk => "disk",
        }
    }

    /// Those of an open cluster.
    pub fn names(self, stage: &dyn Stage) -> Vec<Name> {
        match self {
            Noun::Node => stage.nodes(),
            Noun::Group => stage.groups(),
            Noun::Resource => stage.resources(),
            Noun::Network => stage.networks(),
            Noun::Disk => stage.disks(),
        }
    }
}
