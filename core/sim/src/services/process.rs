//! Requests of plugins to programs and their ports.

use quorate_host::{Caller, ServiceResult, ServiceState};
use quorate_journal::ServiceEnd;
use quorate_model::{Fault, Name, ProcessFault, types};

use quorate_model::errors::{
    ERROR_GEN_FAILURE, ERROR_SERVICE_CANNOT_ACCEPT_CTRL, ERROR_SERVICE_NOT_ACTIVE, ERROR_TIMEOUT,
    WSAEADDRINUSE, WSAEADDRNOTAVAIL, WSAECONNREFUSED, WSAETIMEDOUT,
};

use super::{Local, error};
use crate::env::{Endpoint, Machine};

/// The greeting of a server of the protocol.
fn banner(protocol: &str, resource: &str) -> String {
    match protocol.to_ascii_lowercase().as_str() {
        "smtp" => format!("220 {resource} Microsoft ESMTP MAIL Service ready"),
        "imap4" | "imap" => {
            format!("* OK {resource} Microsoft Exchange Server 2003 IMAP4rev1 server ready")
        }
        "pop3" => format!("+OK {resource} Microsoft Exchange Server 2003 POP3 server ready"),
        "http" => "HTTP/1.1 200 OK".to_owned(),
        other => format!("{other} {resource} ready"),
    }
}

/// The greeting of a server that cannot serve.
fn wrong_banner(protocol: &str, resource: &str) -> String {
    match protocol.to_ascii_lowercase().as_str() {
        "smtp" => "421 Service not available, closing transmission channel".to_owned(),
        "imap4" | "imap" => "* BYE Server unavailable".to_owned(),
        "pop3" => "-ERR Server unavailable".to_owned(),
        "http" => "HTTP/1.1 500 Internal Server Error".to_owned(),
        other => format!("{other} {resource} error"),
    }
}

impl Local<'_> {
    /// The machine that answers a connection from this one to a virtual server's address: this machine, or one that
    /// it reaches over the address's network.
    fn answering(&self, address: &str) -> Option<Machine> {
        let env = &self.env;
        if env.addresses.network_of(self.machine, address).is_some() {
            return Some(self.machine);
        }
        (0..env.hosts.len()).find(|&other| {
            env.addresses
                .network_of(other, address)
                .is_some_and(|network| {
                    !env.networks.has_stranger(network, address)
                        && env.hosts[other].runs()
                        && env.networks.reaches(network, self.machine, other)
                        && env.networks.reaches(network, other, self.machine)
                })
        })
    }

    pub(super) fn service_start(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        work_units: u64,
        given: (&str, &str),
    ) -> ServiceResult<()> {
        // For a store, a unit of work is a storage group to mount; the log to replay is added.
        let replay = if caller.kind == types::INFORMATION_STORE
            && self
                .env
                .processes
                .get(self.machine, caller.resource, name)
                .is_none()
        {
            self.env
                .may_mount(self.machine, caller.resource, work_units)
                .or_else(|why| error(ERROR_SERVICE_CANNOT_ACCEPT_CTRL, why))?;
            self.env
                .store_starts(caller.resource, caller.group, work_units)
        } else {
            0
        };
        let work_units = work_units.saturating_add(replay);
        self.env
            .process_start_with(self.machine, caller.resource, name, work_units, given)
            .or_else(|problem| {
                error(
                    ERROR_SERVICE_CANNOT_ACCEPT_CTRL,
                    format!("{name} cannot be started: {problem}"),
                )
            })
    }

    pub(super) fn service_stop(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        self.env.process_stop(self.machine, caller.resource, name);
        Ok(())
    }

    pub(super) fn service_kill(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        self.env
            .process_kill(self.machine, caller.resource, name, ServiceEnd::Killed);
        Ok(())
    }

    pub(super) fn service_state(
        &self,
        caller: Caller<'_>,
        name: &str,
    ) -> ServiceResult<ServiceState> {
        let process = self.env.processes.get(self.machine, caller.resource, name);
        Ok(process.map_or(ServiceState::Stopped, |process| process.state))
    }

    pub(super) fn probe_service(&mut self, caller: Caller<'_>, name: &str) -> ServiceResult<()> {
        match self.env.processes.get(self.machine, caller.resource, name) {
            Some(process) if process.answers() && process.wrong => {
                error(ERROR_GEN_FAILURE, format!("{name} answers with an error"))
            }
            Some(process) if process.answers() => {
                let (machine, late) = (self.machine, process.late);
                match self.env.answer_takes(machine, caller.resource, late) {
                    Ok(_) => Ok(()),
                    Err(why) => error(ERROR_TIMEOUT, why),
                }
            }
            Some(process) if process.hung => {
                error(ERROR_TIMEOUT, format!("{name} runs but does not answer"))
            }
            _ => error(ERROR_SERVICE_NOT_ACTIVE, format!("{name} is not running")),
        }
    }

    pub(super) fn probe_port(
        &mut self,
        address: &str,
        port: u16,
        protocol: &str,
    ) -> ServiceResult<String> {
        let (resource, protocol, wrong) = self.called(address, port, Some(protocol))?;
        Ok(match wrong {
            true => wrong_banner(&protocol, &resource),
            false => banner(&protocol, &resource),
        })
    }

    /// What a port answers to a request: what the drill says that it does, or else what it says first.
    pub(super) fn probe_ask(
        &mut self,
        address: &str,
        port: u16,
        request: &str,
    ) -> ServiceResult<String> {
        let (resource, protocol, wrong) = self.called(address, port, None)?;
        if wrong {
            return Ok(wrong_banner(&protocol, &resource));
        }
        let asked = request.trim_end();
        // The one that was said last counts.
        let mut faults = self.env.faults.iter().rev();
        let told = faults.find_map(|(id, fault)| match fault {
            Fault::Process(ProcessFault::Answers {
                resource: of,
                request,
                text,
            }) if *of == resource && request == asked => Some((*id, text.clone())),
            _ => None,
        });
        if let Some((fault, text)) = told {
            self.env.asked_of.insert(fault);
            return Ok(text);
        }
        Ok(match asked {
            "PING" => "+PONG".to_owned(),
            _ => banner(&protocol, &resource),
        })
    }

    /// Connects to a port, with the protocol that it is to speak if that matters. Returns whose service answers there, in
    /// which protocol, and whether with an error.
    fn called(
        &mut self,
        address: &str,
        port: u16,
        protocol: Option<&str>,
    ) -> ServiceResult<(Name, String, bool)> {
        let Some(machine) = self.answering(address) else {
            return error(
                WSAETIMEDOUT,
                format!("{address} does not answer: no node has it that can be reached"),
            );
        };
        // Any process that listens there answers, whichever resource it belongs to: a resource may watch another
        // one's service.
        let mut all = self.env.processes.on(machine);
        let listening = all.find_map(|(resource, process)| {
            let mut at = process.endpoints.iter();
            let endpoint = at.find(|it| {
                it.address == address
                    && it.port == port
                    && protocol.is_none_or(|of| of == it.protocol)
            })?;
            Some((resource, process, endpoint))
        });
        match listening {
            Some((resource, process, endpoint)) if process.answers() => {
                let found = (resource.clone(), endpoint.protocol.clone(), process.wrong);
                match self.env.answer_takes(machine, resource, process.late) {
                    Ok(_) => Ok(found),
                    Err(why) => error(WSAETIMEDOUT, why),
                }
            }
            Some((resource, process, _)) if process.hung => error(
                WSAETIMEDOUT,
                format!(
                    "the service of {resource} accepts on {address}:{port} but does not answer"
                ),
            ),
            _ => {
                let what = protocol.map_or_else(String::new, |protocol| format!("{protocol} "));
                error(
                    WSAECONNREFUSED,
                    format!("nothing answers {what}on {address}:{port}"),
                )
            }
        }
    }

    pub(super) fn service_listen(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        address: &str,
        port: u16,
        protocol: &str,
        listen: bool,
    ) -> ServiceResult<()> {
        let endpoint = Endpoint {
            address: address.to_owned(),
            port,
            protocol: protocol.to_owned(),
        };
        let machine = self.machine;
        if listen {
            if self.env.addresses.network_of(machine, address).is_none() {
                return error(WSAEADDRNOTAVAIL, format!("{address} is not on this node"));
            }
            let taken = self.env.processes.on(machine).any(|(resource, process)| {
                *resource != *caller.resource
                    && process
                        .endpoints
                        .iter()
                        .any(|one| one.address == address && one.port == port)
            });
            if taken {
                return error(WSAEADDRINUSE, format!("{address}:{port} is taken"));
            }
        }
        let Some(process) = self.env.processes.get_mut(machine, caller.resource, name) else {
            if listen {
                return error(ERROR_SERVICE_NOT_ACTIVE, format!("{name} is not running"));
            }
            return Ok(());
        };
        if listen {
            process.endpoints.insert(endpoint);
        } else {
            process.endpoints.remove(&endpoint);
        }
        Ok(())
    }
}
