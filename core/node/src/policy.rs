//! What a policy script is asked, and what it may answer: plain values, whatever the script is written in.
//!
//! The driver of a node hands it [`Policies`] ([`Node::set_policies`](crate::Node::set_policies)). The node asks,
//! checks every answer against the hard rules, and decides by itself where there is none that will do.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use quorate_model::{Name, NodeId, NodeState, PolicyScript, Value};

use quorate_journal::Cause;

/// Makes policies out of scripts.
pub trait Policies: fmt::Debug + Send + Sync {
    /// A policy of its own for the node that asks.
    ///
    /// # Errors
    /// The first thing that is wrong with the script, with its place.
    fn compile(&self, script: &PolicyScript) -> Result<Box<dyn Policy>, PolicyError>;
}

/// A policy script that is ready to run. The same questions in the same order must give the same answers, on every
/// machine: it sees no clock, no dice and nothing of the world but what it is asked with.
pub trait Policy: fmt::Debug {
    /// Which node takes a group. `candidates` are the nodes that may: there is at least one.
    ///
    /// # Errors
    /// Why there is no answer.
    fn choose_owner(
        &mut self,
        group: &PolicyGroup,
        candidates: &[PolicyNode],
    ) -> Result<Choice, PolicyError>;

    /// What becomes of a resource that has failed.
    ///
    /// # Errors
    /// Why there is no answer.
    fn on_resource_failed(
        &mut self,
        resource: &PolicyResource,
        failure: &PolicyFailure,
    ) -> Result<Reaction, PolicyError>;
}

/// Why a policy gave no answer, in one sentence with the place in the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError(pub String);

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PolicyError {}

/// The answer to [`Policy::choose_owner`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// No opinion: the built-in rules decide.
    BuiltIn,
    /// Nobody: the group stays as it is for now.
    Stay,
    /// The node of this name.
    Node(String),
}

/// The answer to [`Policy::on_resource_failed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// No opinion: the built-in rules decide.
    BuiltIn,
    /// Restart it on the same node.
    Restart,
    /// Fail its group over.
    Move,
    /// Leave it Failed and the rest of the group alone.
    GiveUp,
    /// Leave it Failed for so long, then ask again.
    Wait(Duration),
}

/// The cluster's local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 1 (Monday) to 7 (Sunday).
    pub weekday: u8,
}

impl LocalTime {
    /// The local time at `ms` milliseconds since 1970 of the cluster's own clock.
    pub(crate) fn at(ms: i64) -> LocalTime {
        let part = |value: i64| u8::try_from(value).unwrap_or(0);
        let minutes = ms.div_euclid(60_000);
        let days = ms.div_euclid(86_400_000);
        LocalTime {
            hour: part(minutes.rem_euclid(1_440) / 60),
            minute: part(minutes.rem_euclid(60)),
            // 1970 began on a Thursday.
            weekday: part((days + 3).rem_euclid(7) + 1),
        }
    }
}

/// A group that a node is wanted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyGroup {
    /// Its name.
    pub name: Name,
    /// The node that owns it, or owned it last.
    pub owner: Name,
    /// Why it needs a node.
    pub cause: Cause,
    /// The node that the built-in rules choose, if any.
    pub built_in: Option<Name>,
    /// What the cluster file says about it.
    pub attributes: BTreeMap<String, Value>,
    /// Its preferred owners, best first.
    pub preferred_owners: Vec<Name>,
    /// Its anti-affinity classes.
    pub anti_affinity_classes: Vec<String>,
    /// Failovers caused by resources inside `FailoverPeriod`.
    pub failovers: u32,
    /// `FailoverThreshold`.
    pub failover_threshold: u32,
    /// Every configured node, whatever its state.
    pub nodes: Vec<PolicyNode>,
    /// Now.
    pub time: LocalTime,
}

/// A node, as the cluster's database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyNode {
    /// Its name.
    pub name: Name,
    /// Its number.
    pub id: NodeId,
    /// What it is to the cluster.
    pub state: NodeState,
    /// What the cluster file says about it.
    pub attributes: BTreeMap<String, Value>,
    /// The groups it owns or is about to own, the one in question left out.
    pub groups: Vec<PolicyHosted>,
    /// Its place among the group's preferred owners, from 0.
    pub preferred: Option<usize>,
    /// Whether it may take the group now.
    pub possible: bool,
    /// Whether it hosts a group that shares an anti-affinity class.
    pub anti_affine: bool,
}

/// A group that a node hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyHosted {
    /// Its name.
    pub name: Name,
    /// What the cluster file says about it.
    pub attributes: BTreeMap<String, Value>,
}

/// A resource that has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyResource {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: Name,
    /// Its group.
    pub group: Name,
    /// The node it failed on.
    pub owner: Name,
    /// Its providers.
    pub depends_on: Vec<Name>,
    /// The resources that depend on it.
    pub dependents: Vec<Name>,
    /// `RestartAction`, as the original's number.
    pub restart_action: u32,
    /// `RestartThreshold`.
    pub restart_threshold: u32,
    /// `RestartPeriod`, in milliseconds.
    pub restart_period: u32,
    /// What the cluster file says about its group.
    pub attributes: BTreeMap<String, Value>,
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFailure {
    /// What was found, in the words of whoever found it.
    pub reason: String,
    /// Whether it failed on its way up, and was not in service yet.
    pub starting: bool,
    /// Failures inside `RestartPeriod`, this one included.
    pub failures: u32,
    /// What the built-in ladder does: [`Reaction::Restart`], [`Reaction::Move`] or [`Reaction::GiveUp`].
    pub built_in: Reaction,
    /// How often [`Reaction::Wait`] was the answer to this failure already.
    pub waits: u32,
    /// For how long that was, in all.
    pub waited: Duration,
    /// Now.
    pub time: LocalTime,
}

#[cfg(test)]
mod tests {
    use super::LocalTime;

    #[test]
    fn local_time_counts_days_from_a_thursday() {
        let at = |ms| {
            let time = LocalTime::at(ms);
            (time.weekday, time.hour, time.minute)
        };
        assert_eq!(at(0), (4, 0, 0));
        assert_eq!(at(-1), (3, 23, 59));
        // 2003-06-12 08:05, a Thursday; three days later a Sunday.
        assert_eq!(at(1_055_405_100_000), (4, 8, 5));
        assert_eq!(at(1_055_405_100_000 + 3 * 86_400_000), (7, 8, 5));
    }

    #[test]
    fn why_a_policy_gave_no_answer_is_said_as_it_is() {
        assert_eq!(super::PolicyError("why".into()).to_string(), "why");
    }
}
