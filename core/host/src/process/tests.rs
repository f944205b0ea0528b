//! Tests of frames, of questions, and of monitor processes, which run this very test program.

mod deaths;

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quorate_model::{Reason, ResourceState};

use super::ask::{Beyond, CallContext};
use super::wire::{Channel, FRAME_MAX, Lost, ToHost, ToMonitor};
use crate::monitor::tests::world::World as Recorder;
use crate::monitor::tests::{Rig, SECOND, spec, text};
use crate::plugins::tests::library;
use crate::services::Request;
use crate::table::Knowledge;
use crate::{Caller, Isolation, Monitor, PluginSet, ServiceResult, Services};

/// The argument by which this test program knows that it was started as a monitor process.
const AS_A_MONITOR: &str = "as-a-monitor-process";

#[test]
fn this_program_can_be_a_monitor() {
    if std::env::args().any(|argument| argument == AS_A_MONITOR) {
        crate::run_monitor(None).unwrap();
    }
}

/// Settings that start this test program.
fn isolation() -> Isolation {
    let arguments = [
        "process::tests::this_program_can_be_a_monitor",
        "--exact",
        "--nocapture",
        "--skip",
        AS_A_MONITOR,
    ];
    Isolation {
        program: std::env::current_exe().unwrap(),
        arguments: arguments.map(Into::into).to_vec(),
        call_limit: Duration::from_secs(120),
        ..Isolation::default()
    }
}

fn rig(name: &str, isolation: Isolation) -> Rig {
    let mut set = PluginSet::empty();
    set.add(&library(name)).unwrap();
    set.isolate(isolation).unwrap();
    Rig::of(Monitor::new(Arc::new(set)))
}

fn all_apart() -> Isolation {
    Isolation {
        libraries: [("all".to_owned(), true)].into(),
        ..isolation()
    }
}

fn pair() -> (Channel, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (Channel::new(ours, None).unwrap(), theirs)
}

#[test]
fn frames_come_out_as_they_went_in() {
    let (mut one, other) = pair();
    let mut other = Channel::new(other, None).unwrap();
    let lines = (0..50).map(|number| ToHost::Log {
        level: 1,
        text: format!("line {number}"),
    });
    let lines: Vec<ToHost<'_>> = lines.collect();
    for line in &lines {
        one.send(line).unwrap();
    }
    for line in &lines {
        assert_eq!(other.receive::<ToHost<'_>>(None).unwrap(), *line);
    }
}

#[test]
fn what_is_no_frame_is_refused() {
    let refusal = |bytes: &[u8]| {
        let (mut channel, mut other) = pair();
        other.write_all(bytes).unwrap();
        drop(other);
        channel.receive::<ToMonitor>(None).unwrap_err()
    };
    let long = (FRAME_MAX as u32 + 1).to_le_bytes();
    assert!(matches!(refusal(&long), Lost::Garbled(_)));
    assert!(matches!(refusal(&[1, 0, 0, 0, 99]), Lost::Garbled(_)));
    assert!(
        matches!(refusal(&[9, 0, 0, 0, 3, 1, 0]), Lost::Gone),
        "cut short"
    );
    let mut longer = vec![3, 0, 0, 0];
    longer.extend(
        postcard::to_allocvec(&ToMonitor::Mail {
            instance: 1,
            expecting: true,
        })
        .unwrap(),
    );
    longer[0] += 1;
    longer.push(0);
    assert!(
        matches!(refusal(&longer), Lost::Garbled(_)),
        "bytes too many"
    );
    assert!(matches!(refusal(&[]), Lost::Gone));
}

#[test]
fn a_limit_counts_from_the_call_and_not_from_the_last_line() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    // Nothing more comes. The socket's own limit would be hours.
    let mut channel = Channel::new(ours, Some(Duration::from_secs(10_000))).unwrap();
    let until = Instant::now() + Duration::from_millis(20);
    let told = channel.receive::<ToHost<'_>>(Some(until));
    assert!(matches!(told, Err(Lost::Late)), "{told:?}");
    drop(theirs);
}

#[test]
fn lines_without_end_do_not_put_the_limit_off() {
    let (mut channel, other) = pair();
    let mut other = Channel::new(other, None).unwrap();
    let line = ToHost::Log {
        level: 0,
        text: "again".to_owned(),
    };
    other.send(&line).unwrap();
    let past = Instant::now().checked_sub(Duration::from_secs(1));
    assert!(matches!(
        channel.receive::<ToHost<'_>>(past),
        Err(Lost::Late)
    ));
}

/// What the monitor knows in these tests.
pub(crate) struct Book;

impl Knowledge for Book {
    fn property(&self, resource: &str, name: &str) -> Option<std::borrow::Cow<'_, str>> {
        (name == "Known").then(|| format!("{resource}'s").into())
    }
    fn providers(&self, resource: &str, kind: &str) -> Vec<quorate_model::Name> {
        vec![resource.into(), kind.into()]
    }
    fn publish(&self, _: &str, name: &str, value: &str) -> bool {
        name == value
    }
    fn published(&self, _: &str, name: &str) -> Option<String> {
        (name == "Known").then(|| "value".to_owned())
    }
    fn online_here(&self, group: &str, kind: &str) -> u32 {
        (group.len() * 10 + kind.len()) as u32
    }
    fn others(&self, group: &str, kind: &str) -> Vec<(quorate_model::Name, quorate_model::Name)> {
        vec![(kind.into(), group.into())]
    }
    fn save_checkpoint(&self, resource: &str, key: &str, bytes: &[u8]) -> ServiceResult<()> {
        Err(Reason::new(87, format!("{resource} {key} {bytes:?}")))
    }
    fn checkpoint(&self, resource: &str, key: &str) -> ServiceResult<Vec<u8>> {
        match key {
            "" => Err(Reason::new(1168, "none")),
            _ => Ok(format!("{resource} {key}").into_bytes()),
        }
    }
}

/// Asks everything that can be asked. Returns the answers as text.
pub(crate) fn ask_all(world: &mut dyn Services, book: &dyn Knowledge) -> Vec<String> {
    let it = Caller {
        resource: "A",
        kind: "Fake",
        group: "G",
    };
    let answers = Request::one_of_each().into_iter().map(|request| {
        let answer = world.serve(it, request.clone());
        assert!(request.is_answered_by(&answer), "{request:?}: {answer:?}");
        format!("{answer:?}")
    });
    let mut told: Vec<String> = answers.collect();
    told.push(format!("{:?}", world.disk_read(it, "disk", "none")));
    told.push(format!(
        "{:?}",
        (world.now(), world.civil_ms(), world.configured_nodes())
    ));
    told.push(format!(
        "{:?}",
        (book.property("A", "Known"), book.property("A", "Other"))
    ));
    told.push(format!("{:?}", book.providers("A", "Disk")));
    told.push(format!(
        "{:?}",
        (book.publish("A", "x", "x"), book.publish("A", "x", "y"))
    ));
    told.push(format!(
        "{:?}",
        (book.published("A", "Known"), book.published("A", "Other"))
    ));
    told.push(format!("{:?}", book.online_here("G", "Fake")));
    told.push(format!("{:?}", book.others("G", "Fake")));
    let saved = book.save_checkpoint("A", "k", &[9; 5_000]);
    told.push(format!(
        "{saved:?} {:?}",
        book.save_checkpoint("A", "", &[])
    ));
    told.push(format!("{:?}", book.checkpoint("A", "k")));
    told.push(format!("{:?}", book.checkpoint("A", "")));
    told
}

#[test]
fn every_question_is_answered_as_if_it_were_asked_here() {
    let mut here = Recorder::default();
    here.now += Duration::from_secs(7);
    let wanted = ask_all(&mut here, &Book);
    let (one, other) = UnixStream::pair().unwrap();
    let asking = std::thread::spawn(move || {
        let channel = RefCell::new(Channel::new(one, None).unwrap());
        let known = Beyond { channel: &channel };
        ask_all(&mut Beyond { channel: &channel }, &known)
    });
    let mut there = Recorder::default();
    there.now = here.now;
    let mut channel = Channel::new(other, None).unwrap();
    let spec = spec("A", "Fake");
    loop {
        let frame = channel.receive::<ToHost<'_>>(None);
        let mut context = CallContext {
            services: &mut there,
            known: &Book,
            spec: &spec,
        };
        let answer = match frame {
            Ok(ToHost::Ask(request)) => context.serve(request),
            Ok(ToHost::Question(question)) => context.tell(question),
            Err(Lost::Gone) => break,
            other => panic!("{other:?}"),
        };
        channel.send(&ToMonitor::Answer(answer)).unwrap();
    }
    assert_eq!(asking.join().unwrap(), wanted);
    assert_eq!(there.asked, here.asked);
}

#[test]
fn a_library_has_one_process_and_a_resource_with_a_monitor_of_its_own_another() {
    let mut rig = rig("quorate_bad_statics", all_apart());
    let mut alone = spec("C", "Bad Statics");
    alone.properties.separate_monitor = true;
    rig.open(spec("A", "Bad Statics"));
    rig.open(spec("B", "Bad Statics"));
    rig.open(alone);
    // The fixture's online fails with the number of instances that the library has seen.
    assert!(rig.online("A")[0].starts_with("A Failed [2 "));
    assert!(rig.online("C")[0].starts_with("C Failed [1 "));
    let status = rig.monitor.plugin_status();
    let processes: Vec<u32> = status[0].apart.iter().map(|(_, id)| *id).collect();
    assert_eq!(processes.len(), 3);
    assert!(processes[0] == processes[1] && processes[1] != processes[2]);
    rig.offline("C");
    assert!(rig.online("C")[0].starts_with("C Failed [1 "));
    assert_eq!(rig.monitor.plugin_status(), status, "each stays in its own");
}

#[test]
fn a_change_of_separate_monitor_takes_effect_at_the_next_online() {
    let mut rig = rig("quorate_bad_crash", isolation());
    let mut it = spec("A", "Bad Crash");
    rig.open(it.clone());
    rig.online("A");
    rig.run(2 * SECOND);
    it.properties.separate_monitor = true;
    rig.command(quorate_model::monitor::MonitorCommand::Update(it));
    assert_eq!(rig.monitor.plugin_status()[0].apart, []);
    rig.offline("A");
    rig.online("A");
    rig.run(2 * SECOND);
    assert_eq!(rig.state("A"), ResourceState::Online);
    assert_eq!(rig.monitor.plugin_status()[0].apart.len(), 1);
}

/// Settings under which a fixture misbehaves while it is loaded.
fn loading_badly(how: &str, start_limit: Duration) -> Isolation {
    let this = isolation();
    let run = format!("export BAD_LOAD='{how}'; exec \"$0\" \"$@\"");
    let mut arguments: Vec<OsString> = vec!["-c".into(), run.into(), this.program.into()];
    arguments.extend(this.arguments);
    Isolation {
        program: "/bin/sh".into(),
        arguments,
        start_limit,
        ..all_apart()
    }
}

#[test]
fn a_library_that_crashes_or_hangs_while_it_is_loaded_is_told_and_not_taken() {
    // Libraries that hang exceed any limit; the others end long before theirs.
    let (short, long) = (Duration::from_secs(1), Duration::from_secs(600));
    for (how, limit, wanted) in [
        ("crash initialiser", long, "SIGSEGV while"),
        ("crash startup", long, "SIGSEGV while"),
        ("hang initialiser", short, "no answer within 1s while"),
        ("hang startup", short, "no answer within 1s while"),
    ] {
        let mut set = PluginSet::empty();
        set.isolate(loading_badly(how, limit)).unwrap();
        let text = set
            .add(&library("quorate_bad_load"))
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("libquorate_bad_load.so: ") && text.contains(wanted),
            "{how}: {text}"
        );
        assert_eq!(set.libraries().count(), 0);
    }
    let mut set = PluginSet::empty();
    set.isolate(loading_badly("nothing", long)).unwrap();
    set.add(&library("quorate_bad_load")).unwrap();
    // A broken library gives the same error as when the host loads it.
    let wanted = PluginSet::empty().add(&library("quorate_bad_magic"));
    let told = set.add(&library("quorate_bad_magic"));
    assert_eq!(
        told.unwrap_err().to_string(),
        wanted.unwrap_err().to_string()
    );
}

/// Settings under which each process that is started leaves a line in a file, and how many have.
fn counted(folder: &Path) -> (Isolation, impl Fn() -> usize) {
    let this = isolation();
    let lines = folder.join("started");
    let run = format!("echo >> '{}'; exec \"$0\" \"$@\"", lines.display());
    let mut arguments: Vec<OsString> = vec!["-c".into(), run.into(), this.program.into()];
    arguments.extend(this.arguments);
    let settings = Isolation {
        program: "/bin/sh".into(),
        arguments,
        ..all_apart()
    };
    let started = move || std::fs::read_to_string(&lines).map_or(0, |it| it.lines().count());
    (settings, started)
}

#[test]
fn the_libraries_of_a_folder_are_learned_from_one_process_unless_one_makes_trouble() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(format!("lib{name}.so"));
    let add = |name: &str, called: &str| {
        std::fs::copy(library(&format!("quorate_bad_{name}")), path(called)).unwrap();
    };
    let folders = [folder.path().to_owned()];
    add("statics", "b");
    add("stall", "c");
    let (settings, started) = counted(folder.path());
    let learned = PluginSet::load_under(&folders, settings.clone()).unwrap();
    assert_eq!((learned.libraries().count(), started()), (2, 1));
    let mapped = PluginSet::load(&folders).unwrap();
    assert!(learned.libraries().eq(mapped.libraries()));
    // One file at two paths is started once in a process.
    std::fs::hard_link(path("c"), path("d")).unwrap();
    let before = started();
    let twice = PluginSet::load_under(&folders, settings.clone()).unwrap();
    let shadows: Vec<_> = twice.libraries().flat_map(|it| &it.shadows).collect();
    assert_eq!((twice.libraries().count(), started() - before), (2, 1));
    assert_eq!(shadows, [&path("d")]);
    std::fs::remove_file(path("d")).unwrap();
    // One that is refused, and one that takes the process down, before and after the others.
    for (bad, how, called, told) in [
        ("table", "", "a", ""),
        ("load", "crash startup", "a", "SIGSEGV while"),
        ("load", "crash startup", "z", "SIGSEGV while"),
    ] {
        add(bad, called);
        let mut settings = settings.clone();
        let run = settings.arguments[1].to_str().unwrap();
        settings.arguments[1] = format!("export BAD_LOAD='{how}'; {run}").into();
        let before = started();
        let (learned, errors) = PluginSet::load_sound(&folders, settings);
        assert!(learned.libraries().eq(mapped.libraries()), "{bad}");
        let found = errors.unwrap().0;
        let text = found[0].to_string();
        assert!(found.len() == 1 && text.contains(told), "{text}");
        assert!(text.contains(&format!("lib{called}.so: ")), "{text}");
        assert_eq!(started() - before, 1 + 3, "{bad}");
        std::fs::remove_file(path(called)).unwrap();
    }
}

#[test]
fn what_was_learned_apart_is_what_the_host_reads_and_can_run_there() {
    for (name, kind) in [
        ("quorate_bad_statics", "Bad Statics"),
        ("quorate_bad_stall", "Bad Stall"),
    ] {
        let mut mapped = PluginSet::empty();
        mapped.add(&library(name)).unwrap();
        let mut learned = PluginSet::empty();
        learned.isolate(all_apart()).unwrap();
        learned.add(&library(name)).unwrap();
        assert!(learned.libraries().eq(mapped.libraries()));
        learned.isolate(Isolation::default()).unwrap();
        let mut rig = Rig::of(Monitor::new(Arc::new(learned)));
        rig.open(spec("A", kind));
        let events = rig.online("A");
        assert!(
            !events.is_empty() && !events[0].contains("not open"),
            "{events:?}"
        );
        assert_eq!(rig.monitor.plugin_status()[0].apart, []);
    }
}

#[test]
fn what_the_operator_says_of_a_library_counts_more_than_what_is_said_of_all() {
    let mut set = PluginSet::empty();
    set.add(&library("quorate_bad_stall")).unwrap();
    let stall = set.libraries().next().unwrap();
    let mut settings = all_apart();
    assert!(settings.covers(stall));
    settings.libraries.insert("bad-stall".to_owned(), false);
    assert!(!settings.covers(stall));
    let mut asking = stall.clone();
    asking.flags |= quorate_abi::PLUGIN_SEPARATE_MONITOR;
    assert!(Isolation::default().covers(&asking));
    assert!(!settings.covers(&asking), "not even what itself asks for");
}

#[test]
fn a_program_that_is_no_monitor_is_told() {
    let wrong = |program: &str| {
        let mut rig = rig(
            "quorate_bad_crash",
            Isolation {
                program: PathBuf::from(program),
                arguments: Vec::new(),
                ..all_apart()
            },
        );
        rig.open(spec("A", "Bad Crash")).concat()
    };
    let text = wrong("/nowhere/quorate");
    assert!(text.contains("/nowhere/quorate cannot be run"), "{text}");
    let text = wrong("/bin/false");
    assert!(text.contains("exit with status 1"), "{text}");
}
