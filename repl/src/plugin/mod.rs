//! What `quorate plugin` does beyond listing.

pub(crate) mod new;
