//! What the nodes of a live cluster say to each other, sealed: nothing that was forged, damaged, recorded and sent again, or
//! meant for another node, network or cluster is ever taken for a message.
//!
//! Without input or output, clock or thread: bytes in, bytes out. `docs/formats.md` has every byte.
//!
//! - A [`ClusterKey`] is the secret that all nodes of a cluster have. A [`KeyRing`] holds one, or two while it is replaced; it is
//!   what the key file contains.
//! - A [`Wire`] is one node's end, for one boot of it. [`Wire::seal`] makes a datagram, [`Wire::open`] opens one. Both ends
//!   must know each other's boot before anything is delivered; they learn it from each other, in one exchange.
//! - [`StreamOut`] and [`StreamIn`] are the two ends of a byte stream for what no datagram holds.
//! - [`Counts`] says how much was delivered and how much refused, and why.
//!
//! Two nodes that meet:
//!
//! ```
//! # use std::num::NonZeroU64;
//! use quorate_wire::{ClusterId, ClusterKey, KeyRing, NetworkId, Opened, Wire};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let boot = |boot| NonZeroU64::new(boot).ok_or("a boot is never 0");
//! let text = KeyRing::new(ClusterKey::generate()?).to_text();
//! let (cluster, public) = (ClusterId::of_name("MAIL"), NetworkId::of_name("Public"));
//! let mut one = Wire::new(KeyRing::parse(&text)?, cluster, 1, boot(1_700_000_000)?);
//! let mut two = Wire::new(KeyRing::parse(&text)?, cluster, 2, boot(1_700_000_007)?);
//!
//! // Node 1 does not know the boot of node 2: what it sends asks for it, and carries nothing.
//! let hello = one.seal(2, public, b"heartbeat")?;
//! let Opened::Challenge { from: 1, answer, .. } = two.open(public, &hello)? else { panic!() };
//! let Opened::Met { from: 2, boot: 1_700_000_007 } = one.open(public, &answer)? else { panic!() };
//! // From now on it is carried.
//! let datagram = one.seal(2, public, b"heartbeat")?;
//! let Opened::Message { from: 1, payload, .. } = two.open(public, &datagram)? else { panic!() };
//! assert_eq!(payload, b"heartbeat");
//! assert!(two.open(public, &datagram).is_err());
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod envelope;
mod file;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod ids;
mod key;
mod refused;
mod ring;
mod sealing;
mod stream;
mod window;
mod wire;

pub use envelope::{DATAGRAM_MAX, ENVELOPE, VERSION};
pub use file::{KeyFileError, KeyFileFault};
pub use ids::{ClusterId, NetworkId};
pub use key::{ClusterKey, Fingerprint, NoRandomness};
pub use refused::{Counts, Refused, TooLarge};
pub use ring::{KeyRing, RotateError, RotationStep, SameKey};
pub use stream::{STREAM_MAX, Step, StreamError, StreamIn, StreamOut};
pub use wire::{Opened, Wire};
