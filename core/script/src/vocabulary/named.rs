//! The arguments of words that are names of the cluster's things. Checks and completion go by this.

use quorate_drill::Noun;

/// Which arguments are names, by word and argument number. For methods the object itself is not counted.
const NAMES: [(&str, usize, Noun); 18] = [
    ("node", 0, Noun::Node),
    ("group", 0, Noun::Group),
    ("resource", 0, Noun::Resource),
    ("service", 0, Noun::Resource),
    ("network", 0, Noun::Network),
    ("disk", 0, Noun::Disk),
    ("outage", 0, Noun::Group),
    ("planned_outage", 0, Noun::Group),
    ("unplanned_outage", 0, Noun::Group),
    ("availability", 0, Noun::Group),
    ("clients", 0, Noun::Group),
    ("load", 0, Noun::Group),
    ("recovers", 0, Noun::Group),
    ("nic", 0, Noun::Network),
    ("path", 0, Noun::Disk),
    ("move_to", 0, Noun::Node),
    ("cut", 0, Noun::Node),
    ("cut", 1, Noun::Node),
];

/// The arguments of a word that are names, each with its number.
pub(crate) fn arguments(word: &str) -> impl Iterator<Item = (usize, Noun)> {
    let all = NAMES.iter().filter(move |(name, ..)| *name == word);
    all.map(|(_, number, noun)| (*number, *noun))
}
