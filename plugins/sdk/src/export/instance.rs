//! One open instance: its state by the contract, and what each call does.

use std::time::Duration;

use quorate_abi as abi;

use crate::{Context, Error, Operation, Progress, Resource};

/// The shortest wait: an operation without one would repeat without virtual time ever passing.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// The progress that a call reports: `QrWork` without its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) wait_ms: u32,
    pub(super) checkpoint: u32,
    pub(super) has_event: bool,
    pub(super) signal: bool,
    pub(super) quorum_lost: bool,
}

/// An operation under way.
#[derive(Clone, Copy, Debug)]
struct Pending {
    operation: Operation,
    /// The time until its next call.
    left: Duration,
}

/// The last answer to a control code, which did not fit into the host's buffer. The host asks again with a larger
/// one, and the code must not be carried out twice.
#[derive(Debug)]
struct Unread {
    code: u32,
    input: Vec<u8>,
    output: Vec<u8>,
}

pub(super) struct Instance<T> {
    resource: Option<T>,
    ctx: Context,
    online: bool,
    defending: bool,
    pending: Option<Pending>,
    /// The time until the next call of `watch`.
    watch: Option<Duration>,
    /// The wait that was last asked for, and the clock at that moment.
    last_wait: Duration,
    last_seen: Option<Duration>,
    checkpoint: u32,
    /// It has panicked, and its state is unknown until it is terminated.
    poisoned: bool,
    last_error: String,
    unread: Option<Unread>,
}

impl<T: Resource> Instance<T> {
    pub(super) fn open(ctx: Context) -> Result<Self, Error> {
        let resource = T::open(&ctx)?;
        let last_seen = ctx.clock().now().ok();
        Ok(Instance {
            resource: Some(resource),
            ctx,
            online: false,
            defending: false,
            pending: None,
            watch: None,
            last_wait: Duration::ZERO,
            last_seen,
            checkpoint: 0,
            poisoned: false,
            last_error: String::new(),
            unread: None,
        })
    }

    pub(super) fn close(mut self) {
        if let Some(resource) = self.resource.take() {
            resource.close(&mut self.ctx);
        }
    }

    pub(super) fn last_error(&self) -> &str {
        &self.last_error
    }

    pub(super) fn panicked(&mut self, message: String) {
        self.poisoned = true;
        self.pending = None;
        self.last_error = message;
    }

    pub(super) fn online(&mut self) -> (u32, Report) {
        let same = |pending: &Pending| pending.operation == Operation::Online;
        match &self.pending {
            Some(pending) if same(pending) => self.unchanged(),
            Some(pending) => self.refuse(pending.operation),
            None if self.online => self.unchanged(),
            None => self.begin(Operation::Online, T::online),
        }
    }

    pub(super) fn offline(&mut self) -> (u32, Report) {
        match &self.pending {
            Some(pending) if pending.operation == Operation::Offline => self.unchanged(),
            Some(pending) => self.refuse(pending.operation),
            None if !self.online => self.unchanged(),
            None => self.begin(Operation::Offline, T::offline),
        }
    }

    pub(super) fn arbitrate(&mut self) -> (u32, Report) {
        let Some(quorum) = T::QUORUM else {
            return self.fail(not_quorum::<T>());
        };
        match &self.pending {
            Some(pending) if pending.operation == Operation::Arbitrate => self.unchanged(),
            Some(pending) => self.refuse(pending.operation),
            None if self.defending => self.unchanged(),
            None => self.begin(Operation::Arbitrate, quorum.arbitrate),
        }
    }

    pub(super) fn release(&mut self) -> u32 {
        let Some(quorum) = T::QUORUM else {
            return self.fail(not_quorum::<T>()).0;
        };
        if matches!(&self.pending, Some(pending) if pending.operation == Operation::Arbitrate) {
            self.pending = None;
        }
        self.defending = false;
        if !self.online {
            self.watch = None;
        }
        let Some(resource) = &mut self.resource else {
            return abi::ERROR_INVALID_PARAMETER;
        };
        self.ctx.wake = None;
        match (quorum.release)(resource, &mut self.ctx) {
            Ok(()) => abi::ERROR_SUCCESS,
            Err(error) => self.fail(error).0,
        }
    }

    pub(super) fn terminate(&mut self) {
        self.pending = None;
        self.watch = None;
        self.online = false;
        self.defending = false;
        if let Some(resource) = &mut self.resource {
            resource.terminate(&mut self.ctx);
        }
        self.clear_wishes();
        self.poisoned = false;
    }

    pub(super) fn check(&mut self, check: fn(&mut T, &mut Context) -> Result<(), Error>) -> bool {
        if self.poisoned {
            // The panic's message is the last error already.
            return false;
        }
        let in_service = self.online
            && !matches!(&self.pending, Some(pending) if pending.operation == Operation::Offline);
        let Some(resource) = self.resource.as_mut().filter(|_| in_service) else {
            self.last_error = format!("`{}` is not online", self.ctx.resource());
            return false;
        };
        match check(resource, &mut self.ctx) {
            Ok(()) => true,
            Err(error) => {
                self.last_error = error.to_string();
                false
            }
        }
    }

    pub(super) fn work(&mut self) -> (u32, Report) {
        self.pass_time(self.last_wait);
        let mut report = Report::default();
        let mut code = abi::ERROR_SUCCESS;
        if self.watch.is_some_and(|left| left.is_zero()) {
            self.watch = None;
            let (signal, lost) = self.run_watch();
            report.signal = signal;
            report.quorum_lost = lost;
        }
        if let Some(pending) = self.pending {
            code = abi::ERROR_IO_PENDING;
            if pending.left.is_zero() {
                let operation = pending.operation;
                let result = match &mut self.resource {
                    Some(resource) => resource.work(&mut self.ctx, operation),
                    None => Err(Error::failed("the instance is closed")),
                };
                code = self.conclude(operation, result);
                report.has_event = code == abi::ERROR_SUCCESS && operation == Operation::Online;
            }
        }
        (code, self.reported(report))
    }

    /// A panic has ended the watch: nothing is watched or defended any more.
    pub(super) fn watch_panicked(&mut self) -> Report {
        let lost = std::mem::take(&mut self.defending);
        self.reported(Report {
            signal: self.online,
            quorum_lost: lost,
            ..Report::default()
        })
    }

    /// Whether `work` continues an operation, whose failure it returns, rather than the watch.
    pub(super) fn has_pending(&self) -> bool {
        self.pending.is_some()
    }

    pub(super) fn control(&mut self, code: u32, input: &[u8]) -> Result<Vec<u8>, u32> {
        if let Some(unread) = self.unread.take()
            && unread.code == code
            && unread.input == input
        {
            return Ok(unread.output);
        }
        let Some(resource) = &mut self.resource else {
            return Err(abi::ERROR_INVALID_PARAMETER);
        };
        resource
            .control(&mut self.ctx, code, input)
            .map_err(|error| {
                self.last_error = error.to_string();
                error.code()
            })
    }

    pub(super) fn keep_unread(&mut self, code: u32, input: &[u8], output: Vec<u8>) {
        self.unread = Some(Unread {
            code,
            input: input.to_vec(),
            output,
        });
    }

    fn begin(
        &mut self,
        operation: Operation,
        start: fn(&mut T, &mut Context) -> Result<Progress, Error>,
    ) -> (u32, Report) {
        self.pass_time(Duration::ZERO);
        let Some(resource) = &mut self.resource else {
            return self.fail(Error::failed("the instance is closed"));
        };
        self.checkpoint = self.checkpoint.wrapping_add(1);
        let result = start(resource, &mut self.ctx);
        let code = self.conclude(operation, result);
        let has_event = code == abi::ERROR_SUCCESS && operation == Operation::Online;
        (
            code,
            self.reported(Report {
                has_event,
                ..Report::default()
            }),
        )
    }

    /// Sets the state after a step of an operation. Returns the step's code.
    fn conclude(&mut self, operation: Operation, result: Result<Progress, Error>) -> u32 {
        let code = match result {
            Ok(Progress::Pending { wait, advanced }) => {
                if advanced {
                    self.checkpoint = self.checkpoint.wrapping_add(1);
                }
                self.pending = Some(Pending {
                    operation,
                    left: wait.max(WAIT_MIN),
                });
                abi::ERROR_IO_PENDING
            }
            Ok(Progress::Done) => {
                self.pending = None;
                match operation {
                    Operation::Online => {
                        self.online = true;
                        self.last_error.clear();
                    }
                    Operation::Arbitrate => self.defending = true,
                    Operation::Offline => {
                        // A type's own Offline gives the reservation up (docs/semantics.md, 1.2, Release).
                        self.online = false;
                        self.defending = false;
                        self.watch = None;
                        self.ctx.wake = None;
                    }
                }
                abi::ERROR_SUCCESS
            }
            Err(error) => {
                self.pending = None;
                if operation != Operation::Arbitrate {
                    self.online = false;
                }
                self.last_error = error.to_string();
                error.code()
            }
        };
        self.take_wake();
        code
    }

    /// Runs the watch. Returns whether it signalled, and whether it lost the reservation.
    fn run_watch(&mut self) -> (bool, bool) {
        self.ctx.signal = None;
        self.ctx.lost = None;
        let Some(resource) = &mut self.resource else {
            return (false, false);
        };
        resource.watch(&mut self.ctx);
        self.take_wake();
        let signal = self.ctx.signal.take();
        let lost = self.ctx.lost.take();
        if let Some(error) = signal.as_ref().or(lost.as_ref()) {
            self.last_error = error.to_string();
        }
        let lost = lost.is_some() && std::mem::take(&mut self.defending);
        (signal.is_some() && self.online, lost)
    }

    fn take_wake(&mut self) {
        if let Some(wait) = self.ctx.wake.take() {
            self.watch = Some(wait.max(WAIT_MIN));
        }
    }

    fn clear_wishes(&mut self) {
        self.ctx.wake = None;
        self.ctx.signal = None;
        self.ctx.lost = None;
    }

    /// Subtracts the time since the last call from all waits. A `work` call comes at the end of a wait, so at least
    /// that much time has passed, whatever the clock says.
    fn pass_time(&mut self, at_least: Duration) {
        let now = self.ctx.clock().now().ok();
        let by_clock = match (self.last_seen, now) {
            (Some(then), Some(now)) => now.saturating_sub(then),
            _ => Duration::ZERO,
        };
        self.last_seen = now;
        self.last_wait = Duration::ZERO;
        let passed = by_clock.max(at_least);
        if let Some(left) = &mut self.watch {
            *left = left.saturating_sub(passed);
        }
        if let Some(pending) = &mut self.pending {
            pending.left = pending.left.saturating_sub(passed);
        }
    }

    /// The result of a call that changes nothing: the present state.
    fn unchanged(&mut self) -> (u32, Report) {
        self.pass_time(Duration::ZERO);
        let code = if self.pending.is_some() {
            abi::ERROR_IO_PENDING
        } else {
            abi::ERROR_SUCCESS
        };
        (
            code,
            self.reported(Report {
                has_event: self.online,
                ..Report::default()
            }),
        )
    }

    fn refuse(&mut self, under_way: Operation) -> (u32, Report) {
        let text = format!("`{}`: {under_way:?} is still pending", self.ctx.resource());
        self.pass_time(Duration::ZERO);
        self.last_error = text;
        (abi::ERROR_ACCESS_DENIED, self.reported(Report::default()))
    }

    fn fail(&mut self, error: Error) -> (u32, Report) {
        self.last_error = error.to_string();
        (error.code(), self.reported(Report::default()))
    }

    /// Fills in and remembers the time of the next call.
    fn reported(&mut self, mut report: Report) -> Report {
        let wait = match (self.pending.map(|pending| pending.left), self.watch) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        report.wait_ms = wait.map_or(0, |wait| whole_ms(wait.max(WAIT_MIN)));
        self.last_wait = Duration::from_millis(report.wait_ms.into());
        report.checkpoint = self.checkpoint;
        report.has_event = report.has_event && T::TYPE.watches_itself;
        report
    }
}

fn not_quorum<T: Resource>() -> Error {
    Error::new(
        abi::ERROR_NOT_SUPPORTED,
        format!("the type {} cannot be the quorum resource", T::TYPE.name),
    )
}

/// Milliseconds, rounded up: at the end of a shorter wait nothing would be due.
fn whole_ms(wait: Duration) -> u32 {
    u32::try_from(wait.as_micros().div_ceil(1_000)).unwrap_or(u32::MAX)
}
