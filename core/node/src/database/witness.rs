//! What the database knows of a Majority Node Set's file share witness.

use quorate_log::NodeSet;
use quorate_model::errors::ERROR_INVALID_STATE;
use quorate_model::{ClusterDefinition, Name, Reason};
use serde::{Deserialize, Serialize};

use super::Database;
use crate::witness_file::WITNESS;

/// The witness, beyond what the definition says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WitnessRecord {
    /// Which file it is: 0 until that is known. Another has forgotten what this one promised.
    pub(crate) identity: u64,
    pub(crate) vote: WitnessVote,
}

/// Whether the newest set of voters has the witness. The first two are written as the `bool` that older checkpoints have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum WitnessVote {
    #[default]
    None,
    Counts,
    /// It still has this share's, which the definition names no more: until the voters have changed, for which its vote may be needed.
    Lapses(Name),
}

impl WitnessRecord {
    pub(super) fn install(definition: &ClusterDefinition) -> WitnessRecord {
        WitnessRecord {
            identity: 0,
            vote: match definition.file_share_witness() {
                Some(_) => WitnessVote::Counts,
                None => WitnessVote::None,
            },
        }
    }
}

impl Database {
    /// The file share that votes, or is to.
    pub(crate) fn witness_share(&self) -> Option<Name> {
        match &self.witness.vote {
            WitnessVote::Lapses(share) => Some(share.clone()),
            WitnessVote::None | WitnessVote::Counts => {
                self.definition.file_share_witness().map(Name::from)
            }
        }
    }

    /// Who should vote in a Majority Node Set: the configured nodes, and a witness if one is named.
    pub(crate) fn should_vote(&self) -> NodeSet {
        let mut voters = self.configured();
        voters.extend(self.definition.file_share_witness().map(|_| WITNESS.0));
        voters
    }

    /// There is a new set of voters.
    pub(crate) fn voters_changed(&mut self, voters: NodeSet) {
        let witness = &mut self.witness;
        match (voters.contains(WITNESS.0), &witness.vote) {
            (true, WitnessVote::None) => witness.vote = WitnessVote::Counts,
            (true, WitnessVote::Counts | WitnessVote::Lapses(_)) => {}
            (false, WitnessVote::Lapses(_)) => *witness = WitnessRecord::default(),
            (false, WitnessVote::None | WitnessVote::Counts) => witness.vote = WitnessVote::None,
        }
    }

    /// Another file share knows nothing of what the one before has promised: the one before must have given its vote
    /// back, which takes a change of the voters of its own.
    pub(super) fn change_witness(&mut self, changed: &ClusterDefinition) -> Result<(), Reason> {
        let (before, after) = (
            self.definition.file_share_witness(),
            changed.file_share_witness(),
        );
        if before == after {
            return Ok(());
        }
        if after.is_some() && (before.is_some() || self.witness.vote != WitnessVote::None) {
            let text = "there is a file share witness, and its vote counts: set MNSFileShare to \"\" first, and anew when it \
                 has given its vote back";
            return Err(Reason {
                code: ERROR_INVALID_STATE,
                text: text.to_owned(),
            });
        }
        match before.filter(|_| self.witness.vote == WitnessVote::Counts) {
            Some(share) => self.witness.vote = WitnessVote::Lapses(share.into()),
            None => self.witness.identity = 0,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use quorate_model::{AdminOp, Object, Value, types};

    use super::*;
    use crate::shipped;

    const OTHER: &str = r"\\OTHER\share";

    fn database() -> Database {
        Database::install(shipped::cluster("two-node-witness.ron"))
    }

    /// Names another file share, or none. Returns the error.
    fn share(database: &mut Database, share: &str) -> Result<(), u32> {
        let groups = database.definition.groups.iter();
        let mut resources = groups.flat_map(|group| &group.resources);
        let quorum = resources
            .find(|one| *one.kind == *types::MAJORITY_NODE_SET)
            .unwrap();
        let set = AdminOp::SetProperty {
            object: Object::Resource(quorum.name.clone()),
            property: quorate_model::FILE_SHARE_WITNESS.into(),
            value: Some(Value::Text(share.to_owned())),
        };
        let done = database.administrate(&set);
        done.map(drop).map_err(|reason| reason.code)
    }

    const ALL: [u8; 3] = [1, 2, WITNESS.0];

    /// The one before has to give its vote back first, and whoever comes next is held to nothing that it promised.
    #[test]
    fn a_file_share_witness_takes_the_place_of_none_whose_vote_counts() {
        let mut database = database();
        let now = database.witness_share().unwrap();
        database.witness.identity = 7;
        assert_eq!(share(&mut database, &now), Ok(()), "it is the same");
        assert_eq!(share(&mut database, OTHER), Err(5023));
        assert_eq!(share(&mut database, ""), Ok(()));
        assert_eq!(share(&mut database, OTHER), Err(5023), "it still votes");
        let voters = NodeSet::from([1, 2]);
        assert_eq!(database.should_vote(), voters);

        database.voters_changed(voters);
        assert_eq!(database.witness, WitnessRecord::default());
        assert_eq!(share(&mut database, OTHER), Ok(()));
        assert_eq!(database.should_vote(), NodeSet::from(ALL));
    }

    #[test]
    fn a_witness_that_is_named_no_more_is_the_one_that_votes_until_the_voters_have_changed() {
        let mut database = database();
        let first = database.witness_share();
        database.witness.identity = 7;
        share(&mut database, "").unwrap();
        assert_eq!(database.definition.file_share_witness(), None);
        // Others may come and go meanwhile.
        database.voters_changed(NodeSet::from([1, 2, 3, WITNESS.0]));
        assert_eq!(database.witness_share(), first);
        assert_eq!(database.witness.identity, 7, "and the same copy of it");
        database.voters_changed(NodeSet::from([1, 2, 3]));
        assert_eq!(database.witness_share(), None);
    }

    #[test]
    fn one_that_never_voted_is_gone_as_soon_as_it_is_named_no_more() {
        let mut database = database();
        database.voters_changed(NodeSet::from([1, 2]));
        database.witness.identity = 7;
        assert!(database.witness_share().is_some(), "it is to vote");
        database.voters_changed(NodeSet::from([1, 2, 3]));
        assert_eq!(database.witness.identity, 7, "it is known already");
        share(&mut database, "").unwrap();
        assert_eq!(database.witness_share(), None);
        assert_eq!(database.witness, WitnessRecord::default());
        share(&mut database, OTHER).unwrap();
        database.voters_changed(NodeSet::from(ALL));
        assert_eq!(database.witness.vote, WitnessVote::Counts);
        assert_eq!(database.witness_share(), Some(OTHER.into()));
    }

    #[test]
    fn checkpoints_are_written_as_before() {
        for (vote, counts) in [(WitnessVote::None, false), (WitnessVote::Counts, true)] {
            let record = WitnessRecord { identity: 7, vote };
            let bytes = postcard::to_allocvec(&(7_u64, counts)).unwrap();
            assert_eq!(postcard::to_allocvec(&record).unwrap(), bytes);
        }
    }
}
