use quorate_model::{Fault, FaultId, GroupState, MachineFault, NodeState, Time};

use super::*;

/// A trail, and the number that the next event has.
struct Told(Trail, u64);

impl Told {
    fn new() -> Told {
        let mut trail = Trail::default();
        let resource = |name: &str, on: &[&str]| HeaderResource {
            name: name.into(),
            kind: "Generic Service".into(),
            depends_on: on.iter().map(|it| (*it).into()).collect(),
            possible_owners: Vec::new(),
        };
        trail.knows(&[HeaderGroup {
            resources: vec![resource("Disk", &[]), resource("Web", &["Disk"])],
            ..HeaderGroup::named("G".into())
        }]);
        trail.rests("Disk".into(), vec!["Q:".into()]);
        Told(trail, 0)
    }

    /// Something begins that this has led to.
    fn begin(&mut self, cause: Option<u64>) -> &mut Told {
        self.0.begin(cause);
        self
    }

    /// An event follows. Its cause.
    fn hears(&mut self, node: &str, what: impl Into<What>) -> Option<u64> {
        let entry = Entry::new(Time(self.1), self.1, Some(node.into()), what);
        self.1 += 1;
        self.0.follow(&entry)
    }

    fn breaks(&mut self, fault: MachineFault) -> Option<u64> {
        let fault = Fault::from(fault);
        self.hears(
            "A",
            WorldEvent::FaultInjected {
                id: FaultId(1),
                subject: fault.subject().cloned(),
                text: fault.to_string(),
                fault,
            },
        )
    }
}

fn becomes(resource: &str, from: ResourceState, to: ResourceState) -> Event {
    Event::ResourceState {
        subject: resource.into(),
        group: "G".into(),
        from,
        to,
        reason: None,
    }
}

fn power(on: bool) -> WorldEvent {
    WorldEvent::Power {
        on,
        reason: String::new(),
    }
}

fn silence(peer: &str) -> Event {
    Event::Interface {
        peer: peer.into(),
        network: "Private".into(),
        up: false,
    }
}

#[test]
fn a_takeover_goes_back_to_the_power_that_was_lost() {
    let mut told = Told::new();
    assert_eq!(told.breaks(MachineFault::Crash { node: "A".into() }), None);
    assert_eq!(told.hears("A", power(false)), Some(0));
    // Timers come round: nothing has led to them.
    assert_eq!(told.begin(None).hears("B", silence("A")), Some(1));
    let silent = vec!["A".into()];
    let regroup = Event::Regroup { silent };
    assert_eq!(told.begin(None).hears("B", regroup), Some(2));
    let down = member("A", NodeState::Up, NodeState::Down);
    // A message that was sent in the course of the regroup.
    assert_eq!(told.begin(Some(3)).hears("B", down), Some(3));
    let taken = owner("G", "A", "C", Cause::NodeFailure);
    assert_eq!(told.begin(None).hears("C", taken), Some(4));
    let (offline, online) = (ResourceState::Offline, ResourceState::Online);
    assert_eq!(told.hears("C", becomes("Disk", offline, online)), Some(5));
    assert_eq!(told.hears("C", becomes("Web", offline, online)), Some(6));
    let state = Event::GroupState {
        subject: "G".into(),
        from: GroupState::Offline,
        to: GroupState::Online,
    };
    assert_eq!(told.hears("C", state), Some(7));
    let level = WorldEvent::ServiceLevel {
        subject: "G".into(),
        online: true,
        planned: None,
    };
    assert_eq!(told.hears("C", level), Some(8));
}

#[test]
fn what_happens_to_one_group_does_not_go_back_to_another() {
    let mut told = Told::new();
    let down = member("A", NodeState::Up, NodeState::Down);
    told.begin(None).hears("B", down);
    for group in ["G", "H"] {
        let taken = owner(group, "A", "B", Cause::NodeFailure);
        assert_eq!(told.hears("B", taken), Some(0));
    }
}

#[test]
fn a_failed_check_goes_back_to_what_the_resource_stands_on() {
    let mut told = Told::new();
    let (offline, online) = (ResourceState::Offline, ResourceState::Online);
    told.begin(None)
        .hears("B", becomes("Disk", offline, online));
    told.begin(None).hears(
        "B",
        WorldEvent::Mount {
            subject: "Q:".into(),
            mounted: false,
        },
    );
    let failed = becomes("Disk", online, ResourceState::Failed);
    assert_eq!(told.begin(None).hears("B", failed), Some(1));
    let given_up = Event::GivenUp {
        subject: "Disk".into(),
        reason: String::new(),
    };
    assert_eq!(told.hears("B", given_up), Some(2));
}

#[test]
fn what_a_plugin_does_goes_back_to_its_own_resource() {
    let mut told = Told::new();
    let (offline, pending) = (ResourceState::Offline, ResourceState::OnlinePending);
    told.begin(None)
        .hears("B", becomes("Disk", offline, pending));
    told.hears("B", becomes("Other", offline, pending));
    told.0.turn_to(&"B".into(), "Disk");
    assert_eq!(told.0.present(), Some(0));
    let address = WorldEvent::Address {
        subject: "10.0.0.1".into(),
        network: "Public".into(),
        plumbed: true,
    };
    assert_eq!(told.hears("B", address), Some(0));
    assert_eq!(told.0.present(), Some(2));
}

#[test]
fn an_order_leads_to_its_answer_and_a_note_to_nothing() {
    let mut told = Told::new();
    let asked = WorldEvent::Asked {
        request: 7,
        text: String::new(),
    };
    assert_eq!(told.begin(None).hears("A", asked), None);
    let text = String::new();
    assert_eq!(told.hears("A", WorldEvent::Note { text }), None);
    let answered = WorldEvent::Answered {
        request: 7,
        code: 0,
        text: None,
    };
    assert_eq!(told.begin(None).hears("A", answered), Some(0));
}

fn owner(group: &str, from: &str, to: &str, cause: Cause) -> Event {
    Event::GroupOwner {
        subject: group.into(),
        from: from.into(),
        to: to.into(),
        cause,
    }
}

fn member(node: &str, from: NodeState, to: NodeState) -> Event {
    Event::NodeState {
        subject: node.into(),
        from,
        to,
    }
}

#[test]
fn a_decision_goes_back_to_what_its_word_names() {
    let mut told = Told::new();
    let up = member("A", NodeState::Joining, NodeState::Up);
    told.begin(None).hears("B", up);
    let failed = becomes("Web", ResourceState::Online, ResourceState::Failed);
    told.begin(None).hears("B", failed);
    told.begin(None).hears(
        "B",
        Event::GroupState {
            subject: "G".into(),
            from: GroupState::Online,
            to: GroupState::Failed,
        },
    );
    let decided = |told: &mut Told, cause| told.begin(None).hears("B", owner("G", "B", "A", cause));
    assert_eq!(decided(&mut told, Cause::Failback), Some(0));
    assert_eq!(decided(&mut told, Cause::NodeUp), Some(0));
    assert_eq!(decided(&mut told, Cause::ResourceFailure), Some(1));
}

#[test]
fn what_happened_before_is_no_part_of_what_happens_now() {
    let mut told = Told::new();
    let (offline, pending) = (ResourceState::Offline, ResourceState::OnlinePending);
    told.begin(None)
        .hears("B", becomes("Disk", offline, pending));
    let asked = WorldEvent::Asked {
        request: 1,
        text: String::new(),
    };
    told.begin(None).hears("B", asked);
    // A message that the order has led to is about the other one.
    told.begin(Some(1));
    assert_eq!(told.hears("B", becomes("Web", offline, pending)), Some(1));
}

#[test]
fn a_group_is_brought_online_by_the_quorum_of_its_node_and_fails_with_its_owner() {
    let mut told = Told::new();
    let quorum = Event::Quorum {
        held: true,
        reason: String::new(),
    };
    told.begin(None).hears("B", quorum);
    let (offline, pending) = (ResourceState::Offline, ResourceState::OnlinePending);
    assert_eq!(told.hears("B", becomes("Disk", offline, pending)), Some(0));
    let down = member("B", NodeState::Up, NodeState::Down);
    told.begin(None).hears("A", down);
    let state = Event::GroupState {
        subject: "G".into(),
        from: GroupState::Online,
        to: GroupState::Failed,
    };
    assert_eq!(told.hears("A", state), Some(2));
}

#[test]
fn a_view_goes_back_to_where_it_was_first_told() {
    let mut told = Told::new();
    let view = || Event::View {
        view: 3,
        members: Vec::new(),
    };
    told.begin(None).hears("A", view());
    told.begin(None).hears("B", silence("C"));
    assert_eq!(told.begin(None).hears("B", view()), Some(0));
}

#[test]
fn a_silence_goes_back_to_what_concerns_everything_where_that_came_last() {
    let mut told = Told::new();
    told.begin(None).hears("A", power(true));
    let fault = Fault::from(quorate_model::NameFault::NamesSilent);
    let everywhere = WorldEvent::FaultInjected {
        id: FaultId(2),
        subject: None,
        text: fault.to_string(),
        fault,
    };
    told.begin(None).hears("A", everywhere);
    assert_eq!(told.begin(None).hears("B", silence("A")), Some(1));
}
