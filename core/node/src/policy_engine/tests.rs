//! Answers of policies, good and bad, on the eight-node cluster as it is installed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A policy that always gives the same answers, and how often it was asked.
#[derive(Clone, Debug)]
struct Fixed {
    choice: Choice,
    reaction: Reaction,
    asked: Arc<AtomicU32>,
}

impl Policies for Fixed {
    fn compile(&self, _: &PolicyScript) -> Result<Box<dyn Policy>, PolicyError> {
        Ok(Box::new(self.clone()))
    }
}

impl Policy for Fixed {
    fn choose_owner(
        &mut self,
        _: &PolicyGroup,
        candidates: &[PolicyNode],
    ) -> Result<Choice, PolicyError> {
        assert!(!candidates.is_empty());
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(self.choice.clone())
    }

    fn on_resource_failed(
        &mut self,
        _: &PolicyResource,
        _: &PolicyFailure,
    ) -> Result<Reaction, PolicyError> {
        Ok(self.reaction)
    }
}

fn fixed(choice: Choice) -> Fixed {
    Fixed {
        choice,
        reaction: Reaction::BuiltIn,
        asked: Arc::new(AtomicU32::new(0)),
    }
}

/// Every node is up; `EVS1` may go to the standby NODE8 alone, where its class is kept.
fn database() -> Database {
    let mut definition = crate::shipped::cluster("eight-node.ron");
    definition.policy = Some(PolicyScript {
        file: "fixed".to_owned(),
        text: String::new(),
    });
    let mut database = Database::install(definition);
    database.view.members = (1..=8)
        .map(|id| (NodeId(id), 1))
        .collect::<BTreeMap<_, _>>();
    database
}

fn policies(policy: &Fixed) -> PolicyEngine {
    let mut policies = PolicyEngine::default();
    policies.set_policies(Arc::new(policy.clone()));
    policies
}

fn choose(policies: &mut PolicyEngine, database: &Database, group: &str) -> Chosen {
    let group = database.group_definition(group).unwrap();
    policies.choose(database, group, Cause::NodeFailure, &mut Random::new(1))
}

fn reason(chosen: &Chosen) -> &str {
    match &chosen.event {
        Some(Event::PolicyFailed { reason, .. }) => reason,
        _ => "",
    }
}

/// What a policy is told of a resource's first failure.
fn failed_once() -> PolicyFailure {
    PolicyFailure {
        reason: String::new(),
        starting: false,
        failures: 1,
        built_in: Reaction::Restart,
        waits: 0,
        waited: Duration::ZERO,
        time: LocalTime::at(0),
    }
}

#[test]
fn an_impossible_node_gives_way_to_the_built_in_choice_and_says_why() {
    for (name, wanted) in [
        ("NODE9", "the cluster has no node of that name"),
        ("NODE1", "which the group is to leave"),
        ("NODE2", "node NODE2 already hosts EVS2"),
        ("NODE3", "node NODE3 is paused"),
        ("NODE4", "node NODE4 is down"),
    ] {
        let mut database = database();
        database.nodes.get_mut(&NodeId(3)).unwrap().paused = true;
        database.view.members.remove(&NodeId(4));
        let mut policies = policies(&fixed(Choice::Node(name.to_owned())));
        let chosen = choose(&mut policies, &database, "EVS1");
        assert_eq!(chosen.to, Some(NodeId(8)), "{name}");
        assert!(
            reason(&chosen).contains(wanted),
            "{name}: {:?}",
            chosen.event
        );
    }
    let mut database = database();
    let mut groups = database.definition_mut().groups.iter_mut();
    let evs1 = groups.find(|group| group.name == *"EVS1").unwrap();
    evs1.properties.exclusive_class_names.clear();
    evs1.resources[0].possible_owners = vec!["NODE1".into(), "NODE8".into()];
    let mut policies = policies(&fixed(Choice::Node("NODE5".to_owned())));
    let chosen = choose(&mut policies, &database, "EVS1");
    assert_eq!(chosen.to, Some(NodeId(8)));
    assert!(reason(&chosen).contains("not a possible owner of every resource"));
}

#[test]
fn a_good_answer_counts_and_nobody_is_asked_where_there_is_no_choice() {
    let mut database = database();
    let policy = fixed(Choice::Node("NODE8".to_owned()));
    let mut policies = policies(&policy);
    let chosen = choose(&mut policies, &database, "EVS1");
    assert_eq!(chosen.to, Some(NodeId(8)));
    assert!(matches!(chosen.event, Some(Event::Policy { .. })));
    database.view.members.remove(&NodeId(8));
    assert_eq!(choose(&mut policies, &database, "EVS1").to, None);
    // The quorum disk's group follows the disk.
    choose(&mut policies, &database, "Cluster Group");
    assert_eq!(policy.asked.load(Ordering::Relaxed), 1);
}

#[test]
fn a_group_that_is_kept_is_asked_about_again_when_something_changes_and_every_minute() {
    let mut database = database();
    let policy = fixed(Choice::Stay);
    let mut policies = policies(&policy);
    let asked = || policy.asked.load(Ordering::Relaxed);
    let first = choose(&mut policies, &database, "EVS1");
    assert_eq!((first.to, first.kept_by.as_deref()), (None, Some("fixed")));
    assert!(first.event.is_some());
    assert_eq!(choose(&mut policies, &database, "EVS1").event, None);
    assert_eq!(asked(), 1);
    database.applied += 1;
    // The same answer is told once.
    assert_eq!(choose(&mut policies, &database, "EVS1").event, None);
    assert_eq!(asked(), 2);
    policies.set_time(60_000, 0);
    choose(&mut policies, &database, "EVS1");
    assert_eq!(asked(), 3);
}

#[test]
fn going_home_may_be_forbidden_and_naming_the_owner_says_the_same() {
    let mut database = database();
    database.groups.get_mut("EVS1").unwrap().owner = NodeId(8);
    let evs1 = database.group_definition("EVS1").unwrap();
    for choice in [Choice::Stay, Choice::Node("NODE8".to_owned())] {
        let chosen = policies(&fixed(choice)).fail_back(&database, evs1, NodeId(1));
        assert_eq!((chosen.to, chosen.kept_by.is_some()), (None, true));
    }
    let chosen = policies(&fixed(Choice::BuiltIn)).fail_back(&database, evs1, NodeId(1));
    assert_eq!((chosen.to, chosen.event), (Some(NodeId(1)), None));
}

#[test]
fn a_node_without_policies_decides_as_built_in_and_says_so() {
    let database = database();
    let chosen = choose(&mut PolicyEngine::default(), &database, "EVS1");
    assert_eq!(chosen.to, Some(NodeId(8)));
    assert!(reason(&chosen).contains("cannot run policy scripts"));
}

#[test]
fn a_wait_beyond_reason_gives_way_to_the_ladder() {
    let database = database();
    let (group, resource) = database.definition.resource("EVS1 SMTP").unwrap();
    for (seconds, waits) in [
        (0, false),
        (1, true),
        (7 * 86_400, true),
        (8 * 86_400, false),
    ] {
        let span = Duration::from_secs(seconds);
        let mut policy = fixed(Choice::BuiltIn);
        policy.reaction = Reaction::Wait(span);
        let mut failure = failed_once();
        let judged = policies(&policy).judge(&database, group, resource, &mut failure);
        let wanted = if waits {
            Reaction::Wait(span)
        } else {
            Reaction::Restart
        };
        assert_eq!(judged.reaction, wanted, "{seconds} s");
        let failed = matches!(judged.event, Some(Event::PolicyFailed { .. }));
        assert_eq!(failed, !waits, "{seconds} s");
    }
}

/// What a policy is told of the cluster.
fn told(policies: &PolicyEngine, database: &Database, group: &str) -> PolicyGroup {
    let group = database.group_definition(group).unwrap();
    policies.group(database, group, Cause::NodeFailure, None)
}

#[test]
fn a_policy_is_told_the_clusters_local_time_as_this_machine_has_it() {
    let mut database = database();
    database.definition_mut().utc_offset_minutes = 90;
    let mut policies = policies(&fixed(Choice::BuiltIn));
    let hour = 3_600_000;
    for (shift, told_hour, minute) in [(0, 4, 30), (60, 5, 30), (-150, 2, 0)] {
        policies.set_time(3 * hour, shift);
        let time = policies.local(&database);
        assert_eq!((time.hour, time.minute), (told_hour, minute), "{shift} min");
    }
}

#[test]
fn a_policy_is_told_of_each_group_that_a_node_has_besides_the_one_it_places() {
    let mut database = database();
    for group in ["EVS1", "EVS2"] {
        database.groups.get_mut(group).unwrap().owner = NodeId(5);
    }
    let group = database.group_definition("EVS1").unwrap();
    let hosted = |node: u8| {
        let hosted = hosted(&database, group, NodeId(node)).into_iter();
        hosted.map(|one| one.name).collect::<Vec<_>>()
    };
    let others = hosted(5);
    assert!(others.iter().any(|name| *name == "EVS2"), "{others:?}");
    assert!(!others.iter().any(|name| *name == "EVS1"), "{others:?}");
    assert!(!hosted(2).iter().any(|name| *name == "EVS2"));
    let preferred = database.definition.group("EVS1").unwrap();
    assert_eq!(preferred.properties.preferred_owners[0], "NODE1");
    assert_eq!(
        told(&policies(&fixed(Choice::BuiltIn)), &database, "EVS1").owner,
        "NODE5"
    );
}

/// While a group is kept, an answer that is another one is told, and a failure that is another one, too.
#[test]
fn another_answer_about_a_group_that_is_kept_is_told() {
    let mut database = database();
    let mut policies = policies(&fixed(Choice::Stay));
    assert!(choose(&mut policies, &database, "EVS1").event.is_some());
    let file = |database: &mut Database, file: &str| {
        database.definition_mut().policy.as_mut().unwrap().file = file.to_owned();
        database.applied += 1;
    };
    file(&mut database, "another");
    let event = choose(&mut policies, &database, "EVS1").event;
    assert!(
        matches!(&event, Some(Event::Policy { policy, .. }) if policy == "another"),
        "{event:?}"
    );
    file(&mut database, "another");
    assert_eq!(choose(&mut policies, &database, "EVS1").event, None);
    let said = |reason: &str| {
        Said::of(&Event::PolicyFailed {
            subject: "EVS1".into(),
            policy: "fixed".to_owned(),
            function: quorate_journal::PolicyFunction::ChooseOwner,
            cause: None,
            reason: reason.to_owned(),
            built_in: "NODE8".to_owned(),
        })
    };
    assert_ne!(said("one"), said("another"));
    assert_eq!(said("one"), said("one"));
}

/// A script that nobody can run is refused when it is set, and not when it is needed.
#[test]
fn a_script_is_tried_out_before_it_is_anybodys_policy() {
    #[derive(Debug)]
    struct Broken;
    impl Policies for Broken {
        fn compile(&self, script: &PolicyScript) -> Result<Box<dyn Policy>, PolicyError> {
            Err(PolicyError(format!("{} does not compile", script.file)))
        }
    }
    let script = PolicyScript {
        file: "night.rhai".to_owned(),
        text: String::new(),
    };
    let mut policies = policies(&fixed(Choice::BuiltIn));
    assert_eq!(policies.try_out(&script), Ok(()));
    policies.set_policies(Arc::new(Broken));
    let error = policies.try_out(&script).unwrap_err();
    assert_eq!(error.0, "night.rhai does not compile");
    assert!(PolicyEngine::default().try_out(&script).is_err());
}

#[test]
fn a_script_is_compiled_once_and_dropped_when_another_takes_its_place() {
    let script = |file: &str, text: &str| PolicyScript {
        file: file.to_owned(),
        text: text.to_owned(),
    };
    let mut policies = policies(&fixed(Choice::BuiltIn));
    for (file, text) in [("a", "1"), ("b", "1"), ("a", "1"), ("c", "2"), ("a", "2")] {
        assert!(policies.policy(&script(file, text)).is_ok());
    }
    let known: BTreeSet<PolicyScript> = policies.compiled.keys().cloned().collect();
    let left = [script("a", "2"), script("b", "1"), script("c", "2")];
    assert_eq!(known, left.into());
}

#[test]
fn a_policy_is_told_which_place_a_node_has_in_the_list_of_preferred_owners() {
    let mut database = database();
    let mut groups = database.definition_mut().groups.iter_mut();
    let evs1 = groups.find(|group| group.name == *"EVS1").unwrap();
    evs1.properties.preferred_owners = vec!["NODE8".into(), "NODE2".into()];
    let group = database.group_definition("EVS1").unwrap();
    let policies = PolicyEngine::default();
    let told = policies.group(&database, group, Cause::NodeFailure, None);
    let places: Vec<Option<usize>> = told.nodes.iter().map(|node| node.preferred).collect();
    let mut expected = [None; 8];
    (expected[7], expected[1]) = (Some(0), Some(1));
    assert_eq!(places, expected);
}

#[test]
fn a_node_tells_its_policies_the_time_with_every_input() {
    let mut node = crate::shipped::booted("four-node.ron", NodeId(1), 1);
    node.config.local_shift_minutes = 60;
    node.handle(
        quorate_model::Time::from_millis(5_000),
        crate::io::Input::Wake,
    );
    let policies = &node.policies;
    assert_eq!(
        (policies.civil_ms, policies.local_shift_minutes),
        (5_000, 60)
    );
}

#[test]
fn a_policy_that_fails_is_told_and_the_ladder_goes_on() {
    #[derive(Debug)]
    struct Silent;
    impl Policies for Silent {
        fn compile(&self, _: &PolicyScript) -> Result<Box<dyn Policy>, PolicyError> {
            Err(PolicyError("it says nothing".to_owned()))
        }
    }
    let database = database();
    let group = database.group_definition("EVS1").unwrap();
    let mut policies = PolicyEngine::default();
    policies.set_policies(Arc::new(Silent));
    let mut failure = failed_once();
    let judged = policies.judge(&database, group, &group.resources[0], &mut failure);
    assert_eq!(judged.reaction, Reaction::Restart);
    assert!(
        matches!(&judged.event, Some(Event::PolicyFailed { reason, .. }) if reason == "it says nothing"),
        "{:?}",
        judged.event
    );
}
