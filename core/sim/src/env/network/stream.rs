//! Messages that are too long for a datagram: each two machines that hear each other keep a connection for them.
//!
//! On a network that loses nothing such a message is there as soon as a datagram would be, as long as it is short enough
//! to be sent at once; a longer one waits for the other side to confirm what came. What is lost or damaged is sent again
//! after a while, and nothing comes twice. Both machines must reach each other, since one must confirm to the other.

use std::time::Duration;

use super::{Network, Networks, Trouble};
use crate::env::Machine;
use crate::rng::Stream;

/// How many bytes of a message one packet carries.
const PACKET: usize = 1_448;
/// How many packets are sent before any is confirmed (RFC 6928); each time that all are, twice as many follow.
const FIRST_FLIGHT: usize = 10;
/// How long a sender waits for a confirmation before it sends again what was lost; then twice as long, and so on.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// How often something is sent again before the connection is given up, and the message with it: 3 s in all.
const REPEATS_MAX: u32 = 4;

/// The fate of a stream that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamPassage {
    /// When the last packet is sent. Until then the sender must live, and the two must reach each other.
    pub(crate) sends: Duration,
    /// How long that one takes.
    pub(crate) takes: Duration,
}

/// How often a sender waits for confirmations before it has sent so many bytes.
fn waits(bytes: usize) -> u32 {
    let (mut packets, mut flight, mut waits) = (bytes.div_ceil(PACKET), FIRST_FLIGHT, 0);
    while packets > flight {
        packets -= flight;
        flight *= 2;
        waits += 1;
    }
    waits
}

impl Networks {
    /// Whether two machines can keep a connection.
    pub(crate) fn connects(&self, network: usize, one: Machine, other: Machine) -> bool {
        self.reaches(network, one, other) && self.reaches(network, other, one)
    }

    /// Sends a message of so many bytes as a stream: its fate, or `None` if it is lost.
    pub(crate) fn stream(
        &mut self,
        network: usize,
        from: Machine,
        to: Machine,
        bytes: usize,
    ) -> Option<StreamPassage> {
        let connects = self.connects(network, from, to);
        let network = &mut self.all[network];
        let (first_lost, jitter) = network.draw();
        if !connects {
            return None;
        }
        let stretches = network.stretches(from, to);
        let mut way = network.latency;
        let mut held = Duration::ZERO;
        for trouble in stretches.iter().filter(|it| **it != Trouble::default()) {
            way += trouble.latency;
            let random = &mut network.troubles;
            let late = random.span(trouble.by);
            if random.one_in_a_million_times(trouble.reorder.per_million()) {
                held += late;
            }
        }
        let mut passage = StreamPassage {
            sends: way * 2 * waits(bytes),
            takes: way + jitter + held,
        };
        let packets = bytes.div_ceil(PACKET).saturating_sub(1);
        let mut missing = usize::from(first_lost) + network.lost(&stretches, packets);
        for repeat in 0..=REPEATS_MAX {
            if missing == 0 {
                return Some(passage);
            }
            passage.sends += FIRST_WAIT * 2_u32.pow(repeat);
            missing = network.lost(&stretches, missing);
        }
        None
    }
}

impl Network {
    /// How many of some packets are lost on their way, or damaged, which their receiver takes for lost.
    fn lost(&mut self, stretches: &[Trouble], packets: usize) -> usize {
        let mut chances = vec![self.loss.per_million()];
        for trouble in stretches {
            chances.extend([trouble.loss.per_million(), trouble.corrupt.per_million()]);
        }
        chances.retain(|chance| *chance > 0);
        if chances.is_empty() {
            return 0;
        }
        let random: &mut Stream = &mut self.troubles;
        let lost = |_: &usize| {
            let drawn = chances
                .iter()
                .filter(|it| random.one_in_a_million_times(**it));
            drawn.count() > 0
        };
        (0..packets).filter(lost).count()
    }
}
