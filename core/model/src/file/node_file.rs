//! Node files: what a machine that runs a real node is told beside the cluster file.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use super::decoder::{Decoder, Record, Say};
use super::reader;
use super::tree::{Node, Tree};
use crate::source::{Source, Span, Spanned};
use crate::{Diagnostic, Diagnostics, Name, Severity};

/// The port that nodes talk on, as the original's cluster service does (UDP 3343).
pub const CLUSTER_PORT: u16 = 3_343;

/// For how long a program must have run before its service counts as started, where nothing is said.
const ALIVE_FOR: Duration = Duration::from_secs(1);

const FIELDS: &[&str] = &[
    "cluster", "node", "state", "key", "plugins", "port", "bind", "services", "socket", "admins",
    "joins",
];

const SERVICE_FIELDS: &[&str] = &["run", "ready", "stop", "user", "directory", "environment"];

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
    places: BTreeMap<String, Diagnostic>,
}

/// How a service is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCommand {
    /// Program and arguments: an absolute path, or a name that is searched on the PATH.
    pub run: Vec<String>,
    /// When it has started.
    pub ready: Ready,
    /// The command that stops it; SIGTERM if none is named.
    pub stop: Vec<String>,
    /// The user it runs as; the node's own if none is named.
    pub user: Option<String>,
    /// Where it runs, unless the resource says so.
    pub directory: Option<String>,
    /// What its environment has beside the node's.
    pub environment: BTreeMap<String, String>,
}

impl ServiceCommand {
    /// A command that counts as started once it has run for a second.
    pub fn new(run: Vec<String>) -> Self {
        ServiceCommand {
            run,
            ready: Ready::Alive(ALIVE_FOR),
            stop: Vec::new(),
            user: None,
            directory: None,
            environment: BTreeMap::new(),
        }
    }
}

/// When a service has started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// Once its program has run for so long.
    Alive(Duration),
    /// Once something accepts connections there.
    Port(SocketAddr),
    /// Once this file is there.
    File(String),
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
            joins: match record.get("joins") {
                Some(node) => self.decoder.boolean(node)?,
                None => false,
            },
            plugins,
            cluster: cluster?,
            node: node?.into(),
            state: state?,
            port: u16::try_from(port?).ok()?,
            places: BTreeMap::new(),
        })
    }

    fn needed(&mut self, record: &Record<'_>, field: &'static str) -> Option<String> {
        let node = record.need(self.decoder, field)?;
        self.decoder.name(node).map(|name| name.value)
    }

    fn named(&mut self, record: &Record<'_>, field: &str) -> Option<String> {
        let node = record.get(field)?;
        self.decoder.name(node).map(|name| name.value)
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

    fn services(&mut self, record: &Record<'_>) -> BTreeMap<String, ServiceCommand> {
        let Some(node) = record.get("services") else {
            return BTreeMap::new();
        };
        let mut services = BTreeMap::new();
        for (name, node) in self.decoder.map(node, "services") {
            self.places
                .insert(format!("services/{}", name.value), name.span);
            let Some(record) = self.decoder.record(node, "a service", SERVICE_FIELDS) else {
                continue;
            };
            if let Some(service) = self.service(&record.at(name.span)) {
                services.insert(name.value, service);
            }
        }
        services
    }

    fn service(&mut self, record: &Record<'_>) -> Option<ServiceCommand> {
        let run = record.need(self.decoder, "run")?;
        let command = ServiceCommand::new(self.command(run)?);
        let environment = match record.get("environment") {
            Some(node) => {
                let all = self.decoder.map(node, "texts").into_iter();
                all.filter_map(|(name, node)| Some((name.value, self.decoder.text(node)?.value)))
                    .collect()
            }
            None => BTreeMap::new(),
        };
        Some(ServiceCommand {
            ready: match record.get("ready") {
                Some(node) => self.ready(node)?,
                None => command.ready,
            },
            stop: match record.get("stop") {
                Some(node) => self.command(node)?,
                None => Vec::new(),
            },
            user: self.named(record, "user"),
            directory: self.named(record, "directory"),
            environment,
            run: command.run,
        })
    }

    /// Program and arguments.
    fn command(&mut self, node: &Node) -> Option<Vec<String>> {
        let words = texts(self.decoder.list(node, "texts", Decoder::text));
        let Tree::List(items) = &node.value else {
            return None;
        };
        if words.first().is_some_and(|program| !program.is_empty()) {
            return (words.len() == items.len()).then_some(words);
        }
        if words.len() == items.len() {
            let expected = "a program and its arguments, such as [\"/usr/sbin/nginx\", \"-g\", \"daemon off;\"]";
            self.out_of_range(node, "this is no command", expected);
        }
        None
    }

    fn ready(&mut self, node: &Node) -> Option<Ready> {
        const EXPECTED: &str =
            "`Alive(\"2s\")`, `Port(\"127.0.0.1:8080\")` or `File(\"/run/served.pid\")`";
        let Tree::Tuple {
            name: Some(word),
            items,
        } = &node.value
        else {
            self.decoder.wrong_type(node, EXPECTED);
            return None;
        };
        let [item] = items.as_slice() else {
            self.decoder.wrong_type(node, EXPECTED);
            return None;
        };
        let text = self.decoder.text(item)?.value;
        match word.value.as_str() {
            "Alive" => match span(&text) {
                Some(span) => return Some(Ready::Alive(span)),
                None => {
                    self.out_of_range(item, "this is no duration", "such as \"2s\" or \"500ms\"")
                }
            },
            "Port" => match text.parse() {
                Ok(address) => return Some(Ready::Port(address)),
                Err(_) => self.out_of_range(
                    item,
                    "this is no address with a port",
                    "such as \"127.0.0.1:8080\"",
                ),
            },
            "File" => return Some(Ready::File(text)),
            other => {
                let mut say = Say::new(format!("there is no `{other}` here")).expected(EXPECTED);
                let known = ["Alive", "Port", "File"];
                say = say.help(
                    crate::suggest::nearest(other, known)
                        .map(|near| format!("did you mean `{near}`?")),
                );
                self.decoder.error("out-of-range", word.span, say);
            }
        }
        None
    }
}

fn texts(all: Vec<Spanned<String>>) -> Vec<String> {
    all.into_iter().map(|text| text.value).collect()
}

/// A duration such as `500ms`, `2s` or `1m`, up to an hour.
fn span(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let unit = match text.get(digits..)? {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return None,
    };
    let ms = number.checked_mul(unit).filter(|ms| *ms <= 3_600_000)?;
    Some(Duration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"(
    cluster: "cluster.ron",
    node: "NODE2",
    state: "node2",
    key: "key",
    port: 4000,
    bind: { "Public": "127.0.0.1" },
    services: {
        "spooler": (run: ["/usr/bin/spoold", "-f"], ready: Alive("500ms"), stop: ["/usr/bin/spoolctl", "stop"]),
        "web": (run: ["served"], ready: Port("127.0.0.1:8080"), user: "www", environment: { "A": "b" }),
        "MSDTC": (run: ["/bin/dtc"], ready: File("/run/dtc.pid"), directory: "/srv"),
        "plain": (run: ["/bin/plain"]),
    },
    admins: "quorate",
)"#;

    #[test]
    fn a_node_file_is_read_and_what_it_leaves_out_has_a_default() {
        let file = parse_node_file("node.ron", FILE).unwrap();
        assert_eq!(
            (&*file.node, file.port, file.joins),
            ("NODE2", 4_000, false)
        );
        let services: Vec<_> = file.services.values().map(|it| it.ready.clone()).collect();
        assert_eq!(
            services,
            [
                Ready::File("/run/dtc.pid".into()),
                Ready::Alive(Duration::from_secs(1)),
                Ready::Alive(Duration::from_millis(500)),
                Ready::Port("127.0.0.1:8080".parse().unwrap()),
            ]
        );
        assert_eq!(file.services["web"].user.as_deref(), Some("www"));
        let short = r#"(cluster: "c.ron", node: "N", state: "s")"#;
        assert_eq!(parse_node_file("n", short).unwrap().port, CLUSTER_PORT);
    }

    #[test]
    fn findings_that_come_later_point_at_the_field_or_what_contains_it() {
        let file = parse_node_file("node.ron", FILE).unwrap();
        let at = |field: &str| {
            let found = file.error(field, "service-without-command", "");
            (found.line, found.column)
        };
        assert_eq!(at("services/MSDTC"), (11, 9));
        assert_eq!(at("services/other"), (8, 15));
        assert_eq!(at("socket"), (1, 1));
    }

    #[test]
    fn every_mistake_is_told_at_its_place_with_what_should_stand_there() {
        let wrong = r#"(
    cluster: "cluster.ron",
    node: 2,
    stat: "node2",
    port: 70000,
    bind: { "Public": "here" },
    services: {
        "a": (run: []),
        "b": (run: ["/bin/b"], ready: Alive("soon")),
        "c": (run: ["/bin/c"], ready: Prot("127.0.0.1:1")),
        "d": (ready: Alive("1s")),
        "e": (run: ["/bin/e"], redy: Alive("1s")),
    },
)"#;
        let found = parse_node_file("node.ron", wrong).unwrap_err();
        let told: Vec<_> = found.iter().map(ToString::to_string).collect();
        let expected = [
            "node.ron:1:1: error[missing-field]: a node file lacks the field `state`; add `state: …`",
            "node.ron:3:11: error[wrong-type]: this should be a text (found the number 2, expected a text)",
            "node.ron:4:5: error[unknown-field]: a node file has no field `stat`; did you mean `state`?",
            "node.ron:5:11: error[out-of-range]: this number is out of range (found 70000, expected 1 to 65535)",
            "node.ron:6:23: error[out-of-range]: this is no address (found the text \"here\", expected such as \"10.0.0.11\")",
            "node.ron:8:20: error[out-of-range]: this is no command (found a list, expected a program and its arguments, such as [\"/usr/sbin/nginx\", \"-g\", \"daemon off;\"])",
            "node.ron:9:45: error[out-of-range]: this is no duration (found the text \"soon\", expected such as \"2s\" or \"500ms\")",
            "node.ron:10:39: error[out-of-range]: there is no `Prot` here (expected `Alive(\"2s\")`, `Port(\"127.0.0.1:8080\")` or `File(\"/run/served.pid\")`); did you mean `Port`?",
            "node.ron:11:9: error[missing-field]: a service lacks the field `run`; add `run: …`",
            "node.ron:12:32: error[unknown-field]: a service has no field `redy`; did you mean `ready`?",
        ];
        assert_eq!(told, expected);
    }
}
