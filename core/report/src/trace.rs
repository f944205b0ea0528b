//! A run in Chrome's trace event format, which Perfetto opens: what lasted as slices, events as instants.
//!
//! A process is a node, a group, or the drill; its threads are the lanes of it. Several runs stand in one file one below the
//! other, each with processes of its own.

use std::collections::BTreeMap;

use quorate_model::{Name, Time};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{GroupStory, NodeStory, Run, Span};

/// A trace, as far as runs were added.
#[derive(Debug, Default)]
pub struct Trace {
    /// The events as JSON, one a line.
    events: String,
    processes: u64,
    runs: usize,
}

/// A lane of the trace.
#[derive(Clone, Copy)]
struct Lane {
    pid: u64,
    tid: u64,
}

impl Trace {
    /// Adds a run.
    pub fn add(&mut self, run: &Run) {
        self.runs += 1;
        let name = match self.runs {
            1 => run.name(),
            many => format!("{many}: {}", run.name()),
        };
        let drill = self.drill(run, &name);
        let mut homes: BTreeMap<&str, Lane> = BTreeMap::new();
        for node in &run.nodes {
            let lane = self.node(run, node);
            homes.insert(&node.name, lane);
        }
        for group in &run.groups {
            self.group(group);
        }
        for moment in run.moments() {
            let home = moment.node.and_then(|it| homes.get(it));
            let Lane { pid, tid } = *home.unwrap_or(&drill);
            self.push(&json!({
                "name": moment.text, "cat": moment.kind, "ph": "i", "s": "t", "ts": moment.at.0, "pid": pid, "tid": tid,
                "args": { "n": moment.n, "because": moment.because, "subject": moment.subject },
            }));
        }
    }

    /// The trace as a JSON file.
    pub fn finish(self) -> String {
        format!(
            "{{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n{}\n]}}\n",
            self.events
        )
    }

    fn push(&mut self, event: &Value) {
        if !self.events.is_empty() {
            self.events.push_str(",\n");
        }
        self.events.push_str(&event.to_string());
    }

    fn process(&mut self, name: &str) -> u64 {
        self.processes += 1;
        let pid = self.processes;
        self.about(
            "process_name",
            Lane { pid, tid: 0 },
            &json!({ "name": name }),
        );
        self.about(
            "process_sort_index",
            Lane { pid, tid: 0 },
            &json!({ "sort_index": pid }),
        );
        pid
    }

    fn thread(&mut self, pid: u64, tid: u64, name: &str) -> Lane {
        let lane = Lane { pid, tid };
        self.about("thread_name", lane, &json!({ "name": name }));
        self.about("thread_sort_index", lane, &json!({ "sort_index": tid }));
        lane
    }

    fn about(&mut self, what: &str, Lane { pid, tid }: Lane, args: &Value) {
        self.push(&json!({ "name": what, "ph": "M", "pid": pid, "tid": tid, "args": args }));
    }

    fn slice(
        &mut self,
        Lane { pid, tid }: Lane,
        kind: &str,
        name: &str,
        (from, to): (Time, Time),
        args: impl Serialize,
    ) {
        let (ts, dur) = (from.0, to.0.saturating_sub(from.0));
        self.push(&json!({
            "name": name, "cat": kind, "ph": "X", "ts": ts, "dur": dur, "pid": pid, "tid": tid, "args": args,
        }));
    }

    fn lane<T>(&mut self, lane: Lane, kind: &str, spans: &[Span<T>], name: impl Fn(&T) -> String) {
        for span in spans {
            self.slice(
                lane,
                kind,
                &name(&span.what),
                (span.from, span.to),
                json!({ "n": span.n }),
            );
        }
    }

    /// Steps, faults, who coordinates. Gives the lane of events that are no node's.
    fn drill(&mut self, run: &Run, name: &str) -> Lane {
        let pid = self.process(name);
        let events = self.thread(pid, 1, "events");
        let steps = self.thread(pid, 2, "steps");
        let ends = run.steps.iter().skip(1).map(|it| it.at).chain([run.until]);
        for (step, end) in run.steps.iter().zip(ends) {
            self.slice(
                steps,
                "step",
                &step.text,
                (step.at, end),
                json!({ "n": step.n }),
            );
        }
        let quorum = self.thread(pid, 3, "quorum");
        self.lane(quorum, "quorum", &run.quorum, |held| {
            if *held { "held" } else { "lost" }.to_owned()
        });
        // Slices of one thread must not overlap, and faults and coordinators may: each has a thread.
        let mut next = 4;
        for office in &run.coordinators {
            let lane = self.thread(pid, next, "coordinator");
            self.slice(
                lane,
                "coordinator",
                &office.what,
                (office.from, office.to),
                json!({ "n": office.n }),
            );
            next += 1;
        }
        for fault in &run.faults {
            let lane = self.thread(pid, next, "fault");
            let args = json!({ "n": fault.n, "id": fault.id, "healed": fault.healed });
            self.slice(lane, "fault", &fault.text, (fault.from, fault.to), args);
            next += 1;
        }
        events
    }

    /// Gives the lane of the node's events.
    fn node(&mut self, run: &Run, node: &NodeStory) -> Lane {
        let pid = self.process(&node.name);
        let events = self.thread(pid, 1, "events");
        let state = self.thread(pid, 2, "node");
        self.lane(state, "node", &node.standing, |it| it.as_str().to_owned());
        // What the coordinator says of it is worth a lane only where there was one.
        if !run.coordinators.is_empty() {
            let believed = self.thread(pid, 3, "as the cluster has it");
            self.lane(believed, "node", &node.believed, ToString::to_string);
        }
        events
    }

    fn group(&mut self, group: &GroupStory) {
        let pid = self.process(&group.name);
        let on = |state: String, node: &Option<Name>| match node {
            Some(node) => format!("{state} on {node}"),
            None => state,
        };
        let lane = self.thread(pid, 1, "group");
        self.lane(lane, "group", &group.states, |it| {
            on(it.state.to_string(), &it.owner)
        });
        let outages = self.thread(pid, 2, "outages");
        for outage in &group.outages {
            let args = json!({ "n": outage.began, "planned": outage.planned });
            self.slice(
                outages,
                "outage",
                "out of service",
                (outage.from, outage.to),
                args,
            );
            for phase in &outage.phases {
                self.slice(
                    outages,
                    "phase",
                    phase.kind.as_str(),
                    (phase.from, phase.to),
                    json!({ "n": phase.n }),
                );
            }
        }
        if !group.clients.is_empty() {
            let clients = self.thread(pid, 3, "clients");
            self.lane(clients, "clients", &group.clients, |it| {
                it.felt.as_str().to_owned()
            });
        }
        for (tid, resource) in (4..).zip(&group.resources) {
            let lane = self.thread(pid, tid, &resource.name);
            self.lane(lane, "resource", &resource.states, |(state, node)| {
                on(state.to_string(), node)
            });
        }
    }
}
