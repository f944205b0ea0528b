//! The file of `--properties`: values to use in place of made-up ones.

use std::collections::BTreeMap;
use std::path::Path;

use quorate_host::TypeInfo;
use quorate_model::types::takes_any_property;
use quorate_model::{Value, nearest};

/// Values by resource type and property.
pub(crate) type Values = BTreeMap<String, BTreeMap<String, Value>>;

const SHAPE: &str = "expected {\"Type\": {\"Property\": value}}, each value a text, a number, true, false or a list of \
                     texts";

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<Values, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    parse(&text).map_err(|why| format!("{}: {why}", path.display()))
}

fn parse(text: &str) -> Result<Values, String> {
    let json: serde_json::Value = serde_json::from_str(text).map_err(|error| {
        format!(
            "line {}, column {}: this is no JSON ({error}); {SHAPE}",
            error.line(),
            error.column()
        )
    })?;
    let types = json.as_object().ok_or_else(|| SHAPE.to_owned())?;
    let mut values = Values::new();
    for (kind, properties) in types {
        let properties = properties
            .as_object()
            .ok_or_else(|| format!("`{kind}`: {SHAPE}"))?;
        for (name, given) in properties {
            let value = value(given)
                .ok_or_else(|| format!("`{kind}`, `{name}`: found {given}, {SHAPE}"))?;
            values
                .entry(kind.clone())
                .or_default()
                .insert(name.clone(), value);
        }
    }
    Ok(values)
}

fn value(given: &serde_json::Value) -> Option<Value> {
    use serde_json::Value as Json;
    match given {
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Bool(flag) => Some(Value::Dword(u32::from(*flag))),
        Json::Number(number) => number
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .map(Value::Dword),
        Json::Array(lines) => {
            let lines: Option<Vec<_>> = lines
                .iter()
                .map(|line| line.as_str().map(str::to_owned))
                .collect();
            lines.map(Value::List)
        }
        Json::Null | Json::Object(_) => None,
    }
}

/// Checks that every type and property exists and takes its value.
pub(crate) fn check(values: &Values, types: &[&TypeInfo]) -> Result<(), String> {
    for (name, properties) in values {
        let Some(kind) = types.iter().find(|kind| kind.name == *name) else {
            let there = hint(name, types.iter().map(|kind| kind.name.as_str()));
            return Err(format!("no library has a type `{name}`{there}"));
        };
        for (property, value) in properties {
            let Some(known) = kind.property(property) else {
                if takes_any_property(name) {
                    continue;
                }
                let there = hint(property, kind.properties.iter().map(|it| it.name.as_str()));
                return Err(format!("type `{name}` has no property `{property}`{there}"));
            };
            known
                .check(value)
                .map_err(|error| format!("type `{name}`: {error}"))?;
        }
    }
    Ok(())
}

/// The name that was probably meant, or else the known names.
pub(super) fn hint<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    if let Some(near) = nearest(given, known.iter().copied()) {
        return format!("; did you mean `{near}`?");
    }
    let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    let names = if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    };
    format!("; those it has: {names}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_every_kind_are_read_and_others_refused() {
        let values =
            parse(r#"{"Web": {"Port": 80, "On": true, "Root": "/", "Names": ["a"]}}"#).unwrap();
        assert_eq!(values["Web"]["Port"], Value::Dword(80));
        assert_eq!(values["Web"]["On"], Value::Dword(1));
        assert_eq!(values["Web"]["Names"], Value::List(vec!["a".to_owned()]));
        for bad in [
            "",
            "7",
            r#"{"Web": 7}"#,
            r#"{"Web": {"Port": -1}}"#,
            r#"{"Web": {"Port": null}}"#,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_the_library_does_not_have_or_take_is_named() {
        let port = json!({
            "name": "Port", "kind": "Dword", "unit": "", "doc": "", "default": "", "min": 1, "max": 65_535,
            "required": false, "at_online": false,
        });
        let web = json!({
            "name": "Web", "doc": "", "looks_alive_ms": 5_000, "is_alive_ms": 60_000, "pending_timeout_ms": 0,
            "quorum_capable": false, "properties": [port],
        });
        let types = [TypeInfo::deserialize(web).unwrap()];
        let check = |text: &str| check(&parse(text).unwrap(), &types.iter().collect::<Vec<_>>());
        assert_eq!(check(r#"{"Web": {"port": 80}}"#), Ok(()));
        let kind = check(r#"{"Wab": {"Port": 80}}"#).unwrap_err();
        assert!(kind.contains("`Wab`") && kind.contains("`Web`"), "{kind}");
        let property = check(r#"{"Web": {"Pert": 80}}"#).unwrap_err();
        assert!(
            property.contains("`Pert`; did you mean `Port`?"),
            "{property}"
        );
        let far = check(r#"{"Web": {"Folder": 80}}"#).unwrap_err();
        assert!(far.contains("those it has: `Port`"), "{far}");
        for (bad, why) in [
            ("0", "must be a number from 1"),
            ("\"x\"", "takes a number from 1"),
        ] {
            let value = check(&format!(r#"{{"Web": {{"Port": {bad}}}}}"#)).unwrap_err();
            assert!(value.contains(why), "{value}");
        }
    }
}
