//! The hour that clocks on the wall showed.

use jiff::Timestamp;
use quorate_journal::Header;
use quorate_model::Time;

/// An instant of a run in civil time, UTC, as `format` has it (as `strftime` does). An hour that no calendar has is `-`.
pub(crate) fn utc(header: &Header, at: Time, format: &str) -> String {
    let passed = i64::try_from(at.0).unwrap_or(i64::MAX);
    let micros = header
        .civil_start_ms
        .saturating_mul(1_000)
        .saturating_add(passed);
    let instant = Timestamp::from_microsecond(micros);
    instant.map_or_else(|_| "-".to_owned(), |it| it.strftime(format).to_string())
}
