//! Expectations.

use quorate_drill::wait::OVER_NOTHING;
use quorate_drill::{Play, RemarkKind, Thrown, Verdict};
use rhai::plugin::*;
use rhai::{Engine, EvalAltResult, Expr, FnPtr};

use crate::place::start_of;
use crate::session::Session;
use crate::thrown::{Fallible, Raise};
use crate::values::{equal, show_exactly, spoken};

/// Comparisons of which a failed `expect` shows both sides.
const COMPARISONS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

/// Words about what is expected.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// Fails the drill if the condition is false. If it is a comparison, both values are shown.
    /// Example: `node("NODE3").crash(); recovers("EVS3", 5.minutes); expect(outage("EVS3") < 3.minutes);`
    #[rhai_fn(return_raw)]
    pub fn expect(context: NativeCallContext<'_>, condition: bool) -> Fallible<()> {
        plain(&context, condition, None)
    }

    /// Fails the drill with a message of one's own if the condition is false.
    /// Example: `expect(group("EVS3").is_online, "mail is to flow before anything breaks")`
    #[rhai_fn(name = "expect", return_raw)]
    pub fn expect_saying(
        context: NativeCallContext<'_>,
        condition: bool,
        message: &str,
    ) -> Fallible<()> {
        plain(&context, condition, Some(message))
    }

    /// Fails the drill if the first value is not equal to the second. Lists are compared item by item, durations
    /// with their texts.
    /// Example: `expect_eq(group("EVS3").owner, "NODE3")`
    #[rhai_fn(return_raw)]
    pub fn expect_eq(
        context: NativeCallContext<'_>,
        actual: Dynamic,
        wanted: Dynamic,
    ) -> Fallible<()> {
        let session = Session::of(&context)?;
        session.expects(context.call_position());
        let seen = session.take_seen_from(context.call_position());
        crate::closed::comparable(&context, &actual, &wanted)?;
        if equal(&actual, &wanted) {
            return Ok(());
        }
        let at = context.call_position();
        Err(session
            .failed(at, "the value is not the one expected")
            .values(show_exactly(&actual), show_exactly(&wanted))
            .seen(seen)
            .at(at))
    }

    /// Fails the drill unless the function ends with an error whose message contains the text.
    /// Example: `node("NODE4").crash(); run("2m"); expect_error(|| group("EVS3").move_to("NODE4"), "down");`
    #[rhai_fn(return_raw)]
    pub fn expect_error(context: NativeCallContext<'_>, action: FnPtr, text: &str) -> Fallible<()> {
        refused(&context, &action, text)
    }
}

fn plain(context: &NativeCallContext<'_>, condition: bool, message: Option<&str>) -> Fallible<()> {
    let session = Session::of(context)?;
    session.expects(context.call_position());
    let seen = session.take_seen_from(context.call_position());
    if condition {
        return Ok(());
    }
    let at = context.call_position();
    let message = message.unwrap_or("this was expected to be true");
    Err(session.failed(at, message).seen(seen).at(at))
}

fn refused(context: &NativeCallContext<'_>, action: &FnPtr, text: &str) -> Fallible<()> {
    let at = context.call_position();
    Session::of(context)?.expects(at);
    if text.trim().is_empty() {
        let text =
            "expect_error takes a part of the message: any error at all contains an empty text";
        return Err(Thrown::mistake(text).at(at));
    }
    match action.call_within_context::<Dynamic>(context, ()) {
        Ok(_) => {
            let text = format!("an error with \"{text}\" was expected, and none came");
            Err(Session::of(context)?.failed(at, text).at(at))
        }
        Err(error) => {
            let said = match error.unwrap_inner() {
                // The run is being stopped; a script must not catch that.
                EvalAltResult::ErrorTerminated(..) => None,
                EvalAltResult::ErrorRuntime(token, _) => match token.read_lock::<Thrown>() {
                    // Nor must it catch this: the world is broken.
                    Some(thrown) if thrown.internal => None,
                    // An unmet expectation inside is not the expected refusal.
                    Some(thrown) if thrown.verdict != Verdict::Error => None,
                    // A misspelled name is not the expected refusal, unless the message says so.
                    Some(thrown) if thrown.unknown_name && !text.contains("has no ") => None,
                    Some(thrown) => Some(thrown.message.clone()),
                    None => Some(token.to_string()),
                },
                // The engine's own errors are mistakes of the script, such as an unknown word.
                _ => None,
            };
            let Some(said) = said else { return Err(error) };
            if said.contains(text) {
                return Ok(());
            }
            Err(Session::of(context)?
                .failed(at, "the error is not the one expected")
                .values(
                    format!("{said:?}"),
                    format!("an error that contains {text:?}"),
                )
                .at(at))
        }
    }
}

/// Lets `expect` see its expression, so that a failed comparison can show both sides.
pub(crate) fn register_expect(engine: &mut Engine, session: &Session) {
    let session = session.clone();
    engine.register_custom_syntax_with_state_raw(
        "expect",
        |symbols, look_ahead, _| {
            Ok(match symbols.last().map(|last| last.as_str()) {
                Some("expect") => Some("(".into()),
                Some("(") | Some(",") => Some("$expr$".into()),
                Some(")") | None => None,
                // After an expression: a message may follow the condition, but nothing may follow the message.
                Some(_) if look_ahead == "," && !symbols.iter().any(|it| it == ",") => {
                    Some(",".into())
                }
                Some(_) => Some(")".into()),
            })
        },
        false,
        move |context, inputs, _| {
            let Some(condition) = inputs.first() else {
                return Err(Thrown::internal("expect without a condition").at(Position::NONE));
            };
            let at = start_of(condition);
            session.expects(at);
            session.with(Play::begin_expectation);
            let holds = context.eval_expression_tree(condition)?;
            let holds = holds.as_bool().map_err(|kind| {
                Thrown::mistake(format!(
                    "expect takes true or false, and this is {}",
                    spoken(kind)
                ))
                .at(at)
            })?;
            let seen = session.take_seen();
            if holds {
                if condition.is_constant() {
                    let text = "this condition is the same whatever happens";
                    session.remark(RemarkKind::ReadNothing, at, text);
                }
                session.with(|play| {
                    if let Some(at) = play.take_over_nothing() {
                        play.remark(RemarkKind::OverNothing, at, OVER_NOTHING);
                    }
                });
                return Ok(Dynamic::UNIT);
            }
            let message = match inputs.get(1) {
                Some(message) => {
                    let message = context.eval_expression_tree(message)?;
                    message.to_string()
                }
                None => "this was expected to be true".to_owned(),
            };
            let mut thrown = session.failed(at, message).seen(seen);
            if let Expr::FnCall(call, _) = &**condition
                && COMPARISONS.contains(&call.name.as_str())
                && let [left, right] = &call.args[..]
            {
                // No time has passed since the condition was evaluated, so both sides still have the same values.
                let left = context.eval_expression_tree(&left.into())?;
                let right = context.eval_expression_tree(&right.into())?;
                let operator = if call.name == "==" {
                    ""
                } else {
                    call.name.as_str()
                };
                let wanted = format!("{operator} {}", show_exactly(&right));
                thrown = thrown.values(show_exactly(&left), wanted.trim_start());
            }
            session.take_seen();
            Err(thrown.at(at))
        },
    );
}
