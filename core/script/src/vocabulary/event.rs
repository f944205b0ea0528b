//! Events of the journal.

use quorate_drill::kinds as journal;
use quorate_drill::{Noun, Span, Thrown, suggestion};
use quorate_model::nearest;
use rhai::plugin::*;
use rhai::{Array, Engine};

use crate::closed::{self, Set};
use crate::events::{self, SPAN};
use crate::handles::EventRef;
use crate::thrown::{Fallible, Raise};
use crate::values::from_json;

/// Makes the fields of events readable: `event.subject`, `event["subject"]`.
pub(super) fn register(engine: &mut Engine) {
    engine.register_indexer_get(
        |context: NativeCallContext<'_>, event: &mut EventRef, field: &str| {
            read(event, field, context.call_position())
        },
    );
}

/// The value of a field; `()` if the event does not have it.
fn read(event: &EventRef, field: &str, at: Position) -> Fallible<Dynamic> {
    if field == SPAN {
        return Ok(Dynamic::from(events::time_of(&event.line)));
    }
    if let Some(value) = event.line.get(field) {
        return Ok(spelt(event, field, value));
    }
    if journal::has_field(field) {
        return Ok(Dynamic::UNIT);
    }
    let kind = event.line.get("kind").and_then(|kind| kind.as_str());
    let own = kind.and_then(journal::kind);
    let own = own.map_or_else(Vec::new, |kind| {
        kind.fields.iter().map(|it| it.name).collect()
    });
    let near = nearest(field, own.iter().copied())
        .or_else(|| nearest(field, journal::field_names()))
        .map(|near| format!("did you mean \"{near}\"?"));
    let near = near.or_else(|| suggestion(field, own));
    let near = near.map_or_else(String::new, |near| format!(": {near}"));
    Err(Thrown::mistake(format!(
        "no event has a field \"{field}\"{near}; :doc events lists them all"
    ))
    .at(at))
}

/// A value for scripts, marked as part of its closed set if it has one.
fn spelt(event: &EventRef, field: &str, value: &serde_json::Value) -> Dynamic {
    let kind = event.line.get("kind").and_then(|kind| kind.as_str());
    let set = match field {
        "kind" => Some(Set::EVENT_KIND),
        "node" => Some(Set::Names(Noun::Node)),
        _ => kind
            .and_then(journal::kind)
            .and_then(|kind| kind.field(field))
            .and_then(events::set_of),
    };
    match (set, value) {
        (Some(set), serde_json::Value::String(text)) => closed::word(set, text.clone()),
        (Some(set), serde_json::Value::Array(items)) => items
            .iter()
            .map(|item| match item.as_str() {
                Some(text) => closed::word(set, text),
                None => from_json(item),
            })
            .collect::<Array>()
            .into(),
        (_, value) => from_json(value),
    }
}

/// Words about events.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// When it happened, since the cluster was switched on. The other fields of an event are those of its kind:
    /// `:doc events`.
    /// Example: `let up = events(#{ kind: "node-state", to: "Up" })[0]; expect(up.time < 5.minutes);`
    #[rhai_fn(get = "time", pure)]
    pub fn time(event: &mut EventRef) -> Span {
        events::time_of(&event.line)
    }

    /// The names of the fields that the event has something to say in.
    /// Example: `expect(events()[0].keys().contains("kind"))`
    #[rhai_fn(name = "keys", pure)]
    pub fn keys(event: &mut EventRef) -> Array {
        event.line.keys().cloned().map(Dynamic::from).collect()
    }

    /// Whether the event has something to say in this field: `"reason" in event`.
    /// Example: `let first = events()[0]; expect(first.contains("kind") && "kind" in first);`
    #[rhai_fn(name = "contains", pure, return_raw)]
    pub fn contains(
        context: NativeCallContext<'_>,
        event: &mut EventRef,
        field: &str,
    ) -> Fallible<bool> {
        let value = read(event, field, context.call_position())?;
        Ok(!value.is_unit())
    }

    /// The event on one line, as a text.
    #[rhai_fn(global, name = "to_string", pure)]
    pub fn to_string(event: &mut EventRef) -> String {
        quorate_drill::describe_line(&event.line)
    }

    /// The same text, for `debug`.
    #[rhai_fn(global, name = "to_debug", pure)]
    pub fn to_debug(event: &mut EventRef) -> String {
        quorate_drill::describe_line(&event.line)
    }

    /// Whether both are the same event.
    #[rhai_fn(name = "==")]
    pub fn eq(left: EventRef, right: EventRef) -> bool {
        left == right
    }
}
