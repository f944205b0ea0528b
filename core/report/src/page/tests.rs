use quorate_journal::JOURNAL_SCHEMA;
use serde_json::Value;

use super::*;
use crate::Runs;

/// A run of these events, in a cluster of two nodes.
fn run(events: &[&str]) -> Run {
    let header = format!(
        r#"{{"schema":"{JOURNAL_SCHEMA}","seed":7,"cluster":"C","civil_start_ms":1055404800000,"nodes":["A","B"],"groups":[{{"name":"G","virtual_server":true,"resources":[{{"name":"G Disk","type":"Physical Disk"}}]}}]}}"#
    );
    let text = [&[header.as_str()], events].concat().join("\n") + "\n";
    let mut runs = Runs::new(text.as_bytes());
    runs.next().unwrap().unwrap()
}

/// The data in a page.
fn data_of(page: &str) -> Value {
    let (_, rest) = page
        .split_once(r#"<script type="application/json" id="run">"#)
        .unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str(data).unwrap()
}

const NASTY: &str = r#"</script><script>alert("1")</script>&<!--"#;

#[test]
fn what_a_journal_says_is_text_wherever_it_stands_in_a_page() {
    let words = serde_json::to_string(NASTY).unwrap();
    let verdict = format!(
        r#"{{"t":9,"n":2,"kind":"verdict","drill":{words},"file":{words},"verdict":"fail","text":{words},"place":{words},"repeat":{words}}}"#
    );
    let step = format!(r#"{{"t":3,"n":0,"kind":"step","title":{words}}}"#);
    let note = format!(r#"{{"t":4,"n":1,"kind":"note","text":{words}}}"#);
    let run = run(&[&step, &note, &verdict]);
    let page = page(&run, Some(NASTY));
    assert!(
        !page.contains("<script>") && !page.contains("<!--\""),
        "{page}"
    );
    assert_eq!(page.matches("</script>").count(), 2);
    let index = index(&[IndexRow::of(&run, NASTY)]);
    assert!(!index.contains("<script>"), "{index}");
    // And it is still said.
    assert_eq!(data_of(&page)["steps"][0]["text"], NASTY);
}

#[test]
fn the_data_of_a_page_are_the_run() {
    let run = run(&[
        r#"{"t":1000,"n":0,"node":"A","kind":"power","on":true,"reason":"switched on"}"#,
        r#"{"t":2000,"n":1,"node":"A","because":0,"kind":"service-started","incarnation":1}"#,
        r#"{"t":5000,"n":2,"node":"A","kind":"health","subject":"G Disk","check":"IsAlive","alive":true}"#,
        r#"{"t":6000,"n":3,"node":"A","because":1,"kind":"health","subject":"G Disk","check":"IsAlive","alive":false}"#,
    ]);
    let data = data_of(&page(&run, None));
    let events = &data["events"];
    assert_eq!(events["t"], serde_json::json!([1000, 1000, 3000, 1000]));
    assert_eq!(events["c"], serde_json::json!([0, 1, 0, 2]));
    assert_eq!(events["w"], serde_json::json!([0, 0, 0, 0]));
    let kind = |place: usize| {
        let kind = events["k"][place].as_u64().unwrap();
        data["kinds"][usize::try_from(kind).unwrap()].clone()
    };
    // A check that was answered is set apart, one that was not is not.
    assert_eq!(kind(2), data["quiet"][0]);
    assert_eq!(kind(3), "health");
    let text = events["x"][3].as_u64().unwrap();
    let text = &data["texts"][usize::try_from(text).unwrap()];
    assert_eq!(text, "IsAlive of G Disk fails on A");
    let lanes = data["lanes"].as_array().unwrap();
    let names: Vec<&str> = lanes
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    let wanted = [
        "faults and steps",
        "coordinator",
        "quorum",
        "A",
        "B",
        "G",
        "G Disk",
    ];
    assert_eq!(names, wanted);
    assert_eq!(lanes[6]["parent"], 5);
}

#[test]
fn those_who_coordinate_at_the_same_time_have_a_lane_each() {
    let coordinates = |t: u64, n: u64, node: &str| {
        format!(r#"{{"t":{t},"n":{n},"node":"{node}","kind":"coordinator","term":{n}}}"#)
    };
    let ends = r#"{"t":30,"n":2,"node":"A","kind":"coordinator-lost","reason":"no answer"}"#;
    let events = [&coordinates(10, 0, "A"), &coordinates(20, 1, "B"), ends];
    let data = data_of(&page(&run(&events), None));
    assert_eq!(data["lanes"][1]["name"], "coordinator");
    assert_eq!(data["lanes"][2]["name"], "coordinator, too");
    assert_eq!(data["lanes"][2]["spans"][3], 1);
}

#[test]
fn pages_have_names_that_every_file_system_takes() {
    assert_eq!(
        file_name(3, "A lost node's EVS: \u{fc}ber/.."),
        "003-a-lost-node-s-evs-ber.html"
    );
    assert_eq!(file_name(12, "../.."), "012.html");
    assert!(file_name(1, &"x".repeat(500)).len() < 80);
}

#[test]
fn a_node_that_joins_tells_of_owners_of_long_ago_and_is_not_believed() {
    let owner = |t: u64, n: u64, node: &str, from: &str| {
        format!(
            r#"{{"t":{t},"n":{n},"node":"{node}","kind":"group-owner","subject":"G","from":"{from}","to":"{node}","cause":"NodeFailure"}}"#
        )
    };
    let starts = r#"{"t":30,"n":1,"node":"A","kind":"power","on":true,"reason":"switched on"}
{"t":30,"n":2,"node":"A","kind":"cluster-service","running":true,"reason":"the machine starts"}"#;
    let owners = |told: &str| {
        let ends = r#"{"t":50,"n":5,"kind":"note","text":"the end"}"#;
        let data = data_of(&page(
            &run(&[&owner(10, 0, "B", "A"), starts, told, ends]),
            None,
        ));
        let spans = data["lanes"][5]["spans"].as_array().unwrap().clone();
        let nodes = spans.iter().skip(3).step_by(4);
        nodes.map(|it| it.as_i64().unwrap()).collect::<Vec<_>>()
    };
    // B has the group, and A's word counts once it is a member.
    let takes = owner(40, 4, "A", "B");
    assert_eq!(owners(&takes), [1]);
    let member = r#"{"t":35,"n":3,"node":"A","kind":"view","view":3,"members":["A","B"]}"#;
    assert_eq!(owners(&format!("{member}\n{takes}")), [1, 0]);
}
