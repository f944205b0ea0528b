//! The small resource monitor for the resources of a test (docs/semantics.md, 1).

use quorate_abi::{self as abi, QrWork};

use super::instance::{Arbitration, Opened, State};
use crate::{Error, Operation};

/// How long an arbitration may be pending, which has a limit of its own (docs/semantics.md, 1.2).
const ARBITRATION_TIMEOUT_MS: u64 = 60_000;

/// The kinds of work that become due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Work,
    Timeout,
    LooksAlive,
    IsAlive,
}

impl Opened {
    fn now(&self) -> u64 {
        self.world.now_ms()
    }

    pub(super) fn next_due(&self) -> Option<(u64, Due)> {
        let schedule = &self.schedule;
        [
            (schedule.work.get(), Due::Work),
            (schedule.timeout.get(), Due::Timeout),
            (schedule.looks_alive.get(), Due::LooksAlive),
            (schedule.is_alive.get(), Due::IsAlive),
        ]
        .into_iter()
        .filter_map(|(at, due)| Some((at?, due)))
        .min_by_key(|(at, _)| *at)
    }

    pub(super) fn perform(&self, due: Due) {
        match due {
            Due::Work => {
                self.schedule.work.set(None);
                if let Some((code, work)) = self.call(|table| table.work) {
                    self.took(code, work);
                }
            }
            Due::Timeout => {
                let what = format!("pending for longer than {} ms", self.timeout_ms());
                match self.pending.get() {
                    Some(Operation::Arbitrate) => {
                        self.call_terminate();
                        self.end_arbitration(Arbitration::Refused(what));
                    }
                    _ => self.fail(what),
                }
            }
            Due::LooksAlive => {
                self.schedule
                    .looks_alive
                    .set(Some(self.now() + self.looks_alive_ms));
                if !self.call_check(false) {
                    self.confirm();
                }
            }
            Due::IsAlive => {
                self.schedule
                    .is_alive
                    .set(Some(self.now() + self.is_alive_ms));
                self.confirm();
            }
        }
    }

    pub(super) fn begin(&self, operation: Operation) -> Result<(), Error> {
        assert!(
            !self.is_dead(),
            "the node of `{}` has lost power",
            self.facts.name
        );
        self.failure.borrow_mut().clear();
        if operation == Operation::Arbitrate {
            self.arbitration.replace(Arbitration::Pending);
        }
        self.pending.set(Some(operation));
        let called = self.call(|table| match operation {
            Operation::Online => table.online,
            Operation::Offline => table.offline,
            Operation::Arbitrate => table.arbitrate,
        });
        let Some((code, work)) = called else {
            self.pending.set(None);
            self.arbitration.replace(Arbitration::None);
            let text = format!("the type has no entry for {operation:?}");
            return Err(Error::new(abi::ERROR_NOT_SUPPORTED, text));
        };
        if code == abi::ERROR_IO_PENDING {
            match operation {
                Operation::Online => self.state.set(State::OnlinePending),
                Operation::Offline => self.state.set(State::OfflinePending),
                Operation::Arbitrate => {}
            }
            self.checkpoint.set(work.checkpoint);
            self.schedule
                .timeout
                .set(Some(self.now() + self.timeout_ms()));
        }
        self.took(code, work);
        if matches!(code, abi::ERROR_SUCCESS | abi::ERROR_IO_PENDING) {
            Ok(())
        } else {
            Err(Error::new(code, self.why()))
        }
    }

    /// Lets time pass until nothing is pending.
    pub(super) fn finish(&self) -> Result<(), Error> {
        let operation = self.pending.get();
        while self.pending.get().is_some() && self.world.step_until(u64::MAX) {}
        let arbitrated = self.arbitration.borrow().clone();
        match (operation, arbitrated) {
            (Some(Operation::Arbitrate), Arbitration::Refused(why)) => {
                Err(Error::new(abi::ERROR_BUSY, why))
            }
            (Some(Operation::Arbitrate), _) | (None, _) => Ok(()),
            _ if self.state.get() == State::Failed => Err(Error::failed(self.why())),
            _ => Ok(()),
        }
    }

    fn why(&self) -> String {
        let failure = self.failure.borrow().clone();
        if failure.is_empty() {
            self.last_error()
        } else {
            failure
        }
    }

    fn timeout_ms(&self) -> u64 {
        match self.pending.get() {
            Some(Operation::Arbitrate) => ARBITRATION_TIMEOUT_MS,
            _ => self.facts.pending_timeout_ms,
        }
    }

    /// Acts on the result of an entry.
    fn took(&self, code: u32, work: QrWork) {
        let now = self.now();
        if code == abi::ERROR_IO_PENDING || work.wait_ms > 0 {
            self.schedule.work.set(Some(now + u64::from(work.wait_ms)));
        }
        match (self.pending.get(), code) {
            (Some(operation), abi::ERROR_IO_PENDING) => {
                if work.checkpoint > self.checkpoint.get() && operation != Operation::Arbitrate {
                    self.checkpoint.set(work.checkpoint);
                    self.schedule.timeout.set(Some(now + self.timeout_ms()));
                }
            }
            (Some(operation), abi::ERROR_SUCCESS) => self.ended(operation, &work),
            (Some(Operation::Arbitrate), _) => {
                self.end_arbitration(Arbitration::Refused(self.last_error()));
            }
            (Some(_), _) => self.fail(self.last_error()),
            (None, _) => {}
        }
        if work.quorum_lost != 0 && *self.arbitration.borrow() == Arbitration::Won {
            self.arbitration
                .replace(Arbitration::Lost(self.last_error()));
        }
        if work.signal != 0 && self.state.get() == State::Online {
            self.confirm();
        }
    }

    fn ended(&self, operation: Operation, work: &QrWork) {
        self.pending.set(None);
        self.schedule.timeout.set(None);
        match operation {
            Operation::Online => {
                if self.state.replace(State::Online) != State::Online {
                    self.has_event.set(work.has_event != 0);
                    let (looks, is) = (
                        self.now() + self.looks_alive_ms,
                        self.now() + self.is_alive_ms,
                    );
                    self.schedule
                        .looks_alive
                        .set((work.has_event == 0).then_some(looks));
                    self.schedule.is_alive.set(Some(is));
                }
            }
            Operation::Offline => {
                self.state.set(State::Offline);
                self.unpublish();
                self.arbitration.replace(Arbitration::None);
                self.schedule.work.set(None);
                self.stop_polls();
            }
            Operation::Arbitrate => {
                self.arbitration.replace(Arbitration::Won);
            }
        }
    }

    fn end_arbitration(&self, result: Arbitration) {
        self.pending.set(None);
        self.schedule.timeout.set(None);
        self.arbitration.replace(result);
    }

    /// `IsAlive`: the answer no means Failed.
    fn confirm(&self) {
        if self.state.get() == State::Online && !self.call_check(true) {
            self.fail(self.last_error());
        }
    }

    fn fail(&self, why: String) {
        self.failure.replace(why);
        let was = self.arbitration.borrow().clone();
        self.terminate(State::Failed);
        match was {
            // Terminate has given the reservation up.
            Arbitration::Won => drop(self.arbitration.replace(Arbitration::Lost(self.why()))),
            Arbitration::Lost(_) => drop(self.arbitration.replace(was)),
            _ => {}
        }
    }

    pub(super) fn terminate(&self, end: State) {
        self.call_terminate();
        self.pending.set(None);
        self.state.set(end);
        self.unpublish();
        self.schedule.work.set(None);
        self.schedule.timeout.set(None);
        self.arbitration.replace(Arbitration::None);
        self.stop_polls();
    }

    /// A resource that is out of service has no published values.
    pub(super) fn unpublish(&self) {
        self.facts.published.borrow_mut().clear();
    }

    pub(super) fn stop_polls(&self) {
        self.has_event.set(false);
        self.schedule.looks_alive.set(None);
        self.schedule.is_alive.set(None);
    }
}
