//! The engine's hashing, the same in every process.

/// The seed of Rhai's hashing: any fixed number but zero, so that two processes number functions alike.
const HASHING_SEED: [u64; 4] = [0x51, 0x75, 0x6f, 0x72];

/// Makes Rhai's hashing the same in every process. Call it at the start of `main`, before anything else of Rhai;
/// later calls change nothing.
pub fn seed_hashing() {
    // The only error is that a seed is set already.
    let _ = rhai::config::hashing::set_hashing_seed(Some(HASHING_SEED));
}
