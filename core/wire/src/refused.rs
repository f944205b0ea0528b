//! Why something is not taken for a message, and how often that happened.

use crate::envelope::VERSION;
use crate::ids::{ClusterId, NetworkId};
use crate::key::Fingerprint;

/// Why a datagram or what came on a stream was refused. It changed nothing, and was counted.
///
/// Until a seal is found to be genuine, what is named here is what the bytes claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too few bytes, or a stream ended in the middle.
    #[error("{found} bytes are there, and at least {needed} are needed")]
    Truncated {
        /// Bytes there.
        found: usize,
        /// Bytes needed.
        needed: usize,
    },
    /// More bytes than are ever sent.
    #[error("{found} bytes are there or announced, and {most} are the most that is taken")]
    Oversized {
        /// Bytes there, or announced.
        found: usize,
        /// The most that is taken.
        most: usize,
    },
    /// Another version of the envelope, or no envelope at all.
    #[error(
        "version {found} of the envelope is not the version {VERSION} that is read here: run the same release on every node"
    )]
    Version {
        /// The version found.
        found: u8,
    },
    /// Sealed with a key that this node does not have.
    #[error(
        "node {from} sealed with key {found}, which is not in this node's key file: give both the same file"
    )]
    ForeignKey {
        /// Who claims to have sent it.
        from: u8,
        /// The fingerprint of its key.
        found: Fingerprint,
    },
    /// For another cluster.
    #[error(
        "it is of cluster {found}, and this is cluster {ours}: two clusters share a network and a key"
    )]
    ForeignCluster {
        /// The cluster found.
        found: ClusterId,
        /// The cluster of this node.
        ours: ClusterId,
    },
    /// For another node, or from this one: sent astray, or back to where it came from.
    #[error("it is from node {from} to node {to}, and not for this one")]
    WrongReceiver {
        /// Who claims to have sent it.
        from: u8,
        /// For whom it is.
        to: u8,
    },
    /// Sent on another network than it came from.
    #[error(
        "node {from} sent it on network {found}, and it came on network {ours}: look at how they are connected"
    )]
    WrongNetwork {
        /// Who claims to have sent it.
        from: u8,
        /// The network it was sent on.
        found: NetworkId,
        /// The network it came on.
        ours: NetworkId,
    },
    /// The seal does not hold: forged or damaged.
    #[error("the seal does not hold: damaged, or not from node {from} as it claims")]
    Forged {
        /// Who claims to have sent it.
        from: u8,
    },
    /// From an earlier boot of its sender than is known.
    #[error("it is of boot {found} of node {from}, which has started again since, as boot {known}")]
    OldBoot {
        /// The sender.
        from: u8,
        /// Its boot then.
        found: u64,
        /// Its boot as it is known here.
        known: u64,
    },
    /// To an earlier boot of this node.
    #[error("node {from} sent it to boot {found} of this node, which is boot {ours}")]
    UnknownBoot {
        /// The sender.
        from: u8,
        /// The boot that it is for.
        found: u64,
        /// This node's boot.
        ours: u64,
    },
    /// To a later boot of this node than it has: this node's boots have been counted backwards.
    #[error(
        "node {from} sent it to boot {found} of this node, which is boot {ours}: this node's state was set back to an earlier \
         one, and nobody will hear it"
    )]
    LaterBoot {
        /// The sender.
        from: u8,
        /// The boot that it is for.
        found: u64,
        /// This node's boot.
        ours: u64,
    },
    /// It was taken before.
    #[error("number {counter} of node {from} was taken before")]
    Replayed {
        /// The sender.
        from: u8,
        /// Its number.
        counter: u64,
    },
    /// So far behind the newest that nobody knows whether it was taken before.
    #[error("number {counter} of node {from} is too far behind the newest")]
    TooOld {
        /// The sender.
        from: u8,
        /// Its number.
        counter: u64,
    },
    /// Genuine, and not where it belongs: a stream's beginning as a datagram, the answer for another stream, bytes where none
    /// are expected.
    #[error("it is from node {from}, and does not belong here")]
    Misplaced {
        /// The sender.
        from: u8,
    },
}

/// More than is ever sent at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of {found} bytes is not sent: {most} are the most here")]
pub struct TooLarge {
    /// Bytes of the message.
    pub found: usize,
    /// The most that is sent.
    pub most: usize,
}

/// How many kinds of things are counted.
const COUNTS: usize = 16;

/// How much was delivered and how much refused, since the node started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages delivered, from datagrams and streams.
    pub delivered: u64,
    /// Datagrams and streams of nodes that asked for this node's boot. They are no sign of anything wrong.
    pub hellos: u64,
    /// Too few bytes.
    pub truncated: u64,
    /// Too many bytes.
    pub oversized: u64,
    /// Another version.
    pub wrong_version: u64,
    /// A key that this node does not have.
    pub foreign_key: u64,
    /// Another cluster.
    pub foreign_cluster: u64,
    /// For another node, or from this one.
    pub wrong_receiver: u64,
    /// Sent on another network.
    pub wrong_network: u64,
    /// Forged or damaged.
    pub forged: u64,
    /// From an earlier boot of the sender.
    pub old_boot: u64,
    /// For an earlier boot of this node; a datagram is answered by this one.
    pub unknown_boot: u64,
    /// For a later boot of this node.
    pub later_boot: u64,
    /// Taken before.
    pub replayed: u64,
    /// Too far behind.
    pub too_old: u64,
    /// Genuine, and not where it belongs.
    pub misplaced: u64,
}

impl Counts {
    /// Every count with its name, as status and metrics show it.
    pub fn each(&self) -> [(&'static str, u64); COUNTS] {
        [
            ("delivered", self.delivered),
            ("hellos", self.hellos),
            ("truncated", self.truncated),
            ("oversized", self.oversized),
            ("wrong_version", self.wrong_version),
            ("foreign_key", self.foreign_key),
            ("foreign_cluster", self.foreign_cluster),
            ("wrong_receiver", self.wrong_receiver),
            ("wrong_network", self.wrong_network),
            ("forged", self.forged),
            ("old_boot", self.old_boot),
            ("unknown_boot", self.unknown_boot),
            ("later_boot", self.later_boot),
            ("replayed", self.replayed),
            ("too_old", self.too_old),
            ("misplaced", self.misplaced),
        ]
    }

    /// All that was refused.
    pub fn refused(&self) -> u64 {
        let refused = self.each().into_iter().skip(2);
        refused.map(|(_, count)| count).sum()
    }

    pub(crate) fn count(&mut self, refused: Refused) {
        let count = match refused {
            Refused::Truncated { .. } => &mut self.truncated,
            Refused::Oversized { .. } => &mut self.oversized,
            Refused::Version { .. } => &mut self.wrong_version,
            Refused::ForeignKey { .. } => &mut self.foreign_key,
            Refused::ForeignCluster { .. } => &mut self.foreign_cluster,
            Refused::WrongReceiver { .. } => &mut self.wrong_receiver,
            Refused::WrongNetwork { .. } => &mut self.wrong_network,
            Refused::Forged { .. } => &mut self.forged,
            Refused::OldBoot { .. } => &mut self.old_boot,
            Refused::UnknownBoot { .. } => &mut self.unknown_boot,
            Refused::LaterBoot { .. } => &mut self.later_boot,
            Refused::Replayed { .. } => &mut self.replayed,
            Refused::TooOld { .. } => &mut self.too_old,
            Refused::Misplaced { .. } => &mut self.misplaced,
        };
        *count += 1;
    }
}
