//! Quorum.

use crate::places::Anchor;
use crate::{QuorumKind, suggest, types};

use super::{Findings, Subject};

/// Standard quorum lives on a shared disk.
pub(super) fn standard_without_disk(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let standard = matches!(subject.definition.quorum, QuorumKind::Standard { .. });
    if standard && subject.definition.disks.is_empty() {
        findings.add(
            Anchor::Quorum,
            "Standard quorum needs a shared disk, and there is none",
        );
    }
}

/// The quorum resource is a resource of some group.
pub(super) fn unknown_quorum_resource(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let QuorumKind::Standard { resource } = &subject.definition.quorum else {
        return;
    };
    if subject.definition.resource(resource).is_none() {
        let disks = subject
            .resources()
            .filter(|(_, _, _, other)| types::is_quorum_capable(&other.kind))
            .map(|(_, _, _, other)| other.name.as_str());
        let disks: Vec<&str> = disks.collect();
        findings
            .add(
                Anchor::Quorum,
                format!("the quorum resource `{resource}` is in no group"),
            )
            .help(suggest::help(resource, disks.iter().copied()));
    }
}

/// Only a type that arbitrates can hold the quorum (5021).
pub(super) fn not_quorum_capable(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let QuorumKind::Standard { resource } = &subject.definition.quorum else {
        return;
    };
    if let Some((_, found)) = subject.definition.resource(resource)
        && !types::is_quorum_capable(&found.kind)
    {
        findings
            .add(
                Anchor::Quorum,
                format!("the quorum resource `{resource}` cannot arbitrate"),
            )
            .found(format!("a resource of the type `{}`", found.kind))
            .expected(format!("a `{}`", types::PHYSICAL_DISK));
    }
}

/// Local quorum is for one node (87).
pub(super) fn local_quorum_nodes(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let nodes = subject.definition.nodes.len();
    if subject.definition.quorum == QuorumKind::Local && nodes > 1 {
        findings
            .add(Anchor::Quorum, "Local quorum is for a cluster of one node")
            .found(format!("{nodes} nodes"))
            .expected("one node");
    }
}

/// Majority Node Set has a resource of its own.
pub(super) fn majority_without_resource(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let there = subject
        .resources()
        .any(|(_, _, _, res)| *res.kind == *types::MAJORITY_NODE_SET);
    if subject.definition.quorum == QuorumKind::MajorityNodeSet && !there {
        findings.add(
            Anchor::Quorum,
            "no group holds a Majority Node Set resource",
        );
    }
}

/// Two nodes have no majority once one is gone.
pub(super) fn majority_of_two(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if subject.definition.quorum == QuorumKind::MajorityNodeSet
        && subject.definition.nodes.len() == 2
    {
        findings.add(
            Anchor::Quorum,
            "Majority Node Set with two nodes survives no failure",
        );
    }
}
