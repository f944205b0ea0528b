//! A plugin that does not return holds up its own group, and nothing else.

use std::fs;
use std::time::{Duration, Instant};

use crate::rig::Rig;
use crate::support::library;

#[test]
fn a_plugin_that_hangs_holds_up_neither_its_node_nor_other_groups() {
    let rig = Rig::new(88);
    let plugins = rig.path("plugins");
    fs::create_dir(&plugins).expect("a folder");
    // Under its own name it is never loaded: it is a bad one.
    fs::copy(library("bad_hang"), plugins.join("libhangs.so")).expect("a plugin");
    let hangs = r#"    groups: [(
        name: "HANGS",
        preferred_owners: ["NODE1", "NODE2", "NODE3"],
        resources: [(name: "Stuck", type: "Bad Hang Online")],
    ), ("#;
    let cluster = rig.cluster(3).replace("    groups: [(", hangs);
    fs::write(rig.path("cluster.ron"), cluster).expect("a file");
    for node in ["NODE1", "NODE2", "NODE3"] {
        let folder = format!("plugins: [{:?}, ", plugins.display().to_string());
        let text = rig.node(node, "").replace("plugins: [", &folder);
        fs::write(rig.path(&format!("{node}.ron")), text).expect("a file");
    }
    let mut rig = rig.form();
    let state = |rig: &Rig, group: &str| {
        let status = rig.status("NODE1").unwrap_or_default();
        let groups = status["groups"].as_array().cloned().unwrap_or_default();
        let found = groups.into_iter().find(|it| it[0]["name"] == group);
        found.map(|it| it[0]["state"].as_str().unwrap_or_default().to_owned())
    };
    rig.until("it hangs, and the other group is online", |rig| {
        state(rig, "HANGS").is_some_and(|state| state != "Online")
            && state(rig, "WEB").as_deref() == Some("Online")
    });
    let coordinator = rig.status("NODE2").expect("a status")["coordinator"].clone();
    // Long enough for a node that does nothing else meanwhile to be missed.
    let hung = Instant::now();
    let mut to = ["NODE2", "NODE1"].into_iter().cycle();
    while hung.elapsed() < Duration::from_secs(12) {
        let to = to.next().expect("a node");
        let asked = Instant::now();
        rig.ordered("NODE1", &["move", "WEB", to]);
        assert!(
            asked.elapsed() < Duration::from_secs(5),
            "{:?}",
            asked.elapsed()
        );
        rig.until("it is moved", |rig| {
            rig.web() == Some(format!("Hello from {to}\n"))
                && state(rig, "WEB").as_deref() == Some("Online")
        });
        assert_eq!(rig.up(), 3);
    }
    assert_ne!(state(&rig, "HANGS").as_deref(), Some("Online"));
    let now = rig.status("NODE2").expect("a status");
    assert_eq!(now["coordinator"], coordinator);
    // What it does not do is told.
    rig.until("the node says that a monitor is silent", |rig| {
        let log = fs::read_to_string(rig.path("NODE1.log")).unwrap_or_default();
        log.contains("resource monitor")
    });
}
