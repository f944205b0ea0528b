//! Shared disks that are folders: `disks: { "Disk Q:": Dir("/srv/quorate/q") }` in the node files of one machine.
//!
//! In the folder: `lock`, held for each request; `reservation`, the cluster and node that hold the disk; `files`, what is on it. Who holds it is looked at under the same lock as each write is done: whoever has lost it writes nothing more, and who
//! stands still in the middle of a write keeps everybody else from taking it. A reservation outlives its holder until somebody
//! breaks it, as on a bus.
//!
//! Nothing is mounted: "mounted" is what the node believes, and needs the reservation as on a real disk.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use quorate_host::{Reservation, ServiceResult};
use quorate_journal::{ReservationChange, WorldEvent};
use quorate_model::errors::{
    ERROR_BUSY, ERROR_DISK_FULL, ERROR_FILE_NOT_FOUND, ERROR_IO_DEVICE, ERROR_IO_INCOMPLETE,
    ERROR_NOT_READY, ERROR_WRITE_PROTECT,
};
use quorate_model::{Name, Reason};
use quorate_node::{DiskError, DiskOp};

use crate::held::{Held, hold, hold_within};
use crate::leash::Leash;
use crate::state::{Disk, Drive, SystemFiles, make_to_stay};

/// For how long a plugin's request waits for another's. A plugin asks again.
const PATIENCE: Duration = Duration::from_millis(100);

/// The folders on a disk that are tidied: nodes write to them, and plugins. What plugins leave unfinished in folders of their own
/// stays, since programs may have files of such names there.
const WRITTEN: [&str; 2] = ["", "MSCS/"];

fn refuse<T>(code: u32, text: impl Into<String>) -> ServiceResult<T> {
    Err(Reason::new(code, text))
}

/// A folder as one node sees it.
#[derive(Debug)]
pub(crate) struct SharedFolder {
    name: Name,
    root: PathBuf,
    me: Name,
    /// Its cluster: another one's node of the same name is another holder.
    cluster: Name,
    mounted: Mutex<bool>,
    /// An earlier failure to flush is past, once the disk is next used. What holds the disk's own lock may hang.
    mend: AtomicBool,
    disk: Mutex<Disk>,
}

impl SharedFolder {
    /// The disk called `name`, for the node `me` of a cluster.
    ///
    /// # Errors
    /// The system's, where the folder cannot be made.
    pub(crate) fn open(
        name: Name,
        root: PathBuf,
        (cluster, me): (Name, Name),
    ) -> io::Result<SharedFolder> {
        // What is acknowledged below is not lost with the folders above it.
        make_to_stay(&mut SystemFiles, &root)?;
        let disk = Disk::open(root.join("files"), Box::new(SystemFiles))?;
        Ok(SharedFolder {
            name,
            root,
            me,
            cluster,
            mounted: Mutex::new(false),
            mend: AtomicBool::new(false),
            disk: Mutex::new(disk),
        })
    }

    /// The disk's name.
    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// Nothing of an earlier start of the node counts any more, but for the reservation.
    pub(crate) fn boot(&self) {
        *self.mounted.lock() = false;
        self.mend.store(true, Ordering::SeqCst);
    }

    fn files(&self) -> MutexGuard<'_, Disk> {
        let mut disk = self.disk.lock();
        if self.mend.swap(false, Ordering::SeqCst) {
            disk.mend();
        }
        disk
    }

    fn is_mounted(&self) -> bool {
        *self.mounted.lock()
    }

    /// Who holds it: a node of this cluster by its name, another cluster's with that. Under the lock.
    fn holder(&self, _: &Held) -> io::Result<Option<Name>> {
        match fs::read_to_string(self.root.join("reservation")) {
            Ok(text) if text.trim().is_empty() => Ok(None),
            Ok(text) => {
                let text = text.trim();
                let own = text.strip_prefix(self.cluster.as_str());
                let node = own.and_then(|rest| rest.strip_prefix('/'));
                Ok(Some(node.unwrap_or(text).into()))
            }
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(why),
        }
    }

    fn set_holder(&self, _: &Held, holder: Option<&Name>) -> io::Result<()> {
        let place = self.root.join("reservation");
        match holder {
            Some(holder) => {
                // Whoever is killed meanwhile leaves no half of a name.
                let aside = self.root.join("reservation.new");
                fs::write(&aside, format!("{}/{holder}\n", self.cluster))?;
                fs::rename(&aside, &place)
            }
            None => match fs::remove_file(&place) {
                Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
                _ => Ok(()),
            },
        }
    }

    /// Does something under the lock, for a plugin.
    fn asked<T>(&self, what: impl FnOnce(&Held) -> ServiceResult<T>) -> ServiceResult<T> {
        match hold_within(&self.root.join("lock"), PATIENCE) {
            Ok(Some(held)) => what(&held),
            Ok(None) => refuse(
                ERROR_IO_INCOMPLETE,
                format!("{} is still at what another has asked of it", self.name),
            ),
            Err(why) => self.silent(&why),
        }
    }

    fn silent<T>(&self, why: &io::Error) -> ServiceResult<T> {
        let text = format!(
            "{} ({}) does not answer: {why}",
            self.name,
            self.root.display()
        );
        refuse(ERROR_IO_DEVICE, text)
    }

    /// Whoever hung here and was given up meanwhile does nothing more. Asked just before something is changed.
    fn still_wanted(&self, leash: &Leash) -> ServiceResult<()> {
        match leash.is_cut() {
            false => Ok(()),
            true => refuse(
                ERROR_IO_INCOMPLETE,
                format!("whoever asked this of {} was given up", self.name),
            ),
        }
    }

    fn held_by(&self, held: &Held) -> ServiceResult<Option<Name>> {
        self.holder(held).or_else(|why| self.silent(&why))
    }

    /// Takes it, if nobody holds it. Returns what is to be told.
    pub(crate) fn reserve(&self, leash: &Leash) -> ServiceResult<Option<WorldEvent>> {
        self.asked(|held| match self.held_by(held)? {
            Some(holder) if holder == self.me => Ok(None),
            Some(holder) => refuse(ERROR_BUSY, format!("{} is reserved by {holder}", self.name)),
            None => {
                self.still_wanted(leash)?;
                self.changed(held, None, Some(&self.me), ReservationChange::Reserve)
            }
        })
    }

    /// Takes it from whoever holds it.
    pub(crate) fn break_reservation(&self, leash: &Leash) -> ServiceResult<Option<WorldEvent>> {
        self.asked(|held| {
            let before = self.held_by(held)?;
            self.still_wanted(leash)?;
            self.changed(held, before, None, ReservationChange::BusReset)
        })
    }

    /// Gives it up, if this node holds it.
    pub(crate) fn release(&self, leash: &Leash) -> ServiceResult<Option<WorldEvent>> {
        self.asked(|held| match self.held_by(held)? {
            Some(holder) if holder == self.me => {
                self.still_wanted(leash)?;
                self.changed(held, Some(holder), None, ReservationChange::Release)
            }
            _ => Ok(None),
        })
    }

    fn changed(
        &self,
        held: &Held,
        from: Option<Name>,
        to: Option<&Name>,
        how: ReservationChange,
    ) -> ServiceResult<Option<WorldEvent>> {
        if let Err(why) = self.set_holder(held, to) {
            return self.silent(&why);
        }
        Ok(Some(WorldEvent::Reservation {
            subject: self.name.clone(),
            from,
            to: to.cloned(),
            how,
        }))
    }

    /// Who holds it, as this node sees it.
    pub(crate) fn reservation(&self, leash: &Leash) -> ServiceResult<Reservation> {
        self.asked(|held| {
            let holder = self.held_by(held)?;
            self.still_wanted(leash)?;
            Ok(match holder {
                None => Reservation::Nobody,
                Some(holder) if holder == self.me => Reservation::Here,
                Some(_) => Reservation::Elsewhere,
            })
        })
    }

    /// From now on its files may be used, or no longer. Returns what is to be told.
    pub(crate) fn mount(&self, mount: bool, leash: &Leash) -> ServiceResult<Option<WorldEvent>> {
        if mount {
            self.asked(|held| match self.held_by(held)? {
                Some(holder) if holder == self.me => {
                    self.still_wanted(leash)?;
                    let tidied = self.files().tidy(&WRITTEN);
                    tidied.or_else(|why| self.silent(&why))
                }
                _ => refuse(
                    ERROR_BUSY,
                    format!("{} is not reserved by this node", self.name),
                ),
            })?;
        }
        // Under the same lock as the end of a start takes all mounts away.
        let mut mounted = self.mounted.lock();
        self.still_wanted(leash)?;
        let before = std::mem::replace(&mut *mounted, mount);
        Ok((before != mount).then(|| WorldEvent::Mount {
            subject: self.name.clone(),
            mounted: mount,
        }))
    }

    /// Does something with the files, for a plugin.
    fn with_files<T>(
        &self,
        leash: &Leash,
        what: impl FnOnce(&mut Disk) -> ServiceResult<T>,
    ) -> ServiceResult<T> {
        self.asked(|held| {
            match self.held_by(held)? {
                Some(holder) if holder == self.me => {}
                Some(holder) => {
                    return refuse(ERROR_BUSY, format!("{} is reserved by {holder}", self.name));
                }
                None => {
                    let text = format!("{} is not reserved by this node", self.name);
                    return refuse(ERROR_NOT_READY, text);
                }
            }
            if !self.is_mounted() {
                let text = format!("{} is not mounted here", self.name);
                return refuse(ERROR_NOT_READY, text);
            }
            let mut files = self.files();
            self.still_wanted(leash)?;
            what(&mut files)
        })
    }

    fn refused<T>(&self, why: DiskError) -> ServiceResult<T> {
        let (code, text) = match why {
            DiskError::Full => (ERROR_DISK_FULL, "is full"),
            DiskError::WriteProtected => (ERROR_WRITE_PROTECT, "is write-protected"),
            DiskError::NotFlushed => (ERROR_IO_DEVICE, "could not flush what was written"),
            DiskError::NotReserved | DiskError::NotMounted | DiskError::Device => {
                (ERROR_IO_DEVICE, "does not answer")
            }
        };
        refuse(code, format!("{} {text}", self.name))
    }

    /// The names of the files on it.
    pub(crate) fn list(&self, leash: &Leash) -> ServiceResult<Vec<String>> {
        self.with_files(leash, |disk| disk.list().or_else(|why| self.refused(why)))
    }

    /// Writes a whole file.
    pub(crate) fn write(&self, file: &str, bytes: &[u8], leash: &Leash) -> ServiceResult<()> {
        self.with_files(leash, |disk| {
            let written = disk.carry_out(DiskOp::Replace {
                file: self.inside(file)?,
                bytes: bytes.to_vec(),
            });
            written.map(drop).or_else(|why| self.refused(why))
        })
    }

    /// Reads a file.
    pub(crate) fn read(&self, file: &str, leash: &Leash) -> ServiceResult<Vec<u8>> {
        let found = self.with_files(leash, |disk| {
            let prefix = self.inside(file)?;
            let read = disk.carry_out(DiskOp::ReadAll { prefix });
            read.or_else(|why| self.refused(why))
        });
        let found = found?.remove(file);
        let text = || format!("there is no file {file} on {}", self.name);
        found.ok_or_else(|| Reason::new(ERROR_FILE_NOT_FOUND, text()))
    }

    /// A name that leads nowhere else.
    fn inside(&self, file: &str) -> ServiceResult<String> {
        let leads_out = file
            .split('/')
            .any(|part| part.is_empty() || part.starts_with('.'));
        match leads_out {
            false => Ok(file.to_owned()),
            true => refuse(
                ERROR_FILE_NOT_FOUND,
                format!("{file:?} is no name of a file on {}", self.name),
            ),
        }
    }
}

/// What the node itself asks of the disk, one request after the other.
impl Drive for Arc<SharedFolder> {
    fn carry_out(&mut self, op: DiskOp) -> Result<BTreeMap<String, Vec<u8>>, DiskError> {
        let held = hold(&self.root.join("lock")).map_err(|_| DiskError::Device)?;
        match self.holder(&held) {
            Ok(Some(holder)) if holder == self.me => {}
            Ok(_) => return Err(DiskError::NotReserved),
            Err(_) => return Err(DiskError::Device),
        }
        if !self.is_mounted() {
            return Err(DiskError::NotMounted);
        }
        self.files().carry_out(op)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free() -> Leash {
        Leash::default()
    }

    fn of(root: &std::path::Path, cluster: &str, me: &str) -> Arc<SharedFolder> {
        let whose = (cluster.into(), me.into());
        Arc::new(SharedFolder::open("Disk Q:".into(), root.to_path_buf(), whose).unwrap())
    }

    fn two(root: &std::path::Path) -> [Arc<SharedFolder>; 2] {
        ["NODE1", "NODE2"].map(|me| of(root, "CLUSTER1", me))
    }

    #[test]
    fn another_clusters_node_of_the_same_name_is_another_holder() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["CLUSTER1", "CLUSTER2"].map(|it| of(folder.path(), it, "NODE1"));
        one.reserve(&free()).unwrap();
        assert_eq!(code(other.reserve(&free())), ERROR_BUSY);
        assert_eq!(other.reservation(&free()), Ok(Reservation::Elsewhere));
        assert_eq!(code(other.mount(true, &free())), ERROR_BUSY);
    }

    /// Programs keep what they like there.
    #[test]
    fn a_listing_opens_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let [one, _] = two(folder.path());
        one.reserve(&free()).unwrap();
        one.mount(true, &free()).unwrap();
        one.write("kept", b"x", &free()).unwrap();
        let files = folder.path().join("files");
        std::os::unix::fs::symlink("nowhere", files.join("lost")).unwrap();
        assert_eq!(
            one.list(&free()),
            Ok(vec!["kept".to_owned(), "lost".to_owned()])
        );
        assert_eq!(one.read("kept", &free()), Ok(b"x".to_vec()));
    }

    #[test]
    fn what_a_killed_node_was_writing_is_gone_once_the_disk_is_mounted() {
        let folder = tempfile::tempdir().unwrap();
        let [one, _] = two(folder.path());
        let files = folder.path().join("files");
        fs::create_dir_all(files.join("MSCS")).unwrap();
        fs::create_dir_all(files.join("mail")).unwrap();
        for file in [
            ".new-a",
            "MSCS/.new-quolog.log",
            "MSCS/kept",
            "mail/.new-own",
        ] {
            fs::write(files.join(file), "x").unwrap();
        }
        one.reserve(&free()).unwrap();
        one.mount(true, &free()).unwrap();
        assert_eq!(one.list(&free()).unwrap(), ["MSCS/kept", "mail/.new-own"]);
    }

    fn code<T: std::fmt::Debug>(result: ServiceResult<T>) -> u32 {
        result.unwrap_err().code
    }

    fn append(bytes: &[u8]) -> DiskOp {
        DiskOp::Append {
            file: "MSCS/quolog.log".to_owned(),
            bytes: bytes.to_vec(),
        }
    }

    #[test]
    fn a_folder_obeys_who_has_reserved_and_mounted_it_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let [mut one, mut other] = two(folder.path());
        assert_eq!(one.carry_out(append(b"x")), Err(DiskError::NotReserved));
        assert!(one.reserve(&free()).unwrap().is_some());
        assert!(one.reserve(&free()).unwrap().is_none(), "it is renewed");
        assert_eq!(one.carry_out(append(b"x")), Err(DiskError::NotMounted));
        one.mount(true, &free()).unwrap();
        one.carry_out(append(b"one")).unwrap();
        one.write("clusdisk.tst", b"t", &free()).unwrap();
        assert_eq!(code(other.reserve(&free())), ERROR_BUSY);
        assert_eq!(code(other.mount(true, &free())), ERROR_BUSY);
        assert_eq!(code(other.list(&free())), ERROR_BUSY);
        assert_eq!(other.carry_out(append(b"y")), Err(DiskError::NotReserved));
        assert!(
            other.release(&free()).unwrap().is_none(),
            "it is not its to give"
        );
        assert_eq!(other.reservation(&free()).unwrap(), Reservation::Elsewhere);

        // Whoever loses it writes nothing more, though it believes that it has mounted it.
        assert!(other.break_reservation(&free()).unwrap().is_some());
        assert_eq!(one.reservation(&free()).unwrap(), Reservation::Nobody);
        other.reserve(&free()).unwrap();
        other.mount(true, &free()).unwrap();
        assert_eq!(one.carry_out(append(b"late")), Err(DiskError::NotReserved));
        assert_eq!(code(one.write("f", b"", &free())), ERROR_BUSY);
        let prefix = "MSCS/".to_owned();
        let read = other.carry_out(DiskOp::ReadAll { prefix }).unwrap();
        assert_eq!(read["MSCS/quolog.log"], b"one");
        assert_eq!(other.read("clusdisk.tst", &free()).unwrap(), b"t");
        assert_eq!(
            other.list(&free()).unwrap(),
            ["MSCS/quolog.log", "clusdisk.tst"]
        );
        assert_eq!(code(other.read("none", &free())), ERROR_FILE_NOT_FOUND);
        assert_eq!(
            code(other.write("../outside", b"", &free())),
            ERROR_FILE_NOT_FOUND
        );
    }

    #[test]
    fn a_reservation_outlives_its_holder_and_who_starts_again_has_it_but_no_mount() {
        let folder = tempfile::tempdir().unwrap();
        let [one, _] = two(folder.path());
        one.reserve(&free()).unwrap();
        one.mount(true, &free()).unwrap();
        drop(one);
        let [mut one, other] = two(folder.path());
        assert_eq!(code(other.reserve(&free())), ERROR_BUSY);
        assert_eq!(one.reservation(&free()).unwrap(), Reservation::Here);
        assert_eq!(one.carry_out(append(b"x")), Err(DiskError::NotMounted));
    }

    #[test]
    fn who_stands_still_in_the_middle_of_a_write_keeps_the_others_out() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = two(folder.path());
        one.reserve(&free()).unwrap();
        let held = hold(&folder.path().join("lock")).unwrap();
        assert_eq!(code(other.break_reservation(&free())), ERROR_IO_INCOMPLETE);
        assert_eq!(code(one.reserve(&free())), ERROR_IO_INCOMPLETE);
        drop(held);
        assert!(other.break_reservation(&free()).unwrap().is_some());
    }
}
