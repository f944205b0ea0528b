//! The words of policy scripts: what they may answer.

use std::fmt;
use std::time::Duration;

use quorate_drill::Span;
use rhai::plugin::*;

/// An answer that is no node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The group stays as it is.
    Stay,
    /// The resource is restarted on its node.
    Restart,
    /// Its group fails over.
    Move,
    /// It stays Failed.
    GiveUp,
    /// It stays Failed for now.
    Wait(Duration),
}

impl fmt::Display for Decision {
    /// As a script writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Decision::Stay => f.write_str("stay()"),
            Decision::Restart => f.write_str("restart_here()"),
            Decision::Move => f.write_str("move_group()"),
            Decision::GiveUp => f.write_str("give_up()"),
            Decision::Wait(span) => write!(f, "wait(\"{}\")", Span(*span)),
        }
    }
}

/// The words.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// For `choose_owner`: nobody takes the group now, and it stays as it is.
    pub fn stay() -> Decision {
        Decision::Stay
    }

    /// For `on_resource_failed`: restart the resource on its node.
    pub fn restart_here() -> Decision {
        Decision::Restart
    }

    /// For `on_resource_failed`: fail the resource's group over.
    pub fn move_group() -> Decision {
        Decision::Move
    }

    /// For `on_resource_failed`: leave the resource Failed and the rest of its group alone.
    pub fn give_up() -> Decision {
        Decision::GiveUp
    }

    /// For `on_resource_failed`: leave the resource Failed for so long, such as "10m", then ask again.
    #[rhai_fn(return_raw)]
    pub fn wait(duration: &str) -> Result<Decision, Box<EvalAltResult>> {
        let span: Span = duration.parse().map_err(|error| format!("{error}"))?;
        Ok(Decision::Wait(span.0))
    }

    /// The answer as a script writes it.
    #[rhai_fn(global, name = "to_string", pure)]
    pub fn to_string(decision: &mut Decision) -> String {
        decision.to_string()
    }

    /// Whether both are the same answer.
    #[rhai_fn(name = "==")]
    pub fn eq(left: Decision, right: Decision) -> bool {
        left == right
    }
}
