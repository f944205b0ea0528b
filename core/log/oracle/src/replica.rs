//! The interface of an implementation.

use quorate_log::Bug;

use crate::weather;

/// Ticks of silence after which a follower may campaign, and a leader gives up.
pub const ELECTION_TICKS: u64 = 10;
/// Ticks between a leader's signs of life.
pub const HEARTBEAT_TICKS: u64 = 2;

/// A node's place in the cluster.
#[derive(Clone, Copy, Debug)]
pub struct Seat {
    /// Its node, from 1.
    pub id: u8,
    /// The number of nodes.
    pub nodes: u8,
    /// The run's seed.
    pub seed: u64,
    /// How often its disk was wiped.
    pub wiped: u64,
    /// The most ticks that a write takes.
    pub write: u64,
    /// What is planted.
    pub bug: Option<Bug>,
}

impl Seat {
    /// How long a follower waits before it campaigns, the same for both implementations.
    pub fn timeout(&self, now: u64, term: u64) -> u64 {
        let place = [1, u64::from(self.id), term, now / (2 * ELECTION_TICKS)];
        ELECTION_TICKS + weather::at(self.seed, &place) % ELECTION_TICKS
    }

    /// When a write that begins now ends.
    pub fn write_ends(&self, now: u64) -> u64 {
        now + weather::at(self.seed, &[2, u64::from(self.id), now]) % (self.write + 1)
    }
}

/// An entry that was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its place.
    pub index: u64,
    /// Its term.
    pub term: u64,
    /// Its update; `None` for the first entry of a new leader.
    pub update: Option<u64>,
}

/// The effects of a call.
#[derive(Debug)]
pub struct Effects<M> {
    /// Messages that may be sent now, with their receivers.
    pub sends: Vec<(u8, M)>,
    /// The applied entries, in order.
    pub applied: Vec<Applied>,
}

/// One node of an implementation, with a disk that takes its time.
pub trait Replica: Sized {
    /// What goes over the wire.
    type Message: Clone;
    /// What a disk holds.
    type Disk: Clone + Default;

    /// Boots from the content of a disk.
    fn boot(seat: Seat, disk: Self::Disk) -> Result<Self, String>;
    /// Loses power: only finished writes are left.
    fn crash(self) -> Self::Disk;
    /// Time passes.
    fn tick(&mut self, now: u64);
    /// A message arrives.
    fn step(&mut self, now: u64, from: u8, message: Self::Message);
    /// Takes an update if it leads. Returns the entry's index and term.
    fn propose(&mut self, update: u64) -> Option<(u64, u64)>;
    /// Hands over to another node if it leads.
    fn transfer(&mut self, to: u8);
    /// The term in which it leads, if it does.
    fn leads(&self) -> Option<u64>;
    /// Collects the effects of all calls since the last time.
    fn drain(&mut self, now: u64, effects: &mut Effects<Self::Message>);
    /// How many messages it has refused.
    fn refusals(&self) -> u64;
}
