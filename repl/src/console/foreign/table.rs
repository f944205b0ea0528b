//! What stands in the tables of foreign words.

use super::Subjects;
use super::line::Value;

/// What a foreign word is here.
#[derive(Clone, Copy)]
pub(super) enum Here {
    /// This line, where `{it}` is what the word is about, and `{value}` what is given with it.
    Line(&'static str),
    /// What this function makes of it; the text shows it in pages and help.
    Made(&'static str, fn(&Call<'_>) -> Result<String, String>),
    /// Nothing: what to do instead.
    Not(&'static str),
}

/// One use of a word.
pub(super) struct Call<'a> {
    /// What it is about; empty where nothing is named.
    pub(super) it: &'a str,
    /// The noun of the drill language for it: `group`, `resource`, `node`, or `quorum`.
    pub(super) noun: &'static str,
    /// What is given with the word.
    pub(super) values: Vec<Value>,
    /// The names of switches and parameters that were given, too, in small letters.
    pub(super) switches: Vec<String>,
    pub(super) subjects: &'a dyn Subjects,
}

impl Call<'_> {
    /// The object as the drill language writes it.
    pub(super) fn object(&self) -> String {
        object(self.noun, self.it)
    }

    /// The first value.
    pub(super) fn value(&self) -> Option<&str> {
        self.values.first().map(|value| value.text.as_str())
    }

    /// Whether a switch was given.
    pub(super) fn has(&self, switch: &str) -> bool {
        self.switches.iter().any(|it| it == switch)
    }
}

/// An object as the drill language writes it.
pub(super) fn object(noun: &str, name: &str) -> String {
    match noun {
        "quorum" => "quorum()".to_owned(),
        noun => format!("{noun}({})", text(name)),
    }
}

/// A text as the drill language writes it.
pub(super) fn text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A list of texts as the drill language writes it.
pub(super) fn list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let texts: Vec<String> = texts.map(text).collect();
    format!("[{}]", texts.join(", "))
}

/// A value for a property as the drill language writes it: by what the property takes, and where that is not known by how it
/// looks.
pub(super) fn property_value(call: &Call<'_>, property: &str, typed: &str) -> String {
    let known = call.subjects.property(call.it, property);
    let like = known.and_then(|known| known.value.or(known.default));
    let number = || {
        let hex = typed.strip_prefix("0x").or(typed.strip_prefix("0X"));
        match hex {
            Some(digits) => i64::from_str_radix(digits, 16).ok(),
            None => typed.parse::<i64>().ok(),
        }
    };
    match like {
        Some(quorate_model::Value::Text(_)) => text(typed),
        Some(quorate_model::Value::List(_)) => {
            let parts = typed.split([',', ';']).map(str::trim);
            list(parts.filter(|part| !part.is_empty()))
        }
        Some(quorate_model::Value::Dword(_)) | None => {
            number().map_or_else(|| text(typed), |number| number.to_string())
        }
    }
}

/// The line that sets a property, or gives it its default again.
pub(super) fn set(call: &Call<'_>, property: &str, value: Option<&str>) -> String {
    let value = value.map_or_else(
        || "()".to_owned(),
        |typed| property_value(call, property, typed),
    );
    format!("{}.set({}, {value})", call.object(), text(property))
}

/// What waits for something, for at most so many seconds.
pub(super) fn wait(condition: &str, seconds: Option<&str>) -> Result<String, String> {
    let seconds = seconds.unwrap_or("60");
    if seconds.parse::<u32>().is_err() {
        return Err(format!(
            "a time to wait is a number of seconds, and {seconds} is none"
        ));
    }
    Ok(format!("; eventually(|| {condition}, \"{seconds}s\")"))
}
