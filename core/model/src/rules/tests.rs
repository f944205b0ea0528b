//! Each Exchange rule, on a definition that breaks it and on one that barely does not.

use std::collections::BTreeSet;

use super::*;
use crate::{Value, VirtualServerRequest, parse};

pub(super) fn cluster(file: &str) -> (ClusterDefinition, Facts) {
    let text = match file {
        "four" => include_str!("../../../../scripts/clusters/four-node.ron"),
        "eight" => include_str!("../../../../scripts/clusters/eight-node.ron"),
        _ => include_str!("../../../../scripts/clusters/two-node-active-active.ron"),
    };
    let loaded = parse(file, text).unwrap();
    (loaded.definition, loaded.facts)
}

/// One more virtual server, as an administrator would create it at run time.
fn another(definition: &ClusterDefinition, number: u8) -> GroupDefinition {
    let mut groups = definition.groups.iter();
    VirtualServerRequest {
        name: format!("EVS{number}").as_str().into(),
        network_name: format!("MAIL{number}"),
        address: format!("10.0.0.{}", 100 + number),
        subnet_mask: "255.255.255.0".to_owned(),
        network: "Public".into(),
        disks: vec!["Spare".into()],
        storage_groups: Vec::new(),
        preferred_owners: Vec::new(),
        possible_owners: Vec::new(),
        mta: !groups.any(|group| group.has_resource_of(types::MTA)),
        imap4: true,
        pop3: true,
        exclusive: definition.nodes.len() > 2,
    }
    .expand()
}

/// The rules that report something after `change`.
pub(super) fn broken(
    file: &str,
    change: impl FnOnce(&mut ClusterDefinition, &mut Facts),
) -> BTreeSet<&'static str> {
    let (mut definition, mut facts) = cluster(file);
    definition.disks.push(crate::DiskDefinition {
        name: "Spare".into(),
    });
    change(&mut definition, &mut facts);
    let findings = check(&definition, &facts);
    findings
        .into_iter()
        .filter(|finding| finding.severity > Severity::Note)
        .map(|finding| finding.rule)
        .collect()
}

pub(super) fn resource<'d>(
    definition: &'d mut ClusterDefinition,
    name: &str,
) -> &'d mut ResourceDefinition {
    let mut all = definition
        .groups
        .iter_mut()
        .flat_map(|group| &mut group.resources);
    all.find(|resource| resource.name == *name).unwrap()
}

pub(super) fn storage_groups(definition: &mut ClusterDefinition, server: &str, groups: &[&str]) {
    let store = resource(definition, &format!("{server} Information Store"));
    let list = groups.iter().map(|group| (*group).to_owned()).collect();
    store
        .properties
        .set("StorageGroups", Value::List(list))
        .unwrap();
}

#[test]
#[allow(clippy::too_many_lines, reason = "one row for each rule there is")]
fn each_exchange_rule_is_kept_by_good_clusters_and_seen_when_broken() {
    assert!(broken("four", |_, _| {}).is_empty());
    assert!(broken("eight", |_, _| {}).is_empty());
    assert!(broken("two", |_, _| {}).is_empty());
    let only = |rules: &[&'static str]| rules.iter().copied().collect::<BTreeSet<_>>();

    assert_eq!(
        broken("four", |definition, _| {
            let server = another(definition, 4);
            definition.groups.push(server);
        }),
        only(&["no-passive-node"])
    );
    assert_eq!(
        broken("eight", |definition, _| {
            let server = another(definition, 8);
            definition.groups.push(server);
        }),
        only(&[
            "no-passive-node",
            "too-many-virtual-servers",
            "too-few-addresses"
        ])
        .into_iter()
        .filter(|rule| *rule != "too-few-addresses")
        .collect()
    );
    assert_eq!(
        broken("two", |definition, _| {
            let server = another(definition, 3);
            definition.groups.push(server);
        }),
        only(&["no-passive-node"])
    );
    assert_eq!(
        broken("two", |_, facts| facts.accepted.clear()),
        only(&["active-active"])
    );
    assert_eq!(
        broken("four", |definition, _| {
            let server = definition.groups.remove(3);
            definition.groups[0].resources.extend(server.resources);
        }),
        only(&["virtual-server-in-quorum-group"])
    );
    assert_eq!(
        broken("four", |definition, _| {
            let mut share = definition.groups[0].resources[0].clone();
            share.name = "Share".into();
            share.kind = types::FILE_SHARE.into();
            share.properties.private.clear();
            for name in ["ShareName", "Path"] {
                let value = Value::Text("Logs".to_owned());
                share.properties.set(name, value).unwrap();
            }
            definition.groups[0].resources.push(share);
        }),
        only(&["crowded-cluster-group"])
    );
    assert_eq!(
        broken("two", |definition, _| {
            let one = "c|EVS1 Disk E:|EVS1 Disk F:";
            storage_groups(definition, "EVS1", &[one, one, one]);
        }),
        only(&["storage-group-limit"]),
        "two and three make five for the survivor"
    );
    assert_eq!(
        broken("four", |definition, _| {
            storage_groups(definition, "EVS1", &["c|EVS1 Disk E:|EVS1 Disk F:"; 5]);
        }),
        only(&["storage-group-limit"])
    );
    assert!(
        broken("four", |definition, _| {
            storage_groups(definition, "EVS1", &["c|EVS1 Disk E:|EVS1 Disk F:"; 4]);
        })
        .is_empty()
    );
    assert_eq!(
        broken("four", |definition, _| {
            storage_groups(
                definition,
                "EVS1",
                &["c|EVS1 Disk E:|EVS2 Disk H:", "malformed"],
            );
        }),
        only(&["storage-group-disk"])
    );
    assert_eq!(
        broken("four", |definition, _| {
            storage_groups(definition, "EVS1", &["c|EVS1 Disk E:|EVS1 Disk E:"]);
        }),
        only(&["log-beside-database"])
    );
    assert_eq!(
        broken("four", |definition, _| {
            let mut mta = resource(definition, "EVS1 MTA").clone();
            mta.name = "EVS2 MTA".into();
            mta.depends_on = vec!["EVS2 System Attendant".into()];
            definition.groups[2].resources.push(mta);
        }),
        only(&["several-mtas"])
    );
    assert_eq!(
        broken("four", |definition, _| {
            resource(definition, "EVS2 System Attendant")
                .depends_on
                .pop();
        }),
        only(&["exchange-dependency"])
    );
    assert_eq!(
        broken("four", |definition, _| {
            resource(definition, "EVS2 SMTP").depends_on = vec!["EVS2 Information Store".into()];
        }),
        only(&["exchange-dependency"]),
        "Exchange 2000's tree is not Exchange 2003's"
    );
    assert_eq!(
        broken("four", |definition, _| {
            resource(definition, "MSDTC")
                .properties
                .reset("RestartAction")
                .unwrap();
        }),
        only(&["msdtc-affects-group"])
    );
    for end in ["FailbackWindowStart", "FailbackWindowEnd"] {
        assert_eq!(
            broken("four", |definition, _| {
                let properties = &mut definition.groups[1].properties;
                properties.set(end, Value::Dword(22)).unwrap();
            }),
            only(&["half-failback-window"])
        );
    }
    assert_eq!(
        broken("four", |definition, _| {
            definition.groups[0]
                .resources
                .retain(|resource| resource.name != "MSDTC");
        }),
        only(&["msdtc-place"])
    );
    assert_eq!(
        broken("four", |definition, _| {
            let mut msdtc = resource(definition, "MSDTC").clone();
            msdtc.depends_on.clear();
            definition.groups[0]
                .resources
                .retain(|resource| resource.name != "MSDTC");
            definition.groups[1].resources.push(msdtc);
        }),
        only(&["msdtc-place"])
    );
    assert_eq!(
        broken("four", |definition, _| {
            let address = resource(definition, "EVS1 IP Address");
            address
                .properties
                .set("EnableDhcp", Value::Dword(1))
                .unwrap();
        }),
        only(&["dhcp-address", "too-few-addresses"])
    );
    assert_eq!(
        broken("four", |definition, facts| {
            definition.networks.remove(0);
            facts.networks.remove("Private");
            for node in &mut definition.nodes {
                node.interfaces.remove("Private");
            }
        }),
        only(&["no-private-network", "too-few-addresses"])
    );
    assert_eq!(
        broken("four", |definition, _| {
            let disk = resource(definition, "EVS2 Disk G:");
            disk.properties
                .set("Disk", Value::Text("EVS1 Disk E:".to_owned()))
                .unwrap();
        }),
        only(&["disk-shared", "storage-group-disk"])
    );
}

#[test]
fn two_virtual_servers_make_a_pair_active_active_whoever_owns_them() {
    // One virtual server on two nodes: active/passive.
    let found = broken("two", |definition, facts| {
        facts.accepted.clear();
        definition.groups.retain(|group| group.name != "EVS2");
    });
    assert!(!found.contains("active-active"), "{found:?}");
    for owner in ["NODE1", "NODE2"] {
        let found = broken("two", |definition, facts| {
            facts.accepted.clear();
            for group in &mut definition.groups {
                group.properties.preferred_owners = vec![owner.into()];
            }
        });
        assert!(found.contains("active-active"), "both on {owner}");
    }
}

#[test]
fn the_catalogue_is_fit_to_be_read() {
    let ids: BTreeSet<&str> = CATALOGUE.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), CATALOGUE.len(), "ids are unique");
    for rule in CATALOGUE {
        assert!(
            rule.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
            "{}",
            rule.id
        );
        assert!(
            rule.why.ends_with('.') && rule.why.len() > 10,
            "{}",
            rule.id
        );
        assert!(
            !rule.remedy.is_empty() && !rule.remedy.ends_with('.'),
            "{}",
            rule.id
        );
        assert!(!rule.section.is_empty());
        assert_eq!(super::rule(rule.id).map(|found| found.id), Some(rule.id));
    }
}

#[test]
fn every_rule_is_named_by_a_test() {
    let tests = [
        include_str!("tests.rs"),
        include_str!("advice_tests.rs"),
        include_str!("../file/tests/mod.rs"),
        include_str!("../file/tests/mistakes.rs"),
        include_str!("../file/tests/witness.rs"),
    ];
    for rule in CATALOGUE {
        // As a rule alone, or at the head of a finding: `rule line:column length`.
        let named = |text: &&str| {
            text.contains(&format!("\"{}\"", rule.id)) || text.contains(&format!("\"{} ", rule.id))
        };
        assert!(tests.iter().any(named), "no test names {}", rule.id);
    }
}
