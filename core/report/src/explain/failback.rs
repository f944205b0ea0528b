//! Why a group did not go back.

use quorate_model::{Name, Time};

use crate::run::{GroupStory, Run, Standing};

/// Why a group is not on the best of its preferred owners although that one is there; `None` if there is nothing to explain.
pub(super) fn why_not(run: &Run, group: &GroupStory, at: Time) -> Option<String> {
    let defined = run.defined(&group.name)?;
    let owner = group.state_at(at)?.owner.clone()?;
    let up = |node: &&Name| {
        let standing = run.node(node).and_then(|it| it.standing_at(at));
        standing == Some(Standing::Up)
    };
    let better = defined.preferred_owners.iter();
    let better = better.take_while(|it| **it != owner).find(up)?;
    // One that was never away needs no failback: somebody wants the group where it is.
    let since = run.node(better)?.standing.iter().rev();
    let since = since
        .take_while(|span| span.from <= at)
        .chain([])
        .find(|span| span.what == Standing::Up && span.holds_at(at))?;
    let start = format!(
        "{} is on {owner}, and {better}, which comes before it in its list of preferred owners, is up since {}",
        group.name, since.from
    );
    Some(match (defined.failback, defined.failback_window) {
        (false, _) => format!(
            "{start}. It does not go back by itself: its AutoFailbackType is 0, as it is by default. An administrator moves \
             it, or AutoFailbackType 1 would."
        ),
        (true, Some((from, to))) => format!(
            "{start}. It goes back by itself, but only between {from} and {to} o'clock by the cluster's local time \
             (FailbackWindowStart and FailbackWindowEnd)."
        ),
        (true, None) => format!(
            "{start}. It would go back as soon as a better owner joins or is resumed; that is forgotten when an administrator \
             moves it, and a node that has other groups of its exclusive class, or is no possible owner, is passed over."
        ),
    })
}
