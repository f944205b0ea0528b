//! Words of other cluster products, explained for people who know those.

/// What a word of newer Windows versions or of Pacemaker is called here.
pub(crate) fn word(word: &str) -> Option<String> {
    const WINDOWS: &str = "Windows Server 2008 and later";
    const PACEMAKER: &str = "Pacemaker";
    let (from, here) = match word.to_ascii_lowercase().as_str() {
        "nodemajority" => (WINDOWS, "here it is `MajorityNodeSet`"),
        "nodeanddiskmajority" | "diskonly" | "nomajority" => (
            WINDOWS,
            "here a quorum disk is `Standard(resource: \"…\")`: who holds the disk has the quorum, and nodes do not vote",
        ),
        "nodeandfilesharemajority" | "filesharewitness" => {
            (WINDOWS, "here it is `MajorityNodeSet(MNSFileShare: \"…\")`")
        }
        "cloudwitness" | "nodeandcloudmajority" => (
            "Windows Server 2016 and later",
            "here there is no witness in a cloud: take one on a file share, `MajorityNodeSet(MNSFileShare: \"…\")`",
        ),
        "clusterandclient" | "public" => (WINDOWS, "here it is `Mixed`"),
        "cluster" | "clusteronly" | "private" => (WINDOWS, "here it is `Internal`"),
        "client" | "clientonly" => (WINDOWS, "here it is `ClientAccess`"),
        "none" | "donotuse" => (
            WINDOWS,
            "here a network that the cluster does not use is left out",
        ),
        "stonith" | "fencing" => (
            PACEMAKER,
            "here disks obey only the holder of their reservation: there is nothing to configure",
        ),
        "primitive" => (
            PACEMAKER,
            "here it is a resource, with `type` for its agent",
        ),
        "clone" | "master" | "promotable" | "bundle" => {
            (PACEMAKER, "here a resource runs on one node at a time")
        }
        "location" | "colocation" | "order" => (
            PACEMAKER,
            "here a group's `preferred_owners`, a resource's `possible_owners` and `depends_on` say it",
        ),
        "migration-threshold" | "migration_threshold" => {
            (PACEMAKER, "here it is the property `RestartThreshold`")
        }
        "failure-timeout" | "failure_timeout" => {
            (PACEMAKER, "here it is the property `RestartPeriod`")
        }
        "resource-stickiness" | "resource_stickiness" => {
            (PACEMAKER, "here it is the property `AutoFailbackType`")
        }
        "two_node" | "wait_for_all" | "expected_votes" => (
            "Corosync",
            "here two nodes share a quorum disk, `Standard(resource: \"…\")`, or have a witness, \
             `MajorityNodeSet(MNSFileShare: \"…\")`",
        ),
        _ => return None,
    };
    Some(format!("`{word}` is a word of {from}; {here}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_clusters_are_told_and_others_are_not() {
        for foreign in [
            "NodeAndFileShareMajority",
            "ClusterAndClient",
            "Cluster",
            "stonith",
        ] {
            assert!(word(foreign).is_some(), "{foreign}");
        }
        for ours in [
            "Standard",
            "MajorityNodeSet",
            "Local",
            "Internal",
            "ClientAccess",
            "Mixed",
        ] {
            assert_eq!(word(ours), None);
        }
    }
}
