//! One machine for the monitors of all groups.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use parking_lot::Mutex;
use quorate_host::{Answer, Caller, Request, Serve};
use quorate_journal::WorldEvent;
use quorate_model::ServiceCommand;

use super::{Machine, Told};

/// A handle of the machine.
#[derive(Clone, Debug)]
pub(crate) struct SharedMachine {
    machine: Arc<Mutex<Machine>>,
    told: Told,
    configured_nodes: Arc<AtomicU32>,
    /// Nothing that is asked by handles with this leash is done any more.
    cut_off: Arc<AtomicBool>,
}

impl SharedMachine {
    /// For this machine.
    pub(crate) fn new(machine: Machine) -> SharedMachine {
        SharedMachine {
            told: machine.told.clone(),
            configured_nodes: Arc::clone(&machine.configured_nodes),
            machine: Arc::new(Mutex::new(machine)),
            cut_off: Arc::default(),
        }
    }

    /// A handle that can be [`cut_off`](Self::cut_off), with all that are cloned from it, and no other.
    pub(crate) fn with_a_leash(&self) -> SharedMachine {
        SharedMachine {
            cut_off: Arc::default(),
            ..self.clone()
        }
    }

    /// Nothing that is asked by this handle, or one that was cloned from it, is done any more. With `end_all`, everything
    /// that runs is ended, and all addresses and names are given up.
    pub(crate) fn cut_off(&self, end_all: bool) {
        // Once the machine is ours, whoever was at it has finished, and whoever comes finds that it may not.
        let mut machine = self.machine.lock();
        self.cut_off.store(true, Ordering::Release);
        if end_all {
            machine.boot();
        }
    }

    /// Nothing of an earlier start of the node counts any more.
    pub(crate) fn boot(&self) {
        self.machine.lock().boot();
    }

    /// Goes by other commands from the next start of each program on.
    pub(crate) fn reload(&self, services: BTreeMap<String, ServiceCommand>) {
        self.machine.lock().controller.reload(services);
    }

    /// The cluster has so many nodes.
    pub(crate) fn set_configured_nodes(&self, nodes: u32) {
        self.configured_nodes.store(nodes, Ordering::Relaxed);
    }

    /// What has happened since this was last asked.
    pub(crate) fn take_told(&self) -> Vec<WorldEvent> {
        self.told.take()
    }

    /// Whether something has.
    pub(crate) fn has_told(&self) -> bool {
        !self.told.is_empty()
    }
}

impl Serve for SharedMachine {
    fn serve(&mut self, caller: Caller<'_>, request: Request<'_>) -> Answer {
        let mut machine = self.machine.lock();
        if self.cut_off.load(Ordering::Acquire) {
            drop(machine);
            // Whoever asks hung for so long that it was given up, and its thread is of no use to anybody any more.
            loop {
                thread::park();
            }
        }
        machine.serve(caller, request)
    }
}
