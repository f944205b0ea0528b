//! Operations that take time, checks, and the end: what each answer makes of an instance.

use std::thread;
use std::time::{Duration, Instant};

use quorate_abi::{self as abi, QrWork};
use quorate_host::ARBITRATION_TIMEOUT;
use quorate_model::{Lasting, Time};

use super::{Bench, Id, Op, State};
use crate::{Stop, Verdict};

/// `PendingTimeout`, where the type has none of its own.
const PENDING_TIMEOUT: Duration = Duration::from_secs(180);
/// How often a pending operation may be looked at before it counts as one without an end.
const STEPS_MAX: usize = 20_000;
/// How often a type is looked at whose threads report.
const MAIL_PERIOD: Duration = Duration::from_millis(100);
/// How long a plugin's own threads have for a report, by the clock on the wall.
const REPORT_MAX: Duration = Duration::from_secs(10);

impl Bench<'_> {
    /// How long an operation may be pending without getting on.
    fn pending_timeout(&self, op: Op) -> Duration {
        match self.kind.pending_timeout_ms {
            _ if op == Op::Arbitrate => ARBITRATION_TIMEOUT,
            0 => PENDING_TIMEOUT,
            ms => Duration::from_millis(ms.into()),
        }
    }

    /// Begins an operation: its code.
    pub(crate) fn begin(&mut self, id: Id, op: Op) -> Result<u32, Stop> {
        let timeout = self.pending_timeout(op);
        let now = self.world.clock();
        let open = self.get_mut(id)?;
        if !matches!(open.state, State::Pending(_)) {
            open.before = open.state;
            open.deadline = now + timeout;
            open.checkpoint = 0;
            if let Some(mailbox) = &open.mailbox {
                mailbox.set_pending(true);
            }
        }
        let mut work = empty_work();
        let code = self.call(id, op.as_str(), |entries, resid| {
            let entry = match op {
                Op::Online => Some(entries.online),
                Op::Offline => Some(entries.offline),
                Op::Arbitrate => entries.arbitrate,
            };
            match entry {
                // SAFETY: the tests keep to the states in which each may be called; `work` outlives the call.
                Some(entry) => unsafe { entry(resid, &raw mut work) },
                None => abi::ERROR_INVALID_FUNCTION,
            }
        })?;
        self.answered(id, op.as_str(), Some(op), code, work)?;
        Ok(code)
    }

    /// What an answer means for the instance's state.
    fn answered(
        &mut self,
        id: Id,
        entry: &str,
        op: Option<Op>,
        code: u32,
        work: QrWork,
    ) -> Result<(), Stop> {
        let now = self.world.clock();
        self.trace.push(format!(
            "{entry}: {code}, wait {}, signal {}, lost {}",
            work.wait_ms, work.signal, work.quorum_lost
        ));
        if code == abi::ERROR_PANIC {
            let sentence = self.sentence(id)?;
            self.panics.push(format!("`{entry}`: {sentence}"));
        }
        // An arbitration has its time in all.
        let prolonged = op
            .filter(|op| *op != Op::Arbitrate)
            .map(|op| now + self.pending_timeout(op));
        let open = self.get_mut(id)?;
        open.signalled |= work.signal != 0;
        if work.quorum_lost != 0 {
            open.lost = true;
            open.defending = false;
        }
        let wait = Duration::from_millis(u64::from(work.wait_ms));
        match (op, code) {
            (Some(op), abi::ERROR_IO_PENDING) => {
                open.state = State::Pending(op);
                if work.checkpoint > open.checkpoint {
                    open.checkpoint = work.checkpoint;
                    open.deadline = prolonged.unwrap_or(open.deadline);
                }
                open.due = Some(now + wait.max(Duration::from_millis(1)));
                return Ok(());
            }
            (Some(op), code) => {
                open.state = match (op, code) {
                    (Op::Online, abi::ERROR_SUCCESS) => State::Online,
                    (Op::Offline, abi::ERROR_SUCCESS) => State::Offline,
                    (Op::Arbitrate, _) => open.before,
                    _ => State::Failed,
                };
                if op == Op::Arbitrate && code == abi::ERROR_SUCCESS {
                    open.defending = true;
                }
                if op == Op::Offline && code == abi::ERROR_SUCCESS {
                    open.defending = false;
                }
                if let Some(mailbox) = &open.mailbox {
                    mailbox.set_pending(false);
                }
                if code != abi::ERROR_SUCCESS && op != Op::Arbitrate {
                    open.due = None;
                }
            }
            (None, abi::ERROR_IO_PENDING) => {
                self.odd.push(format!(
                    "`{entry}` says ERROR_IO_PENDING while nothing is pending"
                ));
                return Ok(());
            }
            (None, _) => {}
        }
        if work.wait_ms > 0 {
            open.due = Some(now + wait);
        } else if entry == "work" {
            open.due = None;
        }
        Ok(())
    }

    /// Calls `work` once, now.
    pub(crate) fn work(&mut self, id: Id) -> Result<u32, Stop> {
        let op = match self.state(id)? {
            State::Pending(op) => Some(op),
            _ => None,
        };
        let open = self.get(id)?;
        if open.mailbox.is_some() && open.entries.work.is_none() {
            return self.look_for_mail(id, op);
        }
        let mut work = empty_work();
        let code = self.call(id, "work", |entries, resid| {
            // SAFETY: the bench calls it when it was asked for; `work` outlives the call.
            entries
                .work
                .map(|entry| unsafe { entry(resid, &raw mut work) })
        })?;
        let Some(code) = code else {
            let what = op.map_or("asks for it", |_| "leaves an operation pending");
            return Err(Stop::failed(format!("the type {what}, and has no `work`")));
        };
        self.answered(id, "work", op, code, work)?;
        Ok(code)
    }

    /// Lets a pending operation come to its end: its code, 0 where none is pending.
    pub(crate) fn run_to_end(&mut self, id: Id) -> Result<u32, Stop> {
        let began = Instant::now();
        let mut last = abi::ERROR_SUCCESS;
        for _ in 0..STEPS_MAX {
            let State::Pending(op) = self.state(id)? else {
                return Ok(last);
            };
            if let Some(code) = self.mail(id, op)? {
                last = code;
                continue;
            }
            let open = self.get(id)?;
            if open.mailbox.is_some() && open.entries.work.is_none() {
                if began.elapsed() > REPORT_MAX {
                    let limit = Lasting(REPORT_MAX);
                    let text = format!(
                        "`{}` is pending, and no thread reported in {limit}",
                        op.as_str()
                    );
                    return Err(Stop::failed(text));
                }
                thread::sleep(Duration::from_millis(1));
                continue;
            }
            let next = open.due.unwrap_or_else(|| self.world.clock());
            if open.deadline <= self.world.clock() || open.deadline < next {
                let text = format!(
                    "`{}` is pending for longer than PendingTimeout without getting on",
                    op.as_str()
                );
                return Err(Stop::failed(text));
            }
            if let Some(due) = open.due {
                self.wait_until(due);
            }
            last = self.work(id)?;
        }
        Err(Stop::failed(format!(
            "`work` was called {STEPS_MAX} times, and the operation is still pending"
        )))
    }

    /// In place of `work`, for a type whose threads report: as a resource monitor does, a look now and then.
    fn look_for_mail(&mut self, id: Id, op: Option<Op>) -> Result<u32, Stop> {
        let due = self.world.clock() + MAIL_PERIOD;
        self.get_mut(id)?.due = op.map(|_| due);
        let Some(op) = op else {
            return Ok(abi::ERROR_SUCCESS);
        };
        Ok(self.mail(id, op)?.unwrap_or(abi::ERROR_IO_PENDING))
    }

    /// What the plugin's own threads reported.
    fn mail(&mut self, id: Id, op: Op) -> Result<Option<u32>, Stop> {
        let Some(mailbox) = &self.get(id)?.mailbox else {
            return Ok(None);
        };
        let (report, _) = mailbox.take();
        let Some(code) = report.ended else {
            return Ok(None);
        };
        self.answered(id, "report", Some(op), code, empty_work())?;
        let open = self.get_mut(id)?;
        if open.entries.work.is_none() {
            open.due = None;
        }
        Ok(Some(code))
    }

    fn wait_until(&mut self, due: Time) {
        let now = self.world.clock();
        if due > now {
            self.world.pass(due - now);
        }
    }

    /// Lets time pass, with every `work` that was asked for.
    pub(crate) fn run(&mut self, time: Duration) -> Result<(), Stop> {
        let end = self.world.clock() + time;
        for _ in 0..STEPS_MAX {
            let next = self
                .opens
                .iter()
                .enumerate()
                .filter_map(|(id, open)| Some((open.as_ref()?.due?, id)))
                .min()
                .filter(|(due, _)| *due <= end);
            let Some((due, id)) = next else { break };
            self.wait_until(due);
            self.work(id)?;
            // One that asks for the next call at once must not stop time.
            self.world.pass(Duration::from_millis(1));
        }
        self.wait_until(end);
        Ok(())
    }

    /// Goes online, to the end. The first failure of all is for `life-online` to tell.
    pub(crate) fn bring_online(&mut self, id: Id) -> Result<(), Stop> {
        let why = match self.try_online(id) {
            Ok(abi::ERROR_SUCCESS) => {
                self.been_online = true;
                return Ok(());
            }
            Ok(code) => self.explain(id, "online", code)?,
            Err(stop) if stop.verdict == Verdict::Failed => stop.why,
            Err(stop) => return Err(stop),
        };
        Err(if self.been_online {
            Stop::failed(why)
        } else {
            Stop::skipped(format!("it does not go online: see life-online ({why})"))
        })
    }

    /// Whether it goes online, where it need not. One that never comes to an end does not.
    pub(crate) fn goes_online(&mut self, id: Id) -> Result<bool, Stop> {
        match self.try_online(id) {
            Ok(code) => Ok(code == abi::ERROR_SUCCESS),
            Err(stop) if stop.verdict == Verdict::Failed => Ok(false),
            Err(stop) => Err(stop),
        }
    }

    /// Goes online, to the end: the code.
    pub(crate) fn try_online(&mut self, id: Id) -> Result<u32, Stop> {
        match self.begin(id, Op::Online)? {
            abi::ERROR_IO_PENDING => self.run_to_end(id),
            code => Ok(code),
        }
    }

    /// Goes offline, to the end.
    pub(crate) fn bring_offline(&mut self, id: Id) -> Result<(), Stop> {
        let code = match self.begin(id, Op::Offline)? {
            abi::ERROR_IO_PENDING => self.run_to_end(id)?,
            code => code,
        };
        match code {
            abi::ERROR_SUCCESS => Ok(()),
            code => Err(Stop::failed(self.explain(id, "offline", code)?)),
        }
    }

    /// Arbitrates, to the end: the code.
    pub(crate) fn arbitrate(&mut self, id: Id) -> Result<u32, Stop> {
        match self.begin(id, Op::Arbitrate)? {
            abi::ERROR_IO_PENDING => self.run_to_end(id),
            code => Ok(code),
        }
    }

    pub(crate) fn release(&mut self, id: Id) -> Result<u32, Stop> {
        let code = self.call(id, "release", |entries, resid| match entries.release {
            // SAFETY: after a won arbitration.
            Some(release) => unsafe { release(resid) },
            None => abi::ERROR_INVALID_FUNCTION,
        })?;
        self.trace.push(format!("release: {code}"));
        let open = self.get_mut(id)?;
        open.defending = false;
        if open.state != State::Online {
            open.due = None;
        }
        Ok(code)
    }

    pub(crate) fn terminate(&mut self, id: Id) -> Result<(), Stop> {
        self.call(id, "terminate", |entries, resid| {
            // SAFETY: legal in any state of an open instance.
            unsafe { (entries.terminate)(resid) }
        })?;
        self.trace.push("terminate".to_owned());
        let open = self.get_mut(id)?;
        open.state = State::Offline;
        open.due = None;
        open.defending = false;
        if let Some(mailbox) = &open.mailbox {
            mailbox.set_pending(false);
        }
        Ok(())
    }

    pub(crate) fn close(&mut self, id: Id) -> Result<(), Stop> {
        self.call(id, "close", |entries, resid| {
            // SAFETY: once; the tests terminate before, unless it is offline.
            unsafe { (entries.close)(resid) }
        })?;
        self.trace.push("close".to_owned());
        if let Some(open) = self.opens.get_mut(id) {
            *open = None;
        }
        Ok(())
    }

    /// The cheap check.
    pub(crate) fn looks_alive(&mut self, id: Id) -> Result<bool, Stop> {
        let answer = self.call(id, "looks_alive", |entries, resid| {
            // SAFETY: called online only.
            unsafe { (entries.looks_alive)(resid) }
        })?;
        self.alive("looks_alive", answer)
    }

    /// The thorough check.
    pub(crate) fn is_alive(&mut self, id: Id) -> Result<bool, Stop> {
        let answer = self.call(id, "is_alive", |entries, resid| {
            // SAFETY: called online only.
            unsafe { (entries.is_alive)(resid) }
        })?;
        self.alive("is_alive", answer)
    }

    fn alive(&mut self, entry: &str, answer: u32) -> Result<bool, Stop> {
        self.trace.push(format!("{entry}: {answer}"));
        if answer > 1 {
            self.odd
                .push(format!("`{entry}` says {answer}, which is neither 1 nor 0"));
        }
        Ok(answer != 0)
    }
}

fn empty_work() -> QrWork {
    QrWork {
        size: size_of::<QrWork>() as u32,
        wait_ms: 0,
        checkpoint: 0,
        has_event: 0,
        signal: 0,
        quorum_lost: 0,
    }
}
