//! How the processor computes with floating-point numbers: a thread's state, which a plugin may change for the host, too.
//!
//! A library that was built with fast and loose arithmetic changes it when it is loaded.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use std::arch::asm;

/// Rounding, traps, and what becomes of denormal numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Float {
    #[cfg(target_arch = "x86_64")]
    mxcsr: u32,
    #[cfg(target_arch = "x86_64")]
    x87: u16,
    #[cfg(target_arch = "aarch64")]
    fpcr: u64,
}

/// The bits of MXCSR that are not set by what is computed.
#[cfg(target_arch = "x86_64")]
const MXCSR_CONTROL: u32 = 0xffc0;

#[cfg(target_arch = "x86_64")]
impl Float {
    /// The present state of this thread.
    #[inline]
    pub(crate) fn now() -> Float {
        let mut float = Float { mxcsr: 0, x87: 0 };
        // SAFETY: both only write the control word to memory that is ours.
        unsafe {
            asm!("stmxcsr [{}]", in(reg) &raw mut float.mxcsr, options(nostack, preserves_flags));
            asm!("fnstcw [{}]", in(reg) &raw mut float.x87, options(nostack, preserves_flags));
        }
        float
    }

    /// Makes this thread compute like that.
    pub(crate) fn set(self) {
        // SAFETY: the state was read with `now`, so it is one that the processor takes. Exceptions that are still to be
        // reported are dropped, which would otherwise be reported here.
        unsafe {
            asm!(
                "fnclex", "fldcw [{x87}]", "ldmxcsr [{mxcsr}]",
                x87 = in(reg) &raw const self.x87, mxcsr = in(reg) &raw const self.mxcsr,
                options(nostack, readonly, preserves_flags)
            );
        }
    }

    /// Whether both compute alike.
    #[inline]
    pub(crate) fn is_like(self, other: Float) -> bool {
        (self.mxcsr ^ other.mxcsr) & MXCSR_CONTROL == 0 && self.x87 == other.x87
    }
}

#[cfg(target_arch = "aarch64")]
impl Float {
    /// The present state of this thread.
    #[inline]
    pub(crate) fn now() -> Float {
        let fpcr: u64;
        // SAFETY: this only reads a register.
        unsafe { asm!("mrs {}, fpcr", out(reg) fpcr, options(nomem, nostack, preserves_flags)) };
        Float { fpcr }
    }

    /// Makes this thread compute like that.
    pub(crate) fn set(self) {
        // SAFETY: the state was read with `now`, so it is one that the processor takes.
        unsafe {
            asm!("msr fpcr, {}", in(reg) self.fpcr, options(nomem, nostack, preserves_flags))
        };
    }

    /// Whether both compute alike.
    #[inline]
    pub(crate) fn is_like(self, other: Float) -> bool {
        self.fpcr == other.fpcr
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
impl Float {
    /// The present state of this thread.
    pub(crate) fn now() -> Float {
        Float {}
    }

    /// Makes this thread compute like that.
    pub(crate) fn set(self) {}

    /// Whether both compute alike.
    pub(crate) fn is_like(self, _: Float) -> bool {
        true
    }
}
