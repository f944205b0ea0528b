//! Planted bugs: the most likely bugs of such a log, to show that the checks find them.
//!
//! Without the feature `planted` none of this exists: every question is answered `false` at compile time.

/// A bug that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// A vote is given without a look at the candidate's log (against 5.4.1).
    VoteIgnoresLog,
    /// Entries are acknowledged to the leader before they are durable (against 5.3 and dissertation, 10.2.1).
    AcknowledgeEarly,
    /// An entry of an older term is committed by counting copies (against 5.4.2, figure 8).
    CommitOldTerm,
    /// The majority is counted among the nodes that answer instead of the configured voters (against 5.2).
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

/// The bug that is planted in a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Planted {
    #[cfg(feature = "planted")]
    bug: Option<Bug>,
    #[cfg(feature = "planted")]
    hits: u64,
}

impl Planted {
    /// Whether the log must behave wrongly here: `bug` is planted, and it makes a difference now (`matters`).
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
