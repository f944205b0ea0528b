//! Any bytes from a wire or a disk get an answer and never a panic. What is tried begins with the bytes that
//! `docs/formats.md` shows, damaged in every way behind checksums that hold.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use quorate_model::{NodeId, Time};
use quorate_node::{BootImage, Message, Node, NodeConfig};

const DOCUMENT: &str = include_str!("../../../docs/formats.md");
const LOG_FILE: &str = "MSCS/quolog.log";
const CHECKPOINT_FILE: &str = "MSCS/chk001.tmp";

/// The bodies that the document shows: name and bytes.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let rows = DOCUMENT.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, name, header, body, _] = cells[..] else {
            return None;
        };
        let is_frame = header.trim_matches('`').len() == 26 && header.starts_with('`');
        is_frame.then(|| (name, body.trim_matches('`')))
    });
    rows.map(|(name, hex)| (name, unhex(hex))).collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

/// The updates that the document shows, each in a proposal of its own: bodies of datagrams.
fn updates() -> Vec<(&'static str, Vec<u8>)> {
    let (_, table) = DOCUMENT.split_once("| update | bytes |").unwrap();
    let table = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let rows = table.filter_map(|line| {
        let (name, hex) = line.strip_prefix("| ")?.split_once(" | `")?;
        let update = unhex(hex.strip_suffix("` |")?);
        // Incarnation 5; one proposal of node 2, incarnation 5, sequence 1.
        Some((name, [vec![5, 2, 1, 2, 5, 1], update].concat()))
    });
    rows.collect()
}

#[test]
fn no_update_makes_the_reader_panic_and_a_sound_one_has_one_form() {
    assert!(updates().len() >= 18, "{}", updates().len());
    for (name, body) in updates() {
        let bytes = frame(&body);
        let message = Message::decode(&bytes).unwrap();
        assert_eq!(message.encode(), bytes, "{name}");
        for body in damaged(&body) {
            if let Ok(message) = Message::decode(&frame(&body)) {
                assert_eq!(Message::decode(&message.encode()), Ok(message));
            }
        }
    }
}

/// A frame around a body, with the right checksums.
fn frame(body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes.extend(crc32fast::hash(body).to_le_bytes());
    bytes.extend(body);
    bytes
}

/// Everything that is done to a body.
fn damaged(body: &[u8]) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = (0..body.len()).map(|len| body[..len].to_vec()).collect();
    for at in 0..body.len() {
        for value in [0, 1, 2, 7, 0x3f, 0x7f, 0x80, 0xfe, 0xff] {
            let mut other = body.to_vec();
            other[at] = value;
            all.push(other.clone());
            // A number that does not end, or a length that goes beyond the end.
            other.splice(at..=at, [0xff; 10]);
            all.push(other);
        }
        let mut doubled = body.to_vec();
        doubled.extend(&body[at..]);
        all.push(doubled);
    }
    all
}

#[test]
fn the_document_gives_something_to_begin_with() {
    assert!(bodies().len() >= 19, "{}", bodies().len());
}

#[test]
fn no_datagram_makes_the_reader_panic() {
    let mut read = 0;
    for (_, body) in bodies() {
        for body in damaged(&body) {
            let bytes = frame(&body);
            if let Ok(message) = Message::decode(&bytes) {
                assert_eq!(Message::decode(&message.encode()), Ok(message));
                read += 1;
            }
            for cut in 0..bytes.len().min(16) {
                assert!(Message::decode(&bytes[..cut]).is_err());
            }
        }
    }
    assert!(read > 100, "only {read} were messages at all");
}

#[test]
fn no_file_makes_a_booting_node_panic() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/clusters");
    let loaded = quorate_model::load(&folder.join("two-node-active-passive.ron")).unwrap();
    for (name, body) in bodies() {
        let file = match name {
            "hard state" | "truncate" | "no-op entry" | "update entry" | "voters entry" => LOG_FILE,
            "checkpoint" => CHECKPOINT_FILE,
            _ => continue,
        };
        for body in damaged(&body) {
            let image = BootImage {
                files: BTreeMap::from([(file.to_owned(), frame(&body))]),
            };
            let config = NodeConfig {
                joins: false,
                id: NodeId(1),
                definition: loaded.definition.clone(),
                incarnation: 1,
                seed: 1,
                civil_origin_ms: 0,
                local_shift_minutes: 0,
                switches: Default::default(),
            };
            let mut node = Node::boot(config, image, Time::ZERO);
            while node.poll_output().is_some() {}
        }
    }
}
