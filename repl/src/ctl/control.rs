//! `quorate ctl control`: what a resource or its type says to a control code.

use quorate_live::Client;
use quorate_model::control::{ControlCode, ControlOf, ControlRequest};

use super::objects::{self, Named};
use super::unusable::{Unusable, status};

/// Before the name of a resource type.
const TYPE: &str = "type:";

/// The question that was typed.
pub(super) fn request(
    object: &str,
    code: &str,
    (input, on): (Option<&str>, Option<&str>),
    client: &mut Client,
) -> Result<ControlRequest, Unusable> {
    let of = match object.strip_prefix(TYPE) {
        Some(kind) => ControlOf::Type(kind.into()),
        None => {
            let status = status(client)?;
            match objects::find(object, &status).map_err(Unusable::Arguments)? {
                Named::Resource(name) => ControlOf::Resource(name),
                other => {
                    let text = format!(
                        "{other} takes no control codes: name a resource, or {TYPE} and a resource type"
                    );
                    return Err(Unusable::Arguments(text));
                }
            }
        }
    };
    Ok(ControlRequest {
        code: parse(&of, code).map_err(Unusable::Arguments)?,
        of,
        on: on.map(Into::into),
        input: input.unwrap_or_default().as_bytes().to_vec(),
    })
}

/// A code by its number or name.
fn parse(of: &ControlOf, code: &str) -> Result<ControlCode, String> {
    let number = match code.strip_prefix("0x").or(code.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => code.parse().ok(),
    };
    if let Some(number) = number {
        return Ok(ControlCode(number));
    }
    let object = of.object();
    ControlCode::named(object, code).ok_or_else(|| {
        let near = match ControlCode::nearest(object, code) {
            Some(near) => format!("did you mean {near}?"),
            None => {
                "a code of a plugin's own is given by its number, such as 0x0120001c".to_owned()
            }
        };
        format!("\"{code}\" is no control code for {object}: {near}")
    })
}

/// An answer for people: a text, or numbers, or bytes.
pub(super) fn shown(bytes: &[u8], hex: bool) -> String {
    let text = std::str::from_utf8(bytes).ok();
    let text = text.filter(|text| {
        let mut letters = text.chars();
        letters.all(|letter| !letter.is_control() || matches!(letter, '\n' | '\t'))
    });
    let (words, rest) = bytes.as_chunks::<4>();
    match text {
        Some(text) if !hex => text.trim_end_matches('\n').to_owned(),
        None if !hex && rest.is_empty() => {
            let numbers = words.iter().map(|word| u32::from_le_bytes(*word));
            let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
            numbers.join(" ")
        }
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_texts_numbers_or_bytes() {
        assert_eq!(shown(b"one\ntwo\n", false), "one\ntwo");
        assert_eq!(shown(&[1, 0, 0, 0, 0, 0, 0, 128], false), "1 2147483648");
        assert_eq!(shown(&[1, 0, 0], false), "010000");
        assert_eq!(shown(b"R", true), "52");
        assert_eq!(shown(b"", false), "");
    }

    #[test]
    fn codes_are_given_by_name_or_number() {
        let of = ControlOf::Resource("R".into());
        for code in [
            "GET_NAME",
            "clusctl_resource_get_name",
            "0x01000029",
            "16777257",
        ] {
            assert_eq!(parse(&of, code), Ok(ControlCode(0x0100_0029)), "{code}");
        }
        let told = parse(&of, "GET_NAMES").unwrap_err();
        assert!(told.ends_with("did you mean GET_NAME?"), "{told}");
        let told = parse(&of, "0x123456789").unwrap_err();
        assert!(told.contains("by its number"), "{told}");
    }
}
