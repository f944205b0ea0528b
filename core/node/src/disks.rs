//! What a node asks of disks, and what it does where they are late or refuse.
//!
//! A write counts once its disk has said that it is flushed. A write that was refused or could not be flushed is not
//! tried again, since nobody knows what the medium holds then, even if a later flush succeeds. The service stops
//! instead, and when it is started again it writes anew what it has read.

use quorate_journal::Event;
use quorate_model::Reason;
use quorate_model::events::{EVENT_QUORUM_DISK_LOST, EVENT_WRITE_REFUSED};

use crate::bounds;
use crate::io::{Device, DiskDone, DiskError, Output};
use crate::node::{Node, Phase};
use crate::storage;
use crate::timers::Timer;

impl Node {
    /// A request has ended.
    pub(crate) fn disk_done(&mut self, done: DiskDone) {
        if self.arbitration.is_reading(done.ticket) {
            self.quorum_disk_read(done.result);
            return;
        }
        let Some(device) = self.storage.asked_of(done.ticket) else {
            return;
        };
        match (done.result, &device) {
            (Ok(_), _) => self.storage.done(done.ticket),
            // A challenger broke the reservation; the defence takes it back or reports its loss.
            (Err(DiskError::NotReserved), Device::Shared(_)) => {
                self.storage.refused();
                self.timers.set(Timer::Disk, self.now + storage::RETRY);
            }
            (Err(error), device) => {
                let lost = matches!(
                    error,
                    DiskError::NotReserved | DiskError::NotMounted | DiskError::Device
                );
                let code = match device {
                    Device::Shared(_) if lost => EVENT_QUORUM_DISK_LOST,
                    _ => EVENT_WRITE_REFUSED,
                };
                let text =
                    format!("a write of the cluster database to {device} was refused: {error}");
                self.halt(Reason::new(code, text), true);
            }
        }
    }

    /// Makes the requests that can be made.
    pub(crate) fn pump_storage(&mut self) {
        if self.phase == Phase::Halted {
            return;
        }
        while let Some(request) = self.storage.next_request(self.now) {
            self.output(Output::Disk(request));
        }
    }

    /// Reports which disks are slow. If this node's own disk has not answered for too long, the node stops: the others
    /// would wait for it in vain, and can go on without it.
    pub(crate) fn watch_disks(&mut self) {
        for wait in self.storage.beat() {
            let device = &wait.device;
            if wait.beats >= bounds::DISK_PATIENCE_BEATS && *device == Device::System {
                let waited = bounds::HEARTBEAT * wait.beats;
                let text = format!(
                    "a write of the cluster database to {device} has not ended for {waited:?}: this node leaves the \
                     cluster to those that can write"
                );
                self.halt(Reason::new(EVENT_WRITE_REFUSED, text), true);
                return;
            }
            let text = match wait.news {
                Some(true) => {
                    let waited = bounds::HEARTBEAT * wait.beats;
                    format!(
                        "{device} is slow: a write of the cluster database waits for {waited:?} now"
                    )
                }
                Some(false) => format!("{device} is not slow any more"),
                None => continue,
            };
            self.event(Event::Notice { id: 0, text });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped::{disks_answer, halted, leader, outputs};

    #[test]
    fn a_quorum_disk_that_is_lost_and_one_that_takes_no_write_stop_its_owner_for_different_reasons()
    {
        for (error, code) in [
            (DiskError::Device, 1038),
            (DiskError::NotMounted, 1038),
            (DiskError::Full, 1080),
            (DiskError::WriteProtected, 1080),
            (DiskError::NotFlushed, 1080),
        ] {
            let mut node = leader();
            disks_answer(&mut node);
            let disk = Device::Shared("Disk Q:".into());
            node.storage.switch(disk, quorate_log::Stored::default(), 0);
            node.storage.probe();
            node.pump_storage();
            let ticket = outputs(&mut node)
                .into_iter()
                .find_map(|output| match output {
                    Output::Disk(request) if request.device != Device::System => {
                        Some(request.ticket)
                    }
                    _ => None,
                });
            let (ticket, result) = (ticket.unwrap(), Err(error));
            node.disk_done(DiskDone { ticket, result });
            assert_eq!(halted(&mut node), Some(code), "{error:?}");
        }
    }

    #[test]
    fn how_long_a_disk_is_late_is_said_when_it_begins_and_when_its_node_leaves() {
        let mut node = leader();
        node.storage.discard();
        node.pump_storage();
        outputs(&mut node);
        let mut said = Vec::new();
        for beat in 1..=13 {
            node.watch_disks();
            for output in outputs(&mut node) {
                match output {
                    Output::Event(Event::Notice { text, .. }) => said.push((beat, text)),
                    Output::Halt { reason, .. } => said.push((beat, reason.text)),
                    _ => {}
                }
            }
        }
        let told: Vec<(i32, bool)> = said
            .iter()
            .map(|(beat, text)| {
                (
                    *beat,
                    text.contains(["4.8s", "15.6s"][usize::from(*beat > 4)]),
                )
            })
            .collect();
        assert_eq!(told, [(4, true), (13, true)], "{said:?}");
    }
}
