//! "Did you mean": the known name nearest to an unknown one.

/// The one of `known` that `given` most likely stands for: equal but for case, near enough in spelling, or
/// beginning with it.
pub fn nearest<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let given = given.to_lowercase();
    let length = given.chars().count();
    let score = |candidate: &'k str| {
        let lower = candidate.to_lowercase();
        let longest = length.max(lower.chars().count());
        let distance = strsim::damerau_levenshtein(&given, &lower);
        // About one slip in three characters; a name of two characters may still have one.
        let near = distance <= (longest / 3).max(1) && distance < longest;
        let begun = length >= 3 && lower.starts_with(&given);
        (near || begun).then_some((distance, candidate))
    };
    let scored = known.into_iter().filter_map(score);
    scored
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Help for an unknown name: the nearest known one, or all known names if there are few.
pub(crate) fn help<'k>(
    given: &str,
    known: impl IntoIterator<Item = &'k str> + Clone,
) -> Option<String> {
    if let Some(nearest) = nearest(given, known.clone()) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    let all: Vec<&str> = known.into_iter().collect();
    match all.len() {
        0 => None,
        1 => Some(format!("there is only {}", list(&all))),
        2..=12 => Some(format!("there are {}", list(&all))),
        _ => None,
    }
}

/// `a`, `b` and `c`, each in back quotes.
pub(crate) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_nonsense_is_not() {
        let known = ["NODE1", "NODE2", "RestartThreshold"];
        assert_eq!(nearest("RestartTreshold", known), Some("RestartThreshold"));
        assert_eq!(nearest("node2", known), Some("NODE2"));
        assert_eq!(nearest("NODE9", known), Some("NODE1"));
        assert_eq!(nearest("restart", known), Some("RestartThreshold"));
        assert_eq!(nearest("zebra", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn lists_read_as_a_sentence() {
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a"]), "`a`");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(
            help("zebra", ["a", "b"]).as_deref(),
            Some("there are `a` and `b`")
        );
    }
}
