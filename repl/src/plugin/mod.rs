//! `quorate plugin`.

pub(crate) mod check;
mod file;
mod list;
pub(crate) mod new;
pub(crate) mod sdk;

use std::sync::atomic::AtomicBool;

use crate::cli::PluginCommand;
use crate::exit::Exit;
use crate::output::Output;

/// Carries a plugin command out.
pub(crate) fn run(command: &PluginCommand, output: &mut Output, cancel: &AtomicBool) -> Exit {
    match command {
        PluginCommand::List {
            names,
            format,
            plugins,
        } => list::run(names, *format, plugins, output),
        PluginCommand::New(args) => new::run(args, output),
        PluginCommand::Sdk(args) => sdk::run(args, output),
        PluginCommand::Check(args) => check::run(args, output, cancel),
        PluginCommand::RunTest(args) => check::child::run(args),
    }
}
