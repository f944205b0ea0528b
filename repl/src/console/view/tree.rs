//! What depends on what.

use std::collections::BTreeSet;

use quorate_model::{GroupStatus, Name, ResourceStatus};

use crate::console::screen::Screen;
use crate::output::{Paint, Tone};
use crate::report::state_tone;

/// The resources of a group: what nothing depends on first, and below each what it needs.
pub(in crate::console) fn tree(
    group: &GroupStatus,
    resources: &[ResourceStatus],
    screen: Screen,
    paint: Paint,
) -> String {
    let owner = group
        .owner
        .as_ref()
        .map_or_else(String::new, |it| format!(" on {it}"));
    let state = paint.tone(state_tone(group.state.as_str()), group.state.as_str());
    let mut tree = Tree {
        resources,
        paint,
        marks: if screen.unicode {
            ["├─ ", "└─ ", "│  ", "   "]
        } else {
            ["|- ", "`- ", "|  ", "   "]
        },
        told: BTreeSet::new(),
        lines: vec![format!(
            "{} {state}{owner}",
            paint.tone(Tone::Strong, &group.name)
        )],
    };
    let tops: Vec<_> = resources
        .iter()
        .filter(|it| it.dependents.is_empty())
        .collect();
    for (number, top) in tops.iter().enumerate() {
        tree.branch(&top.name, "", number + 1 == tops.len());
    }
    tree.lines.join("\n")
}

struct Tree<'a> {
    resources: &'a [ResourceStatus],
    paint: Paint,
    /// A branch, the last branch, and what stands below each.
    marks: [&'static str; 4],
    told: BTreeSet<&'a Name>,
    lines: Vec<String>,
}

impl<'a> Tree<'a> {
    fn branch(&mut self, name: &Name, before: &str, last: bool) {
        let Some(resource) = self.resources.iter().find(|it| it.name == *name) else {
            return;
        };
        let (mark, below) = match last {
            true => (self.marks[1], self.marks[3]),
            false => (self.marks[0], self.marks[2]),
        };
        // What several need is told in full once.
        let again = !self.told.insert(&resource.name) && !resource.depends_on.is_empty();
        let more = if again { " (as above)" } else { "" };
        let state = resource.state.as_str();
        self.lines.push(format!(
            "{}{} {} {}",
            self.paint.tone(Tone::Faint, &format!("{before}{mark}")),
            resource.name,
            self.paint.tone(state_tone(state), state),
            self.paint
                .tone(Tone::Faint, &format!("{}{more}", resource.kind)),
        ));
        if again {
            return;
        }
        let needs: Vec<Name> = resource.depends_on.clone();
        for (number, need) in needs.iter().enumerate() {
            self.branch(need, &format!("{before}{below}"), number + 1 == needs.len());
        }
    }
}
