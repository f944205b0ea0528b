//! How a follower handles messages of its leader (5.3; dissertation, 5).

use crate::planted::Bug;
use crate::store::{NUMBER_MAX, check_range};
use crate::{AppendOutcome, Body, Entry, Id, Log, Persist, Role, Snapshot};

impl Log {
    /// Whether `from` leads in a term that counts here. If not, it is told.
    pub(crate) fn follow(
        &mut self,
        from: Id,
        term: u64,
        prev_index: u64,
        round: Option<u64>,
    ) -> bool {
        if term < self.hard.term || self.holds_disk() {
            // The sender has lost the lead, or the disk. This node's term tells it so, once that is durable.
            let outcome = AppendOutcome::Rejected {
                prev_index,
                hint_index: 0,
                hint_term: 0,
            };
            let body = Body::AppendReply { round, outcome };
            self.send(from, self.hard.term, body, self.hard_gate());
            return false;
        }
        if self.role == Role::Leader || self.leader.is_some_and(|leader| leader != from) {
            self.refuse(from, format!("a second leader of term {term}"));
            return false;
        }
        // A node that campaigns knows of no leader; its role is checked all the same.
        if self.role != Role::Follower || self.leader.is_none() {
            self.become_follower(term, Some(from));
        }
        true
    }

    pub(crate) fn on_append(
        &mut self,
        from: Id,
        (prev_index, prev_term): (u64, u64),
        entries: Vec<Entry>,
        commit: u64,
        round: Option<u64>,
    ) {
        if let Err(reason) = self.check_entries(prev_index, prev_term, &entries) {
            self.refuse(from, reason);
            return;
        }
        let snapshot_index = self.store.snapshot_index();
        if prev_index < snapshot_index && !self.agrees_with_snapshot(&entries) {
            self.show_committed(from, prev_index, round);
            return;
        }
        if prev_index >= snapshot_index && self.store.term_at(prev_index) != Some(prev_term) {
            if prev_index < self.commit {
                self.show_committed(from, prev_index, round);
                return;
            }
            let hint_index = self.store.last_at_most(prev_index, prev_term);
            let hint_term = self.store.term_at(hint_index).unwrap_or(0);
            let outcome = AppendOutcome::Rejected {
                prev_index,
                hint_index,
                hint_term,
            };
            let body = Body::AppendReply { round, outcome };
            self.send(from, self.hard.term, body, self.hard_gate());
            return;
        }
        let matched = prev_index + entries.len() as u64;
        let new: Vec<Entry> = entries
            .into_iter()
            .skip_while(|entry| {
                entry.index <= snapshot_index || self.store.term_at(entry.index) == Some(entry.term)
            })
            .collect();
        if let Some((index, term)) = new.first().map(|entry| (entry.index, entry.term)) {
            if index <= self.commit {
                self.show_committed(from, prev_index, round);
                return;
            }
            if self
                .store
                .term_at(index - 1)
                .is_none_or(|before| term < before)
            {
                self.refuse(
                    from,
                    format!("entry {index} of term {term} after a newer term"),
                );
                return;
            }
            let truncate_from = (index <= self.last_index()).then_some(index);
            if truncate_from.is_some() {
                self.store.truncate(index);
            }
            for entry in &new {
                self.store.append(entry.clone());
            }
            let mark = self.persist(Persist {
                truncate_from,
                entries: new,
                ..Persist::default()
            });
            self.accept(from, round, matched, mark);
        } else {
            // There is nothing to write, so what is durable can be acknowledged at once, however slow the disk is.
            let durable = matched.min(self.durable);
            self.accept(from, round, durable, self.hard_gate());
        }
        self.commit = self.commit.max(commit.min(matched));
    }

    /// Whether entries that begin before the end of this log's snapshot are known to belong to the same history.
    /// Within one history they agree with the snapshot; but an administrator may have given up the history of the
    /// snapshot.
    fn agrees_with_snapshot(&self, entries: &[Entry]) -> bool {
        entries.iter().any(|entry| {
            entry.index == self.store.snapshot_index() && entry.term == self.store.snapshot_term()
        })
    }

    /// Answers with the last entry that is committed here, so that the leader can say whether it has that entry, too.
    fn show_committed(&mut self, from: Id, prev_index: u64, round: Option<u64>) {
        let outcome = AppendOutcome::Rejected {
            prev_index,
            hint_index: self.commit,
            hint_term: self.store.term_at(self.commit).unwrap_or(0),
        };
        let body = Body::AppendReply { round, outcome };
        self.send(from, self.hard.term, body, self.hard_gate());
    }

    /// Whether the entries can follow on `prev_index`, and can come from the leader of this term.
    fn check_entries(
        &self,
        prev_index: u64,
        prev_term: u64,
        entries: &[Entry],
    ) -> Result<(), String> {
        if prev_term > self.hard.term || prev_index > NUMBER_MAX {
            return Err(format!(
                "an append after impossible entry {prev_index} of term {prev_term}"
            ));
        }
        let (mut index, mut term) = (prev_index, prev_term);
        for entry in entries {
            if entry.index != index + 1 {
                return Err(format!("entries with a gap: {} after {index}", entry.index));
            }
            if entry.term < term || entry.term == 0 || entry.term > self.hard.term {
                return Err(format!(
                    "entry {} with impossible term {}",
                    entry.index, entry.term
                ));
            }
            (index, term) = (entry.index, entry.term);
        }
        Ok(())
    }

    pub(crate) fn on_install(&mut self, from: Id, snapshot: Snapshot, round: Option<u64>) {
        let (index, term) = (snapshot.index, snapshot.term);
        if check_range(index, term).is_err() || term > self.hard.term {
            self.refuse(
                from,
                format!("a snapshot of impossible entry {index} of term {term}"),
            );
            return;
        }
        if index < self.store.snapshot_index() {
            self.show_committed(from, index, round);
            return;
        }
        if index <= self.commit && self.store.term_at(index) != Some(term) {
            self.begin_anew(from, snapshot, round);
            return;
        }
        if self.store.term_at(index) == Some(term) {
            // Everything up to the snapshot is here already.
            self.commit = self.commit.max(index);
            self.accept(from, round, index.min(self.durable), self.hard_gate());
            return;
        }
        self.lower_durable(self.commit);
        self.store.install(snapshot.clone());
        let mark = self.persist(Persist {
            truncate_from: Some(index + 1),
            snapshot: Some(snapshot.clone()),
            ..Persist::default()
        });
        self.install_output(snapshot);
        self.accept(from, round, index, mark);
    }

    /// Replaces the whole log by the leader's snapshot, if the entry `over` is committed here. If it is not, that has
    /// been done already.
    pub(crate) fn on_replace(
        &mut self,
        from: Id,
        (over_index, over_term): (u64, u64),
        snapshot: Snapshot,
        round: Option<u64>,
    ) {
        let possible =
            check_range(snapshot.index, snapshot.term).is_ok() && snapshot.term <= self.hard.term;
        let ours = self.store.term_at(over_index) == Some(over_term);
        if possible && ours && over_index <= self.commit {
            self.begin_anew(from, snapshot, round);
        } else {
            self.on_install(from, snapshot, round);
        }
    }

    /// The entries committed here belong to a history that was given up: drops all of them.
    fn begin_anew(&mut self, from: Id, snapshot: Snapshot, round: Option<u64>) {
        self.lower_durable(0);
        // The entries go first. If a crash came between the two steps, they must not look like entries after the new
        // snapshot.
        let own = self.store.snapshot().cloned();
        let first = self.store.first_index();
        self.store.truncate(first);
        self.persist(Persist {
            truncate_from: Some(first),
            snapshot: own,
            ..Persist::default()
        });
        self.lower_durable(0);
        // Nothing is left to truncate; this only repeats what a snapshot does.
        self.store.install(snapshot.clone());
        let mark = self.persist(Persist {
            truncate_from: Some(snapshot.index + 1),
            snapshot: Some(snapshot.clone()),
            ..Persist::default()
        });
        let index = snapshot.index;
        self.install_output(snapshot);
        self.accept(from, round, index, mark);
    }

    fn accept(&mut self, from: Id, round: Option<u64>, matched: u64, after: u64) {
        self.forced = None;
        // An entry is acknowledged only once it is durable (dissertation, 10.2.1).
        let early = self
            .planted
            .bends(Bug::AcknowledgeEarly, !self.is_done(after));
        let after = if early { 0 } else { after };
        let body = Body::AppendReply {
            round,
            outcome: AppendOutcome::Accepted { matched },
        };
        self.send(from, self.hard.term, body, after);
    }
}
