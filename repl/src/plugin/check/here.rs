//! One test in the very process that was started, for debuggers, recorders and sanitizers.

use quorate_conformance::{Catalog, Test, Verdict};
use quorate_host::{KeptCopies, tell_deaths};

use super::child::{Child, run_here};
use super::report;
use crate::exit::Exit;
use crate::output::Output;

/// Runs the test called `id` on the type, and shows all its calls. `kinds` are the types that are meant.
///
/// # Errors
///
/// If there is no such test, or if it is not clear which type is meant.
pub(super) fn run(
    child: &Child,
    id: &str,
    kinds: &[String],
    catalog: &Catalog,
    output: &mut Output,
) -> Result<Exit, String> {
    let test = quorate_conformance::tests().find(|test| test.id == id);
    let test: &Test = test.ok_or_else(|| {
        let near = quorate_model::nearest(id, quorate_conformance::tests().map(|test| test.id));
        let near = near.map_or_else(String::new, |near| format!(": did you mean `{near}`?"));
        format!("there is no test `{id}`{near}; --list shows them all")
    })?;
    let kind = match (test.is_per_type(), kinds) {
        (false, _) => "",
        (true, [kind]) => kind,
        (true, kinds) => {
            let kinds = kinds.join("`, `");
            return Err(format!(
                "`{id}` tests one type: name it with --type; there are `{kinds}`"
            ));
        }
    };
    tell_deaths();
    let _copies = KeptCopies::begin();
    let mut providers = Vec::new();
    let mut run = run_here(child, test, kind, &providers);
    // What it showed at first counts: a library is loaded once.
    while !run.verdict.is_bad() && catalog.supply(&run.wanted, &mut providers) {
        run = run_here(child, test, kind, &providers);
    }
    output.line(&report::one(test, kind, &run, output.paint()));
    Ok(match run.verdict {
        Verdict::Failed | Verdict::Crashed => Exit::Fail,
        Verdict::Unknown => Exit::Unknown,
        Verdict::Passed | Verdict::Known | Verdict::Warning | Verdict::Skipped => Exit::Pass,
    })
}
