//! `raft` 0.7, used as its documentation says for writes that take time.

use std::collections::VecDeque;

use raft::eraftpb::{Entry, HardState, Message};
use raft::storage::MemStorage;
use raft::{Config, RawNode, StateRole};

use crate::replica::{Applied, ELECTION_TICKS, Effects, HEARTBEAT_TICKS, Replica, Seat};

/// What a disk holds.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    hard: HardState,
    entries: Vec<Entry>,
}

struct Write {
    ends: u64,
    number: u64,
    hard: Option<HardState>,
    entries: Vec<Entry>,
    /// Messages that may be sent when the write is done.
    messages: Vec<Message>,
}

/// One node.
pub struct Theirs {
    seat: Seat,
    node: RawNode<MemStorage>,
    /// The storage that the node reads: a write is visible there at once, as through the page cache.
    cache: MemStorage,
    disk: Disk,
    writes: VecDeque<Write>,
}

impl Theirs {
    /// Most calls draw the election timeout anew, so it is set again after each.
    fn override_randomness(&mut self, now: u64) {
        let timeout = self.seat.timeout(now, self.node.raft.term);
        self.node
            .raft
            .set_randomized_election_timeout(timeout as usize);
    }
}

fn send(effects: &mut Effects<Message>, messages: Vec<Message>) {
    effects.sends.extend(
        messages
            .into_iter()
            .map(|message| (message.to as u8, message)),
    );
}

impl Replica for Theirs {
    type Message = Message;
    type Disk = Disk;

    fn boot(seat: Seat, disk: Disk) -> Result<Theirs, String> {
        let config = Config {
            id: u64::from(seat.id),
            election_tick: ELECTION_TICKS as usize,
            heartbeat_tick: HEARTBEAT_TICKS as usize,
            check_quorum: true,
            pre_vote: true,
            max_inflight_msgs: 16,
            max_size_per_msg: 4096,
            ..Config::default()
        };
        let voters: Vec<u64> = (1..=u64::from(seat.nodes)).collect();
        let cache = MemStorage::new_with_conf_state((voters, Vec::new()));
        cache
            .wl()
            .append(&disk.entries)
            .map_err(|error| error.to_string())?;
        cache.wl().set_hardstate(disk.hard.clone());
        let logger = slog::Logger::root(slog::Discard, slog::o!());
        let node = RawNode::new(&config, cache.clone(), &logger);
        let mut theirs = Theirs {
            seat,
            node: node.map_err(|error| error.to_string())?,
            cache,
            disk,
            writes: VecDeque::new(),
        };
        theirs.override_randomness(0);
        Ok(theirs)
    }

    fn crash(self) -> Disk {
        self.disk
    }

    fn tick(&mut self, now: u64) {
        self.override_randomness(now);
        self.node.tick();
        self.override_randomness(now);
    }

    fn step(&mut self, now: u64, _from: u8, message: Message) {
        // Its errors are about outdated messages.
        let _ = self.node.step(message);
        self.override_randomness(now);
    }

    fn propose(&mut self, update: u64) -> Option<(u64, u64)> {
        // Only a leader takes an update here: a follower would forward it.
        let term = self.leads()?;
        let data = update.to_le_bytes().to_vec();
        self.node.propose(Vec::new(), data).ok()?;
        Some((self.node.raft.raft_log.last_index(), term))
    }

    fn transfer(&mut self, to: u8) {
        if self.leads().is_some() {
            self.node.transfer_leader(u64::from(to));
        }
    }

    fn leads(&self) -> Option<u64> {
        (self.node.raft.state == StateRole::Leader).then_some(self.node.raft.term)
    }

    fn drain(&mut self, now: u64, effects: &mut Effects<Message>) {
        loop {
            while self.writes.front().is_some_and(|write| write.ends <= now) {
                let Some(write) = self.writes.pop_front() else {
                    break;
                };
                if let Some(first) = write.entries.first().map(|entry| entry.index) {
                    self.disk.entries.retain(|entry| entry.index < first);
                }
                self.disk.entries.extend(write.entries);
                if let Some(hard) = write.hard {
                    self.disk.hard = hard;
                }
                self.node.on_persist_ready(write.number);
                self.override_randomness(now);
                send(effects, write.messages);
            }
            if !self.node.has_ready() {
                return;
            }
            let mut ready = self.node.ready();
            send(effects, ready.take_messages());
            for entry in ready.take_committed_entries() {
                effects.applied.push(Applied {
                    index: entry.index,
                    term: entry.term,
                    update: entry
                        .data
                        .first_chunk()
                        .map(|bytes| u64::from_le_bytes(*bytes)),
                });
            }
            let (hard, entries) = (ready.hs().cloned(), ready.take_entries());
            if self.cache.wl().append(&entries).is_err() {
                return;
            }
            if let Some(hard) = &hard {
                self.cache.wl().set_hardstate(hard.clone());
            }
            let nothing = hard.is_none() && entries.is_empty();
            let ends = if nothing {
                now
            } else {
                self.seat.write_ends(now)
            };
            let before = self.writes.back().map_or(0, |write| write.ends);
            self.writes.push_back(Write {
                ends: ends.max(before),
                number: ready.number(),
                hard,
                entries,
                messages: ready.take_persisted_messages(),
            });
            self.node.advance_append_async(ready);
            self.node.advance_apply();
            self.override_randomness(now);
        }
    }

    fn refusals(&self) -> u64 {
        0
    }
}
