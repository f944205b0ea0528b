//! Who is heard, who stays a member, and who has certainly ended.

use std::time::Duration;

use super::*;

const TWO: NodeId = NodeId(2);
const NOW: Time = Time::from_millis(600_000);
const SILENCE: Duration = bounds::MEMBER_SILENCE;
const INSTANT: Duration = Duration::from_micros(1);

fn ago(span: Duration) -> Time {
    Time((NOW - (Time::ZERO + span)).as_micros() as u64)
}

/// NODE2's fifth boot as it was last heard.
fn with(change: impl FnOnce(&mut Peer)) -> Neighbours {
    let mut neighbours = Neighbours::default();
    let peer = neighbours.peer(TWO);
    *peer = Peer {
        incarnation: 5,
        standing: Standing::Member,
        heard: Some(NOW),
        contact: Some(NOW),
        ..Peer::default()
    };
    change(peer);
    neighbours
}

#[test]
fn a_boot_that_is_over_is_not_listened_to_and_a_new_one_is_another_node() {
    let mut neighbours = with(|_| {});
    assert!(!neighbours.listen_to(TWO, 4));
    assert!(neighbours.listen_to(TWO, 5) && neighbours.is_here(TWO, NOW));
    assert!(neighbours.listen_to(TWO, 6) && !neighbours.is_here(TWO, NOW));
}

#[test]
fn a_node_is_here_while_there_was_contact_both_ways_within_half_the_silence() {
    for (span, here) in [(SILENCE / 2 - INSTANT, true), (SILENCE / 2, false)] {
        let mut neighbours = with(|it| it.contact = Some(ago(span)));
        assert_eq!(neighbours.is_here(TWO, NOW), here, "{span:?}");
        neighbours.peer(TWO).gone = true;
        assert!(!neighbours.is_here(TWO, NOW), "it said goodbye");
        assert_eq!(neighbours.is_reachable(TWO, NOW), here);
    }
    assert!(!Neighbours::default().is_here(TWO, NOW), "never heard");
}

#[test]
fn a_member_stays_one_for_the_bound_of_silence_after_its_own_boot_was_last_heard() {
    let since = ago(Duration::from_secs(1));
    let until = |neighbours: &Neighbours, boot| neighbours.stays_until(TWO, boot, since);
    let heard = with(|it| it.contact = Some(ago(Duration::from_secs(3))));
    let last = ago(Duration::from_secs(3)) + SILENCE;
    assert_eq!(until(&heard, 5), Some(last));
    assert_eq!(until(&heard, 4), None, "another boot of it is there");
    assert_eq!(until(&heard, 6), Some(since + SILENCE), "not heard yet");
    assert_eq!(until(&with(|it| it.gone = true), 5), None);
    let one_way = with(|it| it.contact = None);
    assert_eq!(until(&one_way, 5), Some(since + SILENCE));
    let never = Neighbours::default();
    assert_eq!(until(&never, 5), Some(since + SILENCE));
}

#[test]
fn a_newcomer_says_that_it_looks_for_a_cluster_and_is_here() {
    let joining = with(|it| it.standing = Standing::Joining);
    assert_eq!(joining.newcomer(TWO, None, NOW), Some(5));
    assert_eq!(joining.newcomer(TWO, Some(4), NOW), Some(5));
    assert_eq!(joining.newcomer(TWO, Some(5), NOW), None, "it is one");
    assert_eq!(joining.newcomer(TWO, Some(6), NOW), None, "an old word");
    assert_eq!(with(|_| {}).newcomer(TWO, None, NOW), None);
    let far = with(|it| (it.standing, it.contact) = (Standing::Joining, None));
    assert_eq!(far.newcomer(TWO, None, NOW), None);
    assert!(far.asks_to_join(TWO, NOW), "one way is enough to ask");
}

#[test]
fn nobody_need_wait_for_a_node_that_said_goodbye_or_has_started_again() {
    let ended = |change: fn(&mut Peer), last| with(change).has_ended(TWO, last);
    let gone: fn(&mut Peer) = |it| it.gone = true;
    let joins: fn(&mut Peer) = |it| it.standing = Standing::Joining;
    for (last_member, said_so, again) in [
        (None, true, true),
        (Some(4), true, true),
        (Some(5), true, false),
        (Some(6), false, false),
    ] {
        assert_eq!(ended(gone, last_member), said_so, "{last_member:?}");
        assert_eq!(ended(joins, last_member), again, "{last_member:?}");
        assert!(!ended(|_| {}, last_member), "it may still run");
    }
    let unheard: fn(&mut Peer) = |it| (it.standing, it.heard) = (Standing::Joining, None);
    assert!(!ended(unheard, None), "what it is it has not said");
}

#[test]
fn an_evicted_node_is_remembered_as_it_was_last_heard() {
    let mut neighbours = with(|it| it.heard = Some(ago(SILENCE)));
    neighbours.evict(TWO);
    assert_eq!(neighbours.last_heard(TWO), Some(ago(SILENCE)));
    assert!(!neighbours.has_ended(TWO, None));
    neighbours.evicted_said_goodbye(TWO, 4);
    assert!(!neighbours.has_ended(TWO, None), "that was an earlier boot");
    neighbours.evicted_said_goodbye(TWO, 5);
    assert!(neighbours.has_ended(TWO, None));
}

#[test]
fn all_are_silent_where_somebody_ought_to_be_heard_and_nobody_is() {
    let silent = |neighbours: &Neighbours| neighbours.are_all_silent([TWO].into_iter(), NOW);
    assert!(!silent(&with(|_| {})));
    assert!(silent(&with(|it| it.contact = Some(ago(SILENCE)))));
    let gone = with(|it| (it.contact, it.gone) = (None, true));
    assert!(!silent(&gone), "it has left in order");
    assert!(!silent(&Neighbours::default()));
}
