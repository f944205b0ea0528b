//! The error codes that a cluster service gives, by the original's names.

macro_rules! errors {
    ($($(#[doc = $doc:literal])+ $name:ident = $value:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: u32 = $value;)+

        /// The original's name of an error code that a cluster service gives.
        pub const fn error_name(code: u32) -> Option<&'static str> {
            match code { $($value => Some(stringify!($name)),)+ _ => None }
        }
    };
}

errors! {
    /// Nobody knows the control code.
    ERROR_INVALID_FUNCTION = 1;
    /// A path leads nowhere.
    ERROR_PATH_NOT_FOUND = 3;
    /// A value is not one that may be given.
    ERROR_INVALID_PARAMETER = 87;
    /// There is more than fits.
    ERROR_MORE_DATA = 234;
    /// Nobody has answered in time.
    ERROR_TIMEOUT = 1460;
    /// Something depends on the resource.
    ERROR_DEPENDENT_RESOURCE_EXISTS = 5001;
    /// The resource is not online.
    ERROR_RESOURCE_NOT_ONLINE = 5004;
    /// No node can take it.
    ERROR_HOST_NODE_NOT_AVAILABLE = 5005;
    /// The resource is not open in its resource monitor.
    ERROR_RESOURCE_NOT_AVAILABLE = 5006;
    /// There is no such resource.
    ERROR_RESOURCE_NOT_FOUND = 5007;
    /// The node that was named does not own the resource.
    ERROR_HOST_NODE_NOT_RESOURCE_OWNER = 5015;
    /// The resource failed.
    ERROR_RESOURCE_FAILED = 5038;
    /// There is no such node.
    ERROR_CLUSTER_NODE_NOT_FOUND = 5042;
    /// The node is down.
    ERROR_CLUSTER_NODE_DOWN = 5050;
    /// There is no such resource type.
    ERROR_CLUSTER_RESOURCE_TYPE_NOT_FOUND = 5078;
    /// The cluster has no quorum.
    ERROR_CLUSTER_NO_QUORUM = 5925;
}
