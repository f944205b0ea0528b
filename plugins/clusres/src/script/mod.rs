//! `Generic Script`: a resource written in Rhai, one function for each call.
//!
//! The host supplies the script's text (`quorate.script/1`), and the script uses the same services as a plugin's own
//! code. `docs/resources-in-rhai.md` lists the functions.
//!
//! A function that needs a slow disk breaks off and is called again later. Meanwhile an operation is pending; a check
//! may take 30 s.

mod engine;
mod handles;
mod program;
mod words;

use std::time::Duration;

use quorate_sdk::{Context, Error, Operation, Progress, Property, Resource, Text, TypeInfo};

pub use engine::{engine, refused};
use program::Program;

/// How often a check that waits for a slow disk is repeated.
const LOOK: Duration = Duration::from_secs(5);

const SCRIPT_FILEPATH: Property<Text> = Property::text("ScriptFilepath")
    .doc("The script, from the folder of the cluster file; a change counts from the next Online")
    .required()
    .at_online();

/// A function that the resource type calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: &'static str,
    /// Whether a script must have it.
    pub required: bool,
    /// When it is called, and what it may return.
    pub doc: &'static str,
}

/// All functions of a script that the resource type calls. None takes an argument.
pub const CALLS: [Call; 8] = [
    Call {
        name: "open",
        required: false,
        doc: "before the resource first comes online on a node, and after the script has changed",
    },
    Call {
        name: "online",
        required: true,
        doc: "brings it into service; called again after `pending`",
    },
    Call {
        name: "offline",
        required: false,
        doc: "takes it out of service gracefully; called again after `pending`. Without it, what the script has \
              started is stopped, and `terminate` called",
    },
    Call {
        name: "terminate",
        required: false,
        doc: "takes it out of service at once, in any state. Whatever the script has started is killed after it",
    },
    Call {
        name: "looks_alive",
        required: false,
        doc: "the cheap check: true or false. Without it, `is_alive`",
    },
    Call {
        name: "is_alive",
        required: true,
        doc: "the thorough check: true or false",
    },
    Call {
        name: "control",
        required: false,
        doc: "answers a control code, once the script was brought online on this node: with a text, a blob, or nothing \
              for a code that it does not know",
    },
    Call {
        name: "close",
        required: false,
        doc: "ends the resource, which is offline",
    },
];

/// A script.
#[derive(Debug)]
pub struct GenericScript {
    /// The script as it was last brought online; `None` before that.
    program: Option<Program>,
}

impl GenericScript {
    /// Reads the script, and starts again with it if the text has changed.
    fn load(&mut self, ctx: &mut Context) -> Result<&mut Program, Error> {
        let path = ctx.properties().get(&SCRIPT_FILEPATH)?;
        let text = ctx.scripts().load(&path)?;
        if let Some(old) = self.program.take_if(|old| !old.is(&path, &text)) {
            old.close(ctx);
        }
        match &mut self.program {
            Some(program) => Ok(program),
            none => {
                let mut program = Program::compile(&path, text)?;
                program.open(ctx)?;
                Ok(none.insert(program))
            }
        }
    }

    /// Once online, repeats checks that wait for a slow disk.
    fn onward(ctx: &mut Context, progress: Progress) -> Progress {
        if progress.is_done() {
            ctx.wake_after(LOOK);
        }
        progress
    }

    fn check(&mut self, ctx: &mut Context, names: &[&'static str]) -> Result<(), Error> {
        match &mut self.program {
            Some(program) => program.check(ctx, names),
            None => Err(Error::failed("no script is loaded")),
        }
    }
}

impl Resource for GenericScript {
    const TYPE: TypeInfo = TypeInfo::new("Generic Script", "A resource written in Rhai")
        .properties(const { &[SCRIPT_FILEPATH.any()] });

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(GenericScript { program: None })
    }

    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        let progress = self.load(ctx)?.begin(ctx, Operation::Online)?;
        Ok(Self::onward(ctx, progress))
    }

    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        match &mut self.program {
            Some(program) => program.begin(ctx, Operation::Offline),
            None => Ok(Progress::Done),
        }
    }

    fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
        match &mut self.program {
            Some(program) => {
                let progress = program.go_on(ctx, operation)?;
                Ok(match operation {
                    Operation::Online => Self::onward(ctx, progress),
                    _ => progress,
                })
            }
            None => Ok(Progress::Done),
        }
    }

    fn watch(&mut self, ctx: &mut Context) {
        if let Some(program) = &mut self.program
            && let Err(error) = program.check_again(ctx)
        {
            ctx.signal(error);
        }
        ctx.wake_after(LOOK);
    }

    fn terminate(&mut self, ctx: &mut Context) {
        if let Some(program) = &mut self.program {
            program.terminate(ctx);
        }
    }

    fn looks_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.check(ctx, &["looks_alive", "is_alive"])
    }

    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.check(ctx, &["is_alive"])
    }

    /// A script that was never online here is not asked: its text may not even be on this node.
    fn control(&mut self, ctx: &mut Context, code: u32, input: &[u8]) -> Result<Vec<u8>, Error> {
        match &mut self.program {
            Some(program) => program.control(ctx, code, input),
            None => Err(Error::unhandled()),
        }
    }

    fn close(self, ctx: &mut Context) {
        if let Some(program) = self.program {
            program.close(ctx);
        }
    }
}

#[cfg(test)]
mod tests;
