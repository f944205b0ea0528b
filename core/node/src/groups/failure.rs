//! What follows from a resource's failure: the ladder's decision, unless a policy has another.

use std::time::Duration;

use quorate_journal::Event;
use quorate_model::{Name, ResourceProperties, Time};

use super::{AT_ONCE, Groups, OpenFailure, Verdict};
use crate::database::Database;
use crate::ladder::{self, Decision};
use crate::policy::{LocalTime, PolicyFailure, Reaction};
use crate::policy_engine::{Judged, PolicyEngine};

/// How a resource was found failed.
pub(super) struct Found {
    pub(super) reason: String,
    pub(super) starting: bool,
}

impl Groups {
    /// Climbs the ladder for a resource that has just failed.
    pub(super) fn failed(
        &mut self,
        database: &Database,
        now: Time,
        resource: &Name,
        found: Found,
        policies: &mut PolicyEngine,
    ) {
        let Some((group, definition)) = database.definition.resource(resource) else {
            return;
        };
        let moving = database
            .groups
            .get(&group.name)
            .is_none_or(|record| !Database::runs(record));
        let Some(local) = self.locals.get_mut(resource) else {
            return;
        };
        if moving {
            // The node that has the group when the move is over, or called off, brings it online.
            local.verdict = AT_ONCE;
            return;
        }
        let decision = ladder::decide(&definition.properties, &mut local.failures, now);
        local.failure = Some(OpenFailure {
            since: now,
            reason: found.reason,
            starting: found.starting,
            waits: 0,
        });
        self.react(database, now, resource, decision, policies);
    }

    /// The time that a policy wanted to wait is over.
    pub(super) fn waited(
        &mut self,
        database: &Database,
        now: Time,
        resource: &Name,
        policies: &mut PolicyEngine,
    ) {
        let Some((_, definition)) = database.definition.resource(resource) else {
            return;
        };
        let Some(local) = self.locals.get_mut(resource) else {
            return;
        };
        if let Some(failure) = &mut local.failure {
            failure.waits = failure.waits.saturating_add(1);
        }
        let decision = ladder::again(&definition.properties, &mut local.failures, now);
        self.react(database, now, resource, decision, policies);
    }

    fn react(
        &mut self,
        database: &Database,
        now: Time,
        resource: &Name,
        decision: Decision,
        policies: &mut PolicyEngine,
    ) {
        let Some((group, definition)) = database.definition.resource(resource) else {
            return;
        };
        let Some(local) = self.locals.get_mut(resource) else {
            return;
        };
        let count = u32::try_from(local.failures.len()).unwrap_or(u32::MAX);
        let known = local.failure.as_ref();
        let mut failure = PolicyFailure {
            reason: known.map(|known| known.reason.clone()).unwrap_or_default(),
            starting: known.is_some_and(|known| known.starting),
            failures: count,
            built_in: built_in(decision),
            waits: known.map_or(0, |known| known.waits),
            waited: known.map_or(Duration::ZERO, |known| now.since(known.since)),
            time: LocalTime::at(0),
        };
        let judged = policies.judge(database, group, definition, &mut failure);
        if let Reaction::Wait(span) = judged.reaction {
            local.verdict = Verdict::Waiting { until: now + span };
        } else {
            local.failure = None;
        }
        let properties = &definition.properties;
        let event = match judged.reaction {
            Reaction::Restart => {
                local.verdict = Verdict::Restart {
                    from: ladder::restart_at(properties, now),
                };
                Some(Event::Restart {
                    subject: resource.clone(),
                    failures: count,
                    threshold: properties.restart_threshold,
                })
            }
            Reaction::Move | Reaction::GiveUp => {
                local.verdict = Verdict::GivenUp {
                    retry_at: ladder::retry_at(properties, now),
                };
                if judged.reaction == Reaction::Move
                    && let Some(owned) = self.owned.get_mut(&group.name)
                {
                    owned.failover = true;
                }
                Some(Event::GivenUp {
                    subject: resource.clone(),
                    reason: given_up(&judged, &group.name, count, properties),
                })
            }
            Reaction::Wait(_) | Reaction::BuiltIn => None,
        };
        for event in judged.event.into_iter().chain(event) {
            self.event(event);
        }
    }
}

fn built_in(decision: Decision) -> Reaction {
    match decision {
        Decision::Restart { .. } => Reaction::Restart,
        Decision::StayFailed => Reaction::GiveUp,
        Decision::FailOver => Reaction::Move,
    }
}

/// Why a resource is not restarted, and what follows.
fn given_up(judged: &Judged, group: &Name, count: u32, properties: &ResourceProperties) -> String {
    let moves = judged.reaction == Reaction::Move;
    match &judged.by {
        Some(policy) if moves => format!("the policy {policy} fails group {group} over"),
        Some(policy) => format!("the policy {policy} gives it up"),
        None if moves => format!("failure {count} is past the threshold: group {group} fails over"),
        None if properties.restart_action.code() == 0 => "it is not to be restarted".to_owned(),
        None => {
            format!("failure {count} is past the threshold, and it does not affect the group")
        }
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::RestartAction;

    use super::*;

    #[test]
    fn why_a_resource_is_not_restarted_is_said_as_it_was_decided() {
        let judged = |reaction, by: Option<&str>| Judged {
            reaction,
            by: by.map(str::to_owned),
            event: None,
        };
        let policy = Some("night.rhai");
        let (moves, stays) = (Reaction::Move, Reaction::GiveUp);
        for (reaction, by, action, said) in [
            (
                &moves,
                policy,
                RestartAction::RestartNotify,
                "the policy night.rhai fails group EVS1 over",
            ),
            (
                &stays,
                policy,
                RestartAction::RestartNotify,
                "the policy night.rhai gives it up",
            ),
            (
                &moves,
                None,
                RestartAction::RestartNotify,
                "failure 4 is past the threshold: group EVS1 fails over",
            ),
            (
                &stays,
                None,
                RestartAction::DontRestart,
                "it is not to be restarted",
            ),
            (
                &stays,
                None,
                RestartAction::RestartNoNotify,
                "failure 4 is past the threshold, and it does not affect the group",
            ),
        ] {
            let properties = ResourceProperties {
                restart_action: action,
                ..ResourceProperties::default()
            };
            let judged = judged(*reaction, by);
            assert_eq!(given_up(&judged, &"EVS1".into(), 4, &properties), said);
        }
    }
}
