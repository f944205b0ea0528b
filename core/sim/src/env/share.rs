//! The file server with the witness of a Majority Node Set. It is outside the cluster, and is reached by every
//! machine with a working card in a network for clients.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_model::{Name, ShareFault};
use quorate_node::{WitnessReply, WitnessRequest};

/// The time of one way to the file server or back.
const WAY: Duration = Duration::from_millis(1);

/// All file shares that were ever asked.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    files: BTreeMap<Name, Vec<u8>>,
    silent: Vec<Name>,
    slow: BTreeMap<Name, Duration>,
    /// Cut connections, by share and machine.
    cut: Vec<(Name, Name)>,
}

impl Shares {
    /// Carries out a machine's question. Returns the reply, if the share answers.
    pub(crate) fn answer(
        &mut self,
        machine: &Name,
        request: &WitnessRequest,
    ) -> Option<WitnessReply> {
        if self.silent.contains(&request.share) || !self.is_reached(machine, &request.share) {
            return None;
        }
        let (file, reply) = request.answer(self.files.get(&request.share).map(Vec::as_slice));
        if let Some(file) = file {
            self.files.insert(request.share.clone(), file);
        }
        Some(reply)
    }

    /// How long a question takes to the file server, and its answer back.
    pub(crate) fn way(&self, share: &Name) -> Duration {
        WAY + self.slow.get(share).copied().unwrap_or_default() / 2
    }

    /// Whether the connection between a machine and a share works.
    pub(crate) fn is_reached(&self, machine: &Name, share: &Name) -> bool {
        let mut cut = self.cut.iter();
        !cut.any(|(of, from)| of == share && from == machine)
    }

    /// The witness file is gone.
    pub(crate) fn lose(&mut self, share: &Name) {
        self.files.remove(share);
    }

    /// Whether there is a witness file on a share.
    pub(crate) fn has_file(&self, share: &Name) -> bool {
        self.files.contains_key(share)
    }

    /// Applies the active faults to the shares.
    pub(crate) fn apply<'a>(&mut self, faults: impl Iterator<Item = &'a ShareFault>) {
        self.silent.clear();
        self.slow.clear();
        self.cut.clear();
        for fault in faults {
            match fault {
                ShareFault::Share { share } => self.silent.push(share.clone()),
                ShareFault::SlowShare { share, delay } => {
                    *self.slow.entry(share.clone()).or_default() += *delay;
                }
                ShareFault::SharePath { share, node } => {
                    self.cut.push((share.clone(), node.clone()));
                }
                ShareFault::ShareLost { .. } => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_its_file_until_it_is_lost() {
        let mut shares = Shares::default();
        let (share, other) = (Name::from("one"), Name::from("other"));
        assert!(!shares.has_file(&share));
        shares.files.insert(share.clone(), Vec::new());
        assert!(shares.has_file(&share) && !shares.has_file(&other));
        shares.lose(&share);
        assert!(!shares.has_file(&share));
    }
}
