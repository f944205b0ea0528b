//! Virtual servers made and taken away at run time, under the same rules as a cluster file's.

use std::collections::BTreeSet;

use quorate_model::errors::{
    ERROR_CORE_RESOURCE, ERROR_DEPENDENT_RESOURCE_EXISTS, ERROR_QUORUM_RESOURCE,
    ERROR_RESOURCE_ONLINE,
};
use quorate_model::{CLUSTER_GROUP, Name, VirtualServerRequest, types};

use super::Database;
use super::apply::{Applied, Effect, refuse};

impl Database {
    /// Makes the group with what leads it, and all that that makes (docs/semantics.md, 2.2).
    pub(super) fn create_virtual_server(&mut self, request: &VirtualServerRequest) -> Applied {
        if self.groups.contains_key(&request.name) {
            return refuse(
                5010,
                format!("there is a group {} already [duplicate-name]", request.name),
            );
        }
        let group = request.completed(&self.definition).expand();
        let mut changed = (*self.definition).clone();
        changed.groups.push(group.clone());
        let warnings = self.must_keep_rules(&changed)?;
        self.definition = changed.into();
        self.add_group_record(&group);
        let list = self.node_list(&group);
        let free = |node: &&quorate_model::NodeId| self.may_take(&group, **node).is_ok();
        let home = list
            .iter()
            .filter(free)
            .find(|node| !self.anti_affine(&group, **node))
            .or_else(|| list.iter().find(free))
            .copied();
        if let (Some(home), Some(record)) = (home, self.groups.get_mut(&group.name)) {
            record.owner = home;
        }
        let text = format!("virtual server {} was created", group.name);
        Ok([Effect::Configured { text }]
            .into_iter()
            .chain(warnings)
            .collect())
    }

    /// Takes a resource out of the cluster. What leads a server of a product takes everything with it that it has made.
    pub(super) fn delete_resource(&mut self, resource: &Name) -> Applied {
        let group = self.known_resource(resource)?;
        if self.is_quorum_resource(resource) {
            return refuse(
                ERROR_QUORUM_RESOURCE,
                format!(
                    "{resource} is the quorum resource: use another one first [unknown-quorum-resource]"
                ),
            );
        }
        let Some(definition) = self.resource_definition(resource) else {
            return Ok(Vec::new());
        };
        let kind = definition.kind.clone();
        if group == *CLUSTER_GROUP && [types::IP_ADDRESS, types::NETWORK_NAME].contains(&&*kind) {
            return refuse(
                ERROR_CORE_RESOURCE,
                format!("{resource} is a core resource of the cluster"),
            );
        }
        let dependents: Vec<Name> = self
            .definition
            .groups
            .iter()
            .flat_map(|group| &group.resources)
            .filter(|other| other.depends_on.contains(resource))
            .map(|other| other.name.clone())
            .collect();
        if let (false, Some(dependent)) = (self.leads(&kind), dependents.first()) {
            // In a server of a product this is what the product wants, too.
            let of = self.definition.group(&group);
            let product = of.and_then(|group| self.product_of(group));
            let rule = product.map(|it| format!(" [{}]", it.dependency_rule));
            let rule = rule.unwrap_or_default();
            return refuse(
                ERROR_DEPENDENT_RESOURCE_EXISTS,
                format!("{dependent} depends on {resource}: delete it first{rule}"),
            );
        }
        let gone: Vec<&Name> = dependents.iter().chain([resource]).collect();
        let mut any = gone.iter().copied();
        if let Some(up) = any.find(|name| !self.resource_state(*name).is_down()) {
            let state = self.resource_state(up);
            return refuse(
                ERROR_RESOURCE_ONLINE,
                format!("resource {up} is {state}: take it offline first"),
            );
        }
        if let Some(text) = self.needed_elsewhere(&group, &kind) {
            return refuse(ERROR_DEPENDENT_RESOURCE_EXISTS, text);
        }
        let gone: BTreeSet<Name> = gone.into_iter().cloned().collect();
        let mut changed = (*self.definition).clone();
        for group in &mut changed.groups {
            group
                .resources
                .retain(|resource| !gone.contains(&resource.name));
        }
        let warnings = self.must_keep_rules(&changed)?;
        self.definition = changed.into();
        self.resources.retain(|name, _| !gone.contains(name));
        let text = format!("resource {resource} was deleted");
        Ok([Effect::Configured { text }]
            .into_iter()
            .chain(warnings)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::Value;

    use super::*;
    use crate::shipped::virtual_server;

    /// Of two networks with masks of their own the address has the mask of the one that it is on.
    #[test]
    fn what_is_not_said_is_taken_from_what_there_is() {
        let mut definition = crate::shipped::cluster("two-node-active-active.ron");
        let mut masks = ["255.0.0.0", "255.255.0.0"].into_iter();
        let mut networks = Vec::new();
        for group in &mut definition.groups {
            for resource in &mut group.resources {
                if *resource.kind != *types::IP_ADDRESS {
                    continue;
                }
                let network = if networks.is_empty() {
                    "Public"
                } else {
                    "Clients"
                };
                let Some(mask) = masks.next() else { continue };
                let private = &mut resource.properties.private;
                private.insert("Network".into(), Value::Text(network.into()));
                private.insert("SubnetMask".into(), Value::Text(mask.into()));
                networks.push(network);
            }
        }
        assert_eq!(networks, ["Public", "Clients"]);
        let database = Database::install(definition);
        let first = virtual_server("EVS9").completed(&database.definition);
        assert_eq!(
            (&*first.network, &*first.subnet_mask),
            ("Public", "255.0.0.0")
        );
        assert_eq!(first.network_name, "EVS9");
        assert!(!first.exclusive, "two nodes may run both");
        assert!(!first.mta, "there is one");
        let on_the_other = VirtualServerRequest {
            network: "Clients".into(),
            ..virtual_server("EVS9")
        };
        let second = on_the_other.completed(&database.definition);
        assert_eq!(second.subnet_mask, "255.255.0.0");
        let four = Database::install(crate::shipped::cluster("four-node.ron"));
        assert!(virtual_server("EVS9").completed(&four.definition).exclusive);
        let three = Database::install(crate::shipped::cluster("three-node.ron"));
        assert!(
            virtual_server("EVS9")
                .completed(&three.definition)
                .exclusive
        );
        let empty = Database::install(crate::shipped::cluster("two-node-empty.ron"));
        assert!(
            virtual_server("EVS9").completed(&empty.definition).mta,
            "the first has it"
        );
    }
}
