//! What `quorate ctl` asks of a node that runs, and orders, beside groups and properties.

use std::fs;

use serde_json::Value;

use crate::rig::Rig;
use crate::support::{finish, quorate};

const POLICY: &str = "fn choose_owner(group, nodes) { \"NODE2\" }\n";

#[test]
fn resources_and_types_are_asked_by_control_codes_and_plugins_are_shown() {
    let rig = Rig::formed(78);
    let said = |arguments: &[&str]| {
        let run = rig.ctl("NODE2", &[&["control"], arguments].concat());
        assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.out, run.err);
        run.out
    };
    assert_eq!(said(&["web server", "GET_NAME"]), "WEB Server\n");
    let bytes = said(&["WEB Server", "0x01000029", "--hex"]);
    assert!(bytes.starts_with("574542"), "{bytes}");
    let properties = said(&["WEB Address", "GET_PRIVATE_PROPERTIES"]);
    assert!(properties.contains("Address=127.78.2.30"), "{properties}");
    assert_eq!(said(&["type:IP Address", "GET_CHARACTERISTICS"]), "0\n");
    let refused = rig.ctl(
        "NODE2",
        &["control", "WEB Server", "GET_NAME", "--on", "NODE3"],
    );
    assert_eq!(refused.code, 3, "{}", refused.err);
    let told = "refused (5015 ERROR_HOST_NODE_NOT_RESOURCE_OWNER)";
    assert!(refused.err.contains(told), "{}", refused.err);
    let slip = rig.ctl("NODE2", &["control", "WEB Server", "GET_NAMES"]);
    assert_eq!(slip.code, 64, "{}", slip.err);
    assert!(slip.err.contains("did you mean GET_NAME?"), "{}", slip.err);
    let json = rig.ctl("NODE2", &["--json", "control", "WEB Server", "GET_NAME"]);
    let json: Value = serde_json::from_str(&json.out).expect("an answer");
    assert_eq!(json["text"], "WEB Server", "{json}");
    let plugins = rig.ctl("NODE1", &["plugins"]);
    assert!(plugins.out.contains("clusres "), "{}", plugins.out);
    let json = rig.ctl("NODE1", &["--json", "plugins"]);
    let json: Value = serde_json::from_str(&json.out).expect("an answer");
    let all = json["plugins"].as_array().expect("plugins");
    let clusres = all
        .iter()
        .find(|it| it["name"] == "clusres")
        .expect("clusres");
    assert_eq!(clusres["quarantined"], false, "{clusres}");
    let types = clusres["types"].as_array().expect("types");
    assert!(types.contains(&"IP Address".into()), "{clusres}");
    let refused = rig.ctl("NODE1", &["plugins", "release", "clusres"]);
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(
        refused.err.contains("not quarantined on NODE1"),
        "{}",
        refused.err
    );
    let reloaded = rig.ctl("NODE1", &["plugins", "reload", "clusres"]);
    assert_eq!(reloaded.code, 0, "{}", reloaded.err);
    let plugins = rig.ctl("NODE1", &["plugins"]);
    assert!(plugins.out.contains("reloaded once"), "{}", plugins.out);
    assert!(
        plugins
            .out
            .contains("WEB Server on NODE1 still runs the image from before"),
        "{}",
        plugins.out
    );
}

#[test]
fn policies_are_given_shown_and_taken_away_and_decide_where_groups_go() {
    let mut rig = Rig::formed(79);
    let shown = rig.ctl("NODE3", &["policy"]);
    assert_eq!(shown.out, "no policy: the built-in rules decide\n");
    let file = rig.path("second.rhai");
    fs::write(&file, "fn choose_owner(group) { oops }\n").expect("a file");
    let name = file.display().to_string();
    let broken = rig.ctl("NODE3", &["policy", "WEB", &name]);
    assert_eq!(broken.code, 64, "{}", broken.err);
    assert!(broken.err.contains("second.rhai:1"), "{}", broken.err);
    assert!(broken.err.contains("nothing was changed"), "{}", broken.err);
    fs::write(&file, POLICY).expect("a file");
    rig.ordered("NODE3", &["policy", "web", &name]);
    rig.until("another node has it", |rig| {
        rig.ctl("NODE1", &["policy", "WEB"]).out == POLICY
    });
    let listed = rig.ctl("NODE1", &["policy"]);
    assert_eq!(listed.out, format!("group WEB: {name}\n"));
    rig.ordered("NODE3", &["move", "WEB"]);
    rig.until("it is where the policy has it", |rig| {
        rig.web().as_deref() == Some("Hello from NODE2\n")
    });
    rig.ordered("NODE1", &["policy", "WEB", "--remove"]);
    rig.until("it is gone everywhere", |rig| {
        rig.ctl("NODE2", &["policy"]).out.starts_with("no policy")
    });
    let none = rig.ctl("NODE1", &["policy", "NODE2"]);
    assert_eq!(none.code, 64);
    assert!(none.err.contains("has no policy"), "{}", none.err);
}

/// Which node an order is about says nothing about which one is asked.
#[test]
fn a_node_is_added_joins_and_is_paused_by_another() {
    let mut rig = Rig::formed(80);
    let nothing = rig.ctl("NODE1", &["add", "NODE4"]);
    assert_eq!(nothing.code, 64, "{}", nothing.err);
    assert!(nothing.err.contains("\"Private="), "{}", nothing.err);
    let slip = rig.ctl("NODE1", &["add", "NODE4", "Publik=127.80.2.14"]);
    assert!(slip.err.contains("did you mean Public?"), "{}", slip.err);
    let cards = ["Public=127.80.2.14", "Private=127.80.1.14"];
    let added = rig.ctl("NODE1", &["add", "NODE4", cards[0], cards[1]]);
    assert_eq!(added.code, 0, "{}", added.err);
    let entry = "(name: \"NODE4\", interfaces: { \"Private\": \"127.80.1.14\", \"Public\": \"127.80.2.14\" })";
    assert!(added.out.contains(entry), "{}", added.out);
    let twice = rig.ctl("NODE2", &["add", "node4", "Public=127.80.2.15"]);
    assert_eq!(twice.code, 3, "{}{}", twice.out, twice.err);
    fs::write(rig.path("cluster4.ron"), rig.cluster(4)).expect("a file");
    let node = rig
        .node("NODE4", "joins: true,")
        .replace("cluster.ron", "cluster4.ron");
    fs::write(rig.path("NODE4.ron"), node).expect("a file");
    rig.start("NODE4");
    rig.until("it has joined", |rig| rig.up() == 4);
    let again = finish(
        quorate()
            .args(["ctl", "--config"])
            .arg(rig.path("NODE4.ron"))
            .args(["add", "NODE4"]),
    );
    assert_eq!(again.code, 0, "as it is there: {}", again.err);
    let socket = rig.path("run/NODE1/ctl.sock");
    let paused = finish(
        quorate()
            .args(["ctl", "--socket"])
            .arg(&socket)
            .args(["pause", "NODE4"]),
    );
    assert_eq!(paused.code, 0, "{}", paused.err);
    rig.until("it is paused", |rig| {
        let status = rig.status("NODE2").unwrap_or_default();
        status["nodes"][3]["state"] == "Paused"
    });
}
