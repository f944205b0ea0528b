//! Bugs on demand: the ones a log like this is most likely to have, to show that the checks find them.
//!
//! Without the feature `planted` nothing of this exists: every question is answered `false` at compile
//! time.

/// A bug that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// A vote is given without a look at the candidate's log (against 5.4.1).
    VoteIgnoresLog,
    /// What is not durable yet is acknowledged to the leader (against 5.3 and dissertation, 10.2.1).
    AcknowledgeEarly,
    /// An older term's entry is committed by counting (against 5.4.2, figure 8).
    CommitOldTerm,
    /// A majority of those that answer counts, not one of those configured (against 5.2).
    CountLive,
}

impl Bug {
    /// All of them.
    pub const ALL: [Bug; 4] = [
        Bug::VoteIgnoresLog,
        Bug::AcknowledgeEarly,
        Bug::CommitOldTerm,
        Bug::CountLive,
    ];

    /// Its name, as in files and on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Bug::VoteIgnoresLog => "vote-ignores-log",
            Bug::AcknowledgeEarly => "acknowledge-early",
            Bug::CommitOldTerm => "commit-old-term",
            Bug::CountLive => "count-live",
        }
    }
}

/// What is planted in a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Planted {
    #[cfg(feature = "planted")]
    bug: Option<Bug>,
    #[cfg(feature = "planted")]
    hits: u64,
}

impl Planted {
    /// Whether the bug is planted where it makes a difference: `matters` says that it does now.
    pub(crate) fn bends(&mut self, bug: Bug, matters: bool) -> bool {
        #[cfg(feature = "planted")]
        if matters && self.bug == Some(bug) {
            self.hits += 1;
            return true;
        }
        let _ = (bug, matters);
        false
    }
}

#[cfg(feature = "planted")]
impl crate::Log {
    /// Plants a bug, or takes it out.
    pub fn plant(&mut self, bug: Option<Bug>) {
        self.planted.bug = bug;
    }

    /// How often the planted bug has made a difference in this log's life.
    pub fn planted_hits(&self) -> u64 {
        self.planted.hits
    }
}
