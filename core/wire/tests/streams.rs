//! Streams: what is sealed at one end comes out at the other, in order, however the bytes are cut up; and nothing else ever
//! does, whatever somebody in between makes of the bytes.
#![allow(clippy::unwrap_used)]

mod common;

use common::{NETWORKS, PUBLIC, carries, exchange, ring, state, two, wire};
use proptest::prelude::*;
use proptest::sample::Index;
use quorate_wire::{Refused, STREAM_MAX, Step, StreamError, StreamIn, StreamOut, TooLarge, Wire};

/// A stream from one node to another, with all that has gone over it.
struct Line {
    output: StreamOut,
    input: StreamIn,
    /// What the sender wrote.
    written: Vec<u8>,
    /// Where in `written` the proof ends and messages begin.
    messages: usize,
    /// What the receiver wrote.
    answer: Vec<u8>,
}

/// Gives bytes to a stream in pieces, and carries out what it asks.
fn feed(
    input: &mut StreamIn,
    wire: &mut Wire,
    bytes: &[u8],
    piece: usize,
) -> Result<Vec<Step>, Refused> {
    let mut steps = Vec::new();
    for piece in bytes.chunks(piece) {
        input.input(piece);
        while let Some(step) = input.step(wire)? {
            steps.push(step);
        }
    }
    Ok(steps)
}

fn line(one: &mut Wire, two: &mut Wire, piece: usize) -> Line {
    let (mut output, mut written) = StreamOut::open(one, two.me(), PUBLIC);
    let mut input = StreamIn::new(PUBLIC);
    let steps = feed(&mut input, two, &written, piece).unwrap();
    let [Step::Answer(answer)] = &steps[..] else {
        panic!("{steps:?}");
    };
    assert_eq!(input.peer(), None);
    let mut proof = None;
    for piece in answer.chunks(piece) {
        assert!(proof.is_none() && !output.is_ready());
        proof = output.input(one, piece).unwrap();
    }
    let proof = proof.unwrap();
    assert_eq!(feed(&mut input, two, &proof, piece), Ok(Vec::new()));
    assert_eq!(input.peer(), Some((one.me(), one.boot())));
    written.extend(proof);
    Line {
        output,
        input,
        messages: written.len(),
        written,
        answer: answer.clone(),
    }
}

fn message(wire: &Wire, payload: &[u8]) -> Step {
    Step::Message {
        from: wire.me(),
        boot: wire.boot(),
        payload: payload.to_vec(),
    }
}

#[test]
fn a_stream_makes_two_nodes_know_each_other() {
    let (mut one, mut two) = (wire(1, 100), wire(2, 200));
    let mut line = line(&mut one, &mut two, 7);
    assert_eq!((one.knows(2), two.knows(1)), (Some(200), Some(100)));
    let large = vec![9; 1_000_000];
    let bytes = line.output.seal(&one, &large).unwrap();
    let steps = feed(&mut line.input, &mut two, &bytes, 65_536);
    assert_eq!(steps, Ok(vec![message(&one, &large)]));
    assert_eq!(line.input.end(&mut two), Ok(()));
    assert_eq!((one.counts().refused(), two.counts().refused()), (0, 0));
    carries(&mut one, &mut two);
    carries(&mut two, &mut one);
}

#[test]
fn who_has_not_proven_itself_has_little_kept() {
    let (mut one, mut two) = two();
    let (_, first) = StreamOut::open(&mut one, 2, PUBLIC);
    // Somebody sends a recorded beginning, and announces a lot.
    let mut input = StreamIn::new(PUBLIC);
    feed(&mut input, &mut two, &first, 64).unwrap();
    input.input(&1_000_016_u32.to_le_bytes());
    let (found, most) = (1_000_000, 0);
    let refused = Refused::Oversized { found, most };
    assert_eq!(input.step(&mut two), Err(refused));
    // It stays ended, and is counted once.
    assert_eq!(input.step(&mut two), Err(refused));
    assert_eq!(input.end(&mut two), Err(refused));
    assert_eq!(two.counts().oversized, 1);
}

#[test]
fn a_message_has_a_bound_at_either_end() {
    let (mut one, mut two) = two();
    let mut line = line(&mut one, &mut two, 64);
    let (found, most) = (STREAM_MAX + 1, STREAM_MAX);
    let large = vec![0; found];
    let refused = StreamError::TooLarge(TooLarge { found, most });
    assert_eq!(line.output.seal(&one, &large), Err(refused));
    let bytes = line.output.seal(&one, &large[1..]).unwrap();
    let steps = feed(&mut line.input, &mut two, &bytes, 1 << 20).unwrap();
    assert_eq!(steps, [message(&one, &large[1..])]);
    line.input.input(&(STREAM_MAX as u32 + 17).to_le_bytes());
    let refused = Refused::Oversized { found, most };
    assert_eq!(line.input.step(&mut two), Err(refused));
}

#[test]
fn a_stream_that_ends_in_the_middle_is_cut_short() {
    let (mut one, mut two) = two();
    let mut line = line(&mut one, &mut two, 64);
    let bytes = line.output.seal(&one, b"said").unwrap();
    line.input.input(&bytes[..bytes.len() - 1]);
    assert_eq!(line.input.step(&mut two), Ok(None));
    assert!(matches!(
        line.input.end(&mut two),
        Err(Refused::Truncated { .. })
    ));
    let mut nothing = StreamIn::new(PUBLIC);
    assert!(nothing.end(&mut two).is_err());
    assert_eq!(two.counts().truncated, 2);
}

#[test]
fn a_recorded_stream_says_nothing_the_second_time() {
    let (mut one, mut two) = two();
    let mut line = line(&mut one, &mut two, 64);
    line.written
        .extend(line.output.seal(&one, b"said").unwrap());
    // To the same boot, to a later one, back to the sender, and to a third node.
    let (later, third) = (wire(2, 201), wire(3, 300));
    for (at, mut wire) in [two, later, one, third].into_iter().enumerate() {
        let before = state(&wire);
        let mut input = StreamIn::new(PUBLIC);
        let refused = feed(&mut input, &mut wire, &line.written, 64).unwrap_err();
        match at {
            0 | 1 => assert_eq!(refused, Refused::Forged { from: 1 }),
            _ => assert_eq!(refused, Refused::WrongReceiver { from: 1, to: 2 }),
        }
        assert_eq!(input.peer(), None);
        let known = |state: &str| state.split_once("sent: ").unwrap().0.to_owned();
        assert_eq!(known(&state(&wire)), known(&before));
    }
}

#[test]
fn frames_and_answers_are_of_one_stream_alone() {
    let (mut one, mut two) = two();
    let mut first = line(&mut one, &mut two, 64);
    let mut second = line(&mut one, &mut two, 64);
    let bytes = first.output.seal(&one, b"said").unwrap();
    let refused = feed(&mut second.input, &mut two, &bytes, 64);
    assert_eq!(refused, Err(Refused::Forged { from: 1 }));

    let (mut third, _) = StreamOut::open(&mut one, 2, PUBLIC);
    let refused = third.input(&mut one, &first.answer);
    assert_eq!(refused, Err(Refused::Misplaced { from: 2 }));
    assert!(!third.is_ready());
    assert_eq!(
        third.seal(&one, b"said"),
        Err(StreamError::Ended(Refused::Misplaced { from: 2 }))
    );
    // The other end has nothing more to say.
    let refused = first.output.input(&mut one, &first.answer);
    assert_eq!(refused, Err(Refused::Misplaced { from: 2 }));
}

#[test]
fn datagrams_and_streams_are_not_taken_for_each_other() {
    let (mut one, mut two) = two();
    let (mut output, first) = StreamOut::open(&mut one, 2, PUBLIC);
    assert_eq!(output.seal(&one, b""), Err(StreamError::NotReady));
    let misplaced = Refused::Misplaced { from: 1 };
    assert_eq!(two.open(PUBLIC, &first), Err(misplaced));
    let datagram = one.seal(2, PUBLIC, b"").unwrap();
    let mut input = StreamIn::new(PUBLIC);
    assert_eq!(feed(&mut input, &mut two, &datagram, 64), Err(misplaced));
    // A challenge in the place of the answer.
    let hello = wire(1, 100).seal(2, PUBLIC, b"").unwrap();
    let opened = two.open(PUBLIC, &hello).unwrap();
    let quorate_wire::Opened::Challenge { answer, .. } = opened else {
        panic!("{opened:?}");
    };
    let mut longer = answer;
    longer.extend([0; 8]);
    assert!(output.input(&mut one, &longer).is_err());
    let mut elsewhere = StreamIn::new(NETWORKS[1]);
    let refused = feed(&mut elsewhere, &mut two, &first, 64);
    assert!(matches!(refused, Err(Refused::WrongNetwork { .. })));
}

#[test]
fn a_stream_ends_when_either_node_has_started_again() {
    let (mut one, mut two) = two();
    let mut old = line(&mut one, &mut two, 64);
    let bytes = old.output.seal(&one, b"said").unwrap();
    // The sender: nothing of its former boot counts once this is known.
    let mut again = wire(1, 101);
    exchange(&mut again, &mut two);
    let refused = Refused::OldBoot {
        from: 1,
        found: 100,
        known: 101,
    };
    assert_eq!(feed(&mut old.input, &mut two, &bytes, 64), Err(refused));

    // The receiver: nothing is sealed for its former boot.
    let mut old = line(&mut again, &mut two, 64);
    let mut two = wire(2, 201);
    exchange(&mut again, &mut two);
    let refused = Refused::OldBoot {
        from: 2,
        found: 200,
        known: 201,
    };
    assert_eq!(
        old.output.seal(&again, b"said"),
        Err(StreamError::Ended(refused))
    );
}

#[test]
fn a_stream_of_this_nodes_former_boot_ends_with_it() {
    // The node starts again and the process goes on: the ends of its streams are still there.
    let (mut one, mut two) = two();
    let mut receives = line(&mut one, &mut two, 64);
    let mut sends = line(&mut two, &mut one, 64);
    let said = receives.output.seal(&one, b"said").unwrap();
    let (_, first) = StreamOut::open(&mut one, 2, PUBLIC);
    let mut unproven = StreamIn::new(PUBLIC);
    feed(&mut unproven, &mut two, &first, 64).unwrap();
    let (mut asks, _) = StreamOut::open(&mut two, 1, PUBLIC);

    let mut two = wire(2, 201);
    let refused = Refused::UnknownBoot {
        from: 1,
        found: 200,
        ours: 201,
    };
    assert_eq!(feed(&mut receives.input, &mut two, &said, 64), Err(refused));
    assert_eq!(unproven.step(&mut two), Err(refused));
    assert_eq!(
        sends.output.seal(&two, b"said"),
        Err(StreamError::Ended(refused))
    );
    assert_eq!(asks.seal(&two, b"said"), Err(StreamError::NotReady));
    assert!(asks.input(&mut two, &sends.answer).is_err());
    assert_eq!(two.knows(1), None);
}

#[test]
fn a_stream_outlives_a_rotation_until_its_key_is_dropped() {
    let (mut one, mut two) = two();
    let mut line = line(&mut one, &mut two, 64);
    for step in [1, 2] {
        one.set_ring(ring(step));
        two.set_ring(ring(step));
        let bytes = line.output.seal(&one, b"said").unwrap();
        let steps = feed(&mut line.input, &mut two, &bytes, 64);
        assert_eq!(steps, Ok(vec![message(&one, b"said")]));
    }
    let bytes = line.output.seal(&one, b"said").unwrap();
    let found = ring(0).sealing().fingerprint();
    one.set_ring(ring(3));
    two.set_ring(ring(3));
    let ended = StreamError::Ended(Refused::ForeignKey { from: 2, found });
    assert_eq!(line.output.seal(&one, b"said"), Err(ended));
    let refused = Refused::ForeignKey { from: 1, found };
    assert_eq!(feed(&mut line.input, &mut two, &bytes, 64), Err(refused));
}

#[test]
fn a_stream_begins_between_nodes_a_step_of_a_rotation_apart() {
    for (step, other) in [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2)] {
        let (mut one, mut two) = (wire(1, 100), wire(2, 200));
        one.set_ring(ring(step));
        two.set_ring(ring(other));
        line(&mut one, &mut two, 64);
    }
}

/// What somebody in between does to what was written.
#[derive(Clone, Debug)]
enum Meddle {
    Flip(Index),
    Take(Index, usize),
    Repeat(Index, usize),
    Put(Index, Vec<u8>),
    Swap(Index, Index),
}

fn meddle() -> impl Strategy<Value = Meddle> {
    let at = any::<Index>;
    prop_oneof![
        at().prop_map(Meddle::Flip),
        (at(), 1_usize..200).prop_map(|(at, many)| Meddle::Take(at, many)),
        (at(), 1_usize..200).prop_map(|(at, many)| Meddle::Repeat(at, many)),
        (at(), prop::collection::vec(any::<u8>(), 1..40))
            .prop_map(|(at, put)| Meddle::Put(at, put)),
        (at(), at()).prop_map(|(one, other)| Meddle::Swap(one, other)),
    ]
}

/// `bytes` as they come out of that; `frames` are where frames begin.
fn meddled(bytes: &[u8], frames: &[usize], how: &Meddle) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let all = bytes.len();
    let range = |at: &Index, many: usize| {
        let at = at.index(all);
        at..(at + many).min(all)
    };
    match how {
        Meddle::Flip(bit) => {
            let bit = bit.index(all * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        Meddle::Take(at, many) => drop(bytes.drain(range(at, *many))),
        Meddle::Repeat(at, many) => {
            let range = range(at, *many);
            let repeated = bytes[range.clone()].to_vec();
            bytes.splice(range.start..range.start, repeated);
        }
        Meddle::Put(at, put) => {
            let at = at.index(all);
            bytes.splice(at..at, put.iter().copied());
        }
        // Two whole frames, in each other's place.
        Meddle::Swap(one, other) => {
            let ends: Vec<usize> = frames.iter().copied().skip(1).chain([all]).collect();
            let mut whole: Vec<Vec<u8>> = frames
                .iter()
                .zip(&ends)
                .map(|(from, to)| bytes[*from..*to].to_vec())
                .collect();
            whole.swap(one.index(frames.len()), other.index(frames.len()));
            bytes = whole.concat();
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_to_the_bytes_a_beginning_of_what_was_said_comes_out(
        sizes in prop::collection::vec(prop_oneof![0_usize..40, 0_usize..3_000], 1..20),
        piece in 1_usize..2_000,
        how in prop::option::of(meddle()),
    ) {
        let (mut one, mut two) = two();
        let mut line = line(&mut one, &mut two, piece);
        let (mut bytes, mut frames, mut said) = (Vec::new(), Vec::new(), Vec::new());
        for (at, size) in sizes.into_iter().enumerate() {
            let payload = vec![at as u8; size];
            frames.push(bytes.len());
            bytes.extend(line.output.seal(&one, &payload).unwrap());
            said.push(message(&one, &payload));
        }
        let altered = how.map_or(bytes.clone(), |how| meddled(&bytes, &frames, &how));
        let (mut came, mut refused) = (Vec::new(), false);
        for piece in altered.chunks(piece) {
            line.input.input(piece);
            loop {
                match line.input.step(&mut two) {
                    Ok(None) => break,
                    Ok(Some(step)) => came.push(step),
                    Err(_) => {
                        refused = true;
                        break;
                    }
                }
            }
        }
        prop_assert!(said.starts_with(&came));
        // What is before the first altered byte came, and nothing that is after it.
        let same = bytes.iter().zip(&altered).take_while(|(one, other)| one == other).count();
        let ends = frames.iter().skip(1).copied().chain([bytes.len()]);
        let whole = ends.filter(|end| *end <= same).count();
        prop_assert_eq!(came.len(), whole);
        match altered == bytes {
            true => prop_assert!(!refused && line.input.end(&mut two).is_ok()),
            // Cut at the end of a frame it is whole, as far as anybody can see.
            false if altered.len() == same && frames.contains(&same) => prop_assert!(!refused),
            false => prop_assert!(refused || line.input.end(&mut two).is_err()),
        }
    }

    /// Any bytes at either end of a stream that begins.
    #[test]
    fn bytes_of_any_kind_get_an_answer(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        keep in 0_usize..80,
        piece in 1_usize..100,
    ) {
        let (mut one, mut two) = two();
        let mut old = line(&mut one, &mut two, 64);
        old.written.truncate(keep.min(old.messages));
        old.answer.truncate(keep);
        let (mut output, mut first) = StreamOut::open(&mut one, 2, PUBLIC);
        first.truncate(keep);
        for start in [Vec::new(), old.written, first] {
            let mut input = StreamIn::new(PUBLIC);
            let mut given = start;
            given.extend_from_slice(&bytes);
            if let Ok(steps) = feed(&mut input, &mut two, &given, piece) {
                prop_assert!(steps.iter().all(|step| matches!(step, Step::Answer(_))));
            }
            prop_assert_eq!(input.peer(), None);
        }
        let mut given = old.answer;
        given.extend_from_slice(&bytes);
        for piece in given.chunks(piece) {
            if output.input(&mut one, piece).is_err() {
                break;
            }
        }
        prop_assert!(!output.is_ready());
    }
}
