//! The clusters of `scripts/clusters`, for tests.

use quorate_model::ClusterDefinition;

/// The cluster in the file of this name.
pub(crate) fn cluster(file: &str) -> ClusterDefinition {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/clusters");
    quorate_model::load(&folder.join(file)).unwrap().definition
}
