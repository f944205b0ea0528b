//! Messages between machines: datagrams, and streams for what is too large for one.
//!
//! Everything is sealed. What was forged, recorded or meant for another never comes as far as the node's thread.

mod receive;
mod sealed;
mod streams;

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use quorate_model::{Name, NodeId};
use quorate_wire::NetworkId;

pub(crate) use sealed::Sealed;
use streams::Streams;

/// The longest message that goes as a datagram, in bytes. Longer ones are streams.
pub(crate) const MESSAGE_MAX: usize = quorate_node::DATAGRAM_MAX;

/// How many arrivals of a network may wait for the node: what comes then is dropped, as by a card's full buffer.
const WAITING_MAX: usize = 2_048;

/// How many refusals of a network may wait to be told. They are counted all the same.
const REFUSALS_MAX: usize = 16;

/// Takes what came in. Returns false once nobody wants it any more.
pub(crate) type Deliver = Arc<dyn Fn(Arrival) -> bool + Send + Sync>;

/// Something that came in on a network.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// The network.
    pub(crate) network: Name,
    /// What it is.
    pub(crate) what: What,
    /// Leaves the queue with the arrival.
    _waits: Waits,
}

/// What came in.
#[derive(Debug)]
pub(crate) enum What {
    /// A message of another node's.
    Message {
        /// Who sent it.
        from: NodeId,
        /// The boot of this node that it was made for.
        to_boot: u64,
        /// What it says.
        bytes: Vec<u8>,
    },
    /// A node does not know this one's boot: this is to be sent to where the configuration has it.
    Answer {
        /// The node.
        to: NodeId,
        /// The datagram.
        datagram: Vec<u8>,
    },
    /// Something was refused.
    Refused {
        /// Why.
        why: String,
    },
}

/// An arrival's place in a queue.
#[derive(Debug)]
struct Waits(Arc<Inbox>, bool);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.queue(self.1).0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What came in on one network.
#[derive(Debug, Default)]
struct Inbox {
    waiting: AtomicUsize,
    refusals: AtomicUsize,
    received: AtomicU64,
    dropped: AtomicU64,
}

/// Hands what comes in on one network to the node.
#[derive(Clone)]
struct HandIn {
    name: Name,
    id: NetworkId,
    inbox: Arc<Inbox>,
    sealed: Sealed,
    to: Deliver,
}

impl Inbox {
    fn queue(&self, refused: bool) -> (&AtomicUsize, usize) {
        match refused {
            true => (&self.refusals, REFUSALS_MAX),
            false => (&self.waiting, WAITING_MAX),
        }
    }

    /// A place in the queue, unless it is full.
    fn place(self: &Arc<Self>, refused: bool) -> Option<Waits> {
        let (queue, most) = self.queue(refused);
        if queue.fetch_add(1, Ordering::Relaxed) < most {
            return Some(Waits(Arc::clone(self), refused));
        }
        queue.fetch_sub(1, Ordering::Relaxed);
        None
    }
}

impl HandIn {
    /// Returns false once nobody wants anything any more.
    fn hand_in(&self, what: What) -> bool {
        let refused = matches!(what, What::Refused { .. });
        self.inbox.received.fetch_add(1, Ordering::Relaxed);
        let Some(waits) = self.inbox.place(refused) else {
            self.inbox.dropped.fetch_add(1, Ordering::Relaxed);
            return true;
        };
        (self.to)(Arrival {
            network: self.name.clone(),
            what,
            _waits: waits,
        })
    }
}

/// Why a network cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("network {network}: cannot receive on {address}: {why}")]
pub struct NetError {
    /// The network.
    pub network: Name,
    /// The address that was tried.
    pub address: SocketAddr,
    /// What the system says.
    pub why: io::Error,
}

/// What went over one network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Messages sent, as far as this machine knows.
    pub(crate) sent: u64,
    /// What came in, refused or not.
    pub(crate) received: u64,
    /// What was dropped because too much waited.
    pub(crate) dropped: u64,
}

#[derive(Debug)]
struct Link {
    name: Name,
    id: NetworkId,
    socket: UdpSocket,
    inbox: Arc<Inbox>,
    sent: u64,
}

/// The networks that a node talks on.
#[derive(Debug)]
pub(crate) struct Networks {
    links: Vec<Link>,
    streams: Streams,
    sealed: Sealed,
}

impl Networks {
    /// Receives on these addresses from now on.
    ///
    /// # Errors
    /// An address that is taken, or not on this machine.
    pub(crate) fn open(
        plan: &BTreeMap<Name, SocketAddr>,
        sealed: &Sealed,
        to: &Deliver,
    ) -> Result<Networks, NetError> {
        let mut links = Vec::new();
        for (name, address) in plan {
            let open = || -> io::Result<Link> {
                let socket = UdpSocket::bind(address)?;
                let listener = TcpListener::bind(address)?;
                let inbox = Arc::new(Inbox::default());
                let id = NetworkId::of_name(name);
                let hand_in = HandIn {
                    name: name.clone(),
                    id,
                    inbox: Arc::clone(&inbox),
                    sealed: sealed.clone(),
                    to: Arc::clone(to),
                };
                receive::datagrams(socket.try_clone()?, hand_in.clone())?;
                receive::streams(listener, hand_in)?;
                Ok(Link {
                    name: name.clone(),
                    id,
                    socket,
                    inbox,
                    sent: 0,
                })
            };
            links.push(open().map_err(|why| NetError {
                network: name.clone(),
                address: *address,
                why,
            })?);
        }
        Ok(Networks {
            links,
            streams: Streams::default(),
            sealed: sealed.clone(),
        })
    }

    /// Sends a message; it may be lost.
    pub(crate) fn send(&mut self, network: &Name, to: (NodeId, SocketAddr), message: Vec<u8>) {
        let Some(link) = self.links.iter_mut().find(|link| link.name == *network) else {
            return;
        };
        link.sent += 1;
        let (node, place) = to;
        if message.len() > MESSAGE_MAX {
            let to = (node, link.id, place);
            self.streams.send(&self.sealed, to, message);
        } else if let Ok(datagram) = self.sealed.hold().wire().seal(node.0, link.id, &message) {
            // A card without a link loses it, as a wire does.
            let _ = link.socket.send_to(&datagram, place);
        }
    }

    /// Sends a datagram that is sealed.
    pub(crate) fn answer(&mut self, network: &Name, to: SocketAddr, datagram: &[u8]) {
        if let Some(link) = self.links.iter_mut().find(|link| link.name == *network) {
            let _ = link.socket.send_to(datagram, to);
        }
    }

    /// What went over each network.
    pub(crate) fn traffic(&self) -> impl Iterator<Item = (&Name, Traffic)> {
        self.links.iter().map(|link| {
            let traffic = Traffic {
                sent: link.sent,
                received: link.inbox.received.load(Ordering::Relaxed),
                dropped: link.inbox.dropped.load(Ordering::Relaxed),
            };
            (&link.name, traffic)
        })
    }
}

#[cfg(test)]
mod tests;
