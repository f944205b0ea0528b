//! Shared disks.

use quorate_drill::Noun;
use quorate_model::{Damage, DiskFault};
use rhai::plugin::*;

use super::drive::Trouble;
use super::order::{self, read};
use crate::closed;
use crate::handles::{DiskRef, FaultRef};
use crate::thrown::Fallible;
use crate::values::{name_arg, show};

/// Words about shared disks.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// A shared disk by its name.
    /// Example: `expect_eq(disk("EVS1 Disk E:").owner, "NODE1")`
    #[rhai_fn(return_raw)]
    pub fn disk(context: NativeCallContext<'_>, name: Dynamic) -> Fallible<DiskRef> {
        let name = name_arg(&context, &name)?;
        order::known(&context, "disk", &name, |stage| stage.disks()).map(|name| DiskRef { name })
    }

    /// Truth: the disk's name.
    /// Example: `expect(disks().map(|d| d.name).contains("Disk Q:"))`
    #[rhai_fn(get = "name", pure)]
    pub fn name(disk: &mut DiskRef) -> String {
        disk.name.to_string()
    }

    /// Truth: the node that holds the disk's reservation, empty if none does.
    /// Example: `expect_eq(disk("EVS1 Disk E:").owner, "NODE1")`
    #[rhai_fn(get = "owner", pure, return_raw)]
    pub fn owner(context: NativeCallContext<'_>, disk: &mut DiskRef) -> Fallible<Dynamic> {
        let name = disk.name.clone();
        let owner = |stage: &dyn quorate_drill::stage::Stage| {
            stage
                .disk(&name)
                .map(|it| closed::owner(it.holder.as_ref()))
        };
        read(&context, "disk", &name, "owner", owner, show)
    }

    /// Truth: whether a host outside the cluster holds the disk's reservation.
    /// Example: `disk("EVS1 Disk E:").steal(); expect(disk("EVS1 Disk E:").stolen);`
    #[rhai_fn(get = "stolen", pure, return_raw)]
    pub fn stolen(context: NativeCallContext<'_>, disk: &mut DiskRef) -> Fallible<bool> {
        let name = disk.name.clone();
        let stolen =
            |stage: &dyn quorate_drill::stage::Stage| stage.disk(&name).map(|it| it.stolen);
        read(&context, "disk", &name, "stolen", stolen, bool::to_string)
    }

    /// Truth: the nodes that have the disk mounted: never more than one in a sound cluster.
    /// Example: `expect_eq(disk("EVS1 Disk E:").mounted_on, ["NODE1"])`
    #[rhai_fn(get = "mounted_on", pure, return_raw)]
    pub fn mounted_on(context: NativeCallContext<'_>, disk: &mut DiskRef) -> Fallible<Dynamic> {
        let name = disk.name.clone();
        let mounted = |stage: &dyn quorate_drill::stage::Stage| {
            stage
                .disk(&name)
                .map(|it| Dynamic::from(closed::names(Noun::Node, &it.mounted_on)))
        };
        read(&context, "disk", &name, "mounted_on", mounted, show)
    }

    /// Breaks the disk: it answers nobody.
    /// Example: `disk("EVS1 Disk E:").fail(); becomes(|| resource("EVS1 Disk E:").state != "Online", 5.minutes);`
    #[rhai_fn(name = "fail", return_raw)]
    pub fn fail(context: NativeCallContext<'_>, disk: &mut DiskRef) -> Fallible<FaultRef> {
        Trouble::from(disk).fail(&context)
    }

    /// Undoes everything that is wrong with the disk, and makes a host that stole its reservation give it up. What waits for
    /// a disk that hung or was slow is done as fast as it is now. Paths to it are repaired one by one.
    /// Example: `disk("EVS1 Disk E:").slow("2s"); run("1m"); disk("EVS1 Disk E:").repair(); run("1m");
    /// expect(group("EVS1").is_online);`
    #[rhai_fn(name = "repair", return_raw)]
    pub fn repair(context: NativeCallContext<'_>, disk: &mut DiskRef) -> Fallible<()> {
        Trouble::from(disk).repair(&context)
    }

    /// Makes every request to the disk take this much longer. Whatever stands on it feels it: mounts, listings and writes,
    /// the cluster's own log, starts (log replay by the log file), and answers, which nobody waits for longer than 30 s.
    /// Example: `disk("EVS3 Disk L:").slow("500ms"); group("EVS3").move_to("NODE4"); recovers("EVS3", 10.minutes);`
    #[rhai_fn(name = "slow", return_raw)]
    pub fn slow(
        context: NativeCallContext<'_>,
        disk: &mut DiskRef,
        delay: Dynamic,
    ) -> Fallible<FaultRef> {
        Trouble::from(disk).slow(&context, &delay)
    }

    /// Makes some of the cluster's own reads and writes on the disk take up to a span longer:
    /// `disk("Disk Q:").unsteady(0.05, "9s")`.
    /// Example: `disk("Disk Q:").unsteady(0.05, "2s"); run("10m"); expect(quorum().has_quorum);`
    #[rhai_fn(name = "unsteady", return_raw)]
    pub fn unsteady(
        context: NativeCallContext<'_>,
        disk: &mut DiskRef,
        probability: f64,
        by: Dynamic,
    ) -> Fallible<FaultRef> {
        Trouble::from(disk).unsteady(&context, probability, &by)
    }

    /// Makes the disk hang until it is repaired: nothing that it is asked for ends, and nothing fails.
    /// Example: `let fault = disk("EVS1 Disk E:").hang(); run("1s"); fault.heal(); run("1m");
    /// expect(group("EVS1").is_online);`
    #[rhai_fn(name = "hang", return_raw)]
    pub fn hang(context: NativeCallContext<'_>, disk: &mut DiskRef) -> Fallible<FaultRef> {
        Trouble::from(disk).hang(&context, None)
    }

    /// Makes the disk hang for a while.
    /// Example: `disk("EVS1 Disk E:").hang("1s"); run("1m"); expect(group("EVS1").is_online);`
    #[rhai_fn(name = "hang", return_raw)]
    pub fn hang_for(
        context: NativeCallContext<'_>,
        disk: &mut DiskRef,
        duration: Dynamic,
    ) -> Fallible<FaultRef> {
        Trouble::from(disk).hang(&context, Some(&duration))
    }

    /// Leaves no room on the disk: what would make a file longer is refused (error 112), whether the cluster's log, a file of
    /// a script or one of a program.
    /// Example: `disk("EVS1 Disk E:").full(); expect_error(|| disk("EVS1 Disk E:").write("notice.txt", "closed"),
    /// "112");`
    #[rhai_fn(name = "full", return_raw)]
    pub fn full(context: NativeCallContext<'_>, disk: &mut DiskRef) -> Fallible<FaultRef> {
        Trouble::from(disk).full(&context)
    }

    /// Makes the disk refuse every write (error 19). It can be read.
    /// Example: `disk("EVS1 Disk E:").read_only(); expect_error(|| disk("EVS1 Disk E:").write("notice.txt", "closed"),
    /// "19");`
    #[rhai_fn(name = "read_only", return_raw)]
    pub fn read_only(context: NativeCallContext<'_>, disk: &mut DiskRef) -> Fallible<FaultRef> {
        Trouble::from(disk).read_only(&context)
    }

    /// Makes the disk fail to flush what it took (an fsync that fails): whoever writes gets an error. What was written can be
    /// read where it was, and is gone when that node loses power or the disk is dismounted there.
    /// Example: `disk("Disk Q:").fail_flush(); run("10m");`
    #[rhai_fn(name = "fail_flush", return_raw)]
    pub fn fail_flush(context: NativeCallContext<'_>, disk: &mut DiskRef) -> Fallible<FaultRef> {
        Trouble::from(disk).fail_flush(&context)
    }

    /// A host outside the cluster resets the bus, takes the disk's reservation from its owner and keeps it until it is healed or
    /// the disk is repaired.
    /// Example: `let host = disk("EVS1 Disk E:").steal(); run("1s"); host.heal(); expect(!disk("EVS1 Disk
    /// E:").stolen);`
    #[rhai_fn(return_raw)]
    pub fn steal(context: NativeCallContext<'_>, disk: &mut DiskRef) -> Fallible<FaultRef> {
        let fault = DiskFault::Stolen {
            disk: disk.name.clone(),
        };
        order::inject(
            &context,
            format!("the reservation of {} is stolen", disk.name),
            fault,
        )
    }

    /// Flips a bit in the middle of a file on the disk, such as "quolog.log" or "chk001.tmp". Nobody notices before
    /// the file is read.
    /// Example: `disk("Disk Q:").corrupt("quolog.log").expect_unnoticed()`
    #[rhai_fn(name = "corrupt", return_raw)]
    pub fn corrupt(
        context: NativeCallContext<'_>,
        disk: &mut DiskRef,
        file: &str,
    ) -> Fallible<FaultRef> {
        order::damage(
            &context,
            &disk.name,
            file,
            Damage::FlippedBit { byte: None },
        )
    }

    /// Flips a bit of one byte, counted from 0, of a file on the disk.
    /// Example: `disk("Disk Q:").corrupt("quolog.log", 12)`
    #[rhai_fn(name = "corrupt", return_raw)]
    pub fn corrupt_at(
        context: NativeCallContext<'_>,
        disk: &mut DiskRef,
        file: &str,
        byte: i64,
    ) -> Fallible<FaultRef> {
        let byte = Some(order::bytes_arg(&context, byte, "the place of a byte")?);
        order::damage(&context, &disk.name, file, Damage::FlippedBit { byte })
    }

    /// The last bytes of a file on the disk are gone, as if they had never been written out.
    /// Example: `disk("Disk Q:").lose_tail("quolog.log", 10)`
    #[rhai_fn(return_raw)]
    pub fn lose_tail(
        context: NativeCallContext<'_>,
        disk: &mut DiskRef,
        file: &str,
        bytes: i64,
    ) -> Fallible<FaultRef> {
        let bytes = order::bytes_arg(&context, bytes, "a number of bytes")?;
        order::damage(&context, &disk.name, file, Damage::LostTail { bytes })
    }

    /// A file on the disk is gone.
    /// Example: `disk("Disk Q:").lose_file("quolog.log")`
    #[rhai_fn(return_raw)]
    pub fn lose_file(
        context: NativeCallContext<'_>,
        disk: &mut DiskRef,
        file: &str,
    ) -> Fallible<FaultRef> {
        order::damage(&context, &disk.name, file, Damage::Lost)
    }

    /// Truth: how many bytes a file on the disk has, such as "quolog.log" or "chk001.tmp".
    /// Example: `expect(disk("Disk Q:").size("quolog.log") > 0)`
    #[rhai_fn(return_raw)]
    pub fn size(context: NativeCallContext<'_>, disk: &mut DiskRef, file: &str) -> Fallible<i64> {
        order::file_size(&context, &disk.name, file)
    }

    /// Puts a file on the disk by hand, as an administrator does on the node that has it mounted.
    /// Example: `disk("EVS1 Disk E:").write("notice.txt", "closed"); expect_eq(disk("EVS1 Disk E:").size("notice.txt"),
    /// 6);`
    #[rhai_fn(return_raw)]
    pub fn write(
        context: NativeCallContext<'_>,
        disk: &mut DiskRef,
        file: &str,
        text: &str,
    ) -> Fallible<()> {
        order::disk_file(&context, &disk.name, file, Some(text))
    }

    /// Takes a file off the disk by hand.
    /// Example: `disk("EVS1 Disk E:").write("notice.txt", "closed"); disk("EVS1 Disk E:").remove("notice.txt");`
    #[rhai_fn(return_raw)]
    pub fn remove(context: NativeCallContext<'_>, disk: &mut DiskRef, file: &str) -> Fallible<()> {
        order::disk_file(&context, &disk.name, file, None)
    }

    /// Its name, as a text.
    #[rhai_fn(global, name = "to_string", pure)]
    pub fn to_string(disk: &mut DiskRef) -> String {
        disk.name.to_string()
    }

    /// The same text, for `debug`.
    #[rhai_fn(global, name = "to_debug", pure)]
    pub fn to_debug(disk: &mut DiskRef) -> String {
        disk.name.to_string()
    }
}
