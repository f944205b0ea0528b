//! Node files: what is read, and what is said of mistakes.

use std::time::Duration;

use super::*;

const FILE: &str = r#"(
    cluster: "cluster.ron",
    node: "NODE2",
    state: "node2",
    key: "key",
    port: 4000,
    bind: { "Public": "127.0.0.1" },
    services: {
        "spooler": (run: ["/usr/bin/spoold", "-f"], ready: Alive("500ms"), stop: ["/usr/bin/spoolctl", "stop"]),
        "web": (run: ["served"], ready: Port("127.0.0.1:8080"), user: "www", environment: { "A": "b" }),
        "MSDTC": (run: ["/bin/dtc"], ready: File("/run/dtc.pid"), directory: "/srv"),
        "plain": (run: ["/bin/plain"]),
        "cache": (run: ["/bin/cache"], ask: (at: "127.0.0.1:6379", send: "PING\r\n", expect: "+PONG")),
        "unit": (run: ["/bin/unit"], ready: Notify),
    },
    admins: "quorate",
    metrics: "127.0.0.1:9343",
    log: Debug,
    watchdog: "/dev/watchdog",
)"#;

#[test]
fn a_node_file_is_read_and_what_it_leaves_out_has_a_default() {
    let file = parse_node_file("node.ron", FILE).unwrap();
    assert_eq!(
        (&*file.node, file.port, file.joins),
        ("NODE2", 4_000, false)
    );
    let services: Vec<_> = file.services.values().map(|it| it.ready.clone()).collect();
    assert_eq!(
        services,
        [
            Ready::File("/run/dtc.pid".into()),
            Ready::Answer,
            Ready::Alive(Duration::from_secs(1)),
            Ready::Alive(Duration::from_millis(500)),
            Ready::Notify,
            Ready::Port("127.0.0.1:8080".parse().unwrap()),
        ]
    );
    let ask = file.services["cache"].ask.as_ref().unwrap();
    assert_eq!((&*ask.send, &*ask.expect), ("PING\r\n", "+PONG"));
    assert_eq!(file.services["web"].user.as_deref(), Some("www"));
    assert_eq!(file.metrics, Some("127.0.0.1:9343".parse().unwrap()));
    assert_eq!(file.log, LogLevel::Debug);
    assert_eq!(file.watchdog.as_deref(), Some("/dev/watchdog"));
    let short = r#"(cluster: "c.ron", node: "N", state: "s")"#;
    let short = parse_node_file("n", short).unwrap();
    assert_eq!(
        (short.port, short.metrics, short.log),
        (CLUSTER_PORT, None, LogLevel::Info)
    );
    assert_eq!(short.watchdog, None);
}

#[test]
fn findings_that_come_later_point_at_the_field_or_what_contains_it() {
    let file = parse_node_file("node.ron", FILE).unwrap();
    let at = |field: &str| {
        let found = file.error(field, "service-without-command", "");
        (found.line, found.column)
    };
    assert_eq!(at("services/MSDTC"), (11, 9));
    assert_eq!(at("services/other"), (8, 15));
    assert_eq!(at("socket"), (1, 1));
}

#[test]
fn every_mistake_is_told_at_its_place_with_what_should_stand_there() {
    let wrong = r#"(
    cluster: "cluster.ron",
    node: 2,
    stat: "node2",
    port: 70000,
    bind: { "Public": "here" },
    services: {
        "a": (run: []),
        "b": (run: ["/bin/b"], ready: Alive("soon")),
        "c": (run: ["/bin/c"], ready: Prot("127.0.0.1:1")),
        "d": (ready: Alive("1s")),
        "e": (run: ["/bin/e"], redy: Alive("1s")),
        "f": (run: ["/bin/f"], ready: Answer),
        "g": (run: ["/bin/g"], ask: (at: "6379", sent: "x")),
        "h": (run: ["/bin/h"], ready: Notify("x")),
    },
    metrics: "10.0.0.11:9343",
    log: Inof,
)"#;
    let found = parse_node_file("node.ron", wrong).unwrap_err();
    let told: Vec<_> = found.iter().map(ToString::to_string).collect();
    let expected = [
        "node.ron:1:1: error[missing-field]: a node file lacks the field `state`; add `state: …`",
        "node.ron:3:11: error[wrong-type]: this should be a text (found the number 2, expected a text)",
        "node.ron:4:5: error[unknown-field]: a node file has no field `stat`; did you mean `state`?",
        "node.ron:5:11: error[out-of-range]: this number is out of range (found 70000, expected 1 to 65535)",
        "node.ron:6:23: error[out-of-range]: this is no address (found the text \"here\", expected such as \"10.0.0.11\")",
        "node.ron:8:20: error[out-of-range]: this is no command (found a list, expected a program and its arguments, such as [\"/usr/sbin/nginx\", \"-g\", \"daemon off;\"])",
        "node.ron:9:45: error[out-of-range]: this is no duration (found the text \"soon\", expected such as \"2s\" or \"500ms\")",
        "node.ron:10:39: error[out-of-range]: there is no `Prot` here (expected `Alive(\"2s\")`, `Port(\"127.0.0.1:8080\")`, `File(\"/run/served.pid\")`, `Notify` or `Answer`); did you mean `Port`?",
        "node.ron:11:9: error[missing-field]: a service lacks the field `run`; add `run: …`",
        "node.ron:12:32: error[unknown-field]: a service has no field `redy`; did you mean `ready`?",
        "node.ron:13:39: error[out-of-range]: nothing says what the service is asked (found `Answer`, expected an `ask` beside it, such as `ask: (at: \"127.0.0.1:6379\", send: \"PING\\r\\n\", expect: \"+PONG\")`)",
        "node.ron:14:42: error[out-of-range]: this is no address with a port (found the text \"6379\", expected such as \"127.0.0.1:8080\")",
        "node.ron:14:50: error[unknown-field]: what is asked has no field `sent`; did you mean `send`?",
        "node.ron:15:39: error[wrong-type]: this should be `Alive(\"2s\")`, `Port(\"127.0.0.1:8080\")`, `File(\"/run/served.pid\")`, `Notify` or `Answer` (found `Notify(…)`, expected `Alive(\"2s\")`, `Port(\"127.0.0.1:8080\")`, `File(\"/run/served.pid\")`, `Notify` or `Answer`)",
        "node.ron:17:14: error[out-of-range]: everybody on the network could read this (found the text \"10.0.0.11:9343\", expected a port on loopback, such as \"127.0.0.1:9343\")",
        "node.ron:18:10: error[out-of-range]: there is no log level `Inof` (expected `Warning`, `Info` or `Debug`); did you mean `Info`?",
    ];
    assert_eq!(told, expected);
}

#[test]
fn folders_stand_for_shared_disks_and_file_shares() {
    let read = |text: &str| {
        let text = format!("(cluster: \"c\", node: \"N\", state: \"s\", {text})");
        parse_node_file("n", &text)
    };
    let text = r#"disks: { "Disk Q:": Dir("q") }, shares: { "\\\\F\\w": "/mnt/w" }"#;
    let file = read(text).unwrap();
    assert_eq!(file.disks.values().collect::<Vec<_>>(), ["q"]);
    assert_eq!(file.shares.values().collect::<Vec<_>>(), ["/mnt/w"]);
    for wrong in [
        "\"q\"",
        "Dir",
        "Dir(\"a\", \"b\")",
        "Drive(\"q\")",
        "Dir(1)",
    ] {
        let found = read(&format!("disks: {{ \"Disk Q:\": {wrong} }}")).unwrap_err();
        let found = found.to_string();
        let wanted = match wrong {
            "Dir(1)" => "this should be a text",
            _ => "this should be `Dir(",
        };
        assert!(found.contains(wanted), "{wrong}: {found}");
    }
}
