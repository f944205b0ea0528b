//! Monitors on threads, with one that hangs: whoever takes its reports does not come back.

use std::path::PathBuf;
use std::sync::mpsc::Receiver;

use parking_lot::Mutex;
use quorate_host::Serve;
use quorate_model::ResourceProperties;

use super::*;
use crate::services::{Disks, Machine, Programs};

/// Longer than anything here takes on any machine.
const PATIENCE: Duration = Duration::from_secs(30);

struct Bench {
    monitors: GroupMonitors,
    machine: SharedMachine,
    reports: Receiver<Reported>,
    /// While this is held, the monitor of the group "Hung" hangs.
    hung: Arc<Mutex<()>>,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let programs = Programs {
            services: BTreeMap::new(),
            home: folder.path().to_path_buf(),
            logs: folder.path().join("log"),
            sockets: folder.path().join("run"),
            helper: Vec::new(),
            node: "NODE1".into(),
            group: None,
        };
        let machine = Machine::new(programs, vec!["Public".into()], 3_343);
        let machine = SharedMachine::new(machine, Disks::default(), PathBuf::new());
        let (to, reports) = channel();
        let to = Mutex::new(to);
        let hung = Arc::new(Mutex::new(()));
        let hangs = Arc::clone(&hung);
        let report = move |reported: Reported| {
            if reported.group == *"Hung" {
                drop(hangs.lock());
            }
            to.lock().send(reported).is_ok()
        };
        let plugins = Arc::new(PluginSet::empty());
        Bench {
            monitors: GroupMonitors::new(7, plugins, &machine, Arc::new(report)),
            machine,
            reports,
            hung,
            _folder: folder,
        }
    }

    /// Opens a resource of a type that no plugin has.
    fn open(&mut self, name: &str, group: &str) {
        let spec = ResourceSpec {
            name: name.into(),
            kind: "No Such Type".into(),
            group: group.into(),
            depends_on: Vec::new(),
            properties: ResourceProperties::default(),
        };
        let command = MonitorCommand::Open(spec);
        self.monitors.command(&mut self.machine.clone(), command);
    }

    fn ask(&mut self, command: MonitorCommand) {
        self.monitors.command(&mut self.machine.clone(), command);
    }

    /// Takes reports in until one of this group's events does. Returns whether all have given their sign of life meanwhile.
    fn until(&mut self, wanted: impl Fn(&MonitorEvent) -> bool) -> bool {
        let mut answered = false;
        loop {
            let reported = self.reports.recv_timeout(PATIENCE).expect("a report");
            answered |= self.monitors.reported(reported);
            while let Some(event) = self.monitors.poll_event() {
                if wanted(&event) {
                    return answered;
                }
            }
        }
    }
}

fn is_about(name: &'static str) -> impl Fn(&MonitorEvent) -> bool {
    move |event| matches!(event, MonitorEvent::State { resource, .. } if *resource == *name)
}

#[test]
fn a_group_whose_monitor_hangs_holds_up_no_other_and_owes_the_sign_of_life() {
    let mut bench = Bench::new();
    let hung = Arc::clone(&bench.hung);
    let hangs = hung.lock();
    bench.open("A", "Hung");
    bench.open("B", "Sound");
    bench.until(is_about("B"));
    assert!(!bench.monitors.sign_of_life(), "it comes later");
    let online = |resource: &str| MonitorCommand::Online {
        resource: resource.into(),
    };
    bench.ask(online("B"));
    assert!(!bench.until(is_about("B")), "one of them hangs");
    // It goes on, and does what it was asked meanwhile.
    drop(hangs);
    let begun = Instant::now();
    let mut all = false;
    while !all {
        let reported = bench.reports.recv_timeout(PATIENCE).expect("a report");
        all = bench.monitors.reported(reported);
        assert!(begun.elapsed() < PATIENCE);
    }
    let resources = bench.monitors.resources();
    assert_eq!(resources.filter(|(_, _, state)| state.is_down()).count(), 2);
    assert!(bench.monitors.terminate_all(&mut bench.machine.clone()));
}

#[test]
fn whoever_hangs_at_the_end_is_left_behind_and_reaches_nothing_any_more() {
    let mut bench = Bench::new();
    let mut machine = bench.machine.clone();
    machine
        .address_add(quorate_host::Caller::NONE, "Public", "127.77.66.56")
        .unwrap();
    let hung = Arc::clone(&bench.hung);
    let hangs = hung.lock();
    bench.open("A", "Hung");
    bench.open("B", "Sound");
    assert!(!bench.monitors.terminate_all(&mut machine));
    let works = machine.address_works(quorate_host::Caller::NONE, "Public", "127.77.66.56");
    assert!(works.is_err(), "what it may have taken is given up");
    let mut cut_off = bench.monitors.machine.clone();
    let (to, answered) = channel();
    std::thread::spawn(move || {
        let _ = cut_off.serve(quorate_host::Caller::NONE, quorate_host::Request::Now);
        let _ = to.send(());
    });
    assert!(answered.recv_timeout(Duration::from_millis(300)).is_err());
    // Others reach it as before.
    assert!(machine.now() > Time::ZERO);
    drop(hangs);
}

#[test]
fn reports_of_earlier_monitors_change_nothing() {
    let mut bench = Bench::new();
    bench.open("B", "Sound");
    let mut reported = bench.reports.recv_timeout(PATIENCE).expect("a report");
    reported.generation = 6;
    bench.monitors.reported(reported);
    assert_eq!(bench.monitors.poll_event(), None);
}
