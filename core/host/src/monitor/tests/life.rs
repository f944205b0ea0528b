//! The life of a resource, rule by rule (docs/semantics.md, 1).

use quorate_abi::{ERROR_BUSY, ERROR_GEN_FAILURE, ERROR_PANIC};
use quorate_model::monitor::MonitorCommand;

use super::fake::{DONE, Step, failing, pending};
use super::*;

const NONE: [&str; 0] = [];

#[test]
fn online_and_offline_at_once_skip_the_pending_states() {
    let mut rig = Rig::with_a();
    assert_eq!(rig.state("A"), ResourceState::Offline);
    assert_eq!(rig.online("A"), ["A Online"]);
    assert_eq!(rig.offline("A"), ["A Offline"]);
    assert_eq!(calls(), ["open", "online", "offline"]);
    assert_eq!(rig.monitor.next_wakeup(), None);
}

#[test]
fn a_pending_online_is_worked_on_at_its_own_pace() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.online = pending(300, 0);
        a.work = pending(700, 1);
    });
    assert_eq!(rig.online("A"), ["A OnlinePending"]);
    assert_eq!(rig.run(299), NONE);
    assert_eq!(calls(), ["open", "online"]);
    assert_eq!(rig.run(1), NONE);
    assert_eq!(calls(), ["work"]);
    set(|a| a.work = DONE);
    assert_eq!(rig.run(699), NONE);
    assert_eq!(rig.run(1), ["A Online"]);
    assert_eq!(calls(), ["work"]);
    // When an operation is done, no `work` is scheduled any more.
    rig.run(4 * SECOND);
    assert_eq!(calls(), NONE);
}

#[test]
fn work_that_asks_for_no_wait_still_lets_time_pass() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.online = pending(0, 0);
        a.work = pending(0, 0);
    });
    rig.online("A");
    rig.run(3);
    assert_eq!(calls(), ["open", "online", "work", "work", "work"]);
}

#[test]
fn an_error_from_online_means_failed_and_terminate() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.online = failing(ERROR_GEN_FAILURE);
        a.error = "the device is on fire".to_owned();
    });
    assert_eq!(
        rig.online("A"),
        ["A Failed [31 Online failed: the device is on fire]"]
    );
    assert_eq!(calls(), ["open", "online", "terminate"]);
    set(|a| a.error.clear());
    assert_eq!(
        rig.online("A"),
        ["A Failed [31 Online failed: error 31 (ERROR_GEN_FAILURE)]"]
    );
    set(|a| a.online = DONE);
    assert_eq!(rig.online("A"), ["A Online"]);
}

#[test]
fn an_error_from_offline_means_terminate_and_failed() {
    let mut rig = Rig::with_a();
    rig.online("A");
    set(|a| a.offline = failing(ERROR_BUSY));
    assert_eq!(
        rig.offline("A"),
        ["A Failed [170 Offline failed: error 170 (ERROR_BUSY)]"]
    );
    assert_eq!(calls(), ["open", "online", "offline", "terminate"]);
    assert_eq!(
        rig.offline("A"),
        ["A Offline"],
        "what failed was terminated already"
    );
    assert_eq!(calls(), NONE);
}

#[test]
fn a_panic_is_a_failed_call_with_its_message() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.online = failing(ERROR_PANIC);
        a.error = "index out of bounds".to_owned();
    });
    let wanted = format!("A Failed [{ERROR_PANIC} Online panicked: index out of bounds]");
    assert_eq!(rig.online("A"), [wanted]);
}

#[test]
fn a_panic_in_background_work_fails_the_resource() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.online = Step {
            wait_ms: 10,
            ..DONE
        };
        a.work = failing(ERROR_PANIC);
        a.error = "oh".to_owned();
    });
    rig.online("A");
    assert_eq!(
        rig.run(10),
        [format!("A Failed [{ERROR_PANIC} Work panicked: oh]")]
    );
    assert_eq!(calls(), ["open", "online", "work", "terminate"]);
}

#[test]
fn pending_timeout_is_the_gap_between_checkpoints_not_the_whole_time() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.online = pending(100_000, 1);
        a.work = pending(100_000, 2);
    });
    rig.online("A");
    for checkpoint in 3..30 {
        assert_eq!(rig.run(100 * SECOND), NONE, "checkpoint {checkpoint}");
        set(|a| a.work = pending(100_000, checkpoint));
    }
    // From here on there is no progress: the last call with progress was just now, and more than 180 s pass.
    assert_eq!(rig.run(100 * SECOND), NONE);
    let events = rig.run(179 * SECOND + 999);
    assert_eq!(events, NONE);
    let wanted = "A Failed [258 Online made no progress for 3m (PendingTimeout)]";
    assert_eq!(rig.run(1), [wanted]);
    assert_eq!(calls().last(), Some(&"terminate"));
    assert_eq!(rig.monitor.next_wakeup(), None);
}

#[test]
fn a_smaller_checkpoint_is_no_progress() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.online = pending(100_000, 9);
        a.work = pending(100_000, 8);
    });
    rig.online("A");
    assert_eq!(rig.run(179_999), NONE);
    assert_eq!(rig.run(1).len(), 1);
}

#[test]
fn pending_timeout_is_the_resources_own_or_its_types() {
    let mut rig = Rig::new();
    let mut own = spec("A", "Fake Quick");
    set(|a| a.online = pending(1_000_000, 0));
    rig.open(own.clone());
    rig.online("A");
    assert_eq!(rig.run(6_999), NONE);
    assert!(rig.run(1)[0].contains("for 7s ("));
    own.properties.pending_timeout = 20;
    rig.command(MonitorCommand::Update(own));
    rig.online("A");
    assert_eq!(rig.run(19), NONE);
    assert!(rig.run(1)[0].contains("for 20ms ("));
}

#[test]
fn offline_is_bound_by_the_pending_timeout_too() {
    let mut rig = Rig::with_a();
    rig.online("A");
    set(|a| {
        a.offline = pending(100_000, 0);
        a.work = pending(100_000, 0);
    });
    assert_eq!(rig.offline("A"), ["A OfflinePending"]);
    let wanted = "A Failed [258 Offline made no progress for 3m (PendingTimeout)]";
    assert_eq!(rig.run(180 * SECOND), [wanted]);
}

#[test]
fn looks_alive_and_is_alive_are_polled_at_the_types_intervals_from_online_on() {
    let mut rig = Rig::with_a();
    rig.online("A");
    calls();
    assert_eq!(rig.run(4_999), NONE);
    assert_eq!(calls(), NONE);
    assert_eq!(
        rig.run(1),
        ["A LooksAlive true"],
        "the first answer is reported"
    );
    assert_eq!(rig.run(50 * SECOND), NONE);
    assert_eq!(calls(), ["looks_alive"; 11]);
    assert_eq!(rig.run(5 * SECOND), ["A IsAlive true"]);
    assert_eq!(
        calls(),
        ["is_alive"],
        "at 60 s both are due: the thorough one stands for both"
    );
}

#[test]
fn a_resources_own_poll_intervals_count() {
    let mut rig = Rig::new();
    let mut own = spec("A", "Fake");
    own.properties.looks_alive_poll_interval = 700;
    own.properties.is_alive_poll_interval = 1_000;
    rig.open(own.clone());
    rig.online("A");
    rig.run(1_400);
    assert_eq!(
        calls(),
        ["open", "online", "looks_alive", "is_alive", "looks_alive"]
    );
    own.properties.is_alive_poll_interval = 0;
    rig.command(MonitorCommand::Update(own));
    rig.run(600);
    calls();
    rig.run(20);
    assert_eq!(calls(), ["is_alive"; 2], "at least 10 ms");
}

#[test]
fn looks_alive_no_asks_is_alive_at_once() {
    let mut rig = Rig::with_a();
    rig.online("A");
    calls();
    set(|a| a.looks_alive = 0);
    let events = rig.run(5 * SECOND);
    assert_eq!(
        events,
        [
            "A LooksAlive false [5038 LooksAlive said no]",
            "A IsAlive true"
        ]
    );
    assert_eq!(calls(), ["looks_alive", "is_alive"]);
    set(|a| {
        a.is_alive = 0;
        a.error = "the port is dead".to_owned();
    });
    assert_eq!(
        rig.run(5 * SECOND),
        [
            "A LooksAlive false [5038 LooksAlive said no: the port is dead]",
            "A IsAlive false [5038 IsAlive said no: the port is dead]",
            "A Failed [5038 IsAlive said no: the port is dead]",
        ]
    );
    assert_eq!(calls(), ["looks_alive", "is_alive", "terminate"]);
    assert_eq!(rig.monitor.next_wakeup(), None, "what failed is not polled");
}

#[test]
fn an_answer_that_is_neither_yes_nor_no_is_no() {
    let mut rig = Rig::with_a();
    rig.online("A");
    set(|a| {
        a.looks_alive = ERROR_PANIC;
        a.is_alive = ERROR_PANIC;
    });
    assert_eq!(rig.run(5 * SECOND).len(), 3);
    assert_eq!(rig.state("A"), ResourceState::Failed);
}

#[test]
fn an_event_replaces_looks_alive_and_asks_is_alive_when_signalled() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.online = Step {
            wait_ms: 10_000,
            has_event: true,
            ..DONE
        };
        a.work = Step {
            wait_ms: 10_000,
            ..DONE
        };
    });
    rig.online("A");
    assert_eq!(rig.run(20 * SECOND), NONE);
    assert_eq!(calls(), ["open", "online", "work", "work"]);
    set(|a| {
        a.work.signal = true;
        a.is_alive = 0;
    });
    let events = rig.run(10 * SECOND);
    assert_eq!(events.last().unwrap(), "A Failed [5038 IsAlive said no]");
    assert_eq!(calls(), ["work", "is_alive", "terminate"]);
    // The next time it is online, the type does not watch itself any more.
    set(|a| {
        a.online = DONE;
        a.work = DONE;
    });
    rig.online("A");
    rig.run(5 * SECOND);
    assert_eq!(calls(), ["online", "looks_alive"]);
}

#[test]
fn the_work_that_ends_online_may_bring_the_event() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.online = pending(10, 0);
        a.work = Step {
            has_event: true,
            ..DONE
        };
    });
    rig.online("A");
    assert_eq!(rig.run(10), ["A Online"]);
    rig.run(59 * SECOND);
    assert_eq!(calls(), ["open", "online", "work"]);
    assert_eq!(
        rig.run(SECOND),
        ["A IsAlive true"],
        "IsAlive cannot be disabled"
    );
}

#[test]
fn an_event_that_a_pending_online_brought_stays() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.online = Step {
            has_event: true,
            ..pending(10, 0)
        };
    });
    rig.online("A");
    assert_eq!(rig.run(10), ["A Online"]);
    rig.run(59 * SECOND);
    assert_eq!(calls(), ["open", "online", "work"]);
}

#[test]
fn background_work_ends_when_it_asks_for_no_more() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.online = Step {
            wait_ms: 10,
            ..DONE
        };
    });
    rig.online("A");
    rig.run(4 * SECOND);
    assert_eq!(calls(), ["open", "online", "work"]);
}

#[test]
fn an_error_in_background_work_is_confirmed_by_is_alive() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.online = Step {
            wait_ms: 10,
            ..DONE
        };
        a.work = Step {
            code: ERROR_GEN_FAILURE,
            wait_ms: 10,
            ..DONE
        };
    });
    rig.online("A");
    assert_eq!(rig.run(10), ["A IsAlive true"]);
    assert_eq!(rig.run(10), NONE);
    assert_eq!(rig.state("A"), ResourceState::Online);
}

#[test]
fn initiate_failure_fails_at_once_what_is_online_or_pending() {
    let mut rig = Rig::with_a();
    assert_eq!(rig.fail("A"), ["A Offline"]);
    rig.online("A");
    let wanted = "A Failed [5038 an administrator initiated failure]";
    assert_eq!(rig.fail("A"), [wanted]);
    assert_eq!(calls(), ["open", "online", "terminate"]);
    assert_eq!(rig.fail("A"), ["A Failed"]);
    set(|a| a.online = pending(10, 0));
    rig.online("A");
    assert_eq!(rig.fail("A"), [wanted]);
    assert_eq!(rig.monitor.next_wakeup(), None);
}

#[test]
fn terminate_cancels_what_is_pending_and_ends_offline() {
    let mut rig = Rig::with_a();
    set(|a| a.online = pending(10, 0));
    rig.online("A");
    assert_eq!(rig.terminate("A"), ["A Offline [995 terminated]"]);
    assert_eq!(rig.run(60 * SECOND), NONE);
    assert_eq!(calls(), ["open", "online", "terminate"]);
    assert_eq!(rig.terminate("A"), ["A Offline"]);
}

#[test]
fn offline_cancels_a_pending_online() {
    let mut rig = Rig::with_a();
    set(|a| a.online = pending(10, 0));
    rig.online("A");
    assert_eq!(
        rig.offline("A"),
        ["A Offline [995 cancelled: taken offline]"]
    );
    assert_eq!(calls(), ["open", "online", "terminate"]);
}

#[test]
fn online_while_going_offline_waits_for_the_end() {
    let mut rig = Rig::with_a();
    rig.online("A");
    set(|a| a.offline = pending(10, 0));
    rig.offline("A");
    assert_eq!(rig.online("A"), NONE);
    set(|a| a.work = DONE);
    assert_eq!(rig.run(10), ["A Offline", "A Online"]);
    // The command is taken back before it is carried out.
    rig.offline("A");
    rig.online("A");
    assert_eq!(rig.offline("A"), ["A OfflinePending"]);
    assert_eq!(rig.run(10), ["A Offline"]);
}

#[test]
fn every_command_is_answered() {
    let mut rig = Rig::with_a();
    rig.online("A");
    assert_eq!(rig.online("A"), ["A Online"]);
    rig.offline("A");
    assert_eq!(rig.offline("A"), ["A Offline"]);
    let closed = "`B` is not open in this resource monitor";
    assert_eq!(rig.online("B"), [format!("B Failed [5006 {closed}]")]);
    assert_eq!(rig.offline("B"), [format!("B Offline [5006 {closed}]")]);
    assert_eq!(rig.terminate("B"), [format!("B Offline [5006 {closed}]")]);
    assert_eq!(rig.fail("B"), [format!("B Offline [5006 {closed}]")]);
    assert_eq!(rig.arbitrate("B"), [format!("B not won [5006 {closed}]")]);
    assert_eq!(rig.monitor.resources().count(), 1);
}

#[test]
fn a_type_that_is_not_there_fails_with_a_suggestion() {
    let mut rig = Rig::new();
    let events = rig.open(spec("A", "Fake Strikt"));
    assert!(events[0].starts_with("A Failed [5078 no plugin implements the resource type"));
    assert!(
        events[0].contains("did you mean `Fake Strict`"),
        "{events:?}"
    );
    assert!(rig.online("A")[0].starts_with("A Failed [5078"));
    assert_eq!(rig.state("A"), ResourceState::Failed);
    assert_eq!(rig.offline("A"), ["A Offline"]);
}

#[test]
fn an_instance_that_did_not_open_is_opened_again_at_online() {
    let mut rig = Rig::new();
    set(|a| a.open = ERROR_GEN_FAILURE);
    let events = rig.open(spec("A", "Fake"));
    assert_eq!(
        events,
        ["A Failed [31 Open failed: error 31 (ERROR_GEN_FAILURE)]"]
    );
    assert_eq!(rig.online("A").len(), 1);
    set(|a| a.open = 0);
    assert_eq!(rig.online("A"), ["A Online"]);
    assert_eq!(calls(), ["open", "open", "open", "online"]);
}

#[test]
fn online_is_refused_without_a_required_property() {
    let mut rig = Rig::new();
    let mut strict = spec("A", "Fake Strict");
    rig.open(strict.clone());
    let wanted = "A Failed [1610 Online refused: the required property `Needed` is not set]";
    assert_eq!(rig.online("A"), [wanted]);
    strict
        .properties
        .private
        .insert("needed".to_owned(), text("yes"));
    assert_eq!(rig.command(MonitorCommand::Update(strict)), NONE);
    assert_eq!(rig.online("A"), ["A Online"]);
    assert_eq!(calls(), ["open", "online"]);
}

#[test]
fn pending_without_work_is_an_error() {
    let mut rig = Rig::new();
    rig.open(spec("A", "Fake Bare"));
    set(|a| a.online = pending(10, 0));
    let events = rig.online("A");
    assert!(
        events[1].starts_with("A Failed [1 Online is pending, but"),
        "{events:?}"
    );
    assert_eq!(calls(), ["open", "online", "terminate"]);
}

#[test]
fn close_terminates_what_runs() {
    let mut rig = Rig::with_a();
    rig.online("A");
    let close = || MonitorCommand::Close {
        resource: name("A"),
    };
    assert_eq!(rig.command(close()), ["A Offline"]);
    assert_eq!(calls(), ["open", "online", "terminate", "close"]);
    assert_eq!(rig.monitor.resources().count(), 0);
    assert_eq!(rig.monitor.next_wakeup(), None);
    assert_eq!(rig.command(close()), NONE);
    rig.open(spec("A", "Fake"));
    rig.command(close());
    assert_eq!(calls(), ["open", "close"]);
}

#[test]
fn opening_an_open_resource_replaces_its_spec_and_a_new_type_its_instance() {
    let mut rig = Rig::with_a();
    rig.online("A");
    assert_eq!(rig.open(spec("A", "Fake")), NONE);
    assert_eq!(rig.state("A"), ResourceState::Online);
    assert_eq!(rig.open(spec("A", "Fake Quick")), ["A Offline"]);
    assert_eq!(calls(), ["open", "online", "terminate", "close", "open"]);
    assert_eq!(rig.state("A"), ResourceState::Offline);
}

#[test]
fn a_late_wake_does_what_is_due_once() {
    let mut rig = Rig::with_a();
    rig.online("A");
    calls();
    rig.world.now += Duration::from_secs(3_600);
    rig.monitor.wake(&mut rig.world);
    assert_eq!(calls(), ["is_alive"]);
    assert_eq!(
        rig.monitor.next_wakeup(),
        Some(rig.world.now + Duration::from_secs(5))
    );
}

#[test]
fn the_revision_grows_with_every_change_of_what_is_open_and_its_state() {
    let mut rig = Rig::new();
    let mut known = Directory::new(fake::plugins(0));
    let mut seen = 0;
    let mut grew = |now: u64| now > std::mem::replace(&mut seen, now);
    known.insert(spec("A", "Fake"));
    assert!(grew(known.revision()));
    known.set_state("A", ResourceState::Online);
    assert!(grew(known.revision()));
    known.set_state("A", ResourceState::Online);
    assert!(!grew(known.revision()), "nothing has changed");
    known.remove("A");
    assert!(grew(known.revision()));
    grew(rig.monitor.revision());
    rig.open(spec("A", "Fake"));
    assert!(grew(rig.monitor.revision()));
    rig.online("A");
    assert!(grew(rig.monitor.revision()));
    rig.open(spec("A", "Fake Quick"));
    assert!(grew(rig.monitor.revision()));
    rig.open(spec("A", "Fake Quick"));
    rig.run(SECOND);
    assert!(!grew(rig.monitor.revision()));
}
