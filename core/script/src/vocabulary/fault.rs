//! Faults that a drill has made.

use rhai::plugin::*;

use super::order;
use crate::handles::FaultRef;
use crate::session::Session;
use crate::thrown::{Fallible, Raise};

/// Words about faults.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// Undoes this one fault. Nothing happens if it is healed already.
    /// Example: `let fault = node("NODE1").nic("Private").fail(); run("1m"); fault.heal();`
    #[rhai_fn(name = "heal", return_raw)]
    pub fn heal(context: NativeCallContext<'_>, fault: &mut FaultRef) -> Fallible<()> {
        order::act(&context, |stage| {
            stage.heal(fault.handle);
            Ok(())
        })
    }

    /// Fails the drill if somebody in the cluster has noticed this fault up to now. Nor is it remarked on at the drill's end
    /// that nobody has.
    /// Example: `let fault = node("NODE4").freeze("500ms"); run("1m"); fault.expect_unnoticed();`
    #[rhai_fn(return_raw)]
    pub fn expect_unnoticed(context: NativeCallContext<'_>, fault: &mut FaultRef) -> Fallible<()> {
        let session = Session::of(&context)?;
        session.expects(context.call_position());
        session.with(|play| play.may_go_unnoticed(fault.handle));
        if !session.try_stage(&context, |stage| stage.noticed(fault.handle))? {
            return Ok(());
        }
        let text = format!("the cluster has noticed that {}", fault.what);
        let at = context.call_position();
        Err(session.failed(at, text).at(at))
    }

    /// What was broken, as a text.
    #[rhai_fn(global, name = "to_string", pure)]
    pub fn to_string(fault: &mut FaultRef) -> String {
        fault.what.clone()
    }

    /// The same text, for `debug`.
    #[rhai_fn(global, name = "to_debug", pure)]
    pub fn to_debug(fault: &mut FaultRef) -> String {
        fault.what.clone()
    }
}
