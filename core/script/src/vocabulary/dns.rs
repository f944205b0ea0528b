//! The name server.

use quorate_model::{NameFault, Repair};
use rhai::plugin::*;

use super::order;
use crate::handles::{DnsRef, FaultRef};
use crate::thrown::Fallible;
use crate::values::span_arg;

/// Words about the name server.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// The name server, where Network Name resources register and clients look names up, over any public network.
    /// Example: `dns().slow("5s"); group("EVS3").move_to("NODE4"); recovers("EVS3", 5.minutes);`
    pub fn dns() -> DnsRef {
        DnsRef
    }

    /// The name server falls silent: no client finds any name, and a registration fails with 1460 after 15 s. A node that
    /// has a name registered goes on to find it itself.
    /// Example: `dns().fail(); expect(!group("EVS3").is_online);`
    #[rhai_fn(name = "fail", return_raw)]
    pub fn fail(context: NativeCallContext<'_>, _dns: &mut DnsRef) -> Fallible<FaultRef> {
        let what = "the name server fell silent";
        order::inject(&context, what, NameFault::NamesSilent)
    }

    /// The name server refuses to register names (9005), or to forget one. What it knows still resolves.
    /// Example: `dns().refuse(); run("1m"); expect(group("EVS3").is_online);`
    #[rhai_fn(return_raw)]
    pub fn refuse(context: NativeCallContext<'_>, _dns: &mut DnsRef) -> Fallible<FaultRef> {
        let what = "the name server refuses registrations";
        order::inject(&context, what, NameFault::NamesRefused)
    }

    /// Makes the name server take so long for each answer: `dns().slow("5s")`. Clients wait for it at each call, and a
    /// Network Name is OnlinePending meanwhile; past 15 s a registration fails with 1460.
    /// Example: `dns().slow("5s"); group("EVS3").move_to("NODE4"); recovers("EVS3", 5.minutes);`
    #[rhai_fn(name = "slow", return_raw)]
    pub fn slow(
        context: NativeCallContext<'_>,
        _dns: &mut DnsRef,
        delay: Dynamic,
    ) -> Fallible<FaultRef> {
        let delay = span_arg(&context, &delay)?.0;
        let what = "the name server became slow";
        order::inject(&context, what, NameFault::NamesSlow { delay })
    }

    /// The name server answers at once again, and registers what it is asked to.
    /// Example: `dns().fail(); run("1m"); dns().repair(); expect(group("EVS3").is_online);`
    #[rhai_fn(name = "repair", return_raw)]
    pub fn repair(context: NativeCallContext<'_>, _dns: &mut DnsRef) -> Fallible<()> {
        order::repair(&context, &Repair::Names)
    }

    /// "DNS", as a text.
    #[rhai_fn(global, name = "to_string", pure)]
    pub fn to_string(_dns: &mut DnsRef) -> String {
        "DNS".to_owned()
    }

    /// The same text, for `debug`.
    #[rhai_fn(global, name = "to_debug", pure)]
    pub fn to_debug(_dns: &mut DnsRef) -> String {
        "DNS".to_owned()
    }
}
