//! A resource monitor process: it loads a library and calls its entries when the host asks for that.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use quorate_abi::{self as abi, QrResid};
use quorate_model::ResourceProperties;
use quorate_model::monitor::ResourceSpec;
use rustix::event::{PollFd, PollFlags, poll};

use crate::plugins::Image;
use crate::process::ask::{Beyond, unknown};
use crate::process::system::{end_group_at_once, end_like, take_stdin};
use crate::process::wire::{Channel, Lost, MAGIC, PROTOCOL, ToHost, ToMonitor};
use crate::table::{
    Abilities, Call, Entries, Frame, Handle, Mailbox, Report, Returned, TypeCall, enter, lend, run,
    run_type,
};

/// Why a resource monitor process does not run.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MonitorError(String);

/// An open instance.
struct Instance {
    spec: ResourceSpec,
    entries: Entries,
    resid: QrResid,
    handle: Handle,
    mailbox: Option<Mailbox>,
    /// Whether the mailbox accepts reports now.
    expecting: bool,
}

/// Runs a resource monitor process: the command `quorate monitor`, which a host starts. Its standard input is the
/// socket to the host. When the host is gone, it ends this process and everything that was started in it. It returns if
/// the library cannot be loaded. With a `program` it runs that, a plugin that speaks for itself, and ends with it.
///
/// # Errors
///
/// If the standard input is no socket, or if something comes out of it that no host sends.
pub fn run_monitor(program: Option<&Path>) -> Result<(), MonitorError> {
    let error = |error: io::Error| MonitorError(error.to_string());
    let stream = take_stdin().map_err(error)?.ok_or_else(|| {
        MonitorError(
            "`quorate monitor` is started by quorate itself, for resources that run apart (SeparateMonitor)".to_owned(),
        )
    })?;
    watch_host(stream.try_clone().map_err(error)?)?;
    if let Some(program) = program {
        return run_program(program, stream);
    }
    let channel = RefCell::new(Channel::new(stream, None).map_err(error)?);
    let mut monitor = match greet(&channel)? {
        Some(image) => Serving {
            channel: &channel,
            image,
            instances: BTreeMap::new(),
        },
        None => return Ok(()),
    };
    loop {
        let frame = match channel.borrow_mut().receive(None) {
            Ok(frame) => frame,
            Err(Lost::Gone) => end_group_at_once(),
            Err(lost) => return Err(MonitorError(lost.to_string())),
        };
        let answer = monitor.carry_out(frame)?;
        match channel.borrow_mut().send(&answer) {
            Ok(()) => {}
            Err(Lost::Gone) => end_group_at_once(),
            Err(lost) => return Err(MonitorError(lost.to_string())),
        }
    }
}

/// Runs a plugin that is a program at this end of the socket, and ends as it ends.
fn run_program(program: &Path, stream: UnixStream) -> Result<(), MonitorError> {
    let error = |error: io::Error| MonitorError(error.to_string());
    let mut channel = Channel::new(stream.try_clone().map_err(error)?, None).map_err(error)?;
    let started = Command::new(program).stdin(OwnedFd::from(stream)).spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(why) => {
            let text = format!("it cannot be run: {why}");
            // If the host is gone nobody needs to be told.
            let _ = channel.send(&ToHost::Refused(text));
            return Ok(());
        }
    };
    // The program alone has the socket, but for the one that watches the host.
    drop(channel);
    end_like(child.wait().map_err(error)?)
}

/// Ends this process when its host ends, even inside a call that never returns. The kernel's death signal
/// (`PR_SET_PDEATHSIG`) is not enough: it is sent when the thread that started this process ends, and the host may go
/// on without that thread.
fn watch_host(stream: UnixStream) -> Result<(), MonitorError> {
    let watch = move || {
        loop {
            // No event needs to be asked for: poll always reports that the other side has closed.
            let mut ends = [PollFd::new(&stream, PollFlags::empty())];
            match poll(&mut ends, None) {
                Ok(_)
                    if ends[0]
                        .revents()
                        .intersects(PollFlags::HUP | PollFlags::ERR) =>
                {
                    end_group_at_once()
                }
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => end_group_at_once(),
            }
        }
    };
    std::thread::Builder::new()
        .name("host watch".to_owned())
        .spawn(watch)
        .map(drop)
        .map_err(|error| MonitorError(error.to_string()))
}

/// Exchanges the first frames and loads the library. `None` if it cannot be loaded; the host has been told.
fn greet(channel: &RefCell<Channel>) -> Result<Option<Image>, MonitorError> {
    let mut channel = channel.borrow_mut();
    let failed = |lost: Lost| match lost {
        Lost::Gone => end_group_at_once(),
        lost => MonitorError(lost.to_string()),
    };
    let ToMonitor::Hello {
        magic,
        protocol,
        file,
        path,
    } = channel.receive(None).map_err(failed)?
    else {
        return Err(MonitorError("the host does not say hello".to_owned()));
    };
    if magic != MAGIC || protocol != PROTOCOL {
        let text = format!("the monitor speaks version {PROTOCOL} of the protocol, not {protocol}");
        channel.send(&ToHost::Refused(text)).map_err(failed)?;
        return Ok(None);
    }
    let (image, answer) = load(&file, &path);
    channel.send(&answer).map_err(failed)?;
    Ok(image)
}

/// Loads a library, and says to the host what it is, or why it cannot be loaded.
fn load(file: &str, path: &str) -> (Option<Image>, ToHost<'static>) {
    match Image::open_at(Path::new(file), Path::new(path)) {
        Ok(image) => {
            let hello = ToHost::Hello {
                protocol: PROTOCOL,
                library: Box::new(image.info.clone()),
            };
            (Some(image), hello)
        }
        Err(error) => (None, ToHost::Refused(error.to_string())),
    }
}

/// A monitor at work.
struct Serving<'a> {
    channel: &'a RefCell<Channel>,
    image: Image,
    instances: BTreeMap<u32, Instance>,
}

impl Serving<'_> {
    fn carry_out(&mut self, frame: ToMonitor) -> Result<ToHost<'static>, MonitorError> {
        match frame {
            ToMonitor::Open {
                instance,
                resource,
                kind,
                group,
            } => Ok(self.open(instance, &resource, &kind, &group)),
            ToMonitor::Call {
                instance,
                expecting,
                call,
            } => Ok(self.call(instance, expecting, &call)),
            ToMonitor::TypeCall(call) => Ok(self.type_call(&call)),
            ToMonitor::Mail {
                instance,
                expecting,
            } => {
                let Some(known) = self.instances.get_mut(&instance) else {
                    return Ok(ToHost::Mail((Report::default(), Vec::new())));
                };
                let mail = known.mailbox.as_ref().map(Mailbox::take);
                known.expect(expecting);
                Ok(ToHost::Mail(mail.unwrap_or_default()))
            }
            ToMonitor::Learn { file, path } => Ok(load(&file, &path).1),
            ToMonitor::Hello { .. } | ToMonitor::Answer(_) => {
                Err(MonitorError("the host sent a frame out of turn".to_owned()))
            }
        }
    }

    /// The entries of a type of the library.
    fn entries_of(&self, kind: &str) -> Option<Entries> {
        let index = self.image.info.types.iter().position(|it| it.name == kind);
        let mapped = self.image.entries().unwrap_or_default();
        index.and_then(|index| mapped.get(index).copied())
    }

    fn type_call(&mut self, call: &TypeCall) -> ToHost<'static> {
        let returned = match self.entries_of(&call.kind) {
            // SAFETY: only this thread calls the library's entries.
            Some(entries) => unsafe { run_type(&entries, &self.image.info.name, call) },
            None => Returned::of(abi::ERROR_RESOURCE_TYPE_NOT_FOUND),
        };
        ToHost::Returned {
            returned,
            refused: None,
        }
    }

    fn open(&mut self, number: u32, resource: &str, kind: &str, group: &str) -> ToHost<'static> {
        let Some(entries) = self.entries_of(kind) else {
            return ToHost::Opened {
                code: abi::ERROR_RESOURCE_TYPE_NOT_FOUND,
                abilities: Abilities::default(),
                refused: None,
            };
        };
        let spec = ResourceSpec {
            name: resource.into(),
            kind: kind.into(),
            group: group.into(),
            depends_on: Vec::new(),
            properties: ResourceProperties::default(),
        };
        let handle = Handle::new();
        let mailbox = self.image.info.has_threads().then(|| Mailbox::new(handle));
        let mut resid: QrResid = std::ptr::null_mut();
        let mut beyond = Beyond {
            channel: self.channel,
        };
        let known = Beyond {
            channel: self.channel,
        };
        let frame = Frame::new(handle, Some(&mut beyond), &known, &spec)
            .calling(&self.image.info.name, Call::OPEN)
            .thoroughly();
        let (code, traces) = enter(frame, || {
            // SAFETY: this opens a new instance; the text and the place for the result outlive the call.
            unsafe { (entries.open)(lend(&spec.name), handle.as_ptr(), &raw mut resid) }
        });
        if code == abi::ERROR_SUCCESS {
            let instance = Instance {
                spec,
                entries,
                resid,
                handle,
                mailbox,
                expecting: false,
            };
            self.instances.insert(number, instance);
        }
        ToHost::Opened {
            code,
            abilities: Abilities::of(&entries),
            refused: traces.refused,
        }
    }

    fn call(&mut self, number: u32, expecting: bool, call: &Call) -> ToHost<'static> {
        let Some(instance) = self.instances.get_mut(&number) else {
            let error = unknown(number);
            return ToHost::Returned {
                returned: Returned::of(error.code),
                refused: Some(error),
            };
        };
        if matches!(call, Call::Online | Call::Offline | Call::Arbitrate) {
            // With this, `expect` resets the mailbox in any case: reports about an earlier operation do not count for
            // this one.
            instance.expecting = !expecting;
        }
        instance.expect(expecting);
        let mut beyond = Beyond {
            channel: self.channel,
        };
        let known = Beyond {
            channel: self.channel,
        };
        let mut frame = Frame::new(instance.handle, Some(&mut beyond), &known, &instance.spec)
            .calling(&self.image.info.name, call.as_str());
        if call.begins() {
            frame = frame.thoroughly();
        }
        // SAFETY: the instance is open, and the host's monitor asks for each entry only in states in which the contract
        // allows it.
        let (returned, traces) = enter(frame, || unsafe {
            run(&instance.entries, instance.resid, call)
        });
        if *call == Call::Close {
            self.instances.remove(&number);
        }
        ToHost::Returned {
            returned,
            refused: traces.refused,
        }
    }
}

impl Instance {
    /// Sets whether reports of the plugin's threads are accepted.
    fn expect(&mut self, expecting: bool) {
        if self.expecting != expecting {
            self.expecting = expecting;
            if let Some(mailbox) = &self.mailbox {
                mailbox.set_pending(expecting);
            }
        }
    }
}
