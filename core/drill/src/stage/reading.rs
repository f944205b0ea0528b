//! Parts of what can be read of a stage: who reads only some of it need not read again when the rest changes.

/// A part of what can be read of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Truth: where resources are online; and the names of nodes, groups and resources.
    Online,
    /// Truth: what clients find.
    Service,
    /// Belief: what a console shows of nodes, groups, resources and the quorum.
    Belief,
    /// Everything else.
    Rest,
}

/// A set of parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts(u8);

impl Parts {
    /// A set of one part.
    pub const fn of(part: Part) -> Parts {
        Parts(1 << part as u8)
    }

    /// The same set and this part.
    #[must_use]
    pub const fn with(self, part: Part) -> Parts {
        Parts(self.0 | Parts::of(part).0)
    }

    /// Whether a part is in it.
    pub const fn has(self, part: Part) -> bool {
        self.0 & Parts::of(part).0 != 0
    }
}

/// Numbers for parts of a stage: as long as they are the same, reading those parts gives the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark(Vec<u64>);

impl Mark {
    /// Adds the numbers for a part.
    pub fn add(&mut self, numbers: &[u64]) {
        self.0.extend_from_slice(numbers);
    }
}
