//! Control codes: the type answers them, or else the monitor by its default processing.

use quorate_abi as abi;
use quorate_model::control::{
    CLUSCTL_RESOURCE_ENUM_COMMON_PROPERTIES, CLUSCTL_RESOURCE_ENUM_PRIVATE_PROPERTIES,
    CLUSCTL_RESOURCE_GET_CHARACTERISTICS, CLUSCTL_RESOURCE_GET_CLASS_INFO,
    CLUSCTL_RESOURCE_GET_NAME, CLUSCTL_RESOURCE_GET_PRIVATE_PROPERTIES,
    CLUSCTL_RESOURCE_GET_REQUIRED_DEPENDENCIES, CLUSCTL_RESOURCE_GET_RESOURCE_TYPE,
    CLUSCTL_RESOURCE_TYPE_ENUM_PRIVATE_PROPERTIES, CLUSCTL_RESOURCE_TYPE_GET_CHARACTERISTICS,
    CLUSCTL_RESOURCE_TYPE_GET_CLASS_INFO, CLUSCTL_RESOURCE_TYPE_GET_REQUIRED_DEPENDENCIES,
    ControlCode,
};
use quorate_model::{Name, RESOURCE_PROPERTIES, Reason};

use super::Monitor;
use super::home::Home;
use super::instance::{explained, not_open};
use crate::Services;
use crate::library::TypeInfo;
use crate::table::{Call, Knowledge, OUTPUT_MAX, Returned, TypeCall, run_type};

/// `CLUS_CHAR_QUORUM`: the resource can be the quorum resource.
const CHARACTERISTIC_QUORUM: u32 = 1;

/// Size of the output buffer at the first try, in bytes.
const OUTPUT: u64 = 1_024;
/// How often a type may ask for a larger buffer before that is an error.
const GROWTHS_MAX: usize = 4;

/// What a type answered.
enum Said {
    Bytes(Vec<u8>),
    /// It does not know the code, and leaves it to the monitor.
    NotKnown,
    Error(Returned),
}

/// Asks, and asks again with a larger buffer while the type wants one.
fn with_room(
    what: &str,
    mut ask: impl FnMut(u64) -> Result<Returned, Reason>,
) -> Result<Said, Reason> {
    let mut room = OUTPUT;
    for _ in 0..GROWTHS_MAX {
        let answer = ask(room)?;
        match answer.code {
            abi::ERROR_SUCCESS => return Ok(Said::Bytes(answer.bytes)),
            abi::ERROR_INVALID_FUNCTION => return Ok(Said::NotKnown),
            abi::ERROR_MORE_DATA if answer.needed > room && answer.needed <= OUTPUT_MAX => {
                room = answer.needed;
            }
            _ => return Ok(Said::Error(answer)),
        }
    }
    let text = format!("{what} failed: the type asks for a larger buffer again and again");
    Err(Reason::new(abi::ERROR_MORE_DATA, text))
}

impl Monitor {
    /// Passes a control code to the type. A code that the type does not know gets default processing.
    pub(super) fn control(
        &mut self,
        services: &mut dyn Services,
        name: &Name,
        code: ControlCode,
        input: &[u8],
    ) -> Result<Vec<u8>, Reason> {
        if !self.instances.contains_key(name) {
            return Err(not_open(name));
        }
        let what = format!("control code {code}");
        let mut service_refused = None;
        let said = with_room(&what, |room| {
            let call = Call::Control {
                code: code.0,
                input: input.to_vec(),
                room,
            };
            let (answer, refused) = self
                .call(services, name, call)
                .ok_or_else(|| self.why_gone(name))?;
            service_refused = refused;
            Ok(answer)
        })?;
        match said {
            Said::Bytes(bytes) => Ok(bytes),
            Said::NotKnown => self.default_control(name, code),
            Said::Error(answer) => {
                Err(self.why(services, name, &what, answer.code, service_refused))
            }
        }
    }

    /// What the monitor answers in a type's place.
    fn default_control(&self, name: &Name, code: ControlCode) -> Result<Vec<u8>, Reason> {
        let spec = self.directory.get(name).map(|record| &record.spec);
        let kind = self.directory.kind_of(name);
        let text = |text: &str| Ok(text.as_bytes().to_vec());
        match (code, spec, kind) {
            (CLUSCTL_RESOURCE_GET_NAME, Some(spec), _) => text(&spec.name),
            (CLUSCTL_RESOURCE_GET_RESOURCE_TYPE, Some(spec), _) => text(&spec.kind),
            (CLUSCTL_RESOURCE_ENUM_COMMON_PROPERTIES, ..) => {
                let names: Vec<_> = RESOURCE_PROPERTIES.iter().map(|it| it.name).collect();
                text(&names.join("\n"))
            }
            (CLUSCTL_RESOURCE_GET_CHARACTERISTICS, _, Some(kind)) => Ok(characteristics(kind)),
            (CLUSCTL_RESOURCE_GET_CLASS_INFO, ..) => Ok(no_class()),
            (CLUSCTL_RESOURCE_GET_REQUIRED_DEPENDENCIES, ..) => text(""),
            (CLUSCTL_RESOURCE_ENUM_PRIVATE_PROPERTIES, _, Some(kind)) => text(&own(kind)),
            (CLUSCTL_RESOURCE_GET_PRIVATE_PROPERTIES, _, Some(kind)) => {
                let values = kind.properties.iter().filter_map(|property| {
                    let value = self.directory.property(name, &property.name)?;
                    Some(format!("{}={}", property.name, value.replace('\n', ",")))
                });
                text(&values.collect::<Vec<_>>().join("\n"))
            }
            _ => Err(not_known(&format!("the type of `{name}`"), code)),
        }
    }

    /// Passes a control code to a type as a whole. A code that it does not know gets default processing.
    pub(super) fn type_control(
        &mut self,
        kind: &Name,
        code: ControlCode,
        input: &[u8],
    ) -> Result<Vec<u8>, Reason> {
        let plugins = self.directory.plugins().clone();
        let Some((number, image)) = plugins.find(kind) else {
            let error = plugins.not_found(Some(kind));
            let code = abi::ERROR_RESOURCE_TYPE_NOT_FOUND;
            return Err(Reason::new(code, error.to_string()));
        };
        let what = format!("control code {code}");
        let call = |room| TypeCall {
            kind: kind.to_string(),
            code: code.0,
            input: input.to_vec(),
            room,
        };
        let said = match Home::of_type(&plugins, image) {
            Home::Host => {
                let entries = self.entries_here(image, number)?;
                with_room(&what, |room| {
                    // SAFETY: one thread calls a monitor's plugins.
                    Ok(unsafe { run_type(&entries, &image.info.name, &call(room)) })
                })
            }
            Home::Library | Home::Resource => {
                // If the process dies, the report says on whose behalf it was called. A resource may have the same name
                // as the type, so this says that it is a type.
                let whom = Name::from(format!("the type {kind}"));
                let id = self.process_for(&whom, image, Home::Library)?;
                let said = with_room(&what, |room| self.type_call_apart(id, &whom, call(room)));
                self.end_if_idle(id);
                said
            }
        };
        match said? {
            Said::Bytes(bytes) => Ok(bytes),
            Said::NotKnown => plugins
                .type_info(kind)
                .and_then(|info| default_type_control(info, code))
                .ok_or_else(|| not_known(&format!("the type `{kind}`"), code)),
            Said::Error(answer) => Err(explained(&what, answer.code, None, None)),
        }
    }
}

/// What the monitor answers in a type's place when the type as a whole is asked.
fn default_type_control(kind: &TypeInfo, code: ControlCode) -> Option<Vec<u8>> {
    match code {
        CLUSCTL_RESOURCE_TYPE_GET_CHARACTERISTICS => Some(characteristics(kind)),
        CLUSCTL_RESOURCE_TYPE_GET_CLASS_INFO => Some(no_class()),
        CLUSCTL_RESOURCE_TYPE_GET_REQUIRED_DEPENDENCIES => Some(Vec::new()),
        CLUSCTL_RESOURCE_TYPE_ENUM_PRIVATE_PROPERTIES => Some(own(kind).into_bytes()),
        _ => None,
    }
}

fn characteristics(kind: &TypeInfo) -> Vec<u8> {
    let bits = match kind.quorum_capable {
        true => CHARACTERISTIC_QUORUM,
        false => 0,
    };
    bits.to_le_bytes().to_vec()
}

/// `CLUS_RESCLASS_UNKNOWN`, and no subclass.
fn no_class() -> Vec<u8> {
    vec![0; 8]
}

/// The names of a type's private properties, one a line.
fn own(kind: &TypeInfo) -> String {
    let names: Vec<_> = kind.properties.iter().map(|it| it.name.as_str()).collect();
    names.join("\n")
}

fn not_known(whom: &str, code: ControlCode) -> Reason {
    Reason::new(
        abi::ERROR_INVALID_FUNCTION,
        format!("neither {whom} nor the monitor knows control code {code}"),
    )
}

#[cfg(test)]
mod tests {
    use quorate_abi as abi;
    use quorate_model::control::{CONTROLS, ControlCode};

    #[test]
    fn the_contract_and_the_cluster_number_the_codes_alike() {
        macro_rules! of_contract {
            ($($name:ident)+) => { [$((stringify!($name), abi::$name)),+] };
        }
        let in_contract = of_contract! {
            CLUSCTL_RESOURCE_GET_CHARACTERISTICS
            CLUSCTL_RESOURCE_GET_CLASS_INFO
            CLUSCTL_RESOURCE_GET_REQUIRED_DEPENDENCIES
            CLUSCTL_RESOURCE_GET_NAME
            CLUSCTL_RESOURCE_GET_RESOURCE_TYPE
            CLUSCTL_RESOURCE_ENUM_COMMON_PROPERTIES
            CLUSCTL_RESOURCE_ENUM_PRIVATE_PROPERTIES
            CLUSCTL_RESOURCE_GET_PRIVATE_PROPERTIES
            CLUSCTL_RESOURCE_GET_NETWORK_NAME
            CLUSCTL_RESOURCE_STORAGE_GET_DISK_INFO
            CLUSCTL_RESOURCE_STORAGE_IS_PATH_VALID
            CLUSCTL_RESOURCE_TYPE_GET_CHARACTERISTICS
            CLUSCTL_RESOURCE_TYPE_GET_CLASS_INFO
            CLUSCTL_RESOURCE_TYPE_GET_REQUIRED_DEPENDENCIES
            CLUSCTL_RESOURCE_TYPE_ENUM_PRIVATE_PROPERTIES
        };
        let known = CONTROLS.iter().map(|known| (known.name, known.code.0));
        assert!(known.eq(in_contract));
        assert_eq!(abi::CLUSCTL_RESOURCE_USER, ControlCode::private(0).0);
    }
}
