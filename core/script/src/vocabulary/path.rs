//! Paths from nodes to shared disks.

use quorate_model::{DiskFault, Repair};
use rhai::plugin::*;

use super::order;
use crate::handles::{FaultRef, PathRef};
use crate::thrown::Fallible;

/// Words about paths.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// Breaks the path: the disk answers this node no more, and everybody else as ever.
    /// Example: `node("NODE3").path("EVS3 Disk L:").fail(); recovers("EVS3", 10.minutes);`
    #[rhai_fn(name = "fail", return_raw)]
    pub fn fail(context: NativeCallContext<'_>, path: &mut PathRef) -> Fallible<FaultRef> {
        let fault = DiskFault::Path {
            node: path.node.clone(),
            disk: path.disk.clone(),
        };
        let what = format!("{} has no path to {}", path.node, path.disk);
        order::inject(&context, what, fault)
    }

    /// Repairs the path.
    /// Example: `node("NODE4").path("EVS3 Disk L:").fail(); run("1m"); node("NODE4").path("EVS3 Disk L:").repair();`
    #[rhai_fn(name = "repair", return_raw)]
    pub fn repair(context: NativeCallContext<'_>, path: &mut PathRef) -> Fallible<()> {
        let path = Repair::Path {
            node: path.node.clone(),
            disk: path.disk.clone(),
        };
        order::repair(&context, &path)
    }
}
