//! Groups.

use std::time::Duration;

use quorate_drill::stage::{POLICY, PropertyOf, Stage};
use quorate_drill::wait::in_service;
use quorate_drill::{Noun, Span};
use quorate_model::GroupStatus;
use quorate_model::{AdminOp, Object};
use rhai::plugin::*;

use super::order::{self, read};
use crate::closed::{self, Set};
use crate::handles::GroupRef;
use crate::session::Session;
use crate::thrown::Fallible;
use crate::values::{name_arg, show};

fn status<T>(
    context: &NativeCallContext<'_>,
    group: &GroupRef,
    property: &str,
    pick: impl FnOnce(GroupStatus) -> T,
    shown: impl FnOnce(&T) -> String,
) -> Fallible<T> {
    let name = group.name.clone();
    read(
        context,
        "group",
        &name,
        property,
        |stage: &dyn Stage| stage.group(&name).map(pick),
        shown,
    )
}

/// One of a group's outages. They are running durations, which grow although nothing happens.
fn outage_of(
    context: &NativeCallContext<'_>,
    group: &GroupRef,
    property: &str,
    pick: impl FnOnce(&dyn Stage, &str) -> Duration,
) -> Fallible<Span> {
    Session::of(context)?.read_time();
    let name = &group.name;
    let look = |stage: &dyn Stage| Some(Span(pick(stage, name)));
    read(context, "group", name, property, look, Span::exact)
}

/// Words about groups.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// A group by its name.
    /// Example: `group("EVS3").move_to("NODE4"); recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn group(context: NativeCallContext<'_>, name: Dynamic) -> Fallible<GroupRef> {
        let name = name_arg(&context, &name)?;
        order::known(&context, "group", &name, |stage| stage.groups()).map(|name| GroupRef { name })
    }

    /// Truth: the group's name.
    /// Example: `expect(groups().map(|g| g.name).contains("EVS3"))`
    #[rhai_fn(get = "name", pure)]
    pub fn name(group: &mut GroupRef) -> String {
        group.name.to_string()
    }

    /// Belief: what the cluster says the group is doing: "Online", "Offline", "Failed", "PartialOnline" or "Pending".
    /// Example: `group("EVS3").offline(); becomes(|| group("EVS3").state == "Offline", 5.minutes);`
    #[rhai_fn(get = "state", pure, return_raw)]
    pub fn state(context: NativeCallContext<'_>, group: &mut GroupRef) -> Fallible<Dynamic> {
        let state = |it: GroupStatus| closed::word(Set::GROUP_STATE, it.state.as_str());
        status(&context, group, "state", state, show)
    }

    /// Truth: whether clients find the group in full service at this instant: every resource of it online on one
    /// machine that runs, its processes answering, its addresses on a network that works, its name resolving there.
    /// Example: `steady("mail flows", || group("EVS3").is_online); run("1h");`
    #[rhai_fn(get = "is_online", pure, return_raw)]
    pub fn is_online(context: NativeCallContext<'_>, group: &mut GroupRef) -> Fallible<bool> {
        let name = group.name.clone();
        let look = |stage: &dyn Stage| {
            let there = stage.has_group(&name);
            there.then(|| stage.group_service(&name))
        };
        read(&context, "group", &name, "is_online", look, in_service).map(|found| found.is_ok())
    }

    /// Belief: the name of the node that owns the group, empty if the cluster knows none.
    /// Example: `expect_eq(group("EVS3").owner, "NODE3")`
    #[rhai_fn(get = "owner", pure, return_raw)]
    pub fn owner(context: NativeCallContext<'_>, group: &mut GroupRef) -> Fallible<Dynamic> {
        let owner = |it: GroupStatus| closed::owner(it.owner.as_ref());
        status(&context, group, "owner", owner, show)
    }

    /// Belief: the names of the group's resources, providers before dependents.
    /// Example: `for name in group("EVS3").resources { expect_eq(resource(name).state, "Online"); }`
    #[rhai_fn(get = "resources", pure, return_raw)]
    pub fn resources(context: NativeCallContext<'_>, group: &mut GroupRef) -> Fallible<Dynamic> {
        status(
            &context,
            group,
            "resources",
            |it| closed::names(Noun::Resource, &it.resources).into(),
            show,
        )
    }

    /// Belief: how often the group failed over inside the current FailoverPeriod.
    /// Example: `expect_eq(group("EVS3").failovers, 0)`
    #[rhai_fn(get = "failovers", pure, return_raw)]
    pub fn failovers(context: NativeCallContext<'_>, group: &mut GroupRef) -> Fallible<i64> {
        status(
            &context,
            group,
            "failovers",
            |it| i64::from(it.failovers),
            i64::to_string,
        )
    }

    /// Truth: for how long clients did not find the group in full service (`is_online`) since they first did.
    /// Example: `node("NODE3").crash(); recovers("EVS3", 5.minutes); expect(group("EVS3").outage < 2.minutes);`
    #[rhai_fn(get = "outage", pure, return_raw)]
    pub fn outage(context: NativeCallContext<'_>, group: &mut GroupRef) -> Fallible<Span> {
        outage_of(&context, group, "outage", |stage, name| stage.outage(name))
    }

    /// Truth: how much of the group's outage somebody wanted: see `planned_outage("EVS3")`.
    /// Example: `group("EVS3").move_to("NODE4"); recovers("EVS3", 5.minutes); expect(group("EVS3").planned_outage >
    /// 1.seconds);`
    #[rhai_fn(get = "planned_outage", pure, return_raw)]
    pub fn planned_outage(context: NativeCallContext<'_>, group: &mut GroupRef) -> Fallible<Span> {
        outage_of(&context, group, "planned_outage", |stage, name| {
            stage.planned_outage(name)
        })
    }

    /// Truth: how much of the group's outage nobody wanted: see `unplanned_outage("EVS3")`.
    /// Example: `group("EVS3").move_to("NODE4"); recovers("EVS3", 5.minutes); expect_eq(group("EVS3").unplanned_outage,
    /// 0.seconds);`
    #[rhai_fn(get = "unplanned_outage", pure, return_raw)]
    pub fn unplanned_outage(
        context: NativeCallContext<'_>,
        group: &mut GroupRef,
    ) -> Fallible<Span> {
        outage_of(&context, group, "unplanned_outage", |stage, name| {
            stage.unplanned_outage(name)
        })
    }

    /// Belief: the group's preferred owners, best first.
    /// Example: `expect_eq(group("EVS3").preferred_owners, ["NODE3", "NODE4"])`
    #[rhai_fn(get = "preferred_owners", pure, return_raw)]
    pub fn preferred_owners(
        context: NativeCallContext<'_>,
        group: &mut GroupRef,
    ) -> Fallible<Dynamic> {
        let preferred = |it: GroupStatus| closed::names(Noun::Node, &it.preferred_owners).into();
        status(&context, group, "preferred_owners", preferred, show)
    }

    /// Belief: a property, by the original's name and in its unit: `group("EVS1").get("FailoverThreshold")`.
    /// Example: `expect_eq(group("EVS1").get("FailoverThreshold"), 10)`
    #[rhai_fn(return_raw)]
    pub fn get(
        context: NativeCallContext<'_>,
        group: &mut GroupRef,
        property: &str,
    ) -> Fallible<Dynamic> {
        order::property(&context, PropertyOf::Group(&group.name), property)
    }

    /// Sets a property, by the original's name and in its unit; `()` resets it to its default.
    /// Example: `group("EVS1").set("FailoverThreshold", 2); expect_eq(group("EVS1").get("FailoverThreshold"), 2);`
    #[rhai_fn(return_raw)]
    pub fn set(
        context: NativeCallContext<'_>,
        group: &mut GroupRef,
        property: &str,
        value: Dynamic,
    ) -> Fallible<()> {
        if property.eq_ignore_ascii_case(POLICY) {
            return super::super::policy::set(&context, Some(group.name.clone()), &value);
        }
        let value = order::to_value(&context, PropertyOf::Group(&group.name), property, &value)?;
        let (group, property) = (group.name.clone(), property.to_owned());
        order::order(&context, order::set(Object::Group(group), property, value))
    }

    /// Brings the group online and remembers that it is wanted so.
    /// Example: `group("EVS3").offline(); becomes(|| group("EVS3").state == "Offline", 5.minutes);
    /// group("EVS3").online(); recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn online(context: NativeCallContext<'_>, group: &mut GroupRef) -> Fallible<()> {
        order::order(
            &context,
            AdminOp::GroupOnline {
                group: group.name.clone(),
            },
        )
    }

    /// Takes the group offline and remembers that it is wanted so.
    /// Example: `group("EVS3").offline(); becomes(|| group("EVS3").state == "Offline", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn offline(context: NativeCallContext<'_>, group: &mut GroupRef) -> Fallible<()> {
        order::order(
            &context,
            AdminOp::GroupOffline {
                group: group.name.clone(),
            },
        )
    }

    /// Moves the group to the best possible node. Returns once the move has begun.
    /// Example: `group("EVS3").move(); recovers("EVS3", 5.minutes); expect_eq(group("EVS3").owner, "NODE4");`
    #[rhai_fn(name = "move", return_raw)]
    pub fn move_best(context: NativeCallContext<'_>, group: &mut GroupRef) -> Fallible<()> {
        order::order(
            &context,
            AdminOp::GroupMove {
                group: group.name.clone(),
                to: None,
            },
        )
    }

    /// Moves the group to a node. Returns once the move has begun.
    /// Example: `group("EVS3").move_to("NODE4"); recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn move_to(
        context: NativeCallContext<'_>,
        group: &mut GroupRef,
        node: Dynamic,
    ) -> Fallible<()> {
        let node = name_arg(&context, &node)?;
        let node = order::known(&context, "node", &node, |stage| stage.nodes())?;
        order::order(
            &context,
            AdminOp::GroupMove {
                group: group.name.clone(),
                to: Some(node),
            },
        )
    }

    /// Its name, as a text.
    #[rhai_fn(global, name = "to_string", pure)]
    pub fn to_string(group: &mut GroupRef) -> String {
        group.name.to_string()
    }

    /// The same text, for `debug`.
    #[rhai_fn(global, name = "to_debug", pure)]
    pub fn to_debug(group: &mut GroupRef) -> String {
        group.name.to_string()
    }

    /// Whether both are the same group.
    #[rhai_fn(name = "==")]
    pub fn eq(left: GroupRef, right: GroupRef) -> bool {
        left == right
    }

    /// Whether the group has this name.
    #[rhai_fn(name = "==")]
    pub fn eq_text(left: GroupRef, right: &str) -> bool {
        left.name == *right
    }
}
