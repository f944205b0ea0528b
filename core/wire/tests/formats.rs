//! Holds the envelope, the frames and the key file to their document: what `docs/formats.md` shows is what is written.
#![allow(clippy::unwrap_used)]

mod common;

use std::fmt::Write;

use common::{boot, ring};
use quorate_wire::{
    ClusterId, DATAGRAM_MAX, ENVELOPE, NetworkId, Opened, STREAM_MAX, Step, StreamIn, StreamOut,
    VERSION, Wire,
};

const DOCUMENT: &str = include_str!("../../../docs/formats.md");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn the_document_shows_what_is_written() {
    let public = NetworkId::of_name("Public");
    let node = |me, at| Wire::new(ring(0), ClusterId::of_name("MAIL"), me, boot(at));
    let (mut one, mut two) = (node(1, 100), node(2, 200));
    let hello = one.seal(2, public, b"").unwrap();
    let Opened::Challenge {
        answer: challenge, ..
    } = two.open(public, &hello).unwrap()
    else {
        panic!("no challenge");
    };
    one.open(public, &challenge).unwrap();
    let message = one.seal(2, public, b"said").unwrap();
    let (mut output, stream) = StreamOut::open(&mut one, 2, public);
    let mut input = StreamIn::new(public);
    input.input(&stream);
    let Some(Step::Answer(answer)) = input.step(&mut two).unwrap() else {
        panic!("no answer");
    };
    let proof = output.input(&mut one, &answer).unwrap().unwrap();
    let frame = output.seal(&one, b"said").unwrap();
    let rows: Vec<String> = [
        ("hello", hello),
        ("challenge", challenge),
        ("message `said`", message),
        ("stream", stream),
        ("stream's answer", answer),
        ("empty frame", proof),
        ("frame `said`", frame),
    ]
    .iter()
    .map(|(what, bytes)| format!("| {what} | `{}` |", hex(bytes)))
    .collect();
    let key = ring(0).to_text();
    let line = key.lines().last().unwrap();
    let missing = rows.iter().any(|row| !DOCUMENT.contains(row.as_str()));
    assert!(
        !missing && DOCUMENT.contains(line),
        "docs/formats.md does not show what is written:\n{}\n\n{line}",
        rows.join("\n")
    );
    let numbers = (VERSION, ENVELOPE, DATAGRAM_MAX, STREAM_MAX);
    assert_eq!(
        numbers,
        (1, 64, 1_400, 16 << 20),
        "and these stand in its text"
    );
}
