//! A resource monitor process: calls of a plugin's entries that are made in a process beside this one, so that only
//! that one dies of a crash or a hang.
//!
//! The host starts `quorate monitor` with one end of a socket as its standard input and talks to it in lock step: it
//! sends one request and answers what the plugin asks of its host in the meantime, until the result comes. So no
//! virtual time passes, and the order of everything is what it is without the process.
//!
//! # Bytes
//!
//! Each frame is its body's length as four bytes, the least significant first, and the body: one [`wire::ToMonitor`]
//! or [`wire::ToHost`] as postcard writes it (the variant's number as a varint, then the fields in order; numbers as
//! varints, text and bytes with their length before them). No body is longer than [`wire::FRAME_MAX`].
//!
//! | from | frame | answered by |
//! | --- | --- | --- |
//! | host | `Hello`: magic `QRMN`, protocol version, library | `Hello`: version, what the library says of itself; or `Refused` |
//! | host | `Open`: number, resource, type, group | `Opened` |
//! | host | `Call`: number, entry | `Returned` |
//! | host | `TypeCall`: type, control code | `Returned` |
//! | host | `Mail`: number | `Mail`: what the plugin's own threads reported |
//! | monitor | `Ask` and `Question`, any number of them before the answer to `Open` or `Call` | `Answer` |
//! | monitor | `Log`, likewise | nothing |
//!
//! Both sides are the same program, so a version other than the own is refused. The end of the socket ends the
//! monitor, whatever its plugin does at that moment.

pub(crate) mod ask;
#[cfg(any(test, feature = "fuzzing"))]
mod fuzzing;
mod parent;
pub(crate) mod system;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod wire;

pub(crate) use ask::CallContext;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use fuzzing::frames;
pub(crate) use parent::{Death, MonitorProcess, learn};
pub use system::{
    Terminal, describe_end, end_at_once, end_soon, end_with_parent, has_ended, interrupt,
    is_stopped, kill_group, take_stdin, tell_parent,
};
pub(crate) use wire::Mail;
