//! Connections to where services answer, made on threads of their own: a service that does not answer must not hold up the
//! node.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use quorate_host::ServiceResult;
use quorate_model::errors::{ERROR_GEN_FAILURE, WSAECONNREFUSED, WSAETIMEDOUT};
use quorate_model::{Ask, Reason, Time};

use super::error;
use crate::clock;

/// Where a service answers, and what it is asked there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Endpoint {
    /// An address, a port, and a protocol whose servers are known to say something.
    Protocol(String, u16, String),
    /// An address, a port, and what is sent there. The first line of the answer counts.
    Line(String, u16, String),
    /// What the node file says.
    Ask(Ask),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Protocol(address, port, _) | Endpoint::Line(address, port, _) => {
                write!(f, "{address}:{port}")
            }
            Endpoint::Ask(ask) => write!(f, "{}", ask.at),
        }
    }
}

/// How long a connection, and then an answer, may take.
const LIMIT: Duration = Duration::from_secs(2);

/// How often an endpoint that answers is asked.
const PERIOD: Duration = Duration::from_secs(2);

/// How often one that does not is: it may have been started just now.
const AGAIN: Duration = Duration::from_millis(250);

/// An endpoint that nobody has asked about for so long is not asked any more.
const FORGOTTEN: Duration = Duration::from_secs(120);

/// An answer that is older than this counts for nothing: the thread that asks does not come back.
const STALE: Duration = Duration::from_secs(15);

/// The longest banner that is read, in bytes.
const BANNER_MAX: u64 = 1_024;

/// Asks endpoints again and again, as long as somebody wants to know.
#[derive(Debug, Default)]
pub(super) struct Prober(BTreeMap<Endpoint, Watch>);

#[derive(Debug)]
struct Watch {
    shared: Arc<Shared>,
    wanted: Time,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct State {
    answer: Option<(Instant, ServiceResult<String>)>,
    ends: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.state.lock().ends = true;
        self.shared.bell.notify_all();
    }
}

impl Prober {
    /// Asks an endpoint from now on, and forgets what it answered before.
    pub(super) fn begin(&mut self, endpoint: Endpoint) {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let asked = endpoint.clone();
        let name = format!("probe {endpoint}");
        let started = thread::Builder::new()
            .name(name)
            .spawn(move || watch(&asked, &theirs));
        if let Err(why) = started {
            let text = format!("no thread can be started to ask: {why}");
            let answer = Err(Reason::new(ERROR_GEN_FAILURE, text));
            shared.state.lock().answer = Some((Instant::now(), answer));
        }
        let wanted = clock::now();
        self.0.insert(endpoint, Watch { shared, wanted });
    }

    /// Asks it no more.
    pub(super) fn end(&mut self, endpoint: &Endpoint) {
        self.0.remove(endpoint);
    }

    /// Forgets what was answered to requests at a port: another program answers there from now on.
    pub(super) fn forget_requests(&mut self, address: &str, port: u16) {
        self.0.retain(
            |it, _| !matches!(it, Endpoint::Line(at, number, _) if at == address && *number == port),
        );
    }

    /// What an endpoint answered last: its banner, or the first line. It is asked from now on if it was not before.
    pub(super) fn ask(&mut self, endpoint: Endpoint) -> ServiceResult<String> {
        let now = clock::now();
        self.0
            .retain(|it, watch| *it == endpoint || now.since(watch.wanted) < FORGOTTEN);
        let Some(watch) = self.0.get_mut(&endpoint) else {
            let text = format!("{endpoint} is asked from now on");
            self.begin(endpoint);
            return error(WSAETIMEDOUT, text);
        };
        watch.wanted = now;
        match &watch.shared.state.lock().answer {
            Some((at, answer)) if at.elapsed() < STALE => answer.clone(),
            _ => error(WSAETIMEDOUT, format!("{endpoint} has not answered yet")),
        }
    }
}

fn watch(endpoint: &Endpoint, shared: &Shared) {
    loop {
        let answer = probe(endpoint);
        let mut state = shared.state.lock();
        if state.ends {
            return;
        }
        let period = if answer.is_ok() { PERIOD } else { AGAIN };
        state.answer = Some((Instant::now(), answer));
        shared.bell.wait_for(&mut state, period);
        if state.ends {
            return;
        }
    }
}

/// Connects, and reads what a server says there.
fn probe(endpoint: &Endpoint) -> ServiceResult<String> {
    match endpoint {
        Endpoint::Protocol(address, port, protocol) => {
            let place = place(address, *port)?;
            let answer = banner(connect(place)?, protocol, address);
            answer.or_else(|why| silent(place, &format!("does not answer {protocol}: {why}")))
        }
        Endpoint::Line(address, port, request) => {
            let place = place(address, *port)?;
            let answer = answered(connect(place)?, request);
            answer.or_else(|why| silent(place, &format!("does not answer {request:?}: {why}")))
        }
        Endpoint::Ask(ask) => {
            let answer = asked(connect(ask.at)?, ask);
            let answer = answer
                .or_else(|why| silent(ask.at, &format!("does not answer what it is asked: {why}")));
            let answer = answer?;
            match answer.starts_with(&ask.expect) {
                true => Ok(answer),
                false => error(
                    ERROR_GEN_FAILURE,
                    format!("{} answers {answer:?}, and not {:?}", ask.at, ask.expect),
                ),
            }
        }
    }
}

fn place(address: &str, port: u16) -> ServiceResult<SocketAddr> {
    match address.parse::<IpAddr>() {
        Ok(parsed) => Ok(SocketAddr::new(parsed, port)),
        Err(_) => error(WSAETIMEDOUT, format!("{address} is no address")),
    }
}

/// Sends a request, and reads the first line of the answer.
fn answered(mut stream: TcpStream, request: &str) -> io::Result<String> {
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    stream.write_all(request.as_bytes())?;
    first_line(stream)
}

fn connect(place: SocketAddr) -> ServiceResult<TcpStream> {
    match TcpStream::connect_timeout(&place, LIMIT) {
        Ok(stream) => Ok(stream),
        Err(why) if why.kind() == io::ErrorKind::ConnectionRefused => {
            error(WSAECONNREFUSED, format!("nobody listens on {place}"))
        }
        Err(why) => error(WSAETIMEDOUT, format!("{place} does not answer: {why}")),
    }
}

fn silent<T>(place: SocketAddr, how: &str) -> ServiceResult<T> {
    error(WSAETIMEDOUT, format!("{place} accepts, and {how}"))
}

/// Says what is to be said, and reads as much as is expected.
fn asked(mut stream: TcpStream, ask: &Ask) -> io::Result<String> {
    let begun = Instant::now();
    stream.set_write_timeout(Some(LIMIT))?;
    stream.write_all(ask.send.as_bytes())?;
    let mut answer = vec![0; ask.expect.len()];
    let mut read = 0;
    while read < answer.len() {
        // All of it together has the time of one answer.
        let left = LIMIT.saturating_sub(begun.elapsed());
        stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        match stream.read(&mut answer[read..])? {
            0 => break,
            more => read += more,
        }
        // What is wrong already need not be waited for.
        if !ask.expect.as_bytes().starts_with(&answer[..read]) {
            break;
        }
    }
    answer.truncate(read);
    if read == 0 && !ask.expect.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The first line of a server. One of HTTP must be asked; of other than known protocols nothing is expected.
fn banner(mut stream: TcpStream, protocol: &str, host: &str) -> io::Result<String> {
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    match protocol.to_ascii_lowercase().as_str() {
        "http" => {
            let request = format!("HEAD / HTTP/1.0\r\nHost: {host}\r\nUser-Agent: quorate\r\n\r\n");
            stream.write_all(request.as_bytes())?;
        }
        "smtp" | "imap" | "imap4" | "pop3" => {}
        other => return Ok(format!("{other} accepted")),
    }
    first_line(stream)
}

fn first_line(stream: TcpStream) -> io::Result<String> {
    let mut line = String::new();
    let mut lines = BufReader::new(stream.take(BANNER_MAX));
    if lines.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}
