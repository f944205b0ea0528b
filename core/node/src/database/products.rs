//! What products declare of the groups that are their servers, kept: no product is known here by its name.

use quorate_model::{ClusterDefinition, GroupDefinition, Name, Product, ResourceState};

use super::Database;

impl Database {
    /// The product that a group is a server of.
    pub(super) fn product_of(&self, group: &GroupDefinition) -> Option<&'static Product> {
        let mut products = self.products.iter();
        products.find(|product| product.is_server(group))
    }

    /// Gives the servers of each product their exclusive class, or takes it from them, as a changed definition wants.
    pub(super) fn keep_servers_apart(&self, changed: &mut ClusterDefinition) {
        for product in self.products {
            product.set_classes(changed);
        }
    }

    /// Why `node` cannot be added, of which `changed` has one more: another runs several servers where it may run one then.
    pub(super) fn together_too_many(
        &self,
        changed: &ClusterDefinition,
        node: &Name,
    ) -> Option<String> {
        let apart = self.products.iter().filter(|it| it.keeps_apart(changed));
        let mut found =
            apart.filter_map(|product| Some((product, self.owner_of_several(product)?)));
        let (product, (owner, groups)) = found.next()?;
        Some(format!(
            "{owner} owns {groups}, and in a cluster with more than {} nodes a node runs one {}; move or take one \
             offline before you add {node} [{}]",
            product.together_max_text(),
            product.server,
            product.apart_rule
        ))
    }

    /// A node that owns several servers of a product which are not Offline, and which they are.
    fn owner_of_several(&self, product: &Product) -> Option<(Name, String)> {
        self.definition.nodes.iter().find_map(|node| {
            let served = |group: &&GroupDefinition| {
                let mut resources = group.resources.iter();
                let owned = self.groups.get(&group.name);
                owned.is_some_and(|record| record.owner == node.id)
                    && resources.any(|one| {
                        let state = self.resources.get(&one.name).map(|record| record.state);
                        one.kind == product.leader
                            && !matches!(
                                state,
                                Some(ResourceState::Offline | ResourceState::Failed)
                            )
                    })
            };
            let groups = self.definition.groups.iter().filter(served);
            let groups: Vec<&str> = groups.map(|group| group.name.as_str()).collect();
            (groups.len() > 1).then(|| (node.name.clone(), groups.join(" and ")))
        })
    }

    /// Whether a type leads the servers of a product: a resource of it takes along what it has made.
    pub(super) fn leads(&self, kind: &str) -> bool {
        self.products.iter().any(|product| product.leader == kind)
    }

    /// Why a resource of a type cannot leave a group: another server of its product depends on what the cluster has once.
    pub(super) fn needed_elsewhere(&self, group: &Name, kind: &str) -> Option<String> {
        self.products.iter().find_map(|product| {
            let once = product.once?;
            let takes_it = product.leader == kind && once.holder(&self.definition) == Some(group);
            if !takes_it && once.kind != kind {
                return None;
            }
            let mut groups = self.definition.groups.iter();
            let other = groups.find(|other| other.name != *group && product.is_server(other))?;
            Some(format!(
                "error[{}]: {group} holds the {}, which {} depends on: remove {group} last",
                once.rule, once.name, other.name
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::{AdminOp, NodeId, Once, PRODUCTS, Reason};

    use super::*;

    /// A product that nobody sells. Its servers may share a node as long as there are two.
    const LEDGER: Product = Product {
        leader: "Ledger System Attendant",
        server: "ledger",
        class: "Ledger Server",
        together_max: 2,
        apart_rule: "one-ledger",
        dependency_rule: "ledger-dependency",
        once: Some(Once {
            kind: "Ledger Message Transfer Agent",
            name: "printer",
            rule: "printer-not-first",
        }),
    };

    /// Two nodes with two servers of the invented product, both on the first, and no other product known.
    fn ledgers(state: ResourceState) -> Database {
        let mut definition = crate::shipped::cluster("two-node-active-active.ron");
        for group in &mut definition.groups {
            group.properties.exclusive_class_names.clear();
            group.properties.anti_affinity_class_names.clear();
            for resource in &mut group.resources {
                if let Some(kind) = resource.kind.strip_prefix("Microsoft Exchange ") {
                    resource.kind = format!("Ledger {kind}").as_str().into();
                }
            }
        }
        let mut database = Database::install(definition);
        database.products = &[LEDGER];
        for node in [1, 2] {
            database.view.members.insert(NodeId(node), 1);
        }
        for record in database.groups.values_mut() {
            record.owner = NodeId(1);
        }
        for record in database.resources.values_mut() {
            record.state = state;
        }
        database
    }

    fn third(database: &Database) -> AdminOp {
        let mut node = database.definition.nodes[0].clone();
        (node.id, node.name) = (NodeId(3), "NODE3".into());
        for address in node.interfaces.values_mut() {
            let (net, _) = address.rsplit_once('.').unwrap();
            *address = format!("{net}.93");
        }
        AdminOp::NodeAdd {
            node: Box::new(node),
        }
    }

    fn delete(database: &mut Database, resource: &str) -> Result<(), Reason> {
        let resource = resource.into();
        let deleted = database.administrate(&AdminOp::ResourceDelete { resource });
        deleted.map(drop)
    }

    fn classes(database: &Database, group: &str) -> Vec<String> {
        let group = database.definition.group(group).unwrap();
        group.properties.exclusive_class_names.clone()
    }

    #[test]
    fn servers_of_any_product_are_kept_apart_where_there_are_more_nodes_than_it_declares() {
        let mut database = ledgers(ResourceState::Online);
        let add = third(&database);
        let refused = database.administrate(&add).unwrap_err();
        assert_eq!(
            (refused.code, refused.text.as_str()),
            (
                5069,
                "NODE1 owns EVS1 and EVS2, and in a cluster with more than two nodes a node runs one ledger; move or \
                 take one offline before you add NODE3 [one-ledger]"
            )
        );
        // With what is shipped alone these are groups like any other.
        database.products = PRODUCTS;
        assert!(database.clone().administrate(&add).is_ok());

        let mut database = ledgers(ResourceState::Offline);
        assert!(database.administrate(&add).is_ok());
        for group in ["EVS1", "EVS2"] {
            assert_eq!(classes(&database, group), ["Ledger Server"]);
        }
        let group = database.definition.group("EVS2").unwrap().clone();
        let (code, why) = database.may_take(&group, NodeId(1)).unwrap_err();
        assert!(
            code == 5005 && why.ends_with("of class \"Ledger Server\" [one-ledger]"),
            "{why}"
        );

        let node = "NODE3".into();
        database.administrate(&AdminOp::NodeEvict { node }).unwrap();
        assert!(classes(&database, "EVS1").is_empty());
        assert!(database.may_take(&group, NodeId(2)).is_ok());
    }

    #[test]
    fn what_leads_a_server_of_any_product_takes_along_what_it_has_made() {
        let mut database = ledgers(ResourceState::Offline);
        let refused = delete(&mut database, "EVS2 Network Name").unwrap_err();
        assert!(
            refused
                .text
                .ends_with("delete it first [ledger-dependency]"),
            "{}",
            refused.text
        );
        // One for the cluster, and the others depend on it.
        let refused = delete(&mut database, "EVS1 System Attendant").unwrap_err();
        assert_eq!(
            refused.text,
            "error[printer-not-first]: EVS1 holds the printer, which EVS2 depends on: remove EVS1 last"
        );
        let refused = delete(&mut database, "EVS1 MTA").unwrap_err();
        assert!(
            refused.text.starts_with("error[printer-not-first]"),
            "{}",
            refused.text
        );
        for group in ["EVS2", "EVS1"] {
            delete(&mut database, &format!("{group} System Attendant")).unwrap();
            let left = &database.definition.group(group).unwrap().resources;
            assert!(
                !left.iter().any(|it| it.kind.starts_with("Ledger ")),
                "{group}"
            );
        }
        assert!(
            database
                .product_of(database.definition.group("EVS1").unwrap())
                .is_none()
        );
    }
}
