//! The state of a cluster at a glance.

use std::fmt;

use quorate_model::{GroupStatus, Name, NodeStatus, QuorumStatus, ResourceStatus, Time};

use crate::stage::Stage;

/// Everything `:status` shows, read at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The cluster's name.
    pub cluster: Name,
    /// When it was read.
    pub now: Time,
    /// The quorum.
    pub quorum: QuorumStatus,
    /// The node that coordinates.
    pub coordinator: Option<Name>,
    /// The nodes.
    pub nodes: Vec<NodeStatus>,
    /// The groups with their resources.
    pub groups: Vec<(GroupStatus, Vec<ResourceStatus>)>,
}

impl Status {
    /// Reads a stage.
    pub fn of(stage: &dyn Stage) -> Status {
        let resources = stage.resource_statuses();
        let groups = stage
            .group_statuses()
            .into_iter()
            .map(|group| {
                let inside = resources
                    .iter()
                    .filter(|resource| resource.group == group.name)
                    .cloned()
                    .collect();
                (group, inside)
            })
            .collect();
        Status {
            cluster: stage.cluster_name(),
            now: stage.now(),
            quorum: stage.quorum(),
            coordinator: stage.coordinator(),
            nodes: stage
                .configured()
                .iter()
                .filter_map(|name| stage.node(name))
                .collect(),
            groups,
        }
    }

    /// The line above the tables.
    pub fn headline(&self) -> String {
        let quorum = if self.quorum.has_quorum {
            "quorum"
        } else {
            "no quorum"
        };
        let coordinator = match &self.coordinator {
            Some(name) => format!("coordinated by {name}"),
            None => "no coordinator".to_owned(),
        };
        format!(
            "{} at {}: {} {quorum}, {coordinator}",
            self.cluster, self.now, self.quorum.kind
        )
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.headline())?;
        for node in &self.nodes {
            let groups: Vec<&str> = node.groups.iter().map(Name::as_str).collect();
            writeln!(
                f,
                "  {:<10} {:<10} {}",
                node.name,
                node.state,
                groups.join(", ")
            )?;
        }
        for (group, resources) in &self.groups {
            let owner = group.owner.as_ref().map_or("-", Name::as_str);
            writeln!(f, "{:<34} {:<14} {owner}", group.name, group.state)?;
            if let Some(why) = &group.stopped {
                writeln!(f, "  {why}")?;
            }
            for resource in resources {
                writeln!(
                    f,
                    "  {:<32} {:<14} {}",
                    resource.name, resource.state, resource.kind
                )?;
            }
        }
        Ok(())
    }
}
