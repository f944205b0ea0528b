//! `quorate drill` in a process below this one, so that a plugin that takes its host down costs a second run and not the
//! verdict; and `quorate repl`, which then can say what happened.
//!
//! A drill that runs its plugins in processes of their own gives the same verdict and the same journal, byte for byte,
//! and there a crash or a hang is an event of the drill. So when the process below dies before it has come to its end,
//! or a call in it does not return, the drills run again like that.

use std::env;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use quorate_host::{
    Isolation, Terminal, describe_end, end_at_once, end_soon, end_with_parent,
    interrupt as interrupt_child, is_stopped, tell_parent, watch_calls,
};

use crate::cli::{Apart, DrillArgs, ReplArgs};
use crate::console;
use crate::drill;
use crate::exit::Exit;
use crate::interrupt;
use crate::output::{Output, Tone};

/// Tells a process below where to write how it ended. Whoever calls `exit` on the way there has not come to that.
const RESULT: &str = "QUORATE_DRILL_RESULT";
/// Tells it to keep every plugin in a process of its own.
const APART: &str = "QUORATE_DRILL_APART";
/// How often the process above looks whether the one below has ended.
const LOOK: Duration = Duration::from_millis(2);
/// The same for a session, which may go on for hours.
const SESSION_LOOK: Duration = Duration::from_millis(50);
/// Why one is gone that was stopped.
const STOPPED: &str = "SIGSTOP stopped it, and it did not go on";
/// What it writes if a call has not returned.
const HUNG: &str = "hung";

/// Ends this process at once if it is one below, and has its end told as that of a Ctrl-C. What its plugins do at the end
/// of a process may hang, as they do now.
pub(crate) fn end_if_below() {
    if let Some(result) = env::var_os(RESULT) {
        // If it cannot be written the end of the process tells that there was none.
        let _ = fs::write(result, Exit::Interrupted.code().to_string());
        end_at_once();
    }
}

/// Runs drills, or has a process below run them.
pub(crate) fn run(args: DrillArgs, output: Output, cancel: &Arc<AtomicBool>) -> Exit {
    if let Some(result) = env::var_os(RESULT) {
        return below(args, &PathBuf::from(result), output, cancel);
    }
    let apart = all_apart(&args.apart);
    if apart {
        // Nobody's plugin runs in this process.
        return drill::run(&args, output, cancel);
    }
    above(&args, output, cancel).unwrap_or_else(|error| {
        let mut output = output;
        output.error(&format!(
            "no process can be started for the drills: {error}"
        ));
        Exit::Internal
    })
}

/// Runs a session; on a terminal in a process below this one, which can say what became of it.
pub(crate) fn repl(args: &ReplArgs, mut output: Output, cancel: &Arc<AtomicBool>) -> Exit {
    let apart = all_apart(&args.apart);
    let limit = args.apart.settings().call_limit;
    if let Some(result) = env::var_os(RESULT) {
        end_with_parent();
        watch(limit, Path::new(&result));
        let exit = console::run(args, output, cancel);
        return done(exit, Path::new(&result));
    }
    if apart {
        return console::run(args, output, cancel);
    }
    let too_long = too_long(&args.apart);
    if !io::stdin().is_terminal() {
        watch_calls(limit, move || {
            output.error(&gone(&too_long));
            end_soon(Exit::Fail.code());
        });
        end_soon(console::run(args, output, cancel).code());
    }
    match session(limit) {
        Ok(Ok(exit)) => exit,
        Ok(Err(why)) => {
            output.status("");
            output.error(&gone(&why.unwrap_or(too_long)));
            Exit::Fail
        }
        Err(error) => {
            output.error(&format!(
                "no process can be started for the session: {error}"
            ));
            Exit::Internal
        }
    }
}

/// The same command line for a process below this one, which writes to `result` how it ended.
fn process_below(result: &Path) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    tell_parent(&mut command)
        .args(env::args_os().skip(1))
        .env(RESULT, result);
    Ok(command)
}

/// A session in a process below this one, on the same terminal.
fn session(limit: Duration) -> io::Result<Result<Exit, Option<String>>> {
    let result = tempfile::NamedTempFile::new()?;
    let mut command = process_below(result.path())?;
    interrupt::leave_below();
    let terminal = Terminal::as_it_is();
    let exit = match wait(command.spawn()?, SESSION_LOOK, limit, |_| false)? {
        Some(status) => told(&fs::read_to_string(result.path())?, status),
        None => Err(Some(STOPPED.to_owned())),
    };
    if exit.is_err() {
        terminal.restore();
    }
    Ok(exit)
}

/// Whether no plugin runs in this process.
fn all_apart(apart: &Apart) -> bool {
    apart.isolate.iter().any(|name| name == Isolation::ALL)
}

fn gone(why: &str) -> String {
    format!(
        "the session is gone ({why}): a plugin in it took it along. With --isolate all, or the plugin's name, that ends \
         the plugin's process alone"
    )
}

fn too_long(apart: &Apart) -> String {
    format!(
        "a call of a plugin's has not returned within {}",
        apart.deadlock_timeout
    )
}

/// Ends this process, the one below, if a call of a plugin's does not return.
fn watch(limit: Duration, result: &Path) {
    let result = result.to_owned();
    watch_calls(limit, move || {
        // If it cannot be written the end of the process tells that there was none.
        let _ = fs::write(&result, HUNG);
        end_at_once();
    });
}

/// The process below.
fn below(mut args: DrillArgs, result: &Path, output: Output, cancel: &Arc<AtomicBool>) -> Exit {
    end_with_parent();
    let settings = args.apart.settings();
    if env::var_os(APART).is_some() {
        args.apart.isolate.push(Isolation::ALL.to_owned());
    } else {
        watch(settings.call_limit, result);
    }
    let mut exit = drill::run(&args, output, cancel);
    if env::var_os(APART).is_some() && exit == Exit::Pass {
        let mut output = output;
        output.error(
            "every drill passes with its plugins kept apart, and without that one of them takes its host down: mend it, or \
             keep it apart with --isolate NAME",
        );
        exit = Exit::Fail;
    }
    done(exit, result)
}

/// Writes how the process below ended, and ends it: what plugins do at the end of a process may hang.
fn done(exit: Exit, result: &Path) -> Exit {
    let _ = io::stdout().flush();
    if fs::write(result, exit.code().to_string()).is_ok() {
        end_at_once();
    }
    exit
}

/// The process above.
fn above(args: &DrillArgs, mut output: Output, cancel: &AtomicBool) -> io::Result<Exit> {
    let result = tempfile::NamedTempFile::new()?;
    let mut command = process_below(result.path())?;
    command.stdin(Stdio::null());
    // A terminal stops, goes on with and interrupts both. Without one this process hands the interrupt on that it gets.
    let terminal = [
        io::stdin().is_terminal(),
        io::stdout().is_terminal(),
        io::stderr().is_terminal(),
    ]
    .contains(&true);
    if terminal {
        interrupt::leave_below();
    } else {
        command.process_group(0);
    }
    let limit = args.apart.settings().call_limit;
    let end = |command: &mut Command| -> io::Result<Result<Exit, String>> {
        fs::write(result.path(), "")?;
        let mut handed_on = false;
        let waited = wait(command.spawn()?, LOOK, limit, |child| {
            let cancelled = cancel.load(Ordering::Relaxed);
            if cancelled && !handed_on && !terminal {
                interrupt_child(child);
                handed_on = true;
            }
            cancelled
        })?;
        let Some(status) = waited else {
            return Ok(Err(STOPPED.to_owned()));
        };
        let written = fs::read_to_string(result.path())?;
        Ok(told(&written, status).map_err(|why| why.unwrap_or_else(|| too_long(&args.apart))))
    };
    let why = match end(&mut command)? {
        Ok(exit) => return Ok(exit),
        // Whoever ends drills by Ctrl-C a second time does not want them again.
        Err(_) if cancel.load(Ordering::Relaxed) => return Ok(Exit::Interrupted),
        Err(why) => why,
    };
    output.status("");
    let label = output.paint_err().tone(Tone::Care, "warning");
    output.err_line(&format!(
        "{label}: the process that ran the drills is gone ({why}): a plugin in it took it along. They run again, with \
         each plugin in a process of its own (as --isolate all has it)."
    ));
    match end(command.env(APART, "1"))? {
        Ok(exit) => Ok(exit),
        Err(_) if cancel.load(Ordering::Relaxed) => Ok(Exit::Interrupted),
        Err(why) => {
            output.error(&format!(
                "the process that ran the drills is gone again ({why}), with no plugin in it: this is a mistake in quorate"
            ));
            Ok(Exit::Internal)
        }
    }
}

/// Waits for a process. One that is stopped for longer than `limit`, or when `at_each_look` says that it is to end, is
/// killed: `None`.
fn wait(
    mut child: Child,
    look: Duration,
    limit: Duration,
    mut at_each_look: impl FnMut(&Child) -> bool,
) -> io::Result<Option<ExitStatus>> {
    let mut stopped = None;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let cancelled = at_each_look(&child);
        if is_stopped(&child) {
            let since = *stopped.get_or_insert_with(Instant::now);
            if cancelled || since.elapsed() > limit {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
        } else {
            stopped = None;
        }
        thread::sleep(look);
    }
}

/// How a process below ended; or why it did not come to its end, `None` if a call has not returned.
fn told(written: &str, status: ExitStatus) -> Result<Exit, Option<String>> {
    if written == HUNG {
        return Err(None);
    }
    let exit = written.parse().ok().and_then(Exit::of);
    exit.ok_or_else(|| Some(describe_end(status)))
}
