//! What a world gives the cluster service of one machine.

use std::sync::Arc;

use quorate_host::Services;
use quorate_journal::Event;
use quorate_model::{Name, NodeId, Reason, Time};
use quorate_node::{DiskDone, DiskRequest, Message, WitnessRequest};

use crate::monitor::ResourceMonitor;
use crate::service::ClusterService;
use crate::stuck::Stuck;

/// The world around one machine's cluster service.
///
/// Each method does what it is asked for at once, or begins it. A result that comes later is handed in by
/// [`input`](crate::input), never from inside these methods.
pub trait Surroundings {
    /// The kind of resource monitor.
    type Monitor: ResourceMonitor;

    /// The time on the machine's own clock, which never goes back.
    fn now(&self) -> Time;
    /// The machine's cluster service.
    fn service(&mut self) -> &mut ClusterService<Self::Monitor>;
    /// Runs `call` on the resource monitor ([`ClusterService::monitor_mut`]), with the services that its plugins see.
    /// `None` if there is no monitor.
    fn with_monitor<R>(
        &mut self,
        call: impl FnOnce(&mut Self::Monitor, &mut dyn Services) -> R,
    ) -> Option<R>;
    /// Makes a resource monitor to replace one that was ended; no resource is open in it.
    fn another_monitor(&mut self) -> Self::Monitor;

    /// Sends a message; it may be lost.
    fn send(&mut self, to: NodeId, network: &Name, message: Message);
    /// Sends a message on many ways, one after the other; it may be lost on each.
    fn send_all(&mut self, ways: &Arc<[(NodeId, Name)]>, message: Message) {
        for (to, network) in ways.iter() {
            self.send(*to, network, message.clone());
        }
    }
    /// Begins a request to a disk. Requests to one device are carried out in order. `Err` is a request that was
    /// refused without having begun.
    fn use_disk(&mut self, request: DiskRequest) -> Result<(), DiskDone>;
    /// Asks a file share witness.
    fn ask_witness(&mut self, request: WitnessRequest);
    /// Records an event that the node reports.
    fn record(&mut self, event: Event);
    /// Answers an administrator's request.
    fn reply(&mut self, request: u64, result: Result<(), Reason>);
    /// Answers a control code.
    fn controlled(&mut self, request: u64, result: Result<Vec<u8>, Reason>);

    /// The resource monitor is about to end everything, and something still runs.
    fn ends(&mut self);
    /// The service has halted by its own decision; it and its monitor are gone. `restart` says whether it is to be
    /// started again after [`SERVICE_RESTART`](quorate_node::bounds::SERVICE_RESTART).
    fn halted(&mut self, reason: Reason, restart: bool);
    /// Node and monitor ask for nothing more: their next wake-ups may have changed.
    fn at_rest(&mut self);
    /// Node or monitor keeps time from going on: this is a bug of theirs, and the end of the service.
    fn stuck(&mut self, how: Stuck);
}
