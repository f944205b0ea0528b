//! Calls into one library directly, without a resource monitor: one instance and one call at a time. The conformance
//! tester is built on this.
//!
//! An [`Image`] is a library mapped into this process; it got a table of host functions when it was mapped. The
//! [`Entries`] of its types are called inside [`enter`], with a [`Frame`] through which the plugin reaches its
//! services. The caller must see to it that the contract allows each call at that moment. To just run plugins, use
//! [`Monitor`](crate::Monitor).

pub use crate::bridge::programs;
pub use crate::monitor::{Directory, Saved};
pub use crate::plugins::{Image, check_table, is_program, read_block};
pub use crate::table::{
    Entries, Frame, Handle, Knowledge, Mailbox, Report, Traces, borrow_bytes, enter, host, lend,
    strays,
};
