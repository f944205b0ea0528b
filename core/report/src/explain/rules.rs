//! The rules that a run's events follow, and the periods in them.

use std::time::Duration;

/// The periods of membership (docs/semantics.md, 3.6), which no property changes: they are `core/node/src/bounds.rs`'s,
/// and a test of the whole holds them to it.
pub mod periods {
    use super::Duration;

    /// Silence after which an interface is reported.
    pub const INTERFACE_SILENCE: Duration = Duration::from_millis(2_400);
    /// Silence on every network after which a member is lost.
    pub const MEMBER_SILENCE: Duration = Duration::from_millis(7_200);
    /// How long a node that lost its cluster may look for quorum before it halts.
    pub const REGROUP_GRACE: Duration = Duration::from_millis(16_800);
    /// What a takeover waits for beyond silence and grace.
    pub const TAKEOVER_MARGIN: Duration = Duration::from_secs(2);
    /// From the last word of a lost node until its groups are taken over.
    pub const TAKEOVER_WAIT: Duration = Duration::from_secs(26);
    /// After how long a cluster service that halted is started again.
    pub const SERVICE_RESTART: Duration = Duration::from_secs(60);
}

/// Why a card's silence is told when it is.
pub(super) const INTERFACE: &str = "Two heartbeats in a row are missing, 2.4s: that is reported.";
/// Why a regroup begins when it does.
pub(super) const REGROUP: &str =
    "A member counts as lost after 7.2s without a word on any network.";
/// Why a lost node's groups are not taken over at once.
pub(super) const TAKEOVER: &str = "Its groups are taken over no sooner than 26s after it was last heard: 7.2s of silence, \
     16.8s in which it may look for quorum before it stops everything, and 2s of margin. Until then nobody can know that it \
     has stopped.";
/// What a node without quorum does.
pub(super) const QUORUM: &str =
    "It may look for quorum for 16.8s; without it, it stops everything that it runs.";
/// When `LooksAlive` is asked.
pub(super) const LOOKS_ALIVE: &str = "LooksAlive is asked every LooksAlivePollInterval, 5s unless something else is set; \
     what it doubts, IsAlive is asked about at once.";
/// When `IsAlive` is asked.
pub(super) const IS_ALIVE: &str = "IsAlive is asked every IsAlivePollInterval, 60s unless something else is set, and what it says counts.";
/// What resting is.
pub(super) const REST: &str = "A group that has failed on every node rests before it goes round again: 5s, then 10, 20, 40 and 60.";
/// What an arbitration is.
pub(super) const ARBITRATION: &str = "Its reservation was another node's: the new owner breaks it by a reset of the bus, \
     and waits 7s for somebody to defend the disk.";
/// What a move in order is.
pub(super) const MOVE: &str =
    "First everything in it goes offline, dependents before what they depend on.";
