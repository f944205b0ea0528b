//! Calls that took long, in real time: of what a drill waited for.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use quorate_model::Lasting;

use super::whom::Whom;

/// Calls that took longer than this are kept.
const SLOW: Duration = Duration::from_millis(100);

/// By library, resource and entry: how many calls were slow, how long they took together, and the longest.
type Kept = BTreeMap<(String, String, &'static str), (u32, Duration, Duration)>;

static KEPT: Mutex<Kept> = Mutex::new(BTreeMap::new());

/// Notes how long a call took.
pub(crate) fn note_slow(whom: Whom<'_>, took: Duration) {
    if took < SLOW {
        return;
    }
    let key = (whom.plugin.to_owned(), whom.resource.to_owned(), whom.entry);
    let mut kept = KEPT.lock();
    let (times, whole, most) = kept.entry(key).or_default();
    *times += 1;
    *whole += took;
    *most = took.max(*most);
}

/// Takes the calls of plugins that took longer than 100 ms since this was last asked, in this process: how long they took
/// together, and a line for each entry, the worst first.
pub fn take_slow_calls() -> (Duration, Vec<String>) {
    told(std::mem::take(&mut *KEPT.lock()))
}

fn told(kept: Kept) -> (Duration, Vec<String>) {
    let mut all: Vec<_> = kept.into_iter().collect();
    all.sort_by_key(|(_, (_, whole, _))| std::cmp::Reverse(*whole));
    let whole = all.iter().map(|(_, (_, whole, _))| *whole).sum();
    let short = |took| Lasting(took).to(Duration::from_millis(1)).to_string();
    let lines = all.into_iter().map(|((plugin, resource, entry), kept)| {
        let of = super::record::of(&plugin, &resource, entry);
        match kept {
            (1, whole, _) => format!("{of} took {}", short(whole)),
            (times, whole, most) => format!(
                "{of} took {} in {times} calls, {} the longest",
                short(whole),
                short(most)
            ),
        }
    });
    (whole, lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_calls_are_told_the_worst_first_and_quick_ones_are_none() {
        let mut kept = Kept::new();
        let of = |resource: &str, entry| ("exres".to_owned(), resource.to_owned(), entry);
        let (one, two) = (Duration::from_millis(500), Duration::from_secs(2));
        kept.insert(of("Short", "Online"), (1, one, one));
        kept.insert(of("Long", "IsAlive"), (3, two * 2, two));
        let (whole, lines) = told(kept);
        assert_eq!(whole, two * 2 + one);
        assert_eq!(
            lines,
            [
                "IsAlive of `Long` (plugin `exres`) took 4s in 3 calls, 2s the longest",
                "Online of `Short` (plugin `exres`) took 500ms",
            ]
        );
        let whom = Whom {
            plugin: "p",
            resource: "r",
            entry: "quick",
        };
        note_slow(whom, SLOW - Duration::from_millis(1));
        assert!(KEPT.lock().keys().all(|(_, _, entry)| *entry != "quick"));
    }
}
