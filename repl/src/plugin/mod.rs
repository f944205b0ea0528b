//! `quorate plugin`.

pub(crate) mod check;
mod file;
mod list;
pub(crate) mod new;
mod reference;
pub(crate) mod sdk;

use std::sync::atomic::AtomicBool;

use clap::Subcommand;

use self::check::CheckPluginArgs;
use self::check::child::RunTestArgs;
use self::list::How;
use self::new::NewArgs;
use self::sdk::SdkArgs;
use crate::args::{Format, PluginFolders};
use crate::exit::{self, Exit};
use crate::output::Output;

const PLUGIN_CHECK_EXAMPLES: &str = "\
Examples:
  quorate plugin check target/debug/libweb_proxy.so
  quorate plugin check web-log.rhai
  quorate plugin check libweb_proxy.so --filter arbitration --brief
  quorate plugin check libweb_proxy.so --json results.json --junit results.xml
  quorate plugin check libweb_proxy.so --type 'Web Proxy' --properties values.json
  quorate plugin check libweb_proxy.so --reproduce 17
  quorate plugin check liba.so libb.so --exclude 'life-leak-*' --known-failures known.txt
  quorate plugin check --config check.json
  quorate plugin check --list

Each test runs in a process of its own, in a world of the tester's with virtual time. Values for properties are made \
up from what the type says of them; --properties gives others, such as {\"Web Proxy\": {\"Port\": 8080}}.";

/// What to do with plugins.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Show each library: path, version, ABI, resource types and their properties.
    #[command(
        after_help = "Examples:\n  quorate plugin list\n  quorate plugin list web-proxy --markdown > web-proxy.md\n  quorate \
                      plugin list web-proxy --man > web-proxy.7"
    )]
    List {
        /// Show only the plugins of these names.
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// How to print.
        #[arg(long, default_value = "text", value_name = "FORMAT")]
        format: Format,
        /// Print a reference page of each plugin's types, in Markdown.
        #[arg(long, conflicts_with_all = ["format", "man"])]
        markdown: bool,
        /// Print a manual page of each plugin's types, for section 7.
        #[arg(long, conflicts_with = "format")]
        man: bool,
        #[command(flatten)]
        plugins: PluginFolders,
    },
    /// Begin a plugin: a project with a resource type that works, its tests and its drills.
    #[command(
        after_help = "Examples:\n  quorate plugin new web-proxy\n  quorate plugin new web-proxy --lang c\n  quorate plugin new web-proxy --lang python"
    )]
    New(NewArgs),
    /// Write quorate-sdk, as this program was built with, into a folder: to bring a project's own up to date.
    #[command(after_help = "Examples:\n  quorate plugin sdk\n  quorate plugin sdk vendor/quorate")]
    Sdk(SdkArgs),
    /// Test a plugin against the contract, call by call.
    #[command(after_help = PLUGIN_CHECK_EXAMPLES, after_long_help = format!("{PLUGIN_CHECK_EXAMPLES}\n\n{}", exit::help()))]
    Check(CheckPluginArgs),
    /// Run one test of the tester's in this process.
    #[command(hide = true)]
    RunTest(RunTestArgs),
}

/// Carries out a plugin command.
pub(crate) fn run(command: &PluginCommand, output: &mut Output, cancel: &AtomicBool) -> Exit {
    match command {
        PluginCommand::List {
            names,
            format,
            markdown,
            man,
            plugins,
        } => {
            let how = match (*format, *markdown, *man) {
                (_, true, _) => How::Markdown,
                (_, _, true) => How::Man,
                (Format::Json, ..) => How::Json,
                (Format::Text, ..) => How::Text,
            };
            list::run(names, how, plugins, output)
        }
        PluginCommand::New(args) => new::run(args, output),
        PluginCommand::Sdk(args) => sdk::run(args, output),
        PluginCommand::Check(args) => check::run(args, output, cancel),
        PluginCommand::RunTest(args) => check::child::run(args),
    }
}
