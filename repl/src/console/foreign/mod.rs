//! Administrators' words: the commands of `cluster.exe` and of PowerShell run and show the drill line that does the same;
//! those of Pacemaker are answered with ours.

mod cluster_exe;
mod complete;
mod line;
mod pacemaker;
mod powershell;
mod table;
#[cfg(test)]
mod tests;

use quorate_drill::stage::PropertyStatus;
use quorate_script::Console;

pub(super) use complete::complete;
use table::Here;

/// What a line in somebody else's words comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// This input does the same.
    Run(String),
    /// This input would do the same; nothing is to be done.
    Shown(String),
    /// What it is called here, in a sentence.
    Hint(String),
    /// What is wrong with it, in a sentence.
    Refused(String),
}

/// What a line is about, as far as it needs to be known.
pub(super) trait Subjects {
    /// The name of the cluster that is open.
    fn cluster(&self) -> Option<String>;
    /// Whether its quorum is a Majority Node Set.
    fn has_majority(&self) -> bool;
    /// The group of a resource of this name.
    fn group_of(&self, resource: &str) -> Option<String>;
    /// Whether there is a group of this name.
    fn is_group(&self, name: &str) -> bool;
    /// The property of a resource or group; of the cluster where no name is given.
    fn property(&self, of: &str, property: &str) -> Option<PropertyStatus>;
}

impl Subjects for Console {
    fn cluster(&self) -> Option<String> {
        Some(self.status()?.cluster.to_string())
    }

    fn has_majority(&self) -> bool {
        let status = self.status();
        status.is_some_and(|it| it.quorum.kind == quorate_model::QuorumKind::MajorityNodeSet)
    }

    fn group_of(&self, resource: &str) -> Option<String> {
        let groups = self.status()?.groups;
        let mut resources = groups.iter().flat_map(|(_, resources)| resources);
        let found = resources.find(|it| quorate_model::same_name(&it.name, resource));
        Some(found?.group.to_string())
    }

    fn is_group(&self, name: &str) -> bool {
        let (_, groups) = self.subjects();
        groups
            .iter()
            .any(|group| quorate_model::same_name(group, name))
    }

    fn property(&self, of: &str, property: &str) -> Option<PropertyStatus> {
        let all = self.properties(of).ok()?;
        all.into_iter()
            .find(|it| it.name.eq_ignore_ascii_case(property))
    }
}

/// Whether a line is in somebody else's words: it is one line, and never goes on.
pub(super) fn is_foreign(line: &str) -> bool {
    let line = line.trim();
    !line.contains('\n')
        && (cluster_exe::is_one(line) || powershell::is_one(line) || pacemaker::is_one(line))
}

/// What a line in somebody else's words comes to; `None` if it is in ours.
pub(super) fn hear(line: &str, subjects: &dyn Subjects) -> Option<Heard> {
    let line = line.trim();
    if !is_foreign(line) {
        return None;
    }
    let heard = if cluster_exe::is_one(line) {
        cluster_exe::hear(line, subjects).map(Heard::Run)
    } else if pacemaker::is_one(line) {
        Ok(pacemaker::hear(line, subjects))
    } else {
        powershell::hear(line, subjects)
    };
    Some(heard.unwrap_or_else(Heard::Refused))
}

/// A sentence about a word that there is not, with what may have been meant.
fn unknown<'a>(
    what: &str,
    typed: &str,
    known: impl Iterator<Item = &'a str>,
    ours: &str,
) -> String {
    let near = quorate_model::nearest(typed, known);
    let near = near.map_or_else(String::new, |near| format!(": did you mean {near}?"));
    format!(
        "{what} {typed}{near}{}{ours}",
        if near.is_empty() { ": " } else { " " }
    )
}

/// How a word is refused that the original has and we do not.
fn not_here(word: &str, instead: &str) -> String {
    format!("{word} is not offered here: {instead}")
}

/// The words of a table that run here.
fn ours(here: &Here) -> Option<&'static str> {
    match here {
        Here::Line(line) | Here::Made(line, _) => Some(line),
        Here::Not(_) => None,
    }
}
