//! `quorate.service/1` and `quorate.probe/1`: the service controller, and calls to running services.

use quorate_abi::{self as abi, QrProbe, QrService};

use crate::raw::{answer_text, entry, outcome, text};
use crate::{Context, Error};

/// The state of a service, according to the service controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceState {
    /// Not running.
    Stopped,
    /// Starting.
    StartPending,
    /// Stopping.
    StopPending,
    /// Running, which does not say that it answers.
    Running,
}

/// A service of this resource. Two resources never share a process, so the name is the resource's own.
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    ctx: &'a Context,
    name: &'a str,
}

impl<'a> Service<'a> {
    pub(crate) fn new(ctx: &'a Context, name: &'a str) -> Self {
        Service { ctx, name }
    }

    fn doing(&self, verb: &str) -> String {
        format!("{verb} service `{}`", self.name)
    }

    /// Starts it and returns at once. `work_units` is the work to be done before it runs, 0 for none: each unit
    /// takes a second in a drill, in the tester's world and in the test host, and on a real machine what it takes.
    ///
    /// # Errors
    /// 1060: there is no such service; or any error of the controller.
    pub fn start(&self, work_units: u64) -> Result<(), Error> {
        let start = entry!(self.ctx.tables.service, QrService, start)?;
        // SAFETY: the host's function with the instance it gave; the text lives for the call. So below.
        let code = unsafe { start(self.ctx.instance(), text(self.name), work_units) };
        outcome(code, || self.doing("start"))
    }

    /// As [`start`](Self::start), with start parameters and a working directory; empty texts for none. A host that
    /// does not support them starts it without.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(
        &self,
        work_units: u64,
        parameters: &str,
        directory: &str,
    ) -> Result<(), Error> {
        let Ok(start) = entry!(self.ctx.tables.service, QrService, start_with) else {
            return self.start(work_units);
        };
        // SAFETY: as in `start`.
        let code = unsafe {
            start(
                self.ctx.instance(),
                text(self.name),
                work_units,
                text(parameters),
                text(directory),
            )
        };
        outcome(code, || self.doing("start"))
    }

    /// Asks it to stop and returns at once.
    ///
    /// # Errors
    /// Any error of the controller.
    pub fn stop(&self) -> Result<(), Error> {
        let stop = entry!(self.ctx.tables.service, QrService, stop)?;
        // SAFETY: as in `start`.
        let code = unsafe { stop(self.ctx.instance(), text(self.name)) };
        outcome(code, || self.doing("stop"))
    }

    /// Kills it at once.
    ///
    /// # Errors
    /// Any error of the controller.
    pub fn kill(&self) -> Result<(), Error> {
        let kill = entry!(self.ctx.tables.service, QrService, kill)?;
        // SAFETY: as in `start`.
        let code = unsafe { kill(self.ctx.instance(), text(self.name)) };
        outcome(code, || self.doing("kill"))
    }

    /// Its state, according to the controller. An unknown service is stopped.
    ///
    /// # Errors
    /// The controller does not answer.
    pub fn state(&self) -> Result<ServiceState, Error> {
        let state = entry!(self.ctx.tables.service, QrService, state)?;
        let mut value = 0;
        // SAFETY: as in `start`; `value` is writable.
        let code = unsafe { state(self.ctx.instance(), text(self.name), &raw mut value) };
        if code == abi::ERROR_SERVICE_DOES_NOT_EXIST {
            return Ok(ServiceState::Stopped);
        }
        outcome(code, || self.doing("query"))?;
        match value {
            abi::SERVICE_STOPPED => Ok(ServiceState::Stopped),
            abi::SERVICE_START_PENDING => Ok(ServiceState::StartPending),
            abi::SERVICE_STOP_PENDING => Ok(ServiceState::StopPending),
            abi::SERVICE_RUNNING => Ok(ServiceState::Running),
            other => Err(Error::failed(format!(
                "{}: state {other}",
                self.doing("query")
            ))),
        }
    }

    /// Makes it answer on `address:port` with the protocol's banner.
    ///
    /// # Errors
    /// 1062: it does not run; or the address is not on this node.
    pub fn listen(&self, address: &str, port: u32, protocol: &str) -> Result<(), Error> {
        self.set_listening(address, port, protocol, true)
    }

    /// Makes it stop answering there.
    ///
    /// # Errors
    /// Any error of the host.
    pub fn stop_listening(&self, address: &str, port: u32, protocol: &str) -> Result<(), Error> {
        self.set_listening(address, port, protocol, false)
    }

    fn set_listening(
        &self,
        address: &str,
        port: u32,
        protocol: &str,
        on: bool,
    ) -> Result<(), Error> {
        let listen = entry!(self.ctx.tables.service, QrService, listen)?;
        // SAFETY: as in `start`.
        let code = unsafe {
            listen(
                self.ctx.instance(),
                text(self.name),
                text(address),
                port,
                text(protocol),
                u32::from(on),
            )
        };
        outcome(code, || {
            let verb = if on { "let answer" } else { "silence" };
            format!("{} on {address}:{port}", self.doing(verb))
        })
    }
}

/// Questions to running services.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a>(&'a Context);

impl<'a> Probe<'a> {
    pub(crate) fn new(ctx: &'a Context) -> Self {
        Probe(ctx)
    }

    /// Calls a service of this resource (RPC) and takes its answer.
    ///
    /// # Errors
    /// 1053 or 258: it did not answer in time ([`Error::is_silence`]); 1062: it does not run.
    pub fn service(&self, name: &str) -> Result<(), Error> {
        let service = entry!(self.0.tables.probe, QrProbe, service)?;
        // SAFETY: the host's function with the instance it gave; the text lives for the call.
        let code = unsafe { service(self.0.instance(), text(name)) };
        outcome(code, || format!("call service `{name}`"))
    }

    /// Connects to `address:port` from this node, sends `request`, and reads the first line of the answer. In a drill
    /// `service(...).answers(request, text)` says what that is.
    ///
    /// # Errors
    /// 258, 1053 or 10060: no answer in time ([`Error::is_silence`]); 1225 or 10061: nothing listens there.
    pub fn ask(&self, address: &str, port: u32, request: &str) -> Result<String, Error> {
        let probe = entry!(self.0.tables.probe, QrProbe, ask)?;
        answer_text(
            || format!("ask {address}:{port}"),
            // SAFETY: as in `service`; the buffer lives for the call.
            |buffer, len, needed| unsafe {
                probe(
                    self.0.instance(),
                    text(address),
                    port,
                    text(request),
                    buffer,
                    len,
                    needed,
                )
            },
        )
    }

    /// Connects to `address:port` from this node and reads the protocol's banner.
    ///
    /// # Errors
    /// 258 or 1053: no answer in time ([`Error::is_silence`]); 1225: nothing listens there.
    pub fn port(&self, address: &str, port: u32, protocol: &str) -> Result<String, Error> {
        let probe = entry!(self.0.tables.probe, QrProbe, port)?;
        answer_text(
            || format!("connect to {protocol} on {address}:{port}"),
            // SAFETY: as in `service`; the buffer lives for the call.
            |buffer, len, needed| unsafe {
                probe(
                    self.0.instance(),
                    text(address),
                    port,
                    text(protocol),
                    buffer,
                    len,
                    needed,
                )
            },
        )
    }
}
