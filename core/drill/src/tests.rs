//! The engine of drills with another language than Rhai, on a stage with only the required parts.

use std::cell::{Cell, RefCell};
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use quorate_model::{
    Breach, DiskStatus, Fault, GroupState, GroupStatus, MachineFault, Name, NetworkStatus,
    NodeState, NodeStatus, QuorumKind, QuorumStatus, ResourceState, ResourceStatus, StartSwitches,
    Time,
};

use crate::stage::*;
use crate::tell::{Stop, Teller};
use crate::watch::{Promise, watch};
use crate::*;

/// A group that is online from 3 s on, away from 10 s on and back from 40 s on. The stage offers no faults, no
/// foresight and no clients.
struct Bare {
    now: Time,
    lines: Vec<Line>,
    read: Cell<Parts>,
}

const CHANGES: [u64; 3] = [3, 10, 40];

/// Between these, something else changes all the time.
const STIRS: (Time, Time) = (seconds(100), seconds(110));
const STIR: Duration = Duration::from_millis(100);

const fn seconds(count: u64) -> Time {
    Time::from_millis(count * 1_000)
}

impl Bare {
    fn changes(&self) -> usize {
        let passed = |at: &&u64| seconds(**at) <= self.now;
        CHANGES.iter().filter(passed).count()
    }

    fn online(&self) -> bool {
        matches!(self.changes(), 1 | 3)
    }

    /// How often something has changed that has nothing to do with the group.
    fn stirs(&self) -> u64 {
        let last = self.now.clamp(STIRS.0, STIRS.1);
        (last.since(STIRS.0).as_millis() / STIR.as_millis()) as u64
    }

    fn note(&mut self, kind: &str, text: &str) {
        let mut line = Line::new();
        line.insert("kind".into(), kind.into());
        line.insert("text".into(), text.into());
        self.lines.push(line);
    }
}

impl Timing for Bare {
    fn now(&self) -> Time {
        self.now
    }
    fn civil_ms(&self) -> i64 {
        i64::try_from(self.now.as_millis()).unwrap_or_default()
    }
    fn seed(&self) -> u64 {
        1
    }
    fn draw(&mut self, _: u64) -> u64 {
        0
    }
    fn revision(&self) -> u64 {
        self.changes() as u64 + self.stirs()
    }
    fn begin_reading(&self) {
        self.read.take();
    }
    fn parts_read(&self) -> Parts {
        self.read.get()
    }
    fn mark(&self, parts: Parts) -> Mark {
        let mut mark = Mark::default();
        if parts.has(Part::Service) {
            mark.add(&[self.changes() as u64]);
        }
        if parts.has(Part::Belief) || parts.has(Part::Rest) {
            mark.add(&[self.revision()]);
        }
        mark
    }
    fn advance(&mut self, limit: Time) {
        let stirs = (STIRS.0 <= self.now && self.now < STIRS.1).then(|| self.now + STIR);
        let next = CHANGES.map(seconds).into_iter().chain(stirs);
        let next = next.filter(|at| *at > self.now).min();
        self.now = next.map_or(limit, |next| next.min(limit));
    }
}

impl Configuration for Bare {
    fn cluster_name(&self) -> Name {
        "BARE".into()
    }
    fn nodes(&self) -> Vec<Name> {
        vec!["NODE1".into()]
    }
    fn configured(&self) -> Vec<Name> {
        self.nodes()
    }
    fn groups(&self) -> Vec<Name> {
        vec!["EVS1".into()]
    }
    fn resources(&self) -> Vec<Name> {
        Vec::new()
    }
    fn networks(&self) -> Vec<Name> {
        Vec::new()
    }
    fn disks(&self) -> Vec<Name> {
        Vec::new()
    }
    fn policy(&self, _: Option<&str>) -> Option<String> {
        None
    }
    fn longest_stop(&self) -> Duration {
        Duration::ZERO
    }
}

impl Belief for Bare {
    fn node(&self, name: &str) -> Option<NodeStatus> {
        Some(NodeStatus {
            name: name.into(),
            state: NodeState::Up,
            groups: self.groups(),
        })
    }
    fn group(&self, name: &str) -> Option<GroupStatus> {
        (name == "EVS1").then(|| GroupStatus {
            name: name.into(),
            state: match self.online() {
                true => GroupState::Online,
                false => GroupState::Offline,
            },
            owner: Some("NODE1".into()),
            resources: Vec::new(),
            failovers: 0,
            stopped: None,
            persistent_state: true,
            preferred_owners: Vec::new(),
            is_virtual_server: true,
        })
    }
    fn resource(&self, _: &str) -> Option<ResourceStatus> {
        None
    }
    fn resource_states(&self) -> Vec<ResourceState> {
        Vec::new()
    }
    fn quorum(&self) -> QuorumStatus {
        QuorumStatus {
            kind: QuorumKind::Local,
            owner: None,
            has_quorum: true,
            members: Vec::new(),
            witness: None,
        }
    }
    fn coordinator(&self) -> Option<Name> {
        None
    }
    fn properties(&self, _: PropertyOf<'_>) -> Result<Vec<PropertyStatus>, StageError> {
        Ok(Vec::new())
    }
}

impl Truth for Bare {
    fn network(&self, _: &str) -> Option<NetworkStatus> {
        None
    }
    fn disk(&self, _: &str) -> Option<DiskStatus> {
        None
    }
    fn group_service(&self, _: &str) -> Result<(), String> {
        self.read.set(self.read.get().with(Part::Service));
        match self.online() {
            true => Ok(()),
            false => Err("it does not run".to_owned()),
        }
    }
    fn resource_service(&self, _: &str) -> Result<(), String> {
        Err("there is none".to_owned())
    }
    fn online_on(&self, _: &str) -> Vec<Name> {
        Vec::new()
    }
    fn service_running(&self, _: &str) -> Option<bool> {
        None
    }
    fn outage(&self, _: &str) -> Duration {
        Duration::ZERO
    }
    fn planned_outage(&self, _: &str) -> Duration {
        Duration::ZERO
    }
    fn availability(&self, _: &str) -> f64 {
        1.0
    }
    fn disturbed(&self) -> Vec<Name> {
        Vec::new()
    }
    fn breaches(&self) -> Vec<Breach> {
        Vec::new()
    }
}

impl Orders for Bare {
    fn order(&mut self, _: Order) -> Result<OrderHandle, StageError> {
        Err(StageError::refused("nobody takes it"))
    }
    fn answer(&self, _: OrderHandle) -> Option<Answer> {
        None
    }
}

impl Record for Bare {
    fn mark_step(&mut self, title: &str) {
        self.note("step", title);
    }
    fn mark_note(&mut self, text: &str) {
        self.note("note", text);
    }
    fn mark_remark(&mut self, _: &'static str, text: &str) {
        self.note("remark", text);
    }
    fn mark_end(&mut self) {}
    fn mark_verdict(&mut self, _: &DrillReport) {}
    fn lines(&self, from: usize) -> Vec<Line> {
        self.lines[from..].to_vec()
    }
    fn write_journal(&self, _: &mut dyn io::Write) -> io::Result<()> {
        Ok(())
    }
}

impl Faults for Bare {}
impl Machines for Bare {}
impl Clients for Bare {}
impl Plugins for Bare {
    fn unrepeatable(&self) -> Vec<String> {
        Vec::new()
    }
}

struct BareSource;

impl StageSource for BareSource {
    fn open(&self, _: &StageRequest) -> Result<Box<dyn Stage>, OpenError> {
        Ok(Box::new(Bare {
            now: Time::ZERO,
            lines: Vec::new(),
            read: Cell::default(),
        }))
    }
    fn has_plugin(&self, _: &str) -> bool {
        true
    }
}

/// The body or a condition of a drill that is told in Rust.
pub(crate) type Told = Rc<dyn Fn(&Story) -> Result<bool, Box<Thrown>>>;

/// Drills that are told in Rust.
pub(crate) struct Story {
    play: RefCell<Play<Told>>,
    /// What the variables are that every condition has captured: none that can be compared, or a number.
    pub(crate) captured: Cell<Option<u8>>,
    /// The same as it was copied last.
    copied: Cell<Option<u8>>,
}

impl Story {
    fn new() -> Story {
        Story::with_options(RunOptions::default())
    }

    fn with_options(options: RunOptions) -> Story {
        let source = Rc::new(BareSource);
        Story {
            play: RefCell::new(Play::new(source, options, Box::new(Silent))),
            captured: Cell::new(Some(0)),
            copied: Cell::new(None),
        }
    }

    /// As [`Story::new`], with an open cluster at time zero.
    pub(crate) fn open() -> Story {
        Story::open_with(RunOptions::default())
    }

    pub(crate) fn open_with(options: RunOptions) -> Story {
        let story = Story::with_options(options);
        let request = StageRequest {
            cluster: PathBuf::from("bare.ron"),
            text: None,
            seed: 1,
            start: None,
        };
        tell::open(&story, &request).expect("a stage");
        story
    }

    pub(crate) fn now(&self) -> Time {
        self.with(|play| play.now())
    }

    /// Reads whether the group is in service.
    pub(crate) fn online(&self) -> Result<bool, Box<Thrown>> {
        let online = on_stage(self, |stage| stage.group_service("EVS1").is_ok())?;
        let seen = Seen {
            subject: "EVS1".to_owned(),
            what: "EVS1 is online".to_owned(),
            value: online.to_string(),
        };
        self.with(|play| play.saw(Spot::NONE, seen));
        Ok(online)
    }
}

impl Face for Story {
    type Function = Told;
    type Error = Box<Thrown>;

    fn with<T>(&self, look: impl FnOnce(&mut Play<Told>) -> T) -> T {
        look(&mut self.play.borrow_mut())
    }
    fn here(&self) -> Spot {
        Spot { line: 7, column: 1 }
    }
    fn word(&self) -> String {
        "word".to_owned()
    }
    fn evaluate(&self, condition: &Told) -> Result<bool, Box<Thrown>> {
        condition(self)
    }
    fn perform(&self, body: &Told) -> Result<(), Box<Thrown>> {
        body(self).map(drop)
    }
    fn apart(&self, function: &Told) -> Told {
        Rc::clone(function)
    }
    fn captured(&self, function: &Told) -> Option<Told> {
        self.copied.set(self.captured.get());
        self.captured.get().map(|_| Rc::clone(function))
    }
    fn is_same(&self, _: &Told, _: &Told) -> bool {
        self.captured == self.copied
    }
    fn may_go_on(&self) -> Result<(), Box<Thrown>> {
        Ok(())
    }
    fn stop(_: &Box<Thrown>) -> Option<Stop> {
        None
    }
    fn raise(&self, thrown: Thrown, at: Spot) -> Box<Thrown> {
        Box::new(Thrown {
            position: at,
            ..thrown
        })
    }
}

impl Teller for Story {
    fn explain(&self, error: &Box<Thrown>) -> (Verdict, Failure) {
        let failure = Failure {
            message: error.message.clone(),
            place: Some(Place::in_source("story.rs", "", error.position)),
            ..Failure::default()
        };
        (error.verdict, failure)
    }
    fn wind_up(&self) {}
    fn stopped(&self, _: Stop) -> Box<Thrown> {
        Box::new(Thrown::unknown("stopped"))
    }
}

fn online() -> Told {
    Rc::new(Story::online)
}

fn away() -> Told {
    Rc::new(|story| story.online().map(|online| !online))
}

const MINUTE: Span = Span(Duration::from_secs(60));

#[test]
fn a_wait_ends_at_the_change_it_waits_for() {
    let story = Story::open();
    wait::eventually(&story, &online(), MINUTE, false).expect("it comes up");
    assert_eq!(story.now(), seconds(3));
    wait::becomes(&story, &away(), MINUTE).expect("it goes away");
    assert_eq!(story.now(), seconds(10));
    wait::recovers(&story, &"EVS1".into(), MINUTE).expect("it comes back");
    assert_eq!(story.now(), seconds(40));
    let late = wait::becomes(&story, &online(), MINUTE).expect_err("it stays");
    assert_eq!(late.verdict, Verdict::Fail);
    assert!(late.message.contains("true all the time"), "{late}");
    assert_eq!(late.seen[0].value, "true");
}

#[test]
fn a_promise_is_broken_at_the_very_change() {
    let story = Story::open();
    wait::run(&story, Span(Duration::from_secs(5))).expect("time passes");
    watch(&story, "mail flows", Promise::Always, online()).expect("it holds now");
    let broken = wait::run(&story, MINUTE).expect_err("it does not hold for long");
    assert_eq!(story.now(), seconds(10));
    assert_eq!(broken.verdict, Verdict::Fail);
    let text = format!("always \"mail flows\" does not hold at {}", story.now());
    assert_eq!(broken.message, text);
}

#[test]
fn a_cluster_is_settled_when_nothing_has_changed_for_thirty_seconds() {
    let story = Story::open();
    assert!(settle::settle(&story, Span(Duration::from_secs(300))).expect("it settles"));
    assert_eq!(story.now(), seconds(70));
}

#[test]
fn where_nothing_can_be_foreseen_a_clock_is_looked_at_once_a_second() {
    let story = Story::open();
    let clock: Told = Rc::new(|story| {
        story.with(Play::read_time);
        Ok(story.now() >= Time::from_millis(12_500))
    });
    wait::run(&story, Span(Duration::from_secs(11))).expect("time passes");
    wait::eventually(&story, &clock, MINUTE, false).expect("the hour comes");
    assert_eq!(story.now(), seconds(13));
}

#[test]
fn a_condition_that_acts_is_refused() {
    let story = Story::open();
    let acts: Told = Rc::new(|story| begin_act(story).map(|()| true));
    let refused = wait::eventually(&story, &acts, MINUTE, false).expect_err("it acts");
    assert!(refused.message.contains("may only look"), "{refused}");
}

#[test]
fn what_a_stage_does_not_offer_is_said_and_not_pretended() {
    let story = Story::open();
    let node = Name::from("NODE1");
    let crash = Fault::Machine(MachineFault::Crash { node: node.clone() });
    let foreseen = try_on_stage(&story, |stage| stage.foresee(None));
    assert!(foreseen.is_err(), "the present is not what is to come");
    let inject = try_on_stage(&story, |stage| stage.inject(crash, None));
    let text = inject.expect_err("nothing breaks here").message;
    assert_eq!(text, "breaking things is not offered on this stage");
    let plugins = try_on_stage(&story, |stage| stage.plugins());
    let text = plugins.expect_err("there are none to show").message;
    assert_eq!(
        text,
        "showing or changing plugins is not offered on this stage"
    );
    let order = Order::NodeStart(node, StartSwitches::default());
    let order = try_on_stage(&story, |stage| stage.order(order));
    assert_eq!(order.expect_err("a refusal").message, "nobody takes it");
}

/// Runs one drill and gives its report.
fn told(body: Told) -> DrillReport {
    told_by(Story::new(), body, None)
}

/// The same on a given story, of a drill that may be expected to fail.
fn told_by(story: Story, body: Told, known: Option<String>) -> DrillReport {
    let options = DrillOptions {
        cluster: "bare.ron".to_owned(),
        seed: None,
        tags: Vec::new(),
        skip: None,
        known,
        limit: None,
        start: None,
        cold: true,
        plugins: Vec::new(),
    };
    tell::drill(&story, "t", &options, &body).expect("a report");
    let (mut reports, _) = story.with(Play::take_reports);
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

#[test]
fn a_drill_ends_with_a_report_whatever_language_it_is_told_in() {
    let passed = told(Rc::new(|story| {
        wait::eventually(story, &online(), MINUTE, false).map(|()| true)
    }));
    assert_eq!(passed.verdict, Verdict::Pass, "{:?}", passed.failure);
    assert_eq!(passed.virtual_time, seconds(3));
    assert_eq!(passed.remarks, []);
    assert_eq!(passed.groups[0].state, "Online");

    let failed = told(Rc::new(|story| {
        wait::eventually(story, &online(), Span(Duration::from_secs(2)), false).map(|()| true)
    }));
    assert_eq!(failed.verdict, Verdict::Fail);
    let failure = failed.failure.expect("a failure");
    assert_eq!(failure.place.map(|place| place.line), Some(7));

    let idle = told(Rc::new(|_| Ok(true)));
    assert_eq!(idle.verdict, Verdict::Pass);
    assert_eq!(idle.remarks[0].kind, RemarkKind::NothingExpected);
}

/// The body of a drill that fails.
fn fails() -> Told {
    Rc::new(|story| {
        wait::eventually(story, &online(), Span(Duration::from_secs(2)), false).map(|()| true)
    })
}

#[test]
fn a_known_fault_is_no_failure_and_one_that_is_gone_is() {
    let why = || Some("ticket 7".to_owned());
    let known = told_by(Story::new(), fails(), why());
    assert_eq!(known.verdict, Verdict::Known);
    assert!(known.verdict.is_fine());
    assert!(known.failure.is_some(), "what happened is still told");
    let gone = told_by(Story::new(), Rc::new(|_| Ok(true)), why());
    assert_eq!(gone.verdict, Verdict::Fail);
    let failure = gone.failure.expect("a failure");
    assert!(
        failure.message.contains("(ticket 7)"),
        "{}",
        failure.message
    );
    assert_eq!(failure.place, Some(gone.place));
    let unknown: Told = Rc::new(|_| Err(Box::new(Thrown::unknown("no time"))));
    let unknown = told_by(Story::new(), unknown, why());
    assert_eq!(unknown.verdict, Verdict::Unknown);
}

#[test]
fn the_command_that_repeats_a_drill_has_its_seed_and_the_variables_it_reads() {
    let given = [("a", "1"), ("b", "two words"), ("c", "3")];
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let story = Story::with_options(RunOptions {
        seed: Some(7),
        offset: 2,
        variables: given.into(),
        repeat_with: vec!["--plugin-dir".to_owned(), "my plugins".to_owned()],
        ..RunOptions::default()
    });
    story.with(|play| play.variable("a"));
    let reads: Told = Rc::new(|story| {
        let value = story.with(|play| play.variable("b"));
        assert_eq!(value.as_deref(), Some("two words"));
        assert_eq!(story.with(|play| play.variable("unknown")), None);
        Ok(true)
    });
    let report = told_by(story, reads, None);
    assert_eq!(report.seed, 9);
    assert_eq!(
        report.repeat,
        "quorate drill '' --seed 9 --filter t --exact --var a=1 --var 'b=two words' --plugin-dir 'my plugins'"
    );
}
