//! The nodes' own disks.

use rhai::plugin::*;

use super::drive::Trouble;
use crate::handles::{FaultRef, SystemDiskRef};
use crate::thrown::Fallible;

/// Words about system disks.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// Breaks the disk: whatever is read from it or written to it fails. The node's cluster service stops with its next write
    /// and cannot start, and no service can be started there.
    /// Example: `node("NODE2").system_disk().fail(); group("EVS3").move_to("NODE4"); becomes(|| !node("NODE2").is_up,
    /// 2.minutes);`
    #[rhai_fn(name = "fail", return_raw)]
    pub fn fail(context: NativeCallContext<'_>, disk: &mut SystemDiskRef) -> Fallible<FaultRef> {
        Trouble::from(disk).fail(&context)
    }

    /// Makes every request to the disk take this much longer: the node's copy of the cluster database, and services that
    /// start. The node says so after 5 s, and stops being a member after 15 s.
    /// Example: `node("NODE2").system_disk().slow("2s"); run("5m"); expect(node("NODE2").is_up);`
    #[rhai_fn(name = "slow", return_raw)]
    pub fn slow(
        context: NativeCallContext<'_>,
        disk: &mut SystemDiskRef,
        delay: Dynamic,
    ) -> Fallible<FaultRef> {
        Trouble::from(disk).slow(&context, &delay)
    }

    /// Makes some requests to the disk take up to a span longer: `node("NODE1").system_disk().unsteady(0.05, "9s")`.
    /// Example: `node("NODE2").system_disk().unsteady(0.05, "2s"); run("5m"); expect(node("NODE2").is_up);`
    #[rhai_fn(name = "unsteady", return_raw)]
    pub fn unsteady(
        context: NativeCallContext<'_>,
        disk: &mut SystemDiskRef,
        probability: f64,
        by: Dynamic,
    ) -> Fallible<FaultRef> {
        Trouble::from(disk).unsteady(&context, probability, &by)
    }

    /// Makes the disk hang until it is repaired: nothing that it is asked for ends, and nothing fails. The node stops being a
    /// member after 15 s; what runs there goes on until then, and nothing can be started.
    /// Example: `node("NODE2").system_disk().hang(); group("EVS3").move_to("NODE4"); becomes(|| !node("NODE2").is_up,
    /// 2.minutes);`
    #[rhai_fn(name = "hang", return_raw)]
    pub fn hang(context: NativeCallContext<'_>, disk: &mut SystemDiskRef) -> Fallible<FaultRef> {
        Trouble::from(disk).hang(&context, None)
    }

    /// Makes the disk hang for a while.
    /// Example: `node("NODE2").system_disk().hang("5s"); run("1m"); expect(node("NODE2").is_up);`
    #[rhai_fn(name = "hang", return_raw)]
    pub fn hang_for(
        context: NativeCallContext<'_>,
        disk: &mut SystemDiskRef,
        duration: Dynamic,
    ) -> Fallible<FaultRef> {
        Trouble::from(disk).hang(&context, Some(&duration))
    }

    /// Leaves no room on the disk: what would make a file longer is refused (error 112), the cluster's own files among them.
    /// Example: `node("NODE2").system_disk().full(); run("10m");`
    #[rhai_fn(name = "full", return_raw)]
    pub fn full(context: NativeCallContext<'_>, disk: &mut SystemDiskRef) -> Fallible<FaultRef> {
        Trouble::from(disk).full(&context)
    }

    /// Makes the disk refuse every write (error 19). It can be read.
    /// Example: `node("NODE2").system_disk().read_only(); run("10m");`
    #[rhai_fn(name = "read_only", return_raw)]
    pub fn read_only(
        context: NativeCallContext<'_>,
        disk: &mut SystemDiskRef,
    ) -> Fallible<FaultRef> {
        Trouble::from(disk).read_only(&context)
    }

    /// Makes the disk fail to flush what it took (an fsync that fails). What was written can be read and is gone after a loss
    /// of power: also where a later flush succeeded.
    /// Example: `node("NODE2").system_disk().fail_flush(); run("10m");`
    #[rhai_fn(name = "fail_flush", return_raw)]
    pub fn fail_flush(
        context: NativeCallContext<'_>,
        disk: &mut SystemDiskRef,
    ) -> Fallible<FaultRef> {
        Trouble::from(disk).fail_flush(&context)
    }

    /// Undoes everything that is wrong with the disk. What waits for a disk that hung or was slow is done as fast as it is
    /// now.
    /// Example: `node("NODE2").system_disk().hang(); run("5s"); node("NODE2").system_disk().repair(); run("1m");
    /// expect(node("NODE2").is_up);`
    #[rhai_fn(name = "repair", return_raw)]
    pub fn repair(context: NativeCallContext<'_>, disk: &mut SystemDiskRef) -> Fallible<()> {
        Trouble::from(disk).repair(&context)
    }
}
