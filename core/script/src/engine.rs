//! The engine: every limit set, every clock and dice replaced, the vocabulary registered.

use std::path::Path;
use std::sync::atomic::Ordering;

use rhai::module_resolvers::FileModuleResolver;
use rhai::packages::{Package, StandardPackage};
use rhai::{Dynamic, Engine, OptimizationLevel, Position};

use crate::session::Session;
use crate::thrown::Thrown;
use crate::vocabulary;

/// Operations a script may take before it counts as one that never ends.
const OPERATIONS_MAX: u64 = 500_000_000;
/// Script functions that may be inside each other; fits the stack of a script's thread in debug builds.
const CALLS_MAX: usize = 64;
/// Expressions that may be inside each other, at the top and in functions.
const DEPTH_MAX: usize = 64;
/// Items of a list and entries of a map: the engine's size checks make larger ones quadratic to build.
const ITEMS_MAX: usize = 10_000;
/// Bytes of a text.
const TEXT_MAX: usize = 1 << 20;

/// The seed of Rhai's hashing: any fixed number but zero, so that two processes number functions alike.
const HASHING_SEED: [u64; 4] = [0x51, 0x75, 0x6f, 0x72];

/// Makes Rhai's hashing the same in every process. Call it first thing in `main`, before anything of Rhai is used;
/// later calls change nothing.
pub fn seed_hashing() {
    // The only error is that a seed is set already.
    let _ = rhai::config::hashing::set_hashing_seed(Some(HASHING_SEED));
}

/// An engine for one session.
pub(crate) fn engine(session: &Session) -> Engine {
    let mut engine = bare();
    engine.set_default_tag(Dynamic::from(session.clone()));
    vocabulary::verdict::register_expect(&mut engine, session);
    let folder = session.with(|inner| inner.script.folder.clone());
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".").to_path_buf()
    } else {
        folder
    };
    engine.set_module_resolver(FileModuleResolver::new_with_path(folder));
    let cancel = session.with(|inner| inner.cancel.clone());
    engine.on_progress(move |_| cancel.load(Ordering::Relaxed).then(|| "interrupted".into()));
    let told = session.clone();
    engine.on_print(move |text| {
        told.with(|inner| {
            let now = inner.now();
            inner.observer.note(now, text);
        });
    });
    let told = session.clone();
    engine.on_debug(move |text, _, at| {
        told.with(|inner| {
            let now = inner.now();
            inner.observer.note(now, &format!("{at}: {text}"));
        });
    });
    engine
}

/// An engine that knows the words and has no session: for compiling and looking up.
pub(crate) fn bare() -> Engine {
    seed_hashing();
    let mut engine = Engine::new_raw();
    engine.register_global_module(StandardPackage::new().as_shared_module());
    engine
        .set_max_operations(OPERATIONS_MAX)
        .set_max_call_levels(CALLS_MAX)
        .set_max_expr_depths(DEPTH_MAX, DEPTH_MAX)
        .set_max_variables(1_000)
        .set_max_functions(1_000)
        .set_max_modules(100)
        .set_max_string_size(TEXT_MAX)
        .set_max_array_size(ITEMS_MAX)
        .set_max_map_size(ITEMS_MAX)
        // Places in a script must be those of its text, and a constant condition must fail where it stands.
        .set_optimization_level(OptimizationLevel::None)
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(false);
    vocabulary::register(&mut engine);
    for name in ["rand", "random"] {
        engine.register_fn(name, || -> Result<i64, Box<rhai::EvalAltResult>> {
            Err(Thrown::mistake(
                "a drill draws no random numbers: its world does, from the drill's seed",
            )
            .at(Position::NONE))
        });
    }
    engine
}
