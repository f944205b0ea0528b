//! The monitor against a fake plugin and a fake world.

mod arbitration;
mod calls;
mod ends;
pub(crate) mod fake;
mod life;
mod loaded;
mod model;
mod reloaded;
pub(crate) mod world;

use std::time::Duration;

use quorate_model::monitor::{MonitorCommand, MonitorEvent, ResourceSpec};
use quorate_model::{Name, Reason, ResourceProperties, ResourceState, Time, Value};

use self::fake::{Fake, fake};
use self::world::World;
use super::{Directory, Monitor};

/// A monitor with its world. The test decides how time passes.
pub(crate) struct Rig {
    pub(crate) monitor: Monitor,
    pub(crate) world: World,
}

/// A resource called `name` of type `kind` in group `G`.
pub(crate) fn spec(name: &str, kind: &str) -> ResourceSpec {
    ResourceSpec {
        name: name.into(),
        kind: kind.into(),
        group: "G".into(),
        depends_on: Vec::new(),
        properties: ResourceProperties::default(),
    }
}

impl Rig {
    /// A rig with this monitor.
    pub(crate) fn of(monitor: Monitor) -> Rig {
        Rig {
            monitor,
            world: World::default(),
        }
    }

    fn new() -> Rig {
        fake::forget();
        Rig {
            monitor: Monitor::new(fake::plugins(0)),
            world: World::default(),
        }
    }

    /// A rig in which the resource `A` of type `Fake` is open.
    fn with_a() -> Rig {
        let mut rig = Rig::new();
        assert_eq!(rig.open(spec("A", "Fake")), [""; 0]);
        rig
    }

    pub(crate) fn open(&mut self, spec: ResourceSpec) -> Vec<String> {
        self.command(MonitorCommand::Open(spec))
    }

    pub(crate) fn command(&mut self, command: MonitorCommand) -> Vec<String> {
        self.monitor.command(&mut self.world, command);
        self.events()
    }

    pub(crate) fn online(&mut self, name: &str) -> Vec<String> {
        self.command(MonitorCommand::Online {
            resource: name.into(),
        })
    }

    pub(crate) fn offline(&mut self, name: &str) -> Vec<String> {
        self.command(MonitorCommand::Offline {
            resource: name.into(),
        })
    }

    pub(crate) fn terminate(&mut self, name: &str) -> Vec<String> {
        self.command(MonitorCommand::Terminate {
            resource: name.into(),
        })
    }

    fn fail(&mut self, name: &str) -> Vec<String> {
        self.command(MonitorCommand::Fail {
            resource: name.into(),
        })
    }

    fn arbitrate(&mut self, name: &str) -> Vec<String> {
        self.command(MonitorCommand::Arbitrate {
            resource: name.into(),
        })
    }

    fn release(&mut self, name: &str) -> Vec<String> {
        self.command(MonitorCommand::Release {
            resource: name.into(),
        })
    }

    /// Lets `ms` pass, and wakes the monitor whenever it is due. Returns the events.
    pub(crate) fn run(&mut self, ms: u64) -> Vec<String> {
        let end = self.world.now + Duration::from_millis(ms);
        while let Some(next) = self.monitor.next_wakeup().filter(|next| *next <= end) {
            self.world.now = self.world.now.max(next);
            self.monitor.wake(&mut self.world);
            let after = self.monitor.next_wakeup();
            assert!(
                after.is_none_or(|after| after > self.world.now),
                "wake left something due"
            );
        }
        self.world.now = end;
        self.events()
    }

    fn events(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.monitor.poll_event())
            .map(|event| show(&event))
            .collect()
    }

    pub(crate) fn state(&self, name: &str) -> ResourceState {
        self.monitor
            .resources()
            .find(|(known, _, _)| **known == *name)
            .unwrap()
            .2
    }
}

/// An event as a line of text.
fn show(event: &MonitorEvent) -> String {
    let why = |reason: &Reason| format!(" [{} {}]", reason.code, reason.text);
    let maybe = |reason: &Option<Reason>| reason.as_ref().map(why).unwrap_or_default();
    match event {
        MonitorEvent::State {
            resource,
            state,
            reason,
        } => {
            format!("{resource} {state}{}", maybe(reason))
        }
        MonitorEvent::Arbitrated {
            resource,
            result: Ok(()),
        } => format!("{resource} won"),
        MonitorEvent::Arbitrated {
            resource,
            result: Err(reason),
        } => {
            format!("{resource} not won{}", why(reason))
        }
        MonitorEvent::QuorumLost { resource, reason } => {
            format!("{resource} lost{}", why(reason))
        }
        MonitorEvent::Controlled {
            request,
            result: Ok(bytes),
        } => {
            format!("#{request} {} bytes", bytes.len())
        }
        MonitorEvent::Controlled {
            request,
            result: Err(reason),
        } => {
            format!("#{request}{}", why(reason))
        }
        MonitorEvent::Log {
            resource,
            level,
            text,
        } => format!("{resource} log {level} {text}"),
        MonitorEvent::Checkpoint {
            resource,
            key,
            bytes,
        } => format!("{resource} keeps {key} {}", String::from_utf8_lossy(bytes)),
        MonitorEvent::Notice { id, text } => format!("! {id} {text}"),
        MonitorEvent::Health {
            resource,
            check,
            alive,
            reason,
        } => {
            format!("{resource} {check:?} {alive}{}", maybe(reason))
        }
    }
}

/// Changes the answers of the fake resource `A`.
fn set(f: impl FnOnce(&mut Fake)) {
    fake("A", f);
}

/// The calls of `A`'s entries since the last look.
fn calls() -> Vec<&'static str> {
    fake("A", |fake| {
        assert_eq!(fake.violations, [""; 0]);
        std::mem::take(&mut fake.calls)
    })
}

fn name(text: &str) -> Name {
    text.into()
}

pub(crate) fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

pub(crate) const SECOND: u64 = 1_000;

#[test]
fn time_starts_at_zero() {
    let rig = Rig::with_a();
    assert_eq!(
        (rig.world.now, rig.monitor.next_wakeup()),
        (Time::ZERO, None)
    );
}
