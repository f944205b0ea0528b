//! The function behind the fuzz target for frames.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wire::{self, ToHost, ToMonitor};

/// Reads frames one after the other, as each side would. A frame that was read is written and read again, and must be
/// the same.
pub(crate) fn frames(bytes: &[u8]) {
    side::<ToMonitor>(bytes);
    side::<ToHost<'_>>(bytes);
}

fn side<T: DeserializeOwned + Serialize + PartialEq + Debug>(mut unread: &[u8]) {
    while let Ok(Some((frame, length))) = wire::first::<T>(unread) {
        let again = postcard::to_allocvec(&frame).map(|body| postcard::from_bytes(&body));
        assert_eq!(again, Ok(Ok(frame)));
        unread = unread.get(length..).unwrap_or_default();
    }
}
