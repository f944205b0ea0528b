//! What the benchmarks share: the shipped plugins and clusters, ready to run.
//!
//! `cargo bench` runs them all; `cargo bench --bench drill` one. Compare figures of one run only.
#![forbid(unsafe_code)]

mod nowhere;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

// The plugin crates are named so that cargo builds their libraries beside this one.
use quorate_clusres as _;
use quorate_exres as _;
use quorate_host::{PluginSet, search_folders};
use quorate_model::ClusterDefinition;
use quorate_sim::{World, WorldOptions};

pub use nowhere::Nowhere;

/// The shipped plugins, from cargo's folder of libraries.
///
/// # Panics
/// If they cannot be loaded: a benchmark has nothing to measure then.
pub fn plugins() -> Arc<PluginSet> {
    match PluginSet::load(&search_folders(&[])) {
        Ok(plugins) => Arc::new(plugins),
        Err(errors) => panic!("{errors}"),
    }
}

/// A shipped cluster by its file's name.
///
/// # Panics
/// If the file does not load.
pub fn cluster(file: &str) -> ClusterDefinition {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../scripts/clusters")
        .join(file);
    match quorate_model::load(&path) {
        Ok(loaded) => loaded.definition,
        Err(errors) => panic!("{errors}"),
    }
}

/// A world with the cluster formed and everything online.
///
/// # Panics
/// If the cluster does not settle within ten minutes of virtual time.
pub fn formed(plugins: &Arc<PluginSet>, definition: &ClusterDefinition, seed: u64) -> World {
    let options = WorldOptions::with_seed(seed);
    let mut world = World::open(definition.clone(), Arc::clone(plugins), options);
    world.start_all();
    assert!(
        world.settle(Duration::from_secs(600)),
        "the cluster does not settle"
    );
    world
}
