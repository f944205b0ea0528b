//! The parts of a cluster file, and how they are read from its tree.
//!
//! Everything keeps its place. A part that does not fit is noted and left out, so that the same run still checks the
//! rest.

use ipnet::Ipv4Net;

use crate::{
    ExchangeEdition, FILE_SHARE_WITNESS, NetworkRole, QuorumKind, Value, WindowsEdition, suggest,
};

use super::decoder::{Decoder, Record, Say};
use super::elsewhere;
use super::fields;
use super::tree::{Node, Tree};
use crate::source::{Span, Spanned};

type Text = Spanned<String>;

/// A whole cluster file.
#[derive(Default)]
pub(crate) struct ClusterFile {
    pub(crate) span: Span,
    pub(crate) name: Option<Text>,
    pub(crate) address: Option<Text>,
    pub(crate) network: Option<Text>,
    pub(crate) msdtc: bool,
    pub(crate) quorum: Option<Spanned<Quorum>>,
    pub(crate) start: Option<Text>,
    pub(crate) utc_offset: Option<Text>,
    pub(crate) windows: Option<WindowsEdition>,
    pub(crate) exchange: Option<ExchangeEdition>,
    pub(crate) service_start_ms: Vec<(Text, u32)>,
    pub(crate) accept: Vec<Text>,
    pub(crate) policy: Option<Text>,
    pub(crate) plugins: Vec<Plugin>,
    pub(crate) components: Option<Vec<Text>>,
    pub(crate) network_dtc: Option<Spanned<bool>>,
    pub(crate) networks: Vec<Network>,
    pub(crate) nodes: Vec<ClusterNode>,
    pub(crate) disks: Vec<Disk>,
    pub(crate) virtual_servers: Vec<VirtualServer>,
    pub(crate) groups: Vec<Group>,
    pub(crate) properties: Properties,
}

/// The quorum, as written.
pub(crate) enum Quorum {
    /// `Standard(resource: "…")`
    Standard(Text),
    /// `MajorityNodeSet`, or `MajorityNodeSet(MNSFileShare: "…")`
    MajorityNodeSet(Option<Text>),
    /// `Local`
    Local,
}

pub(crate) struct Network {
    pub(crate) name: Text,
    pub(crate) role: Option<NetworkRole>,
    pub(crate) subnet: Option<Spanned<Ipv4Net>>,
    pub(crate) latency_us: Option<u32>,
    pub(crate) dhcp: bool,
}

pub(crate) struct ClusterNode {
    pub(crate) name: Text,
    pub(crate) interfaces: Vec<(Text, Text)>,
    pub(crate) windows: Option<WindowsEdition>,
    pub(crate) exchange: Option<ExchangeEdition>,
    pub(crate) processors: Option<u32>,
    pub(crate) memory_mb: Option<u32>,
    pub(crate) attributes: Properties,
}

pub(crate) struct Disk {
    pub(crate) name: Text,
    pub(crate) raid: bool,
    pub(crate) spindle: Option<String>,
}

/// Property names and values, in the order of the file.
pub(crate) type Properties = Vec<(Text, Spanned<Value>)>;

pub(crate) struct VirtualServer {
    pub(crate) span: Span,
    pub(crate) name: Text,
    pub(crate) network_name: Option<Text>,
    pub(crate) address: Option<Text>,
    pub(crate) network: Option<Text>,
    pub(crate) disks: Vec<Text>,
    pub(crate) storage_groups: Vec<StorageGroupEntry>,
    pub(crate) storage_groups_span: Option<Span>,
    pub(crate) preferred_owners: Vec<Text>,
    pub(crate) possible_owners: Vec<Text>,
    pub(crate) mta: Option<bool>,
    pub(crate) imap4: bool,
    pub(crate) pop3: bool,
    pub(crate) users: Option<u32>,
    pub(crate) cpu_percent: Option<u32>,
    pub(crate) front_end: bool,
    pub(crate) policy: Option<Text>,
    pub(crate) attributes: Properties,
    pub(crate) properties: Properties,
    pub(crate) resource_properties: Vec<(Text, Properties)>,
}

pub(crate) struct StorageGroupEntry {
    pub(crate) name: Text,
    pub(crate) log_disk: Text,
    pub(crate) database_disk: Text,
}

pub(crate) struct Group {
    pub(crate) name: Text,
    pub(crate) policy: Option<Text>,
    pub(crate) attributes: Properties,
    pub(crate) preferred_owners: Vec<Text>,
    pub(crate) properties: Properties,
    pub(crate) resources: Vec<Resource>,
}

pub(crate) struct Resource {
    pub(crate) name: Text,
    pub(crate) kind: Option<Text>,
    pub(crate) depends_on: Vec<Text>,
    pub(crate) possible_owners: Vec<Text>,
    pub(crate) properties: Properties,
}

/// Reads a whole file. A field that is missing or wrong is noted and left empty.
pub(crate) fn decode(decoder: &mut Decoder<'_>, root: &Node) -> ClusterFile {
    let known = fields::names(fields::CLUSTER);
    let Some(record) = decoder.record(root, fields::CLUSTER, &known) else {
        return ClusterFile {
            span: root.span,
            ..ClusterFile::default()
        };
    };
    // The record itself covers the whole file, so the finding points at its first character.
    let span = Span {
        start: root.span.start,
        end: root.span.start + 1,
    };
    let record = record.at(span);
    ClusterFile {
        span,
        name: need_name(decoder, &record, "name"),
        address: record.get("address").and_then(|node| decoder.text(node)),
        network: record.get("network").and_then(|node| decoder.name(node)),
        msdtc: flag(decoder, &record, "msdtc").unwrap_or(true),
        quorum: record
            .need(decoder, "quorum")
            .and_then(|node| quorum(decoder, node)),
        start: record.get("start").and_then(|node| decoder.text(node)),
        utc_offset: record.get("utc_offset").and_then(|node| decoder.text(node)),
        windows: record
            .get("windows")
            .and_then(|node| decoder.word(node, WindowsEdition::ALL)),
        exchange: record
            .get("exchange")
            .and_then(|node| decoder.word(node, ExchangeEdition::ALL)),
        service_start_ms: record
            .get("service_start_ms")
            .map_or_else(Vec::new, |node| {
                let entries = decoder.map(node, "milliseconds");
                entries
                    .into_iter()
                    .filter_map(|(name, node)| Some((name, decoder.whole(node, 0, u32::MAX)?)))
                    .collect()
            }),
        accept: record
            .get("accept")
            .map_or_else(Vec::new, |node| decoder.names(node, "rule ids")),
        policy: policy(decoder, &record),
        plugins: record
            .get("plugins")
            .map_or_else(Vec::new, |node| plugins(decoder, node)),
        components: record
            .get("components")
            .map(|node| decoder.names(node, "components")),
        network_dtc: record
            .get("network_dtc")
            .and_then(|node| Some(Spanned::new(decoder.boolean(node)?, node.span))),
        networks: needed_list(decoder, &record, "networks", network),
        nodes: needed_list(decoder, &record, "nodes", cluster_node),
        disks: list(decoder, &record, "disks", disk),
        virtual_servers: list(decoder, &record, "virtual_servers", virtual_server),
        groups: list(decoder, &record, "groups", group),
        properties: properties(decoder, &record),
    }
}

fn need_name(decoder: &mut Decoder<'_>, record: &Record<'_>, field: &'static str) -> Option<Text> {
    record
        .need(decoder, field)
        .and_then(|node| decoder.name(node))
}

fn flag(decoder: &mut Decoder<'_>, record: &Record<'_>, field: &str) -> Option<bool> {
    record.get(field).and_then(|node| decoder.boolean(node))
}

fn names(decoder: &mut Decoder<'_>, record: &Record<'_>, field: &str) -> Vec<Text> {
    record
        .get(field)
        .map_or_else(Vec::new, |node| decoder.names(node, "names"))
}

type Item<T> = fn(&mut Decoder<'_>, &Node) -> Option<T>;

fn list<T>(decoder: &mut Decoder<'_>, record: &Record<'_>, field: &str, item: Item<T>) -> Vec<T> {
    let what = field.replace('_', " ");
    record
        .get(field)
        .map_or_else(Vec::new, |node| decoder.list(node, &what, item))
}

fn needed_list<T>(
    decoder: &mut Decoder<'_>,
    record: &Record<'_>,
    field: &'static str,
    item: Item<T>,
) -> Vec<T> {
    let Some(node) = record.need(decoder, field) else {
        return Vec::new();
    };
    decoder.list(node, field, item)
}

fn quorum(decoder: &mut Decoder<'_>, node: &Node) -> Option<Spanned<Quorum>> {
    const EXPECTED: &str = "`Standard(resource: \"…\")`, `MajorityNodeSet`, `MajorityNodeSet(MNSFileShare: \"…\")` or `Local`";
    let (word, own) = match &node.value {
        // A word of another product gets the same help with and without quotes.
        Tree::Text(word) if elsewhere::word(word).is_some() => (word, &[][..]),
        Tree::Word(word) => (word, &[][..]),
        Tree::Struct {
            name: Some(name),
            fields,
        } => (&name.value, fields.as_slice()),
        _ => {
            decoder.wrong_type(node, EXPECTED);
            return None;
        }
    };
    let quorum = match word.as_str() {
        "Standard" => {
            let record = decoder.fields(
                own,
                node.span,
                fields::STANDARD,
                &fields::names(fields::STANDARD),
            );
            Quorum::Standard(need_name(decoder, &record, "resource")?)
        }
        "MajorityNodeSet" => {
            let known = fields::names(fields::MAJORITY);
            let record = decoder.fields(own, node.span, fields::MAJORITY, &known);
            let share = record.get(FILE_SHARE_WITNESS);
            Quorum::MajorityNodeSet(share.and_then(|node| decoder.text(node)))
        }
        "Local" => {
            decoder.fields(own, node.span, "this quorum", &[]);
            Quorum::Local
        }
        _ => {
            let kinds = QuorumKind::WORDS.iter().copied();
            let say = Say::new(format!("there is no quorum `{word}`"))
                .expected(EXPECTED)
                .help(elsewhere::word(word).or_else(|| {
                    suggest::nearest(word, kinds).map(|near| format!("did you mean `{near}`?"))
                }));
            decoder.error("out-of-range", node.span, say);
            return None;
        }
    };
    Some(Spanned::new(quorum, node.span))
}

fn network(decoder: &mut Decoder<'_>, node: &Node) -> Option<Network> {
    let known = fields::names(fields::NETWORK);
    let record = decoder.record(node, fields::NETWORK, &known)?;
    let roles = [
        NetworkRole::Internal,
        NetworkRole::ClientAccess,
        NetworkRole::Mixed,
    ];
    let roles = roles.map(|role| (role.as_str(), role));
    let name = need_name(decoder, &record, "name");
    let role = record
        .need(decoder, "role")
        .and_then(|node| decoder.word(node, &roles));
    let subnet = record
        .need(decoder, "subnet")
        .and_then(|node| subnet(decoder, node));
    let latency_us = record
        .get("latency_us")
        .and_then(|node| decoder.whole(node, 0, 60_000_000));
    let dhcp = flag(decoder, &record, "dhcp").unwrap_or(false);
    Some(Network {
        name: name?,
        role,
        subnet,
        latency_us,
        dhcp,
    })
}

fn subnet(decoder: &mut Decoder<'_>, node: &Node) -> Option<Spanned<Ipv4Net>> {
    let text = decoder.text(node)?;
    let say = match text.value.parse::<Ipv4Net>() {
        Ok(net) if net.addr() == net.network() => return Some(Spanned::new(net, node.span)),
        Ok(net) => Say::new("this subnet has host bits set")
            .found(format!("`{net}`"))
            .expected(format!("`{}`", net.trunc())),
        Err(_) => Say::new("this is no subnet")
            .found(node.value.describe())
            .expected("an IPv4 subnet such as `10.0.0.0/24`"),
    };
    decoder.error("bad-subnet", node.span, say);
    None
}

fn cluster_node(decoder: &mut Decoder<'_>, node: &Node) -> Option<ClusterNode> {
    let known = fields::names(fields::NODE);
    let record = decoder.record(node, fields::NODE, &known)?;
    let name = need_name(decoder, &record, "name");
    let interfaces = match record.need(decoder, "interfaces") {
        None => Vec::new(),
        Some(node) => {
            let entries = decoder.map(node, "addresses by network");
            entries
                .into_iter()
                .filter_map(|(network, node)| Some((network, decoder.text(node)?)))
                .collect()
        }
    };
    let windows = record
        .get("windows")
        .and_then(|node| decoder.word(node, WindowsEdition::ALL));
    let exchange = record
        .get("exchange")
        .and_then(|node| decoder.word(node, ExchangeEdition::ALL));
    let processors = record
        .get("processors")
        .and_then(|node| decoder.whole(node, 1, 64));
    let memory_mb = record
        .get("memory_mb")
        .and_then(|node| decoder.whole(node, 128, 1 << 20));
    Some(ClusterNode {
        name: name?,
        interfaces,
        windows,
        exchange,
        processors,
        memory_mb,
        attributes: attributes(decoder, &record),
    })
}

/// What the file says of a plugin.
#[derive(Debug)]
pub(crate) struct Plugin {
    pub(crate) name: Text,
    pub(crate) separate_monitor: Option<bool>,
    pub(crate) version: Option<Spanned<semver::VersionReq>>,
    pub(crate) digest: Option<Text>,
}

/// How plugins are to run, and which, by their names.
fn plugins(decoder: &mut Decoder<'_>, node: &Node) -> Vec<Plugin> {
    let entries = decoder.map(node, "settings by plugin");
    let settings = entries.into_iter().filter_map(|(plugin, node)| {
        let record = decoder.record(node, fields::PLUGIN, &fields::names(fields::PLUGIN))?;
        let version = record
            .get("version")
            .and_then(|node| version(decoder, node));
        let digest = record.get("digest").and_then(|node| digest(decoder, node));
        Some(Plugin {
            name: plugin,
            separate_monitor: flag(decoder, &record, "separate_monitor"),
            version,
            digest,
        })
    });
    settings.collect()
}

/// Which versions of a plugin will do.
fn version(decoder: &mut Decoder<'_>, node: &Node) -> Option<Spanned<semver::VersionReq>> {
    let text = decoder.text(node)?;
    match text.value.parse() {
        Ok(wanted) => Some(Spanned::new(wanted, text.span)),
        Err(why) => {
            let say = Say::new(format!("this does not say which versions will do: {why}"));
            let say = say.found(node.value.describe()).expected(
                "a version requirement, such as `>=0.2`, `1.4` (that or a later 1), `=2.0.1` or `>=1, <3`",
            );
            decoder.error("out-of-range", node.span, say);
            None
        }
    }
}

/// The digest of a plugin's file.
fn digest(decoder: &mut Decoder<'_>, node: &Node) -> Option<Text> {
    let text = decoder.text(node)?;
    let hex = text.value.strip_prefix("blake3:").unwrap_or_default();
    if hex.len() == 64
        && hex
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    {
        return Some(text);
    }
    let say = Say::new("this is no digest of a file")
        .found(node.value.describe())
        .expected("`blake3:` and 64 digits, as `quorate plugin list` shows it");
    decoder.error("out-of-range", node.span, say);
    None
}

fn disk(decoder: &mut Decoder<'_>, node: &Node) -> Option<Disk> {
    if let Tree::Text(_) = node.value {
        return Some(Disk {
            name: decoder.name(node)?,
            raid: false,
            spindle: None,
        });
    }
    let record = decoder.record(node, fields::DISK, &fields::names(fields::DISK))?;
    let name = need_name(decoder, &record, "name");
    // An unreadable value was noted, so it counts as true: `quorum-disk-raid` need not complain as well.
    let raid = record
        .get("raid")
        .is_some_and(|node| decoder.boolean(node).unwrap_or(true));
    let spindle = record
        .get("spindle")
        .and_then(|node| decoder.name(node))
        .map(|text| text.value);
    Some(Disk {
        name: name?,
        raid,
        spindle,
    })
}

fn virtual_server(decoder: &mut Decoder<'_>, node: &Node) -> Option<VirtualServer> {
    let known = fields::names(fields::SERVER);
    let record = decoder.record(node, fields::SERVER, &known)?;
    let name = need_name(decoder, &record, "name");
    let network_name = record
        .get("network_name")
        .and_then(|node| decoder.name(node));
    let address = record
        .need(decoder, "address")
        .and_then(|node| decoder.text(node));
    let network = record.get("network").and_then(|node| decoder.name(node));
    let disks = names(decoder, &record, "disks");
    let storage_groups_span = record.get("storage_groups").map(|node| node.span);
    let storage_groups = list(decoder, &record, "storage_groups", storage_group);
    let preferred_owners = names(decoder, &record, "preferred_owners");
    let possible_owners = names(decoder, &record, "possible_owners");
    let mta = flag(decoder, &record, "mta");
    let imap4 = flag(decoder, &record, "imap4").unwrap_or(false);
    let pop3 = flag(decoder, &record, "pop3").unwrap_or(false);
    let users = record
        .get("users")
        .and_then(|node| decoder.whole(node, 0, u32::MAX));
    let cpu_percent = record
        .get("cpu_percent")
        .and_then(|node| decoder.whole(node, 0, 100));
    let front_end = flag(decoder, &record, "front_end").unwrap_or(false);
    let properties = properties(decoder, &record);
    let resource_properties = record
        .get("resource_properties")
        .map_or_else(Vec::new, |node| {
            let entries = decoder.map(node, "properties by resource");
            entries
                .into_iter()
                .map(|(name, node)| (name, property_map(decoder, node)))
                .collect()
        });
    Some(VirtualServer {
        span: record.span(),
        name: name?,
        network_name,
        address,
        network,
        disks,
        storage_groups,
        storage_groups_span,
        preferred_owners,
        possible_owners,
        mta,
        imap4,
        pop3,
        users,
        cpu_percent,
        front_end,
        policy: policy(decoder, &record),
        attributes: attributes(decoder, &record),
        properties,
        resource_properties,
    })
}

fn storage_group(decoder: &mut Decoder<'_>, node: &Node) -> Option<StorageGroupEntry> {
    let record = decoder.record(node, fields::STORAGE, &fields::names(fields::STORAGE))?;
    let name = need_name(decoder, &record, "name");
    let log_disk = need_name(decoder, &record, "log_disk");
    let database_disk = need_name(decoder, &record, "database_disk");
    let entry = StorageGroupEntry {
        name: name?,
        log_disk: log_disk?,
        database_disk: database_disk?,
    };
    for text in [&entry.name, &entry.log_disk, &entry.database_disk] {
        if text.value.contains('|') {
            let say = Say::new("a storage group's names cannot contain `|`").help(Some(
                "the store's property `StorageGroups` separates its parts with it".to_owned(),
            ));
            decoder.error("out-of-range", text.span, say);
        }
    }
    Some(entry)
}

fn group(decoder: &mut Decoder<'_>, node: &Node) -> Option<Group> {
    let known = fields::names(fields::GROUP);
    let record = decoder.record(node, fields::GROUP, &known)?;
    let name = need_name(decoder, &record, "name");
    let preferred_owners = names(decoder, &record, "preferred_owners");
    let properties = properties(decoder, &record);
    let resources = list(decoder, &record, "resources", resource);
    Some(Group {
        name: name?,
        policy: policy(decoder, &record),
        attributes: attributes(decoder, &record),
        preferred_owners,
        properties,
        resources,
    })
}

fn resource(decoder: &mut Decoder<'_>, node: &Node) -> Option<Resource> {
    let known = fields::names(fields::RESOURCE);
    let record = decoder.record(node, fields::RESOURCE, &known)?;
    let name = need_name(decoder, &record, "name");
    let kind = need_name(decoder, &record, "type");
    let depends_on = names(decoder, &record, "depends_on");
    let possible_owners = names(decoder, &record, "possible_owners");
    let properties = properties(decoder, &record);
    Some(Resource {
        name: name?,
        kind,
        depends_on,
        possible_owners,
        properties,
    })
}

/// The file of a policy script.
fn policy(decoder: &mut Decoder<'_>, record: &Record<'_>) -> Option<Text> {
    record.get("policy").and_then(|node| decoder.name(node))
}

/// The attributes of a node or group, for policy scripts; the field `load` is one of them.
fn attributes(decoder: &mut Decoder<'_>, record: &Record<'_>) -> Properties {
    let mut all = record
        .get("attributes")
        .map_or_else(Vec::new, |node| property_map(decoder, node));
    if let Some(node) = record.get("load")
        && let Some(load) = decoder.whole(node, 0, u32::MAX)
    {
        let name = Spanned::new("load".to_owned(), node.span);
        all.push((name, Spanned::new(Value::Dword(load), node.span)));
    }
    all
}

fn properties(decoder: &mut Decoder<'_>, record: &Record<'_>) -> Properties {
    record
        .get("properties")
        .map_or_else(Vec::new, |node| property_map(decoder, node))
}

fn property_map(decoder: &mut Decoder<'_>, node: &Node) -> Properties {
    let entries = decoder.map(node, "properties");
    entries
        .into_iter()
        .filter_map(|(name, node)| Some((name, decoder.value(node)?)))
        .collect()
}
