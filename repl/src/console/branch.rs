//! Places in what was done: virtual time lets a person go back, and do the other thing.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use quorate_model::Time;
use quorate_script::{Console, Input, InputKind, Replay};

use super::story::Story;
use super::{After, Session, Talk};

/// The name of the snapshot that `:restore` makes.
pub(super) const LAST: &str = "last";

/// What was done up to somewhere.
#[derive(Debug)]
pub(super) struct Branch {
    /// The inputs that lead there.
    pub(super) inputs: Vec<Input>,
    /// Virtual time there.
    pub(super) at: Time,
    /// The seed that was asked for there.
    pub(super) seed: Option<u64>,
}

/// Whether everything that changed anything in `some` is how `all` begins.
pub(super) fn same_so_far(some: &[Input], all: &[Input]) -> bool {
    let changes = |inputs: &'_ [Input]| -> Vec<Input> {
        let counted = inputs
            .iter()
            .filter(|it| it.changed && it.kind != InputKind::Skipped);
        counted.cloned().collect()
    };
    let (some, all) = (changes(some), changes(all));
    some.len() <= all.len() && some.iter().zip(&all).all(|(one, other)| one.is_same(other))
}

impl Session {
    /// The snapshot of this name, which `command` was given.
    pub(super) fn branch(&self, command: &str, name: &str) -> Result<&Branch, String> {
        let name = name.trim_matches('"');
        let names = || self.kept.keys().map(String::as_str);
        if let Some(branch) = self.kept.get(name) {
            return Ok(branch);
        }
        let known: Vec<&str> = names().collect();
        Err(match (name, &known[..]) {
            (_, []) => "there are no snapshots; :snapshot NAME makes one".to_owned(),
            ("", known) => format!(
                "{command} takes the name of a snapshot: {}",
                known.join(", ")
            ),
            (name, known) => match quorate_model::nearest(name, names()) {
                Some(near) => format!("there is no snapshot \"{name}\": did you mean \"{near}\"?"),
                None => format!(
                    "there is no snapshot \"{name}\"; there are {}",
                    known.join(", ")
                ),
            },
        })
    }

    /// Keeps a place under a name, with the seed that was asked for there.
    pub(super) fn keep_as(&mut self, name: &str, inputs: Vec<Input>, seed: Option<u64>) {
        let at = inputs.last().map_or(Time::ZERO, |it| it.ended);
        self.kept
            .insert(name.to_owned(), Branch { inputs, at, seed });
    }

    /// The seed that is asked for here; `None` if it is the default's.
    pub(super) fn asked_seed(&self) -> Option<u64> {
        self.console.borrow().asked_seed()
    }

    /// Goes to where these inputs lead with this seed. If that fails, the session stays where it is.
    pub(super) fn travel(&mut self, inputs: &[Input], seed: Option<u64>) -> Result<(), After> {
        let (console, story) = self.elsewhere(inputs, seed)?;
        self.take(console, story);
        Ok(())
    }

    /// Does everything again with another seed.
    pub(super) fn reseed(&mut self, seed: u64) -> Result<(), After> {
        let past = self.console.borrow().past().to_vec();
        let before = self.asked_seed();
        let (console, story) = self.elsewhere(&past, Some(seed))?;
        self.keep_as(LAST, past, before);
        self.undone.clear();
        self.take(console, story);
        Ok(())
    }

    fn take(&mut self, console: Console, story: Rc<RefCell<Story>>) {
        story.borrow_mut().quiet = false;
        *self.console.borrow_mut() = console;
        self.story = story;
    }

    /// A console where these inputs lead with the seed that is asked for, and its story.
    pub(super) fn elsewhere(
        &mut self,
        inputs: &[Input],
        seed: Option<u64>,
    ) -> Result<(Console, Rc<RefCell<Story>>), After> {
        let story = Rc::new(RefCell::new(Story::new()));
        {
            let (mut new, old) = (story.borrow_mut(), self.story.borrow());
            (new.watch, new.width) = (old.watch, old.width);
        }
        let talk = Talk::new(self.output, &story);
        let again = self.console.borrow().again(inputs, seed, talk);
        self.output.status("");
        match again {
            Ok(console) => Ok((console, story)),
            Err(why) => {
                let text = match why {
                    Replay::Interrupted => {
                        // It was pressed for this alone.
                        self.cancel.store(false, Ordering::SeqCst);
                        "stopped: the session stays where it was".to_owned()
                    }
                    Replay::Open(why) => format!("{why}; the session stays where it was"),
                };
                Err(self.refuse(&text))
            }
        }
    }
}
