//! The engine: all limits set, all clocks and random numbers replaced, the vocabulary registered.

use std::path::Path;
use std::time::Instant;

use rhai::packages::{Package, StandardPackage};
use rhai::{Dynamic, Engine, Module, OptimizationLevel, Shared, Token};

use crate::hashing::seed_hashing;
use crate::modules::Modules;
use crate::session::{INTERRUPTED, Session, TIMED_OUT};
use crate::vocabulary;

/// The most operations of a script; one that takes more is taken to be endless.
const OPERATIONS_MAX: u64 = 500_000_000;
/// How many operations pass between two checks of the real clock.
const CLOCK_EVERY: u64 = 1_024;
/// The deepest nesting of script functions; fits the stack of a script's thread in debug builds.
const CALLS_MAX: usize = 64;
/// The deepest nesting of expressions, at the top and in functions.
const DEPTH_MAX: usize = 64;
/// Items of a list: the engine's size checks make larger ones quadratic to build.
pub(crate) const ITEMS_MAX: usize = 10_000;
/// Entries of a map, and of all maps in a list together: a full list of events fits.
pub(crate) const ENTRIES_MAX: usize = 40 * ITEMS_MAX;
/// Bytes of a text, and of all texts in a list together: a full list of events fits.
pub(crate) const TEXT_MAX: usize = 16 << 20;

/// An engine for one session.
pub(crate) fn engine(session: &Session) -> Engine {
    let mut engine = bare();
    engine.set_default_tag(Dynamic::from(session.clone()));
    vocabulary::verdict::register_expect(&mut engine, session);
    let folder = session.with(|play| play.text().folder.clone());
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".").to_path_buf()
    } else {
        folder
    };
    engine.set_module_resolver(Modules::new(folder));
    let stops = session.stops();
    if session.with(|play| play.options().timeout.is_some()) {
        // The limit on real time ends an endless script, and is set anew for each drill.
        engine.set_max_operations(0);
    }
    engine.on_progress(move |operations| {
        if stops.is_stopped() {
            return Some(INTERRUPTED.into());
        }
        let due = operations % CLOCK_EVERY == 0
            && stops
                .deadline
                .get()
                .is_some_and(|deadline| Instant::now() >= deadline);
        due.then(|| TIMED_OUT.into())
    });
    let told = session.clone();
    engine.on_print(move |text| {
        told.with(|play| {
            // A condition that is evaluated for a later instant prints nothing before that instant.
            if play.is_foreseeing() {
                return;
            }
            play.says();
            let now = play.now();
            play.observer().note(now, text);
        });
    });
    let told = session.clone();
    engine.on_debug(move |text, _, at| {
        told.with(|play| {
            if play.is_foreseeing() {
                return;
            }
            play.says();
            let now = play.now();
            play.observer().note(now, &format!("{at}: {text}"));
        });
    });
    engine
}

/// The parser keeps `var` for a later version of the language, and here it is a word like any other.
fn let_be_a_word(engine: &mut Engine) {
    #[allow(
        deprecated,
        reason = "it is not deprecated, but may change with a version"
    )]
    engine.on_parse_token(|token, _, _| match token {
        Token::Reserved(word) if word.as_str() == "var" => Token::Identifier(word),
        token => token,
    });
}

thread_local! {
    /// What Rhai brings along, for every engine of this thread.
    static STANDARD: Shared<Module> = StandardPackage::new().as_shared_module();
}

/// An engine with the words but without a session, for compiling and looking up.
pub(crate) fn bare() -> Engine {
    seed_hashing();
    let mut engine = Engine::new_raw();
    engine.register_global_module(STANDARD.with(Shared::clone));
    engine
        .set_max_operations(OPERATIONS_MAX)
        .set_max_call_levels(CALLS_MAX)
        .set_max_expr_depths(DEPTH_MAX, DEPTH_MAX)
        .set_max_variables(1_000)
        .set_max_functions(1_000)
        .set_max_modules(100)
        .set_max_string_size(TEXT_MAX)
        .set_max_array_size(ITEMS_MAX)
        .set_max_map_size(ENTRIES_MAX)
        // Places must be those of the script's text, and a constant condition must fail at its place.
        .set_optimization_level(OptimizationLevel::None)
        // `closed` tells copies of a text apart, so copies must not be shared.
        .set_max_strings_interned(0)
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(false);
    let_be_a_word(&mut engine);
    vocabulary::register(&mut engine);
    engine
}
