//! The errors of the world.

use quorate_model::{Lasting, Name, Reason};
use quorate_node::DiskError;
use thiserror::Error;

/// A request to the world that makes no sense or was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WorldError {
    /// Nothing of this kind has this name.
    #[error("there is no {kind} called {name:?}{}", did_you_mean(suggestions))]
    Unknown {
        /// `node`, `group`, `resource`, `network`, `disk` or `request`.
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// The nearest names, best first; at most three.
        suggestions: Vec<Name>,
    },
    /// The node has no card in the network.
    #[error("{node} has no card in network {network}")]
    NoCard {
        /// The node.
        node: Name,
        /// The network.
        network: Name,
    },
    /// The machine is not in the state that the request needs.
    #[error("{node} {problem}")]
    Machine {
        /// The node.
        node: Name,
        /// The problem, as the rest of a sentence.
        problem: &'static str,
    },
    /// No process of the resource runs anywhere, so it can neither crash nor hang.
    #[error("no service of {resource} is running on any node")]
    NoProcess {
        /// The resource.
        resource: Name,
    },
    /// No file of that name is on the disk.
    #[error("there is no file {file:?} on {disk}{}", did_you_mean(suggestions))]
    NoFile {
        /// The disk, or the machine whose system disk it is.
        disk: Name,
        /// What was asked for.
        file: String,
        /// The nearest names, or the first few.
        suggestions: Vec<Name>,
    },
    /// No node has access to the disk's files.
    #[error("{disk} is mounted on no node, or broken: nobody can change its files")]
    NotMounted {
        /// The disk.
        disk: Name,
    },
    /// A disk has refused a write.
    #[error("{file:?} was not written on {disk}: {why}")]
    NotWritten {
        /// The disk.
        disk: Name,
        /// The file.
        file: String,
        /// Why.
        why: DiskError,
    },
    /// A fault that never existed or is healed already.
    #[error("there is no active fault number {0}")]
    NoFault(u64),
    /// A fault that would change nothing.
    #[error("{why}: this fault would do nothing")]
    Nothing {
        /// Why, without a full stop.
        why: String,
    },
    /// A value outside its range.
    #[error("{what} must be {wanted}, not {found}")]
    Range {
        /// The value's name.
        what: &'static str,
        /// The allowed values.
        wanted: &'static str,
        /// The given value.
        found: String,
    },
    /// A resource whose type starts no process.
    #[error(
        "{resource} is of the type {kind}, which has no process of its own: nothing of it starts, crashes or hangs"
    )]
    HasNoProcess {
        /// The resource.
        resource: Name,
        /// Its type.
        kind: Name,
    },
    /// No node runs the cluster service, so that nobody can be asked.
    #[error("no node runs the cluster service: there is nobody to ask")]
    NobodyToAsk,
    /// The cluster refused.
    #[error("{} (error {})", .0.text, .0.code)]
    Refused(Reason),
    /// The node that was asked stopped before its answer: the request may or may not have been carried out.
    #[error("{node} stopped before it answered: the request may or may not have taken effect")]
    Lost {
        /// Who was asked.
        node: Name,
    },
    /// No answer came within this time.
    #[error("no answer within {} of virtual time", Lasting(*.0))]
    NoAnswer(std::time::Duration),
}

fn did_you_mean(suggestions: &[Name]) -> String {
    match suggestions {
        [] => String::new(),
        [one] => format!("; did you mean {:?}?", one.as_str()),
        several => {
            let quoted: Vec<String> = several
                .iter()
                .map(|name| format!("{:?}", name.as_str()))
                .collect();
            format!("; did you mean one of {}?", quoted.join(", "))
        }
    }
}

/// The names most like `wanted`, best first; at most three.
pub(crate) fn similar<'a>(wanted: &str, names: impl Iterator<Item = &'a Name>) -> Vec<Name> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<(f64, &Name)> = names
        .map(|name| (strsim::jaro_winkler(&wanted, &name.to_lowercase()), name))
        .filter(|(score, _)| *score >= 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored
        .into_iter()
        .take(3)
        .map(|(_, name)| name.clone())
        .collect()
}

/// The error for an unknown name, with the nearest known names.
pub(crate) fn unknown<'a>(
    kind: &'static str,
    name: &str,
    names: impl Iterator<Item = &'a Name>,
) -> WorldError {
    WorldError::Unknown {
        kind,
        name: name.to_owned(),
        suggestions: similar(name, names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_suggests_what_looks_like_it() {
        let names: Vec<Name> = ["NODE1", "NODE2", "EVS1"].map(Name::from).into();
        let error = unknown("node", "NODE3", names.iter());
        assert_eq!(
            error.to_string(),
            "there is no node called \"NODE3\"; did you mean one of \"NODE1\", \"NODE2\"?"
        );
        assert!(
            !unknown("node", "zzz", names.iter())
                .to_string()
                .contains("mean")
        );
    }
}
