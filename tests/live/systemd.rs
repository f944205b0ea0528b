//! A node as a service of systemd: the unit file that is shipped, and what the node tells.

use std::fs;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use quorate_node::bounds;
use rustix::process::{Pid, Signal, kill_process};

use crate::rig::Rig;
use crate::support::{finish, quorate, root};

fn unit() -> String {
    fs::read_to_string(root().join("scripts/systemd/quorate@.service")).expect("the unit file")
}

/// The value of a setting that is there once.
#[track_caller]
fn setting<'u>(unit: &'u str, name: &str) -> &'u str {
    let mut lines = unit
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let value = lines.next().unwrap_or_else(|| panic!("no {name}"));
    assert_eq!(lines.next(), None, "{name} is there twice");
    value
}

#[test]
fn it_starts_what_there_is_and_waits_as_long_as_a_stop_may_take() {
    let unit = unit();
    let start = setting(&unit, "ExecStart");
    let words: Vec<&str> = start.split(' ').collect();
    assert_eq!(words[..2], ["/usr/bin/quorate", "node"]);
    let file = words.last().expect("a file").replace("%i", "no-such-node");
    // It gets as far as the file, which is not there.
    let tried = finish(quorate().args(&words[1..words.len() - 1]).arg(&file));
    assert_eq!(tried.code, 64, "{}", tried.err);
    assert!(tried.err.contains(&file), "{}", tried.err);
    let stop = setting(&unit, "TimeoutStopSec");
    let minutes: u64 = stop
        .strip_suffix("min")
        .and_then(|number| number.parse().ok())
        .expect("minutes");
    assert!(minutes * 60 > bounds::LEAVE_PATIENCE.as_secs());
    assert_eq!(setting(&unit, "NotifyAccess"), "all");
}

#[test]
fn systemd_takes_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("quorate@node.service");
    let unit = unit().replace("/usr/bin/quorate", env!("CARGO_BIN_EXE_quorate"));
    fs::write(&file, unit).expect("a file");
    let mut verify = Command::new("systemd-analyze");
    verify.arg("verify").arg("--man=no").arg(&file);
    let verified = match verify.output() {
        Ok(output) => output,
        Err(why) => return eprintln!("SKIPPED: systemd-analyze cannot be run: {why}"),
    };
    let told = String::from_utf8_lossy(&verified.stderr);
    // What it says of other units of this machine is not ours.
    let mut ours = told.lines().filter(|line| line.contains("quorate@"));
    assert_eq!(ours.next(), None, "{told}");
}

/// What is said at a socket until something is.
#[track_caller]
fn hear(socket: &UnixDatagram, wanted: &str) -> Vec<String> {
    let mut said = Vec::new();
    let mut word = [0; 4_096];
    loop {
        match socket.recv(&mut word) {
            Ok(length) => {
                let text = String::from_utf8_lossy(&word[..length]);
                said.extend(text.lines().map(str::to_owned));
            }
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => panic!("{why}: {wanted} was not said after {said:?}"),
        }
        if said.iter().any(|line| line == wanted) {
            return said;
        }
    }
}

#[test]
fn systemd_is_told_when_a_node_runs_reads_its_file_again_and_stops() {
    let rig = Rig::new(86);
    let place = rig.path("notify");
    let socket = UnixDatagram::bind(&place).expect("a socket");
    let patience = Some(Duration::from_secs(60));
    socket.set_read_timeout(patience).expect("a socket");
    let mut node = quorate();
    node.args(["node", "--config"])
        .arg(rig.path("NODE1.ron"))
        .env("NOTIFY_SOCKET", &place)
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let mut node = node.spawn().expect("a node");
    let id = i32::try_from(node.id()).expect("a process");
    let id = Pid::from_raw(id).expect("a process");
    let said = hear(&socket, "READY=1");
    assert!(said.contains(&"STATUS=the cluster service runs".to_owned()));
    // It can be asked by then.
    assert_eq!(rig.ctl("NODE1", &["status"]).code, 0);
    kill_process(id, Signal::HUP).expect("a signal");
    let said = hear(&socket, "READY=1");
    assert!(said.contains(&"RELOADING=1".to_owned()), "{said:?}");
    assert!(said.iter().any(|it| it.starts_with("MONOTONIC_USEC=")));
    kill_process(id, Signal::TERM).expect("a signal");
    hear(&socket, "STOPPING=1");
    assert!(node.wait().expect("its end").success());
}
