//! The monitor with libraries that are really loaded.

use std::sync::Arc;

use quorate_abi::ERROR_PANIC;
use quorate_model::control::{ControlCode, ControlOf};
use quorate_model::monitor::MonitorCommand;

use super::*;
use crate::PluginSet;
use crate::plugins::tests::library;

fn rig(name: &str) -> Rig {
    let mut set = PluginSet::empty();
    set.add(&library(name)).unwrap();
    Rig {
        monitor: Monitor::new(Arc::new(set)),
        world: World::default(),
    }
}

/// A resource that panics in `entry`.
fn panicking(entry: &str) -> ResourceSpec {
    let mut spec = spec("A", "Bad Panic");
    spec.properties.private.insert("In".to_owned(), text(entry));
    spec
}

#[test]
fn a_panic_in_a_loaded_plugin_is_a_failed_call_wherever_it_is() {
    for (entry, what) in [
        ("online", "Online"),
        ("work", "Online"),
        ("offline", "Offline"),
    ] {
        let mut rig = rig("quorate_bad_panic");
        assert_eq!(rig.open(panicking(entry)), [""; 0]);
        let mut events = rig.online("A");
        events.extend(rig.run(SECOND));
        events.extend(rig.offline("A"));
        let found = events.iter().any(|event| {
            event.starts_with(&format!("A Failed [{ERROR_PANIC} {what} panicked at "))
                && event.ends_with(&format!(": asked to panic in {entry}]"))
        });
        assert!(found, "{entry}: {events:?}");
    }
    for entry in ["looks_alive", "is_alive"] {
        let mut rig = rig("quorate_bad_panic");
        rig.open(panicking(entry));
        rig.online("A");
        let events = rig.run(61 * SECOND);
        let end = events.last().unwrap();
        assert!(
            end.starts_with("A Failed [5038 IsAlive said no: "),
            "{entry}: {events:?}"
        );
        assert!(
            end.contains(&format!("asked to panic in {entry}")),
            "{entry}: {events:?}"
        );
    }
}

#[test]
fn a_panic_in_open_terminate_control_or_close_does_no_harm() {
    let mut opening = rig("quorate_bad_panic");
    let events = opening.open(panicking("open"));
    assert!(
        events
            .last()
            .unwrap()
            .starts_with(&format!("A Failed [{ERROR_PANIC} Open panicked"))
    );
    // There is no instance to ask, so the reason is the last line that it wrote to the log.
    assert!(
        events.last().unwrap().contains("asked to panic in open"),
        "{events:?}"
    );
    for entry in ["terminate", "close", "control"] {
        let mut rig = rig("quorate_bad_panic");
        rig.open(panicking(entry));
        rig.online("A");
        let (resource, input) = (name("A"), Vec::new());
        let events = rig.command(MonitorCommand::Control {
            of: ControlOf::Resource(resource),
            code: ControlCode(1),
            request: 2,
            input,
        });
        assert_eq!(
            events.last().unwrap().contains("panicked"),
            entry == "control"
        );
        assert_eq!(
            rig.terminate("A").last().unwrap().split(' ').nth(1),
            Some("Offline")
        );
        rig.command(MonitorCommand::Close {
            resource: name("A"),
        });
        assert_eq!(rig.monitor.resources().count(), 0);
    }
}

#[test]
fn a_library_with_statics_is_loaded_for_each_monitor_anew() {
    let mut set = PluginSet::empty();
    set.add(&library("quorate_bad_statics")).unwrap();
    let set = Arc::new(set);
    let open = || {
        let mut rig = Rig {
            monitor: Monitor::new(Arc::clone(&set)),
            world: World::default(),
        };
        rig.open(spec("A", "Bad Statics"));
        rig
    };
    let (mut one, mut other) = (open(), open());
    one.open(spec("B", "Bad Statics"));
    // The fixture's online fails with the number of instances that the library has seen.
    assert!(one.online("A")[0].starts_with("A Failed [2 "));
    assert!(other.online("A")[0].starts_with("A Failed [1 "));
}
