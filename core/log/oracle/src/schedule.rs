//! The events of a run, drawn from a seed before anything runs.

use crate::weather::Rng;

/// Something that happens to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A node loses power: what its disk had not finished writing is gone.
    Crash(u8),
    /// It starts again over what its disk holds.
    Boot(u8),
    /// It loses power and its disk, and starts again as new.
    Wipe(u8),
    /// It stands still: no time passes for it, and messages wait.
    Freeze(u8),
    /// It goes on.
    Thaw(u8),
    /// Messages from the first to the second are lost from now on.
    Cut(u8, u8),
    /// The nodes whose bits are set and the other nodes do not hear each other.
    Partition(u64),
    /// All cuts and partitions end.
    Heal,
    /// The leader gets an update.
    Propose,
    /// The leader is to hand over to this node.
    Transfer(u8),
}

/// A whole run.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The seed of the schedule, and of all delays and losses in the run.
    pub seed: u64,
    /// Nodes, all of them voters, from 1.
    pub nodes: u8,
    /// How long it lasts before everything is healed.
    pub ticks: u64,
    /// Messages lost, of a thousand.
    pub loss: u64,
    /// Messages that arrive twice, of a thousand.
    pub twice: u64,
    /// The most ticks a message takes; at least 1. Messages with different delays may overtake each other.
    pub delay: u64,
    /// The most ticks a write takes.
    pub write: u64,
    /// What happens, by tick.
    pub events: Vec<(u64, Event)>,
}

impl Schedule {
    /// Draws a run: which events happen, which kinds can happen at all, and how often.
    pub fn draw(seed: u64) -> Schedule {
        let mut rng = Rng(seed ^ 0x0004_ac1e);
        let nodes = [3, 3, 3, 5, 5, 2, 4, 7][rng.below(8) as usize];
        let ticks = 100 + rng.below(500);
        let mut schedule = Schedule {
            seed,
            nodes,
            ticks,
            loss: [0, 0, 10, 50, 200][rng.below(5) as usize],
            twice: [0, 0, 20, 100][rng.below(4) as usize],
            delay: 1 + [0, 1, 3, 8][rng.below(4) as usize],
            write: [0, 1, 3, 10][rng.below(4) as usize],
            events: Vec::new(),
        };
        // How often each kind of event happens, per thousand ticks.
        let mut often = |most: u64| {
            if rng.below(3) == 0 {
                0
            } else {
                rng.below(most)
            }
        };
        let (crash, freeze, cut, partition, transfer) =
            (often(40), often(20), often(40), often(30), often(20));
        let (boot, thaw, heal, propose) = (20 + often(100), 50, 10 + often(60), 100 + often(600));
        for tick in 0..ticks {
            let mut draw = |of_a_thousand: u64, event: &dyn Fn(&mut Rng) -> Event| {
                if rng.below(1000) < of_a_thousand {
                    schedule.events.push((tick, event(&mut rng)));
                }
            };
            let node = |rng: &mut Rng| 1 + rng.below(u64::from(nodes)) as u8;
            draw(crash, &|rng| Event::Crash(node(rng)));
            draw(boot, &|rng| Event::Boot(node(rng)));
            draw(freeze, &|rng| Event::Freeze(node(rng)));
            draw(thaw, &|rng| Event::Thaw(node(rng)));
            draw(cut, &|rng| Event::Cut(node(rng), node(rng)));
            draw(partition, &|rng| Event::Partition(rng.draw()));
            draw(heal, &|_| Event::Heal);
            draw(propose, &|_| Event::Propose);
            draw(transfer, &|rng| Event::Transfer(node(rng)));
        }
        schedule
    }
}
