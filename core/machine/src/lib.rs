//! The cluster service of one machine, which is a node and its resource monitor, and the loop that carries out what
//! they ask for until neither asks for anything more.
//!
//! It is written once for every world. A world says in [`Surroundings`] what it gives (a clock, messages, disks, the
//! services that plugins see, a journal, answers), keeps a [`ClusterService`], and hands in what happens by [`input`],
//! [`wake_node`] and [`wake_monitor`], at the instants of [`ClusterService::next_node_wakeup`] and
//! [`ClusterService::next_monitor_wakeup`].
#![forbid(unsafe_code)]

mod drive;
mod monitor;
mod service;
mod step;
mod stuck;
mod surroundings;

pub use drive::{ask, drain, end, input, wake_monitor, wake_node};
pub use monitor::{Monitors, ResourceMonitor, Resources};
pub use service::ClusterService;
pub use step::step;
pub use stuck::{EXCHANGES_MAX, Stuck, WAKES_MAX};
pub use surroundings::Surroundings;
