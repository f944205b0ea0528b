//! What can be done to a cluster and to its world.

use std::time::Duration;

use quorate_model::{ClientCalls, ClientStatus, Fault, FaultId, Repair};

use super::{Answer, NotOffered, Order, OrderHandle, StageError};

/// What administrators order of the cluster.
pub trait Orders {
    /// Gives an order. Its answer comes as time passes.
    ///
    /// # Errors
    ///
    /// If it cannot be given at all: nobody there to take it.
    fn order(&mut self, order: Order) -> Result<OrderHandle, StageError>;
    /// The answer to an order, once there is one.
    fn answer(&self, order: OrderHandle) -> Option<Answer>;
}

/// What breaks in the world, and heals.
pub trait Faults {
    /// Makes a fault of the world, until it is healed or for a while. Never one of the verdict: a resource is found
    /// dead by its own type's code.
    ///
    /// # Errors
    ///
    /// If there is nothing to break: a process that does not run, a node that is off.
    fn inject(&mut self, fault: Fault, lasting: Option<Duration>) -> Result<FaultId, StageError> {
        let _ = (fault, lasting);
        Err(NotOffered("breaking things").into())
    }

    /// Whether anybody in the cluster has noticed a fault up to now, or nobody is left who could.
    ///
    /// # Errors
    ///
    /// If the stage cannot tell.
    fn noticed(&self, fault: FaultId) -> Result<bool, NotOffered> {
        let _ = fault;
        Err(NotOffered("telling whether a fault was noticed"))
    }

    /// Undoes one fault. Nothing happens if it is healed already, or where none can be made.
    fn heal(&mut self, fault: FaultId) {
        let _ = fault;
    }

    /// Undoes every fault, the last one first. Nothing happens where none can be made.
    fn heal_all(&mut self) {}
    /// Undoes what is broken about one thing.
    ///
    /// # Errors
    ///
    /// If the thing does not exist.
    fn repair(&mut self, what: &Repair) -> Result<(), StageError> {
        let _ = what;
        Err(NotOffered("repairing things").into())
    }
}

/// What people do to machines by hand, past the cluster.
pub trait Machines {
    /// Sets up the machine of a node that the cluster has taken in, and switches it on.
    ///
    /// # Errors
    ///
    /// If the cluster does not know the node, or its machine is there already.
    fn install_node(&mut self, name: &str) -> Result<(), StageError> {
        let _ = name;
        Err(NotOffered("setting up a machine").into())
    }

    /// Declares the load of a virtual server: users, and per cent of a node.
    ///
    /// # Errors
    ///
    /// If there is no such group, or it is more than a node has.
    fn set_load(&mut self, group: &str, users: u32, cpu_percent: u32) -> Result<(), StageError> {
        let _ = (group, users, cpu_percent);
        Err(NotOffered("setting the load of a virtual server").into())
    }

    /// Puts a file on a shared disk, or takes it away, as an administrator does by hand.
    ///
    /// # Errors
    ///
    /// If there is no such disk, or nobody has it mounted.
    fn disk_file(&mut self, disk: &str, file: &str, text: Option<&str>) -> Result<(), StageError> {
        let _ = (disk, file, text);
        Err(NotOffered("writing to a shared disk").into())
    }
}

/// Clients that call, and what they saw.
pub trait Clients {
    /// Sends clients to a group, by its network name.
    ///
    /// # Errors
    ///
    /// If clients cannot know the group: it has no network name.
    fn clients(&mut self, group: &str, calls: &ClientCalls) -> Result<usize, StageError> {
        let _ = (group, calls);
        Err(NotOffered("sending clients").into())
    }

    /// Counts the calls of the clients of this number once more, from now on: the number of what they feel from now on.
    ///
    /// # Errors
    ///
    /// If they have ended.
    fn part_of_clients(&mut self, number: usize) -> Result<usize, StageError> {
        let _ = number;
        Err(NotOffered("sending clients").into())
    }

    /// The clients of this number call no more, or are no longer counted over this part of the time.
    ///
    /// # Errors
    ///
    /// If they have ended.
    fn end_clients(&mut self, number: usize) -> Result<(), StageError> {
        let _ = number;
        Err(NotOffered("sending clients").into())
    }

    /// What the clients of this number, counted from 0 in the order they were sent, saw so far. `None` if there are none.
    fn client_status(&self, number: usize) -> Option<ClientStatus> {
        let _ = number;
        None
    }
}
