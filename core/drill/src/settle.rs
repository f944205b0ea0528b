//! Waits until a cluster has settled.

use std::time::Duration;

use quorate_model::{GroupState, NodeState, ResourceState};

use crate::face::{Face, begin_wait, on_stage};
use quorate_model::{GroupStatus, NodeStatus};

use crate::stage::{Part, Parts, Stage};
use crate::wait::{NAMED, pass};
use crate::{Span, Thrown};

/// How long nothing may change before a cluster counts as settled. It is longer than the wait before a takeover, so
/// that no takeover is still to come.
const CALM: Duration = Duration::from_secs(30);

/// Lets time pass until the cluster has settled: nothing pending, nobody joining, and no change in the state or owner
/// of any group for 30 s. Returns whether that happened within `within`.
///
/// # Errors
///
/// As [`pass`].
pub fn settle<F: Face>(face: &F, within: Span) -> Result<bool, F::Error> {
    let began = on_stage(face, |stage| stage.now())?;
    let doubted = face.with(|play| play.options.doubt);
    let belief = Parts::of(Part::Belief);
    let mut known = None;
    let mut last = None;
    let mut since = began;
    pass(face, began + within.0, None, || {
        let (now, mark) = on_stage(face, |stage| (stage.now(), Some(stage.mark(belief))))?;
        if known != mark || doubted {
            // While something is under way the cluster is not settled anyway, so nothing need be compared.
            let picture = on_stage(face, |stage| (!stage.is_busy()).then(|| Picture::of(stage)))?;
            if picture.is_none() || picture != last {
                if known == mark && picture != last {
                    let text = "a cluster was to be passed over, and has changed";
                    return Err(face.raise(Thrown::internal(text), face.here()));
                }
                last = picture;
                since = now;
            }
            known = mark;
        }
        Ok(last.is_some() && now.since(since) >= CALM)
    })
}

/// As [`settle`], for a statement of a drill: the verdict is unknown if the cluster does not settle.
///
/// # Errors
///
/// If it does not settle in time, and as [`pass`].
pub fn settle_within<F: Face>(face: &F, within: Span) -> Result<(), F::Error> {
    begin_wait(face)?;
    if settle(face, within)? {
        return Ok(());
    }
    let why = unsettled(face)?;
    let text = format!("the cluster did not settle within {within}: {why}");
    Err(face.raise(Thrown::unknown(text), face.here()))
}

/// Why a cluster is not settled, in words: what is pending or joining, or else that groups keep changing.
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
        // A Pending group usually has a pending resource, which was named above.
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

/// What must not change for a cluster to be settled.
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
