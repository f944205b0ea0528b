//! The programs behind services.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::{Reading, texts};
use crate::file::decoder::{Decoder, Record, Say};
use crate::file::tree::{Node, Tree};
use crate::source::Spanned;

/// For how long a program must have run before its service counts as started, where nothing is said.
const ALIVE_FOR: Duration = Duration::from_secs(1);

const SERVICE_FIELDS: &[&str] = &[
    "run",
    "ready",
    "ask",
    "stop",
    "user",
    "directory",
    "environment",
];

const ASK_FIELDS: &[&str] = &["at", "send", "expect"];

/// How a service is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCommand {
    /// Program and arguments: an absolute path, or a name that is searched on the PATH.
    pub run: Vec<String>,
    /// When it has started.
    pub ready: Ready,
    /// How it is asked whether it works.
    pub ask: Option<Ask>,
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
            ask: None,
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
    /// Once the program says so, as it says it to systemd: `READY=1` to the socket that `NOTIFY_SOCKET` names.
    Notify,
    /// Once it answers what it is asked with.
    Answer,
}

/// How a service is asked whether it works: a connection, what is sent, and what has to come back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ask {
    /// Where it answers.
    pub at: SocketAddr,
    /// What is sent, such as `PING\r\n`; nothing where the service speaks first.
    pub send: String,
    /// What its answer begins with, such as `+PONG`; where it is empty, a connection is enough.
    pub expect: String,
}

impl Reading<'_, '_> {
    pub(super) fn services(&mut self, record: &Record<'_>) -> BTreeMap<String, ServiceCommand> {
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
        let ask = match record.get("ask") {
            Some(node) => Some(self.ask(node)?),
            None => None,
        };
        let ready = match (record.get("ready"), &ask) {
            (Some(node), _) => self.ready(node, ask.is_some())?,
            (None, Some(_)) => Ready::Answer,
            (None, None) => command.ready,
        };
        Some(ServiceCommand {
            ready,
            ask,
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

    /// How a service is asked.
    fn ask(&mut self, node: &Node) -> Option<Ask> {
        let record = self.decoder.record(node, "what is asked", ASK_FIELDS)?;
        let at = record.need(self.decoder, "at")?;
        let mut text = |field: &str| match record.get(field) {
            Some(node) => self.decoder.text(node).map(|text| text.value),
            None => Some(String::new()),
        };
        let (send, expect) = (text("send"), text("expect"));
        Some(Ask {
            at: self.place(at)?,
            send: send?,
            expect: expect?,
        })
    }

    /// An address with a port.
    pub(super) fn place(&mut self, node: &Node) -> Option<SocketAddr> {
        let text = self.decoder.text(node)?.value;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            let expected = "such as \"127.0.0.1:8080\"";
            self.out_of_range(node, "this is no address with a port", expected);
        }
        parsed
    }

    /// `asked` says that the service has an `ask`.
    fn ready(&mut self, node: &Node, asked: bool) -> Option<Ready> {
        const EXPECTED: &str = "`Alive(\"2s\")`, `Port(\"127.0.0.1:8080\")`, `File(\"/run/served.pid\")`, `Notify` or `Answer`";
        const KNOWN: [&str; 5] = ["Alive", "Port", "File", "Notify", "Answer"];
        let (word, items) = match &node.value {
            Tree::Word(word) => (Spanned::new(word.clone(), node.span), &[][..]),
            Tree::Tuple {
                name: Some(word),
                items,
            } => (word.clone(), items.as_slice()),
            _ => {
                self.decoder.wrong_type(node, EXPECTED);
                return None;
            }
        };
        match (word.value.as_str(), items) {
            ("Notify", []) => return Some(Ready::Notify),
            ("Answer", []) if asked => return Some(Ready::Answer),
            ("Answer", []) => {
                let expected = "an `ask` beside it, such as `ask: (at: \"127.0.0.1:6379\", send: \"PING\\r\\n\", expect: \"+PONG\")`";
                self.out_of_range(node, "nothing says what the service is asked", expected);
            }
            ("Alive", [item]) => {
                let text = self.decoder.text(item)?.value;
                match span(&text) {
                    Some(span) => return Some(Ready::Alive(span)),
                    None => {
                        let expected = "such as \"2s\" or \"500ms\"";
                        self.out_of_range(item, "this is no duration", expected);
                    }
                }
            }
            ("Port", [item]) => return self.place(item).map(Ready::Port),
            ("File", [item]) => return Some(Ready::File(self.decoder.text(item)?.value)),
            (known, _) if KNOWN.contains(&known) => self.decoder.wrong_type(node, EXPECTED),
            (other, _) => {
                let mut say = Say::new(format!("there is no `{other}` here")).expected(EXPECTED);
                let near = crate::suggest::nearest(other, KNOWN);
                say = say.help(near.map(|near| format!("did you mean `{near}`?")));
                self.decoder.error("out-of-range", word.span, say);
            }
        }
        None
    }
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
