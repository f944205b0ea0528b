//! A node on a real machine: the same `quorate-node` and the same plugins as in a rehearsal, over the machine's clocks,
//! sockets, disks and processes.
//!
//! [`run`] drives one node, and [`watch`] sees from another process that nothing runs that must not. [`Settings`] is what its machine is told, and [`check`] finds beforehand what it lacks.
//! [`Client`] is how others talk to it.
#![forbid(unsafe_code)]

mod cgroup;
mod check;
mod clock;
mod control;
mod disks;
mod driver;
mod held;
mod journal;
mod leash;
mod memory;
mod metrics;
mod monitors;
mod net;
mod services;
mod settings;
mod share;
mod state;
mod warden;

pub use check::{check, without_watchdog};
pub use control::{
    Client, ClientError, ControlError, Counts, LiveStatus, NetworkCounts, PluginReloaded,
    PluginState, Request, Response,
};
pub use driver::{End, Observer, Plan, StartError, run};
pub use net::NetError;
pub use services::{CommandError, split};
pub use settings::{RUN, Settings, default_socket};
pub use state::StateError;
pub use warden::{CGROUP, Ward, WatchError, clear, watch};

/// Puts this process into a control group, with all that it starts from now on.
///
/// # Errors
/// The system's.
pub fn join_group(group: &std::path::Path) -> std::io::Result<()> {
    cgroup::Cgroup::at(group.to_path_buf()).join()
}

/// The number of a user and that of its group, in the text of the system's file of users.
pub fn user_numbers(file: &str, user: &str) -> Option<(u32, u32)> {
    file.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(user) {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        Some((uid, fields.next()?.parse().ok()?))
    })
}

/// A number that nobody can foresee.
fn chance() -> u64 {
    let mut bytes = [0; 8];
    let flags = rustix::rand::GetRandomFlags::empty();
    match rustix::rand::getrandom(&mut bytes, flags) {
        Ok(8) => u64::from_le_bytes(bytes),
        // Not before the machine has gathered any chance at its start; nothing here is a secret.
        _ => clock::now().0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_numbers() {
        let file = "root:x:0:0:root:/root:/bin/sh\nwww:x:33:34::/:/bin/false\n";
        assert_eq!(user_numbers(file, "www"), Some((33, 34)));
        assert_eq!(user_numbers(file, "ww"), None);
    }
}
