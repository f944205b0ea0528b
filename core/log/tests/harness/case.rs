//! A run as a text file: it stays the same when the drawing from seeds changes.

use std::fmt;

use quorate_log::Bug;

use super::{Kind, Op, Plan};

const KINDS: [(&str, Kind); 3] = [
    ("majority", Kind::Majority),
    ("holder", Kind::Holder),
    ("solo", Kind::Solo),
];

/// A run and what comes of it.
#[derive(Clone, Debug)]
pub struct Case {
    pub plan: Plan,
    /// The invariant that breaks; `None` if all hold.
    pub breaks: Option<String>,
}

impl Case {
    /// Reads the output of [`Display`](fmt::Display). An error names the line.
    pub fn read(text: &str) -> Result<Case, String> {
        let mut case = Case {
            plan: Plan {
                seed: 0,
                kind: Kind::Majority,
                nodes: 3,
                voters: 3,
                witness: false,
                batch: 64,
                bug: None,
                ops: Vec::new(),
            },
            breaks: None,
        };
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                case.take(line)
                    .map_err(|error| format!("line {}: {error}", at + 1))?;
            }
        }
        let plan = &case.plan;
        if !(1..=63).contains(&plan.nodes) || plan.voters > plan.nodes || plan.voters == 0 {
            return Err(format!(
                "{} voters of {} nodes: 1 to 63 nodes are expected, and at least one voter among them",
                plan.voters, plan.nodes
            ));
        }
        Ok(case)
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let number = || -> Result<u64, String> {
            rest.parse()
                .map_err(|_| format!("{word} needs a number, and {rest:?} is none"))
        };
        let small = || -> Result<u8, String> {
            u8::try_from(number()?).map_err(|_| format!("{word} {rest} is more than there can be"))
        };
        match word {
            "seed" => self.plan.seed = number()?,
            "nodes" => self.plan.nodes = small()?,
            "batch" => self.plan.batch = number()?,
            "holds" => self.breaks = None,
            "breaks" => self.breaks = Some(rest.to_owned()),
            "kind" => {
                let kind = KINDS.iter().find(|(name, _)| *name == rest);
                let names = KINDS.map(|(name, _)| name).join(", ");
                self.plan.kind = kind
                    .ok_or(format!("there is no kind {rest:?}, only {names}"))?
                    .1;
            }
            "bug" => self.plan.bug = Some(bug(rest)?),
            "witness" => self.plan.witness = true,
            "voting" => self.plan.voters = small()?,
            _ => self.plan.ops.push(Op::read(line)?),
        }
        Ok(())
    }
}

/// The bug of a name.
pub fn bug(name: &str) -> Result<Bug, String> {
    let names = Bug::ALL.map(Bug::name).join(", ");
    let found = Bug::ALL.into_iter().find(|bug| bug.name() == name);
    found.ok_or(format!("there is no bug {name:?}, only {names}"))
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.plan;
        let kind = KINDS.iter().find(|(_, kind)| *kind == plan.kind);
        writeln!(f, "kind {}", kind.map_or("", |(name, _)| name))?;
        writeln!(f, "nodes {}\nvoting {}", plan.nodes, plan.voters)?;
        writeln!(f, "batch {}\nseed {}", plan.batch, plan.seed)?;
        if plan.witness {
            writeln!(f, "witness")?;
        }
        if let Some(bug) = plan.bug {
            writeln!(f, "bug {}", bug.name())?;
        }
        match &self.breaks {
            Some(invariant) => writeln!(f, "breaks {invariant}")?,
            None => writeln!(f, "holds")?,
        }
        writeln!(f)?;
        plan.ops.iter().try_for_each(|op| writeln!(f, "{op}"))
    }
}
