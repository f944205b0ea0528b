//! Networks.

use quorate_model::{NetworkFault, Repair};
use rhai::Array;
use rhai::plugin::*;

use super::order::{self, read};
use super::traffic::Traffic;
use crate::closed::{self, Set};
use crate::handles::{FaultRef, NetworkRef};
use crate::thrown::Fallible;
use crate::values::{name_arg, show};

/// Words about networks.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// A network by its name.
    /// Example: `network("Private").fail(); run("1m"); expect(nodes().all(|n| n.is_up));`
    #[rhai_fn(return_raw)]
    pub fn network(context: NativeCallContext<'_>, name: Dynamic) -> Fallible<NetworkRef> {
        let name = name_arg(&context, &name)?;
        order::known(&context, "network", &name, |stage| stage.networks())
            .map(|name| NetworkRef { name })
    }

    /// Truth: the network's name.
    /// Example: `expect_eq(networks().map(|n| n.name), ["Private", "Public"])`
    #[rhai_fn(get = "name", pure)]
    pub fn name(network: &mut NetworkRef) -> String {
        network.name.to_string()
    }

    /// Truth: what the network carries: "Internal", "ClientAccess" or "Mixed".
    /// Example: `expect_eq(network("Public").role, "Mixed")`
    #[rhai_fn(get = "role", pure, return_raw)]
    pub fn role(context: NativeCallContext<'_>, network: &mut NetworkRef) -> Fallible<Dynamic> {
        let name = network.name.clone();
        let role = |stage: &dyn quorate_drill::stage::Stage| {
            let network = stage.network(&name)?;
            Some(closed::word(Set::NETWORK_ROLE, network.role.as_str()))
        };
        read(&context, "network", &name, "role", role, show)
    }

    /// Truth: how many damaged datagrams receivers have refused on the network so far.
    /// Example: `network("Private").corrupt(0.1); run("1m"); expect(network("Private").refused > 0);`
    #[rhai_fn(get = "refused", pure, return_raw)]
    pub fn refused(context: NativeCallContext<'_>, network: &mut NetworkRef) -> Fallible<i64> {
        let name = network.name.clone();
        let refused = |stage: &dyn quorate_drill::stage::Stage| {
            stage
                .network(&name)
                .map(|it| i64::try_from(it.refused).unwrap_or(i64::MAX))
        };
        read(
            &context,
            "network",
            &name,
            "refused",
            refused,
            i64::to_string,
        )
    }

    /// Takes the power of the network's switch away: nothing is carried, and every card in the network loses its link,
    /// which its node notices. For a network that dies in silence see `black_hole`.
    /// Example: `network("Public").fail(); expect(!group("EVS1").is_online);`
    #[rhai_fn(name = "fail", return_raw)]
    pub fn fail(context: NativeCallContext<'_>, network: &mut NetworkRef) -> Fallible<FaultRef> {
        let fault = NetworkFault::Network {
            network: network.name.clone(),
        };
        order::inject(&context, format!("{} went down", network.name), fault)
    }

    /// Makes the network swallow everything while every link stays up: no card notices. For a switch without power see
    /// `fail`.
    /// Example: `network("Private").black_hole(); run("1m"); expect(quorum().has_quorum);`
    #[rhai_fn(return_raw)]
    pub fn black_hole(
        context: NativeCallContext<'_>,
        network: &mut NetworkRef,
    ) -> Fallible<FaultRef> {
        let fault = NetworkFault::BlackHole {
            network: network.name.clone(),
        };
        order::inject(
            &context,
            format!("{} swallows everything", network.name),
            fault,
        )
    }

    /// Undoes everything that is wrong with the network itself; its cards are repaired one by one. What is under way
    /// on a network that was slow gets there at once.
    /// Example: `network("Private").fail(); run("1m"); network("Private").repair(); run("1m");
    /// expect(quorum().has_quorum);`
    #[rhai_fn(name = "repair", return_raw)]
    pub fn repair(context: NativeCallContext<'_>, network: &mut NetworkRef) -> Fallible<()> {
        order::repair(&context, &Repair::Network(network.name.clone()))
    }

    /// Makes the network lose messages at random: `network("Private").loss(0.2)` loses one in five.
    /// Example: `network("Private").loss(0.2); run("5m"); expect(nodes().all(|n| n.is_up));`
    #[rhai_fn(return_raw)]
    pub fn loss(
        context: NativeCallContext<'_>,
        network: &mut NetworkRef,
        probability: f64,
    ) -> Fallible<FaultRef> {
        Traffic::from(network).loss(&context, probability)
    }

    /// Makes messages take this long on the network, one way.
    /// Example: `network("Private").latency("50ms"); run("5m"); expect(nodes().all(|n| n.is_up));`
    #[rhai_fn(return_raw)]
    pub fn latency(
        context: NativeCallContext<'_>,
        network: &mut NetworkRef,
        latency: Dynamic,
    ) -> Fallible<FaultRef> {
        Traffic::from(network).latency(&context, &latency)
    }

    /// Makes datagrams arrive twice at random, the second time a little later: `network("Private").duplicate(0.1)`.
    /// Example: `network("Private").duplicate(0.1); run("5m"); expect(nodes().all(|n| n.is_up));`
    #[rhai_fn(return_raw)]
    pub fn duplicate(
        context: NativeCallContext<'_>,
        network: &mut NetworkRef,
        probability: f64,
    ) -> Fallible<FaultRef> {
        Traffic::from(network).duplicate(&context, probability)
    }

    /// Holds datagrams back at random, so that later ones overtake them: `network("Private").reorder(0.1, "3s")` holds
    /// one in ten back by up to three seconds.
    /// Example: `network("Private").reorder(0.1, "3s"); run("5m"); expect(quorum().has_quorum);`
    #[rhai_fn(return_raw)]
    pub fn reorder(
        context: NativeCallContext<'_>,
        network: &mut NetworkRef,
        probability: f64,
        by: Dynamic,
    ) -> Fallible<FaultRef> {
        Traffic::from(network).reorder(&context, probability, &by)
    }

    /// Flips a bit of datagrams at random: `network("Private").corrupt(0.1)`. Who gets one finds that its checksum does
    /// not match and drops it: see `refused`.
    /// Example: `network("Private").corrupt(0.1); run("1m"); expect(network("Private").refused > 0);`
    #[rhai_fn(name = "corrupt", return_raw)]
    pub fn corrupt(
        context: NativeCallContext<'_>,
        network: &mut NetworkRef,
        probability: f64,
    ) -> Fallible<FaultRef> {
        Traffic::from(network).corrupt(&context, probability)
    }

    /// Cuts this network between sides: `network("Private").partition([["NODE1"], ["NODE2"]])`.
    /// Example: `network("Private").partition([["NODE1"], ["NODE2", "NODE3", "NODE4"]]); run("1m");
    /// expect(nodes().all(|n| n.is_up));`
    #[rhai_fn(name = "partition", return_raw)]
    pub fn partition(
        context: NativeCallContext<'_>,
        network: &mut NetworkRef,
        sides: Array,
    ) -> Fallible<FaultRef> {
        let what = format!("{} was cut", network.name);
        order::partition(&context, what, Some(network.name.clone()), &sides)
    }

    /// Cuts one direction: on this network, what the first node sends does not reach the second.
    /// Example: `network("Private").cut("NODE1", "NODE2"); run("1m"); expect(node("NODE1").is_up &&
    /// node("NODE2").is_up);`
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
    /// Example with `dhcp.ron`: `network("Public").fail_dhcp(); run("1h");`
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

    /// A machine that is none of the cluster's answers for an address of a virtual server:
    /// `network("Public").stranger("10.0.0.21")`. Clients reach it and not the virtual server; an IP Address resource with
    /// this address fails with 5057, and comes online nowhere until the stranger is gone.
    /// Example: `let stranger = network("Public").stranger("10.0.0.21"); expect(!group("EVS1").is_online);
    /// stranger.heal();`
    #[rhai_fn(return_raw)]
    pub fn stranger(
        context: NativeCallContext<'_>,
        network: &mut NetworkRef,
        address: &str,
    ) -> Fallible<FaultRef> {
        let fault = NetworkFault::Stranger {
            network: network.name.clone(),
            address: address.to_owned(),
        };
        let what = format!("a stranger in {} has {address}", network.name);
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
