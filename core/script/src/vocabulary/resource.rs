//! Resources.

use quorate_drill::Noun;
use quorate_drill::stage::{PropertyOf, Stage};
use quorate_drill::wait::in_service;
use quorate_model::ResourceStatus;
use quorate_model::{AdminOp, Object};
use rhai::plugin::*;

use super::order::{self, read};
use crate::closed::{self, Set};
use crate::handles::ResourceRef;
use crate::thrown::Fallible;
use crate::values::{name_arg, show};

fn status<T>(
    context: &NativeCallContext<'_>,
    resource: &ResourceRef,
    property: &str,
    pick: impl FnOnce(ResourceStatus) -> T,
    shown: impl FnOnce(&T) -> String,
) -> Fallible<T> {
    let name = resource.name.clone();
    let look = |stage: &dyn Stage| stage.resource(&name).map(pick);
    read(context, "resource", &name, property, look, shown)
}

/// Words about resources.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// A resource by its name.
    /// Example: `resource("EVS3 SMTP").fail(); becomes(|| resource("EVS3 SMTP").state == "Online", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn resource(context: NativeCallContext<'_>, name: Dynamic) -> Fallible<ResourceRef> {
        let name = name_arg(&context, &name)?;
        order::known(&context, "resource", &name, |stage| stage.resources())
            .map(|name| ResourceRef { name })
    }

    /// Truth: the resource's name.
    /// Example: `expect(resources().map(|r| r.name).contains("EVS3 SMTP"))`
    #[rhai_fn(get = "name", pure)]
    pub fn name(resource: &mut ResourceRef) -> String {
        resource.name.to_string()
    }

    /// Belief: the resource's type, such as "Physical Disk".
    /// Example: `expect_eq(resource("EVS1 Disk E:").kind, "Physical Disk")`
    #[rhai_fn(get = "kind", pure, return_raw)]
    pub fn kind(context: NativeCallContext<'_>, resource: &mut ResourceRef) -> Fallible<String> {
        status(
            &context,
            resource,
            "kind",
            |it| it.kind.to_string(),
            |kind| format!("{kind:?}"),
        )
    }

    /// Belief: what the cluster says the resource is doing: "Online", "Offline", "Failed", "OnlinePending", "OfflinePending" or
    /// "Initializing".
    /// Example: `resource("EVS3 SMTP").offline(); eventually(|| resource("EVS3 SMTP").state == "Offline", 1.minutes);`
    #[rhai_fn(get = "state", pure, return_raw)]
    pub fn state(context: NativeCallContext<'_>, resource: &mut ResourceRef) -> Fallible<Dynamic> {
        let state = |it: ResourceStatus| closed::word(Set::RESOURCE_STATE, it.state.as_str());
        status(&context, resource, "state", state, show)
    }

    /// Truth: whether the resource is in service at this instant: online on a machine that runs, its processes
    /// answering, its disk in reach, its address or name leading there.
    /// Example: `service("EVS3 SMTP").crash(); expect(!resource("EVS3 SMTP").is_online);`
    #[rhai_fn(get = "is_online", pure, return_raw)]
    pub fn is_online(context: NativeCallContext<'_>, resource: &mut ResourceRef) -> Fallible<bool> {
        let name = resource.name.clone();
        let look = |stage: &dyn Stage| {
            let there = stage.has_resource(&name);
            there.then(|| stage.resource_service(&name))
        };
        read(&context, "resource", &name, "is_online", look, in_service).map(|found| found.is_ok())
    }

    /// Belief: the name of the node that owns the resource's group, empty if the cluster knows none.
    /// Example: `expect_eq(resource("EVS3 SMTP").owner, "NODE3")`
    #[rhai_fn(get = "owner", pure, return_raw)]
    pub fn owner(context: NativeCallContext<'_>, resource: &mut ResourceRef) -> Fallible<Dynamic> {
        let owner = |it: ResourceStatus| closed::owner(it.owner.as_ref());
        status(&context, resource, "owner", owner, show)
    }

    /// Truth: every machine on which the resource is in service at this instant, whatever the cluster believes.
    /// Example: `never("on two nodes", || resource("EVS3 Disk L:").owners.len() > 1); node("NODE3").crash();
    /// recovers("EVS3", 5.minutes);`
    #[rhai_fn(get = "owners", pure, return_raw)]
    pub fn owners(context: NativeCallContext<'_>, resource: &mut ResourceRef) -> Fallible<Dynamic> {
        let name = resource.name.clone();
        let look = |stage: &dyn Stage| {
            let there = stage.has_resource(&name);
            there.then(|| closed::names(Noun::Node, &stage.online_on(&name)).into())
        };
        read(&context, "resource", &name, "owners", look, show)
    }

    /// Belief: how often the resource was restarted on the same node.
    /// Example: `service("EVS3 SMTP").crash(); recovers("EVS3", 5.minutes); expect_eq(resource("EVS3 SMTP").restarts,
    /// 1);`
    #[rhai_fn(get = "restarts", pure, return_raw)]
    pub fn restarts(context: NativeCallContext<'_>, resource: &mut ResourceRef) -> Fallible<i64> {
        status(
            &context,
            resource,
            "restarts",
            |it| i64::from(it.restarts),
            i64::to_string,
        )
    }

    /// Belief: the names of what the resource depends on.
    /// Example: `expect_eq(resource("EVS1 SMTP").depends_on, ["EVS1 System Attendant"])`
    #[rhai_fn(get = "depends_on", pure, return_raw)]
    pub fn depends_on(
        context: NativeCallContext<'_>,
        resource: &mut ResourceRef,
    ) -> Fallible<Dynamic> {
        status(
            &context,
            resource,
            "depends_on",
            |it| closed::names(Noun::Resource, &it.depends_on).into(),
            show,
        )
    }

    /// Belief: the names of what depends on the resource.
    /// Example: `expect(resource("EVS1 System Attendant").dependents.contains("EVS1 SMTP"))`
    #[rhai_fn(get = "dependents", pure, return_raw)]
    pub fn dependents(
        context: NativeCallContext<'_>,
        resource: &mut ResourceRef,
    ) -> Fallible<Dynamic> {
        status(
            &context,
            resource,
            "dependents",
            |it| closed::names(Noun::Resource, &it.dependents).into(),
            show,
        )
    }

    /// Belief: a property, common or private, by the original's name and in its unit:
    /// `resource("EVS1 SMTP").get("RestartThreshold")`. `PersistentState` is `()` where the resource inherits its
    /// group's.
    /// Example: `expect_eq(resource("EVS1 SMTP").get("RestartThreshold"), 3)`
    #[rhai_fn(return_raw)]
    pub fn get(
        context: NativeCallContext<'_>,
        resource: &mut ResourceRef,
        property: &str,
    ) -> Fallible<Dynamic> {
        order::property(&context, PropertyOf::Resource(&resource.name), property)
    }

    /// Sets a property, by the original's name and in its unit; `()` resets it to its default.
    /// Example: `resource("EVS1 SMTP").set("RestartThreshold", 0); expect_eq(resource("EVS1
    /// SMTP").get("RestartThreshold"), 0);`
    #[rhai_fn(return_raw)]
    pub fn set(
        context: NativeCallContext<'_>,
        resource: &mut ResourceRef,
        property: &str,
        value: Dynamic,
    ) -> Fallible<()> {
        let value = order::to_value(
            &context,
            PropertyOf::Resource(&resource.name),
            property,
            &value,
        )?;
        let (resource, property) = (resource.name.clone(), property.to_owned());
        order::order(
            &context,
            order::set(Object::Resource(resource), property, value),
        )
    }

    /// Brings the resource, and what it depends on, online.
    /// Example: `resource("EVS3 SMTP").offline(); eventually(|| resource("EVS3 SMTP").state == "Offline", 1.minutes);
    /// resource("EVS3 SMTP").online(); becomes(|| resource("EVS3 SMTP").state == "Online", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn online(context: NativeCallContext<'_>, resource: &mut ResourceRef) -> Fallible<()> {
        order::order(
            &context,
            AdminOp::ResourceOnline {
                resource: resource.name.clone(),
            },
        )
    }

    /// Takes the resource, and what depends on it, offline.
    /// Example: `resource("EVS3 SMTP").offline(); eventually(|| resource("EVS3 SMTP").state == "Offline", 1.minutes);`
    #[rhai_fn(return_raw)]
    pub fn offline(context: NativeCallContext<'_>, resource: &mut ResourceRef) -> Fallible<()> {
        order::order(
            &context,
            AdminOp::ResourceOffline {
                resource: resource.name.clone(),
            },
        )
    }

    /// The administrator's "initiate failure": the resource fails at once, and its restart policy is followed.
    /// Example: `resource("EVS3 SMTP").fail(); becomes(|| resource("EVS3 SMTP").state == "Online", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn fail(context: NativeCallContext<'_>, resource: &mut ResourceRef) -> Fallible<()> {
        order::order(
            &context,
            AdminOp::ResourceFail {
                resource: resource.name.clone(),
            },
        )
    }

    /// Takes the resource, which must be offline, out of the cluster. System Attendant takes everything with it that
    /// it has made; the virtual server that holds the MTA goes last.
    /// Example with `two-node-witness.ron`: `let address = resource("PRINT1 IP Address"); address.offline();
    /// eventually(|| address.state == "Offline", 1.minutes); address.delete();`
    #[rhai_fn(return_raw)]
    pub fn delete(context: NativeCallContext<'_>, resource: &mut ResourceRef) -> Fallible<()> {
        order::order(
            &context,
            AdminOp::ResourceDelete {
                resource: resource.name.clone(),
            },
        )
    }

    /// Its name, as a text.
    #[rhai_fn(global, name = "to_string", pure)]
    pub fn to_string(resource: &mut ResourceRef) -> String {
        resource.name.to_string()
    }

    /// The same text, for `debug`.
    #[rhai_fn(global, name = "to_debug", pure)]
    pub fn to_debug(resource: &mut ResourceRef) -> String {
        resource.name.to_string()
    }

    /// Whether both are the same resource.
    #[rhai_fn(name = "==")]
    pub fn eq(left: ResourceRef, right: ResourceRef) -> bool {
        left == right
    }

    /// Whether the resource has this name.
    #[rhai_fn(name = "==")]
    pub fn eq_text(left: ResourceRef, right: &str) -> bool {
        left.name == *right
    }
}
