//! Waiting until a cluster stands still.

use std::time::Duration;

use quorate_model::{GroupState, NodeState, ResourceState};

use crate::face::{Face, begin_wait, on_stage};
use quorate_model::{GroupStatus, NodeStatus};

use crate::stage::Stage;
use crate::wait::{NAMED, pass};
use crate::{Span, Thrown};

/// How long nothing may change before a cluster counts as settled: longer than the wait before a takeover, so
/// that what is still to come has come.
const CALM: Duration = Duration::from_secs(30);

/// Lets time pass until nothing goes on any more: nothing pending, nobody joining, and no group's state or owner
/// different for 30 s. Says whether that was reached within `within`.
///
/// # Errors
///
/// As [`pass`].
pub fn settle<F: Face>(face: &F, within: Span) -> Result<bool, F::Error> {
    let began = on_stage(face, |stage| stage.now())?;
    let mut last = None;
    let mut since = began;
    pass(face, began + within.0, None, || {
        // While something is under way, nobody asks for how long nothing has changed: no picture is drawn.
        let (now, picture) = on_stage(face, |stage| {
            (stage.now(), (!stage.is_busy()).then(|| Picture::of(stage)))
        })?;
        if picture.is_none() || picture != last {
            last = picture;
            since = now;
        }
        Ok(last.is_some() && now.since(since) >= CALM)
    })
}

/// As [`settle`], of a drill's own statement: a cluster that does not settle makes its verdict unknown.
///
/// # Errors
///
/// If it is not settled in time, and as [`pass`].
pub fn settle_within<F: Face>(face: &F, within: Span) -> Result<(), F::Error> {
    begin_wait(face)?;
    if settle(face, within)? {
        return Ok(());
    }
    let why = unsettled(face)?;
    let text = format!("the cluster did not settle within {within}: {why}");
    Err(face.raise(Thrown::unknown(text), face.here()))
}

/// What keeps a cluster from being settled, in words: what is pending or joining, or else that something moved.
///
/// # Errors
///
/// If no cluster is open, or its world panicked.
pub fn unsettled<F: Face>(face: &F) -> Result<String, F::Error> {
    on_stage(face, |stage| {
        let nodes = stage.node_statuses().into_iter().filter_map(|node| {
            let joining = node.state == NodeState::Joining;
            joining.then(|| format!("{} is {}", node.name, node.state))
        });
        let resources = stage.resource_statuses().into_iter().filter_map(|it| {
            let pending = it.state.is_pending();
            pending.then(|| format!("{} is {}", it.name, it.state))
        });
        let groups = stage.group_statuses().into_iter().filter_map(|group| {
            let pending = group.state == GroupState::Pending;
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
    nodes: Vec<NodeStatus>,
    groups: Vec<GroupStatus>,
    resources: Vec<ResourceState>,
}

impl Picture {
    fn of(stage: &dyn Stage) -> Picture {
        Picture {
            nodes: stage.node_statuses(),
            groups: stage.group_statuses(),
            resources: stage.resource_states(),
        }
    }
}
