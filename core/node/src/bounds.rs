//! The bounds a node keeps and others rely on.

use std::time::Duration;

use quorate_model::ClusterDefinition;

/// Heartbeat period (docs/semantics.md, 3.6).
pub const HEARTBEAT: Duration = Duration::from_millis(1_200);
/// Silence after which an interface is reported: two heartbeats.
pub const INTERFACE_SILENCE: Duration = HEARTBEAT.saturating_mul(2);
/// Silence on all networks after which a member is lost: six heartbeats.
pub const MEMBER_SILENCE: Duration = HEARTBEAT.saturating_mul(6);
/// A node with which there was contact both ways within this is taken for being there: three heartbeats, half of
/// [`MEMBER_SILENCE`], so that whoever is counted on does not fall silent next.
pub const IN_REACH: Duration = HEARTBEAT.saturating_mul(3);
/// For how long the coordinator's word stands without confirmation by a quorum: a heartbeat less than
/// [`MEMBER_SILENCE`], so that it has stopped before another can begin.
pub const COORDINATOR_LEASE: Duration = HEARTBEAT.saturating_mul(5);
/// How long a node that lost its cluster may try to find or form another before it halts. That is enough for an
/// arbitration (8 s) that begins when the silence is noticed, and for hearing its winner. The last confirmation that a
/// follower knows of may be three heartbeats older than the last message that it heard.
pub const REGROUP_GRACE: Duration = Duration::from_millis(16_800);
/// What a takeover waits for beyond silence and grace: time for stopping, and for clocks that drift.
pub const TAKEOVER_MARGIN: Duration = Duration::from_secs(2);
/// From the last message of a lost node until its groups are taken over: silence, grace and margin together.
pub const TAKEOVER_WAIT: Duration = MEMBER_SILENCE
    .saturating_add(REGROUP_GRACE)
    .saturating_add(TAKEOVER_MARGIN);
/// For how many heartbeats a write waits before its disk is called slow: 4.8 s.
pub const DISK_SLOW_BEATS: u32 = 4;
/// For how many heartbeats a node waits for its own disk before it leaves the cluster to those that can write: 15.6 s.
/// That is longer than quorum can be in doubt, and shorter than others would wait for a node that is lost.
pub const DISK_PATIENCE_BEATS: u32 = 13;
/// After how many heartbeats the resource monitor is asked for another sign of life: 4.8 s.
pub const MONITOR_ASKED_BEATS: u32 = 4;
/// For how many heartbeats it may owe that sign of life before this is reported: 9.6 s.
pub const MONITOR_SILENT_BEATS: u32 = 8;
/// For how many heartbeats it may owe one before it is ended: 240 s, the original's ResourceDllDeadlockTimeout.
pub const MONITOR_PATIENCE_BEATS: u32 = 200;
/// How often a database change that was not confirmed is sent again.
pub const RESEND: Duration = Duration::from_millis(600);
/// How long a control code may go without an answer: longer than a lost owner's groups take to get another one.
pub const CONTROL_PATIENCE: Duration = Duration::from_secs(30);
/// How long a starting node looks for a cluster before it forms one.
pub const DISCOVERY: Duration = HEARTBEAT.saturating_mul(3);
/// How long a coordinator that has just formed the cluster waits for configured nodes to come before it gives
/// their groups to others.
pub const FORM_WAIT: Duration = Duration::from_secs(30);
/// How long a node that is stopped in order may take, at least, before it halts and leaves to a takeover what is still
/// there. It is long on purpose: a takeover is worse than waiting. Where `PendingTimeout`s add up to more, that counts:
/// see [`leave_patience`].
pub const LEAVE_PATIENCE: Duration = Duration::from_secs(600);
/// After how long a service that halted is started again.
pub const SERVICE_RESTART: Duration = Duration::from_secs(60);

/// The longest arbitration for a quorum disk: a second of looking, and a challenge of seven.
const ARBITRATION: Duration = Duration::from_secs(8);

/// How long a node of this cluster may take to stop in order: as long as its slowest group may take to go offline, but at
/// least [`LEAVE_PATIENCE`].
pub fn leave_patience(cluster: &ClusterDefinition) -> Duration {
    cluster.longest_stop().max(LEAVE_PATIENCE)
}

// The order between them that safety needs, so that nobody changes one alone.
const _: () = {
    const fn ms(span: Duration) -> u128 {
        span.as_millis()
    }
    let (beat, silence) = (ms(HEARTBEAT), ms(MEMBER_SILENCE));
    assert!(
        ms(COORDINATOR_LEASE) + beat <= silence,
        "it has stopped before another can begin"
    );
    assert!(
        2 * ms(IN_REACH) <= silence,
        "who is counted on is not about to be lost"
    );
    assert!(
        2 * ms(RESEND) <= beat,
        "a proposal that was lost is no silence"
    );
    assert!(
        ms(DISCOVERY) > ms(INTERFACE_SILENCE),
        "a cluster that is there is heard before one is formed"
    );
    let found = ms(ARBITRATION) + 5 * beat;
    assert!(
        ms(REGROUP_GRACE) >= found,
        "a node that could stay has the time to"
    );
    let patience = DISK_PATIENCE_BEATS as u128 * beat;
    assert!(
        patience > ms(MEMBER_SILENCE) && patience < ms(TAKEOVER_WAIT),
        "a disk that hangs is no worse than a node that is lost"
    );
    assert!(
        ms(FORM_WAIT) >= ms(TAKEOVER_WAIT),
        "forming is no shorter a wait than any other"
    );
    assert!(
        ms(CONTROL_PATIENCE) > ms(TAKEOVER_WAIT) && ms(CONTROL_PATIENCE) < ms(SERVICE_RESTART),
        "who asks a resource that is taken over is answered by its new owner, and never by the next boot of the old one"
    );
    assert!(
        ms(SERVICE_RESTART) > ms(TAKEOVER_WAIT),
        "a service that halted stays away until what it had has been taken over"
    );
};
