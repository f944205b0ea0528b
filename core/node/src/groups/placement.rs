//! Which node a group goes to (SEMANTICS 3.4).

use quorate_model::{GroupDefinition, NodeId};

use crate::database::Database;
use crate::io::Cause;
use crate::random::Random;

/// The node that takes `group` from its owner, or `None` if no node may.
///
/// Hard rules first (see [`Database::may_take`]), then anti-affinity as long as it leaves anybody, then the original's
/// order for the cause.
pub(crate) fn choose(
    database: &Database,
    group: &GroupDefinition,
    cause: Cause,
    random: &mut Random,
) -> Option<NodeId> {
    let owner = database.groups.get(&group.name)?.owner;
    // A group placed at formation has no owner to get away from.
    let keep_owner = matches!(cause, Cause::Form);
    let allowed =
        |node: &NodeId| (keep_owner || *node != owner) && database.may_take(group, *node).is_ok();
    let list = database.node_list(group);
    let able: Vec<NodeId> = list.iter().copied().filter(allowed).collect();
    let free: Vec<NodeId> = able
        .iter()
        .copied()
        .filter(|node| !database.anti_affine(group, *node))
        .collect();
    let candidates = if free.is_empty() { able } else { free };
    if candidates.is_empty() {
        return None;
    }
    let preferred = !group.properties.preferred_owners.is_empty();
    match cause {
        // The next one after the owner in the node list, wrapping round.
        Cause::ResourceFailure => Some(next_after(&list, owner, &candidates)),
        Cause::NodeFailure | Cause::NodeShutdown | Cause::NodeUp if preferred => {
            Some(next_after(&list, owner, &candidates))
        }
        // No list: spread the load.
        Cause::NodeFailure | Cause::NodeShutdown | Cause::NodeUp => pick(&candidates, random),
        // From the top of the list; at random if none of the preferred owners can.
        Cause::Form | Cause::Admin | Cause::Failback => {
            let top = candidates.first().copied();
            let is_preferred = top.is_some_and(|node| {
                group
                    .properties
                    .preferred_owners
                    .contains(&database.node_name(node))
            });
            match cause {
                Cause::Form => top,
                _ if is_preferred => top,
                _ => pick(&candidates, random),
            }
        }
    }
}

fn next_after(list: &[NodeId], owner: NodeId, candidates: &[NodeId]) -> NodeId {
    let start = list
        .iter()
        .position(|node| *node == owner)
        .map_or(0, |at| at + 1);
    (0..list.len())
        .map(|step| list[(start + step) % list.len()])
        .find(|node| candidates.contains(node))
        .unwrap_or(candidates[0])
}

fn pick(candidates: &[NodeId], random: &mut Random) -> Option<NodeId> {
    let at = usize::try_from(random.below(candidates.len() as u64)).unwrap_or(0);
    candidates.get(at).copied()
}
