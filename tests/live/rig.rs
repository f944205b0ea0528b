//! A cluster of three nodes on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Run, finish, plugin_folder, quorate};

/// Longer than anything here takes on any machine that does anything else besides.
const PATIENCE: Duration = Duration::from_secs(150);

/// The port of the cluster's own messages.
pub(crate) const PORT: u16 = 3_343;

pub(crate) const NODES: [&str; 3] = ["NODE1", "NODE2", "NODE3"];

/// A cluster of three nodes on this machine, and a web server that belongs to it.
pub(crate) struct Rig {
    folder: tempfile::TempDir,
    /// The second number of its addresses, 127.`net`.
    net: u8,
    /// The command behind the service `web`.
    web: Vec<String>,
    pub(crate) running: BTreeMap<&'static str, Child>,
}

/// The mount of control groups, if there is one.
pub(crate) fn mount() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").expect("mounts");
    mounts.lines().find_map(|line| {
        let mut fields = line.split(' ');
        let place = fields.nth(1)?;
        (fields.next() == Some("cgroup2")).then(|| PathBuf::from(place))
    })
}

/// Kills the programs with this in their command lines, which no other test has.
fn end_programs(line: &str) {
    for process in fs::read_dir("/proc").expect("processes").flatten() {
        let command = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        let id = process.file_name().to_string_lossy().parse().ok();
        if let Some(id) = id.and_then(Pid::from_raw)
            && command.contains(line)
        {
            let _ = kill_process(id, Signal::KILL);
        }
    }
}

/// Removes the groups of nodes that were killed, once what was killed in them is gone.
fn clear(groups: &std::path::Path) {
    let begun = Instant::now();
    let populated = || {
        let events = fs::read_to_string(groups.join("cgroup.events"));
        events.is_ok_and(|events| events.contains("populated 1"))
    };
    while populated() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    remove(groups);
    let _ = groups.parent().map(fs::remove_dir);
}

fn remove(group: &std::path::Path) {
    for below in fs::read_dir(group).into_iter().flatten().flatten() {
        if below.path().is_dir() {
            remove(&below.path());
        }
    }
    let _ = fs::remove_dir(group);
}

impl Drop for Rig {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
        // What a test has hidden from its node.
        if let Some(mount) = mount() {
            let groups = mount.join(format!("quorate/LIVE{}", self.net));
            let _ = fs::write(groups.join("cgroup.kill"), "1");
            clear(&groups);
        }
        end_programs(&format!("hello 127.{}.2.30:8080", self.net));
    }
}

impl Rig {
    pub(crate) fn new(net: u8) -> Rig {
        let program = env!("CARGO_BIN_EXE_quorate").to_owned();
        let at = format!("127.{net}.2.30:8080");
        Rig::with(net, vec![program, "hello".to_owned(), at])
    }

    /// A rig with another command behind the service `web`.
    pub(crate) fn with(net: u8, web: Vec<String>) -> Rig {
        let folder = tempfile::tempdir().expect("a folder");
        let rig = Rig {
            folder,
            net,
            web,
            running: BTreeMap::new(),
        };
        let key = rig.path("key");
        let made = finish(quorate().args(["key", "new"]).arg(&key));
        assert_eq!(made.code, 0, "{}", made.err);
        fs::write(rig.path("cluster.ron"), rig.cluster(3)).expect("a file");
        for node in NODES {
            fs::write(rig.path(&format!("{node}.ron")), rig.node(node, "")).expect("a file");
        }
        rig
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The cluster file, with so many nodes.
    pub(crate) fn cluster(&self, nodes: u8) -> String {
        let net = self.net;
        let node = |n: u8| {
            format!(
                "(name: \"NODE{n}\", interfaces: {{ \"Public\": \"127.{net}.2.1{n}\", \"Private\": \"127.{net}.1.1{n}\" }})"
            )
        };
        let nodes: Vec<String> = (1..=nodes).map(node).collect();
        format!(
            r#"(
    name: "LIVE{net}",
    address: "127.{net}.2.20",
    quorum: MajorityNodeSet,
    msdtc: false,
    networks: [
        (name: "Private", role: Internal, subnet: "127.{net}.1.0/24"),
        (name: "Public", role: Mixed, subnet: "127.{net}.2.0/24"),
    ],
    nodes: [{}],
    disks: [],
    groups: [(
        name: "WEB",
        preferred_owners: ["NODE1", "NODE2", "NODE3"],
        resources: [
            (name: "WEB Address", type: "IP Address", properties: {{ "Address": "127.{net}.2.30", "Network": "Public" }}),
            (name: "WEB Server", type: "Generic Service", properties: {{ "ServiceName": "web" }}, depends_on: ["WEB Address"]),
        ],
    )],
)"#,
            nodes.join(", ")
        )
    }

    pub(crate) fn node(&self, node: &str, more: &str) -> String {
        let (web, at) = (&self.web, format!("127.{}.2.30:8080", self.net));
        let plugins = plugin_folder().display().to_string();
        format!(
            r#"(
    cluster: "cluster.ron",
    node: "{node}",
    state: "state/{node}",
    key: "key",
    socket: "run/{node}/ctl.sock",
    plugins: [{plugins:?}],
    services: {{ "web": (run: {web:?}, ready: Port("{at}")) }},
    {more}
)"#
        )
    }

    /// What this machine lacks for a node.
    pub(crate) fn check(&self, node: &str) -> Run {
        let file = self.path(&format!("{node}.ron"));
        finish(quorate().args(["node", "--check", "--config"]).arg(file))
    }

    pub(crate) fn start(&mut self, node: &'static str) {
        self.start_with(node, &[], &[]);
    }

    /// Starts the driver of a node with nobody above it.
    pub(crate) fn start_without_warden(
        &mut self,
        node: &'static str,
        environment: &[(&str, &str)],
    ) {
        self.start_with(node, &["--driver"], environment);
    }

    /// Starts a node with these arguments and variables.
    pub(crate) fn start_with(
        &mut self,
        node: &'static str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) {
        let log = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path(&format!("{node}.log")))
            .expect("a log");
        let child = quorate()
            .arg("node")
            .args(arguments)
            .arg("--config")
            .arg(self.path(&format!("{node}.ron")))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        self.running.insert(node, child);
    }

    /// Starts all, and waits until the web server answers.
    pub(crate) fn formed(net: u8) -> Rig {
        Rig::new(net).form()
    }

    /// The same, of a rig that there is.
    pub(crate) fn form(self) -> Rig {
        let mut rig = self;
        NODES.into_iter().for_each(|node| rig.start(node));
        rig.until("the web server answers on NODE1", |rig| {
            rig.web().as_deref() == Some("Hello from NODE1\n") && rig.up() == 3
        });
        rig
    }

    pub(crate) fn signal(&self, node: &str, signal: Signal) {
        let id = i32::try_from(self.running[node].id()).expect("a process");
        kill_process(Pid::from_raw(id).expect("a process"), signal).expect("a signal");
    }

    /// Kills a node's process, as nothing that it could prepare for.
    pub(crate) fn kill(&mut self, node: &str) {
        let mut child = self.running.remove(node).expect("a node that runs");
        child.kill().expect("a signal");
        child.wait().expect("its end");
    }

    pub(crate) fn ctl(&self, node: &str, arguments: &[&str]) -> Run {
        let run = self.path("run");
        finish(
            quorate()
                .arg("ctl")
                .args(["--node", node, "--run"])
                .arg(run)
                .args(arguments),
        )
    }

    pub(crate) fn ordered(&self, node: &str, arguments: &[&str]) {
        let run = self.ctl(node, arguments);
        assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.out, run.err);
    }

    pub(crate) fn status(&self, node: &str) -> Option<Value> {
        let run = self.ctl(node, &["--json", "status"]);
        (run.code == 0).then(|| serde_json::from_str(&run.out).expect("a status"))
    }

    /// How many nodes are up, as the least of those that can be asked sees it.
    pub(crate) fn up(&self) -> usize {
        let seen = self.running.keys().map(|node| {
            let status = self.status(node).unwrap_or_default();
            let nodes = status["nodes"].as_array().cloned().unwrap_or_default();
            nodes.iter().filter(|it| it["state"] == "Up").count()
        });
        seen.min().unwrap_or(0)
    }

    /// What a client of the web server gets.
    pub(crate) fn web(&self) -> Option<String> {
        let at: SocketAddr = format!("127.{}.2.30:8080", self.net)
            .parse()
            .expect("an address");
        let mut stream = TcpStream::connect_timeout(&at, Duration::from_secs(1)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(text.split_once("\r\n\r\n")?.1.to_owned())
    }

    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, mut holds: impl FnMut(&mut Rig) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            if begun.elapsed() >= PATIENCE {
                for node in NODES {
                    let log = fs::read_to_string(self.path(&format!("{node}.log")));
                    eprintln!("{node}:\n{}", log.unwrap_or_default());
                }
                panic!("not within {PATIENCE:?}: {what}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
