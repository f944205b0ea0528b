//! The journal: what happened, one typed event after the other. Every report is made from it and from nothing else.
//!
//! Written out, a journal is a file of JSON lines: a [`Header`], then one [`Entry`] a line. Several journals may
//! follow one another in one file. [`Journal`] keeps one in memory and writes it; [`Records`] reads a file line by
//! line.
//! Equal seeds, scripts and plugins give equal bytes.
#![forbid(unsafe_code)]

mod described;
mod entry;
mod journal;
mod node_event;
mod read;
mod trail;
mod words;
mod world_event;

pub use described::{EventField, EventKind, Field, Holds, PartField};
pub use entry::{Entry, Header, HeaderGroup, HeaderResource, JOURNAL_SCHEMA, What, event_kinds};
pub use journal::Journal;
pub use node_event::Event;
pub use read::{ReadError, Record, Records};
pub use trail::Trail;
pub use words::{Cause, PolicyFunction, ReservationChange, ServiceEnd, ServiceStep, Verdict};
pub use world_event::WorldEvent;
