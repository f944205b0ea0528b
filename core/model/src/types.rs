//! The shipped resource types: their names, and the names of their private properties.

use crate::{ClusterDefinition, FILE_SHARE_WITNESS, PropertyDescriptor, PropertyKind, Unit, Value};

/// Stores data on a shared disk; private property `Disk`.
pub const PHYSICAL_DISK: &str = "Physical Disk";
/// A virtual address; private properties `Address`, `SubnetMask`, `Network`, `EnableDhcp`.
pub const IP_ADDRESS: &str = "IP Address";
/// A virtual computer name; private property `Name`.
pub const NETWORK_NAME: &str = "Network Name";
/// Any program; private properties `CommandLine`, `CurrentDirectory`, `Port`, `Protocol`.
pub const GENERIC_APPLICATION: &str = "Generic Application";
/// Any service; private properties `ServiceName`, `StartupParameters`.
pub const GENERIC_SERVICE: &str = "Generic Service";
/// A script; private property `ScriptFilepath`.
pub const GENERIC_SCRIPT: &str = "Generic Script";
/// A share; private properties `ShareName`, `Path`.
pub const FILE_SHARE: &str = "File Share";
/// MSDTC.
pub const DISTRIBUTED_TRANSACTION_COORDINATOR: &str = "Distributed Transaction Coordinator";
/// The quorum resource of a majority node set cluster; private property `MNSFileShare`.
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

/// Whether a resource of type `kind` may be the quorum resource of a Standard quorum: of the shipped types only Physical
/// Disk can, and of others only their plugin knows.
pub fn may_be_quorum_capable(kind: &str) -> bool {
    kind == PHYSICAL_DISK || !ALL.contains(&kind)
}

const fn text(name: &'static str, doc: &'static str) -> PropertyDescriptor {
    PropertyDescriptor {
        name,
        kind: PropertyKind::Text,
        unit: Unit::None,
        default: Value::Text(String::new()),
        doc,
    }
}

const fn number(
    name: &'static str,
    (min, max): (u32, u32),
    unit: Unit,
    default: u32,
    doc: &'static str,
) -> PropertyDescriptor {
    let kind = PropertyKind::Dword {
        min,
        max,
        special: None,
    };
    PropertyDescriptor {
        name,
        kind,
        unit,
        default: Value::Dword(default),
        doc,
    }
}

const fn port(default: u32) -> PropertyDescriptor {
    number(
        "Port",
        (1, 65_535),
        Unit::None,
        default,
        "The TCP port that the protocol answers on.",
    )
}

const fn is_alive_timeout() -> PropertyDescriptor {
    number(
        "IsAliveTimeout",
        (0, u32::MAX),
        Unit::Milliseconds,
        180_000,
        "How long the resource may be unresponsive before it counts as failed; read at Online.",
    )
}

static DISK_PROPERTIES: &[PropertyDescriptor] = &[text(
    "Disk",
    "The shared disk; without it, the disk of the resource's own name.",
)];
static ADDRESS_PROPERTIES: &[PropertyDescriptor] = &[
    text("Address", "The IPv4 address; not needed with EnableDhcp."),
    text("SubnetMask", "Its subnet mask, such as 255.255.255.0."),
    text("Network", "The network it is on."),
    PropertyDescriptor {
        name: "EnableDhcp",
        kind: PropertyKind::Bool,
        unit: Unit::None,
        default: Value::Dword(0),
        doc: "Whether a DHCP server gives the address. Recommended against.",
    },
];
static NAME_PROPERTIES: &[PropertyDescriptor] = &[text(
    "Name",
    "The name that clients call; it resolves to the IP Address below it.",
)];
static APPLICATION_PROPERTIES: &[PropertyDescriptor] = &[
    text("CommandLine", "What is run."),
    text("CurrentDirectory", "Where it is run."),
    number(
        "Port",
        (0, 65_535),
        Unit::None,
        0,
        "The TCP port it answers on, at the IP Address below it; 0 if it answers nobody.",
    ),
    PropertyDescriptor {
        name: "Protocol",
        kind: PropertyKind::Text,
        unit: Unit::None,
        default: Value::Text(String::new()),
        doc: "What it speaks on its port, such as http; tcp if it is not set.",
    },
    is_alive_timeout(),
];
static SERVICE_PROPERTIES: &[PropertyDescriptor] = &[
    text("ServiceName", "The service."),
    text("StartupParameters", "What it is given at its start."),
    is_alive_timeout(),
];
static SCRIPT_PROPERTIES: &[PropertyDescriptor] = &[text("ScriptFilepath", "The script.")];
static SHARE_PROPERTIES: &[PropertyDescriptor] = &[
    text("ShareName", "The share's name."),
    text("Path", "The folder that is shared."),
];
static MAJORITY_PROPERTIES: &[PropertyDescriptor] = &[text(
    FILE_SHARE_WITNESS,
    "The file share that has one more vote (KB 921181), such as `\\\\FILES\\witness`; empty for none.",
)];
static STORE_PROPERTIES: &[PropertyDescriptor] = &[
    PropertyDescriptor {
        name: "StorageGroups",
        kind: PropertyKind::List,
        unit: Unit::None,
        default: Value::List(Vec::new()),
        doc: "The storage groups, each as `name|log disk|database disk` with the names of shared disks.",
    },
    is_alive_timeout(),
];
static WATCHED_PROPERTIES: &[PropertyDescriptor] = &[is_alive_timeout()];
static SMTP_PROPERTIES: &[PropertyDescriptor] = &[port(25), is_alive_timeout()];
static HTTP_PROPERTIES: &[PropertyDescriptor] = &[port(80), is_alive_timeout()];
static IMAP4_PROPERTIES: &[PropertyDescriptor] = &[port(143), is_alive_timeout()];
static POP3_PROPERTIES: &[PropertyDescriptor] = &[port(110), is_alive_timeout()];

/// The private properties of the shipped type `kind`, or `None` for a type that is not shipped.
///
/// The plugins have the last word on their properties; this is what a cluster file is checked against before
/// any plugin is loaded.
pub fn private_properties(kind: &str) -> Option<&'static [PropertyDescriptor]> {
    Some(match kind {
        PHYSICAL_DISK => DISK_PROPERTIES,
        IP_ADDRESS => ADDRESS_PROPERTIES,
        NETWORK_NAME => NAME_PROPERTIES,
        GENERIC_APPLICATION => APPLICATION_PROPERTIES,
        GENERIC_SERVICE => SERVICE_PROPERTIES,
        GENERIC_SCRIPT => SCRIPT_PROPERTIES,
        FILE_SHARE => SHARE_PROPERTIES,
        DISTRIBUTED_TRANSACTION_COORDINATOR => WATCHED_PROPERTIES,
        MAJORITY_NODE_SET => MAJORITY_PROPERTIES,
        INFORMATION_STORE => STORE_PROPERTIES,
        SMTP => SMTP_PROPERTIES,
        HTTP => HTTP_PROPERTIES,
        IMAP4 => IMAP4_PROPERTIES,
        POP3 => POP3_PROPERTIES,
        SYSTEM_ATTENDANT | MS_SEARCH | MTA | ROUTING => WATCHED_PROPERTIES,
        _ => return None,
    })
}

/// Whether a resource of the shipped type `kind` may have private properties that the type does not list: those of a
/// Generic Script are its script's, which alone knows them.
pub fn takes_any_property(kind: &str) -> bool {
    kind == GENERIC_SCRIPT
}

/// The protocols that the shipped types speak.
pub const PROTOCOLS: &[&str] = &["smtp", "imap4", "pop3", "http"];

/// The protocols that resources of a cluster may answer in, and whether there may be others.
pub fn protocols(cluster: &ClusterDefinition) -> (Vec<String>, bool) {
    let mut known: Vec<String> = PROTOCOLS.iter().map(|&it| it.to_owned()).collect();
    let mut others = false;
    for resource in cluster.groups.iter().flat_map(|group| &group.resources) {
        if let Some(Value::Text(protocol)) = resource.properties.private.get("Protocol") {
            known.push(protocol.to_ascii_lowercase());
        }
        // Scripts and third parties' types may use any protocol.
        others |=
            takes_any_property(&resource.kind) || private_properties(&resource.kind).is_none();
    }
    (known, others)
}

/// The private properties that a resource of the type `kind` cannot do without. An IP Address needs its address,
/// too, unless it uses DHCP.
pub fn required_properties(kind: &str) -> &'static [&'static str] {
    match kind {
        IP_ADDRESS => &["Network"],
        NETWORK_NAME => &["Name"],
        GENERIC_APPLICATION => &["CommandLine"],
        GENERIC_SERVICE => &["ServiceName"],
        GENERIC_SCRIPT => &["ScriptFilepath"],
        FILE_SHARE => &["ShareName", "Path"],
        _ => &[],
    }
}

/// Whether the shipped type `kind` starts no process, because drivers and the cluster itself do its work.
pub fn starts_no_process(kind: &str) -> bool {
    [
        PHYSICAL_DISK,
        IP_ADDRESS,
        NETWORK_NAME,
        FILE_SHARE,
        MAJORITY_NODE_SET,
    ]
    .contains(&kind)
}

/// Whether `kind` is one of the Exchange types.
pub fn is_exchange(kind: &str) -> bool {
    kind.starts_with("Microsoft Exchange ")
}
