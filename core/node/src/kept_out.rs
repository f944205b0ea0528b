//! Whether this node is kept out of the cluster, as its coordinator has told it.

use quorate_model::Name;

/// By whom this node is kept out.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptOut {
    /// Quorum was forced without this node: who coordinated then. It has no say until that cluster takes it in.
    forced_by: Option<Name>,
    /// It was told in this boot that it is kept out, for whatever reason.
    told: bool,
}

impl KeptOut {
    /// A coordinator says that it keeps this node out. Whether that is the first time in this boot.
    pub(crate) fn told(&mut self) -> bool {
        !std::mem::replace(&mut self.told, true)
    }

    /// Quorum was forced without this node, by `coordinator`. Whether that was not known: the first who said so is kept.
    pub(crate) fn force(&mut self, coordinator: Name) -> bool {
        let first = self.forced_by.is_none();
        self.forced_by.get_or_insert(coordinator);
        first
    }

    /// Whether quorum was forced without this node, so that it votes for nobody and forms nothing.
    pub(crate) fn has_no_say(&self) -> bool {
        self.forced_by.is_some()
    }

    /// The node is taken in. Whether it had no say until now.
    pub(crate) fn take_in(&mut self) -> bool {
        self.forced_by.take().is_some()
    }

    /// Who forced quorum without this node.
    #[cfg(test)]
    pub(crate) fn forced_by(&self) -> Option<&str> {
        self.forced_by.as_deref()
    }
}
