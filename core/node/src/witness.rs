//! The file share witness of a Majority Node Set (KB 921181): one more vote, asked through a file.
//!
//! What the file holds and how it answers is [`quorate_log::Witness`]. A file has no clock and cannot notice that a
//! leader is silent. So a candidate has to look at it for as long as a voter listens for its leader, and gets the vote
//! only if no leader has written in that time. One question is under way at a time, and one waits; a newer one takes
//! the place of the one that waits.

use std::time::Duration;

use quorate_journal::Event;
use quorate_log::{Body, Role};
use quorate_model::events::{EVENT_WITNESS_CHANGED, EVENT_WITNESS_SILENT};
use quorate_model::{Name, Time};

use crate::bounds;
use crate::database::Database;
use crate::io::Output;
use crate::node::Node;
use crate::quorum::Candidacy;
use crate::witness_file::{WITNESS, WitnessReply, WitnessRequest};

/// After how long a question is taken for lost.
const ANSWER_MAX: Duration = bounds::INTERFACE_SILENCE;

/// What a node knows of the witness.
#[derive(Clone, Debug, Default)]
pub(crate) struct WitnessContact {
    next_ticket: u64,
    /// The question under way, when it was asked, and whether it is more than a look.
    asked: Option<(u64, Time, bool)>,
    /// The message that is sent next.
    waiting: Option<quorate_log::Message>,
    /// How often leaders have written into the file, and since when that number has been the same.
    seen: Option<(u64, Time)>,
    /// When it was first asked, and when it last answered.
    since: Option<Time>,
    answered: Option<Time>,
    /// What was last said to be wrong with it.
    trouble: Option<Trouble>,
    /// The last entry of the log that this node booted with, and which share is the witness by that log. Kept until the
    /// database has come as far as that entry.
    recalled: Option<((u64, u64), Option<Name>)>,
}

impl WitnessContact {
    /// Whether the log that this node booted with may still say more about the witness than the database.
    pub(crate) fn recalls(&self) -> bool {
        self.recalled.is_some()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Silent,
    Damaged,
    Another,
}

impl Node {
    /// The file share that votes in a Majority Node Set, or is to: the one that `MNSFileShare` names, or one that it names no more
    /// and that votes until the voters have changed.
    pub fn witness_share(&self) -> Option<Name> {
        if self.quorum.candidacy() != Candidacy::Elect {
            return None;
        }
        match &self.witness.recalled {
            Some((_, share)) if self.recalls_witness() => share.clone(),
            _ => self.database.witness_share(),
        }
    }

    /// Until the database has come that far, this node's log says which share votes, and with which copy. The
    /// definition that the node was installed with may name none, or one that has been replaced and knows nothing of
    /// later promises.
    pub(crate) fn recall_witness(&mut self, then: &Database) {
        if self.quorum.candidacy() != Candidacy::Elect {
            return;
        }
        self.expect_as_known(WITNESS, then.witness.identity);
        let share = then.witness_share();
        let last = (self.log.last_index(), self.log.last_term());
        self.witness.recalled = Some((last, share));
    }

    /// Whether the log that this node booted with goes beyond what is applied, so that it knows better who the witness
    /// is.
    pub(crate) fn recalls_witness(&self) -> bool {
        let recalled = self.witness.recalled.as_ref();
        recalled.is_some_and(|((until, _), _)| self.database.applied < *until)
    }

    /// Gives up what was recalled once the database has come as far as that, and reads it again if the log has changed.
    pub(crate) fn review_recalled(&mut self) {
        let Some(((until, term), _)) = self.witness.recalled else {
            return;
        };
        if !self.recalls_witness() {
            self.witness.recalled = None;
            if self.database.witness.identity != 0 {
                self.expect_identity(WITNESS, self.database.witness.identity);
            }
        } else if self.log.term_at(until) != Some(term) {
            let then = self.database_as_logged();
            self.recall_witness(&then);
        }
    }

    /// A message of the log's to the witness.
    pub(crate) fn ask_witness(&mut self, message: quorate_log::Message) {
        let early = self.witness.seen.is_some() && self.seen_quiet().is_none();
        if early && matches!(message.body, Body::PreVote { .. }) {
            // It would refuse, and could not be asked again until it has answered.
            return;
        }
        self.witness.waiting = Some(message);
        self.pump_witness();
    }

    fn pump_witness(&mut self) {
        if self.awaits_witness() {
            return;
        }
        if let Some(message) = self.witness.waiting.take() {
            self.put_to_witness(Some(message));
        }
    }

    /// Whether a question is under way that may still be answered.
    fn awaits_witness(&self) -> bool {
        let under_way = self.witness.asked;
        under_way.is_some_and(|(_, at, _)| self.now.since(at) < ANSWER_MAX)
    }

    /// Whether the log's newest message to the witness may still be answered.
    pub(crate) fn awaits_vote(&self) -> bool {
        let look = self.witness.asked.is_some_and(|(_, _, asks)| !asks);
        self.awaits_witness() && (!look || self.witness.waiting.is_some())
    }

    /// A node that may be a candidate soon begins to look at the file: the earlier it begins, the earlier it can be
    /// elected.
    fn look_at_witness(&mut self) {
        let silent = self.office.silence(self.now) >= bounds::INTERFACE_SILENCE;
        if silent && self.log.role() == Role::Follower && !self.awaits_witness() {
            self.put_to_witness(None);
        }
    }

    fn put_to_witness(&mut self, message: Option<quorate_log::Message>) {
        let Some(share) = self.witness_share() else {
            return;
        };
        let quiet = self.seen_quiet();
        // Odd, since 0 means that no identity is known.
        let fresh = self.random.next() | 1;
        let witness = &mut self.witness;
        witness.next_ticket += 1;
        let ticket = witness.next_ticket;
        witness.asked = Some((ticket, self.now, message.is_some()));
        witness.since.get_or_insert(self.now);
        self.output(Output::Witness(WitnessRequest {
            ticket,
            share,
            from: self.me,
            message,
            quiet,
            fresh,
        }));
    }

    /// How often leaders have written into the file, if that number has been the same for as long as a voter listens
    /// for its leader.
    fn seen_quiet(&self) -> Option<u64> {
        let (beats, since) = self.witness.seen?;
        (self.now.since(since) >= bounds::MEMBER_SILENCE).then_some(beats)
    }

    /// The witness has answered.
    pub(crate) fn witness_replied(&mut self, reply: WitnessReply) {
        if self.witness.asked.map(|(ticket, ..)| ticket) != Some(reply.ticket) {
            return;
        }
        self.witness.asked = None;
        match reply.result {
            Ok((answer, beats)) => {
                if self.witness.seen.is_none_or(|(seen, _)| seen != beats) {
                    self.witness.seen = Some((beats, self.now));
                }
                if let Some(answer) = answer {
                    let known = self.log.identity_of(WITNESS.0);
                    if known.is_some_and(|known| known != answer.identity) {
                        self.witness_trouble(Trouble::Another);
                    } else {
                        self.witness.answered = Some(self.now);
                        self.witness_is_well();
                        self.log.step(WITNESS.0, answer, false);
                        self.pump_log();
                    }
                }
            }
            Err(_) => self.witness_trouble(Trouble::Damaged),
        }
        self.pump_witness();
    }

    /// Whether the witness has just answered, and can be counted on.
    pub(crate) fn witness_is_here(&self) -> bool {
        let lately = |at: Time| self.now.since(at) < bounds::IN_REACH;
        self.witness_share().is_some() && self.witness.answered.is_some_and(lately)
    }

    /// Looks at the witness if that is due, and reports a witness that does not answer its leader any more.
    pub(crate) fn check_witness(&mut self) {
        self.look_at_witness();
        let last = self.witness.answered.max(self.witness.since);
        let silent = last.is_some_and(|last| self.now.since(last) >= bounds::MEMBER_SILENCE);
        if self.log.is_leader() && silent && self.witness.trouble.is_none() {
            self.witness_trouble(Trouble::Silent);
        }
    }

    /// The share that was the witness until now is none any more.
    pub(crate) fn forget_witness(&mut self) {
        self.forget_identity(WITNESS);
        self.witness.seen = None;
        self.witness.since = None;
        self.witness.answered = None;
        self.witness.trouble = None;
    }

    fn witness_trouble(&mut self, trouble: Trouble) {
        let Some(share) = self.witness_share() else {
            return;
        };
        if self.witness.trouble.replace(trouble) == Some(trouble) {
            return;
        }
        let (id, why) = match trouble {
            Trouble::Silent => (EVENT_WITNESS_SILENT, "does not answer: its vote is missing"),
            Trouble::Damaged => (
                EVENT_WITNESS_CHANGED,
                "is damaged: its vote is missing. Set MNSFileShare to \"\" and, when that has been done, anew",
            ),
            Trouble::Another => (
                EVENT_WITNESS_CHANGED,
                "has come back without what it had promised, and is not counted. Set MNSFileShare to \"\" and, when that \
                 has been done, anew",
            ),
        };
        let text = format!("the file share witness {share} {why}");
        self.event(Event::Notice { id, text });
    }

    fn witness_is_well(&mut self) {
        if self.witness.trouble.take().is_some()
            && let Some(share) = self.witness_share()
        {
            let text = format!("the file share witness {share} votes again");
            self.event(Event::Notice { id: 0, text });
        }
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::NodeId;

    use super::*;

    const INSTANT: Duration = Duration::from_micros(1);

    fn node() -> Node {
        let mut node = crate::shipped::booted("two-node-witness.ron", NodeId(1), 1);
        crate::shipped::disks_answer(&mut node);
        node.now = Time::from_millis(60_000);
        node
    }

    fn ago(node: &Node, span: Duration) -> Time {
        Time((node.now - (Time::ZERO + span)).as_micros() as u64)
    }

    /// The tickets of what the witness is asked.
    fn asked(node: &mut Node) -> Vec<u64> {
        let given = crate::shipped::outputs(node).into_iter();
        let asked = given.filter_map(|output| match output {
            Output::Witness(request) => Some(request.ticket),
            _ => None,
        });
        asked.collect()
    }

    #[test]
    fn the_witness_is_here_for_half_the_silence_after_its_answer_if_there_is_one() {
        let half = bounds::MEMBER_SILENCE / 2;
        for (span, here) in [
            (Duration::ZERO, true),
            (half - INSTANT, true),
            (half, false),
            (half * 2, false),
        ] {
            let mut node = node();
            assert!(!node.witness_is_here(), "it has not answered");
            node.witness.answered = Some(ago(&node, span));
            assert_eq!(node.witness_is_here(), here, "{span:?} ago");
            node.witness.recalled = Some(((9, 1), None));
            assert!(!node.witness_is_here(), "there is none");
        }
    }

    #[test]
    fn who_has_heard_no_coordinator_looks_at_the_witness_one_question_at_a_time() {
        for (span, looks) in [
            (bounds::INTERFACE_SILENCE - INSTANT, 0),
            (bounds::INTERFACE_SILENCE, 1),
        ] {
            let mut node = node();
            node.office.set_heard(ago(&node, span));
            node.look_at_witness();
            assert_eq!(asked(&mut node).len(), looks, "{span:?}");
        }
        let mut node = node();
        node.look_at_witness();
        let first = asked(&mut node);
        node.look_at_witness();
        assert_eq!(asked(&mut node), [0_u64; 0], "one is under way");
        let at = node.now;
        node.now = at + (ANSWER_MAX - INSTANT);
        assert!(node.awaits_witness());
        node.now = at + ANSWER_MAX;
        assert!(!node.awaits_witness());
        node.look_at_witness();
        let second = asked(&mut node);
        assert!(
            second[0] > first[0],
            "an answer to the first is none to the second"
        );
    }

    #[test]
    fn which_share_is_the_witness_is_what_the_own_log_says_until_the_database_is_as_far() {
        let mut node = node();
        let configured = node.witness_share();
        assert!(configured.is_some());
        node.witness.recalled = Some(((2, 1), Some("another".into())));
        for (applied, share) in [
            (1, Some("another".into())),
            (2, configured.clone()),
            (3, configured),
        ] {
            node.database.applied = applied;
            assert_eq!(node.witness_share(), share, "at {applied}");
        }
    }

    #[test]
    fn what_was_recalled_is_given_up_when_the_database_is_as_far_or_the_log_is_another() {
        let mut node = node();
        node.database.witness.identity = 7;
        node.witness.recalled = Some(((2, 1), None));
        node.database.applied = 2;
        node.review_recalled();
        assert_eq!(node.witness.recalled, None);
        assert_eq!(node.log.identity_of(WITNESS.0), Some(7));

        // The log ends at 0, in term 0.
        let mut node = self::node();
        node.database.applied = 0;
        node.witness.recalled = Some(((2, 1), Some("another".into())));
        node.review_recalled();
        let recalled = node.witness.recalled.clone().unwrap();
        assert_eq!(recalled.0, (0, 0));
        assert_ne!(recalled.1, Some("another".into()));
    }

    #[test]
    fn trouble_with_the_witness_is_told_when_it_begins_and_when_it_ends() {
        let mut node = node();
        let mut told = |what: fn(&mut Node)| {
            what(&mut node);
            let events = crate::shipped::events(&mut node).into_iter();
            let texts = events.map(|event| match event {
                Event::Notice { id, text } => (id, text.ends_with("votes again")),
                event => panic!("{event:?}"),
            });
            texts.collect::<Vec<_>>()
        };
        assert_eq!(told(Node::witness_is_well), []);
        assert_eq!(
            told(|it| it.witness_trouble(Trouble::Silent)),
            [(1562, false)]
        );
        assert_eq!(told(|it| it.witness_trouble(Trouble::Silent)), []);
        assert_eq!(
            told(|it| it.witness_trouble(Trouble::Damaged)),
            [(1564, false)]
        );
        assert_eq!(told(Node::witness_is_well), [(0, true)]);
        assert_eq!(told(Node::witness_is_well), []);
    }
}
