//! A random policy: every answer that a script may give comes up, sensible or not. The same questions in the same
//! order get the same answers on every node.

use std::time::Duration;

use quorate_model::PolicyScript;
use quorate_node::{
    Choice, Policies, Policy, PolicyError, PolicyFailure, PolicyGroup, PolicyNode, PolicyResource,
    Reaction,
};

use super::draw::Choices;

/// The policy of a run. Its script's text is the seed.
#[derive(Debug)]
pub struct Dice;

impl Policies for Dice {
    fn compile(&self, script: &PolicyScript) -> Result<Box<dyn Policy>, PolicyError> {
        let seed = script.text.parse();
        let seed = seed.map_err(|_| PolicyError(format!("{:?} is no seed", script.text)))?;
        Ok(Box::new(Thrown(Choices(seed))))
    }
}

#[derive(Debug)]
struct Thrown(Choices);

impl Policy for Thrown {
    fn choose_owner(
        &mut self,
        group: &PolicyGroup,
        candidates: &[PolicyNode],
    ) -> Result<Choice, PolicyError> {
        let any = |dice: &mut Choices, nodes: &[PolicyNode]| {
            let node = nodes.get(dice.index(nodes.len()));
            node.map_or_else(|| "NODE9".to_owned(), |node| node.name.to_string())
        };
        Ok(match self.0.below(12) {
            0..=3 => Choice::BuiltIn,
            4 => Choice::Stay,
            5..=8 => Choice::Node(any(&mut self.0, candidates)),
            // Probably a node that may not own the group.
            9 => Choice::Node(any(&mut self.0, &group.nodes)),
            10 => Choice::Node("NODE9".to_owned()),
            _ => return Err(PolicyError("the dice fell off the table".to_owned())),
        })
    }

    fn on_resource_failed(
        &mut self,
        _: &PolicyResource,
        _: &PolicyFailure,
    ) -> Result<Reaction, PolicyError> {
        Ok(match self.0.below(10) {
            0..=3 => Reaction::BuiltIn,
            4 => Reaction::Restart,
            5 | 6 => Reaction::Move,
            7 => Reaction::GiveUp,
            8 => Reaction::Wait(Duration::from_secs(self.0.below(120))),
            _ => return Err(PolicyError("the dice fell off the table".to_owned())),
        })
    }
}
