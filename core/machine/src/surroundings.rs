//! What a world gives the cluster service of one machine.

use quorate_host::Services;
use quorate_journal::Event;
use quorate_model::{Name, NodeId, Reason, Time};
use quorate_node::{DiskDone, DiskRequest, Message, WitnessRequest};

use crate::monitor::ResourceMonitor;
use crate::service::ClusterService;
use crate::stuck::Stuck;

/// The world around one machine's cluster service.
///
/// What it is asked for it does at once or begins; what comes of it is handed in by [`input`](crate::input) when it has
/// come, and never from inside these methods.
pub trait Surroundings {
    /// The kind of resource monitor.
    type Monitor: ResourceMonitor;

    /// What the machine's own clock shows. It never goes back.
    fn now(&self) -> Time;
    /// The machine's cluster service.
    fn service(&mut self) -> &mut ClusterService<Self::Monitor>;
    /// Has the resource monitor ([`ClusterService::monitor_mut`]) do something with the services that its plugins see.
    /// `None` if there is no monitor.
    fn with_monitor<R>(
        &mut self,
        call: impl FnOnce(&mut Self::Monitor, &mut dyn Services) -> R,
    ) -> Option<R>;
    /// A resource monitor that takes the place of one that was ended, with no resource open.
    fn another_monitor(&mut self) -> Self::Monitor;

    /// Sends a message; it may be lost.
    fn send(&mut self, to: NodeId, network: &Name, message: Message);
    /// Begins a request to a disk. Requests to one device are carried out in order. What is refused without having been
    /// begun comes back at once.
    fn use_disk(&mut self, request: DiskRequest) -> Result<(), DiskDone>;
    /// Asks a file share witness.
    fn ask_witness(&mut self, request: WitnessRequest);
    /// Writes down what the node tells.
    fn record(&mut self, event: Event);
    /// Answers an administrator's request.
    fn reply(&mut self, request: u64, result: Result<(), Reason>);
    /// Answers a control code.
    fn controlled(&mut self, request: u64, result: Result<Vec<u8>, Reason>);

    /// The resource monitor is about to end everything, and something ran.
    fn ends(&mut self);
    /// The service has halted by its own decision and is no more, nor is its monitor. Whether it is to be started again
    /// after [`SERVICE_RESTART`](quorate_node::bounds::SERVICE_RESTART).
    fn halted(&mut self, reason: Reason, restart: bool);
    /// Nobody has anything more to say: when they want to be woken may have changed.
    fn at_rest(&mut self);
    /// Node or monitor do not let time go on: a bug of theirs, and the end of the service.
    fn stuck(&mut self, how: Stuck);
}
