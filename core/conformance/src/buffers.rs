//! Tests of what crosses the boundary: buffers, codes, and texts that are not UTF-8.

use quorate_abi as abi;

use super::bench::{Bench, Op, code_text};
use super::contract::{NO_CONTROL, NO_TYPE_CONTROL};
use super::refusals::with_error;
use super::{Case, Check, Group, Stop, Test, ensure, passed, test};

const G: Group = Group::Contract;

pub(super) const TESTS: &[Test] = &[
    test(
        "contract-last-error-buffer",
        G,
        "`last_error` writes no more than the buffer holds, says the whole length, and gives UTF-8",
        last_error_buffer,
    ),
    test(
        "contract-control-buffer",
        G,
        "A control code whose answer does not fit says ERROR_MORE_DATA and how much it needs, and writes nothing beyond",
        control_buffer,
    ),
    test(
        "contract-unknown-control",
        G,
        "An unknown control code is left to the host: ERROR_INVALID_FUNCTION",
        unknown_control,
    ),
    test(
        "contract-unknown-type-control",
        G,
        "The same for the type as a whole",
        unknown_type_control,
    ),
    test(
        "contract-control-any-state",
        G,
        "Control codes are answered offline, while pending, online and after `terminate`",
        control_any_state,
    ),
    test(
        "contract-unknown-extension",
        G,
        "An unknown ability is NULL",
        unknown_extension,
    ),
    test(
        "contract-bad-utf8",
        G,
        "A name or control input that is no UTF-8 is taken or refused: nothing crashes",
        bad_utf8,
    ),
];

/// The byte that fills a buffer before a call, to see what was written. It never occurs in UTF-8.
const FILL: u8 = 0xff;

fn last_error_buffer(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let (id, _) = with_error(&mut bench)?;
    let mut whole = vec![FILL; 8 * 1_024];
    let Some(length) = bench.last_error(id, &mut whole)? else {
        return Err(Stop::skipped("there is no `last_error`"));
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    ensure(length <= whole.len(), || {
        format!("a sentence of {length} bytes")
    })?;
    ensure(whole[length..].iter().all(|byte| *byte == FILL), || {
        "it wrote more than the length it says".to_owned()
    })?;
    ensure(whole[..length].last() != Some(&FILL), || {
        format!("it says {length} bytes, and wrote fewer")
    })?;
    ensure(std::str::from_utf8(&whole[..length]).is_ok(), || {
        "it is no UTF-8".to_owned()
    })?;
    for room in [0, 1, length / 2, length] {
        // The plugin is told that the buffer is shorter than it is.
        let mut buffer = vec![FILL; room + 64];
        let said = bench.last_error(id, &mut buffer[..room])?.unwrap_or(0);
        ensure(buffer[room..].iter().all(|byte| *byte == FILL), || {
            format!("it writes behind the end of a buffer of {room} bytes")
        })?;
        ensure(said == length as u64, || {
            format!(
                "the length is {said} with a buffer of {room} bytes, and {length} with a large one"
            )
        })?;
    }
    passed(format!("{length} bytes, cut where they must be"))
}

/// Some control codes that a type may know, of those that a cluster passes on: the original's codes that read, and the
/// first of those that are free for authors.
fn some_codes() -> impl Iterator<Item = u32> {
    let original = (0..128).map(|code| 0x0100_0001 + 4 * code);
    original.chain((0..64).map(|code| abi::CLUSCTL_RESOURCE_USER + 4 * code))
}

fn control_buffer(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    let mut known = 0;
    for code in some_codes() {
        let mut buffer = [FILL; 64];
        let Some((result, needed)) = bench.control(id, code, b"", &mut buffer[..0])? else {
            return Err(Stop::skipped("there is no `resource_control`"));
        };
        ensure(buffer.iter().all(|byte| *byte == FILL), || {
            format!("code {code:#x} writes into a buffer of 0 bytes")
        })?;
        if result != abi::ERROR_MORE_DATA {
            known += usize::from(result == abi::ERROR_SUCCESS);
            continue;
        }
        known += 1;
        ensure(needed > 0 && needed <= 1_024 * 1_024, || {
            format!("code {code:#x} says ERROR_MORE_DATA and needs {needed} bytes")
        })?;
        let room = needed as usize;
        let mut buffer = vec![FILL; room + 64];
        let again = bench.control(id, code, b"", &mut buffer[..room])?;
        ensure(buffer[room..].iter().all(|byte| *byte == FILL), || {
            format!("code {code:#x} writes behind the end of a buffer of {room} bytes")
        })?;
        ensure(
            matches!(again, Some((abi::ERROR_SUCCESS, said)) if said <= needed),
            || format!("code {code:#x} needs {needed} bytes, gets them and says {again:?}"),
        )?;
    }
    if known == 0 {
        return Err(Stop::skipped("it knows none of the codes tried"));
    }
    passed(format!("{known} codes"))
}

fn unknown_control(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    match bench.control(id, NO_CONTROL, b"", &mut [0_u8; 64])? {
        None => passed("there is no `resource_control`"),
        Some((abi::ERROR_INVALID_FUNCTION, _)) => passed("left to the host"),
        Some((abi::ERROR_SUCCESS, _)) => Err(Stop::failed(
            "0 for a code that nobody defines: the host's own answer never gets its turn",
        )),
        Some((code, _)) => Err(Stop::failed(format!(
            "{} for a code that nobody defines",
            code_text(code)
        ))),
    }
}

fn unknown_type_control(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let kind = case.kind.clone();
    match bench.type_control(kind.as_bytes(), NO_TYPE_CONTROL)? {
        None => passed("there is no `resource_type_control`"),
        Some((abi::ERROR_INVALID_FUNCTION, _)) => passed("left to the host"),
        Some((code, _)) => Err(Stop::failed(format!(
            "{} for a code that nobody defines",
            code_text(code)
        ))),
    }
}

fn control_any_state(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    let mut answers = Vec::new();
    let mut ask = |bench: &mut Bench<'_>| -> Result<(), Stop> {
        let answer = bench.control(id, NO_CONTROL, b"", &mut [0_u8; 64])?;
        answers.push(answer.map(|(code, _)| code));
        Ok(())
    };
    ask(&mut bench)?;
    bench.begin(id, Op::Online)?;
    ask(&mut bench)?;
    bench.terminate(id)?;
    ask(&mut bench)?;
    bench.bring_online(id)?;
    ask(&mut bench)?;
    bench.terminate(id)?;
    ask(&mut bench)?;
    if answers.first() == Some(&None) {
        return Err(Stop::skipped("there is no `resource_control`"));
    }
    answers.dedup();
    ensure(answers.len() == 1, || {
        format!("the answer depends on the state: {answers:?}")
    })?;
    passed("the same answer in every state")
}

fn unknown_extension(case: &Case<'_>) -> Check {
    let bench = Bench::new(case)?;
    match bench.extension("quorate.no-such-ability/1")? {
        None => passed("there is no `get_extension`"),
        Some(found) if found.is_null() => passed("NULL"),
        Some(_) => Err(Stop::failed(
            "something is there for an id that nobody defines",
        )),
    }
}

fn bad_utf8(case: &Case<'_>) -> Check {
    let mut bench = Bench::new(case)?;
    let id = bench.open(0)?;
    bench.bring_online(id)?;
    bench.terminate(id)?;
    bench.close(id)?;
    let spec = bench.spec(0);
    let done = match bench.try_open(spec, 0, b"\xff\xfe name")? {
        Err(code) => format!("the name is refused with {}", code_text(code)),
        Ok(id) => {
            bench.control(id, NO_CONTROL, b"\xff\xfe", &mut [0_u8; 64])?;
            bench.begin(id, Op::Online)?;
            bench.terminate(id)?;
            bench.sentence(id)?;
            bench.close(id)?;
            "the name is taken".to_owned()
        }
    };
    bench.type_control(b"\xff\xfe", NO_TYPE_CONTROL)?;
    ensure(bench.panics.is_empty(), || bench.panics.join("; "))?;
    passed(done)
}
