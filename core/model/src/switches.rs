//! The switches with which the cluster service can be started when it would not start otherwise.

use crate::errors::ERROR_INVALID_PARAMETER;
use crate::{ClusterDefinition, Name, QuorumKind, suggest};

/// The original's start switches. Each gives up part of what the quorum kind promises, for this one start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartSwitches {
    /// `/forcequorum`: a majority of these nodes is a quorum. Majority Node Set only; nodes that are not named are
    /// kept out.
    pub force_quorum: Vec<Name>,
    /// `/fixquorum`: start without the quorum disk. Nothing but the cluster's address and name comes up, and nobody
    /// else is taken in.
    pub fix_quorum: bool,
    /// `/resetquorumlog`: if the log on the quorum disk is damaged, missing or older than this node's own copy, it is
    /// written anew from that copy.
    pub reset_quorum_log: bool,
    /// `/noquorumlogging`: what is on the quorum disk is neither read nor written; this node goes on from its own
    /// copy, and nobody else is taken in.
    pub no_quorum_logging: bool,
}

impl StartSwitches {
    /// The original's name of the switch that is set; `None` for an ordinary start.
    pub fn name(&self) -> Option<&'static str> {
        match self {
            _ if !self.force_quorum.is_empty() => Some("forcequorum"),
            _ if self.fix_quorum => Some("fixquorum"),
            _ if self.reset_quorum_log => Some("resetquorumlog"),
            _ if self.no_quorum_logging => Some("noquorumlogging"),
            _ => None,
        }
    }

    /// Whether changes made under these switches stay on the node's own disk.
    pub fn keeps_to_itself(&self) -> bool {
        self.fix_quorum || self.no_quorum_logging
    }

    /// Whether a node may be started with these switches.
    ///
    /// The original's error code and one sentence: why the switches do not fit, and what to do instead.
    pub fn check(&self, cluster: &ClusterDefinition, node: &str) -> Result<(), (u32, String)> {
        let refuse = |text: String| Err((ERROR_INVALID_PARAMETER, text));
        let set = [
            !self.force_quorum.is_empty(),
            self.fix_quorum,
            self.reset_quorum_log,
            self.no_quorum_logging,
        ];
        let Some(name) = self.name() else {
            return Ok(());
        };
        if set.iter().filter(|set| **set).count() > 1 {
            return refuse(format!(
                "{name} goes with no other start switch: give one of them"
            ));
        }
        let kind = match cluster.quorum {
            QuorumKind::Standard { .. } => "a Standard quorum",
            QuorumKind::MajorityNodeSet => "a Majority Node Set",
            QuorumKind::Local => "a Local quorum",
        };
        if self.force_quorum.is_empty() {
            return match cluster.quorum {
                QuorumKind::Standard { .. } => Ok(()),
                QuorumKind::MajorityNodeSet => refuse(format!(
                    "{name} is for clusters with a quorum disk, and this one has {kind}: start with forcequorum and the \
                     nodes that are left; a node whose own copy is damaged is evicted and added again"
                )),
                QuorumKind::Local => refuse(format!(
                    "{name} is for clusters with a quorum disk, and this one has {kind}"
                )),
            };
        }
        if cluster.quorum != QuorumKind::MajorityNodeSet {
            return refuse(format!(
                "forcequorum is for a Majority Node Set, and this cluster has {kind}: where a quorum disk cannot be \
                 used, start with fixquorum"
            ));
        }
        for (at, listed) in self.force_quorum.iter().enumerate() {
            if cluster.node(listed).is_none() {
                let known = cluster.nodes.iter().map(|node| node.name.as_str());
                let hint = suggest::help(listed, known).unwrap_or_default();
                return refuse(format!(
                    "forcequorum names {listed}, which is no node: {hint}"
                ));
            }
            if self.force_quorum[..at].contains(listed) {
                return refuse(format!("forcequorum names {listed} twice"));
            }
        }
        if !self.force_quorum.iter().any(|listed| *listed == *node) {
            return refuse(format!(
                "forcequorum does not name {node} itself: a node that is not on the list has to stay stopped"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(quorum: &str, nodes: u8) -> ClusterDefinition {
        let node = |n| format!("(name: \"NODE{n}\", interfaces: {{ \"Public\": \"10.0.0.{n}\" }})");
        let nodes: Vec<String> = (1..=nodes).map(node).collect();
        let text = format!(
            "(name: \"C\", address: \"10.0.0.20\", quorum: {quorum}, networks: [(name: \"Public\", role: Mixed, \
             subnet: \"10.0.0.0/24\")], nodes: [{}], disks: [(name: \"Disk Q:\")])",
            nodes.join(", ")
        );
        crate::parse("test", &text).unwrap().definition
    }

    fn forced(names: &[&str]) -> StartSwitches {
        StartSwitches {
            force_quorum: names.iter().map(|name| Name::from(*name)).collect(),
            ..StartSwitches::default()
        }
    }

    #[test]
    fn each_switch_is_for_its_kind_of_quorum() {
        let majority = cluster("MajorityNodeSet", 3);
        let standard = cluster("Standard(resource: \"Disk Q:\")", 3);
        let fix = StartSwitches {
            fix_quorum: true,
            ..StartSwitches::default()
        };
        assert_eq!(forced(&["NODE1"]).check(&majority, "NODE1"), Ok(()));
        assert_eq!(fix.check(&standard, "NODE1"), Ok(()));
        assert_eq!(StartSwitches::default().check(&majority, "NODE1"), Ok(()));
        for (cluster, switches, part) in [
            (&standard, forced(&["NODE1"]), "is for a Majority Node Set"),
            (&majority, fix.clone(), "is for clusters with a quorum disk"),
            (&majority, forced(&["NODE2"]), "does not name NODE1 itself"),
            (
                &majority,
                forced(&["NODE1", "NODE9"]),
                "NODE9, which is no node",
            ),
            (&majority, forced(&["NODE1", "NODE1"]), "names NODE1 twice"),
            (
                &majority,
                StartSwitches {
                    fix_quorum: true,
                    ..forced(&["NODE1"])
                },
                "no other start switch",
            ),
        ] {
            let (code, text) = switches.check(cluster, "NODE1").unwrap_err();
            assert_eq!(code, 87);
            assert!(text.contains(part), "{text}");
        }
    }
}
