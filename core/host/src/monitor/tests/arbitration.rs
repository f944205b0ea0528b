//! Quorum-capable resources: arbitration, defence and loss.

use quorate_abi::ERROR_BUSY;

use super::fake::{DONE, Step, failing, pending};
use super::*;

const NONE: [&str; 0] = [];

#[test]
fn arbitration_won_is_defended_by_work_until_released() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.arbitrate = pending(7_000, 0);
        a.work = Step {
            wait_ms: 3_000,
            ..DONE
        };
    });
    assert_eq!(rig.arbitrate("A"), NONE);
    assert_eq!(rig.arbitrate("A"), NONE, "asked already: one answer");
    assert_eq!(rig.run(7 * SECOND), ["A won"]);
    assert_eq!(
        rig.state("A"),
        ResourceState::Offline,
        "legal before Online"
    );
    assert!(rig.monitor.is_defending("A"));
    rig.run(9 * SECOND);
    assert_eq!(
        calls(),
        ["open", "arbitrate", "work", "work", "work", "work"]
    );
    assert_eq!(rig.release("A"), NONE);
    rig.run(60 * SECOND);
    assert_eq!(calls(), ["release"]);
}

#[test]
fn a_lost_reservation_is_reported_once() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.arbitrate = Step {
            wait_ms: 3_000,
            ..DONE
        };
        a.work = Step {
            wait_ms: 3_000,
            ..DONE
        };
    });
    assert_eq!(rig.arbitrate("A"), ["A won"]);
    assert_eq!(rig.online("A"), ["A Online"]);
    set(|a| {
        a.work.quorum_lost = true;
        a.error = "reserved by NODE2".to_owned();
    });
    assert_eq!(rig.run(3 * SECOND), ["A lost [5038 reserved by NODE2]"]);
    assert_eq!(rig.run(SECOND), NONE);
    assert!(!rig.monitor.is_defending("A"));
}

#[test]
fn a_defence_goes_on_while_the_resource_comes_online() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.arbitrate = Step {
            wait_ms: 3_000,
            ..DONE
        };
        a.work = Step {
            wait_ms: 3_000,
            ..DONE
        };
    });
    rig.arbitrate("A");
    assert_eq!(
        rig.online("A"),
        ["A Online"],
        "it asks for no wait of its own"
    );
    rig.run(4 * SECOND);
    assert_eq!(calls(), ["open", "arbitrate", "online", "work"]);
}

#[test]
fn failure_of_a_defended_resource_loses_its_reservation() {
    let mut rig = Rig::with_a();
    rig.arbitrate("A");
    rig.online("A");
    set(|a| a.is_alive = 0);
    let events = rig.run(60 * SECOND);
    let end = [
        "A Failed [5038 IsAlive said no]",
        "A lost [5038 IsAlive said no]",
    ];
    assert_eq!(events[events.len() - 2..], end);
    // A reservation that is given up on command is not reported as lost.
    set(|a| a.is_alive = 1);
    rig.arbitrate("A");
    rig.online("A");
    assert_eq!(rig.offline("A"), ["A Offline"]);
    assert!(!rig.monitor.is_defending("A"));
}

#[test]
fn arbitration_may_fail_or_take_too_long() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.arbitrate = failing(ERROR_BUSY);
        a.error = "NODE2 defends it".to_owned();
    });
    assert_eq!(
        rig.arbitrate("A"),
        ["A not won [170 Arbitrate failed: NODE2 defends it]"]
    );
    set(|a| {
        a.arbitrate = pending(1_000, 1);
        a.work = pending(1_000, 2);
    });
    rig.arbitrate("A");
    for checkpoint in 3..62 {
        assert_eq!(rig.run(SECOND), NONE);
        // Progress does not prolong an arbitration.
        set(|a| a.work.checkpoint = checkpoint);
    }
    assert_eq!(
        rig.run(SECOND),
        ["A not won [258 Arbitrate took longer than 1m]"]
    );
    assert_eq!(calls().last(), Some(&"terminate"));
    assert_eq!(rig.monitor.next_wakeup(), None);
}

#[test]
fn arbitration_that_fails_leaves_what_is_online_at_work() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.online = Step {
            wait_ms: 3_000,
            ..DONE
        };
        a.arbitrate = pending(1_000, 1);
        a.work = Step {
            code: ERROR_BUSY,
            wait_ms: 3_000,
            ..DONE
        };
    });
    rig.online("A");
    rig.arbitrate("A");
    assert!(rig.run(SECOND)[0].starts_with("A not won [170"));
    set(|a| a.work = DONE);
    calls();
    rig.run(3 * SECOND);
    assert_eq!(calls(), ["work"]);
}

#[test]
fn arbitration_that_fails_at_once_does_not_hasten_what_was_due() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.online = Step {
            wait_ms: 3_000,
            ..DONE
        };
        a.arbitrate = failing(ERROR_BUSY);
    });
    rig.online("A");
    rig.run(SECOND);
    assert!(rig.arbitrate("A")[0].starts_with("A not won [170"));
    calls();
    rig.run(1_999);
    assert_eq!(calls(), NONE);
    rig.run(1);
    assert_eq!(calls(), ["work"]);
}

#[test]
fn an_event_that_arbitration_brought_does_not_count_once_online() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.arbitrate = Step {
            has_event: true,
            ..DONE
        };
    });
    rig.arbitrate("A");
    rig.online("A");
    rig.run(5 * SECOND);
    assert_eq!(calls(), ["open", "arbitrate", "online", "looks_alive"]);
}

#[test]
fn arbitration_cut_short_is_answered() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.arbitrate = pending(1_000, 1);
        a.work = pending(1_000, 1);
    });
    rig.arbitrate("A");
    assert_eq!(rig.release("A"), ["A not won [995 released]"]);
    rig.arbitrate("A");
    let wanted = ["A not won [995 cancelled: taken offline]", "A Offline"];
    assert_eq!(rig.offline("A"), wanted);
    rig.arbitrate("A");
    assert_eq!(
        rig.terminate("A"),
        ["A not won [995 terminated]", "A Offline"]
    );
    rig.arbitrate("A");
    assert_eq!(rig.online("A"), NONE, "waits for the arbitration");
    set(|a| a.work = DONE);
    assert_eq!(rig.run(SECOND), ["A won", "A Online"]);
    calls();
}

#[test]
fn arbitration_waits_for_a_pending_online() {
    let mut rig = Rig::with_a();
    set(|a| a.online = pending(1_000, 1));
    rig.online("A");
    assert_eq!(rig.arbitrate("A"), NONE);
    set(|a| a.work = DONE);
    assert_eq!(rig.run(SECOND), ["A Online", "A won"]);
    rig.offline("A");
    rig.online("A");
    rig.arbitrate("A");
    assert_eq!(
        rig.terminate("A")[0],
        "A not won [995 something else was asked for first]"
    );
}

#[test]
fn only_a_quorum_capable_type_arbitrates() {
    let mut rig = Rig::new();
    rig.open(spec("A", "Fake Bare"));
    assert!(rig.arbitrate("A")[0].starts_with("A not won [5021"));
}
