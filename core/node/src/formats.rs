//! Holds the formats to their document: what `docs/formats.md` shows in hex is what this code writes, and the types it
//! describes are those of today.

use std::collections::BTreeMap;
use std::fmt::Write;

use quorate_journal::Cause;
use quorate_log::{
    AppendOutcome, Body as LogBody, Entry, EntryKind, HardState, Message as LogMessage, NodeSet,
    Persist, Snapshot, Stored, Witness,
};
use quorate_model::control::{CLUSCTL_RESOURCE_GET_NAME, ControlOf};
use quorate_model::{
    AdminOp, NodeDefinition, NodeId, Object, PolicyScript, Reason, ResourceState, StorageGroup,
    Value, VirtualServerRequest,
};

use crate::database::{Proposal, Update};
use crate::io::DiskOp;
use crate::message::{Body, Heartbeat, Introduction, Message, Standing};
use crate::message::{Outcome, Question};
use crate::witness_file::File;
use crate::{codec, store};

const DOCUMENT: &str = include_str!("../../../docs/formats.md");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn snapshot() -> Snapshot {
    Snapshot {
        index: 300,
        term: 2,
        voters: [1, 2, 3].into_iter().collect::<NodeSet>(),
        data: vec![0xaa, 0xbb],
    }
}

fn proposal() -> Proposal {
    Proposal {
        node: NodeId(2),
        incarnation: 5,
        sequence: 1,
        update: Update::View {
            members: BTreeMap::from([(NodeId(1), 4), (NodeId(2), 5)]),
        },
    }
}

fn messages() -> Vec<(&'static str, Body)> {
    let log = |body| {
        Body::Log(LogMessage {
            identity: 7,
            term: 3,
            body,
        })
    };
    let (last_index, last_term) = (300, 2);
    let heartbeat = Heartbeat {
        sent: 1_200_000,
        echoes: vec![(NodeId(2), 5, 1_199_000)],
        standing: Standing::Member,
        view: 4,
        members: [1, 2].into_iter().collect(),
        coordinates: Some((3, 600)),
        quorate: true,
    };
    let entry = Entry {
        index: 301,
        term: 3,
        kind: EntryKind::Update(vec![0xcc]),
    };
    let append = LogBody::Append {
        prev_index: last_index,
        prev_term: last_term,
        entries: vec![entry],
        commit: 299,
        round: Some(9),
    };
    let accepted = LogBody::AppendReply {
        round: Some(9),
        outcome: AppendOutcome::Accepted { matched: 301 },
    };
    let rejected = LogBody::AppendReply {
        round: None,
        outcome: AppendOutcome::Rejected {
            prev_index: 300,
            hint_index: 200,
            hint_term: 1,
        },
    };
    let pre_vote = LogBody::PreVote {
        last_index,
        last_term,
    };
    let vote = LogBody::Vote {
        last_index,
        last_term,
        transfer: false,
    };
    let install = LogBody::Install {
        snapshot: snapshot(),
        round: Some(9),
    };
    let replace = LogBody::Replace {
        over_index: 310,
        over_term: 1,
        snapshot: snapshot(),
        round: Some(9),
    };
    vec![
        ("heartbeat", Body::Heartbeat(heartbeat.into())),
        (
            "kept out",
            Body::KeptOut {
                incarnation: 5,
                forced: true,
            },
        ),
        ("pre-vote", log(pre_vote)),
        (
            "pre-vote reply",
            log(LogBody::PreVoteReply { granted: true }),
        ),
        ("vote", log(vote)),
        ("vote reply", log(LogBody::VoteReply { granted: false })),
        ("append", log(append)),
        ("append accepted", log(accepted)),
        ("append rejected", log(rejected)),
        ("install", log(install)),
        ("timeout now", log(LogBody::TimeoutNow)),
        ("replace", log(replace)),
        ("propose", Body::Propose(vec![proposal()])),
        (
            "control",
            Body::Control(Question {
                ticket: 300,
                incarnation: 5,
                of: ControlOf::Resource("R".into()),
                code: CLUSCTL_RESOURCE_GET_NAME,
                input: vec![0xcc],
            }),
        ),
        (
            "control outcome",
            Body::ControlOutcome {
                incarnation: 5,
                ticket: 300,
                outcome: Outcome::Said(Ok(vec![0xaa, 0xbb])),
            },
        ),
        (
            "control refused",
            Body::ControlOutcome {
                incarnation: 5,
                ticket: 300,
                outcome: Outcome::Said(Err(Reason {
                    code: 1,
                    text: "T".into(),
                })),
            },
        ),
        ("goodbye", Body::Goodbye),
        ("hand-over", Body::HandOver),
        ("stranger", Body::Stranger { incarnation: 5 }),
        ("who are you", Body::WhoAreYou),
        (
            "nodes",
            Body::Nodes(vec![Introduction {
                node: NodeDefinition {
                    id: NodeId(4),
                    name: "D".into(),
                    interfaces: BTreeMap::from([("N".into(), "10.0.0.4".into())]),
                    attributes: BTreeMap::new(),
                },
                identity: 300,
            }]),
        ),
    ]
}

/// One update of each family: the body alone, as it stands in a proposal.
fn updates() -> Vec<(&'static str, Update)> {
    let admin = |op| Update::Admin { op };
    let set = |object, value| {
        admin(AdminOp::SetProperty {
            object,
            property: "P".into(),
            value,
        })
    };
    let request = VirtualServerRequest {
        name: "V".into(),
        network_name: "MAIL".into(),
        address: "10.0.0.9".into(),
        subnet_mask: "255.0.0.0".into(),
        network: "N".into(),
        disks: vec!["L:".into(), "M:".into()],
        storage_groups: vec![StorageGroup {
            name: "S".into(),
            log_disk: "L:".into(),
            database_disk: "M:".into(),
        }],
        preferred_owners: vec!["A".into()],
        possible_owners: Vec::new(),
        mta: true,
        imap4: false,
        pop3: false,
        exclusive: true,
    };
    let node = NodeDefinition {
        id: NodeId(4),
        name: "D".into(),
        interfaces: BTreeMap::from([("N".into(), "10.0.0.4".into())]),
        attributes: BTreeMap::from([("rack".into(), Value::Dword(2))]),
    };
    let policy = PolicyScript {
        file: "p".into(),
        text: "fn".into(),
    };
    vec![
        ("view", proposal().update),
        (
            "resource state",
            Update::ResourceState {
                resource: "R".into(),
                epoch: 6,
                state: ResourceState::Online,
            },
        ),
        (
            "move begins",
            Update::MoveBegin {
                group: "G".into(),
                epoch: 6,
                to: NodeId(2),
                cause: Cause::Admin,
                at: -1,
            },
        ),
        (
            "move done",
            Update::MoveCommit {
                group: "G".into(),
                epoch: 6,
            },
        ),
        (
            "takeover",
            Update::Takeover {
                group: "G".into(),
                epoch: 6,
                to: NodeId(2),
                cause: Cause::NodeFailure,
            },
        ),
        (
            "identity",
            Update::Identity {
                node: NodeId(2),
                identity: 300,
            },
        ),
        (
            "checkpoint stored",
            Update::Checkpoint {
                resource: "R".into(),
                epoch: 6,
                key: "K".into(),
                bytes: vec![0xcc],
            },
        ),
        (
            "group online",
            admin(AdminOp::GroupOnline { group: "G".into() }),
        ),
        (
            "group move",
            admin(AdminOp::GroupMove {
                group: "G".into(),
                to: Some("B".into()),
            }),
        ),
        (
            "set a number",
            set(Object::Group("G".into()), Some(Value::Dword(300))),
        ),
        (
            "set a text",
            set(Object::Resource("R".into()), Some(Value::Text("T".into()))),
        ),
        (
            "set a list",
            set(
                Object::Node("B".into()),
                Some(Value::List(vec!["T".into(), "U".into()])),
            ),
        ),
        ("reset a property", set(Object::Cluster, None)),
        (
            "virtual server create",
            admin(AdminOp::VirtualServerCreate {
                request: Box::new(request),
            }),
        ),
        ("node pause", admin(AdminOp::NodePause { node: "B".into() })),
        ("service stop", admin(AdminOp::ServiceStop)),
        (
            "set policy",
            admin(AdminOp::SetPolicy {
                group: Some("G".into()),
                policy: Some(policy),
            }),
        ),
        (
            "node add",
            admin(AdminOp::NodeAdd {
                node: Box::new(node),
            }),
        ),
    ]
}

#[test]
fn the_document_shows_the_bytes_of_updates() {
    let mut rows = Vec::new();
    for (name, update) in updates() {
        let bytes = codec::encode(&update);
        assert_eq!(
            codec::decode::<Update>(&bytes).as_ref(),
            Ok(&update),
            "{name}"
        );
        rows.push(format!("| {name} | `{}` |", hex(&bytes[codec::HEADER..])));
    }
    let missing = rows.iter().any(|row| !DOCUMENT.contains(row.as_str()));
    assert!(
        !missing,
        "docs/formats.md does not show what is written:\n{}",
        rows.join("\n")
    );
}

/// The bytes that `persist` puts on a disk.
fn written(persist: &Persist) -> Vec<u8> {
    let ops = store::write(persist, &Stored::default());
    match ops.into_iter().next() {
        Some(DiskOp::Append { bytes, .. } | DiskOp::Replace { bytes, .. }) => bytes,
        other => panic!("nothing is written: {other:?}"),
    }
}

fn records() -> Vec<(&'static str, Vec<u8>)> {
    let entry = |kind| Persist {
        entries: vec![Entry {
            index: 301,
            term: 3,
            kind,
        }],
        ..Persist::default()
    };
    let hard = Persist {
        hard: Some(HardState {
            term: 3,
            voted_for: Some(2),
        }),
        ..Persist::default()
    };
    let truncate = Persist {
        truncate_from: Some(301),
        ..Persist::default()
    };
    let checkpoint = Persist {
        snapshot: Some(snapshot()),
        ..Persist::default()
    };
    let witness = Witness {
        identity: 7,
        hard: HardState {
            term: 3,
            voted_for: Some(2),
        },
        last: (2, 300),
        beats: 9,
    };
    let voters = EntryKind::Voters([1, 2].into_iter().collect());
    vec![
        ("hard state", written(&hard)),
        ("truncate", written(&truncate)),
        ("no-op entry", written(&entry(EntryKind::Noop))),
        (
            "update entry",
            written(&entry(EntryKind::Update(vec![0xcc]))),
        ),
        ("voters entry", written(&entry(voters))),
        ("checkpoint", written(&checkpoint)),
        ("witness", codec::encode(&File(witness))),
    ]
}

#[test]
fn the_document_shows_the_bytes_that_are_written() {
    let mut rows: Vec<(&str, Vec<u8>)> = Vec::new();
    for (name, body) in messages() {
        let message = Message {
            incarnation: 5,
            body,
        };
        let bytes = message.encode();
        assert_eq!(Message::decode(&bytes), Ok(message), "{name}");
        rows.push((name, bytes));
    }
    rows.extend(records());
    let rows: Vec<String> = rows
        .iter()
        .map(|(name, bytes)| {
            let (head, body) = bytes.split_at(codec::HEADER);
            format!("| {name} | `{}` | `{}` |", hex(head), hex(body))
        })
        .collect();
    let missing = rows.iter().any(|row| !DOCUMENT.contains(row.as_str()));
    assert!(
        !missing,
        "docs/formats.md does not show what is written:\n{}",
        rows.join("\n")
    );
}

/// A declaration in a source file, from `start`, with its indentation, to the brace that closes it, without comments and
/// blanks.
fn declaration(source: &str, start: &str) -> String {
    let from = source.find(start).unwrap_or_else(|| panic!("no {start}"));
    let source = &source[from..];
    let indented = start.len() - start.trim_start().len();
    let closed = format!("\n{}}}", " ".repeat(indented));
    let end = source.find(&closed).unwrap_or(source.len());
    let lines = source[..end].lines().map(str::trim);
    lines
        .filter(|line| !line.starts_with("//"))
        .flat_map(str::split_whitespace)
        .collect()
}

#[test]
fn the_document_is_about_the_types_of_today() {
    let log_message = include_str!("../../log/src/message.rs");
    let log_entry = include_str!("../../log/src/entry.rs");
    let log_witness = include_str!("../../log/src/witness.rs");
    let message = include_str!("message.rs");
    let store = include_str!("store.rs");
    let update = include_str!("database/update.rs");
    let order = include_str!("../../model/src/order.rs");
    let reason = include_str!("../../model/src/reason.rs");
    let words = include_str!("../../journal/src/words.rs");
    let codes = include_str!("../../model/src/control.rs");
    let value = include_str!("../../model/src/properties/mod.rs");
    let states = include_str!("../../model/src/states.rs");
    let virtual_server = include_str!("../../model/src/virtual_server.rs");
    let policy = include_str!("../../model/src/policy.rs");
    let definition = include_str!("../../model/src/definition.rs");
    let types = [
        (message, "pub struct Message"),
        (message, "enum Body"),
        (message, "struct Heartbeat"),
        (message, "enum Standing"),
        (message, "struct Introduction"),
        (log_message, "pub struct Message"),
        (log_message, "pub enum Body"),
        (log_message, "pub enum AppendOutcome"),
        (log_witness, "pub struct Witness"),
        (log_entry, "pub struct HardState"),
        (log_entry, "pub struct Entry"),
        (log_entry, "pub enum EntryKind"),
        (log_entry, "pub struct Snapshot"),
        (store, "enum Record"),
        (update, "struct Proposal"),
        (update, "enum Update"),
        (message, "pub(crate) struct Question"),
        (message, "pub(crate) enum Outcome"),
        (codes, "pub enum ControlOf"),
        (reason, "pub struct Reason"),
        (order, "pub enum AdminOp"),
        (words, "    pub enum Cause"),
        (order, "pub enum Object"),
        (value, "pub enum Value"),
        (states, "    ResourceState {"),
        (virtual_server, "pub struct StorageGroup"),
        (virtual_server, "pub struct VirtualServerRequest"),
        (policy, "pub struct PolicyScript"),
        (definition, "pub struct NodeDefinition"),
    ];
    let text: String = types
        .iter()
        .map(|(source, start)| declaration(source, start))
        .collect();
    let digest = format!(
        "version {}, types `{:08x}`",
        codec::VERSION,
        crc32fast::hash(text.as_bytes())
    );
    assert!(
        DOCUMENT.contains(&digest),
        "a type that goes to wires or disks has changed: bring docs/formats.md up to date, and name {digest} there"
    );
}
