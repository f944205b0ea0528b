//! Where the parts of a definition stand in their file, so that rules can point at them.

use std::collections::BTreeMap;

use crate::Name;
use crate::source::Span;

/// A part of a definition, by its position there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Anchor {
    /// The definition as a whole.
    Cluster,
    /// The quorum.
    Quorum,
    /// A node.
    Node(usize),
    /// A node's address on a network.
    Interface(usize, Name),
    /// A network.
    Network(usize),
    /// A network's subnet.
    Subnet(usize),
    /// A shared disk.
    Disk(usize),
    /// A group.
    Group(usize),
    /// One of a group's preferred owners.
    PreferredOwner(usize, usize),
    /// A resource: group and resource.
    Resource(usize, usize),
    /// A resource's type.
    Kind(usize, usize),
    /// One of a resource's dependencies.
    Dependency(usize, usize, usize),
    /// One of a resource's possible owners.
    PossibleOwner(usize, usize, usize),
    /// One of the components.
    Component(usize),
    /// Whether network DTC access is enabled.
    NetworkDtc,
    /// A property of a resource, by its name.
    Property(usize, usize, &'static str),
}

impl Anchor {
    /// What this is a part of.
    fn parent(&self) -> Option<Anchor> {
        Some(match *self {
            Anchor::Cluster => return None,
            Anchor::Quorum
            | Anchor::Node(_)
            | Anchor::Network(_)
            | Anchor::Disk(_)
            | Anchor::Component(_)
            | Anchor::NetworkDtc
            | Anchor::Group(_) => Anchor::Cluster,
            Anchor::Interface(node, _) => Anchor::Node(node),
            Anchor::Subnet(network) => Anchor::Network(network),
            Anchor::PreferredOwner(group, _) | Anchor::Resource(group, _) => Anchor::Group(group),
            Anchor::Kind(group, resource)
            | Anchor::Dependency(group, resource, _)
            | Anchor::PossibleOwner(group, resource, _)
            | Anchor::Property(group, resource, _) => Anchor::Resource(group, resource),
        })
    }
}

/// The places of one definition; empty for a definition that came from no file.
#[derive(Debug, Default)]
pub(crate) struct Places(BTreeMap<Anchor, Span>);

impl Places {
    /// Remembers a place.
    pub(crate) fn put(&mut self, anchor: Anchor, span: Span) {
        self.0.insert(anchor, span);
    }

    /// The place of `anchor`. If it has none, the place of the nearest part that contains it.
    pub(crate) fn find(&self, anchor: &Anchor) -> Option<Span> {
        let mut at = Some(anchor.clone());
        while let Some(anchor) = at {
            if let Some(span) = self.0.get(&anchor) {
                return Some(*span);
            }
            at = anchor.parent();
        }
        None
    }
}
