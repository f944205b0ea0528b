//! How a node wins a shared disk that another node may hold: the challenge that a quorum resource arbitrates by.
//!
//! A challenger checks who holds the disk without taking it. A disk that is free at that moment may still have an
//! owner: another challenger may just have broken the reservation, and the owner has up to three seconds to take it
//! again. So a challenge goes like this:
//!
//! 1. A disk that this node holds already needs no challenge.
//! 2. Where the disk is held, and is still held a second later, the challenger breaks the reservation by a bus
//!    reset, once. Where it is free, there is nothing to break.
//! 3. It waits seven seconds and looks twice a second. Whoever is seen to hold the disk defends it.
//! 4. Then it claims the disk. It has lost if that is refused, or if anybody was seen to defend it.
//! 5. After a late step nobody knows what happened meanwhile: the disk may have a new owner, whose reservation another
//!    challenger has just broken. The challenge begins again.
//!
//! Reserving is atomic on the device, so of any number of challengers at most one wins. And none wins while an owner
//! is alive: two of its renewals fall into the seven seconds, and since every challenger waits for a second before
//! its reset, one of the two renewals lasts for a second, which is longer than the time between two looks.
//!
//! A disk without arbitration (every disk but the quorum's) goes online at once if nobody holds it: the cluster has
//! already decided who owns it. If a dead owner still holds it, the bus reset and the seven seconds come first. If
//! the claim is late, the node waits seven seconds more, without a reset, for the disk's present holder.

use std::time::Duration;

use quorate_abi as abi;

use crate::{Context, Error, Progress, Reservation};

/// How often an owner renews its reservation.
pub const RENEWAL: Duration = Duration::from_secs(3);
/// How long a challenger waits between the bus reset and its claim: two renewals of an owner, and some.
pub const CHALLENGE: Duration = Duration::from_secs(7);
/// How long the disk must stay held before a challenger breaks the reservation.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a challenger looks while it waits.
const LOOK: Duration = Duration::from_millis(500);
/// The longest delay of a call. Together with the time between two looks it is less than `PATIENCE`.
const LATE: Duration = Duration::from_millis(250);

/// A challenge for a shared disk, one step at a time. Nothing of it waits: each step says when the next one is due.
///
/// What a type does with it: `begin` in `arbitrate`, `go_on` in `work` until it is done, and from then on
/// [`Disk::reserve`](crate::Disk::reserve) every [`RENEWAL`], without which the next challenger wins.
///
/// ```
/// use quorate_sdk::{Challenge, Context, Error, Progress, RENEWAL};
///
/// fn arbitrate(challenge: &mut Option<Challenge>, ctx: &mut Context) -> Result<Progress, Error> {
///     let begun = challenge.insert(Challenge::new("Disk Q:"));
///     begun.begin(ctx)
/// }
///
/// fn go_on(challenge: &mut Challenge, ctx: &mut Context) -> Result<Progress, Error> {
///     let progress = challenge.go_on(ctx)?;
///     if progress.is_done() {
///         ctx.wake_after(RENEWAL);
///     }
///     Ok(progress)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Challenge {
    disk: String,
    /// What comes next, and when (by the node's clock); `None` where nothing is under way.
    next: Option<(Stage, Duration)>,
}

/// The progress of a challenge.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The disk was held when it began.
    Held,
    /// The disk was free, or its reservation is broken.
    Broken {
        /// The time until the claim.
        left: Duration,
        /// The challenger has seen that somebody holds the disk.
        defended: bool,
    },
    /// The cluster has given the disk to this node, and its old reservation is broken: only the claim is left.
    Given,
}

impl Challenge {
    /// One for this disk, of which nothing is under way yet.
    pub fn new(disk: impl Into<String>) -> Self {
        Challenge {
            disk: disk.into(),
            next: None,
        }
    }

    /// Begins to win the disk from whoever holds it, or begins it again. Done at once where this node holds it already.
    ///
    /// # Errors
    /// The disk cannot be reached.
    pub fn begin(&mut self, ctx: &Context) -> Result<Progress, Error> {
        self.next = None;
        if ctx.disk(&self.disk).is_reserved()? {
            return Ok(Progress::Done);
        }
        self.look_first(ctx)
    }

    /// Begins to take a disk that the cluster has given to this node: done at once where nobody holds it, after
    /// [`CHALLENGE`] where a dead owner still does.
    ///
    /// # Errors
    /// The disk cannot be reached.
    pub fn take(&mut self, ctx: &Context) -> Result<Progress, Error> {
        self.next = None;
        if try_reserve(ctx, &self.disk)? {
            return Ok(Progress::Done);
        }
        self.reset(ctx)?;
        self.wait(ctx, Stage::Given, CHALLENGE)
    }

    /// The next step. Done means that the disk is this node's, to be renewed every [`RENEWAL`] from now on.
    ///
    /// # Errors
    /// Another node defends the disk (170), it cannot be reached, or nothing is under way.
    pub fn go_on(&mut self, ctx: &Context) -> Result<Progress, Error> {
        let Some((stage, due)) = self.next.take() else {
            return Err(Error::failed("no challenge is under way"));
        };
        if ctx.clock().now()? > due + LATE {
            ctx.log().info(format!(
                "the challenge for disk `{}` was interrupted and begins anew",
                self.disk
            ));
            return match stage {
                Stage::Given => self.wait(ctx, stage, CHALLENGE),
                Stage::Held | Stage::Broken { .. } => self.look_first(ctx),
            };
        }
        match stage {
            Stage::Held => {
                if is_held_by_another(ctx, &self.disk)? {
                    self.reset(ctx)?;
                }
                let stage = Stage::Broken {
                    left: CHALLENGE,
                    defended: false,
                };
                self.wait(ctx, stage, LOOK)
            }
            Stage::Broken { left, defended } if left > LOOK => {
                // Seeing a defender once is enough.
                let defended = defended || is_held_by_another(ctx, &self.disk)?;
                let left = left - LOOK;
                self.wait(ctx, Stage::Broken { left, defended }, LOOK)
            }
            Stage::Broken { defended, .. } => self.claim(ctx, defended),
            Stage::Given => self.claim(ctx, false),
        }
    }

    fn look_first(&mut self, ctx: &Context) -> Result<Progress, Error> {
        if is_held_by_another(ctx, &self.disk)? {
            return self.wait(ctx, Stage::Held, PATIENCE);
        }
        let stage = Stage::Broken {
            left: CHALLENGE,
            defended: false,
        };
        self.wait(ctx, stage, LOOK)
    }

    fn reset(&self, ctx: &Context) -> Result<(), Error> {
        ctx.log().info(format!(
            "bus reset on disk `{}`, to see who defends it",
            self.disk
        ));
        ctx.disk(&self.disk).break_reservation()
    }

    /// Lets time pass until the next step.
    fn wait(&mut self, ctx: &Context, stage: Stage, time: Duration) -> Result<Progress, Error> {
        let due = ctx.clock().now()? + time;
        self.next = Some((stage, due));
        Ok(Progress::pending(time))
    }

    fn claim(&self, ctx: &Context, defended: bool) -> Result<Progress, Error> {
        if defended || !try_reserve(ctx, &self.disk)? {
            return Err(Error::new(
                abi::ERROR_BUSY,
                format!("disk `{}` is defended by the node that owns it", self.disk),
            ));
        }
        Ok(Progress::Done)
    }
}

/// Tries to take the reservation. Returns whether it did; `false` means that another node holds it.
fn try_reserve(ctx: &Context, disk: &str) -> Result<bool, Error> {
    match ctx.disk(disk).reserve() {
        Ok(()) => Ok(true),
        Err(error) if error.code() == abi::ERROR_BUSY => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether another node holds it.
fn is_held_by_another(ctx: &Context, disk: &str) -> Result<bool, Error> {
    Ok(ctx.disk(disk).reservation()? == Reservation::Elsewhere)
}
