//! The commands that mean something else on a cluster that really runs.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use quorate_drill::describe_line;
use quorate_live::{Client, LiveStatus, Request, Response};
use quorate_model::{GroupState, Name, NodeState, ResourceState, same_name};

use super::super::{After, Session};
use super::Live;
use crate::ctl;
use crate::exit::Exit;
use crate::output::Paint;

/// How often it is looked whether Ctrl-C was pressed.
const LOOK: Duration = Duration::from_millis(100);

/// Commands that are about the language, and not about a world.
const SHARED: [&str; 5] = ["doc", "properties", "help", "quit", "time"];

/// Commands that mean something here, too.
const OWN: [&str; 4] = ["status", "watch", "why", "set"];

/// Whether a command means something on a cluster that really runs; its name is without the colon.
pub(in super::super) fn is_offered(name: &str) -> bool {
    SHARED.contains(&name) || OWN.contains(&name)
}

/// What a command takes and does here, where that is something else than in a rehearsal.
pub(in super::super) fn said(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "status" => Some(("", "the cluster as this node sees it")),
        "watch" => Some(("", "what happens on the node, until Ctrl-C")),
        "why" => Some((
            "GROUP",
            "why a group is where it is and as it is, as far as this node knows",
        )),
        "set" => Some((
            "[width N]",
            "how wide the screen is; auto is that of the terminal",
        )),
        _ => None,
    }
}

/// The cluster as the node sees it.
pub(super) fn status(live: &Live, paint: Paint) -> String {
    ctl::status_text(&live.0.status(), paint)
}

impl Session {
    /// Carries out a command, by its name without the colon, on a cluster that really runs; `None` where it is carried
    /// out as everywhere.
    pub(in super::super) fn live_command(
        &mut self,
        live: &Live,
        name: &str,
        rest: &str,
    ) -> Option<After> {
        let word = rest.split_whitespace().next();
        if SHARED.contains(&name) || name == "set" && word == Some("width") {
            return None;
        }
        let tells = name == "watch" && word.is_some() || name == "set" && word == Some("watch");
        if tells && self.reading.is_some() {
            // A file that sessions begin with may be meant for rehearsals.
            return Some(After::GoOn);
        }
        if tells {
            return Some(self.refuse(
                ":watch takes nothing here: it shows what happens on the node, until Ctrl-C",
            ));
        }
        if let Err(why) = live.refresh() {
            return Some(self.refuse_as(&why, Exit::Unreachable));
        }
        Some(match name {
            "status" => {
                let text = status(live, self.output.paint());
                self.output.line(&text);
                After::GoOn
            }
            "watch" => self.follow(live),
            "why" => match why(&live.0.status(), rest.trim_matches('"')) {
                Ok(text) => {
                    self.output.line(&text);
                    After::GoOn
                }
                Err(why) => self.refuse(&why),
            },
            "plugin" => self.refuse(
                "plugins are each node's own: quorate ctl plugins shows them, and reads them again",
            ),
            "events" | "timeline" | "explain" | "html" => self.refuse(
                "each node keeps its own journal, in its state folder: quorate explain and quorate report read it. :watch shows \
                 what happens from now on",
            ),
            _ => {
                let text = format!(
                    "\":{name}\" is for rehearsals, which can be stopped, turned back and broken: this is a cluster that really \
                     runs. There are :status, :watch, :why GROUP, :properties, :doc, :time, :set width, :help and :quit"
                );
                self.refuse(&text)
            }
        })
    }

    /// Shows what happens on the node until Ctrl-C.
    fn follow(&mut self, live: &Live) -> After {
        let mut client = match Client::connect(live.socket(), None) {
            Ok(client) => client,
            Err(why) => return self.refuse_as(&why.to_string(), Exit::Unreachable),
        };
        self.output.line("what happens on the node, until Ctrl-C:");
        let (told, happened) = channel();
        // It ends with the first event that nobody hears, or with the node.
        thread::spawn(move || {
            let mut response = client.ask(&Request::Watch);
            while let Ok(answer) = response {
                if told.send(answer).is_err() {
                    return;
                }
                response = client.answer();
            }
        });
        loop {
            if self.cancel.load(Ordering::Relaxed) {
                return After::GoOn;
            }
            match happened.recv_timeout(LOOK) {
                Ok(Response::Happened { entry }) => {
                    self.output.line(&describe_line(entry.fields()));
                }
                Ok(Response::Refused { text, .. } | Response::Lost { text }) => {
                    return self.refuse(&text);
                }
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return self.refuse_as("the node does not answer any more", Exit::Unreachable);
                }
            }
        }
    }
}

/// Why a group is where it is and as it is, as far as the node knows.
fn why(status: &LiveStatus, name: &str) -> Result<String, String> {
    let all = || status.groups.iter().map(|(it, _)| it.name.as_str());
    if name.is_empty() {
        let names: Vec<&str> = all().collect();
        return Err(format!("of which group? :why {}", names.join(", :why ")));
    }
    let found = status
        .groups
        .iter()
        .find(|(it, _)| same_name(&it.name, name));
    let Some((group, resources)) = found else {
        let near = quorate_model::nearest(name, all());
        let near = near.map_or_else(String::new, |near| format!(": did you mean {near}?"));
        return Err(format!("there is no group \"{name}\"{near}"));
    };
    let mut lines = vec![match &group.owner {
        Some(owner) => format!("{} is {} on {owner}", group.name, group.state),
        None => format!(
            "{} is {}, and nobody knows where: {} has no quorum",
            group.name, group.state, status.node
        ),
    }];
    if let Some(stopped) = &group.stopped {
        lines.push(format!("  {stopped}"));
    }
    if !group.persistent_state {
        lines.push("  an administrator took it offline: online() brings it back".to_owned());
    }
    for resource in resources
        .iter()
        .filter(|it| it.state != ResourceState::Online)
    {
        let needs = resource.depends_on.iter();
        let waits: Vec<&str> = needs
            .filter(|provider| {
                let mut all = resources.iter();
                all.any(|it| it.name == **provider && it.state != ResourceState::Online)
            })
            .map(Name::as_str)
            .collect();
        let waits = match waits[..] {
            [] => String::new(),
            _ => format!(", which needs {}", waits.join(" and ")),
        };
        lines.push(format!("  {} is {}{waits}", resource.name, resource.state));
    }
    let definition = status.definition.group(&group.name);
    for node in &status.nodes {
        let preferred = group
            .preferred_owners
            .iter()
            .position(|it| *it == node.name);
        let place = match preferred {
            Some(at) => format!("preferred owner number {}", at + 1),
            None => "no preferred owner".to_owned(),
        };
        let barred = definition.and_then(|it| {
            it.resources.iter().find(|resource| {
                !resource.possible_owners.is_empty()
                    && !resource.possible_owners.contains(&node.name)
            })
        });
        let may = match (node.state, barred) {
            (_, Some(resource)) => format!("may not own {}", resource.name),
            (NodeState::Up, None) if Some(&node.name) == group.owner.as_ref() => {
                "owns it".to_owned()
            }
            (NodeState::Up, None) => "could take it".to_owned(),
            (state, None) => format!("is {state} and cannot take it"),
        };
        lines.push(format!("  {}: {place}, {may}", node.name));
    }
    if group.failovers > 0 {
        lines.push(format!(
            "  {} failovers count against its FailoverThreshold",
            group.failovers
        ));
    }
    if matches!(group.state, GroupState::Failed) && group.stopped.is_none() {
        lines.push("  the journal of its node says what failed: quorate explain".to_owned());
    }
    Ok(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::{OWN, SHARED, is_offered};
    use crate::console::commands;

    #[test]
    fn what_is_offered_are_commands() {
        for name in SHARED.iter().chain(&OWN) {
            assert!(commands::all().any(|it| it.bare() == *name), "{name}");
        }
        for name in ["run", "undo", "save", "plugin", "bye"] {
            assert!(!is_offered(name), "{name}");
        }
    }
}
