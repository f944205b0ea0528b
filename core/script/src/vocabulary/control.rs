//! Control codes: asking resources and resource types, and what they answer.

use std::rc::Rc;

use quorate_drill::stage::{Answer, Order};
use quorate_drill::{Thrown, suggestion};
use quorate_model::control::{ControlCode, ControlObject, ControlOf, ControlRequest};
use quorate_model::{Name, Reason};
use rhai::plugin::*;
use rhai::{Blob, Map};

use super::{options, order};
use crate::handles::{AnswerRef, ResourceRef, ResourceTypeRef};
use crate::session::Session;
use crate::thrown::{Fallible, Raise};
use crate::values::{bytes_shown, name_arg, show};

/// The original's name of an error that a cluster or a resource type gives.
pub(crate) fn error_name(code: u32) -> Option<&'static str> {
    match code {
        0 => None,
        code => quorate_model::errors::error_name(code).or(quorate_host::error_name(code)),
    }
}

/// A control code, given by number or by name.
fn code_arg(
    context: &NativeCallContext<'_>,
    object: ControlObject,
    code: &Dynamic,
) -> Fallible<ControlCode> {
    let at = context.call_position();
    if let Ok(number) = code.as_int() {
        let found = u32::try_from(number).map(ControlCode);
        return found.map_err(|_| {
            let text = format!("a control code is a number from 0 to 0xffffffff: {number}");
            Thrown::mistake(text).at(at)
        });
    }
    let Ok(name) = code.as_immutable_string_ref() else {
        let text = format!(
            "\"control\" takes a control code by its number or its name, such as 0x01000029 or \
             \"CLUSCTL_RESOURCE_GET_NAME\", and {} is neither",
            show(code)
        );
        return Err(Thrown::mistake(text).at(at));
    };
    ControlCode::named(object, &name).ok_or_else(|| {
        let (message, help) = unknown_code(&[object], &name);
        Thrown::mistake(format!("{message}: {help}")).at(at)
    })
}

/// Why there is no control code of this name, and what to do.
pub(crate) fn unknown_code(objects: &[ControlObject], name: &str) -> (String, String) {
    let whom: Vec<String> = objects.iter().map(ToString::to_string).collect();
    let message = format!("\"{name}\" is no control code for {}", whom.join(" or "));
    let near = objects
        .iter()
        .find_map(|object| ControlCode::nearest(*object, name));
    let help = match near {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => {
            "a code of a plugin's own is given by its number; `:doc control` says more".to_owned()
        }
    };
    (message, help)
}

/// The input of a control code: a text, a list of bytes, or nothing.
fn input_arg(context: &NativeCallContext<'_>, input: &Dynamic) -> Fallible<Vec<u8>> {
    if input.is_unit() {
        return Ok(Vec::new());
    }
    if let Ok(text) = input.as_immutable_string_ref() {
        return Ok(text.as_bytes().to_vec());
    }
    if let Some(blob) = input.read_lock::<Blob>() {
        return Ok(blob.clone());
    }
    let text = format!(
        "the input of a control code is a text or a blob, and {} is neither",
        show(input)
    );
    Err(Thrown::mistake(text).at(context.call_position()))
}

/// The node in an option.
fn node_option(
    context: &NativeCallContext<'_>,
    given: &Map,
    option: &str,
) -> Fallible<Option<Name>> {
    let Some(value) = given.get(option) else {
        return Ok(None);
    };
    let name = name_arg(context, value)?;
    order::known(context, "node", &name, |stage| stage.nodes()).map(Some)
}

/// Sends a control code and waits for the answer. Anything but an answer is an error.
fn ask(
    context: &NativeCallContext<'_>,
    of: ControlOf,
    code: &Dynamic,
    input: &Dynamic,
    given: &Map,
) -> Fallible<AnswerRef> {
    let at = context.call_position();
    options::only("control", given, options::CONTROL)
        .map_err(|what| Thrown::mistake(what).at(at))?;
    let code = code_arg(context, of.object(), code)?;
    let input = input_arg(context, input)?;
    let on = node_option(context, given, "on")?;
    let through = node_option(context, given, "through")?;
    let (whom, kind) = match &of {
        ControlOf::Resource(name) => (name.clone(), "resource"),
        ControlOf::Type(name) => (name.clone(), "resource_type"),
    };
    let control = ControlRequest {
        of,
        on,
        code,
        input,
    };
    let (answer, limit) = order::answered(context, Order::Control { control, through })?;
    match answer {
        Some(Answer::Done(bytes)) => {
            let read = || format!("{kind}(\"{whom}\").control({code})");
            Session::of(context)?.saw(context, &whom, read, bytes_shown(&bytes));
            Ok(AnswerRef {
                bytes: Rc::new(bytes),
            })
        }
        Some(Answer::Refused(Reason { code: error, text })) => {
            let name = error_name(error).map(|name| format!(" ({name})"));
            let name = name.unwrap_or_default();
            let text = format!("control code {code} was answered with error {error}{name}: {text}");
            Err(Thrown::mistake(text).coded(error).at(at))
        }
        // The node that was asked is gone: that is neither an answer nor a refusal.
        Some(Answer::Lost(text)) => {
            let text = format!("control code {code} was answered by nobody: {text}");
            Err(Thrown::unknown(text).at(at))
        }
        None => {
            let limit = quorate_model::Lasting(limit);
            let text = format!("control code {code} was answered by nobody within {limit}");
            Err(Thrown::unknown(text).at(at))
        }
    }
}

/// An answer that is a text.
fn as_text(context: &NativeCallContext<'_>, answer: &AnswerRef) -> Fallible<String> {
    String::from_utf8(answer.bytes.to_vec()).map_err(|_| {
        let text = format!("the answer is no text: {}", bytes_shown(&answer.bytes));
        Thrown::mistake(text).at(context.call_position())
    })
}

/// Words about control codes.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// A resource type by its name, for control codes: `resource_type("Physical Disk").control("GET_CHARACTERISTICS")`. No
    /// resource of the type need be there.
    /// Example: `expect_eq(resource_type("Physical Disk").control("GET_CHARACTERISTICS").number, 1)`
    #[rhai_fn(return_raw)]
    pub fn resource_type(
        context: NativeCallContext<'_>,
        name: Dynamic,
    ) -> Fallible<ResourceTypeRef> {
        let name = name_arg(&context, &name)?;
        let session = Session::of(&context)?;
        let types = session.try_stage(&context, |stage| stage.resource_types())?;
        order::known(&context, "resource type", &name, |_| types)
            .map(|name| ResourceTypeRef { name })
    }

    /// Truth: the type's name.
    /// Example: `expect_eq(resource_type("Physical Disk").name, "Physical Disk")`
    #[rhai_fn(get = "name", pure)]
    pub fn type_name(kind: &mut ResourceTypeRef) -> String {
        kind.name.to_string()
    }

    /// Asks the resource's type by a control code (CLUSCTL) on the node that owns it, in whatever state it is, and waits for
    /// the answer: its bytes. The code is a number, or the name of a well-known one: `"CLUSCTL_RESOURCE_GET_NAME"` or
    /// `"GET_NAME"`. What the type does not know the resource monitor answers, or error 1, `ERROR_INVALID_FUNCTION`. An
    /// answer that is an error is an error of the script, with `code` and `name`: an owner that is silent is error 1460
    /// after 30 s, one that left the cluster meanwhile error 5050. `docs/plugins.md`.
    /// Example: `expect_eq(resource("EVS1 SMTP").control("GET_NAME").text, "EVS1 SMTP")`
    #[rhai_fn(name = "control", return_raw)]
    pub fn control(
        context: NativeCallContext<'_>,
        resource: &mut ResourceRef,
        code: Dynamic,
    ) -> Fallible<AnswerRef> {
        let of = ControlOf::Resource(resource.name.clone());
        ask(&context, of, &code, &Dynamic::UNIT, &Map::new())
    }

    /// The same, with what goes in: a text or a blob.
    /// Example: `expect_error(|| resource("EVS1 Disk E:").control("STORAGE_IS_PATH_VALID", "nothing.txt"),
    /// "ERROR_PATH_NOT_FOUND")`
    #[rhai_fn(name = "control", return_raw)]
    pub fn control_input(
        context: NativeCallContext<'_>,
        resource: &mut ResourceRef,
        code: Dynamic,
        input: Dynamic,
    ) -> Fallible<AnswerRef> {
        let of = ControlOf::Resource(resource.name.clone());
        ask(&context, of, &code, &input, &Map::new())
    }

    /// The same, with options: `through`, the node that is asked and asks on (whichever will do if none is named), and `on`,
    /// the node that must own the resource: error 5015 if it does not.
    /// Example: `let info = resource("EVS3 Disk L:").control("STORAGE_GET_DISK_INFO", (), #{ through: "NODE1" });
    /// expect_eq(info.get("Mounted"), "yes");`
    #[rhai_fn(name = "control", return_raw)]
    pub fn control_through(
        context: NativeCallContext<'_>,
        resource: &mut ResourceRef,
        code: Dynamic,
        input: Dynamic,
        options: Map,
    ) -> Fallible<AnswerRef> {
        let of = ControlOf::Resource(resource.name.clone());
        ask(&context, of, &code, &input, &options)
    }

    /// Asks the type as a whole by a control code, on the node that is asked, and waits for the answer.
    /// Example: `expect_eq(resource_type("Generic Script").control("ENUM_PRIVATE_PROPERTIES").text, "ScriptFilepath")`
    #[rhai_fn(name = "control", return_raw)]
    pub fn type_control(
        context: NativeCallContext<'_>,
        kind: &mut ResourceTypeRef,
        code: Dynamic,
    ) -> Fallible<AnswerRef> {
        let of = ControlOf::Type(kind.name.clone());
        ask(&context, of, &code, &Dynamic::UNIT, &Map::new())
    }

    /// The same, with what goes in: a text or a blob.
    /// Example: `expect_eq(resource_type("Physical Disk").control("GET_CHARACTERISTICS", ()).number, 1)`
    #[rhai_fn(name = "control", return_raw)]
    pub fn type_control_input(
        context: NativeCallContext<'_>,
        kind: &mut ResourceTypeRef,
        code: Dynamic,
        input: Dynamic,
    ) -> Fallible<AnswerRef> {
        let of = ControlOf::Type(kind.name.clone());
        ask(&context, of, &code, &input, &Map::new())
    }

    /// The same, with options: `through`, the node that is asked, and `on`, the node whose plugin is.
    /// Example: `let answer = resource_type("Physical Disk").control("GET_CHARACTERISTICS", (), #{ on: "NODE2",
    /// through: "NODE4" }); expect_eq(answer.number, 1);`
    #[rhai_fn(name = "control", return_raw)]
    pub fn type_control_through(
        context: NativeCallContext<'_>,
        kind: &mut ResourceTypeRef,
        code: Dynamic,
        input: Dynamic,
        options: Map,
    ) -> Fallible<AnswerRef> {
        let of = ControlOf::Type(kind.name.clone());
        ask(&context, of, &code, &input, &options)
    }

    /// Belief: what a control code gave, as a text. An error if it is none.
    /// Example: `expect_eq(resource("EVS1 Network Name").control("GET_NETWORK_NAME").text, "MAIL1")`
    #[rhai_fn(get = "text", pure, return_raw)]
    pub fn text(context: NativeCallContext<'_>, answer: &mut AnswerRef) -> Fallible<String> {
        as_text(&context, answer)
    }

    /// Belief: what a control code gave, as a blob.
    /// Example: `expect_eq(resource("EVS1 Disk E:").control("GET_CLASS_INFO").bytes.len(), 8)`
    #[rhai_fn(get = "bytes", pure)]
    pub fn bytes(answer: &mut AnswerRef) -> Blob {
        answer.bytes.to_vec()
    }

    /// Belief: how many bytes a control code gave.
    /// Example: `expect_eq(resource("EVS1 Disk E:").control("GET_CLASS_INFO").size, 8)`
    #[rhai_fn(get = "size", pure)]
    pub fn size(answer: &mut AnswerRef) -> i64 {
        i64::try_from(answer.bytes.len()).unwrap_or(i64::MAX)
    }

    /// Belief: what a control code gave, as a number (a DWORD: four bytes, the lowest first). An error if it is none.
    /// Example: `expect_eq(resource("EVS1 Disk E:").control("GET_CHARACTERISTICS").number, 1)`
    #[rhai_fn(get = "number", pure, return_raw)]
    pub fn number(context: NativeCallContext<'_>, answer: &mut AnswerRef) -> Fallible<i64> {
        match <[u8; 4]>::try_from(answer.bytes.as_slice()) {
            Ok(bytes) => Ok(i64::from(u32::from_le_bytes(bytes))),
            Err(_) => {
                let text = format!(
                    "a number is four bytes, and the answer has {}: {}",
                    answer.bytes.len(),
                    bytes_shown(&answer.bytes)
                );
                Err(Thrown::mistake(text).at(context.call_position()))
            }
        }
    }

    /// Belief: the value of a name in an answer of lines `Name=Value`. An error if there is no such line.
    /// Example: `expect_eq(resource("EVS1 Disk E:").control("STORAGE_GET_DISK_INFO").get("Mounted"), "yes")`
    #[rhai_fn(return_raw)]
    pub fn get(
        context: NativeCallContext<'_>,
        answer: &mut AnswerRef,
        name: &str,
    ) -> Fallible<String> {
        let said = as_text(&context, answer)?;
        let pairs = || said.lines().filter_map(|line| line.split_once('='));
        let found = pairs().find(|(known, _)| known.eq_ignore_ascii_case(name));
        match found {
            Some((_, value)) => Ok(value.to_owned()),
            None => {
                let help = suggestion(name, pairs().map(|(known, _)| known));
                let help = help.map(|help| format!(": {help}")).unwrap_or_default();
                let text = format!("the answer has no line \"{name}=\"{help}");
                Err(Thrown::mistake(text).at(context.call_position()))
            }
        }
    }

    /// The answer as a text, or its bytes.
    #[rhai_fn(global, name = "to_string", pure)]
    pub fn to_string(answer: &mut AnswerRef) -> String {
        match std::str::from_utf8(&answer.bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes_shown(&answer.bytes),
        }
    }

    /// The same, as a script would write it.
    #[rhai_fn(global, name = "to_debug", pure)]
    pub fn to_debug(answer: &mut AnswerRef) -> String {
        bytes_shown(&answer.bytes)
    }

    /// The type's name, as a text.
    #[rhai_fn(global, name = "to_string", pure)]
    pub fn type_to_string(kind: &mut ResourceTypeRef) -> String {
        kind.name.to_string()
    }

    /// The same text, for `debug`.
    #[rhai_fn(global, name = "to_debug", pure)]
    pub fn type_to_debug(kind: &mut ResourceTypeRef) -> String {
        kind.name.to_string()
    }
}
