//! How a node wins a disk that another node may hold.
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

use quorate_sdk::{Context, Error, Progress, Reservation, codes};

use super::PhysicalDisk;

/// How long a challenger waits between the bus reset and its claim.
pub(super) const CHALLENGE: Duration = Duration::from_secs(7);
/// How long the disk must stay held before a challenger breaks the reservation.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// How often a challenger looks while it waits.
const LOOK: Duration = Duration::from_millis(500);
/// The longest delay of a call. Together with the time between two looks it is less than `PATIENCE`.
const LATE: Duration = Duration::from_millis(250);

/// A challenge under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Challenge {
    stage: Stage,
    /// When (by the node's clock) the next step is due.
    due: Duration,
}

/// The progress of a challenge.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
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

impl PhysicalDisk {
    /// Tries to take the reservation. Returns whether it did; `false` means that another node holds it.
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

    /// Begins a challenge, or begins it again.
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
                // Seeing a defender once is enough.
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
