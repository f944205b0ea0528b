//! Operations, health checks and the end of an instance: the calls, and how each answer changes its state.

use std::thread;
use std::time::{Duration, Instant};

use quorate_abi::{self as abi, QrWork};
use quorate_host::ARBITRATION_TIMEOUT;
use quorate_model::{Lasting, Time};

use super::{Bench, Id, Op, State};
use crate::{Stop, Verdict};

/// The `PendingTimeout` of a type that has none of its own.
const PENDING_TIMEOUT: Duration = Duration::from_secs(180);
/// How many calls an operation may take. One that is still pending after that has no end.
const STEPS_MAX: usize = 20_000;
/// How often the bench looks for reports of a type's threads.
const MAIL_PERIOD: Duration = Duration::from_millis(100);
/// How long a plugin's own threads may take to report, in real time.
const REPORT_MAX: Duration = Duration::from_secs(10);

impl Bench<'_> {
    /// How long an operation may be pending without progress.
    fn pending_timeout(&self, id: Id, op: Op) -> Duration {
        match self.timeout_ms(id) {
            _ if op == Op::Arbitrate => ARBITRATION_TIMEOUT,
            0 => PENDING_TIMEOUT,
            ms => Duration::from_millis(ms.into()),
        }
    }

    /// Begins an operation. Returns the code of its entry.
    pub(crate) fn begin(&mut self, id: Id, op: Op) -> Result<u32, Stop> {
        let timeout = self.pending_timeout(id, op);
        let now = self.world.clock();
        let open = self.get_mut(id)?;
        if !matches!(open.state, State::Pending(_)) {
            open.before = open.state;
            open.ended = None;
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
                // SAFETY: the tests call each entry only in states that allow it, and `work` outlives the call.
                Some(entry) => unsafe { entry(resid, &raw mut work) },
                None => abi::ERROR_INVALID_FUNCTION,
            }
        })?;
        self.answered(id, op.as_str(), Some(op), code, work)?;
        Ok(code)
    }

    /// Updates the instance's state after an answer.
    fn answered(
        &mut self,
        id: Id,
        entry: &str,
        op: Option<Op>,
        code: u32,
        work: QrWork,
    ) -> Result<(), Stop> {
        let now = self.world.clock();
        self.tell(id, || {
            format!(
                "{entry}: {code}, wait {}, signal {}, lost {}",
                work.wait_ms, work.signal, work.quorum_lost
            )
        });
        if code == abi::ERROR_PANIC && !self.is_provider(id) {
            let sentence = self.sentence(id)?;
            self.panics.push(format!("`{entry}`: {sentence}"));
        }
        // An arbitration has a limit from beginning to end, so progress does not prolong it.
        let prolonged = op
            .filter(|op| *op != Op::Arbitrate)
            .map(|op| now + self.pending_timeout(id, op));
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
                open.ended = Some(code);
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
                // Whatever it asks for, it is not called at once for ever.
                open.due = (work.wait_ms > 0).then_some(now + wait);
                if !self.is_provider(id) {
                    self.odd.push(format!(
                        "`{entry}` says ERROR_IO_PENDING while nothing is pending"
                    ));
                }
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

    /// Calls `work` once, now. For a type without `work` whose threads report, this looks for a report.
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
            // SAFETY: the type asked for this call, and `work` outlives it.
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

    /// Lets a pending operation come to its end. Returns its code; 0 if none is pending.
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
                self.others_until(due, Some(id))?;
            }
            last = self.work(id)?;
        }
        Err(Stop::failed(format!(
            "`work` was called {STEPS_MAX} times, and the operation is still pending"
        )))
    }

    /// Looks for a report and schedules the next look, as a resource monitor does for a type whose threads report.
    fn look_for_mail(&mut self, id: Id, op: Option<Op>) -> Result<u32, Stop> {
        let due = self.world.clock() + MAIL_PERIOD;
        self.get_mut(id)?.due = op.map(|_| due);
        let Some(op) = op else {
            return Ok(abi::ERROR_SUCCESS);
        };
        Ok(self.mail(id, op)?.unwrap_or(abi::ERROR_IO_PENDING))
    }

    /// Takes the end of the operation, if the plugin's own threads have reported it. Returns its code.
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

    /// The instance whose `work` is due next, apart from `but`, and when.
    fn next_due(&self, but: Option<Id>) -> Option<(Time, Id)> {
        let open = self.opens.iter().enumerate();
        open.filter(|(id, _)| Some(*id) != but)
            .filter_map(|(id, open)| Some((open.as_ref()?.due?, id)))
            .min()
    }

    /// Lets time pass until `end`, and calls `work` of every open instance whenever it asked for that, apart from `but`:
    /// whoever calls this sees to it. An instance always asks for a time that is yet to come, so this has an end.
    pub(super) fn others_until(&mut self, end: Time, but: Option<Id>) -> Result<(), Stop> {
        while let Some((due, id)) = self.next_due(but).filter(|(due, _)| *due <= end) {
            self.wait_until(due);
            self.take_turn(id)?;
        }
        self.wait_until(end);
        Ok(())
    }

    /// Calls `work` of the instance that is due.
    fn take_turn(&mut self, id: Id) -> Result<(), Stop> {
        let due = self.get(id)?.due;
        if let Err(stop) = self.work(id)
            && !self.is_provider(id)
        {
            return Err(stop);
        }
        let now = self.world.clock();
        let open = self.get_mut(id)?;
        // Time passes even where a call leaves what it asked for before as it was.
        if open.due.is_some() && open.due == due {
            open.due = Some(now + Duration::from_millis(1));
        }
        Ok(())
    }

    /// Lets whoever is due next have its turn, and time pass until then. Whether there was anybody.
    pub(crate) fn next_turn(&mut self) -> Result<bool, Stop> {
        let Some((due, id)) = self.next_due(None) else {
            return Ok(false);
        };
        self.wait_until(due);
        self.take_turn(id)?;
        Ok(true)
    }

    /// Lets time pass, and calls `work` whenever a type asked for it.
    pub(crate) fn run(&mut self, time: Duration) -> Result<(), Stop> {
        let end = self.world.clock() + time;
        self.others_until(end, None)
    }

    /// Lets time pass until the instance's `work` is due, if it is to be called, and the others have theirs.
    pub(crate) fn until_due(&mut self, id: Id) -> Result<(), Stop> {
        match self.get(id)?.due {
            Some(due) => self.others_until(due, Some(id)),
            None => Ok(()),
        }
    }

    /// The node of an instance loses power: no entry of it is called again.
    pub(crate) fn power_off(&mut self, id: Id) -> Result<(), Stop> {
        self.get_mut(id)?.due = None;
        Ok(())
    }

    /// Brings the instance online. If it fails and none has been online on this bench yet, the test is skipped:
    /// `life-online` reports that.
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

    /// Tries to bring it online where the test allows it to fail. An operation that never ends counts as a failure.
    pub(crate) fn goes_online(&mut self, id: Id) -> Result<bool, Stop> {
        match self.try_online(id) {
            Ok(code) => Ok(code == abi::ERROR_SUCCESS),
            Err(stop) if stop.verdict == Verdict::Failed => Ok(false),
            Err(stop) => Err(stop),
        }
    }

    /// Brings the instance online. Returns the code at the end.
    pub(crate) fn try_online(&mut self, id: Id) -> Result<u32, Stop> {
        match self.begin(id, Op::Online)? {
            abi::ERROR_IO_PENDING => self.run_to_end(id),
            code => Ok(code),
        }
    }

    /// Takes the instance offline, which must succeed.
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

    /// Lets the instance arbitrate. Returns the code at the end.
    pub(crate) fn arbitrate(&mut self, id: Id) -> Result<u32, Stop> {
        match self.begin(id, Op::Arbitrate)? {
            abi::ERROR_IO_PENDING => self.run_to_end(id),
            code => Ok(code),
        }
    }

    pub(crate) fn release(&mut self, id: Id) -> Result<u32, Stop> {
        let code = self.call(id, "release", |entries, resid| match entries.release {
            // SAFETY: this is called after an arbitration that was won.
            Some(release) => unsafe { release(resid) },
            None => abi::ERROR_INVALID_FUNCTION,
        })?;
        self.tell(id, || format!("release: {code}"));
        let open = self.get_mut(id)?;
        open.defending = false;
        if open.state != State::Online {
            open.due = None;
        }
        Ok(code)
    }

    pub(crate) fn terminate(&mut self, id: Id) -> Result<(), Stop> {
        self.call(id, "terminate", |entries, resid| {
            // SAFETY: Terminate is allowed in any state of an open instance.
            unsafe { (entries.terminate)(resid) }
        })?;
        self.tell(id, || "terminate".to_owned());
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
            // SAFETY: this is called once. Before it the tests terminate the instance, unless it is offline.
            unsafe { (entries.close)(resid) }
        })?;
        self.tell(id, || "close".to_owned());
        if let Some(open) = self.opens.get_mut(id) {
            *open = None;
        }
        Ok(())
    }

    /// Calls `looks_alive`, the cheap check.
    pub(crate) fn looks_alive(&mut self, id: Id) -> Result<bool, Stop> {
        let answer = self.call(id, "looks_alive", |entries, resid| {
            // SAFETY: called online only.
            unsafe { (entries.looks_alive)(resid) }
        })?;
        self.alive(id, "looks_alive", answer)
    }

    /// Calls `is_alive`, the thorough check.
    pub(crate) fn is_alive(&mut self, id: Id) -> Result<bool, Stop> {
        let answer = self.call(id, "is_alive", |entries, resid| {
            // SAFETY: called online only.
            unsafe { (entries.is_alive)(resid) }
        })?;
        self.alive(id, "is_alive", answer)
    }

    fn alive(&mut self, id: Id, entry: &str, answer: u32) -> Result<bool, Stop> {
        self.tell(id, || format!("{entry}: {answer}"));
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
