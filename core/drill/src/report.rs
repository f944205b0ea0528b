//! The results of drills.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_journal::{Entry, Verdict, WorldEvent};
use quorate_model::{ClientStatus, Name, Time};
use serde::{Deserialize, Serialize};

use crate::{Finding, Place, Remark};

/// Why a drill did not pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// One sentence.
    pub message: String,
    /// The place in the script.
    pub place: Option<Place>,
    /// The places of the calls that led there, innermost first.
    pub called_from: Vec<Place>,
    /// The value that was found, where a comparison failed.
    pub actual: Option<String>,
    /// The wanted value, with the comparison.
    pub wanted: Option<String>,
    /// The last readings of the condition, as the script spells them.
    pub seen: Vec<String>,
    /// The last journal lines about the things that the condition read, oldest first.
    pub events: Vec<String>,
    /// The names of the things that the condition read.
    pub about: Vec<String>,
    /// What led to the state of these: the chain of causes in the journal, from the first to the last.
    pub led: Vec<String>,
    /// The timeline of the drill, as text for a ticket; empty where nothing was broken or out of service.
    pub timeline: String,
    /// Mistakes in a cluster file, if they are the reason.
    pub findings: Vec<Finding>,
    /// Whether a file that the script names, such as a cluster file, is unusable: nothing was tested then.
    pub unusable: bool,
    /// Whether the mistake is in Quorate rather than in the script or the cluster.
    pub internal: bool,
}

/// The state of one group at the end.
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
    /// How long it was not Online.
    pub outage: Duration,
    /// How much of that was planned.
    pub planned_outage: Duration,
    /// Whether it is a virtual server.
    pub is_virtual_server: bool,
}

/// The result of one drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillReport {
    /// The script file, as it was named.
    pub file: String,
    /// The drill's name.
    pub name: String,
    /// Where it begins: its `drill`.
    pub place: Place,
    /// Its cluster file, as the drill names it.
    pub cluster: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The seed it ran with.
    pub seed: u64,
    /// How it ended.
    pub verdict: Verdict,
    /// Why it was skipped.
    pub skipped: Option<String>,
    /// Why it is expected to fail.
    pub known: Option<String>,
    /// Whether it was skipped because it is not among the chosen ones.
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
    /// Groups that faults moved or stopped although no fault was about them.
    pub disturbed: Vec<Name>,
    /// The plugins that ran threads of their own. If there are any, another run may differ.
    pub unrepeatable: Vec<String>,
    /// How plugins' resource monitor processes died, and how often.
    pub crashes: Vec<String>,
    /// The calls of plugins that a drill waited for, if it took long by them: in real time, so they differ from run to run.
    pub slow: Vec<String>,
    /// Its remarks, in the order they were made. A verdict with remarks deserves a second look.
    pub remarks: Vec<Remark>,
    /// The command that repeats this drill.
    pub repeat: String,
}

impl DrillReport {
    /// What the drill showed, as journals tell it.
    pub fn as_event(&self) -> WorldEvent {
        let why = self.failure.as_ref();
        let place = why.and_then(|why| why.place.as_ref());
        WorldEvent::Verdict {
            drill: self.name.clone(),
            file: self.file.clone(),
            verdict: self.verdict,
            text: why.map(|why| why.message.clone()),
            place: place.map(ToString::to_string),
            repeat: self.repeat.clone(),
        }
    }
}

/// The result of running a script.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Mistakes found before the run. If one of them is an error, nothing has run.
    pub findings: Vec<Finding>,
    /// The drills, in the order of the script.
    pub reports: Vec<DrillReport>,
    /// The journals of the drills that ran, one after the other, each with its header line.
    pub journal: Vec<u8>,
    /// Why the script ended early, outside all drills.
    pub failure: Option<Failure>,
    /// Whether it was stopped from outside.
    pub interrupted: bool,
    /// The variables that the script has asked for, by name.
    pub asked: BTreeSet<String>,
}

/// Is told of the progress of a run.
pub trait Observer {
    /// A drill begins.
    fn drill_started(&mut self, _file: &str, _name: &str, _seed: u64) {}
    /// Virtual time passed. This is called often: an observer that draws should do so only now and then.
    fn time_passed(&mut self, _now: Time) {}
    /// Whether it is to be told every event of the cluster that is open at a prompt, by [`happened`](Self::happened).
    fn follows(&self) -> bool {
        false
    }
    /// Something happened in the cluster that is open at a prompt. It is told as soon as time has passed, in order; the
    /// first event of a cluster has the number 0.
    fn happened(&mut self, _event: &Entry) {}
    /// A drill reached a step.
    fn step(&mut self, _now: Time, _title: &str) {}
    /// A drill said something, by `note` or `print`.
    fn note(&mut self, _now: Time, _text: &str) {}
    /// A remark on a drill, or on typed input.
    fn remark(&mut self, _remark: &Remark) {}
    /// A drill ended.
    fn drill_ended(&mut self, _report: &DrillReport) {}
}

/// An observer that ignores everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
