//! The engine of policy scripts: small, without access to anything outside.

use rhai::module_resolvers::DummyModuleResolver;
use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Engine, EvalAltResult, OptimizationLevel, Position, exported_module};

use super::words::{Decision, words};
use crate::hashing::seed_hashing;

/// The most operations of one call.
pub(crate) const OPERATIONS_MAX: u64 = 100_000;
/// The deepest nesting of script functions.
pub(crate) const CALLS_MAX: usize = 16;
/// The deepest nesting of expressions.
const DEPTH_MAX: usize = 32;
/// The most items of a list or entries of a map.
pub(crate) const ITEMS_MAX: usize = 1_000;
/// Bytes of a text.
pub(crate) const TEXT_MAX: usize = 16 << 10;

/// An engine for one policy script.
pub(crate) fn engine() -> Engine {
    seed_hashing();
    let mut engine = Engine::new_raw();
    // The standard packages without clock, sleep, blobs and bits.
    for package in [
        ArithmeticPackage::new().as_shared_module(),
        LogicPackage::new().as_shared_module(),
        BasicStringPackage::new().as_shared_module(),
        MoreStringPackage::new().as_shared_module(),
        BasicIteratorPackage::new().as_shared_module(),
        BasicFnPackage::new().as_shared_module(),
        BasicMathPackage::new().as_shared_module(),
        BasicArrayPackage::new().as_shared_module(),
        BasicMapPackage::new().as_shared_module(),
    ] {
        engine.register_global_module(package);
    }
    engine
        .set_max_operations(OPERATIONS_MAX)
        .set_max_call_levels(CALLS_MAX)
        .set_max_expr_depths(DEPTH_MAX, DEPTH_MAX)
        .set_max_variables(200)
        .set_max_functions(100)
        .set_max_modules(0)
        .set_max_string_size(TEXT_MAX)
        .set_max_array_size(ITEMS_MAX)
        .set_max_map_size(ITEMS_MAX)
        .set_optimization_level(OptimizationLevel::None)
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(true)
        .set_module_resolver(DummyModuleResolver::new())
        .disable_symbol("eval")
        .disable_symbol("import")
        .on_print(|_| {})
        .on_debug(|_, _, _| {})
        .register_type_with_name::<Decision>("Decision");
    let mut module = exported_module!(words);
    module.set_id("policy");
    engine.register_global_module(module.into());
    engine
}

/// An error of the engine in one sentence with its place; without a place, the line in which the function begins.
pub(crate) fn explain(error: &EvalAltResult, begins: impl FnOnce() -> Option<usize>) -> String {
    let mut at = error;
    let mut place = Position::NONE;
    loop {
        let position = at.position();
        if !position.is_none() {
            place = position;
        }
        match at {
            EvalAltResult::ErrorInFunctionCall(_, _, inner, _)
            | EvalAltResult::ErrorInModule(_, inner, _) => at = inner,
            _ => break,
        }
    }
    let what = match at {
        EvalAltResult::ErrorTooManyOperations(_) => {
            format!("it ran past its limit of {OPERATIONS_MAX} operations")
        }
        EvalAltResult::ErrorStackOverflow(_) => {
            format!("it ran past its limit of {CALLS_MAX} calls inside each other")
        }
        other => {
            let mut bare = other.to_string();
            if let Some(cut) = bare.rfind(" (line ") {
                bare.truncate(cut);
            }
            bare
        }
    };
    match (place.line(), place.position()) {
        (Some(line), Some(column)) => format!("{what} (line {line}, column {column})"),
        (Some(line), None) => format!("{what} (line {line})"),
        _ => match begins() {
            Some(line) => format!("{what} (in the function at line {line})"),
            None => what,
        },
    }
}
