//! Every kind of fault in the world, and whether the swarm draws it.

use quorate_model::{
    ClockFault, DiskFault, Drive, Fault, MachineFault, NameFault, NetworkFault, ProcessFault,
    ShareFault,
};

/// Whether a kind of fault is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    Yes,
    /// It is not drawn, and why.
    No(&'static str),
}

use Drawn::{No, Yes};

/// What is on a disk may be the only copy of an acknowledged update.
const DAMAGE: &str = "a file that is not what was written may be the only copy of what was acknowledged, and what is \
                      gone from the end of a log looks like a write that a crash cut short: nothing that the swarm asks \
                      for needs to hold then. scripts/drills/quorum/damage.rhai has what is refused";

/// No shipped type asks a port for anything.
const TOLD: &str =
    "no shipped type asks a port: whatever it answers then is nothing to the cluster";

/// One list gives both the kinds and the name of each, so that a new kind of fault does not compile without a line
/// here.
macro_rules! kinds {
    ($($kind:pat => $name:literal, $drawn:expr;)+) => {
        /// Every kind of fault.
        pub const KINDS: &[(&str, Drawn)] = &[$(($name, $drawn)),+];

        /// The name of a fault in [`KINDS`].
        pub fn kind(fault: &Fault) -> &'static str {
            match fault {
                $($kind => $name,)+
            }
        }
    };
}

kinds! {
    Fault::Machine(MachineFault::Crash { .. }) => "crash", Yes;
    Fault::Machine(MachineFault::CrashWriting { .. }) => "crash in a write", Yes;
    Fault::Machine(MachineFault::Freeze { .. }) => "freeze", Yes;
    Fault::Machine(MachineFault::MonitorHang { .. }) => "hung monitor", Yes;
    Fault::Machine(MachineFault::FanFailure { .. }) => "failed fan", Yes;
    Fault::Machine(MachineFault::ServiceStop { .. }) => "killed service", Yes;
    Fault::Machine(MachineFault::ServiceRestart { .. }) => "service started over its old boot", Yes;
    Fault::Clock(ClockFault::ClockStep { .. }) => "clock step", Yes;
    Fault::Clock(ClockFault::ClockDrift { .. }) => "clock drift", Yes;
    Fault::Clock(ClockFault::LocalTime { node: None, .. }) => "local time", Yes;
    Fault::Clock(ClockFault::LocalTime { node: Some(_), .. }) => "local time of a machine", Yes;
    Fault::Network(NetworkFault::Card { .. }) => "card", Yes;
    Fault::Network(NetworkFault::Network { .. }) => "network", Yes;
    Fault::Network(NetworkFault::BlackHole { .. }) => "silent network", Yes;
    Fault::Network(NetworkFault::Loss { node: None, .. }) => "loss", Yes;
    Fault::Network(NetworkFault::Loss { node: Some(_), .. }) => "loss at a card", Yes;
    Fault::Network(NetworkFault::Latency { node: None, .. }) => "latency", Yes;
    Fault::Network(NetworkFault::Latency { node: Some(_), .. }) => "latency at a card", Yes;
    Fault::Network(NetworkFault::Duplicate { node: None, .. }) => "doubled datagrams", Yes;
    Fault::Network(NetworkFault::Duplicate { node: Some(_), .. }) => "doubled at a card", Yes;
    Fault::Network(NetworkFault::Reorder { node: None, .. }) => "late datagrams", Yes;
    Fault::Network(NetworkFault::Reorder { node: Some(_), .. }) => "late at a card", Yes;
    Fault::Network(NetworkFault::Corrupt { node: None, .. }) => "damaged datagrams", Yes;
    Fault::Network(NetworkFault::Corrupt { node: Some(_), .. }) => "damaged at a card", Yes;
    Fault::Network(NetworkFault::Cut { .. }) => "cut", Yes;
    Fault::Network(NetworkFault::Dhcp { .. }) => "silent DHCP server", Yes;
    Fault::Network(NetworkFault::Stranger { .. }) => "stranger on an address", Yes;
    Fault::Names(NameFault::NamesSilent) => "silent name server", Yes;
    Fault::Names(NameFault::NamesRefused) => "refused names", Yes;
    Fault::Names(NameFault::NamesSlow { .. }) => "slow name server", Yes;
    Fault::Disk(DiskFault::Disk { disk: Drive::Shared(_) }) => "disk", Yes;
    Fault::Disk(DiskFault::Disk { disk: Drive::System(_) }) => "system disk", Yes;
    Fault::Disk(DiskFault::SlowDisk { disk: Drive::Shared(_), .. }) => "slow disk", Yes;
    Fault::Disk(DiskFault::SlowDisk { disk: Drive::System(_), .. }) => "slow system disk", Yes;
    Fault::Disk(DiskFault::UnsteadyDisk { disk: Drive::Shared(_), .. }) => "unsteady disk", Yes;
    Fault::Disk(DiskFault::UnsteadyDisk { disk: Drive::System(_), .. }) => "unsteady system disk", Yes;
    Fault::Disk(DiskFault::HungDisk { disk: Drive::Shared(_) }) => "hung disk", Yes;
    Fault::Disk(DiskFault::HungDisk { disk: Drive::System(_) }) => "hung system disk", Yes;
    Fault::Disk(DiskFault::DiskFull { disk: Drive::Shared(_) }) => "full disk", Yes;
    Fault::Disk(DiskFault::DiskFull { disk: Drive::System(_) }) => "full system disk", Yes;
    Fault::Disk(DiskFault::ReadOnlyDisk { disk: Drive::Shared(_) }) => "read-only disk", Yes;
    Fault::Disk(DiskFault::ReadOnlyDisk { disk: Drive::System(_) }) => "read-only system disk", Yes;
    Fault::Disk(DiskFault::FlushFails { disk: Drive::Shared(_) }) => "disk that cannot flush", Yes;
    Fault::Disk(DiskFault::FlushFails { disk: Drive::System(_) }) => "system disk that cannot flush", Yes;
    Fault::Disk(DiskFault::Path { .. }) => "path to a disk", Yes;
    Fault::Disk(DiskFault::Stolen { .. }) => "stolen reservation", Yes;
    Fault::Disk(DiskFault::FileDamage { .. }) => "damaged file", No(DAMAGE);
    Fault::Disk(DiskFault::Wipe { .. }) => "wiped system disk", Yes;
    Fault::Process(ProcessFault::ServiceCrash { .. }) => "crashed process", Yes;
    Fault::Process(ProcessFault::Hang { .. }) => "hung process", Yes;
    Fault::Process(ProcessFault::SlowAnswers { .. }) => "slow answers", Yes;
    Fault::Process(ProcessFault::WrongAnswers { .. }) => "wrong answers", Yes;
    Fault::Process(ProcessFault::Answers { .. }) => "told answers", No(TOLD);
    Fault::Process(ProcessFault::FailStarts { .. }) => "failing starts", Yes;
    Fault::Process(ProcessFault::SlowStart { .. }) => "slow starts", Yes;
    Fault::Process(ProcessFault::ScriptLost { .. }) => "lost script", Yes;
    Fault::Share(ShareFault::Share { .. }) => "silent file share", Yes;
    Fault::Share(ShareFault::SlowShare { .. }) => "slow file share", Yes;
    Fault::Share(ShareFault::SharePath { .. }) => "path to the file share", Yes;
    Fault::Share(ShareFault::ShareLost { .. }) => "forgetful file share", Yes;
}
