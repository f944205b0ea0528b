//! The words of resource scripts.

use quorate_sdk::{Error, Progress, Provider, ServiceState};
use rhai::plugin::*;
use rhai::{Array, NativeCallContext};

use super::handles::{
    DiskRef, Fallible, NetworkNameRef, NetworkRef, ProgressRef, ProviderRef, ServiceRef, ask,
    mistake, wait,
};

fn as_ref(kind: &str, index: usize, provider: &Provider<'_>) -> ProviderRef {
    ProviderRef {
        kind: kind.to_owned(),
        index,
        name: provider.name().to_owned(),
    }
}

fn port_of(port: i64) -> Fallible<u32> {
    u32::try_from(port)
        .ok()
        .filter(|port| (1..=65_535).contains(port))
        .ok_or_else(|| mistake(format!("{port} is no port: 1 to 65535")))
}

/// Words that resource scripts use.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(super) mod words {
    /// The resource's name.
    #[rhai_fn(return_raw)]
    pub fn resource_name(call: NativeCallContext<'_>) -> Fallible<String> {
        ask(&call, |_, ctx| Ok(ctx.resource().to_owned()))
    }

    /// Whether `online` or `offline` is called again because it said `pending` before.
    #[rhai_fn(return_raw)]
    pub fn again(call: NativeCallContext<'_>) -> Fallible<bool> {
        ask(&call, |stage, _| Ok(stage.is_again()))
    }

    /// "Not yet": what `online` or `offline` returns to be called again after this wait. `PendingTimeout` ends it.
    #[rhai_fn(return_raw)]
    pub fn pending(after: Dynamic) -> Fallible<ProgressRef> {
        Ok(ProgressRef(Progress::pending(wait(&after)?)))
    }

    /// "Not yet, but it got on": as `pending`, and `PendingTimeout` counts anew from here.
    #[rhai_fn(return_raw)]
    pub fn advanced(after: Dynamic) -> Fallible<ProgressRef> {
        Ok(ProgressRef(Progress::advanced(wait(&after)?)))
    }

    /// The control code that `control` is asked with.
    #[rhai_fn(return_raw)]
    pub fn control_code(call: NativeCallContext<'_>) -> Fallible<i64> {
        ask(&call, |stage, _| Ok(i64::from(stage.control()?.0)))
    }

    /// What came with it, as a text.
    #[rhai_fn(return_raw)]
    pub fn control_input(call: NativeCallContext<'_>) -> Fallible<String> {
        ask(&call, |stage, _| {
            String::from_utf8(stage.control()?.1)
                .map_err(|_| Error::failed("what came with the control code is no text"))
        })
    }

    /// What came with it, as a blob.
    #[rhai_fn(return_raw)]
    pub fn control_bytes(call: NativeCallContext<'_>) -> Fallible<rhai::Blob> {
        ask(&call, |stage, _| Ok(stage.control()?.1))
    }

    /// Whether an operation is finished.
    #[rhai_fn(get = "is_done", pure)]
    pub fn is_done(progress: &mut ProgressRef) -> bool {
        progress.0.is_done()
    }

    /// A property of the resource as text: decimal for numbers, one line an entry for lists.
    #[rhai_fn(return_raw)]
    pub fn property(call: NativeCallContext<'_>, name: &str) -> Fallible<String> {
        ask(&call, |_, ctx| ctx.properties().text(name))
    }

    /// The first resource of a type that this one depends on, directly or through others.
    #[rhai_fn(return_raw)]
    pub fn provider(call: NativeCallContext<'_>, kind: &str) -> Fallible<ProviderRef> {
        ask(&call, |_, ctx| {
            Ok(as_ref(kind, 0, &ctx.properties().provider(kind)?))
        })
    }

    /// All of them, in the order of the cluster file.
    #[rhai_fn(return_raw)]
    pub fn providers(call: NativeCallContext<'_>, kind: &str) -> Fallible<Array> {
        ask(&call, |_, ctx| {
            let all = ctx.properties().providers(kind)?;
            let all = all.iter().enumerate();
            Ok(all
                .map(|(index, one)| Dynamic::from(as_ref(kind, index, one)))
                .collect())
        })
    }

    /// The provider's name.
    #[rhai_fn(get = "name", pure)]
    pub fn provider_name(provider: &mut ProviderRef) -> String {
        provider.name.clone()
    }

    /// One of the provider's properties as text, or the value of the moment that it published.
    #[rhai_fn(name = "get", pure, return_raw)]
    pub fn provider_get(
        call: NativeCallContext<'_>,
        provider: &mut ProviderRef,
        property: &str,
    ) -> Fallible<String> {
        ask(&call, |_, ctx| {
            let all = ctx.properties().providers(&provider.kind)?;
            match all.get(provider.index) {
                Some(one) => one.text(property),
                None => Err(quorate_sdk::Error::failed(format!(
                    "`{}` is no longer depended on",
                    provider.name
                ))),
            }
        })
    }

    /// Gives a property of this resource a value of the moment, which what depends on it reads.
    #[rhai_fn(return_raw)]
    pub fn publish(call: NativeCallContext<'_>, name: &str, value: &str) -> Fallible<()> {
        ask(&call, |_, ctx| ctx.properties().publish(name, value))
    }

    /// The address of the IP Address that the resource depends on.
    #[rhai_fn(return_raw)]
    pub fn address(call: NativeCallContext<'_>) -> Fallible<String> {
        ask(&call, |_, ctx| {
            ctx.properties().provider("IP Address")?.text("Address")
        })
    }

    /// A service of the resource's own, in the node's service controller.
    #[rhai_fn(return_raw)]
    pub fn service(name: &str) -> Fallible<ServiceRef> {
        match name {
            "" => Err(mistake("a service has a name")),
            name => Ok(ServiceRef(name.to_owned())),
        }
    }

    /// Starts it and says how far it got: return that from `online`, and call it again when called again.
    #[rhai_fn(return_raw)]
    pub fn start(call: NativeCallContext<'_>, service: &mut ServiceRef) -> Fallible<ProgressRef> {
        ask(&call, |stage, ctx| stage.start(ctx, &service.0, 0)).map(ProgressRef)
    }

    /// The same, with so many units of work to do before it runs.
    #[rhai_fn(name = "start", return_raw)]
    pub fn start_with_work(
        call: NativeCallContext<'_>,
        service: &mut ServiceRef,
        work: i64,
    ) -> Fallible<ProgressRef> {
        let work =
            u64::try_from(work).map_err(|_| mistake(format!("{work} is no amount of work")))?;
        ask(&call, |stage, ctx| stage.start(ctx, &service.0, work)).map(ProgressRef)
    }

    /// Stops it and says how far it got: return that from `offline`, and call it again when called again.
    #[rhai_fn(return_raw)]
    pub fn stop(call: NativeCallContext<'_>, service: &mut ServiceRef) -> Fallible<ProgressRef> {
        ask(&call, |stage, ctx| stage.stop(ctx, &service.0)).map(ProgressRef)
    }

    /// Kills it at once.
    #[rhai_fn(return_raw)]
    pub fn kill(call: NativeCallContext<'_>, service: &mut ServiceRef) -> Fallible<()> {
        ask(&call, |_, ctx| ctx.service(&service.0).kill())
    }

    /// What the service controller says: "Stopped", "StartPending", "Running" or "StopPending".
    #[rhai_fn(get = "state", pure, return_raw)]
    pub fn state(call: NativeCallContext<'_>, service: &mut ServiceRef) -> Fallible<String> {
        ask(&call, |_, ctx| {
            Ok(match ctx.service(&service.0).state()? {
                ServiceState::Stopped => "Stopped",
                ServiceState::StartPending => "StartPending",
                ServiceState::Running => "Running",
                ServiceState::StopPending => "StopPending",
            }
            .to_owned())
        })
    }

    /// Whether it runs, which does not say that it answers.
    #[rhai_fn(get = "is_running", pure, return_raw)]
    pub fn is_running(call: NativeCallContext<'_>, service: &mut ServiceRef) -> Fallible<bool> {
        ask(&call, |_, ctx| {
            Ok(ctx.service(&service.0).state()? == ServiceState::Running)
        })
    }

    /// Calls into it and takes its answer; throws if it gives none.
    #[rhai_fn(name = "check", pure, return_raw)]
    pub fn service_check(call: NativeCallContext<'_>, service: &mut ServiceRef) -> Fallible<()> {
        ask(&call, |_, ctx| ctx.probe().service(&service.0))
    }

    /// Makes it answer there with the protocol's banner.
    #[rhai_fn(return_raw)]
    pub fn listen(
        call: NativeCallContext<'_>,
        service: &mut ServiceRef,
        address: &str,
        port: i64,
        protocol: &str,
    ) -> Fallible<()> {
        let port = port_of(port)?;
        ask(&call, |_, ctx| {
            ctx.service(&service.0).listen(address, port, protocol)
        })
    }

    /// Makes it answer there no longer.
    #[rhai_fn(return_raw)]
    pub fn silence(
        call: NativeCallContext<'_>,
        service: &mut ServiceRef,
        address: &str,
        port: i64,
        protocol: &str,
    ) -> Fallible<()> {
        let port = port_of(port)?;
        ask(&call, |_, ctx| {
            ctx.service(&service.0)
                .stop_listening(address, port, protocol)
        })
    }

    /// Connects from this node and reads the banner; throws if nothing answers.
    #[rhai_fn(return_raw)]
    pub fn probe(
        call: NativeCallContext<'_>,
        address: &str,
        port: i64,
        protocol: &str,
    ) -> Fallible<String> {
        let port = port_of(port)?;
        ask(&call, |_, ctx| ctx.probe().port(address, port, protocol))
    }

    /// A shared disk.
    pub fn disk(name: &str) -> DiskRef {
        DiskRef(name.to_owned())
    }

    /// The shared disk of the Physical Disk that the resource depends on.
    #[rhai_fn(name = "disk", return_raw)]
    pub fn own_disk(call: NativeCallContext<'_>) -> Fallible<DiskRef> {
        ask(&call, |_, ctx| {
            let provider = ctx.properties().provider("Physical Disk")?;
            Ok(DiskRef(provider.disk()?))
        })
    }

    /// The disk's name.
    #[rhai_fn(get = "name", pure)]
    pub fn disk_name(disk: &mut DiskRef) -> String {
        disk.0.clone()
    }

    /// The names of the files in its root folder; throws if it cannot be read.
    #[rhai_fn(get = "files", pure, return_raw)]
    pub fn files(call: NativeCallContext<'_>, disk: &mut DiskRef) -> Fallible<Array> {
        let names = ask(&call, |_, ctx| ctx.disk(&disk.0).list())?;
        Ok(names.into_iter().map(Dynamic::from).collect())
    }

    /// Whether there is such a file.
    #[rhai_fn(pure, return_raw)]
    pub fn has(call: NativeCallContext<'_>, disk: &mut DiskRef, file: &str) -> Fallible<bool> {
        let names = ask(&call, |_, ctx| ctx.disk(&disk.0).list())?;
        Ok(names.iter().any(|name| name == file))
    }

    /// A file's text.
    #[rhai_fn(pure, return_raw)]
    pub fn read(call: NativeCallContext<'_>, disk: &mut DiskRef, file: &str) -> Fallible<String> {
        let bytes = ask(&call, |_, ctx| ctx.disk(&disk.0).read(file))?;
        String::from_utf8(bytes).map_err(|_| mistake(format!("{file} is no text (UTF-8)")))
    }

    /// Writes a whole file.
    #[rhai_fn(return_raw)]
    pub fn write(
        call: NativeCallContext<'_>,
        disk: &mut DiskRef,
        file: &str,
        text: &str,
    ) -> Fallible<()> {
        ask(&call, |_, ctx| {
            ctx.disk(&disk.0).write(file, text.as_bytes())
        })
    }

    /// A network of the cluster.
    pub fn network(name: &str) -> NetworkRef {
        NetworkRef(name.to_owned())
    }

    /// Puts an address on this node's card in the network.
    #[rhai_fn(name = "add", return_raw)]
    pub fn network_add(
        call: NativeCallContext<'_>,
        network: &mut NetworkRef,
        address: &str,
    ) -> Fallible<()> {
        ask(&call, |_, ctx| ctx.address(&network.0).add(address))
    }

    /// Takes it away.
    #[rhai_fn(name = "remove", return_raw)]
    pub fn network_remove(
        call: NativeCallContext<'_>,
        network: &mut NetworkRef,
        address: &str,
    ) -> Fallible<()> {
        ask(&call, |_, ctx| ctx.address(&network.0).remove(address))
    }

    /// Throws unless the address is on this node, and its card and network work.
    #[rhai_fn(name = "check", pure, return_raw)]
    pub fn network_check(
        call: NativeCallContext<'_>,
        network: &mut NetworkRef,
        address: &str,
    ) -> Fallible<()> {
        ask(&call, |_, ctx| ctx.address(&network.0).works(address))
    }

    /// The network name of a virtual server.
    pub fn network_name(name: &str) -> NetworkNameRef {
        NetworkNameRef(name.to_owned())
    }

    /// Makes the name resolve to an address.
    #[rhai_fn(return_raw)]
    pub fn register(
        call: NativeCallContext<'_>,
        name: &mut NetworkNameRef,
        address: &str,
    ) -> Fallible<()> {
        ask(&call, |_, ctx| ctx.name(&name.0).register(address))
    }

    /// Takes the name away.
    #[rhai_fn(return_raw)]
    pub fn unregister(call: NativeCallContext<'_>, name: &mut NetworkNameRef) -> Fallible<()> {
        ask(&call, |_, ctx| ctx.name(&name.0).unregister())
    }

    /// What the name resolves to, asked from this node; throws if nothing is registered.
    #[rhai_fn(get = "address", pure, return_raw)]
    pub fn resolve(call: NativeCallContext<'_>, name: &mut NetworkNameRef) -> Fallible<String> {
        ask(&call, |_, ctx| ctx.name(&name.0).resolve())
    }

    /// Keeps a text under a key (of 1 to 255 bytes) for the resource's next owner: at most 16,384 bytes of UTF-8, and at
    /// most 16 keys. An empty text takes away what is kept. A crash may lose what was kept last.
    #[rhai_fn(return_raw)]
    pub fn save(call: NativeCallContext<'_>, key: &str, text: &str) -> Fallible<()> {
        ask(&call, |_, ctx| ctx.checkpoint(key).save(text.as_bytes()))
    }

    /// The text last kept under a key, by whichever owner; `()` if there is none.
    #[rhai_fn(return_raw)]
    pub fn load(call: NativeCallContext<'_>, key: &str) -> Fallible<Dynamic> {
        let bytes = ask(&call, |_, ctx| ctx.checkpoint(key).load())?;
        let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(text.map_or(Dynamic::UNIT, Dynamic::from))
    }

    /// Milliseconds on the node's clock, which only ever goes forward.
    #[rhai_fn(return_raw)]
    pub fn now(call: NativeCallContext<'_>) -> Fallible<i64> {
        let now = ask(&call, |_, ctx| ctx.clock().now())?;
        Ok(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
    }

    /// Milliseconds since 1970 UTC by the node's clock, which may be wrong.
    #[rhai_fn(return_raw)]
    pub fn civil_ms(call: NativeCallContext<'_>) -> Fallible<i64> {
        ask(&call, |_, ctx| ctx.clock().civil_ms())
    }

    /// A number from 0 up to, and without, `below`: from the resource's own seeded generator.
    #[rhai_fn(return_raw)]
    pub fn random(call: NativeCallContext<'_>, below: i64) -> Fallible<i64> {
        let below = u32::try_from(below)
            .map_err(|_| mistake(format!("{below} is no bound: 0 to 4294967295")))?;
        ask(&call, |_, ctx| ctx.random().below(below)).map(i64::from)
    }

    /// How many nodes the cluster has, up or down.
    #[rhai_fn(return_raw)]
    pub fn configured_nodes(call: NativeCallContext<'_>) -> Fallible<i64> {
        ask(&call, |_, ctx| ctx.cluster().configured_nodes()).map(i64::from)
    }

    /// How many resources of a type are online on this node in other groups.
    #[rhai_fn(return_raw)]
    pub fn online_here(call: NativeCallContext<'_>, kind: &str) -> Fallible<i64> {
        ask(&call, |_, ctx| ctx.cluster().online_here(kind)).map(i64::from)
    }

    /// A line for the cluster log. `print` does the same.
    #[rhai_fn(return_raw)]
    pub fn log(call: NativeCallContext<'_>, text: &str) -> Fallible<()> {
        ask(&call, |_, ctx| {
            ctx.log().info(text);
            Ok(())
        })
    }

    /// A warning for the cluster log.
    #[rhai_fn(return_raw)]
    pub fn warning(call: NativeCallContext<'_>, text: &str) -> Fallible<()> {
        ask(&call, |_, ctx| {
            ctx.log().warning(text);
            Ok(())
        })
    }
}
