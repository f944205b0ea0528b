//! What `quorate plugin` does beyond listing.

pub(crate) mod check;
pub(crate) mod new;
