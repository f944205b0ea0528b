//! What is wrong at this instant, and what ends it.

use quorate_drill::Status;
use quorate_model::{GroupState, GroupStatus, Name, NodeState, NodeStatus, ResourceStatus};

use super::story::{OpenFault, Story};

/// Everything that is not as it should be.
#[derive(Debug)]
pub(super) struct Trouble<'a> {
    /// What is broken, with its number.
    pub(super) faults: Vec<(u64, &'a OpenFault)>,
    /// Whether no cluster has quorum.
    pub(super) no_quorum: bool,
    /// The nodes that are not up although nothing of them is broken.
    pub(super) nodes: Vec<&'a NodeStatus>,
    /// The groups that are not Online.
    pub(super) groups: Vec<Missing<'a>>,
}

/// A group that is not Online.
#[derive(Debug)]
pub(super) struct Missing<'a> {
    /// The group.
    pub(super) group: &'a GroupStatus,
    /// The node that owns it, or owned it last.
    pub(super) owner: Option<&'a Name>,
    /// Why it is as it is.
    pub(super) why: String,
    /// What would bring it back.
    pub(super) back: String,
}

impl Missing<'_> {
    /// Whether somebody wants it so.
    pub(super) fn is_wanted(&self) -> bool {
        self.group.state == GroupState::Offline && !self.group.persistent_state
    }
}

impl<'a> Trouble<'a> {
    /// What is wrong with a cluster.
    pub(super) fn of(status: &'a Status, story: &'a Story) -> Trouble<'a> {
        let no_quorum = !status.quorum.has_quorum;
        let broken = |node: &NodeStatus| {
            let mut faults = story.faults.values();
            faults.any(|it| it.subject.as_ref() == Some(&node.name))
        };
        let nodes = status.nodes.iter();
        let nodes = nodes.filter(|it| it.state != NodeState::Up && !no_quorum && !broken(it));
        let groups = status.groups.iter();
        let groups = groups.filter(|(it, _)| it.state != GroupState::Online);
        Trouble {
            faults: story.faults.iter().map(|(id, it)| (*id, it)).collect(),
            no_quorum,
            nodes: nodes.collect(),
            groups: groups
                .map(|(group, resources)| missing(group, resources, status, story))
                .collect(),
        }
    }

    /// How many things need somebody: what is wanted so is none of them.
    pub(super) fn count(&self) -> usize {
        let groups = self.groups.iter().filter(|it| !it.is_wanted());
        self.faults.len() + usize::from(self.no_quorum) + self.nodes.len() + groups.count()
    }
}

fn missing<'a>(
    group: &'a GroupStatus,
    resources: &'a [ResourceStatus],
    status: &Status,
    story: &'a Story,
) -> Missing<'a> {
    let name = &group.name;
    let owner = group.owner.as_ref().or_else(|| story.owners.get(name));
    let online = format!("group(\"{name}\").online()");
    let (why, back) = match (&group.stopped, group.state) {
        _ if !status.quorum.has_quorum => (
            "no cluster has quorum".to_owned(),
            "nodes that together have quorum again".to_owned(),
        ),
        // It says both.
        (Some(why), _) => (why.clone(), String::new()),
        (None, GroupState::Offline) if !group.persistent_state => {
            ("somebody took it offline".to_owned(), online)
        }
        (None, state) => {
            let unwell = resources.iter().filter(|it| it.state.as_str() != "Online");
            let unwell: Vec<String> = unwell
                .take(2)
                .map(|it| format!("{} is {}", it.name, it.state))
                .collect();
            let back = match (state, owner) {
                (GroupState::Pending, _) => "it is under way: let time pass".to_owned(),
                (GroupState::Failed | GroupState::PartialOnline, _) => online,
                (_, Some(owner)) => format!("its owner {owner}, or the takeover: let time pass"),
                (_, None) => online,
            };
            (unwell.join(", "), back)
        }
    };
    Missing {
        group,
        owner,
        why,
        back,
    }
}
