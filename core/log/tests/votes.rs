//! Votes, rules and voters in detail: what a message or a setting must not do.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use quorate_log::{
    AppendOutcome, Body, CommitRule, Entry, EntryKind, HardState, Id, Log, Message, NodeSet,
    NotLeader, Output, Role, Stored, VotersError,
};

/// The highest term that is accepted.
const LAST: u64 = u64::MAX / 2;

fn three() -> CommitRule {
    CommitRule::Majority(NodeSet::from([1, 2, 3]))
}

fn disk(term: u64, kinds: &[EntryKind]) -> Stored {
    let entries = (1..).zip(kinds).map(|(index, kind)| Entry {
        index,
        term: 1,
        kind: kind.clone(),
    });
    Stored {
        hard: HardState {
            term,
            voted_for: None,
        },
        snapshot: None,
        entries: entries.collect(),
    }
}

fn blank(me: Id, rule: CommitRule) -> Log {
    Log::new(me, me.into(), rule, Stored::default()).unwrap()
}

fn step(log: &mut Log, from: Id, term: u64, body: Body, leader_alive: bool) {
    let identity = from.into();
    let message = Message {
        identity,
        term,
        body,
    };
    log.step(from, message, leader_alive);
}

fn outputs(log: &mut Log) -> Vec<Output> {
    std::iter::from_fn(|| log.poll_output()).collect()
}

/// Everything asked for becomes durable.
fn settle(log: &mut Log) {
    while let Some(output) = log.poll_output() {
        if let Output::Persist(persist) = output {
            log.persisted(persist.mark);
        }
    }
}

fn sent(log: &mut Log) -> Vec<Body> {
    let body = |output| match output {
        Output::Send { message, .. } => Some(message.body),
        _ => None,
    };
    outputs(log).into_iter().filter_map(body).collect()
}

fn refusals(log: &mut Log) -> Vec<String> {
    let reason = |output| match output {
        Output::Refused { reason, .. } => Some(reason),
        _ => None,
    };
    outputs(log).into_iter().filter_map(reason).collect()
}

fn vote(last: (u64, u64)) -> Body {
    let (last_term, last_index) = last;
    Body::Vote {
        last_index,
        last_term,
        transfer: false,
    }
}

fn heartbeat(prev: (u64, u64), commit: u64) -> Body {
    let (prev_index, prev_term) = prev;
    Body::Append {
        prev_index,
        prev_term,
        entries: Vec::new(),
        commit,
        round: None,
    }
}

/// Node 1 leads three nodes in the term after the one on its disk; its first entry is durable.
fn led(stored: Stored) -> Log {
    let term = stored.hard.term + 1;
    let mut log = Log::new(1, 1, three(), stored).unwrap();
    log.campaign();
    step(
        &mut log,
        2,
        term,
        Body::PreVoteReply { granted: true },
        false,
    );
    settle(&mut log);
    step(&mut log, 2, term, Body::VoteReply { granted: true }, false);
    settle(&mut log);
    assert!(log.is_leader());
    log
}

fn accept(log: &mut Log, from: Id, matched: u64) {
    let outcome = AppendOutcome::Accepted { matched };
    let term = log.term();
    step(
        log,
        from,
        term,
        Body::AppendReply {
            round: None,
            outcome,
        },
        false,
    );
}

/// The holder of the quorum disk, which leads.
fn holder() -> Log {
    let mut log = blank(1, CommitRule::Holder(Some(1)));
    log.campaign();
    settle(&mut log);
    assert!(log.is_leader());
    log
}

#[test]
fn a_campaign_that_cannot_be_says_why() {
    let mut log = blank(1, CommitRule::Holder(None));
    log.set_rule(CommitRule::Holder(Some(1)));
    log.campaign();
    assert_eq!(
        refusals(&mut log),
        ["a campaign before the quorum disk's log was adopted"]
    );
    for rule in [CommitRule::Holder(None), CommitRule::Holder(Some(2))] {
        let mut log = blank(1, rule);
        log.campaign();
        assert_eq!(refusals(&mut log), ["a campaign without the quorum disk"]);
    }
    let mut log = blank(1, CommitRule::Solo(2));
    log.campaign();
    assert_eq!(
        refusals(&mut log),
        ["a campaign in a cluster of one, by another node"]
    );
}

#[test]
fn a_removed_node_campaigns_until_its_removal_is_committed() {
    let removal = disk(1, &[EntryKind::Noop, EntryKind::Voters(NodeSet::from([2]))]);
    let mut log = Log::new(1, 1, three(), removal).unwrap();
    step(&mut log, 2, 1, heartbeat((2, 1), 1), false);
    assert!(log.may_campaign());
    step(&mut log, 2, 1, heartbeat((2, 1), 2), false);
    assert!(!log.may_campaign());
}

#[test]
fn terms_are_believed_up_to_the_last() {
    let mut log = blank(2, three());
    step(&mut log, 1, LAST + 1, heartbeat((0, 0), 0), false);
    step(&mut log, 1, u64::MAX, heartbeat((0, 0), 0), false);
    assert_eq!((log.term(), refusals(&mut log).len()), (0, 2));
    step(&mut log, 1, LAST, heartbeat((0, 0), 0), false);
    assert_eq!((log.term(), refusals(&mut log).len()), (LAST, 0));
    assert!(Log::new(1, 1, three(), disk(LAST, &[])).is_ok());
    assert!(Log::new(1, 1, three(), disk(LAST + 1, &[])).is_err());
    assert!(Log::new(1, 1, three(), disk(u64::MAX, &[])).is_err());
}

#[test]
fn nobody_would_vote_in_a_term_that_has_begun() {
    let mut log = Log::new(2, 2, three(), disk(4, &[])).unwrap();
    for (term, granted) in [(3, false), (4, false), (5, true)] {
        let question = Body::PreVote {
            last_index: 9,
            last_term: 3,
        };
        step(&mut log, 1, term, question, false);
        assert_eq!(sent(&mut log), [Body::PreVoteReply { granted }], "{term}");
    }
}

#[test]
fn a_vote_of_an_older_term_or_beside_a_living_leader_is_not_given() {
    let mut log = Log::new(2, 2, three(), disk(4, &[])).unwrap();
    step(&mut log, 1, 3, vote((3, 9)), false);
    assert_eq!(sent(&mut log), [Body::VoteReply { granted: false }]);
    step(&mut log, 1, 4, vote((3, 9)), true);
    assert_eq!(sent(&mut log), [Body::VoteReply { granted: false }]);
    assert_eq!(log.hard_state().voted_for, None);
}

#[test]
fn who_has_heard_the_terms_leader_gives_its_vote_to_nobody_else() {
    let mut log = blank(2, three());
    step(&mut log, 1, 5, heartbeat((0, 0), 0), false);
    settle(&mut log);
    step(&mut log, 3, 5, vote((5, 9)), false);
    assert_eq!(sent(&mut log), [Body::VoteReply { granted: false }]);
    assert_eq!((log.leader(), log.hard_state().voted_for), (Some(1), None));
}

#[test]
fn an_answer_to_another_pre_vote_counts_in_no_election() {
    let mut log = blank(1, three());
    log.campaign();
    step(&mut log, 2, 7, Body::PreVoteReply { granted: true }, false);
    assert_eq!((log.role(), log.term()), (Role::PreCandidate, 0));
    step(&mut log, 2, 1, Body::PreVoteReply { granted: true }, false);
    settle(&mut log);
    assert_eq!((log.role(), log.term()), (Role::Candidate, 1));
    for term in [1, 2] {
        step(
            &mut log,
            2,
            term,
            Body::PreVoteReply { granted: true },
            false,
        );
        assert_eq!(log.role(), Role::Candidate, "it would, and has not yet");
    }
}

#[test]
fn a_candidate_leads_only_when_its_own_vote_is_durable() {
    let mut log = blank(1, three());
    log.campaign();
    step(&mut log, 2, 1, Body::PreVoteReply { granted: true }, false);
    for other in [2, 3] {
        step(&mut log, other, 1, Body::VoteReply { granted: true }, false);
        assert_eq!(log.role(), Role::Candidate);
    }
    settle(&mut log);
    assert_eq!(log.role(), Role::Leader);
}

#[test]
fn terms_are_left_out_by_who_does_not_lead_and_never_all_of_them() {
    let mut log = holder();
    log.skip_terms(5);
    assert_eq!((log.role(), log.term()), (Role::Leader, 1));
    let mut log = blank(1, three());
    log.campaign();
    log.skip_terms(0);
    assert_eq!(log.role(), Role::PreCandidate, "nothing was left out");
    log.skip_terms(5);
    assert_eq!((log.role(), log.term()), (Role::Follower, 5));
    log.skip_terms(u64::MAX);
    assert_eq!(log.term(), LAST - 1, "one term is left to campaign in");
}

#[test]
fn a_leader_steps_down_when_the_kind_of_quorum_changes_and_not_otherwise() {
    let mut log = led(Stored::default());
    log.set_rule(three());
    assert!(log.is_leader());
    log.set_rule(CommitRule::Solo(1));
    assert_eq!(log.role(), Role::Follower);
    let mut log = holder();
    log.set_rule(CommitRule::Holder(Some(1)));
    assert!(log.is_leader());
    log.set_rule(CommitRule::Majority(NodeSet::from([1])));
    assert_eq!(log.role(), Role::Follower);
}

#[test]
fn voters_are_forced_where_somebody_is_elected_by_somebody_and_nobody_leads() {
    let mut log = holder();
    log.step_down();
    log.force_voters(NodeSet::from([1]));
    assert_eq!(log.voters(), NodeSet::EMPTY);
    let mut log = blank(1, three());
    log.force_voters(NodeSet::EMPTY);
    assert_eq!(log.rule(), three());
    log.force_voters(NodeSet::from([1]));
    assert_eq!(log.voters(), NodeSet::from([1]));
    let mut log = led(Stored::default());
    log.force_voters(NodeSet::from([1]));
    assert_eq!(log.rule(), three());
}

#[test]
fn a_holder_that_is_no_voter_goes_on_and_voters_change_again_at_once() {
    let mut log = holder();
    for (index, voters) in [(2, NodeSet::from([2, 3])), (3, NodeSet::from([2, 3, 4]))] {
        assert_eq!(log.propose_voters(voters), Ok(index));
        settle(&mut log);
        assert_eq!((log.commit_index(), log.role()), (index, Role::Leader));
    }
}

#[test]
fn who_takes_no_proposals_says_so_before_anything_else() {
    let mut log = blank(2, three());
    let error = VotersError::NotLeader(NotLeader { leader: None });
    assert_eq!(log.propose_voters(NodeSet::EMPTY), Err(error));
    let mut log = led(Stored::default());
    log.transfer(2).unwrap();
    assert_eq!(log.propose_voters(NodeSet::EMPTY), Err(error));
}

#[test]
fn the_lead_is_handed_over_when_the_other_says_that_it_has_all() {
    let mut log = led(disk(1, &[EntryKind::Noop]));
    log.transfer(3).unwrap();
    accept(&mut log, 2, 2);
    accept(&mut log, 3, 1);
    assert!(!sent(&mut log).contains(&Body::TimeoutNow));
    accept(&mut log, 3, 2);
    assert!(sent(&mut log).contains(&Body::TimeoutNow));
}

#[test]
fn the_disk_of_the_quorum_brings_the_vote_of_its_own_term_only() {
    let on_disk = Stored {
        hard: HardState {
            term: 5,
            voted_for: Some(3),
        },
        ..Stored::default()
    };
    for (term, voted_for) in [(4, Some(3)), (5, Some(3)), (7, None)] {
        let mut log = Log::new(1, 1, CommitRule::Holder(None), disk(term, &[])).unwrap();
        log.adopt(on_disk.clone()).unwrap();
        let term = term.max(5);
        assert_eq!(log.hard_state(), HardState { term, voted_for });
    }
}

#[test]
fn a_node_hears_neither_itself_nor_who_cannot_be() {
    let mut log = blank(2, three());
    for from in [0, 2, 66] {
        step(&mut log, from, 3, heartbeat((0, 0), 0), false);
        assert_eq!((log.term(), refusals(&mut log).len()), (0, 1), "{from}");
    }
}

#[test]
fn who_is_forgotten_may_come_back_as_another() {
    let mut log = blank(2, three());
    log.set_identity(1, 0xbeef);
    assert_eq!(
        (log.identity_of(1), log.identity_of(3)),
        (Some(0xbeef), None)
    );
    step(&mut log, 1, 3, heartbeat((0, 0), 0), false);
    assert_eq!(refusals(&mut log).len(), 1);
    log.forget_identity(1);
    assert_eq!(log.identity_of(1), None);
    step(&mut log, 1, 3, heartbeat((0, 0), 0), false);
    assert_eq!((log.leader(), log.identity_of(1)), (Some(1), Some(1)));
}

/// A later candidate must be able to show what the witness has noted.
#[test]
fn a_removed_leader_has_the_witness_note_its_removal_and_nothing_after_it() {
    let witness = 63;
    let with = |ids: &[Id]| ids.iter().copied().collect::<NodeSet>();
    let rule = CommitRule::Majority(with(&[1, 2, witness]));
    let mut log = Log::new(1, 1, rule, Stored::default()).unwrap();
    log.set_witness(Some(witness));
    assert_eq!(log.witness(), Some(witness));
    log.campaign();
    step(&mut log, 2, 1, Body::PreVoteReply { granted: true }, false);
    settle(&mut log);
    step(&mut log, 2, 1, Body::VoteReply { granted: true }, false);
    settle(&mut log);
    accept(&mut log, 2, 1);
    settle(&mut log);
    log.propose_voters(with(&[2, witness])).unwrap();
    log.propose(vec![1]).unwrap();
    settle(&mut log);
    assert_eq!((log.role(), log.durable_index()), (Role::Leader, 3));
    log.set_peers(with(&[witness]));
    log.resend(1);
    assert_eq!(positions(&mut log, witness), [2]);
}

/// The positions of its log that a leader makes the witness note.
fn positions(log: &mut Log, witness: Id) -> Vec<u64> {
    let mut all = Vec::new();
    while let Some(output) = log.poll_output() {
        match output {
            Output::Persist(persist) => log.persisted(persist.mark),
            Output::Send {
                to,
                message:
                    Message {
                        body: Body::Append { prev_index, .. },
                        ..
                    },
                ..
            } if to == witness => all.push(prev_index),
            _ => {}
        }
    }
    all
}

#[test]
fn a_witness_is_told_one_position_at_a_time_and_each_new_one_at_once() {
    let witness = 63;
    let voters: NodeSet = [1, 2, witness].into();
    let mut log = Log::new(1, 1, CommitRule::Majority(voters), Stored::default()).unwrap();
    log.set_witness(Some(witness));
    log.campaign();
    step(&mut log, 2, 1, Body::PreVoteReply { granted: true }, false);
    settle(&mut log);
    step(&mut log, 2, 1, Body::VoteReply { granted: true }, false);
    settle(&mut log);
    accept(&mut log, witness, 1);
    settle(&mut log);
    // That this node still leads gives the witness nothing new to note.
    log.resend(1);
    assert_eq!(positions(&mut log, witness), [1]);
    log.propose(vec![1]).unwrap();
    assert_eq!(positions(&mut log, witness), [2]);
    // One is under way already.
    log.propose(vec![1]).unwrap();
    assert_eq!(positions(&mut log, witness), []);
    accept(&mut log, witness, 2);
    assert_eq!(positions(&mut log, witness), [3]);
}
