//! Seeded generators, one stream per purpose, so that a draw for one purpose never changes the numbers of another.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of pseudo-random numbers that depends only on the world's seed and on its purpose.
#[derive(Clone, Debug)]
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of `seed` for `purpose`, such as `network/Public`.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(fnv1a(purpose.as_bytes()));
        Stream(generator)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 to `max`, both included.
    pub(crate) fn up_to(&mut self, max: u64) -> u64 {
        // The bias of the multiply-shift is below 2^-32 for every range used here.
        let scaled = u128::from(self.next()) * (u128::from(max) + 1);
        (scaled >> 64) as u64
    }

    /// A span from zero to `max`, to the microsecond.
    pub(crate) fn span(&mut self, max: Duration) -> Duration {
        let micros = u64::try_from(max.as_micros()).unwrap_or(u64::MAX - 1);
        Duration::from_micros(self.up_to(micros))
    }

    /// True for `per_million` of a million draws on average.
    pub(crate) fn one_in_a_million_times(&mut self, per_million: u32) -> bool {
        self.up_to(999_999) < u64::from(per_million)
    }
}

/// FNV-1a, 64 bits: the same in all versions and on all machines, as a stream number must be.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_seed_and_purpose_alone() {
        let draw = |seed, purpose| {
            let mut stream = Stream::new(seed, purpose);
            [stream.next(), stream.next(), stream.next()]
        };
        assert_eq!(draw(7, "network/Public"), draw(7, "network/Public"));
        assert_ne!(draw(7, "network/Public"), draw(7, "network/Private"));
        assert_ne!(draw(7, "network/Public"), draw(8, "network/Public"));
    }

    #[test]
    fn ranges_include_both_ends() {
        let mut stream = Stream::new(1, "range");
        let mut seen = [false; 4];
        for _ in 0..200 {
            seen[usize::try_from(stream.up_to(3)).unwrap()] = true;
        }
        assert_eq!(seen, [true; 4]);
        assert!(!Stream::new(1, "never").one_in_a_million_times(0));
        assert!(Stream::new(1, "always").one_in_a_million_times(1_000_000));
    }
}
