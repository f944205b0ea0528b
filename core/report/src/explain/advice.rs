//! What would have made an outage shorter.

use std::time::Duration;

use quorate_journal::{Event, What};
use quorate_model::monitor::HealthCheck;
use quorate_model::{Lasting, ResourceState};

use super::rules;
use crate::run::{GroupStory, Outage, PhaseKind, Run};

/// Which part of an outage was the longest, and what it hangs on.
pub(super) fn advice(run: &Run, group: &GroupStory, outage: &Outage) -> Option<String> {
    let kind = outage.longest()?;
    let spent = outage.spent(kind);
    let all = outage.lasted().as_millis().max(1);
    let percent = (spent.as_millis() * 100 + all / 2) / all;
    let spent = Lasting(spent).to(Duration::from_millis(1));
    let name = match kind {
        PhaseKind::Detect => "noticing it",
        PhaseKind::Decide => "the decision",
        PhaseKind::Wait => "waiting",
        PhaseKind::Offline => "going offline",
        PhaseKind::Move => "arbitration and moving",
        PhaseKind::Online => "coming online",
    };
    let hangs_on = hangs_on(run, group, outage, kind);
    Some(format!(
        "The longest part was {name}: {spent}, {percent} % of it. {hangs_on}"
    ))
}

fn hangs_on(run: &Run, group: &GroupStory, outage: &Outage, kind: PhaseKind) -> String {
    match kind {
        PhaseKind::Detect => detect(run, outage),
        PhaseKind::Decide => decide(run, outage),
        PhaseKind::Wait => wait(run, group, outage),
        PhaseKind::Offline => offline(group, outage),
        PhaseKind::Move => {
            "That hangs on no property: a new owner waits 7s for a disk's defender, and only where it had to break the \
             reservation. In a move in order the old owner gives it up, and nobody waits."
                .to_owned()
        }
        PhaseKind::Online => online(group, outage),
    }
}

fn detect(run: &Run, outage: &Outage) -> String {
    let Some(n) = outage.detected else {
        return "The cluster never knew: to it everything was online. What clients miss and no resource checks, nothing \
                repairs."
            .to_owned();
    };
    match run.fact(n) {
        Some(What::Node(Event::Health { subject, check, .. })) => {
            let property = match check {
                HealthCheck::LooksAlive => "LooksAlivePollInterval",
                HealthCheck::IsAlive => "IsAlivePollInterval",
            };
            format!(
                "It hangs on {property} of {subject}, which decides how long a failure can go unseen: a shorter one finds \
                 it sooner, for more checks."
            )
        }
        Some(What::Node(Event::Interface { .. } | Event::Regroup { .. })) => {
            "It hangs on the heartbeat of 1.2s, which is no property.".to_owned()
        }
        Some(What::Node(Event::ResourceState { subject, .. })) => format!(
            "It hangs on how soon {subject} notices: IsAlivePollInterval, and LooksAlivePollInterval before it."
        ),
        _ => "It hangs on how soon the cluster hears of what fails.".to_owned(),
    }
}

fn decide(run: &Run, outage: &Outage) -> String {
    let by_loss = run.fact(outage.decided.unwrap_or(u64::MAX));
    match by_loss {
        Some(What::Node(Event::Restart { subject, .. } | Event::GivenUp { subject, .. })) => {
            format!(
                "It hangs on what {subject} needs to be Failed for good, and on its RestartDelay."
            )
        }
        _ => format!(
            "It hangs on no property: a node that was lost is given {} from its last word before its groups are taken over, \
             because nobody can know sooner that it has stopped. A node that is shut down, or whose groups are moved before \
             it is, costs nothing of this.",
            Lasting(rules::periods::TAKEOVER_WAIT)
        ),
    }
}

fn wait(run: &Run, group: &GroupStory, outage: &Outage) -> String {
    let waited = outage.phases.iter().filter(|it| it.kind == PhaseKind::Wait);
    let longest = waited.max_by_key(|it| it.lasted());
    let began = longest.and_then(|it| {
        // What the phase began with, or the last decision before the outage did.
        run.fact(it.n)
            .filter(|fact| !matches!(fact, What::World(_)))
            .or_else(|| run.fact(outage.decided?))
    });
    let no_quorum = longest.is_some_and(|phase| {
        let mut spans = run.quorum.iter();
        spans.any(|it| !it.what && it.from < phase.to && it.to > phase.from)
    });
    match began {
        _ if no_quorum => {
            "No node had quorum, and without it nothing runs. What helps is more votes in reach: nodes that are up and \
             connected, another kind of quorum, a file share witness."
                .to_owned()
        }
        Some(What::Node(Event::GroupStranded { reason, .. })) if reason.contains("Threshold") => {
            "FailoverThreshold within FailoverPeriod was used up. Once what made it fail is mended it must be brought online; \
             a higher threshold only makes more of the same attempts."
                .to_owned()
        }
        Some(What::Node(Event::GroupStranded { reason, .. })) if reason.contains("policy") => {
            "Its policy gave it no node, though the rules would have let it go. That hangs on the policy alone.".to_owned()
        }
        Some(What::Node(Event::GroupStranded { .. })) => format!(
            "No other node could take {}. A node more that may own it and has nothing of its exclusive class (a standby), or \
             the lost node back, ends that.",
            group.name
        ),
        Some(What::Node(Event::GroupResting { .. })) => {
            "It had failed on every node, so that it rests before each further round. What ends that is what made it fail, \
             not a property."
                .to_owned()
        }
        Some(What::Node(Event::GivenUp { subject, .. })) => format!(
            "{subject} stayed Failed: its RestartThreshold was used up, or RestartAction allows no restart, and it does not \
             affect the group or the group cannot move. RetryPeriodOnFailure, which is \"never\" by default, would have \
             tried again by itself; RestartAction 2 would have moved the group."
        ),
        _ if outage.planned => {
            "It was offline because somebody wanted it so; somebody has to bring it online.".to_owned()
        }
        _ => "Nothing was due in that time.".to_owned(),
    }
}

/// The resource that needed longest for leaving a state, in the outage.
fn longest_in<'a>(
    group: &'a GroupStory,
    outage: &Outage,
    state: ResourceState,
) -> Option<(&'a str, Duration)> {
    let all = group.resources.iter().flat_map(|resource| {
        let spans = resource.states.iter();
        spans.map(move |span| (&*resource.name, span))
    });
    all.filter(|(_, span)| span.what.0 == state && span.from < outage.to && span.to > outage.from)
        .map(|(name, span)| (name, span.to.min(outage.to) - span.from.max(outage.from)))
        .max_by_key(|(_, lasted)| *lasted)
}

fn offline(group: &GroupStory, outage: &Outage) -> String {
    match longest_in(group, outage, ResourceState::OfflinePending) {
        Some((name, lasted)) => format!(
            "{name} took longest, {}: what it does when it is asked to stop decides. PendingTimeout bounds it: after so long \
             without progress it is terminated.",
            Lasting(lasted).to(Duration::from_millis(1))
        ),
        None => {
            "That is RestartDelay: how long a failed resource waits for its restart.".to_owned()
        }
    }
}

fn online(group: &GroupStory, outage: &Outage) -> String {
    let Some(slowest) = &outage.slowest else {
        return "Its resources come online one after the other, providers first.".to_owned();
    };
    let took = Lasting(slowest.to - slowest.from).to(Duration::from_millis(1));
    let defined = group.resource(&slowest.resource);
    let after = match defined.map(|it| it.depends_on.as_slice()) {
        Some([first, ..]) => format!(
            " It begins when what it depends on is online, {first} among others, so shorter chains of dependencies help as \
             much as a faster start."
        ),
        _ => String::new(),
    };
    format!(
        "{} took {took} of it. That is how long it needs to start, and PendingTimeout only bounds the gap between its reports of \
         progress.{after}",
        slowest.resource
    )
}
