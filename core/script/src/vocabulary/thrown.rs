//! The value of `error` in `try … catch (error)`.

use quorate_drill::{Place, Thrown};
use rhai::plugin::*;

use crate::closed::{self, Set};
use crate::place::position;
use crate::session::Session;
use crate::thrown::Fallible;
use crate::vocabulary::control::error_name;

/// Words about errors.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// What an error that was caught says: `try { … } catch (error) { note(error.message); }`.
    /// Example: `try { node("NODE1").evict(); } catch (error) { note(error.message); }`
    #[rhai_fn(get = "message", pure)]
    pub fn message(error: &mut Thrown) -> String {
        error.message.clone()
    }

    /// What kind of error it is: "fail" (something expected was not seen), "unknown" (time ran out), "error" (a mistake, or an
    /// order that was refused) or "internal" (a mistake of the program's).
    /// Example: `try { node("NODE1").evict(); } catch (error) { expect_eq(error.kind, "error"); }`
    #[rhai_fn(get = "kind", pure)]
    pub fn kind(error: &mut Thrown) -> Dynamic {
        let kind = match error.internal {
            true => "internal",
            false => error.verdict.as_str(),
        };
        closed::word(Set::ERROR_KIND, kind)
    }

    /// The number of the error with which the cluster refused an order or answered a control code, as the original has it, such
    /// as 5050; 0 if it was no such error.
    /// Example: `try { node("NODE1").evict(); } catch (error) { expect(error.code != 0); }`
    #[rhai_fn(get = "code", pure)]
    pub fn code(error: &mut Thrown) -> i64 {
        i64::from(error.code)
    }

    /// The original's name of that number, such as "ERROR_CLUSTER_NODE_DOWN"; empty if it has none.
    /// Example: `try { node("NODE1").evict(); } catch (error) { note(error.name); }`
    #[rhai_fn(get = "name", pure)]
    pub fn name(error: &mut Thrown) -> String {
        error_name(error.code).unwrap_or_default().to_owned()
    }

    /// Where it came from: "lost-node.rhai:12:5", or only the file if no line is known.
    /// Example: `try { node("NODE1").evict(); } catch (error) { note(error.place); }`
    #[rhai_fn(get = "place", pure, return_raw)]
    pub fn place(context: NativeCallContext<'_>, error: &mut Thrown) -> Fallible<String> {
        let session = Session::of(&context)?;
        let file = session.with(|play| play.text().file.clone());
        let file = session.words(
            |words| match words.imported.get(&position(error.position)) {
                Some(source) => crate::modules::imported(&file, source),
                None => file,
            },
        );
        let place = Place::in_source(&file, "", error.position);
        Ok(place.to_string())
    }

    /// The line it came from; 0 if none is known.
    /// Example: `try { node("NODE1").evict(); } catch (error) { expect(error.line > 0); }`
    #[rhai_fn(get = "line", pure)]
    pub fn line(error: &mut Thrown) -> i64 {
        let line = error.position.line;
        i64::try_from(line).unwrap_or(i64::MAX)
    }

    /// What the error says.
    #[rhai_fn(global, name = "to_string", pure)]
    pub fn to_string(error: &mut Thrown) -> String {
        error.message.clone()
    }

    /// The same text, for `debug`.
    #[rhai_fn(global, name = "to_debug", pure)]
    pub fn to_debug(error: &mut Thrown) -> String {
        error.message.clone()
    }
}
