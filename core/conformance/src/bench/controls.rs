//! Calls for control codes, abilities (`get_extension`), and the last error.

use std::ffi::c_void;

use quorate_abi as abi;
use quorate_host::direct::lend;

use super::{Bench, Id, code_text};
use crate::Stop;

/// The longest text that is read with `last_error`, in bytes.
const TEXT_MAX: usize = 8 * 1_024;

impl Bench<'_> {
    /// Sends a control code. Returns the result and the length that the type reported; the output is in the buffer.
    pub(crate) fn control(
        &mut self,
        id: Id,
        code: u32,
        input: &[u8],
        output: &mut [u8],
    ) -> Result<Option<(u32, u64)>, Stop> {
        let mut returned = 0_u64;
        let result = self.call(id, "resource_control", |entries, resid| {
            entries.resource_control.map(|control| {
                // SAFETY: the entry may be called in any state. Input and output outlive the call, and are as long as
                // stated.
                unsafe {
                    control(
                        resid,
                        code,
                        input.as_ptr(),
                        input.len() as u64,
                        output.as_mut_ptr(),
                        output.len() as u64,
                        &raw mut returned,
                    )
                }
            })
        })?;
        self.trace.push(match result {
            Some(answer) => format!("resource_control {code:#x}: {answer}"),
            None => "there is no resource_control".to_owned(),
        });
        if result == Some(abi::ERROR_PANIC) {
            let sentence = self.sentence(id)?;
            self.panics.push(format!("`resource_control`: {sentence}"));
        }
        Ok(result.map(|result| (result, returned)))
    }

    /// Sends a control code to the type as a whole.
    pub(crate) fn type_control(
        &mut self,
        kind: &[u8],
        code: u32,
    ) -> Result<Option<(u32, u64)>, Stop> {
        let Some(control) = self.entries[0].resource_type_control else {
            return Ok(None);
        };
        self.case.before("resource_type_control")?;
        let (mut output, mut returned) = ([0_u8; 256], 0_u64);
        let kind = abi::QrStr {
            ptr: kind.as_ptr(),
            len: kind.len() as u64,
        };
        // SAFETY: the entry may be called at any time, and all pointers outlive the call.
        let result = unsafe {
            control(
                kind,
                code,
                std::ptr::null(),
                0,
                output.as_mut_ptr(),
                output.len() as u64,
                &raw mut returned,
            )
        };
        Ok(Some((result, returned)))
    }

    /// The ability with this id, if the type has it.
    pub(crate) fn extension(&self, id: &str) -> Result<Option<*const c_void>, Stop> {
        let Some(get) = self.entries[0].get_extension else {
            return Ok(None);
        };
        self.case.before("get_extension")?;
        // SAFETY: the text outlives the call.
        Ok(Some(unsafe { get(lend(id)) }))
    }

    /// Calls `last_error` with a buffer. Returns the length that it reports; `None` if the type has no such entry.
    pub(crate) fn last_error(&mut self, id: Id, buffer: &mut [u8]) -> Result<Option<u64>, Stop> {
        self.call(id, "last_error", |entries, resid| {
            entries.last_error.map(|entry| {
                // SAFETY: the entry may be called in any state, and the buffer outlives the call.
                unsafe { entry(resid, buffer.as_mut_ptr(), buffer.len() as u64) }
            })
        })
    }

    /// The text of the last error; empty if there is none.
    pub(crate) fn sentence(&mut self, id: Id) -> Result<String, Stop> {
        let mut buffer = vec![0_u8; TEXT_MAX];
        let length = self.last_error(id, &mut buffer)?.unwrap_or(0);
        buffer.truncate(usize::try_from(length).unwrap_or(TEXT_MAX).min(TEXT_MAX));
        if std::str::from_utf8(&buffer).is_err() {
            let text = String::from_utf8_lossy(&buffer).trim().to_owned();
            self.odd.push(format!("`last_error` is no UTF-8: {text}"));
        }
        Ok(String::from_utf8_lossy(&buffer).trim().to_owned())
    }

    /// A sentence about a call that failed: entry, code and last error.
    pub(crate) fn explain(&mut self, id: Id, entry: &str, code: u32) -> Result<String, Stop> {
        let sentence = self.sentence(id)?;
        let why = if sentence.is_empty() {
            String::new()
        } else {
            format!(": {sentence}")
        };
        Ok(format!("`{entry}` failed with {}{why}", code_text(code)))
    }
}
