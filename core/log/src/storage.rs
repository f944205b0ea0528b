//! Storage: what is durable, and what must become so.

use crate::log::{Unconfirmed, open};
use crate::{CompactError, Log, Output, Persist, Role, Snapshot, Stored, StoredError};

impl Log {
    /// Takes over the log on the quorum disk, which this node has just gained: `stored` is the whole content of the
    /// disk. Call it before or after the [`set_rule`](Log::set_rule) that says so, and before
    /// [`campaign`](Log::campaign), which does nothing without it.
    ///
    /// The disk's log replaces the one in memory. Entries that are on the disk and were applied are not applied
    /// again; the term becomes the higher of the two. Writes and messages that were not polled are dropped, and every
    /// later [`Output::Persist`] belongs on the quorum disk. Writes that were polled earlier need not be reported any
    /// more, and messages that wait for them may be dropped. No write from an earlier time as holder of that disk may
    /// still be under way when it is read.
    ///
    /// The disk holds everything that was ever committed. If it nevertheless contradicts what this node has applied,
    /// an [`Output::Install`] of its snapshot takes that back.
    ///
    /// # Errors
    /// [`StoredError`] as in [`new`](Log::new); and [`StoredError::Applied`] if there is such a
    /// contradiction and no snapshot. The log is then unchanged.
    pub fn adopt(&mut self, stored: Stored) -> Result<(), StoredError> {
        let disk_hard = stored.hard;
        let (store, hard, void_from) = open(stored)?;
        let ours = self.store.term_at(self.applied).unwrap_or(0);
        let agrees = store.term_at(self.applied) == Some(ours);
        if !agrees && store.snapshot().is_none() {
            return Err(StoredError::Applied {
                index: self.applied,
                term: ours,
                disk: store.term_at(self.applied),
            });
        }
        self.become_follower(self.hard.term.max(hard.term), None);
        self.outputs
            .retain(|output| !matches!(output, Output::Persist(_) | Output::Send { .. }));
        self.pending.clear();
        if disk_hard.term == self.hard.term && self.hard.voted_for.is_none() {
            self.hard.voted_for = disk_hard.voted_for;
        }
        // The hard state may differ from the disk's: a campaign writes it before anything depends on it.
        self.hard_mark = 0;
        let commit_stands = store.term_at(self.commit) == self.store.term_at(self.commit);
        if !agrees {
            // The disk contradicts the applied entries, or its snapshot goes further than they do.
            self.applied = store.snapshot_index();
            self.outputs
                .extend(store.snapshot().cloned().map(Output::Install));
        }
        if !commit_stands {
            self.commit = self.applied;
        }
        self.durable = store.last_index();
        self.store = store;
        self.adopted = true;
        self.drop_void(void_from);
        Ok(())
    }

    /// Removes the entries that [`Store::open`] found to be dropped from the disk.
    pub(crate) fn drop_void(&mut self, void_from: Option<u64>) {
        if void_from.is_some() {
            self.persist(Persist {
                truncate_from: void_from,
                ..Persist::default()
            });
        }
    }

    /// Replaces the entries up to `index` by a snapshot of the applied state; `data` is the state right after that
    /// entry. Later entries stay.
    ///
    /// # Errors
    /// [`CompactError`] if `index` is not applied yet, or no later than the snapshot there is.
    pub fn compact(&mut self, index: u64, data: Vec<u8>) -> Result<(), CompactError> {
        if index > self.applied {
            return Err(CompactError::NotApplied {
                index,
                applied: self.applied,
            });
        }
        let already = self.store.snapshot_index();
        let term = self.store.term_at(index).filter(|_| index > already);
        let Some(term) = term else {
            return Err(CompactError::Already {
                index,
                snapshot: already,
            });
        };
        let snapshot = Snapshot {
            index,
            term,
            voters: self.voters_at(index),
            data,
        };
        self.wants_snapshot = false;
        self.store.compact(snapshot.clone());
        self.persist(Persist {
            snapshot: Some(snapshot),
            ..Persist::default()
        });
        Ok(())
    }

    /// Reports that the [`Persist`] with this mark, and all earlier ones, are durable. A mark that was reported
    /// before, or not polled yet, changes nothing.
    pub fn persisted(&mut self, mark: u64) {
        if mark <= self.done_mark || mark > self.polled_mark {
            return;
        }
        self.done_mark = mark;
        while let Some(pending) = self.pending.front()
            && pending.mark <= mark
        {
            self.durable = self.durable.max(pending.durable);
            self.pending.pop_front();
        }
        match self.role {
            Role::Candidate => self.count_votes(),
            Role::Leader => {
                self.advance_commit();
                if let Some(witness) = self.witness {
                    self.send_next(witness);
                }
            }
            Role::Follower | Role::PreCandidate => {}
        }
    }

    /// Asks for something to be made durable, and returns its mark.
    pub(crate) fn persist(&mut self, mut persist: Persist) -> u64 {
        if let Some(from) = persist.truncate_from {
            self.lower_durable(from.saturating_sub(1));
        }
        if persist.hard.is_none() && persist.snapshot.is_none() {
            // The term and the entries of one step go to the disk together.
            self.take_back_hard(&mut persist);
        } else if persist.hard.is_some() {
            let mut older = Persist::default();
            self.take_back_hard(&mut older);
        }
        self.last_mark += 1;
        persist.mark = self.last_mark;
        if persist.hard.is_some() {
            self.hard_mark = persist.mark;
        }
        let durable = self.store.last_index();
        self.pending.push_back(Unconfirmed {
            mark: persist.mark,
            durable,
        });
        self.outputs.push_back(Output::Persist(persist));
        self.last_mark
    }

    /// If the last output is a write of the hard state that was not polled yet, merges it into `persist`.
    fn take_back_hard(&mut self, persist: &mut Persist) {
        if let Some(Output::Persist(last)) = self.outputs.back()
            && last.hard.is_some()
            && last.truncate_from.is_none()
            && last.entries.is_empty()
            && last.snapshot.is_none()
        {
            persist.hard = last.hard;
            self.outputs.pop_back();
            self.pending.pop_back();
            // Marks must only increase; without gaps they are easier to read.
            self.last_mark -= 1;
        }
    }

    /// Entries after `index` are not durable any more, whatever is reported later.
    pub(crate) fn lower_durable(&mut self, index: u64) {
        self.durable = self.durable.min(index);
        for pending in &mut self.pending {
            pending.durable = pending.durable.min(index);
        }
    }

    pub(crate) fn persist_hard(&mut self) -> u64 {
        self.persist(Persist {
            hard: Some(self.hard),
            ..Persist::default()
        })
    }

    /// Whether a mark is durable.
    pub(crate) fn is_done(&self, mark: u64) -> bool {
        mark <= self.done_mark
    }

    /// The mark that a message must wait for if it depends on the term and the vote only.
    pub(crate) fn hard_gate(&self) -> u64 {
        // Without elections only the holder's own term matters. What a node wrote to a disk that it has lost since is
        // never reported done.
        let matters = self.elects() || self.holds_disk();
        if matters && !self.is_done(self.hard_mark) {
            self.hard_mark
        } else {
            0
        }
    }
}
