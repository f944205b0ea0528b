//! Cards.

use quorate_model::{NetworkFault, Repair};
use rhai::plugin::*;

use super::order;
use super::traffic::Traffic;
use crate::handles::{FaultRef, NicRef};
use crate::thrown::Fallible;

/// Words about cards.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// Breaks the card: it has no link, which its node notices.
    /// Example: `node("NODE3").nic("Public").fail(); recovers("EVS3", 10.minutes);`
    #[rhai_fn(name = "fail", return_raw)]
    pub fn fail(context: NativeCallContext<'_>, nic: &mut NicRef) -> Fallible<FaultRef> {
        let fault = NetworkFault::Card {
            node: nic.node.clone(),
            network: nic.network.clone(),
        };
        let what = format!("{}'s card in {} broke", nic.node, nic.network);
        order::inject(&context, what, fault)
    }

    /// Undoes everything that is wrong with the card.
    /// Example: `node("NODE3").nic("Private").fail(); run("1m"); node("NODE3").nic("Private").repair(); run("1m");
    /// expect(node("NODE3").is_up);`
    #[rhai_fn(name = "repair", return_raw)]
    pub fn repair(context: NativeCallContext<'_>, nic: &mut NicRef) -> Fallible<()> {
        let card = Repair::Card {
            node: nic.node.clone(),
            network: nic.network.clone(),
        };
        order::repair(&context, &card)
    }

    /// Makes the card lose datagrams at random, of those it sends and of those it gets:
    /// `node("NODE1").nic("Private").loss(0.2)` loses one in five each way.
    /// Example: `node("NODE1").nic("Private").loss(0.2); run("5m"); expect(node("NODE1").is_up);`
    #[rhai_fn(name = "loss", return_raw)]
    pub fn loss(
        context: NativeCallContext<'_>,
        nic: &mut NicRef,
        probability: f64,
    ) -> Fallible<FaultRef> {
        Traffic::from(nic).loss(&context, probability)
    }

    /// Makes whatever the card sends or gets take this much longer, on top of the network's own latency.
    /// Example: `node("NODE1").nic("Private").latency("50ms"); run("5m"); expect(node("NODE1").is_up);`
    #[rhai_fn(name = "latency", return_raw)]
    pub fn latency(
        context: NativeCallContext<'_>,
        nic: &mut NicRef,
        latency: Dynamic,
    ) -> Fallible<FaultRef> {
        Traffic::from(nic).latency(&context, &latency)
    }

    /// Makes datagrams that the card sends or gets arrive twice at random, the second time a little later.
    /// Example: `node("NODE1").nic("Private").duplicate(0.1); run("5m"); expect(node("NODE1").is_up);`
    #[rhai_fn(name = "duplicate", return_raw)]
    pub fn duplicate(
        context: NativeCallContext<'_>,
        nic: &mut NicRef,
        probability: f64,
    ) -> Fallible<FaultRef> {
        Traffic::from(nic).duplicate(&context, probability)
    }

    /// Makes the card hold datagrams back at random, by up to a span, so that later ones overtake them.
    /// Example: `node("NODE1").nic("Private").reorder(0.1, "1s"); run("5m"); expect(node("NODE1").is_up);`
    #[rhai_fn(name = "reorder", return_raw)]
    pub fn reorder(
        context: NativeCallContext<'_>,
        nic: &mut NicRef,
        probability: f64,
        by: Dynamic,
    ) -> Fallible<FaultRef> {
        Traffic::from(nic).reorder(&context, probability, &by)
    }

    /// Makes the card flip a bit of datagrams at random, of those it sends and of those it gets. Who gets one finds
    /// that its checksum does not match and drops it.
    /// Example: `node("NODE1").nic("Private").corrupt(0.1); run("5m"); expect(node("NODE1").is_up);`
    #[rhai_fn(name = "corrupt", return_raw)]
    pub fn corrupt(
        context: NativeCallContext<'_>,
        nic: &mut NicRef,
        probability: f64,
    ) -> Fallible<FaultRef> {
        Traffic::from(nic).corrupt(&context, probability)
    }
}
