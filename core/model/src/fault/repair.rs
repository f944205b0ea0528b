//! Repairs.

use super::{Drive, Fault};
use crate::Name;

/// A thing whose faults are undone all at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// A frozen machine goes on.
    Thaw(Name),
    /// A machine's resource monitor goes on, and begins with what it was asked for meanwhile.
    Monitor(Name),
    /// A machine's card in a network works again.
    Card {
        /// The machine.
        node: Name,
        /// The card's network.
        network: Name,
    },
    /// A network works as its definition says: every fault of the network itself is undone, and every cut that names
    /// it. Faults of single cards in it stay.
    Network(Name),
    /// The name server answers at once, and registers what it is asked to.
    Names,
    /// A disk works, and no host outside holds it. A machine without a path to it still has none, and reservation and
    /// files stay as they are.
    Disk(Drive),
    /// A machine gets through to a shared disk.
    Path {
        /// The machine.
        node: Name,
        /// The disk.
        disk: Name,
    },
    /// The processes behind a resource can start, and those that run answer. None is started by this.
    Process(Name),
    /// A file share witness answers. What it has promised, or has forgotten, stays so.
    Share(Name),
    /// Every partition and cut is gone, on all networks.
    Partitions,
}

impl Repair {
    /// Whether it undoes this fault.
    pub fn mends(&self, fault: &Fault) -> bool {
        match fault {
            Fault::Machine(fault) => fault.is_mended_by(self),
            // Nobody repairs clocks: a fault of theirs is healed.
            Fault::Clock(_) => false,
            Fault::Network(fault) => fault.is_mended_by(self),
            Fault::Names(fault) => fault.is_mended_by(self),
            Fault::Disk(fault) => fault.is_mended_by(self),
            Fault::Process(fault) => fault.is_mended_by(self),
            Fault::Share(fault) => fault.is_mended_by(self),
        }
    }
}
