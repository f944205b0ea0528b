//! The load limits of an active/active pair: either node must be able to carry all of it.

use crate::places::Anchor;

use super::{Findings, Subject};

/// Concurrent MAPI users on an active node.
const USERS: u32 = 1_900;
/// Average processor load of the store on an active node, in per cent.
const CPU_PERCENT: u32 = 40;

/// The virtual servers of an active/active pair: group number, name and declared load.
fn pair<'a>(subject: &Subject<'a>) -> Vec<(usize, &'a crate::Name, crate::VirtualServerFacts)> {
    let servers: Vec<_> = subject.virtual_servers().collect();
    if subject.definition.nodes.len() != 2 || servers.len() < 2 {
        return Vec::new();
    }
    let load = |(g, group): (usize, &'a crate::GroupDefinition)| {
        let facts = subject.facts.virtual_servers.get(&group.name)?;
        Some((g, &group.name, *facts))
    };
    servers.into_iter().filter_map(load).collect()
}

/// No more than 1,900 users on each active node.
pub(super) fn active_active_users(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, name, facts) in pair(subject) {
        if let Some(users) = facts.users.filter(|users| *users > USERS) {
            findings
                .add(
                    Anchor::Group(g),
                    format!("`{name}` has more users than a survivor can take on"),
                )
                .found(format!("{users} users"))
                .expected(format!("at most {USERS}"));
        }
    }
}

/// No more than 40 % of each active node's processors.
pub(super) fn active_active_cpu(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, name, facts) in pair(subject) {
        if let Some(cpu) = facts.cpu_percent.filter(|cpu| *cpu > CPU_PERCENT) {
            findings
                .add(
                    Anchor::Group(g),
                    format!("the store of `{name}` loads its node more than a survivor can bear"),
                )
                .found(format!("{cpu} %"))
                .expected(format!("at most {CPU_PERCENT} %"));
        }
    }
}
