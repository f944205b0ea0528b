//! Checks after every event: invariants, service levels, disturbance.

use std::iter;
use std::sync::Arc;

use quorate_machine::{ResourceMonitor, Resources};
use quorate_model::{ClusterDefinition, NodeDefinition, ResourceState, Time};
use quorate_node::{Node, Snapshot};

use super::World;
use super::drive::Cause;
use super::outage::GroupTrack;
use crate::env::{Happening, Machine};
use crate::invariants::{MachineView, Observation};

/// The most log positions that are checked when a node has applied several at once.
const POSITIONS_MAX: u64 = 512;

/// Whether a node, if there is one, still looks as it did.
fn looks_like(node: Option<&Node>, local: Time, known: Option<&Snapshot>) -> bool {
    match (node, known) {
        (Some(node), Some(known)) => node.looks_like(local, known),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

pub(super) fn blank_views(definition: &ClusterDefinition) -> Vec<MachineView> {
    definition.nodes.iter().map(blank_view).collect()
}

pub(super) fn blank_view(node: &NodeDefinition) -> MachineView {
    MachineView {
        name: node.name.clone(),
        runs: false,
        snapshot: None,
        without_quorum_since: None,
        resources: Default::default(),
        online: 0,
        applied: Vec::new(),
    }
}

impl World {
    /// Checks what an event has changed. Cheap if it has changed nothing. With it the event is over: what is done from
    /// outside next does not go back to it.
    pub(super) fn watch(&mut self, cause: &Cause) {
        self.look(cause);
        self.env.begins(None);
    }

    fn look(&mut self, cause: &Cause) {
        let mut called = std::mem::take(&mut self.called);
        called.sort_unstable();
        called.dedup();
        if self.env.options.checked_twice {
            self.make_sure(&called);
        }
        for machine in called.drain(..) {
            self.look_again(machine);
            if self.stations[machine].service.node_was_called() {
                self.look_at_node(machine);
            }
            if self.stations[machine].service.monitor_was_called() {
                self.look_at_monitor(machine);
            }
        }
        self.called = called;
        if self.checked != self.env.checked || self.reach != self.env.reach {
            self.arrive_everywhere();
        }
        if self.checked != self.env.checked {
            self.checked = self.env.checked;
            self.learn_definition();
            self.look_at_all();
            self.check_invariants(cause);
        } else if self.reach == self.env.reach {
            return;
        }
        let noticeable = std::mem::replace(&mut self.reach, self.env.reach) != self.env.reach;
        self.look_at_groups(noticeable);
    }

    /// Reports a machine that was called although it is not among these.
    fn make_sure(&mut self, called: &[Machine]) {
        for machine in 0..self.stations.len() {
            let service = &mut self.stations[machine].service;
            if called.binary_search(&machine).is_err()
                && (service.node_was_called() | service.monitor_was_called())
            {
                let text = format!("nobody was told that {} was called", self.name(machine));
                self.breach("missed_change", text, "its service".to_owned());
            }
        }
    }

    fn look_at_node(&mut self, machine: Machine) {
        let local = self.env.local(machine);
        let station = &mut self.stations[machine];
        if !self.added.is_empty()
            && let Some(definition) = station.service.node().and_then(Node::definition)
        {
            let known = |node: &&NodeDefinition| definition.node(&node.name).is_some();
            let added = self.added.iter().filter(known);
            station.known.extend(added.map(|node| node.name.clone()));
        }
        let node = station.service.node();
        if looks_like(node, local, station.snapshot.as_ref()) {
            return;
        }
        let snapshot = node.and_then(|node| node.snapshot(local));
        let position = snapshot.as_ref().map_or(0, |snapshot| snapshot.applied.0);
        if station.unlogged && position > station.seen_applied {
            self.past_set_aside();
        }
        let station = &mut self.stations[machine];
        if let (Some(node), Some(snapshot)) = (station.service.node(), &snapshot) {
            let (position, digest) = snapshot.applied;
            if position < station.seen_applied {
                // The node has begun again from a checkpoint.
                station.seen_applied = position.saturating_sub(1);
            }
            if position > station.seen_applied {
                let first = (station.seen_applied + 1).max(position.saturating_sub(POSITIONS_MAX));
                let applied = &mut self.views[machine].applied;
                applied.extend((first..position).filter_map(|at| Some((at, node.digest_at(at)?))));
                applied.push((position, digest));
                station.seen_applied = position;
            }
        }
        station.snapshot = snapshot;
        station.looks += 1;
        self.env.node_changed();
    }

    fn look_at_monitor(&mut self, machine: Machine) {
        let station = &mut self.stations[machine];
        let monitor = station.service.monitor();
        let revision = monitor.and_then(|monitor| Some((station.boot, monitor.revision()?)));
        if revision.is_some() && revision == station.monitor_seen {
            return;
        }
        station.monitor_seen = revision;
        let resources = || {
            monitor.map_or_else(
                || Box::new(iter::empty()) as Resources<'_>,
                |it| it.resources(),
            )
        };
        let view = &mut self.views[machine];
        let known = &mut view.resources;
        // Both are in the order of names, and nearly always of the same resources.
        let mut found = resources();
        let (mut same_names, mut same, mut same_online) = (true, true, true);
        known.change_each(|name, (kind, known)| match found.next() {
            Some((found, of, state)) if found == name && of == kind => {
                let before = std::mem::replace(known, state);
                same &= before == state;
                let online = |state| state == ResourceState::Online;
                same_online &= online(before) == online(state);
            }
            _ => same_names = false,
        });
        if !same_names || found.next().is_some() {
            (same, same_online) = (false, false);
            *known = resources()
                .map(|(name, kind, state)| (name.clone(), (kind.clone(), state)))
                .collect();
        }
        if !same {
            let online = known
                .values()
                .filter(|(_, it)| *it == ResourceState::Online);
            view.online = online.count();
            self.changes.machines.insert(machine);
            self.truth.take();
            self.revisions.states += 1;
            self.revisions.online += u64::from(!same_online);
            self.env.changed();
        }
    }

    /// Reads the views of all nodes at this instant, including those that were not called: their views may depend on
    /// the time.
    fn look_at_all(&mut self) {
        for machine in 0..self.stations.len() {
            let local = self.env.local(machine);
            let host = &self.env.hosts[machine];
            let (runs, clock) = (host.runs(), host.clock);
            let node = self.stations[machine].service.node();
            let view = &mut self.views[machine];
            if std::mem::replace(&mut view.runs, runs) != runs {
                self.changes.machines.insert(machine);
                self.truth.take();
                self.revisions.states += 1;
                self.revisions.online += 1;
            }
            if !looks_like(node, local, view.snapshot.as_ref()) {
                view.snapshot = node.and_then(|node| node.snapshot(local));
            }
            let since = view
                .snapshot
                .as_ref()
                .and_then(|snapshot| snapshot.without_quorum_since);
            view.without_quorum_since = since.map(|since| clock.world(since));
        }
    }

    /// Reads which machines have which disks mounted. That seldom changes.
    fn look_at_mounts(&mut self) {
        let disks = self.env.disks.shared();
        let mut both = self.mounts.iter().zip(disks);
        let same = self.mounts.len() == disks.len()
            && both
                .all(|((name, known), disk)| *name == disk.name && known.iter().eq(&disk.mounted));
        if !same {
            let mounts = disks.iter().map(|disk| {
                let mounted = disk.mounted.iter().copied().collect();
                (disk.name.clone(), mounted)
            });
            self.mounts = mounts.collect();
        }
    }

    fn check_invariants(&mut self, cause: &Cause) {
        self.look_at_mounts();
        let found = self.invariants.check(&Observation {
            now: self.env.now,
            changes: &std::mem::take(&mut self.changes),
            definition: &self.current,
            machines: &self.views,
            mounts: &self.mounts,
            acknowledged: self.acknowledged,
        });
        for view in &mut self.views {
            view.applied.clear();
        }
        for (invariant, text) in found {
            let cause = cause.text(&self.env);
            self.breach(invariant, text, cause);
        }
        if let Some(again) = self.invariants.again
            && self
                .check_at
                .is_none_or(|at| again < at || at <= self.env.now)
        {
            self.check_at = Some(again);
            self.env.wakes(again, Happening::Check);
        }
    }

    /// Takes over the definition in the cluster's database, if it may have changed.
    fn learn_definition(&mut self) {
        let Some(machine) = self.observer() else {
            return;
        };
        let station = &self.stations[machine];
        let applied = station
            .snapshot
            .as_ref()
            .map_or(0, |snapshot| snapshot.applied.0);
        let source = Some((machine, station.boot, applied));
        if self.current_of == source {
            return;
        }
        self.current_of = source;
        if let Some(definition) = station.service.node().and_then(Node::shared_definition)
            && !Arc::ptr_eq(definition, &self.current)
        {
            let before = std::mem::replace(&mut self.current, definition.clone());
            if before == self.current {
                return;
            }
            self.env.configured_nodes = self.current.nodes.len() as u32;
            self.env.lags.define(&self.current);
            self.env.defined(&self.current);
            for group in &self.current.groups {
                let track = self
                    .groups
                    .get_or_insert_with(&group.name, GroupTrack::default);
                track.slots.take();
            }
            self.changes.everything = true;
            self.revisions.defined += 1;
            self.env.revision += 1;
            self.env.reach += 1;
        }
    }
}
