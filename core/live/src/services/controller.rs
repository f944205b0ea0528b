//! The service controller: programs by the names that plugins ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use quorate_host::{Caller, ServiceResult, ServiceState, tell_parent};
use quorate_journal::{ServiceEnd, WorldEvent};
use quorate_machine::step;
use quorate_model::errors::{
    ERROR_FILE_NOT_FOUND, ERROR_INVALID_PARAMETER, ERROR_SERVICE_CANNOT_ACCEPT_CTRL,
    ERROR_SERVICE_DOES_NOT_EXIST, ERROR_SERVICE_NOT_ACTIVE, ERROR_SERVICE_REQUEST_TIMEOUT,
};
use quorate_model::{Name, Ready, ServiceCommand};

use std::os::unix::process::CommandExt;

use super::command::{find, split};
use super::notify::NotifySocket;
use super::probe::{Endpoint, Prober};
use super::process::{End, News, Process};
use super::{Told, error};
use crate::cgroup::Cgroup;

/// What the service controller goes by.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    /// The programs by the names of services.
    pub(crate) services: BTreeMap<String, ServiceCommand>,
    /// Where programs run that have no directory of their own.
    pub(crate) home: PathBuf,
    /// Where what they write goes, a file for each resource.
    pub(crate) logs: PathBuf,
    /// The program, with its first arguments, that runs another one so that it ends with this process.
    pub(crate) helper: Vec<String>,
    /// The node's name, which programs find in their environment.
    pub(crate) node: Name,
    /// The folder of the sockets by which programs say that they have started.
    pub(crate) sockets: PathBuf,
    /// The control group that each program gets one of its own in.
    pub(crate) group: Option<Cgroup>,
}

impl Programs {
    /// The command behind a name: what the node file says, or the command line that the name is.
    pub(crate) fn command(&self, name: &str) -> ServiceResult<ServiceCommand> {
        if let Some(known) = self.services.get(name) {
            return Ok(known.clone());
        }
        if name.starts_with(['/', '"', '\'']) {
            return match split(name) {
                Ok(run) if run.first().is_some_and(|it| it.starts_with('/')) => {
                    Ok(ServiceCommand::new(run))
                }
                Ok(_) => error(ERROR_INVALID_PARAMETER, format!("{name} names no program")),
                Err(why) => error(ERROR_INVALID_PARAMETER, why.to_string()),
            };
        }
        error(
            ERROR_SERVICE_DOES_NOT_EXIST,
            format!("there is no service {name}: the node file names no command for it"),
        )
    }
}

/// What a program needs before it can start, all of which may be in folders that hang.
#[derive(Debug)]
pub(super) struct Needs {
    program: Option<String>,
    directory: PathBuf,
    ready: Option<String>,
}

impl Needs {
    /// Returns once all of it has answered.
    pub(super) fn look(&self) {
        // Whatever is missing is said by whoever starts the program.
        let _ = self.program.as_deref().map(find);
        let _ = fs::metadata(&self.directory);
        let _ = self.ready.as_ref().map(fs::metadata);
    }
}

/// The programs that run.
#[derive(Debug)]
pub(crate) struct Controller {
    programs: Programs,
    /// By resource and service.
    running: BTreeMap<(String, String), Entry>,
    /// Asks where programs are to answer once they have started.
    starting: Prober,
    told: Told,
    /// How many programs were started.
    started: u64,
}

#[derive(Debug)]
struct Entry {
    process: Process,
    command: ServiceCommand,
    endpoints: BTreeSet<Endpoint>,
    /// Where it says that it has started.
    notify: Option<NotifySocket>,
}

/// Where a program answers once it has started.
fn ready_at(command: &ServiceCommand) -> Option<Endpoint> {
    match &command.ready {
        Ready::Port(at) => {
            let (address, protocol) = (at.ip().to_string(), "tcp".to_owned());
            Some(Endpoint::Protocol(address, at.port(), protocol))
        }
        Ready::Answer => command.ask.clone().map(Endpoint::Ask),
        Ready::Alive(_) | Ready::File(_) | Ready::Notify => None,
    }
}

impl Controller {
    pub(super) fn new(programs: Programs, told: Told) -> Controller {
        Controller {
            programs,
            running: BTreeMap::new(),
            starting: Prober::default(),
            told,
            started: 0,
        }
    }

    /// Goes by other commands from the next start of each program on.
    pub(crate) fn reload(&mut self, services: BTreeMap<String, ServiceCommand>) {
        self.programs.services = services;
    }

    fn tell(
        &self,
        key: &(String, String),
        change: (ServiceState, ServiceState),
        reason: Option<ServiceEnd>,
        (parameters, directory): (&str, &str),
    ) {
        self.told.push(WorldEvent::Service {
            subject: key.0.as_str().into(),
            service: key.1.clone(),
            from: step(change.0),
            to: step(change.1),
            reason,
            parameters: parameters.to_owned(),
            directory: directory.to_owned(),
        });
    }

    /// Looks at a program. Returns its state.
    fn look(&mut self, key: &(String, String)) -> ServiceState {
        let Some(entry) = self.running.get_mut(key) else {
            return ServiceState::Stopped;
        };
        let before = entry.process.state;
        let place = ready_at(&entry.command);
        let (prober, notify) = (&mut self.starting, &mut entry.notify);
        let news = entry.process.look(|| match (place, notify) {
            (Some(place), _) => prober.ask(place).is_ok(),
            (None, Some(notify)) => notify.is_ready(),
            (None, None) => false,
        });
        match news {
            News::Nothing => {}
            News::Started => {
                entry.notify = None;
                if let Some(place) = ready_at(&entry.command) {
                    self.starting.end(&place);
                }
                let change = (before, ServiceState::Running);
                self.tell(key, change, None, ("", ""));
            }
            News::Ended(end) => {
                self.running.remove(key);
                let reason = match end {
                    End::StartFailed => Some(ServiceEnd::StartFailed),
                    End::Crashed => Some(ServiceEnd::Crashed),
                    End::Killed => Some(ServiceEnd::Killed),
                    End::Stopped => None,
                };
                let change = (before, ServiceState::Stopped);
                self.tell(key, change, reason, ("", ""));
            }
        }
        let entry = self.running.get(key);
        entry.map_or(ServiceState::Stopped, |entry| entry.process.state)
    }

    /// What a program needs before it can start in a directory, if there is a command for it.
    pub(super) fn needs(&self, name: &str, directory: &str) -> Option<Needs> {
        let command = self.programs.command(name).ok()?;
        Some(Needs {
            directory: self.directory(&command, directory),
            ready: match &command.ready {
                Ready::File(file) => Some(file.clone()),
                _ => None,
            },
            program: command.run.into_iter().next(),
        })
    }

    /// Where a program runs.
    fn directory(&self, command: &ServiceCommand, given: &str) -> PathBuf {
        match (given, &command.directory) {
            ("", Some(own)) => PathBuf::from(own),
            ("", None) => self.programs.home.clone(),
            (given, _) => PathBuf::from(given),
        }
    }

    /// Starts a program, with parameters and a directory. Nothing changes if it runs or starts already.
    pub(super) fn start(
        &mut self,
        caller: Caller<'_>,
        name: &str,
        given: (&str, &str),
    ) -> ServiceResult<()> {
        let key = (caller.resource.to_owned(), name.to_owned());
        match self.look(&key) {
            ServiceState::Stopped => {}
            ServiceState::StopPending => {
                return error(
                    ERROR_SERVICE_CANNOT_ACCEPT_CTRL,
                    format!("{name} cannot be started: it is still stopping"),
                );
            }
            ServiceState::StartPending | ServiceState::Running => return Ok(()),
        }
        let mut command = self.programs.command(name)?;
        match split(given.0) {
            Ok(parameters) => command.run.extend(parameters),
            Err(why) => return error(ERROR_INVALID_PARAMETER, why.to_string()),
        }
        if let Ready::File(file) = &command.ready
            && let Err(why) = fs::remove_file(file)
            && why.kind() != io::ErrorKind::NotFound
        {
            // One that is there before would say that it has started.
            let text = format!("{name} cannot be started: {file} cannot be removed: {why}");
            return error(ERROR_SERVICE_CANNOT_ACCEPT_CTRL, text);
        }
        let group = self.group(caller.resource).or_else(|why| {
            let text = format!("{name} cannot be started: no control group for it: {why}");
            error(ERROR_SERVICE_CANNOT_ACCEPT_CTRL, text)
        })?;
        let notify = self.notify(&command).or_else(|why| {
            let text = format!("{name} cannot be started: no socket for what it says: {why}");
            error(ERROR_SERVICE_CANNOT_ACCEPT_CTRL, text)
        })?;
        let socket = notify.as_ref().map(NotifySocket::path);
        let spawned = self.spawn(caller, &command, given.1, (group.as_ref(), socket));
        let child = spawned.or_else(|why| {
            let code = match why.kind() {
                io::ErrorKind::NotFound => ERROR_FILE_NOT_FOUND,
                _ => ERROR_SERVICE_CANNOT_ACCEPT_CTRL,
            };
            error(code, format!("{name} cannot be started: {why}"))
        })?;
        if let Some(place) = ready_at(&command) {
            self.starting.begin(place);
        }
        let entry = Entry {
            process: Process::new(child, command.ready.clone(), group),
            command,
            endpoints: BTreeSet::new(),
            notify,
        };
        self.running.insert(key.clone(), entry);
        let change = (ServiceState::Stopped, ServiceState::StartPending);
        self.tell(&key, change, None, given);
        Ok(())
    }

    /// The socket of a program that says by itself that it has started.
    fn notify(&mut self, command: &ServiceCommand) -> io::Result<Option<NotifySocket>> {
        if command.ready != Ready::Notify {
            return Ok(None);
        }
        let user = match &command.user {
            Some(user) => Some(numbers_of(user)?),
            None => None,
        };
        let name = format!("ready{}.sock", self.started);
        NotifySocket::new(self.programs.sockets.join(name), user).map(Some)
    }

    /// A control group for a program of a resource.
    fn group(&mut self, resource: &str) -> io::Result<Option<Cgroup>> {
        self.started += 1;
        let Some(all) = &self.programs.group else {
            return Ok(None);
        };
        let group = all.below(&format!("{}-{resource}", self.started));
        group.make()?;
        Ok(Some(group))
    }

    /// Starts a command for a resource, in a process group of its own.
    fn spawn(
        &self,
        caller: Caller<'_>,
        command: &ServiceCommand,
        directory: &str,
        (group, notify): (Option<&Cgroup>, Option<&Path>),
    ) -> io::Result<Child> {
        let words = &command.run;
        let missing = || io::Error::new(io::ErrorKind::NotFound, "it names no program");
        let program = words.first().ok_or_else(missing)?;
        let file = find(program).ok_or_else(|| {
            let why = super::missing_program(program).unwrap_or_default();
            io::Error::new(io::ErrorKind::NotFound, why)
        })?;
        let mut process = match self.programs.helper.split_first() {
            Some((helper, first)) => {
                let mut process = Command::new(helper);
                process.args(first);
                if let Some(group) = group {
                    process.arg("--group").arg(group.path());
                }
                if let Some(user) = &command.user {
                    process.arg("--user").arg(user);
                }
                process.arg("--").arg(&file);
                process
            }
            None => Command::new(&file),
        };
        fs::create_dir_all(&self.programs.logs)?;
        let log = self.programs.logs.join(log_name(caller.resource));
        let log = OpenOptions::new().append(true).create(true).open(log)?;
        process
            .args(words.iter().skip(1))
            .current_dir(self.directory(command, directory))
            // The node's own is none of its business.
            .env_remove(NOTIFY_SOCKET)
            .envs(&command.environment)
            .env("QUORATE_NODE", self.programs.node.as_str())
            .env("QUORATE_RESOURCE", caller.resource)
            .env("QUORATE_GROUP", caller.group)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        if let Some(notify) = notify {
            process.env(NOTIFY_SOCKET, notify);
        }
        tell_parent(&mut process).spawn()
    }

    /// Asks a program to stop.
    pub(super) fn stop(&mut self, resource: &str, name: &str) -> ServiceResult<()> {
        let key = (resource.to_owned(), name.to_owned());
        self.look(&key);
        let Some(entry) = self.running.get(&key) else {
            return Ok(());
        };
        let before = entry.process.state;
        if before == ServiceState::StopPending {
            return Ok(());
        }
        let mut stopping = None;
        if !entry.command.stop.is_empty() {
            let command = ServiceCommand {
                run: entry.command.stop.clone(),
                ..entry.command.clone()
            };
            let caller = Caller {
                resource,
                kind: "",
                group: "",
            };
            // A stop command that cannot be started leaves SIGTERM.
            stopping = self.spawn(caller, &command, "", (None, None)).ok();
        }
        if let Some(entry) = self.running.get_mut(&key) {
            entry.process.stop(stopping);
        }
        let change = (before, ServiceState::StopPending);
        self.tell(&key, change, None, ("", ""));
        Ok(())
    }

    /// Kills a program with all that it has started: when this returns, nothing of it is left.
    pub(super) fn kill(&mut self, resource: &str, name: &str) -> ServiceResult<()> {
        let key = (resource.to_owned(), name.to_owned());
        let Some(entry) = self.running.get_mut(&key) else {
            return Ok(());
        };
        let before = entry.process.state;
        if let Err(why) = entry.process.kill() {
            let text = format!("{name} was killed, and something of it is still there: {why}");
            return error(ERROR_SERVICE_REQUEST_TIMEOUT, text);
        }
        self.running.remove(&key);
        let change = (before, ServiceState::Stopped);
        self.tell(&key, change, Some(ServiceEnd::Killed), ("", ""));
        Ok(())
    }

    /// Kills every program.
    pub(super) fn kill_all(&mut self) {
        let all: Vec<_> = self.running.keys().cloned().collect();
        for (resource, name) in all {
            // One that hangs in the kernel cannot be ended by anybody.
            let _ = self.kill(&resource, &name);
        }
    }

    /// What the controller says of a program.
    pub(super) fn state(&mut self, resource: &str, name: &str) -> ServiceResult<ServiceState> {
        let key = (resource.to_owned(), name.to_owned());
        Ok(self.look(&key))
    }

    /// A program answers at an endpoint from now on, or does not any more.
    pub(super) fn listen(
        &mut self,
        resource: &str,
        name: &str,
        endpoint: &Endpoint,
        listen: bool,
    ) -> ServiceResult<()> {
        let key = (resource.to_owned(), name.to_owned());
        match (self.running.get_mut(&key), listen) {
            (Some(entry), true) => {
                entry.endpoints.insert(endpoint.clone());
            }
            (Some(entry), false) => {
                entry.endpoints.remove(endpoint);
            }
            (None, false) => {}
            (None, true) => {
                return error(ERROR_SERVICE_NOT_ACTIVE, format!("{name} is not running"));
            }
        }
        Ok(())
    }

    /// Where a program that runs can be asked; `None` if nothing is known of that.
    pub(super) fn asked_at(
        &mut self,
        resource: &str,
        name: &str,
    ) -> ServiceResult<Option<Endpoint>> {
        let key = (resource.to_owned(), name.to_owned());
        if self.look(&key) != ServiceState::Running {
            return error(ERROR_SERVICE_NOT_ACTIVE, format!("{name} is not running"));
        }
        let entry = self.running.get(&key);
        Ok(entry.and_then(|entry| {
            // What the administrator of this machine says goes first.
            let asked = entry.command.ask.clone().map(Endpoint::Ask);
            let first = asked.or_else(|| entry.endpoints.first().cloned());
            first.or_else(|| ready_at(&entry.command))
        }))
    }
}

/// The variable that tells a program where it says that it has started.
const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";

/// The numbers of a user of this machine, and of its group.
fn numbers_of(user: &str) -> io::Result<(u32, u32)> {
    let known = fs::read_to_string("/etc/passwd")?;
    let missing = || io::Error::new(io::ErrorKind::NotFound, format!("there is no user {user}"));
    crate::user_numbers(&known, user).ok_or_else(missing)
}

/// The name of a resource's log: only letters that every file system takes.
fn log_name(resource: &str) -> String {
    let plain = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' => letter,
        _ => '_',
    };
    let name: String = resource.chars().map(plain).collect();
    format!("{name}.log")
}
