//! The files that a node really writes, after a crash at every place in every write of theirs.
//!
//! A write is cut short anywhere, or any range of it never got to the disk. What was acknowledged before it is there
//! afterwards, or the files are refused: nothing in between. See `docs/formats.md`, "Assumptions about the medium".

use std::collections::BTreeMap;

use quorate_log::{Entry, Snapshot};
use quorate_model::{AdminOp, NodeId, Object, Time, Value};

use crate::io::{BootImage, DiskDone, DiskOp, Input, NodeConfig, Output};
use crate::node::{Node, Phase};
use crate::store::{self, CHECKPOINT_FILE, LOG_FILE, Recovered};

type Files = BTreeMap<String, Vec<u8>>;

/// One write, the files before it, and up to where updates had been acknowledged when it ended.
struct Write {
    before: Files,
    op: DiskOp,
    acknowledged: u64,
}

/// All that a node wrote.
struct Life {
    writes: Vec<Write>,
    files: Files,
    /// Every entry that ever was in the log, and every checkpoint, by position.
    entries: BTreeMap<u64, Entry>,
    snapshots: BTreeMap<u64, Snapshot>,
    acknowledged: u64,
}

fn carry_out(files: &mut Files, op: &DiskOp) {
    match op {
        DiskOp::Append { file, bytes } => files.entry(file.clone()).or_default().extend(bytes),
        DiskOp::Replace { file, bytes } => {
            files.insert(file.clone(), bytes.clone());
        }
        DiskOp::Truncate { file, len } => {
            let len = usize::try_from(*len).unwrap();
            files.entry(file.clone()).or_default().truncate(len);
        }
        DiskOp::Remove { file } => {
            files.remove(file);
        }
        DiskOp::ReadAll { .. } => {}
    }
}

/// A node with a Local quorum carries out `requests`, with a log so small that checkpoints are made.
fn live(requests: u64) -> Life {
    let mut definition = crate::shipped::cluster("one-node-local.ron");
    definition.properties.max_quorum_log_size = 700;
    let group = definition.groups.last().unwrap().name.clone();
    let config = NodeConfig {
        joins: false,
        id: NodeId(1),
        definition,
        incarnation: 1,
        seed: 1,
        civil_origin_ms: 0,
        local_shift_minutes: 0,
        switches: Default::default(),
    };
    let mut node = Node::boot(config, BootImage::default(), Time::ZERO);
    let mut life = Life {
        writes: Vec::new(),
        files: Files::new(),
        entries: BTreeMap::new(),
        snapshots: BTreeMap::new(),
        acknowledged: 0,
    };
    let (mut now, mut sent, mut told) = (Time::ZERO, 0, 0);
    loop {
        let mut done = None;
        while let Some(output) = node.poll_output() {
            match output {
                Output::Disk(request) => {
                    let before = life.files.clone();
                    carry_out(&mut life.files, &request.op);
                    life.writes.push(Write {
                        before,
                        op: request.op,
                        acknowledged: life.acknowledged,
                    });
                    let stored = store::recover(&life.files).unwrap().stored;
                    life.snapshots
                        .extend(stored.snapshot.map(|it| (it.index, it)));
                    let entries = stored.entries.into_iter();
                    life.entries.extend(entries.map(|it| (it.index, it)));
                    let result = Ok(BTreeMap::new());
                    let ticket = request.ticket;
                    assert!(
                        done.replace(DiskDone { ticket, result }).is_none(),
                        "one at a time"
                    );
                }
                Output::Reply { result, .. } => {
                    assert_eq!(result, Ok(()));
                    told += 1;
                    life.acknowledged = node.database.applied;
                }
                Output::Halt { reason, .. } => panic!("{reason:?}"),
                _ => {}
            }
        }
        let input = if let Some(done) = done {
            Input::Disk(done)
        } else if told == requests {
            return life;
        } else if node.phase == Phase::Member && told == sent {
            sent += 1;
            let number = u32::try_from(sent).unwrap();
            let op = AdminOp::SetProperty {
                object: Object::Group(group.clone()),
                property: "FailoverThreshold".to_owned(),
                value: Some(Value::Dword(number)),
            };
            Input::Admin { request: sent, op }
        } else {
            now = node.next_wakeup().unwrap();
            Input::Wake
        };
        node.handle(now, input);
    }
}

impl Life {
    /// What was recovered is a beginning of what was written, and goes at least to `acknowledged`.
    fn must_have(&self, recovered: &Recovered, acknowledged: u64, what: &str) {
        let stored = &recovered.stored;
        let mut next = 1;
        if let Some(snapshot) = &stored.snapshot {
            assert_eq!(
                self.snapshots.get(&snapshot.index),
                Some(snapshot),
                "{what}"
            );
            next = snapshot.index + 1;
        }
        for entry in &stored.entries {
            assert_eq!(entry.index, next, "{what}");
            assert_eq!(self.entries.get(&next), Some(entry), "{what}");
            next += 1;
        }
        assert!(
            next > acknowledged,
            "{what}: {acknowledged} was acknowledged, {next} is next"
        );
    }
}

#[test]
fn every_prefix_of_a_real_log_recovers_to_a_prefix_of_its_updates() {
    let life = live(30);
    assert!(life.snapshots.len() >= 2, "there are checkpoints");
    let (mut torn, mut whole) = (0, 0);
    for write in &life.writes {
        let mut files = write.before.clone();
        let log = files.get(LOG_FILE).cloned().unwrap_or_default();
        for length in 0..=log.len() {
            files.insert(LOG_FILE.into(), log[..length].to_vec());
            let recovered = store::recover(&files).unwrap();
            life.must_have(&recovered, 0, "a prefix");
            assert_eq!(recovered.torn, recovered.log_length != length as u64);
            match recovered.torn {
                true => torn += 1,
                false => whole += 1,
            }
        }
    }
    assert!(torn > 1_000 && whole > 50, "{torn} and {whole}");
}

#[test]
fn a_crash_at_any_place_in_any_write_loses_nothing_that_was_acknowledged() {
    let life = live(30);
    let (mut appended, mut replaced) = (0, 0);
    for write in &life.writes {
        let mut files = write.before.clone();
        let sound = store::recover(&files).unwrap();
        life.must_have(&sound, write.acknowledged, "before the write");
        if let DiskOp::Append { file, bytes } = &write.op {
            let before = files.get(file).cloned().unwrap_or_default();
            for kept in 0..=bytes.len() {
                files.insert(file.clone(), [&before[..], &bytes[..kept]].concat());
                let recovered = store::recover(&files).unwrap();
                life.must_have(&recovered, write.acknowledged, "cut short");
                appended += 1;
            }
        } else {
            carry_out(&mut files, &write.op);
            let recovered = store::recover(&files).unwrap();
            life.must_have(&recovered, write.acknowledged, "replaced");
            replaced += 1;
        }
    }
    assert!(appended > 500 && replaced > 4, "{appended} and {replaced}");
    let whole = store::recover(&life.files).unwrap();
    life.must_have(&whole, life.acknowledged, "in the end");
    assert!(life.files.contains_key(CHECKPOINT_FILE));
}

#[test]
fn any_range_of_a_write_that_never_got_to_the_disk_is_cut_off_or_refused() {
    let life = live(30);
    let (mut kept, mut refused) = (0, 0);
    for write in &life.writes {
        let DiskOp::Append { file, bytes } = &write.op else {
            continue;
        };
        let mut files = write.before.clone();
        let before = files.get(file).map_or(0, Vec::len);
        carry_out(&mut files, &write.op);
        let written = files[file].clone();
        for from in 0..bytes.len() {
            for to in from + 1..=bytes.len() {
                // What is there instead: nothing was ever written there, or something else was.
                for old in [0, 0xa5] {
                    if let Some(contents) = files.get_mut(file) {
                        contents.copy_from_slice(&written);
                        contents[before + from..before + to].fill(old);
                    }
                    match store::recover(&files) {
                        Ok(recovered) => {
                            life.must_have(&recovered, write.acknowledged, "a range");
                            kept += 1;
                        }
                        Err(error) => {
                            assert_eq!(error.file, LOG_FILE);
                            assert!(error.offset >= before as u64, "{error}");
                            refused += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(refused > 10_000, "{refused} refused, {kept} sound");
}
