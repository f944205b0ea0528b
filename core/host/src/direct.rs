//! One library, one instance, one call at a time, without a monitor: what a tester of plugins is made of.
//!
//! A library is an [`Image`], mapped with a table of the host's; its types' [`Entries`] are called inside [`enter`], with
//! a [`Frame`] behind which the plugin finds its services. What the contract allows when is the caller's business here.
//! Who only wants to run plugins has [`Monitor`](crate::Monitor).

pub use crate::monitor::{Directory, Saved};
pub use crate::plugins::{Image, check_table, read_block};
pub use crate::table::{
    Entries, Frame, Handle, Knowledge, Mailbox, Report, Traces, borrow_bytes, enter, host, lend,
    strays,
};
