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

use rhai::{Engine, Module, Shared, exported_module};

thread_local! {
    /// The words of every engine of this thread.
    static WORDS: Shared<Module> = words().into();
}

/// Registers every noun with an engine.
pub(crate) fn register(engine: &mut Engine) {
    crate::handles::name_types(engine);
    event::register(engine);
    crate::closed::register(engine);
    crate::compare::register(engine);
    engine.register_global_module(WORDS.with(Shared::clone));
}

/// All nouns. They are one module: an engine seeks a function in one after the other.
fn words() -> Module {
    let nouns: [Module; 25] = [
        exported_module!(time::words),
        exported_module!(clocks::words),
        exported_module!(chance::words),
        exported_module!(variable::words),
        exported_module!(thrown::words),
        exported_module!(cluster::words),
        exported_module!(verdict::words),
        exported_module!(watching::words),
        exported_module!(list::words),
        exported_module!(node::words),
        exported_module!(group::words),
        exported_module!(policy::words),
        exported_module!(resource::words),
        exported_module!(control::words),
        exported_module!(service::words),
        exported_module!(virtual_server::words),
        exported_module!(nic::words),
        exported_module!(network::words),
        exported_module!(dns::words),
        exported_module!(disk::words),
        exported_module!(system_disk::words),
        exported_module!(path::words),
        exported_module!(event::words),
        exported_module!(witness::words),
        exported_module!(fault::words),
    ];
    let mut words = Module::new();
    words.set_id("drill");
    for noun in nouns {
        words.combine(noun);
    }
    words
}
