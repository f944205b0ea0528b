//! Reports that are files: each in the form that its readers ask for.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use support::junit_schema::breaches;
use support::{run, script};

const FOUR: &str = "CLUSTERS/four-node.ron";

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// The names of what is in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|it| {
            it.expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn junit_files_keep_to_the_schema_of_ci_servers() {
    let folder = tempfile::tempdir().expect("a folder");
    let drills = r#"
        drill("passes <&> \"quoted\" disabled=\"0\"", #{ cluster: "CLUSTER" }, || { expect(now() < "1h"); });
        drill("fails", #{ cluster: "CLUSTER" }, || { expect(node("NODE1").state == "Down"); });
        drill("cannot", #{ cluster: "CLUSTER" }, || { node("NODE7").crash(); });
        drill("is skipped", #{ cluster: "CLUSTER", skip: "not today" }, || { });
    "#;
    script(
        folder.path(),
        "all.rhai",
        &drills.replace("CLUSTER\"", &format!("{FOUR}\"")),
    );
    script(folder.path(), "outside.rhai", "let list = []; list[3];");
    let results = folder.path().join("drills.xml");
    let path = folder.path().display().to_string();
    let run = run(&[
        "drill",
        &path,
        "--brief",
        "--junit",
        &results.display().to_string(),
    ]);
    assert_eq!(run.code, 64, "{}{}", run.out, run.err);
    let xml = text(&results);
    assert_eq!(breaches(&xml), Vec::<String>::new(), "{xml}");
    assert!(xml.contains("skipped=\"1\""), "{xml}");
    assert!(
        xml.contains("disabled=&quot;0&quot;"),
        "a name was changed: {xml}"
    );
    // What looks at it can fail.
    let wrong = xml.replace("<testcase name=", "<testcase colour=\"red\" title=");
    let found = breaches(&wrong).join("\n");
    assert!(
        found.contains("<testcase> has no name") && found.contains("<testcase> has colour"),
        "{found}"
    );
}

#[test]
fn a_trace_is_one_that_perfetto_opens() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace.json");
    let run = run(&[
        "drill",
        "scripts/drills/partition.rhai",
        "--brief",
        "--trace",
        &trace.display().to_string(),
    ]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let trace: Value = serde_json::from_str(&text(&trace)).expect("JSON");
    assert_eq!(trace["displayTimeUnit"], "ms");
    let events = trace["traceEvents"].as_array().expect("events");
    let mut named = BTreeSet::new();
    let mut slices: BTreeMap<(u64, u64), Vec<(u64, u64)>> = BTreeMap::new();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events {
        let number = |field: &str| {
            event[field]
                .as_u64()
                .unwrap_or_else(|| panic!("no {field}: {event}"))
        };
        let kind = event["ph"].as_str().expect("a phase");
        *kinds.entry(kind).or_default() += 1;
        assert!(
            event["name"].as_str().is_some_and(|it| !it.is_empty()),
            "{event}"
        );
        let lane = (number("pid"), number("tid"));
        match kind {
            "M" => {
                let value = if event["name"]
                    .as_str()
                    .is_some_and(|it| it.ends_with("_name"))
                {
                    "name"
                } else {
                    "sort_index"
                };
                assert!(!event["args"][value].is_null(), "{event}");
                if event["name"] == "thread_name" {
                    named.insert(lane);
                }
            }
            "X" => slices
                .entry(lane)
                .or_default()
                .push((number("ts"), number("ts") + number("dur"))),
            "i" => {
                number("ts");
                assert_eq!(event["s"], "t", "{event}");
            }
            other => panic!("{other} is no phase that is written"),
        }
        assert!(
            kind == "M" || named.contains(&lane),
            "a lane without a name: {event}"
        );
    }
    assert!(kinds["X"] > 100 && kinds["i"] > 1000, "{kinds:?}");
    // Slices of a thread lie in one another or one after the other: viewers drop what does not.
    for (lane, mut all) in slices {
        all.sort_by_key(|(from, to)| (*from, std::cmp::Reverse(*to)));
        let mut open: Vec<u64> = Vec::new();
        for (from, to) in all {
            open.retain(|end| *end > from);
            assert!(
                open.last().is_none_or(|end| to <= *end),
                "slices overlap in {lane:?} at {from}"
            );
            open.push(to);
        }
    }
}

#[test]
fn a_table_has_a_row_for_each_outage_whose_parts_add_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = folder.path().join("outages.csv");
    let drills = [
        "scripts/drills/lost-node.rhai",
        "scripts/drills/planned-move.rhai",
    ];
    let run = run(&[
        "drill",
        drills[0],
        drills[1],
        "--brief",
        "--csv",
        &table.display().to_string(),
    ]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let text = text(&table);
    // No field of these has a comma or a quote in it.
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let (head, rows) = rows.split_first().expect("a head");
    let column = |name: &str| {
        head.iter()
            .position(|it| *it == name)
            .unwrap_or_else(|| panic!("no {name} in {head:?}"))
    };
    let phases = ["detect", "decide", "wait", "offline", "move", "online"];
    for row in rows {
        let number = |name: &str| row[column(name)].parse::<f64>().expect("a number");
        let sum: f64 = phases.iter().map(|it| number(it)).sum();
        assert!((sum - number("outage")).abs() < 1e-5, "{sum} of {row:?}");
    }
    let told: BTreeSet<(&str, &str)> = rows
        .iter()
        .map(|row| (row[column("group")], row[column("planned")]))
        .collect();
    assert!(told.contains(&("EVS3", "no")), "{text}");
    assert!(told.iter().any(|(_, planned)| *planned == "yes"), "{text}");
    let lost = rows
        .iter()
        .find(|row| row[column("to_node")] == "NODE4")
        .expect("the standby has it");
    assert_eq!(lost[column("slowest_resource")], "EVS3 Information Store");
    assert!(
        lost[column("began_utc")].starts_with("2003-06-12T"),
        "{lost:?}"
    );
}

/// `pid.tid::yyyy/mm/dd-hh:mm:ss.mmm [Component] text`, or the type and the name of a resource in the component's place.
fn component(line: &str) -> &str {
    let pattern = "hhhhhhhh.hhhhhhhh::dddd/dd/dd-dd:dd:dd.ddd ";
    let (stamp, rest) = line.split_at(pattern.len());
    for (found, wanted) in stamp.chars().zip(pattern.chars()) {
        let fits = match wanted {
            'h' => found.is_ascii_hexdigit() && !found.is_ascii_uppercase(),
            'd' => found.is_ascii_digit(),
            _ => found == wanted,
        };
        assert!(fits, "{found} in place of {wanted}: {line}");
    }
    match rest.strip_prefix('[') {
        Some(rest) => {
            rest.split_once("] ")
                .unwrap_or_else(|| panic!("no component: {line}"))
                .0
        }
        None => {
            let (label, _) = rest
                .split_once(">: ")
                .unwrap_or_else(|| panic!("no resource: {line}"));
            let (kind, resource) = label
                .split_once(" <")
                .unwrap_or_else(|| panic!("no name: {line}"));
            assert!(!kind.is_empty() && !resource.is_empty(), "{line}");
            "resource"
        }
    }
}

#[test]
fn cluster_logs_have_the_originals_form_a_file_for_each_node() {
    let folder = tempfile::tempdir().expect("a folder");
    let logs = folder.path().join("logs");
    let run_one = run(&[
        "drill",
        "scripts/drills/lost-node.rhai",
        "--brief",
        "--cluster-log",
        &logs.display().to_string(),
    ]);
    assert_eq!(run_one.code, 0, "{}{}", run_one.out, run_one.err);
    assert_eq!(
        names(&logs),
        ["NODE1.log", "NODE2.log", "NODE3.log", "NODE4.log"]
    );
    let mut seen = BTreeSet::new();
    for name in names(&logs) {
        let log = text(&logs.join(&name));
        seen.extend(log.lines().map(|line| component(line).to_owned()));
        // What a node's service cannot know is not in its log.
        assert!(!log.contains("loses power"), "{name}");
    }
    let wanted = ["FM", "INIT", "JOIN", "NM", "resource"];
    assert!(wanted.iter().all(|it| seen.contains(*it)), "{seen:?}");
    let standby = text(&logs.join("NODE4.log"));
    assert!(
        standby.contains("[FM] NODE4 takes EVS3 over from NODE3"),
        "{standby}"
    );
    assert!(
        standby.contains(" Physical Disk <EVS3 Disk L:>: bus reset on disk"),
        "{standby}"
    );
    // A machine that was started again has another process number.
    let lost = text(&logs.join("NODE3.log"));
    let boots: BTreeSet<&str> = lost.lines().map(|line| &line[..8]).collect();
    assert_eq!(boots.len(), 2, "{lost}");

    // Of several drills each has a folder.
    let several = run(&[
        "drill",
        "scripts/drills/partition.rhai",
        "--brief",
        "--cluster-log",
        &logs.display().to_string(),
    ]);
    assert_eq!(several.code, 0, "{}{}", several.out, several.err);
    let folders: Vec<String> = names(&logs)
        .into_iter()
        .filter(|it| it.starts_with('0'))
        .collect();
    assert_eq!(folders.len(), 3, "{folders:?}");
    assert!(
        folders[0].starts_with("001-a-node-cut-from-the-rest"),
        "{folders:?}"
    );
}

#[test]
fn several_drills_have_an_index_and_a_page_each() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("out/all drills.html");
    let drills = [
        "scripts/drills/store-crash.rhai",
        "scripts/drills/lost-node.rhai",
    ];
    let ran = run(&[
        "drill",
        drills[0],
        drills[1],
        "--brief",
        "--html",
        &page.display().to_string(),
    ]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let pages = folder.path().join("out/all drills");
    assert_eq!(
        names(&folder.path().join("out")),
        ["all drills", "all drills.html"]
    );
    let index = text(&page);
    let written = names(&pages);
    assert_eq!(written.len(), 3, "{written:?}");
    for name in &written {
        assert!(
            index.contains(&format!("href=\"all%20drills/{name}\"")),
            "{name}"
        );
        let page = text(&pages.join(name));
        assert!(page.contains("href=\"../all%20drills.html\""), "{name}");
        // Nothing is fetched.
        for outside in ["http:", "https:", "<link", "src=", "@import", "url("] {
            assert!(!page.contains(outside), "{outside} in {name}");
        }
    }
    // A name that is no page's is a folder, with one drill, too.
    let other = folder.path().join("pages");
    let one = run(&[
        "drill",
        drills[1],
        "--brief",
        "--html",
        &other.display().to_string(),
    ]);
    assert_eq!(one.code, 0, "{}{}", one.out, one.err);
    assert_eq!(
        names(&other),
        [
            "001-a-lost-node-s-virtual-server-moves-to-the-standby.html",
            "index.html"
        ]
    );
}

#[test]
fn the_same_seed_makes_the_same_reports() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = |name: &str| {
        let place = |end: &str| folder.path().join(format!("{name}.{end}"));
        let [html, csv, trace] =
            ["html", "csv", "json"].map(|end| place(end).display().to_string());
        let drill = "scripts/drills/lost-node.rhai";
        let ran = run(&[
            "drill", drill, "--brief", "--html", &html, "--csv", &csv, "--trace", &trace,
        ]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        ["html", "csv", "json"].map(|end| text(&place(end)))
    };
    assert!(
        made("first") == made("second"),
        "two runs with one seed differ"
    );
}

#[test]
fn a_report_replaces_no_file_that_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let text =
        format!("drill(\"one\", #{{ cluster: \"{FOUR}\" }}, || {{ expect(now() < \"1h\"); }});");
    script(folder.path(), "one.rhai", &text);
    let path = folder.path().join("one.rhai").display().to_string();
    let other = folder.path().join("out").display().to_string();
    for more in [
        ["--csv", &path, "--trace", &other],
        ["--csv", &other, "--trace", &other],
    ] {
        let run = run(&[&["drill", &path], &more[..]].concat());
        assert_eq!(run.code, 64, "{}{}", run.out, run.err);
        assert!(run.err.contains("nothing was run"), "{}", run.err);
    }
    // Nor does what cannot be written hide how the drills ended.
    let run = run(&[
        "drill",
        &path,
        "--csv",
        &folder.path().display().to_string(),
    ]);
    assert_eq!(run.code, 64, "{}{}", run.out, run.err);
    assert!(run.err.contains("cannot write the table"), "{}", run.err);
    assert!(run.out.contains("1 drill: 1 pass"), "{}", run.out);
}

#[test]
fn two_runs_stand_side_by_side_on_a_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    let [one, other, page] = ["one.jsonl", "other.jsonl", "diff.html"].map(place);
    for (journal, seed) in [(&one, "5"), (&other, "6")] {
        let lost = "scripts/drills/lost-node.rhai";
        let ran = run(&[
            "drill",
            lost,
            "--brief",
            "--seed",
            seed,
            "--journal",
            journal,
        ]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    }
    let ran = run(&["report", &one, &other, "--diff", "--html", &page]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    let html = text(Path::new(&page));
    for wanted in [
        "Where they part",
        "EVS3: ",
        "class=\"move\"",
        "class=\"lacking\"",
    ] {
        assert!(html.contains(wanted), "no {wanted} in {html}");
    }
    let wrong = run(&["report", &one, &other, "--diff", "--csv", &page]);
    assert_eq!(wrong.code, 64, "{}{}", wrong.out, wrong.err);
    assert!(
        wrong.err.contains("a comparison is text or a page"),
        "{}",
        wrong.err
    );
}

/// Every file in and below a folder, by its path seen from there.
fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path
                .strip_prefix(folder)
                .expect("below it")
                .display()
                .to_string();
            found.insert(name, fs::read(&path).expect("a file"));
        }
    }
    found
}

#[test]
fn a_journal_that_was_kept_gives_the_same_reports_as_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    let journal = place("run.jsonl");
    let asked = |into: &str| {
        let names = ["all.html", "outages.csv", "trace.json", "logs"];
        let [html, csv, trace, logs] = names.map(|it| place(&format!("{into}/{it}")));
        [
            "--html",
            &html,
            "--csv",
            &csv,
            "--trace",
            &trace,
            "--cluster-log",
            &logs,
        ]
        .map(str::to_owned)
    };
    let told = |command: &[&str], into: &str| {
        let asked = asked(into);
        let args: Vec<&str> = command
            .iter()
            .copied()
            .chain(asked.iter().map(String::as_str))
            .collect();
        let ran = run(&args);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        ran.out
    };
    told(
        &[
            "drill",
            "scripts/drills/partition.rhai",
            "--journal",
            &journal,
        ],
        "drilled",
    );
    let results = place("drills.xml");
    let out = told(&["report", &journal, "--junit", &results], "reported");
    assert_eq!(out, "", "files were asked for, and nothing else");
    let (drilled, reported) = (
        files_below(&folder.path().join("drilled")),
        files_below(&folder.path().join("reported")),
    );
    assert!(drilled.len() > 15, "{:?}", drilled.keys());
    assert_eq!(
        drilled.keys().collect::<Vec<_>>(),
        reported.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &drilled {
        assert!(*bytes == reported[name], "{name} differs");
    }
    let xml = text(Path::new(&results));
    assert_eq!(breaches(&xml), Vec::<String>::new(), "{xml}");
    assert!(xml.contains("tests=\"3\" failures=\"0\""), "{xml}");

    // One drill of several, and text besides.
    let one = place("one.html");
    let some = run(&[
        "report", &journal, "--drill", "minority", "--html", &one, "--text",
    ]);
    assert_eq!(some.code, 0, "{}{}", some.out, some.err);
    assert!(text(Path::new(&one)).contains("<h1>the minority of a majority node set stops"));
    assert!(
        some.out.contains("the minority of a majority"),
        "{}",
        some.out
    );
    // The journal itself is safe.
    let before = fs::read(&journal).expect("a journal");
    let wrong = run(&["report", &journal, "--csv", &journal]);
    assert_eq!(wrong.code, 64, "{}{}", wrong.out, wrong.err);
    assert!(
        wrong.err.contains("would replace another file"),
        "{}",
        wrong.err
    );
    assert!(fs::read(&journal).expect("a journal") == before);
}
