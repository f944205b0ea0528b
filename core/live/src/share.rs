//! The file share witness: `shares: { "\\\\FILES\\witness": "/mnt/witness" }` in the node file says where the share is
//! mounted.
//!
//! In the folder: `lock`, held for each question; `witness`, the file. A share that hangs holds up its own thread, and its
//! questions are left unanswered, as those of a share that is out of reach are.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread;

use quorate_node::{WitnessReply, WitnessRequest};

use crate::held::hold_there;

/// The file that marks a share that is there, and that is locked for each question.
pub(crate) const LOCK: &str = "lock";

/// How many questions may wait. What is asked while a share hangs is of no use to anybody later.
const WAITING_MAX: usize = 4;

/// Asks one share, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Share(SyncSender<(u64, WitnessRequest)>);

impl Share {
    /// The share that is mounted at `folder`. `answered` is told what it answers, and which boot of the node had asked.
    ///
    /// # Errors
    /// The system's, where it starts no thread.
    pub(crate) fn start(
        folder: PathBuf,
        mut answered: impl FnMut(u64, WitnessReply) + Send + 'static,
    ) -> io::Result<Share> {
        let (to, waiting) = sync_channel::<(u64, WitnessRequest)>(WAITING_MAX);
        thread::Builder::new()
            .name("witness".to_owned())
            .spawn(move || {
                for (boot, request) in waiting {
                    // One that cannot be reached does not answer.
                    if let Ok(reply) = ask(&folder, &request) {
                        answered(boot, reply);
                    }
                }
            })?;
        Ok(Share(to))
    }

    /// Asks it. It may not answer.
    pub(crate) fn ask(&self, boot: u64, request: WitnessRequest) {
        match self.0.try_send((boot, request)) {
            Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
        }
    }
}

/// Carries out a question: the new contents of the file are on the medium before anybody hears the answer.
///
/// # Errors
/// The system's.
fn ask(folder: &Path, request: &WitnessRequest) -> io::Result<WitnessReply> {
    // Made once by whoever set the share up: a folder at which nothing is mounted has none, and does not answer.
    let _held = hold_there(&folder.join(LOCK))?;
    let place = folder.join("witness");
    let before = match fs::read(&place) {
        Ok(bytes) => Some(bytes),
        Err(why) if why.kind() == io::ErrorKind::NotFound => None,
        Err(why) => return Err(why),
    };
    let (after, reply) = request.answer(before.as_deref());
    if let Some(bytes) = after {
        let aside = folder.join("witness.new");
        let mut file = File::create(&aside)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&aside, &place)?;
        File::open(folder)?.sync_all()?;
    }
    Ok(reply)
}
