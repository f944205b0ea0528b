//! What a drill showed.

use std::fmt;
use std::time::Duration;

use quorate_model::{ClientStatus, Name, Time};
use serde::{Deserialize, Serialize};

use crate::{Finding, Place, Remark};

/// How a drill ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// Everything it expected was seen.
    Pass,
    /// It was not run: filtered out, or marked to be skipped.
    Skipped,
    /// Time ran out before anything was shown.
    Unknown,
    /// Something was seen that must not be, or not seen that must be.
    Fail,
    /// It could not be carried out: a mistake in the script, in the cluster file, or in the runtime.
    Error,
}

impl Verdict {
    /// Whether nothing went wrong: it passed, or was not to run.
    pub const fn is_fine(self) -> bool {
        matches!(self, Self::Pass | Self::Skipped)
    }

    /// The verdict's name, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a drill did not pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// One sentence.
    pub message: String,
    /// The place in the script.
    pub place: Option<Place>,
    /// The places the script was called from, innermost first.
    pub called_from: Vec<Place>,
    /// The value that was found, where a comparison failed.
    pub actual: Option<String>,
    /// The value that was wanted, with how the two were compared.
    pub wanted: Option<String>,
    /// What the condition last read of the cluster, as the script spells it.
    pub seen: Vec<String>,
    /// The last lines of the journal about what the condition read, oldest first.
    pub events: Vec<String>,
    /// Mistakes of a cluster file, where those are the reason.
    pub findings: Vec<Finding>,
    /// Whether a file that the script names, such as a cluster file, cannot be used: nothing was shown.
    pub unusable: bool,
    /// Whether it is a mistake of ours rather than of the script or the cluster.
    pub internal: bool,
}

/// What became of one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupOutcome {
    /// Its name.
    pub name: Name,
    /// Its state at the end.
    pub state: String,
    /// Why it stays as it is, and what changes that; `None` where nothing is wrong.
    pub stopped: Option<String>,
    /// Its owner at the end.
    pub owner: Option<Name>,
    /// For how long it was not Online.
    pub outage: Duration,
    /// How much of that somebody wanted.
    pub planned_outage: Duration,
    /// Whether it is a virtual server.
    pub is_virtual_server: bool,
}

/// What one drill showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillReport {
    /// The script file, as it was named.
    pub file: String,
    /// The drill's name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The seed it ran with.
    pub seed: u64,
    /// How it ended.
    pub verdict: Verdict,
    /// Why it was skipped.
    pub skipped: Option<String>,
    /// Whether it was skipped since nobody asked for it: its name and tags do not match the filter.
    pub filtered: bool,
    /// Why it did not pass.
    pub failure: Option<Failure>,
    /// Virtual time passed.
    pub virtual_time: Time,
    /// Real time taken.
    pub real_time: Duration,
    /// Every group, at the end of the drill and before its faults were healed.
    pub groups: Vec<GroupOutcome>,
    /// The drill's clients, in the order they were sent.
    pub clients: Vec<ClientStatus>,
    /// Groups that faults moved or stopped without having touched them.
    pub disturbed: Vec<Name>,
    /// The plugins that ran threads of their own: where there are any, the verdict need not repeat.
    pub unrepeatable: Vec<String>,
    /// How plugins' resource monitor processes died, and how often.
    pub crashes: Vec<String>,
    /// What in it showed nothing, in the order it was found. A verdict with remarks is to be looked at twice.
    pub remarks: Vec<Remark>,
    /// The command that repeats this very drill.
    pub repeat: String,
}

/// What running a script gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Mistakes found before anything ran. If one of them is an error, nothing did.
    pub findings: Vec<Finding>,
    /// The drills, in the order of the script.
    pub reports: Vec<DrillReport>,
    /// The journals of the drills that ran, one after the other, each with its header line.
    pub journal: Vec<u8>,
    /// Why the script ended early, outside every drill.
    pub failure: Option<Failure>,
    /// Whether it was stopped from outside.
    pub interrupted: bool,
}

/// Told how a run goes on, while it does.
pub trait Observer {
    /// A drill begins.
    fn drill_started(&mut self, _file: &str, _name: &str, _seed: u64) {}
    /// Virtual time passed. Called often: whoever draws it picks the moments.
    fn time_passed(&mut self, _now: Time) {}
    /// A drill reached a step.
    fn step(&mut self, _now: Time, _title: &str) {}
    /// A drill said something, by `note` or `print`.
    fn note(&mut self, _now: Time, _text: &str) {}
    /// Something in a drill, or in what was typed, showed nothing.
    fn remark(&mut self, _remark: &Remark) {}
    /// A drill ended.
    fn drill_ended(&mut self, _report: &DrillReport) {}
}

/// An observer that looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
