//! Which tests are run.

use quorate_model::nearest;

use super::{Group, Test};

/// The tests that are run: all, or those that are included, without those that are excluded.
///
/// Each pattern stands for the tests whose name, or whose group's, it is; `*` in it stands for any text.
///
/// ```
/// use quorate_conformance::{Choice, tests};
///
/// let choice = Choice {
///     include: vec!["life-*".to_owned(), "arbitration".to_owned()],
///     exclude: vec!["life-leak-*".to_owned()],
/// };
/// choice.check()?;
/// let chosen: Vec<_> = tests().filter(|test| choice.takes(test)).collect();
/// assert!(chosen.iter().any(|test| test.id == "life-online"));
/// assert!(!chosen.iter().any(|test| test.id == "life-leak-memory"));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Patterns of tests to run; none stands for all of them.
    pub include: Vec<String>,
    /// Patterns of tests not to run, even if they are included.
    pub exclude: Vec<String>,
}

impl Choice {
    /// Whether a test is run.
    pub fn takes(&self, test: &Test) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| is_of(test, pattern));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }

    /// Checks that each pattern stands for a test, and that a test is left.
    ///
    /// # Errors
    /// The pattern that stands for none, with what was probably meant.
    pub fn check(&self) -> Result<(), String> {
        for pattern in self.include.iter().chain(&self.exclude) {
            if !super::tests().any(|test| is_of(test, pattern)) {
                return Err(unknown(pattern));
            }
        }
        if super::tests().any(|test| self.takes(test)) {
            Ok(())
        } else {
            Err("no test is left: every one that is included is excluded, too".to_owned())
        }
    }
}

/// What is wrong with the name of a test that there is not.
pub(super) fn unknown(name: &str) -> String {
    let names = super::tests().map(|test| test.id);
    let groups = Group::ALL.iter().map(|group| group.as_str());
    let near = nearest(name, names.chain(groups));
    let help = near.map_or_else(
        || "`quorate plugin check --list` shows what there is".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    format!("no test and no group of tests is called `{name}`; {help}")
}

fn is_of(test: &Test, pattern: &str) -> bool {
    matches(pattern, test.id) || matches(pattern, test.group.as_str())
}

/// Whether a pattern stands for a name as a whole.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_everything_else_for_itself() {
        for (pattern, name) in [
            ("life-online", "life-online"),
            ("life-*", "life-online"),
            ("*-online", "life-online"),
            ("*", "life-online"),
            ("l*e-*ne", "life-online"),
            ("life*online", "life-online"),
        ] {
            assert!(matches(pattern, name), "{pattern}");
        }
        for (pattern, name) in [
            ("life", "life-online"),
            ("online", "life-online"),
            ("life-*-online", "life-online"),
            ("life-on*online", "life-online"),
            ("", "life-online"),
        ] {
            assert!(!matches(pattern, name), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_stands_for_nothing_is_named_with_what_was_meant() {
        let choice = |include: &[&str], exclude: &[&str]| Choice {
            include: include.iter().map(|it| (*it).to_owned()).collect(),
            exclude: exclude.iter().map(|it| (*it).to_owned()).collect(),
        };
        assert_eq!(choice(&[], &[]).check(), Ok(()));
        let why = choice(&["life-onlin"], &[]).check().unwrap_err();
        assert!(why.contains("did you mean `life-online`?"), "{why}");
        let why = choice(&[], &["arbitratoin"]).check().unwrap_err();
        assert!(why.contains("did you mean `arbitration`?"), "{why}");
        let why = choice(&["life-online"], &["life-*"]).check().unwrap_err();
        assert!(why.contains("no test is left"), "{why}");
    }
}
