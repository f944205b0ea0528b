//! A cluster at a glance: its nodes, and its groups with their resources.

use quorate_model::{GroupStatus, Name, NodeStatus, ResourceStatus};

use super::{Table, state_tone};
use crate::output::{Paint, Tone};

/// Two tables, with a mark at the node that coordinates.
pub(crate) fn cluster_tables(
    coordinator: Option<&Name>,
    nodes: &[NodeStatus],
    groups: &[(GroupStatus, Vec<ResourceStatus>)],
    paint: Paint,
) -> String {
    let nodes = nodes_table(coordinator, nodes).render(2, paint);
    let groups = groups_table(groups).render(2, paint);
    format!("{nodes}\n\n{groups}\n")
}

fn nodes_table(coordinator: Option<&Name>, nodes: &[NodeStatus]) -> Table {
    let mut table = Table::new(&["node", "state", "owns"]);
    for node in nodes {
        let mark = match coordinator == Some(&node.name) {
            true => " *",
            false => "",
        };
        let groups: Vec<&str> = node.groups.iter().map(|name| name.as_str()).collect();
        table.row(vec![
            (Tone::Strong, format!("{}{mark}", node.name)),
            (state_tone(node.state.as_str()), node.state.to_string()),
            (Tone::Plain, groups.join(", ")),
        ]);
    }
    table
}

fn groups_table(groups: &[(GroupStatus, Vec<ResourceStatus>)]) -> Table {
    let mut table = Table::new(&["group / resource", "state", "owner / type"]);
    for (group, resources) in groups {
        let owner = group.owner.as_ref();
        table.row(vec![
            (Tone::Strong, group.name.to_string()),
            (state_tone(group.state.as_str()), group.state.to_string()),
            (
                Tone::Plain,
                owner.map_or_else(|| "-".to_owned(), ToString::to_string),
            ),
        ]);
        for resource in resources {
            table.row(vec![
                (Tone::Plain, format!("  {}", resource.name)),
                (
                    state_tone(resource.state.as_str()),
                    resource.state.to_string(),
                ),
                (Tone::Faint, resource.kind.to_string()),
            ]);
        }
    }
    table
}
