//! The end of a stream that receives.

use crate::envelope::{ENVELOPE, Header, Kind};
use crate::ids::NetworkId;
use crate::refused::Refused;
use crate::sealing::Sealing;
use crate::stream::frame::{Frames, STREAM_MAX};
use crate::wire::Wire;

/// Bytes that a stream keeps room for.
const ROOM: usize = 64 * 1024;

/// What a stream asks of who reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Write these bytes to the stream.
    Answer(Vec<u8>),
    /// A message.
    Message {
        /// The sender.
        from: u8,
        /// The sender's boot.
        boot: u64,
        /// What it said.
        payload: Vec<u8>,
    },
}

enum State {
    /// Nothing is known of who is there.
    Waiting,
    /// Its first envelope was genuine, but may be recorded; the first frame will tell.
    Answered {
        frames: Frames,
        opening: Header,
    },
    Proven(Frames),
    /// Refused: nothing more is read.
    Ended(Refused),
}

/// The end of a stream that receives: bytes in, as they come, messages out.
///
/// Give it what was read by [`StreamIn::input`] and carry out every [`StreamIn::step`] until there is none. It keeps the bytes
/// of one unfinished message; before the other end has proven who it is, that is less than 128 bytes. How long a stream may
/// take to prove itself, and how many may wait for that, is for the driver to bound: it has the clock.
pub struct StreamIn {
    network: NetworkId,
    state: State,
    bytes: Vec<u8>,
}

impl StreamIn {
    /// A stream that somebody has opened, on `network`.
    pub fn new(network: NetworkId) -> StreamIn {
        StreamIn {
            network,
            state: State::Waiting,
            bytes: Vec::new(),
        }
    }

    /// The node at the other end and its boot, once it has proven them.
    pub fn peer(&self) -> Option<(u8, u64)> {
        match &self.state {
            State::Proven(frames) => Some((frames.peer, frames.peer_boot)),
            _ => None,
        }
    }

    /// Takes bytes as they were read, of any number.
    pub fn input(&mut self, bytes: &[u8]) {
        if !matches!(self.state, State::Ended(_)) {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// What is to be done next; nothing until more bytes are there. What is refused ends the stream: close it.
    pub fn step(&mut self, wire: &mut Wire) -> Result<Option<Step>, Refused> {
        if let State::Ended(refused) = self.state {
            return Err(refused);
        }
        let step = self.next(wire);
        match &step {
            Ok(Some(Step::Message { .. })) => wire.counts_mut().delivered += 1,
            Ok(_) => {}
            Err(refused) => {
                wire.refuse(*refused);
                self.state = State::Ended(*refused);
                self.bytes = Vec::new();
            }
        }
        step
    }

    /// The stream has come to its end: whether that was after a whole message.
    pub fn end(&mut self, wire: &mut Wire) -> Result<(), Refused> {
        let whole = matches!(self.state, State::Proven(_)) && self.bytes.is_empty();
        match self.state {
            State::Ended(refused) => Err(refused),
            _ if whole => Ok(()),
            _ => {
                let found = self.bytes.len();
                let needed = found + 1;
                let refused = Refused::Truncated { found, needed };
                wire.refuse(refused);
                self.state = State::Ended(refused);
                Err(refused)
            }
        }
    }

    fn next(&mut self, wire: &mut Wire) -> Result<Option<Step>, Refused> {
        if let State::Waiting = self.state {
            return self.answer(wire);
        }
        if let State::Answered { frames, opening } = &mut self.state {
            frames.stands(wire)?;
            // A sender proves itself by an empty frame, so that nobody has more than its bytes kept here before.
            let Some((_, used)) = frames.open(&self.bytes, 0)? else {
                return Ok(None);
            };
            self.bytes.drain(..used);
            wire.meet(opening);
            self.state = match std::mem::replace(&mut self.state, State::Waiting) {
                State::Answered { frames, .. } => State::Proven(frames),
                state => state,
            };
        }
        let State::Proven(frames) = &mut self.state else {
            return Ok(None);
        };
        frames.stands(wire)?;
        let (from, boot) = (frames.peer, frames.peer_boot);
        let Some((payload, used)) = frames.open(&self.bytes, STREAM_MAX)? else {
            return Ok(None);
        };
        self.bytes.drain(..used);
        // Room for a long message is not kept until the next one.
        self.bytes.shrink_to(ROOM);
        Ok(Some(Step::Message {
            from,
            boot,
            payload,
        }))
    }

    /// Reads the first envelope and answers it.
    fn answer(&mut self, wire: &mut Wire) -> Result<Option<Step>, Refused> {
        let Some(first) = self.bytes.get(..ENVELOPE) else {
            return Ok(None);
        };
        let (opening, _) = wire.check(self.network, first, ENVELOPE)?;
        let Header { from, key, .. } = opening;
        if opening.kind != Kind::Stream {
            return Err(Refused::Misplaced { from });
        }
        self.bytes.drain(..ENVELOPE);
        wire.counts_mut().hellos += 1;
        let number = wire.number_stream();
        let kind = Kind::StreamAnswer;
        let header = wire.header(kind, from, self.network, opening.from_boot, number);
        let answer = wire.envelope(&header, &opening.counter.to_le_bytes());
        // The stream has the key that its sender has chosen.
        let unknown = Refused::ForeignKey { from, found: key };
        let cluster_key = wire.ring().find(key).ok_or(unknown)?;
        // What both know now, in the direction of the frames.
        let both = Header {
            to_boot: wire.boot(),
            ..opening
        };
        self.state = State::Answered {
            frames: Frames {
                sealing: Sealing::of_stream(cluster_key, &both, [opening.counter, number]),
                peer: from,
                peer_boot: opening.from_boot,
                our_boot: wire.boot(),
                key,
                next: 0,
            },
            opening,
        };
        Ok(answer.ok().map(Step::Answer))
    }
}
