//! `quorate repl --live`: the same words for a cluster that really runs, over the control socket of one of its nodes.

mod commands;
mod stage;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use quorate_drill::stage::{OpenError, Stage, StageRequest, StageSource};

use super::Session;
use crate::cli::ReplArgs;
use crate::ctl;
use crate::output::{Paint, Tone};
pub(super) use commands::{is_offered, said};
use stage::{LiveStage, Node};

/// The node that a session talks to.
#[derive(Clone)]
pub(super) struct Live(Rc<Node>);

impl Live {
    /// Connects to the node that the command line names.
    ///
    /// # Errors
    /// No node is meant or none answers, in a sentence.
    pub(super) fn connect(args: &ReplArgs) -> Result<Live, String> {
        let socket = match &args.live {
            Some(socket) => socket.clone(),
            None => ctl::node_socket(args.node.as_deref(), args.run.as_deref())?,
        };
        Ok(Live(Rc::new(Node::connect(socket)?)))
    }

    /// Where its stage comes from.
    pub(super) fn source(&self) -> Rc<dyn StageSource> {
        Rc::new(self.clone())
    }

    /// What opens it.
    pub(super) fn request(&self) -> StageRequest {
        StageRequest {
            cluster: self.socket().to_path_buf(),
            text: None,
            seed: 0,
            start: None,
        }
    }

    fn socket(&self) -> &Path {
        self.0.socket()
    }

    /// Reads how the cluster is now.
    ///
    /// # Errors
    /// The node does not answer any more.
    pub(super) fn refresh(&self) -> Result<(), String> {
        self.0.refresh()
    }

    /// The cluster as the node sees it.
    pub(super) fn status(&self, paint: Paint) -> String {
        commands::status(self, paint)
    }

    /// The prompt.
    pub(super) fn prompt(&self) -> String {
        let status = self.0.status();
        format!("{} as {} sees it > ", status.cluster, status.node)
    }
}

impl StageSource for Live {
    fn open(&self, _: &StageRequest) -> Result<Box<dyn Stage>, OpenError> {
        Ok(Box::new(LiveStage::new(Rc::clone(&self.0))))
    }

    fn has_plugin(&self, _: &str) -> bool {
        false
    }
}

impl Session {
    /// Says which cluster it is.
    pub(super) fn greet_live(&mut self, live: &Live) {
        let paint = self.output.paint();
        self.output.line(&commands::status(live, paint));
        let hint = "A cluster that really runs: the words of drills read it and give it orders, and nothing is broken from here. \
                    :status, :watch, :why GROUP, :help; :quit ends.";
        self.output.line(&paint.tone(Tone::Faint, hint));
    }
}

/// The path of the socket, for messages.
impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let socket: PathBuf = self.socket().to_path_buf();
        f.debug_tuple("Live").field(&socket).finish()
    }
}
