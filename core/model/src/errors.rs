//! The error codes that a cluster service and its machines give, by the original's names.

macro_rules! errors {
    ($($(#[doc = $doc:literal])+ $name:ident = $value:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: u32 = $value;)+

        /// The original's name of an error code that a cluster service or a machine gives.
        pub const fn error_name(code: u32) -> Option<&'static str> {
            match code { $($value => Some(stringify!($name)),)+ _ => None }
        }
    };
}

errors! {
    /// Nobody knows the control code.
    ERROR_INVALID_FUNCTION = 1;
    /// There is no such file.
    ERROR_FILE_NOT_FOUND = 2;
    /// A path leads nowhere.
    ERROR_PATH_NOT_FOUND = 3;
    /// The account or the node is not allowed to do this.
    ERROR_ACCESS_DENIED = 5;
    /// The medium takes no writes.
    ERROR_WRITE_PROTECT = 19;
    /// The device is not there or not mounted.
    ERROR_NOT_READY = 21;
    /// The device reports an error.
    ERROR_GEN_FAILURE = 31;
    /// A value is not allowed.
    ERROR_INVALID_PARAMETER = 87;
    /// There is no room.
    ERROR_DISK_FULL = 112;
    /// Somebody else uses it; for a disk, another node holds the reservation.
    ERROR_BUSY = 170;
    /// There is more data than fits into the buffer.
    ERROR_MORE_DATA = 234;
    /// A request is not finished: the same one later asks how it went.
    ERROR_IO_INCOMPLETE = 996;
    /// The service did not answer in time.
    ERROR_SERVICE_REQUEST_TIMEOUT = 1053;
    /// There is no such service.
    ERROR_SERVICE_DOES_NOT_EXIST = 1060;
    /// The service does not accept this request in its present state.
    ERROR_SERVICE_CANNOT_ACCEPT_CTRL = 1061;
    /// The service does not run.
    ERROR_SERVICE_NOT_ACTIVE = 1062;
    /// The device could not do it.
    ERROR_IO_DEVICE = 1117;
    /// Nothing is found under this name.
    ERROR_NOT_FOUND = 1168;
    /// The network does not carry anything.
    ERROR_NETWORK_UNREACHABLE = 1231;
    /// Nobody has answered in time.
    ERROR_TIMEOUT = 1460;
    /// Something depends on the resource.
    ERROR_DEPENDENT_RESOURCE_EXISTS = 5001;
    /// The resource depends on one that does not exist.
    ERROR_DEPENDENCY_NOT_FOUND = 5002;
    /// The resource is not online.
    ERROR_RESOURCE_NOT_ONLINE = 5004;
    /// No node can take it.
    ERROR_HOST_NODE_NOT_AVAILABLE = 5005;
    /// The resource is not open in its resource monitor.
    ERROR_RESOURCE_NOT_AVAILABLE = 5006;
    /// There is no such resource.
    ERROR_RESOURCE_NOT_FOUND = 5007;
    /// An active node cannot be evicted.
    ERROR_CANT_EVICT_ACTIVE_NODE = 5009;
    /// There is no such group.
    ERROR_GROUP_NOT_FOUND = 5013;
    /// The node that was named does not own the resource.
    ERROR_HOST_NODE_NOT_RESOURCE_OWNER = 5015;
    /// The resource is online.
    ERROR_RESOURCE_ONLINE = 5019;
    /// The resource is the quorum resource.
    ERROR_QUORUM_RESOURCE = 5020;
    /// Not in this state.
    ERROR_INVALID_STATE = 5023;
    /// The cluster itself needs the resource.
    ERROR_CORE_RESOURCE = 5026;
    /// The resource failed.
    ERROR_RESOURCE_FAILED = 5038;
    /// There is no such node.
    ERROR_CLUSTER_NODE_NOT_FOUND = 5042;
    /// There is no such network.
    ERROR_CLUSTER_NETWORK_NOT_FOUND = 5045;
    /// The node is down.
    ERROR_CLUSTER_NODE_DOWN = 5050;
    /// The address is in use already.
    ERROR_CLUSTER_IPADDR_IN_USE = 5057;
    /// Such a dependency is not allowed.
    ERROR_DEPENDENCY_NOT_ALLOWED = 5069;
    /// The node is paused.
    ERROR_CLUSTER_NODE_PAUSED = 5070;
    /// There is no such resource type.
    ERROR_CLUSTER_RESOURCE_TYPE_NOT_FOUND = 5078;
    /// The node's membership state does not allow it.
    ERROR_CLUSTER_MEMBERSHIP_INVALID_STATE = 5890;
    /// The node was evicted, but its own files of the cluster are still there.
    ERROR_CLUSTER_EVICT_WITHOUT_CLEANUP = 5896;
    /// The cluster has no quorum.
    ERROR_CLUSTER_NO_QUORUM = 5925;
    /// The name server does not know the name.
    DNS_ERROR_RCODE_NAME_ERROR = 9003;
    /// The name server refuses.
    DNS_ERROR_RCODE_REFUSED = 9005;
    /// Another service has the port.
    WSAEADDRINUSE = 10048;
    /// The address is not on this machine.
    WSAEADDRNOTAVAIL = 10049;
    /// The other end does not answer.
    WSAETIMEDOUT = 10060;
    /// Nobody listens there.
    WSAECONNREFUSED = 10061;
}
