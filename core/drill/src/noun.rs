//! The kinds of things that have names in a cluster.

use quorate_model::Name;

use crate::Stage;

/// A kind of thing that has a name in a cluster.
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

    /// The word that scripts use.
    pub const fn word(self) -> &'static str {
        match self {
            Noun::Node => "node",
            Noun::Group => "group",
            Noun::Resource => "resource",
            Noun::Network => "network",
            Noun::Disk => "disk",
        }
    }

    /// The names of all such things in an open cluster.
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
