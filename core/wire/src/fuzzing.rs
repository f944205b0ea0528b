//! What the fuzz targets in `tests/fuzz` call, and the test that runs their corpora: any bytes get an answer and never a
//! panic. Nothing that ships has the feature.

use std::num::NonZeroU64;

use crate::envelope::{HEADER, Header};
use crate::{ClusterId, ClusterKey, KeyRing, NetworkId, Opened, Step, StreamIn, StreamOut, Wire};

const NETWORK: NetworkId = NetworkId(10);

fn wire(me: u8) -> Wire {
    let ring = KeyRing::new(ClusterKey::from_bytes(&[1; 32]));
    let boot = NonZeroU64::MIN.saturating_add(99);
    Wire::new(ring, ClusterId(1), me, boot)
}

/// Bytes as a datagram, which nobody sealed: they are refused and change nothing. And their beginning as a header that somebody
/// with the key has sealed.
pub fn envelope(bytes: &[u8]) {
    let mut two = wire(2);
    assert!(two.open(NETWORK, bytes).is_err());
    assert_eq!((two.counts().refused(), two.knows(1)), (1, None));

    let Some((header, payload)) = bytes.split_first_chunk::<HEADER>() else {
        return;
    };
    let Ok(mut header) = Header::read(header) else {
        return;
    };
    let one = wire(1);
    (header.cluster, header.key) = (ClusterId(1), one.ring().sealing().fingerprint());
    let Ok(sealed) = one.envelope(&header, payload) else {
        return;
    };
    match two.open(header.network, &sealed) {
        Ok(Opened::Message {
            payload: opened, ..
        }) => {
            assert_eq!((&*opened, header.to_boot), (payload, two.boot()));
            assert!(two.open(header.network, &sealed).is_err(), "taken twice");
        }
        Ok(Opened::Challenge { answer, .. }) => {
            assert!(answer.len() <= sealed.len() && two.knows(header.from).is_none());
        }
        Ok(Opened::Met { from, boot }) => assert_eq!(two.knows(from), Some(boot)),
        Err(_) => assert_eq!(two.knows(header.from), None),
    }
}

/// Bytes at the beginning of a stream, after a genuine beginning, in the place of the answer, and after the proof: nothing in them
/// is a message.
pub fn stream(bytes: &[u8]) {
    let (mut one, mut two) = (wire(1), wire(2));
    let mut nonsense = StreamIn::new(NETWORK);
    nonsense.input(bytes);
    none(&mut nonsense, &mut two);

    let (mut output, first) = StreamOut::open(&mut one, 2, NETWORK);
    let (mut began, _) = begun(&mut two, &first);
    began.input(bytes);
    none(&mut began, &mut two);
    let (mut deaf, _) = StreamOut::open(&mut one, 2, NETWORK);
    assert!(!matches!(deaf.input(&mut one, bytes), Ok(Some(_))));

    let (mut proven, answer) = begun(&mut two, &first);
    let proof = output.input(&mut one, &answer);
    let Ok(Some(proof)) = proof else {
        panic!("{proof:?}");
    };
    proven.input(&proof);
    proven.input(bytes);
    none(&mut proven, &mut two);
    assert!(two.knows(1).is_some());
}

/// A stream that has begun with these bytes, and its answer.
fn begun(wire: &mut Wire, first: &[u8]) -> (StreamIn, Vec<u8>) {
    let mut stream = StreamIn::new(NETWORK);
    stream.input(first);
    match stream.step(wire) {
        Ok(Some(Step::Answer(answer))) => (stream, answer),
        step => panic!("{step:?}"),
    }
}

fn none(stream: &mut StreamIn, wire: &mut Wire) {
    for _ in 0..3 {
        assert!(!matches!(stream.step(wire), Ok(Some(_))));
    }
}

/// A key file: what is read is the same when written anew, and an error stands on a line that is there.
pub fn key_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match KeyRing::parse(text) {
        Ok(ring) => assert_eq!(KeyRing::parse(&ring.to_text()), Ok(ring)),
        Err(error) => assert!((1..=text.lines().count().max(1)).contains(&error.line)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    proptest! {
        /// Where no fuzzer runs: any bytes, and such as may be a header of these nodes.
        #[test]
        fn bytes_of_any_kind_get_an_answer(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            head in (0..5_u8, 0..4_u8, 0..4_u8),
            boots in prop::array::uniform2(prop_oneof![Just(0_u64), 98..102_u64, any::<u64>()]),
        ) {
            super::envelope(&bytes);
            super::stream(&bytes);
            super::key_file(&bytes);
            let mut header = [1, head.0, head.1, head.2].to_vec();
            header.extend([0; 20]);
            boots.iter().for_each(|boot| header.extend(boot.to_le_bytes()));
            header.extend(bytes);
            super::envelope(&header);
        }
    }

    /// Runs everything in the corpus of a fuzz target.
    fn run(target: &str, with: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus");
        let mut inputs = 0;
        for entry in fs::read_dir(folder.join(target)).unwrap() {
            with(&fs::read(entry.unwrap().path()).unwrap());
            inputs += 1;
        }
        assert!(inputs >= 6, "only {inputs} inputs");
    }

    #[test]
    fn the_corpus_of_envelopes_is_opened() {
        run("envelope", super::envelope);
    }

    #[test]
    fn the_corpus_of_streams_is_read() {
        run("stream", super::stream);
    }

    #[test]
    fn the_corpus_of_key_files_is_read() {
        run("key_file", super::key_file);
    }
}
