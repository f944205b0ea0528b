//! The scripts that resources are written in: every machine has a copy of each.

use std::fmt;

/// Reads the script at a path, or says why it cannot.
pub type ScriptLoader = Box<dyn Fn(&str) -> Result<String, String>>;

/// Where the machines' scripts come from. The world itself reads no file.
#[derive(Default)]
pub(crate) struct Scripts(Option<ScriptLoader>);

impl Scripts {
    pub(crate) fn set(&mut self, loader: ScriptLoader) {
        self.0 = Some(loader);
    }

    pub(crate) fn load(&self, path: &str) -> Result<String, String> {
        match &self.0 {
            Some(loader) => loader(path),
            None => Err(format!(
                "there is no file {path}: this world has no scripts"
            )),
        }
    }
}

impl fmt::Debug for Scripts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scripts").field(&self.0.is_some()).finish()
    }
}
