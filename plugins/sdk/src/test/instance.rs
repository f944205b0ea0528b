//! One open resource: calls of the table's entries in the way a host makes them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ptr;
use std::rc::{Rc, Weak};

use quorate_abi::{self as abi, QrInstance, QrResid, QrTable, QrWork};

use super::tables::HOST;
use super::world::World;
use crate::export::{Export, set_host};
use crate::raw;
use crate::{Error, Operation, Resource};

/// A resource's state, as its monitor sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Out of service.
    Offline,
    /// Coming into service.
    OnlinePending,
    /// In service.
    Online,
    /// Going out of service.
    OfflinePending,
    /// Failed, and terminated.
    Failed,
}

/// How a resource's arbitration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arbitration {
    /// It defends nothing.
    None,
    /// It challenges.
    Pending,
    /// It won, and defends.
    Won,
    /// It did not win, and why.
    Refused(String),
    /// It has lost a reservation that it had won (`QuorumResourceLost`), and why.
    Lost(String),
}

/// A resource that another one depends on, for the properties service.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) source: Source,
}

/// The source of a provider's properties.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// It is open in this world.
    Open(Weak<Opened>),
    /// It exists only as a list of properties.
    Facts(BTreeMap<String, String>),
}

impl Provider {
    /// The present value of a property: the published one, or the configured one.
    pub(super) fn property(&self, name: &str) -> Option<String> {
        match &self.source {
            Source::Facts(properties) => properties.get(name).cloned(),
            Source::Open(opened) => {
                let opened = opened.upgrade()?;
                let published = opened.facts.published.borrow().get(name).cloned();
                published.or_else(|| opened.facts.properties.borrow().get(name).cloned())
            }
        }
    }
}

/// The host's data about a resource.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) node: String,
    pub(super) group: String,
    pub(super) properties: RefCell<BTreeMap<String, String>>,
    /// Published values, while it is in service.
    pub(super) published: RefCell<BTreeMap<String, String>>,
    pub(super) providers: Vec<Provider>,
    pub(super) pending_timeout_ms: u64,
}

/// The next time for each kind of the monitor's work.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    pub(super) work: Cell<Option<u64>>,
    pub(super) looks_alive: Cell<Option<u64>>,
    pub(super) is_alive: Cell<Option<u64>>,
    pub(super) timeout: Cell<Option<u64>>,
}

#[derive(Debug)]
pub(super) struct Opened {
    pub(super) world: World,
    pub(super) facts: Facts,
    pub(super) looks_alive_ms: u64,
    pub(super) is_alive_ms: u64,
    table: &'static QrTable,
    resid: Cell<QrResid>,
    inside: Cell<bool>,
    dead: Cell<bool>,
    pub(super) state: Cell<State>,
    pub(super) pending: Cell<Option<Operation>>,
    pub(super) arbitration: RefCell<Arbitration>,
    pub(super) schedule: Schedule,
    pub(super) checkpoint: Cell<u32>,
    pub(super) has_event: Cell<bool>,
    pub(super) failure: RefCell<String>,
}

impl Opened {
    pub(super) fn open<T: Resource>(world: World, facts: Facts) -> Result<Rc<Self>, Error> {
        set_host(&raw const HOST);
        let opened = Rc::new(Opened {
            world,
            facts,
            looks_alive_ms: T::TYPE.looks_alive_ms.into(),
            is_alive_ms: T::TYPE.is_alive_ms.into(),
            table: Export::<T>::TABLE,
            resid: Cell::new(ptr::null_mut()),
            inside: Cell::new(false),
            dead: Cell::new(false),
            state: Cell::new(State::Offline),
            pending: Cell::new(None),
            arbitration: RefCell::new(Arbitration::None),
            schedule: Schedule::default(),
            checkpoint: Cell::new(0),
            has_event: Cell::new(false),
            failure: RefCell::new(String::new()),
        });
        let code = opened.enter(|table, _| {
            let mut resid = ptr::null_mut();
            let code = match table.open {
                // SAFETY: the instance lives in an `Rc` until after `close`.
                Some(open) => unsafe {
                    open(
                        raw::text(&opened.facts.name),
                        Rc::as_ptr(&opened).cast::<QrInstance>(),
                        &raw mut resid,
                    )
                },
                None => abi::ERROR_NOT_SUPPORTED,
            };
            opened.resid.set(resid);
            code
        });
        if code == abi::ERROR_SUCCESS {
            Ok(opened)
        } else {
            opened.dead.set(true);
            let log = opened.world.log();
            let why = log
                .last()
                .map_or_else(String::new, |(_, _, line)| line.clone());
            Err(Error::new(code, why))
        }
    }

    /// Calls an entry; the host's services answer only during such a call.
    fn enter<R>(&self, entry: impl FnOnce(&QrTable, QrResid) -> R) -> R {
        let was_inside = self.inside.replace(true);
        let result = entry(self.table, self.resid.get());
        self.inside.set(was_inside);
        result
    }

    pub(super) fn is_inside(&self) -> bool {
        self.inside.get()
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.get()
    }

    /// Calls an entry that reports progress; `None` if the type does not have it.
    pub(super) fn call(
        &self,
        pick: impl FnOnce(&QrTable) -> Option<unsafe extern "C" fn(QrResid, *mut QrWork) -> u32>,
    ) -> Option<(u32, QrWork)> {
        let mut work = QrWork {
            size: size_of::<QrWork>() as u32,
            wait_ms: 0,
            checkpoint: 0,
            has_event: 0,
            signal: 0,
            quorum_lost: 0,
        };
        self.enter(|table, resid| {
            let entry = pick(table)?;
            // SAFETY: the handle that `open` gave, and a block of the size it says.
            let code = unsafe { entry(resid, &raw mut work) };
            Some((code, work))
        })
    }

    pub(super) fn call_terminate(&self) {
        self.enter(|table, resid| {
            if let Some(terminate) = table.terminate {
                // SAFETY: the handle that `open` gave.
                unsafe { terminate(resid) }
            }
        });
    }

    pub(super) fn call_release(&self) -> u32 {
        self.enter(|table, resid| match table.release {
            // SAFETY: the handle that `open` gave.
            Some(release) => unsafe { release(resid) },
            None => abi::ERROR_NOT_SUPPORTED,
        })
    }

    pub(super) fn call_check(&self, thorough: bool) -> bool {
        self.enter(|table, resid| {
            let check = if thorough {
                table.is_alive
            } else {
                table.looks_alive
            };
            // SAFETY: the handle that `open` gave.
            check.is_some_and(|check| unsafe { check(resid) } == 1)
        })
    }

    fn call_control(&self, code: u32, input: &[u8]) -> Result<Vec<u8>, u32> {
        self.enter(|table, resid| {
            let control = table.resource_control.ok_or(abi::ERROR_INVALID_FUNCTION)?;
            let mut output = Vec::new();
            loop {
                let mut returned = 0;
                // SAFETY: input and output are blocks of the lengths given.
                let result = unsafe {
                    control(
                        resid,
                        code,
                        input.as_ptr(),
                        input.len() as u64,
                        output.as_mut_ptr(),
                        output.len() as u64,
                        &raw mut returned,
                    )
                };
                let needed = usize::try_from(returned).unwrap_or(usize::MAX);
                match result {
                    abi::ERROR_SUCCESS => {
                        output.truncate(needed);
                        return Ok(output);
                    }
                    abi::ERROR_MORE_DATA if needed > output.len() => output.resize(needed, 0),
                    code => return Err(code),
                }
            }
        })
    }

    pub(super) fn last_error(&self) -> String {
        self.enter(|table, resid| {
            let Some(last_error) = table.last_error else {
                return String::new();
            };
            let mut buffer = vec![0u8; 4_096];
            // SAFETY: the handle that `open` gave, and a buffer of the length given.
            let len = unsafe { last_error(resid, buffer.as_mut_ptr(), buffer.len() as u64) };
            buffer.truncate(usize::try_from(len).unwrap_or(usize::MAX));
            String::from_utf8_lossy(&buffer).into_owned()
        })
    }

    /// Its node lost power: it is never called again except for `close`, in which no host service answers.
    pub(super) fn die(&self) {
        self.dead.set(true);
        self.state.set(State::Offline);
        self.unpublish();
        self.pending.set(None);
        self.schedule.work.set(None);
        self.schedule.timeout.set(None);
        self.stop_polls();
        self.arbitration.replace(Arbitration::None);
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let resid = self.resid.replace(ptr::null_mut());
        if resid.is_null() {
            return;
        }
        if !self.dead.get() {
            self.resid.set(resid);
            self.call_terminate();
        }
        // As on a host whose machine is gone, every request by `close` is refused.
        if let Some(close) = self.table.close {
            // SAFETY: the handle that `open` gave, for the last time.
            unsafe { close(resid) };
        }
    }
}

/// An open resource. Dropping it terminates and closes it.
#[derive(Debug)]
pub struct Instance {
    pub(super) opened: Rc<Opened>,
}

impl Instance {
    /// Its state.
    pub fn state(&self) -> State {
        self.opened.state.get()
    }

    /// How its arbitration stands.
    pub fn arbitration(&self) -> Arbitration {
        self.opened.arbitration.borrow().clone()
    }

    /// Why it failed, or else what its `last_error` says.
    pub fn last_error(&self) -> String {
        let failure = self.opened.failure.borrow().clone();
        if failure.is_empty() {
            self.opened.last_error()
        } else {
            failure
        }
    }

    /// Sets a property: decimal for numbers, one line an entry for lists.
    ///
    /// # Panics
    /// If the type lists none of this name.
    #[track_caller]
    pub fn set(&self, property: &str, value: impl ToString) {
        super::world::must_be_listed(&self.opened.facts, property);
        let mut properties = self.opened.facts.properties.borrow_mut();
        properties.insert(property.to_owned(), value.to_string());
    }

    /// The value that it has published under this name for its dependents.
    pub fn published(&self, name: &str) -> Option<String> {
        self.opened.facts.published.borrow().get(name).cloned()
    }

    /// The checkpoint that it has stored under this key.
    pub fn checkpoint(&self, key: &str) -> Option<Vec<u8>> {
        let key = (self.opened.facts.name.clone(), key.to_owned());
        let world = &self.opened.world;
        world.physical(|physical| physical.checkpoints.get(&key).cloned())
    }

    /// Brings it online and lets time pass until that has ended.
    ///
    /// # Errors
    /// It failed, and has been terminated.
    pub fn online(&self) -> Result<(), Error> {
        self.begin_online()?;
        self.opened.finish()
    }

    /// Calls `online` and lets no time pass.
    ///
    /// # Errors
    /// It failed at once, and has been terminated.
    pub fn begin_online(&self) -> Result<(), Error> {
        self.opened.begin(Operation::Online)
    }

    /// Takes it offline and lets time pass until that has ended.
    ///
    /// # Errors
    /// It failed, and has been terminated.
    pub fn offline(&self) -> Result<(), Error> {
        self.begin_offline()?;
        self.opened.finish()
    }

    /// Calls `offline` and lets no time pass.
    ///
    /// # Errors
    /// It failed at once, and has been terminated.
    pub fn begin_offline(&self) -> Result<(), Error> {
        self.opened.begin(Operation::Offline)
    }

    /// Arbitrates and lets time pass until that has ended.
    ///
    /// # Errors
    /// It did not win.
    pub fn arbitrate(&self) -> Result<(), Error> {
        self.begin_arbitrate()?;
        self.opened.finish()
    }

    /// Calls `arbitrate` and lets no time pass.
    ///
    /// # Errors
    /// It was refused at once.
    pub fn begin_arbitrate(&self) -> Result<(), Error> {
        self.opened.begin(Operation::Arbitrate)
    }

    /// Gives a won reservation up.
    ///
    /// # Errors
    /// What `release` said.
    pub fn release(&self) -> Result<(), Error> {
        let code = self.opened.call_release();
        self.opened.arbitration.replace(Arbitration::None);
        if code == abi::ERROR_SUCCESS {
            return Ok(());
        }
        Err(Error::new(code, self.opened.last_error()))
    }

    /// Takes it out of service at once. Ends Offline.
    pub fn terminate(&self) {
        self.opened.failure.borrow_mut().clear();
        self.opened.terminate(State::Offline);
    }

    /// Calls `is_alive` without acting on the answer.
    ///
    /// # Errors
    /// Why it is not alive.
    pub fn is_alive(&self) -> Result<(), String> {
        if self.opened.call_check(true) {
            Ok(())
        } else {
            Err(self.opened.last_error())
        }
    }

    /// Calls `looks_alive` without acting on the answer.
    ///
    /// # Errors
    /// Why it does not look alive.
    pub fn looks_alive(&self) -> Result<(), String> {
        if self.opened.call_check(false) {
            Ok(())
        } else {
            Err(self.opened.last_error())
        }
    }

    /// Sends a control code.
    ///
    /// # Errors
    /// The type's code and sentence; 1 if it leaves the code to the host.
    pub fn control(&self, code: u32, input: &[u8]) -> Result<Vec<u8>, Error> {
        self.opened
            .call_control(code, input)
            .map_err(|code| Error::new(code, self.opened.last_error()))
    }

    /// Whether it watches itself, so that LooksAlive is not polled.
    pub fn has_event(&self) -> bool {
        self.opened.has_event.get()
    }

    pub(super) fn as_providers(&self) -> Vec<Provider> {
        let facts = &self.opened.facts;
        let mut all = vec![Provider {
            kind: facts.kind.to_owned(),
            name: facts.name.clone(),
            source: Source::Open(Rc::downgrade(&self.opened)),
        }];
        all.extend(facts.providers.iter().cloned());
        all
    }
}
