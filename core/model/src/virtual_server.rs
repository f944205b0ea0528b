//! From an administrator's request for an Exchange virtual server to its complete group.
//!
//! Cluster files use this for their short form, and so does whatever creates a virtual server at run time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    ClusterDefinition, GroupDefinition, GroupProperties, Name, Once, Product, ResourceDefinition,
    Value, types,
};

/// The class that keeps Exchange virtual servers apart (docs/semantics.md, 2.3): a name in
/// [`GroupProperties::anti_affinity_class_names`], and in [`GroupProperties::exclusive_class_names`].
pub const VIRTUAL_SERVER_CLASS: &str = "Microsoft Exchange Virtual Server";

/// The rules of Exchange for its virtual servers (docs/semantics.md, 2.2 and 2.3).
pub const EXCHANGE: Product = Product {
    leader: types::SYSTEM_ATTENDANT,
    server: "Exchange virtual server",
    class: VIRTUAL_SERVER_CLASS,
    together_max: 2,
    apart_rule: "no-passive-node",
    dependency_rule: "exchange-dependency",
    once: Some(Once {
        kind: types::MTA,
        name: "MTA",
        rule: "mta-not-first",
    }),
};

/// The products whose types are shipped.
pub const PRODUCTS: &[Product] = &[EXCHANGE];

/// A storage group: databases that share one set of transaction logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageGroup {
    /// Its name, such as `First Storage Group`.
    pub name: String,
    /// The shared disk with the transaction logs.
    pub log_disk: Name,
    /// The shared disk with the databases.
    pub database_disk: Name,
}

impl StorageGroup {
    /// As the private property `StorageGroups` carries it: `name|log disk|database disk`.
    pub fn to_property(&self) -> String {
        format!("{}|{}|{}", self.name, self.log_disk, self.database_disk)
    }

    /// Reads what [`to_property`](Self::to_property) writes; `None` if there are not three parts.
    pub fn from_property(text: &str) -> Option<Self> {
        let mut parts = text.split('|');
        let (name, log, database) = (parts.next()?, parts.next()?, parts.next()?);
        parts.next().is_none().then(|| StorageGroup {
            name: name.to_owned(),
            log_disk: log.into(),
            database_disk: database.into(),
        })
    }
}

/// An Exchange virtual server to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualServerRequest {
    /// The group's name, which begins the names of its resources.
    pub name: Name,
    /// The name that clients call it by.
    pub network_name: String,
    /// Its static address.
    pub address: String,
    /// The address's subnet mask, such as `255.255.255.0`.
    pub subnet_mask: String,
    /// The network the address is on.
    pub network: Name,
    /// Its shared disks.
    pub disks: Vec<Name>,
    /// Its storage groups, whose disks are among `disks`.
    pub storage_groups: Vec<StorageGroup>,
    /// Preferred owners, best first.
    pub preferred_owners: Vec<Name>,
    /// The nodes that may own it, for every resource; empty means all.
    pub possible_owners: Vec<Name>,
    /// Whether it holds the cluster's MTA: the first virtual server does.
    pub mta: bool,
    /// Whether it has IMAP4, which is not made unasked (2003).
    pub imap4: bool,
    /// Whether it has POP3, likewise.
    pub pop3: bool,
    /// Whether a node may host only one group of this kind: true in clusters of more than two nodes.
    pub exclusive: bool,
}

impl VirtualServerRequest {
    /// A request with a name and an address, and defaults for everything else.
    pub fn new(name: impl Into<Name>, address: impl Into<String>) -> Self {
        VirtualServerRequest {
            name: name.into(),
            network_name: String::new(),
            address: address.into(),
            subnet_mask: String::new(),
            network: "".into(),
            disks: Vec::new(),
            storage_groups: Vec::new(),
            preferred_owners: Vec::new(),
            possible_owners: Vec::new(),
            mta: false,
            imap4: false,
            pop3: false,
            exclusive: false,
        }
    }

    /// The name of the Physical Disk resource for the shared disk `disk`: the disk's own if that begins with
    /// the virtual server's name already (`EVS3 Disk L:`).
    pub fn disk_resource(&self, disk: &str) -> Name {
        let own = disk
            .strip_prefix(&*self.name)
            .is_some_and(|rest| rest.starts_with(' '));
        if own {
            disk.into()
        } else {
            self.resource(disk)
        }
    }

    /// The same request with defaults for all that an administrator may leave out in a running cluster: the network
    /// and the mask of the Cluster Group, the disks of the storage groups, and the MTA on the first virtual server.
    pub fn completed(&self, cluster: &ClusterDefinition) -> VirtualServerRequest {
        let mut request = self.clone();
        let addresses = || {
            let resources = cluster.groups.iter().flat_map(|group| &group.resources);
            resources.filter(|resource| *resource.kind == *types::IP_ADDRESS)
        };
        let text =
            |resource: &ResourceDefinition, name: &str| match resource.properties.private.get(name)
            {
                Some(Value::Text(text)) => Some(text.clone()),
                _ => None,
            };
        if request.network.is_empty() {
            let network = addresses().find_map(|resource| text(resource, "Network"));
            request.network = network.unwrap_or_default().as_str().into();
        }
        if request.subnet_mask.is_empty() {
            let mask = addresses()
                .filter(|resource| {
                    text(resource, "Network").as_deref() == Some(request.network.as_str())
                })
                .find_map(|resource| text(resource, "SubnetMask"));
            request.subnet_mask = mask.unwrap_or_default();
        }
        if request.network_name.is_empty() {
            request.network_name = request.name.to_string();
        }
        if request.disks.is_empty() {
            for storage in &request.storage_groups {
                for disk in [&storage.log_disk, &storage.database_disk] {
                    if !request.disks.contains(disk) {
                        request.disks.push(disk.clone());
                    }
                }
            }
        }
        request.mta = EXCHANGE.once.is_some_and(|it| it.holder(cluster).is_none());
        request.exclusive = EXCHANGE.keeps_apart(cluster);
        request
    }

    fn resource(&self, suffix: &str) -> Name {
        format!("{} {suffix}", self.name).into()
    }

    fn define(&self, name: Name, kind: &str, depends_on: Vec<Name>) -> ResourceDefinition {
        ResourceDefinition {
            name,
            kind: kind.into(),
            depends_on,
            possible_owners: self.possible_owners.clone(),
            persistent_state: None,
            properties: Default::default(),
        }
    }

    /// The group with all its resources, providers first, and the dependencies of Exchange 2003: System Attendant on
    /// network name and every disk, everything else on System Attendant alone (docs/semantics.md, 2.2).
    ///
    /// Nothing is checked here: that is for [`crate::rules`].
    pub fn expand(&self) -> GroupDefinition {
        let address = self.resource("IP Address");
        let network_name = self.resource("Network Name");
        let attendant = self.resource("System Attendant");

        let mut resources = Vec::new();
        let mut resource = self.define(address.clone(), types::IP_ADDRESS, Vec::new());
        resource.properties.private = private([
            ("Address", Value::Text(self.address.clone())),
            ("SubnetMask", Value::Text(self.subnet_mask.clone())),
            ("Network", Value::Text(self.network.to_string())),
            ("EnableDhcp", Value::Dword(0)),
        ]);
        resources.push(resource);

        let mut resource = self.define(network_name.clone(), types::NETWORK_NAME, vec![address]);
        resource.properties.private = private([("Name", Value::Text(self.network_name.clone()))]);
        resources.push(resource);

        let mut providers = vec![network_name];
        for disk in &self.disks {
            let name = self.disk_resource(disk);
            let mut resource = self.define(name.clone(), types::PHYSICAL_DISK, Vec::new());
            if name != *disk {
                resource.properties.private = private([("Disk", Value::Text(disk.to_string()))]);
            }
            resources.push(resource);
            providers.push(name);
        }
        resources.push(self.define(attendant.clone(), types::SYSTEM_ATTENDANT, providers));

        let store = self.resource("Information Store");
        let mut resource = self.define(store, types::INFORMATION_STORE, vec![attendant.clone()]);
        let storage_groups = self
            .storage_groups
            .iter()
            .map(StorageGroup::to_property)
            .collect();
        resource.properties.private = private([("StorageGroups", Value::List(storage_groups))]);
        resources.push(resource);

        for (wanted, suffix, kind) in [
            (true, "SMTP", types::SMTP),
            (true, "HTTP", types::HTTP),
            (self.imap4, "IMAP4", types::IMAP4),
            (self.pop3, "POP3", types::POP3),
            (true, "MS Search", types::MS_SEARCH),
            (true, "Routing", types::ROUTING),
            (self.mta, "MTA", types::MTA),
        ] {
            if wanted {
                resources.push(self.define(self.resource(suffix), kind, vec![attendant.clone()]));
            }
        }

        let class = || vec![VIRTUAL_SERVER_CLASS.to_owned()];
        GroupDefinition {
            name: self.name.clone(),
            properties: GroupProperties {
                preferred_owners: self.preferred_owners.clone(),
                anti_affinity_class_names: class(),
                exclusive_class_names: if self.exclusive { class() } else { Vec::new() },
                ..GroupProperties::default()
            },
            resources,
            persistent_state: true,
            policy: None,
            attributes: BTreeMap::new(),
        }
    }
}

/// Private properties from their names and values.
pub(crate) fn private<const N: usize>(entries: [(&str, Value); N]) -> BTreeMap<String, Value> {
    entries
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn request() -> VirtualServerRequest {
        VirtualServerRequest {
            name: "EVS3".into(),
            network_name: "MAIL3".into(),
            address: "10.0.0.23".into(),
            subnet_mask: "255.255.255.0".into(),
            network: "Public".into(),
            disks: vec!["EVS3 Disk L:".into(), "LUN 7".into()],
            storage_groups: vec![StorageGroup {
                name: "First Storage Group".into(),
                log_disk: "EVS3 Disk L:".into(),
                database_disk: "LUN 7".into(),
            }],
            preferred_owners: vec!["NODE3".into(), "NODE4".into()],
            possible_owners: Vec::new(),
            mta: false,
            imap4: false,
            pop3: false,
            exclusive: true,
        }
    }

    #[test]
    fn a_virtual_server_has_the_dependencies_of_exchange_2003() {
        let group = request().expand();
        let table: Vec<(&str, &str, Vec<&str>)> = group
            .resources
            .iter()
            .map(|resource| {
                let depends_on = resource.depends_on.iter().map(Name::as_str).collect();
                (resource.name.as_str(), resource.kind.as_str(), depends_on)
            })
            .collect();
        assert_eq!(
            table,
            [
                ("EVS3 IP Address", "IP Address", vec![]),
                ("EVS3 Network Name", "Network Name", vec!["EVS3 IP Address"]),
                ("EVS3 Disk L:", "Physical Disk", vec![]),
                ("EVS3 LUN 7", "Physical Disk", vec![]),
                (
                    "EVS3 System Attendant",
                    "Microsoft Exchange System Attendant",
                    vec!["EVS3 Network Name", "EVS3 Disk L:", "EVS3 LUN 7"]
                ),
                (
                    "EVS3 Information Store",
                    "Microsoft Exchange Information Store",
                    vec!["EVS3 System Attendant"]
                ),
                (
                    "EVS3 SMTP",
                    "Microsoft Exchange SMTP Server Instance",
                    vec!["EVS3 System Attendant"]
                ),
                (
                    "EVS3 HTTP",
                    "Microsoft Exchange HTTP Server Instance",
                    vec!["EVS3 System Attendant"]
                ),
                (
                    "EVS3 MS Search",
                    "Microsoft Exchange MS Search Instance",
                    vec!["EVS3 System Attendant"]
                ),
                (
                    "EVS3 Routing",
                    "Microsoft Exchange Routing Service",
                    vec!["EVS3 System Attendant"]
                ),
            ]
        );
        assert_eq!(group.resources[2].disk(), "EVS3 Disk L:");
        assert_eq!(group.resources[3].disk(), "LUN 7");
        assert_eq!(
            group.properties.anti_affinity_class_names,
            [VIRTUAL_SERVER_CLASS]
        );
        assert_eq!(
            group.properties.exclusive_class_names,
            [VIRTUAL_SERVER_CLASS]
        );
    }

    #[test]
    fn optional_resources_come_only_when_asked_for() {
        let mut request = request();
        (request.mta, request.imap4, request.pop3, request.exclusive) = (true, true, true, false);
        let group = request.expand();
        for (name, kind) in [
            ("EVS3 MTA", types::MTA),
            ("EVS3 IMAP4", types::IMAP4),
            ("EVS3 POP3", types::POP3),
        ] {
            let resource = group
                .resources
                .iter()
                .find(|resource| resource.name == name)
                .unwrap();
            assert_eq!(resource.kind, kind);
            assert_eq!(resource.depends_on, ["EVS3 System Attendant"]);
        }
        assert!(group.properties.exclusive_class_names.is_empty());
    }

    #[test]
    fn storage_groups_survive_their_property() {
        let group = &request().storage_groups[0];
        assert_eq!(
            StorageGroup::from_property(&group.to_property()).as_ref(),
            Some(group)
        );
        assert_eq!(StorageGroup::from_property("a|b"), None);
        assert_eq!(StorageGroup::from_property("a|b|c|d"), None);
    }
}
