//! The closed sets of words that fields of events hold.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::described::{Field, Holds};

macro_rules! words {
    ($(
        $(#[doc = $about:literal])+
        pub enum $name:ident { $(
            $(#[doc = $text:literal])+
            $variant:ident => $word:literal,
        )+ }
    )+) => { $(
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $(
            $(#[doc = $text])+
            #[serde(rename = $word)]
            $variant,
        )+ }

        impl $name {
            /// Every one, as journals spell it.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// As journals spell it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Field for $name {
            const HOLDS: Holds = Holds::Word($name::WORDS);
        }
    )+ };
}

words! {
    /// What caused a decision about a group.
    pub enum Cause {
        /// The cluster formed.
        Form => "Form",
        /// An administrator asked.
        Admin => "Admin",
        /// A resource failed past its restart threshold.
        ResourceFailure => "ResourceFailure",
        /// The owner left the cluster.
        NodeFailure => "NodeFailure",
        /// The owner is being shut down.
        NodeShutdown => "NodeShutdown",
        /// A preferred owner came back.
        Failback => "Failback",
        /// A node came up that can take a group which had nowhere to go.
        NodeUp => "NodeUp",
    }

    /// A function of a policy script.
    pub enum PolicyFunction {
        /// Which node a group goes to.
        ChooseOwner => "choose_owner",
        /// What follows a resource's failure.
        OnResourceFailed => "on_resource_failed",
    }

    /// How far a service is, as a service controller says it.
    pub enum ServiceStep {
        /// It starts.
        StartPending => "StartPending",
        /// It runs, which says nothing about whether it answers.
        Running => "Running",
        /// It stops.
        StopPending => "StopPending",
        /// It does not run.
        Stopped => "Stopped",
    }

    /// Why a service changed state without having been asked to in order.
    pub enum ServiceEnd {
        /// Somebody killed it.
        Killed => "killed",
        /// It ended by itself.
        Crashed => "it crashed",
        /// It did not start.
        StartFailed => "the start failed",
    }

    /// How a drill ended, from fine to bad.
    pub enum Verdict {
        /// Everything it expected was seen.
        Pass => "pass",
        /// It was not run: filtered out, or marked to be skipped.
        Skipped => "skipped",
        /// It failed, as the drill says it will: a known fault.
        Known => "known",
        /// Time ran out before the drill could show anything.
        Unknown => "unknown",
        /// Something forbidden was seen, or something required was not.
        Fail => "fail",
        /// It could not be carried out: a mistake in the script, in the cluster file, or in the runtime.
        Error => "error",
    }

    /// How a disk's reservation changed hands.
    pub enum ReservationChange {
        /// A node took it.
        Reserve => "reserve",
        /// Its holder gave it up.
        Release => "release",
        /// Somebody broke it: a reset of the bus.
        BusReset => "bus reset",
        /// A host outside the cluster took it.
        Stolen => "stolen",
    }
}

impl Verdict {
    /// Whether nothing went wrong: the drill passed, was skipped, or failed as it says it will.
    pub const fn is_fine(self) -> bool {
        matches!(self, Self::Pass | Self::Skipped | Self::Known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_and_read_as_they_are_spelt() {
        assert_eq!(
            serde_json::to_value(ReservationChange::BusReset).unwrap(),
            "bus reset"
        );
        for word in ServiceEnd::WORDS {
            let read: ServiceEnd = serde_json::from_value((*word).into()).unwrap();
            assert_eq!(read.as_str(), *word);
            assert_eq!(serde_json::to_value(read).unwrap(), *word);
        }
    }
}
