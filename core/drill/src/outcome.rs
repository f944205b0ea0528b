//! The state that a drill left behind, for its report.

use std::time::Duration;

use quorate_model::ClientStatus;
use quorate_model::events::EVENT_MONITOR_DIED;

use crate::GroupOutcome;
use crate::stage::Stage;

/// Slow calls of plugins are told if they took at least this long together, and a third of the drill's time.
const SLOW: Duration = Duration::from_secs(1);

/// The slow calls of plugins, if the drill took long by them.
pub(crate) fn slow_calls(drill: Duration, (whole, calls): (Duration, Vec<String>)) -> Vec<String> {
    match whole >= SLOW && whole * 3 >= drill {
        true => calls,
        false => Vec::new(),
    }
}

/// Every group as it is now.
pub(crate) fn outcomes(stage: &dyn Stage) -> Vec<GroupOutcome> {
    let groups = stage.group_statuses().into_iter();
    groups
        .map(|group| GroupOutcome {
            outage: stage.outage(&group.name),
            planned_outage: stage.planned_outage(&group.name),
            state: group.state.to_string(),
            stopped: group.stopped,
            owner: group.owner,
            is_virtual_server: group.is_virtual_server,
            name: group.name,
        })
        .collect()
}

/// What all clients have seen so far.
pub(crate) fn called(stage: &dyn Stage) -> Vec<ClientStatus> {
    (0..)
        .map_while(|number| stage.client_status(number))
        .collect()
}

/// How resource monitor processes died, by event 1146: each kind of death once, with its count.
pub(crate) fn crashes(stage: &dyn Stage) -> Vec<String> {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for line in stage.notices(EVENT_MONITOR_DIED) {
        let Some(text) = line.get("text").and_then(|text| text.as_str()) else {
            continue;
        };
        // This event also reports a whole monitor that was replaced, for which no plugin is to blame.
        if !text.starts_with("Resource monitor of ") {
            continue;
        }
        // The rest of the text says what happens next, which belongs in the journal only.
        let text = text.split(". ").next().unwrap_or(text);
        match kinds.iter_mut().find(|(known, _)| known == text) {
            Some((_, times)) => *times += 1,
            None => kinds.push((text.to_owned(), 1)),
        }
    }
    let told = kinds.into_iter().map(|(text, times)| match times {
        1 => text,
        times => format!("{text}, {times} times"),
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_calls_are_told_where_a_drill_took_long_by_them() {
        let seconds = Duration::from_secs;
        let told = |drill, whole| slow_calls(drill, (whole, vec!["IsAlive".to_owned()])).len();
        assert_eq!(told(seconds(3), seconds(2)), 1);
        assert_eq!(told(seconds(1), seconds(1) / 2), 0, "not long");
        assert_eq!(told(seconds(60), seconds(2)), 0, "not by them");
    }
}
