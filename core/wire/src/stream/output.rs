//! The end of a stream that sends.

use crate::envelope::{ENVELOPE, Header, Kind};
use crate::ids::NetworkId;
use crate::refused::{Refused, TooLarge};
use crate::sealing::Sealing;
use crate::stream::frame::Frames;
use crate::wire::Wire;

/// Bytes of the answer: an envelope with the stream's number in it.
const ANSWER: usize = ENVELOPE + 8;

/// Why a message was not sealed for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The other end has not answered yet.
    #[error("the other end has not proven who it is yet")]
    NotReady,
    /// The message is too large.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The stream is at its end: open another.
    #[error("the stream is at its end: {0}")]
    Ended(#[from] Refused),
}

enum State {
    Asked,
    Ready(Frames),
    Ended(Refused),
}

/// The end of a stream that sends messages.
pub struct StreamOut {
    opening: Header,
    state: State,
    bytes: Vec<u8>,
}

impl StreamOut {
    /// A stream to node `to` on `network`, and the first bytes to write to it.
    pub fn open(wire: &mut Wire, to: u8, network: NetworkId) -> (StreamOut, Vec<u8>) {
        let number = wire.number_stream();
        let opening = wire.header(Kind::Stream, to, network, 0, number);
        // Nothing in it cannot be too much.
        let first = wire.envelope(&opening, &[]).unwrap_or_default();
        let stream = StreamOut {
            opening,
            state: State::Asked,
            bytes: Vec::new(),
        };
        (stream, first)
    }

    /// Takes bytes as they were read from the other end, and gives those to write once its answer is whole. From then on
    /// messages can be sealed. What is refused ends the stream: close it.
    pub fn input(&mut self, wire: &mut Wire, bytes: &[u8]) -> Result<Option<Vec<u8>>, Refused> {
        let answered = match &self.state {
            State::Ended(refused) => return Err(*refused),
            State::Ready(_) if bytes.is_empty() => return Ok(None),
            State::Ready(frames) => Err(Refused::Misplaced { from: frames.peer }),
            State::Asked => {
                self.bytes.extend_from_slice(bytes);
                self.answered(wire)
            }
        };
        answered.inspect_err(|refused| {
            wire.refuse(*refused);
            self.state = State::Ended(*refused);
        })
    }

    fn answered(&mut self, wire: &mut Wire) -> Result<Option<Vec<u8>>, Refused> {
        if self.bytes.len() < ANSWER {
            return Ok(None);
        }
        let (header, payload) = wire.check(self.opening.network, &self.bytes, ANSWER)?;
        let from = header.from;
        wire.present(from, header.to_boot)?;
        let ours = payload == self.opening.counter.to_le_bytes();
        let right = header.kind == Kind::StreamAnswer && from == self.opening.to;
        if !(ours && right) {
            return Err(Refused::Misplaced { from });
        }
        let found = self.opening.key;
        let key = wire.ring().find(found);
        let key = key.ok_or(Refused::ForeignKey { from, found })?;
        let both = Header {
            to_boot: header.from_boot,
            ..self.opening
        };
        let mut frames = Frames {
            sealing: Sealing::of_stream(key, &both, [self.opening.counter, header.counter]),
            peer: from,
            peer_boot: header.from_boot,
            our_boot: header.to_boot,
            key: found,
            next: 0,
        };
        wire.meet(&header);
        self.bytes = Vec::new();
        // Nothing in it cannot be too much.
        let proof = frames.seal(&[]).unwrap_or_default();
        self.state = State::Ready(frames);
        Ok(Some(proof))
    }

    /// Whether messages can be sealed.
    pub fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready(_))
    }

    /// A message as the bytes to write to the stream. All that was sealed is to be written, in this order: the other end refuses a
    /// stream in which something is missing.
    pub fn seal(&mut self, wire: &Wire, payload: &[u8]) -> Result<Vec<u8>, StreamError> {
        match &mut self.state {
            State::Asked => Err(StreamError::NotReady),
            State::Ended(refused) => Err((*refused).into()),
            State::Ready(frames) => {
                frames.stands(wire)?;
                Ok(frames.seal(payload)?)
            }
        }
    }
}
