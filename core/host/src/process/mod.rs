//! Resource monitor processes: the entries of a plugin are called in a process beside this one, so that a crash or a
//! hang ends only that process.
//!
//! The host starts `quorate monitor` with one end of a socket as its standard input. It sends one request at a time,
//! and answers what the plugin asks of it until the result comes. So no virtual time passes during a request, and
//! everything happens in the same order as without the process.
//!
//! # Bytes
//!
//! Each frame is the length of its body in four bytes, the least significant first, and then the body: one
//! [`wire::ToMonitor`] or [`wire::ToHost`] as postcard writes it (the variant's number as a varint, then the fields in
//! order; numbers as varints, text and bytes with their length before them). No body is longer than
//! [`wire::FRAME_MAX`].
//!
//! | from | frame | answered by |
//! | --- | --- | --- |
//! | host | `Hello`: magic `QRMN`, protocol version, library | `Hello`: version, what the library says of itself; or `Refused` |
//! | host | `Open`: number, resource, type, group | `Opened` |
//! | host | `Call`: number, entry | `Returned` |
//! | host | `TypeCall`: type, control code | `Returned` |
//! | host | `Mail`: number | `Mail`: what the plugin's own threads reported |
//! | host | `Learn`: another library's file and path | `Hello`, or `Refused` with the reason |
//! | monitor | `Ask` and `Question`, any number of them before the answer to `Open` or `Call` | `Answer` |
//! | monitor | `Log`, likewise | nothing |
//!
//! A plugin that is a program ([`is_program`](crate::plugins::is_program)) is at the monitor's end of the socket by itself. It says `Hello` first, in such a frame or as
//! a line of JSON ([`json`]), and goes on as it began.
//!
//! Otherwise both sides are the same program, so each refuses any version but its own. When the socket is closed, the monitor
//! process ends, whatever its plugin is doing at that moment.

pub(crate) mod ask;
#[cfg(any(test, feature = "fuzzing"))]
mod fuzzing;
mod json;
mod parent;
pub(crate) mod system;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod wire;

pub(crate) use ask::CallContext;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use fuzzing::frames;
pub(crate) use parent::{Death, MonitorProcess, learn, learn_program, learn_together};
pub use system::{
    Terminal, describe_end, end_at_once, end_soon, end_with_parent, has_ended, interrupt,
    is_stopped, kill_group, share_heap, take_stdin, tell_parent,
};
pub(crate) use wire::Mail;
