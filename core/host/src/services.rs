//! What a plugin may ask of the world it runs in. The virtual world and the real one each implement it.

use quorate_model::{Reason, Time};
use serde::{Deserialize, Serialize};

/// On whose behalf a service is called.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The resource's name.
    pub resource: &'a str,
    /// Its type's name.
    pub kind: &'a str,
    /// Its group's name.
    pub group: &'a str,
}

/// What the service controller says about a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ServiceState {
    /// Not running.
    Stopped,
    /// Starting.
    StartPending,
    /// Running, which says nothing about whether it answers.
    Running,
    /// Stopping.
    StopPending,
}

/// Who holds a disk's reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reservation {
    /// Nobody.
    Nobody,
    /// The node that asks.
    Here,
    /// Another node.
    Elsewhere,
}

/// The result of a service call.
pub type ServiceResult<T> = Result<T, Reason>;

/// Everything a plugin reaches of its node and of the world, on behalf of one resource.
///
/// None of these waits: what takes time is started and then looked at again.
pub trait Services {
    /// `quorate.clock/1`: this node's monotonic clock.
    fn now(&self) -> Time;
    /// `quorate.clock/1`: milliseconds since 1970 UTC by this node's clock.
    fn civil_ms(&self) -> i64;
    /// `quorate.random/1`: the next number of the resource's own seeded generator.
    fn random(&mut self, caller: Caller<'_>) -> u64;

    /// `quorate.service/1`: starts the service `name`, an instance of the resource's own. `work_units` says
    /// how much there is to do at start (log replay, say; 0 for none): the world turns it into time.
    fn service_start(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        work_units: u64,
    ) -> ServiceResult<()>;
    /// As [`service_start`](Self::service_start), with what the service is given at its start and the directory it
    /// runs in. A world that has no place for them starts it without.
    fn service_start_with(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        work_units: u64,
        parameters: &str,
        directory: &str,
    ) -> ServiceResult<()> {
        let _ = (parameters, directory);
        self.service_start(caller, name, work_units)
    }
    /// Asks the service to stop.
    fn service_stop(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()>;
    /// Kills the service at once.
    fn service_kill(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()>;
    /// What the service controller says of the service.
    fn service_state(&self, caller: Caller<'_>, name: &str) -> ServiceResult<ServiceState>;

    /// `quorate.probe/1`: calls into a service on this machine (RPC) and waits for an answer.
    fn probe_service(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()>;
    /// Connects to `address:port` from this machine and reads the protocol's banner. Whatever listens there answers, on
    /// this machine or on one that it reaches.
    fn probe_port(
        &mut self,
        caller: Caller<'_>,
        address: &str,
        port: u16,
        protocol: &str,
    ) -> ServiceResult<String>;
    /// Makes the service `name` answer on `address:port` with `protocol`'s banner, or stop doing so.
    fn service_listen(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        address: &str,
        port: u16,
        protocol: &str,
        listen: bool,
    ) -> ServiceResult<()>;

    /// `quorate.disk/1`: takes the reservation of the shared disk `disk` if nobody holds it, or renews it.
    ///
    /// A disk may take its time: a renewal, a mount, a dismount without force, a listing, a write and a read answer
    /// `ERROR_IO_INCOMPLETE` while it is at it, and the same call of the same resource later says what became of it.
    fn disk_reserve(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<()>;
    /// Breaks whatever reservation there is (bus reset). A live owner will take it again.
    fn disk_break_reservation(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<()>;
    /// Gives the reservation up.
    fn disk_release(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<()>;
    /// Whether this node holds the reservation. Errors when the disk cannot be reached.
    fn disk_reserved(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<bool>;
    /// Who holds the reservation, without taking it. Errors when the disk cannot be reached, and in a world that
    /// cannot tell.
    fn disk_reservation(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<Reservation> {
        let _ = caller;
        Err(Reason::new(
            quorate_abi::ERROR_NOT_SUPPORTED,
            format!("nothing here can tell who holds {disk}"),
        ))
    }
    /// Mounts the disk's file system here. Needs the reservation.
    fn disk_mount(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<()>;
    /// Dismounts the file system; with `force` even while files are open, or when the disk is gone.
    fn disk_unmount(&mut self, caller: Caller<'_>, disk: &str, force: bool) -> ServiceResult<()>;
    /// Lists the root directory.
    fn disk_list(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<Vec<String>>;
    /// Writes a file and flushes it. Needs reservation and mount.
    fn disk_write(
        &mut self,
        caller: Caller<'_>,
        disk: &str,
        file: &str,
        bytes: &[u8],
    ) -> ServiceResult<()>;
    /// Reads a file.
    fn disk_read(&mut self, caller: Caller<'_>, disk: &str, file: &str) -> ServiceResult<Vec<u8>>;

    /// `quorate.address/1`: plumbs `address` on this node's card in `network` and announces it (ARP).
    /// Refused if the address answers elsewhere or the card is broken.
    fn address_add(
        &mut self,
        caller: Caller<'_>,
        network: &str,
        address: &str,
    ) -> ServiceResult<()>;
    /// Takes the address off the card.
    fn address_remove(
        &mut self,
        caller: Caller<'_>,
        network: &str,
        address: &str,
    ) -> ServiceResult<()>;
    /// Whether the address is on this node's card, and card and network work.
    fn address_works(&self, caller: Caller<'_>, network: &str, address: &str) -> ServiceResult<()>;
    /// Asks the network's DHCP server for a lease, or renews it: the address and the seconds it is good for.
    fn address_lease(&mut self, caller: Caller<'_>, network: &str) -> ServiceResult<(String, u32)>;

    /// `quorate.name/1`: makes the network name `name` resolve to `address`.
    fn name_register(&mut self, caller: Caller<'_>, name: &str, address: &str)
    -> ServiceResult<()>;
    /// Takes the name out of the name server.
    fn name_unregister(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()>;
    /// What the name resolves to, asked from this node.
    fn name_resolve(&self, caller: Caller<'_>, name: &str) -> ServiceResult<String>;

    /// `quorate.cluster/1`: how many nodes are configured in the cluster.
    fn configured_nodes(&self) -> u32;

    /// `quorate.script/1`: the text of the script at `path`, from the folder of the cluster's definition.
    fn script_load(&self, caller: Caller<'_>, path: &str) -> ServiceResult<String> {
        let _ = caller;
        Err(Reason::new(
            quorate_abi::ERROR_NOT_SUPPORTED,
            format!("nothing here can read the script {path}"),
        ))
    }
}
