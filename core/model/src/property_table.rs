//! The common properties by the original's names: what each one is, and reading and changing them by name.
//!
//! Names compare without regard to case, as in the original. SEMANTICS 3.1 and 3.2 hold the defaults and the
//! ranges; [`RESOURCE_PROPERTIES`] and [`GROUP_PROPERTIES`] say them again for programs.

use std::fmt;

use thiserror::Error;

use crate::{AutoFailback, GroupProperties, ResourceProperties, RestartAction, Value, suggest};

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
}

impl Unit {
    /// The unit's sign after a number, with a space before it; empty where there is none.
    pub const fn suffix(self) -> &'static str {
        match self {
            Unit::Milliseconds => " ms",
            Unit::Hours => " h",
            Unit::HourOfDay => " o'clock",
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
    /// Its value where nobody set it.
    pub default: Value,
    /// One sentence.
    pub doc: &'static str,
}

impl PropertyDescriptor {
    /// What values are accepted, in words: `10 to 4294967294 ms, or 4294967295 (the type's own)`.
    pub fn expected(&self) -> String {
        match self.kind {
            PropertyKind::Dword { min, max, special } => {
                let range = match (min, max) {
                    (0, u32::MAX) => "a number".to_owned(),
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
            expected: self.expected(),
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
                found: value.to_string(),
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
    /// A value that does not go with that of another property.
    #[error("`{name}` is {found}, but must be {expected}")]
    Conflict {
        /// The property.
        name: String,
        /// The value given.
        found: String,
        /// What goes with the other property.
        expected: String,
    },
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    suggestion
        .as_ref()
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
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

const NONE: u32 = u32::MAX;
const fn dword(min: u32, max: u32) -> PropertyKind {
    PropertyKind::Dword {
        min,
        max,
        special: None,
    }
}
const fn dword_or(min: u32, max: u32, meaning: &'static str) -> PropertyKind {
    PropertyKind::Dword {
        min,
        max,
        special: Some((NONE, meaning)),
    }
}

/// The common properties of a resource.
pub static RESOURCE_PROPERTIES: &[PropertyDescriptor] = &[
    PropertyDescriptor {
        name: "LooksAlivePollInterval",
        kind: dword_or(10, NONE - 1, "the type's own"),
        unit: Unit::Milliseconds,
        default: Value::Dword(NONE),
        doc: "How often LooksAlive is asked; the stock types ask every 5000 ms.",
    },
    PropertyDescriptor {
        name: "IsAlivePollInterval",
        kind: dword_or(10, NONE - 1, "the type's own"),
        unit: Unit::Milliseconds,
        default: Value::Dword(NONE),
        doc: "How often IsAlive is asked; the stock types ask every 60000 ms. It cannot be switched off.",
    },
    PropertyDescriptor {
        name: "RestartAction",
        kind: PropertyKind::Choice(&[
            (0, "do not restart"),
            (1, "restart, do not affect the group"),
            (2, "restart, affect the group"),
        ]),
        unit: Unit::None,
        default: Value::Dword(2),
        doc: "What happens when the resource fails.",
    },
    PropertyDescriptor {
        name: "RestartThreshold",
        kind: dword(0, NONE),
        unit: Unit::Count,
        default: Value::Dword(3),
        doc: "How many restarts inside RestartPeriod are made before the failure affects the group.",
    },
    PropertyDescriptor {
        name: "RestartPeriod",
        kind: dword(0, NONE),
        unit: Unit::Milliseconds,
        default: Value::Dword(900_000),
        doc: "The period that RestartThreshold counts in.",
    },
    PropertyDescriptor {
        name: "RetryPeriodOnFailure",
        kind: dword_or(0, NONE - 1, "never"),
        unit: Unit::Milliseconds,
        default: Value::Dword(NONE),
        doc: "How long a resource that was given up stays Failed before it is tried again; at least RestartPeriod.",
    },
    PropertyDescriptor {
        name: "PendingTimeout",
        kind: dword(10, NONE),
        unit: Unit::Milliseconds,
        default: Value::Dword(180_000),
        doc: "The longest gap between progress reports of a pending Online or Offline.",
    },
    PropertyDescriptor {
        name: "SeparateMonitor",
        kind: PropertyKind::Bool,
        unit: Unit::None,
        default: Value::Dword(0),
        doc: "Whether the resource has a resource monitor process of its own; taken up at the next Online.",
    },
];

/// The properties of a group.
pub static GROUP_PROPERTIES: &[PropertyDescriptor] = &[
    PropertyDescriptor {
        name: "FailoverThreshold",
        kind: dword(0, NONE),
        unit: Unit::Count,
        default: Value::Dword(10),
        doc: "How many failovers inside FailoverPeriod are made before the group stays Failed.",
    },
    PropertyDescriptor {
        name: "FailoverPeriod",
        kind: dword(0, 1_193),
        unit: Unit::Hours,
        default: Value::Dword(6),
        doc: "The period that FailoverThreshold counts in.",
    },
    PropertyDescriptor {
        name: "AutoFailbackType",
        kind: PropertyKind::Choice(&[(0, "stay"), (1, "go back to a preferred owner")]),
        unit: Unit::None,
        default: Value::Dword(0),
        doc: "Whether the group goes back to a preferred owner that comes up.",
    },
    PropertyDescriptor {
        name: "FailbackWindowStart",
        kind: dword_or(0, 23, "none: at once"),
        unit: Unit::HourOfDay,
        default: Value::Dword(NONE),
        doc: "From which hour on the group may go back. Goes with FailbackWindowEnd.",
    },
    PropertyDescriptor {
        name: "FailbackWindowEnd",
        kind: dword_or(0, 23, "none: at once"),
        unit: Unit::HourOfDay,
        default: Value::Dword(NONE),
        doc: "Until which hour the group may go back; before FailbackWindowStart it is the next day's.",
    },
    PropertyDescriptor {
        name: "AntiAffinityClassNames",
        kind: PropertyKind::List,
        unit: Unit::None,
        default: Value::List(Vec::new()),
        doc: "The group keeps away from groups that share one of these, while it can.",
    },
    PropertyDescriptor {
        name: "ExclusiveClassNames",
        kind: PropertyKind::List,
        unit: Unit::None,
        default: Value::List(Vec::new()),
        doc: "A node hosts at most one group of each of these classes: it is refused to a second one.",
    },
    PropertyDescriptor {
        name: "PreferredOwners",
        kind: PropertyKind::List,
        unit: Unit::None,
        default: Value::List(Vec::new()),
        doc: "The nodes that should own the group, best first.",
    },
];

/// The descriptor in `table` called `name`, without regard to case.
pub fn descriptor(
    table: &'static [PropertyDescriptor],
    name: &str,
) -> Option<&'static PropertyDescriptor> {
    table
        .iter()
        .find(|descriptor| descriptor.name.eq_ignore_ascii_case(name))
}

impl RestartAction {
    /// The original's number.
    pub const fn code(self) -> u32 {
        match self {
            RestartAction::DontRestart => 0,
            RestartAction::RestartNoNotify => 1,
            RestartAction::RestartNotify => 2,
        }
    }
}

impl AutoFailback {
    /// The original's number.
    pub const fn code(self) -> u32 {
        match self {
            AutoFailback::Prevent => 0,
            AutoFailback::Allow => 1,
        }
    }
}

impl ResourceProperties {
    /// The value of the common or private property `name`; `None` if it is neither common nor set.
    pub fn get(&self, name: &str) -> Option<Value> {
        let Some(common) = descriptor(RESOURCE_PROPERTIES, name) else {
            return self
                .private_key(name)
                .and_then(|key| self.private.get(&key).cloned());
        };
        let number = match common.name {
            "LooksAlivePollInterval" => self.looks_alive_poll_interval,
            "IsAlivePollInterval" => self.is_alive_poll_interval,
            "RestartAction" => self.restart_action.code(),
            "RestartThreshold" => self.restart_threshold,
            "RestartPeriod" => self.restart_period,
            "RetryPeriodOnFailure" => self.retry_period_on_failure,
            "PendingTimeout" => self.pending_timeout,
            _ => u32::from(self.separate_monitor),
        };
        Some(Value::Dword(number))
    }

    /// Sets the property `name`. A name that no common property has is private: it is kept as it is, and only
    /// the resource's type can say whether it makes sense.
    ///
    /// # Errors
    ///
    /// A common property of the wrong type, out of its range, or one that would leave `RetryPeriodOnFailure`
    /// below `RestartPeriod`. Nothing is changed then.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), PropertyError> {
        let mut changed = self.clone();
        changed.assign(name, value.clone())?;
        changed.consistent().map_err(|conflict| match conflict {
            // Say it about the property that is being set.
            PropertyError::Conflict { .. } if name.eq_ignore_ascii_case("RestartPeriod") => {
                PropertyError::Conflict {
                    name: "RestartPeriod".to_owned(),
                    found: value.to_string(),
                    expected: format!(
                        "at most RetryPeriodOnFailure, which is {} ms",
                        changed.retry_period_on_failure
                    ),
                }
            }
            other => other,
        })?;
        *self = changed;
        Ok(())
    }

    /// As [`Self::set`], but looks at this one property alone.
    pub(crate) fn assign(&mut self, name: &str, value: Value) -> Result<(), PropertyError> {
        let Some(common) = descriptor(RESOURCE_PROPERTIES, name) else {
            let key = self.private_key(name).unwrap_or_else(|| name.to_owned());
            self.private.insert(key, value);
            return Ok(());
        };
        common.check(&value)?;
        let Value::Dword(number) = value else {
            return Ok(());
        };
        match common.name {
            "LooksAlivePollInterval" => self.looks_alive_poll_interval = number,
            "IsAlivePollInterval" => self.is_alive_poll_interval = number,
            "RestartAction" => {
                self.restart_action = match number {
                    0 => RestartAction::DontRestart,
                    1 => RestartAction::RestartNoNotify,
                    _ => RestartAction::RestartNotify,
                };
            }
            "RestartThreshold" => self.restart_threshold = number,
            "RestartPeriod" => self.restart_period = number,
            "RetryPeriodOnFailure" => self.retry_period_on_failure = number,
            "PendingTimeout" => self.pending_timeout = number,
            _ => self.separate_monitor = number == 1,
        }
        Ok(())
    }

    /// Whether the properties go with each other (SEMANTICS 3.1).
    pub(crate) fn consistent(&self) -> Result<(), PropertyError> {
        if self.retry_period_on_failure < self.restart_period {
            return Err(PropertyError::Conflict {
                name: "RetryPeriodOnFailure".to_owned(),
                found: self.retry_period_on_failure.to_string(),
                expected: format!(
                    "at least RestartPeriod, which is {} ms",
                    self.restart_period
                ),
            });
        }
        Ok(())
    }

    /// Gives a common property its default again, and takes a private one away. Resetting what is not set is no
    /// error.
    ///
    /// # Errors
    ///
    /// As [`Self::set`]: a default can conflict with another property too.
    pub fn reset(&mut self, name: &str) -> Result<(), PropertyError> {
        match descriptor(RESOURCE_PROPERTIES, name) {
            Some(common) => self.set(common.name, common.default.clone()),
            None => {
                if let Some(key) = self.private_key(name) {
                    self.private.remove(&key);
                }
                Ok(())
            }
        }
    }

    /// The key under which a private property is kept, whatever case it was asked for in.
    fn private_key(&self, name: &str) -> Option<String> {
        self.private
            .keys()
            .find(|key| key.eq_ignore_ascii_case(name))
            .cloned()
    }
}

impl GroupProperties {
    /// The value of the property `name`, or `None` if a group has no such property.
    pub fn get(&self, name: &str) -> Option<Value> {
        let hour = |pick: fn((u8, u8)) -> u8| {
            Value::Dword(
                self.failback_window
                    .map_or(NONE, |window| u32::from(pick(window))),
            )
        };
        Some(match descriptor(GROUP_PROPERTIES, name)?.name {
            "FailoverThreshold" => Value::Dword(self.failover_threshold),
            "FailoverPeriod" => Value::Dword(self.failover_period),
            "AutoFailbackType" => Value::Dword(self.auto_failback_type.code()),
            "FailbackWindowStart" => hour(|window| window.0),
            "FailbackWindowEnd" => hour(|window| window.1),
            "AntiAffinityClassNames" => Value::List(self.anti_affinity_class_names.clone()),
            "ExclusiveClassNames" => Value::List(self.exclusive_class_names.clone()),
            _ => Value::List(
                self.preferred_owners
                    .iter()
                    .map(|name| name.to_string())
                    .collect(),
            ),
        })
    }

    /// Sets the property `name`.
    ///
    /// The two ends of the failback window belong together. Setting one where there is no window opens the hour
    /// that begins or ends there, until the other is set; setting either to 0xFFFFFFFF (the original's -1)
    /// takes the window away.
    ///
    /// # Errors
    ///
    /// No such property, a wrong type, or a value out of range. Nothing is changed then. Whether preferred
    /// owners are nodes of the cluster is for the caller to see.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), PropertyError> {
        let Some(property) = descriptor(GROUP_PROPERTIES, name) else {
            return Err(PropertyError::Unknown {
                name: name.to_owned(),
                suggestion: suggest::nearest(name, GROUP_PROPERTIES.iter().map(|known| known.name))
                    .map(str::to_owned),
            });
        };
        property.check(&value)?;
        match (property.name, value) {
            ("FailoverThreshold", Value::Dword(number)) => self.failover_threshold = number,
            ("FailoverPeriod", Value::Dword(number)) => self.failover_period = number,
            ("AutoFailbackType", Value::Dword(number)) => {
                self.auto_failback_type = if number == 0 {
                    AutoFailback::Prevent
                } else {
                    AutoFailback::Allow
                };
            }
            ("FailbackWindowStart", Value::Dword(hour)) => {
                self.failback_window = u8::try_from(hour).ok().map(|start| {
                    (
                        start,
                        self.failback_window
                            .map_or((start + 1) % 24, |window| window.1),
                    )
                });
            }
            ("FailbackWindowEnd", Value::Dword(hour)) => {
                self.failback_window = u8::try_from(hour).ok().map(|end| {
                    (
                        self.failback_window
                            .map_or((end + 23) % 24, |window| window.0),
                        end,
                    )
                });
            }
            ("AntiAffinityClassNames", Value::List(names)) => {
                self.anti_affinity_class_names = names
            }
            ("ExclusiveClassNames", Value::List(names)) => self.exclusive_class_names = names,
            (_, Value::List(names)) => {
                self.preferred_owners = names.into_iter().map(Into::into).collect();
            }
            // `check` has let through what the arms above take.
            _ => {}
        }
        Ok(())
    }

    /// Gives the property `name` its default again. Resetting one end of the failback window takes it away.
    ///
    /// # Errors
    ///
    /// No such property.
    pub fn reset(&mut self, name: &str) -> Result<(), PropertyError> {
        let default = descriptor(GROUP_PROPERTIES, name).map(|property| property.default.clone());
        self.set(name, default.unwrap_or(Value::Dword(0)))
    }

    /// Whether the failback window is open at `hour` (0 to 23) of the cluster's local time. There is no
    /// window at all: always. The window begins with its start and ends before its end, on the next day
    /// if the end comes first (SEMANTICS 3.5); two equal ends leave the whole day open.
    pub fn failback_open_at(&self, hour: u8) -> bool {
        match self.failback_window {
            None => true,
            Some((start, end)) if start < end => (start..end).contains(&hour),
            Some((start, end)) if start > end => hour >= start || hour < end,
            Some(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any value that `kind` takes.
    fn good(kind: PropertyKind) -> BoxedStrategy<Value> {
        match kind {
            PropertyKind::Dword { min, max, special } => {
                let range = (min..=max).prop_map(Value::Dword);
                match special {
                    Some((value, _)) => prop_oneof![range, Just(Value::Dword(value))].boxed(),
                    None => range.boxed(),
                }
            }
            PropertyKind::Bool => (0..=1_u32).prop_map(Value::Dword).boxed(),
            PropertyKind::Choice(choices) => prop::sample::select(choices)
                .prop_map(|(value, _)| Value::Dword(value))
                .boxed(),
            PropertyKind::Text => any::<String>().prop_map(Value::Text).boxed(),
            PropertyKind::List => prop::collection::vec("[A-Z]{1,8}", 0..4)
                .prop_map(Value::List)
                .boxed(),
        }
    }

    fn property_and_value(
        table: &'static [PropertyDescriptor],
    ) -> impl Strategy<Value = (&'static str, Value)> {
        prop::sample::select(table)
            .prop_flat_map(|property| (Just(property.name), good(property.kind)))
    }

    #[test]
    fn the_tables_defaults_are_the_types_defaults() {
        for property in RESOURCE_PROPERTIES {
            assert_eq!(
                ResourceProperties::default().get(property.name).as_ref(),
                Some(&property.default),
                "{}",
                property.name
            );
            property.check(&property.default).unwrap();
        }
        for property in GROUP_PROPERTIES {
            assert_eq!(
                GroupProperties::default().get(property.name).as_ref(),
                Some(&property.default),
                "{}",
                property.name
            );
            property.check(&property.default).unwrap();
        }
    }

    proptest! {
        #[test]
        fn a_resource_keeps_what_it_is_given((name, value) in property_and_value(RESOURCE_PROPERTIES)) {
            // Nothing conflicts with a restart period of 0.
            let before = ResourceProperties { restart_period: 0, ..ResourceProperties::default() };
            let mut changed = before.clone();
            changed.set(&name.to_uppercase(), value.clone()).unwrap();
            prop_assert_eq!(changed.get(name), Some(value));
            changed.reset(name).unwrap();
            changed.set("RestartPeriod", Value::Dword(0)).unwrap();
            prop_assert_eq!(changed, before);
        }

        #[test]
        fn a_group_keeps_what_it_is_given((name, value) in property_and_value(GROUP_PROPERTIES)) {
            let mut changed = GroupProperties::default();
            changed.set(&name.to_lowercase(), value.clone()).unwrap();
            prop_assert_eq!(changed.get(name), Some(value));
            changed.reset(name).unwrap();
            prop_assert_eq!(changed, GroupProperties::default());
        }

        #[test]
        fn private_properties_are_kept_as_they_are(name in "X[A-Za-z]{0,12}", text in any::<String>()) {
            let mut properties = ResourceProperties::default();
            properties.set(&name, Value::Text(text.clone())).unwrap();
            properties.set(&name.to_uppercase(), Value::Text(text.clone())).unwrap();
            prop_assert_eq!(properties.private.len(), 1);
            prop_assert_eq!(properties.get(&name), Some(Value::Text(text)));
            properties.reset(&name.to_lowercase()).unwrap();
            prop_assert_eq!(properties, ResourceProperties::default());
        }
    }

    #[test]
    fn bad_values_change_nothing_and_say_what_was_expected() {
        let mut resource = ResourceProperties::default();
        for (name, value, text) in [
            (
                "IsAlivePollInterval",
                Value::Dword(0),
                "`IsAlivePollInterval` is 0, but must be at least 10 ms, or 4294967295 (the type's own)",
            ),
            (
                "PendingTimeout",
                Value::Dword(9),
                "`PendingTimeout` is 9, but must be at least 10 ms",
            ),
            (
                "restartthreshold",
                Value::Text("3".into()),
                "`RestartThreshold` is \"3\", but takes a number",
            ),
            (
                "RestartAction",
                Value::Dword(3),
                "`RestartAction` is 3, but must be 0 (do not restart), 1 (restart, do not affect the group), \
                 2 (restart, affect the group)",
            ),
            (
                "RetryPeriodOnFailure",
                Value::Dword(899_999),
                "`RetryPeriodOnFailure` is 899999, but must be at least RestartPeriod, which is 900000 ms",
            ),
        ] {
            assert_eq!(resource.set(name, value).unwrap_err().to_string(), text);
            assert_eq!(resource, ResourceProperties::default());
        }
        resource
            .set("RetryPeriodOnFailure", Value::Dword(900_000))
            .unwrap();
        assert_eq!(
            resource
                .set("RestartPeriod", Value::Dword(900_001))
                .unwrap_err()
                .to_string(),
            "`RestartPeriod` is 900001, but must be at most RetryPeriodOnFailure, which is 900000 ms"
        );

        let mut group = GroupProperties::default();
        for (name, value, text) in [
            (
                "FailoverPeriod",
                Value::Dword(1_194),
                "`FailoverPeriod` is 1194, but must be 0 to 1193 h",
            ),
            (
                "FailbackWindowStart",
                Value::Dword(24),
                "`FailbackWindowStart` is 24, but must be 0 to 23 o'clock, or 4294967295 (none: at once)",
            ),
            (
                "FailoverTreshold",
                Value::Dword(1),
                "there is no property `FailoverTreshold`; did you mean `FailoverThreshold`?",
            ),
            (
                "PreferredOwners",
                Value::Dword(1),
                "`PreferredOwners` is 1, but takes a list of texts",
            ),
        ] {
            assert_eq!(group.set(name, value).unwrap_err().to_string(), text);
            assert_eq!(group, GroupProperties::default());
        }
    }

    #[test]
    fn the_failback_window_wraps_midnight() {
        let mut group = GroupProperties::default();
        assert!((0..24).all(|hour| group.failback_open_at(hour)));
        group.set("FailbackWindowStart", Value::Dword(22)).unwrap();
        assert_eq!(group.failback_window, Some((22, 23)));
        group.set("FailbackWindowEnd", Value::Dword(4)).unwrap();
        let open: Vec<u8> = (0..24)
            .filter(|&hour| group.failback_open_at(hour))
            .collect();
        assert_eq!(open, [0, 1, 2, 3, 22, 23]);
        group
            .set("FailbackWindowEnd", Value::Dword(u32::MAX))
            .unwrap();
        assert_eq!(group.failback_window, None);
    }
}
