//! A world for the monitor's tests: a clock that the test sets, one disk, and a record of who asked for what.

use std::collections::BTreeMap;

use quorate_abi::{ERROR_BUSY, ERROR_NOT_FOUND, ERROR_NOT_SUPPORTED};
use quorate_model::{Reason, Time};

use crate::services::{Answer, Request, Serve};
use crate::{Caller, Reservation, ServiceResult, ServiceState};

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) now: Time,
    /// The requests, each with the resource that made it.
    pub(crate) asked: Vec<String>,
    /// Whether reserving a disk is refused.
    pub(crate) busy: bool,
    /// Whether reserving a disk panics, as by a mistake in the world.
    pub(super) panics: bool,
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

impl World {
    fn note(&mut self, what: String) -> Answer {
        self.asked.push(what);
        Answer::Done
    }

    fn reserve(&mut self, caller: Caller<'_>, disk: &str) -> ServiceResult<()> {
        assert!(!self.panics, "the world is broken");
        self.asked.push(format!(
            "{} in {}: reserve {disk}",
            caller.resource, caller.group
        ));
        if self.busy {
            let why = format!("{disk} is reserved by NODE2");
            return Err(Reason::new(ERROR_BUSY, why));
        }
        Ok(())
    }
}

impl Serve for World {
    fn serve(&mut self, caller: Caller<'_>, request: Request<'_>) -> Answer {
        let Caller { resource, kind, .. } = caller;
        match request {
            Request::Now => self.now.into(),
            Request::CivilMs => Answer::Signed(-5),
            Request::Random {} => Answer::Number(42),
            Request::ConfiguredNodes => Answer::Number(4),
            Request::ServiceStart { name, work_units }
            | Request::ServiceStartWith {
                name, work_units, ..
            } => self.note(format!("{resource}: start {name} {work_units}")),
            Request::ServiceKill { name } => self.note(format!("{resource}: kill {name}")),
            Request::ServiceState { .. } => ServiceState::StopPending.into(),
            Request::ServiceListen {
                name,
                address,
                port,
                protocol,
                listen,
            } => self.note(format!(
                "listen {name} {address}:{port} {protocol} {listen}"
            )),
            Request::ProbePort {
                address,
                port,
                protocol,
            } => format!("{kind} {address}:{port} {protocol}").into(),
            Request::ProbeAsk {
                address,
                port,
                request,
            } => format!("{kind} {address}:{port} answers {request}").into(),
            Request::DiskReserve { disk } => self.reserve(caller, &disk).into(),
            Request::DiskReserved { .. } => Answer::Flag(!self.busy),
            Request::DiskReservation { .. } if self.busy => Reservation::Elsewhere.into(),
            Request::DiskReservation { .. } => Reservation::Here.into(),
            Request::DiskUnmount { disk, force } => self.note(format!("unmount {disk} {force}")),
            Request::DiskList { .. } => Answer::Texts(self.files.keys().cloned().collect()),
            Request::DiskWrite { disk, file, bytes } => {
                let bytes = bytes.into_owned();
                self.files.insert(format!("{disk}{file}"), bytes);
                Answer::Done
            }
            Request::DiskRead { disk, file } => match self.files.get(&format!("{disk}{file}")) {
                Some(bytes) => bytes.clone().into(),
                None => Answer::Refused(Reason::new(ERROR_NOT_FOUND, "no such file")),
            },
            Request::AddressAdd { network, address } => {
                self.note(format!("add {address} to {network}"))
            }
            // An error without a code is a mistake of the world.
            Request::AddressWorks { .. } => Answer::Refused(Reason::new(0, "no code")),
            Request::AddressLease { .. } => Answer::Lease("10.0.0.9".to_owned(), 3_600),
            Request::NameResolve { name } => format!("address of {name}").into(),
            _ => Answer::Refused(Reason::new(ERROR_NOT_SUPPORTED, "not in this world")),
        }
    }
}
