//! What the schema of JUnit files that CI servers validate by allows: the facts of Jenkins' `junit-10.xsd` (xunit plugin), as a
//! table.

use roxmltree::{Document, Node};

/// An element: its name, the attributes it must have, those it may have, the elements in it, and whether there may be text.
struct Element {
    name: &'static str,
    must: &'static [&'static str],
    may: &'static [&'static str],
    holds: &'static [&'static str],
    text: bool,
}

const fn element(
    name: &'static str,
    must: &'static [&'static str],
    may: &'static [&'static str],
    holds: &'static [&'static str],
    text: bool,
) -> Element {
    Element {
        name,
        must,
        may,
        holds,
        text,
    }
}

/// All of them. Every content is a choice of any number, or of one kind, so order does not matter.
const ELEMENTS: &[Element] = &[
    element(
        "testsuites",
        &[],
        &["name", "time", "tests", "failures", "errors"],
        &["testsuite"],
        false,
    ),
    element(
        "testsuite",
        &["name", "tests", "failures", "errors"],
        &[
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
        ],
        &[
            "testsuite",
            "properties",
            "testcase",
            "system-out",
            "system-err",
        ],
        false,
    ),
    element(
        "testcase",
        &["name"],
        &["time", "classname", "group"],
        &[
            "skipped",
            "error",
            "failure",
            "rerunFailure",
            "rerunError",
            "flakyFailure",
            "flakyError",
            "system-out",
            "system-err",
        ],
        false,
    ),
    element("properties", &[], &[], &["property"], false),
    element("property", &["name", "value"], &[], &[], false),
    element("failure", &[], &["type", "message"], &[], true),
    element("error", &[], &["type", "message"], &[], true),
    element("skipped", &[], &["type", "message"], &[], true),
    element("system-out", &[], &[], &[], true),
    element("system-err", &[], &[], &[], true),
];

/// What a document breaks, one sentence each.
pub(crate) fn breaches(xml: &str) -> Vec<String> {
    let document = match Document::parse(xml) {
        Ok(document) => document,
        Err(why) => return vec![format!("this is no XML: {why}")],
    };
    let mut found = Vec::new();
    let top = document.root_element();
    if !top.has_tag_name("testsuites") && !top.has_tag_name("testsuite") {
        found.push(format!("the document is a <{}>", top.tag_name().name()));
    }
    look(top, &mut found);
    found
}

fn look(node: Node<'_, '_>, found: &mut Vec<String>) {
    let name = node.tag_name().name();
    let line = node.document().text_pos_at(node.range().start).row;
    let Some(known) = ELEMENTS.iter().find(|it| it.name == name) else {
        found.push(format!("line {line}: <{name}> is not known"));
        return;
    };
    for wanted in known.must.iter().filter(|it| !node.has_attribute(**it)) {
        found.push(format!("line {line}: <{name}> has no {wanted}"));
    }
    for attribute in node.attributes() {
        let called = attribute.name();
        if !known.must.contains(&called) && !known.may.contains(&called) {
            found.push(format!("line {line}: <{name}> has {called}"));
        }
        if called == "time" && name != "testcase" && !is_time(attribute.value()) {
            found.push(format!("line {line}: {} is no time", attribute.value()));
        }
    }
    for inner in node.children() {
        if inner.is_text() && !known.text && !inner.text().unwrap_or_default().trim().is_empty() {
            found.push(format!("line {line}: <{name}> has text"));
        }
        if inner.is_element() {
            if !known.holds.contains(&inner.tag_name().name()) {
                found.push(format!(
                    "line {line}: <{}> in <{name}>",
                    inner.tag_name().name()
                ));
            }
            look(inner, found);
        }
    }
}

/// `SUREFIRE_TIME`: `(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?`, which comes to digits with commas among them, and a
/// fraction.
fn is_time(text: &str) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    whole.chars().all(|it| it.is_ascii_digit() || it == ',')
        && !whole.ends_with(',')
        && part.chars().all(|it| it.is_ascii_digit())
}
