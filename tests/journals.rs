//! The journal: the same bytes for the same seed, in every process.

mod support;

use std::fs;
use std::path::Path;

use support::run;

fn journal(folder: &Path, name: &str, args: &[&str]) -> Vec<u8> {
    let path = folder.join(name);
    let file = path.display().to_string();
    let mut all = vec!["drill", "--journal", &file];
    all.extend_from_slice(args);
    let run = run(&all);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    fs::read(path).expect("a journal")
}

#[test]
fn the_same_seed_writes_the_same_bytes_and_another_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let lost = "scripts/drills/lost-node.rhai";
    let first = journal(folder.path(), "1", &[lost, "--seed", "5"]);
    let second = journal(folder.path(), "2", &[lost, "--seed", "5"]);
    let other = journal(folder.path(), "3", &[lost, "--seed", "6"]);
    assert!(first.len() > 10_000, "a journal of {} bytes", first.len());
    assert!(first == second, "two runs with one seed differ");
    let body = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes)
            .lines()
            .skip(1)
            .collect::<String>()
    };
    assert!(
        body(&first) != body(&other),
        "another seed gives the same run"
    );
}

#[test]
fn a_majority_node_set_is_as_repeatable() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["scripts/drills/partition.rhai", "--filter", "majority"];
    assert!(journal(folder.path(), "1", &args) == journal(folder.path(), "2", &args));
}

#[test]
fn every_line_is_json_in_the_order_of_time_under_a_header() {
    let folder = tempfile::tempdir().expect("a folder");
    // Two drills in one file give two journals, one after the other.
    let bytes = journal(folder.path(), "1", &["scripts/drills/store-crash.rhai"]);
    let (mut headers, mut last) = (Vec::new(), 0);
    let mut kinds = std::collections::BTreeSet::new();
    for line in String::from_utf8(bytes).expect("text").lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a JSON object");
        if line.get("schema").is_some() {
            headers.push(line["seed"].as_u64());
            last = 0;
            continue;
        }
        let at = line["t"].as_u64().expect("a time");
        assert!(at >= last, "time runs backwards at {line}");
        last = at;
        kinds.insert(line["kind"].as_str().expect("a kind").to_owned());
        assert!(!line.to_string().contains("anon$"), "{line}");
    }
    assert_eq!(headers, [Some(3), Some(4)]);
    for kind in [
        "step",
        "fault-injected",
        "resource-state",
        "health",
        "restart",
        "coordinator",
    ] {
        assert!(kinds.contains(kind), "no {kind} in {kinds:?}");
    }
}

/// What is done from outside, and what is said of a drill: nothing causes these.
const BEGINNINGS: [&str; 12] = [
    "asked",
    "cleaned-up",
    "cluster-service",
    "end",
    "fault-healed",
    "fault-injected",
    "frozen",
    "note",
    "power",
    "remark",
    "step",
    "verdict",
];

#[test]
fn every_chain_of_causes_begins_outside_the_cluster() {
    let folder = tempfile::tempdir().expect("a folder");
    let drills = ["lost-node", "partition", "store-crash", "failover/planned"];
    let drills = drills.map(|it| format!("scripts/drills/{it}.rhai"));
    let drills: Vec<&str> = drills.iter().map(String::as_str).collect();
    let bytes = journal(folder.path(), "1", &drills);
    let (mut caused, mut told) = (0, 0);
    for line in String::from_utf8(bytes).expect("text").lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a JSON object");
        let Some(kind) = line["kind"].as_str() else {
            told = 0;
            continue;
        };
        assert_eq!(line["n"].as_u64(), Some(told), "{line}");
        told += 1;
        match line["because"].as_u64() {
            Some(cause) => assert!(cause + 1 < told, "caused by what came later: {line}"),
            // A resource type's own line may be about anything.
            None => assert!(kind == "log" || BEGINNINGS.contains(&kind), "{line}"),
        }
        caused += u64::from(line.get("because").is_some());
    }
    assert!(caused > 1_000, "{caused} events have a cause");
}

#[test]
fn a_takeover_leads_back_to_the_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    let bytes = journal(folder.path(), "1", &["scripts/drills/lost-node.rhai"]);
    let text = String::from_utf8(bytes).expect("text");
    let lines = text.lines().skip(1);
    let lines: Vec<serde_json::Value> = lines
        .map(|line| serde_json::from_str(line).expect("a JSON object"))
        .collect();
    let served = |line: &&serde_json::Value| {
        line["kind"] == "service-level" && line["subject"] == "EVS3" && line["online"] == true
    };
    // The first is the start of the cluster.
    let mut event = lines.iter().filter(served).nth(1).expect("the takeover");
    let mut chain = vec![event["kind"].as_str().expect("a kind")];
    while let Some(cause) = event["because"].as_u64() {
        event = &lines[usize::try_from(cause).expect("a place")];
        chain.push(event["kind"].as_str().expect("a kind"));
    }
    chain.dedup();
    for kind in ["group-owner", "node-state", "regroup", "interface", "power"] {
        assert!(chain.contains(&kind), "no {kind} in {chain:?}");
    }
    assert_eq!(event["kind"], "fault-injected", "{chain:?}");
    assert_eq!(event["text"], "NODE3 loses power");
}
