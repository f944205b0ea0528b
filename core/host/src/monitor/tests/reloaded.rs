//! Plugins are replaced while resources are open.

use super::fake::{DONE, Step, fake, pending};
use super::*;

const NONE: [&str; 0] = [];

fn outdated(rig: &Rig) -> Vec<String> {
    let status = rig.monitor.plugin_status().remove(0);
    status.outdated.iter().map(Name::to_string).collect()
}

#[test]
fn an_instance_keeps_its_image_until_its_resource_is_next_offline() {
    let mut rig = Rig::with_a();
    rig.open(spec("B", "Fake"));
    rig.online("A");
    assert_eq!(outdated(&rig), NONE);
    rig.monitor.replace_plugins(fake::later_plugins());
    assert_eq!(outdated(&rig), ["A"], "`B` is made anew at its Online");
    rig.run(59 * SECOND);
    assert!(!calls().contains(&"is_alive"), "as its own image has it");
    assert_eq!(rig.run(SECOND), ["A IsAlive true"]);
    calls();
    rig.offline("A");
    assert_eq!(calls(), ["offline", "close", "open"]);
    assert_eq!(outdated(&rig), NONE);
    rig.online("A");
    rig.run(19 * SECOND);
    assert!(!calls().contains(&"is_alive"));
    assert_eq!(rig.run(SECOND), ["A IsAlive true"]);
    rig.online("B");
    assert_eq!(
        fake("B", |b| b.calls.clone()),
        ["open", "close", "open", "online"]
    );
}

#[test]
fn what_arbitrates_or_defends_keeps_its_image_until_that_has_ended() {
    let mut rig = Rig::with_a();
    set(|a| {
        a.arbitrate = pending(1_000, 0);
        a.work = Step {
            wait_ms: 3_000,
            ..DONE
        };
    });
    rig.arbitrate("A");
    rig.monitor.replace_plugins(fake::later_plugins());
    calls();
    rig.arbitrate("A");
    assert_eq!(calls(), NONE, "it arbitrates");
    assert_eq!(rig.run(SECOND), ["A won"]);
    rig.run(3 * SECOND);
    assert_eq!(calls(), ["work", "work"], "it defends");
    rig.release("A");
    assert_eq!(calls(), ["release", "close", "open"]);
}
