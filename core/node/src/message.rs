//! What nodes say to each other, and its bytes on a wire.

use std::sync::Arc;

use quorate_log::{Body as LogBody, NodeSet};
use quorate_model::control::{ControlCode, ControlOf};
use quorate_model::{NodeDefinition, NodeId, Reason};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError};
use crate::database::Proposal;

/// The longest message that goes as a datagram, in bytes: what a network carries in one piece, with room for the
/// headers around it. Longer ones go as a stream, which both nodes must be able to send on.
pub const DATAGRAM_MAX: usize = 1_200;
/// More than everything of a heartbeat but its echoes takes, in bytes.
const HEARTBEAT_BARE: usize = 128;

/// What one node sends another: a datagram, or if it is longer a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Which boot of the sender this is from.
    pub incarnation: u64,
    /// What it says.
    pub(crate) body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Body {
    /// Many receivers share one.
    Heartbeat(Arc<Heartbeat>),
    Log(quorate_log::Message),
    /// Updates for the coordinator to put into the stream, oldest first.
    Propose(Vec<Proposal>),
    /// This boot of the sender runs nothing any more, and never will: nobody need wait until it has certainly stopped.
    Goodbye,
    /// The coordinator of a Standard quorum has taken the quorum disk offline, for the receiver to win it.
    HandOver,
    /// The coordinator does not take this boot of the receiver for a node of its cluster: it was evicted, or its copy
    /// of the database is not the one that the cluster knows.
    Stranger {
        incarnation: u64,
    },
    /// The sender wants to join, and the receiver, which coordinates, is not in its copy of the database, or is there
    /// with another copy.
    WhoAreYou,
    /// The answer to that. A coordinator names the nodes of its cluster, anybody else those whose copies its log names.
    Nodes(Vec<Introduction>),
    /// The coordinator keeps this boot of the receiver out, because of how it was started.
    KeptOut {
        incarnation: u64,
        /// Quorum was forced without the receiver, which has no say until it is taken in again.
        forced: bool,
    },
    /// A control code for the receiver's resource monitor.
    Control(Question),
    /// What came of one that this boot of the receiver had asked.
    ControlOutcome {
        incarnation: u64,
        ticket: u64,
        outcome: Outcome,
    },
}

/// A control code, on its way to the node that is to have it carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Question {
    /// The asking boot's number for it: 1, 2, 3 …
    pub(crate) ticket: u64,
    /// Which boot of the receiver is asked.
    pub(crate) incarnation: u64,
    pub(crate) of: ControlOf,
    pub(crate) code: ControlCode,
    pub(crate) input: Vec<u8>,
}

/// What came of a control code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// What the resource monitor said.
    Said(Result<Vec<u8>, Reason>),
    /// Nothing was carried out, and never will be: the node does not own the resource.
    NotOwner,
}

/// A node as the coordinator's database has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Introduction {
    pub(crate) node: NodeDefinition,
    /// Which copy of the database it has; 0 if that is not known.
    pub(crate) identity: u64,
}

/// "I live", and whom I heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heartbeat {
    /// The sender's clock (µs) now.
    pub(crate) sent: u64,
    /// The newest `sent` of each peer that the sender has heard, with the boot it came from.
    pub(crate) echoes: Vec<(NodeId, u64, u64)>,
    pub(crate) standing: Standing,
    /// The view the sender knows, and its members.
    pub(crate) view: u64,
    pub(crate) members: NodeSet,
    /// Set by a coordinator whose quorum stands: the log's term, and how long ago (µs) that was last confirmed.
    pub(crate) coordinates: Option<(u64, u64)>,
    /// Whether the sender knows a coordinator whose quorum stands.
    pub(crate) quorate: bool,
}

/// What the sender of a heartbeat is, in its own eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Standing {
    /// Looking for a cluster.
    Joining,
    /// A member of the view it names.
    Member,
    /// A member that is stopping: give it nothing more.
    Leaving,
}

/// A heartbeat of one boot of a node, which all who hear it share.
#[derive(Clone, Debug)]
pub struct Beat {
    pub(crate) incarnation: u64,
    pub(crate) heartbeat: Arc<Heartbeat>,
}

impl From<Beat> for Message {
    fn from(beat: Beat) -> Message {
        Message {
            incarnation: beat.incarnation,
            body: Body::Heartbeat(beat.heartbeat),
        }
    }
}

impl Heartbeat {
    /// The newest `sent` of this boot of a node that the sender has heard.
    pub(crate) fn echo(&self, node: NodeId, incarnation: u64) -> Option<u64> {
        let mut echoes = self.echoes.iter();
        let found = echoes.find(|(of, boot, _)| (*of, *boot) == (node, incarnation));
        found.map(|(_, _, sent)| *sent)
    }

    /// More bytes than its message has. It is sent to every node on every network, so it is not measured each time.
    fn bound(&self) -> usize {
        let all = (0, 0);
        let (boots, sent) = self
            .echoes
            .iter()
            .fold(all, |(boots, sent), echo| (boots | echo.1, sent | echo.2));
        let echo = 1 + varint_max(boots) + varint_max(sent);
        HEARTBEAT_BARE + self.echoes.len() * echo
    }
}

/// The most bytes that a number takes whose bits are all in these: seven of them a byte.
fn varint_max(bits: u64) -> usize {
    (u64::BITS - bits.leading_zeros()).div_ceil(7).max(1) as usize
}

impl Message {
    /// The message's kind, in one word, for logs.
    pub fn kind(&self) -> &'static str {
        match &self.body {
            Body::Heartbeat(_) => "heartbeat",
            Body::Log(_) => "log",
            Body::Propose(_) => "propose",
            Body::Goodbye => "goodbye",
            Body::HandOver => "hand-over",
            Body::Stranger { .. } => "stranger",
            Body::WhoAreYou => "who-are-you",
            Body::Nodes(_) => "nodes",
            Body::KeptOut { .. } => "kept-out",
            Body::Control(_) => "control",
            Body::ControlOutcome { .. } => "control-outcome",
        }
    }

    /// The heartbeat that it is, if it is one.
    pub fn beat(&self) -> Option<Beat> {
        match &self.body {
            Body::Heartbeat(heartbeat) => Some(Beat {
                incarnation: self.incarnation,
                heartbeat: Arc::clone(heartbeat),
            }),
            _ => None,
        }
    }

    /// Whether the sender says that it runs nothing any more.
    pub fn says_goodbye(&self) -> bool {
        matches!(self.body, Body::Goodbye)
    }

    /// How many bytes [`encode`](Self::encode) gives.
    pub fn size(&self) -> usize {
        codec::size(self)
    }

    /// Its [`size`](Self::size) if it is longer than [`DATAGRAM_MAX`], so that it goes as a stream.
    pub fn stream_size(&self) -> Option<usize> {
        // Most messages have a bound far below that, and need not be measured.
        let bounded = match &self.body {
            Body::Heartbeat(heartbeat) => heartbeat.bound() <= DATAGRAM_MAX,
            Body::Log(message) => match &message.body {
                LogBody::Append { entries, .. } => entries.is_empty(),
                LogBody::Install { .. } | LogBody::Replace { .. } => false,
                LogBody::PreVote { .. }
                | LogBody::PreVoteReply { .. }
                | LogBody::Vote { .. }
                | LogBody::VoteReply { .. }
                | LogBody::AppendReply { .. }
                | LogBody::TimeoutNow => true,
            },
            Body::Goodbye
            | Body::HandOver
            | Body::Stranger { .. }
            | Body::WhoAreYou
            | Body::KeptOut { .. } => true,
            Body::Propose(_) | Body::Nodes(_) | Body::Control(_) | Body::ControlOutcome { .. } => {
                false
            }
        };
        let size = (!bounded).then(|| self.size());
        size.filter(|size| *size > DATAGRAM_MAX)
    }

    /// The message as bytes for a datagram or a stream: version, checksum, body.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads what [`encode`](Self::encode) has written.
    ///
    /// # Errors
    /// Says what is wrong with the bytes: too short, another version, damaged, or no message.
    pub fn decode(bytes: &[u8]) -> Result<Message, CodecError> {
        codec::decode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_log::{AppendOutcome, Message as LogMessage};

    fn heartbeat(echoes: usize) -> Body {
        Body::Heartbeat(Arc::new(Heartbeat {
            sent: u64::MAX,
            echoes: vec![(NodeId(u8::MAX), u64::MAX, u64::MAX); echoes],
            standing: Standing::Leaving,
            view: u64::MAX,
            members: (1..=64).collect(),
            coordinates: Some((u64::MAX, u64::MAX)),
            quorate: true,
        }))
    }

    fn message(body: Body) -> Message {
        Message {
            incarnation: u64::MAX,
            body,
        }
    }

    /// What is taken for short without being measured is.
    #[test]
    fn a_message_is_a_stream_if_its_bytes_are_more_than_a_datagram_holds() {
        let log = |body| {
            Body::Log(LogMessage {
                identity: u64::MAX,
                term: u64::MAX,
                body,
            })
        };
        let position = |entries| {
            log(LogBody::Append {
                prev_index: u64::MAX,
                prev_term: u64::MAX,
                entries,
                commit: u64::MAX,
                round: Some(u64::MAX),
            })
        };
        let rejected = AppendOutcome::Rejected {
            prev_index: u64::MAX,
            hint_index: u64::MAX,
            hint_term: u64::MAX,
        };
        let reply = LogBody::AppendReply {
            round: Some(u64::MAX),
            outcome: rejected,
        };
        let vote = LogBody::Vote {
            last_index: u64::MAX,
            last_term: u64::MAX,
            transfer: true,
        };
        let stranger = Body::Stranger {
            incarnation: u64::MAX,
        };
        let short = [
            heartbeat(7),
            heartbeat(40),
            position(Vec::new()),
            log(reply),
            log(vote),
            Body::Goodbye,
            stranger,
        ];
        let bytes = |length: usize| {
            let entry = quorate_log::Entry {
                index: 1,
                term: 1,
                kind: quorate_log::EntryKind::Update(vec![0; length]),
            };
            position(vec![entry])
        };
        let around = (1_000..1_300).map(bytes);
        let mut streams = 0;
        for body in short.into_iter().chain(around).chain([heartbeat(64)]) {
            let message = message(body);
            let length = message.encode().len();
            assert_eq!(message.size(), length);
            let size = (length > DATAGRAM_MAX).then_some(length);
            assert_eq!(message.stream_size(), size, "{length} bytes");
            streams += usize::from(size.is_some());
        }
        assert!((100..300).contains(&streams), "{streams} of some 300");
    }

    #[test]
    fn a_heartbeat_is_never_longer_than_its_bound() {
        let mut short = 0;
        for bits in 0..=64 {
            let number = 1_u64.checked_shl(bits).unwrap_or(0);
            for value in [number, number.wrapping_sub(1)] {
                for count in [0, 1, 7, 51, 52, 63, 64_u8] {
                    let echoes = (1..=count).map(|node| (NodeId(node), value, value));
                    let heartbeat = Heartbeat {
                        sent: u64::MAX,
                        echoes: echoes.collect(),
                        standing: Standing::Leaving,
                        view: u64::MAX,
                        members: (1..=65).collect(),
                        coordinates: Some((u64::MAX, u64::MAX)),
                        quorate: true,
                    };
                    let bound = heartbeat.bound();
                    let message = Message {
                        incarnation: u64::MAX,
                        body: Body::Heartbeat(Arc::new(heartbeat)),
                    };
                    let size = message.size();
                    assert!(
                        bound >= size,
                        "{count} echoes of {value}: {bound} and {size}"
                    );
                    assert_eq!(message.stream_size(), (size > DATAGRAM_MAX).then_some(size));
                    short += usize::from(count == 64 && bound <= DATAGRAM_MAX);
                }
            }
        }
        assert!(
            short > 80,
            "of {short} heartbeats of the largest cluster nothing was measured"
        );
    }
}
