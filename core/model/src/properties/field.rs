//! The types that a property's field may have, and their form as a value.

use super::{AutoFailback, PropertyDescriptor, RestartAction, Value, descriptor};
use crate::Name;

/// How one property of a `P` is read and written.
pub(super) struct Row<P> {
    pub(super) get: fn(&P) -> Value,
    /// Sets the field to a value that the property's descriptor allows.
    pub(super) set: fn(&mut P, Value),
}

/// The row of the property called `name`, with its descriptor.
pub(super) fn find<P>(
    table: &'static [PropertyDescriptor],
    rows: &'static [Row<P>],
    name: &str,
) -> Option<(&'static PropertyDescriptor, &'static Row<P>)> {
    let wanted = descriptor(table, name)?;
    let mut both = table.iter().zip(rows);
    both.find(|(known, _)| known.name == wanted.name)
}

/// The type of a field that holds a property.
pub(super) trait Field: Sized {
    fn to_value(&self) -> Value;

    /// `None` for a value that the property's descriptor does not allow.
    fn from_value(value: Value) -> Option<Self>;
}

impl Field for u32 {
    fn to_value(&self) -> Value {
        Value::Dword(*self)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Dword(number) => Some(number),
            _ => None,
        }
    }
}

impl Field for bool {
    fn to_value(&self) -> Value {
        Value::Dword(u32::from(*self))
    }

    fn from_value(value: Value) -> Option<Self> {
        u32::from_value(value).map(|number| number == 1)
    }
}

/// An hour of the day; `None` is the original's -1.
impl Field for Option<u8> {
    fn to_value(&self) -> Value {
        Value::Dword(self.map_or(u32::MAX, u32::from))
    }

    fn from_value(value: Value) -> Option<Self> {
        u32::from_value(value).map(|hour| u8::try_from(hour).ok())
    }
}

impl Field for RestartAction {
    fn to_value(&self) -> Value {
        Value::Dword(self.code())
    }

    fn from_value(value: Value) -> Option<Self> {
        match u32::from_value(value)? {
            0 => Some(RestartAction::DontRestart),
            1 => Some(RestartAction::RestartNoNotify),
            2 => Some(RestartAction::RestartNotify),
            _ => None,
        }
    }
}

impl Field for AutoFailback {
    fn to_value(&self) -> Value {
        Value::Dword(self.code())
    }

    fn from_value(value: Value) -> Option<Self> {
        match u32::from_value(value)? {
            0 => Some(AutoFailback::Prevent),
            1 => Some(AutoFailback::Allow),
            _ => None,
        }
    }
}

impl Field for Vec<String> {
    fn to_value(&self) -> Value {
        Value::List(self.clone())
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::List(texts) => Some(texts),
            _ => None,
        }
    }
}

impl Field for Vec<Name> {
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(Name::to_string).collect())
    }

    fn from_value(value: Value) -> Option<Self> {
        let texts = Vec::<String>::from_value(value)?;
        Some(texts.into_iter().map(Name::from).collect())
    }
}
