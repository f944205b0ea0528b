//! The random numbers that both implementations meet. Each depends only on the seed and the place where it is used.

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Rng(
    /// The state.
    pub u64,
);

impl Rng {
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 where `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        self.draw() % n.max(1)
    }
}

/// The number for a place, the same for both implementations.
pub fn at(seed: u64, place: &[u64]) -> u64 {
    let mixed = place.iter().fold(seed, |mixed, part| {
        Rng(mixed ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93)).draw()
    });
    Rng(mixed).draw()
}
