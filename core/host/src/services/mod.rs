//! The requests that a plugin may make of the world it runs in: a [`Request`] and its [`Answer`] as values.
//!
//! Each service is one line of the list below. [`Serve`] is implemented by everything that answers, each with one
//! `match`: the virtual world, the real one, the worlds of tests, and whatever stands between a plugin and these.
//! [`Services`] is for those who ask, with a method for each request.

mod answer;

use std::borrow::Cow;

use quorate_model::monitor::ResourceSpec;
use quorate_model::{Reason, Time};
use serde::{Deserialize, Serialize};

pub use self::answer::{Answer, Carried};

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

impl<'a> Caller<'a> {
    /// The resource of this specification.
    pub(crate) fn of(spec: &'a ResourceSpec) -> Caller<'a> {
        Caller {
            resource: &spec.name,
            kind: &spec.kind,
            group: &spec.group,
        }
    }
}

impl Caller<'static> {
    /// For requests of the monitor itself: no resource.
    pub const NONE: Caller<'static> = Caller {
        resource: "",
        kind: "",
        group: "",
    };
}

/// What the service controller says about a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ServiceState {
    /// Not running.
    Stopped,
    /// Starting.
    StartPending,
    /// Running. Whether it answers is another question.
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

/// Answers requests of plugins: everything that they can reach of their node and of the world.
///
/// No answer waits: what takes time is begun, and the plugin asks again later.
pub trait Serve {
    /// Answers a request on behalf of a resource. The answer must be of the kind that the service is declared to give:
    /// see [`is_answered_by`](Request::is_answered_by).
    fn serve(&mut self, caller: Caller<'_>, request: Request<'_>) -> Answer;
}

/// The list of services. Each has one line: the request, the method for those who ask, its arguments, and its result.
/// The requests of the first part are made on nobody's behalf in particular.
macro_rules! services {
    (
        $($(#[$plain_doc:meta])+ $plain:ident: $plain_method:ident() -> $plain_ret:ty;)+
        on behalf of a resource:
        $($(#[$doc:meta])+ $variant:ident: $method:ident($($field:ident: $kind:ident),*) -> $ret:ty;)+
    ) => {
        /// A request to the world.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        // As programs that are plugins write it; frames have numbers in the place of names.
        #[serde(rename_all = "snake_case")]
        pub enum Request<'a> {
            $($(#[$plain_doc])+ $plain,)+
            $($(#[$doc])+ $variant {
                $(#[doc = concat!("The service's `", stringify!($field), "`.")] $field: services!(@kept $kind),)*
            },)+
        }

        impl Request<'_> {
            /// Whether the answer is of the kind that this request can have.
            pub fn is_answered_by(&self, answer: &Answer) -> bool {
                match self {
                    $(Request::$plain => <$plain_ret>::is_in(answer),)+
                    $(Request::$variant { .. } => <$ret>::is_in(answer),)+
                }
            }

            /// One of each request, for tests of those who answer. Every text is the name of its field.
            pub fn one_of_each() -> Vec<Request<'static>> {
                vec![
                    $(Request::$plain,)+
                    $(Request::$variant { $($field: services!(@sample $field $kind),)* },)+
                ]
            }
        }

        /// [`Serve`] for those who ask: a method for each [`Request`].
        ///
        /// # Panics
        ///
        /// Each method, if the answer is not of the kind that the request can have: a mistake in what answers.
        pub trait Services: Serve {
            $($(#[$plain_doc])+ fn $plain_method(&mut self) -> $plain_ret;)+
            $($(#[$doc])+ fn $method(&mut self, caller: Caller<'_>, $($field: services!(@given $kind)),*) -> $ret;)+
        }

        impl<S: Serve + ?Sized> Services for S {
            $(fn $plain_method(&mut self) -> $plain_ret {
                taken(stringify!($plain), self.serve(Caller::NONE, Request::$plain))
            })+
            $(fn $method(&mut self, caller: Caller<'_>, $($field: services!(@given $kind)),*) -> $ret {
                let request = Request::$variant { $($field: services!(@lent $field $kind),)* };
                taken(stringify!($variant), self.serve(caller, request))
            })+
        }
    };
    (@kept text) => { Cow<'a, str> };
    (@kept bytes) => { Cow<'a, [u8]> };
    (@kept $number:ident) => { $number };
    (@given text) => { &str };
    (@given bytes) => { &[u8] };
    (@given $number:ident) => { $number };
    (@lent $field:ident text) => { Cow::Borrowed($field) };
    (@lent $field:ident bytes) => { Cow::Borrowed($field) };
    (@lent $field:ident $number:ident) => { $field };
    (@sample $field:ident text) => { Cow::Borrowed(stringify!($field)) };
    (@sample $field:ident bytes) => { Cow::Borrowed(&[1, 2, 255]) };
    (@sample $field:ident bool) => { true };
    (@sample $field:ident $number:ident) => { 25 };
}

services! {
    /// `quorate.clock/1`: this node's monotonic clock.
    Now: now() -> Time;
    /// `quorate.clock/1`: milliseconds since 1970 UTC by this node's clock.
    CivilMs: civil_ms() -> i64;
    /// `quorate.cluster/1`: how many nodes are configured in the cluster.
    ConfiguredNodes: configured_nodes() -> u32;

    on behalf of a resource:

    /// `quorate.random/1`: the next number of the resource's own seeded generator.
    Random: random() -> u64;

    /// `quorate.service/1`: starts the service `name`, an instance of the resource's own. `work_units` says
    /// how much there is to do at start (log replay, say; 0 for none): the world turns it into time.
    ServiceStart: service_start(name: text, work_units: u64) -> ServiceResult<()>;
    /// The same, with the parameters that the service gets at its start, and the directory that it runs in. A world
    /// that has no use for these starts it without them.
    ServiceStartWith: service_start_with(name: text, work_units: u64, parameters: text, directory: text)
        -> ServiceResult<()>;
    /// `quorate.script/1`: the text of the script at `path`, from the folder of the cluster's definition.
    ScriptLoad: script_load(path: text) -> ServiceResult<String>;
    /// Asks the service to stop.
    ServiceStop: service_stop(name: text) -> ServiceResult<()>;
    /// Kills the service at once.
    ServiceKill: service_kill(name: text) -> ServiceResult<()>;
    /// What the service controller says of the service.
    ServiceState: service_state(name: text) -> ServiceResult<ServiceState>;
    /// Makes the service `name` answer on `address:port` with `protocol`'s banner, or stop doing so.
    ServiceListen: service_listen(name: text, address: text, port: u16, protocol: text, listen: bool)
        -> ServiceResult<()>;

    /// `quorate.probe/1`: calls into a service on this machine (RPC) and waits for an answer.
    ProbeService: probe_service(name: text) -> ServiceResult<()>;
    /// Connects to `address:port` from this machine and reads the protocol's banner. Whatever listens there answers, on
    /// this machine or on one that it reaches.
    ProbePort: probe_port(address: text, port: u16, protocol: text) -> ServiceResult<String>;
    /// Connects to `address:port` from this machine, sends `request`, and reads the first line of the answer. Whatever
    /// listens there answers.
    ProbeAsk: probe_ask(address: text, port: u16, request: text) -> ServiceResult<String>;

    /// `quorate.disk/1`: takes the reservation of the shared disk `disk` if nobody holds it, or renews it.
    ///
    /// This may take time. A renewal, a mount, a dismount without force, a listing, a write and a read answer
    /// `ERROR_IO_INCOMPLETE` until they are finished; the result is given when the same resource makes the same call
    /// again.
    DiskReserve: disk_reserve(disk: text) -> ServiceResult<()>;
    /// Breaks any reservation (bus reset). If the owner lives, it reserves the disk again.
    DiskBreak: disk_break_reservation(disk: text) -> ServiceResult<()>;
    /// Gives the reservation up.
    DiskRelease: disk_release(disk: text) -> ServiceResult<()>;
    /// Whether this node holds the reservation. Errors when the disk cannot be reached.
    DiskReserved: disk_reserved(disk: text) -> ServiceResult<bool>;
    /// Who holds the reservation; it is not taken. Errors when the disk cannot be reached, and in a world that cannot
    /// tell.
    DiskReservation: disk_reservation(disk: text) -> ServiceResult<Reservation>;
    /// Mounts the disk's file system here. Needs the reservation.
    DiskMount: disk_mount(disk: text) -> ServiceResult<()>;
    /// Dismounts the file system; with `force` even while files are open, or when the disk is gone.
    DiskUnmount: disk_unmount(disk: text, force: bool) -> ServiceResult<()>;
    /// Lists the root directory.
    DiskList: disk_list(disk: text) -> ServiceResult<Vec<String>>;
    /// Writes a file and flushes it. Needs reservation and mount.
    DiskWrite: disk_write(disk: text, file: text, bytes: bytes) -> ServiceResult<()>;
    /// Reads a file.
    DiskRead: disk_read(disk: text, file: text) -> ServiceResult<Vec<u8>>;

    /// `quorate.address/1`: plumbs `address` on this node's card in `network` and announces it (ARP).
    /// Refused if the address answers elsewhere or the card is broken.
    AddressAdd: address_add(network: text, address: text) -> ServiceResult<()>;
    /// Takes the address off the card.
    AddressRemove: address_remove(network: text, address: text) -> ServiceResult<()>;
    /// Whether the address is on this node's card, and card and network work.
    AddressWorks: address_works(network: text, address: text) -> ServiceResult<()>;
    /// Asks the network's DHCP server for a lease, or renews it: the address, and for how many seconds it is valid.
    AddressLease: address_lease(network: text) -> ServiceResult<(String, u32)>;

    /// `quorate.name/1`: makes the network name `name` resolve to `address`.
    NameRegister: name_register(name: text, address: text) -> ServiceResult<()>;
    /// Takes the name out of the name server.
    NameUnregister: name_unregister(name: text) -> ServiceResult<()>;
    /// What the name resolves to, asked from this node.
    NameResolve: name_resolve(name: text) -> ServiceResult<String>;
}

/// Takes the result out of the answer to `request`.
fn taken<T: Carried>(request: &str, answer: Answer) -> T {
    match T::unpack(answer) {
        Some(value) => value,
        None => panic!("`{request}` was answered by what is no answer to it"),
    }
}
