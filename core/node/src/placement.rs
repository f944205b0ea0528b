//! Which node a group goes to (docs/semantics.md, 3.4).

use quorate_journal::Cause;
use quorate_model::{GroupDefinition, NodeId};

use crate::database::Database;
use crate::random::Random;

/// The built-in choice: the node that takes `group` from its owner, or `None` if no node may.
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
    let list = database.node_list(group);
    let able = candidates(database, group, cause);
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

/// The nodes that no hard rule keeps from taking `group` from its owner, in the order of its node list.
pub(crate) fn candidates(
    database: &Database,
    group: &GroupDefinition,
    cause: Cause,
) -> Vec<NodeId> {
    let owner = database.groups.get(&group.name).map(|record| record.owner);
    // A group placed at formation has no owner to get away from.
    let keep_owner = matches!(cause, Cause::Form);
    let mut list = database.node_list(group);
    list.retain(|node| {
        (keep_owner || Some(*node) != owner) && database.may_take(group, *node).is_ok()
    });
    list
}

fn next_after(list: &[NodeId], owner: NodeId, candidates: &[NodeId]) -> NodeId {
    // The search begins at the owner, which is no candidate.
    let start = list.iter().position(|node| *node == owner).unwrap_or(0);
    (0..list.len())
        .map(|step| list[(start + step) % list.len()])
        .find(|node| candidates.contains(node))
        .unwrap_or(candidates[0])
}

fn pick(candidates: &[NodeId], random: &mut Random) -> Option<NodeId> {
    let at = usize::try_from(random.below(candidates.len() as u64)).unwrap_or(0);
    candidates.get(at).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::database::Update;

    /// The eight-node cluster with every node up, as it is installed.
    fn database() -> Database {
        let mut database = Database::install(crate::shipped::cluster("eight-node.ron"));
        database.view.members = (1..=8)
            .map(|id| (NodeId(id), 1))
            .collect::<BTreeMap<_, _>>();
        database
    }

    fn change(database: &mut Database, group: &str, with: impl FnOnce(&mut GroupDefinition)) {
        let groups = &mut database.definition_mut().groups;
        with(groups.iter_mut().find(|one| one.name == *group).unwrap());
    }

    fn chosen(database: &Database, group: &str, cause: Cause, seed: u64) -> Option<NodeId> {
        let definition = database.group_definition(group).unwrap();
        choose(database, definition, cause, &mut Random::new(seed))
    }

    /// A virtual server freed of its class and its list.
    fn plain(group: &mut GroupDefinition) {
        group.properties.exclusive_class_names.clear();
        group.properties.anti_affinity_class_names.clear();
        group.properties.preferred_owners.clear();
    }

    #[test]
    fn without_a_list_a_dead_nodes_groups_spread_over_all_survivors_and_a_seed_repeats() {
        let mut database = database();
        for group in ["EVS1", "EVS2", "EVS3", "EVS4", "EVS5", "EVS6", "EVS7"] {
            change(&mut database, group, plain);
        }
        let all: BTreeSet<_> = (0..200)
            .filter_map(|seed| chosen(&database, "EVS1", Cause::NodeFailure, seed))
            .collect();
        assert_eq!(all, (2..=8).map(NodeId).collect());
        for seed in 0..20 {
            let again = chosen(&database, "EVS1", Cause::NodeFailure, seed);
            assert_eq!(chosen(&database, "EVS1", Cause::NodeFailure, seed), again);
        }
    }

    #[test]
    fn without_a_list_a_failed_resource_goes_to_the_next_higher_number_and_wraps() {
        let mut database = database();
        for group in ["EVS1", "EVS2", "EVS3", "EVS4", "EVS5", "EVS6", "EVS7"] {
            change(&mut database, group, plain);
        }
        let cause = Cause::ResourceFailure;
        assert_eq!(chosen(&database, "EVS1", cause, 1), Some(NodeId(2)));
        database.groups.get_mut("EVS1").unwrap().owner = NodeId(8);
        assert_eq!(chosen(&database, "EVS1", cause, 1), Some(NodeId(1)));
    }

    #[test]
    fn anti_affinity_yields_where_it_leaves_nobody_and_exclusive_classes_never_do() {
        let mut database = database();
        database.view.members.remove(&NodeId(8));
        assert_eq!(chosen(&database, "EVS1", Cause::NodeFailure, 1), None);
        change(&mut database, "EVS1", |group| {
            group.properties.exclusive_class_names.clear();
        });
        let found = chosen(&database, "EVS1", Cause::NodeFailure, 1);
        assert_eq!(found, Some(NodeId(2)), "the next of the list that is up");
    }

    #[test]
    fn a_group_in_no_exclusive_class_keeps_away_from_its_kind_while_it_can() {
        let mut database = database();
        for group in ["EVS1", "EVS2", "EVS3", "EVS4", "EVS5", "EVS6", "EVS7"] {
            change(&mut database, group, |group| {
                plain(group);
                group.properties.anti_affinity_class_names = vec!["Mail".to_owned()];
            });
        }
        // The next node of the list hosts one of its kind, NODE8 does not.
        for cause in [Cause::ResourceFailure, Cause::NodeFailure, Cause::Admin] {
            for seed in 0..10 {
                let found = chosen(&database, "EVS1", cause, seed);
                assert_eq!(found, Some(NodeId(8)), "{cause:?}");
            }
        }
        // A group on its way there counts as if it were there already.
        let to = NodeId(8);
        let cause = Cause::Admin;
        let moving = Some(crate::database::Move { to, cause });
        database.groups.get_mut("EVS2").unwrap().moving = moving;
        let next = chosen(&database, "EVS1", Cause::ResourceFailure, 1);
        assert_eq!(
            next,
            Some(NodeId(2)),
            "only such nodes are left: the next of the list"
        );
        // Another class keeps nobody away.
        change(&mut database, "EVS1", |group| {
            group.properties.anti_affinity_class_names = vec!["Print".to_owned()];
        });
        database.groups.get_mut("EVS2").unwrap().moving = None;
        let next = chosen(&database, "EVS1", Cause::ResourceFailure, 1);
        assert_eq!(next, Some(NodeId(2)));
    }

    #[test]
    fn a_move_to_the_best_node_begins_at_the_top_of_the_list_and_skips_paused_nodes() {
        let mut database = database();
        change(&mut database, "EVS1", |group| {
            group.properties.exclusive_class_names.clear();
            group.properties.anti_affinity_class_names.clear();
            let owners = ["NODE1", "NODE5", "NODE3"].map(Into::into);
            group.properties.preferred_owners = owners.to_vec();
        });
        assert_eq!(chosen(&database, "EVS1", Cause::Admin, 1), Some(NodeId(5)));
        database.nodes.get_mut(&NodeId(5)).unwrap().paused = true;
        assert_eq!(chosen(&database, "EVS1", Cause::Admin, 1), Some(NodeId(3)));
        // A failure goes on from the owner, and not back to the top.
        database.groups.get_mut("EVS1").unwrap().owner = NodeId(3);
        let next = chosen(&database, "EVS1", Cause::ResourceFailure, 1);
        assert_eq!(next, Some(NodeId(2)));
    }

    #[test]
    fn a_preferred_owner_that_comes_up_makes_failback_due_and_an_administrators_move_does_not() {
        let mut database = database();
        database.groups.get_mut("EVS1").unwrap().owner = NodeId(8);
        let apply = |database: &mut Database, sequence: u64, update: Update| {
            let (node, incarnation) = (NodeId(2), 1);
            database.apply(&crate::database::Proposal {
                node,
                incarnation,
                sequence,
                update,
            });
        };
        let mut members = database.view.members.clone();
        members.insert(NodeId(1), 2);
        apply(&mut database, 1, Update::View { members });
        assert!(database.groups["EVS1"].homing && !database.groups["EVS2"].homing);
        let epoch = database.groups["EVS1"].epoch;
        let (group, to, cause) = ("EVS1".into(), NodeId(1), Cause::Failback);
        apply(
            &mut database,
            2,
            Update::MoveBegin {
                group,
                epoch,
                to,
                cause,
                at: 0,
            },
        );
        apply(
            &mut database,
            3,
            Update::MoveCommit {
                group: "EVS1".into(),
                epoch,
            },
        );
        assert_eq!(database.groups["EVS1"].owner, NodeId(1));
        assert!(!database.groups["EVS1"].homing);
    }

    /// Several nodes may form at once: they must agree, so chance has no part in it.
    #[test]
    fn without_a_list_a_group_that_is_placed_at_formation_goes_to_the_top_and_else_anywhere() {
        let mut database = database();
        change(&mut database, "EVS1", plain);
        let all = |cause| -> BTreeSet<_> {
            let seeds = 0..200;
            let chosen = seeds.filter_map(|seed| chosen(&database, "EVS1", cause, seed));
            chosen.collect()
        };
        assert_eq!(all(Cause::Form), [NodeId(1)].into());
        assert_eq!(all(Cause::Admin), (2..=8).map(NodeId).collect());
        assert_eq!(all(Cause::Failback), (2..=8).map(NodeId).collect());
    }
}
