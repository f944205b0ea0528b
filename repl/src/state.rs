//! Where quorate keeps what it remembers from one run to the next, and where its users keep what they want of it.

use std::env;
use std::path::PathBuf;

/// The folder: `quorate` below `$XDG_STATE_HOME`, by default below `~/.local/state`. `None` without a home.
pub(crate) fn folder() -> Option<PathBuf> {
    let state = env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".local/state")))?;
    Some(state.join("quorate"))
}

/// The folder of the user's own files: `quorate` below `$XDG_CONFIG_HOME`, by default below `~/.config`. `None` without a
/// home.
pub(crate) fn settings() -> Option<PathBuf> {
    let settings = env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".config")))?;
    Some(settings.join("quorate"))
}
