//! Messages that no datagram holds, over a byte stream.
//!
//! A stream goes one way: who opens it sends messages, and the other end says one thing, at the beginning.
//!
//! ```text
//! sender                                  receiver
//! envelope "stream", number s  ────────►
//!                              ◄────────  envelope "stream's answer", number r, payload s
//! an empty frame               ────────►
//! frames …                     ────────►
//! ```
//! The answer holds the sender's boot and its number `s`: only this receiver can have made it, and only now. The key of the
//! frames is made of both boots, `s` and `r`: only this sender can make the first one, and only now. So both have proven
//! their boot before the first message is taken.
//!
//! A frame is the length of what follows (4 bytes, little-endian), the sealed message and its tag of 16 bytes. The length
//! is authenticated, and the number of the frame is in its nonce: nothing can be left out, put in or exchanged.

mod frame;
mod input;
mod output;

pub use frame::STREAM_MAX;
pub use input::{Step, StreamIn};
pub use output::{StreamError, StreamOut};
