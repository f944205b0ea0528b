//! The journals of a cluster's nodes, told as one run.
//!
//! A live node writes down what it knows itself, on a clock that began with its machine. Where the journals of all nodes are at
//! hand, they tell of the cluster as a drill's journal does: they are put in the order of civil time, as well as the machines'
//! clocks agree, and a cause is looked for in the journal that names it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use quorate_journal::{Entry, Header, ReadError, Record, Records, What, WorldEvent};
use quorate_model::{Name, Time, same_name};
use thiserror::Error;

use super::{Run, RunBuilder};

/// Why journals cannot be told as one run.
#[derive(Debug, Error)]
pub enum TogetherError {
    /// One of them cannot be read.
    #[error("{journal}: {why}")]
    Read {
        /// Which.
        journal: String,
        /// Why not.
        why: ReadError,
    },
    /// They are of two clusters.
    #[error(
        "{journal} is of the cluster {found}, and {first} of {wanted}: one cluster is told at a time"
    )]
    Clusters {
        /// The journal of another cluster.
        journal: String,
        /// Its cluster.
        found: Name,
        /// The first journal.
        first: String,
        /// The cluster of the first.
        wanted: Name,
    },
    /// One of them is a drill's, which is whole by itself.
    #[error(
        "{journal} is a drill's journal, not a live node's: name the files of drills one by one"
    )]
    Drill {
        /// Which.
        journal: String,
    },
    /// No journal has anything.
    #[error("nothing has happened in any of these journals")]
    Nothing,
}

/// What was read of one line: when in civil time, which run of a node's service wrote it, and the entry.
struct Told {
    /// Microseconds since 1970 UTC.
    at: i64,
    /// The seed of the journal, which each start of a node draws anew.
    by: u64,
    entry: Entry,
}

/// The journals of one cluster's nodes, read one after the other.
#[derive(Default)]
pub struct Together {
    told: Vec<Told>,
    /// The newest header, and the name of the journal that came first.
    newest: Option<Header>,
    first: String,
    nodes: Vec<Name>,
    /// The last line of each journal that has no end, by the journal.
    cut: BTreeMap<String, u64>,
}

impl Together {
    /// Nothing yet.
    pub fn new() -> Together {
        Together::default()
    }

    /// Reads a journal, called `name` in errors. A file that ends in the middle of a line is told as far as it goes.
    ///
    /// # Errors
    /// See [`TogetherError`].
    pub fn read(&mut self, name: &str, journal: impl BufRead) -> Result<(), TogetherError> {
        let mut header: Option<Header> = None;
        for record in Records::new(journal) {
            match record {
                Ok(Record::Header(found)) => {
                    self.take(name, &found)?;
                    header = Some(found);
                }
                Ok(Record::Entry(entry)) => {
                    let drill = matches!(
                        entry.what,
                        What::World(WorldEvent::Verdict { .. } | WorldEvent::End { .. })
                    );
                    if drill {
                        let journal = name.to_owned();
                        return Err(TogetherError::Drill { journal });
                    }
                    // An entry without a header before it is an error of the reader's.
                    if let Some(header) = &header {
                        let began = header.civil_start_ms.saturating_mul(1_000);
                        let since = i64::try_from(entry.at.0).unwrap_or(i64::MAX);
                        self.told.push(Told {
                            at: began.saturating_add(since),
                            by: header.seed,
                            entry: *entry,
                        });
                    }
                }
                Err(ReadError::Torn { line }) => {
                    self.cut.insert(name.to_owned(), line);
                }
                Err(why) => {
                    let journal = name.to_owned();
                    return Err(TogetherError::Read { journal, why });
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, name: &str, found: &Header) -> Result<(), TogetherError> {
        for node in &found.nodes {
            if !self.nodes.iter().any(|it| same_name(it, node)) {
                self.nodes.push(node.clone());
            }
        }
        match &self.newest {
            None => self.first = name.to_owned(),
            Some(known) if !same_name(&known.cluster, &found.cluster) => {
                return Err(TogetherError::Clusters {
                    journal: name.to_owned(),
                    found: found.cluster.clone(),
                    first: self.first.clone(),
                    wanted: known.cluster.clone(),
                });
            }
            Some(known) if known.civil_start_ms > found.civil_start_ms => return Ok(()),
            Some(_) => {}
        }
        self.newest = Some(found.clone());
        Ok(())
    }

    /// The journals that end in the middle of a line, each with that line.
    pub fn cut(&self) -> impl Iterator<Item = (&str, u64)> {
        self.cut.iter().map(|(journal, line)| (&**journal, *line))
    }

    /// All of it as one run, which begins with the first event. Events have new numbers.
    ///
    /// # Errors
    /// [`TogetherError::Nothing`].
    pub fn finish(mut self) -> Result<Run, TogetherError> {
        // Events of one instant stay in the order in which they were read.
        self.told.sort_by_key(|it| it.at);
        let first = self.told.first().ok_or(TogetherError::Nothing)?.at;
        let mut header = self.newest.take().ok_or(TogetherError::Nothing)?;
        header.nodes = self.nodes;
        header.civil_start_ms = first.div_euclid(1_000);
        let began = header.civil_start_ms.saturating_mul(1_000);
        let mut run = RunBuilder::new(header);
        let mut numbers = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let mut next = 0;
        for Told { at, by, entry } in self.told {
            // The same file may be there twice, under two names.
            if !seen.insert((by, entry.n)) {
                continue;
            }
            let cause = entry.because.and_then(|n| numbers.get(&(by, n)).copied());
            numbers.insert((by, entry.n), next);
            let at = Time(u64::try_from(at.saturating_sub(began)).unwrap_or(0));
            let mut told = Entry::new(at, next, entry.node, entry.what);
            told.because = cause;
            run.tell(&told);
            next += 1;
        }
        let mut run = run.finish();
        run.live = true;
        Ok(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(seed: u64, civil: i64, cluster: &str) -> String {
        format!(
            r#"{{"schema":"quorate-journal/2","seed":{seed},"cluster":"{cluster}","civil_start_ms":{civil},"nodes":["A","B"],"groups":[{{"name":"WEB"}}]}}"#
        )
    }

    fn together(journals: &[&str]) -> Result<Run, TogetherError> {
        let mut together = Together::new();
        for (place, journal) in journals.iter().enumerate() {
            together.read(&format!("journal {place}"), journal.as_bytes())?;
        }
        together.finish()
    }

    /// A's machine was started a minute before B's.
    fn both() -> [String; 2] {
        let of_a = format!(
            "{}\n{}\n{}\n",
            header(1, 1_000_000, "C"),
            r#"{"t":70000000,"n":0,"node":"A","kind":"service-started","incarnation":1}"#,
            r#"{"t":75000000,"n":1,"because":0,"node":"A","kind":"group-state","subject":"WEB","from":"Pending","to":"Online"}"#,
        );
        let of_b = format!(
            "{}\n{}\n{}\n{}\n{}",
            header(2, 1_060_000, "C"),
            r#"{"t":11000000,"n":0,"node":"B","kind":"service-started","incarnation":1}"#,
            r#"{"t":40000000,"n":1,"node":"B","kind":"regroup","silent":["A"]}"#,
            r#"{"t":50000000,"n":2,"because":1,"node":"B","kind":"group-owner","subject":"WEB","from":"A","to":"B","cause":"NodeFailure"}"#,
            r#"{"t":60000000,"n":3,"no"#,
        );
        [of_a, of_b]
    }

    #[test]
    fn journals_of_nodes_are_put_in_the_order_of_civil_time() {
        let [of_a, of_b] = both();
        for journals in [[&*of_a, &*of_b], [&*of_b, &*of_a]] {
            let run = together(&journals).unwrap();
            let told: Vec<_> = run
                .moments()
                .map(|it| (it.at.0, it.n, it.node.unwrap().to_string(), it.because))
                .collect();
            assert_eq!(
                told,
                [
                    (0, 0, "A".to_owned(), None),
                    (1_000_000, 1, "B".to_owned(), None),
                    (5_000_000, 2, "A".to_owned(), Some(0)),
                    (30_000_000, 3, "B".to_owned(), None),
                    (40_000_000, 4, "B".to_owned(), Some(3)),
                ]
            );
            assert_eq!(run.header.civil_start_ms, 1_070_000);
            assert_eq!(run.name(), "C, from 1970-01-01 00:17:50 UTC");
            assert_eq!(run.header.nodes, ["A", "B"].map(Name::from));
        }
    }

    #[test]
    fn what_one_node_had_and_another_took_over_is_one_outage() {
        let [of_a, mut of_b] = both();
        of_b.truncate(of_b.rfind('\n').unwrap() + 1);
        of_b.push_str(
            r#"{"t":50000000,"n":3,"node":"B","kind":"group-state","subject":"WEB","from":"Online","to":"Pending"}"#,
        );
        of_b.push('\n');
        of_b.push_str(
            r#"{"t":55000000,"n":4,"node":"B","kind":"group-state","subject":"WEB","from":"Pending","to":"Online"}"#,
        );
        of_b.push('\n');
        let run = together(&[&of_a, &of_b]).unwrap();
        let web = run.group("WEB").unwrap();
        assert_eq!(web.outages.len(), 1);
        assert_eq!((web.outages[0].to - web.outages[0].from).as_secs(), 5);
        // A copy of a file tells nothing new.
        let again = together(&[&of_a, &of_b, &of_a]).unwrap();
        assert_eq!(again.moments().len(), run.moments().len());
    }

    #[test]
    fn what_does_not_belong_together_is_said() {
        let [of_a, of_b] = both();
        let other = format!("{}\n", header(3, 0, "D"));
        let text = |journals: &[&str]| together(journals).unwrap_err().to_string();
        assert_eq!(
            text(&[&of_a, &other]),
            "journal 1 is of the cluster D, and journal 0 of C: one cluster is told at a time"
        );
        let drill = format!(
            "{of_a}{}\n",
            r#"{"t":80000000,"n":2,"kind":"verdict","drill":"d","file":"f","verdict":"pass","repeat":"r"}"#
        );
        assert!(text(&[&of_b, &drill]).starts_with("journal 1 is a drill's journal"));
        assert!(text(&[&of_b, "nonsense\n"]).starts_with("journal 1: line 1"));
        assert!(text(&[&header(3, 0, "D")]).starts_with("nothing has happened"));
        let mut cut = Together::new();
        cut.read("b", of_b.as_bytes()).unwrap();
        assert_eq!(cut.cut().collect::<Vec<_>>(), [("b", 5)]);
    }
}
