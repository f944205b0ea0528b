//! The words of the drill language, one module per noun. Doc comments on the functions are what `:doc` shows.

mod chance;
mod clients;
mod clocks;
mod cluster;
pub(crate) mod control;
mod disk;
mod dns;
mod drill;
mod drive;
mod event;
mod fault;
mod group;
mod list;
pub(crate) mod named;
mod network;
mod nic;
mod node;
pub(crate) mod options;
pub(crate) mod order;
mod path;
mod policy;
mod resource;
mod service;
mod system_disk;
mod thrown;
mod time;
mod traffic;
mod variable;
pub(crate) mod verdict;
mod virtual_server;
mod watching;
mod witness;

use rhai::{Engine, Module, exported_module};

/// Registers every noun with an engine.
pub(crate) fn register(engine: &mut Engine) {
    let nouns: [(&str, Module); 24] = [
        ("time", exported_module!(time::words)),
        ("clocks", exported_module!(clocks::words)),
        ("chance", exported_module!(chance::words)),
        ("variable", exported_module!(variable::words)),
        ("thrown", exported_module!(thrown::words)),
        ("cluster", exported_module!(cluster::words)),
        ("verdict", exported_module!(verdict::words)),
        ("watching", exported_module!(watching::words)),
        ("list", exported_module!(list::words)),
        ("node", exported_module!(node::words)),
        ("group", exported_module!(group::words)),
        ("policy", exported_module!(policy::words)),
        ("resource", exported_module!(resource::words)),
        ("control code", exported_module!(control::words)),
        ("service", exported_module!(service::words)),
        ("virtual server", exported_module!(virtual_server::words)),
        ("nic", exported_module!(nic::words)),
        ("network", exported_module!(network::words)),
        ("name server", exported_module!(dns::words)),
        ("disk", exported_module!(disk::words)),
        ("system disk", exported_module!(system_disk::words)),
        ("path", exported_module!(path::words)),
        ("event", exported_module!(event::words)),
        ("witness", exported_module!(witness::words)),
    ];
    crate::handles::name_types(engine);
    event::register(engine);
    crate::closed::register(engine);
    crate::compare::register(engine);
    for (noun, mut module) in nouns {
        module.set_id(noun);
        engine.register_global_module(module.into());
    }
    let mut faults = exported_module!(fault::words);
    faults.set_id("fault");
    engine.register_global_module(faults.into());
}
