//! The start of a drill, and the option maps of `drill` and `cluster`.

use quorate_drill::{CivilError, CivilTime, DrillOptions, Span, Thrown};
use rhai::{Dynamic, FnPtr, Map, NativeCallContext};

use super::options;
use crate::session::{Here, Session};
use crate::thrown::{Fallible, Raise};
use crate::values::spoken;

/// The native function behind `drill(name, options, body)`.
pub(super) fn begin(
    context: &NativeCallContext<'_>,
    name: &str,
    options: &Map,
    body: &FnPtr,
) -> Fallible<()> {
    let session = Session::of(context)?;
    let here = Here::new(context, &session);
    quorate_drill::tell::begin(&here)?;
    let options =
        drill_options(options).map_err(|text| Thrown::mistake(text).at(context.call_position()))?;
    quorate_drill::tell::drill(&here, name, &options, body)
}

/// The options of `cluster`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClusterOptions {
    /// The seed.
    pub(crate) seed: Option<u64>,
    /// What its local clock shows at power-on.
    pub(crate) start: Option<CivilTime>,
    /// Whether it stays at power-on, without a wait until it is up.
    pub(crate) cold: bool,
}

/// Reads the options of a drill. An error is one sentence.
pub(crate) fn drill_options(map: &Map) -> Result<DrillOptions, String> {
    options::only("drill", map, options::DRILL)?;
    let cluster = map
        .get("cluster")
        .ok_or("a drill needs its cluster: #{ cluster: \"../clusters/four-node.ron\" }")?;
    let cluster = text("cluster", cluster)?;
    let tags = match map.get("tags") {
        None => Vec::new(),
        Some(tags) => tags
            .as_array_ref()
            .map_err(|kind| wrong("tags", "a list of texts", kind))?
            .iter()
            .map(|tag| text("tags", tag))
            .collect::<Result<_, _>>()?,
    };
    let skip = match map.get("skip") {
        None => None,
        Some(skip) => match skip.as_bool() {
            Ok(false) => None,
            Ok(true) => Some("the script says so".to_owned()),
            Err(_) => Some(text("skip", skip)?),
        },
    };
    let limit = match map.get("limit") {
        None => None,
        Some(limit) => Some(span("limit", limit)?),
    };
    Ok(DrillOptions {
        cluster,
        seed: seed(map)?,
        start: start(map)?,
        tags,
        skip,
        known: known(map)?,
        limit,
        cold: cold(map)?,
        plugins: plugins(map)?,
    })
}

/// Why a drill is expected to fail, if it is.
fn known(map: &Map) -> Result<Option<String>, String> {
    const HOW: &str = "write expect: \"fail\", because: \"…\"";
    let Some(expect) = map.get("expect") else {
        return match map.contains_key("because") {
            true => Err(format!(
                "the option \"because\" says why a drill is expected to fail: {HOW}"
            )),
            false => Ok(None),
        };
    };
    let expect = text("expect", expect)?;
    if expect != "fail" {
        return Err(format!(
            "the option \"expect\" takes \"fail\", for a known fault, and not {expect:?}: {HOW}"
        ));
    }
    let because = match map.get("because") {
        Some(because) => text("because", because)?,
        None => String::new(),
    };
    match because.trim().is_empty() {
        true => Err(format!("a drill that is expected to fail says why: {HOW}")),
        false => Ok(Some(because)),
    }
}

impl ClusterOptions {
    /// Reads the map. An error is one sentence.
    pub(crate) fn read(map: &Map) -> Result<ClusterOptions, String> {
        options::only("cluster", map, options::CLUSTER)?;
        Ok(ClusterOptions {
            seed: seed(map)?,
            start: start(map)?,
            cold: cold(map)?,
        })
    }
}

fn seed(map: &Map) -> Result<Option<u64>, String> {
    match map.get("seed") {
        None => Ok(None),
        Some(seed) => {
            let number = seed
                .as_int()
                .map_err(|kind| wrong("seed", "a whole number", kind))?;
            u64::try_from(number)
                .map(Some)
                .map_err(|_| format!("the option \"seed\" must not be negative: {number}"))
        }
    }
}

fn start(map: &Map) -> Result<Option<CivilTime>, String> {
    let Some(start) = map.get("start") else {
        return Ok(None);
    };
    text("start", start)?
        .parse()
        .map(Some)
        .map_err(|error: CivilError| error.to_string())
}

fn plugins(map: &Map) -> Result<Vec<(String, String)>, String> {
    const WANTED: &str = "a map of plugins to the command that gets each, such as #{ \"web-proxy\": \"cargo build\" }";
    let Some(given) = map.get("plugins") else {
        return Ok(Vec::new());
    };
    let given = given
        .as_map_ref()
        .map_err(|kind| wrong("plugins", WANTED, kind))?;
    given
        .iter()
        .map(|(name, remedy)| {
            let remedy = remedy.as_immutable_string_ref().map_err(|kind| {
                let text = wrong("plugins", WANTED, kind);
                format!("{text} for \"{name}\"")
            })?;
            Ok((name.to_string(), remedy.to_string()))
        })
        .collect()
}

fn cold(map: &Map) -> Result<bool, String> {
    match map.get("cold") {
        None => Ok(false),
        Some(cold) => cold
            .as_bool()
            .map_err(|kind| wrong("cold", "true or false", kind)),
    }
}

fn text(option: &str, value: &Dynamic) -> Result<String, String> {
    value
        .as_immutable_string_ref()
        .map(|text| text.to_string())
        .map_err(|kind| wrong(option, "a text", kind))
}

fn span(option: &str, value: &Dynamic) -> Result<Span, String> {
    if let Some(span) = value.read_lock::<Span>() {
        return Ok(*span);
    }
    text(option, value)?
        .parse()
        .map_err(|error: quorate_drill::SpanError| error.to_string())
}

fn wrong(option: &str, wanted: &str, kind: &str) -> String {
    format!(
        "the option \"{option}\" takes {wanted}, not {}",
        spoken(kind)
    )
}
