//! Error and level numbers: the original's (Win32).

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $value:literal;)+) => {
        $($(#[$meta])* pub const $name: u32 = $value;)+

        /// The name of an error code, for messages.
        pub const fn error_name(code: u32) -> Option<&'static str> {
            match code { $($value => Some(stringify!($name)),)+ _ => None }
        }
    };
}

codes! {
    /// Done.
    ERROR_SUCCESS = 0;
    /// Not supported by this type.
    ERROR_INVALID_FUNCTION = 1;
    /// No such file.
    ERROR_FILE_NOT_FOUND = 2;
    /// Not allowed in this state or for this caller.
    ERROR_ACCESS_DENIED = 5;
    /// The disk is write-protected.
    ERROR_WRITE_PROTECT = 19;
    /// The device is not there or not mounted.
    ERROR_NOT_READY = 21;
    /// The device reports an error.
    ERROR_GEN_FAILURE = 31;
    /// A host service or ability is not there.
    ERROR_NOT_SUPPORTED = 50;
    /// The name is in use already.
    ERROR_DUP_NAME = 52;
    /// The network or card does not work.
    ERROR_NETNAME_DELETED = 64;
    /// A bad value.
    ERROR_INVALID_PARAMETER = 87;
    /// The disk is full.
    ERROR_DISK_FULL = 112;
    /// The resource is busy: reserved by another node, or files are open.
    ERROR_BUSY = 170;
    /// The buffer is too small.
    ERROR_MORE_DATA = 234;
    /// Took too long.
    ERROR_TIMEOUT = 258;
    /// Given up since something else was asked for.
    ERROR_OPERATION_ABORTED = 995;
    /// A request to a device is not finished: the same request later asks how it went.
    ERROR_IO_INCOMPLETE = 996;
    /// Started and not finished.
    ERROR_IO_PENDING = 997;
    /// The service did not answer in time.
    ERROR_SERVICE_REQUEST_TIMEOUT = 1053;
    /// No such service.
    ERROR_SERVICE_DOES_NOT_EXIST = 1060;
    /// The service takes no orders in its present state, such as a start while it stops.
    ERROR_SERVICE_CANNOT_ACCEPT_CTRL = 1061;
    /// The service is not running.
    ERROR_SERVICE_NOT_ACTIVE = 1062;
    /// The device does not answer, or could not flush what was written.
    ERROR_IO_DEVICE = 1117;
    /// The connection was refused.
    ERROR_CONNECTION_REFUSED = 1225;
    /// The network is not there, or does not work on this node.
    ERROR_NETWORK_UNREACHABLE = 1231;
    /// Nothing is found under this name.
    ERROR_NOT_FOUND = 1168;
    /// No version in common.
    ERROR_REVISION_MISMATCH = 1306;
    /// No answer in time: the original has this beside 258.
    ERROR_TIMEOUT_EXPIRED = 1460;
    /// The resource's property is missing or bad.
    ERROR_RESOURCE_PROPERTY = 1610;
    /// The resource depends on one that is not there.
    ERROR_DEPENDENCY_NOT_FOUND = 5002;
    /// The resource is not online.
    ERROR_RESOURCE_NOT_ONLINE = 5004;
    /// The resource is not open in this monitor.
    ERROR_RESOURCE_NOT_AVAILABLE = 5006;
    /// The resource's type cannot be the quorum resource.
    ERROR_NOT_QUORUM_CAPABLE = 5021;
    /// The resource failed.
    ERROR_RESOURCE_FAILED = 5038;
    /// The cluster has no such network.
    ERROR_CLUSTER_NETWORK_NOT_FOUND = 5045;
    /// The address is in use already.
    ERROR_CLUSTER_IPADDR_IN_USE = 5057;
    /// No such resource type.
    ERROR_RESOURCE_TYPE_NOT_FOUND = 5078;
    /// No such name.
    DNS_ERROR_RCODE_NAME_ERROR = 9003;
    /// The name server refuses to register the name.
    DNS_ERROR_RCODE_REFUSED = 9005;
    /// The port is taken.
    WSAEADDRINUSE = 10048;
    /// The address is not on this node.
    WSAEADDRNOTAVAIL = 10049;
    /// The connection timed out.
    WSAETIMEDOUT = 10060;
    /// The connection was refused, as sockets say it.
    WSAECONNREFUSED = 10061;
    /// The entry panicked; [`crate::QrTable::last_error`] has the message.
    ERROR_PANIC = 0xE0515052;
}

/// Level of a log line: information.
pub const LOG_INFORMATION: u32 = 0;
/// Level of a log line: warning.
pub const LOG_WARNING: u32 = 1;
/// Level of a log line: error.
pub const LOG_ERROR: u32 = 2;
/// Level of a log line: severe.
pub const LOG_SEVERE: u32 = 3;
