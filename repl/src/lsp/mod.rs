//! `quorate lsp`: what an editor asks about drills, policies, resource scripts and cluster files, over standard input and
//! output, as the Language Server Protocol has it.

mod cluster;
mod complete;
mod drill;
mod findings;
mod hover;
mod language;
mod names;
mod rename;
mod server;
mod symbols;
mod text;
mod tokens;
mod workspace;

use std::io::{self, IsTerminal};
use std::panic::{AssertUnwindSafe, catch_unwind};

use lsp_server::Connection;

use crate::args::PluginFolders;
use crate::exit::Exit;
use crate::output::Output;

/// Serves one editor until it says that it is enough, or goes away.
pub(crate) fn run(plugins: &PluginFolders, output: &mut Output) -> Exit {
    if io::stdin().is_terminal() {
        output.error(
            "quorate lsp speaks with an editor over standard input and output, and not with people: see editors/ for how \
             one is told to start it",
        );
        return Exit::Usage;
    }
    let (connection, threads) = Connection::stdio();
    let ended = server::serve(connection, plugins);
    // The threads end with the streams; whoever waits for them after a broken one may wait for ever.
    match ended {
        Ok(()) => match catch_unwind(AssertUnwindSafe(|| threads.join())) {
            Ok(Err(why)) if why.kind() == io::ErrorKind::InvalidData => {
                output.error(&format!(
                    "the editor does not keep to the Language Server Protocol: {why}"
                ));
                Exit::Usage
            }
            Ok(_) => Exit::Pass,
            Err(_) => {
                output.error("the editor sent a message that cannot be read");
                Exit::Usage
            }
        },
        Err(why) => {
            output.error(&why);
            Exit::Usage
        }
    }
}
