//! Repairs.

use super::{Drive, Fault};
use crate::Name;

/// A thing whose faults are undone all at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// A frozen machine goes on.
    Thaw(Name),
    /// A machine's resource monitor goes on, first with the commands that have piled up.
    Monitor(Name),
    /// A machine's card in a network works again.
    Card {
        /// The machine.
        node: Name,
        /// The card's network.
        network: Name,
    },
    /// A network works as its definition says: all faults of the network itself and all cuts that name it are undone.
    /// Faults of single cards in it stay.
    Network(Name),
    /// The name server answers at once, and registers what it is asked to.
    Names,
    /// A disk works, and no host outside holds it. A machine without a path to it still has none. The reservation and
    /// the files stay as they are.
    Disk(Drive),
    /// A machine gets through to a shared disk.
    Path {
        /// The machine.
        node: Name,
        /// The disk.
        disk: Name,
    },
    /// The processes behind a resource can start again, and running ones answer. This starts none.
    Process(Name),
    /// A file share witness answers. Its promises, or the loss of them, stay.
    Share(Name),
    /// Every partition and cut is gone, on all networks.
    Partitions,
}

impl Repair {
    /// Whether it undoes this fault.
    pub fn mends(&self, fault: &Fault) -> bool {
        match fault {
            Fault::Machine(fault) => fault.is_mended_by(self),
            // Clocks have no repair of their own: each of their faults is healed.
            Fault::Clock(_) => false,
            Fault::Network(fault) => fault.is_mended_by(self),
            Fault::Names(fault) => fault.is_mended_by(self),
            Fault::Disk(fault) => fault.is_mended_by(self),
            Fault::Process(fault) => fault.is_mended_by(self),
            Fault::Share(fault) => fault.is_mended_by(self),
        }
    }
}
