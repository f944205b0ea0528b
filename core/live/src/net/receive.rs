//! The threads that receive.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use quorate_model::NodeId;
use quorate_wire::{Opened, Refused, Step, StreamIn};

use super::{HandIn, What};

/// Larger than any datagram that is sent, so that a longer one is not taken for a whole one.
const BUFFER: usize = 4_096;

/// How much of a stream is read at once, in bytes.
const PART: usize = 64 * 1_024;

/// How many streams may be open at a time; a stranger who opens more shuts out others only until his have had their time.
const STREAMS_MAX: usize = 64;

/// How long a stream may take to prove who sends it.
const PROOF: Duration = Duration::from_secs(3);

/// For how long one that has may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Receives datagrams.
pub(super) fn datagrams(socket: UdpSocket, to: HandIn) -> io::Result<()> {
    let named = thread::Builder::new().name(format!("datagrams {}", to.name));
    let receive = move || {
        let mut buffer = [0; BUFFER];
        loop {
            let wanted = match socket.recv(&mut buffer) {
                Ok(length) => opened(&to, &buffer[..length]).is_none_or(|what| to.hand_in(what)),
                // An error of an earlier send is told here, and says nothing of this socket.
                Err(_) => {
                    thread::sleep(Duration::from_millis(10));
                    true
                }
            };
            if !wanted {
                return;
            }
        }
    };
    named.spawn(receive).map(drop)
}

/// What a datagram is; `None` for one that only the wire itself needs.
fn opened(to: &HandIn, datagram: &[u8]) -> Option<What> {
    let mut held = to.sealed.hold();
    let wire = held.wire();
    let to_boot = wire.boot();
    Some(match wire.open(to.id, datagram) {
        Ok(Opened::Message { from, payload, .. }) => message(from, to_boot, payload),
        Ok(Opened::Challenge { from, answer, .. }) => What::Answer {
            to: NodeId(from),
            datagram: answer,
        },
        Ok(Opened::Met { .. }) => return None,
        Err(why) => refused(why),
    })
}

fn message(from: u8, to_boot: u64, bytes: Vec<u8>) -> What {
    let from = NodeId(from);
    What::Message {
        from,
        to_boot,
        bytes,
    }
}

fn refused(why: Refused) -> What {
    let why = why.to_string();
    What::Refused { why }
}

/// Receives streams.
pub(super) fn streams(listener: TcpListener, to: HandIn) -> io::Result<()> {
    let named = thread::Builder::new().name(format!("streams {}", to.name));
    let accept = move || {
        let open = Arc::new(AtomicUsize::new(0));
        for stream in listener.incoming() {
            let Ok(stream) = stream else {
                thread::sleep(Duration::from_millis(10));
                continue;
            };
            if open.fetch_add(1, Ordering::Relaxed) >= STREAMS_MAX {
                open.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            let (counted, to) = (Arc::clone(&open), to.clone());
            let named = thread::Builder::new().name(format!("stream {}", to.name));
            let read = move || {
                // However it ends: who sent it sends again.
                let _ = read(stream, &to);
                counted.fetch_sub(1, Ordering::Relaxed);
            };
            if named.spawn(read).is_err() {
                open.fetch_sub(1, Ordering::Relaxed);
            }
        }
    };
    named.spawn(accept).map(drop)
}

/// Reads messages until the stream ends.
fn read(mut stream: TcpStream, to: &HandIn) -> io::Result<()> {
    stream.set_write_timeout(Some(PROOF))?;
    let mut sealed = StreamIn::new(to.id);
    let mut buffer = vec![0; PART];
    let begun = Instant::now();
    loop {
        let patience = match sealed.peer() {
            Some(_) => SILENCE_MAX,
            None => PROOF.saturating_sub(begun.elapsed()),
        };
        if patience.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(patience))?;
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            if sealed.end(to.sealed.hold().wire()).is_err() {
                let why = "a stream ended in the middle".to_owned();
                to.hand_in(What::Refused { why });
            }
            return Ok(());
        }
        sealed.input(&buffer[..length]);
        loop {
            let (step, to_boot) = {
                let mut held = to.sealed.hold();
                (sealed.step(held.wire()), held.wire().boot())
            };
            match step {
                Ok(Some(Step::Answer(bytes))) => stream.write_all(&bytes)?,
                Ok(Some(Step::Message { from, payload, .. })) => {
                    if !to.hand_in(message(from, to_boot, payload)) {
                        return Ok(());
                    }
                }
                Ok(None) => break,
                Err(why) => {
                    to.hand_in(refused(why));
                    return Ok(());
                }
            }
        }
    }
}
