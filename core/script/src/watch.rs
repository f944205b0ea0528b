//! Conditions that are looked at while time passes, and the loop that lets it pass.

use std::time::Duration;

use quorate_drill::{RemarkKind, Span};
use quorate_model::{Name, Time};
use rhai::{FnPtr, NativeCallContext, Position};

use crate::foresight::{self, Reads};
use crate::schedule;
use crate::session::Session;
use crate::thrown::{Fallible, Seen, Thrown};

/// Conditions are looked at again at least this often, even if nothing that can be read has changed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How many things that are not settled are named.
const NAMED: usize = 5;

/// How long nothing may change before a cluster counts as settled: longer than the wait before a takeover, so
/// that what is still to come has come.
const CALM: Duration = Duration::from_secs(30);

/// What a watched condition promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// It holds at every instant from now on.
    Always,
    /// It holds at none.
    Never,
    /// It holds before and after the body.
    Steady,
    /// It holds at some instant.
    Sometimes,
}

impl Promise {
    /// The word that makes it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Steady => "steady",
            Self::Sometimes => "sometimes",
        }
    }
}

/// What the looks at a watched condition have shown so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Looked {
    /// For [`Promise::Sometimes`]: whether it was seen.
    pub(crate) was_seen: bool,
    /// The same, at the instant it was stated.
    pub(crate) seen_at_once: bool,
    /// Whether it has read anything of the cluster.
    pub(crate) read: bool,
    /// Whether it has ever held, or not held, for anything.
    pub(crate) over_something: bool,
    /// Where it went through an empty list, as long as it has never gone through any other.
    pub(crate) over_nothing: Option<Position>,
}

/// A watched condition.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    /// Its name in reports.
    pub(crate) name: String,
    /// What it promises.
    pub(crate) promise: Promise,
    /// The condition.
    pub(crate) condition: FnPtr,
    /// Where the script states it.
    pub(crate) position: Position,
    /// When it was stated.
    pub(crate) since: Time,
    /// What was seen of it.
    pub(crate) looked: Looked,
    /// Whether it held when it was last looked at.
    pub(crate) holds: bool,
    /// What it read then that changes without anything happening.
    pub(crate) reads: Reads,
}

/// Begins to watch a condition, and looks at it at once.
pub(crate) fn watch(
    context: &NativeCallContext<'_>,
    name: &str,
    promise: Promise,
    condition: FnPtr,
) -> Fallible<()> {
    let session = Session::of(context)?;
    session.begin_act(context)?;
    let since = session.with_stage(context, |stage| stage.now())?;
    let position = context.call_position();
    let mut watch = Watch {
        name: name.to_owned(),
        promise,
        condition,
        position,
        since,
        looked: Looked::default(),
        holds: false,
        reads: Reads::default(),
    };
    look_at(context, &session, &mut watch, true)?;
    watch.looked.seen_at_once = watch.looked.was_seen;
    session.reaches(position);
    session.with(|inner| inner.watches.push(watch));
    Ok(())
}

/// Looks at every watched condition if something changed since the last look; at those that read time, always.
pub(crate) fn look(context: &NativeCallContext<'_>, session: &Session) -> Fallible<()> {
    let revision = session.with_stage(context, |stage| stage.revision())?;
    let same = session.with(|inner| inner.watched.replace(revision)) == Some(revision);
    let count = session.with(|inner| inner.watches.len());
    for number in 0..count {
        let Some(mut watch) = session.with(|inner| inner.watches.get(number).cloned()) else {
            break;
        };
        if same && !watch.reads.any() {
            continue;
        }
        look_at(context, session, &mut watch, false)?;
        session.with(|inner| {
            if let Some(kept) = inner.watches.get_mut(number) {
                kept.looked = watch.looked;
                kept.holds = watch.holds;
                kept.reads = watch.reads;
            }
        });
    }
    Ok(())
}

/// The last look, at the end of a drill's body: what is steady must hold again, what happens sometimes must have.
pub(crate) fn last_look(context: &NativeCallContext<'_>, session: &Session) -> Fallible<()> {
    check_breaches(context, session)?;
    session.with(|inner| inner.watched = None);
    look(context, session)?;
    let watches = session.with(|inner| inner.watches.clone());
    for mut watch in watches {
        match watch.promise {
            Promise::Steady => look_at(context, session, &mut watch, true)?,
            Promise::Sometimes if !watch.looked.was_seen => {
                return Err(Thrown::failed(format!(
                    "sometimes \"{}\": it was never seen in the whole drill",
                    watch.name
                ))
                .at(watch.position));
            }
            Promise::Always | Promise::Never | Promise::Sometimes => {}
        }
    }
    Ok(())
}

/// Evaluates one condition. `edge` is true before and after the body.
fn look_at(
    context: &NativeCallContext<'_>,
    session: &Session,
    watch: &mut Watch,
    edge: bool,
) -> Fallible<()> {
    let idle = match watch.promise {
        Promise::Always | Promise::Never => false,
        Promise::Steady => !edge,
        Promise::Sometimes => watch.looked.was_seen,
    };
    if idle {
        return Ok(());
    }
    // What the watch reads must not be mixed up with what the script reads in its own statements.
    let kept = session.with(|inner| std::mem::take(&mut inner.seen));
    let holds = session.ask(context, &watch.condition);
    let seen = session.take_seen();
    let (now, over_nothing) = session.with(|inner| {
        inner.seen = kept;
        watch.reads = inner.reads;
        (inner.now(), inner.over_nothing)
    });
    let holds = holds?;
    watch.holds = holds;
    watch.looked.read |= !seen.is_empty();
    watch.looked.over_something |= over_nothing.is_none();
    watch.looked.over_nothing = over_nothing.filter(|_| !watch.looked.over_something);
    let broken = match watch.promise {
        Promise::Always | Promise::Steady => !holds,
        Promise::Never => holds,
        Promise::Sometimes => {
            watch.looked.was_seen = holds;
            false
        }
    };
    if !broken {
        return Ok(());
    }
    let word = watch.promise.as_str();
    let text = format!("{word} \"{}\" does not hold at {now}", watch.name);
    let at = watch.position;
    Err(session.failed(at, text).seen(seen).at(at))
}

/// Fails if an invariant of the world was broken since the last look.
pub(crate) fn check_breaches(context: &NativeCallContext<'_>, session: &Session) -> Fallible<()> {
    let known = session.with(|inner| inner.breaches);
    let breaches = session.with_stage(context, |stage| stage.breaches())?;
    session.with(|inner| inner.breaches = breaches.len());
    match breaches.get(known) {
        None => Ok(()),
        Some(breach) => Err(Thrown::failed(format!(
            "the invariant \"{}\" was broken at {}: {} (after {})",
            breach.invariant, breach.time, breach.text, breach.event
        ))
        .at(context.call_position())),
    }
}

/// Lets time pass until `done` says so or `until` is reached; says which. Watched conditions are looked at at every
/// change that can be read, and those that read time at the instant they turn; so is the condition that `done` asks,
/// if it asks one: `awaited`.
pub(crate) fn pass(
    context: &NativeCallContext<'_>,
    session: &Session,
    until: Time,
    awaited: Option<&FnPtr>,
    mut done: impl FnMut(&Session) -> Fallible<bool>,
) -> Fallible<bool> {
    loop {
        session.check_cancel(context)?;
        schedule::do_what_is_due(context, session)?;
        check_breaches(context, session)?;
        look(context, session)?;
        if done(session)? {
            return Ok(true);
        }
        let now = session.with_stage(context, |stage| stage.now())?;
        if now >= until {
            return Ok(false);
        }
        if let Some(limit) =
            session.with(|inner| inner.drill.as_ref().and_then(|drill| drill.limit))
            && now >= limit
        {
            return Err(Thrown::unknown(format!(
                "the drill's limit of virtual time was reached at {now} before it had shown what it sets out to"
            ))
            .at(context.call_position()));
        }
        let next = until.min(now + LOOK_AGAIN);
        let next = match schedule::next_due(context, session)? {
            Some(due) => next.min(due),
            None => next,
        };
        let next = foresight::next_look(context, session, awaited, next)?;
        let now = session.with_stage(context, |stage| {
            stage.advance(next);
            stage.now()
        })?;
        session.with(|inner| inner.observer.time_passed(now));
    }
}

/// Lets `span` of time pass.
pub(crate) fn run(context: &NativeCallContext<'_>, span: Span) -> Fallible<()> {
    let session = Session::of(context)?;
    session.begin_wait(context)?;
    let until = session.with_stage(context, |stage| stage.now())? + span.0;
    pass(context, &session, until, None, |_| Ok(false))?;
    Ok(())
}

/// A wait that expects something begins now.
fn begin(context: &NativeCallContext<'_>) -> Fallible<(Session, Time)> {
    let session = Session::of(context)?;
    session.begin_wait(context)?;
    session.expects(context.call_position());
    let began = session.with_stage(context, |stage| stage.now())?;
    Ok((session, began))
}

/// Lets time pass until a condition holds, at most `within`. One that holds before any time has passed shows nothing,
/// and is remarked on unless the script says why it may.
pub(crate) fn eventually(
    context: &NativeCallContext<'_>,
    condition: &FnPtr,
    within: Span,
    may_hold_at_once: bool,
) -> Fallible<()> {
    let (session, began) = begin(context)?;
    let shown = pass(
        context,
        &session,
        began + within.0,
        Some(condition),
        |session| {
            session.with(|inner| inner.seen.clear());
            session.ask(context, condition)
        },
    )?;
    let seen = session.take_seen();
    if shown {
        let at = context.call_position();
        let ended = session.with(|inner| inner.now());
        if seen.is_empty() {
            let text = "this condition reads nothing of the cluster";
            session.remark(RemarkKind::ReadNothing, at, text);
        } else if let Some(at) = session.with(|inner| inner.over_nothing) {
            session.remark(RemarkKind::OverNothing, at, OVER_NOTHING);
        } else if ended == began && !may_hold_at_once {
            session.remark(RemarkKind::HeldAtOnce, at, held_at_once(&seen));
        }
        return Ok(());
    }
    let at = context.call_position();
    let text = format!("this did not become true within {within} (from {began} on)");
    Err(session.failed(at, text).seen(seen).at(at))
}

/// What is said of `all` over an empty list.
pub(crate) const OVER_NOTHING: &str =
    "this held since the list that `all` went through is empty: there was nothing to hold for";

/// What is said of an `eventually` that held before any time passed.
fn held_at_once(seen: &[Seen]) -> String {
    let mut told: Vec<String> = seen
        .iter()
        .take(NAMED)
        .map(|seen| format!("{} was {}", seen.what, seen.value))
        .collect();
    if seen.len() > NAMED {
        told.push("…".to_owned());
    }
    format!(
        "eventually held before any time passed, and waited for nothing: {}",
        told.join(", ")
    )
}

/// Lets time pass until a condition holds that did not hold at some instant before, at most `within`.
pub(crate) fn becomes(
    context: &NativeCallContext<'_>,
    condition: &FnPtr,
    within: Span,
) -> Fallible<()> {
    let (session, began) = begin(context)?;
    let mut was_false = false;
    let shown = pass(
        context,
        &session,
        began + within.0,
        Some(condition),
        |session| {
            session.with(|inner| inner.seen.clear());
            let holds = session.ask(context, condition)?;
            was_false |= !holds;
            Ok(holds && was_false)
        },
    )?;
    let seen = session.take_seen();
    if shown {
        if seen.is_empty() {
            let text = "this condition reads nothing of the cluster";
            session.remark(RemarkKind::ReadNothing, context.call_position(), text);
        }
        return Ok(());
    }
    let text = if was_false {
        format!("this was not so, and did not become true within {within} (from {began} on)")
    } else {
        format!(
            "this did not become true: it was true all the time, for {within} (from {began} on)"
        )
    };
    let at = context.call_position();
    Err(session.failed(at, text).seen(seen).at(at))
}

/// Lets time pass until a group is back in full service after it was out of it, at most `within`.
pub(crate) fn recovers(
    context: &NativeCallContext<'_>,
    group: &Name,
    within: Span,
) -> Fallible<()> {
    let (session, began) = begin(context)?;
    let mut away = None;
    let shown = pass(context, &session, began + within.0, None, |session| {
        let (now, status) =
            session.with_stage(context, |stage| (stage.now(), stage.group(group)))?;
        let online = status.is_some_and(|it| it.out_of_service.is_none());
        if !online && away.is_none() {
            away = Some(now);
        }
        Ok(online && away.is_some())
    })?;
    if shown {
        return Ok(());
    }
    let status = session.with_stage(context, |stage| stage.group(group))?;
    let text = match away {
        None => format!(
            "{group} did not recover: it was never away, for {within} (from {began} on) clients found it all the time"
        ),
        Some(since) => format!(
            "{group} is away since {since} and did not come back within {within} (from {began} on)"
        ),
    };
    let seen = status.into_iter().flat_map(|status| {
        let name = &status.name;
        let read = |what: &str, value: String| Seen {
            subject: name.to_string(),
            what: format!("group(\"{name}\").{what}"),
            value,
        };
        let state = status.state.to_string();
        let owner = status
            .owner
            .as_ref()
            .map(Name::to_string)
            .unwrap_or_default();
        [
            read("is_online", in_service(status.out_of_service.as_deref())),
            read("state", format!("{state:?}")),
            read("owner", format!("{owner:?}")),
        ]
    });
    let at = context.call_position();
    Err(session.failed(at, text).seen(seen.collect()).at(at))
}

/// Whether clients find something, with the reason if they do not, as reports show it.
pub(crate) fn in_service(out_of_service: Option<&str>) -> String {
    match out_of_service {
        None => "true".to_owned(),
        Some(why) => format!("false ({why})"),
    }
}

/// Lets time pass until nothing goes on any more: nothing pending, nobody joining, and no group's state or owner
/// different for 30 s. Says whether that was reached within `within`.
pub(crate) fn settle(
    context: &NativeCallContext<'_>,
    session: &Session,
    within: Span,
) -> Fallible<bool> {
    let began = session.with_stage(context, |stage| stage.now())?;
    let mut last = None;
    let mut since = began;
    pass(context, session, began + within.0, None, |session| {
        // While something is under way, nobody asks for how long nothing has changed: no picture is drawn.
        let (now, picture) = session.with_stage(context, |stage| {
            (stage.now(), (!stage.is_busy()).then(|| Picture::of(stage)))
        })?;
        if picture.is_none() || picture != last {
            last = picture;
            since = now;
        }
        Ok(last.is_some() && now.since(since) >= CALM)
    })
}

/// What keeps a cluster from being settled, in words: what is pending or joining, or else that something moved.
pub(crate) fn unsettled(context: &NativeCallContext<'_>, session: &Session) -> Fallible<String> {
    session.with_stage(context, |stage| {
        let nodes = stage.node_statuses().into_iter().filter_map(|node| {
            let joining = node.state == quorate_model::NodeState::Joining;
            joining.then(|| format!("{} is {}", node.name, node.state))
        });
        let resources = stage.resource_statuses().into_iter().filter_map(|it| {
            let pending = it.state.is_pending();
            pending.then(|| format!("{} is {}", it.name, it.state))
        });
        let groups = stage.group_statuses().into_iter().filter_map(|group| {
            let pending = group.state == quorate_model::GroupState::Pending;
            pending.then(|| format!("the group {} is {}", group.name, group.state))
        });
        let mut all: Vec<String> = nodes.chain(resources).collect();
        // A group that is Pending has a resource that is, most of the time.
        if all.is_empty() {
            all.extend(groups);
        }
        let more = all.len().saturating_sub(NAMED);
        all.truncate(NAMED);
        match (all.is_empty(), more) {
            (true, _) => "groups change state or owner all the time".to_owned(),
            (false, 0) => all.join(", "),
            (false, more) => format!("{}, and {more} more", all.join(", ")),
        }
    })
}

/// What must stand still for a cluster to be settled.
#[derive(PartialEq, Eq)]
struct Picture {
    nodes: Vec<quorate_drill::stage::NodeStatus>,
    groups: Vec<quorate_drill::stage::GroupStatus>,
    resources: Vec<quorate_model::ResourceState>,
}

impl Picture {
    fn of(stage: &dyn quorate_drill::stage::Stage) -> Picture {
        Picture {
            nodes: stage.node_statuses(),
            groups: stage.group_statuses(),
            resources: stage.resource_states(),
        }
    }
}
