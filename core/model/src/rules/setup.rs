//! Editions and components installed on the nodes.

use crate::places::Anchor;
use crate::{ExchangeEdition, QuorumKind};

use super::{Findings, Subject};

/// Components that clusters do not support, by the names that administrators use.
const UNSUPPORTED: &[(&str, &[&str])] = &[
    (
        "Active Directory Connector",
        &["ADC", "Active Directory Connector"],
    ),
    (
        "Exchange 2003 Calendar Connector",
        &["Calendar Connector", "Exchange 2003 Calendar Connector"],
    ),
    (
        "Exchange Connector for Lotus Notes",
        &[
            "Lotus Notes",
            "Lotus Notes Connector",
            "Exchange Connector for Lotus Notes",
        ],
    ),
    (
        "Exchange Connector for Novell GroupWise",
        &[
            "GroupWise",
            "Novell GroupWise Connector",
            "Exchange Connector for Novell GroupWise",
        ],
    ),
    (
        "Microsoft Exchange Event service",
        &[
            "Event Service",
            "Exchange Event Service",
            "Microsoft Exchange Event service",
        ],
    ),
    (
        "Site Replication Service",
        &["SRS", "Site Replication Service"],
    ),
];

/// NNTP: Exchange Setup asks for it, but on a cluster it does not work.
const NNTP: &[&str] = &["NNTP", "Network News Transfer Protocol"];

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn has_exchange(subject: &Subject<'_>) -> bool {
    subject.virtual_servers().next().is_some()
}

/// The table of editions: how many nodes each Windows and Exchange allows.
pub(super) fn edition(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let nodes = subject.definition.nodes.len();
    for (n, node) in subject.definition.nodes.iter().enumerate() {
        let Some(facts) = subject.facts.nodes.get(&node.name) else {
            continue;
        };
        let most = facts.windows.cluster_nodes();
        // A rule of its own covers more nodes than the largest edition allows.
        if nodes > most && most < 8 {
            let expected = match most {
                0 => "an edition with clusters".to_owned(),
                most => format!("at most {most} nodes"),
            };
            let text = format!(
                "the Windows of `{}` does not cluster {nodes} nodes",
                node.name
            );
            findings
                .add(Anchor::Node(n), text)
                .found(facts.windows.product())
                .expected(expected);
        }
        if facts.exchange == ExchangeEdition::Exchange2003Standard && has_exchange(subject) {
            let text = format!("the Exchange of `{}` has no clusters", node.name);
            findings
                .add(Anchor::Node(n), text)
                .found(facts.exchange.product())
                .expected(ExchangeEdition::Exchange2003Enterprise.product());
        }
    }
}

/// Windows 2000 has no Majority Node Set.
pub(super) fn windows_2000_quorum(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if subject.definition.quorum != QuorumKind::MajorityNodeSet {
        return;
    }
    let old = subject.definition.nodes.iter().find_map(|node| {
        let facts = subject.facts.nodes.get(&node.name)?;
        facts.windows.is_2000().then_some((node, facts))
    });
    if let Some((node, facts)) = old {
        findings
            .add(
                Anchor::Quorum,
                format!("`{}` cannot be in a majority node set", node.name),
            )
            .found(facts.windows.product())
            .expected("Standard quorum, or Windows Server 2003");
    }
}

/// Components that clusters do not support.
pub(super) fn unsupported_component(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (index, name) in subject.facts.components.iter().flatten().enumerate() {
        let product = UNSUPPORTED
            .iter()
            .find(|(_, names)| is_one_of(name, names))
            .map(|(product, _)| product);
        if let Some(product) = product {
            findings.add(
                Anchor::Component(index),
                format!("{product} does not run in an Exchange cluster"),
            );
        }
    }
}

/// Setup asks for NNTP, ...
pub(super) fn nntp_missing(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some(components) = &subject.facts.components else {
        return;
    };
    if has_exchange(subject) && !components.iter().any(|name| is_one_of(name, NNTP)) {
        findings.add(Anchor::Cluster, "NNTP is not among the components");
    }
}

/// ... and puts it out of use.
pub(super) fn nntp_not_functional(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (index, name) in subject.facts.components.iter().flatten().enumerate() {
        if is_one_of(name, NNTP) && has_exchange(subject) {
            findings.add(
                Anchor::Component(index),
                "NNTP will not work once Exchange is installed",
            );
        }
    }
}

/// Network DTC access is a security risk.
pub(super) fn network_dtc_access(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if subject.facts.network_dtc && has_exchange(subject) {
        findings.add(Anchor::NetworkDtc, "network DTC access is enabled");
    }
}

/// Front-end servers stand alone or share their load by NLB; they are not clustered.
pub(super) fn front_end_clustered(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (g, group) in subject.virtual_servers() {
        let facts = subject.facts.virtual_servers.get(&group.name);
        if facts.is_some_and(|facts| facts.front_end) {
            findings.add(
                Anchor::Group(g),
                format!("`{}` is a front-end server in a cluster", group.name),
            );
        }
    }
}
