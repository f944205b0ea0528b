//! One node's groups, step by step: what it is told, and what it asks for then.

use std::time::Duration;

use quorate_journal::Cause;

use super::*;
use crate::database::{Move, Stop};
use crate::shipped::cluster;

const ME: NodeId = NodeId(1);
const TWO: NodeId = NodeId(2);
pub(super) const NOW: Time = Time(60_000_000);
const IP: &str = "Web IP Address";
const APP: &str = "Web App";

pub(super) const LICENCE: Licence = Licence {
    quorate: true,
    holds_quorum_resource: false,
    releases_quorum_resource: false,
    bare: false,
    leaving: false,
    leavers: NodeSet::EMPTY,
    civil_ms: 0,
};

/// The groups of NODE1 of the office, where Web is its own and all else is NODE2's.
pub(super) fn office() -> (Groups, Database) {
    let mut database = Database::install(cluster("two-node-office.ron"));
    database.view.members = [(ME, 1), (TWO, 1)].into();
    database.groups.change_each(|name, record| {
        record.owner = if *name == "Web" { ME } else { TWO };
    });
    let mut groups = Groups::new(ME, 1);
    groups.open_all(&database);
    drive(&mut groups, &database, NOW, LICENCE);
    for local in groups.locals.values_mut() {
        local.asked = false;
    }
    (groups, database)
}

/// What is asked for in one look at everything.
fn drive(groups: &mut Groups, database: &Database, now: Time, licence: Licence) -> Vec<Action> {
    groups.look_again_now();
    groups.drive(database, now, licence, &mut PolicyEngine::default());
    actions(groups)
}

pub(super) fn actions(groups: &mut Groups) -> Vec<Action> {
    std::iter::from_fn(|| groups.poll_action()).collect()
}

/// The resources that the monitor is told something of, with what that is.
fn told(actions: &[Action]) -> Vec<(&'static str, &str)> {
    let told = actions.iter().filter_map(|action| match action {
        Action::Monitor(MonitorCommand::Online { resource }) => Some(("online", resource.as_str())),
        Action::Monitor(MonitorCommand::Offline { resource }) => {
            Some(("offline", resource.as_str()))
        }
        Action::Monitor(MonitorCommand::Terminate { resource }) => {
            Some(("terminate", resource.as_str()))
        }
        _ => None,
    });
    told.collect()
}

/// What is proposed that is a decision about a group.
fn decided(actions: &[Action]) -> Vec<&Update> {
    let proposed = actions.iter().filter_map(|action| match action {
        Action::Propose(update) => update.decides().map(|_| update),
        _ => None,
    });
    proposed.collect()
}

fn local<'a>(groups: &'a mut Groups, resource: &str) -> &'a mut Local {
    groups.locals.get_mut(resource).unwrap()
}

fn web(groups: &mut Groups) -> &mut Owned {
    groups.owned.get_mut("Web").unwrap()
}

fn reports(groups: &mut Groups, database: &Database, resource: &str, state: ResourceState) {
    let event = MonitorEvent::State {
        resource: resource.into(),
        state,
        reason: None,
    };
    groups.monitor(database, NOW, event, &mut PolicyEngine::default());
}

const GIVEN_UP: Verdict = Verdict::GivenUp { retry_at: None };

#[test]
fn a_group_stays_when_nothing_in_it_is_given_up_any_more() {
    for rests in [true, false] {
        let (mut groups, database) = office();
        local(&mut groups, APP).verdict = GIVEN_UP;
        // What is given up elsewhere is another group's affair.
        local(&mut groups, "Print Spooler").verdict = GIVEN_UP;
        web(&mut groups).failover = true;
        web(&mut groups).rest = rests.then(|| Rest {
            until: NOW,
            candidates: vec![TWO],
        });
        let leaves = |groups: &mut Groups| {
            let owned = web(groups);
            assert_eq!(owned.rest.is_some(), owned.failover && rests);
            owned.failover
        };
        reports(&mut groups, &database, IP, ResourceState::Online);
        assert!(leaves(&mut groups), "one is given up");
        reports(&mut groups, &database, APP, ResourceState::OnlinePending);
        assert!(leaves(&mut groups), "it still is");
        reports(&mut groups, &database, APP, ResourceState::Online);
        assert!(!leaves(&mut groups));
        assert_eq!(local(&mut groups, APP).verdict, Verdict::Fine);
    }
}

#[test]
fn a_node_is_down_when_all_but_the_quorum_resource_is_and_nothing_was_asked_for() {
    let (mut groups, database) = office();
    assert!(groups.all_down(&database));
    local(&mut groups, "Disk Q:").state = ResourceState::Online;
    assert!(groups.all_down(&database), "that is the quorum resource");
    local(&mut groups, APP).asked = true;
    assert!(!groups.all_down(&database));
    local(&mut groups, APP).asked = false;
    local(&mut groups, APP).state = ResourceState::Online;
    assert!(!groups.all_down(&database));
}

#[test]
fn decisions_that_nobody_will_answer_any_more_are_open_again_and_no_others() {
    for (deciding, named, then) in [
        (true, true, true),
        (true, false, false),
        (false, true, false),
        (false, false, false),
    ] {
        let (mut groups, _) = office();
        web(&mut groups).deciding = deciding;
        let name = Name::from("Web");
        let open = if named {
            BTreeSet::from([&name])
        } else {
            BTreeSet::new()
        };
        groups.deciding_only(&open);
        assert_eq!(web(&mut groups).deciding, then, "{deciding} {named}");
    }
}

#[test]
fn health_checks_are_told_of_anew_each_time_a_resource_comes_online() {
    let (mut groups, database) = office();
    local(&mut groups, IP).answered = [true; 2];
    reports(&mut groups, &database, IP, ResourceState::OnlinePending);
    assert_eq!(local(&mut groups, IP).answered, [false; 2]);
}

#[test]
fn what_would_not_go_offline_is_no_failure_and_anything_else_is_one() {
    use ResourceState::{Failed, OfflinePending, Online, OnlinePending};
    for (from, at_once) in [
        (OfflinePending, true),
        (Online, false),
        (OnlinePending, false),
    ] {
        let (mut groups, database) = office();
        local(&mut groups, IP).state = from;
        reports(&mut groups, &database, IP, Failed);
        assert_eq!(
            local(&mut groups, IP).verdict == AT_ONCE,
            at_once,
            "{from:?}"
        );
        // One that another node owns was not wanted here anyway.
        let spooler = "Print Spooler";
        local(&mut groups, spooler).state = from;
        reports(&mut groups, &database, spooler, Failed);
        let verdict = local(&mut groups, spooler).verdict;
        assert_eq!(verdict, if at_once { AT_ONCE } else { Verdict::Fine });
    }
}

#[test]
fn a_groups_state_is_told_when_it_changes() {
    let (mut groups, database) = office();
    assert_eq!(groups.owned_state("Web"), Some(GroupState::Offline));
    assert_eq!(groups.owned_state("Print"), None, "that is another node's");
    reports(&mut groups, &database, IP, ResourceState::Online);
    let to = GroupState::PartialOnline;
    let changed = Action::Event(Event::GroupState {
        subject: "Web".into(),
        from: GroupState::Offline,
        to,
    });
    assert_eq!(groups.owned_state("Web"), Some(to));
    assert!(actions(&mut groups).contains(&changed));
    groups.refresh_group_state(&database, &"Web".into());
    assert_eq!(actions(&mut groups), []);
}

#[test]
fn what_runs_here_of_anothers_group_is_ended_except_a_quorum_disk_that_is_in_hand() {
    let ended = |resource: &str, licence: Licence| {
        let (mut groups, database) = office();
        local(&mut groups, resource).state = ResourceState::Online;
        let actions = drive(&mut groups, &database, NOW, licence);
        let again = drive(&mut groups, &database, NOW, licence);
        assert!(!told(&again).contains(&("terminate", resource)), "once");
        told(&actions).contains(&("terminate", resource))
    };
    let holds = Licence {
        holds_quorum_resource: true,
        ..LICENCE
    };
    let releases = Licence {
        releases_quorum_resource: true,
        ..LICENCE
    };
    for (licence, in_hand) in [(LICENCE, false), (holds, true), (releases, true)] {
        assert!(ended("Print Spooler", licence), "{licence:?}");
        assert_eq!(ended("Disk Q:", licence), !in_hand, "{licence:?}");
    }
}

#[test]
fn what_is_given_up_or_waits_is_looked_at_again_when_it_is_due() {
    let due = NOW + Duration::from_secs(5);
    let (mut groups, database) = office();
    local(&mut groups, IP).state = ResourceState::Failed;
    local(&mut groups, IP).verdict = Verdict::GivenUp {
        retry_at: Some(due),
    };
    let early = Time(due.0 - 1);
    assert_eq!(told(&drive(&mut groups, &database, early, LICENCE)), []);
    assert_eq!(groups.deadline(), Some(due));
    let actions = drive(&mut groups, &database, due, LICENCE);
    assert_eq!(told(&actions), [("online", IP)]);
    assert_eq!(groups.deadline(), None);

    let (mut groups, database) = office();
    local(&mut groups, IP).state = ResourceState::Failed;
    let waits = Verdict::Waiting { until: due };
    local(&mut groups, IP).verdict = waits;
    drive(&mut groups, &database, early, LICENCE);
    assert_eq!(local(&mut groups, IP).verdict, waits);
    assert_eq!(groups.deadline(), Some(due));
    drive(&mut groups, &database, due, LICENCE);
    assert_ne!(local(&mut groups, IP).verdict, waits);
}

#[test]
fn a_state_that_was_told_as_an_earlier_owner_is_told_again() {
    let (mut groups, mut database) = office();
    local(&mut groups, IP).state = ResourceState::Online;
    let epoch = database.groups["Web"].epoch;
    let update = |epoch| {
        Action::Propose(Update::ResourceState {
            resource: IP.into(),
            epoch,
            state: ResourceState::Online,
        })
    };
    assert!(drive(&mut groups, &database, NOW, LICENCE).contains(&update(epoch)));
    assert!(!drive(&mut groups, &database, NOW, LICENCE).contains(&update(epoch)));
    database.groups.get_mut("Web").unwrap().epoch += 1;
    // It has been another's, and this node has not noticed.
    web(&mut groups).epoch += 1;
    assert!(drive(&mut groups, &database, NOW, LICENCE).contains(&update(epoch + 1)));
}

#[test]
fn only_the_quorum_disks_group_comes_to_nodes_that_are_possible_for_some_of_it() {
    let started = |group: &str, resource: &str, owners: &[&str]| {
        let (mut groups, mut database) = office();
        let quorum = database.quorum_group().unwrap().clone();
        let group = if group == "Web" {
            Name::from(group)
        } else {
            quorum
        };
        let mut definitions = database.definition_mut().groups.iter_mut();
        let definition = definitions.find(|it| it.name == group).unwrap();
        let mut resources = definition.resources.iter_mut();
        let it = resources.find(|it| it.name == resource).unwrap();
        it.possible_owners = owners.iter().map(|owner| Name::from(*owner)).collect();
        database.groups.get_mut(&group).unwrap().owner = ME;
        let licence = Licence {
            holds_quorum_resource: true,
            ..LICENCE
        };
        let actions = drive(&mut groups, &database, NOW, licence);
        told(&actions).contains(&("online", resource))
    };
    let cluster_ip = "Cluster IP Address";
    for (owners, possible) in [(&["NODE1"][..], true), (&["NODE2"], false), (&[], true)] {
        assert_eq!(
            started("Cluster", cluster_ip, owners),
            possible,
            "{owners:?}"
        );
        assert!(started("Web", IP, owners), "whoever owns it was chosen");
    }
}

#[test]
fn what_is_not_wanted_goes_offline_or_is_ended_where_it_is_still_starting() {
    let stopped = |state| {
        let (mut groups, mut database) = office();
        database.groups.get_mut("Web").unwrap().wanted = false;
        local(&mut groups, APP).state = state;
        let actions = drive(&mut groups, &database, NOW, LICENCE);
        told(&actions).first().map(|(what, _)| *what)
    };
    assert_eq!(stopped(ResourceState::Online), Some("offline"));
    assert_eq!(stopped(ResourceState::OnlinePending), Some("terminate"));
    assert_eq!(stopped(ResourceState::OfflinePending), None);
    assert_eq!(stopped(ResourceState::Failed), None);
}

/// What stands on it would run without it for a moment.
#[test]
fn a_provider_starts_when_all_above_it_is_down_and_stays_so() {
    use ResourceState::{Failed, Offline, OfflinePending, Online};
    for (state, asked, starts) in [
        (Offline, false, true),
        (Failed, false, true),
        (Offline, true, false),
        (OfflinePending, false, false),
        (Online, false, false),
    ] {
        let (mut groups, database) = office();
        let name = local(&mut groups, "Web Name");
        (name.state, name.asked) = (state, asked);
        local(&mut groups, IP).state = Failed;
        local(&mut groups, IP).verdict = AT_ONCE;
        let actions = drive(&mut groups, &database, NOW, LICENCE);
        let started = told(&actions).contains(&("online", IP));
        assert_eq!(started, starts, "{state:?}, asked: {asked}");
    }
}

#[test]
fn a_group_is_given_away_when_everything_is_offline_the_quorum_disk_aside() {
    let (mut groups, mut database) = office();
    let record = database.groups.get_mut("Web").unwrap();
    let (to, cause) = (TWO, Cause::Admin);
    record.moving = Some(Move { to, cause });
    let licence = Licence {
        holds_quorum_resource: true,
        ..LICENCE
    };
    local(&mut groups, APP).state = ResourceState::Online;
    let actions = drive(&mut groups, &database, NOW, licence);
    assert_eq!(told(&actions), [("offline", APP)]);
    assert_eq!(decided(&actions), Vec::<&Update>::new());
    reports(&mut groups, &database, APP, ResourceState::Offline);
    let actions = drive(&mut groups, &database, NOW, licence);
    assert!(matches!(decided(&actions)[..], [Update::MoveCommit { .. }]));

    // The quorum disk itself stays until its group is another's.
    let (mut groups, mut database) = office();
    let quorum = database.quorum_group().unwrap().clone();
    let record = database.groups.get_mut(&quorum).unwrap();
    (record.owner, record.moving) = (ME, Some(Move { to, cause }));
    local(&mut groups, "Disk Q:").state = ResourceState::Online;
    let actions = drive(&mut groups, &database, NOW, licence);
    assert!(matches!(decided(&actions)[..], [Update::MoveCommit { .. }]));
}

/// Web has to go elsewhere.
fn fails_over() -> (Groups, Database) {
    let (mut groups, database) = office();
    local(&mut groups, IP).state = ResourceState::Failed;
    local(&mut groups, IP).verdict = GIVEN_UP;
    web(&mut groups).failover = true;
    drive_reports(&mut groups, &database);
    (groups, database)
}

/// The states are told, so that what comes next is decisions alone.
fn drive_reports(groups: &mut Groups, database: &Database) {
    let mut unlicensed = LICENCE;
    unlicensed.quorate = false;
    drive(groups, database, NOW, unlicensed);
}

#[test]
fn a_group_that_nobody_can_take_is_stranded_once() {
    for (stop, stranded) in [(Stop::None, true), (Stop::Stranded, false)] {
        let (mut groups, mut database) = fails_over();
        database.view.members.remove(&TWO);
        database.groups.get_mut("Web").unwrap().stop = stop;
        let actions = drive(&mut groups, &database, NOW, LICENCE);
        let proposed = matches!(decided(&actions)[..], [Update::Stranded { .. }]);
        assert_eq!(proposed, stranded, "{actions:?}");
        let told = |it: &Action| matches!(it, Action::Event(Event::GroupStranded { .. }));
        assert_eq!(actions.iter().any(told), stranded, "{actions:?}");
    }
}

#[test]
fn a_group_rests_before_a_node_that_it_failed_on_unless_a_node_has_come_for_it() {
    let rested = |stop, failed_on: &[NodeId]| {
        let (mut groups, mut database) = fails_over();
        let record = database.groups.get_mut("Web").unwrap();
        record.stop = stop;
        record.failed_on = failed_on.iter().map(|node| node.0).collect();
        let actions = drive(&mut groups, &database, NOW, LICENCE);
        let told = |it: &Action| matches!(it, Action::Event(Event::GroupResting { .. }));
        let rests = actions.iter().any(told);
        let moves = matches!(decided(&actions)[..], [Update::MoveBegin { .. }]);
        assert_eq!(moves, !rests, "{actions:?}");
        assert_eq!(web(&mut groups).rest.is_some(), rests);
        assert_eq!(groups.deadline().is_some(), rests);
        rests
    };
    assert!(rested(Stop::None, &[TWO]));
    assert!(!rested(Stop::None, &[ME]));
    assert!(!rested(Stop::Stranded, &[TWO]));
}

#[test]
fn a_rest_lasts_until_its_time_is_up_or_other_nodes_can_take_the_group() {
    let until = NOW + Duration::from_secs(5);
    for (candidates, now, rests) in [
        (vec![TWO], NOW, true),
        (vec![TWO], Time(until.0 - 1), true),
        (vec![TWO], until, false),
        (vec![], NOW, false),
    ] {
        let (mut groups, database) = fails_over();
        web(&mut groups).rest = Some(Rest { until, candidates });
        let actions = drive(&mut groups, &database, now, LICENCE);
        let moves = matches!(decided(&actions)[..], [Update::MoveBegin { .. }]);
        assert_eq!(moves, !rests, "{actions:?}");
        assert_eq!(groups.deadline(), rests.then_some(until));
    }
}

#[test]
fn what_a_stopping_node_owns_may_leave_while_there_is_a_node_for_it() {
    let may = |group: &str, change: &dyn Fn(&mut Groups, &mut Database)| {
        let (mut groups, mut database) = office();
        let quorum = database.quorum_group().unwrap().clone();
        let group = if group == "Web" {
            Name::from(group)
        } else {
            quorum
        };
        change(&mut groups, &mut database);
        groups.may_leave(&database, &group, &database.groups[&group])
    };
    let alone = |_: &mut Groups, database: &mut Database| {
        database.view.members.remove(&TWO);
    };
    let kept = |groups: &mut Groups, _: &mut Database| web(groups).kept = true;
    let offered = |groups: &mut Groups, _: &mut Database| groups.office_offered = true;
    let unwanted = |_: &mut Groups, database: &mut Database| {
        database.groups.get_mut("Web").unwrap().wanted = false;
    };
    assert!(may("Web", &|_, _| {}));
    assert!(may("Web", &offered));
    assert!(!may("Web", &alone));
    assert!(!may("Web", &kept));
    assert!(!may("Web", &unwanted));
    let to_me = |database: &mut Database| {
        let quorum = database.quorum_group().unwrap().clone();
        database.groups.get_mut(&quorum).unwrap().owner = ME;
    };
    assert!(may("Cluster", &|_, database| to_me(database)));
    assert!(may("Cluster", &|groups, database| {
        to_me(database);
        kept(groups, database);
    }));
    assert!(!may("Cluster", &|groups, database| {
        to_me(database);
        offered(groups, database);
    }));
}

#[test]
fn the_quorum_disks_group_goes_last() {
    let (mut groups, mut database) = office();
    database.groups.get_mut("Web").unwrap().owner = TWO;
    assert!(!groups.others_leave(&database));
    for (state, asked, leaves) in [
        (ResourceState::Online, false, true),
        (ResourceState::OfflinePending, false, true),
        (ResourceState::Offline, true, true),
        (ResourceState::Failed, false, false),
    ] {
        let app = local(&mut groups, APP);
        (app.state, app.asked) = (state, asked);
        assert_eq!(groups.others_leave(&database), leaves, "{state:?} {asked}");
    }
    local(&mut groups, "Disk Q:").state = ResourceState::Online;
    assert!(!groups.others_leave(&database), "that is its own");
    database.groups.get_mut("Web").unwrap().owner = ME;
    assert!(groups.others_leave(&database), "that may still go");
}

#[test]
fn a_new_owner_gives_its_monitor_what_the_owners_before_it_stored_once() {
    let (mut groups, mut database) = office();
    let restored = |actions: Vec<Action>| {
        let restored = actions.into_iter().filter_map(|action| match action {
            Action::Monitor(MonitorCommand::Restore { resource, .. }) => Some(resource),
            _ => None,
        });
        restored.collect::<Vec<Name>>()
    };
    assert_eq!(
        restored(drive(&mut groups, &database, NOW, LICENCE)),
        [""; 0]
    );
    let record = database.groups.get_mut("Files").unwrap();
    record.owner = ME;
    let all = ["Disk F:", "Files IP Address", "Files Name", "Office Share"];
    assert_eq!(restored(drive(&mut groups, &database, NOW, LICENCE)), all);
    assert_eq!(
        restored(drive(&mut groups, &database, NOW, LICENCE)),
        [""; 0]
    );
}

#[test]
fn a_move_to_a_node_that_is_paused_or_gone_is_called_off() {
    for (paused, member) in [(false, true), (true, true), (false, false), (true, false)] {
        let (mut groups, mut database) = office();
        let (to, cause) = (TWO, Cause::Admin);
        let record = database.groups.get_mut("Web").unwrap();
        record.moving = Some(Move { to, cause });
        database.nodes.get_mut(&TWO).unwrap().paused = paused;
        if !member {
            database.view.members.remove(&TWO);
        }
        let actions = drive(&mut groups, &database, NOW, LICENCE);
        let goes = matches!(decided(&actions)[..], [Update::MoveCommit { .. }]);
        assert_eq!(goes, member && !paused, "{actions:?}");
    }
}

#[test]
fn what_a_node_has_said_itself_is_nothing_to_look_at_a_group_for() {
    let state = |epoch, state| Update::ResourceState {
        resource: APP.into(),
        epoch,
        state,
    };
    let (mut groups, database) = office();
    let epoch = database.groups.get("Web").unwrap().epoch;
    let online = ResourceState::Online;
    reports(&mut groups, &database, APP, online);
    drive(&mut groups, &database, NOW, LICENCE);
    assert_eq!(local(&mut groups, APP).proposed, Some((epoch, online)));
    let all = &database.definition.groups;
    let web = all.iter().position(|it| it.name == "Web").unwrap();
    let looks = |groups: &mut Groups, update: &Update| {
        groups.due.take(&database.definition, NOW);
        groups.look_again_after(&database, update);
        assert!(groups.are_stale());
        groups.due.take(&database.definition, NOW).contains(&web)
    };
    assert!(!looks(&mut groups, &state(epoch, online)));
    assert!(looks(&mut groups, &state(epoch + 1, online)));
    assert!(looks(&mut groups, &state(epoch, ResourceState::Failed)));
    // Since then it is in another state.
    local(&mut groups, APP).state = ResourceState::Failed;
    assert!(looks(&mut groups, &state(epoch, online)));
}
