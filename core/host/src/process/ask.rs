//! The questions of a plugin in a monitor process: asked in that process, answered in the host.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Write};

use quorate_abi as abi;
use quorate_model::monitor::ResourceSpec;
use quorate_model::{Name, Reason};

use super::system::end_group_at_once;
use super::wire::{Channel, Question, ToHost, ToMonitor};
use crate::services::{Answer, Carried, Request, Serve};
use crate::table::Knowledge;
use crate::{Caller, ServiceResult, Services};

/// What the host uses to answer during a call: the world and its knowledge.
pub(crate) struct CallContext<'a> {
    pub(crate) services: &'a mut dyn Services,
    pub(crate) known: &'a dyn Knowledge,
    /// The resource on whose behalf the plugin asks. The host states this, not the process.
    pub(crate) spec: &'a ResourceSpec,
}

impl CallContext<'_> {
    /// Answers a request to the world.
    pub(crate) fn serve(&mut self, request: Request<'_>) -> Answer {
        let caller = Caller::of(self.spec);
        self.services.serve(caller, request)
    }

    /// Answers a question to the monitor.
    pub(crate) fn tell(&self, question: Question) -> Answer {
        let (known, spec) = (self.known, self.spec);
        match question {
            Question::Property { resource, name } => {
                let value = known.property(&resource, &name);
                value.map(Cow::into_owned).into()
            }
            Question::Providers { resource, kind } => {
                let names = known.providers(&resource, &kind);
                let names: Vec<String> = names.iter().map(ToString::to_string).collect();
                names.into()
            }
            Question::Publish {
                resource,
                name,
                value,
            } => {
                // Only what is one's own.
                let own = resource == *spec.name;
                (own && known.publish(&resource, &name, &value)).into()
            }
            Question::Published { resource, name } => known.published(&resource, &name).into(),
            Question::OnlineHere { kind } => known.online_here(&spec.group, &kind).into(),
            Question::Others { kind } => known.others(&spec.group, &kind).into(),
            Question::SaveCheckpoint { key, bytes } => {
                known.save_checkpoint(&spec.name, &key, &bytes).into()
            }
            Question::Checkpoint { key } => known.checkpoint(&spec.name, &key).into(),
        }
    }
}

/// In the monitor process: the connection to the host, which stands for everything that a plugin can reach.
pub(crate) struct Beyond<'a> {
    pub(crate) channel: &'a RefCell<Channel>,
}

impl Beyond<'_> {
    /// Asks, and waits for the answer. If the host is gone there is nothing left to do, and the process ends.
    fn ask(&self, asked: &ToHost<'_>) -> Answer {
        let mut channel = self.channel.borrow_mut();
        let answer = channel
            .send(asked)
            .and_then(|()| channel.receive::<ToMonitor>(None));
        match answer {
            Ok(ToMonitor::Answer(answer)) => answer,
            Ok(_) => abandon("the host sent a frame out of turn"),
            Err(lost) => abandon(&lost.to_string()),
        }
    }

    fn question<T: Carried>(&self, question: Question) -> T {
        let answer = self.ask(&ToHost::Question(question));
        T::unpack(answer).unwrap_or_else(|| mistaken())
    }
}

/// Ends the process: the host sent an answer of the wrong kind.
fn mistaken() -> ! {
    abandon("the host answered something else than was asked")
}

impl Serve for Beyond<'_> {
    fn serve(&mut self, _: Caller<'_>, request: Request<'_>) -> Answer {
        let answer = self.ask(&ToHost::Ask(request.clone()));
        if !request.is_answered_by(&answer) {
            mistaken();
        }
        answer
    }
}

impl Knowledge for Beyond<'_> {
    fn property(&self, resource: &str, name: &str) -> Option<Cow<'_, str>> {
        let (resource, name) = (resource.to_owned(), name.to_owned());
        let value: Option<String> = self.question(Question::Property { resource, name });
        value.map(Cow::Owned)
    }

    fn providers(&self, resource: &str, kind: &str) -> Vec<Name> {
        let (resource, kind) = (resource.to_owned(), kind.to_owned());
        let names: Vec<String> = self.question(Question::Providers { resource, kind });
        names.iter().map(|name| name.as_str().into()).collect()
    }

    fn publish(&self, resource: &str, name: &str, value: &str) -> bool {
        let (resource, name) = (resource.to_owned(), name.to_owned());
        let value = value.to_owned();
        self.question(Question::Publish {
            resource,
            name,
            value,
        })
    }

    fn published(&self, resource: &str, name: &str) -> Option<String> {
        let (resource, name) = (resource.to_owned(), name.to_owned());
        self.question(Question::Published { resource, name })
    }

    fn online_here(&self, _: &str, kind: &str) -> u32 {
        let kind = kind.to_owned();
        self.question(Question::OnlineHere { kind })
    }

    fn others(&self, _: &str, kind: &str) -> Vec<(Name, Name)> {
        let kind = kind.to_owned();
        self.question(Question::Others { kind })
    }

    fn save_checkpoint(&self, _: &str, key: &str, bytes: &[u8]) -> ServiceResult<()> {
        let (key, bytes) = (key.to_owned(), bytes.to_owned());
        self.question(Question::SaveCheckpoint { key, bytes })
    }

    fn checkpoint(&self, _: &str, key: &str) -> ServiceResult<Vec<u8>> {
        let key = key.to_owned();
        self.question(Question::Checkpoint { key })
    }

    /// Lines are sent at once: what a plugin says just before it crashes is worth the most.
    fn log(&self, level: u32, text: &str) -> bool {
        let Ok(mut channel) = self.channel.try_borrow_mut() else {
            return false;
        };
        let text = text.to_owned();
        channel.send(&ToHost::Log { level, text }).is_ok()
    }
}

/// The error for an instance that the process does not know.
pub(crate) fn unknown(instance: u32) -> Reason {
    let text = format!("the monitor process has no instance {instance}");
    Reason::new(abi::ERROR_RESOURCE_NOT_AVAILABLE, text)
}

/// Ends the process in the middle of a call, because the host can no longer be asked.
pub(crate) fn abandon(why: &str) -> ! {
    let _ = writeln!(io::stderr(), "quorate monitor: {why}");
    end_group_at_once()
}
