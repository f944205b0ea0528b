//! The variables that a run gives its drills.

use std::collections::{BTreeMap, BTreeSet};

/// The values that the run was given, and who has asked for which.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    given: BTreeMap<String, String>,
    /// The names that were asked for outside all drills.
    outside: BTreeSet<String>,
    /// The names that the drill that runs has asked for.
    inside: BTreeSet<String>,
    /// All names that were asked for.
    all: BTreeSet<String>,
}

impl Variables {
    pub(crate) fn new(given: BTreeMap<String, String>) -> Variables {
        Variables {
            given,
            ..Variables::default()
        }
    }

    /// A drill begins.
    pub(crate) fn begin(&mut self) {
        self.inside.clear();
    }

    /// Somebody asks for the value of a name.
    pub(crate) fn ask(&mut self, name: &str, in_drill: bool) -> Option<String> {
        self.all.insert(name.to_owned());
        match in_drill {
            true => self.inside.insert(name.to_owned()),
            false => self.outside.insert(name.to_owned()),
        };
        self.given.get(name).cloned()
    }

    /// The values that the drill that runs depends on, by name.
    pub(crate) fn used(&self) -> impl Iterator<Item = (&str, &str)> {
        let given = self.given.iter();
        let used = given.filter(|(name, _)| {
            self.inside.contains(name.as_str()) || self.outside.contains(name.as_str())
        });
        used.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Every name that was asked for.
    pub(crate) fn all(&self) -> &BTreeSet<String> {
        &self.all
    }
}
