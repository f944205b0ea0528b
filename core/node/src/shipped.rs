//! The clusters of `scripts/clusters`, and a node of one, for tests.

use quorate_model::{ClusterDefinition, NodeId, Time, VirtualServerRequest};

use crate::io::{BootImage, NodeConfig, Output};
use crate::node::Node;

/// The cluster in the file of this name.
pub(crate) fn cluster(file: &str) -> ClusterDefinition {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/clusters");
    quorate_model::load(&folder.join(file)).unwrap().definition
}

/// An Exchange virtual server to be made of which nothing is said but its name and address.
pub(crate) fn virtual_server(name: &str) -> VirtualServerRequest {
    VirtualServerRequest {
        name: name.into(),
        network_name: String::new(),
        address: "10.0.0.99".into(),
        subnet_mask: String::new(),
        network: "".into(),
        disks: Vec::new(),
        storage_groups: Vec::new(),
        preferred_owners: Vec::new(),
        possible_owners: Vec::new(),
        mta: false,
        imap4: false,
        pop3: false,
        exclusive: false,
    }
}

/// A node of the cluster in the file of this name, booted at time 0 with nothing on its disk.
pub(crate) fn booted(file: &str, id: NodeId, incarnation: u64) -> Node {
    let config = NodeConfig {
        id,
        definition: cluster(file),
        incarnation,
        seed: 1,
        civil_origin_ms: 0,
        local_shift_minutes: 0,
        switches: Default::default(),
        joins: false,
    };
    Node::boot(config, BootImage::default(), Time::ZERO)
}

/// What a node has given out since it was last asked.
pub(crate) fn outputs(node: &mut Node) -> Vec<Output> {
    std::iter::from_fn(|| node.poll_output()).collect()
}
