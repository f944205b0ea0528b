//! Remarks at the end of a drill: it expected nothing, or nothing that its faults could break.

use crate::play::{Expectation, MadeFault, Play};
use crate::watched::Promise;
use crate::{RemarkKind, Spot};

/// Makes the remarks on a drill whose body has succeeded.
pub(crate) fn at_end<C: Clone>(play: &mut Play<C>, drill: Spot) {
    let watches = play.watches.clone();
    let now = play.now();
    let (expects, left) = {
        let drill = play.drill.as_ref();
        drill.map_or((true, None), |drill| {
            (drill.expects, drill.fault_left.clone())
        })
    };
    if !expects && watches.is_empty() {
        play.remark(
            RemarkKind::NothingExpected,
            drill,
            "the drill expects nothing: it passes whatever the cluster does",
        );
    } else if let Some((at, fault)) = left
        && watches.is_empty()
    {
        play.remark(
            RemarkKind::NothingAfterFault,
            at,
            format!("nothing is expected after the last fault: {fault}"),
        );
    }
    caught(play);
    not_reached(play, drill);
    unnoticed(play);
    for watch in watches {
        let name = format!("{} \"{}\"", watch.promise.as_str(), watch.name);
        if watch.since == now {
            let text = format!("{name}: no time passed after it was stated");
            play.remark(RemarkKind::NeverLookedAt, watch.position, text);
        } else if !watch.looked.read {
            let text = format!("{name} read nothing of the cluster at any instant");
            play.remark(RemarkKind::ReadNothing, watch.position, text);
        } else if let Some(at) = watch.looked.over_nothing {
            let text =
                format!("{name} held since the list that `all` went through was always empty");
            play.remark(RemarkKind::OverNothing, at, text);
        } else if watch.looked.seen_at_once && watch.promise == Promise::Sometimes {
            let text =
                format!("{name} held at the instant it was stated: nothing had happened yet");
            play.remark(RemarkKind::HeldAtOnce, watch.position, text);
        }
    }
}

/// Expectations that were not met, in a drill that caught the error and went on.
fn caught<C>(play: &mut Play<C>) {
    let unmet = {
        let drill = play.drill.as_ref();
        drill.map(|drill| drill.unmet.clone()).unwrap_or_default()
    };
    for at in unmet {
        let text = "what is expected here was not so, and the script caught the error";
        play.remark(RemarkKind::Caught, at, text);
    }
}

/// Expectations in the drill's text that its run never reached.
fn not_reached<C>(play: &mut Play<C>, drill: Spot) {
    let left = {
        let reached = play.drill.as_ref().map(|drill| &drill.reached);
        let expected = play.text.expected.iter().find(|(at, _)| *at == drill);
        let expected = expected.into_iter().flat_map(|(_, words)| words);
        let missed = |at| reached.is_some_and(|reached| !reached.contains(at));
        let left = expected.filter(|it| missed(&it.at));
        left.cloned().collect::<Vec<_>>()
    };
    for Expectation { at, word } in left {
        let text = format!("the drill passed without coming to this `{word}`");
        play.remark(RemarkKind::NotReached, at, text);
    }
}

/// The faults that nobody in the cluster has noticed so far, except those that need not be noticed.
fn unnoticed<C>(play: &mut Play<C>) {
    let faults = {
        let drill = play.drill.as_ref();
        drill.map(|drill| drill.faults.clone()).unwrap_or_default()
    };
    for MadeFault {
        handle,
        at,
        what,
        may_go_unnoticed,
    } in faults
    {
        let seen = play.guarded(|stage| (stage.was_asked(handle), stage.noticed(handle)));
        let nobody = match seen {
            // Nobody needs to mind what a service says, but somebody has to have asked for it.
            Ok((Some(asked), _)) => (!asked).then_some("nobody has asked for it"),
            Ok((None, Ok(false))) if !may_go_unnoticed => {
                Some("nobody in the cluster has noticed this fault")
            }
            _ => None,
        };
        if let Some(nobody) = nobody {
            let text = format!("the drill ends, and {nobody}: {what}");
            play.remark(RemarkKind::Unnoticed, at, text);
        }
    }
}
