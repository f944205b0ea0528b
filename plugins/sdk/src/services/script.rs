//! `quorate.script/1`: scripts that resources are written in.

use quorate_abi::QrScript;

use crate::raw::{answer_text, entry, text};
use crate::{Context, Error};

/// The scripts that this node can read.
#[derive(Clone, Copy, Debug)]
pub struct Scripts<'a>(&'a Context);

impl<'a> Scripts<'a> {
    pub(crate) fn new(ctx: &'a Context) -> Self {
        Scripts(ctx)
    }

    /// The text of the script at `path`, which counts from the folder of the cluster's definition.
    ///
    /// # Errors
    /// 2: this node has no such file; 50: the host has no scripts.
    pub fn load(&self, path: &str) -> Result<String, Error> {
        let load = entry!(self.0.tables.script, QrScript, load)?;
        answer_text(
            || format!("read script `{path}`"),
            // SAFETY: the host's function with the instance it gave; text and buffer live for the call.
            |buffer, len, needed| unsafe {
                load(self.0.instance(), text(path), buffer, len, needed)
            },
        )
    }
}
