//! Quorum.

use crate::places::Anchor;
use crate::{FILE_SHARE_WITNESS, QuorumKind, Value, same_name, suggest, types};

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
            .filter(|(_, _, _, other)| types::may_be_quorum_capable(&other.kind))
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

/// Only a type that arbitrates can hold the quorum (5021). Of a type that is not shipped only its plugin can say that:
/// whoever loads plugins asks it.
pub(super) fn not_quorum_capable(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let QuorumKind::Standard { resource } = &subject.definition.quorum else {
        return;
    };
    if let Some((_, found)) = subject.definition.resource(resource)
        && !types::may_be_quorum_capable(&found.kind)
    {
        findings
            .add(
                Anchor::Quorum,
                format!("the quorum resource `{resource}` cannot arbitrate"),
            )
            .found(format!("a resource of the type `{}`", found.kind))
            .expected(format!(
                "a `{}`, or a resource of a plugin's type that can",
                types::PHYSICAL_DISK
            ));
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
    let mut groups = subject.definition.groups.iter();
    let there = groups.any(|group| group.has_resource_of(types::MAJORITY_NODE_SET));
    if subject.definition.quorum == QuorumKind::MajorityNodeSet && !there {
        findings.add(
            Anchor::Quorum,
            "no group holds a Majority Node Set resource",
        );
    }
}

/// A majority of two nodes is both: the loss of either stops the cluster.
pub(super) fn majority_of_two(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if subject.definition.quorum == QuorumKind::MajorityNodeSet
        && subject.definition.nodes.len() == 2
        && subject.definition.file_share_witness().is_none()
    {
        findings.add(
            Anchor::Quorum,
            "Majority Node Set with two nodes survives no failure",
        );
    }
}

/// The file share witness, with the place where it is named.
fn witness<'a>(subject: &Subject<'a>) -> Option<(&'a str, Anchor)> {
    let share = subject.definition.file_share_witness()?;
    let (group, resource, ..) = subject
        .resources()
        .find(|(_, _, _, res)| *res.kind == *types::MAJORITY_NODE_SET)?;
    Some((share, Anchor::Property(group, resource, FILE_SHARE_WITNESS)))
}

/// The server of a share that is written `\\\\server\\share`, with folders below it or without.
fn server(share: &str) -> Option<&str> {
    let mut parts = share.strip_prefix(r"\\")?.split('\\');
    let server = parts.next()?;
    let mut all = std::iter::once(server).chain(parts);
    let sound =
        |part: &str| !part.trim().is_empty() && !part.contains(|c| r#"/:*?"<>|"#.contains(c));
    (share[2..].contains('\\') && all.all(sound)).then_some(server)
}

/// A file share is named by its server and its own name.
pub(super) fn witness_share(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if let Some((share, place)) = witness(subject)
        && server(share).is_none()
    {
        findings
            .add(place, "the file share witness is no file share")
            .found(format!("`{share}`"))
            .expected(r"a server and a share, such as `\\FILES\witness`");
    }
}

/// A witness on a node, or on a share that the cluster itself runs, fails together with it.
pub(super) fn witness_in_cluster(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some((share, place)) = witness(subject) else {
        return;
    };
    let Some(server) = server(share) else { return };
    let definition = subject.definition;
    let nodes = definition.nodes.iter();
    let mut of_nodes = nodes.flat_map(|node| {
        let addresses = node.interfaces.values().map(String::as_str);
        addresses.chain([node.name.as_str()])
    });
    let resources = subject.resources().map(|(_, _, _, resource)| resource);
    let mut of_groups = resources.filter_map(|resource| {
        let property = match &*resource.kind {
            types::NETWORK_NAME => "Name",
            types::IP_ADDRESS => "Address",
            _ => return None,
        };
        resource.properties.get(property)
    });
    let is_ours = of_nodes.any(|name| same_name(name, server))
        || of_groups.any(|value| matches!(value, Value::Text(name) if same_name(&name, server)));
    if is_ours {
        findings.add(
            place,
            format!("the file share witness is on `{server}`, which is of this cluster itself"),
        );
    }
}

/// One more vote does not help an odd number of votes: it survives the loss of no more than before.
pub(super) fn witness_of_odd(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let nodes = subject.definition.nodes.len();
    if let Some((_, place)) = witness(subject)
        && !nodes.is_multiple_of(2)
    {
        findings
            .add(
                place,
                "a file share witness adds nothing to an odd number of nodes",
            )
            .found(format!("{nodes} nodes and the witness"));
    }
}
