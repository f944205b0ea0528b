//! Real programs. The only one that is taken for granted is the shell.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use quorate_host::{Request, Serve, ServiceState, Services};
use quorate_journal::{ServiceEnd, ServiceStep};
use quorate_model::errors::{
    ERROR_CLUSTER_IPADDR_IN_USE, ERROR_FILE_NOT_FOUND, ERROR_GEN_FAILURE,
    ERROR_SERVICE_DOES_NOT_EXIST, WSAECONNREFUSED, WSAETIMEDOUT,
};
use quorate_model::{Ask, Ready, ServiceCommand};

use super::*;

const WHO: Caller<'static> = Caller {
    resource: "Served",
    kind: "Generic Service",
    group: "Web",
};

/// Longer than anything here takes on any machine.
const PATIENCE: Duration = Duration::from_secs(30);

struct Bench {
    machine: SharedMachine,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(services: &[(&str, ServiceCommand)]) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let owned = services.iter().cloned();
        let programs = Programs {
            services: owned.map(|(name, it)| (name.to_owned(), it)).collect(),
            home: folder.path().to_path_buf(),
            logs: folder.path().join("log"),
            sockets: folder.path().join("run"),
            helper: Vec::new(),
            node: "NODE1".into(),
            group: None,
        };
        let scripts = folder.path().to_path_buf();
        let port = free_port();
        let machine = Machine::new(programs, vec!["Public".into()], port);
        let machine = SharedMachine::new(machine, Disks::default(), scripts);
        Bench { machine, folder }
    }

    /// Waits until the service is in this state.
    #[track_caller]
    fn becomes(&mut self, name: &str, state: ServiceState) {
        let begun = Instant::now();
        while self.machine.service_state(WHO, name).unwrap() != state {
            assert!(
                begun.elapsed() < PATIENCE,
                "{name} does not become {state:?}"
            );
            std::thread::yield_now();
        }
    }

    fn told(&mut self) -> Vec<(ServiceStep, Option<ServiceEnd>)> {
        let told = self.machine.take_told().into_iter();
        told.filter_map(|event| match event {
            WorldEvent::Service { to, reason, .. } => Some((to, reason)),
            _ => None,
        })
        .collect()
    }
}

fn free_port() -> u16 {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    taken.local_addr().unwrap().port()
}

fn shell(script: &str) -> ServiceCommand {
    let run = ["/bin/sh", "-c", script].map(str::to_owned);
    ServiceCommand {
        ready: Ready::Alive(Duration::ZERO),
        ..ServiceCommand::new(run.to_vec())
    }
}

#[test]
fn a_service_starts_with_its_parameters_and_stops_when_asked() {
    let script = "trap 'echo stopped >> out; exit 0' TERM; echo $0 $1 $QUORATE_RESOURCE >> out; while :; do sleep 0.01; done";
    let mut bench = Bench::new(&[("spooler", shell(script))]);
    let machine = &mut bench.machine;
    machine
        .service_start_with(WHO, "spooler", 0, "'a b' c", "")
        .unwrap();
    bench.becomes("spooler", ServiceState::Running);
    let out = bench.folder.path().join("out");
    let begun = Instant::now();
    while !out.exists() {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    bench.machine.probe_service(WHO, "spooler").unwrap();
    bench.machine.service_stop(WHO, "spooler").unwrap();
    bench.becomes("spooler", ServiceState::Stopped);
    let text = std::fs::read_to_string(out).unwrap();
    assert_eq!(text, "a b c Served\nstopped\n");
    let steps: Vec<_> = bench.told().into_iter().map(|(to, _)| to).collect();
    use ServiceStep::{Running, StartPending, StopPending, Stopped};
    assert_eq!(steps, [StartPending, Running, StopPending, Stopped]);
    assert!(bench.machine.probe_service(WHO, "spooler").is_err());
}

#[test]
fn a_kill_takes_what_the_program_has_started_and_is_over_when_it_returns() {
    let script = "trap '' TERM; sh -c 'trap \"\" TERM; echo $$ > inner; while :; do sleep 1; done' & wait; while :; do wait; done";
    let mut bench = Bench::new(&[("stubborn", shell(script))]);
    bench.machine.service_start(WHO, "stubborn", 0).unwrap();
    bench.becomes("stubborn", ServiceState::Running);
    let file = bench.folder.path().join("inner");
    let begun = Instant::now();
    let inner = loop {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if let Ok(number) = text.trim().parse::<u32>() {
            break number;
        }
        assert!(begun.elapsed() < PATIENCE);
        std::thread::yield_now();
    };
    bench.machine.service_stop(WHO, "stubborn").unwrap();
    bench.machine.service_kill(WHO, "stubborn").unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{inner}/stat")).unwrap_or_default();
    let runs = !stat.is_empty() && !stat.contains(") Z ");
    assert!(!runs, "{stat}");
    assert_eq!(
        bench.told().pop(),
        Some((ServiceStep::Stopped, Some(ServiceEnd::Killed)))
    );
}

#[test]
fn a_service_that_ends_by_itself_has_crashed_or_never_started() {
    let late = ServiceCommand {
        ready: Ready::Alive(Duration::from_secs(3_600)),
        ..shell("exit 3")
    };
    let crash = shell("while [ ! -e go ]; do sleep 0.01; done");
    let mut bench = Bench::new(&[("late", late), ("crash", crash)]);
    bench.machine.service_start(WHO, "late", 0).unwrap();
    bench.becomes("late", ServiceState::Stopped);
    assert_eq!(
        bench.told().pop(),
        Some((ServiceStep::Stopped, Some(ServiceEnd::StartFailed)))
    );
    bench.machine.service_start(WHO, "crash", 0).unwrap();
    bench.becomes("crash", ServiceState::Running);
    std::fs::write(bench.folder.path().join("go"), "").unwrap();
    bench.becomes("crash", ServiceState::Stopped);
    assert_eq!(
        bench.told().pop(),
        Some((ServiceStep::Stopped, Some(ServiceEnd::Crashed)))
    );
}

#[test]
fn a_service_is_pending_until_its_file_is_there_and_an_old_file_does_not_count() {
    let mut bench = Bench::new(&[]);
    let file = bench.folder.path().join("ready");
    let script = "while [ ! -e go ]; do sleep 0.01; done; echo > ready; sleep 1000";
    let command = ServiceCommand {
        ready: Ready::File(file.display().to_string()),
        ..shell(script)
    };
    std::fs::write(&file, "").unwrap();
    let services = BTreeMap::from([("slow".to_owned(), command)]);
    bench.machine.reload(services);
    bench.machine.service_start(WHO, "slow", 0).unwrap();
    let state = bench.machine.service_state(WHO, "slow").unwrap();
    assert_eq!(state, ServiceState::StartPending);
    std::fs::write(bench.folder.path().join("go"), "").unwrap();
    bench.becomes("slow", ServiceState::Running);
    bench.machine.boot();
    bench.becomes("slow", ServiceState::Stopped);
}

#[test]
fn a_service_that_says_so_itself_is_pending_until_then() {
    let script = "echo $NOTIFY_SOCKET > where.new; mv where.new where; sleep 1000";
    let says = ServiceCommand {
        ready: Ready::Notify,
        ..shell(script)
    };
    let mut bench = Bench::new(&[("says", says), ("silent", shell(script))]);
    let told = |bench: &Bench| {
        let file = bench.folder.path().join("where");
        let begun = Instant::now();
        loop {
            if let Ok(text) = std::fs::read_to_string(&file) {
                std::fs::remove_file(&file).unwrap();
                break text.trim().to_owned();
            }
            assert!(begun.elapsed() < PATIENCE);
            std::thread::yield_now();
        }
    };
    bench.machine.service_start(WHO, "says", 0).unwrap();
    let place = told(&bench);
    let state = bench.machine.service_state(WHO, "says").unwrap();
    assert_eq!(state, ServiceState::StartPending);
    let program = UnixDatagram::unbound().unwrap();
    program.send_to(b"READY=1", &place).unwrap();
    bench.becomes("says", ServiceState::Running);
    assert!(
        !std::path::Path::new(&place).exists(),
        "nobody needs it now"
    );
    bench.machine.service_start(WHO, "silent", 0).unwrap();
    assert_eq!(told(&bench), "", "it is told of no socket");
    bench.machine.boot();
}

/// A server that answers PING, and refuses everything else.
fn pings() -> SocketAddr {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = server.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 64];
            let read = stream.read(&mut asked).unwrap_or(0);
            let answer: &[u8] = match &asked[..read] {
                b"PING\r\n" => b"+PONG\r\n",
                b"" => b"",
                _ => b"-ERR unknown command\r\n",
            };
            let _ = stream.write_all(answer);
        }
    });
    at
}

#[test]
fn a_service_is_asked_what_its_node_file_says_and_its_answer_is_compared() {
    let asks = |at: SocketAddr, send: &str| {
        let ask = Ask {
            at,
            send: send.to_owned(),
            expect: "+PONG".to_owned(),
        };
        ServiceCommand {
            ready: Ready::Answer,
            ask: Some(ask),
            ..shell("sleep 1000")
        }
    };
    let at = pings();
    let nobody = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let services = [
        ("cache", asks(at, "PING\r\n")),
        ("wrong", asks(at, "PANG\r\n")),
        ("absent", asks(nobody, "PING\r\n")),
    ];
    let mut bench = Bench::new(&services);
    for (name, _) in &services {
        bench.machine.service_start(WHO, name, 0).unwrap();
    }
    bench.becomes("cache", ServiceState::Running);
    let begun = Instant::now();
    while bench.machine.probe_service(WHO, "cache").is_err() {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    for (name, code) in [("wrong", ERROR_GEN_FAILURE), ("absent", WSAECONNREFUSED)] {
        let ask = services
            .iter()
            .find(|it| it.0 == name)
            .unwrap()
            .1
            .ask
            .clone();
        let endpoint = Endpoint::Ask(ask.unwrap());
        let begun = Instant::now();
        let why = loop {
            match bench.machine.machine().prober.ask(endpoint.clone()) {
                Err(why) if why.code != WSAETIMEDOUT => break why,
                other => assert!(begun.elapsed() < PATIENCE, "{other:?}"),
            }
            std::thread::yield_now();
        };
        assert_eq!(why.code, code, "{why:?}");
        let state = bench.machine.service_state(WHO, name).unwrap();
        assert_eq!(state, ServiceState::StartPending, "{name}");
    }
    bench.machine.boot();
}

#[test]
fn names_without_a_command_are_refused_and_absolute_paths_run() {
    let mut bench = Bench::new(&[]);
    let refused = bench.machine.service_start(WHO, "MSDTC", 0).unwrap_err();
    assert_eq!(refused.code, ERROR_SERVICE_DOES_NOT_EXIST);
    let refused = bench.machine.service_start(WHO, "/no/such/thing -x", 0);
    assert_eq!(refused.unwrap_err().code, ERROR_FILE_NOT_FOUND);
    let line = "/bin/sh -c 'exit 0'";
    bench.machine.service_start(WHO, line, 0).unwrap();
    bench.becomes(line, ServiceState::Stopped);
}

/// The answer to a probe that says something about the service.
fn answer(
    machine: &mut SharedMachine,
    port: u16,
    protocol: &str,
    wanted: impl Fn(&ServiceResult<String>) -> bool,
) {
    let begun = Instant::now();
    loop {
        let answer = machine.probe_port(WHO, "127.0.0.1", port, protocol);
        if wanted(&answer) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{answer:?}");
        std::thread::yield_now();
    }
}

#[test]
fn a_port_is_asked_in_its_protocol_without_waiting() {
    let mut bench = Bench::new(&[]);
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 64];
            let read = stream.read(&mut asked).unwrap_or(0);
            if asked[..read].starts_with(b"HEAD / ") {
                stream
                    .write_all(b"HTTP/1.0 204 Nothing here\r\n\r\n")
                    .unwrap();
            }
        }
    });
    answer(&mut bench.machine, port, "http", |it| {
        it.as_ref()
            .is_ok_and(|line| line == "HTTP/1.0 204 Nothing here")
    });
    answer(&mut bench.machine, port, "tcp", Result::is_ok);
    answer(&mut bench.machine, free_port(), "smtp", |it| {
        it.as_ref().is_err_and(|why| why.code == WSAECONNREFUSED)
    });
}

#[test]
fn a_request_is_sent_to_a_port_and_the_first_line_of_the_answer_is_told() {
    let mut bench = Bench::new(&[]);
    let at = pings();
    let mut asked = |port: u16, request: &str, wanted: &dyn Fn(&ServiceResult<String>) -> bool| {
        let begun = Instant::now();
        loop {
            let answer = bench.machine.probe_ask(WHO, "127.0.0.1", port, request);
            if wanted(&answer) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{answer:?}");
            std::thread::yield_now();
        }
    };
    asked(at.port(), "PING\r\n", &|it| *it == Ok("+PONG".to_owned()));
    asked(at.port(), "PING", &|it| *it == Ok("+PONG".to_owned()));
    asked(at.port(), "LAG\r\n", &|it| {
        *it == Ok("-ERR unknown command".to_owned())
    });
    asked(free_port(), "PING\r\n", &|it| {
        it.as_ref().is_err_and(|why| why.code == WSAECONNREFUSED)
    });
}

#[test]
fn what_was_answered_before_a_program_listens_is_not_its_answer() {
    let mut prober = Prober::default();
    let at = pings();
    let line = Endpoint::Line("127.0.0.1".to_owned(), at.port(), "PING\r\n".to_owned());
    let begun = Instant::now();
    while prober.ask(line.clone()).is_err() {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    prober.forget_requests("127.0.0.1", at.port());
    let why = prober.ask(line).unwrap_err();
    assert!(why.text.contains("is asked from now on"), "{why:?}");
}

#[test]
fn an_address_of_loopback_is_one_nodes_of_the_machine() {
    let mut one = Bench::new(&[]);
    let mut other = Bench::new(&[]);
    let port = one.machine.machine().addresses.port();
    other.machine.machine().addresses = Addresses::new(port);
    let address = "127.77.66.55";
    one.machine.address_add(WHO, "Public", address).unwrap();
    one.machine.address_works(WHO, "Public", address).unwrap();
    let refused = other
        .machine
        .address_add(WHO, "Public", address)
        .unwrap_err();
    assert_eq!(refused.code, ERROR_CLUSTER_IPADDR_IN_USE);
    one.machine.address_remove(WHO, "Public", address).unwrap();
    assert!(one.machine.address_works(WHO, "Public", address).is_err());
    other.machine.address_add(WHO, "Public", address).unwrap();
    assert!(one.machine.address_add(WHO, "Private", address).is_err());
    assert!(one.machine.address_add(WHO, "Public", "10.0.0.1").is_err());
}

#[test]
fn names_are_this_nodes_own() {
    let mut bench = Bench::new(&[]);
    let machine = &mut bench.machine;
    assert!(machine.name_resolve(WHO, "WEB1").is_err());
    machine.name_register(WHO, "WEB1", "127.0.0.9").unwrap();
    assert_eq!(machine.name_resolve(WHO, "WEB1").unwrap(), "127.0.0.9");
    machine.name_unregister(WHO, "WEB1").unwrap();
    assert!(machine.name_resolve(WHO, "WEB1").is_err());
    assert_eq!(machine.take_told().len(), 2);
}

/// Every request has an answer that fits, whatever the machine lacks.
#[test]
fn every_request_is_answered_in_its_kind() {
    let mut bench = Bench::new(&[]);
    for request in Request::one_of_each() {
        let answer = bench.machine.serve(WHO, request.clone());
        assert!(request.is_answered_by(&answer), "{request:?}: {answer:?}");
    }
}
