//! Why the log refuses a call of its own node.

use std::error::Error;
use std::fmt;

use crate::{Id, NodeSet};

/// The log on a disk is not one that this node can continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoredError {
    /// A node id outside 1..=63: this node's own, or the one it voted for.
    NodeId(Id),
    /// An entry is missing.
    Gap {
        /// The index that should have come.
        expected: u64,
        /// The index that came.
        found: u64,
    },
    /// An entry or snapshot with index 0 or term 0, or with the highest index there is.
    Range {
        /// Its index.
        index: u64,
        /// Its term.
        term: u64,
    },
    /// An entry's term is older than that of the entry before.
    TermRegression {
        /// The entry's index.
        index: u64,
        /// The term of the entry before.
        before: u64,
        /// The entry's term.
        found: u64,
    },
    /// The disk contradicts what this node has applied, or ends before it, and has no snapshot to begin again from.
    /// The node must start over from the disk.
    Applied {
        /// The last entry this node has applied.
        index: u64,
        /// That entry's term here.
        term: u64,
        /// Its term on the disk, if the disk has that entry.
        disk: Option<u64>,
    },
}

impl fmt::Display for StoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoredError::NodeId(id) => write!(f, "node id {id} is outside 1 to 63"),
            StoredError::Gap { expected, found } => {
                write!(
                    f,
                    "log entry {expected} is missing: {found} comes in its place"
                )
            }
            StoredError::Range { index, term } => {
                write!(
                    f,
                    "log entry {index} of term {term} cannot exist: both count from 1"
                )
            }
            StoredError::TermRegression {
                index,
                before,
                found,
            } => write!(
                f,
                "log entry {index} has term {found}, older than term {before} of the entry before it"
            ),
            StoredError::Applied {
                index,
                term,
                disk: Some(disk),
            } => write!(
                f,
                "the disk contradicts what this node has applied: entry {index} has term {disk} there and term {term} here"
            ),
            StoredError::Applied {
                index,
                term,
                disk: None,
            } => write!(
                f,
                "the disk lacks what this node has applied: entry {index} of term {term}"
            ),
        }
    }
}

impl Error for StoredError {}

/// This node takes no proposals now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NotLeader {
    /// The node that does, if this node knows it. None does during a leadership transfer.
    pub leader: Option<Id>,
}

impl fmt::Display for NotLeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.leader {
            Some(leader) => write!(f, "this node does not lead the log: node {leader} does"),
            None => f.write_str("this node does not lead the log, and knows of nobody who does"),
        }
    }
}

impl Error for NotLeader {}

/// The configured voters cannot be changed now, or not in this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VotersError {
    /// This node takes no proposals.
    NotLeader(NotLeader),
    /// An empty set can never decide anything.
    Empty,
    /// An earlier change is not committed yet.
    Pending {
        /// Its entry.
        index: u64,
    },
    /// This leader has not committed an entry of its own term yet, so an older change may still turn out to be
    /// committed or not (dissertation, 4.1, and the erratum to it).
    TermUncommitted {
        /// The term.
        term: u64,
    },
    /// A majority of the old set and one of the new set are only certain to overlap if the sets differ by one node.
    TooMany {
        /// The nodes to be added.
        added: NodeSet,
        /// The nodes to be removed.
        removed: NodeSet,
    },
}

impl fmt::Display for VotersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VotersError::NotLeader(error) => error.fmt(f),
            VotersError::Empty => f.write_str("a cluster without voters could decide nothing"),
            VotersError::Pending { index } => {
                write!(
                    f,
                    "the change of voters in entry {index} is not committed yet"
                )
            }
            VotersError::TermUncommitted { term } => {
                write!(
                    f,
                    "nothing of term {term} is committed yet: voters can change only after that"
                )
            }
            VotersError::TooMany { added, removed } => write!(
                f,
                "voters change one node at a time, and this adds {added} and removes {removed}"
            ),
        }
    }
}

impl Error for VotersError {}

impl From<NotLeader> for VotersError {
    fn from(error: NotLeader) -> Self {
        VotersError::NotLeader(error)
    }
}

/// Why the entries up to an index cannot be replaced by a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompactError {
    /// A snapshot may only cover applied entries.
    NotApplied {
        /// The index asked for.
        index: u64,
        /// The last applied one.
        applied: u64,
    },
    /// There already is a snapshot up to this index or a later one.
    Already {
        /// The index asked for.
        index: u64,
        /// That of the snapshot there is.
        snapshot: u64,
    },
}

impl fmt::Display for CompactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompactError::NotApplied { index, applied } => {
                write!(
                    f,
                    "no snapshot up to entry {index}: only {applied} are applied"
                )
            }
            CompactError::Already { index, snapshot } => {
                write!(
                    f,
                    "no snapshot up to entry {index}: there is one up to {snapshot}"
                )
            }
        }
    }
}

impl Error for CompactError {}

/// Why leadership cannot be handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferError {
    /// This node does not lead.
    NotLeader(NotLeader),
    /// The node named is not another voter.
    NotVoter(Id),
    /// With this kind of quorum there are no elections: the holder of the quorum disk leads.
    NoElections,
}

impl fmt::Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TransferError::NotLeader(error) => error.fmt(f),
            TransferError::NotVoter(id) => {
                write!(
                    f,
                    "node {id} cannot take over the log: it is not another voter"
                )
            }
            TransferError::NoElections => {
                f.write_str("this kind of quorum elects no leader, so that none can be handed over")
            }
        }
    }
}

impl Error for TransferError {}

impl From<NotLeader> for TransferError {
    fn from(error: NotLeader) -> Self {
        TransferError::NotLeader(error)
    }
}
