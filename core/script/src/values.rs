//! Conversions between Rhai's values and those of this project.

use quorate_drill::{Noun, Span, Thrown};
use quorate_model::{Chance, Name, Value};
use rhai::{Dynamic, NativeCallContext, Position};

use crate::handles::{
    AnswerRef, ClientsRef, DiskRef, EventRef, FaultRef, GroupRef, NetworkRef, NicRef, NodeRef,
    PathRef, QuorumRef, ResourceRef, ServiceRef, SystemDiskRef,
};
use crate::thrown::{Fallible, Raise};

/// A duration given as a text or as a `Duration`.
pub(crate) fn span_arg(context: &NativeCallContext<'_>, value: &Dynamic) -> Fallible<Span> {
    let at = context.call_position();
    if let Some(span) = value.read_lock::<Span>() {
        return Ok(*span);
    }
    match value.as_immutable_string_ref() {
        Ok(text) => text
            .parse()
            .map_err(|error: quorate_drill::SpanError| Thrown::mistake(error.to_string()).at(at)),
        Err(_) => Err(Thrown::mistake(format!(
            "\"{}\" takes a duration, such as \"90s\" or 5.minutes, and {} is none",
            context.fn_name(),
            show(value)
        ))
        .at(at)),
    }
}

/// A probability between 0 and 1.
pub(crate) fn chance_arg(context: &NativeCallContext<'_>, probability: f64) -> Fallible<Chance> {
    Chance::of(probability).ok_or_else(|| {
        let text = format!("a probability lies between 0.0 and 1.0: {probability}");
        Thrown::mistake(text).at(context.call_position())
    })
}

/// A name given as a text or as the object itself.
pub(crate) fn name_arg(context: &NativeCallContext<'_>, value: &Dynamic) -> Fallible<Name> {
    name_of(value).ok_or_else(|| {
        Thrown::mistake(format!(
            "\"{}\" takes a name, and {} is none",
            context.fn_name(),
            show(value)
        ))
        .at(context.call_position())
    })
}

/// The name in a text or handle.
pub(crate) fn name_of(value: &Dynamic) -> Option<Name> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Some(text.as_str().into());
    }
    handle_name(value)
}

/// The name a handle stands for.
fn handle_name(value: &Dynamic) -> Option<Name> {
    handle(value).map(|(_, name)| name)
}

/// What a handle stands for, and its name.
pub(crate) fn handle(value: &Dynamic) -> Option<(Noun, Name)> {
    let node = || Some((Noun::Node, value.read_lock::<NodeRef>()?.name.clone()));
    let group = || Some((Noun::Group, value.read_lock::<GroupRef>()?.name.clone()));
    let resource = || {
        Some((
            Noun::Resource,
            value.read_lock::<ResourceRef>()?.name.clone(),
        ))
    };
    let network = || Some((Noun::Network, value.read_lock::<NetworkRef>()?.name.clone()));
    let disk = || Some((Noun::Disk, value.read_lock::<DiskRef>()?.name.clone()));
    node()
        .or_else(group)
        .or_else(resource)
        .or_else(network)
        .or_else(disk)
}

/// A list of names as a Rhai array.
pub(crate) fn names(names: &[Name]) -> rhai::Array {
    names
        .iter()
        .map(|name| Dynamic::from(name.as_str().to_owned()))
        .collect()
}

/// A name, or the empty text for none.
pub(crate) fn name_or_empty(name: Option<&Name>) -> String {
    name.map_or_else(String::new, |name| name.to_string())
}

/// A property's value for a script.
pub(crate) fn from_value(value: Value) -> Dynamic {
    match value {
        Value::Dword(number) => Dynamic::from(i64::from(number)),
        Value::Text(text) => text.into(),
        Value::List(list) => list
            .into_iter()
            .map(Dynamic::from)
            .collect::<rhai::Array>()
            .into(),
    }
}

/// The value of a property, from a script's value.
pub(crate) fn plain(value: &Dynamic) -> Option<Value> {
    if let Ok(flag) = value.as_bool() {
        return Some(Value::Dword(u32::from(flag)));
    }
    if let Ok(number) = value.as_int() {
        return match number {
            // As in cluster files, -1 is a DWORD with all bits set.
            -1 => Some(Value::Dword(u32::MAX)),
            number => u32::try_from(number).ok().map(Value::Dword),
        };
    }
    if let Ok(list) = value.as_array_ref() {
        let texts = list
            .iter()
            .map(|item| name_of(item).map(|name| name.to_string()));
        return texts.collect::<Option<Vec<_>>>().map(Value::List);
    }
    if value.read_lock::<Span>().is_some() {
        return None;
    }
    name_of(value).map(|text| Value::Text(text.to_string()))
}

/// JSON as a script sees it.
pub(crate) fn from_json(value: &serde_json::Value) -> Dynamic {
    match value {
        serde_json::Value::Null => Dynamic::UNIT,
        serde_json::Value::Bool(flag) => (*flag).into(),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => number.into(),
            None => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        serde_json::Value::String(text) => text.clone().into(),
        serde_json::Value::Array(items) => {
            items.iter().map(from_json).collect::<rhai::Array>().into()
        }
        serde_json::Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.as_str().into(), from_json(value)))
            .collect::<rhai::Map>()
            .into(),
    }
}

/// The kind of a value, in words: "a number", "a text", "a Duration".
pub(crate) fn kind_of(context: &NativeCallContext<'_>, value: &Dynamic) -> String {
    spoken(context.engine().map_type_name(value.type_name()))
}

/// The kind of a type in words, from the engine's name of it.
pub(crate) fn spoken(kind: &str) -> String {
    let word = match kind
        .trim()
        .trim_start_matches("&mut ")
        .trim_start_matches('&')
    {
        "i64" | "int" => "a whole number",
        "f64" | "float" => "a number with a point",
        "bool" => "true or false",
        "string" | "str" | "ImmutableString" | "String" => "a text",
        "char" => "a character",
        "array" => "a list",
        "map" => "a map",
        "()" => "nothing",
        "Fn" => "a function",
        other => {
            // The path of a Rust type tells users nothing.
            let name = other.rsplit("::").next().unwrap_or(other);
            return format!("{} {name}", article(name));
        }
    };
    word.to_owned()
}

/// "a" or "an", by how a word begins.
pub(crate) fn article(word: &str) -> &'static str {
    match word.starts_with(['A', 'E', 'I', 'O', 'a', 'e', 'i', 'o']) {
        true => "an",
        false => "a",
    }
}

/// A value as a report shows it: texts in quotes, lists and maps spelled out.
pub(crate) fn show(value: &Dynamic) -> String {
    spelled(value, &Span::to_string)
}

/// The same with all digits of durations, as a failure shows what it found.
pub(crate) fn show_exactly(value: &Dynamic) -> String {
    spelled(value, &Span::exact)
}

fn spelled(value: &Dynamic, span: &dyn Fn(&Span) -> String) -> String {
    if let Ok(text) = value.as_immutable_string_ref() {
        return format!("{:?}", text.as_str());
    }
    if let Ok(list) = value.as_array_ref() {
        let items: Vec<_> = list.iter().map(|item| spelled(item, span)).collect();
        return format!("[{}]", items.join(", "));
    }
    if let Ok(map) = value.as_map_ref() {
        let fields: Vec<_> = map
            .iter()
            .map(|(key, value)| format!("{key}: {}", spelled(value, span)))
            .collect();
        return format!("#{{{}}}", fields.join(", "));
    }
    if let Some(duration) = value.read_lock::<Span>() {
        return span(&duration);
    }
    if let Some(name) = handle_name(value) {
        return name.to_string();
    }
    if let Some(text) = object(value) {
        return text;
    }
    if value.is_unit() {
        return "()".to_owned();
    }
    if value.is_fnptr() {
        // The names of anonymous functions differ from build to build and tell users nothing.
        return "a function".to_owned();
    }
    value.to_string()
}

/// The bytes of a control code's answer, for people: as text where they are text.
pub(crate) fn bytes_shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => format!("{text:?}"),
        _ => {
            let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("[{}]", hex.join(" "))
        }
    }
}

/// The text form of an object that is more than a name.
fn object(value: &Dynamic) -> Option<String> {
    None.or_else(|| {
        value
            .read_lock::<AnswerRef>()
            .map(|it| bytes_shown(&it.bytes))
    })
    .or_else(|| value.read_lock::<FaultRef>().map(|it| it.what.clone()))
    .or_else(|| {
        value
            .read_lock::<EventRef>()
            .map(|it| quorate_drill::describe_line(&it.line))
    })
    .or_else(|| {
        value
            .read_lock::<NicRef>()
            .map(|it| format!("{}'s card in {}", it.node, it.network))
    })
    .or_else(|| {
        value
            .read_lock::<SystemDiskRef>()
            .map(|it| format!("{}'s system disk", it.node))
    })
    .or_else(|| {
        value
            .read_lock::<PathRef>()
            .map(|it| format!("{}'s path to {}", it.node, it.disk))
    })
    .or_else(|| {
        value
            .read_lock::<ServiceRef>()
            .map(|it| format!("the processes of {}", it.name))
    })
    .or_else(|| {
        value
            .read_lock::<ClientsRef>()
            .map(|it| format!("the clients of {}", it.group))
    })
    .or_else(|| {
        let quorum = value.read_lock::<QuorumRef>()?;
        let held = if quorum.status.has_quorum {
            "held"
        } else {
            "not held"
        };
        Some(format!("{} quorum, {held}", quorum.status.kind))
    })
}

/// Whether two values are equal as for `==`. A duration may equal a text, and lists are compared item by item.
pub(crate) fn equal(left: &Dynamic, right: &Dynamic) -> bool {
    if let (Ok(left), Ok(right)) = (left.as_int(), right.as_int()) {
        return left == right;
    }
    if let (Some(left), Some(right)) = (number(left), number(right)) {
        return left == right;
    }
    if let (Ok(left), Ok(right)) = (left.as_bool(), right.as_bool()) {
        return left == right;
    }
    if let (Ok(left), Ok(right)) = (left.as_array_ref(), right.as_array_ref()) {
        return left.len() == right.len()
            && left.iter().zip(right.iter()).all(|(l, r)| equal(l, r));
    }
    if let (Ok(left), Ok(right)) = (left.as_map_ref(), right.as_map_ref()) {
        return left.len() == right.len()
            && left
                .iter()
                .all(|(key, l)| right.get(key).is_some_and(|r| equal(l, r)));
    }
    if let Some((left, right)) = spans(left, right) {
        return left == right;
    }
    if let (Some(left), Some(right)) = (name_of(left), name_of(right)) {
        return left == right;
    }
    if let (Some(left), Some(right)) = (left.read_lock::<EventRef>(), right.read_lock::<EventRef>())
    {
        return *left == *right;
    }
    if let (Ok(left), Ok(right)) = (left.as_char(), right.as_char()) {
        return left == right;
    }
    left.is_unit() && right.is_unit()
}

/// Both as durations, if at least one is a `Duration`.
fn spans(left: &Dynamic, right: &Dynamic) -> Option<(Span, Span)> {
    let read = |value: &Dynamic| value.read_lock::<Span>().map(|span| *span);
    let parse = |value: &Dynamic| value.as_immutable_string_ref().ok()?.parse().ok();
    match (read(left), read(right)) {
        (Some(left), Some(right)) => Some((left, right)),
        (Some(left), None) => Some((left, parse(right)?)),
        (None, Some(right)) => Some((parse(left)?, right)),
        (None, None) => None,
    }
}

pub(crate) fn number(value: &Dynamic) -> Option<f64> {
    value
        .as_float()
        .ok()
        .or_else(|| value.as_int().ok().map(|number| number as f64))
}

/// A whole number that counts something.
pub(crate) fn count_arg(number: i64, what: &str, at: Position) -> Fallible<u32> {
    u32::try_from(number).map_err(|_| {
        Thrown::mistake(format!("{what} lies between 0 and 4294967295: {number}")).at(at)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn equality_reaches_into_lists_and_durations() {
        let span = Dynamic::from(Span(Duration::from_secs(90)));
        assert!(equal(&span, &"1m30s".into()));
        assert!(!equal(&span, &"2m".into()));
        let list = |items: [i64; 2]| Dynamic::from(items.map(Dynamic::from).to_vec());
        assert!(equal(&list([1, 2]), &list([1, 2])));
        assert!(!equal(&list([1, 2]), &list([2, 1])));
        assert!(!equal(&list([1, 2]), &vec![Dynamic::from(1_i64)].into()));
        assert!(!equal(&vec![Dynamic::from(1_i64)].into(), &list([1, 2])));
        assert!(equal(&1_i64.into(), &1.0_f64.into()));
        assert!(!equal(&"1".into(), &1_i64.into()));
        assert!(equal(&Dynamic::UNIT, &Dynamic::UNIT));
    }

    #[test]
    fn values_are_shown_as_scripts_write_them() {
        assert_eq!(show(&"a\"b".into()), r#""a\"b""#);
        assert_eq!(
            show(&Dynamic::from(Span(Duration::from_millis(1_500)))),
            "1.5s"
        );
        let span = Dynamic::from(vec![Dynamic::from(Span(Duration::from_micros(1_500_001)))]);
        assert_eq!(show(&span), "[1.5s]");
        assert_eq!(show_exactly(&span), "[1.500001s]");
        assert_eq!(
            show(&vec![Dynamic::from(1_i64), Dynamic::UNIT].into()),
            "[1, ()]"
        );
    }
}
