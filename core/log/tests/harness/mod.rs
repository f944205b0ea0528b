//! A cluster of logs in memory: seeded, without time, with every fault that the log must survive.
//!
//! A run is a list of [`Op`]s. They refer to messages and writes by number, so that a list stays meaningful when ops
//! are removed from it.
#![allow(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "each test uses its part of the harness"
)]

mod case;
mod heal;
mod op;
mod plan;
mod rng;
mod world;

use quorate_log::Entry;

pub use case::{Case, bug};
pub use op::{Kind, Op};
pub use plan::Plan;
pub use rng::Rng;
pub use world::{Host, World, Write};

/// The entries of a log as `index:term`, to keep expectations short.
pub fn shape(entries: &[Entry]) -> String {
    let words: Vec<String> = entries
        .iter()
        .map(|e| format!("{}:{}", e.index, e.term))
        .collect();
    words.join(" ")
}
