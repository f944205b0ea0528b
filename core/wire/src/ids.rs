//! Which cluster and which network an envelope is for, as numbers that follow from the names.

use std::fmt;

fn digest(context: &str, name: &str) -> [u8; 32] {
    // Names are the same to a cluster whatever case they are written in.
    blake3::derive_key(context, name.to_lowercase().as_bytes())
}

/// Which cluster an envelope belongs to. It tells clusters apart that were given the same key, as where a test cluster was made
/// from a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(pub u64);

impl ClusterId {
    /// The number of the cluster with this name. Case does not matter.
    pub fn of_name(name: &str) -> ClusterId {
        let mut number = [0; 8];
        number.copy_from_slice(&digest("quorate 2026-11 cluster id", name)[..8]);
        ClusterId(u64::from_le_bytes(number))
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Which network an envelope was sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkId(pub u32);

impl NetworkId {
    /// The number of the network with this name. Case does not matter.
    pub fn of_name(name: &str) -> NetworkId {
        let mut number = [0; 4];
        number.copy_from_slice(&digest("quorate 2026-11 network id", name)[..4]);
        NetworkId(u32::from_le_bytes(number))
    }
}

impl fmt::Display for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{ClusterId, NetworkId};

    #[test]
    fn numbers_follow_from_names_whatever_their_case() {
        assert_eq!(ClusterId::of_name("MAIL"), ClusterId::of_name("mail"));
        assert_ne!(ClusterId::of_name("MAIL"), ClusterId::of_name("MAIL2"));
        assert_eq!(NetworkId::of_name("Public"), NetworkId::of_name("PUBLIC"));
        assert_ne!(NetworkId::of_name("Public"), NetworkId::of_name("Private"));
        // They are on the wire: another number is another version.
        assert_eq!(ClusterId::of_name("MAIL").to_string(), "4930a5befae8f5ca");
        assert_eq!(NetworkId::of_name("Public").to_string(), "950ae141");
    }
}
