//! An open instance of a resource type, and the calls of its entries.

use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use quorate_abi::{self as abi, QrResid, error_name};
use quorate_model::monitor::{MonitorCommand, MonitorEvent};
use quorate_model::{Name, Reason, Time};

use super::Monitor;
use super::claims::Noting;
use super::home::Home;
use crate::Services;
use crate::library::LibraryInfo;
use crate::plugins::Image;
use crate::process::{CallContext, Mail};
use crate::table::{
    Abilities, Call, Entries, Frame, Handle, Mailbox, Returned, Work, enter, lend, run,
};

/// The shortest wait before `work` is called again. The clock that a plugin sees counts milliseconds, and with a
/// shorter wait virtual time might never go on.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// One open instance of a resource type.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) place: Place,
    pub(super) abilities: Abilities,
    /// The library's name.
    pub(super) plugin: Arc<str>,
    /// Whether the library runs threads of its own, which report by themselves.
    pub(super) has_threads: bool,
    /// Whether their reports are accepted now.
    expecting: bool,
    /// The number of the library's image that it was made from.
    pub(super) image: u64,
    pub(super) pending: Option<Pending>,
    /// When `work` is called next.
    pub(super) work_at: Option<Time>,
    /// When LooksAlive is polled next. `None` while the resource is offline, or if the type watches it itself.
    pub(super) looks_alive_at: Option<Time>,
    /// When IsAlive is polled next. `None` while the resource is offline.
    pub(super) is_alive_at: Option<Time>,
    /// Whether the type watches the resource itself and reports a failure (the original's event handle).
    pub(super) has_event: bool,
    /// Whether it has won a reservation, which it now defends.
    pub(super) defending: bool,
    /// Whether LooksAlive and IsAlive have answered since the resource came online.
    pub(super) answered: (bool, bool),
    /// A command that waits for the pending operation to end.
    pub(super) deferred: Option<MonitorCommand>,
    /// The time of this instance's entry in the monitor's timers.
    pub(super) armed: Option<Time>,
}

/// Where an instance lives, and how it is called.
#[derive(Debug)]
pub(super) enum Place {
    /// In this process.
    Here {
        entries: Entries,
        resid: QrResid,
        handle: Handle,
        /// `None` if the library runs no threads.
        mailbox: Option<Mailbox>,
    },
    /// In a resource monitor process: one of its own, or one for its library.
    Apart {
        /// The number of the process in this monitor.
        process: u64,
        /// The number of the instance in the process.
        number: u32,
    },
}

// SAFETY: `resid` is only ever given back to its plugin, and from one thread at a time. The contract asks for no more.
unsafe impl Send for Instance {}

/// The operation that an instance has begun and not ended.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) operation: Operation,
    /// The highest checkpoint that the type has reported so far.
    pub(super) checkpoint: u32,
    /// When it is given up, unless the checkpoint rises before that.
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

    /// The entry that begins it.
    pub(super) fn call(self) -> Call {
        match self {
            Self::Online => Call::Online,
            Self::Offline => Call::Offline,
            Self::Arbitrate => Call::Arbitrate,
        }
    }
}

impl Instance {
    pub(super) fn new(
        place: Place,
        abilities: Abilities,
        library: &LibraryInfo,
        image: u64,
    ) -> Instance {
        Instance {
            place,
            abilities,
            plugin: library.name.as_str().into(),
            has_threads: library.has_threads(),
            expecting: false,
            image,
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

    /// The pending operation, if there is one.
    pub(super) fn operation(&self) -> Option<Operation> {
        self.pending.as_ref().map(|pending| pending.operation)
    }

    /// Whether it lives in the process with this number.
    pub(super) fn lives_in(&self, id: u64) -> bool {
        matches!(self.place, Place::Apart { process, .. } if process == id)
    }

    /// Forgets everything that is pending or scheduled: the instance is offline now.
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

    /// Sets whether reports from the plugin's threads are accepted.
    pub(super) fn expect_reports(&mut self, pending: bool) {
        self.expecting = pending;
        if let Place::Here {
            mailbox: Some(mailbox),
            ..
        } = &self.place
        {
            mailbox.set_pending(pending);
        }
    }

    /// Schedules the next call of `work` after `wait_ms`, but at least after 1 ms.
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
}

/// The answer of an entry that may take time.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) code: u32,
    pub(super) work: Work,
    pub(super) refused: Option<Reason>,
}

impl Monitor {
    /// Calls an entry of an instance, which can reach the world during the call. `None` if there is no instance, or if
    /// its process died.
    pub(super) fn call(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
        call: Call,
    ) -> Option<(Returned, Option<Reason>)> {
        let instance = self.instances.get(name)?;
        let record = self.directory.get(name)?;
        let (returned, traces) = match &instance.place {
            Place::Here {
                entries,
                resid,
                handle,
                ..
            } => {
                let mut frame = Frame::new(*handle, Some(services), &self.directory, &record.spec)
                    .calling(&instance.plugin, call.as_str());
                if call.begins() {
                    frame = frame.thoroughly();
                }
                // SAFETY: the instance is open. The operations see to it that each entry is called only in states that
                // allow it.
                enter(frame, || unsafe { run(entries, *resid, &call) })
            }
            Place::Apart { process, number } => {
                let id = *process;
                let mut services = Noting {
                    services,
                    held: self.supervision.held.entry(name.clone()).or_default(),
                };
                let mut context = CallContext {
                    services: &mut services,
                    known: &self.directory,
                    spec: &record.spec,
                };
                let process = self.processes.get_mut(&id)?;
                match process.call(&mut context, *number, instance.expecting, call) {
                    Ok(answer) => answer,
                    Err(death) => {
                        // The checkpoints that it stored before it died count.
                        self.note_checkpoints();
                        self.died(id, name, death);
                        return None;
                    }
                }
            }
        };
        self.note_checkpoints();
        self.write_log(name, traces.log);
        Some((returned, traces.refused))
    }

    /// Calls an entry that may take time.
    pub(super) fn call_work(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
        call: Call,
    ) -> Option<Answer> {
        let (returned, refused) = self.call(services, name, call)?;
        Some(Answer {
            code: returned.code,
            work: returned.work,
            refused,
        })
    }

    /// The reports of the plugin's threads about an instance since the last call.
    pub(super) fn take_mail(&mut self, name: &Name) -> Option<Mail> {
        let instance = self.instances.get(name)?;
        match &instance.place {
            Place::Here { mailbox, .. } => mailbox.as_ref().map(Mailbox::take),
            Place::Apart { process, number } => {
                let id = *process;
                let process = self.processes.get_mut(&id)?;
                match process.mail(*number, instance.expecting) {
                    Ok(mail) => Some(mail),
                    Err(death) => {
                        self.died(id, name, death);
                        None
                    }
                }
            }
        }
    }

    /// Adds the stored checkpoints to the events. They come before the states that the same entry leads to, so that the
    /// cluster service has them first.
    pub(super) fn note_checkpoints(&mut self) {
        let saved = self.directory.take_saved();
        self.events
            .extend(saved.into_iter().map(|saved| MonitorEvent::Checkpoint {
                resource: saved.resource,
                key: saved.key,
                bytes: saved.bytes,
            }));
    }

    /// Adds the log lines of a plugin to the events.
    pub(super) fn write_log(&mut self, name: &Name, lines: Vec<(u32, String)>) {
        self.events
            .extend(lines.into_iter().map(|(level, text)| MonitorEvent::Log {
                resource: name.clone(),
                level,
                text,
            }));
    }

    /// Why an entry failed: in the type's own words, or those of the service that refused something, or the name of the
    /// code.
    pub(super) fn why(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
        what: &str,
        code: u32,
        refused: Option<Reason>,
    ) -> Reason {
        let own = self.last_error(services, name);
        explained(what, code, own, refused)
    }

    /// The instance's last error in its type's own words, if it has any.
    pub(super) fn last_error(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
    ) -> Option<String> {
        let bytes = self.call(services, name, Call::LastError)?.0.bytes;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Makes the instance of a resource. The directory must have the resource already.
    pub(super) fn make_instance(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
    ) -> Result<(), Reason> {
        self.directory.renew(name);
        let plugins = Arc::clone(self.directory.plugins());
        let Some(record) = self.directory.get(name) else {
            return Err(not_open(name));
        };
        let kind = &record.spec.kind;
        let Some((kind_number, image)) = plugins.find(kind) else {
            let error = plugins.not_found(Some(kind));
            return Err(Reason::new(
                abi::ERROR_RESOURCE_TYPE_NOT_FOUND,
                error.to_string(),
            ));
        };
        let home = Home::of(&plugins, image, &record.spec);
        let instance = match home {
            Home::Host => self.open_here(services, name, image, kind_number)?,
            Home::Library | Home::Resource => self.open_apart(services, name, image, home)?,
        };
        self.instances.insert(name.clone(), instance);
        Ok(())
    }

    /// The entries of a type in this process. If the library keeps anything in statics, they are those of this boot's
    /// own copy.
    pub(super) fn entries_here(
        &mut self,
        shared: &Image,
        kind_number: usize,
    ) -> Result<Entries, Reason> {
        let image = if shared.info.is_stateless() {
            shared
        } else {
            match self.copies.entry(shared.id) {
                Entry::Occupied(copy) => copy.into_mut(),
                Entry::Vacant(slot) => {
                    let copy = shared
                        .copy()
                        .map_err(|error| Reason::new(abi::ERROR_NOT_READY, error.to_string()))?;
                    slot.insert(copy)
                }
            }
        };
        let mapped = image
            .entries()
            .map_err(|error| Reason::new(abi::ERROR_NOT_READY, error.to_string()))?;
        mapped.get(kind_number).copied().ok_or_else(|| {
            let text = format!("{}: has changed on disk", image.info.path.display());
            Reason::new(abi::ERROR_REVISION_MISMATCH, text)
        })
    }

    /// Opens an instance in this process.
    fn open_here(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
        shared: &Image,
        kind_number: usize,
    ) -> Result<Instance, Reason> {
        let entries = self.entries_here(shared, kind_number)?;
        let Some(record) = self.directory.get(name) else {
            return Err(not_open(name));
        };
        let handle = Handle::new();
        let mailbox = shared.info.has_threads().then(|| Mailbox::new(handle));
        let mut resid: QrResid = std::ptr::null_mut();
        let frame = Frame::new(handle, Some(services), &self.directory, &record.spec)
            .calling(&shared.info.name, Call::OPEN)
            .thoroughly();
        let (code, traces) = enter(frame, || {
            // SAFETY: this opens a new instance; the text and the place for the result outlive the call.
            unsafe { (entries.open)(lend(name), handle.as_ptr(), &raw mut resid) }
        });
        self.note_checkpoints();
        let complaint = traces.complaint();
        self.write_log(name, traces.log);
        if code != abi::ERROR_SUCCESS {
            return Err(explained("Open", code, complaint, traces.refused));
        }
        let place = Place::Here {
            entries,
            resid,
            handle,
            mailbox,
        };
        let abilities = Abilities::of(&entries);
        Ok(Instance::new(place, abilities, &shared.info, shared.id))
    }
}

/// The reason why nothing can be done with a resource: it was never opened here.
pub(super) fn not_open(name: &str) -> Reason {
    Reason::new(
        abi::ERROR_RESOURCE_NOT_AVAILABLE,
        format!("`{name}` is not open in this resource monitor"),
    )
}

/// The reason for a call that failed with `code`: in the type's `own` words, or those of the service that refused
/// something, or the name of the code.
pub(super) fn explained(
    what: &str,
    code: u32,
    own: Option<String>,
    refused: Option<Reason>,
) -> Reason {
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
        // The message that the SDK makes of a panic; it has the place.
        abi::ERROR_PANIC if detail.starts_with("panicked") => format!("{what} {detail}"),
        abi::ERROR_PANIC => format!("{what} panicked: {detail}"),
        _ => format!("{what} failed: {detail}"),
    };
    Reason::new(code, text)
}
