//! Reading and changing common properties by the original's names, which compare without regard to case.

use crate::{suggest, types};

use super::field::find;
use super::rows::{CLUSTER_FIELDS, GROUP_FIELDS, RESOURCE_FIELDS};
use super::{
    AutoFailback, CLUSTER_PROPERTIES, ClusterProperties, GROUP_PROPERTIES, GroupProperties,
    PropertyError, RESOURCE_PROPERTIES, ResourceProperties, RestartAction, Value, descriptor,
};

/// What a resource has beside its properties and is read by name like them.
const BESIDE: [&str; 2] = ["PersistentState", "PossibleOwners"];

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
        match find(RESOURCE_PROPERTIES, RESOURCE_FIELDS, name) {
            Some((_, row)) => Some((row.get)(self)),
            None => self
                .private_key(name)
                .and_then(|key| self.private.get(&key).cloned()),
        }
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
            // The message must be about the property that is being set.
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

    /// As [`Self::set`], for a resource of the type `kind`. The private properties of the shipped types are known,
    /// and are checked.
    ///
    /// # Errors
    ///
    /// As [`Self::set`], and for a private property that the type does not have, or a value it does not take.
    pub fn set_of(&mut self, kind: &str, name: &str, value: Value) -> Result<(), PropertyError> {
        let Some(private) = types::private_properties(kind) else {
            return self.set(name, value);
        };
        let mut known = RESOURCE_PROPERTIES.iter().chain(private);
        match known.find(|known| known.name.eq_ignore_ascii_case(name)) {
            Some(known) => {
                known.check(&value)?;
                self.set(known.name, value)
            }
            None if types::takes_any_property(kind) => self.set(name, value),
            None => {
                let known = RESOURCE_PROPERTIES.iter().chain(private);
                let names = known.map(|known| known.name).chain(BESIDE);
                Err(PropertyError::Unknown {
                    name: name.to_owned(),
                    suggestion: suggest::nearest(name, names).map(str::to_owned),
                })
            }
        }
    }

    /// As [`Self::set`], but looks at this one property alone.
    pub(crate) fn assign(&mut self, name: &str, value: Value) -> Result<(), PropertyError> {
        let Some((common, row)) = find(RESOURCE_PROPERTIES, RESOURCE_FIELDS, name) else {
            let key = self.private_key(name).unwrap_or_else(|| name.to_owned());
            self.private.insert(key, value);
            return Ok(());
        };
        common.check(&value)?;
        (row.set)(self, value);
        Ok(())
    }

    /// Whether the properties fit together (docs/semantics.md, 3.1).
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

    /// The key of a private property, whatever case `name` has.
    fn private_key(&self, name: &str) -> Option<String> {
        self.private
            .keys()
            .find(|key| key.eq_ignore_ascii_case(name))
            .cloned()
    }
}

impl ClusterProperties {
    /// The value of the property `name`, or `None` if a cluster has no such property.
    pub fn get(&self, name: &str) -> Option<Value> {
        let (_, row) = find(CLUSTER_PROPERTIES, CLUSTER_FIELDS, name)?;
        Some((row.get)(self))
    }

    /// Sets the property `name`.
    ///
    /// # Errors
    ///
    /// No such property, a wrong type, or a value out of range. Nothing is changed then.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), PropertyError> {
        let Some((property, row)) = find(CLUSTER_PROPERTIES, CLUSTER_FIELDS, name) else {
            let known = CLUSTER_PROPERTIES.iter().map(|known| known.name);
            return Err(PropertyError::Unknown {
                name: name.to_owned(),
                suggestion: suggest::nearest(name, known).map(str::to_owned),
            });
        };
        property.check(&value)?;
        (row.set)(self, value);
        Ok(())
    }

    /// Gives the property `name` its default again.
    ///
    /// # Errors
    ///
    /// No such property.
    pub fn reset(&mut self, name: &str) -> Result<(), PropertyError> {
        let default = descriptor(CLUSTER_PROPERTIES, name).map(|property| property.default.clone());
        self.set(name, default.unwrap_or(Value::Dword(0)))
    }
}

impl GroupProperties {
    /// The value of the property `name`, or `None` if a group has no such property.
    pub fn get(&self, name: &str) -> Option<Value> {
        let (_, row) = find(GROUP_PROPERTIES, GROUP_FIELDS, name)?;
        Some((row.get)(self))
    }

    /// Sets the property `name`.
    ///
    /// The two ends of the failback window belong together: as long as one of them is missing, or 0xFFFFFFFF (the
    /// original's -1), there is no window.
    ///
    /// # Errors
    ///
    /// No such property, a wrong type, or a value out of range. Nothing is changed then. Whether preferred
    /// owners are nodes of the cluster is for the caller to see.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), PropertyError> {
        let Some((property, row)) = find(GROUP_PROPERTIES, GROUP_FIELDS, name) else {
            return Err(PropertyError::Unknown {
                name: name.to_owned(),
                suggestion: suggest::nearest(
                    name,
                    GROUP_PROPERTIES
                        .iter()
                        .map(|known| known.name)
                        .chain(["PersistentState"]),
                )
                .map(str::to_owned),
            });
        };
        property.check(&value)?;
        (row.set)(self, value);
        Ok(())
    }

    /// Gives the property `name` its default again. Without one of its ends there is no failback window.
    ///
    /// # Errors
    ///
    /// No such property.
    pub fn reset(&mut self, name: &str) -> Result<(), PropertyError> {
        let default = descriptor(GROUP_PROPERTIES, name).map(|property| property.default.clone());
        self.set(name, default.unwrap_or(Value::Dword(0)))
    }

    /// The hours in which the group may go back: from the first to before the second. `None` where one end or both are
    /// missing: both are needed (docs/semantics.md, 3.2).
    pub fn failback_window(&self) -> Option<(u8, u8)> {
        Some((self.failback_window_start?, self.failback_window_end?))
    }

    /// The end of the failback window that is set and the one that is missing, if only one is set.
    pub fn half_failback_window(&self) -> Option<(&'static str, &'static str)> {
        const ENDS: (&str, &str) = ("FailbackWindowStart", "FailbackWindowEnd");
        match (self.failback_window_start, self.failback_window_end) {
            (Some(_), None) => Some(ENDS),
            (None, Some(_)) => Some((ENDS.1, ENDS.0)),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    /// Whether the group may fail back at `hour` (0 to 23) of the cluster's local time. Without a window it always
    /// may. A window opens at its start and closes before its end; if the end is smaller, it is on the next day
    /// (docs/semantics.md, 3.5). Two equal ends leave the whole day open.
    pub fn failback_open_at(&self, hour: u8) -> bool {
        match self.failback_window() {
            None => true,
            Some((start, end)) if start < end => (start..end).contains(&hour),
            Some((start, end)) if start > end => hour >= start || hour < end,
            Some(_) => true,
        }
    }
}
