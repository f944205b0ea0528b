//! The shipped cluster files, and the findings about broken copies of them.

mod mistakes;
mod witness;

use proptest::prelude::*;

use crate::*;

const SHIPPED: &[(&str, &str)] = &[
    (
        "four-node.ron",
        include_str!("../../../../../scripts/clusters/four-node.ron"),
    ),
    (
        "eight-node.ron",
        include_str!("../../../../../scripts/clusters/eight-node.ron"),
    ),
    (
        "two-node-active-passive.ron",
        include_str!("../../../../../scripts/clusters/two-node-active-passive.ron"),
    ),
    (
        "two-node-active-active.ron",
        include_str!("../../../../../scripts/clusters/two-node-active-active.ron"),
    ),
    (
        "five-node-majority.ron",
        include_str!("../../../../../scripts/clusters/five-node-majority.ron"),
    ),
];

#[test]
fn attributes_loads_and_policies_are_read_with_their_places() {
    let text = include_str!("../../../../../scripts/clusters/five-node-racks.ron").replace(
        "load: 10,",
        "load: 10, policy: \"own.rhai\", attributes: { \"tier\": \"gold\" },",
    );
    let loaded = parse("racks.ron", &text).unwrap_or_else(|findings| panic!("{findings}"));
    let definition = &loaded.definition;
    assert_eq!(
        definition.nodes[2].attributes["rack"],
        Value::Text("B".to_owned())
    );
    let archive = definition.group("Archive").unwrap();
    assert_eq!(archive.attributes["load"], Value::Dword(10));
    assert_eq!(archive.attributes["tier"], Value::Text("gold".to_owned()));
    // The caller reads the scripts.
    assert_eq!(
        (definition.policy.as_ref(), archive.policy.as_ref()),
        (None, None)
    );
    let named: Vec<_> = loaded
        .policies
        .iter()
        .map(|it| (it.group.as_deref(), it.file.as_str()))
        .collect();
    assert_eq!(
        named,
        [
            (None, "../policies/least-loaded.rhai"),
            (Some("Archive"), "own.rhai")
        ]
    );
    let found = loaded.policies[1].error("policy-broken", "no");
    assert_eq!(found.rule, "policy-broken");
    let found = loaded.policies[1].error("policy-unreadable", "no");
    assert_eq!(
        format!("{}:{} {}", found.line, found.column, found.length),
        place(&text, "\"own.rhai\"")
    );
    let server = good("two-node-active-active.ron");
    let evs1 = server.definition.group("EVS1").unwrap();
    let users = server.facts.virtual_servers[&evs1.name].users.unwrap();
    assert_eq!(evs1.attributes["users"], Value::Dword(users));
    let text = text.replace("load: 40", "load: -99");
    assert!(
        findings(&text)
            .iter()
            .any(|it| it.contains(&place(&text, "-99")))
    );
}

#[test]
fn settings_of_plugins_are_read_with_their_places() {
    let plugins =
        "plugins: { \"exres\": (separate_monitor: true), \"clusres\": () },\n    nodes: [";
    let text = shipped("four-node.ron").replacen("nodes: [", plugins, 1);
    let loaded = parse("four.ron", &text).unwrap_or_else(|findings| panic!("{findings}"));
    let read: Vec<_> = loaded
        .plugins
        .iter()
        .map(|it| (it.plugin.as_str(), it.separate_monitor))
        .collect();
    assert_eq!(read, [("exres", Some(true)), ("clusres", None)]);
    let found = loaded.plugins[1].error("unknown-plugin", "no");
    assert_eq!(
        format!("{}:{} {}", found.line, found.column, found.length),
        place(&text, "\"clusres\"")
    );
    let found = findings(&text.replace("monitor: true", "monitor: 1"));
    assert!(found.len() == 1 && found[0].starts_with("wrong-type"));
}

#[test]
fn what_is_required_of_a_plugin_is_held_against_what_is_there() {
    let digest = format!("blake3:{}", "ab".repeat(32));
    let plugins = format!(
        "plugins: {{ \"exres\": (version: \">=0.2, <2\", digest: \"{digest}\") }},\n    nodes: ["
    );
    let text = shipped("four-node.ron").replacen("nodes: [", &plugins, 1);
    let loaded = parse("four.ron", &text).unwrap_or_else(|findings| panic!("{findings}"));
    let wanted = &loaded.plugins[0];
    assert_eq!(wanted.other_version("0.2.0", "lib.so"), None);
    assert_eq!(wanted.other_version("1.9.3", "lib.so"), None);
    for (version, why) in [
        ("0.1.9", "is 0.1.9 here, and"),
        ("two", "which is no version"),
    ] {
        let found = wanted.other_version(version, "lib.so").unwrap();
        assert!(found.message.contains(why), "{}", found.message);
        assert_eq!(found.rule, "plugin-mismatch");
        let (had, would) = (found.found.as_deref(), found.expected.as_deref());
        assert_eq!((had, would), (Some(version), Some(">=0.2, <2")));
        let at = format!("{}:{} {}", found.line, found.column, found.length);
        assert_eq!(at, place(&text, "\">=0.2, <2\""));
    }
    assert!(wanted.wants_digest());
    assert_eq!(wanted.other_digest(&digest, "lib.so"), None);
    let found = wanted.other_digest("blake3:00", "lib.so").unwrap();
    assert_eq!(found.expected, Some(digest.clone()));
    for (from, to, why) in [
        (">=0.2, <2", "newest", "which versions will do"),
        (digest.as_str(), "blake3:abc", "no digest of a file"),
        (
            digest.as_str(),
            &digest.to_uppercase(),
            "no digest of a file",
        ),
    ] {
        let found = all_findings("test.ron", &text.replace(from, to));
        assert!(
            matches!(&found.0[..], [one] if one.message.contains(why)),
            "{found}"
        );
    }
}

fn shipped(name: &str) -> &'static str {
    SHIPPED.iter().find(|(known, _)| *known == name).unwrap().1
}

fn good(name: &str) -> Loaded {
    parse(name, shipped(name)).unwrap_or_else(|findings| panic!("{findings}"))
}

/// The findings of a text, in short: `rule line:column length`.
fn findings(text: &str) -> Vec<String> {
    let all = all_findings("test.ron", text);
    all.iter()
        .map(|f| format!("{} {}:{} {}", f.rule, f.line, f.column, f.length))
        .collect()
}

fn all_findings(name: &str, text: &str) -> Diagnostics {
    match parse(name, text) {
        Ok(loaded) => Diagnostics(loaded.warnings),
        Err(findings) => findings,
    }
}

/// The place of the first `needle` in `text`, written as in `findings`.
fn place(text: &str, needle: &str) -> String {
    let at = text.find(needle).unwrap_or_else(|| panic!("no {needle}"));
    let line = text[..at].matches('\n').count() + 1;
    let column = text[..at].chars().rev().take_while(|&c| c != '\n').count() + 1;
    format!("{line}:{column} {}", needle.chars().count())
}

#[test]
fn shipped_files_load_with_nothing_to_warn_of() {
    for (name, text) in SHIPPED {
        let loaded = parse(name, text).unwrap_or_else(|findings| panic!("{findings}"));
        let notes: Vec<&str> = loaded.warnings.iter().map(|note| note.rule).collect();
        let accepted: &[&str] = if *name == "two-node-active-active.ron" {
            &["active-active"]
        } else {
            &[]
        };
        assert_eq!(notes, accepted, "{name}");
        assert!(
            loaded
                .warnings
                .iter()
                .all(|finding| finding.severity == Severity::Note)
        );
        // The same rules hold at run time, without places.
        let again = rules::check(&loaded.definition, &loaded.facts);
        assert_eq!(
            again.iter().map(|note| note.rule).collect::<Vec<_>>(),
            accepted
        );
        assert!(again.iter().all(|finding| finding.line == 0));
    }
}

#[test]
fn the_flagship_cluster_is_what_the_source_text_describes() {
    let loaded = good("four-node.ron");
    let cluster = &loaded.definition;
    assert_eq!(
        cluster.quorum,
        QuorumKind::Standard {
            resource: "Disk Q:".into()
        }
    );
    let ids: Vec<u8> = cluster.nodes.iter().map(|node| node.id.0).collect();
    assert_eq!(ids, [1, 2, 3, 4]);
    let groups: Vec<&str> = cluster
        .groups
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    assert_eq!(groups, [CLUSTER_GROUP, "EVS1", "EVS2", "EVS3"]);
    assert!(cluster.groups.iter().all(|group| group.persistent_state));
    assert_eq!(
        cluster.group("EVS3").unwrap().properties.preferred_owners,
        ["NODE3", "NODE4"]
    );
    let (group, store) = cluster.resource("EVS3 Information Store").unwrap();
    assert_eq!(group.name, "EVS3");
    assert_eq!(
        store.properties.get("StorageGroups"),
        Some(Value::List(vec![
            "First Storage Group|EVS3 Disk L:|EVS3 Disk M:".to_owned()
        ]))
    );
    let (_, address) = cluster.resource("EVS3 IP Address").unwrap();
    assert_eq!(
        address.properties.get("SubnetMask"),
        Some(Value::Text("255.255.255.0".to_owned()))
    );
    assert!(cluster.resource("EVS1 MTA").is_some());
    assert!(cluster.resource("EVS2 MTA").is_none());
    let (_, msdtc) = cluster.resource("MSDTC").unwrap();
    assert_eq!(
        msdtc.properties.restart_action,
        RestartAction::RestartNoNotify
    );
    assert_eq!(loaded.facts.civil_origin_ms, Facts::DEFAULT_ORIGIN_MS);
    assert_eq!(
        loaded.facts.networks["Private"].subnet.to_string(),
        "192.168.0.0/24"
    );
    assert!(loaded.facts.disks["Disk Q:"].raid);

    // Every group's resources stand after what they depend on, in every file.
    for (name, _) in SHIPPED {
        for group in &good(name).definition.groups {
            for (index, resource) in group.resources.iter().enumerate() {
                for needed in &resource.depends_on {
                    let found = group
                        .resources
                        .iter()
                        .position(|other| other.name == *needed);
                    assert!(found.unwrap() < index, "{name}: {}", resource.name);
                }
            }
        }
    }
}

#[test]
fn exclusive_hosting_is_for_more_than_two_nodes() {
    for (name, exclusive) in [("four-node.ron", 1), ("two-node-active-active.ron", 0)] {
        let group = good(name).definition.group("EVS1").unwrap().clone();
        assert_eq!(
            group.properties.anti_affinity_class_names,
            [VIRTUAL_SERVER_CLASS]
        );
        assert_eq!(
            group.properties.exclusive_class_names.len(),
            exclusive,
            "{name}"
        );
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_together() {
    let text = shipped("four-node.ron")
        .replacen("role: Internal", "role: 3", 1)
        .replacen("\"10.0.0.13\"", "\"10.0.0.300\"", 1)
        .replacen(
            "(name: \"Disk Q:\", raid: true)",
            "(name: \"Disk Q:\", raid: 1, colour: \"red\")",
            1,
        )
        .replacen("[\"NODE2\", \"NODE4\"]", "[\"NODE2\", \"NODE5\"]", 1)
        .replacen("disks: [\"EVS3 Disk L:\"", "disks: [\"EVS1 Disk E:\"", 1);
    let rules: Vec<String> = parse("x", &text)
        .unwrap_err()
        .iter()
        .map(|finding| finding.rule.to_owned())
        .collect();
    assert_eq!(
        rules,
        [
            "wrong-type",
            "bad-address",
            "wrong-type",
            "unknown-field",
            "unknown-node",
            "disk-shared",
            "storage-group-disk"
        ]
    );
}

/// A cluster of two nodes with groups written in full. `SERVICE` stands for the type of some service.
fn with_groups(groups: &str) -> String {
    let service = r#"type: "Generic Service", properties: { "ServiceName": "W3SVC" }"#;
    let groups = groups.replace("SERVICE", service);
    format!(
        r#"(
name: "C", address: "10.0.0.20", quorum: Standard(resource: "Disk Q:"),
networks: [
    (name: "Private", role: Internal, subnet: "192.168.0.0/24"),
    (name: "Public", role: Mixed, subnet: "10.0.0.0/24"),
],
nodes: [
    (name: "A", interfaces: {{ "Public": "10.0.0.1", "Private": "192.168.0.1" }}),
    (name: "B", interfaces: {{ "Public": "10.0.0.2", "Private": "192.168.0.2" }}),
],
disks: [(name: "Disk Q:", raid: true), "Disk R:"],
groups: [
{groups}
],
)"#
    )
}

#[test]
fn dependencies_are_checked() {
    let text = with_groups(
        r#"(name: "G", resources: [
    (name: "a", depends_on: ["b"], SERVICE),
    (name: "b", depends_on: ["c", "d"], SERVICE),
    (name: "c", depends_on: ["a"], SERVICE),
    (name: "d", depends_on: ["d"], SERVICE),
    (name: "e", depends_on: ["Disk Q:"], SERVICE),
    (name: "f", depends_on: ["EE"], SERVICE),
]),"#,
    );
    let all = parse("x", &text).unwrap_err();
    let said: Vec<String> = all
        .iter()
        .map(|finding| {
            format!(
                "{} {}:{} {}",
                finding.rule, finding.line, finding.column, finding.message
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            // The resources are sorted before the walk, so the loop is reported from its first resource.
            "dependency-loop 16:30 these depend on each other in a loop: `a` -> `b` -> `c` -> `a`",
            "self-dependency 17:30 `d` depends on itself",
            "foreign-dependency 18:30 `e` depends on `Disk Q:`, which is in another group, `Cluster Group`",
            "unknown-resource 19:30 `f` depends on `EE`, but there is no such resource",
        ]
    );
    assert_eq!(all.0[3].help.as_deref(), Some("did you mean `e`?"));
}

#[test]
fn resources_are_put_after_their_providers() {
    let text = with_groups(
        r#"(name: "G", resources: [
    (name: "c", depends_on: ["b", "a"], SERVICE),
    (name: "b", depends_on: ["a"], SERVICE),
    (name: "x", SERVICE),
    (name: "a", possible_owners: ["Z"], SERVICE),
]),"#,
    );
    assert_eq!(
        findings(&text),
        [
            format!("unknown-node {}", place(&text, "\"Z\"")),
            format!("no-common-owner {}", place(&text, "\"G\""))
        ]
        .into_iter()
        .rev()
        .collect::<Vec<_>>()
    );
    let loaded = parse("x", &text.replace("[\"Z\"]", "[\"A\"]")).unwrap();
    let order: Vec<&str> = loaded
        .definition
        .group("G")
        .unwrap()
        .resources
        .iter()
        .map(|r| r.name.as_str())
        .collect();
    assert_eq!(order, ["x", "a", "b", "c"]);
}

#[test]
fn owners_types_and_properties_of_written_groups_are_checked() {
    let text = with_groups(
        r#"(name: "G", preferred_owners: ["B"], resources: [
    (name: "a", type: "Generic Service", possible_owners: ["A"], properties: {
        "ServiceNam": "w3svc", "RestartAction": 4, "startupparameters": "-x", "SeparateMonitor": true,
        "PersistentState": false, "PendingTimeout": 9,
    }),
    (name: "b", type: "Generic Servise"),
    (name: "c", type: "Redis", properties: { "Anything": ["goes"], "RestartThreshold": "3" }),
]),"#,
    );
    let found = findings(&text);
    assert_eq!(
        found,
        [
            format!("preferred-not-possible {}", place(&text, "\"B\"")),
            "required-property 14:12 3".to_owned(),
            format!("unknown-property {}", place(&text, "\"ServiceNam\"")),
            "property-value 15:49 1".to_owned(),
            "property-value 16:53 1".to_owned(),
            format!("unknown-type {}", place(&text, "\"Generic Servise\"")),
            format!("unknown-type {}", place(&text, "\"Redis\"")),
            format!("wrong-type {}", place(&text, "\"3\"")),
        ]
        .map(|line| {
            // The first `"B"` of the text is a node's name.
            if line.starts_with("preferred") {
                "preferred-not-possible 13:32 3".to_owned()
            } else {
                line
            }
        })
    );
}

#[test]
fn references_match_without_case_and_are_spelt_as_defined() {
    let text = shipped("four-node.ron");
    let mut other = text.to_owned();
    for (defined, written) in [
        (
            "preferred_owners: [\"NODE1\"",
            "preferred_owners: [\"node1\"",
        ),
        (
            "\"Private\": \"192.168.0.12\"",
            "\"private\": \"192.168.0.12\"",
        ),
    ] {
        assert!(other.contains(defined), "{defined}");
        other = other.replacen(defined, written, 1);
    }
    let (wanted, found) = (parse("x", text).unwrap(), parse("x", &other).unwrap());
    assert_eq!(found.definition, wanted.definition);
}

#[test]
fn a_good_written_group_keeps_its_properties() {
    let text = with_groups(
        r#"(name: "G", properties: {
    "AutoFailbackType": 1, "FailbackWindowStart": 22, "FailbackWindowEnd": 4, "PreferredOwners": ["B", "A"],
    "PersistentState": 0,
}, resources: [
    (name: "Disk R:", type: "Physical Disk", properties: { "restartthreshold": 5, "IsAlivePollInterval": -1 }),
    (name: "a", type: "Redis", depends_on: ["Disk R:"], properties: { "Anything": ["goes"], "PersistentState": 1 }),
]),"#,
    );
    let loaded = parse("x", &text).unwrap();
    let group = loaded.definition.group("G").unwrap();
    assert_eq!(group.properties.failback_window(), Some((22, 4)));
    assert_eq!(group.properties.auto_failback_type, AutoFailback::Allow);
    assert_eq!(group.properties.preferred_owners, ["B", "A"]);
    assert!(!group.persistent_state);
    assert_eq!(group.resources[0].properties.restart_threshold, 5);
    assert_eq!(group.resources[1].persistent_state, Some(true));
    assert_eq!(
        group.resources[1].properties.get("Anything"),
        Some(Value::List(vec!["goes".into()]))
    );
    assert_eq!(
        loaded.warnings.iter().map(|f| f.rule).collect::<Vec<_>>(),
        ["unknown-type"]
    );
}

#[test]
fn the_quorum_is_checked() {
    let text = with_groups("");
    let quorum = "Standard(resource: \"Disk Q:\")";
    // With the Cluster Group written in full, the quorum resource can be wrong in more ways than in its short form.
    let written = text.replace("address: \"10.0.0.20\", ", "").replace(
        "groups: [",
        r#"groups: [ (name: "Cluster Group", resources: [
    (name: "Disk Q:", type: "Physical Disk"), (name: "Name", type: "Network Name", properties: { "Name": "C" }),
])"#,
    );
    assert_eq!(findings(&written), Vec::<String>::new());
    for (to, rule) in [
        ("Standard(resource: \"Disk P:\")", "unknown-quorum-resource"),
        ("Standard(resource: \"Name\")", "not-quorum-capable"),
        ("MajorityNodeSet", "majority-without-resource"),
    ] {
        let broken = written.replace(quorum, to);
        let found = parse("x", &broken).unwrap_err();
        assert_eq!(found.0[0].rule, rule);
        assert_eq!(found.0[0].line, 2, "{found}");
    }
    let bare = text.replace("disks: [(name: \"Disk Q:\", raid: true), \"Disk R:\"],", "");
    assert_eq!(
        findings(&bare),
        [format!(
            "standard-without-disk {}",
            place(&bare, "\"Disk Q:\"")
        )]
    );
    let two = text.replace(quorum, "MajorityNodeSet");
    assert_eq!(
        findings(&two),
        [format!(
            "majority-of-two {}",
            place(&two, "MajorityNodeSet")
        )]
    );
}

#[test]
fn every_kind_of_quorum_and_every_role_of_a_network_can_be_written() {
    let text = with_groups("");
    let unknown = |what: &str, from: &str, to: &str| {
        let loaded = parse("x", &text.replace(from, to));
        let found = loaded.map_or_else(|found| found.to_string(), |_| String::new());
        found.contains(&format!("there is no {what}"))
    };
    for kind in QuorumKind::WORDS {
        let to = format!("quorum: {kind}");
        assert!(!unknown("quorum", "quorum: Standard", &to), "{kind}");
    }
    for role in NetworkRole::WORDS {
        let to = format!("role: {role}");
        assert!(
            !unknown(&format!("`{role}`"), "role: Internal", &to),
            "{role}"
        );
    }
    assert!(unknown("quorum", "quorum: Standard", "quorum: Witness"));
    assert!(unknown("`Public`", "role: Internal", "role: Public"));
}

#[test]
fn networks_are_checked() {
    let text = with_groups("");
    let alone = text
        .replace("role: Internal", "role: ClientAccess")
        .replace("role: Mixed", "role: ClientAccess");
    let rules: Vec<&str> = parse("x", &alone)
        .unwrap_err()
        .iter()
        .map(|finding| finding.rule)
        .collect();
    assert_eq!(
        rules,
        [
            "no-private-network",
            "node-without-cluster-network",
            "node-without-cluster-network"
        ]
    );
    let internal = text.replace("role: Mixed", "role: Internal");
    assert_eq!(findings(&internal), ["address-without-clients 2:21 11"]);
    let host = text.replace("address: \"10.0.0.20\"", "address: \"10.0.0.255\"");
    assert_eq!(findings(&host), ["address-outside-subnet 2:21 12"]);
    let nodes = (1..=65)
        .map(|n| format!("(name: \"N{n}\", interfaces: {{ \"Private\": \"192.168.0.{n}\" }}),\n"))
        .collect::<String>();
    let start = text.find("nodes: [").unwrap() + "nodes: [".len();
    let end = text.find("],\ndisks").unwrap();
    let many = format!("{}{nodes}{}", &text[..start], &text[end..]);
    assert_eq!(
        findings(&many),
        [format!("too-many-nodes {}", place(&many, "\"N65\""))]
    );
    let none = format!("{}{}", &text[..start], &text[end..]);
    assert_eq!(findings(&none), ["no-nodes 1:1 1"]);
}

#[test]
fn a_file_that_is_not_there_is_one_finding() {
    let findings = load(std::path::Path::new("no/such/cluster.ron")).unwrap_err();
    assert_eq!(findings.0.len(), 1);
    assert_eq!(findings.0[0].rule, "file-unreadable");
    assert_eq!(findings.0[0].file, "no/such/cluster.ron");
}

#[test]
fn local_time_has_an_offset() {
    let text = shipped("four-node.ron").replace("\"+00:00\"", "\"-07:30\"");
    let loaded = parse("x", &text).unwrap();
    assert_eq!(loaded.definition.utc_offset_minutes, -450);
    assert_eq!(
        loaded.facts.civil_origin_ms,
        Facts::DEFAULT_ORIGIN_MS + 450 * 60_000
    );
    for bad in ["\"+15:00\"", "\"noon\"", "\"\""] {
        let text = shipped("four-node.ron").replace("\"+00:00\"", bad);
        assert_eq!(
            findings(&text),
            [format!("out-of-range {}", place(&text, bad))]
        );
    }
}

#[test]
fn only_what_is_no_error_can_be_accepted() {
    let text = shipped("two-node-active-active.ron");
    let without = text.replace("accept: [\"active-active\"],", "");
    let warned = parse("x", &without).unwrap().warnings;
    assert_eq!(
        (warned[0].rule, warned[0].severity),
        ("active-active", Severity::Warning)
    );
    for (bad, says) in [
        ("activ-active", "did you mean `active-active`?"),
        ("bad-address", "cannot be accepted"),
    ] {
        let findings = parse(
            "x",
            &text.replacen("active-active\"]", &format!("{bad}\"]"), 1),
        )
        .unwrap_err();
        assert_eq!(findings.0[0].rule, "unknown-rule");
        assert!(findings.0[0].to_string().contains(says), "{findings}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        if let Err(findings) = parse("x", &text) {
            prop_assert!(findings.has_errors());
        }
    }

    /// A shipped file with pieces cut out, doubled and overwritten.
    #[test]
    fn a_mutated_file_is_read_or_refused_with_places_inside_it(
        file in 0..SHIPPED.len(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..40, "[()\\[\\]{}:,\"a-z0-9 .-]{0,6}"), 1..5),
    ) {
        let mut text: Vec<char> = SHIPPED[file].1.chars().collect();
        for (at, length, put) in cuts {
            let start = at.index(text.len().max(1)).min(text.len());
            let end = (start + length).min(text.len());
            text.splice(start..end, put.chars());
        }
        let text: String = text.into_iter().collect();
        let findings = match parse("x", &text) {
            Ok(loaded) => {
                prop_assert!(loaded.warnings.iter().all(|f| f.severity < Severity::Error));
                loaded.warnings
            }
            Err(findings) => {
                prop_assert!(findings.has_errors());
                findings.0
            }
        };
        let lines = text.split('\n').count();
        for finding in findings {
            prop_assert!((1..=lines).contains(&finding.line), "{finding}");
            prop_assert!(finding.column > 0 && finding.length > 0, "{finding}");
            prop_assert!(finding.offset + finding.bytes <= text.len(), "{finding}");
        }
    }
}
