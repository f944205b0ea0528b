//! The ends of a monitor: of its cluster service, or of its machine.

use super::fake::{fake, pending};
use super::*;

const NONE: [&str; 0] = [];

#[test]
fn terminate_all_takes_dependents_first_and_gracefully_where_it_takes_no_time() {
    let mut rig = Rig::new();
    let order = || fake("order", |it| std::mem::take(&mut it.calls));
    // `B` and `C` depend on `A`; `D` was never online.
    rig.open(spec("A", "Fake"));
    for dependent in ["B", "C"] {
        let mut spec = spec(dependent, "Fake");
        spec.depends_on = vec![name("A")];
        rig.open(spec);
    }
    rig.open(spec("D", "Fake"));
    fake("B", |b| b.offline = pending(10, 0));
    for resource in ["A", "B", "C"] {
        rig.online(resource);
    }
    order();
    assert!(rig.monitor.terminate_all(&mut rig.world));
    let events = rig.events();
    let stopped = |name| format!("{name} Offline [995 the cluster service stopped]");
    assert_eq!(events[2], stopped("A"), "{events:?}");
    assert!(events.contains(&"C Offline [995 the cluster service stopped]".to_owned()));
    assert!(events[..2].contains(&stopped("C")));
    assert!(events[..2].iter().any(|line| line.starts_with("B Offline")));
    assert_eq!(events.len(), 3);
    assert_eq!(
        fake("B", |b| b.calls.clone()),
        ["open", "online", "offline", "terminate"]
    );
    assert_eq!(
        fake("C", |c| c.calls.clone()),
        ["open", "online", "offline"]
    );
    assert_eq!(fake("D", |d| d.calls.clone()), ["open"]);
    assert_eq!(rig.monitor.next_wakeup(), None);
    // The instances stay open, so a cluster service that starts again finds them.
    assert_eq!(rig.online("A"), ["A Online"]);
}

#[test]
fn terminate_all_cuts_short_what_is_pending() {
    let mut rig = Rig::new();
    for resource in ["A", "B", "C"] {
        rig.open(spec(resource, "Fake"));
        fake(resource, |it| it.arbitrate = pending(1_000, 0));
    }
    fake("A", |a| a.online = pending(10, 0));
    rig.online("A");
    rig.arbitrate("B");
    rig.online("C");
    rig.arbitrate("C");
    assert!(rig.monitor.terminate_all(&mut rig.world));
    let why = "[995 the cluster service stopped]";
    assert_eq!(
        rig.events(),
        [
            format!("C not won {why}"),
            "C Offline".to_owned(),
            format!("B not won {why}"),
            "B Offline".to_owned(),
            format!("A Offline {why}"),
        ]
    );
    for (resource, begun) in [("A", "online"), ("B", "arbitrate"), ("C", "arbitrate")] {
        fake(resource, |it| {
            assert_eq!(it.violations, NONE);
            assert_eq!(it.calls[it.calls.len() - 2..], [begun, "terminate"]);
        });
    }
    assert_eq!(rig.monitor.next_wakeup(), None);
}

#[test]
fn terminate_all_gives_reservations_up() {
    let mut rig = Rig::with_a();
    rig.arbitrate("A");
    assert!(rig.monitor.terminate_all(&mut rig.world));
    assert_eq!(calls(), ["open", "arbitrate", "release"]);
    assert!(!rig.monitor.is_defending("A"));
}

#[test]
fn power_off_closes_everything_and_touches_nothing() {
    let mut rig = Rig::with_a();
    rig.open(spec("B", "Fake"));
    rig.online("A");
    let Rig { monitor, world } = rig;
    monitor.power_off();
    assert_eq!(calls(), ["open", "online", "terminate", "close"]);
    assert_eq!(fake("B", |b| b.calls.clone()), ["open", "close"]);
    assert_eq!(world.asked, NONE);
}
