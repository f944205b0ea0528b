//! An open instance, and the calls of its entries.

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
use crate::plugins::Image;
use crate::process::{CallContext, Mail};
use crate::table::{
    Abilities, Call, Entries, Frame, Handle, Mailbox, Returned, Work, enter, lend, run,
};

/// The least wait before `work` is called again: the clock that a plugin sees counts milliseconds, and virtual
/// time must go on.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// One open instance of a resource type.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) place: Place,
    pub(super) abilities: Abilities,
    /// The library runs threads, which report by themselves.
    pub(super) has_threads: bool,
    /// Whether such reports are taken now.
    expecting: bool,
    /// Which image of its library it was made from.
    pub(super) image: u64,
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

/// Where an instance lives, and how it is called.
#[derive(Debug)]
pub(super) enum Place {
    /// In this process.
    Here {
        entries: Entries,
        resid: QrResid,
        handle: Handle,
        /// Only with a library that runs threads.
        mailbox: Option<Mailbox>,
    },
    /// In a resource monitor process of its own, or of its library's.
    Apart {
        /// The process, by its number in this monitor.
        process: u64,
        /// The instance, by its number in the process.
        number: u32,
    },
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
        has_threads: bool,
        image: u64,
    ) -> Instance {
        Instance {
            place,
            abilities,
            has_threads,
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

    /// The operation that is pending.
    pub(super) fn operation(&self) -> Option<Operation> {
        self.pending.as_ref().map(|pending| pending.operation)
    }

    /// Whether it lives in the process of this number.
    pub(super) fn lives_in(&self, id: u64) -> bool {
        matches!(self.place, Place::Apart { process, .. } if process == id)
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
}

/// What an entry that may take time answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) code: u32,
    pub(super) work: Work,
    pub(super) refused: Option<Reason>,
}

impl Monitor {
    /// Calls into an instance, with the world behind it. `None` if there is no instance, or if its process died.
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
                let frame = Frame::new(*handle, Some(services), &self.directory, &record.spec);
                // SAFETY: open; the states in which each entry may be called are kept by the operations.
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
                        // What it stored before it died is stored.
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

    /// What the threads of an instance's plugin reported since the last look.
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

    /// Adds the checkpoints that were stored to the events: before the states that the same entry leads to, so that the
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

    /// Makes an instance of a resource that is in the directory.
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

    /// The entries of a type in this process: those of this boot's own copy where the library keeps anything in statics.
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

    /// An instance in this process.
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
        let has_threads = mailbox.is_some();
        let mut resid: QrResid = std::ptr::null_mut();
        let frame = Frame::new(handle, Some(services), &self.directory, &record.spec);
        let (code, traces) = enter(frame, || {
            // SAFETY: a new instance, with text and a place that outlive the call.
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
        Ok(Instance::new(place, abilities, has_threads, shared.id))
    }
}

/// The reason for what cannot be done with a resource that was never opened here.
pub(super) fn not_open(name: &str) -> Reason {
    Reason::new(
        abi::ERROR_RESOURCE_NOT_AVAILABLE,
        format!("`{name}` is not open in this resource monitor"),
    )
}

/// The reason for a call that failed with `code`: its type's `own` words, those of the service that refused it, or the
/// code's name.
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
        // The SDK's own message begins so, with the place.
        abi::ERROR_PANIC if detail.starts_with("panicked") => format!("{what} {detail}"),
        abi::ERROR_PANIC => format!("{what} panicked: {detail}"),
        _ => format!("{what} failed: {detail}"),
    };
    Reason::new(code, text)
}
