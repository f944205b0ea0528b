//! The names of the shipped resource types.

/// Stores data on a shared disk; private property `Disk`.
pub const PHYSICAL_DISK: &str = "Physical Disk";
/// A virtual address; private properties `Address`, `SubnetMask`, `Network`, `EnableDhcp`.
pub const IP_ADDRESS: &str = "IP Address";
/// A virtual computer name; private property `Name`.
pub const NETWORK_NAME: &str = "Network Name";
/// Any program; private properties `CommandLine`, `CurrentDirectory`.
pub const GENERIC_APPLICATION: &str = "Generic Application";
/// Any service; private properties `ServiceName`, `StartupParameters`.
pub const GENERIC_SERVICE: &str = "Generic Service";
/// A script; private property `ScriptFilepath`.
pub const GENERIC_SCRIPT: &str = "Generic Script";
/// A share; private properties `ShareName`, `Path`.
pub const FILE_SHARE: &str = "File Share";
/// MSDTC.
pub const DISTRIBUTED_TRANSACTION_COORDINATOR: &str = "Distributed Transaction Coordinator";
/// The quorum resource of a majority node set cluster.
pub const MAJORITY_NODE_SET: &str = "Majority Node Set";
/// The fundamental resource of an Exchange virtual server.
pub const SYSTEM_ATTENDANT: &str = "Microsoft Exchange System Attendant";
/// The Exchange store; private property `StorageGroups`.
pub const INFORMATION_STORE: &str = "Microsoft Exchange Information Store";
/// SMTP; private property `Port` (25).
pub const SMTP: &str = "Microsoft Exchange SMTP Server Instance";
/// IMAP4; private property `Port` (143).
pub const IMAP4: &str = "Microsoft Exchange IMAP4 Server Instance";
/// POP3; private property `Port` (110).
pub const POP3: &str = "Microsoft Exchange POP3 Server Instance";
/// HTTP; private property `Port` (80).
pub const HTTP: &str = "Microsoft Exchange HTTP Server Instance";
/// Content indexing.
pub const MS_SEARCH: &str = "Microsoft Exchange MS Search Instance";
/// The message transfer agent, one per cluster.
pub const MTA: &str = "Microsoft Exchange Message Transfer Agent";
/// The routing service.
pub const ROUTING: &str = "Microsoft Exchange Routing Service";

/// Every shipped type.
pub const ALL: &[&str] = &[
    PHYSICAL_DISK,
    IP_ADDRESS,
    NETWORK_NAME,
    GENERIC_APPLICATION,
    GENERIC_SERVICE,
    GENERIC_SCRIPT,
    FILE_SHARE,
    DISTRIBUTED_TRANSACTION_COORDINATOR,
    MAJORITY_NODE_SET,
    SYSTEM_ATTENDANT,
    INFORMATION_STORE,
    SMTP,
    IMAP4,
    POP3,
    HTTP,
    MS_SEARCH,
    MTA,
    ROUTING,
];

/// Whether a resource of type `kind` can be the quorum resource of a Standard quorum.
pub fn is_quorum_capable(kind: &str) -> bool {
    kind == PHYSICAL_DISK
}
