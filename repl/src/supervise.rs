//! `quorate drill` in a process below this one, so that a plugin that takes its host down costs a second run and not the
//! verdict; and `quorate repl`, which then can say what happened.
//!
//! A drill that runs its plugins in processes of their own gives the same verdict and the same journal, byte for byte,
//! and there a crash or a hang is an event of the drill. So when the process below dies before it has come to its end,
//! or a call in it does not return, the drills run again like that.

use std::env;
use std::fs;
use std::io::{self, IsTerminal};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quorate_host::{
    Isolation, describe_end, end_at_once, end_with_parent, interrupt as interrupt_child,
    watch_calls,
};

use crate::cli::{DrillArgs, ReplArgs};
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
/// What it writes if a call has not returned.
const HUNG: &str = "hung";

/// Runs drills, or has a process below run them.
pub(crate) fn run(args: DrillArgs, output: Output, cancel: &Arc<AtomicBool>) -> Exit {
    if let Some(result) = env::var_os(RESULT) {
        return below(args, &PathBuf::from(result), output, cancel);
    }
    let apart = args.apart.isolate.iter().any(|name| name == Isolation::ALL);
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
pub(crate) fn repl(args: &ReplArgs, output: Output, cancel: &Arc<AtomicBool>) -> Exit {
    let apart = args.apart.isolate.iter().any(|name| name == Isolation::ALL);
    if let Some(result) = env::var_os(RESULT) {
        end_with_parent();
        let exit = console::run(args, output, cancel);
        let _ = fs::write(result, exit.code().to_string());
        return exit;
    }
    if apart || !io::stdin().is_terminal() {
        return console::run(args, output, cancel);
    }
    let mut output = output;
    let below = || -> io::Result<Result<Exit, Option<String>>> {
        let result = tempfile::NamedTempFile::new()?;
        let mut command = Command::new(env::current_exe()?);
        command
            .args(env::args_os().skip(1))
            .env(RESULT, result.path());
        interrupt::leave_below();
        let status = command.status()?;
        let exit = told(&fs::read_to_string(result.path())?, status);
        let interrupted = cancel.load(Ordering::Relaxed)
            && status.code() == Some(Exit::Interrupted.code().into());
        Ok(exit.or_else(|why| {
            if interrupted {
                Ok(Exit::Interrupted)
            } else {
                Err(why)
            }
        }))
    };
    match below() {
        Ok(Ok(exit)) => exit,
        Ok(Err(why)) => {
            output.status("");
            output.error(&format!(
                "the session is gone ({}): a plugin in it took it along. With --isolate all, or the plugin's name, that \
                 ends the plugin's process alone",
                why.unwrap_or_default()
            ));
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

/// The process below.
fn below(mut args: DrillArgs, result: &Path, output: Output, cancel: &Arc<AtomicBool>) -> Exit {
    end_with_parent();
    let settings = args.apart.settings();
    if env::var_os(APART).is_some() {
        args.apart.isolate.push(Isolation::ALL.to_owned());
    } else {
        let result = result.to_owned();
        watch_calls(settings.call_limit, move || {
            // If it cannot be written the end of the process tells that there was none.
            let _ = fs::write(&result, HUNG);
            end_at_once();
        });
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
    let _ = fs::write(result, exit.code().to_string());
    exit
}

/// The process above.
fn above(args: &DrillArgs, mut output: Output, cancel: &AtomicBool) -> io::Result<Exit> {
    let result = tempfile::NamedTempFile::new()?;
    let mut command = Command::new(env::current_exe()?);
    command
        .args(env::args_os().skip(1))
        .env(RESULT, result.path())
        // The terminal interrupts this process, and this one that below: a second interrupt means something else there.
        .process_group(0);
    let end = |command: &mut Command| -> io::Result<Result<Exit, String>> {
        fs::write(result.path(), "")?;
        let status = wait(command.spawn()?, cancel)?;
        let written = fs::read_to_string(result.path())?;
        Ok(told(&written, status).map_err(|why| match why {
            Some(why) => why,
            None => format!(
                "a call of a plugin's has not returned within {}",
                args.apart.deadlock_timeout
            ),
        }))
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

/// Waits for a process, and hands it the interrupt that this one gets.
fn wait(mut child: Child, cancel: &AtomicBool) -> io::Result<ExitStatus> {
    let mut handed_on = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if cancel.load(Ordering::Relaxed) && !handed_on {
            interrupt_child(&child);
            handed_on = true;
        }
        std::thread::sleep(LOOK);
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
