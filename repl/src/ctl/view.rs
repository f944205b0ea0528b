//! The status of a running cluster, for people.

use std::time::Duration;

use quorate_live::LiveStatus;
use quorate_model::Lasting;

use crate::output::{Paint, Tone};
use crate::report::{Table, state_tone};

/// The cluster as one node sees it.
pub(super) fn status(status: &LiveStatus, paint: Paint) -> String {
    let up = Lasting(Duration::from_millis(status.up_ms)).to(Duration::from_secs(1));
    let quorum = match status.quorum.has_quorum {
        true => "quorum",
        false => "no quorum",
    };
    let coordinator = match &status.coordinator {
        Some(name) => format!("coordinated by {name}"),
        None => "no coordinator".to_owned(),
    };
    let head = format!(
        "{} as {} sees it: {} {quorum}, {coordinator}",
        status.cluster, status.node, status.quorum.kind
    );
    let mut lines = vec![paint.tone(Tone::Strong, &head)];
    if let Some(standing) = &status.standing {
        let text = format!(
            "the cluster service of {} does not run: {standing}",
            status.node
        );
        lines.push(paint.tone(Tone::Bad, &text));
    }
    lines.push(String::new());
    lines.push(tables(status, paint));
    let refused: u64 = status.counts.refused();
    let mut foot = format!("  * coordinates; {} has run for {up}", status.node);
    if refused > 0 {
        foot.push_str(&format!(", {refused} messages were refused"));
    }
    lines.push(paint.tone(Tone::Faint, &foot));
    for (group, _) in &status.groups {
        if let Some(why) = &group.stopped {
            let name = paint.tone(Tone::Care, &group.name);
            lines.push(format!("  {name}: {why}"));
        }
    }
    lines.join("\n")
}

fn tables(status: &LiveStatus, paint: Paint) -> String {
    let mut nodes = Table::new(&["node", "state", "owns"]);
    for node in &status.nodes {
        let mark = match status.coordinator.as_ref() == Some(&node.name) {
            true => " *",
            false => "",
        };
        let groups: Vec<&str> = node.groups.iter().map(|name| name.as_str()).collect();
        nodes.row(vec![
            (Tone::Strong, format!("{}{mark}", node.name)),
            (state_tone(node.state.as_str()), node.state.to_string()),
            (Tone::Plain, groups.join(", ")),
        ]);
    }
    let mut groups = Table::new(&["group / resource", "state", "owner / type"]);
    for (group, resources) in &status.groups {
        let owner = group.owner.as_ref();
        groups.row(vec![
            (Tone::Strong, group.name.to_string()),
            (state_tone(group.state.as_str()), group.state.to_string()),
            (
                Tone::Plain,
                owner.map_or_else(|| "-".to_owned(), ToString::to_string),
            ),
        ]);
        for resource in resources {
            groups.row(vec![
                (Tone::Plain, format!("  {}", resource.name)),
                (
                    state_tone(resource.state.as_str()),
                    resource.state.to_string(),
                ),
                (Tone::Faint, resource.kind.to_string()),
            ]);
        }
    }
    format!(
        "{}\n\n{}\n",
        nodes.render(2, paint),
        groups.render(2, paint)
    )
}
