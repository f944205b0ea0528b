//! The original's states, with its names and numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! states {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// Every state, in the order of the original's numbers.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// Their names, in the same order.
            pub const WORDS: &'static [&'static str] = &[$(stringify!($variant),)+];

            /// The original's number for this state.
            pub const fn code(self) -> i32 {
                match self { $($name::$variant => $code,)+ }
            }

            /// The original's name, as drills and journals spell it.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => stringify!($variant),)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

states! {
    /// What a resource is doing on the node that owns its group.
    ResourceState {
        /// The monitor is still creating the instance.
        Initializing = 1,
        /// In service.
        Online = 2,
        /// Out of service on purpose.
        Offline = 3,
        /// Out of service because it broke.
        Failed = 4,
        /// Coming into service.
        OnlinePending = 129,
        /// Going out of service.
        OfflinePending = 130,
    }
}

impl ResourceState {
    /// Whether an online or offline request is under way.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::OnlinePending | Self::OfflinePending)
    }

    /// Whether nothing of the resource runs: Offline or Failed.
    pub const fn is_down(self) -> bool {
        matches!(self, Self::Offline | Self::Failed)
    }
}

states! {
    /// What a group is doing, computed from its resources.
    GroupState {
        /// Every resource is Online.
        Online = 0,
        /// No resource is Online, or the group is empty.
        Offline = 1,
        /// At least one resource is Failed.
        Failed = 2,
        /// Some resources are Online, none is Failed or pending.
        PartialOnline = 3,
        /// At least one resource is pending, none is Failed.
        Pending = 4,
    }
}

impl GroupState {
    /// The group's state from those of its resources: the first of Failed, Pending, Online, Offline and
    /// PartialOnline that fits.
    pub fn of(resources: impl IntoIterator<Item = ResourceState>) -> GroupState {
        let (mut all, mut online, mut pending, mut failed) = (0_usize, 0_usize, 0_usize, 0_usize);
        for state in resources {
            all += 1;
            match state {
                ResourceState::Online => online += 1,
                ResourceState::Failed => failed += 1,
                ResourceState::OnlinePending
                | ResourceState::OfflinePending
                | ResourceState::Initializing => pending += 1,
                ResourceState::Offline => {}
            }
        }
        match () {
            () if failed > 0 => GroupState::Failed,
            () if pending > 0 => GroupState::Pending,
            () if online == 0 => GroupState::Offline,
            () if online == all => GroupState::Online,
            () => GroupState::PartialOnline,
        }
    }
}

states! {
    /// What a node is to its cluster.
    NodeState {
        /// A member that may own groups.
        Up = 0,
        /// No member.
        Down = 1,
        /// A member that keeps what it owns and takes nothing more.
        Paused = 2,
        /// Being taken in.
        Joining = 3,
        /// No node of the cluster any more. The original has no number for it but that of a state that is not known.
        Evicted = -1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ResourceState::*;

    #[test]
    fn group_state_takes_the_first_rule_that_fits() {
        for (resources, wanted) in [
            (&[][..], GroupState::Offline),
            (&[Online, Online], GroupState::Online),
            (&[Online, Offline], GroupState::PartialOnline),
            (&[Offline, Offline], GroupState::Offline),
            (&[Online, OnlinePending], GroupState::Pending),
            (&[OfflinePending, Failed], GroupState::Failed),
        ] {
            assert_eq!(
                GroupState::of(resources.iter().copied()),
                wanted,
                "{resources:?}"
            );
        }
    }
}
