//! This project's log, with the timers that its node would have.

use std::collections::VecDeque;

use quorate_log::{Body, CommitRule, EntryKind, Log, Message, NodeSet, Output, Persist, Stored};

use crate::replica::{Applied, ELECTION_TICKS, Effects, HEARTBEAT_TICKS, Replica, Seat};

/// One node.
pub struct Ours {
    seat: Seat,
    log: Log,
    disk: Stored,
    writes: VecDeque<(u64, Persist)>,
    waiting: Vec<(u64, u8, Message)>,
    /// Ticks since this node heard from the leader, gave a vote, or booted.
    silence: u64,
    /// Nothing was heard since the boot: a leader may be alive and rely on this node.
    fresh: bool,
    /// When it began to lead.
    leads_since: u64,
    refusals: u64,
}

impl Ours {
    fn leader_alive(&self) -> bool {
        self.log.is_leader()
            || (self.silence < ELECTION_TICKS && (self.fresh || self.log.leader().is_some()))
    }

    /// Whether a majority has answered lately. The rounds of this leader are the ticks.
    fn is_confirmed(&self, now: u64) -> bool {
        let bound = now.saturating_sub(ELECTION_TICKS);
        let recent = |id: u8| {
            id == self.seat.id || self.log.acked_round(id).is_some_and(|round| round >= bound)
        };
        let answered: NodeSet = (1..=self.seat.nodes).filter(|id| recent(*id)).collect();
        self.leads_since >= bound || self.log.rule().is_durable(answered)
    }
}

impl Replica for Ours {
    type Message = Message;
    type Disk = Stored;

    fn boot(seat: Seat, disk: Stored) -> Result<Ours, String> {
        let all: NodeSet = (1..=seat.nodes).collect();
        let identity = 0x1d00 + u64::from(seat.id) + 0x100 * seat.wiped;
        let log = Log::new(seat.id, identity, CommitRule::Majority(all), disk.clone());
        let mut log = log.map_err(|error| error.to_string())?;
        log.set_peers(all);
        log.plant(seat.bug);
        Ok(Ours {
            seat,
            log,
            disk,
            writes: VecDeque::new(),
            waiting: Vec::new(),
            silence: 0,
            fresh: true,
            leads_since: 0,
            refusals: 0,
        })
    }

    fn crash(self) -> Stored {
        self.disk
    }

    fn tick(&mut self, now: u64) {
        if self.log.is_leader() {
            if !self.is_confirmed(now) {
                self.log.step_down();
                self.silence = 0;
            } else if now.is_multiple_of(HEARTBEAT_TICKS) {
                self.log.resend(now);
            }
            return;
        }
        self.silence += 1;
        if self.silence >= self.seat.timeout(now, self.log.term()) {
            self.silence = 0;
            self.fresh = false;
            self.log.campaign();
        }
    }

    fn step(&mut self, _now: u64, from: u8, message: Message) {
        let of_leader = matches!(
            message.body,
            Body::Append { .. } | Body::Install { .. } | Body::Replace { .. }
        );
        let (alive, vote) = (self.leader_alive(), self.log.hard_state().voted_for);
        self.log.step(from, message, alive);
        let heard = of_leader && self.log.leader() == Some(from);
        if heard
            || self
                .log
                .hard_state()
                .voted_for
                .is_some_and(|to| Some(to) != vote)
        {
            self.silence = 0;
            self.fresh &= !heard;
        }
    }

    fn propose(&mut self, update: u64) -> Option<(u64, u64)> {
        let index = self.log.propose(update.to_le_bytes().to_vec()).ok()?;
        Some((index, self.log.term()))
    }

    fn transfer(&mut self, to: u8) {
        let _ = self.log.transfer(to);
    }

    fn leads(&self) -> Option<u64> {
        self.log.is_leader().then(|| self.log.term())
    }

    fn drain(&mut self, now: u64, effects: &mut Effects<Message>) {
        loop {
            while let Some(output) = self.log.poll_output() {
                match output {
                    Output::Persist(persist) => {
                        let before = self.writes.back().map_or(0, |(ends, _)| *ends);
                        let ends = before.max(self.seat.write_ends(now));
                        self.writes.push_back((ends, persist));
                    }
                    Output::Send {
                        to,
                        message,
                        after: 0,
                    } => effects.sends.push((to, message)),
                    Output::Send { to, message, after } => self.waiting.push((after, to, message)),
                    Output::Apply(entry) => effects.applied.push(Applied {
                        index: entry.index,
                        term: entry.term,
                        update: match &entry.kind {
                            EntryKind::Update(data) => {
                                data.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
                            }
                            EntryKind::Noop | EntryKind::Voters(_) => None,
                        },
                    }),
                    Output::Role { .. } => self.leads_since = now,
                    Output::Refused { .. } => self.refusals += 1,
                    // Cannot happen: nothing is ever compacted here.
                    Output::Install(_) => {}
                }
            }
            if self.writes.front().is_none_or(|(ends, _)| *ends > now) {
                return;
            }
            let Some((_, persist)) = self.writes.pop_front() else {
                return;
            };
            self.disk.write(&persist);
            self.log.persisted(persist.mark);
            let waiting = std::mem::take(&mut self.waiting);
            for (after, to, message) in waiting {
                if after <= persist.mark {
                    effects.sends.push((to, message));
                } else {
                    self.waiting.push((after, to, message));
                }
            }
        }
    }

    fn refusals(&self) -> u64 {
        self.refusals
    }
}
