//! Changes to a cluster and to its world.

use std::time::Duration;

use quorate_model::{ClientCalls, ClientStatus, Fault, FaultId, Repair};

use super::{Answer, NotOffered, Order, OrderHandle, StageError};

/// Orders of administrators.
pub trait Orders {
    /// Gives an order. Its answer comes as time passes.
    ///
    /// # Errors
    ///
    /// If nobody is there to take it.
    fn order(&mut self, order: Order) -> Result<OrderHandle, StageError>;
    /// The answer to an order, once there is one.
    fn answer(&self, order: OrderHandle) -> Option<Answer>;
}

/// Faults of the world, and their healing.
pub trait Faults {
    /// Makes a fault of the world, until it is healed or for a while. It never decides the result of a check: the
    /// resource's own type finds out that it is dead.
    ///
    /// # Errors
    ///
    /// If there is nothing to break, such as a process that does not run or a node that is off.
    fn inject(&mut self, fault: Fault, lasting: Option<Duration>) -> Result<FaultId, StageError> {
        let _ = (fault, lasting);
        Err(NotOffered("breaking things").into())
    }

    /// Whether anybody in the cluster has noticed a fault so far, or nobody is left who could.
    ///
    /// # Errors
    ///
    /// If the stage cannot tell.
    fn noticed(&self, fault: FaultId) -> Result<bool, NotOffered> {
        let _ = fault;
        Err(NotOffered("telling whether a fault was noticed"))
    }

    /// Whether anybody has asked for what a service says by a fault; `None` for faults of another kind.
    fn was_asked(&self, fault: FaultId) -> Option<bool> {
        let _ = fault;
        None
    }

    /// Undoes one fault. Does nothing if it is healed already, or on a stage without faults.
    fn heal(&mut self, fault: FaultId) {
        let _ = fault;
    }

    /// Undoes every fault, the newest first. Does nothing on a stage without faults.
    fn heal_all(&mut self) {}
    /// Undoes all faults of one thing.
    ///
    /// # Errors
    ///
    /// If the thing does not exist.
    fn repair(&mut self, what: &Repair) -> Result<(), StageError> {
        let _ = what;
        Err(NotOffered("repairing things").into())
    }
}

/// What people do to machines by hand, without the cluster.
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
    /// If there is no such group, or the load is more than a node can carry.
    fn set_load(&mut self, group: &str, users: u32, cpu_percent: u32) -> Result<(), StageError> {
        let _ = (group, users, cpu_percent);
        Err(NotOffered("setting the load of a virtual server").into())
    }

    /// Puts a file on a shared disk, or removes it, as an administrator does by hand.
    ///
    /// # Errors
    ///
    /// If there is no such disk, or nobody has it mounted.
    fn disk_file(&mut self, disk: &str, file: &str, text: Option<&str>) -> Result<(), StageError> {
        let _ = (disk, file, text);
        Err(NotOffered("writing to a shared disk").into())
    }
}

/// Clients, and what they see.
pub trait Clients {
    /// Starts clients that call a group by its network name. Returns their number.
    ///
    /// # Errors
    ///
    /// If the group has no network name, so that clients cannot know it.
    fn clients(&mut self, group: &str, calls: &ClientCalls) -> Result<usize, StageError> {
        let _ = (group, calls);
        Err(NotOffered("sending clients").into())
    }

    /// Starts a second count of the calls of clients number `number`, from now on. Returns the number of that count.
    ///
    /// # Errors
    ///
    /// If the clients have ended.
    fn part_of_clients(&mut self, number: usize) -> Result<usize, StageError> {
        let _ = number;
        Err(NotOffered("sending clients").into())
    }

    /// Ends clients, or a second count of their calls.
    ///
    /// # Errors
    ///
    /// If they have ended already.
    fn end_clients(&mut self, number: usize) -> Result<(), StageError> {
        let _ = number;
        Err(NotOffered("sending clients").into())
    }

    /// What the clients with this number have seen so far. Numbers count up from 0 in the order of starting. `None`
    /// if there are none.
    fn client_status(&self, number: usize) -> Option<ClientStatus> {
        let _ = number;
        None
    }
}
