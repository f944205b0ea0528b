//! The host's side: it starts a monitor process, calls into it, and reports how it died.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use quorate_model::Lasting;

use super::ask::CallContext;
use super::system::{describe_end, kill_group};
use super::wire::{Channel, Lost, MAGIC, Mail, PROTOCOL, ToHost, ToMonitor};
use crate::library::{Isolation, LibraryInfo};
use crate::table::{Abilities, Call, Returned, Traces, TypeCall, Whom, note_slow};

/// A resource monitor process, which leads a process group of its own. When this is dropped, the process is killed and
/// waited for.
#[derive(Debug)]
pub(crate) struct MonitorProcess {
    child: Child,
    channel: Channel,
    plugin: String,
    image: u64,
    shared: bool,
    limit: Duration,
    /// The number that the next instance gets.
    next: u32,
    ended: bool,
}

/// How a process died.
#[derive(Debug)]
pub(crate) struct Death {
    /// The signal, the exit status, or the limit that it exceeded. This is the same in every run.
    pub(crate) how: String,
    /// The entry that it was executing.
    pub(crate) call: &'static str,
    /// How long it had been in that entry. This is not the same in every run.
    pub(crate) took: Duration,
    /// What its plugin had logged before, in that call.
    pub(crate) log: Vec<(u32, String)>,
}

/// Why a process could not be started.
#[derive(Debug, thiserror::Error)]
#[error("no resource monitor for `{plugin}` could be started: {}", failed.why)]
pub(crate) struct StartError {
    plugin: String,
    failed: Failed,
}

impl StartError {
    /// How the process died, if it did: that is the library's fault.
    pub(crate) fn into_death(self) -> Option<Box<Death>> {
        self.failed.death
    }
}

#[derive(Debug)]
struct Failed {
    why: String,
    death: Option<Box<Death>>,
}

impl From<String> for Failed {
    fn from(why: String) -> Failed {
        Failed { why, death: None }
    }
}

/// What a process runs.
#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    /// A library, which the process loads.
    Library(&'a File),
    /// A program.
    Program,
}

/// The result of `open`.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) code: u32,
    pub(crate) number: u32,
    pub(crate) abilities: Abilities,
    pub(crate) traces: Traces,
}

impl MonitorProcess {
    /// Starts a process for the library image with the number `image`, which was read from `file`. If it is `shared`,
    /// it is for all instances of the library.
    pub(crate) fn start(
        settings: &Isolation,
        wanted: &LibraryInfo,
        file: Option<&File>,
        image: u64,
        shared: bool,
    ) -> Result<MonitorProcess, StartError> {
        let failed = |failed: Failed| StartError {
            plugin: wanted.name.clone(),
            failed,
        };
        let source = match (wanted.program, file) {
            (true, _) => Source::Program,
            (false, Some(file)) => Source::Library(file),
            (false, None) => {
                return Err(failed("it was not loaded from a file".to_owned().into()));
            }
        };
        let (mut process, library) =
            MonitorProcess::launch(settings, source, &wanted.path).map_err(failed)?;
        if library.name != wanted.name
            || library.version != wanted.version
            || library.types != wanted.types
        {
            let why = format!(
                "it found `{}` {} in the file, the host `{}` {}, or other types",
                library.name, library.version, wanted.name, wanted.version
            );
            return Err(failed(why.into()));
        }
        process.image = image;
        process.shared = shared;
        Ok(process)
    }

    /// Starts a program, for whoever calls it without a monitor.
    ///
    /// # Errors
    ///
    /// One sentence.
    pub(crate) fn of_program(
        settings: &Isolation,
        path: &Path,
    ) -> Result<(MonitorProcess, LibraryInfo), String> {
        let launched = MonitorProcess::launch(settings, Source::Program, path);
        launched.map_err(|failed| failed.why)
    }

    /// Starts a process that loads a library, or that is the program at `path`; messages call it `path`.
    fn launch(
        settings: &Isolation,
        source: Source<'_>,
        path: &Path,
    ) -> Result<(MonitorProcess, LibraryInfo), Failed> {
        let system = |error: io::Error| error.to_string();
        let (ours, theirs) = UnixStream::pair().map_err(system)?;
        let limit = Some(settings.start_limit);
        let channel = match source {
            Source::Library(_) => Channel::new(ours, limit),
            Source::Program => Channel::to_program(ours, limit),
        };
        let channel = channel.map_err(system)?;
        let mut command = Command::new(&settings.program);
        command.args(&settings.arguments);
        if let Source::Program = source {
            // The monitor runs it, and ends it with the host.
            command.arg(std::path::absolute(path).map_err(system)?);
        }
        command
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            // What a plugin prints must not get into the host's own output.
            .stdout(Stdio::from(io::stderr()))
            // Ctrl-C must reach only the host, which ends its monitors when it has finished.
            .process_group(0);
        if let Some(name) = std::env::args_os().next() {
            command.arg0(name);
        }
        let child = command
            .spawn()
            .map_err(|error| format!("{} cannot be run: {error}", settings.program.display()))?;
        // The command holds the monitor's end of the socket as well. After this only the monitor has it.
        drop(command);
        let mut process = MonitorProcess {
            child,
            channel,
            plugin: String::new(),
            image: 0,
            shared: false,
            limit: settings.start_limit,
            next: 0,
            ended: false,
        };
        let started = Instant::now();
        let asked = match source {
            Source::Library(file) => process.channel.send(&ToMonitor::Hello {
                magic: MAGIC,
                protocol: PROTOCOL,
                file: held(file),
                path: path.display().to_string(),
            }),
            // A program says what it is without being asked.
            Source::Program => Ok(()),
        };
        let until = started.checked_add(settings.start_limit);
        let answer = asked.and_then(|()| process.channel.receive::<ToHost<'_>>(until));
        let library = match answer {
            Ok(ToHost::Hello { protocol, library }) if protocol == PROTOCOL => *library,
            Ok(ToHost::Hello { protocol, .. }) => {
                let why =
                    format!("it speaks version {protocol} of the protocol, this is {PROTOCOL}");
                return Err(why.into());
            }
            Ok(ToHost::Refused(why)) => {
                // The caller's message begins with the file as well, so it is removed here.
                let file = format!("{}: ", path.display());
                return Err(why.strip_prefix(&file).unwrap_or(&why).to_owned().into());
            }
            Ok(_) => return Err("it did not begin with its version".to_owned().into()),
            Err(lost) => {
                let death = process.death(lost, "Startup", started, Vec::new());
                let when = match source {
                    Source::Library(_) => {
                        "while the library was loaded, in its initialisers, its entry or its `startup`"
                    }
                    Source::Program => "before it had said what it is",
                };
                return Err(Failed {
                    why: format!("{} {when}", death.how),
                    death: Some(Box::new(death)),
                });
            }
        };
        process.limit = settings.call_limit;
        process.channel.limit(process.limit).map_err(system)?;
        process.plugin.clone_from(&library.name);
        Ok((process, library))
    }

    /// Has it load another library, and say within the limit what that is. `None` for anything else that it does.
    fn learn(&mut self, file: &File, path: &Path, limit: Duration) -> Option<LibraryInfo> {
        let asked = ToMonitor::Learn {
            file: held(file),
            path: path.display().to_string(),
        };
        self.channel.send(&asked).ok()?;
        let until = Instant::now().checked_add(limit);
        match self.channel.receive::<ToHost<'_>>(until) {
            Ok(ToHost::Hello { library, .. }) => Some(LibraryInfo {
                path: path.to_owned(),
                ..*library
            }),
            _ => None,
        }
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The name of the library that it runs.
    pub(crate) fn plugin(&self) -> &str {
        &self.plugin
    }

    /// The number of the image that it runs.
    pub(crate) fn image(&self) -> u64 {
        self.image
    }

    /// Whether it is for all instances of its library.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared
    }

    /// Opens an instance for the resource that the context names.
    pub(crate) fn open(&mut self, context: &mut CallContext<'_>) -> Result<Opened, Death> {
        let number = self.next;
        self.next += 1;
        let spec = context.spec;
        let frame = ToMonitor::Open {
            instance: number,
            resource: spec.name.to_string(),
            kind: spec.kind.to_string(),
            group: spec.group.to_string(),
        };
        let mut log = Vec::new();
        let started = Instant::now();
        let done = self.converse(Some(context), &frame, &mut log, started);
        self.note(&spec.name, Call::OPEN, started);
        match done {
            Ok(ToHost::Opened {
                code,
                abilities,
                refused,
            }) => Ok(Opened {
                code,
                number,
                abilities,
                traces: Traces {
                    log,
                    refused,
                    ..Traces::default()
                },
            }),
            other => Err(self.death(out_of_turn(other), Call::OPEN, started, log)),
        }
    }

    /// Calls an entry of an instance. `expecting` says whether reports of the plugin's own threads are accepted.
    pub(crate) fn call(
        &mut self,
        context: &mut CallContext<'_>,
        instance: u32,
        expecting: bool,
        call: Call,
    ) -> Result<(Returned, Traces), Death> {
        let name = call.as_str();
        let frame = ToMonitor::Call {
            instance,
            expecting,
            call,
        };
        let mut log = Vec::new();
        let started = Instant::now();
        let done = self.converse(Some(context), &frame, &mut log, started);
        self.note(&context.spec.name, name, started);
        match done {
            Ok(ToHost::Returned { returned, refused }) => {
                let traces = Traces {
                    log,
                    refused,
                    ..Traces::default()
                };
                Ok((returned, traces))
            }
            other => Err(self.death(out_of_turn(other), name, started, log)),
        }
    }

    /// Calls the entry of a type as a whole, such as a control code for the type.
    pub(crate) fn type_call(&mut self, call: TypeCall) -> Result<Returned, Death> {
        let mut log = Vec::new();
        let started = Instant::now();
        let kind = call.kind.clone();
        let done = self.converse(None, &ToMonitor::TypeCall(call), &mut log, started);
        self.note(&kind, TypeCall::ENTRY, started);
        match done {
            Ok(ToHost::Returned { returned, .. }) => Ok(returned),
            other => Err(self.death(out_of_turn(other), TypeCall::ENTRY, started, log)),
        }
    }

    /// Fetches the reports of the plugin's own threads.
    pub(crate) fn mail(&mut self, instance: u32, expecting: bool) -> Result<Mail, Death> {
        let frame = ToMonitor::Mail {
            instance,
            expecting,
        };
        let mut log = Vec::new();
        let started = Instant::now();
        match self.converse(None, &frame, &mut log, started) {
            Ok(ToHost::Mail(mail)) => Ok(mail),
            other => Err(self.death(out_of_turn(other), "SetResourceStatus", started, log)),
        }
    }

    /// Notes how long a call took.
    fn note(&self, resource: &str, entry: &'static str, started: Instant) {
        let whom = Whom {
            plugin: &self.plugin,
            resource,
            entry,
        };
        note_slow(whom, started.elapsed());
    }

    /// Sends a request, and answers the plugin's questions until the result comes.
    fn converse(
        &mut self,
        mut context: Option<&mut CallContext<'_>>,
        frame: &ToMonitor,
        log: &mut Vec<(u32, String)>,
        started: Instant,
    ) -> Result<ToHost<'static>, Lost> {
        self.channel.send(frame)?;
        let until = started.checked_add(self.limit);
        loop {
            match self.channel.receive::<ToHost<'_>>(until)? {
                ToHost::Log { level, text } => log.push(crate::table::line(level, &text)),
                ToHost::Ask(request) => {
                    let answer = within(&mut context)?.serve(request);
                    self.channel.send(&ToMonitor::Answer(answer))?;
                }
                ToHost::Question(question) => {
                    let answer = within(&mut context)?.tell(question);
                    self.channel.send(&ToMonitor::Answer(answer))?;
                }
                result => return Ok(result),
            }
        }
    }

    /// Ends the process, if it has not ended by itself, and everything that it has started.
    fn end(&mut self) -> io::Result<ExitStatus> {
        // After a process has been waited for, another one may get its number.
        if !self.ended {
            self.ended = true;
            // A process that is already dying still ends by the signal that killed it first.
            kill_group(&mut self.child);
        }
        self.child.wait()
    }

    /// Ends the process, if it has not ended by itself. Returns how it died.
    fn death(
        &mut self,
        lost: Lost,
        call: &'static str,
        started: Instant,
        log: Vec<(u32, String)>,
    ) -> Death {
        let took = started.elapsed();
        let status = self.end();
        let how = match (lost, status) {
            (Lost::Late, _) => format!("no answer within {}", Lasting(self.limit)),
            (Lost::Gone, Ok(status)) => describe_end(status),
            (lost, _) => lost.to_string(),
        };
        Death {
            how,
            call,
            took,
            log,
        }
    }
}

impl Drop for MonitorProcess {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// What the library in `file` says of itself. A process loads it, reports that, and is ended.
///
/// # Errors
///
/// One sentence: how the process ended, or what it reported.
pub(crate) fn learn(settings: &Isolation, file: &File, path: &Path) -> Result<LibraryInfo, String> {
    let (_, mut library) = MonitorProcess::launch(settings, Source::Library(file), path)
        .map_err(|failed| failed.why)?;
    library.path = path.to_owned();
    Ok(library)
}

/// How long each of several libraries may take when they are learned together: short, since one that hangs is waited for a second
/// time, by itself.
const TOGETHER_LIMIT: Duration = Duration::from_secs(5);

/// What each of the libraries says of itself, learned from one process for all. `None` if anything went wrong: which of them
/// it was is found out by [`learn`].
pub(crate) fn learn_together(
    settings: &Isolation,
    files: &[(File, &Path)],
) -> Option<Vec<LibraryInfo>> {
    let settings = Isolation {
        start_limit: settings.start_limit.min(TOGETHER_LIMIT),
        ..settings.clone()
    };
    let limit = settings.start_limit;
    let ((file, path), others) = files.split_first()?;
    let (mut process, mut first) =
        MonitorProcess::launch(&settings, Source::Library(file), path).ok()?;
    first.path = (*path).to_owned();
    let others = others
        .iter()
        .map(|(file, path)| process.learn(file, path, limit));
    std::iter::once(Some(first)).chain(others).collect()
}

/// A path to the file that the host has open, even if there is another at its own path now.
fn held(file: &File) -> String {
    format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd())
}

/// What the program at `path` says of itself. It is started, reports that, and is ended.
///
/// # Errors
///
/// One sentence: how the process ended, or what it reported.
pub(crate) fn learn_program(settings: &Isolation, path: &Path) -> Result<LibraryInfo, String> {
    let (_, mut library) = MonitorProcess::of_program(settings, path)?;
    library.path = path.to_owned();
    library.program = true;
    Ok(library)
}

/// The context of the entry that runs. Outside an entry there is no resource on whose behalf a plugin could ask.
fn within<'c, 'a>(
    context: &'c mut Option<&mut CallContext<'a>>,
) -> Result<&'c mut CallContext<'a>, Lost> {
    let outside = || Lost::Garbled("a question outside an entry".to_owned());
    context.as_deref_mut().ok_or_else(outside)
}

fn out_of_turn(result: Result<ToHost<'static>, Lost>) -> Lost {
    match result {
        Ok(_) => Lost::Garbled("it sent a frame out of turn".to_owned()),
        Err(lost) => lost,
    }
}
