//! The file share witness of a Majority Node Set.

use quorate_drill::Thrown;
use quorate_model::{Repair, ShareFault};
use rhai::plugin::*;

use super::order;
use crate::handles::{FaultRef, WitnessRef};
use crate::session::Session;
use crate::thrown::{Fallible, Raise};
use crate::values::{name_arg, span_arg};

/// Words about the file share witness.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// The file share witness: one more vote of a Majority Node Set, named by `MNSFileShare` of its quorum resource.
    /// Example with `two-node-witness.ron`: `witness().fail(); run("1m"); expect(quorum().has_quorum);`
    #[rhai_fn(return_raw)]
    pub fn witness(context: NativeCallContext<'_>) -> Fallible<WitnessRef> {
        let session = Session::of(&context)?;
        let status = session.with_stage(&context, |stage| stage.quorum())?;
        match status.witness {
            Some(name) => Ok(WitnessRef { name }),
            None => Err(Thrown::mistake(
                "this cluster has no file share witness: set MNSFileShare of its Majority Node Set resource",
            )
            .at(context.call_position())),
        }
    }

    /// Belief: the share's name, as `MNSFileShare` gives it.
    /// Example with `two-node-witness.ron`: `expect(witness().name.ends_with("witness"))`
    #[rhai_fn(get = "name", pure)]
    pub fn name(witness: &mut WitnessRef) -> String {
        witness.name.to_string()
    }

    /// Makes the file server silent: nobody gets an answer. What the witness has promised stays.
    /// Example with `two-node-witness.ron`: `witness().fail(); run("1m"); expect(quorum().has_quorum);`
    #[rhai_fn(name = "fail", return_raw)]
    pub fn fail(context: NativeCallContext<'_>, witness: &mut WitnessRef) -> Fallible<FaultRef> {
        let share = witness.name.clone();
        order::inject(
            &context,
            format!("{share} does not answer"),
            ShareFault::Share { share },
        )
    }

    /// Makes the file server answer so much later: half of it passes before the question has been looked at, and half after.
    /// A node waits for 2.4 s; an answer that comes later is none.
    /// Example with `two-node-witness.ron`: `witness().slow("1s"); run("1m"); expect(quorum().has_quorum);`
    #[rhai_fn(return_raw)]
    pub fn slow(
        context: NativeCallContext<'_>,
        witness: &mut WitnessRef,
        delay: Dynamic,
    ) -> Fallible<FaultRef> {
        let share = witness.name.clone();
        let delay = span_arg(&context, &delay)?.0;
        order::inject(
            &context,
            format!("{share} answers late"),
            ShareFault::SlowShare { share, delay },
        )
    }

    /// Cuts one node off from the file server: it does not get through, and the others do.
    /// Example with `two-node-witness.ron`: `witness().cut("NODE1"); run("1m"); expect(node("NODE1").is_up);`
    #[rhai_fn(name = "cut", return_raw)]
    pub fn cut(
        context: NativeCallContext<'_>,
        witness: &mut WitnessRef,
        node: Dynamic,
    ) -> Fallible<FaultRef> {
        let share = witness.name.clone();
        let name = name_arg(&context, &node)?;
        let node = order::known(&context, "node", &name, |stage| stage.nodes())?;
        order::inject(
            &context,
            format!("{node} does not get through to {share}"),
            ShareFault::SharePath { share, node },
        )
    }

    /// Takes the witness file away: who votes there next has forgotten what it promised, and is not counted.
    /// Example with `two-node-witness.ron`: `witness().lose(); run("1m"); expect(quorum().has_quorum);`
    #[rhai_fn(return_raw)]
    pub fn lose(context: NativeCallContext<'_>, witness: &mut WitnessRef) -> Fallible<FaultRef> {
        let share = witness.name.clone();
        order::inject(
            &context,
            format!("the witness file on {share} is lost"),
            ShareFault::ShareLost { share },
        )
    }

    /// Lets the file server answer everybody again, at once.
    /// Example with `two-node-witness.ron`: `witness().fail(); run("1m"); witness().repair();`
    #[rhai_fn(name = "repair", return_raw)]
    pub fn repair(context: NativeCallContext<'_>, witness: &mut WitnessRef) -> Fallible<()> {
        order::repair(&context, &Repair::Share(witness.name.clone()))
    }

    /// Its name, as a text.
    #[rhai_fn(global, name = "to_string", pure)]
    pub fn to_string(witness: &mut WitnessRef) -> String {
        witness.name.to_string()
    }

    /// The same text, for `debug`.
    #[rhai_fn(global, name = "to_debug", pure)]
    pub fn to_debug(witness: &mut WitnessRef) -> String {
        witness.name.to_string()
    }
}
