//! A bench: one library under test in a world of its own, with the calls that a resource monitor would make.

mod controls;
mod known;
mod operations;
mod providers;

use std::sync::Arc;
use std::time::{Duration, Instant};

use quorate_abi::{self as abi, QrResid, error_name};
use quorate_host::direct::{Directory, Entries, Frame, Handle, Image, Mailbox, Traces, enter};
use quorate_host::{Change, LibraryInfo, PluginSet, TypeInfo};
use quorate_model::monitor::ResourceSpec;
use quorate_model::{Checkpoints, Lasting, Name, ResourceProperties, ResourceState, Time, Value};

pub(super) use self::known::take_wanted;
use self::known::{Known, Wanted};
use self::providers::Supply;
use super::properties::{self, NETWORK};
use super::world::{PROVIDED_PORT, PROVIDED_SERVICE, PROVIDER, World};
use super::{Case, ENTRY_MAX, Stop, witness};

/// An operation that may take time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Online,
    Offline,
    Arbitrate,
}

impl Op {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Op::Online => "online",
            Op::Offline => "offline",
            Op::Arbitrate => "arbitrate",
        }
    }
}

/// The state of an instance, as the contract defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Offline,
    Pending(Op),
    Online,
    /// An operation failed, and `terminate` must be called next.
    Failed,
}

/// An open instance.
#[derive(Debug)]
struct Open {
    spec: ResourceSpec,
    machine: usize,
    handle: Handle,
    resid: QrResid,
    entries: Entries,
    mailbox: Option<Mailbox>,
    state: State,
    /// Its state before it began to arbitrate.
    before: State,
    defending: bool,
    due: Option<Time>,
    checkpoint: u32,
    deadline: Time,
    signalled: bool,
    lost: bool,
    /// The code with which its last operation ended.
    ended: Option<u32>,
    /// Whether it is none of the type under test, but a resource that such a one depends on.
    provider: bool,
    /// The `PendingTimeout` of its type.
    timeout_ms: u32,
}

/// What is opened.
struct Opening<'n> {
    spec: ResourceSpec,
    machine: usize,
    /// Its name, which may be any bytes.
    name: &'n [u8],
    entries: Entries,
    has_threads: bool,
    timeout_ms: u32,
    provider: bool,
}

/// The number of an instance on the bench.
pub(super) type Id = usize;

/// A library under test, its instances, and their world.
pub(super) struct Bench<'a> {
    case: &'a Case<'a>,
    pub(super) world: World,
    pub(super) info: LibraryInfo,
    pub(super) kind: TypeInfo,
    directory: Directory,
    /// The type's entries, by machine.
    entries: Vec<Entries>,
    opens: Vec<Option<Open>>,
    /// The types of which there are providers beside the made-up ones, in the order in which they go online.
    supplies: Vec<Supply>,
    /// The resources of these types.
    providers: Vec<Id>,
    /// What a provider lacks, in words.
    ailing: Vec<String>,
    /// The types of providers that were asked for, and that nothing here is of.
    wanted: Wanted,
    /// All calls and their results, in order.
    pub(super) trace: Vec<String>,
    /// How long each call took.
    pub(super) took: Vec<(&'static str, Duration)>,
    /// Calls that took longer than [`ENTRY_MAX`](super::ENTRY_MAX).
    pub(super) slow: Vec<String>,
    /// Calls that returned the code of a panic.
    pub(super) panics: Vec<String>,
    /// The error that the last `open` wrote to the log, with a colon before it; empty if there was none.
    pub(super) complaint: String,
    /// What calls changed of the process, by the entry; `load` is the library's own.
    pub(super) changes: Vec<(&'static str, Change)>,
    /// Answers that the contract does not allow.
    pub(super) odd: Vec<String>,
    been_open: bool,
    been_online: bool,
}

/// A code with its name.
pub(super) fn code_text(code: u32) -> String {
    match error_name(code) {
        Some(name) => format!("error {code} ({name})"),
        None => format!("error {code}"),
    }
}

impl<'a> Bench<'a> {
    /// Loads the library of a case for the case's type.
    pub(super) fn new(case: &'a Case<'a>) -> Result<Bench<'a>, Stop> {
        witness::mark_home_thread();
        case.before("load")?;
        let image = Image::open_for(&case.file, witness::host()).map_err(|_| {
            Stop::skipped("the host does not load this library: see the tests of the library")
        })?;
        let missing = || Stop::skipped(format!("the library has no type `{}`", case.kind));
        let index = image.info.types.iter().position(|it| it.name == case.kind);
        let index = index.ok_or_else(missing)?;
        let kind = image.info.types.get(index).cloned().ok_or_else(missing)?;
        let entries_of = |image: &Image| {
            let all = image
                .entries()
                .map_err(|error| Stop::failed(error.to_string()))?;
            all.get(index).copied().ok_or_else(missing)
        };
        let mut entries = vec![entries_of(&image)?];
        if image.info.is_stateless() {
            entries.push(entries[0]);
        } else {
            // The second machine has an image with statics of its own, as each node of a drill has.
            let copy = Image::open_copy_for(&case.file, witness::host())
                .map_err(|error| Stop::failed(format!("a second copy does not load: {error}")))?;
            entries.push(entries_of(&copy)?);
        }
        let info = image.info.clone();
        let loaded = image.changes().iter().cloned();
        let image_changes = loaded.map(|change| ("load", change)).collect();
        let mut set = PluginSet::empty();
        let own = image
            .entries()
            .map_err(|error| Stop::failed(error.to_string()));
        let own = own?.to_vec();
        set.insert(image)
            .map_err(|error| Stop::failed(error.to_string()))?;
        let supplies = providers::supplies(case, &info, &own, &mut set)?;
        let mut bench = Bench {
            case,
            world: World::default(),
            info,
            kind,
            directory: Directory::new(Arc::new(set)),
            entries,
            opens: Vec::new(),
            supplies,
            providers: Vec::new(),
            ailing: Vec::new(),
            wanted: Wanted::default(),
            trace: Vec::new(),
            took: Vec::new(),
            slow: Vec::new(),
            panics: Vec::new(),
            complaint: String::new(),
            changes: image_changes,
            odd: Vec::new(),
            been_open: false,
            been_online: false,
        };
        bench.renew_world()?;
        Ok(bench)
    }

    /// Replaces the world by a fresh one, in which everything is provided that a resource may depend on.
    pub(super) fn renew_world(&mut self) -> Result<(), Stop> {
        self.dismiss_providers()?;
        self.world = World::default();
        // Checkpoints belong to the old world, so they are forgotten.
        let known: Vec<Name> = self.directory.names().cloned().collect();
        for name in &known {
            self.directory.restore(name, Checkpoints::default());
        }
        for number in 0..2 {
            let (address, name, disk) = (
                format!("10.0.0.3{number}"),
                format!("PROVIDED-{number}"),
                format!("Disk P{number}:"),
            );
            self.world.provide(&address, NETWORK, &name, &disk);
            let text = |name: &str, value: &str| (name.to_owned(), Value::Text(value.to_owned()));
            let stock = [
                (
                    "IP Address",
                    vec![
                        text("Address", &address),
                        text("SubnetMask", "255.255.255.0"),
                        text("Network", NETWORK),
                    ],
                ),
                ("Network Name", vec![text("Name", &name)]),
                ("Physical Disk", vec![text("Disk", &disk)]),
                (
                    "Generic Application",
                    vec![
                        text("CommandLine", PROVIDED_SERVICE),
                        text("Protocol", "http"),
                        ("Port".to_owned(), Value::Dword(PROVIDED_PORT.into())),
                    ],
                ),
            ];
            let server = provider_name("Generic Application", number);
            self.world.provide_service(&server, &address);
            for (kind, values) in stock {
                self.provide(kind, number, values);
            }
        }
        self.engage_providers()
    }

    /// Adds a provider that is online to the directory, unless it is there.
    fn provide(&mut self, kind: &str, number: usize, values: Vec<(String, Value)>) {
        let name: Name = provider_name(kind, number).as_str().into();
        // A value that the author gave goes before a made-up one, here as well.
        let given = self
            .case
            .settings
            .properties
            .get(kind)
            .into_iter()
            .flatten();
        let mut values = values;
        for (property, value) in given {
            values.retain(|(known, _)| !known.eq_ignore_ascii_case(property));
            values.push((property.clone(), value.clone()));
        }
        if kind == self.kind.name || self.directory.contains(&name) {
            return;
        }
        let mut spec = bare(&name, kind);
        spec.properties.private.extend(values);
        self.directory.insert(spec);
        self.directory.set_state(&name, ResourceState::Online);
    }

    /// The values of a type's properties: those that the author gave, and made-up ones for the rest.
    fn values(&self, kind: &TypeInfo, number: usize) -> Vec<(String, Value)> {
        let given = self.case.settings.properties.get(&kind.name);
        let made = kind.properties.iter().filter_map(|property| {
            let value = properties::value(property, number)?;
            Some((property.name.clone(), value))
        });
        let mut values: Vec<(String, Value)> = made.collect();
        for (name, value) in given.into_iter().flatten() {
            values.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            values.push((name.clone(), value.clone()));
        }
        values
    }

    /// The specification of the resource with this number.
    pub(super) fn spec(&self, number: usize) -> ResourceSpec {
        let name: Name = format!("Tester {number}").as_str().into();
        let mut spec = bare(&name, &self.kind.name);
        let suffix = format!(" {number}");
        spec.depends_on = self
            .directory
            .names()
            .filter(|name| name.starts_with(PROVIDER) && name.ends_with(&suffix))
            .cloned()
            .collect();
        spec.properties.private = self.values(&self.kind, number).into_iter().collect();
        spec
    }

    /// Opens the resource with this number on the first machine.
    pub(super) fn open(&mut self, number: usize) -> Result<Id, Stop> {
        let spec = self.spec(number);
        self.open_spec(spec, 0)
    }

    /// As [`open`](Self::open), with a given specification and on a given machine.
    pub(super) fn open_spec(&mut self, spec: ResourceSpec, machine: usize) -> Result<Id, Stop> {
        let name = spec.name.to_string();
        match self.try_open(spec, machine, name.as_bytes())? {
            Ok(id) => {
                self.been_open = true;
                Ok(id)
            }
            Err(code) => {
                let why = format!("`open` failed with {}{}", code_text(code), self.complaint);
                Err(if self.been_open {
                    Stop::failed(why)
                } else {
                    Stop::skipped(format!("{why}: see life-open-close"))
                })
            }
        }
    }

    /// Opens a resource under a name that may be any bytes. Returns the instance, or the code of `open`.
    pub(super) fn try_open(
        &mut self,
        spec: ResourceSpec,
        machine: usize,
        name: &[u8],
    ) -> Result<Result<Id, u32>, Stop> {
        self.open_with(Opening {
            spec,
            machine,
            name,
            entries: self.entries[machine],
            has_threads: self.info.has_threads(),
            timeout_ms: self.kind.pending_timeout_ms,
            provider: false,
        })
    }

    /// Opens a resource of whatever type. Returns the instance, or the code of `open`.
    fn open_with(&mut self, opening: Opening<'_>) -> Result<Result<Id, u32>, Stop> {
        let Opening {
            spec,
            machine,
            name,
            entries,
            has_threads,
            timeout_ms,
            provider,
        } = opening;
        self.announce("open", provider.then_some(&spec.name))?;
        // Checkpoints follow the resource to the other machine.
        let checkpoints = self.directory.checkpoints(&spec.name);
        self.directory.insert(spec.clone());
        self.directory.restore(&spec.name, checkpoints);
        let handle = Handle::new();
        let mailbox = has_threads.then(|| Mailbox::new(handle));
        let mut resid: QrResid = std::ptr::null_mut();
        self.world.here = machine;
        let asker = (!provider).then_some(&self.kind.name);
        let known = Known::new(&self.directory, self.world.faults, &self.wanted, asker);
        let seen = self.world.seen();
        witness::enter("open", handle.as_ptr().addr(), &spec.name);
        let frame = Frame::new(handle, Some(&mut self.world), &known, &spec)
            .calling(&self.info.name, "open")
            .thoroughly();
        let name = abi::QrStr {
            ptr: name.as_ptr(),
            len: name.len() as u64,
        };
        let began = Instant::now();
        let (code, traces) = enter(frame, || {
            // SAFETY: this opens a new instance; the text and the place for the result outlive the call.
            unsafe { (entries.open)(name, handle.as_ptr(), &raw mut resid) }
        });
        witness::leave();
        let complaint = traces.complaint().map(|text| format!(": {text}"));
        let complaint = complaint.unwrap_or_default();
        if provider {
            self.overlook(seen);
        } else {
            self.note("open", began.elapsed(), traces);
            self.trace.push(format!("open: {code}"));
            if code == abi::ERROR_PANIC {
                self.panics.push(format!("`open`{complaint}"));
            }
        }
        self.complaint = complaint;
        if code != abi::ERROR_SUCCESS {
            return Ok(Err(code));
        }
        self.opens.push(Some(Open {
            spec,
            machine,
            handle,
            resid,
            entries,
            mailbox,
            state: State::Offline,
            before: State::Offline,
            defending: false,
            due: None,
            checkpoint: 0,
            deadline: Time::ZERO,
            signalled: false,
            lost: false,
            ended: None,
            provider,
            timeout_ms,
        }));
        Ok(Ok(self.opens.len() - 1))
    }

    fn note(&mut self, entry: &'static str, took: Duration, traces: Traces) {
        let changes = traces.changes.into_iter();
        self.changes.extend(changes.map(|change| (entry, change)));
        self.took.push((entry, took));
        if took > ENTRY_MAX {
            self.slow.push(format!(
                "`{entry}` took {}",
                Lasting(took).to(Duration::from_millis(1))
            ));
        }
        self.trace.extend(self.world.take_asked());
        let saved = self.directory.take_saved().into_iter();
        self.trace
            .extend(saved.map(|it| format!("keep {} bytes as `{}`", it.bytes.len(), it.key)));
        let log = traces.log.into_iter();
        self.trace
            .extend(log.map(|(_, line)| format!("log: {line}")));
    }

    /// Forgets what a provider asked of the world.
    fn overlook(&mut self, seen: (usize, bool)) {
        self.world.forget(seen);
        self.directory.take_saved();
    }

    fn get(&self, id: Id) -> Result<&Open, Stop> {
        let open = self.opens.get(id).and_then(Option::as_ref);
        open.ok_or_else(|| Stop::failed("the tester lost an instance"))
    }

    fn get_mut(&mut self, id: Id) -> Result<&mut Open, Stop> {
        let open = self.opens.get_mut(id).and_then(Option::as_mut);
        open.ok_or_else(|| Stop::failed("the tester lost an instance"))
    }

    /// Calls an entry of an instance, which can reach the world during the call.
    pub(super) fn call<R>(
        &mut self,
        id: Id,
        entry: &'static str,
        call: impl FnOnce(&Entries, QrResid) -> R,
    ) -> Result<R, Stop> {
        let open = self.get(id)?;
        self.announce(entry, open.provider.then_some(&open.spec.name))?;
        let open = self
            .opens
            .get(id)
            .and_then(Option::as_ref)
            .ok_or_else(|| Stop::failed("the tester lost an instance"))?;
        self.world.here = open.machine;
        let provider = open.provider;
        let asker = (!provider).then_some(&self.kind.name);
        let known = Known::new(&self.directory, self.world.faults, &self.wanted, asker);
        let seen = self.world.seen();
        witness::enter(entry, open.handle.as_ptr().addr(), &open.spec.name);
        let frame = Frame::new(open.handle, Some(&mut self.world), &known, &open.spec)
            .calling(&self.info.name, entry)
            .thoroughly();
        let began = Instant::now();
        let (result, traces) = enter(frame, || call(&open.entries, open.resid));
        witness::leave();
        if provider {
            self.overlook(seen);
        } else {
            self.note(entry, began.elapsed(), traces);
        }
        Ok(result)
    }

    /// Announces a call; `provider` is the name of the resource if it is none of the type under test.
    fn announce(&self, entry: &str, provider: Option<&Name>) -> Result<(), Stop> {
        match provider {
            None => self.case.before(entry),
            Some(name) => self.case.before(&format!("{entry} of {name}")),
        }
    }

    /// Adds a line to the trace, if it is about an instance of the type under test.
    fn tell(&mut self, id: Id, line: impl FnOnce() -> String) {
        if !self.is_provider(id) {
            self.trace.push(line());
        }
    }

    /// Whether it is a resource that those under test depend on.
    fn is_provider(&self, id: Id) -> bool {
        self.get(id).is_ok_and(|open| open.provider)
    }

    fn timeout_ms(&self, id: Id) -> u32 {
        self.get(id).map_or(0, |open| open.timeout_ms)
    }

    /// The code with which its last operation ended; `None` if that is pending, or if there was none.
    pub(super) fn ended(&self, id: Id) -> Result<Option<u32>, Stop> {
        Ok(self.get(id)?.ended)
    }

    /// The state of an instance.
    pub(super) fn state(&self, id: Id) -> Result<State, Stop> {
        Ok(self.get(id)?.state)
    }

    /// When `work` is to be called next; `None` if the type did not ask for it.
    pub(super) fn due(&self, id: Id) -> Result<Option<Time>, Stop> {
        Ok(self.get(id)?.due)
    }

    pub(super) fn is_defending(&self, id: Id) -> Result<bool, Stop> {
        Ok(self.get(id)?.defending)
    }

    /// Whether it reported that its reservation is lost.
    pub(super) fn has_lost(&self, id: Id) -> Result<bool, Stop> {
        Ok(self.get(id)?.lost)
    }

    /// The handle by which the plugin knows an instance, as a number.
    pub(super) fn handle(&self, id: Id) -> Result<usize, Stop> {
        Ok(self.get(id)?.handle.as_ptr().addr())
    }
}

fn provider_name(kind: &str, number: usize) -> String {
    format!("{PROVIDER}{kind} {number}")
}

fn bare(name: &Name, kind: &str) -> ResourceSpec {
    ResourceSpec {
        name: name.clone(),
        kind: kind.into(),
        group: "Tester".into(),
        depends_on: Vec::new(),
        properties: ResourceProperties::default(),
    }
}
