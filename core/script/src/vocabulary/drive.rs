//! Faults that shared disks and nodes' own disks have in common.

use std::fmt;

use quorate_model::{DiskFault, Drive, Repair};
use rhai::{Dynamic, NativeCallContext};

use super::order;
use crate::handles::{DiskRef, FaultRef, SystemDiskRef};
use crate::thrown::Fallible;
use crate::values::{chance_arg, span_arg};

/// The disk with the fault.
pub(super) struct Trouble(Drive);

impl From<&mut DiskRef> for Trouble {
    fn from(disk: &mut DiskRef) -> Self {
        Trouble(Drive::Shared(disk.name.clone()))
    }
}

impl From<&mut SystemDiskRef> for Trouble {
    fn from(disk: &mut SystemDiskRef) -> Self {
        Trouble(Drive::System(disk.node.clone()))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Drive::Shared(disk) => write!(f, "{disk}"),
            Drive::System(node) => write!(f, "{node}'s system disk"),
        }
    }
}

impl Trouble {
    pub(super) fn fail(self, context: &NativeCallContext<'_>) -> Fallible<FaultRef> {
        let what = format!("{self} broke");
        order::inject(context, what, DiskFault::Disk { disk: self.0 })
    }

    pub(super) fn slow(
        self,
        context: &NativeCallContext<'_>,
        delay: &Dynamic,
    ) -> Fallible<FaultRef> {
        let delay = span_arg(context, delay)?.0;
        let what = format!("{self} became slow");
        order::inject(
            context,
            what,
            DiskFault::SlowDisk {
                disk: self.0,
                delay,
            },
        )
    }

    pub(super) fn unsteady(
        self,
        context: &NativeCallContext<'_>,
        probability: f64,
        by: &Dynamic,
    ) -> Fallible<FaultRef> {
        let per_million = chance_arg(context, probability)?;
        let by = span_arg(context, by)?.0;
        let what = format!("{self} became unsteady");
        let disk = self.0;
        let fault = DiskFault::UnsteadyDisk {
            disk,
            per_million,
            by,
        };
        order::inject(context, what, fault)
    }

    pub(super) fn hang(
        self,
        context: &NativeCallContext<'_>,
        duration: Option<&Dynamic>,
    ) -> Fallible<FaultRef> {
        let lasting = duration.map(|it| span_arg(context, it)).transpose()?;
        let what = format!("{self} hung");
        let fault = DiskFault::HungDisk { disk: self.0 };
        order::inject_for(context, what, fault, lasting.map(|span| span.0))
    }

    pub(super) fn full(self, context: &NativeCallContext<'_>) -> Fallible<FaultRef> {
        let what = format!("{self} was full");
        order::inject(context, what, DiskFault::DiskFull { disk: self.0 })
    }

    pub(super) fn read_only(self, context: &NativeCallContext<'_>) -> Fallible<FaultRef> {
        let what = format!("{self} became read-only");
        order::inject(context, what, DiskFault::ReadOnlyDisk { disk: self.0 })
    }

    pub(super) fn fail_flush(self, context: &NativeCallContext<'_>) -> Fallible<FaultRef> {
        let what = format!("{self} could not flush");
        order::inject(context, what, DiskFault::FlushFails { disk: self.0 })
    }

    pub(super) fn repair(self, context: &NativeCallContext<'_>) -> Fallible<()> {
        order::repair(context, &Repair::Disk(self.0))
    }
}
