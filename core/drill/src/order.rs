//! Gives orders and waits for their answers, and makes faults.

use std::time::Duration;

use quorate_model::{Fault, FaultId, Lasting, Name, Reason};

use crate::face::{Face, begin_act, on_stage, try_on_stage};
use crate::stage::{Answer, Order, Stage, StageError};
use crate::wait::pass;
use crate::watch::look;
use crate::{MadeFault, Thrown};

/// How long an order may wait for its answer. An order that stops a node gets as much on top as its groups may take
/// to stop.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

/// Gives an order and lets time pass until it is answered.
///
/// # Errors
///
/// A refusal, or no answer in time; and as [`pass`].
pub fn order<F: Face>(face: &F, order: Order) -> Result<(), F::Error> {
    let stopped = match &order {
        Order::NodeShutdown(node) | Order::NodeReboot(node, _) | Order::ServiceStop(node) => {
            Some(node.clone())
        }
        Order::Cluster(_)
        | Order::Control { .. }
        | Order::NodeStart(..)
        | Order::ServiceStart(..)
        | Order::NodeAdd(..)
        | Order::NodeForceCleanup(_) => None,
    };
    let (answer, limit) = answered(face, order, stopped.is_some())?;
    let thrown = match answer {
        Some(Answer::Done(_)) => return Ok(()),
        Some(Answer::Refused(Reason { code: 0, text }) | Answer::Lost(text)) => {
            Thrown::mistake(format!("refused: {text}"))
        }
        Some(Answer::Refused(Reason { code, text })) => {
            Thrown::mistake(format!("refused with error {code}: {text}")).coded(code)
        }
        None => {
            let why = on_stage(face, |stage| unanswered(stage, stopped.as_ref()))?;
            Thrown::mistake(format!(
                "\"{}\" was not answered within {}: {why}",
                face.word(),
                Lasting(limit)
            ))
        }
    };
    Err(face.raise(thrown, face.here()))
}

/// Gives an order and lets time pass until the answer comes or the limit is reached. Returns the answer, if there is
/// one, and the limit. `stops` says that the order stops a node, whose groups may take longer.
///
/// # Errors
///
/// If the order cannot be given at all, and as [`pass`].
pub fn answered<F: Face>(
    face: &F,
    order: Order,
    stops: bool,
) -> Result<(Option<Answer>, Duration), F::Error> {
    begin_act(face)?;
    let handle = try_on_stage(face, |stage| stage.order(order))?;
    let (began, stop) = on_stage(face, |stage| (stage.now(), stage.longest_stop()))?;
    let limit = match stops {
        true => stop + ANSWER_LIMIT,
        false => ANSWER_LIMIT,
    };
    let mut answer = None;
    pass(face, began + limit, None, || {
        answer = on_stage(face, |stage| stage.answer(handle))?;
        Ok(answer.is_some())
    })?;
    Ok((answer, limit))
}

/// What an unanswered order still waits for.
fn unanswered(stage: &dyn Stage, stopped: Option<&Name>) -> String {
    let statuses = stage.resource_statuses().into_iter();
    let pending: Vec<String> = statuses
        .filter(|one| {
            one.state.is_pending() && (stopped.is_none() || one.owner.as_ref() == stopped)
        })
        .map(|one| format!("{} is {}", one.name, one.state))
        .collect();
    match (pending.is_empty(), stage.quorum().has_quorum) {
        (false, _) => pending.join(", "),
        (true, true) => "the cluster has quorum, but has not confirmed it".to_owned(),
        (true, false) => "no quorate node is there to take the order".to_owned(),
    }
}

/// Makes a fault, which heals by itself after `span` if there is one; `what` describes it.
///
/// # Errors
///
/// If the fault cannot be made, and as [`look`].
pub fn inject<F: Face>(
    face: &F,
    what: &str,
    fault: Fault,
    lasting: Option<Duration>,
) -> Result<FaultId, F::Error> {
    begin_act(face)?;
    let handle = try_on_stage(face, |stage| stage.inject(fault, lasting))?;
    let made = MadeFault {
        handle,
        at: face.here(),
        what: what.to_owned(),
        may_go_unnoticed: false,
    };
    face.with(|play| play.made(made));
    look(face)?;
    Ok(handle)
}

/// Acts on the cluster or its world, without letting time pass.
///
/// # Errors
///
/// What the cluster refuses or its stage does not offer, and as [`look`].
pub fn act<F: Face, E: Into<StageError>>(
    face: &F,
    deed: impl FnOnce(&mut dyn Stage) -> Result<(), E>,
) -> Result<(), F::Error> {
    begin_act(face)?;
    try_on_stage(face, deed)?;
    look(face)
}
