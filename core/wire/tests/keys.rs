//! The key file and the rotation of keys.
#![allow(clippy::unwrap_used)]

mod common;

use common::{PUBLIC, key, ring, wire};
use proptest::prelude::*;
use proptest::sample::Index;
use quorate_wire::{
    ClusterKey, KeyFileFault, KeyRing, Opened, Refused, RotateError, RotationStep, SameKey,
};

#[test]
fn a_rotation_goes_three_steps_and_is_alone_again() {
    let steps = [0, 1, 2, 3].map(|steps| {
        let ring = ring(steps);
        let other = ring.other().map(ClusterKey::fingerprint);
        (ring.step(), ring.sealing().fingerprint(), other)
    });
    let (old, new) = (key(1).fingerprint(), key(2).fingerprint());
    let expected = [
        (RotationStep::Alone, old, None),
        (RotationStep::Announced, old, Some(new)),
        (RotationStep::Replaced, new, Some(old)),
        (RotationStep::Alone, new, None),
    ];
    assert_eq!(steps, expected);
    let same = ring(0).rotate(|| Ok(key(1)));
    let expected = RotateError::SameKey(SameKey(key(1).fingerprint()));
    assert_eq!(same, Err(expected));
}

#[test]
fn nodes_a_step_apart_understand_each_other_and_those_further_apart_may_not() {
    let mut apart = 0;
    for (one_step, two_step) in (0..7).flat_map(|one| (0..7).map(move |two| (one, two))) {
        let (mut one, mut two) = common::two();
        one.set_ring(ring(one_step));
        two.set_ring(ring(two_step));
        let said = one.seal(2, PUBLIC, b"said").unwrap();
        let opened = two.open(PUBLIC, &said);
        if one_step.abs_diff(two_step) <= 1 {
            assert!(
                matches!(opened, Ok(Opened::Message { .. })),
                "{one_step} {two_step} {opened:?}"
            );
            assert_eq!(
                two.sealed_with(1),
                Some(ring(one_step).sealing().fingerprint())
            );
        } else if let Err(refused) = opened {
            assert!(matches!(refused, Refused::ForeignKey { from: 1, .. }));
            apart += 1;
        }
    }
    // That it is for the steps that nothing is cut.
    assert!(apart > 10, "{apart}");
}

#[test]
fn nodes_that_do_not_know_each_other_meet_in_the_middle_of_a_rotation() {
    for (asks, answers) in [(0, 1), (1, 2), (2, 1), (3, 2), (2, 3)] {
        let (mut one, mut two) = (wire(1, 100), wire(2, 200));
        one.set_ring(ring(asks));
        two.set_ring(ring(answers));
        common::exchange(&mut one, &mut two);
    }
}

proptest! {
    /// In whatever order the nodes get the next file, as long as all have it before the one after.
    #[test]
    fn a_rotation_cuts_nobody(orders in prop::collection::vec(any::<bool>(), 12)) {
        let (mut one, mut two) = common::two();
        for (step, first) in orders.into_iter().enumerate() {
            let next = ring(step as u8 + 1);
            let order = if first { [true, false] } else { [false, true] };
            for it_is_one in order {
                match it_is_one {
                    true => one.set_ring(next.clone()),
                    false => two.set_ring(next.clone()),
                }
                common::carries(&mut one, &mut two);
                common::carries(&mut two, &mut one);
            }
        }
        prop_assert_eq!(one.counts().refused() + two.counts().refused(), 0);
    }

    #[test]
    fn a_key_file_is_read_as_it_was_written(bytes in any::<[u8; 32]>(), next in any::<[u8; 32]>()) {
        prop_assume!(bytes != next);
        let mut ring = KeyRing::new(ClusterKey::from_bytes(&bytes));
        for _ in 0..4 {
            let text = ring.to_text();
            prop_assert_eq!(KeyRing::parse(&text), Ok(ring.clone()));
            let crlf = text.replace('\n', "\r\n").replace("use ", "  use \t");
            prop_assert_eq!(KeyRing::parse(&crlf), Ok(ring.clone()));
            ring = ring.rotate(|| Ok(ClusterKey::from_bytes(&next))).unwrap_or(ring);
        }
    }

    /// A copy with a wrong character, a missing one, or one too many is never another key.
    #[test]
    fn a_damaged_key_file_is_never_another_key(
        steps in 0..3_u8,
        at in any::<Index>(),
        put in prop_oneof![any::<char>(), prop::char::range('0', 'f')],
        how in 0..3_u8,
    ) {
        let ring = ring(steps);
        let text = ring.to_text();
        let mut characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len());
        match how {
            0 => characters[at] = put,
            1 => drop(characters.remove(at)),
            _ => characters.insert(at, put),
        }
        let damaged: String = characters.into_iter().collect();
        match KeyRing::parse(&damaged) {
            // In what says nothing; or a line that has become a comment, which leaves the key that seals or none.
            Ok(read) => prop_assert_eq!(read.sealing(), ring.sealing()),
            Err(error) => {
                let shown = format!("{error} {error:?}");
                let secret = ["01010101", "02020202"].iter().any(|part| shown.contains(part));
                prop_assert!(!secret, "{}", shown);
            }
        }
    }

    #[test]
    fn any_text_gets_an_answer(
        head in prop_oneof![Just("quorate-key 1\n"), Just("")],
        text in prop_oneof![any::<String>(), "(use|next|old|#| |\n|[0-9a-f]{16}|[0-9a-g]{64}){0,12}"],
    ) {
        let text = format!("{head}{text}");
        if let Err(error) = KeyRing::parse(&text) {
            let lines = text.lines().count().max(1);
            prop_assert!((1..=lines).contains(&error.line), "{error}");
        }
    }
}

#[test]
fn what_is_wrong_in_a_key_file_is_said_with_its_line() {
    let good = ring(1).to_text();
    let lines: Vec<&str> = good.lines().collect();
    let [first, comment, in_use, next] = lines[..] else {
        panic!("{}", lines.len());
    };
    let faults = |text: &[&str]| {
        let error = KeyRing::parse(&text.join("\n")).unwrap_err();
        (error.line, error.fault)
    };
    assert_eq!(faults(&[]), (1, KeyFileFault::NotAKeyFile));
    assert_eq!(faults(&["quorate-key 2"]), (1, KeyFileFault::NotAKeyFile));
    assert_eq!(faults(&[in_use]), (1, KeyFileFault::NotAKeyFile));
    assert_eq!(faults(&[first, comment, ""]), (2, KeyFileFault::NoKey));
    assert_eq!(faults(&[first, next]), (2, KeyFileFault::NoKey));
    assert_eq!(
        faults(&[first, in_use, "", in_use]),
        (4, KeyFileFault::Second("use"))
    );
    let old = next.replace("next", "old");
    assert_eq!(
        faults(&[first, in_use, next, &old]),
        (4, KeyFileFault::Second("old"))
    );
    let same = in_use.replace("use", "next");
    assert_eq!(faults(&[first, in_use, &same]), (3, KeyFileFault::Same));
    let word = |word: &str| KeyFileFault::Word(word.to_owned());
    assert_eq!(
        faults(&[first, &in_use.replace("use", "used")]),
        (2, word("\"used\""))
    );
    // A key without its word is not shown.
    let bare = in_use.split_whitespace().nth(1).unwrap();
    assert_eq!(
        faults(&[first, bare]),
        (2, word("something of 64 characters"))
    );
    let short = in_use.rsplit_once(' ').unwrap().0;
    assert_eq!(
        faults(&[first, short]),
        (2, KeyFileFault::Words { found: 2 })
    );
    let cut = in_use.replacen("01", "", 1);
    let (what, found, expected) = ("key", 62, 64);
    let length = KeyFileFault::Length {
        what,
        found,
        expected,
    };
    assert_eq!(faults(&[first, &cut]), (2, length));
    let (what, column) = ("key", 7);
    assert_eq!(
        faults(&[first, &in_use.replacen("01", "0x", 1)]),
        (2, KeyFileFault::Digit { what, column })
    );
    let damaged = in_use.replacen("01", "11", 1);
    assert_eq!(faults(&[first, &damaged]), (2, KeyFileFault::Damaged));
    let error = KeyRing::parse(&[first, &damaged].join("\n")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2: the key has another fingerprint than the one beside it: it was damaged on the way; copy the file again"
    );
}
