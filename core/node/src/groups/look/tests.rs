//! What is kept of a look leads to what a look at everything does.

use proptest::prelude::*;
use quorate_model::monitor::{MonitorCommand, MonitorEvent};

use super::super::tests::{LICENCE, NOW, actions, office};
use super::super::{Action, Groups};
use super::*;
use crate::database::Update;
use crate::policy_engine::PolicyEngine;

/// The resources of the group that the node owns.
const WEB: [&str; 3] = ["Web IP Address", "Web Name", "Web App"];

/// What happens between two passes.
#[derive(Clone, Debug)]
enum Happens {
    /// The monitor says that a resource is in a state.
    Reports(&'static str, ResourceState),
    /// The log hands a state back.
    Applies(&'static str, ResourceState),
    /// The monitor does what it was last asked for.
    Obeys,
    /// An administrator pardons a resource.
    Pardons(&'static str),
    /// An administrator wants the group offline, or online again.
    Wants(bool),
    /// A move of the group is called off, and the log has all of it offline.
    Stays,
    /// The node's service stops, or does not.
    Leaves(bool),
    /// It holds the quorum disk, or does not.
    Holds(bool),
    /// So many seconds pass.
    Passes(u64),
}

fn happens() -> impl Strategy<Value = Happens> {
    use ResourceState::{Failed, Offline, OfflinePending, Online, OnlinePending};
    let resource = || prop::sample::select(&WEB[..]);
    let state =
        || prop::sample::select(&[Failed, Offline, OfflinePending, Online, OnlinePending][..]);
    prop_oneof![
        8 => (resource(), state()).prop_map(|(name, state)| Happens::Reports(name, state)),
        4 => (resource(), state()).prop_map(|(name, state)| Happens::Applies(name, state)),
        8 => Just(Happens::Obeys),
        1 => resource().prop_map(Happens::Pardons),
        1 => any::<bool>().prop_map(Happens::Wants),
        1 => Just(Happens::Stays),
        1 => any::<bool>().prop_map(Happens::Leaves),
        1 => any::<bool>().prop_map(Happens::Holds),
        2 => (0..1_000_u64).prop_map(Happens::Passes),
    ]
}

/// What the monitor says once it has done what it was asked for.
fn obeyed(asked: &[Action]) -> Option<(Name, ResourceState)> {
    asked.iter().rev().find_map(|action| match action {
        Action::Monitor(MonitorCommand::Online { resource }) => {
            Some((resource.clone(), ResourceState::Online))
        }
        Action::Monitor(
            MonitorCommand::Offline { resource } | MonitorCommand::Terminate { resource },
        ) => Some((resource.clone(), ResourceState::Offline)),
        _ => None,
    })
}

fn report(
    groups: &mut Groups,
    database: &Database,
    now: Time,
    resource: &Name,
    state: ResourceState,
) {
    let event = MonitorEvent::State {
        resource: resource.clone(),
        state,
        reason: None,
    };
    groups.monitor(database, now, event, &mut PolicyEngine::default());
}

#[test]
fn a_look_goes_on_from_the_one_before_on_the_same_basis_and_on_no_other() {
    let (groups, database) = office();
    let definition = database.group_definition("Web").unwrap();
    let group = Group {
        definition,
        record: database.groups.get("Web").unwrap(),
        ties: &Ties::of(definition, &database.resources, &groups.locals),
    };
    let look = |licence, kept: Option<Kept>| {
        let basis = groups.basis(&database, group, licence);
        let mut look = groups.look(&database, group, (basis, kept), NOW);
        let seen = look.seen.len();
        groups.weigh(&database, group, &mut look);
        (look, seen)
    };
    let (first, seen) = look(LICENCE, None);
    assert_eq!(seen, 3);
    let kept = |changed: &[&str]| {
        let changed = changed.iter().map(|name| Name::from(*name)).collect();
        let look = first.clone();
        Some(Kept { look, changed })
    };
    assert_eq!(look(LICENCE, kept(&[])).1, 0);
    assert_eq!(
        look(LICENCE, kept(&["Web Name", "Disk F:"])).1,
        1,
        "of the group"
    );
    let bare = Licence {
        bare: true,
        ..LICENCE
    };
    let (of_bare, seen) = look(bare, kept(&[]));
    assert_eq!(seen, 3);
    assert!(!first.to_start.is_empty() && of_bare.to_start.is_empty());
}

#[test]
fn a_group_is_looked_at_as_a_whole_again_when_more_than_a_resource_of_it_has_changed() {
    let (mut groups, database) = office();
    let web = "Web".into();
    let mut all = database.definition.groups.iter();
    let place = all.position(|group| group.name == web).unwrap();
    let kept = |groups: &Groups| {
        let (_, look) = groups.due.clone().lend(place);
        look.map(|kept| kept.changed)
    };
    assert_eq!(kept(&groups), Some(Vec::new()));
    for _ in 0..2 {
        groups.due.resource(&web, &"Web Name".into());
        assert_eq!(kept(&groups), Some(vec!["Web Name".into()]));
    }
    groups.due.group(&web);
    assert_eq!(kept(&groups), None);
}

proptest! {
    #[test]
    fn what_is_kept_of_a_look_leads_to_what_a_look_at_everything_does(
        all in prop::collection::vec(happens(), 1..60),
    ) {
        let (mut kept, mut database) = office();
        // The office is put as it is from outside.
        kept.look_again_now();
        let mut anew = kept.clone();
        let (mut now, mut asked, mut licence) = (NOW, Vec::new(), LICENCE);
        for it in &all {
            match it {
                Happens::Reports(name, state) => {
                    report(&mut kept, &database, now, &(*name).into(), *state);
                    report(&mut anew, &database, now, &(*name).into(), *state);
                }
                Happens::Applies(name, state) => {
                    let epoch = database.groups.get("Web").map_or(0, |record| record.epoch);
                    let update = Update::ResourceState { resource: (*name).into(), epoch, state: *state };
                    kept.look_again_after(&database, &update);
                    anew.look_again_after(&database, &update);
                    if let Some(record) = database.resources.get_mut(*name) {
                        record.state = *state;
                    }
                }
                Happens::Obeys => {
                    if let Some((name, state)) = obeyed(&asked) {
                        report(&mut kept, &database, now, &name, state);
                        report(&mut anew, &database, now, &name, state);
                    }
                }
                Happens::Pardons(name) => {
                    if let Some(record) = database.resources.get_mut(*name) {
                        record.pardons += 1;
                    }
                    kept.look_again_now();
                }
                Happens::Wants(wanted) => {
                    if let Some(record) = database.groups.get_mut("Web") {
                        record.wanted = *wanted;
                    }
                    kept.look_again_now();
                }
                Happens::Stays => {
                    let epoch = database.groups.get("Web").map_or(0, |record| record.epoch);
                    let update = Update::MoveCancel { group: "Web".into(), epoch };
                    kept.look_again_after(&database, &update);
                    for name in WEB {
                        if let Some(record) = database.resources.get_mut(name) {
                            record.state = ResourceState::Offline;
                        }
                    }
                }
                Happens::Leaves(leaving) => licence.leaving = *leaving,
                Happens::Holds(holds) => licence.holds_quorum_resource = *holds,
                Happens::Passes(seconds) => now = Time(now.0 + seconds * 1_000_000),
            }
            kept.are_due(licence);
            anew.look_again_now();
            let policies = &mut PolicyEngine::default();
            kept.drive(&database, now, licence, policies);
            anew.drive(&database, now, licence, policies);
            asked = actions(&mut kept);
            prop_assert_eq!(&asked, &actions(&mut anew), "after {:?} at {}", it, now);
            prop_assert_eq!(kept.deadline(), anew.deadline());
            prop_assert_eq!(format!("{:?}", kept.locals), format!("{:?}", anew.locals));
        }
    }
}
