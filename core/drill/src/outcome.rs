//! What a drill left, as its report has it.

use quorate_model::ClientStatus;
use quorate_model::events::EVENT_MONITOR_DIED;

use crate::GroupOutcome;
use crate::stage::Stage;

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

/// What all clients saw up to now.
pub(crate) fn called(stage: &dyn Stage) -> Vec<ClientStatus> {
    (0..)
        .map_while(|number| stage.client_status(number))
        .collect()
}

/// How resource monitor processes died, as event 1146 has it, each kind of death with how often it came.
pub(crate) fn crashes(stage: &dyn Stage) -> Vec<String> {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for line in stage.notices(EVENT_MONITOR_DIED) {
        let Some(text) = line.get("text").and_then(|text| text.as_str()) else {
            continue;
        };
        // Where a monitor as a whole was replaced no plugin is to blame.
        if !text.starts_with("Resource monitor of ") {
            continue;
        }
        // What becomes of it is for the journal.
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
