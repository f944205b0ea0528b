//! Node files: what a machine that runs a real node is told beside the cluster file.

mod service;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::decoder::{Decoder, Record, Say};
use super::reader;
use super::tree::{Node, Tree};
use crate::source::{Source, Span, Spanned};
use crate::{Diagnostic, Diagnostics, Name, Severity};

pub use service::{Ask, Ready, ServiceCommand};

/// The port that nodes talk on, as the original's cluster service does (UDP 3343).
pub const CLUSTER_PORT: u16 = 3_343;

const FIELDS: &[&str] = &[
    "cluster", "node", "state", "key", "plugins", "port", "bind", "services", "socket", "admins",
    "joins", "metrics", "log", "disks", "shares", "watchdog",
];

/// What a machine that runs a real node is told beside the cluster file. Paths are as the file has them: they count from
/// its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFile {
    /// The cluster file.
    pub cluster: String,
    /// Which of the cluster's nodes this is.
    pub node: Name,
    /// The folder of everything that the node keeps.
    pub state: String,
    /// The file with the cluster's key.
    pub key: Option<String>,
    /// Folders to search for plugins first.
    pub plugins: Vec<String>,
    /// The port of the cluster's own messages, the same on every node.
    pub port: u16,
    /// By network: the address to receive on, where it is not the node's own in the cluster file.
    pub bind: BTreeMap<Name, IpAddr>,
    /// By the names that plugins and properties use: the programs behind services.
    pub services: BTreeMap<String, ServiceCommand>,
    /// The socket for `quorate ctl`.
    pub socket: Option<String>,
    /// The group of users who may change the cluster, beside root and the node's own.
    pub admins: Option<String>,
    /// Whether the node was added to a cluster that existed before.
    pub joins: bool,
    /// Where the node answers with its metrics; nowhere if nothing is said. Only on loopback.
    pub metrics: Option<SocketAddr>,
    /// How much of what happens is told.
    pub log: LogLevel,
    /// By the shared disk's name: the folder that stands for it on this machine.
    pub disks: BTreeMap<Name, String>,
    /// By the file share's name: the folder that it is mounted at.
    pub shares: BTreeMap<Name, String>,
    /// The watchdog that resets the machine where nothing else keeps programs from running on; none if nothing is said.
    pub watchdog: Option<String>,
    places: BTreeMap<String, Diagnostic>,
}

/// How much of what happens a node tells on standard error. Its journal has everything in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// What somebody may have to look at.
    Warning,
    /// What changes, too.
    #[default]
    Info,
    /// Everything that the journal has.
    Debug,
}

impl LogLevel {
    const ALL: [(&'static str, LogLevel); 3] = [
        ("Warning", LogLevel::Warning),
        ("Info", LogLevel::Info),
        ("Debug", LogLevel::Debug),
    ];
}

impl NodeFile {
    /// An error at the place of a field, or of a part of it such as `services/MSDTC`; without a place where it is not in the
    /// file.
    pub fn error(&self, field: &str, rule: &'static str, message: impl Into<String>) -> Diagnostic {
        self.finding(field, rule, Severity::Error, message)
    }

    /// As [`error`](Self::error), as grave as is said.
    pub fn finding(
        &self,
        field: &str,
        rule: &'static str,
        severity: Severity,
        message: impl Into<String>,
    ) -> Diagnostic {
        let mut at = field;
        let place = loop {
            match (self.places.get(at), at.rsplit_once('/')) {
                (Some(place), _) => break Some(place),
                (None, Some((above, _))) => at = above,
                (None, None) => break self.places.get(""),
            }
        };
        let finding = Diagnostic::new(rule, severity, message);
        match place {
            Some(place) => Diagnostic {
                rule,
                severity,
                message: finding.message,
                ..place.clone()
            },
            None => finding,
        }
    }
}

/// Reads the node file at `path`.
///
/// # Errors
///
/// As [`parse_node_file`]; a file that cannot be read, or is not UTF-8, is one finding without a place.
pub fn load_node_file(path: &Path) -> Result<NodeFile, Diagnostics> {
    let (name, text) = reader::text_of(path, "node")?;
    parse_node_file(&name, &text)
}

/// Reads a node file's text. `source_name` is what findings call the file.
///
/// # Errors
///
/// Everything that is wrong with it, each with its place. A syntax error is the only finding of its file.
pub fn parse_node_file(source_name: &str, text: &str) -> Result<NodeFile, Diagnostics> {
    let source = Source::new(source_name, text);
    let root = reader::tree_of(&source, text)?;
    let mut decoder = Decoder::new(&source);
    let mut reading = Reading {
        decoder: &mut decoder,
        places: BTreeMap::new(),
    };
    let file = reading.file(&root);
    let places = reading.places;
    let mut findings = decoder.finish();
    findings.sort_by_key(|finding| (finding.line, finding.column));
    match file {
        Some(file) if findings.is_empty() => Ok(NodeFile {
            places: places
                .into_iter()
                .map(|(field, span)| (field, source.error("", span, "")))
                .collect(),
            ..file
        }),
        _ => Err(Diagnostics(findings)),
    }
}

struct Reading<'d, 's> {
    decoder: &'d mut Decoder<'s>,
    places: BTreeMap<String, Span>,
}

impl Reading<'_, '_> {
    fn file(&mut self, root: &Node) -> Option<NodeFile> {
        self.places.insert(String::new(), Span::default());
        let record = self.decoder.record(root, "a node file", FIELDS)?;
        for field in FIELDS {
            if let Some(node) = record.get(field) {
                self.places.insert((*field).to_owned(), node.span);
            }
        }
        let cluster = self.needed(&record, "cluster");
        let node = self.needed(&record, "node");
        let state = self.needed(&record, "state");
        let plugins = match record.get("plugins") {
            Some(node) => texts(self.decoder.names(node, "folders")),
            None => Vec::new(),
        };
        let port = match record.get("port") {
            Some(node) => self.decoder.whole(node, 1, u16::MAX.into()),
            None => Some(CLUSTER_PORT.into()),
        };
        Some(NodeFile {
            key: self.named(&record, "key"),
            socket: self.named(&record, "socket"),
            admins: self.named(&record, "admins"),
            bind: self.bind(&record),
            services: self.services(&record),
            metrics: record.get("metrics").and_then(|node| self.loopback(node)),
            log: match record.get("log") {
                Some(node) => self.log(node).unwrap_or_default(),
                None => LogLevel::default(),
            },
            joins: match record.get("joins") {
                Some(node) => self.decoder.boolean(node)?,
                None => false,
            },
            disks: self.folders(&record, "disks", true),
            shares: self.folders(&record, "shares", false),
            watchdog: self.named(&record, "watchdog"),
            plugins,
            cluster: cluster?,
            node: node?.into(),
            state: state?,
            port: u16::try_from(port?).ok()?,
            places: BTreeMap::new(),
        })
    }

    /// A place that nobody reaches from another machine.
    fn loopback(&mut self, node: &Node) -> Option<SocketAddr> {
        let place = self.place(node)?;
        if place.ip().is_loopback() {
            return Some(place);
        }
        let expected = "a port on loopback, such as \"127.0.0.1:9343\"";
        self.out_of_range(node, "everybody on the network could read this", expected);
        None
    }

    fn log(&mut self, node: &Node) -> Option<LogLevel> {
        const EXPECTED: &str = "`Warning`, `Info` or `Debug`";
        let Tree::Word(word) = &node.value else {
            self.decoder.wrong_type(node, EXPECTED);
            return None;
        };
        let mut all = LogLevel::ALL.into_iter();
        let found = all.find(|(name, _)| name == word);
        if found.is_none() {
            let say = Say::new(format!("there is no log level `{word}`")).expected(EXPECTED);
            let near = crate::suggest::nearest(word, LogLevel::ALL.map(|(name, _)| name));
            let say = say.help(near.map(|near| format!("did you mean `{near}`?")));
            self.decoder.error("out-of-range", node.span, say);
        }
        found.map(|(_, level)| level)
    }

    fn needed(&mut self, record: &Record<'_>, field: &'static str) -> Option<String> {
        let node = record.need(self.decoder, field)?;
        self.decoder.name(node).map(|name| name.value)
    }

    fn named(&mut self, record: &Record<'_>, field: &str) -> Option<String> {
        let node = record.get(field)?;
        self.decoder.name(node).map(|name| name.value)
    }

    /// By name: folders of this machine. With `within`, each stands in `Dir(…)`.
    fn folders(
        &mut self,
        record: &Record<'_>,
        field: &str,
        within: bool,
    ) -> BTreeMap<Name, String> {
        const EXPECTED: &str =
            "`Dir(\"/path/of/a/folder\")`, a folder that every node of this machine names";
        let Some(node) = record.get(field) else {
            return BTreeMap::new();
        };
        let mut folders = BTreeMap::new();
        for (name, node) in self.decoder.map(node, "folders") {
            self.places
                .insert(format!("{field}/{}", name.value), name.span);
            let folder = match &node.value {
                Tree::Tuple {
                    name: Some(word),
                    items,
                } if within && word.value == "Dir" && items.len() == 1 => &items[0],
                _ if within => {
                    self.decoder.wrong_type(node, EXPECTED);
                    continue;
                }
                _ => node,
            };
            if let Some(folder) = self.decoder.name(folder) {
                folders.insert(name.value.into(), folder.value);
            }
        }
        folders
    }

    fn bind(&mut self, record: &Record<'_>) -> BTreeMap<Name, IpAddr> {
        let Some(node) = record.get("bind") else {
            return BTreeMap::new();
        };
        let mut bind = BTreeMap::new();
        for (network, node) in self.decoder.map(node, "addresses") {
            self.places
                .insert(format!("bind/{}", network.value), network.span);
            let Some(address) = self.decoder.text(node) else {
                continue;
            };
            match address.value.parse() {
                Ok(parsed) => {
                    bind.insert(network.value.into(), parsed);
                }
                Err(_) => self.out_of_range(node, "this is no address", "such as \"10.0.0.11\""),
            }
        }
        bind
    }

    fn out_of_range(&mut self, node: &Node, message: &str, expected: &str) {
        let say = Say::new(message)
            .found(node.value.describe())
            .expected(expected);
        self.decoder.error("out-of-range", node.span, say);
    }
}

fn texts(all: Vec<Spanned<String>>) -> Vec<String> {
    all.into_iter().map(|text| text.value).collect()
}

#[cfg(test)]
mod tests;
