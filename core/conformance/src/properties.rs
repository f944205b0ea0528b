//! Made-up values for a type's properties, from their descriptions.

use quorate_host::{PropertyInfo, PropertyKind};
use quorate_model::Value;

/// A value for a property of the resource with this number; `None` if it should not be set, because it has a default or
/// is not required.
///
/// The kind of value is guessed from the property's name, if the stock types have a property of that name. Any other
/// text is a word, and any other number the smallest that will do.
pub(super) fn value(property: &PropertyInfo, number: usize) -> Option<Value> {
    let name = property.name.to_ascii_lowercase();
    let thing = if name.contains("mask") {
        Some("255.255.255.0".to_owned())
    } else if name.contains("address") {
        Some(format!("10.0.0.4{number}"))
    } else if name.contains("network") {
        Some(NETWORK.to_owned())
    } else if name.ends_with("disk") {
        Some(format!("Disk T{number}:"))
    } else {
        None
    };
    match property.kind {
        _ if !property.required && !property.default.is_empty() => None,
        PropertyKind::Text if thing.is_some() => thing.map(Value::Text),
        _ if !property.required => None,
        PropertyKind::Text if name.contains("script") => {
            Some(Value::Text(super::world::SCRIPT.to_owned()))
        }
        PropertyKind::Text if name.contains("path") || name.contains("directory") => {
            Some(Value::Text("\\tester".to_owned()))
        }
        PropertyKind::Text => Some(Value::Text(format!("TESTER-{number}"))),
        PropertyKind::Dword => Some(Value::Dword(least(property))),
        PropertyKind::Bool => Some(Value::Dword(0)),
        PropertyKind::List => Some(Value::List(vec![format!("TESTER-{number}")])),
    }
}

/// The network of the tester's world.
pub(super) const NETWORK: &str = "Public";

/// The smallest number allowed that is not 0, if there is one.
fn least(property: &PropertyInfo) -> u32 {
    let least = property.min.max(1).min(property.max);
    u32::try_from(least).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property(name: &str, kind: PropertyKind, default: &str, required: bool) -> PropertyInfo {
        PropertyInfo {
            name: name.to_owned(),
            kind,
            unit: String::new(),
            doc: String::new(),
            default: default.to_owned(),
            min: 0,
            max: 65_535,
            required,
            at_online: true,
        }
    }

    #[test]
    fn what_must_be_set_is_set_and_what_has_a_default_is_left_alone() {
        let of = |name: &str, kind, default: &str, required| {
            value(&property(name, kind, default, required), 1)
        };
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        assert_eq!(of("Port", PropertyKind::Dword, "80", false), None);
        assert_eq!(
            of("Port", PropertyKind::Dword, "", true),
            Some(Value::Dword(1))
        );
        assert_eq!(
            of("Address", PropertyKind::Text, "", false),
            text("10.0.0.41")
        );
        assert_eq!(
            of("SubnetMask", PropertyKind::Text, "", false),
            text("255.255.255.0")
        );
        assert_eq!(of("Comment", PropertyKind::Text, "", false), None);
        assert_eq!(of("Name", PropertyKind::Text, "", true), text("TESTER-1"));
        let script = of("ScriptFilepath", PropertyKind::Text, "", true);
        assert_eq!(script, text("tester.rhai"));
    }
}
