//! The rules that a cluster is checked against.
//!
//! One rule is one small function over a definition and its facts, so that it holds for a cluster file and at run time
//! alike. [`CATALOGUE`] lists them all, those of the file reader included.

mod addresses;
mod catalogue;
mod exchange;
mod hardware;
mod load;
mod quorum;
mod setup;
mod structure;

use serde::Serialize;

use crate::places::{Anchor, Places};
use crate::source::Source;
use crate::{
    ClusterDefinition, Diagnostic, Facts, GroupDefinition, ResourceDefinition, Severity, types,
};

pub use addresses::{AddressEntry, address_plan};
pub use catalogue::CATALOGUE;

/// A rule.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rule {
    /// Its stable id, such as `dependency-loop`.
    pub id: &'static str,
    /// How much a breach matters.
    pub severity: Severity,
    /// Where it comes from: a section of "Understanding Exchange Server 2003 Clustering", the original's error
    /// code, or `cluster file` for what only a file can get wrong.
    pub section: &'static str,
    /// Why it is a rule, in one sentence.
    pub why: &'static str,
    /// What to do about a breach, in one sentence.
    pub remedy: &'static str,
    /// The check; `None` where the file reader does it.
    #[serde(skip)]
    check: Option<Check>,
}

type Check = fn(&Subject<'_>, &mut Findings<'_>);

/// The rule with this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    CATALOGUE.iter().find(|rule| rule.id == id)
}

/// Checks a definition that came from no file, or was changed at run time: findings have no places. They are
/// in the catalogue's order.
pub fn check(definition: &ClusterDefinition, facts: &Facts) -> Vec<Diagnostic> {
    let places = Places::default();
    run(definition, facts)
        .into_iter()
        .map(|found| found.into_diagnostic(facts, &places, None))
        .collect()
}

/// Checks a definition that came from `source`, with its places.
pub(crate) fn check_at(
    definition: &ClusterDefinition,
    facts: &Facts,
    places: &Places,
    source: &Source<'_>,
) -> Vec<Diagnostic> {
    run(definition, facts)
        .into_iter()
        .map(|found| found.into_diagnostic(facts, places, Some(source)))
        .collect()
}

fn run(definition: &ClusterDefinition, facts: &Facts) -> Vec<Found> {
    let subject = Subject { definition, facts };
    let mut all = Vec::new();
    for rule in CATALOGUE {
        if let Some(check) = rule.check {
            check(
                &subject,
                &mut Findings {
                    rule,
                    all: &mut all,
                },
            );
        }
    }
    all
}

/// What rules look at. The definition may be unsound: a name may refer to nothing.
pub(crate) struct Subject<'a> {
    pub(crate) definition: &'a ClusterDefinition,
    pub(crate) facts: &'a Facts,
}

impl<'a> Subject<'a> {
    /// Every resource, with its group and the indexes of both.
    fn resources(
        &self,
    ) -> impl Iterator<Item = (usize, usize, &'a GroupDefinition, &'a ResourceDefinition)> + use<'a>
    {
        self.definition
            .groups
            .iter()
            .enumerate()
            .flat_map(|(g, group)| {
                group
                    .resources
                    .iter()
                    .enumerate()
                    .map(move |(r, resource)| (g, r, group, resource))
            })
    }

    /// The Exchange virtual servers: groups with a System Attendant.
    fn virtual_servers(&self) -> impl Iterator<Item = (usize, &'a GroupDefinition)> + use<'a> {
        self.definition
            .groups
            .iter()
            .enumerate()
            .filter(|(_, group)| group.has_resource_of(types::SYSTEM_ATTENDANT))
    }
}

/// The findings of one rule.
pub(crate) struct Findings<'f> {
    rule: &'static Rule,
    all: &'f mut Vec<Found>,
}

impl Findings<'_> {
    /// Reports a breach at `anchor`. Its help is the rule's remedy, unless [`Found::help`] gives a better one.
    fn add(&mut self, anchor: Anchor, message: impl Into<String>) -> &mut Found {
        self.all.push(Found {
            rule: self.rule,
            anchor,
            message: message.into(),
            found: None,
            expected: None,
            help: None,
        });
        let last = self.all.len() - 1;
        &mut self.all[last]
    }
}

/// A breach of a rule.
pub(crate) struct Found {
    rule: &'static Rule,
    anchor: Anchor,
    message: String,
    found: Option<String>,
    expected: Option<String>,
    help: Option<String>,
}

impl Found {
    fn found(&mut self, found: impl Into<String>) -> &mut Self {
        self.found = Some(found.into());
        self
    }

    fn expected(&mut self, expected: impl Into<String>) -> &mut Self {
        self.expected = Some(expected.into());
        self
    }

    /// Help that fits better than the rule's remedy, if there is any.
    fn help(&mut self, help: Option<String>) -> &mut Self {
        self.help = help;
        self
    }

    fn into_diagnostic(
        self,
        facts: &Facts,
        places: &Places,
        source: Option<&Source<'_>>,
    ) -> Diagnostic {
        let accepted =
            self.rule.severity < Severity::Error && facts.accepted.contains(self.rule.id);
        let severity = if accepted {
            Severity::Note
        } else {
            self.rule.severity
        };
        let mut diagnostic = Diagnostic::new(self.rule.id, severity, self.message);
        diagnostic.found = self.found;
        diagnostic.expected = self.expected;
        diagnostic.help = Some(self.help.unwrap_or_else(|| self.rule.remedy.to_owned()));
        match source {
            Some(source) => source.place(diagnostic, places.find(&self.anchor)),
            None => diagnostic,
        }
    }
}

#[cfg(test)]
mod advice_tests;
#[cfg(test)]
mod tests;
