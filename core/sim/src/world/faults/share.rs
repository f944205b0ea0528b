//! Faults of the file share witness: no answers, late answers, or lost memory.

use std::collections::BTreeSet;

use quorate_model::{Name, ShareFault};

use super::super::World;
use super::some_time;
use crate::WorldError;

impl World {
    pub(super) fn check_share_fault(&self, fault: &ShareFault) -> Result<(), WorldError> {
        let share = fault.subject();
        let named = self.current.file_share_witness() == Some(share.as_str());
        let mut nodes = self.stations.iter().filter_map(|it| it.service.node());
        if !named && !nodes.any(|node| node.witness_share().as_ref() == Some(share)) {
            return Err(WorldError::Nothing {
                why: format!("{share} is not the cluster's file share witness (MNSFileShare)"),
            });
        }
        match fault {
            ShareFault::ShareLost { .. } if !self.env.shares.has_file(share) => {
                Err(WorldError::Nothing {
                    why: format!("there is no witness file on {share} yet"),
                })
            }
            ShareFault::SlowShare { delay, .. } => {
                some_time("what a file share takes on top", *delay)
            }
            ShareFault::SharePath { node, .. } => self.machine(node).map(drop),
            ShareFault::Share { .. } | ShareFault::ShareLost { .. } => Ok(()),
        }
    }

    /// All groups: quorum may depend on the witness's vote, and everything depends on quorum.
    pub(super) fn touched_by_share(&self, _: &ShareFault) -> BTreeSet<Name> {
        self.all_groups()
    }

    pub(super) fn break_share(&mut self, fault: ShareFault) {
        match fault {
            ShareFault::Share { .. }
            | ShareFault::SlowShare { .. }
            | ShareFault::SharePath { .. } => self.faults_changed(),
            ShareFault::ShareLost { share } => self.env.shares.lose(&share),
        }
    }

    pub(super) fn heal_share(&mut self, fault: ShareFault) {
        match fault {
            ShareFault::Share { .. }
            | ShareFault::SlowShare { .. }
            | ShareFault::SharePath { .. } => self.faults_changed(),
            // This cannot be healed.
            ShareFault::ShareLost { .. } => {}
        }
    }
}
