//! How much one message carries.

/// The most entries one message carries; [`Log::set_batch`](crate::Log::set_batch) can lower it.
pub const BATCH_ENTRIES_MAX: u64 = 64;

/// The most bytes of updates that one message carries; an update that is larger goes alone.
pub const BATCH_BYTES_MAX: usize = 65_536;

/// Those of some items that one message carries: the first, whatever its size, and those after it as long as all
/// together are no longer than [`BATCH_BYTES_MAX`].
pub fn one_message<'a, T: 'a>(
    items: impl Iterator<Item = &'a T>,
    bytes: impl Fn(&T) -> usize,
) -> impl Iterator<Item = &'a T> {
    let mut room = Some(BATCH_BYTES_MAX);
    let fitting = items.enumerate().take_while(move |(place, item)| {
        room = room.and_then(|room| room.checked_sub(bytes(item)));
        *place == 0 || room.is_some()
    });
    fitting.map(|(_, item)| item)
}
