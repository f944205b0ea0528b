//! What the fuzz targets in `tests/fuzz` call, and the tests that run their corpora: any bytes get an answer and never
//! a panic. Nothing that ships has the feature.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use quorate_model::{ClusterDefinition, NodeId, StartSwitches, Time};

use crate::codec::framed;
use crate::store::{self, CHECKPOINT_FILE, LOG_FILE};
use crate::{BootImage, Input, Message, Node, NodeConfig};

/// Three nodes, held together by a majority.
fn cluster() -> &'static ClusterDefinition {
    static CLUSTER: OnceLock<ClusterDefinition> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let text = include_str!("../../../scripts/clusters/three-node-majority.ron");
        match quorate_model::parse("three-node-majority.ron", text) {
            Ok(loaded) => loaded.definition,
            Err(error) => panic!("{error:?}"),
        }
    })
}

fn boot(files: BTreeMap<String, Vec<u8>>) -> Node {
    let config = NodeConfig {
        joins: false,
        id: NodeId(1),
        definition: cluster().clone(),
        incarnation: 1,
        seed: 1,
        civil_origin_ms: 0,
        local_shift_minutes: 0,
        switches: StartSwitches::default(),
    };
    let mut node = Node::boot(config, BootImage { files }, Time::ZERO);
    while node.poll_output().is_some() {}
    node
}

/// Reads a datagram: the bytes as they are, and as the body of one whose checksums hold. What can be read is what it
/// was written as, and a node that hears it goes on.
pub fn datagram(bytes: &[u8]) {
    let _ = Message::decode(bytes);
    let Ok(message) = Message::decode(&framed(bytes)) else {
        return;
    };
    assert_eq!(Message::decode(&message.encode()).as_ref(), Ok(&message));
    let mut node = boot(BTreeMap::new());
    let mut now = Time::ZERO;
    for network in &cluster().networks {
        let heard = Input::Message {
            from: NodeId(2),
            network: network.name.clone(),
            message: message.clone(),
        };
        for input in [heard, Input::Wake] {
            now += Duration::from_secs(6);
            node.handle(now, input);
            while node.poll_output().is_some() {}
        }
    }
}

/// Boots a node from a file as it is.
fn file(name: &str, bytes: Vec<u8>) {
    let files = BTreeMap::from([(name.to_owned(), bytes)]);
    if let Ok(recovered) = store::recover(&files) {
        // What was recovered and is written anew is recovered as the same.
        let mut again = BTreeMap::new();
        for op in store::write_all(&recovered.stored) {
            if let crate::DiskOp::Replace { file, bytes } = op {
                again.insert(file, bytes);
            }
        }
        let stored = store::recover(&again).map(|recovered| recovered.stored);
        assert_eq!(stored.as_ref(), Ok(&recovered.stored));
    }
    boot(files);
}

/// Recovers a log: the bytes as they are, and as records whose checksums hold, each with its length before it in two
/// bytes.
pub fn log_file(bytes: &[u8]) {
    file(LOG_FILE, bytes.to_vec());
    let (mut rest, mut records) = (bytes, Vec::new());
    while let Some((length, body)) = rest.split_first_chunk::<2>() {
        let (body, left) = body.split_at(body.len().min(u16::from_le_bytes(*length).into()));
        records.extend(framed(body));
        rest = left;
    }
    file(LOG_FILE, records);
}

/// Recovers a checkpoint: the bytes as they are, and as one whose checksums hold.
pub fn checkpoint(bytes: &[u8]) {
    file(CHECKPOINT_FILE, bytes.to_vec());
    file(CHECKPOINT_FILE, framed(bytes));
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Runs everything in the corpus of a fuzz target.
    fn run(target: &str, with: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus");
        let mut inputs = 0;
        for entry in fs::read_dir(folder.join(target)).unwrap() {
            with(&fs::read(entry.unwrap().path()).unwrap());
            inputs += 1;
        }
        assert!(inputs >= 8, "only {inputs} inputs");
    }

    #[test]
    fn the_corpus_of_datagrams_is_read() {
        run("datagram", super::datagram);
    }

    #[test]
    fn the_corpus_of_logs_is_recovered() {
        run("log_file", super::log_file);
    }

    #[test]
    fn the_corpus_of_checkpoints_is_recovered() {
        run("checkpoint", super::checkpoint);
    }
}
