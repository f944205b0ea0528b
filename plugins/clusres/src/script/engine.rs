//! The engine of resource scripts: all limits set, and no files, clocks or random numbers except the host's.

use rhai::packages::{Package, StandardPackage};
use rhai::plugin::*;
use rhai::{Engine, OptimizationLevel};

use super::{handles, words};

/// The most operations of one call, which should return within 300 ms.
const OPERATIONS_MAX: u64 = 1_000_000;
/// The deepest nesting of script functions: a script may be called from deep inside a drill.
const CALLS_MAX: usize = 16;
/// The deepest nesting of expressions, at the top and in functions.
const DEPTH_MAX: usize = 32;
/// The most items of a list or entries of a map.
const ITEMS_MAX: usize = 1_000;
/// Bytes of a text.
const TEXT_MAX: usize = 1 << 16;

/// The seed of Rhai's hashing, so that two processes number functions alike.
const HASHING_SEED: [u64; 4] = [0x51, 0x75, 0x6f, 0x72];

/// The message for a script that tries to wait.
const NO_WAIT: &str = "nothing here waits: return pending(\"2s\") to be called again";

/// Functions of the language that resource scripts cannot use, and what to write instead.
pub fn refused() -> impl Iterator<Item = (&'static str, &'static str)> {
    let refused = REFUSED.iter().map(|(name, _, instead)| (*name, *instead));
    refused.chain([("sleep", NO_WAIT)])
}

/// The refused functions, except those that wait, with their numbers of arguments.
const REFUSED: [(&str, usize, &str); 4] = [
    (
        "timestamp",
        0,
        "time is the host's: now() gives the node's clock",
    ),
    (
        "rand",
        0,
        "numbers are the host's: random(100) gives one below 100",
    ),
    (
        "rand",
        1,
        "numbers are the host's: random(100) gives one below 100",
    ),
    (
        "rand",
        2,
        "numbers are the host's: random(100) gives one below 100",
    ),
];

/// An engine with the words of resource scripts: for running and checking them, and for looking words up.
pub fn engine() -> Engine {
    // The only error is that a seed is set already, which is the same one.
    let _ = rhai::config::hashing::set_hashing_seed(Some(HASHING_SEED));
    let mut engine = Engine::new_raw();
    engine.register_global_module(StandardPackage::new().as_shared_module());
    engine
        .set_max_operations(OPERATIONS_MAX)
        .set_max_call_levels(CALLS_MAX)
        .set_max_expr_depths(DEPTH_MAX, DEPTH_MAX)
        .set_max_variables(200)
        .set_max_functions(200)
        .set_max_modules(0)
        .set_max_string_size(TEXT_MAX)
        .set_max_array_size(ITEMS_MAX)
        .set_max_map_size(ITEMS_MAX)
        // Places must be those of the script's text.
        .set_optimization_level(OptimizationLevel::None)
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(false)
        .disable_symbol("eval")
        .disable_symbol("import");
    handles::name_types(&mut engine);
    engine.register_global_module(rhai::exported_module!(words::words).into());
    for (name, args, instead) in REFUSED {
        let refuse = move || -> Result<Dynamic, Box<EvalAltResult>> { Err(instead.into()) };
        match args {
            0 => engine.register_fn(name, refuse),
            1 => engine.register_fn(name, move |_: Dynamic| refuse()),
            _ => engine.register_fn(name, move |_: Dynamic, _: Dynamic| refuse()),
        };
    }
    // Declared like the language's own functions, since a function that takes any type would come after those.
    let wait = || -> Result<(), Box<EvalAltResult>> { Err(NO_WAIT.into()) };
    engine.register_fn("sleep", move |_: i64| wait());
    engine.register_fn("sleep", move |_: f64| wait());
    engine
}
