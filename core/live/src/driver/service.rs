//! Start and end of the cluster service.

use quorate_journal::WorldEvent;
use quorate_machine::Surroundings;
use quorate_model::{AdminOp, Reason, StartSwitches};
use quorate_node::{BootImage, Input, Node, NodeConfig, bounds};

use super::{Driver, End, StartError, next_incarnation};
use crate::clock;
use crate::state::StateError;

/// Plants a bug that a test wants its judge to find.
#[cfg(feature = "planted")]
fn plant(node: &mut Node) {
    match std::env::var("QUORATE_PLANT").as_deref() {
        Ok("haste") => node.plant_haste(),
        Ok("stubbornness") => node.plant_stubbornness(),
        _ => {}
    }
}

impl Driver {
    /// Starts the cluster service with what its disk holds. Before that nothing of an earlier start runs here any more:
    /// the other nodes take a new incarnation as proof of that.
    pub(super) fn boot(&mut self, reason: &str) -> Result<(), StartError> {
        self.machine.boot();
        let read = self.disk.begin(self.incarnation).boot();
        let files = read.map_err(|why| StateError::Io {
            folder: self.state.root().to_path_buf(),
            what: "read the system disk".to_owned(),
            why,
        })?;
        self.civil_origin_ms = clock::civil_origin_ms();
        let seed = crate::chance();
        self.begin_journal(seed);
        let config = NodeConfig {
            id: self.me,
            definition: self.plan.definition.clone(),
            incarnation: self.incarnation,
            seed,
            civil_origin_ms: self.civil_origin_ms,
            local_shift_minutes: 0,
            switches: StartSwitches::default(),
            joins: self.plan.settings.file.joins,
        };
        self.tell(WorldEvent::ClusterService {
            running: true,
            reason: reason.to_owned(),
        });
        let mut node = Node::boot(config, BootImage { files }, clock::now());
        #[cfg(feature = "planted")]
        plant(&mut node);
        if let Some(policies) = &self.plan.policies {
            node.set_policies(policies.clone());
        }
        self.systemd.status("the cluster service runs");
        self.restarts.clear();
        let monitor = self.another_monitor();
        self.service.begin(node, monitor);
        self.at_rest();
        quorate_machine::drain(self);
        Ok(())
    }

    /// Starts the cluster service again. If that fails it is tried once more after as long a time.
    pub(super) fn boot_again(&mut self) {
        self.restart = None;
        let boot = |driver: &mut Driver| {
            let incarnation = next_incarnation(&driver.state)?;
            driver.incarnation = incarnation.get();
            driver.sealed.boot(incarnation);
            driver.boot("started again after it had stopped")
        };
        if let Err(why) = boot(self) {
            let text = why.to_string();
            self.plan.observer.remark(&text);
            self.restart_later(Reason::new(0, text));
        }
    }

    pub(super) fn restart_later(&mut self, reason: Reason) {
        self.restart = Some((clock::now() + bounds::SERVICE_RESTART, reason));
    }

    /// The cluster service and its monitor have ended.
    pub(super) fn service_gone(&mut self, reason: Reason, restart: bool) {
        self.tell_warden();
        self.tell_of_machine();
        self.tell(WorldEvent::ClusterService {
            running: false,
            reason: reason.text.clone(),
        });
        self.requests_ended(self.stops || !restart);
        self.systemd
            .status(format!("the cluster service does not run: {}", reason.text));
        if self.stops {
            self.end = Some(End::Stopped);
        } else if restart {
            self.restart_later(reason);
        } else {
            self.end = Some(End::GaveUp(reason));
        }
    }

    /// The node is asked to stop for good: its groups move away first. Asked once more, it stops at once.
    pub(super) fn stop_asked(&mut self) {
        if self.service.node().is_none() {
            self.end = Some(End::Stopped);
        } else if std::mem::replace(&mut self.stops, true) {
            self.cut();
        } else {
            self.systemd.stopping();
            let request = self.waiting.number();
            let op = AdminOp::ServiceStop;
            quorate_machine::input(self, Input::Admin { request, op });
        }
    }

    /// Takes everything out of service at once, and ends.
    fn cut(&mut self) {
        self.service.kill();
        quorate_machine::end(self);
        self.tell_of_machine();
        self.tell(WorldEvent::ClusterService {
            running: false,
            reason: "told to stop at once".to_owned(),
        });
        self.requests_ended(false);
        self.end = Some(End::Cut);
    }
}
