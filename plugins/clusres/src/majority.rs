//! `Majority Node Set`: the quorum resource of a majority node set cluster.
//!
//! The nodes themselves keep this quorum: a majority of the configured nodes holds the cluster database. The resource
//! exists to be seen, owned and depended on, as in the original. It can only be online in a cluster with quorum, so
//! it has nothing to check.

use quorate_sdk::{Context, Error, Progress, Property, Resource, Text, TypeInfo};

const FILE_SHARE: Property<Text> = Property::text("MNSFileShare")
    .doc("File share that has one more vote (KB 921181), such as \\\\FS1\\Witness; empty for none");

/// The quorum resource of a majority node set cluster.
#[derive(Debug)]
pub struct MajorityNodeSet;

impl Resource for MajorityNodeSet {
    const TYPE: TypeInfo = TypeInfo::new(
        "Majority Node Set",
        "The quorum resource of a majority node set cluster",
    )
    .properties(const { &[FILE_SHARE.any()] });

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(MajorityNodeSet)
    }

    fn online(&mut self, _: &mut Context) -> Result<Progress, Error> {
        Ok(Progress::Done)
    }

    fn terminate(&mut self, _: &mut Context) {}

    fn is_alive(&mut self, _: &mut Context) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use quorate_sdk::test::{Arbitration, State, World};

    use super::*;

    #[test]
    fn it_is_online_when_asked_and_arbitrates_for_nothing() {
        let world = World::new();
        let quorum = world
            .resource::<MajorityNodeSet>("Majority Node Set")
            .open()
            .unwrap();
        quorum.online().unwrap();
        quorum.is_alive().unwrap();
        assert!(quorum.arbitrate().is_err());
        assert_eq!(quorum.arbitration(), Arbitration::None);
        assert_eq!(quorum.state(), State::Online);
        quorum.offline().unwrap();
        assert_eq!(quorum.state(), State::Offline);
    }
}
