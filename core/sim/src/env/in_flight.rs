//! Heartbeats on their way to a node for which they do nothing but that they come, as nearly all of them. They wait beside the
//! queue of events, until something happens to the node or somebody looks at it.

use std::collections::VecDeque;

use quorate_model::NodeId;
use quorate_node::Beat;

use super::{Environment, Happening, Machine};
use crate::queue::Moment;

/// One heartbeat, on one network.
#[derive(Debug)]
pub(crate) struct Coming {
    /// When it arrives.
    pub(crate) moment: Moment,
    pub(crate) from: NodeId,
    pub(crate) network: usize,
    pub(crate) beat: Beat,
    /// The number of the journal's event that it comes from.
    pub(crate) cause: Option<u64>,
}

/// The heartbeats to each machine, in the order in which they arrive.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    to: Vec<VecDeque<Coming>>,
    /// Whether any may wait here: only while time passes, since nobody looks at anything between two events, and not while
    /// one happens that has to do with more than one machine.
    pub(crate) open: bool,
}

impl InFlight {
    pub(crate) fn add(&mut self, to: Machine, coming: Coming) {
        if self.to.len() <= to {
            self.to.resize_with(to + 1, VecDeque::new);
        }
        let all = &mut self.to[to];
        let later = all.iter().rev().take_while(|it| it.moment > coming.moment);
        let place = all.len() - later.count();
        match place == all.len() {
            true => all.push_back(coming),
            false => all.insert(place, coming),
        }
    }

    /// The next one to a machine, if it arrives before a moment.
    pub(crate) fn first_before(&self, to: Machine, moment: Moment) -> Option<&Coming> {
        let first = self.to.get(to)?.front();
        first.filter(|it| it.moment < moment)
    }

    /// How many are on their way to a machine.
    pub(crate) fn count(&self, to: Machine) -> usize {
        self.to.get(to).map_or(0, VecDeque::len)
    }

    /// Takes the next one to a machine.
    pub(crate) fn next(&mut self, to: Machine) -> Option<Coming> {
        self.to.get_mut(to)?.pop_front()
    }
}

impl Environment {
    /// A heartbeat on its way becomes an event like any other.
    pub(crate) fn becomes_event(&mut self, to: Machine, coming: Coming) {
        let Coming {
            moment,
            from,
            network,
            beat,
            cause,
        } = coming;
        let arrives = Happening::Deliver {
            to,
            from,
            network,
            message: beat.into(),
        };
        self.queue.push_at(moment, cause, arrives);
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::Time;
    use quorate_node::{BootImage, Input, Node, NodeConfig, Output};

    use super::*;
    use crate::env::tests::{definition, environment};

    /// The first heartbeat of a node.
    fn beat() -> Beat {
        let config = NodeConfig {
            id: NodeId(2),
            definition: definition(2),
            incarnation: 1,
            seed: 1,
            civil_origin_ms: 0,
            local_shift_minutes: 0,
            switches: Default::default(),
            joins: false,
        };
        let mut node = Node::boot(config, BootImage::default(), Time::ZERO);
        node.handle(Time::ZERO, Input::Wake);
        let mut said = std::iter::from_fn(|| node.poll_output());
        let beat = said.find_map(|output| match output {
            Output::SendAll { message, .. } => message.beat(),
            _ => None,
        });
        beat.expect("a heartbeat")
    }

    #[test]
    fn heartbeats_come_in_the_order_in_which_they_arrive_and_become_events_at_their_moments() {
        let beat = beat();
        let mut env = environment(2);
        let mut moments = Vec::new();
        for at in [30, 10, 20, 10] {
            let moment = env.queue.moment(Time(at));
            moments.push(moment);
            let coming = Coming {
                moment,
                from: NodeId(2),
                network: 0,
                beat: beat.clone(),
                cause: Some(at),
            };
            env.in_flight.add(1, coming);
        }
        moments.sort_unstable();
        assert_eq!(env.in_flight.count(1), 4);
        let first = |env: &Environment, to, before: usize| {
            let coming = env.in_flight.first_before(to, moments[before]);
            coming.map(|it| it.moment)
        };
        assert_eq!(first(&env, 0, 3), None, "to another");
        assert_eq!(first(&env, 1, 0), None);
        for next in [0, 1] {
            assert_eq!(first(&env, 1, next), None);
            assert_eq!(first(&env, 1, 2), Some(moments[next]));
            let taken = env.in_flight.next(1);
            assert_eq!(taken.map(|it| it.moment), Some(moments[next]));
        }
        assert_eq!(first(&env, 1, 2), None);

        env.queue.push(Time(20), Happening::Check);
        while let Some(coming) = env.in_flight.next(1) {
            env.becomes_event(1, coming);
        }
        let mut happen = || {
            let (at, what) = env.queue.pop()?;
            let comes = matches!(
                what,
                Happening::Deliver {
                    to: 1,
                    network: 0,
                    ..
                }
            );
            Some((at.0, comes, env.queue.cause))
        };
        let all: Vec<_> = std::iter::from_fn(&mut happen).collect();
        // What was scheduled later for the same instant comes later.
        assert_eq!(
            all,
            [
                (20, true, Some(20)),
                (20, false, None),
                (30, true, Some(30))
            ]
        );
    }
}
