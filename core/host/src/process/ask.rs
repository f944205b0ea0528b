//! What a plugin in a monitor process asks of its host: asked there, answered here.

use std::borrow::Cow;
use std::cell::RefCell;

use quorate_abi as abi;
use quorate_model::monitor::ResourceSpec;
use quorate_model::{Name, Reason, Time};
use serde::{Deserialize, Serialize};

use super::wire::{Channel, ToHost, ToMonitor};
use crate::table::Knowledge;
use crate::{Caller, Reservation, ServiceResult, ServiceState, Services};

/// What the host's side of a call has behind it.
pub(crate) struct CallContext<'a> {
    pub(crate) services: &'a mut dyn Services,
    pub(crate) known: &'a dyn Knowledge,
    /// On whose behalf everything is asked: the host's word, not the process's.
    pub(crate) spec: &'a ResourceSpec,
}

/// What the answer to a question may be made of.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Answer {
    Done,
    Flag(bool),
    Number(u64),
    Signed(i64),
    State(ServiceState),
    Holder(Reservation),
    Text(String),
    Texts(Vec<String>),
    Pairs(Vec<(Name, Name)>),
    Bytes(Vec<u8>),
    Lease(String, u32),
    Absent,
    Refused(Reason),
}

/// A type that one kind of [`Answer`] carries.
trait Carried: Sized {
    fn pack(self) -> Answer;
    fn unpack(answer: Answer) -> Option<Self>;
}

macro_rules! carried {
    ($($ty:ty: $variant:ident,)+) => {$(
        impl Carried for $ty {
            fn pack(self) -> Answer {
                Answer::$variant(self)
            }
            fn unpack(answer: Answer) -> Option<Self> {
                match answer {
                    Answer::$variant(value) => Some(value),
                    _ => None,
                }
            }
        }
    )+};
}

carried! {
    bool: Flag,
    u64: Number,
    i64: Signed,
    ServiceState: State,
    Reservation: Holder,
    String: Text,
    Vec<String>: Texts,
    Vec<(Name, Name)>: Pairs,
    Vec<u8>: Bytes,
}

impl Carried for () {
    fn pack(self) -> Answer {
        Answer::Done
    }
    fn unpack(answer: Answer) -> Option<Self> {
        matches!(answer, Answer::Done).then_some(())
    }
}

impl Carried for u32 {
    fn pack(self) -> Answer {
        Answer::Number(self.into())
    }
    fn unpack(answer: Answer) -> Option<Self> {
        u32::try_from(u64::unpack(answer)?).ok()
    }
}

impl Carried for Time {
    fn pack(self) -> Answer {
        Answer::Number(self.0)
    }
    fn unpack(answer: Answer) -> Option<Self> {
        u64::unpack(answer).map(Time)
    }
}

impl Carried for (String, u32) {
    fn pack(self) -> Answer {
        Answer::Lease(self.0, self.1)
    }
    fn unpack(answer: Answer) -> Option<Self> {
        match answer {
            Answer::Lease(address, seconds) => Some((address, seconds)),
            _ => None,
        }
    }
}

impl<T: Carried> Carried for Option<T> {
    fn pack(self) -> Answer {
        self.map_or(Answer::Absent, T::pack)
    }
    fn unpack(answer: Answer) -> Option<Self> {
        match answer {
            Answer::Absent => Some(None),
            answer => T::unpack(answer).map(Some),
        }
    }
}

impl<T: Carried> Carried for ServiceResult<T> {
    fn pack(self) -> Answer {
        self.map_or_else(Answer::Refused, T::pack)
    }
    fn unpack(answer: Answer) -> Option<Self> {
        match answer {
            Answer::Refused(error) => Some(Err(error)),
            answer => T::unpack(answer).map(Ok),
        }
    }
}

/// In the monitor process: the way to the host, and all that a plugin finds behind it.
pub(super) struct Beyond<'a> {
    pub(super) channel: &'a RefCell<Channel>,
}

impl Beyond<'_> {
    /// Asks and waits. Without a host there is nothing left to do: the process ends.
    fn ask<T: Carried>(&self, ask: Ask) -> T {
        let mut channel = self.channel.borrow_mut();
        let answer = channel
            .send(&ToHost::Ask(ask))
            .and_then(|()| channel.receive::<ToMonitor>(None));
        match answer {
            Ok(ToMonitor::Answer(answer)) => match T::unpack(answer) {
                Some(value) => value,
                None => super::monitor::abandon("the host answered something else than was asked"),
            },
            Ok(_) => super::monitor::abandon("the host sent a frame out of turn"),
            Err(lost) => super::monitor::abandon(&lost.to_string()),
        }
    }
}

/// One line for each service: the question, the trait's method on the monitor's side, and the call on the host's.
macro_rules! services {
    ($(
        $variant:ident: fn $method:ident($($how:tt)+) -> $ret:ty {
            $($field:ident: $given:ty => $kept:ty,)*
        }
    )+) => {
        /// A question.
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        pub(super) enum Ask {
            Now,
            CivilMs,
            Random,
            ConfiguredNodes,
            $($variant { $($field: $kept,)* },)+
            Property { resource: String, name: String },
            Providers { resource: String, kind: String },
            Publish { resource: String, name: String, value: String },
            Published { resource: String, name: String },
            OnlineHere { kind: String },
            Others { kind: String },
            SaveCheckpoint { key: String, bytes: Vec<u8> },
            Checkpoint { key: String },
        }

        impl Ask {
            /// Answers it, on the host's side.
            pub(super) fn answer(self, context: &mut CallContext<'_>) -> Answer {
                let spec = context.spec;
                let caller = Caller {
                    resource: &spec.name,
                    kind: &spec.kind,
                    group: &spec.group,
                };
                match self {
                    Ask::Now => context.services.now().pack(),
                    Ask::CivilMs => context.services.civil_ms().pack(),
                    Ask::Random => context.services.random(caller).pack(),
                    Ask::ConfiguredNodes => context.services.configured_nodes().pack(),
                    $(Ask::$variant { $($field,)* } => {
                        context.services.$method(caller, $(Lend::lend(&$field),)*).pack()
                    })+
                    Ask::Property { resource, name } => {
                        context.known.property(&resource, &name).map(Cow::into_owned).pack()
                    }
                    Ask::Providers { resource, kind } => {
                        let names = context.known.providers(&resource, &kind);
                        names.iter().map(ToString::to_string).collect::<Vec<String>>().pack()
                    }
                    Ask::Publish { resource, name, value } => {
                        context.known.publish(&resource, &name, &value).pack()
                    }
                    Ask::Published { resource, name } => {
                        context.known.published(&resource, &name).pack()
                    }
                    Ask::OnlineHere { kind } => context.known.online_here(&spec.group, &kind).pack(),
                    Ask::Others { kind } => context.known.others(&spec.group, &kind).pack(),
                    Ask::SaveCheckpoint { key, bytes } => {
                        context.known.save_checkpoint(&spec.name, &key, &bytes).pack()
                    }
                    Ask::Checkpoint { key } => {
                        context.known.checkpoint(&spec.name, &key).pack()
                    }
                }
            }
        }

        impl Services for Beyond<'_> {
            fn now(&self) -> Time {
                self.ask(Ask::Now)
            }
            fn civil_ms(&self) -> i64 {
                self.ask(Ask::CivilMs)
            }
            fn random(&mut self, _: Caller<'_>) -> u64 {
                self.ask(Ask::Random)
            }
            fn configured_nodes(&self) -> u32 {
                self.ask(Ask::ConfiguredNodes)
            }
            $(fn $method($($how)+, _: Caller<'_>, $($field: $given,)*) -> ServiceResult<$ret> {
                services!(@self $($how)+).ask(Ask::$variant { $($field: $field.to_owned(),)* })
            })+
        }
    };
    (@self &$this:ident) => { $this };
    (@self &mut $this:ident) => { $this };
}

/// A field as the service takes it.
trait Lend<'a, T> {
    fn lend(&'a self) -> T;
}

impl<'a> Lend<'a, &'a str> for String {
    fn lend(&'a self) -> &'a str {
        self
    }
}

impl<'a> Lend<'a, &'a [u8]> for Vec<u8> {
    fn lend(&'a self) -> &'a [u8] {
        self
    }
}

macro_rules! lend_numbers {
    ($($ty:ty)+) => {$(
        impl Lend<'_, $ty> for $ty {
            fn lend(&self) -> $ty {
                *self
            }
        }
    )+};
}

lend_numbers! { bool u16 u64 }

services! {
    ServiceStart: fn service_start(&mut self) -> () { name: &str => String, work_units: u64 => u64, }
    ServiceStartWith: fn service_start_with(&mut self) -> () {
        name: &str => String, work_units: u64 => u64, parameters: &str => String, directory: &str => String,
    }
    ScriptLoad: fn script_load(&self) -> String { path: &str => String, }
    ServiceStop: fn service_stop(&mut self) -> () { name: &str => String, }
    ServiceKill: fn service_kill(&mut self) -> () { name: &str => String, }
    ServiceState: fn service_state(&self) -> ServiceState { name: &str => String, }
    ServiceListen: fn service_listen(&mut self) -> () {
        name: &str => String, address: &str => String, port: u16 => u16, protocol: &str => String, listen: bool => bool,
    }
    ProbeService: fn probe_service(&mut self) -> () { name: &str => String, }
    ProbePort: fn probe_port(&mut self) -> String {
        address: &str => String, port: u16 => u16, protocol: &str => String,
    }
    DiskReserve: fn disk_reserve(&mut self) -> () { disk: &str => String, }
    DiskBreak: fn disk_break_reservation(&mut self) -> () { disk: &str => String, }
    DiskRelease: fn disk_release(&mut self) -> () { disk: &str => String, }
    DiskReserved: fn disk_reserved(&mut self) -> bool { disk: &str => String, }
    DiskReservation: fn disk_reservation(&mut self) -> Reservation { disk: &str => String, }
    DiskMount: fn disk_mount(&mut self) -> () { disk: &str => String, }
    DiskUnmount: fn disk_unmount(&mut self) -> () { disk: &str => String, force: bool => bool, }
    DiskList: fn disk_list(&mut self) -> Vec<String> { disk: &str => String, }
    DiskWrite: fn disk_write(&mut self) -> () { disk: &str => String, file: &str => String, bytes: &[u8] => Vec<u8>, }
    DiskRead: fn disk_read(&mut self) -> Vec<u8> { disk: &str => String, file: &str => String, }
    AddressAdd: fn address_add(&mut self) -> () { network: &str => String, address: &str => String, }
    AddressRemove: fn address_remove(&mut self) -> () { network: &str => String, address: &str => String, }
    AddressWorks: fn address_works(&self) -> () { network: &str => String, address: &str => String, }
    AddressLease: fn address_lease(&mut self) -> (String, u32) { network: &str => String, }
    NameRegister: fn name_register(&mut self) -> () { name: &str => String, address: &str => String, }
    NameUnregister: fn name_unregister(&mut self) -> () { name: &str => String, }
    NameResolve: fn name_resolve(&self) -> String { name: &str => String, }
}

impl Knowledge for Beyond<'_> {
    fn property(&self, resource: &str, name: &str) -> Option<Cow<'_, str>> {
        let (resource, name) = (resource.to_owned(), name.to_owned());
        let value: Option<String> = self.ask(Ask::Property { resource, name });
        value.map(Cow::Owned)
    }

    fn providers(&self, resource: &str, kind: &str) -> Vec<Name> {
        let (resource, kind) = (resource.to_owned(), kind.to_owned());
        let names: Vec<String> = self.ask(Ask::Providers { resource, kind });
        names.iter().map(|name| name.as_str().into()).collect()
    }

    fn publish(&self, resource: &str, name: &str, value: &str) -> bool {
        let (resource, name) = (resource.to_owned(), name.to_owned());
        let value = value.to_owned();
        self.ask(Ask::Publish {
            resource,
            name,
            value,
        })
    }

    fn published(&self, resource: &str, name: &str) -> Option<String> {
        let (resource, name) = (resource.to_owned(), name.to_owned());
        self.ask(Ask::Published { resource, name })
    }

    fn online_here(&self, _: &str, kind: &str) -> u32 {
        let kind = kind.to_owned();
        self.ask(Ask::OnlineHere { kind })
    }

    fn others(&self, _: &str, kind: &str) -> Vec<(Name, Name)> {
        let kind = kind.to_owned();
        self.ask(Ask::Others { kind })
    }

    fn save_checkpoint(&self, _: &str, key: &str, bytes: &[u8]) -> ServiceResult<()> {
        let (key, bytes) = (key.to_owned(), bytes.to_owned());
        self.ask(Ask::SaveCheckpoint { key, bytes })
    }

    fn checkpoint(&self, _: &str, key: &str) -> ServiceResult<Vec<u8>> {
        let key = key.to_owned();
        self.ask(Ask::Checkpoint { key })
    }

    /// At once: what a plugin says before it crashes is worth the most.
    fn log(&self, level: u32, text: &str) -> bool {
        let Ok(mut channel) = self.channel.try_borrow_mut() else {
            return false;
        };
        let text = text.to_owned();
        channel.send(&ToHost::Log { level, text }).is_ok()
    }
}

/// The error for an instance that the process does not know.
pub(super) fn unknown(instance: u32) -> Reason {
    let text = format!("the monitor process has no instance {instance}");
    Reason::new(abi::ERROR_RESOURCE_NOT_AVAILABLE, text)
}
