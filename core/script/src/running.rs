//! A cluster that really runs: which words have no place there, and why.

use std::collections::BTreeMap;

use crate::lexicon::{Lexicon, Word};
use crate::outline::WAITS;

/// Why a word has no place on a cluster that really runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It breaks something, or has to do with what can be broken.
    Breaks,
    /// It lets time pass, or goes by virtual time.
    Time,
    /// It tells what only a rehearsal can know.
    Truth,
    /// It belongs to drills.
    Drill,
    /// It reads the journal.
    Journal,
}

/// Words that go by virtual time, besides those that let it pass.
const TIME: [&str; 9] = [
    "always",
    "never",
    "steady",
    "sometimes",
    "now",
    "clock",
    "between",
    "weekday",
    "timestamp",
];
/// Words of drills, and of the worlds that they happen in.
const DRILL: [&str; 8] = [
    "drill",
    "cluster",
    "random",
    "shuffle",
    "seed",
    "disturbed",
    "expect_unnoticed",
    "clients",
];
/// Words that break or repair, and give nothing.
const BREAKS: [&str; 10] = [
    "heal",
    "repair",
    "load",
    "wipe",
    "thaw",
    "resume_monitor",
    "lose_script",
    "part",
    "end",
    "heal_partitions",
];
/// Parts of the world, and not of the cluster.
const WORLD: [&str; 10] = [
    "Nic",
    "Path",
    "SystemDisk",
    "Service",
    "Network",
    "Dns",
    "Disk",
    "Witness",
    "Clients",
    "Fault",
];

/// The words that are refused, each with the reason.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refusals(BTreeMap<String, Why>);

impl Refusals {
    /// Those of a lexicon. A word that means several things is refused where it means nothing else.
    pub(crate) fn of(lexicon: &Lexicon) -> Refusals {
        let mut all: BTreeMap<&str, Vec<Option<Why>>> = BTreeMap::new();
        for word in lexicon.ours() {
            all.entry(&word.name).or_default().push(why(word));
        }
        let refused = all.into_iter().filter_map(|(name, reasons)| {
            let every: Option<Vec<Why>> = reasons.into_iter().collect();
            Some((name.to_owned(), *every?.first()?))
        });
        Refusals(refused.collect())
    }

    /// Why a word is refused, in a sentence; `None` if it is not.
    pub(crate) fn sentence(&self, word: &str) -> Option<String> {
        let why = self.0.get(word)?;
        Some(match why {
            Why::Breaks => format!(
                "\"{word}\" is for rehearsals: this is a cluster that really runs, and nothing of it is broken from here. \
                 quorate repl CLUSTER.ron rehearses it"
            ),
            Why::Time => format!(
                "\"{word}\" goes by virtual time, which a cluster that really runs has not: its time passes by itself. \
                 :watch shows what happens"
            ),
            Why::Truth => format!(
                "\"{word}\" is what only a rehearsal can know: of a cluster that really runs there is what its node \
                 believes, such as state and owner"
            ),
            Why::Drill => format!(
                "\"{word}\" is for drills, which have clusters of their own: quorate repl CLUSTER.ron, or quorate drill FILE"
            ),
            Why::Journal => format!(
                "\"{word}\" reads the journal, and each node keeps its own, in its state folder: quorate explain and \
                 quorate report read that. :watch shows what happens from now on"
            ),
        })
    }
}

fn why(word: &Word) -> Option<Why> {
    let name = word.name.as_str();
    let first = word.params.first().and_then(|(_, kind)| *kind);
    let world = |kind: &str| WORLD.contains(&kind);
    match name {
        "events" => Some(Why::Journal),
        name if WAITS.contains(&name) || TIME.contains(&name) => Some(Why::Time),
        name if DRILL.contains(&name) => Some(Why::Drill),
        name if BREAKS.contains(&name) => Some(Why::Breaks),
        _ if first.is_some_and(world) => Some(Why::Breaks),
        _ if word.returns.is_some_and(world) => Some(Why::Breaks),
        // A name is known to everybody.
        "name" => None,
        _ if word.docs.starts_with("Truth: ") => Some(Why::Truth),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_waits_or_knows_the_truth_is_refused_and_nothing_else() {
        let refused = Refusals::of(crate::docs::words());
        for word in [
            "crash",
            "freeze",
            "run",
            "run_until",
            "settle",
            "eventually",
            "outage",
            "is_online",
            "availability",
            "partition",
            "cut",
            "nic",
            "network",
            "disk",
            "dns",
            "witness",
            "service",
            "drill",
            "cluster",
            "clients",
            "events",
            "kill_service",
            "clock_step",
            "heal",
            "random",
            "owners",
        ] {
            let sentence = refused.sentence(word);
            assert!(sentence.is_some_and(|it| it.contains(word)), "{word}");
        }
        for word in [
            "node",
            "group",
            "resource",
            "quorum",
            "nodes",
            "groups",
            "resources",
            "coordinator",
            "status",
            "state",
            "owner",
            "name",
            "kind",
            "resources",
            "get",
            "set",
            "online",
            "offline",
            "move",
            "move_to",
            "fail",
            "pause",
            "resume",
            "evict",
            "control",
            "preferred_owners",
            "restarts",
            "depends_on",
            "has_quorum",
            "is_up",
            "policy",
            "set_policy",
            "minutes",
            "expect",
            "note",
        ] {
            assert_eq!(refused.sentence(word), None, "{word}");
        }
    }
}
