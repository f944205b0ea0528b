//! The host's services, found by id with [`crate::QrHost::get_service`].
//!
//! Each call takes the instance that `open` was given, and may be made only while the host is inside one of that
//! instance's entries: otherwise it is [`crate::ERROR_ACCESS_DENIED`] (or 0 where no error can be said). None waits. Unless it says otherwise, a call returns 0 or an
//! error code.

use crate::{QrInstance, QrStr};

/// Service state: not running.
pub const SERVICE_STOPPED: u32 = 1;
/// Service state: starting.
pub const SERVICE_START_PENDING: u32 = 2;
/// Service state: stopping.
pub const SERVICE_STOP_PENDING: u32 = 3;
/// Service state: running, which does not say that it answers.
pub const SERVICE_RUNNING: u32 = 4;

/// Disk reservation: nobody holds it.
pub const RESERVATION_NOBODY: u32 = 0;
/// Disk reservation: this node holds it.
pub const RESERVATION_HERE: u32 = 1;
/// Disk reservation: another node holds it.
pub const RESERVATION_ELSEWHERE: u32 = 2;

/// Id of [`QrClock`].
pub const SERVICE_ID_CLOCK: &str = "quorate.clock/1";

/// The node's clocks.
#[repr(C)]
#[derive(Debug)]
pub struct QrClock {
    /// Size of this table as the host was compiled.
    pub size: u32,
    /// The service's version: 1.
    pub version: u32,
    /// Milliseconds on the node's monotonic clock.
    pub now_ms: Option<unsafe extern "C" fn(instance: *const QrInstance) -> u64>,
    /// Milliseconds since 1970 UTC by the node's clock.
    pub civil_ms: Option<unsafe extern "C" fn(instance: *const QrInstance) -> i64>,
}

// SAFETY: the table is immutable and its pointers are to functions.
unsafe impl Sync for QrClock {}

/// Id of [`QrRandom`].
pub const SERVICE_ID_RANDOM: &str = "quorate.random/1";

/// The resource's own seeded generator.
#[repr(C)]
#[derive(Debug)]
pub struct QrRandom {
    /// Size of this table as the host was compiled.
    pub size: u32,
    /// The service's version: 1.
    pub version: u32,
    /// The next number.
    pub next: Option<unsafe extern "C" fn(instance: *const QrInstance) -> u64>,
}

// SAFETY: the table is immutable and its pointers are to functions.
unsafe impl Sync for QrRandom {}

/// Id of [`QrProperties`].
pub const SERVICE_ID_PROPERTIES: &str = "quorate.properties/1";

/// The resource's properties and those of its providers.
#[repr(C)]
#[derive(Debug)]
pub struct QrProperties {
    /// Size of this table as the host was compiled.
    pub size: u32,
    /// The service's version: 1.
    pub version: u32,
    /// Copies a property's value as text: decimal for numbers, one line an entry for lists; the type's default where it is not set. [`crate::ERROR_MORE_DATA`] if the buffer is too small, [`crate::ERROR_NOT_FOUND`] if there is none.
    pub get: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            name: QrStr,
            buffer: *mut u8,
            buffer_len: u64,
            needed: *mut u64,
        ) -> u32,
    >,
    /// A number.
    pub get_u32: Option<
        unsafe extern "C" fn(instance: *const QrInstance, name: QrStr, value: *mut u32) -> u32,
    >,
    /// How many resources of a type this one depends on, directly or through others.
    pub provider_count:
        Option<unsafe extern "C" fn(instance: *const QrInstance, type_name: QrStr) -> u32>,
    /// The name of one of them, in the order of the definition.
    pub provider_name: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            type_name: QrStr,
            index: u32,
            buffer: *mut u8,
            buffer_len: u64,
            needed: *mut u64,
        ) -> u32,
    >,
    /// A property of one of them, as `get`.
    pub provider_get: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            type_name: QrStr,
            index: u32,
            name: QrStr,
            buffer: *mut u8,
            buffer_len: u64,
            needed: *mut u64,
        ) -> u32,
    >,
    /// Gives a property of this resource a value of the moment, such as the address that was leased: what depends on it
    /// reads this with `provider_get` in place of what is configured, until the resource is Offline or Failed or an
    /// empty value takes it back. Its own `get` still reads what is configured. [`crate::ERROR_INVALID_PARAMETER`]
    /// for an empty name, or too many.
    pub publish:
        Option<unsafe extern "C" fn(instance: *const QrInstance, name: QrStr, value: QrStr) -> u32>,
}

// SAFETY: the table is immutable and its pointers are to functions.
unsafe impl Sync for QrProperties {}

/// How long a unit of work takes of a service that starts, where time is virtual, in milliseconds.
pub const SERVICE_WORK_UNIT_MS: u32 = 1_000;

/// Id of [`QrService`].
pub const SERVICE_ID_SERVICE: &str = "quorate.service/1";

/// The node's service controller. A service is named within its resource: two resources never share a process.
#[repr(C)]
#[derive(Debug)]
pub struct QrService {
    /// Size of this table as the host was compiled.
    pub size: u32,
    /// The service's version: 1.
    pub version: u32,
    /// Starts a service and returns at once. `work_units` is how much it has to do before it runs (log to replay, say), 0 for none.
    /// In a drill, in the tester's world and in the SDK's test host each takes [`SERVICE_WORK_UNIT_MS`] beside the start
    /// itself; on a real machine the work takes what it takes.
    pub start: Option<
        unsafe extern "C" fn(instance: *const QrInstance, name: QrStr, work_units: u64) -> u32,
    >,
    /// Asks it to stop and returns at once.
    pub stop: Option<unsafe extern "C" fn(instance: *const QrInstance, name: QrStr) -> u32>,
    /// Kills it.
    pub kill: Option<unsafe extern "C" fn(instance: *const QrInstance, name: QrStr) -> u32>,
    /// One of `SERVICE_STOPPED` and its siblings.
    pub state: Option<
        unsafe extern "C" fn(instance: *const QrInstance, name: QrStr, state: *mut u32) -> u32,
    >,
    /// Makes the service answer on `address:port` with the protocol's banner (1), or no longer (0).
    pub listen: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            name: QrStr,
            address: QrStr,
            port: u32,
            protocol: QrStr,
            on: u32,
        ) -> u32,
    >,
    /// As `start`, with what it is given at its start: parameters (of a service) or nothing, and the directory it runs in, empty for the controller's own.
    pub start_with: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            name: QrStr,
            work_units: u64,
            parameters: QrStr,
            directory: QrStr,
        ) -> u32,
    >,
}

// SAFETY: the table is immutable and its pointers are to functions.
unsafe impl Sync for QrService {}

/// Id of [`QrProbe`].
pub const SERVICE_ID_PROBE: &str = "quorate.probe/1";

/// Questions to running services.
#[repr(C)]
#[derive(Debug)]
pub struct QrProbe {
    /// Size of this table as the host was compiled.
    pub size: u32,
    /// The service's version: 1.
    pub version: u32,
    /// Calls into a service of this resource (RPC) and waits for its answer.
    pub service: Option<unsafe extern "C" fn(instance: *const QrInstance, name: QrStr) -> u32>,
    /// Connects from this node and reads the banner.
    pub port: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            address: QrStr,
            port: u32,
            protocol: QrStr,
            buffer: *mut u8,
            buffer_len: u64,
            needed: *mut u64,
        ) -> u32,
    >,
    /// Connects from this node, sends `request`, and reads the first line of the answer, without its end.
    ///
    /// Since this came later than the table, ask for it with `QR_HAS`.
    pub ask: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            address: QrStr,
            port: u32,
            request: QrStr,
            buffer: *mut u8,
            buffer_len: u64,
            needed: *mut u64,
        ) -> u32,
    >,
}

// SAFETY: the table is immutable and its pointers are to functions.
unsafe impl Sync for QrProbe {}

/// Id of [`QrDisk`].
pub const SERVICE_ID_DISK: &str = "quorate.disk/1";

/// Shared disks, by name.
///
/// A disk may take its time. `reserve` that renews, `mount`, `unmount` without force, `list`, `write` and `read` are
/// begun by the first call; while the disk is at it each answers [`crate::ERROR_IO_INCOMPLETE`], and nothing is done
/// yet. The same call of the same resource later takes what became of it, and for some seconds more the same again: so a
/// type that does several things is through with all of them when it has been called often enough. An operation of a
/// type is pending meanwhile; a check says what it knows.
#[repr(C)]
#[derive(Debug)]
pub struct QrDisk {
    /// Size of this table as the host was compiled.
    pub size: u32,
    /// The service's version: 1.
    pub version: u32,
    /// Takes the reservation if nobody holds it, or renews it. [`crate::ERROR_BUSY`] if another node does.
    pub reserve: Option<unsafe extern "C" fn(instance: *const QrInstance, disk: QrStr) -> u32>,
    /// Breaks whatever reservation there is (bus reset); a live owner takes it again.
    pub break_reservation:
        Option<unsafe extern "C" fn(instance: *const QrInstance, disk: QrStr) -> u32>,
    /// Gives the reservation up.
    pub release: Option<unsafe extern "C" fn(instance: *const QrInstance, disk: QrStr) -> u32>,
    /// 1 if this node holds it.
    pub reserved: Option<
        unsafe extern "C" fn(instance: *const QrInstance, disk: QrStr, held: *mut u32) -> u32,
    >,
    /// Mounts the file system. Needs the reservation.
    pub mount: Option<unsafe extern "C" fn(instance: *const QrInstance, disk: QrStr) -> u32>,
    /// Dismounts it; with `force` 1 even with files open or the disk gone.
    pub unmount:
        Option<unsafe extern "C" fn(instance: *const QrInstance, disk: QrStr, force: u32) -> u32>,
    /// The root directory, one line an entry.
    pub list: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            disk: QrStr,
            buffer: *mut u8,
            buffer_len: u64,
            needed: *mut u64,
        ) -> u32,
    >,
    /// Writes a whole file and flushes it.
    pub write: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            disk: QrStr,
            file: QrStr,
            bytes: *const u8,
            bytes_len: u64,
        ) -> u32,
    >,
    /// Reads a whole file.
    pub read: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            disk: QrStr,
            file: QrStr,
            buffer: *mut u8,
            buffer_len: u64,
            needed: *mut u64,
        ) -> u32,
    >,
    /// Who holds the reservation, without taking it: [`RESERVATION_NOBODY`] and its siblings.
    pub reservation: Option<
        unsafe extern "C" fn(instance: *const QrInstance, disk: QrStr, holder: *mut u32) -> u32,
    >,
}

// SAFETY: the table is immutable and its pointers are to functions.
unsafe impl Sync for QrDisk {}

/// Id of [`QrAddress`].
pub const SERVICE_ID_ADDRESS: &str = "quorate.address/1";

/// Network addresses of virtual servers.
#[repr(C)]
#[derive(Debug)]
pub struct QrAddress {
    /// Size of this table as the host was compiled.
    pub size: u32,
    /// The service's version: 1.
    pub version: u32,
    /// Plumbs an address on this node's card and announces it. [`crate::ERROR_CLUSTER_IPADDR_IN_USE`] if it answers elsewhere.
    pub add: Option<
        unsafe extern "C" fn(instance: *const QrInstance, network: QrStr, address: QrStr) -> u32,
    >,
    /// Takes it away.
    pub remove: Option<
        unsafe extern "C" fn(instance: *const QrInstance, network: QrStr, address: QrStr) -> u32,
    >,
    /// 0 if it is plumbed here and its card and network work.
    pub works: Option<
        unsafe extern "C" fn(instance: *const QrInstance, network: QrStr, address: QrStr) -> u32,
    >,
    /// Asks the network's DHCP server for a lease or renews it.
    pub lease: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            network: QrStr,
            buffer: *mut u8,
            buffer_len: u64,
            needed: *mut u64,
            seconds: *mut u32,
        ) -> u32,
    >,
}

// SAFETY: the table is immutable and its pointers are to functions.
unsafe impl Sync for QrAddress {}

/// Id of [`QrName`].
pub const SERVICE_ID_NAME: &str = "quorate.name/1";

/// Network names of virtual servers.
#[repr(C)]
#[derive(Debug)]
pub struct QrName {
    /// Size of this table as the host was compiled.
    pub size: u32,
    /// The service's version: 1.
    pub version: u32,
    /// Makes the name resolve to the address.
    pub register: Option<
        unsafe extern "C" fn(instance: *const QrInstance, name: QrStr, address: QrStr) -> u32,
    >,
    /// Takes it away.
    pub unregister: Option<unsafe extern "C" fn(instance: *const QrInstance, name: QrStr) -> u32>,
    /// What it resolves to, asked from this node.
    pub resolve: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            name: QrStr,
            buffer: *mut u8,
            buffer_len: u64,
            needed: *mut u64,
        ) -> u32,
    >,
}

// SAFETY: the table is immutable and its pointers are to functions.
unsafe impl Sync for QrName {}

/// Id of [`QrCheckpoint`].
pub const SERVICE_ID_CHECKPOINT: &str = "quorate.checkpoint/1";

/// The most bytes (of UTF-8) that the key of a checkpoint may have; at least 1.
pub const CHECKPOINT_KEY_MAX: u32 = 255;
/// The most bytes of one checkpoint.
pub const CHECKPOINT_BYTES_MAX: u32 = 16_384;
/// The most checkpoints of one resource.
pub const CHECKPOINTS_MAX: u32 = 16;

/// Bytes that follow the resource to its next owner.
///
/// They are part of the cluster database and live where the quorum kind keeps that. The resource monitor has them at
/// once, so that `load` gives what `save` was given; the other nodes have them when the cluster has committed the
/// change, which takes a few writes and messages. A crash of the node in between loses the change, and the next owner
/// has what was there before. What was saved before an orderly offline is there on the next owner.
///
/// A node gets the checkpoints when it becomes the owner, before `online`: in `open` there may be none, or old ones.
#[repr(C)]
#[derive(Debug)]
pub struct QrCheckpoint {
    /// Size of this table as the host was compiled.
    pub size: u32,
    /// The service's version: 1.
    pub version: u32,
    /// Stores them in place of what the key had. No bytes (`bytes_len` 0) take the checkpoint away.
    /// `ERROR_INVALID_PARAMETER` where a limit is passed: `CHECKPOINT_KEY_MAX`, `CHECKPOINT_BYTES_MAX`,
    /// `CHECKPOINTS_MAX`. Nothing is changed then.
    pub save: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            key: QrStr,
            bytes: *const u8,
            bytes_len: u64,
        ) -> u32,
    >,
    /// The bytes last stored; `ERROR_NOT_FOUND` where there are none.
    pub load: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            key: QrStr,
            buffer: *mut u8,
            buffer_len: u64,
            needed: *mut u64,
        ) -> u32,
    >,
}

// SAFETY: the table is immutable and its pointers are to functions.
unsafe impl Sync for QrCheckpoint {}

/// Id of [`QrCluster`].
pub const SERVICE_ID_CLUSTER: &str = "quorate.cluster/1";

/// The cluster, as far as a resource type may know it.
#[repr(C)]
#[derive(Debug)]
pub struct QrCluster {
    /// Size of this table as the host was compiled.
    pub size: u32,
    /// The service's version: 1.
    pub version: u32,
    /// How many nodes are configured.
    pub configured_nodes: Option<unsafe extern "C" fn(instance: *const QrInstance) -> u32>,
    /// How many resources of a type are Online or OnlinePending on this node in other groups than the caller's.
    pub online_here:
        Option<unsafe extern "C" fn(instance: *const QrInstance, type_name: QrStr) -> u32>,
    /// A property, as configured, of the resource `index` of a type in other groups than the caller's, wherever they
    /// are owned; the group's name if `property` is empty. [`ERROR_NOT_FOUND`](crate::ERROR_NOT_FOUND) past the last.
    pub other: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            type_name: QrStr,
            index: u32,
            property: QrStr,
            buffer: *mut u8,
            buffer_len: u64,
            needed: *mut u64,
        ) -> u32,
    >,
    /// The same of all of them at once: for each that has the property the name of its group and the value, both ended
    /// by a zero byte. [`crate::ERROR_RESOURCE_PROPERTY`] if a value has a zero byte in it.
    pub others: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            type_name: QrStr,
            property: QrStr,
            buffer: *mut u8,
            buffer_len: u64,
            needed: *mut u64,
        ) -> u32,
    >,
}

// SAFETY: the table is immutable and its pointers are to functions.
unsafe impl Sync for QrCluster {}

/// Id of [`QrLog`].
pub const SERVICE_ID_LOG: &str = "quorate.log/1";

/// The cluster log.
#[repr(C)]
#[derive(Debug)]
pub struct QrLog {
    /// Size of this table as the host was compiled.
    pub size: u32,
    /// The service's version: 1.
    pub version: u32,
    /// One line of at most 500 characters.
    pub write: Option<unsafe extern "C" fn(instance: *const QrInstance, level: u32, text: QrStr)>,
}

// SAFETY: the table is immutable and its pointers are to functions.
unsafe impl Sync for QrLog {}

/// Id of [`QrScript`].
pub const SERVICE_ID_SCRIPT: &str = "quorate.script/1";

/// Scripts that resources are written in.
#[repr(C)]
#[derive(Debug)]
pub struct QrScript {
    /// Size of this table as the host was compiled.
    pub size: u32,
    /// The service's version: 1.
    pub version: u32,
    /// The text of the script at `path`, which counts from the folder of the cluster's definition. [`crate::ERROR_FILE_NOT_FOUND`] if this node has no such file.
    pub load: Option<
        unsafe extern "C" fn(
            instance: *const QrInstance,
            path: QrStr,
            buffer: *mut u8,
            buffer_len: u64,
            needed: *mut u64,
        ) -> u32,
    >,
}

// SAFETY: the table is immutable and its pointers are to functions.
unsafe impl Sync for QrScript {}
