//! Advice of the rules on editions, components, hardware, load and names.

use super::tests::{broken, cluster, resource, storage_groups};
use super::*;
use std::collections::BTreeMap;

use crate::{ExchangeEdition, NodeFacts, NodeId, QuorumKind, Value, WindowsEdition};

type Change = fn(&mut ClusterDefinition, &mut Facts);

/// Asserts that `change` breaks this rule and no other.
fn breaks(file: &str, rule: &'static str, change: Change) {
    assert_eq!(
        broken(file, change).into_iter().collect::<Vec<_>>(),
        [rule],
        "{file}"
    );
}

/// The number of notes of `rule` after `change`.
fn notes(file: &str, rule: &str, change: Change) -> usize {
    let (mut definition, mut facts) = cluster(file);
    change(&mut definition, &mut facts);
    let findings = check(&definition, &facts);
    let found = findings
        .iter()
        .filter(|finding| finding.rule == rule && finding.severity == Severity::Note);
    found.count()
}

fn windows(facts: &mut Facts, edition: WindowsEdition) {
    for node in facts.nodes.values_mut() {
        node.windows = edition;
    }
}

#[test]
fn eight_nodes_are_a_limit_of_editions_and_of_exchange_and_sixty_four_of_anything() {
    let found = |servers: bool, named: bool, nodes: u8| {
        let found = broken("eight", |definition, facts| {
            if !servers {
                definition.groups.truncate(1);
            }
            let one = definition.nodes[0].clone();
            definition.nodes = (1..=nodes)
                .map(|id| {
                    let mut node = one.clone();
                    node.id = NodeId(id);
                    node.name = format!("NODE{id}").as_str().into();
                    node
                })
                .collect();
            let known = NodeFacts {
                windows_named: named,
                ..NodeFacts::default()
            };
            facts.nodes = BTreeMap::from([("NODE1".into(), known)]);
        });
        found.contains("too-many-nodes")
    };
    for (servers, named, most) in [(true, false, 8), (false, true, 8), (false, false, 64)] {
        assert!(!found(servers, named, most), "{most}");
        assert!(found(servers, named, most + 1), "{most}");
    }
}

#[test]
fn the_editions_table_says_how_many_nodes() {
    use WindowsEdition::*;
    let table = [
        (Server2003Enterprise, 8),
        (Server2003Datacenter, 8),
        (Server2003Standard, 0),
        (Server2000, 0),
        (AdvancedServer2000, 2),
        (DatacenterServer2000, 4),
    ];
    assert_eq!(table.len(), WindowsEdition::ALL.len());
    for (edition, most) in table {
        for (file, nodes) in [("two", 2), ("four", 4), ("eight", 8)] {
            let found = broken(file, |_, facts| windows(facts, edition));
            assert_eq!(
                found.contains("edition"),
                nodes > most,
                "{edition:?} with {nodes} nodes"
            );
        }
    }
    breaks("four", "edition", |_, facts| {
        let node = facts.nodes.get_mut("NODE3").unwrap();
        node.exchange = ExchangeEdition::Exchange2003Standard;
    });
}

#[test]
fn windows_2000_has_no_majority_node_set() {
    let found = broken("four", |definition, facts| {
        windows(facts, WindowsEdition::DatacenterServer2000);
        definition.quorum = QuorumKind::MajorityNodeSet;
    });
    assert!(found.contains("windows-two-thousand-quorum"), "{found:?}");
    assert!(
        broken("four", |_, facts| {
            windows(facts, WindowsEdition::DatacenterServer2000)
        })
        .is_empty()
    );
}

#[test]
fn components_that_clusters_do_not_support_are_named() {
    for name in [
        "ADC",
        "Calendar Connector",
        "lotus notes",
        "GroupWise",
        "Event Service",
        "SRS",
    ] {
        let found = broken("four", |_, facts| {
            facts.components = Some(vec!["NNTP".to_owned(), name.to_owned()]);
        });
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            ["unsupported-component"],
            "{name}"
        );
    }
}

#[test]
fn nntp_must_be_there_and_does_nothing() {
    breaks("four", "nntp-missing", |_, facts| {
        facts.components = Some(vec!["SMTP".to_owned()]);
    });
    let with: Change = |_, facts| facts.components = Some(vec!["nntp".to_owned()]);
    assert!(broken("four", with).is_empty());
    assert_eq!(notes("four", "nntp-not-functional", with), 1);
    assert_eq!(notes("four", "nntp-not-functional", |_, _| {}), 0);
}

#[test]
fn network_dtc_access_and_front_end_servers_are_no_part_of_a_cluster() {
    breaks("four", "network-dtc-access", |_, facts| {
        facts.network_dtc = true;
    });
    breaks("four", "front-end-clustered", |_, facts| {
        facts.virtual_servers.get_mut("EVS2").unwrap().front_end = true;
    });
}

#[test]
fn computer_names_are_short_and_unique() {
    breaks("four", "netbios-name", |definition, _| {
        let named = resource(definition, "EVS2 Network Name");
        let value = Value::Text("mail1".to_owned());
        named.properties.set("Name", value).unwrap();
    });
    breaks("four", "netbios-name", |definition, _| {
        let named = resource(definition, "EVS2 Network Name");
        let value = Value::Text("A-VERY-LONG-MAIL".to_owned());
        named.properties.set("Name", value).unwrap();
    });
    assert!(
        broken("four", |definition, _| {
            let named = resource(definition, "EVS2 Network Name");
            let value = Value::Text("A-LONG-MAILNAME".to_owned());
            named.properties.set("Name", value).unwrap();
        })
        .is_empty()
    );
}

#[test]
fn an_active_pair_carries_no_more_than_one_node_can() {
    fn load(facts: &mut Facts, users: u32, cpu: u32) {
        let server = facts.virtual_servers.get_mut("EVS1").unwrap();
        (server.users, server.cpu_percent) = (Some(users), Some(cpu));
    }
    breaks("two", "active-active-users", |_, facts| {
        load(facts, 1_901, 40)
    });
    breaks("two", "active-active-cpu", |_, facts| {
        load(facts, 1_900, 41)
    });
    assert!(broken("two", |_, facts| load(facts, 1_900, 40)).is_empty());
    assert!(
        broken("four", |_, facts| load(facts, 5_000, 90)).is_empty(),
        "the limits are an active/active pair's"
    );
}

#[test]
fn active_nodes_are_alike_and_passive_ones_may_differ() {
    breaks("four", "hardware-differs", |_, facts| {
        facts.nodes.get_mut("NODE2").unwrap().memory_mb = 2_048;
    });
    let passive: Change = |_, facts| facts.nodes.get_mut("NODE4").unwrap().processors = 1;
    assert!(broken("four", passive).is_empty());
    assert_eq!(notes("four", "passive-hardware-differs", passive), 1);
}

#[test]
fn the_quorum_disk_is_safe_and_serves_nothing_else() {
    breaks("four", "quorum-disk-raid", |_, facts| {
        facts.disks.get_mut("Disk Q:").unwrap().raid = false;
    });
    let found = broken("four", |definition, _| {
        storage_groups(definition, "EVS1", &["c|Disk Q:|EVS1 Disk F:"]);
    });
    assert!(found.contains("quorum-disk-used"), "{found:?}");
    breaks("four", "quorum-disk-used", |definition, _| {
        let named = resource(definition, "Cluster Name");
        named.depends_on.push("Disk Q:".into());
    });
}

#[test]
fn one_spindle_is_one_groups_logs_or_databases() {
    fn on(facts: &mut Facts, disk: &str, spindle: &str) {
        facts.disks.get_mut(disk).unwrap().spindle = Some(spindle.to_owned());
    }
    breaks("four", "shared-spindle", |_, facts| {
        on(facts, "EVS1 Disk E:", "array 1");
        on(facts, "EVS2 Disk G:", "array 1");
    });
    breaks("four", "shared-spindle", |_, facts| {
        on(facts, "EVS1 Disk E:", "array 1");
        on(facts, "EVS1 Disk F:", "array 1");
    });
    assert!(
        broken("four", |_, facts| {
            on(facts, "EVS1 Disk E:", "array 1");
            on(facts, "EVS1 Disk F:", "array 2");
        })
        .is_empty()
    );
}

#[test]
fn the_mta_is_on_the_first_virtual_server() {
    breaks("four", "mta-not-first", |definition, _| {
        definition.groups[1]
            .resources
            .retain(|resource| *resource.kind != *types::MTA);
    });
}

#[test]
fn a_virtual_servers_name_needs_its_address() {
    breaks("four", "exchange-dependency", |definition, _| {
        resource(definition, "EVS1 Network Name").depends_on.clear();
    });
}

#[test]
fn the_address_plan_has_two_for_each_node_one_for_each_server_and_one() {
    for (file, nodes, servers) in [("two", 2, 2), ("four", 4, 3), ("eight", 8, 7)] {
        let (definition, _) = cluster(file);
        let plan = address_plan(&definition);
        assert_eq!(plan.len(), 2 * nodes + servers + 1);
        assert!(plan.iter().all(|entry| entry.is_static));
    }
    let (definition, _) = cluster("four");
    let plan = address_plan(&definition);
    let cluster = &plan[8];
    assert_eq!(
        (cluster.address.as_str(), cluster.name.as_str()),
        ("10.0.0.20", "CLUSTER1")
    );
    let server = &plan[9];
    assert_eq!(
        (server.address.as_str(), server.network.as_str()),
        ("10.0.0.21", "Public")
    );
    assert_eq!(
        (server.owner.as_str(), server.name.as_str()),
        ("EVS1 IP Address", "MAIL1")
    );
}
