//! Streams to other machines, one for each peer and network, for messages that are too large for a datagram.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use quorate_model::NodeId;
use quorate_wire::{NetworkId, StreamOut};

use super::Sealed;

/// How many messages may wait for one stream. The oldest are dropped: the node sends again what is still needed.
const WAITING_MAX: usize = 8;

/// How long a connection may take to be made, and its other end to say who it is.
const CONNECT: Duration = Duration::from_secs(2);

/// How long a part of a message may take to be taken.
const WRITE: Duration = Duration::from_secs(5);

/// After a failure nothing is tried for so long.
const PAUSE: Duration = Duration::from_millis(500);

/// A stream that was not used for so long may have been closed at the other end.
const IDLE: Duration = Duration::from_secs(30);

/// How often a message is tried, each time on a new stream.
const TRIES: u32 = 2;

/// A node, a network, and where the node receives on it.
pub(super) type To = (NodeId, NetworkId, SocketAddr);

/// The streams that were needed so far.
#[derive(Debug, Default)]
pub(super) struct Streams(BTreeMap<To, Arc<Outbox>>);

#[derive(Debug, Default)]
struct Outbox {
    waiting: Mutex<VecDeque<Vec<u8>>>,
    bell: Condvar,
}

impl Streams {
    /// Sends a message; it may be lost.
    pub(super) fn send(&mut self, sealed: &Sealed, to: To, message: Vec<u8>) {
        let outbox = match self.0.get(&to) {
            Some(outbox) => outbox,
            None => {
                let outbox = Arc::new(Outbox::default());
                let (theirs, sealed) = (Arc::clone(&outbox), sealed.clone());
                let named = thread::Builder::new().name(format!("stream to {}", to.0));
                if named.spawn(move || deliver(to, &sealed, &theirs)).is_err() {
                    return;
                }
                self.0.entry(to).or_insert(outbox)
            }
        };
        let mut waiting = outbox.waiting.lock();
        waiting.push_back(message);
        if waiting.len() > WAITING_MAX {
            waiting.pop_front();
        }
        outbox.bell.notify_one();
    }
}

/// Sends what waits, the newest first: it makes the older ones needless, as a rule.
fn deliver(to: To, sealed: &Sealed, outbox: &Outbox) {
    let mut open: Option<Open> = None;
    loop {
        let message = {
            let mut waiting = outbox.waiting.lock();
            loop {
                match waiting.pop_back() {
                    Some(message) => break message,
                    None => outbox.bell.wait(&mut waiting),
                }
            }
        };
        for _ in 0..TRIES {
            let fresh = open.take().filter(|it| it.used.elapsed() < IDLE);
            let sent = fresh
                .map_or_else(|| Open::connect(to, sealed), Ok)
                .and_then(|mut it| {
                    it.write(sealed, &message)?;
                    Ok(it)
                });
            if let Ok(sent) = sent {
                open = Some(sent);
                break;
            }
            // One that was of an earlier boot, on either side, ends like this.
            thread::sleep(PAUSE);
        }
    }
}

/// A stream whose other end has proven who it is.
struct Open {
    stream: TcpStream,
    sealed: StreamOut,
    used: Instant,
}

impl Open {
    fn connect((node, network, place): To, sealed: &Sealed) -> io::Result<Open> {
        let mut stream = TcpStream::connect_timeout(&place, CONNECT)?;
        stream.set_write_timeout(Some(WRITE))?;
        stream.set_read_timeout(Some(CONNECT))?;
        stream.set_nodelay(true)?;
        let (mut out, first) = StreamOut::open(sealed.hold().wire(), node.0, network);
        stream.write_all(&first)?;
        let mut buffer = [0; 256];
        while !out.is_ready() {
            let length = stream.read(&mut buffer)?;
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let proof = out
                .input(sealed.hold().wire(), &buffer[..length])
                .map_err(io::Error::other)?;
            if let Some(proof) = proof {
                stream.write_all(&proof)?;
            }
        }
        Ok(Open {
            stream,
            sealed: out,
            used: Instant::now(),
        })
    }

    fn write(&mut self, sealed: &Sealed, message: &[u8]) -> io::Result<()> {
        let bytes = self.sealed.seal(sealed.hold().wire(), message);
        self.stream.write_all(&bytes.map_err(io::Error::other)?)?;
        self.used = Instant::now();
        Ok(())
    }
}
