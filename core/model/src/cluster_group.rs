//! The default Cluster Group, from the cluster's name, address and quorum.

use std::collections::BTreeMap;

use crate::virtual_server::private;
use crate::{
    GroupDefinition, GroupProperties, Name, QuorumKind, ResourceDefinition, RestartAction, Value,
    types,
};

/// The default group's name.
pub const CLUSTER_GROUP: &str = "Cluster Group";

/// The default Cluster Group to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterGroupRequest {
    /// The cluster's name, which is its network name.
    pub name: String,
    /// Its static address.
    pub address: String,
    /// The address's subnet mask.
    pub subnet_mask: String,
    /// The network the address is on.
    pub network: Name,
    /// Its quorum: with Standard, the quorum resource is made here, and with Majority Node Set a resource of that
    /// type.
    pub quorum: QuorumKind,
    /// Whether MSDTC is made, which Exchange Setup needs. It does not affect the group.
    pub msdtc: bool,
}

impl ClusterGroupRequest {
    /// The group, providers first: `Cluster IP Address`, `Cluster Name`, the quorum resource and `MSDTC`.
    pub fn expand(&self) -> GroupDefinition {
        let define = |name: &str, kind: &str, depends_on: Vec<Name>| ResourceDefinition {
            name: name.into(),
            kind: kind.into(),
            depends_on,
            possible_owners: Vec::new(),
            persistent_state: None,
            properties: Default::default(),
        };
        let mut resources = Vec::new();

        let mut resource = define("Cluster IP Address", types::IP_ADDRESS, Vec::new());
        resource.properties.private = private([
            ("Address", Value::Text(self.address.clone())),
            ("SubnetMask", Value::Text(self.subnet_mask.clone())),
            ("Network", Value::Text(self.network.to_string())),
            ("EnableDhcp", Value::Dword(0)),
        ]);
        resources.push(resource);

        let mut resource = define(
            "Cluster Name",
            types::NETWORK_NAME,
            vec!["Cluster IP Address".into()],
        );
        resource.properties.private = private([("Name", Value::Text(self.name.clone()))]);
        resources.push(resource);

        let mut msdtc_needs = Vec::new();
        match &self.quorum {
            QuorumKind::Standard { resource } => {
                resources.push(define(resource, types::PHYSICAL_DISK, Vec::new()));
                msdtc_needs.push(resource.clone());
            }
            QuorumKind::MajorityNodeSet => {
                resources.push(define(
                    "Majority Node Set",
                    types::MAJORITY_NODE_SET,
                    Vec::new(),
                ));
            }
            QuorumKind::Local => {}
        }
        if self.msdtc {
            msdtc_needs.push("Cluster Name".into());
            let mut resource = define(
                "MSDTC",
                types::DISTRIBUTED_TRANSACTION_COORDINATOR,
                msdtc_needs,
            );
            resource.properties.restart_action = RestartAction::RestartNoNotify;
            resources.push(resource);
        }
        GroupDefinition {
            name: CLUSTER_GROUP.into(),
            properties: GroupProperties::default(),
            resources,
            persistent_state: true,
            policy: None,
            attributes: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(quorum: QuorumKind, msdtc: bool) -> Vec<String> {
        let request = ClusterGroupRequest {
            name: "CLUSTER1".into(),
            address: "10.0.0.20".into(),
            subnet_mask: "255.255.255.0".into(),
            network: "Public".into(),
            quorum,
            msdtc,
        };
        request
            .expand()
            .resources
            .iter()
            .map(|resource| format!("{} {:?}", resource.name, resource.depends_on))
            .collect()
    }

    #[test]
    fn the_default_group_fits_the_quorum() {
        assert_eq!(
            names(
                QuorumKind::Standard {
                    resource: "Disk Q:".into()
                },
                true
            ),
            [
                "Cluster IP Address []",
                "Cluster Name [\"Cluster IP Address\"]",
                "Disk Q: []",
                "MSDTC [\"Disk Q:\", \"Cluster Name\"]",
            ]
        );
        assert_eq!(
            names(QuorumKind::MajorityNodeSet, true)[2..],
            ["Majority Node Set []", "MSDTC [\"Cluster Name\"]"]
        );
        assert_eq!(names(QuorumKind::Local, false).len(), 2);
    }
}
