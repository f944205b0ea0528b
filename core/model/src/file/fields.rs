//! The fields of a cluster file: what the reader takes, and what editors and the schema are told.

use crate::{ExchangeEdition, FILE_SHARE_WITNESS, NetworkRole, WindowsEdition};

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum FieldKind {
    /// A text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number, from and to.
    Whole(u32, u32),
    /// One of a few words.
    Word(fn() -> Vec<&'static str>),
    /// A list of texts.
    Texts,
    /// The quorum, which has forms of its own.
    Quorum,
    /// Values of properties or attributes by their names.
    Settings,
    /// The same, by resource.
    SettingsByResource,
    /// Texts by name.
    TextsByName,
    /// Whole numbers by name.
    NumbersByName,
    /// Records of this kind by name.
    RecordsByName(&'static str),
    /// A list of records of this kind.
    Records(&'static str),
    /// A list of records of this kind, or texts in their place.
    RecordsOrTexts(&'static str),
}

/// A field of a record.
#[derive(Clone, Copy, Debug)]
pub struct FileField {
    /// The record that it is in: one of [`FILE_RECORDS`].
    pub record: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it must be there.
    pub required: bool,
    /// What it is.
    pub text: &'static str,
}

/// The kinds of records, as messages call them.
pub const FILE_RECORDS: [&str; 11] = [
    CLUSTER, NETWORK, NODE, DISK, SERVER, STORAGE, GROUP, RESOURCE, PLUGIN, STANDARD, MAJORITY,
];

pub(crate) const CLUSTER: &str = "a cluster";
pub(crate) const NETWORK: &str = "a network";
pub(crate) const NODE: &str = "a node";
pub(crate) const DISK: &str = "a disk";
pub(crate) const SERVER: &str = "a virtual server";
pub(crate) const STORAGE: &str = "a storage group";
pub(crate) const GROUP: &str = "a group";
pub(crate) const RESOURCE: &str = "a resource";
pub(crate) const PLUGIN: &str = "a plugin";
pub(crate) const STANDARD: &str = "a Standard quorum";
pub(crate) const MAJORITY: &str = "a Majority Node Set";

fn windows() -> Vec<&'static str> {
    WindowsEdition::ALL.iter().map(|(word, _)| *word).collect()
}

fn exchange() -> Vec<&'static str> {
    ExchangeEdition::ALL.iter().map(|(word, _)| *word).collect()
}

fn roles() -> Vec<&'static str> {
    NetworkRole::WORDS.to_vec()
}

const fn must(
    record: &'static str,
    name: &'static str,
    kind: FieldKind,
    text: &'static str,
) -> FileField {
    FileField {
        record,
        name,
        kind,
        required: true,
        text,
    }
}

const fn may(
    record: &'static str,
    name: &'static str,
    kind: FieldKind,
    text: &'static str,
) -> FileField {
    FileField {
        record,
        name,
        kind,
        required: false,
        text,
    }
}

use FieldKind::{
    Flag, NumbersByName, Quorum, Records, RecordsByName, RecordsOrTexts, Settings,
    SettingsByResource, Text, Texts, TextsByName, Whole, Word,
};

/// Every field, record by record.
pub static FILE_FIELDS: &[FileField] = &[
    must(CLUSTER, "name", Text, "The cluster's name."),
    may(CLUSTER, "address", Text, "The cluster's own IPv4 address."),
    may(
        CLUSTER,
        "network",
        Text,
        "The network of the cluster's own address; the one whose subnet it is in, if nothing is said.",
    ),
    may(
        CLUSTER,
        "msdtc",
        Flag,
        "Whether the Cluster Group has MSDTC; true if nothing is said.",
    ),
    must(
        CLUSTER,
        "quorum",
        Quorum,
        "What makes the cluster quorate: Standard(resource: \"…\"), MajorityNodeSet, MajorityNodeSet(MNSFileShare: \"…\") or Local.",
    ),
    may(
        CLUSTER,
        "start",
        Text,
        "What the cluster's local clock shows at power-on, such as \"2003-06-12 08:00:00\".",
    ),
    may(
        CLUSTER,
        "utc_offset",
        Text,
        "How far local time is ahead of UTC, such as \"+01:00\".",
    ),
    may(
        CLUSTER,
        "windows",
        Word(windows),
        "The edition of Windows of all nodes.",
    ),
    may(
        CLUSTER,
        "exchange",
        Word(exchange),
        "The edition of Exchange of all nodes.",
    ),
    may(
        CLUSTER,
        "service_start_ms",
        NumbersByName,
        "How long services take to start, in milliseconds, by resource type.",
    ),
    may(
        CLUSTER,
        "accept",
        Texts,
        "Ids of rules of `quorate check` whose warnings are accepted.",
    ),
    may(
        CLUSTER,
        "policy",
        Text,
        "A policy script for every group that has none of its own, relative to this file.",
    ),
    may(
        CLUSTER,
        "plugins",
        RecordsByName(PLUGIN),
        "How plugins run and which versions will do, by their names.",
    ),
    may(
        CLUSTER,
        "components",
        Texts,
        "The Exchange components that are installed.",
    ),
    may(
        CLUSTER,
        "network_dtc",
        Flag,
        "Whether network DTC access is enabled on the nodes.",
    ),
    must(
        CLUSTER,
        "networks",
        Records(NETWORK),
        "The networks, in the order in which the cluster uses them for itself.",
    ),
    must(CLUSTER, "nodes", Records(NODE), "The nodes, by number."),
    may(
        CLUSTER,
        "disks",
        RecordsOrTexts(DISK),
        "The shared disks, which every node reaches and one at a time uses.",
    ),
    may(
        CLUSTER,
        "virtual_servers",
        Records(SERVER),
        "Exchange virtual servers: each becomes a group with everything that it needs.",
    ),
    may(
        CLUSTER,
        "groups",
        Records(GROUP),
        "Groups that are written in full.",
    ),
    may(
        CLUSTER,
        "properties",
        Settings,
        "Properties of the cluster, by the original's names and in its units.",
    ),
    must(NETWORK, "name", Text, "The network's name."),
    must(
        NETWORK,
        "role",
        Word(roles),
        "What it carries: Internal, cluster messages only; ClientAccess, clients only; Mixed, both.",
    ),
    must(
        NETWORK,
        "subnet",
        Text,
        "Its IPv4 subnet, such as \"10.0.0.0/24\".",
    ),
    may(
        NETWORK,
        "latency_us",
        Whole(0, 60_000_000),
        "How long a message takes one way, in microseconds.",
    ),
    may(
        NETWORK,
        "dhcp",
        Flag,
        "Whether a DHCP server gives addresses there.",
    ),
    must(NODE, "name", Text, "The node's name."),
    must(
        NODE,
        "interfaces",
        TextsByName,
        "Its IPv4 addresses, by the names of networks.",
    ),
    may(
        NODE,
        "windows",
        Word(windows),
        "Its edition of Windows, if it is not the cluster's.",
    ),
    may(
        NODE,
        "exchange",
        Word(exchange),
        "Its edition of Exchange, if it is not the cluster's.",
    ),
    may(
        NODE,
        "processors",
        Whole(1, 64),
        "How many processors it has.",
    ),
    may(
        NODE,
        "memory_mb",
        Whole(128, 1 << 20),
        "How much memory it has, in megabytes.",
    ),
    may(
        NODE,
        "attributes",
        Settings,
        "What policies are told of it, by names of one's own.",
    ),
    must(DISK, "name", Text, "The disk's name."),
    may(DISK, "raid", Flag, "Whether it is redundant."),
    may(
        DISK,
        "spindle",
        Text,
        "What it shares with other disks: those of one spindle are slow together.",
    ),
    must(
        SERVER,
        "name",
        Text,
        "The virtual server's name, which begins the names of its resources.",
    ),
    may(
        SERVER,
        "network_name",
        Text,
        "What clients call it; its name if nothing is said.",
    ),
    must(SERVER, "address", Text, "Its IPv4 address."),
    may(SERVER, "network", Text, "The network of its address."),
    may(
        SERVER,
        "disks",
        Texts,
        "Shared disks of its own, beside those of its storage groups.",
    ),
    may(
        SERVER,
        "storage_groups",
        Records(STORAGE),
        "Its storage groups.",
    ),
    may(
        SERVER,
        "preferred_owners",
        Texts,
        "Nodes, best first: the home node, then where it is to go.",
    ),
    may(
        SERVER,
        "possible_owners",
        Texts,
        "The nodes that may own it; all if nothing is said.",
    ),
    may(
        SERVER,
        "mta",
        Flag,
        "Whether it holds the cluster's only MTA; the first one does if nothing is said.",
    ),
    may(SERVER, "imap4", Flag, "Whether it serves IMAP4."),
    may(SERVER, "pop3", Flag, "Whether it serves POP3."),
    may(
        SERVER,
        "users",
        Whole(0, u32::MAX),
        "How many users it has.",
    ),
    may(
        SERVER,
        "cpu_percent",
        Whole(0, 100),
        "How much of a node its users take, in per cent.",
    ),
    may(
        SERVER,
        "front_end",
        Flag,
        "Whether it is a front-end server, which cannot be clustered.",
    ),
    may(
        SERVER,
        "load",
        Whole(0, u32::MAX),
        "How heavy it is, for policies: the attribute `load`.",
    ),
    may(
        SERVER,
        "policy",
        Text,
        "A policy script of its own, relative to this file.",
    ),
    may(
        SERVER,
        "attributes",
        Settings,
        "What policies are told of it, by names of one's own.",
    ),
    may(
        SERVER,
        "properties",
        Settings,
        "Properties of its group, by the original's names and in its units.",
    ),
    may(
        SERVER,
        "resource_properties",
        SettingsByResource,
        "Properties of its resources, by the ends of their names, such as \"SMTP\".",
    ),
    must(STORAGE, "name", Text, "The storage group's name."),
    must(STORAGE, "log_disk", Text, "The disk of its logs."),
    must(STORAGE, "database_disk", Text, "The disk of its databases."),
    must(GROUP, "name", Text, "The group's name."),
    may(GROUP, "preferred_owners", Texts, "Nodes, best first."),
    may(
        GROUP,
        "load",
        Whole(0, u32::MAX),
        "How heavy it is, for policies: the attribute `load`.",
    ),
    may(
        GROUP,
        "policy",
        Text,
        "A policy script of its own, relative to this file.",
    ),
    may(
        GROUP,
        "attributes",
        Settings,
        "What policies are told of it, by names of one's own.",
    ),
    may(
        GROUP,
        "properties",
        Settings,
        "Its properties, by the original's names and in its units.",
    ),
    may(GROUP, "resources", Records(RESOURCE), "Its resources."),
    must(RESOURCE, "name", Text, "The resource's name."),
    must(
        RESOURCE,
        "type",
        Text,
        "Its type, such as \"Physical Disk\"; a plugin may bring others.",
    ),
    may(
        RESOURCE,
        "depends_on",
        Texts,
        "Resources of the same group that must be online first.",
    ),
    may(
        RESOURCE,
        "possible_owners",
        Texts,
        "The nodes that may own it; all if nothing is said.",
    ),
    may(
        RESOURCE,
        "properties",
        Settings,
        "Its properties, common and private, by the original's names and in its units.",
    ),
    may(
        PLUGIN,
        "separate_monitor",
        Flag,
        "Whether it runs in a resource monitor process of its own.",
    ),
    may(
        PLUGIN,
        "version",
        Text,
        "The versions that will do, such as \">=0.2\".",
    ),
    may(
        PLUGIN,
        "digest",
        Text,
        "The digest of its file, as `quorate plugin list` shows it.",
    ),
    must(
        STANDARD,
        "resource",
        Text,
        "The quorum disk, or a resource of any type that can arbitrate.",
    ),
    may(
        MAJORITY,
        FILE_SHARE_WITNESS,
        Text,
        "The file share witness: one more vote, such as \"\\\\\\\\FILES\\\\witness\".",
    ),
];

/// The names of a record's fields.
pub(crate) fn names(record: &str) -> Vec<&'static str> {
    let own = FILE_FIELDS.iter().filter(|field| field.record == record);
    own.map(|field| field.name).collect()
}
