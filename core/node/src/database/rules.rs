//! The rules of `quorate check`, kept while the cluster runs: what would break one is refused, what is only recommended
//! against is said and done.

use std::collections::BTreeSet;

use quorate_model::errors::{ERROR_DEPENDENCY_NOT_ALLOWED, ERROR_INVALID_PARAMETER};
use quorate_model::{ClusterDefinition, Diagnostic, Facts, PropertyError, Reason, Severity, rules};

use super::Database;
use super::apply::Effect;

/// What the rules find in a definition.
fn findings(definition: &ClusterDefinition) -> Vec<Diagnostic> {
    // What only a file says (editions, hardware) does not change at run time.
    let mut found = rules::check(definition, &Facts::default());
    // So far it is only such things that are worth a note and no more.
    found.retain(|finding| finding.severity > Severity::Note);
    found
}

/// What a finding is about. A warning whose figures change is no new one.
fn subject(finding: &Diagnostic) -> String {
    match finding.severity {
        Severity::Error => finding.to_string(),
        Severity::Warning | Severity::Note => format!("{}: {}", finding.rule, finding.message),
    }
}

/// A refusal of a property's value, with the id of the rule that it breaks.
pub(super) fn refused_value(error: &PropertyError) -> Reason {
    Reason {
        code: ERROR_INVALID_PARAMETER,
        text: format!("{error} [{}]", error.rule()),
    }
}

impl Database {
    /// What the rules find in a changed definition that they do not find in the present one.
    fn breaches(&self, changed: &ClusterDefinition) -> Vec<Diagnostic> {
        let mut new = findings(changed);
        if new.is_empty() {
            return new;
        }
        let present: BTreeSet<String> = findings(&self.definition).iter().map(subject).collect();
        new.retain(|finding| !present.contains(&subject(finding)));
        new
    }

    /// Refuses a changed definition that breaks a rule which the present one keeps. The text names the rule. What is
    /// recommended against is an effect, to be said.
    pub(super) fn must_keep_rules(
        &self,
        changed: &ClusterDefinition,
    ) -> Result<Vec<Effect>, Reason> {
        let (errors, others): (Vec<_>, Vec<_>) = self
            .breaches(changed)
            .into_iter()
            .partition(|finding| finding.severity == Severity::Error);
        if errors.is_empty() {
            return Ok(said(others));
        }
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Err(Reason {
            code: ERROR_DEPENDENCY_NOT_ALLOWED,
            text: errors.join("; "),
        })
    }

    /// What a change breaks that cannot be refused: what was lost is lost.
    pub(super) fn broken_by(&self, changed: &ClusterDefinition) -> Vec<Effect> {
        said(self.breaches(changed))
    }
}

fn said(findings: Vec<Diagnostic>) -> Vec<Effect> {
    findings
        .iter()
        .map(|finding| Effect::Warned {
            text: finding.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use quorate_model::{AdminOp, Name, NetworkRole, NodeDefinition, NodeId};

    use super::*;

    fn refusal(database: &mut Database, op: &AdminOp) -> String {
        let before = database.clone();
        let refusal = database.administrate(op).expect_err("refused");
        assert_eq!(*database, before, "half a change");
        refusal.text
    }

    #[test]
    fn a_node_that_would_not_hear_the_cluster_is_not_added() {
        let mut database = Database::install(crate::shipped::cluster("four-node.ron"));
        for network in &mut database.definition_mut().networks {
            if network.name == "Public" {
                network.role = NetworkRole::ClientAccess;
            }
        }
        let card = |network: &str, address: &str| (Name::from(network), address.to_owned());
        let public = card("Public", "10.0.0.15");
        let mut node = NodeDefinition {
            id: NodeId(5),
            name: "NODE5".into(),
            interfaces: [public].into(),
            attributes: Default::default(),
        };
        let add = |node: &NodeDefinition| AdminOp::NodeAdd {
            node: Box::new(node.clone()),
        };
        let why = refusal(&mut database, &add(&node));
        assert!(why.contains("[node-without-cluster-network]"), "{why}");
        node.interfaces.extend([card("Private", "192.168.0.15")]);
        assert!(database.administrate(&add(&node)).is_ok());
    }

    #[test]
    fn what_the_quorum_is_made_of_is_not_deleted() {
        let mut database = Database::install(crate::shipped::cluster("four-node.ron"));
        let delete = AdminOp::ResourceDelete {
            resource: "Disk Q:".into(),
        };
        let why = refusal(&mut database, &delete);
        assert!(why.contains("[unknown-quorum-resource]"), "{why}");
    }
}
