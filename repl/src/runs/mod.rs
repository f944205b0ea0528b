//! What journals tell: `quorate report` and `quorate explain`.

mod explain;
mod open;
mod report;

pub(crate) use explain::{ExplainArgs, explain};
pub(crate) use report::{ReportArgs, report};

/// The examples in the help of `quorate explain`.
pub(crate) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  quorate drill lost-node.rhai --journal run.jsonl
  quorate explain run.jsonl                       every outage, from its cause to its end
  quorate explain run.jsonl --group EVS3          why it was not online, why it moved, why it did not go back
  quorate explain run.jsonl --group EVS3 --at 0:01:30
  quorate explain run.jsonl --drill standby       one drill of several in the file

With several drills in a file, and one that did not pass, that one is explained.";

/// The examples in the help of `quorate report`.
pub(crate) const REPORT_EXAMPLES: &str = "\
Examples:
  quorate drill scripts/drills --journal run.jsonl
  quorate report run.jsonl                        outages and a timeline of each drill, as text
  quorate report run.jsonl --drill standby --group EVS3
  quorate report run.jsonl --html run.html        a page with the timeline, to look at and to show
  quorate report run.jsonl --csv outages.csv --trace run.json --cluster-log logs --junit drills.xml
  quorate report before.jsonl after.jsonl --diff  where two runs part, and the outages of both
  quorate report quorate-rig/state                the journals of all nodes of a live cluster, as one run

Everything is made from journals, as `quorate drill --journal` and `quorate node` write them, and from nothing else.";
