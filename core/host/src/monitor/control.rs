//! Control codes, for the type or for the monitor's default processing.

use quorate_abi as abi;
use quorate_model::Name;
use quorate_model::monitor::Reason;

use super::Monitor;
use super::instance::not_open;
use crate::Services;
use crate::table::{Call, OUTPUT_MAX};

/// `CLUSCTL_RESOURCE_GET_NAME`: the resource's name, as UTF-8.
const GET_NAME: u32 = 0x0100_0029;
/// `CLUSCTL_RESOURCE_GET_RESOURCE_TYPE`: its type's name, as UTF-8.
const GET_RESOURCE_TYPE: u32 = 0x0100_002d;

/// First size of the output buffer, in bytes.
const OUTPUT: u64 = 1_024;
/// How often a type may ask for a larger buffer.
const GROWTHS_MAX: usize = 4;

impl Monitor {
    /// Hands a control code to the type; what that does not know is for default processing.
    pub(super) fn control(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
        code: u32,
        input: &[u8],
    ) -> Result<Vec<u8>, Reason> {
        if !self.instances.contains_key(name) {
            return Err(not_open(name));
        }
        let what = format!("control code {code:#010x}");
        let mut room = OUTPUT;
        for _ in 0..GROWTHS_MAX {
            let call = Call::Control {
                code,
                input: input.to_vec(),
                room,
            };
            let Some((answer, refused)) = self.call(services, name, call) else {
                return Err(self.why_gone(name));
            };
            match answer.code {
                abi::ERROR_SUCCESS => return Ok(answer.bytes),
                abi::ERROR_INVALID_FUNCTION => return self.default_control(name, code),
                abi::ERROR_MORE_DATA if answer.needed > room && answer.needed <= OUTPUT_MAX => {
                    room = answer.needed;
                }
                error => return Err(self.why(services, name, &what, error, refused)),
            }
        }
        let text = format!("{what} failed: the type asks for a larger buffer again and again");
        Err(Reason::new(abi::ERROR_MORE_DATA, text))
    }

    fn default_control(&self, name: &Name, code: u32) -> Result<Vec<u8>, Reason> {
        match (code, self.directory.get(name)) {
            (GET_NAME, Some(record)) => Ok(record.spec.name.as_bytes().to_vec()),
            (GET_RESOURCE_TYPE, Some(record)) => Ok(record.spec.kind.as_bytes().to_vec()),
            _ => Err(Reason::new(
                abi::ERROR_INVALID_FUNCTION,
                format!(
                    "neither the type of `{name}` nor the monitor knows control code {code:#010x}"
                ),
            )),
        }
    }
}
