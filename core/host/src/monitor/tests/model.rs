//! Compares the monitor with a simple model of one resource, over random histories.
//!
//! The model counts in whole seconds, and so do the histories: every wait is 1 s.

use proptest::prelude::*;
use quorate_model::ResourceState::{self, *};
use quorate_model::monitor::MonitorEvent;

use super::fake::{DONE, Step, fake};
use super::*;

const LOOKS_ALIVE_S: u64 = 3;
const IS_ALIVE_S: u64 = 7;
const PENDING_TIMEOUT_S: u64 = 20;
const ARBITRATION_S: u64 = 60;

/// A step of a history.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Online,
    Offline,
    Terminate,
    Fail,
    Arbitrate,
    Release,
    /// How `online` answers from now on; the next ones do the same for other entries.
    SetOnline(Answer),
    SetOffline(Answer),
    SetArbitrate(Answer),
    SetWork(Answer),
    SetAdvancing(bool),
    SetHealth(bool, bool),
    Seconds(u64),
}

/// The answer of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    /// Done, and `work` is wanted again in a second.
    DoneAgain,
    /// Done, and the type watches the resource itself.
    DoneEvent,
    Pending,
    Error,
}

impl Answer {
    fn step(self) -> Step {
        match self {
            Answer::Done => DONE,
            Answer::DoneAgain => Step {
                wait_ms: 1_000,
                ..DONE
            },
            Answer::DoneEvent => Step {
                has_event: true,
                ..DONE
            },
            Answer::Pending => fake::pending(1_000, 0),
            Answer::Error => fake::failing(quorate_abi::ERROR_GEN_FAILURE),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Online,
    Offline,
    Arbitrate,
}

/// One resource, as docs/semantics.md, 1.2 to 1.6 describe it.
#[derive(Debug)]
struct Model {
    now: u64,
    state: ResourceState,
    /// The pending operation, and when it is given up.
    pending: Option<(Op, u64)>,
    /// The operation that waits for the pending one to end.
    next: Option<Op>,
    work_at: Option<u64>,
    looks_at: Option<u64>,
    alive_at: Option<u64>,
    event: bool,
    defending: bool,
    /// The answers to Arbitrate and the lost reservations so far.
    arbitrated: usize,
    lost: usize,
    online: Answer,
    offline: Answer,
    arbitrate: Answer,
    work: Answer,
    advancing: bool,
    looks_alive: bool,
    is_alive: bool,
}

impl Model {
    fn new() -> Model {
        Model {
            now: 0,
            state: Offline,
            pending: None,
            next: None,
            work_at: None,
            looks_at: None,
            alive_at: None,
            event: false,
            defending: false,
            arbitrated: 0,
            lost: 0,
            online: Answer::Done,
            offline: Answer::Done,
            arbitrate: Answer::Done,
            work: Answer::Done,
            advancing: false,
            looks_alive: true,
            is_alive: true,
        }
    }

    fn arbitrating(&self) -> bool {
        matches!(self.pending, Some((Op::Arbitrate, _)))
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Online if self.state.is_down() && !self.arbitrating() => {
                self.begin(Op::Online);
            }
            Happening::Online if self.state.is_down() || self.state == OfflinePending => {
                self.defer(Op::Online);
            }
            Happening::Online => {}
            Happening::Offline => {
                self.forget_next();
                if self.state == Online && !self.arbitrating() {
                    self.begin(Op::Offline);
                } else if self.state.is_down() && !self.arbitrating() {
                    // A reservation can be defended while the resource is not online. It is kept; only Release ends it.
                    self.state = Offline;
                } else if self.state != OfflinePending {
                    self.rest(Offline);
                }
            }
            Happening::Terminate => {
                self.forget_next();
                self.rest(Offline);
            }
            Happening::Fail if self.state.is_down() => {}
            Happening::Fail => {
                self.forget_next();
                self.fail();
            }
            Happening::Arbitrate => match self.pending {
                Some((Op::Arbitrate, _)) => {}
                Some(_) => self.defer(Op::Arbitrate),
                None => self.begin(Op::Arbitrate),
            },
            Happening::Release => {
                if self.next == Some(Op::Arbitrate) {
                    self.forget_next();
                }
                if self.arbitrating() {
                    self.pending = None;
                    self.arbitrated += 1;
                }
                self.defending = false;
                if self.state.is_down() {
                    self.work_at = None;
                }
                self.go_on();
            }
            Happening::SetOnline(answer) => self.online = answer,
            Happening::SetOffline(answer) => self.offline = answer,
            Happening::SetArbitrate(answer) => self.arbitrate = answer,
            Happening::SetWork(answer) => self.work = answer,
            Happening::SetAdvancing(advancing) => self.advancing = advancing,
            Happening::SetHealth(looks, is) => (self.looks_alive, self.is_alive) = (looks, is),
            Happening::Seconds(seconds) => (0..seconds).for_each(|_| self.second()),
        }
    }

    fn defer(&mut self, op: Op) {
        self.forget_next();
        self.next = Some(op);
    }

    fn forget_next(&mut self) {
        if self.next.take() == Some(Op::Arbitrate) {
            self.arbitrated += 1;
        }
    }

    fn go_on(&mut self) {
        if self.pending.is_none() {
            match self.next.take() {
                Some(Op::Online) => self.happen(Happening::Online),
                Some(Op::Arbitrate) => self.happen(Happening::Arbitrate),
                Some(Op::Offline) | None => {}
            }
        }
    }

    fn begin(&mut self, op: Op) {
        let answer = match op {
            Op::Online => self.online,
            Op::Offline => self.offline,
            Op::Arbitrate => self.arbitrate,
        };
        if op == Op::Online {
            self.event = false;
        }
        if answer == Answer::Pending {
            let limit = if op == Op::Arbitrate {
                ARBITRATION_S
            } else {
                PENDING_TIMEOUT_S
            };
            self.pending = Some((op, self.now + limit));
            match op {
                Op::Online => self.state = OnlinePending,
                Op::Offline => self.state = OfflinePending,
                Op::Arbitrate => {}
            }
        }
        self.took(op, answer);
    }

    fn took(&mut self, op: Op, answer: Answer) {
        match answer {
            Answer::Pending => self.work_at = Some(self.now + 1),
            Answer::Error if op == Op::Arbitrate => self.lose_arbitration(),
            Answer::Error => {
                self.fail();
                self.go_on();
            }
            done => {
                if done == Answer::DoneAgain {
                    self.work_at = Some(self.now + 1);
                } else if self.pending.is_some() {
                    self.work_at = None;
                }
                self.event |= done == Answer::DoneEvent;
                self.pending = None;
                match op {
                    Op::Online => {
                        self.state = Online;
                        self.looks_at = (!self.event).then_some(self.now + LOOKS_ALIVE_S);
                        self.alive_at = Some(self.now + IS_ALIVE_S);
                    }
                    Op::Offline => self.rest(Offline),
                    Op::Arbitrate => {
                        self.defending = true;
                        self.arbitrated += 1;
                    }
                }
                self.go_on();
            }
        }
    }

    fn lose_arbitration(&mut self) {
        self.pending = None;
        self.defending = false;
        self.arbitrated += 1;
        if self.state != Online {
            self.work_at = None;
        }
        self.go_on();
    }

    /// Ends everything, and sets the state.
    fn rest(&mut self, state: ResourceState) {
        if self.arbitrating() {
            self.arbitrated += 1;
        }
        self.state = state;
        (self.pending, self.work_at, self.looks_at, self.alive_at) = (None, None, None, None);
        (self.event, self.defending) = (false, false);
    }

    fn fail(&mut self) {
        self.lost += usize::from(self.defending);
        self.rest(Failed);
    }

    fn lose_defence(&mut self) {
        if std::mem::take(&mut self.defending) {
            self.lost += 1;
            if self.state.is_down() {
                self.work_at = None;
            }
        }
    }

    fn second(&mut self) {
        self.now += 1;
        if self.work_at == Some(self.now) {
            self.work_at = None;
            self.do_work();
        }
        if let Some((op, deadline)) = self.pending
            && deadline == self.now
        {
            if op == Op::Arbitrate {
                self.lose_arbitration();
            } else {
                self.fail();
                self.go_on();
            }
        }
        if self.state == Online {
            let looks = self.looks_at == Some(self.now);
            let is = self.alive_at == Some(self.now);
            if looks {
                self.looks_at = Some(self.now + LOOKS_ALIVE_S);
            }
            if is {
                self.alive_at = Some(self.now + IS_ALIVE_S);
            }
            if (is || (looks && !self.looks_alive)) && !self.is_alive {
                self.fail();
            }
        }
    }

    fn do_work(&mut self) {
        if let Some((op, deadline)) = &mut self.pending {
            let op = *op;
            if self.work == Answer::Pending && self.advancing && op != Op::Arbitrate {
                *deadline = self.now + PENDING_TIMEOUT_S;
            }
            self.took(op, self.work);
            return;
        }
        if matches!(self.work, Answer::DoneAgain | Answer::Pending) {
            self.work_at = Some(self.now + 1);
        }
        if self.work == Answer::Error {
            if self.state != Online {
                self.lose_defence();
            } else if !self.is_alive {
                self.fail();
            }
        }
    }
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        1 => Just(Answer::Done),
        1 => Just(Answer::DoneAgain),
        1 => Just(Answer::DoneEvent),
        3 => Just(Answer::Pending),
        1 => Just(Answer::Error),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => Just(Happening::Online),
        2 => Just(Happening::Offline),
        1 => Just(Happening::Terminate),
        1 => Just(Happening::Fail),
        2 => Just(Happening::Arbitrate),
        1 => Just(Happening::Release),
        1 => answer().prop_map(Happening::SetOnline),
        1 => answer().prop_map(Happening::SetOffline),
        1 => answer().prop_map(Happening::SetArbitrate),
        2 => answer().prop_map(Happening::SetWork),
        1 => any::<bool>().prop_map(Happening::SetAdvancing),
        1 => any::<(bool, bool)>().prop_map(|(looks, is)| Happening::SetHealth(looks, is)),
        3 => (1_u64..6).prop_map(Happening::Seconds),
        1 => (1_u64..90).prop_map(Happening::Seconds),
    ]
}

/// Whether docs/semantics.md, 1.6 allows this change of state. Offline may follow any state, when that is ordered.
fn is_legal(from: ResourceState, to: ResourceState) -> bool {
    from == to
        || match to {
            Offline | Failed => true,
            Online => matches!(from, Offline | Failed | OnlinePending),
            OnlinePending => from.is_down(),
            OfflinePending => from == Online,
            Initializing => false,
        }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn one_resource_does_what_the_model_does(
        history in prop::collection::vec(happening(), 1..60),
    ) {
        let mut rig = Rig::new();
        let mut resource = spec("A", "Fake");
        resource.properties.looks_alive_poll_interval = (LOOKS_ALIVE_S * SECOND) as u32;
        resource.properties.is_alive_poll_interval = (IS_ALIVE_S * SECOND) as u32;
        resource.properties.pending_timeout = (PENDING_TIMEOUT_S * SECOND) as u32;
        rig.open(resource);
        fake("A", |it| it.counts_on = true);
        let mut model = Model::new();
        let (mut arbitrated, mut lost, mut state) = (0, 0, Offline);
        for happening in history {
            model.happen(happening);
            let name = || name("A");
            let command = match happening {
                Happening::Online => Some(MonitorCommand::Online { resource: name() }),
                Happening::Offline => Some(MonitorCommand::Offline { resource: name() }),
                Happening::Terminate => Some(MonitorCommand::Terminate { resource: name() }),
                Happening::Fail => Some(MonitorCommand::Fail { resource: name() }),
                Happening::Arbitrate => Some(MonitorCommand::Arbitrate { resource: name() }),
                Happening::Release => Some(MonitorCommand::Release { resource: name() }),
                Happening::Seconds(seconds) => {
                    let end = rig.world.now + Duration::from_secs(seconds);
                    while let Some(next) = rig.monitor.next_wakeup().filter(|next| *next <= end) {
                        prop_assert!(next > rig.world.now);
                        rig.world.now = next;
                        rig.monitor.wake(&mut rig.world);
                    }
                    rig.world.now = end;
                    None
                }
                change => {
                    fake("A", |it| match change {
                        Happening::SetOnline(answer) => it.online = answer.step(),
                        Happening::SetOffline(answer) => it.offline = answer.step(),
                        Happening::SetArbitrate(answer) => it.arbitrate = answer.step(),
                        Happening::SetWork(answer) => {
                            it.work = Step { checkpoint: it.work.checkpoint, ..answer.step() };
                        }
                        Happening::SetAdvancing(advancing) => it.advancing = advancing,
                        Happening::SetHealth(looks, is) => {
                            (it.looks_alive, it.is_alive) = (looks.into(), is.into());
                        }
                        _ => {}
                    });
                    None
                }
            };
            if let Some(command) = command {
                rig.monitor.command(&mut rig.world, command);
            }
            while let Some(event) = rig.monitor.poll_event() {
                match event {
                    MonitorEvent::State { state: to, .. } => {
                        prop_assert!(is_legal(state, to), "{state} to {to}");
                        state = to;
                    }
                    MonitorEvent::Arbitrated { .. } => arbitrated += 1,
                    MonitorEvent::QuorumLost { .. } => lost += 1,
                    _ => {}
                }
            }
            prop_assert_eq!(rig.state("A"), model.state, "after {:?}", happening);
            prop_assert_eq!(state, model.state, "the events tell the state");
            prop_assert_eq!(rig.monitor.is_defending("A"), model.defending);
            prop_assert_eq!((arbitrated, lost), (model.arbitrated, model.lost));
            let violations = fake("A", |it| it.violations.clone());
            prop_assert!(violations.is_empty(), "{violations:?}");
        }
    }
}
