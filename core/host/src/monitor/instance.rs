//! An open instance, and the calls of its entries.

use std::time::Duration;

use quorate_abi::{self as abi, QrResid, QrWork, error_name};
use quorate_model::monitor::{MonitorCommand, MonitorEvent, Reason};
use quorate_model::{Name, Time};

use super::Monitor;
use crate::plugins::{Entries, WorkEntry};
use crate::table::{Frame, Handle, Mailbox, enter, lend};
use crate::{ServiceError, Services};

/// Longest text taken from `last_error`, in bytes.
const ERROR_TEXT_MAX: u64 = 8 * 1_024;

/// The least wait before `work` is called again: the clock that a plugin sees counts milliseconds, and virtual
/// time must go on.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// One open instance of a resource type.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) entries: Entries,
    pub(super) resid: QrResid,
    pub(super) handle: Handle,
    /// Only with a library that runs threads.
    pub(super) mailbox: Option<Mailbox>,
    pub(super) pending: Option<Pending>,
    /// When `work` is called next.
    pub(super) work_at: Option<Time>,
    /// When LooksAlive is polled next: not while offline, nor where the type watches itself.
    pub(super) looks_alive_at: Option<Time>,
    /// When IsAlive is polled next: not while offline.
    pub(super) is_alive_at: Option<Time>,
    /// The type watches itself and will say so (the original's event handle).
    pub(super) has_event: bool,
    /// A reservation was won and is being defended.
    pub(super) defending: bool,
    /// Which checks have answered since Online.
    pub(super) answered: (bool, bool),
    /// A command that waits for the pending operation to end.
    pub(super) deferred: Option<MonitorCommand>,
    /// The instance's entry among the monitor's timers.
    pub(super) armed: Option<Time>,
}

// SAFETY: `resid` is only ever handed back to its plugin, from one thread at a time: that is all the contract
// asks for.
unsafe impl Send for Instance {}

/// What an instance is in the middle of.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) operation: Operation,
    /// The highest checkpoint so far.
    pub(super) checkpoint: u32,
    /// When it is given up, unless it gets on.
    pub(super) deadline: Time,
}

/// An operation that may take time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Online,
    Offline,
    Arbitrate,
}

impl Operation {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Online => "Online",
            Self::Offline => "Offline",
            Self::Arbitrate => "Arbitrate",
        }
    }
}

impl Instance {
    pub(super) fn new(
        entries: Entries,
        resid: QrResid,
        handle: Handle,
        mailbox: Option<Mailbox>,
    ) -> Instance {
        Instance {
            entries,
            resid,
            handle,
            mailbox,
            pending: None,
            work_at: None,
            looks_alive_at: None,
            is_alive_at: None,
            has_event: false,
            defending: false,
            answered: (false, false),
            deferred: None,
            armed: None,
        }
    }

    /// The operation that is pending.
    pub(super) fn operation(&self) -> Option<Operation> {
        self.pending.as_ref().map(|pending| pending.operation)
    }

    /// Forgets all that is under way or scheduled: the instance is offline now.
    pub(super) fn rest(&mut self) {
        self.pending = None;
        self.work_at = None;
        self.looks_alive_at = None;
        self.is_alive_at = None;
        self.has_event = false;
        self.defending = false;
        self.answered = (false, false);
        self.expect_reports(false);
    }

    /// Whether reports from the plugin's threads are taken.
    pub(super) fn expect_reports(&self, pending: bool) {
        if let Some(mailbox) = &self.mailbox {
            mailbox.set_pending(pending);
        }
    }

    /// Calls `work` again after `wait_ms`, at least 1.
    pub(super) fn schedule_work(&mut self, now: Time, wait_ms: u32) {
        let wait = Duration::from_millis(u64::from(wait_ms)).max(WAIT_MIN);
        self.work_at = Some(now + wait);
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        let deadline = self.pending.as_ref().map(|pending| pending.deadline);
        [
            self.work_at,
            self.looks_alive_at,
            self.is_alive_at,
            deadline,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(super) fn call_terminate(&self) {
        // SAFETY: legal in any state of an open instance.
        unsafe { (self.entries.terminate)(self.resid) }
    }
}

/// What an entry that may take time answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) code: u32,
    pub(super) work: QrWork,
    pub(super) refused: Option<ServiceError>,
}

impl Monitor {
    /// Calls into an instance, with the world behind it. `None` if there is no instance.
    pub(super) fn call<R>(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
        entry: impl FnOnce(&Instance) -> R,
    ) -> Option<(R, Option<ServiceError>)> {
        let instance = self.instances.get(name)?;
        let record = self.directory.get(name)?;
        let frame = Frame::new(
            instance.handle,
            Some(services),
            &self.directory,
            &record.spec,
        );
        let (result, traces) = enter(frame, || entry(instance));
        self.write_log(name, traces.log);
        Some((result, traces.refused))
    }

    /// Calls an entry that may take time. `entry` names one that the instance's table may lack.
    pub(super) fn call_work(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
        entry: impl FnOnce(&Entries) -> Option<WorkEntry>,
    ) -> Option<Answer> {
        let ((code, work), refused) = self.call(services, name, |instance| {
            let mut work = QrWork {
                size: size_of::<QrWork>() as u32,
                wait_ms: 0,
                checkpoint: 0,
                has_event: 0,
                signal: 0,
                quorum_lost: 0,
            };
            let code = match entry(&instance.entries) {
                // SAFETY: the states in which each may be called are kept by the operations; `work` outlives
                // the call.
                Some(entry) => unsafe { entry(instance.resid, &raw mut work) },
                None => abi::ERROR_INVALID_FUNCTION,
            };
            (code, work)
        })?;
        Some(Answer {
            code,
            work,
            refused,
        })
    }

    /// Adds a plugin's lines to the events.
    pub(super) fn write_log(&mut self, name: &Name, lines: Vec<(u32, String)>) {
        self.events
            .extend(lines.into_iter().map(|(level, text)| MonitorEvent::Log {
                resource: name.clone(),
                level,
                text,
            }));
    }

    /// Why an entry failed: its type's own words, those of the service that refused it, or the code's name.
    pub(super) fn why(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
        what: &str,
        code: u32,
        refused: Option<ServiceError>,
    ) -> Reason {
        let own = self.last_error(services, name);
        let refused = refused
            .filter(|error| error.code == code)
            .map(|error| error.text);
        let detail = match (own, refused) {
            (Some(own), Some(refused)) if !own.contains(&refused) => format!("{own}: {refused}"),
            (Some(text), _) | (None, Some(text)) => text,
            (None, None) => match error_name(code) {
                Some(known) => format!("error {code} ({known})"),
                None => format!("error {code}"),
            },
        };
        let text = match code {
            // The SDK's own message begins so, with the place.
            abi::ERROR_PANIC if detail.starts_with("panicked") => format!("{what} {detail}"),
            abi::ERROR_PANIC => format!("{what} panicked: {detail}"),
            _ => format!("{what} failed: {detail}"),
        };
        Reason::new(code, text)
    }

    /// The instance's last error in its type's own words, if it has any.
    pub(super) fn last_error(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
    ) -> Option<String> {
        let (bytes, _) = self.call(services, name, |instance| {
            let entry = instance.entries.last_error?;
            let mut buffer = vec![0_u8; 512];
            // SAFETY: any state; the buffer is as long as it says.
            let read = |buffer: &mut [u8]| unsafe {
                entry(instance.resid, buffer.as_mut_ptr(), buffer.len() as u64)
            };
            let mut len = read(&mut buffer);
            if len > buffer.len() as u64 {
                buffer.resize(len.min(ERROR_TEXT_MAX) as usize, 0);
                len = read(&mut buffer);
            }
            buffer.truncate(usize::try_from(len).unwrap_or(usize::MAX));
            Some(buffer)
        })?;
        let bytes = bytes?;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Makes an instance of a resource that is in the directory.
    pub(super) fn make_instance(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
    ) -> Result<(), Reason> {
        let Some(record) = self.directory.get(name) else {
            return Err(not_open(name));
        };
        let plugins = self.directory.plugins();
        let kind = &record.spec.kind;
        let Some((number, kind_number, shared)) = plugins.find(kind) else {
            let error = plugins.not_found(Some(kind));
            return Err(Reason::new(
                abi::ERROR_RESOURCE_TYPE_NOT_FOUND,
                error.to_string(),
            ));
        };
        let image = if shared.info.is_stateless() {
            shared
        } else {
            match self.copies.entry(number) {
                std::collections::btree_map::Entry::Occupied(copy) => copy.into_mut(),
                std::collections::btree_map::Entry::Vacant(slot) => {
                    let copy = crate::plugins::Image::open_copy(&shared.info.path)
                        .map_err(|error| Reason::new(abi::ERROR_NOT_READY, error.to_string()))?;
                    slot.insert(copy)
                }
            }
        };
        let Some(entries) = image.entries.get(kind_number).copied() else {
            let text = format!("{}: has changed on disk", image.info.path.display());
            return Err(Reason::new(abi::ERROR_REVISION_MISMATCH, text));
        };
        let handle = Handle::new();
        let mailbox = image.info.has_threads().then(|| Mailbox::new(handle));
        let mut resid: QrResid = std::ptr::null_mut();
        let frame = Frame::new(handle, Some(services), &self.directory, &record.spec);
        let (code, traces) = enter(frame, || {
            // SAFETY: a new instance, with text and a place that outlive the call.
            unsafe { (entries.open)(lend(name), handle.as_ptr(), &raw mut resid) }
        });
        self.write_log(name, traces.log);
        if code != abi::ERROR_SUCCESS {
            return Err(self.why(services, name, "Open", code, traces.refused));
        }
        self.instances
            .insert(name.clone(), Instance::new(entries, resid, handle, mailbox));
        Ok(())
    }
}

/// The reason for what cannot be done with a resource that was never opened here.
pub(super) fn not_open(name: &str) -> Reason {
    Reason::new(
        abi::ERROR_RESOURCE_NOT_AVAILABLE,
        format!("`{name}` is not open in this resource monitor"),
    )
}
