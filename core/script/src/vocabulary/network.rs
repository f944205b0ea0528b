//! Networks.

use quorate_model::{Chance, NetworkFault, Repair};
use rhai::Array;
use rhai::plugin::*;

use super::handles::{FaultRef, NetworkRef};
use super::order::{self, read};
use crate::thrown::{Fallible, Thrown};
use crate::values::{name_arg, span_arg};

/// Words about networks.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// A network by its name.
    #[rhai_fn(return_raw)]
    pub fn network(context: NativeCallContext<'_>, name: Dynamic) -> Fallible<NetworkRef> {
        let name = name_arg(&context, &name)?;
        order::known(&context, "network", &name, |stage| stage.networks())
            .map(|name| NetworkRef { name })
    }

    /// The network's name.
    #[rhai_fn(get = "name", pure)]
    pub fn name(network: &mut NetworkRef) -> String {
        network.name.to_string()
    }

    /// What the network carries: "Internal", "ClientAccess" or "Mixed".
    #[rhai_fn(get = "role", pure, return_raw)]
    pub fn role(context: NativeCallContext<'_>, network: &mut NetworkRef) -> Fallible<String> {
        let name = network.name.clone();
        let role = |stage: &dyn crate::stage::Stage| {
            stage.network(&name).map(|it| format!("{:?}", it.role))
        };
        read(&context, "network", &name, "role", role, |role| {
            format!("{role:?}")
        })
    }

    /// Breaks the whole network.
    #[rhai_fn(name = "fail", return_raw)]
    pub fn fail(context: NativeCallContext<'_>, network: &mut NetworkRef) -> Fallible<FaultRef> {
        let fault = NetworkFault::Network {
            network: network.name.clone(),
        };
        order::inject(&context, format!("{} is down", network.name), fault)
    }

    /// Undoes everything that is wrong with the network.
    #[rhai_fn(name = "repair", return_raw)]
    pub fn repair(context: NativeCallContext<'_>, network: &mut NetworkRef) -> Fallible<()> {
        order::repair(&context, &Repair::Network(network.name.clone()))
    }

    /// Makes the network lose messages at random: `network("Private").loss(0.2)` loses one in five.
    #[rhai_fn(return_raw)]
    pub fn loss(
        context: NativeCallContext<'_>,
        network: &mut NetworkRef,
        probability: f64,
    ) -> Fallible<FaultRef> {
        let per_million = Chance::of(probability).ok_or_else(|| {
            let text = format!("a probability lies between 0.0 and 1.0: {probability}");
            Thrown::mistake(text).at(context.call_position())
        })?;
        let fault = NetworkFault::Loss {
            network: network.name.clone(),
            per_million,
        };
        order::inject(&context, format!("{} loses messages", network.name), fault)
    }

    /// Makes messages take this long on the network, one way.
    #[rhai_fn(return_raw)]
    pub fn latency(
        context: NativeCallContext<'_>,
        network: &mut NetworkRef,
        latency: Dynamic,
    ) -> Fallible<FaultRef> {
        let latency = span_arg(&context, &latency)?.0;
        let fault = NetworkFault::Latency {
            network: network.name.clone(),
            latency,
        };
        order::inject(&context, format!("{} is slow", network.name), fault)
    }

    /// Cuts this network between sides: `network("Private").partition([["NODE1"], ["NODE2"]])`.
    #[rhai_fn(name = "partition", return_raw)]
    pub fn partition(
        context: NativeCallContext<'_>,
        network: &mut NetworkRef,
        sides: Array,
    ) -> Fallible<FaultRef> {
        let what = format!("{} is cut", network.name);
        order::partition(&context, what, Some(network.name.clone()), &sides)
    }

    /// Cuts one direction: on this network, what the first node sends does not reach the second.
    #[rhai_fn(name = "cut", return_raw)]
    pub fn cut(
        context: NativeCallContext<'_>,
        network: &mut NetworkRef,
        from: Dynamic,
        to: Dynamic,
    ) -> Fallible<FaultRef> {
        order::cut(&context, Some(network.name.clone()), &from, &to)
    }

    /// The network's DHCP server falls silent: no lease is given or renewed.
    #[rhai_fn(return_raw)]
    pub fn fail_dhcp(
        context: NativeCallContext<'_>,
        network: &mut NetworkRef,
    ) -> Fallible<FaultRef> {
        let fault = NetworkFault::Dhcp {
            network: network.name.clone(),
        };
        let what = format!("the DHCP server of {} is silent", network.name);
        order::inject(&context, what, fault)
    }

    /// Its name, as a text.
    #[rhai_fn(global, name = "to_string", pure)]
    pub fn to_string(network: &mut NetworkRef) -> String {
        network.name.to_string()
    }

    /// The same text, for `debug`.
    #[rhai_fn(global, name = "to_debug", pure)]
    pub fn to_debug(network: &mut NetworkRef) -> String {
        network.name.to_string()
    }
}
