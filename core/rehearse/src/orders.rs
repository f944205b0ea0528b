//! Gives the orders of drills to the world.

use std::collections::{BTreeMap, BTreeSet};

use quorate_drill::stage::{Belief, Configuration, Order, PropertyOf, StageError};
use quorate_drill::suggestion;
use quorate_model::{AdminOp, Name, NodeDefinition, NodeId, Object, Severity, rules};
use quorate_sim::{RequestId, WorldError};

use crate::stage::{SimStage, refused};

impl SimStage {
    /// The checks that Setup makes on a new machine, which knows its edition of Windows and its networks. The cluster
    /// makes the others.
    fn setup(&self, node: &Name, interfaces: &BTreeMap<Name, String>) -> Result<(), StageError> {
        let networks = self.networks();
        if let Some(unknown) = interfaces.keys().find(|it| !networks.contains(it)) {
            let known = networks.iter().map(Name::as_str);
            let hint = suggestion(unknown, known).unwrap_or_default();
            return Err(StageError::Refused(format!(
                "there is no network \"{unknown}\": {hint} [unknown-network]"
            )));
        }
        let mut changed = self.definition().clone();
        let ids = changed.nodes.iter().map(|node| node.id.0);
        changed.nodes.push(NodeDefinition {
            id: NodeId(ids.max().map_or(1, |id| id.saturating_add(1))),
            name: node.clone(),
            interfaces: interfaces.clone(),
            attributes: BTreeMap::new(),
        });
        let found = rules::check(&changed, &self.facts);
        let mut found = found.iter();
        match found
            .find(|it| ["edition", "too-many-nodes", "address-outside-subnet"].contains(&it.rule))
        {
            Some(finding) => Err(StageError::Refused(finding.to_string())),
            None => Ok(()),
        }
    }

    /// Declares the load of a group and notes the warnings that it adds.
    pub(crate) fn declare(&mut self, group: &str, users: u32, cpu_percent: u32) {
        let heavy = |stage: &SimStage| -> BTreeSet<String> {
            let found = rules::check(stage.definition(), &stage.facts).into_iter();
            found
                .filter(|it| {
                    it.severity == Severity::Warning
                        && ["active-active-users", "active-active-cpu"].contains(&it.rule)
                })
                .map(|it| it.to_string())
                .collect()
        };
        let before = heavy(self);
        let server = self.facts.virtual_servers.entry(group.into()).or_default();
        (server.users, server.cpu_percent) = (Some(users), Some(cpu_percent));
        for text in heavy(self).difference(&before) {
            self.world.acts().mark_note(text);
        }
    }

    /// Gives an order. Returns the request to wait for, or `None` if the order took effect at once.
    pub(crate) fn give(&mut self, order: Order) -> Result<Option<RequestId>, StageError> {
        let given = match order {
            Order::NodeStart(node, switches) => {
                self.world.acts().start_with(&node, switches).map(|()| None)
            }
            Order::NodeShutdown(node) => match self.world.acts().shutdown(&node) {
                // Its cluster service did not run, so the machine is off already.
                Err(WorldError::NobodyToAsk) => Ok(None),
                given => given.map(Some),
            },
            Order::NodeReboot(node, takes) => match self.world.acts().reboot(&node, takes) {
                Err(WorldError::NobodyToAsk) => Ok(None),
                given => given.map(Some),
            },
            Order::ServiceStart(node, switches) => {
                let started = self.world.acts().start_service_with(&node, switches);
                started.map(|()| None)
            }
            Order::ServiceStop(node) => self
                .world
                .acts()
                .admin_at(&node, AdminOp::ServiceStop)
                .map(Some),
            Order::NodeAdd(node, interfaces) => {
                self.setup(&node, &interfaces)?;
                self.world.acts().add_node(&node, interfaces).map(Some)
            }
            Order::NodeForceCleanup(node) => self.world.acts().force_cleanup(&node).map(|()| None),
            Order::Cluster(op) => {
                if let AdminOp::SetProperty {
                    object: Object::Resource(resource),
                    property,
                    value,
                } = &op
                {
                    // The type's plugin knows its properties; a script knows which it reads.
                    if !self.takes_any_property(resource) {
                        self.property(PropertyOf::Resource(resource), property)?;
                    }
                    self.check_private(resource, property, value.as_ref())?;
                }
                self.world.acts().admin(op).map(Some)
            }
            Order::Control { control, through } => self
                .world
                .acts()
                .control(through.as_deref(), control)
                .map(Some),
        };
        given.map_err(refused)
    }
}
