//! The frames of a program that speaks JSON: an object a line. `docs/formats.md` has them, and a test holds it to this.

use quorate_abi as abi;
use quorate_model::Reason;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::wire::{Lined, Question, ToHost, ToMonitor};
use crate::library::{LibraryInfo, PropertyInfo, PropertyKind, TypeInfo};
use crate::services::{Answer, Request, Reservation, ServiceState};
use crate::table::{Abilities, Call, Returned, TypeCall, Work};

/// The version of these lines, which a program says first.
pub(crate) const VERSION: u32 = 1;

/// The names of what is asked of the resource monitor and not of the world.
const QUESTIONS: [&str; 8] = [
    "property",
    "providers",
    "publish",
    "published",
    "online_here",
    "others",
    "save_checkpoint",
    "checkpoint",
];

/// What a program says.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Said {
    Hello {
        version: u32,
        plugin: Plugin,
    },
    Opened {
        #[serde(default)]
        code: u32,
        #[serde(default)]
        text: Option<String>,
        /// Whether it has the entry `work`.
        #[serde(default = "yes")]
        work: bool,
        /// Whether it has the entries `arbitrate` and `release`.
        #[serde(default)]
        arbitrate: bool,
    },
    Returned(SaidOfEntry),
    Ask(Value),
    Log {
        level: u32,
        text: String,
    },
}

/// The result of an entry.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SaidOfEntry {
    code: u32,
    text: Option<String>,
    bytes: Option<Vec<u8>>,
    needed: Option<u64>,
    wait_ms: u32,
    checkpoint: u32,
    has_event: bool,
    signal: bool,
    quorum_lost: bool,
}

/// What a program says of itself: the fields of a library's block.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plugin {
    name: String,
    version: String,
    #[serde(default)]
    description: String,
    types: Vec<Kind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    name: String,
    #[serde(default)]
    doc: String,
    #[serde(default = "five_seconds")]
    looks_alive_ms: u32,
    #[serde(default = "a_minute")]
    is_alive_ms: u32,
    #[serde(default)]
    pending_timeout_ms: u32,
    #[serde(default)]
    quorum_capable: bool,
    #[serde(default)]
    properties: Vec<Property>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Property {
    name: String,
    kind: PropertyName,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    doc: String,
    #[serde(default)]
    default: Value,
    #[serde(default)]
    min: u64,
    #[serde(default = "all")]
    max: u64,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    at_online: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PropertyName {
    Text,
    Number,
    Flag,
    List,
}

fn yes() -> bool {
    true
}
fn five_seconds() -> u32 {
    5_000
}
fn a_minute() -> u32 {
    60_000
}
fn all() -> u64 {
    u32::MAX.into()
}

impl Lined for ToMonitor {
    fn to_line(&self) -> Option<Value> {
        Some(match self {
            ToMonitor::Open {
                instance,
                resource,
                kind,
                group,
            } => {
                let fields = json!({ "instance": instance, "resource": resource, "type": kind, "group": group });
                json!({ "open": fields })
            }
            ToMonitor::Call { instance, call, .. } => {
                let mut fields = json!({ "instance": instance, "entry": entry(call) });
                if let (Call::Control { code, input, room }, Some(fields)) =
                    (call, fields.as_object_mut())
                {
                    fields.insert("code".to_owned(), json!(code));
                    fields.insert("input".to_owned(), json!(input));
                    fields.insert("room".to_owned(), json!(room));
                }
                json!({ "call": fields })
            }
            ToMonitor::TypeCall(TypeCall {
                kind,
                code,
                input,
                room,
            }) => {
                let fields = json!({ "type": kind, "code": code, "input": input, "room": room });
                json!({ "type_control": fields })
            }
            ToMonitor::Answer(answer) => json!({ "answer": answered(answer) }),
            // A program has no threads that the host takes reports of, and says what it is without being asked.
            ToMonitor::Mail { .. } | ToMonitor::Hello { .. } | ToMonitor::Learn { .. } => {
                return None;
            }
        })
    }

    fn from_line(_: Value) -> Result<Self, String> {
        Err("the host speaks frames".to_owned())
    }
}

/// The name of an entry.
fn entry(call: &Call) -> &'static str {
    match call {
        Call::Close => "close",
        Call::Online => "online",
        Call::Offline => "offline",
        Call::Terminate => "terminate",
        Call::LooksAlive => "looks_alive",
        Call::IsAlive => "is_alive",
        Call::Arbitrate => "arbitrate",
        Call::Release => "release",
        Call::Work => "work",
        Call::Control { .. } => "control",
        Call::LastError => "last_error",
    }
}

/// An answer: its value, or the error.
fn answered(answer: &Answer) -> Value {
    let value = match answer {
        Answer::Refused(reason) => {
            return json!({ "error": { "code": reason.code, "text": reason.text } });
        }
        Answer::Done | Answer::Absent => Value::Null,
        Answer::Flag(value) => json!(value),
        Answer::Number(value) => json!(value),
        Answer::Signed(value) => json!(value),
        Answer::State(state) => json!(match state {
            ServiceState::Stopped => "stopped",
            ServiceState::StartPending => "start_pending",
            ServiceState::Running => "running",
            ServiceState::StopPending => "stop_pending",
        }),
        Answer::Holder(holder) => json!(match holder {
            Reservation::Nobody => "nobody",
            Reservation::Here => "here",
            Reservation::Elsewhere => "elsewhere",
        }),
        Answer::Text(value) => json!(value),
        Answer::Texts(value) => json!(value),
        Answer::Pairs(value) => json!(value),
        Answer::Bytes(value) => json!(value),
        Answer::Lease(address, seconds) => json!({ "address": address, "seconds": seconds }),
    };
    json!({ "value": value })
}

impl Lined for ToHost<'_> {
    fn to_line(&self) -> Option<Value> {
        None
    }

    fn from_line(line: Value) -> Result<Self, String> {
        said(line).map_err(|error| error.to_string())
    }
}

fn said(line: Value) -> Result<ToHost<'static>, serde_json::Error> {
    Ok(match Said::deserialize(line)? {
        Said::Hello { version, .. } if version != VERSION => ToHost::Refused(format!(
            "it speaks version {version} of the lines, and this is version {VERSION}"
        )),
        Said::Hello { plugin, .. } => ToHost::Hello {
            protocol: super::wire::PROTOCOL,
            library: Box::new(plugin.into()),
        },
        Said::Opened {
            code,
            text,
            work,
            arbitrate,
        } => ToHost::Opened {
            code,
            abilities: Abilities { work, arbitrate },
            refused: refused(code, text),
        },
        Said::Returned(said) => said.into(),
        Said::Ask(asked) => asked_for(asked)?,
        Said::Log { level, text } => ToHost::Log { level, text },
    })
}

/// The text of an error, as if the world had said it: it stands in events and reports.
fn refused(code: u32, text: Option<String>) -> Option<Reason> {
    let bad = !matches!(code, abi::ERROR_SUCCESS | abi::ERROR_IO_PENDING);
    text.filter(|_| bad).map(|text| Reason::new(code, text))
}

impl From<SaidOfEntry> for ToHost<'static> {
    fn from(said: SaidOfEntry) -> ToHost<'static> {
        let bytes = said.bytes.or_else(|| Some(said.text.clone()?.into_bytes()));
        let bytes = bytes.unwrap_or_default();
        ToHost::Returned {
            refused: refused(said.code, said.text),
            returned: Returned {
                code: said.code,
                work: Work {
                    wait_ms: said.wait_ms,
                    checkpoint: said.checkpoint,
                    has_event: said.has_event,
                    signal: said.signal,
                    quorum_lost: said.quorum_lost,
                },
                needed: said.needed.unwrap_or(bytes.len() as u64),
                bytes,
            },
        }
    }
}

/// What is asked of the world or of the resource monitor: one name with its fields.
fn asked_for(asked: Value) -> Result<ToHost<'static>, serde_json::Error> {
    let Value::Object(fields) = &asked else {
        return Request::deserialize(asked).map(ToHost::Ask);
    };
    let name = fields.keys().next().map_or("", String::as_str);
    if QUESTIONS.contains(&name) {
        return Question::deserialize(asked).map(ToHost::Question);
    }
    // What takes no fields may be asked with none.
    if fields.len() == 1
        && fields
            .values()
            .all(|it| it.as_object().is_some_and(Map::is_empty))
    {
        let bare = Request::deserialize(json!(name));
        let asked = bare.or_else(|_| Request::deserialize(asked));
        return asked.map(ToHost::Ask);
    }
    Request::deserialize(asked).map(ToHost::Ask)
}

impl From<Plugin> for LibraryInfo {
    fn from(plugin: Plugin) -> LibraryInfo {
        LibraryInfo {
            path: std::path::PathBuf::new(),
            name: plugin.name,
            version: plugin.version,
            description: plugin.description,
            abi: abi::ABI_VERSION_1_00,
            target: crate::library::target(),
            flags: abi::PLUGIN_SEPARATE_MONITOR,
            types: plugin.types.into_iter().map(TypeInfo::from).collect(),
            program: true,
            shadows: Vec::new(),
        }
    }
}

impl From<Kind> for TypeInfo {
    fn from(kind: Kind) -> TypeInfo {
        TypeInfo {
            name: kind.name,
            doc: kind.doc,
            looks_alive_ms: kind.looks_alive_ms,
            is_alive_ms: kind.is_alive_ms,
            pending_timeout_ms: kind.pending_timeout_ms,
            quorum_capable: kind.quorum_capable,
            properties: kind
                .properties
                .into_iter()
                .map(PropertyInfo::from)
                .collect(),
        }
    }
}

impl From<Property> for PropertyInfo {
    fn from(property: Property) -> PropertyInfo {
        let (kind, most) = match property.kind {
            PropertyName::Text => (PropertyKind::Text, property.max),
            PropertyName::Number => (PropertyKind::Dword, property.max),
            PropertyName::Flag => (PropertyKind::Bool, 1),
            PropertyName::List => (PropertyKind::List, property.max),
        };
        let default = match property.default {
            Value::Null if matches!(kind, PropertyKind::Dword | PropertyKind::Bool) => {
                property.min.to_string()
            }
            Value::Null => String::new(),
            Value::String(text) => text,
            Value::Bool(flag) => u8::from(flag).to_string(),
            Value::Array(texts) => {
                let texts = texts
                    .iter()
                    .map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned));
                texts.collect::<Vec<_>>().join("\n")
            }
            other => other.to_string(),
        };
        PropertyInfo {
            name: property.name,
            kind,
            unit: property.unit,
            doc: property.doc,
            default,
            min: property.min,
            max: most,
            required: property.required,
            at_online: property.at_online,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::read;
    use super::*;

    /// The page, which has every line.
    const PAGE: &str = include_str!("../../../../docs/formats.md");

    fn line(frame: &ToMonitor) -> String {
        frame.to_line().unwrap().to_string()
    }

    #[test]
    fn the_page_has_what_the_host_says() {
        let said = [
            ToMonitor::Open {
                instance: 0,
                resource: "R".to_owned(),
                kind: "T".to_owned(),
                group: "G".to_owned(),
            },
            ToMonitor::Call {
                instance: 0,
                expecting: true,
                call: Call::Online,
            },
            ToMonitor::Call {
                instance: 0,
                expecting: true,
                call: Call::Control {
                    code: 1,
                    input: vec![7],
                    room: 64,
                },
            },
            ToMonitor::TypeCall(TypeCall {
                kind: "T".to_owned(),
                code: 2,
                input: Vec::new(),
                room: 64,
            }),
            ToMonitor::Answer(Answer::Done),
            ToMonitor::Answer(Answer::Refused(Reason::new(5, "why"))),
        ];
        for frame in said {
            let line = line(&frame);
            assert!(PAGE.contains(&format!("| `{line}` |")), "{line}");
        }
        let version = format!("in version {}.", crate::process::wire::PROTOCOL);
        assert!(PAGE.contains(&version), "{version}");
    }

    #[test]
    fn the_page_has_what_can_be_asked_and_it_can_be_asked_so() {
        let mut lines: Vec<String> = Vec::new();
        for request in Request::one_of_each() {
            let text = serde_json::to_string(&request).unwrap();
            // What has no fields is asked with none.
            let line = match text.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
                Some(name) => format!("{{\"{name}\":{{}}}}"),
                None => text,
            };
            let asked = said(json!({ "ask": serde_json::from_str::<Value>(&line).unwrap() }));
            assert_eq!(asked.unwrap(), ToHost::Ask(request), "{line}");
            lines.push(line);
        }
        let text = |text: &str| text.to_owned();
        let questions = [
            Question::Property {
                resource: text("resource"),
                name: text("name"),
            },
            Question::Providers {
                resource: text("resource"),
                kind: text("kind"),
            },
            Question::Publish {
                resource: text("resource"),
                name: text("name"),
                value: text("value"),
            },
            Question::Published {
                resource: text("resource"),
                name: text("name"),
            },
            Question::OnlineHere { kind: text("kind") },
            Question::Others { kind: text("kind") },
            Question::SaveCheckpoint {
                key: text("key"),
                bytes: vec![1, 2, 255],
            },
            Question::Checkpoint { key: text("key") },
        ];
        for question in questions {
            let asked = serde_json::to_value(&question).unwrap();
            lines.push(asked.to_string());
            assert_eq!(
                said(json!({ "ask": asked })).unwrap(),
                ToHost::Question(question)
            );
        }
        let missing: Vec<_> = lines
            .iter()
            .filter(|line| !PAGE.contains(&format!("| `{line}` |")))
            .collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }

    #[test]
    fn a_line_that_is_none_is_told_with_what_is_wrong() {
        let told = |line: &str| read::<ToHost<'_>>(line.as_bytes()).unwrap_err();
        assert!(told("hello").contains("no frame: expected value"));
        let unknown = told(r#"{"ask":{"service_strat":{"name":"x"}}}"#);
        assert!(
            unknown.contains("unknown variant `service_strat`"),
            "{unknown}"
        );
        let field = told(r#"{"returned":{"cod":5}}"#);
        assert!(field.contains("unknown field `cod`"), "{field}");
        let missing = told(r#"{"hello":{"version":1,"plugin":{"version":"1"}}}"#);
        assert!(missing.contains("missing field `name`"), "{missing}");
    }

    #[test]
    fn what_is_not_said_has_the_value_of_the_page() {
        let hello = json!({"hello": {"version": 1, "plugin": {"name": "p", "version": "1", "types": [
            {"name": "T", "properties": [{"name": "Port", "kind": "number", "min": 1, "default": 80},
                                         {"name": "Names", "kind": "list", "default": ["a", "b"]},
                                         {"name": "On", "kind": "flag", "default": true}]}]}}});
        let ToHost::Hello { library, .. } = said(hello).unwrap() else {
            panic!("a hello");
        };
        let kind = &library.types[0];
        assert_eq!((kind.looks_alive_ms, kind.is_alive_ms), (5_000, 60_000));
        let defaults: Vec<_> = kind.properties.iter().map(|it| &*it.default).collect();
        assert_eq!(defaults, ["80", "a\nb", "1"]);
        let ToHost::Returned { returned, refused } =
            said(json!({"returned": {"code": 5, "text": "no"}})).unwrap()
        else {
            panic!("a result");
        };
        assert_eq!((returned.code, refused.unwrap().text.as_str()), (5, "no"));
        let older = said(
            json!({"hello": {"version": 7, "plugin": {"name": "p", "version": "1", "types": []}}}),
        );
        let ToHost::Refused(why) = older.unwrap() else {
            panic!("refused");
        };
        assert_eq!(
            why,
            "it speaks version 7 of the lines, and this is version 1"
        );
    }
}
