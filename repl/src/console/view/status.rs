//! The cluster at a glance, in few lines.

use quorate_drill::Status;
use quorate_model::{DiskStatus, GroupState, Name, NetworkStatus, NodeState, QuorumKind};

use crate::console::screen::{Screen, wrapped};
use crate::console::trouble::{Missing, Trouble};
use crate::output::{Paint, Tone};
use crate::report::{self, Table, cluster_tables, state_tone};

/// The most lines that `:status` takes.
pub(crate) const LINES_MAX: usize = 24;

/// What is wrong first, then a line for each node and each group that is well.
pub(in crate::console) fn status(
    status: &Status,
    trouble: &Trouble<'_>,
    screen: Screen,
    paint: Paint,
) -> String {
    let head = wrapped("", &status.headline(), screen.width);
    let head = head.lines().map(|line| paint.tone(Tone::Strong, line));
    let mut lines: Vec<String> = head.collect();
    let mut push = |tone: Tone, first: &str, text: &str| {
        for (number, line) in wrapped(first, text, screen.width).lines().enumerate() {
            // The label is part of the first line only.
            let label = if number == 0 { first.len() } else { 0 };
            let (label, rest) = line.split_at_checked(label).unwrap_or((line, ""));
            lines.push(format!("{}{rest}", paint.tone(tone, label)));
        }
    };
    let tone = if trouble.no_quorum {
        Tone::Bad
    } else {
        Tone::Faint
    };
    push(tone, "  quorum  ", &margin(status));
    for (id, fault) in &trouble.faults {
        let text = format!(
            "{}, since {}: heal({id})",
            fault.text,
            report::clock(fault.since)
        );
        push(Tone::Bad, &format!("  fault {id}  "), &text);
    }
    for node in &trouble.nodes {
        let text = format!("is {}: {}", node.state, node_back(&node.name, node.state));
        push(Tone::Care, &format!("  {}  ", node.name), &text);
    }
    for missing in &trouble.groups {
        let tone = state_tone(missing.group.state.as_str());
        push(
            tone,
            &format!("  {}  ", missing.group.name),
            &sentence(missing),
        );
    }
    let well: Vec<_> = status
        .groups
        .iter()
        .filter(|(group, _)| group.state == GroupState::Online)
        .map(|(group, _)| group)
        .collect();
    // Half of the room that is left is the nodes', unless the groups need less.
    let room = LINES_MAX.saturating_sub(lines.len());
    let (nodes, groups) = (
        status.nodes.len() + 1,
        well.len() + usize::from(!well.is_empty()),
    );
    let for_nodes = match nodes + groups <= room {
        true => nodes,
        false => nodes.min((room / 2).max(room.saturating_sub(groups))),
    };
    let for_groups = groups.min(room.saturating_sub(for_nodes));
    let mut table = Table::new(&["node", "state", "owns"]);
    for node in &status.nodes {
        let mark = if status.coordinator.as_ref() == Some(&node.name) {
            " *"
        } else {
            ""
        };
        table.row(vec![
            (Tone::Strong, format!("{}{mark}", node.name)),
            (state_tone(node.state.as_str()), node.state.to_string()),
            (Tone::Plain, report::join(&node.groups)),
        ]);
    }
    some(
        &mut lines,
        &table.lines(2, screen.width, paint),
        for_nodes,
        "nodes",
    );
    let mut table = Table::new(&["group", "state", "owner"]);
    for group in &well {
        table.row(vec![
            (Tone::Strong, group.name.to_string()),
            (state_tone(group.state.as_str()), group.state.to_string()),
            (
                Tone::Plain,
                group
                    .owner
                    .as_ref()
                    .map_or("-".to_owned(), ToString::to_string),
            ),
        ]);
    }
    if !well.is_empty() {
        some(
            &mut lines,
            &table.lines(2, screen.width, paint),
            for_groups,
            "groups",
        );
    }
    lines.join("\n")
}

/// Adds at most so many lines; of more the last says how many there are.
fn some(lines: &mut Vec<String>, all: &[String], most: usize, what: &str) {
    if all.len() <= most {
        lines.extend_from_slice(all);
        return;
    }
    let shown = most.saturating_sub(1);
    lines.extend_from_slice(&all[..shown.min(all.len())]);
    if most > 0 {
        let rest = all.len() - shown;
        lines.push(format!("  and {rest} more {what}: :status all"));
    }
}

/// Everything: nodes, groups, resources, networks and disks.
pub(in crate::console) fn everything(
    status: &Status,
    networks: &[NetworkStatus],
    disks: &[DiskStatus],
    paint: Paint,
) -> String {
    let coordinator = status.coordinator.as_ref();
    let tables = cluster_tables(coordinator, &status.nodes, &status.groups, paint);
    let stopped = status.groups.iter().filter_map(|(group, _)| {
        let why = group.stopped.as_ref()?;
        let name = paint.tone(Tone::Care, &group.name);
        Some(format!("\n  {name}: {why}"))
    });
    let mut out = format!(
        "{}\n{}\n\n{tables}{}{}",
        paint.tone(Tone::Strong, &status.headline()),
        wrapped("  quorum  ", &margin(status), usize::MAX),
        paint.tone(Tone::Faint, "  * coordinates"),
        stopped.collect::<String>()
    );
    let works = |works: bool| match works {
        true => (Tone::Good, "works".to_owned()),
        false => (Tone::Bad, "down".to_owned()),
    };
    let mut table = Table::new(&["network", "state", "carries", "broken cards"]);
    for network in networks {
        table.row(vec![
            (Tone::Strong, network.name.to_string()),
            works(network.works),
            (Tone::Plain, network.role.as_str().to_owned()),
            (Tone::Plain, report::join(&network.broken_cards)),
        ]);
    }
    out.push_str(&format!("\n\n{}", table.render(2, paint)));
    let mut table = Table::new(&["disk", "state", "reserved by", "mounted on"]);
    for disk in disks {
        let holder = match (&disk.holder, disk.stolen) {
            (_, true) => "a host outside the cluster".to_owned(),
            (Some(holder), _) => holder.to_string(),
            (None, _) => "-".to_owned(),
        };
        table.row(vec![
            (Tone::Strong, disk.name.to_string()),
            works(disk.works),
            (Tone::Plain, holder),
            (Tone::Plain, report::join(&disk.mounted_on)),
        ]);
    }
    if !table.is_empty() {
        out.push_str(&format!("\n\n{}", table.render(2, paint)));
    }
    out
}

/// The quorum, and how much more may be lost.
fn margin(status: &Status) -> String {
    let quorum = &status.quorum;
    let (members, nodes) = (quorum.members.len(), status.nodes.len());
    let owner = quorum.owner.as_ref().map_or("nobody", Name::as_str);
    if !quorum.has_quorum {
        return match &quorum.kind {
            QuorumKind::MajorityNodeSet => format!(
                "lost: {} of {} votes are needed",
                votes(status) / 2 + 1,
                votes(status)
            ),
            QuorumKind::Standard { resource } => {
                format!("lost: it takes a node that has the quorum disk, {resource}")
            }
            QuorumKind::Local => "lost: its only node is not up".to_owned(),
        };
    }
    match &quorum.kind {
        QuorumKind::MajorityNodeSet => {
            let (votes, needed) = (votes(status), votes(status) / 2 + 1);
            let witness = match &quorum.witness {
                Some(witness) => format!(", the witness {witness} among the votes"),
                None => String::new(),
            };
            let spare = (members + usize::from(quorum.witness.is_some())).saturating_sub(needed);
            let spare = match spare {
                0 => "no vote may go".to_owned(),
                1 => "one more may go".to_owned(),
                spare => format!("{spare} more may go"),
            };
            format!(
                "{members} of {nodes} nodes are members; {needed} of {votes} votes are needed{witness}: {spare}"
            )
        }
        QuorumKind::Standard { resource } => {
            let spare = match members {
                0 | 1 => "no node may go".to_owned(),
                2 => "one node may go".to_owned(),
                members => format!("{} nodes may go", members - 1),
            };
            format!(
                "{owner} holds {resource}, {members} of {nodes} nodes are members: {spare}, the disk may not"
            )
        }
        QuorumKind::Local => format!("{owner} is the only node: it may not go"),
    }
}

fn votes(status: &Status) -> usize {
    status.nodes.len() + usize::from(status.quorum.witness.is_some())
}

/// What brings a node back.
fn node_back(name: &str, state: NodeState) -> String {
    match state {
        NodeState::Paused => format!("node(\"{name}\").resume()"),
        NodeState::Joining => "it is under way: let time pass".to_owned(),
        _ => format!("node(\"{name}\").start()"),
    }
}

fn sentence(missing: &Missing<'_>) -> String {
    let owner = match missing.owner {
        Some(owner) if missing.group.owner.is_some() => format!(" on {owner}"),
        Some(owner) => format!(", last on {owner}"),
        None => String::new(),
    };
    let mut text = format!("is {}{owner}", missing.group.state);
    if !missing.why.is_empty() {
        text.push_str(&format!(": {}", missing.why));
    }
    if !missing.back.is_empty() {
        text.push_str(&format!("; what brings it back: {}", missing.back));
    }
    text
}
