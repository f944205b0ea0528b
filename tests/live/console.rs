//! The REPL on a cluster that really runs.

use crate::rig::Rig;
use crate::support::processes::ends;
use crate::support::session::Session;
use crate::support::{finish, quorate};
use crate::warden::driver;

/// What one input does, in a session of its own.
fn once(rig: &Rig, input: &str) -> crate::support::Run {
    let mut command = quorate();
    command.args(["repl", "--node", "node1", "--run"]);
    finish(command.arg(rig.path("run")).args(["-e", input]))
}

#[test]
fn a_session_reads_a_running_cluster_and_gives_it_orders() {
    let mut rig = Rig::formed(98);
    let mut command = quorate();
    let socket = rig.path("run/NODE1/ctl.sock");
    let mut session = Session::begin(command.args(["repl", "--live"]).arg(&socket));
    assert_eq!(session.ask("group(\"web\").owner"), "\"NODE1\"");
    assert_eq!(session.ask("nodes().filter(|n| n.is_up).len()"), "3");
    session.ask("group(\"WEB\").move_to(\"NODE2\")");
    rig.until("it has moved", |rig| {
        rig.web().as_deref() == Some("Hello from NODE2\n")
            && session.ask("group(\"WEB\").owner + group(\"WEB\").state") == "\"NODE2Online\""
    });
    session.ask("group(\"WEB\").set(\"FailoverThreshold\", 7)");
    assert_eq!(
        session.ask("group(\"WEB\").get(\"FailoverThreshold\")"),
        "7"
    );
    rig.until("every node has it", |rig| {
        rig.ctl("NODE3", &["get", "WEB", "FailoverThreshold"]).out == "7\n"
    });
    session.ask("node(\"NODE3\").pause()");
    assert_eq!(session.ask("node(\"NODE3\").state"), "\"Paused\"");
    let why = session.ask(":why WEB");
    for wanted in [
        "WEB is Online on NODE2",
        "NODE2: preferred owner number 2, owns it",
        "NODE1: preferred owner number 1, could take it",
        "NODE3: preferred owner number 3, is Paused",
    ] {
        assert!(why.contains(wanted), "{wanted}: {why}");
    }
    let status = session.ask(":status");
    assert!(status.contains("LIVE98 as NODE1 sees it"), "{status}");
    // The words of other administrators run here, too.
    let foreign = session.ask("cluster node NODE3 /resume");
    assert_eq!(foreign.trim(), "node(\"NODE3\").resume()");
    rig.until("it is resumed", |_| {
        session.ask("node(\"NODE3\").state") == "\"Up\""
    });
    session.ask("resource(\"WEB Server\").fail()");
    rig.until("it has been restarted", |rig| {
        rig.web().is_some() && session.ask("resource(\"WEB Server\").restarts") == "1"
            || session.ask("resource(\"WEB Server\").state") == "\"Online\""
    });
    // A session outlives a node: it says so.
    let driver = driver(&rig, "NODE1").as_raw_nonzero().get();
    rig.kill("NODE1");
    ends(driver.unsigned_abs());
    session.send("group(\"WEB\").owner");
    let ended = session.end();
    assert_eq!(ended.code, 4, "nobody answers");
    assert!(ended.err.contains("no node answers at"), "{}", ended.err);
}

#[test]
fn nothing_is_broken_and_no_time_is_turned_from_a_session_on_a_running_cluster() {
    let rig = Rig::formed(99);
    for (input, wanted) in [
        ("node(\"NODE1\").crash()", "\"crash\" is for rehearsals"),
        (
            "partition([[\"NODE1\"], [\"NODE2\"]])",
            "\"partition\" is for rehearsals",
        ),
        ("run(\"5s\")", "its time passes by itself"),
        (
            "eventually(|| group(\"WEB\").state == \"Online\", \"1m\")",
            "its time passes by itself",
        ),
        ("outage(\"WEB\")", "what only a rehearsal can know"),
        ("group(\"WEB\").is_online", "what only a rehearsal can know"),
        ("events()", "each node keeps its own"),
        ("cluster(\"x.ron\")", "is for drills"),
        (":run 5s", "is for rehearsals"),
        (":undo", "is for rehearsals"),
        (":staus", "did you mean \":status\"?"),
        (":y WBE", "did you mean WEB?"),
        ("cluster group WEB /offline /wait:30", "leave the wait out"),
        (
            "node(\"NODE2\").stop_service()",
            "quorate ctl --node NODE2 stop",
        ),
        ("node(\"NODE2\").shutdown()", "is a real machine"),
        ("group(\"WBE\").owner", "did you mean \"WEB\"?"),
    ] {
        let done = once(&rig, input);
        assert_eq!(done.code, 65, "{input}: {}{}", done.out, done.err);
        assert!(done.err.contains(wanted), "{input}: {}", done.err);
    }
    let refused = once(&rig, "node(\"NODE2\").evict()");
    assert!(
        refused.err.contains("refused with error"),
        "{}",
        refused.err
    );
    assert_eq!(rig.up(), 3);
    let nobody = finish(
        quorate()
            .args(["repl", "--live"])
            .arg(rig.path("run/NODE9/ctl.sock")),
    );
    assert_eq!(nobody.code, 4, "{}", nobody.err);
    let both = finish(quorate().args(["repl", "a.ron", "--live", "b"]));
    assert_eq!(both.code, 64, "{}", both.err);
}
