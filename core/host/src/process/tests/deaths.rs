//! What happens when a monitor process dies: failure, cleaning up, quarantine.

use quorate_model::control::{ControlCode, ControlOf};
use quorate_model::monitor::{MonitorCommand, ResourceSpec};

use super::*;

/// A resource that crashes in `entry`.
fn crashing(name: &str, entry: &str) -> ResourceSpec {
    let mut spec = spec(name, "Bad Crash");
    spec.properties.private.insert("In".to_owned(), text(entry));
    spec
}

#[test]
fn a_crash_fails_every_resource_of_the_process_and_is_cleaned_up_after() {
    let mut rig = rig("quorate_bad_crash", all_apart());
    rig.open(crashing("A", "is_alive"));
    rig.open(spec("B", "Bad Crash"));
    rig.open(spec("C", "Bad Crash"));
    rig.online("A");
    rig.online("B");
    let events = rig.run(61 * SECOND);
    let tail: Vec<&str> = events
        .iter()
        .rev()
        .take(4)
        .rev()
        .map(String::as_str)
        .collect();
    let why = "[5038 the resource monitor terminated: SIGSEGV in IsAlive of `A`]";
    assert_eq!(
        tail,
        [
            "A log 1 about to crash in is_alive",
            "! 1146 Resource monitor of `bad-crash` terminated: SIGSEGV in IsAlive of `A`. A replacement is started",
            &format!("A Failed {why}"),
            &format!("B Failed {why}"),
        ]
    );
    assert_eq!(rig.state("C"), ResourceState::Offline);
    rig.online("B");
    rig.run(2 * SECOND);
    assert_eq!(rig.state("B"), ResourceState::Online);
}

/// Sends `name` a control code, at which [`crashing`] may crash.
fn control(rig: &mut Rig, name: &str) -> Vec<String> {
    rig.command(MonitorCommand::Control {
        of: ControlOf::Resource(name.into()),
        request: 1,
        code: ControlCode(0x0200_0001),
        input: Vec::new(),
    })
}

fn arbitrate(rig: &mut Rig, name: &str) -> Vec<String> {
    rig.command(MonitorCommand::Arbitrate {
        resource: name.into(),
    })
}

/// The resources that live in processes, with the ids of these.
fn apart(rig: &Rig) -> Vec<(String, u32)> {
    let status = rig.monitor.plugin_status().remove(0);
    let apart = status.apart.iter();
    apart.map(|(name, id)| (name.to_string(), *id)).collect()
}

#[test]
fn what_a_resource_was_doing_when_its_process_died_says_what_follows() {
    let why = "[5038 the resource monitor terminated: SIGSEGV in ResourceControl of `A`]";
    let [failed, not_won, lost] =
        ["Failed", "not won", "lost"].map(|what| format!("B {what} {why}"));
    // What B is doing, what is reported of it, and whether its next instance has something to clean up.
    type Doing = fn(&mut Rig);
    let cases: [(Doing, Vec<&String>, bool); 5] = [
        (|_| {}, vec![], false),
        (
            |rig| {
                rig.online("B");
                rig.run(2 * SECOND);
            },
            vec![&failed],
            true,
        ),
        (
            |rig| {
                arbitrate(rig, "B");
            },
            vec![&not_won],
            true,
        ),
        (
            |rig| {
                arbitrate(rig, "B");
                assert_eq!(rig.run(2 * SECOND), ["B won"]);
            },
            vec![&lost],
            true,
        ),
        (
            |rig| {
                rig.online("B");
                arbitrate(rig, "B");
            },
            vec![&not_won, &failed],
            true,
        ),
    ];
    for (number, (doing, wanted, dirty)) in cases.into_iter().enumerate() {
        let mut rig = rig("quorate_bad_crash", all_apart());
        rig.open(crashing("A", "control"));
        // If the next instance is asked to clean up, it crashes, and so shows that it was.
        rig.open(crashing("B", "terminate"));
        let mut alone = spec("C", "Bad Crash");
        alone.properties.separate_monitor = true;
        rig.open(alone);
        rig.online("C");
        rig.run(2 * SECOND);
        doing(&mut rig);
        let before = apart(&rig);
        let events = control(&mut rig, "A");
        let died = events.iter().position(|it| it.starts_with("! 1146"));
        let told = events[died.unwrap() + 1..].iter();
        let told: Vec<&String> = told.filter(|it| it.starts_with("B ")).collect();
        assert_eq!(told[..wanted.len()], wanted, "{number}: {events:?}");
        let cleaned = events.iter().any(|it| it.contains("in Terminate of `B`"));
        assert_eq!(cleaned, dirty, "{number}: {events:?}");
        let after = apart(&rig);
        if !dirty {
            assert_eq!(told, wanted);
            assert!(after[0].1 == after[1].1 && after[0].1 != before[0].1);
        }
        assert_eq!(after.last(), before.last(), "another process lives on");
        assert_eq!(rig.state("C"), ResourceState::Online);
    }
}

#[test]
fn a_process_that_dies_in_arbitrate_has_not_won() {
    let answers = |events: Vec<String>| {
        let answers = events.into_iter().filter(|it| it.contains(" won"));
        answers.collect::<Vec<_>>()
    };
    let mut rig = rig("quorate_bad_crash", all_apart());
    rig.open(crashing("A", "arbitrate"));
    rig.open(crashing("B", "online"));
    let why = "the resource monitor terminated: SIGSEGV in Arbitrate of `A`";
    let wanted = format!("A not won [5038 {why}]");
    assert_eq!(answers(arbitrate(&mut rig, "A")), [wanted]);
    assert_eq!(rig.state("A"), ResourceState::Offline);
    assert_eq!(answers(rig.online("B")), [""; 0], "nobody asked");
    assert_eq!(rig.state("B"), ResourceState::Failed);
}

#[test]
fn a_process_ends_with_the_last_of_its_instances() {
    let mut rig = rig("quorate_bad_crash", all_apart());
    rig.open(spec("A", "Bad Crash"));
    rig.open(spec("B", "Bad Crash"));
    let process = apart(&rig)[0].1;
    let runs = || PathBuf::from(format!("/proc/{process}")).exists();
    let close = |rig: &mut Rig, name: &str| {
        rig.command(MonitorCommand::Close {
            resource: name.into(),
        })
    };
    close(&mut rig, "A");
    assert!(runs());
    assert_eq!(apart(&rig), [("B".to_owned(), process)]);
    close(&mut rig, "B");
    assert!(!runs(), "ended and reaped");
}

#[test]
fn a_reload_of_another_library_lifts_no_quarantine() {
    let mut set = PluginSet::empty();
    set.add(&library("quorate_bad_crash")).unwrap();
    set.add(&library("quorate_bad_stall")).unwrap();
    set.isolate(all_apart()).unwrap();
    let mut rig = Rig::of(Monitor::new(Arc::new(set.clone())));
    rig.open(crashing("A", "online"));
    for _ in 0..3 {
        rig.online("A");
    }
    let quarantined = |rig: &Rig| {
        let status = rig.monitor.plugin_status();
        let status = status.iter().filter(|it| it.quarantined);
        status.map(|it| it.plugin.clone()).collect::<Vec<_>>()
    };
    assert_eq!(quarantined(&rig), ["bad-crash"]);
    for (reloaded, wanted) in [("bad-stall", &["bad-crash"][..]), ("bad-crash", &[])] {
        let newer;
        (newer, _) = set.reload(Some(reloaded)).unwrap();
        set = newer;
        rig.monitor.replace_plugins(Arc::new(set.clone()));
        assert_eq!(quarantined(&rig), wanted, "{reloaded}");
    }
}

#[test]
fn a_library_that_keeps_crashing_is_quarantined_until_it_is_released() {
    for entry in ["open", "online", "work", "terminate"] {
        let mut rig = rig("quorate_bad_crash", all_apart());
        let mut events = rig.open(crashing("A", entry));
        for _ in 0..4 {
            events.extend(rig.online("A"));
            events.extend(rig.run(2 * SECOND));
            events.extend(rig.terminate("A"));
        }
        let deaths = events.iter().filter(|it| it.starts_with("! 1146")).count();
        assert_eq!(deaths, 3, "{entry}: {events:?}");
        assert!(rig.monitor.plugin_status()[0].quarantined, "{entry}");
        let events = rig.online("A");
        assert!(
            events[0].starts_with("A Failed [5006 `bad-crash` is quarantined"),
            "{events:?}"
        );
        rig.open(crashing("A", "never"));
        assert!(rig.monitor.release_plugin("bad-crash"));
        assert!(!rig.monitor.release_plugin("bad-crash"), "only once");
        rig.online("A");
        rig.run(2 * SECOND);
        assert_eq!(rig.state("A"), ResourceState::Online, "{entry}");
    }
}

/// As [`crashing`], with a service that is known only to the instance that started it.
fn crashing_with_a_service(name: &str, entry: &str) -> ResourceSpec {
    let mut spec = crashing(name, entry);
    let service = ("Service".to_owned(), text("httpd"));
    spec.properties.private.extend([service]);
    spec
}

#[test]
fn what_a_dead_process_had_taken_is_given_back_by_the_host_in_quarantine_too() {
    let mut rig = rig("quorate_bad_crash", all_apart());
    rig.open(crashing_with_a_service("A", "is_alive"));
    rig.open(crashing_with_a_service("B", "never"));
    let mut events = Vec::new();
    for life in 1..=3 {
        rig.online("A");
        events.extend(rig.run(2 * SECOND));
        // Both resources are in the process that dies.
        events.extend(rig.online("B"));
        events.extend(rig.run(61 * SECOND));
        for name in ["A", "B"] {
            assert_eq!(rig.state(name), ResourceState::Failed);
            let killed = format!("{name}: kill httpd");
            let times = rig.world.asked.iter().filter(|it| **it == killed).count();
            assert_eq!(times, life, "{:?}", rig.world.asked);
        }
    }
    assert!(rig.monitor.plugin_status()[0].quarantined);
    let told = "A log 0 taken away after its process died: service `httpd`";
    assert_eq!(events.iter().filter(|it| *it == told).count(), 3);
}

#[test]
fn what_was_given_back_in_time_is_not_given_back_again() {
    let mut rig = rig("quorate_bad_crash", all_apart());
    rig.open(crashing_with_a_service("A", "control"));
    rig.online("A");
    rig.run(2 * SECOND);
    rig.terminate("A");
    assert_eq!(rig.world.asked, ["A: start httpd 0", "A: kill httpd"]);
    let events = control(&mut rig, "A");
    let why = "the resource monitor terminated: SIGSEGV in ResourceControl of `A`";
    assert!(
        events.contains(&format!("#1 [5038 {why}]")),
        "what was asked is answered: {events:?}"
    );
    assert_eq!(rig.world.asked.len(), 2);
    let state = rig.state("A");
    assert_eq!(state, ResourceState::Offline, "it had nothing to lose");
}

#[test]
fn what_the_next_instance_takes_is_not_given_back_for_the_last() {
    let mut set = PluginSet::empty();
    set.add(&library("quorate_bad_crash")).unwrap();
    set.isolate(all_apart()).unwrap();
    let mut rig = Rig::of(Monitor::new(Arc::new(set.clone())));
    rig.open(crashing_with_a_service("A", "close"));
    rig.online("A");
    rig.run(2 * SECOND);
    rig.offline("A");
    let before = ["A: start httpd 0", "A: kill httpd"];
    assert_eq!(rig.world.asked, before);
    // A new image of the library is there for the next Online. The old process dies while its instance is closed.
    let (newer, _) = set.reload(Some("bad-crash")).unwrap();
    rig.monitor.replace_plugins(Arc::new(newer));
    let events = rig.online("A").concat();
    assert!(
        events.contains("SIGSEGV in Close of `A`. A replacement is started"),
        "{events}"
    );
    rig.run(2 * SECOND);
    assert_eq!(rig.state("A"), ResourceState::Online);
    assert_eq!(rig.world.asked, [before[0], before[1], before[0]]);
}

#[test]
fn what_is_taken_is_given_back_if_the_process_dies_in_its_last_call() {
    let mut rig = rig("quorate_bad_crash", all_apart());
    rig.open(crashing_with_a_service("A", "terminate"));
    rig.online("A");
    rig.run(2 * SECOND);
    rig.command(MonitorCommand::Close {
        resource: "A".into(),
    });
    assert_eq!(rig.world.asked, ["A: start httpd 0", "A: kill httpd"]);
}

#[test]
fn what_is_stored_while_an_instance_is_opened_is_told_wherever_that_is() {
    for (settings, entry) in [
        (isolation(), "never"),
        (all_apart(), "never"),
        (all_apart(), "open"),
    ] {
        let mut rig = rig("quorate_bad_crash", settings);
        let events = rig.open(crashing_with_a_service("A", entry));
        assert_eq!(events[0], "A keeps opened yes", "{events:?}");
    }
}

#[test]
fn a_process_that_dies_while_it_loads_the_library_counts_as_one_that_died() {
    let mut set = PluginSet::empty();
    let long = Duration::from_secs(600);
    set.isolate(loading_badly("nothing", long)).unwrap();
    set.add(&library("quorate_bad_load")).unwrap();
    set.isolate(loading_badly("crash startup", long)).unwrap();
    let mut rig = Rig::of(Monitor::new(Arc::new(set)));
    let mut events = rig.open(spec("A", "Bad Load"));
    assert_eq!(
        events[1],
        "! 1146 Resource monitor of `bad-load` terminated: SIGSEGV in Startup of `A`. The next Online starts a replacement"
    );
    for _ in 0..3 {
        events = rig.online("A");
    }
    assert!(rig.monitor.plugin_status()[0].quarantined, "{events:?}");
}

#[test]
fn deaths_that_are_long_ago_do_not_count() {
    let every_time = Isolation {
        crash_threshold: 2,
        // A death that is exactly this long ago does not count any more.
        crash_period: Duration::from_secs(16 * 60),
        ..all_apart()
    };
    for settings in [all_apart(), every_time] {
        let mut rig = rig("quorate_bad_crash", settings);
        rig.open(crashing("A", "online"));
        for _ in 0..5 {
            rig.online("A");
            rig.run(16 * 60 * SECOND);
        }
        assert!(!rig.monitor.plugin_status()[0].quarantined);
    }
}

#[test]
fn a_crash_while_everything_is_taken_out_of_service_leaves_nothing_online() {
    let mut rig = rig("quorate_bad_crash", all_apart());
    rig.open(crashing("A", "offline"));
    rig.open(spec("B", "Bad Crash"));
    rig.online("A");
    rig.online("B");
    rig.run(2 * SECOND);
    let answered = rig.monitor.terminate_all(&mut rig.world);
    assert!(!answered, "A's process died of it");
    assert!(rig.state("A").is_down() && rig.state("B").is_down());
}

#[test]
fn a_call_past_its_limit_ends_the_process() {
    let mut rig = rig(
        "quorate_bad_stall",
        Isolation {
            // A call that does not hang takes less than this on any machine.
            call_limit: Duration::from_secs(5),
            ..all_apart()
        },
    );
    let mut hanging = spec("A", "Bad Stall");
    hanging
        .properties
        .private
        .insert("In".to_owned(), text("online"));
    rig.open(hanging);
    let events = rig.online("A");
    let wanted = "no answer within 5s in Online of `A`";
    assert!(events.iter().any(|it| it.contains(wanted)), "{events:?}");
    assert_eq!(rig.state("A"), ResourceState::Failed);
}
