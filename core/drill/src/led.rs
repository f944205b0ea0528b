//! What led to a failure, as the drill's journal tells it.

use quorate_report::{Moment, Run, Runs, Timeline};

use crate::Failure;

/// How many events of a chain of causes are shown; of a longer one its begin and its end.
const SHOWN: usize = 12;

/// What a condition can have read of something: what says how it is, and not what is merely said about it.
const TELLING: [&str; 18] = [
    "service-level",
    "client",
    "group-state",
    "group-owner",
    "group-moving",
    "group-move-cancelled",
    "group-stranded",
    "group-resting",
    "resource-state",
    "restart",
    "given-up",
    "node-state",
    "quorum",
    "coordinator",
    "coordinator-lost",
    "halted",
    "power",
    "reservation",
];

/// Fills in what led to the failure, from the whole journal of the drill.
pub(crate) fn tell(failure: &mut Failure, journal: &[u8]) {
    let Some(Ok(run)) = Runs::new(journal).next() else {
        return;
    };
    let last = last_told(&run, &failure.about);
    let chain = last.map(|last| run.chain(last.n)).unwrap_or_default();
    // An event of which no cause is known is among the last events already.
    if chain.len() > 1 {
        failure.led = lines(&chain);
    }
    if !run.faults.is_empty() || !run.outages().is_empty() {
        failure.timeline = Timeline::default().draw(&run);
    }
}

/// The last event that tells something of what the condition read; of anything, if it read nothing that has a name.
fn last_told<'a>(run: &'a Run, about: &[String]) -> Option<Moment<'a>> {
    let is_about = |moment: &Moment<'_>| {
        let mut names = [moment.subject, moment.node].into_iter().flatten();
        about.is_empty() || names.any(|name| about.iter().any(|it| it == name))
    };
    let in_time = run.moments().rev().skip_while(|it| it.at > run.until);
    // What clears up after the drill has its end before it.
    let in_time = in_time.skip_while(|it| it.kind != "end").skip(1);
    let telling = in_time.filter(|it| TELLING.contains(&it.kind));
    let subject = |it: &Moment<'_>| {
        it.subject
            .is_some_and(|name| about.iter().any(|one| one == name))
    };
    let mut telling = telling.filter(is_about);
    let first = telling.next()?;
    if about.is_empty() || subject(&first) {
        return Some(first);
    }
    telling.find(subject).or(Some(first))
}

/// One line for each event of a chain, oldest first.
fn lines(chain: &[Moment<'_>]) -> Vec<String> {
    let line = |it: &Moment<'_>| format!("{}  {}", it.at, it.text);
    // Of a long chain what the services of a resource do says least.
    let weighty = |it: &&Moment<'_>| !["service", "mount", "address", "log"].contains(&it.kind);
    let short: Vec<Moment<'_>> = chain.iter().filter(weighty).copied().collect();
    let chain = if chain.len() > SHOWN { &short } else { chain };
    if chain.len() <= SHOWN {
        return chain.iter().map(line).collect();
    }
    let (head, tail) = (6, SHOWN - 6);
    let mut lines: Vec<String> = chain[..head].iter().map(line).collect();
    lines.push(format!("… {} more …", chain.len() - SHOWN));
    lines.extend(chain[chain.len() - tail..].iter().map(line));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOURNAL: &str = concat!(
        r#"{"schema":"quorate-journal/2","seed":7,"cluster":"C","civil_start_ms":0,"nodes":["A"]}"#,
        "\n",
        r#"{"t":1,"n":0,"kind":"fault-injected","id":1,"fault":{"what":"crash","node":"A"},"text":"A loses power"}"#,
        "\n",
        r#"{"t":2,"n":1,"node":"A","because":0,"kind":"power","on":false,"reason":"power lost"}"#,
        "\n",
        r#"{"t":3,"n":2,"because":1,"kind":"service-level","subject":"WEB","online":false,"planned":false}"#,
        "\n",
        r#"{"t":4,"n":3,"kind":"service-level","subject":"PRINT","online":true}"#,
        "\n",
        r#"{"t":5,"n":4,"kind":"end","disturbed":0,"groups":[]}"#,
        "\n",
        r#"{"t":5,"n":5,"kind":"service-level","subject":"WEB","online":true}"#,
        "\n",
    );

    #[test]
    fn the_chain_ends_with_what_was_read() {
        let mut failure = Failure {
            about: vec!["WEB".to_owned()],
            ..Failure::default()
        };
        tell(&mut failure, JOURNAL.as_bytes());
        assert_eq!(
            failure.led,
            [
                "0:00:00.000  A loses power",
                "0:00:00.000  A goes off: power lost",
                "0:00:00.000  WEB is out of service for clients",
            ]
        );
        assert!(failure.timeline.contains("fault 1: A loses power"));
    }

    #[test]
    fn what_has_no_cause_leads_nowhere() {
        let mut failure = Failure {
            about: vec!["PRINT".to_owned()],
            ..Failure::default()
        };
        tell(&mut failure, JOURNAL.as_bytes());
        assert!(failure.led.is_empty());
        tell(&mut failure, b"");
        assert!(failure.led.is_empty());
    }
}
