//! What each property is: its unit, its range, its default, and how a bad value is refused.
//!
//! What each is for, and what it is in the original: docs/semantics.md, 3. A test holds the tables there to
//! [`RESOURCE_PROPERTIES`] and [`GROUP_PROPERTIES`].

use std::fmt;

use thiserror::Error;

use crate::Value;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Nothing: a switch, a choice or a text.
    None,
    /// Milliseconds.
    Milliseconds,
    /// Hours.
    Hours,
    /// An hour of the day in the cluster's local time.
    HourOfDay,
    /// How many.
    Count,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// The unit's sign after a number, with a space before it; empty where there is none.
    pub const fn suffix(self) -> &'static str {
        match self {
            Unit::Milliseconds => " ms",
            Unit::Hours => " h",
            Unit::HourOfDay => " o'clock",
            Unit::Bytes => " bytes",
            Unit::None | Unit::Count => "",
        }
    }
}

/// What values a property takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyKind {
    /// A number from `min` to `max`, or `special`, which has a meaning of its own.
    Dword {
        /// The smallest value.
        min: u32,
        /// The largest value.
        max: u32,
        /// A value outside the range and what it means.
        special: Option<(u32, &'static str)>,
    },
    /// 0 or 1.
    Bool,
    /// One of a few numbers, each with its name.
    Choice(&'static [(u32, &'static str)]),
    /// A text (SZ).
    Text,
    /// A list of texts (MULTI_SZ).
    List,
}

/// One property: its name and all there is to know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyDescriptor {
    /// The original's name.
    pub name: &'static str,
    /// What values it takes.
    pub kind: PropertyKind,
    /// What its number counts.
    pub unit: Unit,
    /// Its value if nobody has set it.
    pub default: Value,
    /// One sentence.
    pub doc: &'static str,
}

impl PropertyDescriptor {
    /// The accepted values, in words: `10 to 4294967294 ms, or 4294967295 (the type's own)`.
    pub fn expected(&self) -> String {
        match self.kind {
            PropertyKind::Dword { min, max, special } => {
                let range = match (min, max) {
                    (0, max) if max >= u32::MAX - 1 => match self.unit.suffix().trim_start() {
                        "" => "a number".to_owned(),
                        unit => format!("a number of {unit}"),
                    },
                    (min, max) if max >= u32::MAX - 1 => {
                        format!("at least {min}{}", self.unit.suffix())
                    }
                    (min, max) => format!("{min} to {max}{}", self.unit.suffix()),
                };
                match special {
                    Some((value, meaning)) => format!("{range}, or {value} ({meaning})"),
                    None => range,
                }
            }
            PropertyKind::Bool => "0 or 1".to_owned(),
            PropertyKind::Choice(choices) => {
                let all: Vec<String> = choices
                    .iter()
                    .map(|(value, name)| format!("{value} ({name})"))
                    .collect();
                all.join(", ")
            }
            PropertyKind::Text => "a text".to_owned(),
            PropertyKind::List => "a list of texts".to_owned(),
        }
    }

    /// Whether the property takes `value`.
    ///
    /// # Errors
    ///
    /// [`PropertyError::WrongType`] or [`PropertyError::OutOfRange`].
    pub fn check(&self, value: &Value) -> Result<(), PropertyError> {
        let wrong_type = || PropertyError::WrongType {
            name: self.name.to_owned(),
            found: value.to_string(),
            expected: match (self.kind, self.expected()) {
                // For a text, the range alone would not say what is wrong.
                (PropertyKind::Dword { .. }, range) if !range.starts_with("a number") => {
                    format!("a number, {range}")
                }
                (_, expected) => expected,
            },
        };
        let number = match (self.kind, value) {
            (PropertyKind::Text, Value::Text(_)) | (PropertyKind::List, Value::List(_)) => {
                return Ok(());
            }
            (PropertyKind::Text | PropertyKind::List, _) => return Err(wrong_type()),
            (_, Value::Dword(number)) => *number,
            _ => return Err(wrong_type()),
        };
        let good = match self.kind {
            PropertyKind::Dword { min, max, special } => {
                (min..=max).contains(&number) || special.is_some_and(|(value, _)| value == number)
            }
            PropertyKind::Bool => number <= 1,
            PropertyKind::Choice(choices) => choices.iter().any(|(value, _)| *value == number),
            PropertyKind::Text | PropertyKind::List => true,
        };
        if good {
            Ok(())
        } else {
            Err(PropertyError::OutOfRange {
                name: self.name.to_owned(),
                found: value.as_found(),
                expected: self.expected(),
            })
        }
    }
}

/// Why a property was not changed. It keeps its value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PropertyError {
    /// No property has this name.
    #[error("there is no property `{name}`{}", did_you_mean(.suggestion))]
    Unknown {
        /// The name given.
        name: String,
        /// The property that was probably meant.
        suggestion: Option<String>,
    },
    /// A number where a text belongs, or the like.
    #[error("`{name}` is {found}, but takes {expected}")]
    WrongType {
        /// The property.
        name: String,
        /// The value given.
        found: String,
        /// What it takes.
        expected: String,
    },
    /// A value that the property does not take.
    #[error("`{name}` is {found}, but must be {expected}")]
    OutOfRange {
        /// The property.
        name: String,
        /// The value given.
        found: String,
        /// What it takes.
        expected: String,
    },
    /// A value that does not fit the value of another property.
    #[error("`{name}` is {found}, but must be {expected}")]
    Conflict {
        /// The property.
        name: String,
        /// The value given.
        found: String,
        /// The values that fit.
        expected: String,
    },
}

impl PropertyError {
    /// The id of the rule that such a value breaks.
    pub const fn rule(&self) -> &'static str {
        match self {
            PropertyError::Unknown { .. } => "unknown-property",
            PropertyError::WrongType { .. } => "wrong-type",
            PropertyError::OutOfRange { .. } => "property-value",
            PropertyError::Conflict { .. } => "property-conflict",
        }
    }
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    suggestion
        .as_ref()
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}

impl Value {
    /// The value as a message shows it. A DWORD with every bit set has (-1) after it, since a written -1 becomes that
    /// number.
    pub fn as_found(&self) -> String {
        match self {
            Value::Dword(u32::MAX) => format!("{} (-1)", u32::MAX),
            value => value.to_string(),
        }
    }
}

impl fmt::Display for Value {
    /// As a cluster file spells it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Dword(number) => write!(f, "{number}"),
            Value::Text(text) => write!(f, "{text:?}"),
            Value::List(texts) => f.debug_list().entries(texts).finish(),
        }
    }
}

/// `PersistentState`, of a group and of a resource. It is in no table, since administrators' orders change it and the
/// database keeps it beside the properties. A resource without one inherits its group's.
pub static PERSISTENT_STATE: PropertyDescriptor = PropertyDescriptor {
    name: "PersistentState",
    kind: PropertyKind::Bool,
    unit: Unit::None,
    default: Value::Dword(1),
    doc: "Whether it is wanted online: when the cluster forms, after a failover, and now.",
};

/// The descriptor in `table` called `name`, without regard to case.
pub fn descriptor(
    table: &'static [PropertyDescriptor],
    name: &str,
) -> Option<&'static PropertyDescriptor> {
    table
        .iter()
        .find(|descriptor| descriptor.name.eq_ignore_ascii_case(name))
}
