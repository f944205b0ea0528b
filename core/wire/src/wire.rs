//! One node's end of the wire: what it seals and opens, and what it knows of the others' boots.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use crate::envelope::{DATAGRAM_MAX, ENVELOPE, HEADER, Header, Kind, NoHeader};
use crate::ids::{ClusterId, NetworkId};
use crate::key::Fingerprint;
use crate::refused::{Counts, Refused, TooLarge};
use crate::ring::KeyRing;
use crate::sealing::Sealing;
use crate::window::{Stale, Window};

/// What a genuine datagram was.
///
/// Whatever is sent in return goes to the address that the configuration has for the node, never to where the datagram seems
/// to come from: anybody can have recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// A message, which is delivered this once.
    Message {
        /// The sender. It is the envelope's: addresses say nothing.
        from: u8,
        /// The sender's boot.
        boot: u64,
        /// What it said.
        payload: Vec<u8>,
    },
    /// The sender does not know this node's boot, so nothing that it said counts. `answer` tells it.
    Challenge {
        /// The sender.
        from: u8,
        /// The boot of this node that it had in mind, which has ended; 0 where it knew none.
        meant: u64,
        /// A datagram to send to `from`, on the same network.
        answer: Vec<u8>,
    },
    /// The sender has told its boot. What is sent to it from now on is carried. It may be told more than once, as by the answers
    /// to several hellos.
    Met {
        /// The sender.
        from: u8,
        /// Its boot.
        boot: u64,
    },
}

/// What is known of another node, proven by an envelope that it made for this very boot of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The newest boot that is proven.
    boot: u64,
    /// What was seen of that boot. One a network: networks are of different speed, and what was sent first on the slow one would
    /// be too old.
    windows: BTreeMap<NetworkId, Window>,
    /// What it sealed with last.
    key: Fingerprint,
}

/// One node's end of the wire, for one boot of it. A node that starts again gets another, and what is left of the streams of the
/// former one comes to its end there.
///
/// - **Proof.** A node accepts messages that were made for its current boot alone. Only who has heard of that boot can make
///   them, so nothing that was recorded before is ever accepted after a restart.
/// - **Order.** Datagrams may come in any order and from several networks. On each network the last 64 of a sender are told
///   apart; what is further behind the newest is refused.
/// - **Boots only grow.** Once a boot of a node is proven, its earlier ones are refused.
///
/// What is refused changes nothing but [`Wire::counts`].
#[derive(Debug)]
pub struct Wire {
    ring: KeyRing,
    cluster: ClusterId,
    me: u8,
    boot: u64,
    peers: BTreeMap<u8, Peer>,
    /// The next number to each node on each network. It is never set back: with the boots it makes every seal's nonce unique.
    sent: BTreeMap<(u8, NetworkId), u64>,
    challenges: u64,
    streams: u64,
    counts: Counts,
}

impl Wire {
    /// The end of node `me` in this boot.
    ///
    /// A boot's number must never come back, and be on disk before the first datagram leaves: the safety of the seals
    /// stands on it. It grows from boot to boot, or the others will hear nothing of this one.
    pub fn new(ring: KeyRing, cluster: ClusterId, me: u8, boot: NonZeroU64) -> Wire {
        Wire {
            ring,
            cluster,
            me,
            boot: boot.get(),
            peers: BTreeMap::new(),
            sent: BTreeMap::new(),
            challenges: 0,
            streams: 0,
            counts: Counts::default(),
        }
    }

    /// A datagram for node `to`, to be sent on `network` as it is.
    ///
    /// While the boot of `to` is not known ([`Wire::knows`]) the datagram asks for it and does not carry the payload, which
    /// is as good as lost: send again what matters once it is [`Opened::Met`].
    pub fn seal(
        &mut self,
        to: u8,
        network: NetworkId,
        payload: &[u8],
    ) -> Result<Vec<u8>, TooLarge> {
        let (found, most) = (payload.len(), DATAGRAM_MAX);
        if found > most {
            return Err(TooLarge { found, most });
        }
        let counter = self.sent.entry((to, network)).or_default();
        let this = *counter;
        *counter += 1;
        let boot = self.knows(to);
        let payload = if boot.is_some() { payload } else { &[] };
        let header = self.header(Kind::Message, to, network, boot.unwrap_or(0), this);
        self.envelope(&header, payload)
    }

    /// Opens a datagram that came on `network`.
    pub fn open(&mut self, network: NetworkId, datagram: &[u8]) -> Result<Opened, Refused> {
        let opened = self.opened(network, datagram);
        match &opened {
            Ok(Opened::Message { .. }) => self.counts.delivered += 1,
            Ok(Opened::Challenge { from, meant, .. }) if *meant > 0 => {
                self.refuse(Refused::UnknownBoot {
                    from: *from,
                    found: *meant,
                    ours: self.boot,
                })
            }
            Ok(Opened::Challenge { .. }) => self.counts.hellos += 1,
            Ok(Opened::Met { .. }) => {}
            Err(refused) => self.refuse(*refused),
        }
        opened
    }

    fn opened(&mut self, network: NetworkId, datagram: &[u8]) -> Result<Opened, Refused> {
        let (header, payload) = self.check(network, datagram, ENVELOPE + DATAGRAM_MAX)?;
        let Header {
            from, from_boot, ..
        } = header;
        match header.kind {
            Kind::Message if header.to_boot == self.boot => {
                self.take(&header)?;
                Ok(Opened::Message {
                    from,
                    boot: from_boot,
                    payload,
                })
            }
            Kind::Message => Ok(Opened::Challenge {
                from,
                meant: header.to_boot,
                answer: self.challenge(&header),
            }),
            Kind::Challenge => {
                self.present(from, header.to_boot)?;
                self.meet(&header);
                Ok(Opened::Met {
                    from,
                    boot: from_boot,
                })
            }
            Kind::Stream | Kind::StreamAnswer => Err(Refused::Misplaced { from }),
        }
    }

    /// Takes a message's counter, and with it its sender's boot where that is new.
    fn take(&mut self, header: &Header) -> Result<(), Refused> {
        let Header { from, counter, .. } = *header;
        let peer = self.meet(header);
        let window = peer.windows.entry(header.network).or_default();
        window.take(counter).map_err(|stale| match stale {
            Stale::Seen => Refused::Replayed { from, counter },
            Stale::TooOld => Refused::TooOld { from, counter },
        })?;
        peer.key = header.key;
        Ok(())
    }

    /// The sender of something that was made for this boot.
    pub(crate) fn meet(&mut self, header: &Header) -> &mut Peer {
        let new = || Peer {
            boot: header.from_boot,
            windows: BTreeMap::new(),
            key: header.key,
        };
        let peer = self.peers.entry(header.from).or_insert_with(new);
        if peer.boot < header.from_boot {
            *peer = new();
        }
        peer
    }

    /// The answer to who does not know this boot: an envelope that has nothing in it.
    fn challenge(&mut self, asked: &Header) -> Vec<u8> {
        let counter = self.challenges;
        self.challenges += 1;
        let Header {
            from,
            from_boot,
            network,
            ..
        } = *asked;
        let header = self.header(Kind::Challenge, from, network, from_boot, counter);
        // Nothing in it cannot be too much.
        self.envelope(&header, &[]).unwrap_or_default()
    }

    /// What a genuine envelope says, or why it is none. It may still be for another boot of this node.
    pub(crate) fn check(
        &self,
        network: NetworkId,
        bytes: &[u8],
        most: usize,
    ) -> Result<(Header, Vec<u8>), Refused> {
        let found = bytes.len();
        let short = Refused::Truncated {
            found,
            needed: ENVELOPE,
        };
        let (clear, sealed) = bytes.split_first_chunk::<HEADER>().ok_or(short)?;
        if found < ENVELOPE {
            return Err(short);
        }
        if found > most {
            return Err(Refused::Oversized { found, most });
        }
        let header = Header::read(clear).map_err(|why| match why {
            NoHeader::Version(found) => Refused::Version { found },
            NoHeader::Nonsense => Refused::Forged { from: clear[2] },
        })?;
        let Header { from, to, .. } = header;
        if header.cluster != self.cluster {
            return Err(Refused::ForeignCluster {
                found: header.cluster,
                ours: self.cluster,
            });
        }
        let key = self.ring.find(header.key).ok_or(Refused::ForeignKey {
            from,
            found: header.key,
        })?;
        if to != self.me || from == self.me {
            return Err(Refused::WrongReceiver { from, to });
        }
        if header.network != network {
            return Err(Refused::WrongNetwork {
                from,
                found: header.network,
                ours: network,
            });
        }
        let payload = Sealing::of_envelope(key, &header)
            .open(header.nonce(), clear, sealed)
            .map_err(|_| Refused::Forged { from })?;
        self.current(from, header.from_boot)?;
        match header.to_boot > self.boot {
            true => Err(Refused::LaterBoot {
                from,
                found: header.to_boot,
                ours: self.boot,
            }),
            false => Ok((header, payload)),
        }
    }

    /// Whether this boot of a node is no earlier than what is known.
    pub(crate) fn current(&self, from: u8, found: u64) -> Result<(), Refused> {
        match self.knows(from) {
            Some(known) if found < known => Err(Refused::OldBoot { from, found, known }),
            _ => Ok(()),
        }
    }

    /// Whether something that `from` has made for a boot of this node is for this one.
    pub(crate) fn present(&self, from: u8, found: u64) -> Result<(), Refused> {
        match found == self.boot {
            true => Ok(()),
            false => Err(Refused::UnknownBoot {
                from,
                found,
                ours: self.boot,
            }),
        }
    }

    /// A header of this node, for the key that seals.
    pub(crate) fn header(
        &self,
        kind: Kind,
        to: u8,
        network: NetworkId,
        to_boot: u64,
        counter: u64,
    ) -> Header {
        Header {
            kind,
            from: self.me,
            to,
            key: self.ring.sealing().fingerprint(),
            cluster: self.cluster,
            network,
            from_boot: self.boot,
            to_boot,
            counter,
        }
    }

    /// The envelope with this header, which [`Wire::header`] has made.
    pub(crate) fn envelope(&self, header: &Header, payload: &[u8]) -> Result<Vec<u8>, TooLarge> {
        let clear = header.bytes();
        let mut bytes = Vec::with_capacity(ENVELOPE + payload.len());
        bytes.extend_from_slice(&clear);
        bytes.extend_from_slice(payload);
        let sealing = Sealing::of_envelope(self.ring.sealing(), header);
        sealing.seal(header.nonce(), &clear, &mut bytes, HEADER)?;
        Ok(bytes)
    }

    /// The number of a new stream. No two ends of streams have the same in one boot.
    pub(crate) fn number_stream(&mut self) -> u64 {
        let number = self.streams;
        self.streams += 1;
        number
    }

    pub(crate) fn refuse(&mut self, refused: Refused) {
        self.counts.count(refused);
    }

    pub(crate) fn counts_mut(&mut self) -> &mut Counts {
        &mut self.counts
    }

    /// The boot of a node, once that is proven.
    pub fn knows(&self, node: u8) -> Option<u64> {
        self.peers.get(&node).map(|peer| peer.boot)
    }

    /// The key that a node sealed its newest datagram with. While keys are replaced it tells whether the old one can go.
    pub fn sealed_with(&self, node: u8) -> Option<Fingerprint> {
        self.peers.get(&node).map(|peer| peer.key)
    }

    /// The keys of this node.
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Takes other keys, as when the key file has changed. What is known of the others stays; streams whose key is not among
    /// them come to their end.
    pub fn set_ring(&mut self, ring: KeyRing) {
        self.ring = ring;
    }

    /// This node's number.
    pub fn me(&self) -> u8 {
        self.me
    }

    /// This node's boot.
    pub fn boot(&self) -> u64 {
        self.boot
    }

    /// How much was delivered and refused.
    pub fn counts(&self) -> Counts {
        self.counts
    }
}
