//! The end of all faults, and what must follow.

use std::collections::BTreeSet;

use quorate_log::Id;
use quorate_log::check::Violation;

use super::{Kind, Op, Rng, World};

impl World {
    /// Ends all faults. Then the cluster must make progress, and every node must come to hold every acknowledged
    /// update.
    pub fn heal(&mut self, rng: &mut Rng) -> Result<(), Violation> {
        self.note(|| "all faults end".into());
        self.run(Op::Heal)?;
        let ids: Vec<Id> = self.hosts.keys().copied().collect();
        for id in &ids {
            self.run(Op::Boot(*id))?;
        }
        self.settle()?;
        let mut marker = None;
        for _ in 0..60 {
            let leaders = self.leaders();
            for id in &leaders {
                self.run(Op::Resend(*id))?;
            }
            self.settle()?;
            if let [leader] = self.leaders()[..] {
                if marker.is_none() {
                    let update = self.next_update;
                    self.run(Op::Propose(leader))?;
                    self.settle()?;
                    marker = (self.next_update > update).then_some(update);
                }
            } else if self.leaders().is_empty() {
                let id = ids[rng.below(ids.len() as u64) as usize];
                match self.holder.filter(|_| rng.below(2) == 0) {
                    Some(holder) => self.run(Op::Campaign(holder))?,
                    None if self.kind == Kind::Holder => {
                        self.run(Op::BreakDisk)?;
                        self.run(Op::TakeDisk(id))?;
                    }
                    None => self.run(Op::Campaign(id))?,
                }
                self.settle()?;
            }
            let acknowledged = marker.is_some_and(|marker| self.acknowledged.contains(&marker));
            if marker.is_some() && !acknowledged && self.leaders().is_empty() {
                marker = None;
            }
            let states: BTreeSet<&Vec<u64>> = self.hosts.values().map(|host| &host.state).collect();
            if acknowledged && states.len() == 1 {
                return self.lost();
            }
        }
        Err(Violation {
            invariant: "progress after all faults have ended",
            detail: format!(
                "leaders {:?}, positions {:?}",
                self.leaders(),
                ids.iter()
                    .map(|id| (
                        *id,
                        self.log(*id).role(),
                        self.log(*id).term(),
                        self.log(*id).voters(),
                        self.log(*id).applied_index(),
                        self.log(*id).last_index()
                    ))
                    .collect::<Vec<_>>()
            ),
        })
    }

    /// Checks that no acknowledged update is missing or doubled anywhere.
    fn lost(&self) -> Result<(), Violation> {
        for host in self.hosts.values() {
            let state: BTreeSet<u64> = host.state.iter().copied().collect();
            let missing: Vec<_> = self.acknowledged.difference(&state).collect();
            if !missing.is_empty() || state.len() != host.state.len() {
                return Err(Violation {
                    invariant: "nothing acknowledged is lost, nothing is applied twice",
                    detail: format!("node {}: {missing:?} missing of {:?}", host.id, host.state),
                });
            }
        }
        Ok(())
    }
}
