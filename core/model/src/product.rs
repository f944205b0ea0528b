//! What products declare of the groups that their servers are. A cluster keeps it without knowing any product.

use crate::{ClusterDefinition, GroupDefinition, Name};

/// What the leading resource type of a product declares of each group that has a resource of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// The leading type: a group with a resource of it is a server of the product. The resource has made what depends on
    /// it, and takes that along when it is deleted.
    pub leader: &'static str,
    /// What such a group is called, such as "virtual server".
    pub server: &'static str,
    /// The exclusive class of such groups where the cluster has more than `together_max` nodes: a node runs one of them
    /// then.
    pub class: &'static str,
    /// In a cluster of up to so many nodes, a node may run several of them.
    pub together_max: usize,
    /// The rule of [`rules`](crate::rules) that a node runs one.
    pub apart_rule: &'static str,
    /// The rule of what depends on what in such a group.
    pub dependency_rule: &'static str,
    /// The type of which the cluster has one resource for all of the product's servers, if there is such a one.
    pub once: Option<Once>,
}

/// A resource type of which a cluster has one resource, in the first of the product's servers: the others depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Once {
    /// The type.
    pub kind: &'static str,
    /// What the resource is called.
    pub name: &'static str,
    /// The rule that it is in the first of them.
    pub rule: &'static str,
}

impl Product {
    /// Whether a group is one of its servers.
    pub fn is_server(&self, group: &GroupDefinition) -> bool {
        has(group, self.leader)
    }

    /// Whether a node may run only one of its servers, in a cluster as large as this.
    pub fn keeps_apart(&self, cluster: &ClusterDefinition) -> bool {
        cluster.nodes.len() > self.together_max
    }

    /// Gives its servers their exclusive class, or takes it from them: what counts is how many nodes are configured now.
    pub fn set_classes(&self, cluster: &mut ClusterDefinition) {
        let apart = self.keeps_apart(cluster);
        for group in &mut cluster.groups {
            if !self.is_server(group) {
                continue;
            }
            let classes = &mut group.properties.exclusive_class_names;
            classes.retain(|class| class != self.class);
            if apart {
                classes.push(self.class.to_owned());
            }
        }
    }

    /// How many nodes are the most where a node may run several of its servers, in words up to ten.
    pub fn together_max_text(&self) -> String {
        let words = [
            "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        ];
        match words.get(self.together_max) {
            Some(word) => (*word).to_owned(),
            None => self.together_max.to_string(),
        }
    }
}

impl Once {
    /// The group that holds it.
    pub fn holder<'a>(&self, cluster: &'a ClusterDefinition) -> Option<&'a Name> {
        let mut groups = cluster.groups.iter();
        let holder = groups.find(|group| has(group, self.kind))?;
        Some(&holder.name)
    }
}

/// Whether a group has a resource of a type.
fn has(group: &GroupDefinition, kind: &str) -> bool {
    let mut resources = group.resources.iter();
    resources.any(|resource| *resource.kind == *kind)
}
