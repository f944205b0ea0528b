//! The log and its checkpoint as files: what is written, and what is recovered from any bytes.
//!
//! `quolog.log` is a sequence of [`Record`]s in frames (see `codec`); the checkpoint `chk001.tmp` is one frame and
//! holds the whole database. A checkpoint is replaced first and the log after it, so a crash between the two leaves
//! records that the checkpoint covers: they are skipped.

use std::collections::BTreeMap;
use std::fmt;

use quorate_log::{Entry, HardState, Persist, Snapshot, Stored};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError};
use crate::io::DiskOp;

/// Folder of the files on a device.
pub(crate) const FOLDER: &str = "MSCS/";
/// The log.
pub(crate) const LOG_FILE: &str = "MSCS/quolog.log";
/// The checkpoint.
pub(crate) const CHECKPOINT_FILE: &str = "MSCS/chk001.tmp";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Record {
    Hard(HardState),
    /// Everything from this position on is void.
    Truncate(u64),
    Entry(Entry),
}

/// Files that cannot be trusted. What to do depends on whose they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    /// The file.
    pub file: &'static str,
    /// Which record of it, from 1; 0 means the file as a whole.
    pub record: u64,
    /// Where the record begins.
    pub offset: u64,
    /// What is wrong.
    pub error: String,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            record,
            offset,
            error,
        } = self;
        write!(f, "{file} is damaged ")?;
        match record {
            0 => write!(f, "as a whole")?,
            _ => write!(f, "in record {record} at byte {offset}")?,
        }
        write!(f, ": {error}. Nothing was changed")
    }
}

impl std::error::Error for StoreError {}

/// What was recovered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recovered {
    pub(crate) stored: Stored,
    /// Length of the log's sound part: what lies behind it was torn off in a crash and has to be cut.
    pub(crate) log_length: u64,
    pub(crate) torn: bool,
}

impl Recovered {
    /// Whether nothing was ever written.
    pub(crate) fn is_blank(&self) -> bool {
        self.stored == Stored::default()
    }

    /// Term and position of the last update.
    pub(crate) fn position(&self) -> (u64, u64) {
        let snapshot = self.stored.snapshot.as_ref();
        let last = self
            .stored
            .entries
            .last()
            .map(|last| (last.term, last.index));
        last.or(snapshot.map(|snapshot| (snapshot.term, snapshot.index)))
            .unwrap_or_default()
    }
}

/// The disk operations that make `persist` durable, in order.
pub(crate) fn write(persist: &Persist, after_snapshot: &Stored) -> Vec<DiskOp> {
    if let Some(snapshot) = &persist.snapshot {
        return vec![
            DiskOp::Replace {
                file: CHECKPOINT_FILE.into(),
                bytes: codec::encode(snapshot),
            },
            DiskOp::Replace {
                file: LOG_FILE.into(),
                bytes: log_bytes(after_snapshot),
            },
        ];
    }
    let mut bytes = Vec::new();
    if let Some(index) = persist.truncate_from {
        bytes.extend(codec::encode(&Record::Truncate(index)));
    }
    for entry in &persist.entries {
        bytes.extend(codec::encode(&Record::Entry(entry.clone())));
    }
    if let Some(hard) = &persist.hard {
        bytes.extend(codec::encode(&Record::Hard(*hard)));
    }
    vec![DiskOp::Append {
        file: LOG_FILE.into(),
        bytes,
    }]
}

/// The disk operations that write everything anew.
pub(crate) fn write_all(stored: &Stored) -> Vec<DiskOp> {
    let checkpoint = match &stored.snapshot {
        Some(snapshot) => DiskOp::Replace {
            file: CHECKPOINT_FILE.into(),
            bytes: codec::encode(snapshot),
        },
        None => DiskOp::Remove {
            file: CHECKPOINT_FILE.into(),
        },
    };
    vec![
        checkpoint,
        DiskOp::Replace {
            file: LOG_FILE.into(),
            bytes: log_bytes(stored),
        },
    ]
}

/// The operation that leaves nothing of a log but the term and the vote.
pub(crate) fn empty_log(stored: &Stored) -> DiskOp {
    DiskOp::Replace {
        file: LOG_FILE.into(),
        bytes: codec::encode(&Record::Hard(stored.hard)),
    }
}

fn log_bytes(stored: &Stored) -> Vec<u8> {
    let mut bytes = codec::encode(&Record::Hard(stored.hard));
    for entry in &stored.entries {
        bytes.extend(codec::encode(&Record::Entry(entry.clone())));
    }
    bytes
}

/// Reads the files of a device.
///
/// A record that breaks off at the end of the log was never acknowledged and is left out. Anything else that does not
/// fit is an error: it may hide an acknowledged update.
pub(crate) fn recover(files: &BTreeMap<String, Vec<u8>>) -> Result<Recovered, StoreError> {
    let mut stored = Stored {
        hard: HardState::default(),
        snapshot: None,
        entries: Vec::new(),
    };
    if let Some(bytes) = files.get(CHECKPOINT_FILE) {
        let snapshot: Snapshot = codec::decode(bytes).map_err(|error| StoreError {
            file: CHECKPOINT_FILE,
            record: 0,
            offset: 0,
            error: error.to_string(),
        })?;
        stored.hard.term = snapshot.term;
        stored.snapshot = Some(snapshot);
    }
    let bytes = files.get(LOG_FILE).map_or(&[][..], Vec::as_slice);
    let (mut at, mut number, mut torn) = (0, 0, false);
    while at < bytes.len() {
        number += 1;
        let damaged = |error: String| StoreError {
            file: LOG_FILE,
            record: number,
            offset: at as u64,
            error,
        };
        let rest = &bytes[at..];
        let (body, length) = match codec::frame(rest) {
            Ok(frame) => frame,
            // The header's own checksum held (or the header itself breaks off): a write was cut short.
            Err(CodecError::Short { .. }) => {
                torn = true;
                break;
            }
            Err(error) => return Err(damaged(error.to_string())),
        };
        let record =
            postcard::from_bytes(body).map_err(|_| damaged(CodecError::Content.to_string()))?;
        take(&mut stored, record).map_err(damaged)?;
        at += length;
    }
    Ok(Recovered {
        stored,
        log_length: at as u64,
        torn,
    })
}

fn take(stored: &mut Stored, record: Record) -> Result<(), String> {
    let covered = stored
        .snapshot
        .as_ref()
        .map_or(0, |snapshot| snapshot.index);
    match record {
        Record::Hard(hard) => {
            if hard.term < stored.hard.term && stored.snapshot.is_none() {
                return Err(format!(
                    "term {} follows term {}",
                    hard.term, stored.hard.term
                ));
            }
            if hard.term >= stored.hard.term {
                stored.hard = hard;
            }
        }
        Record::Truncate(index) => stored.entries.retain(|entry| entry.index < index),
        Record::Entry(entry) => {
            if entry.index <= covered {
                return Ok(());
            }
            let next = stored.entries.last().map_or(covered, |last| last.index) + 1;
            if entry.index != next {
                return Err(format!("entry {} stands where {next} is due", entry.index));
            }
            stored.entries.push(entry);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quorate_log::EntryKind;

    use super::*;

    /// The operations on a disk, as the world carries them out.
    fn carry_out(files: &mut BTreeMap<String, Vec<u8>>, ops: Vec<DiskOp>) {
        for op in ops {
            match op {
                DiskOp::Append { file, bytes } => files.entry(file).or_default().extend(bytes),
                DiskOp::Replace { file, bytes } => {
                    files.insert(file, bytes);
                }
                DiskOp::Remove { file } => {
                    files.remove(&file);
                }
                DiskOp::Truncate { .. } | DiskOp::ReadAll { .. } => {}
            }
        }
    }

    /// A log of `updates`, one persist each, and the files it makes.
    fn written(updates: &[Vec<u8>]) -> (Stored, BTreeMap<String, Vec<u8>>) {
        let (mut stored, mut files) = (Stored::default(), BTreeMap::new());
        for (at, update) in updates.iter().enumerate() {
            let index = at as u64 + 1;
            let persist = Persist {
                hard: (at == 0).then_some(HardState {
                    term: 1,
                    voted_for: Some(1),
                }),
                entries: vec![Entry {
                    index,
                    term: 1,
                    kind: EntryKind::Update(update.clone()),
                }],
                ..Persist::default()
            };
            stored.write(&persist);
            carry_out(&mut files, write(&persist, &stored));
        }
        (stored, files)
    }

    #[test]
    fn a_checkpoint_half_way_leaves_records_that_it_covers() {
        let (mut stored, mut files) = written(&[vec![1], vec![2], vec![3]]);
        let snapshot = Snapshot {
            index: 2,
            term: 1,
            voters: quorate_log::NodeSet::EMPTY,
            data: vec![9],
        };
        let persist = Persist {
            snapshot: Some(snapshot),
            ..Persist::default()
        };
        stored.write(&persist);
        let mut ops = write(&persist, &stored);
        let log = ops.pop();
        carry_out(&mut files, ops);
        let between = recover(&files).map(|recovered| recovered.stored.entries);
        assert_eq!(
            between,
            Ok(stored.entries.clone()),
            "the log still has what the checkpoint covers"
        );
        carry_out(&mut files, log.into_iter().collect());
        assert_eq!(
            recover(&files).map(|recovered| recovered.stored),
            Ok(stored)
        );
    }

    proptest! {
        #[test]
        fn any_prefix_of_a_log_recovers_to_a_prefix_of_its_updates(
            updates in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..8),
            cut in any::<prop::sample::Index>(),
        ) {
            let (stored, mut files) = written(&updates);
            let bytes = &files[LOG_FILE];
            let cut = cut.index(bytes.len() + 1);
            files.insert(LOG_FILE.into(), bytes[..cut].to_vec());
            let recovered = recover(&files).unwrap();
            prop_assert!(stored.entries.starts_with(&recovered.stored.entries));
            prop_assert_eq!(recovered.torn, recovered.log_length != cut as u64);
        }

        #[test]
        fn a_flipped_bit_is_refused_and_never_shortens_the_log(
            updates in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..8),
            at in any::<prop::sample::Index>(),
            bit in 0..8_u32,
        ) {
            let (_, mut files) = written(&updates);
            if let Some(bytes) = files.get_mut(LOG_FILE) {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            let error = recover(&files).unwrap_err();
            prop_assert!(error.to_string().contains(LOG_FILE), "{}", error);
        }
    }

    #[test]
    fn a_damaged_record_is_named_by_its_number_and_place() {
        let (stored, mut files) = written(&[vec![1], vec![2], vec![3]]);
        assert!(Recovered::default().is_blank());
        let recovered = recover(&files).unwrap();
        assert!(!recovered.is_blank());
        assert_eq!(recovered.stored, stored);
        // The head of the last record: the term, and three entries.
        let log = files.get_mut(LOG_FILE).unwrap();
        let (before, _) = written(&[vec![1], vec![2]]);
        let at = log_bytes(&before).len();
        log[at] ^= 1;
        let error = recover(&files).unwrap_err();
        assert_eq!((error.record, error.offset), (4, at as u64));
    }
}
