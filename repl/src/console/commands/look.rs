//! Commands that show how the cluster is.

use quorate_model::{GroupStatus, ResourceStatus, same_name};

use super::Command;
use crate::console::trouble::Trouble;
use crate::console::{After, Session, view};
use crate::output::Tone;
use crate::report;

/// What there is to say where no cluster is open.
pub(super) const NOTHING_OPEN: &str = "no cluster is open: open one with cluster(\"file.ron\")";

/// Its commands.
pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: ":status",
        others: &["s"],
        usage: "[all]",
        text: "the cluster: what is wrong, then nodes and groups; with all its resources, networks and disks, too",
        run: Session::status,
    },
    Command {
        name: ":faults",
        others: &["f"],
        usage: "",
        text: "what is broken, by number; heal(2) undoes number 2",
        run: |session, _| session.faults(),
    },
    Command {
        name: ":tree",
        others: &["t"],
        usage: "GROUP",
        text: "what depends on what in a group, with states",
        run: Session::tree,
    },
    Command {
        name: ":properties",
        others: &["property"],
        usage: "[NAME]",
        text: "the properties of a resource or a group, what they are and what they take; without a name, the cluster's",
        run: Session::properties,
    },
];

impl Session {
    fn status(&mut self, what: &str) -> After {
        if !["", "all"].contains(&what) {
            return self.refuse(":status takes nothing, or all; group(\"EVS1\") shows a group");
        }
        let Some(status) = self.console.borrow().status() else {
            return self.refuse(NOTHING_OPEN);
        };
        let paint = self.output.paint();
        let text = if what == "all" {
            let (networks, disks) = self.console.borrow().hardware();
            view::everything(&status, &networks, &disks, paint)
        } else {
            let story = self.story.borrow();
            let trouble = Trouble::of(&status, &story);
            view::status(&status, &trouble, story.screen(), paint)
        };
        self.output.line(&text);
        After::GoOn
    }

    /// What is broken.
    fn faults(&mut self) -> After {
        let paint = self.output.paint();
        let mut table = report::Table::new(&["fault", "since", "what", "undone by"]);
        for (id, fault) in &self.story.borrow().faults {
            table.row(vec![
                (Tone::Bad, id.to_string()),
                (Tone::Faint, report::clock(fault.since)),
                (Tone::Plain, fault.text.clone()),
                (Tone::Guide, format!("heal({id})")),
            ]);
        }
        let text = match table.is_empty() {
            true => "nothing is broken".to_owned(),
            false => {
                let width = self.story.borrow().screen().width;
                table.lines(0, width, paint).join("\n")
            }
        };
        self.output.line(&text);
        After::GoOn
    }

    /// The resources of a group as a tree.
    fn tree(&mut self, name: &str) -> After {
        match self.group_called(":tree", name) {
            Ok((group, resources)) => {
                let screen = self.story.borrow().screen();
                let text = view::tree(&group, &resources, screen, self.output.paint());
                self.output.line(&text);
                After::GoOn
            }
            Err(text) => self.refuse(&text),
        }
    }

    /// The properties of the resource or group of this name; without one, the cluster's.
    fn properties(&mut self, name: &str) -> After {
        let found = self.console.borrow().properties(name.trim_matches('"'));
        match found {
            Ok(found) => {
                let text = view::properties(&found, self.output.paint());
                self.output.line(&text);
                After::GoOn
            }
            Err(error) => self.refuse(&error.to_string()),
        }
    }

    /// The group of this name, which `command` was given; case does not matter.
    pub(super) fn group_called(
        &self,
        command: &str,
        name: &str,
    ) -> Result<(GroupStatus, Vec<ResourceStatus>), String> {
        let status = self.console.borrow().status();
        let status = status.ok_or_else(|| NOTHING_OPEN.to_owned())?;
        let name = name.trim().trim_matches('"');
        let names: Vec<_> = status
            .groups
            .iter()
            .map(|(it, _)| it.name.clone())
            .collect();
        if name.is_empty() {
            return Err(format!(
                "{command} takes the name of a group: {}",
                report::join(&names)
            ));
        }
        let has = |resources: &[ResourceStatus]| {
            let mut resources = resources.iter();
            resources.find(|it| same_name(&it.name, name)).cloned()
        };
        if let Some(resource) = status.groups.iter().find_map(|(_, all)| has(all))
            && !names.iter().any(|it| same_name(it, name))
        {
            let (resource, group) = (resource.name, resource.group);
            return Err(format!(
                "{resource} is a resource of the group {group}: {command} {group}"
            ));
        }
        let mut groups = status.groups.into_iter();
        groups
            .find(|(it, _)| same_name(&it.name, name))
            .ok_or_else(|| {
                let near = quorate_model::nearest(name, names.iter().map(|it| it.as_str()));
                match near {
                    Some(near) => format!("there is no group \"{name}\": did you mean \"{near}\"?"),
                    None => format!(
                        "there is no group \"{name}\"; there are {}",
                        report::join(&names)
                    ),
                }
            })
    }
}
