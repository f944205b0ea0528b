//! A cluster of one implementation, and the effect of a schedule on it.

use std::collections::{BTreeMap, BTreeSet};

use quorate_log::Bug;

use crate::judge::Judge;
use crate::replica::{Effects, Replica, Seat};
use crate::schedule::{Event, Schedule};
use crate::weather;

/// How long a healed cluster may take to be whole again.
const HEALING_TICKS: u64 = 1_000;
/// How many updates a healed cluster must take.
const UPDATES_AFTER: usize = 3;

struct Node<R: Replica> {
    seat: Seat,
    up: Option<R>,
    disk: R::Disk,
    frozen: bool,
}

/// The cluster.
pub struct World<'a, R: Replica> {
    schedule: &'a Schedule,
    nodes: BTreeMap<u8, Node<R>>,
    /// By the tick of arrival and the order of sending: from, to, message.
    wire: BTreeMap<(u64, u64), (u8, u8, R::Message)>,
    sent: u64,
    /// How many messages were sent from one node to another in this tick.
    crowd: BTreeMap<(u8, u8), u64>,
    cuts: BTreeSet<(u8, u8)>,
    calm: bool,
    now: u64,
    next_update: u64,
    /// Judges the run.
    pub judge: Judge,
}

impl<'a, R: Replica> World<'a, R> {
    /// The cluster before anything runs.
    pub fn new(schedule: &'a Schedule, bug: Option<Bug>) -> World<'a, R> {
        let node = |id| Node {
            seat: Seat {
                id,
                nodes: schedule.nodes,
                seed: schedule.seed,
                wiped: 0,
                write: schedule.write,
                bug,
            },
            up: None,
            disk: R::Disk::default(),
            frozen: false,
        };
        World {
            schedule,
            nodes: (1..=schedule.nodes).map(|id| (id, node(id))).collect(),
            wire: BTreeMap::new(),
            sent: 0,
            crowd: BTreeMap::new(),
            cuts: BTreeSet::new(),
            calm: false,
            now: 0,
            next_update: 1,
            judge: Judge::default(),
        }
    }

    /// Runs the schedule, heals everything, and requires progress.
    ///
    /// # Errors
    /// What was broken.
    pub fn run(&mut self) -> Result<(), String> {
        for id in 1..=self.schedule.nodes {
            self.happen(Event::Boot(id))?;
        }
        let mut events = self.schedule.events.iter().peekable();
        while self.now < self.schedule.ticks {
            while let Some((_, event)) = events.next_if(|(tick, _)| *tick <= self.now) {
                self.happen(*event)?;
            }
            self.pass()?;
        }
        self.heal()
    }

    fn heal(&mut self) -> Result<(), String> {
        self.happen(Event::Heal)?;
        for id in 1..=self.schedule.nodes {
            self.happen(Event::Thaw(id))?;
            self.happen(Event::Boot(id))?;
        }
        self.calm = true;
        let mut wanted: Vec<u64> = Vec::new();
        let end = self.now + HEALING_TICKS;
        while self.now < end {
            self.pass()?;
            if self.now.is_multiple_of(20) {
                // An update that was lost with its leader was never acknowledged.
                wanted.retain(|update| self.judge.is_acknowledged(*update));
                while wanted.len() < UPDATES_AFTER {
                    let update = self.next_update;
                    self.happen(Event::Propose)?;
                    if self.next_update == update {
                        break;
                    }
                    wanted.extend(update..self.next_update);
                }
            }
            let taken = wanted
                .iter()
                .filter(|update| self.judge.is_acknowledged(**update));
            if taken.count() >= UPDATES_AFTER && self.judge.agree(self.schedule.nodes) {
                return self.judge.lost();
            }
        }
        Err(format!(
            "no progress within {HEALING_TICKS} ticks after all faults have ended"
        ))
    }

    /// One tick: messages that are due arrive, then time passes for every node.
    fn pass(&mut self) -> Result<(), String> {
        self.now += 1;
        self.crowd.clear();
        while let Some(first) = self.wire.first_entry() {
            if first.key().0 > self.now {
                break;
            }
            let (from, to, message) = first.remove();
            let now = self.now;
            let Some(node) = self.nodes.get_mut(&to) else {
                continue;
            };
            if node.frozen {
                self.sent += 1;
                self.wire.insert((now + 1, self.sent), (from, to, message));
            } else if let Some(up) = &mut node.up {
                up.step(now, from, message);
                self.drain(to)?;
            }
        }
        for id in 1..=self.schedule.nodes {
            let now = self.now;
            if let Some(node) = self.nodes.get_mut(&id)
                && !node.frozen
                && let Some(up) = &mut node.up
            {
                up.tick(now);
                self.drain(id)?;
            }
        }
        Ok(())
    }

    fn drain(&mut self, id: u8) -> Result<(), String> {
        let now = self.now;
        let Some(up) = self.nodes.get_mut(&id).and_then(|node| node.up.as_mut()) else {
            return Ok(());
        };
        let mut effects = Effects {
            sends: Vec::new(),
            applied: Vec::new(),
        };
        up.drain(now, &mut effects);
        if let Some(term) = up.leads() {
            self.judge.leads(id, term)?;
        }
        for entry in effects.applied {
            self.judge.applied(id, entry)?;
        }
        for (to, message) in effects.sends {
            self.post(id, to, message);
        }
        Ok(())
    }

    fn post(&mut self, from: u8, to: u8, message: R::Message) {
        let nth = self.crowd.entry((from, to)).or_default();
        *nth += 1;
        if self.cuts.contains(&(from, to)) {
            return;
        }
        let (seed, place) = (
            self.schedule.seed,
            [u64::from(from), u64::from(to), self.now, *nth],
        );
        let luck = |kind: u64| weather::at(seed ^ (kind << 32), &place);
        let (mut delays, first) = (vec![1], 1 + luck(2) % self.schedule.delay);
        if !self.calm {
            if luck(1) % 1000 < self.schedule.loss {
                return;
            }
            delays = vec![first];
            if luck(3) % 1000 < self.schedule.twice {
                delays.push(1 + luck(4) % self.schedule.delay);
            }
        }
        for delay in delays {
            self.sent += 1;
            self.wire
                .insert((self.now + delay, self.sent), (from, to, message.clone()));
        }
    }

    fn happen(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Crash(id) | Event::Wipe(id) => {
                let Some(node) = self.nodes.get_mut(&id) else {
                    return Ok(());
                };
                node.frozen = false;
                if let Some(up) = node.up.take() {
                    node.disk = up.crash();
                }
                if matches!(event, Event::Wipe(_)) {
                    node.disk = R::Disk::default();
                    node.seat.wiped += 1;
                    return self.happen(Event::Boot(id));
                }
            }
            Event::Boot(id) => {
                if let Some(node) = self.nodes.get_mut(&id)
                    && node.up.is_none()
                {
                    let up = R::boot(node.seat, node.disk.clone());
                    node.up = Some(up.map_err(|error| format!("node {id} cannot start: {error}"))?);
                    self.judge.booted(id);
                    return self.drain(id);
                }
            }
            Event::Freeze(id) | Event::Thaw(id) => {
                if let Some(node) = self.nodes.get_mut(&id) {
                    node.frozen = matches!(event, Event::Freeze(_)) && node.up.is_some();
                }
            }
            Event::Cut(from, to) => {
                self.cuts.insert((from, to));
            }
            Event::Partition(sides) => {
                let side = |id: u8| sides >> id & 1;
                for (from, to) in self.links() {
                    if side(from) != side(to) {
                        self.cuts.insert((from, to));
                    }
                }
            }
            Event::Heal => self.cuts.clear(),
            Event::Propose | Event::Transfer(_) => {
                for id in 1..=self.schedule.nodes {
                    let Some(node) = self.nodes.get_mut(&id).filter(|node| !node.frozen) else {
                        continue;
                    };
                    let Some(up) = node.up.as_mut().filter(|up| up.leads().is_some()) else {
                        continue;
                    };
                    if let Event::Transfer(to) = event {
                        up.transfer(to);
                    } else if let Some((index, term)) = up.propose(self.next_update) {
                        self.judge.proposed(id, index, term, self.next_update);
                        self.next_update += 1;
                    }
                    self.drain(id)?;
                }
            }
        }
        Ok(())
    }

    fn links(&self) -> Vec<(u8, u8)> {
        let all = 1..=self.schedule.nodes;
        all.clone()
            .flat_map(|from| all.clone().map(move |to| (from, to)))
            .collect()
    }

    /// How many messages were refused by the nodes that are up.
    pub fn refusals(&self) -> u64 {
        let up = self.nodes.values().filter_map(|node| node.up.as_ref());
        up.map(Replica::refusals).sum()
    }
}
