//! Exchange virtual servers.

use crate::places::Anchor;
use crate::{
    CLUSTER_GROUP, GroupDefinition, QuorumKind, ResourceDefinition, RestartAction, StorageGroup,
    Value, suggest, types,
};

use super::{Findings, Subject};

/// The storage groups that one node can mount.
const STORAGE_GROUPS: usize = 4;

/// The quorum's group holds no virtual server.
pub(super) fn virtual_server_in_quorum_group(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, group) in subject.virtual_servers() {
        if holds_quorum(subject, group) {
            let text = format!(
                "the Exchange virtual server in `{}` shares it with the quorum",
                group.name
            );
            findings.add(Anchor::Group(g), text);
        }
    }
}

pub(super) fn holds_quorum(subject: &Subject<'_>, group: &GroupDefinition) -> bool {
    group.name == CLUSTER_GROUP
        || group
            .resources
            .iter()
            .any(|resource| match &subject.definition.quorum {
                QuorumKind::Standard { resource: quorum } => resource.name == *quorum,
                QuorumKind::MajorityNodeSet => *resource.kind == *types::MAJORITY_NODE_SET,
                QuorumKind::Local => false,
            })
}

/// The quorum's group holds nothing but the cluster's own resources and MSDTC.
pub(super) fn crowded_cluster_group(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, r, group, resource) in subject.resources() {
        let own = [
            types::IP_ADDRESS,
            types::NETWORK_NAME,
            types::MAJORITY_NODE_SET,
            types::DISTRIBUTED_TRANSACTION_COORDINATOR,
        ];
        let quorum = matches!(&subject.definition.quorum,
            QuorumKind::Standard { resource: quorum } if resource.name == *quorum);
        // A rule of its own covers a whole virtual server there.
        let server = group.has_resource_of(types::SYSTEM_ATTENDANT);
        if holds_quorum(subject, group)
            && !server
            && !own.contains(&resource.kind.as_str())
            && !quorum
            && !types::is_exchange(&resource.kind)
        {
            let text = format!(
                "`{}` shares the group `{}` with the quorum",
                resource.name, group.name
            );
            findings.add(Anchor::Resource(g, r), text);
        }
    }
}

/// Seven virtual servers at most.
pub(super) fn too_many_virtual_servers(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    const MOST: usize = 7;
    let servers: Vec<_> = subject.virtual_servers().collect();
    if let Some((g, _)) = servers.get(MOST) {
        findings
            .add(
                Anchor::Group(*g),
                "the cluster has too many Exchange virtual servers",
            )
            .found(servers.len().to_string())
            .expected(format!("at most {MOST}"));
    }
}

/// More than two nodes: one must be passive. Two nodes: two virtual servers at most.
pub(super) fn no_passive_node(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let nodes = subject.definition.nodes.len();
    let most = match nodes {
        0 => return,
        1 => 1,
        2 => 2,
        more => more - 1,
    };
    let servers: Vec<_> = subject.virtual_servers().collect();
    if let Some((g, _)) = servers.get(most) {
        let text = if nodes > 2 {
            "no node is left passive"
        } else {
            "there are more Exchange virtual servers than nodes"
        };
        findings
            .add(Anchor::Group(*g), text)
            .found(format!(
                "{} virtual servers on {nodes} nodes",
                servers.len()
            ))
            .expected(format!("at most {most}"));
    }
}

/// Active/active is for two nodes, and discouraged there.
pub(super) fn active_active(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let servers: Vec<_> = subject.virtual_servers().collect();
    if let (2, [_, (g, _)]) = (subject.definition.nodes.len(), servers.as_slice()) {
        findings.add(
            Anchor::Group(*g),
            "both nodes are active: one has to take on all after a failure",
        );
    }
}

/// A node mounts four storage groups at most, whichever virtual servers they belong to.
pub(super) fn storage_group_limit(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let mut total = 0;
    for (g, r, group, resource) in subject.resources() {
        let Some(groups) = storage_groups(resource) else {
            continue;
        };
        total += groups.len();
        if groups.len() > STORAGE_GROUPS {
            let text = format!(
                "`{}` has more storage groups than a node can mount",
                group.name
            );
            findings
                .add(Anchor::Property(g, r, "StorageGroups"), text)
                .found(groups.len().to_string())
                .expected(format!("at most {STORAGE_GROUPS}"));
        } else if subject.definition.nodes.len() == 2 && total > STORAGE_GROUPS {
            findings
                .add(
                    Anchor::Property(g, r, "StorageGroups"),
                    "the surviving node of an active/active pair could not mount all storage groups",
                )
                .found(format!("{total} in the cluster"))
                .expected(format!("at most {STORAGE_GROUPS}"));
        }
    }
}

pub(super) fn storage_groups(resource: &ResourceDefinition) -> Option<&[String]> {
    match resource.properties.private.get("StorageGroups") {
        Some(Value::List(groups)) if *resource.kind == *types::INFORMATION_STORE => Some(groups),
        _ => None,
    }
}

/// A storage group lies on disks of its own virtual server.
pub(super) fn storage_group_disk(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, r, group, resource) in subject.resources() {
        let disks: Vec<_> = group
            .resources
            .iter()
            .filter(|other| *other.kind == *types::PHYSICAL_DISK)
            .map(ResourceDefinition::disk)
            .collect();
        for text in storage_groups(resource).unwrap_or(&[]) {
            let anchor = || Anchor::Property(g, r, "StorageGroups");
            let Some(storage) = StorageGroup::from_property(text) else {
                findings
                    .add(
                        anchor(),
                        format!("`{}` has a malformed storage group", resource.name),
                    )
                    .found(format!("{text:?}"))
                    .expected("name|log disk|database disk");
                continue;
            };
            for disk in [&storage.log_disk, &storage.database_disk] {
                if !disks.contains(disk) {
                    let text = format!(
                        "the storage group `{}` lies on `{disk}`, which is no disk of `{}`",
                        storage.name, group.name
                    );
                    let known = disks.iter().map(|disk| disk.as_str());
                    findings
                        .add(anchor(), text)
                        .help(suggest::help(disk, known));
                }
            }
        }
    }
}

/// Databases are restored from their logs, so these must survive the loss of the database disk.
pub(super) fn log_beside_database(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, r, _, resource) in subject.resources() {
        for storage in storage_groups(resource).unwrap_or(&[]) {
            let Some(storage) = StorageGroup::from_property(storage) else {
                continue;
            };
            if storage.log_disk == storage.database_disk {
                findings.add(
                    Anchor::Property(g, r, "StorageGroups"),
                    format!(
                        "the storage group `{}` has its logs and its databases on `{}`",
                        storage.name, storage.log_disk
                    ),
                );
            }
        }
    }
}

/// One MTA for the cluster, on its first virtual server.
pub(super) fn several_mtas(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let mut mtas = subject
        .resources()
        .filter(|(_, _, _, resource)| *resource.kind == *types::MTA);
    let Some((_, _, first, _)) = mtas.next() else {
        return;
    };
    for (g, r, group, _) in mtas {
        let text = format!(
            "`{}` has an MTA, but `{}` holds the cluster's",
            group.name, first.name
        );
        findings.add(Anchor::Resource(g, r), text);
    }
}

/// The MTA is made on the first virtual server, and the others depend on it.
pub(super) fn mta_not_first(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    // A virtual server in the quorum's group is left out: it has to move anyway.
    let mut servers = subject.virtual_servers();
    let Some((g, first)) = servers.find(|(_, group)| !holds_quorum(subject, group)) else {
        return;
    };
    let beside = subject
        .virtual_servers()
        .next()
        .is_some_and(|(one, _)| one != g);
    if !beside && !first.has_resource_of(types::MTA) {
        let text = format!(
            "`{}` is the first virtual server, and has no MTA",
            first.name
        );
        findings.add(Anchor::Group(g), text);
    }
}

/// The resources that a virtual server needs, and their dependencies (2003).
pub(super) fn exchange_dependency(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, r, group, resource) in subject.resources() {
        let served = group.has_resource_of(types::SYSTEM_ATTENDANT);
        let named = *resource.kind == *types::NETWORK_NAME && served;
        // A virtual server in the quorum's group is left out: it has to move anyway.
        if !(types::is_exchange(&resource.kind) || named) || holds_quorum(subject, group) {
            continue;
        }
        let needs: &[&str] = if *resource.kind == *types::SYSTEM_ATTENDANT {
            &[types::NETWORK_NAME, types::PHYSICAL_DISK]
        } else if named {
            &[types::IP_ADDRESS]
        } else {
            &[types::SYSTEM_ATTENDANT]
        };
        for need in needs {
            let mut providers = group
                .resources
                .iter()
                .filter(|other| *other.kind == **need)
                .peekable();
            if providers.peek().is_none() {
                let text = format!("`{}` needs a `{need}` in its group", resource.name);
                findings.add(Anchor::Resource(g, r), text);
            }
            for provider in providers {
                if !resource.depends_on.contains(&provider.name) {
                    let text =
                        format!("`{}` does not depend on `{}`", resource.name, provider.name);
                    findings
                        .add(Anchor::Resource(g, r), text)
                        .help(Some(format!("add `{}` to its `depends_on`", provider.name)));
                }
            }
        }
    }
}

/// A failing MSDTC is no reason to move the Cluster Group.
pub(super) fn msdtc_affects_group(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, r, _, resource) in subject.resources() {
        if *resource.kind == *types::DISTRIBUTED_TRANSACTION_COORDINATOR
            && resource.properties.restart_action == RestartAction::RestartNotify
        {
            let text = format!("a failure of `{}` affects its whole group", resource.name);
            findings.add(Anchor::Property(g, r, "RestartAction"), text);
        }
    }
}

/// MSDTC belongs in the Cluster Group, and Exchange Setup needs it.
pub(super) fn msdtc_place(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let mut there = false;
    for (g, r, group, resource) in subject.resources() {
        if *resource.kind == *types::DISTRIBUTED_TRANSACTION_COORDINATOR {
            there = true;
            if group.name != CLUSTER_GROUP {
                let text = format!("`{}` is in `{}`", resource.name, group.name);
                findings.add(Anchor::Resource(g, r), text);
            }
        }
    }
    if !there && subject.virtual_servers().next().is_some() {
        findings.add(
            Anchor::Cluster,
            "there is no MSDTC, which Exchange Setup needs",
        );
    }
}
