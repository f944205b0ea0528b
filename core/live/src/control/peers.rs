//! Who may change a cluster.

use std::fs;
use std::os::unix::net::UnixStream;

use rustix::net::sockopt::socket_peercred;
use rustix::process::geteuid;

/// The users who may change the cluster through this node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Admins {
    group: Option<Group>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    id: u32,
    members: Vec<String>,
}

impl Admins {
    /// Root, the user that this process runs as, and the members of this group.
    ///
    /// # Errors
    /// There is no such group.
    pub(crate) fn of(group: Option<&str>) -> Result<Admins, String> {
        let Some(name) = group else {
            return Ok(Admins::default());
        };
        let known = fs::read_to_string("/etc/group").unwrap_or_default();
        match find(&known, name) {
            Some(group) => Ok(Admins { group: Some(group) }),
            None => Err(format!("there is no group {name} on this machine")),
        }
    }

    /// Whether the process at the other end of a connection may change the cluster.
    pub(super) fn include(&self, stream: &UnixStream) -> bool {
        let Ok(peer) = socket_peercred(stream) else {
            return false;
        };
        if peer.uid.is_root() || peer.uid == geteuid() {
            return true;
        }
        let Some(group) = &self.group else {
            return false;
        };
        let user = || user_name(&fs::read_to_string("/etc/passwd").ok()?, peer.uid.as_raw());
        group.id == peer.gid.as_raw() || user().is_some_and(|user| group.members.contains(&user))
    }
}

/// A group in the system's file: name, password, number, members.
fn find(file: &str, name: &str) -> Option<Group> {
    file.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        let id = fields.nth(1)?.parse().ok()?;
        let members = fields.next().unwrap_or_default().split(',');
        let members = members.map(str::trim).filter(|member| !member.is_empty());
        Some(Group {
            id,
            members: members.map(str::to_owned).collect(),
        })
    })
}

/// A user in the system's file: name, password, number.
fn user_name(file: &str, id: u32) -> Option<String> {
    file.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == id).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_users_are_read_as_the_system_writes_them() {
        let groups = "root:x:0:\nquorate:x:990:ann,bob\nempty:x:991:\n";
        let found = find(groups, "quorate").unwrap();
        assert_eq!(
            (found.id, &*found.members),
            (990, &["ann".to_owned(), "bob".to_owned()][..])
        );
        assert!(find(groups, "empty").unwrap().members.is_empty());
        assert_eq!(find(groups, "quora"), None);
        let users = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n";
        assert_eq!(user_name(users, 1_000).as_deref(), Some("ann"));
        assert_eq!(user_name(users, 1_001), None);
    }

    #[test]
    fn whoever_runs_the_node_may_change_it() {
        let (mine, _other) = UnixStream::pair().unwrap();
        assert!(Admins::default().include(&mine));
        assert!(Admins::of(Some("no-such-group-here")).is_err());
    }
}
