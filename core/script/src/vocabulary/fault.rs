//! Faults that were made.

use rhai::plugin::*;

use super::handles::FaultRef;
use crate::session::Session;
use crate::thrown::Fallible;
use crate::watch;

/// Words about faults.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// Undoes this one fault. Nothing happens if it is healed already.
    #[rhai_fn(name = "heal", return_raw)]
    pub fn heal(context: NativeCallContext<'_>, fault: &mut FaultRef) -> Fallible<()> {
        let session = Session::of(&context)?;
        session.begin_act(&context)?;
        session.with_stage(&context, |stage| stage.heal(fault.handle))?;
        watch::look(&context, &session)
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
