//! Resource scripts: every machine has a copy of each.

use std::fmt;

/// Reads the script at a path, or says why it cannot.
pub type ScriptLoader = Box<dyn Fn(&str) -> Result<String, String>>;

/// The source of the machines' scripts. The world itself reads no files.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_by_whoever_was_set_to_read_it() {
        let mut scripts = Scripts::default();
        let none = scripts.load("a.rhai").unwrap_err();
        assert!(none.contains("this world has no scripts"), "{none}");
        assert_eq!(format!("{scripts:?}"), "Scripts(false)");
        scripts.set(Box::new(|path| Ok(format!("the text of {path}"))));
        assert_eq!(scripts.load("a.rhai"), Ok("the text of a.rhai".to_owned()));
        assert_eq!(format!("{scripts:?}"), "Scripts(true)");
    }
}
