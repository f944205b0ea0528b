//! The answers to requests, as values.

use quorate_model::{Name, Reason, Time};
use serde::{Deserialize, Serialize};

use super::{Reservation, ServiceResult, ServiceState};

/// The answer to a [`Request`](super::Request). It is made with `From`, out of the type that the service is declared to
/// give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It is done, and there is nothing more to say.
    Done,
    /// Yes or no.
    Flag(bool),
    /// A number: a count, a random number, or a time in milliseconds.
    Number(u64),
    /// A number that may be below zero.
    Signed(i64),
    /// The state of a service, as the service controller says.
    State(ServiceState),
    /// Who holds a disk.
    Holder(Reservation),
    /// A text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// Pairs of names.
    Pairs(Vec<(Name, Name)>),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A leased address, and for how many seconds it is valid.
    Lease(String, u32),
    /// What was asked for does not exist.
    Absent,
    /// The request was refused.
    Refused(Reason),
}

/// A type that a variant of [`Answer`] carries.
pub trait Carried: Sized {
    /// Makes an answer of this value.
    fn pack(self) -> Answer;
    /// Takes the value out of an answer; `None` if the answer carries something else.
    fn unpack(answer: Answer) -> Option<Self>;
    /// Whether the answer carries a value of this type.
    fn is_in(answer: &Answer) -> bool;
}

impl<T: Carried> From<T> for Answer {
    fn from(value: T) -> Answer {
        value.pack()
    }
}

macro_rules! carried {
    ($($ty:ty: $variant:ident,)+) => {$(
        impl Carried for $ty {
            fn pack(self) -> Answer {
                Answer::$variant(self)
            }
            fn unpack(answer: Answer) -> Option<Self> {
                match answer {
                    Answer::$variant(value) => Some(value),
                    _ => None,
                }
            }
            fn is_in(answer: &Answer) -> bool {
                matches!(answer, Answer::$variant(_))
            }
        }
    )+};
}

carried! {
    bool: Flag,
    u64: Number,
    i64: Signed,
    ServiceState: State,
    Reservation: Holder,
    String: Text,
    Vec<String>: Texts,
    Vec<(Name, Name)>: Pairs,
    Vec<u8>: Bytes,
}

impl Carried for () {
    fn pack(self) -> Answer {
        Answer::Done
    }
    fn unpack(answer: Answer) -> Option<Self> {
        Self::is_in(&answer).then_some(())
    }
    fn is_in(answer: &Answer) -> bool {
        matches!(answer, Answer::Done)
    }
}

impl Carried for u32 {
    fn pack(self) -> Answer {
        Answer::Number(self.into())
    }
    fn unpack(answer: Answer) -> Option<Self> {
        u32::try_from(u64::unpack(answer)?).ok()
    }
    fn is_in(answer: &Answer) -> bool {
        matches!(answer, Answer::Number(number) if u32::try_from(*number).is_ok())
    }
}

impl Carried for Time {
    fn pack(self) -> Answer {
        Answer::Number(self.0)
    }
    fn unpack(answer: Answer) -> Option<Self> {
        u64::unpack(answer).map(Time)
    }
    fn is_in(answer: &Answer) -> bool {
        u64::is_in(answer)
    }
}

impl Carried for (String, u32) {
    fn pack(self) -> Answer {
        Answer::Lease(self.0, self.1)
    }
    fn unpack(answer: Answer) -> Option<Self> {
        match answer {
            Answer::Lease(address, seconds) => Some((address, seconds)),
            _ => None,
        }
    }
    fn is_in(answer: &Answer) -> bool {
        matches!(answer, Answer::Lease(..))
    }
}

impl<T: Carried> Carried for Option<T> {
    fn pack(self) -> Answer {
        self.map_or(Answer::Absent, T::pack)
    }
    fn unpack(answer: Answer) -> Option<Self> {
        match answer {
            Answer::Absent => Some(None),
            answer => T::unpack(answer).map(Some),
        }
    }
    fn is_in(answer: &Answer) -> bool {
        matches!(answer, Answer::Absent) || T::is_in(answer)
    }
}

impl<T: Carried> Carried for ServiceResult<T> {
    fn pack(self) -> Answer {
        self.map_or_else(Answer::Refused, T::pack)
    }
    fn unpack(answer: Answer) -> Option<Self> {
        match answer {
            Answer::Refused(error) => Some(Err(error)),
            answer => T::unpack(answer).map(Ok),
        }
    }
    fn is_in(answer: &Answer) -> bool {
        matches!(answer, Answer::Refused(_)) || T::is_in(answer)
    }
}
