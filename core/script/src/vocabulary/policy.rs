//! Policy scripts of the cluster and its groups.

use quorate_drill::{MAX_BYTES, Thrown, read_text};
use quorate_model::{AdminOp, Name, PolicyScript};
use rhai::plugin::*;

use super::order::{self, read};
use crate::handles::GroupRef;
use crate::policy;
use crate::session::Session;
use crate::thrown::{Fallible, Raise};

/// Gives the cluster or a group the script in a file; `()` takes its script away.
pub(super) fn set(
    context: &NativeCallContext<'_>,
    group: Option<Name>,
    path: &Dynamic,
) -> Fallible<()> {
    let policy = if path.is_unit() {
        None
    } else {
        let path = path.clone().into_string().map_err(|kind| {
            let text = format!(
                "a policy is the path of a script, or () for none, and this is {}",
                crate::values::spoken(kind)
            );
            Thrown::mistake(text).at(context.call_position())
        })?;
        Some(script(context, &path)?)
    };
    order::order(context, AdminOp::SetPolicy { group, policy })
}

/// The script in a file, if it has no errors.
fn script(context: &NativeCallContext<'_>, path: &str) -> Fallible<PolicyScript> {
    let folder = Session::of(context)?.with(|play| play.text().folder.clone());
    let file = folder.join(path);
    let at = context.call_position();
    let text = read_text(&file, Some(MAX_BYTES)).map_err(|error| {
        Thrown::mistake(format!(
            "the policy script \"{path}\" cannot be read: {error} [policy-unreadable]"
        ))
        .at(at)
    })?;
    let mistakes = policy::errors(&file.display().to_string(), &text);
    if !mistakes.is_empty() {
        let mut thrown = Thrown::mistake(format!(
            "the policy script \"{path}\" has mistakes, and nothing was changed [policy-broken]"
        ));
        thrown.findings = mistakes;
        return Err(thrown.at(at));
    }
    Ok(PolicyScript {
        file: path.to_owned(),
        text,
    })
}

/// Words about policy scripts.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// Belief: the file of the group's own policy script, empty if it follows the cluster's.
    /// Example: `expect_eq(group("EVS1").policy, "")`
    #[rhai_fn(get = "policy", pure, return_raw)]
    pub fn policy_of(context: NativeCallContext<'_>, group: &mut GroupRef) -> Fallible<String> {
        let name = group.name.clone();
        read(
            &context,
            "group",
            &name,
            "policy",
            |stage| Some(stage.policy(Some(&name)).unwrap_or_default()),
            |file| format!("{file:?}"),
        )
    }

    /// Gives the group a policy script of its own: `group("EVS1").set_policy("../policies/least-loaded.rhai")`.
    /// The path is relative to the drill; `()` takes the script away.
    /// Example: `group("EVS1").set_policy("scripts/policies/least-loaded.rhai"); expect(group("EVS1").policy != "");`
    #[rhai_fn(name = "set_policy", return_raw)]
    pub fn set_policy_of(
        context: NativeCallContext<'_>,
        group: &mut GroupRef,
        path: Dynamic,
    ) -> Fallible<()> {
        set(&context, Some(group.name.clone()), &path)
    }

    /// Belief: the file of the cluster's policy script, empty if there is none.
    /// Example: `expect_eq(policy(), "")`
    #[rhai_fn(return_raw)]
    pub fn policy(context: NativeCallContext<'_>) -> Fallible<String> {
        let session = Session::of(&context)?;
        let file = session.with_stage(&context, |stage| stage.policy(None))?;
        let file = file.unwrap_or_default();
        session.saw(&context, "", || "policy()".to_owned(), format!("{file:?}"));
        Ok(file)
    }

    /// Gives every group that has none of its own this policy script. The path is relative to the drill; `()` takes
    /// the script away.
    /// Example: `set_policy("scripts/policies/least-loaded.rhai"); node("NODE3").crash(); recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn set_policy(context: NativeCallContext<'_>, path: Dynamic) -> Fallible<()> {
        set(&context, None, &path)
    }
}
