//! One cluster node, sans-IO: membership, quorum, cluster database, groups and failover.
//!
//! [`Node`] is a state machine without clock, thread, socket or disk: a driver hands it [`Input`]s and carries out its
//! [`Output`]s. The virtual world and a real machine drive the same code.
//!
//! Two levels inside: the cluster service (membership, quorum, log) and the group manager, which talk by values.
//!
//! The whole loop, for one node that has a disk, a monitor whose resources always start, and nobody to talk to:
//!
//! ```
//! use std::collections::{BTreeMap, VecDeque};
//! use quorate_journal::Event;
//! use quorate_model::monitor::{MonitorCommand, MonitorEvent};
//! use quorate_model::{NodeId, ResourceState, StartSwitches, Time};
//! use quorate_node::{BootImage, DiskDone, Input, Node, NodeConfig, Output};
//!
//! # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/clusters/one-node-local.ron");
//! let definition = quorate_model::load(file.as_ref()).expect("a sound file").definition;
//! let (id, switches) = (NodeId(1), StartSwitches::default());
//! # let (civil_origin_ms, local_shift_minutes) = (0, 0);
//! let config = NodeConfig { id, definition, switches, incarnation: 1, seed: 7, joins: false, civil_origin_ms, local_shift_minutes };
//! let mut files = BTreeMap::new();
//! let mut node = Node::boot(config, BootImage::default(), Time::ZERO);
//! let (mut now, mut happened, mut told) = (Time::ZERO, VecDeque::new(), Vec::new());
//! while now < Time::from_millis(60_000) {
//!     while let Some(output) = node.poll_output() {
//!         match output {
//!             // The word that it is durable comes only when it is.
//!             Output::Disk(request) => {
//!                 let result = Ok(request.op.carry_out(&mut files));
//!                 happened.push_back(Input::Disk(DiskDone { ticket: request.ticket, result }));
//!             }
//!             Output::Monitor(MonitorCommand::Online { resource }) => {
//!                 let (state, reason) = (ResourceState::Online, None);
//!                 happened.push_back(Input::Monitor(MonitorEvent::State { resource, state, reason }));
//!             }
//!             Output::AskMonitor => happened.push_back(Input::MonitorAnswers),
//!             Output::Event(event) => told.push(event),
//!             _ => {} // Messages, witnesses, answers to administrators, the other orders to the monitor.
//!         }
//!     }
//!     // What has happened comes first; with nothing left, time goes on to the next timer.
//!     let input = happened.pop_front().unwrap_or_else(|| {
//!         now = node.next_wakeup().unwrap_or(Time::NEVER);
//!         Input::Wake
//!     });
//!     node.handle(now, input);
//! }
//! assert!(told.iter().any(|event| matches!(event, Event::Quorum { held: true, .. })));
//! assert!(files.contains_key("MSCS/quolog.log"), "{:?}", files.keys());
//! ```
#![forbid(unsafe_code)]

mod admin;
pub mod bounds;
mod by_node;
mod candidacy;
mod clock;
mod codec;
mod control;
mod coordinator;
mod database;
mod digests;
mod disks;
#[cfg(test)]
mod formats;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod groups;
mod hand_over;
mod identity;
mod io;
mod kept_out;
mod ladder;
mod membership;
mod message;
mod monitoring;
mod neighbours;
mod node;
mod office;
mod placement;
#[cfg(feature = "planted")]
mod planted;
mod policy;
mod policy_engine;
mod proposals;
mod quorum;
mod random;
#[cfg(test)]
mod recovery_tests;
mod replication;
mod requests;
mod rest;
#[cfg(test)]
mod shipped;
mod storage;
mod store;
mod switches;
mod timers;
mod view;
mod ways;
mod witness;
mod witness_file;
mod words;

pub use codec::CodecError;
pub use io::*;
pub use message::{Beat, DATAGRAM_MAX, Message};
pub use node::Node;
pub use policy::{
    Choice, LocalTime, Policies, Policy, PolicyError, PolicyFailure, PolicyGroup, PolicyHosted,
    PolicyNode, PolicyResource, Reaction,
};
pub use store::StoreError;
pub use view::GroupView;
pub use witness_file::{WitnessReply, WitnessRequest};
