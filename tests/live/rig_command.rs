//! `quorate rig`, as somebody types it who tries a cluster out.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::rig::{Rig, mount};
use crate::support::{Run, finish, plugin_folder, quorate};

fn rig(arguments: &[&str], folder: &Path) -> Run {
    finish(
        quorate()
            .arg("rig")
            .args(arguments)
            .arg("--dir")
            .arg(folder.join("rig")),
    )
}

/// Takes the rig away, however the test ends.
struct Down(tempfile::TempDir);

impl Drop for Down {
    fn drop(&mut self) {
        if self.0.path().join("rig").exists() {
            rig(&["down"], self.0.path());
        }
    }
}

#[test]
fn a_rig_is_made_asked_and_taken_away_without_a_trace() {
    let folder = Down(tempfile::tempdir().expect("a folder"));
    let folder = &folder.0;
    let cluster = folder.path().join("cluster.ron");
    fs::write(&cluster, Rig::new(84).cluster(3)).expect("a file");
    let cluster = cluster.display().to_string();
    let plugins = plugin_folder().display().to_string();
    let arguments = ["up", &cluster, "--plugin-dir", &plugins];
    let up = rig(&arguments, folder.path());
    assert_eq!(up.code, 0, "{}{}", up.out, up.err);
    let place = folder.path().join("rig");
    let run = place.join("run").display().to_string();
    for told in [
        format!("quorate ctl --run {run} --node NODE3 status"),
        "curl http://127.84.2.30:8080/".to_owned(),
        format!("quorate rig down --dir {}", place.display()),
    ] {
        assert!(up.out.contains(&told), "{}", up.out);
    }
    let pids: Vec<String> = ["NODE1", "NODE2", "NODE3"]
        .map(|node| fs::read_to_string(place.join(format!("{node}.pid"))).expect("a number"))
        .map(|text| text.trim().to_owned())
        .to_vec();
    let twice = rig(&arguments, folder.path());
    assert_eq!(twice.code, 64);
    assert!(twice.err.contains("rig down --dir"), "{}", twice.err);
    let begun = Instant::now();
    loop {
        let status = finish(quorate().args(["ctl", "--run", &run, "--node", "NODE2", "status"]));
        if status.code == 0 && status.out.matches("Up").count() == 3 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(100), "{}", status.out);
        std::thread::sleep(Duration::from_millis(50));
    }
    let state = place.join("state").display().to_string();
    let told = finish(quorate().args(["report", &state]));
    assert_eq!(told.code, 0, "{}", told.err);
    // Each lane is of what one node alone wrote down.
    for node in ["NODE1", "NODE2", "NODE3"] {
        let lane = told.out.lines().find(|line| line.starts_with(node));
        assert!(lane.is_some_and(|it| it.contains('+')), "{}", told.out);
    }
    assert!(told.out.contains("LIVE84, from "), "{}", told.out);
    let began = Instant::now();
    let down = rig(&["down"], folder.path());
    assert_eq!(down.code, 0, "{}{}", down.out, down.err);
    // A web server that is asked to stop ends within a second; a node that waited for a quorum, after 24 s.
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
    assert!(!place.exists());
    if let Some(mount) = mount() {
        assert!(!mount.join("quorate/LIVE84").exists());
    }
    for pid in pids {
        let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        assert!(!command.contains("NODE"), "{command}");
    }
    let nothing = rig(&["down"], folder.path());
    assert_eq!(nothing.code, 64);
    assert!(nothing.err.contains("there is no rig"), "{}", nothing.err);
}

/// One that is killed clears nothing up after itself.
#[test]
fn what_a_killed_node_has_left_behind_goes_with_its_rig() {
    let folder = Down(tempfile::tempdir().expect("a folder"));
    let folder = &folder.0;
    let cluster = folder.path().join("cluster.ron");
    let text = Rig::new(101).cluster(1);
    let text = text.replace("\"NODE1\", \"NODE2\", \"NODE3\"", "\"NODE1\"");
    fs::write(&cluster, text).expect("a file");
    let plugins = plugin_folder().display().to_string();
    let cluster = cluster.display().to_string();
    let up = rig(&["up", &cluster, "--plugin-dir", &plugins], folder.path());
    assert_eq!(up.code, 0, "{}{}", up.out, up.err);
    let groups = mount().map(|mount| mount.join("quorate/LIVE101"));
    let begun = Instant::now();
    let served = || {
        let events = |groups: &PathBuf| fs::read_to_string(groups.join("NODE1/cgroup.events"));
        let populated = |groups| events(groups).is_ok_and(|it| it.contains("populated 1"));
        groups.as_ref().is_none_or(populated)
    };
    while !served() {
        assert!(begun.elapsed() < Duration::from_secs(100), "it serves");
        std::thread::sleep(Duration::from_millis(50));
    }
    let pid = fs::read_to_string(folder.path().join("rig/NODE1.pid")).expect("a number");
    let node = pid.trim().parse().ok().and_then(Pid::from_raw);
    kill_process(node.expect("a process"), Signal::KILL).expect("a signal");
    let down = rig(&["down"], folder.path());
    assert_eq!(down.code, 0, "{}{}", down.out, down.err);
    assert!(!folder.path().join("rig").exists());
    let left = groups.filter(|it| it.exists());
    assert_eq!(left, None, "a control group");
}
