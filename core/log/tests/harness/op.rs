//! The events of a run, and their text form.

use std::fmt;

use quorate_log::Id;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Majority,
    Holder,
    Solo,
}

/// An event. Numbers are taken modulo the number of things there are; node 0 is the leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A message under way arrives; the flag is `leader_alive`.
    Deliver(u32, bool),
    Drop(u32),
    Duplicate(u32),
    /// The oldest write of a node ends.
    Write(Id),
    /// A node loses power; this many of its writes are still finished.
    Crash(Id, u8),
    Boot(Id),
    Campaign(Id),
    Propose(Id),
    Resend(Id),
    Compact(Id),
    Transfer(Id, Id),
    /// A leader adds or removes a voter.
    Voters(Id, Id),
    StepDown(Id),
    /// Messages from one node to another are lost, in this direction only.
    Cut(Id, Id),
    Heal,
    /// A node gains the quorum disk.
    TakeDisk(Id),
    /// The disk's reservation is broken and nobody has it; the holder may notice only when it writes.
    BreakDisk,
}

impl Op {
    /// Reads what [`Display`](fmt::Display) writes.
    pub fn read(line: &str) -> Result<Op, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |text: &str| -> Result<u32, String> {
            text.parse()
                .map_err(|_| format!("{text:?} is not a number, in {line:?}"))
        };
        let id = |text: &str| -> Result<Id, String> {
            text.parse()
                .map_err(|_| format!("{text:?} is not a node, 0 to 255, in {line:?}"))
        };
        Ok(match words[..] {
            ["deliver", n] => Op::Deliver(number(n)?, false),
            ["deliver", n, "alive"] => Op::Deliver(number(n)?, true),
            ["drop", n] => Op::Drop(number(n)?),
            ["repeat", n] => Op::Duplicate(number(n)?),
            ["write", a] => Op::Write(id(a)?),
            ["crash", a, "keeping", n] => Op::Crash(id(a)?, id(n)?),
            ["boot", a] => Op::Boot(id(a)?),
            ["campaign", a] => Op::Campaign(id(a)?),
            ["propose", a] => Op::Propose(id(a)?),
            ["resend", a] => Op::Resend(id(a)?),
            ["compact", a] => Op::Compact(id(a)?),
            ["transfer", a, b] => Op::Transfer(id(a)?, id(b)?),
            ["voters", a, b] => Op::Voters(id(a)?, id(b)?),
            ["step-down", a] => Op::StepDown(id(a)?),
            ["cut", a, b] => Op::Cut(id(a)?, id(b)?),
            ["heal"] => Op::Heal,
            ["take-disk", a] => Op::TakeDisk(id(a)?),
            ["break-disk"] => Op::BreakDisk,
            _ => return Err(format!("{line:?} is nothing that can happen")),
        })
    }

    /// The first word of its text.
    pub fn word(self) -> &'static str {
        match self {
            Op::Deliver(..) => "deliver",
            Op::Drop(_) => "drop",
            Op::Duplicate(_) => "repeat",
            Op::Write(_) => "write",
            Op::Crash(..) => "crash",
            Op::Boot(_) => "boot",
            Op::Campaign(_) => "campaign",
            Op::Propose(_) => "propose",
            Op::Resend(_) => "resend",
            Op::Compact(_) => "compact",
            Op::Transfer(..) => "transfer",
            Op::Voters(..) => "voters",
            Op::StepDown(_) => "step-down",
            Op::Cut(..) => "cut",
            Op::Heal => "heal",
            Op::TakeDisk(_) => "take-disk",
            Op::BreakDisk => "break-disk",
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word();
        match self {
            Op::Deliver(n, true) => write!(f, "{word} {n} alive"),
            Op::Deliver(n, false) | Op::Drop(n) | Op::Duplicate(n) => write!(f, "{word} {n}"),
            Op::Crash(a, n) => write!(f, "{word} {a} keeping {n}"),
            Op::Transfer(a, b) | Op::Voters(a, b) | Op::Cut(a, b) => write!(f, "{word} {a} {b}"),
            Op::Heal | Op::BreakDisk => write!(f, "{word}"),
            Op::Write(a)
            | Op::Boot(a)
            | Op::Campaign(a)
            | Op::Propose(a)
            | Op::Resend(a)
            | Op::Compact(a)
            | Op::StepDown(a)
            | Op::TakeDisk(a) => write!(f, "{word} {a}"),
        }
    }
}
