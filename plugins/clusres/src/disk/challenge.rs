//! Winning a disk that another node may hold.
//!
//! A challenger looks at who holds the disk without taking it. A disk that is free at a look may have an owner all the
//! same, one whose reservation another challenger broke an instant ago and who has up to three seconds to take it
//! again. A challenge therefore goes like this:
//!
//! 1. A disk that this node holds already needs no challenge.
//! 2. Where the disk is held, and is still held a second later, the challenger breaks the reservation by a bus
//!    reset, once. Where it is free, there is nothing to break.
//! 3. It waits seven seconds and looks twice a second. Whoever is seen to hold the disk defends it.
//! 4. Then it claims the disk. It has lost if that is refused, or if anybody was seen to defend it.
//! 5. A step that comes late finds a world that nobody looked at meanwhile: the disk may have a new owner, whom
//!    another challenger has just reset. The challenge begins anew.
//!
//! Reserving is atomic on the device, so of any number of challengers at most one wins. And none wins while an
//! owner is alive: two of its renewals fall into the seven seconds, and since every challenger lets a second pass
//! before its reset, one of the two stands for a second, longer than ever passes between two looks.
//!
//! A disk that is not arbitrated for (every disk but the quorum's) goes online at once where nobody holds it: the
//! cluster has decided already who owns it. Where a dead owner still holds it, the bus reset and the seven seconds
//! come first; a claim that comes late waits seven seconds more, without a reset, for whoever has the disk now.

use std::time::Duration;

use quorate_sdk::{Context, Error, Progress, Reservation, codes};

use super::PhysicalDisk;

/// How long a challenger waits between the bus reset and its claim.
pub(super) const CHALLENGE: Duration = Duration::from_secs(7);
/// How long it lets a disk be held before it breaks the reservation.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// How often it looks while it waits.
const LOOK: Duration = Duration::from_millis(500);
/// How much later than it asked for it may be called: with this and a look, still less than `PATIENCE`.
const LATE: Duration = Duration::from_millis(250);

/// A challenge under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Challenge {
    stage: Stage,
    /// When (by the node's clock) the next step is due.
    due: Duration,
}

/// How far a challenge is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// The disk was held when it began.
    Held,
    /// The disk was free, or its reservation is broken.
    Broken {
        /// Until the claim.
        left: Duration,
        /// Somebody was seen to hold the disk.
        defended: bool,
    },
    /// The reservation of a disk that the cluster has given to this node is broken: a claim is all that is left.
    Given,
}

impl PhysicalDisk {
    /// Tries to take the reservation. Whether it did; `false` means that another node holds it.
    pub(super) fn try_reserve(&self, ctx: &Context) -> Result<bool, Error> {
        match ctx.disk(&self.disk).reserve() {
            Ok(()) => Ok(true),
            Err(error) if error.code() == codes::ERROR_BUSY => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether another node holds it.
    fn is_held_by_another(&self, ctx: &Context) -> Result<bool, Error> {
        Ok(ctx.disk(&self.disk).reservation()? == Reservation::Elsewhere)
    }

    pub(super) fn break_reservation(&self, ctx: &Context) -> Result<(), Error> {
        ctx.log().info(format!(
            "bus reset on disk `{}`, to see who defends it",
            self.disk
        ));
        ctx.disk(&self.disk).break_reservation()
    }

    /// Begins a challenge, or begins it anew.
    pub(super) fn begin_challenge(&mut self, ctx: &Context) -> Result<Progress, Error> {
        if self.is_held_by_another(ctx)? {
            return self.wait(ctx, Stage::Held, PATIENCE);
        }
        let stage = Stage::Broken {
            left: CHALLENGE,
            defended: false,
        };
        self.wait(ctx, stage, LOOK)
    }

    /// Lets time pass until the next step.
    pub(super) fn wait(
        &mut self,
        ctx: &Context,
        stage: Stage,
        time: Duration,
    ) -> Result<Progress, Error> {
        let due = ctx.clock().now()? + time;
        self.challenge = Some(Challenge { stage, due });
        Ok(Progress::pending(time))
    }

    /// The next step of a challenge.
    pub(super) fn go_on_challenging(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        let Some(Challenge { stage, due }) = self.challenge.take() else {
            return Err(Error::failed("no challenge is under way"));
        };
        if ctx.clock().now()? > due + LATE {
            ctx.log().info(format!(
                "the challenge for disk `{}` was interrupted and begins anew",
                self.disk
            ));
            return match stage {
                Stage::Given => self.wait(ctx, stage, CHALLENGE),
                Stage::Held | Stage::Broken { .. } => self.begin_challenge(ctx),
            };
        }
        match stage {
            Stage::Held => {
                if self.is_held_by_another(ctx)? {
                    self.break_reservation(ctx)?;
                }
                let stage = Stage::Broken {
                    left: CHALLENGE,
                    defended: false,
                };
                self.wait(ctx, stage, LOOK)
            }
            Stage::Broken { left, defended } if left > LOOK => {
                // One sight of a defender is enough.
                let defended = defended || self.is_held_by_another(ctx)?;
                let left = left - LOOK;
                self.wait(ctx, Stage::Broken { left, defended }, LOOK)
            }
            Stage::Broken { defended, .. } => self.claim(ctx, defended),
            Stage::Given => self.claim(ctx, false),
        }
    }

    fn claim(&mut self, ctx: &mut Context, defended: bool) -> Result<Progress, Error> {
        if defended || !self.try_reserve(ctx)? {
            return Err(Error::new(
                codes::ERROR_BUSY,
                format!("disk `{}` is defended by the node that owns it", self.disk),
            ));
        }
        self.keep(ctx);
        Ok(Progress::Done)
    }
}
