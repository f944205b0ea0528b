//! The metrics of a node, as a program gets them that collects such.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use crate::rig::{NODES, PORT, Rig};

/// A plain GET. Its body, if it is answered with 200.
fn get(at: &str) -> Option<String> {
    let at: SocketAddr = at.parse().expect("an address");
    let mut stream = TcpStream::connect_timeout(&at, Duration::from_secs(2)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a stream");
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n")
        .expect("a question");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    head.starts_with("HTTP/1.1 200 ").then(|| body.to_owned())
}

/// The values by their names with labels. Each has its help and its type before it.
fn values(text: &str) -> BTreeMap<String, f64> {
    let mut known = Vec::new();
    let mut values = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a kind");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            known.push(name.to_owned());
        } else if !line.starts_with('#') {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            let plain = name.split('{').next().expect("a name");
            assert_eq!(known.last().map(String::as_str), Some(plain), "{line}");
            let value = value.parse().expect("a number");
            assert_eq!(values.insert(name.to_owned(), value), None, "{line}");
        }
    }
    values
}

#[test]
fn a_node_gives_metrics_where_it_is_asked_to() {
    let rig = Rig::new(87);
    let place = |node: &str| format!("127.87.3.1{}:9343", &node[4..]);
    for node in NODES {
        let more = format!("metrics: {:?}, log: Warning,", place(node));
        fs::write(rig.path(&format!("{node}.ron")), rig.node(node, &more)).expect("a file");
    }
    let mut rig = rig.form();
    let metrics = |node: &str| values(&get(&place(node)).expect("metrics"));
    let online = "quorate_group_online{group=\"WEB\",owner=\"NODE1\"}";
    rig.until("its group is online", |_| {
        metrics("NODE1").get(online) == Some(&1.0)
    });
    let one = metrics("NODE1");
    for name in [
        "quorate_service_runs",
        "quorate_quorum",
        "quorate_node_up{peer=\"NODE3\"}",
        "quorate_resource_online{group=\"WEB\",resource=\"WEB Server\"}",
    ] {
        assert_eq!(one.get(name), Some(&1.0), "{name}: {one:?}");
    }
    assert!(one["quorate_log_applied"] > 0.0);
    assert!(one["quorate_messages_sent_total{network=\"Private\"}"] > 0.0);
    let coordinate = NODES.map(|node| metrics(node)["quorate_coordinates"]);
    assert_eq!(coordinate.iter().sum::<f64>(), 1.0);
    let before = one
        .keys()
        .find(|name| name.starts_with("quorate_messages_refused_total"));
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    stranger
        .send_to(&[9; 100], ("127.87.1.11", PORT))
        .expect("a datagram");
    rig.until("what was refused is counted", |_| {
        let after = metrics("NODE1").into_keys();
        let mut refused = after.filter(|name| name.starts_with("quorate_messages_refused_total"));
        refused.any(|name| Some(&name) != before)
    });
    rig.ordered("NODE2", &["move", "WEB", "NODE2"]);
    rig.until("it is moved", |_| {
        let now = metrics("NODE3");
        now.get("quorate_group_online{group=\"WEB\",owner=\"NODE2\"}") == Some(&1.0)
    });
    rig.kill("NODE3");
    rig.until("it is missed", |_| {
        metrics("NODE1")["quorate_node_up{peer=\"NODE3\"}"] == 0.0
    });
    assert_eq!(get(&place("NODE3")), None);
    let log = fs::read_to_string(rig.path("NODE1.log")).expect("a log");
    assert!(log.contains("NODE3"), "it is worth a warning: {log}");
    assert!(!log.contains("Pending"), "and a move is not: {log}");
}
