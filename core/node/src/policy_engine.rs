//! Asks policy scripts. Their answers are checked; if there is no usable answer, the built-in decision stands and an
//! event says why.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quorate_journal::{Cause, Event, PolicyFunction};
use quorate_model::{
    GroupDefinition, Lasting, Name, NodeId, PolicyScript, ResourceDefinition, called,
};

use crate::database::Database;
use crate::policy::{
    Choice, LocalTime, Policies, Policy, PolicyError, PolicyFailure, PolicyGroup, PolicyHosted,
    PolicyNode, PolicyResource, Reaction,
};
use crate::random::Random;
use crate::{ladder, placement};

/// How soon a policy is asked again about a group that it kept where it is, if nothing changes before.
pub(crate) const ASK_AGAIN: Duration = Duration::from_secs(60);
/// The shortest and the longest wait that a policy may order.
const WAIT: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(7 * 86_400);

/// Where a group goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// The node, if one is to take it.
    pub(crate) to: Option<NodeId>,
    /// The policy that keeps it where it is.
    pub(crate) kept_by: Option<String>,
    /// What the journal is told.
    pub(crate) event: Option<Event>,
}

/// What becomes of a failed resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    /// Never [`Reaction::BuiltIn`].
    pub(crate) reaction: Reaction,
    /// The policy that said so.
    pub(crate) by: Option<String>,
    /// What the journal is told.
    pub(crate) event: Option<Event>,
}

/// A node's policies, and what it needs to know to ask them no more often than it must.
#[derive(Debug, Default)]
pub(crate) struct PolicyEngine {
    policies: Option<Arc<dyn Policies>>,
    compiled: BTreeMap<PolicyScript, Result<Box<dyn Policy>, PolicyError>>,
    /// Groups that a policy keeps where they are: what was known when it said so.
    kept: BTreeMap<Name, (Cause, u64, i64)>,
    /// What was last said about a group that is kept, so that it is not said every minute.
    said: BTreeMap<Name, Said>,
    /// Civil time (UTC) in ms.
    civil_ms: i64,
    /// How far this machine's local time is ahead of what the definition says, in minutes.
    local_shift_minutes: i32,
}

impl PolicyEngine {
    /// From now on scripts are run by `policies`.
    pub(crate) fn set_policies(&mut self, policies: Arc<dyn Policies>) {
        self.policies = Some(policies);
        self.compiled.clear();
    }

    /// It is `civil_ms` (UTC), and local time is so many minutes ahead of what the definition says.
    pub(crate) fn set_time(&mut self, civil_ms: i64, local_shift_minutes: i32) {
        self.civil_ms = civil_ms;
        self.local_shift_minutes = local_shift_minutes;
    }

    /// Whether a script can be used.
    pub(crate) fn try_out(&self, script: &PolicyScript) -> Result<(), PolicyError> {
        match &self.policies {
            Some(policies) => policies.compile(script).map(drop),
            None => Err(no_policies()),
        }
    }

    /// The node that takes `group`: as its policy says, else as built in.
    pub(crate) fn choose(
        &mut self,
        database: &Database,
        group: &GroupDefinition,
        cause: Cause,
        random: &mut Random,
    ) -> Chosen {
        let Some(script) = script(database, group) else {
            self.kept.remove(&group.name);
            self.said.remove(&group.name);
            return Chosen {
                to: placement::choose(database, group, cause, random),
                kept_by: None,
                event: None,
            };
        };
        // This is called after every input. The script is asked again only when its answer may be another.
        let known = (
            cause,
            database.applied,
            self.civil_ms.div_euclid(ASK_AGAIN.as_millis() as i64),
        );
        if self.kept.get(&group.name) == Some(&known) {
            return Chosen {
                to: None,
                kept_by: Some(script.file.clone()),
                event: None,
            };
        }
        let built_in = placement::choose(database, group, cause, random);
        let chosen = self.advise(database, group, script, cause, built_in);
        if chosen.kept_by.is_some() {
            self.kept.insert(group.name.clone(), known);
        } else {
            self.kept.remove(&group.name);
        }
        chosen
    }

    /// The preferred owner that `group` goes back to: `home`, unless its policy says otherwise.
    pub(crate) fn fail_back(
        &mut self,
        database: &Database,
        group: &GroupDefinition,
        home: NodeId,
    ) -> Chosen {
        match script(database, group) {
            Some(script) => self.advise(database, group, script, Cause::Failback, Some(home)),
            None => Chosen {
                to: Some(home),
                kept_by: None,
                event: None,
            },
        }
    }

    /// Asks the script and checks its answer.
    fn advise(
        &mut self,
        database: &Database,
        group: &GroupDefinition,
        script: &PolicyScript,
        cause: Cause,
        built_in: Option<NodeId>,
    ) -> Chosen {
        let asked = self.group(database, group, cause, built_in);
        // In the order of the group's node list: preferred owners first.
        let order = placement::candidates(database, group, cause).into_iter();
        let candidates: Vec<PolicyNode> = order
            .filter_map(|id| asked.nodes.iter().find(|node| node.id == id).cloned())
            .collect();
        let default = Chosen {
            to: built_in,
            kept_by: None,
            event: None,
        };
        if candidates.is_empty() {
            return default;
        }
        let answer = self
            .policy(script)
            .and_then(|policy| policy.choose_owner(&asked, &candidates))
            .and_then(|choice| check_choice(database, group, cause, &candidates, choice));
        let named = |node: Option<NodeId>| {
            node.map_or_else(
                || "nobody".to_owned(),
                |n| database.node_name(n).to_string(),
            )
        };
        let mut chosen = default;
        let event = match answer {
            Ok(Answer::BuiltIn) => {
                self.said.remove(&group.name);
                return chosen;
            }
            Ok(answer) => {
                let decision = match answer {
                    Answer::Node(node) => {
                        chosen.to = Some(node);
                        database.node_name(node).to_string()
                    }
                    Answer::Stay | Answer::BuiltIn => {
                        chosen.to = None;
                        chosen.kept_by = Some(script.file.clone());
                        "stay".to_owned()
                    }
                };
                Event::Policy {
                    subject: group.name.clone(),
                    policy: script.file.clone(),
                    function: PolicyFunction::ChooseOwner,
                    cause: Some(cause),
                    decision,
                    built_in: named(built_in),
                }
            }
            Err(error) => Event::PolicyFailed {
                subject: group.name.clone(),
                policy: script.file.clone(),
                function: PolicyFunction::ChooseOwner,
                cause: Some(cause),
                reason: error.0,
                built_in: named(built_in),
            },
        };
        let said = Said::of(&event);
        if chosen.to.is_some() {
            self.said.remove(&group.name);
            chosen.event = Some(event);
        } else if self.said.get(&group.name) != Some(&said) {
            self.said.insert(group.name.clone(), said);
            chosen.event = Some(event);
        }
        chosen
    }

    /// What becomes of a resource that has failed: as its group's policy says, else `failure.built_in`.
    pub(crate) fn judge(
        &mut self,
        database: &Database,
        group: &GroupDefinition,
        resource: &ResourceDefinition,
        failure: &mut PolicyFailure,
    ) -> Judged {
        let default = Judged {
            reaction: failure.built_in,
            by: None,
            event: None,
        };
        let Some(script) = database.definition.policy_of(group) else {
            return default;
        };
        failure.time = self.local(database);
        let asked = describe(database, group, resource);
        let answer = self
            .policy(script)
            .and_then(|policy| policy.on_resource_failed(&asked, failure))
            .and_then(|reaction| match reaction {
                Reaction::Wait(span) if !WAIT.contains(&span) => Err(PolicyError(format!(
                    "it orders a wait of {span:?}, but one must last from 1 s to 7 days"
                ))),
                reaction => Ok(reaction),
            });
        let (subject, policy) = (resource.name.clone(), script.file.clone());
        match answer {
            Ok(Reaction::BuiltIn) => default,
            Ok(reaction) => Judged {
                reaction,
                by: Some(policy.clone()),
                event: Some(Event::Policy {
                    subject,
                    policy,
                    function: PolicyFunction::OnResourceFailed,
                    cause: None,
                    decision: in_words(reaction),
                    built_in: in_words(failure.built_in),
                }),
            },
            Err(error) => Judged {
                event: Some(Event::PolicyFailed {
                    subject,
                    policy,
                    function: PolicyFunction::OnResourceFailed,
                    cause: None,
                    reason: error.0,
                    built_in: in_words(failure.built_in),
                }),
                ..default
            },
        }
    }

    fn policy(&mut self, script: &PolicyScript) -> Result<&mut Box<dyn Policy>, PolicyError> {
        let Some(policies) = &self.policies else {
            return Err(no_policies());
        };
        if !self.compiled.contains_key(script) {
            // A script that was replaced is not needed any more.
            self.compiled
                .retain(|known, _| known.file != script.file || known.text == script.text);
            let compiled = policies.compile(script);
            self.compiled.insert(script.clone(), compiled);
        }
        match self.compiled.get_mut(script) {
            Some(Ok(policy)) => Ok(policy),
            Some(Err(error)) => Err(error.clone()),
            None => Err(no_policies()),
        }
    }

    fn local(&self, database: &Database) -> LocalTime {
        let offset = database.definition.utc_offset_minutes + self.local_shift_minutes;
        let offset = i64::from(offset) * 60_000;
        LocalTime::at(self.civil_ms.saturating_add(offset))
    }

    fn group(
        &self,
        database: &Database,
        group: &GroupDefinition,
        cause: Cause,
        built_in: Option<NodeId>,
    ) -> PolicyGroup {
        let candidates = placement::candidates(database, group, cause);
        let record = database.groups.get(&group.name);
        let owner = record.map_or(NodeId(0), |record| record.owner);
        let period = group.properties.failover_period;
        let failovers = record.map_or(0, |record| {
            let recent = record.failovers.iter();
            recent
                .filter(|at| ladder::is_recent(period, **at, self.civil_ms))
                .count()
        });
        PolicyGroup {
            name: group.name.clone(),
            owner: database.node_name(owner),
            cause,
            built_in: built_in.map(|node| database.node_name(node)),
            attributes: group.attributes.clone(),
            preferred_owners: group.properties.preferred_owners.clone(),
            anti_affinity_classes: group.properties.anti_affinity_class_names.clone(),
            failovers: u32::try_from(failovers).unwrap_or(u32::MAX),
            failover_threshold: group.properties.failover_threshold,
            nodes: database
                .definition
                .nodes
                .iter()
                .map(|node| PolicyNode {
                    name: node.name.clone(),
                    id: node.id,
                    state: database.node_state(node.id),
                    attributes: node.attributes.clone(),
                    groups: hosted(database, group, node.id),
                    preferred: group
                        .properties
                        .preferred_owners
                        .iter()
                        .position(|preferred| *preferred == node.name),
                    possible: candidates.contains(&node.id),
                    anti_affine: database.anti_affine(group, node.id),
                })
                .collect(),
            time: self.local(database),
        }
    }
}

/// The policy script that places `group`. The quorum disk's group follows the quorum disk.
fn script<'a>(database: &'a Database, group: &'a GroupDefinition) -> Option<&'a PolicyScript> {
    let quorum = database.quorum_group();
    database
        .definition
        .policy_of(group)
        .filter(|_| quorum != Some(&group.name))
}

fn hosted(database: &Database, group: &GroupDefinition, node: NodeId) -> Vec<PolicyHosted> {
    database
        .groups_bound_for(node)
        .filter(|name| **name != group.name)
        .map(|name| PolicyHosted {
            name: name.clone(),
            attributes: database
                .group_definition(name)
                .map(|group| group.attributes.clone())
                .unwrap_or_default(),
        })
        .collect()
}

fn describe(
    database: &Database,
    group: &GroupDefinition,
    resource: &ResourceDefinition,
) -> PolicyResource {
    let owner = database.groups.get(&group.name).map(|record| record.owner);
    PolicyResource {
        name: resource.name.clone(),
        kind: resource.kind.clone(),
        group: group.name.clone(),
        owner: owner.map_or_else(|| "".into(), |owner| database.node_name(owner)),
        depends_on: resource.depends_on.clone(),
        dependents: group.dependents_of(&resource.name),
        restart_action: resource.properties.restart_action.code(),
        restart_threshold: resource.properties.restart_threshold,
        restart_period: resource.properties.restart_period,
        attributes: group.attributes.clone(),
    }
}

/// What an event says apart from the cause: a group that is kept may be asked about again for another cause, and that
/// is no news.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    policy: String,
    what: String,
    built_in: String,
}

impl Said {
    fn of(event: &Event) -> Said {
        let (policy, what, built_in) = match event {
            Event::Policy {
                policy,
                decision,
                built_in,
                ..
            } => (policy.as_str(), decision.as_str(), built_in.as_str()),
            Event::PolicyFailed {
                policy,
                reason,
                built_in,
                ..
            } => (policy.as_str(), reason.as_str(), built_in.as_str()),
            _ => ("", "", ""),
        };
        Said {
            policy: policy.to_owned(),
            what: what.to_owned(),
            built_in: built_in.to_owned(),
        }
    }
}

/// A choice that was found sound.
enum Answer {
    BuiltIn,
    Stay,
    Node(NodeId),
}

fn check_choice(
    database: &Database,
    group: &GroupDefinition,
    cause: Cause,
    candidates: &[PolicyNode],
    choice: Choice,
) -> Result<Answer, PolicyError> {
    let name = match choice {
        Choice::BuiltIn => return Ok(Answer::BuiltIn),
        Choice::Stay => return Ok(Answer::Stay),
        Choice::Node(name) => name,
    };
    if let Some(candidate) = called(candidates, &name, |it| &it.name) {
        return Ok(Answer::Node(candidate.id));
    }
    let Some(node) = database.node_id(&name) else {
        return Err(PolicyError(format!(
            "it names {name:?}, and the cluster has no node of that name"
        )));
    };
    let owner = database.groups.get(&group.name).map(|record| record.owner);
    match database.may_take(group, node) {
        _ if owner == Some(node) && cause == Cause::Failback => Ok(Answer::Stay),
        _ if owner == Some(node) => Err(PolicyError(format!(
            "it names {name}, which the group is to leave"
        ))),
        Err((_, why)) => Err(PolicyError(format!("it names {name}, but {why}"))),
        Ok(()) => Ok(Answer::Node(node)),
    }
}

fn in_words(reaction: Reaction) -> String {
    match reaction {
        Reaction::BuiltIn => "as built in".to_owned(),
        Reaction::Restart => "restart".to_owned(),
        Reaction::Move => "move".to_owned(),
        Reaction::GiveUp => "give up".to_owned(),
        Reaction::Wait(span) => format!("wait {}", Lasting(span)),
    }
}

fn no_policies() -> PolicyError {
    PolicyError("this node cannot run policy scripts".to_owned())
}

#[cfg(test)]
mod tests;
