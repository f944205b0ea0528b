//! Scripts in the SDK's test world.

use std::time::Duration;

use quorate_sdk::test::{Instance, State, World};
use quorate_sdk::{ServiceState, codes};

use super::*;

const PATH: &str = "web.rhai";

/// A web server: a service, and the port it answers on.
const WEB: &str = r#"
const PORT = 80;

fn online() {
    let web = service("httpd");
    let progress = web.start();
    if !progress.is_done { return progress; }
    web.listen(address(), global::PORT, "http");
}

fn looks_alive() { service("httpd").is_running }

fn is_alive() {
    probe(address(), global::PORT, "http").starts_with("HTTP/1.1 200")
}
"#;

fn opened(world: &World, text: &str) -> Instance {
    world.set_script(PATH, Some(text));
    world.address("Public", "10.0.0.30").put_on("NODE1");
    world
        .resource::<GenericScript>("Web")
        .property("ScriptFilepath", PATH)
        .depends_on_facts("IP Address", "Web IP", &[("Address", "10.0.0.30")])
        .open()
        .unwrap()
}

fn refused(text: &str) -> String {
    let world = World::new();
    let answer = opened(&world, text).online();
    answer.expect_err(text).text().to_owned()
}

/// A script whose `online` is this.
fn online(body: &str) -> String {
    format!("fn online() {{ {body} }} fn is_alive() {{ true }}")
}

#[test]
fn a_mark_before_a_script_is_no_part_of_it() {
    let world = World::new();
    let text = format!("\u{feff}{}", online(""));
    opened(&world, &text).online().unwrap();
}

#[test]
fn a_script_takes_its_time_answers_and_dies_with_its_service() {
    let world = World::new();
    let web = opened(&world, WEB);
    let httpd = world.service("Web", "httpd");
    httpd.set_start_time(Duration::from_secs(4));
    web.begin_online().unwrap();
    world.run(Duration::from_millis(3_900));
    assert_eq!(web.state(), State::OnlinePending);
    world.run(Duration::from_millis(200));
    assert_eq!(web.state(), State::Online);
    web.is_alive().unwrap();

    httpd.crash();
    world.run(Duration::from_secs(5));
    assert_eq!(web.state(), State::Failed);

    web.online().unwrap();
    httpd.hang();
    world.run(Duration::from_secs(60));
    assert_eq!(web.state(), State::Failed, "{}", web.last_error());
    assert!(
        web.last_error()
            .starts_with("web.rhai:14:5: connect to http on 10.0.0.30:80"),
        "{}",
        web.last_error()
    );
}

#[test]
fn without_offline_and_terminate_what_was_started_is_stopped_and_killed() {
    let world = World::new();
    let web = opened(&world, WEB);
    let httpd = world.service("Web", "httpd");
    web.online().unwrap();
    web.begin_offline().unwrap();
    assert_eq!(web.state(), State::OfflinePending, "gracefully");
    world.run(Duration::from_secs(2));
    assert_eq!(
        (web.state(), httpd.state()),
        (State::Offline, ServiceState::Stopped)
    );
    web.online().unwrap();
    web.terminate();
    assert_eq!(httpd.state(), ServiceState::Stopped);
}

#[test]
fn a_start_that_fails_fails_online_with_its_place() {
    let world = World::new();
    world.service("Web", "httpd").fail_starts(1);
    let web = opened(&world, WEB);
    let error = web.online().unwrap_err();
    assert_eq!(
        error.text(),
        "web.rhai:6:24: service `httpd` stopped while it was starting"
    );
    web.online().unwrap();
}

#[test]
fn a_script_that_is_not_there_fails_online_until_it_is() {
    let world = World::new();
    let web = opened(&world, WEB);
    world.set_script(PATH, None);
    let error = web.online().unwrap_err();
    assert_eq!(error.text(), "read script `web.rhai`: no such file (2)");
    world.set_script(PATH, Some(WEB));
    web.online().unwrap();
    // The script is loaded already.
    world.set_script(PATH, None);
    world.run(Duration::from_secs(120));
    assert_eq!(web.state(), State::Online);
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (text, wanted) in [
        ("fn online( {", "web.rhai:1:12: "),
        (
            "fn online() {}",
            "web.rhai: there is no function is_alive: write fn is_alive()",
        ),
        (
            "fn online(a) {} fn is_alive() { true }",
            "web.rhai: online takes no arguments",
        ),
        (&online("throw \"no licence\""), "web.rhai:1:15: no licence"),
        (&online("false"), "web.rhai: online said false"),
        (
            &online("42"),
            "web.rhai: online may say true, false, nothing or pending(\"2s\"), and said 42 (i64)",
        ),
        (
            &online("servce(\"x\")"),
            "web.rhai:1:15: Function not found: servce",
        ),
        (
            &online("loop {}"),
            "web.rhai: in online: Too many operations",
        ),
        (
            &online("sleep(5)"),
            "web.rhai:1:15: nothing here waits: return pending(\"2s\")",
        ),
        (&online("timestamp()"), "web.rhai:1:15: time is the host's"),
        (
            &online("rand(1, 6)"),
            "web.rhai:1:15: numbers are the host's",
        ),
        (
            &online("pending(\"soon\")"),
            "web.rhai:1:15: `soon` is no wait",
        ),
        (
            &online("disk().files"),
            "web.rhai:1:15: `Web` depends on no resource of type Physical Disk",
        ),
        (&online("import \"x\" as x;"), "web.rhai:1:15: "),
    ] {
        let error = refused(text);
        assert!(error.starts_with(wanted), "{text}: {error}");
    }
}

#[test]
fn a_check_says_true_or_false_and_nothing_else() {
    for (check, wanted) in [
        ("false", "web.rhai: is_alive said false"),
        (
            "let well = true;",
            "web.rhai: is_alive must say true or false, and said  (())",
        ),
        ("throw \"sick\"", "web.rhai:1:33: sick"),
    ] {
        let world = World::new();
        let web = opened(
            &world,
            &format!("fn online() {{ }} fn is_alive() {{ {check} }}"),
        );
        web.online().unwrap();
        assert!(web.is_alive().is_err());
        assert!(web.last_error().starts_with(wanted), "{}", web.last_error());
    }
}

#[test]
fn this_remembers_between_calls_and_a_new_script_begins_anew() {
    let world = World::new();
    let counting = "
        fn open() { this.opened = true; }
        fn online() {
            this.calls = if again() { this.calls + 1 } else { 1 };
            if this.calls < 3 { return pending(\"2s\"); }
            this.opened
        }
        fn is_alive() { this.calls == 3 }
        fn close() { log(\"closed\"); }";
    let web = opened(&world, counting);
    web.begin_online().unwrap();
    world.run(Duration::from_millis(3_999));
    assert_eq!(web.state(), State::OnlinePending);
    world.run(Duration::from_millis(1));
    assert_eq!(web.state(), State::Online);
    web.is_alive().unwrap();
    web.offline().unwrap();
    world.set_script(PATH, Some(&counting.replace("< 3", "< 1")));
    web.online().unwrap();
    assert!(world.log().iter().any(|(_, _, line)| line == "closed"));
    assert!(web.is_alive().is_err(), "one call was enough");
}

#[test]
fn what_is_kept_follows_the_resource() {
    let world = World::new();
    let text = "
        fn online() {
            let so_far = load(\"starts\");
            save(\"starts\", if so_far == () { \"I\" } else { so_far + \"I\" });
            log(load(\"starts\"));
        }
        fn is_alive() { true }";
    opened(&world, text).online().unwrap();
    let there = world.resource::<GenericScript>("Web").on("NODE2");
    let there = there.property("ScriptFilepath", PATH).open().unwrap();
    there.online().unwrap();
    assert_eq!(world.log().last().unwrap().2, "II");
}

#[test]
fn pending_ends_by_pending_timeout() {
    let world = World::new();
    let web = opened(&world, &online("pending(\"1s\")"));
    web.begin_online().unwrap();
    world.run(Duration::from_secs(181));
    assert_eq!(web.state(), State::Failed);
    let patient = opened(&world, &online("advanced(\"1s\")"));
    patient.begin_online().unwrap();
    world.run(Duration::from_secs(1_000));
    assert_eq!(patient.state(), State::OnlinePending);
}

/// A script that writes and reads at each check, on a mounted disk.
fn on_a_disk(world: &World) -> Instance {
    world.disk("W:").mount_on("NODE1");
    world.set_script(
        "disk.rhai",
        Some(r#"
        fn online() { disk("W:").write("a", "1"); disk("W:").write("b", "2"); }
        fn looks_alive() { true }
        fn is_alive() { let now = `${now()}`; disk("W:").write("a", now); disk("W:").read("a") == now }
        "#),
    );
    let builder = world.resource::<GenericScript>("Script");
    builder
        .property("ScriptFilepath", "disk.rhai")
        .open()
        .unwrap()
}

#[test]
fn a_disk_that_is_a_second_late_leaves_a_script_pending_and_alive() {
    let world = World::new();
    let script = on_a_disk(&world);
    world.disk("W:").set_delay(Duration::from_secs(1));
    script.begin_online().unwrap();
    assert_eq!(script.state(), State::OnlinePending);
    world.run(Duration::from_secs(3));
    assert_eq!(script.state(), State::Online);
    assert_eq!(world.disk("W:").files(), ["a", "b"]);
    world.run(Duration::from_secs(600));
    assert_eq!(script.state(), State::Online);
    assert_ne!(world.disk("W:").contents("a").as_deref(), Some(&b"1"[..]));
}

#[test]
fn a_disk_that_is_an_hour_late_fails_a_script_at_its_check() {
    let world = World::new();
    let script = on_a_disk(&world);
    script.online().unwrap();
    world.disk("W:").set_delay(Duration::from_secs(3_600));
    world.run(Duration::from_secs(60 + 35));
    assert_eq!(script.state(), State::Failed);
}

#[test]
fn a_script_answers_control_codes_once_it_was_online() {
    let world = World::new();
    let answering = "
        fn online() {}
        fn is_alive() { true }
        fn control() {
            switch control_code() {
                1 => control_input(),
                2 => control_bytes(),
                3 => throw \"never\",
                4 => 4,
            }
        }";
    let web = opened(&world, answering);
    let code = |code: u32, input: &[u8]| {
        let answer = web.control(code, input);
        answer.map_err(|error| (error.code(), error.text().to_owned()))
    };
    let unhandled = |answer: Result<Vec<u8>, (u32, String)>| {
        assert_eq!(answer.unwrap_err().0, codes::ERROR_INVALID_FUNCTION);
    };
    unhandled(code(1, b"early"));
    web.online().unwrap();
    assert_eq!(code(1, b"text"), Ok(b"text".to_vec()));
    assert_eq!(code(2, b"\xff\x00"), Ok(b"\xff\x00".to_vec()));
    for (number, why) in [(1, "is no text"), (3, "never"), (4, "may say a text")] {
        let (found, text) = code(number, b"\xff").unwrap_err();
        assert_eq!(found, codes::ERROR_RESOURCE_FAILED, "{text}");
        assert!(text.contains(why), "{text}");
    }
    unhandled(code(5, b""));
    // A script that uses it elsewhere gets an error.
    let refused = refused("fn online() { control_code() } fn is_alive() { true }");
    assert!(
        refused.contains("only `control` may look at it"),
        "{refused}"
    );
}
