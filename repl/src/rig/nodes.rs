//! The processes of a rig.

use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use quorate_live::{Client, Request};

use super::files::Rig;

/// How long a node may take until it can be asked.
const START: Duration = Duration::from_secs(30);

/// How long all may take to stop in order.
const STOP: Duration = Duration::from_secs(60);

const LOOK: Duration = Duration::from_millis(50);

/// Starts every node, and waits until each can be asked.
pub(super) fn start(rig: &Rig) -> Result<(), String> {
    let mut children = Vec::new();
    for node in &rig.nodes {
        let child = spawn(rig, node)?;
        fs::write(rig.file(node, "pid"), format!("{}\n", child.id()))
            .map_err(|why| format!("{node}: {why}"))?;
        children.push((node, child));
    }
    let begun = Instant::now();
    for (node, child) in &mut children {
        let socket = rig.socket(node);
        loop {
            let asked = Client::connect(&socket, Some(START));
            if asked
                .and_then(|mut client| client.ask(&Request::Status))
                .is_ok()
            {
                break;
            }
            if let Ok(Some(ended)) = child.try_wait() {
                let log = fs::read_to_string(rig.file(node, "log")).unwrap_or_default();
                return Err(format!("{node} ended with {ended}:\n{}", log.trim_end()));
            }
            if begun.elapsed() >= START {
                return Err(format!("{node} cannot be asked after {START:?}"));
            }
            std::thread::sleep(LOOK);
        }
    }
    Ok(())
}

fn spawn(rig: &Rig, node: &str) -> Result<Child, String> {
    let failed = |why: std::io::Error| format!("{node} cannot be started: {why}");
    let program = std::env::current_exe().map_err(failed)?;
    let mut options = OpenOptions::new();
    let log = options
        .append(true)
        .create(true)
        .open(rig.file(node, "log"));
    let log = log.map_err(failed)?;
    Command::new(program)
        .args(["node", "--config"])
        .arg(rig.file(node, "ron"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(failed)?)
        .stderr(log)
        // Ctrl-C on the terminal is not for them.
        .process_group(0)
        .spawn()
        .map_err(failed)
}

/// Stops every node that answers, in order, and waits for the ends of all.
pub(super) fn stop(rig: &Rig) -> Result<(), String> {
    let mut running = Vec::new();
    for node in &rig.nodes {
        let asked = Client::connect(&rig.socket(node), Some(STOP));
        if let Ok(mut client) = asked {
            running.push(node);
            // All at once: a node alone could not move its groups anywhere in the end.
            std::thread::spawn(move || drop(client.ask(&Request::Stop)));
        }
    }
    let begun = Instant::now();
    while let Some(node) = running.last() {
        if Client::connect(&rig.socket(node), Some(LOOK)).is_err() {
            running.pop();
        } else if begun.elapsed() >= STOP {
            return Err(format!(
                "{node} still runs after {STOP:?}: its log is {}",
                rig.file(node, "log").display()
            ));
        } else {
            std::thread::sleep(LOOK);
        }
    }
    Ok(())
}
