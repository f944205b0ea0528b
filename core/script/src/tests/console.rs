//! The language, line by line.

use std::path::PathBuf;
use std::rc::Rc;

use quorate_drill::Silent;
use quorate_drill::stage::StageRequest;

use super::fake::FakeSource;
use crate::{Console, ConsoleOptions, Outcome, Picture};

fn console() -> Console {
    let mut console = Console::new(
        Rc::new(FakeSource::sound()),
        ConsoleOptions::default(),
        Box::new(Silent),
        Default::default(),
    );
    console
        .open(&StageRequest {
            cluster: PathBuf::from("f.ron"),
            text: None,
            start: None,
            seed: 1,
        })
        .expect("a cluster");
    console
}

/// An input's value, in script notation.
#[track_caller]
fn value(console: &mut Console, input: &str) -> String {
    match console.eval(input) {
        Outcome::Value(shown) => shown.text,
        other => panic!("{input}: {other:?}"),
    }
}

/// What an input's value looks like.
#[track_caller]
fn picture(console: &mut Console, input: &str) -> Picture {
    match console.eval(input) {
        Outcome::Value(shown) => shown.picture,
        other => panic!("{input}: {other:?}"),
    }
}

#[test]
fn the_last_value_has_a_name() {
    let mut console = console();
    assert_eq!(value(&mut console, "20 + 1"), "21");
    assert_eq!(value(&mut console, "_ * 2"), "42");
    // What has no value leaves it as it is, and so does what fails.
    assert_eq!(console.eval("let a = 1"), Outcome::Done);
    assert!(matches!(console.eval("_ + nothing"), Outcome::Failed(..)));
    assert_eq!(
        value(&mut console, "if a == 1 {\n  _ + 1\n} else {\n  0\n}"),
        "43"
    );
    // Elsewhere it is what it was: the default of a `switch`, and a part of a word or text.
    assert_eq!(value(&mut console, "switch a { 2 => 0, _ => _ }"), "43");
    assert_eq!(value(&mut console, "let a_b = \"_\"; a_b"), "\"_\"");
    assert_eq!(value(&mut console, "group(\"EVS1\")"), "EVS1");
    assert_eq!(value(&mut console, "_.name"), "\"EVS1\"");
}

#[test]
fn values_look_like_what_they_are() {
    let mut console = console();
    let _ = console.eval("settle()");
    let Picture::Card(card) = picture(&mut console, "group(\"EVS1\")") else {
        panic!("a group has a card");
    };
    assert_eq!(
        (card.noun, card.name.as_str(), card.state.as_str()),
        ("group", "EVS1", "Online")
    );
    assert!(
        card.fields
            .iter()
            .any(|it| it.label == "owner" && it.value == "NODE1"),
        "{card:?}"
    );
    let Picture::Table(nodes) = picture(&mut console, "nodes()") else {
        panic!("nodes have a table");
    };
    assert!(
        nodes.len() > 1 && nodes.iter().all(|it| it.noun == "node"),
        "{nodes:?}"
    );
    assert_eq!(
        picture(&mut console, "[1, 2]"),
        Picture::List(vec!["1".to_owned(), "2".to_owned()])
    );
    assert_eq!(picture(&mut console, "[]"), Picture::List(Vec::new()));
    let map = picture(&mut console, "#{ a: 1 }");
    assert_eq!(map, Picture::Map(vec![("a".to_owned(), "1".to_owned())]));
    assert_eq!(picture(&mut console, "status()"), Picture::Status);
    let lines = picture(&mut console, "\"a\\nb\"");
    assert_eq!(lines, Picture::Lines("a\nb".to_owned()));
    assert_eq!(picture(&mut console, "\"a\""), Picture::Plain);
}

#[test]
fn a_card_of_a_cluster_that_really_runs_has_no_truth_on_it() {
    let labels = |console: &mut Console| -> Vec<&'static str> {
        match picture(console, "group(\"EVS1\")") {
            Picture::Card(card) => card.fields.iter().map(|it| it.label).collect(),
            other => panic!("{other:?}"),
        }
    };
    let mut console = console();
    assert!(labels(&mut console).contains(&"in service"));
    assert!(labels(&mut console).contains(&"outage"));
    console.runs_live();
    assert!(labels(&mut console).contains(&"owner"));
    assert!(!labels(&mut console).contains(&"in service"));
    assert!(!labels(&mut console).contains(&"outage"));
    let examples = console.examples();
    assert!(!examples.iter().any(|it| it.contains("crash")));
}

#[test]
fn what_cannot_be_read_changes_nothing_and_the_asked_seed_counts() {
    let mut console = console();
    console.eval("let x = 5 5");
    console.eval("let list = []; throw 1");
    console.eval("let list = []");
    console.eval("list.push(1)");
    let changed: Vec<bool> = console.past().iter().map(|it| it.changed).collect();
    assert_eq!(changed, [false, true, true, true]);
    let other = console
        .again(&[], Some(7), Box::new(Silent))
        .expect("it can be done again");
    assert_eq!((other.seed(), other.asked_seed()), (Some(7), Some(7)));
    let back = other
        .again(&[], None, Box::new(Silent))
        .expect("it can be done again");
    assert_eq!((back.seed(), back.asked_seed()), (Some(1), None));
}

#[test]
fn what_was_done_is_done_again() {
    let mut console = console();
    console.eval("let a = 20");
    console.eval("fn twice(x) { x * 2 }");
    console.skip(":status");
    console.eval_aside("run(\"10s\")");
    console.eval("a += 1");
    console.eval("group(\"EVS1\").state");
    let changed: Vec<bool> = console.past().iter().map(|it| it.changed).collect();
    assert_eq!(changed, [true, true, false, true, true, false]);
    let mut again = console
        .again(console.past(), None, Box::new(Silent))
        .expect("it can be done again");
    assert_eq!(value(&mut again, "twice(a)"), "42");
    assert_eq!(value(&mut again, "now()"), "10s");
    let Outcome::Failed(failure, _) = again.eval("nothing") else {
        panic!("a mistake");
    };
    // Lines count as if nothing had been done again.
    assert_eq!(failure.place.map(|it| it.line), Some(8));
    // Half of it, with another seed; and the first console is where it was.
    let mut half = console
        .again(&console.past()[..2], Some(7), Box::new(Silent))
        .expect("it can be done again");
    assert_eq!(
        (value(&mut half, "a"), half.seed()),
        ("20".to_owned(), Some(7))
    );
    assert_eq!(
        (value(&mut console, "a"), console.seed()),
        ("21".to_owned(), Some(1))
    );
}

#[test]
fn what_was_stopped_stops_at_the_same_place_again() {
    struct Stop(std::sync::Arc<std::sync::atomic::AtomicBool>);
    impl quorate_drill::Observer for Stop {
        fn time_passed(&mut self, now: quorate_model::Time) {
            if now >= quorate_model::Time::from_millis(7_000) {
                self.0.store(true, std::sync::atomic::Ordering::SeqCst);
            }
        }
    }
    let cancel = std::sync::Arc::<std::sync::atomic::AtomicBool>::default();
    let source = Rc::new(FakeSource::sound());
    let observer = Box::new(Stop(cancel.clone()));
    let mut console = Console::new(source, ConsoleOptions::default(), observer, cancel.clone());
    console
        .open(&StageRequest {
            cluster: PathBuf::from("f.ron"),
            text: None,
            start: None,
            seed: 1,
        })
        .expect("a cluster");
    assert_eq!(console.eval("run(\"1m\")"), Outcome::Interrupted);
    let stopped = console.now();
    assert_eq!(stopped, quorate_model::Time::from_millis(7_000));
    cancel.store(false, std::sync::atomic::Ordering::SeqCst);
    let mut again = console
        .again(console.past(), None, Box::new(Silent))
        .expect("it can be done again");
    assert_eq!(again.now(), stopped);
    // It is sound: what comes next goes on from there.
    assert_eq!(again.eval("run(\"3s\")"), Outcome::Done);
    assert_eq!(value(&mut again, "now()"), "10s");
}

#[test]
fn variables_and_functions_stay() {
    let mut console = console();
    assert_eq!(console.eval("let a = 20"), Outcome::Done);
    assert_eq!(console.eval("fn twice(x) { x * 2 }"), Outcome::Done);
    assert_eq!(value(&mut console, "twice(a) + 2"), "42");
    assert_eq!(console.eval("run(\"10s\")"), Outcome::Done);
    assert_eq!(value(&mut console, "now()"), "10s");
    assert_eq!(value(&mut console, "group(\"EVS1\")"), "EVS1");
    assert_eq!(
        console.eval("always(\"on\", || group(\"EVS1\").is_online)"),
        Outcome::Done
    );
    let Outcome::Failed(failure, _) = console.eval("service(\"EVS1 Store\").crash()") else {
        panic!("the watched condition should have been broken");
    };
    assert!(
        failure.message.contains("always \"on\""),
        "{}",
        failure.message
    );
}

#[test]
fn mistakes_carry_their_place() {
    let mut console = console();
    let Outcome::Failed(failure, _) = console.eval("group(\"EVS9\").state") else {
        panic!()
    };
    assert_eq!(
        failure.place.map(|place| (place.line, place.column)),
        Some((1, 1))
    );
    let Outcome::Failed(failure, _) = console.eval("1 + nodde(\"NODE1\")") else {
        panic!()
    };
    assert!(
        failure.message.contains("did you mean \"node\"?"),
        "{}",
        failure.message
    );
    assert_eq!(failure.place.map(|place| place.column), Some(5));
    // What a node has, though "cosh" is as near.
    let Outcome::Failed(failure, _) = console.eval("node(\"NODE1\").crsh()") else {
        panic!()
    };
    assert!(
        failure.message.contains("did you mean \"crash\"?"),
        "{}",
        failure.message
    );
    let Outcome::Failed(failure, _) = console.eval("let = 5") else {
        panic!()
    };
    assert!(failure.place.is_some());
    // The console goes on.
    assert_eq!(value(&mut console, "1 + 1"), "2");
}

#[test]
fn a_word_that_is_given_something_else_says_what_it_takes() {
    for (line, wanted) in [
        (
            "clients()",
            "clients takes something else: write clients(group, options)",
        ),
        (
            "create_virtual_server(\"EVS1\")",
            "write create_virtual_server(options)",
        ),
        (
            "clients(\"EVS1\", #{ users: \"many\" })",
            "\"users\" takes a number, and \"many\" is none",
        ),
        (
            "clients(\"EVS1\", #{ protocol: 4 })",
            "\"protocol\" takes a text, and 4 is none",
        ),
    ] {
        let Outcome::Failed(failure, _) = console().eval(line) else {
            panic!("{line}")
        };
        assert!(
            failure.message.contains(wanted),
            "{line}: {}",
            failure.message
        );
    }
}

#[test]
fn open_brackets_mean_that_more_is_to_come() {
    let console = console();
    for text in [
        "drill(\"t\", #{ cluster: \"f\" }, || {",
        "run(",
        "let a = [1,\n2",
        "if true {",
        "fn f(x) {\n  x",
        "let a = `multi",
        "let x =",
        "/* a comment",
        "eventually(|| group(\"EVS1\").is_online &&",
    ] {
        assert!(console.is_incomplete(text), "{text}");
    }
    for text in [
        "run(\"5s\")",
        "let a = 5",
        "let = 5",
        "1 + + 2)",
        "fn f(x) { x }",
        "\"unterminated",
        "",
    ] {
        assert!(!console.is_incomplete(text), "{text}");
    }
}

/// What can be typed next, and where it begins.
fn next(console: &Console, text: &str) -> (usize, Vec<String>) {
    let (start, found) = console.complete(text);
    (start, found.into_iter().map(|it| it.text).collect())
}

#[test]
fn words_members_and_names_are_completed() {
    let console = console();
    assert_eq!(
        next(&console, "even"),
        (0, vec!["events(".into(), "eventually(".into()])
    );
    assert_eq!(
        next(&console, "let x = coord"),
        (8, vec!["coordinator()".into()])
    );
    assert_eq!(
        next(&console, "nod"),
        (0, vec!["node(\"".into(), "nodes()".into()])
    );
    let (start, found) = next(&console, "group(\"EVS1\").ow");
    assert_eq!((start, found), (14, vec!["owner".to_owned()]));
    let (_, found) = next(&console, "node(\"NODE1\").");
    assert!(
        found.contains(&"crash(".to_owned()) && !found.contains(&"move_to(\"".to_owned()),
        "{found:?}"
    );
    assert_eq!(
        next(&console, "node(\"no"),
        (6, vec!["NODE1\")".into(), "NODE2\")".into()])
    );
    assert_eq!(
        next(&console, "resource(\"EVS1 S"),
        (10, vec!["EVS1 Store\")".into()])
    );
}

#[test]
fn every_way_to_go_on_has_a_line_about_it() {
    let console = console();
    for (text, shown, doc) in [
        (
            "group(\"EVS1\").mo",
            "move_to(node)",
            "Moves the group to a node.",
        ),
        (
            "group(\"EVS1\").ow",
            "owner",
            "Belief: the name of the node that owns the group",
        ),
        (
            "eventu",
            "eventually(condition, within)",
            "Lets time pass until",
        ),
        ("node(\"NODE1", "NODE1", "Up"),
        ("clients(\"EVS1\", #{ us", "users", "How many people call."),
        ("events(#{ kind: \"group-o", "group-owner", ""),
        ("5.min", "minutes", ""),
        ("whil", "while", "Again and again"),
    ] {
        let (_, found) = console.complete(text);
        let one = found.iter().find(|it| it.shown == shown);
        let one = one.unwrap_or_else(|| panic!("{text}: {found:?}"));
        assert!(
            one.doc.starts_with(doc) && !one.doc.is_empty(),
            "{text}: {one:?}"
        );
        assert!(!one.doc.contains('\n'), "{text}: {one:?}");
    }
}

#[test]
fn options_are_completed_by_the_word_they_belong_to() {
    let console = console();
    for (text, wanted) in [
        ("clients(\"EVS1\", #{ ", "every: |port: |protocol: |users: "),
        ("clients(\"EVS1\", #{ users: 5, p", "port: |protocol: "),
        ("load(\"EVS1\", #{\n  users: 5,\n  ", "cpu: "),
        (
            "node(\"NODE1\").start(#{ force_quorum: [\"NODE1\", \"",
            "NODE1\"|NODE2\"",
        ),
        ("let a = #{ ", ""),
        ("if true { ", ""),
        ("events(#{ nod", "node: "),
        ("events(#{ kind: \"node-w", ""),
        ("group(\"EVS1\").owner == \"", "NODE1\"|NODE2\""),
        ("node(\"NODE1\").state != \"U", "Up\""),
        ("partition([[\"NODE1\"], [\"NODE2", "NODE2\""),
        ("cut(\"NODE1\", \"NODE2", "NODE2\")"),
        ("// node(\"", ""),
    ] {
        let found = next(&console, text).1;
        assert_eq!(found.join("|"), wanted, "{text}");
    }
}

#[test]
fn variables_functions_and_files_are_completed() {
    let mut console = console();
    console.eval("let far = 5; fn farther(a, b) { a + b }");
    assert_eq!(next(&console, "1 + far").1, ["far", "farther("]);
    // The tests run in the folder of their crate.
    assert_eq!(next(&console, "import \"src/con").1, ["src/console/"]);
    assert_eq!(next(&console, "cluster(\"Cargo.t").1, Vec::<String>::new());
    console.eval("let tags = #{ tags: [\"mail\", \"slow\"] }");
    let found = next(&console, "drill(\"a\", #{ tags: [\"").1;
    assert_eq!(found, ["mail\"", "slow\""]);
}

#[test]
fn every_word_that_takes_a_name_is_completed_and_so_is_whatever_a_word_gives() {
    let console = console();
    let after = |line: &str| next(&console, line).1;
    for (word, names) in [
        ("outage", vec!["EVS1\")"]),
        ("load", vec!["EVS1\", "]),
        ("recovers", vec!["EVS1\", "]),
        ("cut", vec!["NODE1\", ", "NODE2\", "]),
        ("group(\"EVS1\").move_to", vec!["NODE1\")", "NODE2\")"]),
    ] {
        assert_eq!(after(&format!("{word}(\"")), names, "{word}");
    }
    for (object, member) in [
        ("quorum()", "kind"),
        ("dns()", "repair()"),
        ("node(\"NODE1\").nic(\"Public\")", "loss("),
        ("resource(\"EVS1 Store\").control(1)", "bytes"),
    ] {
        let found = after(&format!("{object}."));
        let others = found.iter().any(|it| it.starts_with("move_to"));
        assert!(
            found.iter().any(|it| it == member) && !others,
            "{object}: {found:?}"
        );
    }
}

#[test]
fn properties_are_completed_by_what_has_them() {
    let mut console = console();
    console.eval("let store = resource(\"EVS1 Store\")");
    console.eval("let names = [\"Port\"]");
    for (line, wanted) in [
        (
            "resource(\"EVS1 Store\").get(\"p",
            "PendingTimeout\")|Port\")",
        ),
        ("resource(\"EVS1 Store\").set(\"po", "Port\", "),
        ("store.set(\"pend", "PendingTimeout\", "),
        ("group(\"EVS1\").get(\"", "FailoverThreshold\")"),
        ("quorum().get(\"", ""),
        ("resource(\"EVS9\").get(\"", ""),
        ("names.get(\"", ""),
        ("note(\"even", ""),
    ] {
        assert_eq!(next(&console, line).1.join("|"), wanted, "{line}");
    }
    // A variable has the members of its value.
    let (_, found) = next(&console, "store.");
    assert!(
        found.contains(&"restarts".to_owned()) && !found.contains(&"preferred_owners".to_owned()),
        "{found:?}"
    );
    // A member with the name of a variable is not that variable.
    console.eval("let owner = resource(\"EVS1 Store\")");
    assert!(next(&console, "store.owner.").1.len() > found.len());
}

#[test]
fn properties_are_listed_by_name() {
    let console = console();
    let names = |name: &str| {
        let found = console.properties(name);
        let names = found.map(|all| all.into_iter().map(|it| it.name).collect::<Vec<_>>());
        names.map_err(|error| error.to_string())
    };
    let store = names("EVS1 Store").map(|all| all.join(" "));
    assert_eq!(store.as_deref(), Ok("Port PendingTimeout"));
    assert_eq!(names("EVS1"), Ok(vec!["FailoverThreshold".to_owned()]));
    assert_eq!(names(""), Ok(Vec::new()));
    assert_eq!(
        names("EVS1 Stoer").unwrap_err(),
        "there is no resource or group \"EVS1 Stoer\": did you mean \"EVS1 Store\"?"
    );
}

#[test]
fn every_word_of_the_design_is_documented() {
    let entries = console().docs();
    let has = |on: Option<&str>, name: &str| {
        entries
            .iter()
            .any(|entry| entry.on.as_deref() == on && entry.name == name)
    };
    let free = "now clock nodes groups resources networks disks coordinator quorum outage planned_outage unplanned_outage availability disturbed \
                events status drill cluster run settle eventually always never steady sometimes step note \
                partition heal clients expect expect_eq expect_error node group resource resource_type service network disk \
                policy set_policy dns witness daylight_saving";
    let members = [
        ("Quorum", "kind owner has_quorum"),
        (
            "Node",
            "name state is_up groups crash start shutdown reboot reset freeze thaw pause resume evict stop_service \
             start_service restart_service clock clock_step clock_drift time_zone nic path system_disk \
             hang_monitor resume_monitor fan_fails",
        ),
        ("Nic", "fail repair loss latency duplicate reorder corrupt"),
        (
            "Group",
            "name state owner is_online resources failovers outage planned_outage unplanned_outage preferred_owners policy get online offline move \
             move_to set set_policy",
        ),
        (
            "Resource",
            "name kind state owner owners is_online restarts depends_on dependents get online offline fail set \
             control",
        ),
        ("ResourceType", "name control"),
        ("Answer", "text bytes number size get"),
        (
            "Service",
            "running crash hang slow_answers wrong_answers answers metric fail_starts slow_start repair",
        ),
        ("Path", "fail repair"),
        (
            "SystemDisk",
            "fail slow unsteady hang full read_only fail_flush repair",
        ),
        (
            "Network",
            "name role refused fail black_hole repair loss latency duplicate reorder corrupt partition \
             stranger",
        ),
        ("Dns", "fail refuse slow repair"),
        ("Witness", "name fail slow cut lose repair"),
        (
            "Disk",
            "name owner mounted_on fail repair slow unsteady hang full read_only fail_flush steal stolen",
        ),
        (
            "Clients",
            "requests failures longest_outage longest_response availability part end",
        ),
        ("Fault", "heal"),
        ("int", "milliseconds seconds minutes hours"),
    ];
    for name in free.split_whitespace() {
        assert!(has(None, name), "{name} is not documented");
    }
    for (kind, names) in members {
        for name in names.split_whitespace() {
            assert!(has(Some(kind), name), "{kind}.{name} is not documented");
        }
    }
    for entry in &entries {
        assert!(
            entry.text.len() > 10 && entry.text.ends_with(['.', ')', '`', ';', '"']),
            "{entry:#?}"
        );
    }
}
