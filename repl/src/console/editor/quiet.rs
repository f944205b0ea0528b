//! The terminal while something runs: keys are neither shown nor lost.

use std::io;

use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// Keeps what is typed while something runs for the next prompt, unseen, until it is dropped. Ctrl-C goes on to be heard.
pub(super) struct Quiet(Option<Termios>);

impl Quiet {
    /// Begins, if there is a terminal.
    pub(super) fn begin() -> Quiet {
        let Ok(before) = tcgetattr(io::stdin()) else {
            return Quiet(None);
        };
        let mut quiet = before.clone();
        // Line by line the terminal would take Ctrl-D and the keys that correct for itself.
        quiet
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::IEXTEN);
        // Enter stays Enter.
        quiet.input_modes.remove(InputModes::ICRNL);
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        match tcsetattr(io::stdin(), OptionalActions::Now, &quiet) {
            Ok(()) => Quiet(Some(before)),
            Err(_) => Quiet(None),
        }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // A terminal that is gone need not be restored.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}
