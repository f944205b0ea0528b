//! Nodes should be alike, and disks should fail independently.

use std::collections::BTreeMap;

use crate::places::Anchor;
use crate::{Name, QuorumKind, ResourceDefinition, StorageGroup, types};

use super::exchange::storage_groups;
use super::{Findings, Subject};

/// Whether a node is home to a virtual server: first among its preferred owners.
fn is_active(subject: &Subject<'_>, node: &Name) -> bool {
    subject.virtual_servers().any(|(_, group)| {
        let home = group.properties.preferred_owners.first();
        home.is_none_or(|home| home == node)
    })
}

/// Nodes whose hardware differs from that of the first active node, with both in words.
fn odd_ones<'a>(subject: &Subject<'a>) -> Vec<(usize, &'a Name, String, String)> {
    let nodes = || subject.definition.nodes.iter().enumerate();
    let facts = |name: &Name| subject.facts.nodes.get(name);
    let Some((_, model)) = nodes()
        .find(|(_, node)| is_active(subject, &node.name))
        .or_else(|| nodes().next())
    else {
        return Vec::new();
    };
    let Some(wanted) = facts(&model.name) else {
        return Vec::new();
    };
    let words =
        |one: &crate::NodeFacts| format!("{} processors and {} MiB", one.processors, one.memory_mb);
    let odd = nodes().filter_map(|(n, node)| {
        let found = facts(&node.name)?;
        let alike = (found.processors, found.memory_mb) == (wanted.processors, wanted.memory_mb);
        (!alike).then(|| {
            let like = format!("{}, like `{}`", words(wanted), model.name);
            (n, &node.name, words(found), like)
        })
    });
    odd.collect()
}

/// Active nodes are alike, so that users feel no difference.
pub(super) fn hardware_differs(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (n, name, found, wanted) in odd_ones(subject) {
        if is_active(subject, name) {
            findings
                .add(
                    Anchor::Node(n),
                    format!("the hardware of `{name}` is not that of the others"),
                )
                .found(found)
                .expected(wanted);
        }
    }
}

/// A passive node may differ, for instance to run backups.
pub(super) fn passive_hardware_differs(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (n, name, found, wanted) in odd_ones(subject) {
        if !is_active(subject, name) {
            findings
                .add(
                    Anchor::Node(n),
                    format!(
                        "the hardware of the passive node `{name}` is not that of the active ones"
                    ),
                )
                .found(found)
                .expected(wanted);
        }
    }
}

/// The quorum's shared disk and the number it has in the definition.
fn quorum_disk(subject: &Subject<'_>) -> Option<(usize, Name)> {
    let QuorumKind::Standard { resource } = &subject.definition.quorum else {
        return None;
    };
    let (_, resource) = subject.definition.resource(resource)?;
    let disk = resource.disk();
    let mut disks = subject.definition.disks.iter();
    let place = disks.position(|known| known.name == disk)?;
    Some((place, disk))
}

/// Everything depends on the quorum disk, so the failure of one spindle must not take it away.
pub(super) fn quorum_disk_raid(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some((d, disk)) = quorum_disk(subject) else {
        return;
    };
    if subject
        .facts
        .disks
        .get(&disk)
        .is_some_and(|facts| !facts.raid)
    {
        findings.add(
            Anchor::Disk(d),
            format!("the quorum disk `{disk}` is no RAID set"),
        );
    }
}

/// The quorum volume is for the quorum and MSDTC.
pub(super) fn quorum_disk_used(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some((_, disk)) = quorum_disk(subject) else {
        return;
    };
    for (g, r, group, resource) in subject.resources() {
        let uses = group.resources.iter().any(|other| {
            *other.kind == *types::PHYSICAL_DISK
                && other.disk() == disk
                && resource.depends_on.contains(&other.name)
        });
        if uses && *resource.kind != *types::DISTRIBUTED_TRANSACTION_COORDINATOR {
            findings.add(
                Anchor::Resource(g, r),
                format!("`{}` uses the quorum disk `{disk}`", resource.name),
            );
        }
        for storage in storage_groups(resource).unwrap_or(&[]) {
            let Some(storage) = StorageGroup::from_property(storage) else {
                continue;
            };
            if storage.log_disk == disk || storage.database_disk == disk {
                let text = format!(
                    "the storage group `{}` lies on the quorum disk `{disk}`",
                    storage.name
                );
                findings.add(Anchor::Property(g, r, "StorageGroups"), text);
            }
        }
    }
}

/// The failure of one spindle should hit one group only, and in it either logs or databases.
pub(super) fn shared_spindle(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let spindle = |disk: &Name| subject.facts.disks.get(disk)?.spindle.as_deref();
    let mut owners: BTreeMap<&str, (&Name, Name)> = BTreeMap::new();
    for (g, r, group, resource) in subject.resources() {
        if *resource.kind != *types::PHYSICAL_DISK {
            continue;
        }
        let disk = ResourceDefinition::disk(resource);
        let Some(on) = spindle(&disk) else {
            continue;
        };
        match owners.get(on) {
            Some((owner, earlier)) if **owner != group.name => {
                let text = format!(
                    "`{disk}` of `{}` and `{earlier}` of `{owner}` share the spindle `{on}`",
                    group.name
                );
                findings.add(Anchor::Resource(g, r), text);
            }
            Some(_) => {}
            None => {
                owners.insert(on, (&group.name, disk));
            }
        }
    }
    for (g, r, _, resource) in subject.resources() {
        for storage in storage_groups(resource).unwrap_or(&[]) {
            let Some(storage) = StorageGroup::from_property(storage) else {
                continue;
            };
            let (log, database) = (&storage.log_disk, &storage.database_disk);
            // One disk for both has a rule of its own.
            if log != database && spindle(log).is_some() && spindle(log) == spindle(database) {
                let text = format!(
                    "the logs and the databases of the storage group `{}` share a spindle",
                    storage.name
                );
                findings.add(Anchor::Property(g, r, "StorageGroups"), text);
            }
        }
    }
}
