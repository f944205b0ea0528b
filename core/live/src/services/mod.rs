//! The real machine as plugins see it: the answers to `quorate_host::Request`.
//!
//! The monitors of all groups share one machine, under a lock. None of what is done under it waits, but for what was killed to
//! be gone: what takes time runs in a process or on a thread of its own, and is looked at again. Folders that may hang, of
//! shared disks and of scripts, are asked beside it: they hold up who asks, and nobody else. Those that a program needs to start
//! are looked at beside it, too, but used under it, as are its ready file while it starts and the folder of the command that
//! stops it: one of these that hangs only then holds up all.

mod addresses;
mod command;
mod controller;
mod disks;
mod names;
mod notify;
mod probe;
mod process;
mod shared;

use std::sync::Arc;

use parking_lot::Mutex;
use quorate_host::{Caller, ServiceResult};
use quorate_journal::WorldEvent;
use quorate_model::errors::ERROR_CLUSTER_NETWORK_NOT_FOUND;
use quorate_model::{Name, Reason};

use addresses::Addresses;
pub(crate) use command::missing_program;
pub use command::{CommandError, split};
pub(crate) use controller::Controller;
pub(crate) use controller::Programs;
pub(crate) use disks::Disks;
use names::Names;
use probe::{Endpoint, Prober};
pub(crate) use shared::SharedMachine;

fn error<T>(code: u32, text: impl Into<String>) -> ServiceResult<T> {
    Err(Reason::new(code, text))
}

/// The services of this machine.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) controller: Controller,
    prober: Prober,
    addresses: Addresses,
    names: Names,
    networks: Vec<Name>,
    told: Told,
}

/// What has happened, for the journal. Whoever takes it out waits for nothing else that the machine does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<WorldEvent>>>);

impl Told {
    fn push(&self, event: WorldEvent) {
        self.0.lock().push(event);
    }

    /// What has happened since this was last asked.
    fn take(&self) -> Vec<WorldEvent> {
        std::mem::take(&mut self.0.lock())
    }

    fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}

impl Machine {
    /// `port` is the cluster's own, which keeps an address for one node of a machine.
    pub(crate) fn new(programs: Programs, networks: Vec<Name>, port: u16) -> Machine {
        let told = Told::default();
        Machine {
            controller: Controller::new(programs, told.clone()),
            prober: Prober::default(),
            addresses: Addresses::new(port),
            names: Names::default(),
            networks,
            told,
        }
    }

    /// Nothing of an earlier start of the node counts any more.
    pub(crate) fn boot(&mut self) {
        self.controller.kill_all();
        for (network, address) in self.addresses.clear() {
            self.tell_address(&network, &address, false);
        }
        self.names = Names::default();
    }

    fn tell_address(&mut self, network: &str, address: &str, plumbed: bool) {
        self.told.push(WorldEvent::Address {
            subject: address.to_owned(),
            network: network.into(),
            plumbed,
        });
    }

    fn known(&self, network: &str) -> ServiceResult<()> {
        match self.networks.iter().any(|known| **known == *network) {
            true => Ok(()),
            false => error(
                ERROR_CLUSTER_NETWORK_NOT_FOUND,
                format!("this node has no card in a network {network}"),
            ),
        }
    }

    fn plumb(&mut self, network: &str, address: &str) -> ServiceResult<()> {
        self.known(network)?;
        if self.addresses.add(network, address)? {
            self.tell_address(network, address, true);
        }
        Ok(())
    }

    fn unplumb(&mut self, network: &str, address: &str) -> ServiceResult<()> {
        if self.addresses.remove(network, address) {
            self.tell_address(network, address, false);
        }
        Ok(())
    }

    fn works(&self, network: &str, address: &str) -> ServiceResult<()> {
        self.known(network)?;
        self.addresses.works(network, address)
    }

    fn register(&mut self, name: &str, address: &str) -> ServiceResult<()> {
        if self.names.register(name, address) {
            self.told.push(WorldEvent::NameResolves {
                subject: name.to_owned(),
                address: Some(address.to_owned()),
            });
        }
        Ok(())
    }

    fn unregister(&mut self, name: &str) -> ServiceResult<()> {
        if self.names.unregister(name) {
            self.told.push(WorldEvent::NameResolves {
                subject: name.to_owned(),
                address: None,
            });
        }
        Ok(())
    }

    fn listen(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        (address, port, protocol): (&str, u16, &str),
        listen: bool,
    ) -> ServiceResult<()> {
        // The program binds by itself; from now on it is asked there.
        let endpoint = Endpoint::Protocol(address.to_owned(), port, protocol.to_owned());
        self.controller
            .listen(caller.resource, name, &endpoint, listen)?;
        self.prober.forget_requests(address, port);
        match listen {
            true => self.prober.begin(endpoint),
            false => self.prober.end(&endpoint),
        }
        Ok(())
    }

    /// Sends a line to a port, and gives the first line of the answer.
    fn ask(&mut self, address: &str, port: u16, mut line: String) -> ServiceResult<String> {
        // Who is asked waits for the end of the line.
        if !line.ends_with('\n') {
            line.push_str("\r\n");
        }
        let endpoint = Endpoint::Line(address.to_owned(), port, line);
        self.prober.ask(endpoint)
    }

    /// A call into a service: to the endpoint where it answers, if one is known, or else only to its process.
    fn probe(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        match self.controller.asked_at(caller.resource, name)? {
            Some(endpoint) => self.prober.ask(endpoint).map(drop),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
