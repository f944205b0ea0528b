//! Failures that are known and not yet mended.

use super::{Test, Verdict, choice};

/// A list of tests that are known to fail, so that a check can pass meanwhile and notices what is new.
///
/// As a file it has a test on each line, after the type and a colon if it is only about one, and before `#` and the reason:
///
/// ```text
/// # What the next release mends.
/// Web Proxy: life-dead        # it does not look at its cache's disk
/// library-described
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownFailures(Vec<Known>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    /// The type; `None` stands for all of them.
    kind: Option<String>,
    test: &'static str,
    why: String,
}

impl KnownFailures {
    /// Reads such a file.
    ///
    /// # Errors
    /// The first line that names no test, with its number and what was probably meant.
    pub fn parse(text: &str) -> Result<KnownFailures, String> {
        let mut all = KnownFailures::default();
        for (number, line) in text.lines().enumerate() {
            let (entry, why) = line.split_once('#').unwrap_or((line, ""));
            if entry.trim().is_empty() {
                continue;
            }
            let (kind, test) = match entry.rsplit_once(':') {
                Some((kind, test)) => (Some(kind.trim()), test.trim()),
                None => (None, entry.trim()),
            };
            all.add(kind, test, why.trim())
                .map_err(|why| format!("line {}: {why}", number + 1))?;
        }
        Ok(all)
    }

    /// Adds a test that is known to fail for a type, or for all of them and the library.
    ///
    /// # Errors
    /// If there is no such test.
    pub fn add(&mut self, kind: Option<&str>, test: &str, why: &str) -> Result<(), String> {
        let found = super::tests().find(|it| it.id == test);
        let found = found.ok_or_else(|| choice::unknown(test))?;
        self.0.push(Known {
            kind: kind.map(str::to_owned),
            test: found.id,
            why: why.to_owned(),
        });
        Ok(())
    }

    /// The types that are named.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|known| known.kind.as_deref())
    }

    /// What a verdict comes to: a known failure is [`Verdict::Known`], and one that is listed and passes is a failure of
    /// the list, so that it does not hide what breaks later.
    pub fn judge(
        &self,
        kind: &str,
        test: &Test,
        verdict: Verdict,
        why: String,
    ) -> (Verdict, String) {
        let about = |known: &&Known| {
            known.test == test.id && known.kind.as_deref().is_none_or(|it| it == kind)
        };
        let Some(known) = self.0.iter().find(about) else {
            return (verdict, why);
        };
        match verdict {
            Verdict::Failed | Verdict::Crashed if known.why.is_empty() => (Verdict::Known, why),
            Verdict::Failed | Verdict::Crashed => (Verdict::Known, format!("{}: {why}", known.why)),
            // One that is listed for all types may well pass for some.
            Verdict::Passed | Verdict::Warning if known.kind.is_some() || kind.is_empty() => (
                Verdict::Failed,
                "it passes, and stands in the list of known failures: take it out there".to_owned(),
            ),
            verdict => (verdict, why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(list: &str, kind: &str, id: &str, verdict: Verdict) -> (Verdict, String) {
        let known = KnownFailures::parse(list).unwrap();
        let test = crate::tests().find(|test| test.id == id).unwrap();
        known.judge(kind, test, verdict, "it broke".to_owned())
    }

    #[test]
    fn what_is_listed_is_known_and_nothing_else() {
        let list = "# later\n\nWeb: life-dead # ticket 7\nlibrary-described\n";
        let (verdict, why) = judged(list, "Web", "life-dead", Verdict::Failed);
        assert_eq!((verdict, &*why), (Verdict::Known, "ticket 7: it broke"));
        let (verdict, _) = judged(list, "Mail", "life-dead", Verdict::Failed);
        assert_eq!(verdict, Verdict::Failed);
        let (verdict, _) = judged(list, "Web", "life-alive", Verdict::Crashed);
        assert_eq!(verdict, Verdict::Crashed);
        let (verdict, _) = judged(list, "", "library-described", Verdict::Crashed);
        assert_eq!(verdict, Verdict::Known);
    }

    #[test]
    fn what_is_listed_and_passes_is_to_be_taken_out() {
        let (verdict, why) = judged("Web: life-dead", "Web", "life-dead", Verdict::Passed);
        assert_eq!(verdict, Verdict::Failed);
        assert!(why.contains("take it out"), "{why}");
        let (verdict, _) = judged("life-dead", "Web", "life-dead", Verdict::Passed);
        assert_eq!(verdict, Verdict::Passed, "it may fail for another type");
        let (verdict, _) = judged("Web: life-dead", "Web", "life-dead", Verdict::Skipped);
        assert_eq!(verdict, Verdict::Skipped);
    }

    #[test]
    fn a_line_without_a_test_is_named_with_its_number() {
        let why = KnownFailures::parse("# fine\nWeb: life-ded").unwrap_err();
        assert!(
            why.starts_with("line 2: ") && why.contains("did you mean `life-dead`?"),
            "{why}"
        );
    }
}
