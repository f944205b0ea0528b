//! Turns a panic inside an entry into a failed call with its message.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// How many entries are being called on this thread.
    static INSIDE: Cell<u32> = const { Cell::new(0) };
    /// The message and place of the last panic inside an entry.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the messages of panics inside entries instead of printing them, so that the host can report them in the
/// right place. Other panics are printed as before.
///
/// The hook is the plugin's own: a `cdylib` has its own copy of the standard library.
pub(super) fn keep_messages() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if INSIDE.with(Cell::get) == 0 {
                return before(info);
            }
            let place = info
                .location()
                .map(|at| format!(" at {}:{}", at.file(), at.line()));
            let text = message(info.payload());
            LAST.set(Some(format!(
                "panicked{}: {text}",
                place.unwrap_or_default()
            )));
        }));
    });
}

/// Runs `body`; a panic becomes an error with its message.
pub(super) fn guard<R>(body: impl FnOnce() -> R) -> Result<R, String> {
    INSIDE.set(INSIDE.get() + 1);
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    INSIDE.set(INSIDE.get() - 1);
    result.map_err(|payload| {
        let text = LAST
            .take()
            .unwrap_or_else(|| format!("panicked: {}", message(&*payload)));
        // Dropping a payload of the plugin's own type could panic again, outside any guard.
        if !payload.is::<String>() && !payload.is::<&'static str>() {
            std::mem::forget(payload);
        }
        text
    })
}

fn message(payload: &(dyn Any + Send)) -> &str {
    match payload.downcast_ref::<String>() {
        Some(text) => text,
        None => payload
            .downcast_ref::<&'static str>()
            .copied()
            .unwrap_or("no message"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message_and_place() {
        keep_messages();
        let got = guard(|| panic!("the {} is gone", "disk")).map(|()| 0);
        let text = got.unwrap_err();
        assert!(text.starts_with("panicked at "), "{text}");
        assert!(
            text.contains("panics.rs") && text.ends_with("the disk is gone"),
            "{text}"
        );
    }

    #[test]
    fn a_payload_that_panics_when_dropped_does_no_harm() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("dropped");
            }
        }
        keep_messages();
        assert!(guard(|| panic::panic_any(Bomb)).is_err());
    }
}
