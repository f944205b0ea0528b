//! The file of a file share witness: what a node asks of it, and how it is answered and changed.

use quorate_log::Witness;
use quorate_model::{Name, NodeId};
use serde::{Deserialize, Serialize};

use crate::codec;

// The log's number for a witness must be one that updates can name.
const _: () = assert!(NodeId::MAX.0 == Witness::ID);

/// The number under which the witness is a voter.
pub(crate) const WITNESS: NodeId = NodeId(Witness::ID);

/// A question to a file share witness.
///
/// Whoever carries it out locks the file, reads it, has [`answer`](WitnessRequest::answer) make the new contents and the
/// reply, writes and flushes those contents, unlocks the file, and only then hands the reply in. If the share cannot be
/// reached, nothing is handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessRequest {
    /// Handed back with the reply.
    pub ticket: u64,
    /// The share, as the property `MNSFileShare` names it.
    pub share: Name,
    pub(crate) from: NodeId,
    /// `None` asks only how often leaders have written.
    pub(crate) message: Option<quorate_log::Message>,
    pub(crate) quiet: Option<u64>,
    /// The identity of a file that does not exist yet.
    pub(crate) fresh: u64,
}

/// What a file share witness replied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessReply {
    /// From the request.
    pub ticket: u64,
    pub(crate) result: Result<(Option<quorate_log::Message>, u64), codec::CodecError>,
}

/// The contents of the file.
#[derive(Serialize, Deserialize)]
pub(crate) struct File(pub(crate) Witness);

impl WitnessRequest {
    /// Answers with the file at hand: what it is to hold from now on (`None`: it stays as it is), and the reply. `file`
    /// is what it holds, `None` if it is not there. A damaged file stays as it is, and the reply says so.
    pub fn answer(&self, file: Option<&[u8]>) -> (Option<Vec<u8>>, WitnessReply) {
        let ticket = self.ticket;
        let kept = match file {
            Some(bytes) => codec::decode(bytes),
            None => Ok(File(Witness::new(self.fresh))),
        };
        match (kept, &self.message) {
            (Ok(File(mut witness)), Some(message)) => {
                let answer = witness.answer(self.from.0, message, self.quiet);
                let beats = witness.beats;
                let bytes = codec::encode(&File(witness));
                let result = Ok((answer, beats));
                (Some(bytes), WitnessReply { ticket, result })
            }
            (Ok(File(witness)), None) => {
                let result = Ok((None, witness.beats));
                (None, WitnessReply { ticket, result })
            }
            (Err(error), _) => {
                let result = Err(error);
                (None, WitnessReply { ticket, result })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use quorate_log::{Body, Message};

    use super::*;

    fn request(ticket: u64, quiet: Option<u64>) -> WitnessRequest {
        let body = Body::Append {
            prev_index: 4,
            prev_term: 2,
            entries: Vec::new(),
            commit: 0,
            round: Some(1),
        };
        WitnessRequest {
            ticket,
            share: "\\\\FILES\\witness".into(),
            from: NodeId(1),
            message: Some(Message {
                identity: 7,
                term: 2,
                body,
            }),
            quiet,
            fresh: 9,
        }
    }

    #[test]
    fn what_it_says_is_in_the_file_before_it_says_it() {
        let (file, reply) = request(1, None).answer(None);
        let file = file.unwrap();
        assert_eq!(reply.ticket, 1);
        let (answer, beats) = reply.result.unwrap();
        assert_eq!((answer.unwrap().identity, beats), (9, 1));
        let File(kept) = codec::decode::<File>(&file).unwrap();
        assert_eq!((kept.last, kept.identity), ((2, 4), 9));
        let (_, again) = request(2, None).answer(Some(&file));
        assert_eq!(again.result.unwrap().1, 2);
    }

    #[test]
    fn an_update_that_names_the_witness_is_read_as_it_was_written() {
        let written = codec::encode(&WITNESS);
        assert_eq!(codec::decode::<NodeId>(&written), Ok(WITNESS));
    }

    #[test]
    fn a_look_changes_nothing() {
        let look = WitnessRequest {
            message: None,
            ..request(1, None)
        };
        let (file, reply) = look.answer(None);
        assert_eq!((file, reply.result), (None, Ok((None, 0))));
        let (file, _) = request(2, None).answer(None);
        let (written, reply) = look.answer(file.as_deref());
        assert_eq!((written, reply.result), (None, Ok((None, 1))));
    }

    #[test]
    fn a_damaged_file_is_left_as_it_is() {
        let (file, _) = request(1, None).answer(None);
        let mut file = file.unwrap();
        let last = file.len() - 1;
        file[last] ^= 1;
        let (written, reply) = request(2, None).answer(Some(&file));
        assert_eq!(written, None);
        assert!(reply.result.is_err());
    }
}
