//! `Microsoft Exchange System Attendant`: the fundamental resource of an Exchange virtual server.

use quorate_sdk::{Context, Error, TypeInfo, codes};

use crate::proxy::{IS_ALIVE_TIMEOUT, Kind};

const TYPE_NAME: &str = "Microsoft Exchange System Attendant";

/// The System Attendant.
#[derive(Debug)]
pub struct SystemAttendant;

impl Kind for SystemAttendant {
    const TYPE: TypeInfo = TypeInfo::new(
        TYPE_NAME,
        "The fundamental resource of an Exchange virtual server",
    )
    .properties(const { &[IS_ALIVE_TIMEOUT.any()] })
    .watches_itself();
    const SERVICE: &'static str = "MSExchangeSA";

    /// At most one virtual server on a node, in clusters of more than two nodes (docs/semantics.md, 2.3).
    /// Anti-affinity is ignored if it leaves no node, so the rule is enforced here as well.
    fn before_start(ctx: &Context) -> Result<u64, Error> {
        let cluster = ctx.cluster();
        if cluster.configured_nodes()? > 2 && cluster.online_here(TYPE_NAME)? > 0 {
            return Err(Error::new(
                codes::ERROR_ACCESS_DENIED,
                "this node runs an Exchange virtual server already, and in a cluster with more than two nodes \
                 a node may run only one; bring this one online on another node [no-passive-node]",
            ));
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use quorate_sdk::ServiceState;
    use quorate_sdk::test::{Instance, World};

    use super::*;
    use crate::Exchange;

    fn attendant(world: &World, evs: &str, node: &str) -> Instance {
        let name = format!("{evs} System Attendant");
        let builder = world.resource::<Exchange<SystemAttendant>>(&name);
        builder.in_group(evs).on(node).open().unwrap()
    }

    #[test]
    fn with_more_than_two_nodes_a_node_runs_one_virtual_server() {
        let world = World::new();
        world.set_configured_nodes(4);
        let (first, second) = (
            attendant(&world, "EVS1", "NODE1"),
            attendant(&world, "EVS2", "NODE1"),
        );
        first.begin_online().unwrap();
        let error = second.online().unwrap_err();
        assert_eq!(error.code(), codes::ERROR_ACCESS_DENIED);
        assert!(error.text().contains("a node may run only one"), "{error}");
        assert!(
            error.text().ends_with("[no-passive-node]"),
            "the rule's id: {error}"
        );
        let service = world.service("EVS2 System Attendant", "MSExchangeSA");
        assert_eq!(
            (service.state(), service.starts()),
            (ServiceState::Stopped, 0)
        );
        attendant(&world, "EVS3", "NODE2").online().unwrap();
        first.terminate();
        second.online().unwrap();
    }

    #[test]
    fn two_nodes_may_run_two() {
        let world = World::new();
        let (first, second) = (
            attendant(&world, "EVS1", "NODE1"),
            attendant(&world, "EVS2", "NODE1"),
        );
        first.online().unwrap();
        second.online().unwrap();
    }
}
