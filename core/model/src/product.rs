//! Products, such as Exchange, whose servers are groups, and their rules for these groups. A cluster keeps the rules
//! without knowing any product.

use crate::{ClusterDefinition, GroupDefinition, Name};

/// The rules of a product for its servers: the groups with a resource of its leading type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// The leading type: a group with a resource of this type is a server of the product. That resource has made its
    /// dependents, and they are deleted together with it.
    pub leader: &'static str,
    /// The word for such a group, such as "virtual server".
    pub server: &'static str,
    /// The exclusive class of such groups in a cluster of more than `together_max` nodes, where a node runs one of
    /// them only.
    pub class: &'static str,
    /// The most nodes of a cluster in which a node may run several of them.
    pub together_max: usize,
    /// The id of the rule that a node runs one of them only: see [`rules`](crate::rules).
    pub apart_rule: &'static str,
    /// The id of the rule on dependencies inside such a group.
    pub dependency_rule: &'static str,
    /// The type of which the cluster has a single resource for all of the product's servers, if there is one.
    pub once: Option<Once>,
}

/// A resource type of which a cluster has a single resource. It is in the first of the product's servers, and the
/// others depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Once {
    /// The type.
    pub kind: &'static str,
    /// The name of the resource.
    pub name: &'static str,
    /// The id of the rule that it is in the first server.
    pub rule: &'static str,
}

impl Product {
    /// Whether a group is one of its servers.
    pub fn is_server(&self, group: &GroupDefinition) -> bool {
        group.has_resource_of(self.leader)
    }

    /// Whether a node of this cluster may run only one of its servers, given the number of nodes.
    pub fn keeps_apart(&self, cluster: &ClusterDefinition) -> bool {
        cluster.nodes.len() > self.together_max
    }

    /// Gives its servers their exclusive class or removes it, depending on the number of configured nodes.
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

    /// [`together_max`](Self::together_max) as text, in words up to ten.
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
    /// The group that contains the resource.
    pub fn holder<'a>(&self, cluster: &'a ClusterDefinition) -> Option<&'a Name> {
        let mut groups = cluster.groups.iter();
        let holder = groups.find(|group| group.has_resource_of(self.kind))?;
        Some(&holder.name)
    }
}
