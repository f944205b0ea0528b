//! Changing a cluster file's text in place, so that everything else in it stays as its author wrote it.

use crate::{Diagnostic, Diagnostics, Severity, VirtualServerRequest, same_name};

use super::tree::{Node, Tree};
use super::{parse, reader};
use crate::source::Source;

/// A text to be inserted at a place.
struct Insertion {
    at: usize,
    text: String,
}

/// The text of a cluster file with one more virtual server, and with those of its disks that the file does not have
/// yet. Comments and layout stay. Empty fields of `request` are left out, so that the file's defaults apply; `mta`
/// and `exclusive` follow from the file.
///
/// # Errors
///
/// Everything that is wrong with the file, before or after the change. A broken rule points at the new text.
pub fn add_virtual_server(
    source_name: &str,
    text: &str,
    request: &VirtualServerRequest,
) -> Result<String, Diagnostics> {
    let before = parse(source_name, text)?;
    let source = Source::new(source_name, text);
    let root = reader::tree_of(&source, text)?;
    let Tree::Struct { fields, .. } = &root.value else {
        let finding = Diagnostic::new("wrong-type", Severity::Error, "this is no cluster file");
        return Err(Diagnostics(vec![finding]));
    };
    let mut insertions = Vec::new();
    let mut add = |field: &str, entry: &dyn Fn(&str) -> String| {
        let list = fields.iter().find(|(name, _)| name.value == field);
        match list {
            Some((_, list)) => into_list(text, list, entry, &mut insertions),
            None => {
                let last = fields
                    .last()
                    .map_or(root.span.start + 1, |(_, node)| node.span.end);
                let indent = "    ";
                let inner = entry("        ");
                let end = root.span.end - 1;
                comma(text, last, fields.is_empty(), &mut insertions);
                insertions.push(Insertion {
                    at: line_start(text, end),
                    text: format!("{indent}{field}: [\n        {inner},\n{indent}],\n"),
                });
            }
        }
    };
    let storage = request.storage_groups.iter();
    let disks = request
        .disks
        .iter()
        .chain(storage.flat_map(|storage| [&storage.log_disk, &storage.database_disk]));
    let mut new = Vec::new();
    for disk in disks {
        let known = before
            .definition
            .disks
            .iter()
            .any(|known| same_name(&known.name, disk));
        if !known && !new.contains(&disk) {
            new.push(disk);
        }
    }
    if !new.is_empty() {
        let names: Vec<String> = new.iter().map(|disk| quote(disk)).collect();
        add("disks", &|indent| names.join(&format!(",\n{indent}")));
    }
    add("virtual_servers", &|indent| entry(request, indent));
    // From the end, so that the places before it stay valid. At equal places the first text is inserted last, and so
    // stands first.
    insertions.sort_by_key(|insertion| insertion.at);
    let mut out = text.to_owned();
    for insertion in insertions.iter().rev() {
        out.insert_str(insertion.at, &insertion.text);
    }
    parse(source_name, &out).map(|_| out)
}

/// Puts an entry behind the last one of a list.
fn into_list(
    text: &str,
    list: &Node,
    entry: &dyn Fn(&str) -> String,
    insertions: &mut Vec<Insertion>,
) {
    let Tree::List(items) = &list.value else {
        return;
    };
    let end = list.span.end - 1;
    let start = line_start(text, end);
    if let Some(last) = items.last() {
        comma(text, last.span.end, false, insertions);
    }
    if text[start..end].trim().is_empty() && start > list.span.start {
        let indent = items.last().map_or_else(
            || format!("    {}", &text[start..end]),
            |last| indent_of(text, last.span.start),
        );
        insertions.push(Insertion {
            at: start,
            text: format!("{indent}{},\n", entry(&indent)),
        });
    } else {
        let indent = indent_of(text, list.span.start);
        let blank = if items.is_empty() { "" } else { " " };
        insertions.push(Insertion {
            at: end,
            text: format!("{blank}{}", entry(&indent)),
        });
    }
}

/// Puts a comma behind what ends at `at`, unless there is one.
fn comma(text: &str, at: usize, first: bool, insertions: &mut Vec<Insertion>) {
    if !first && !text[skip(text, at)..].starts_with(',') {
        insertions.push(Insertion {
            at,
            text: ",".to_owned(),
        });
    }
}

/// The first place from `at` on that is neither white space nor in a comment.
fn skip(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let blank = rest.len() - rest.trim_start().len();
        at += blank;
        let rest = &text[at..];
        let comment = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else {
            return at;
        };
        at += comment;
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// The white space at the start of the line that holds `at`.
fn indent_of(text: &str, at: usize) -> String {
    let line = &text[line_start(text, at)..];
    line.chars()
        .take_while(|c| *c == ' ' || *c == '\t')
        .collect()
}

fn quote(text: &str) -> String {
    format!("{text:?}")
}

fn quoted<'a>(texts: impl Iterator<Item = &'a crate::Name>) -> String {
    let all: Vec<String> = texts.map(|text| quote(text)).collect();
    format!("[{}]", all.join(", "))
}

/// The entry of a virtual server, as people write it. The first line is not indented.
fn entry(request: &VirtualServerRequest, indent: &str) -> String {
    let mut lines = vec![format!("name: {}", quote(&request.name))];
    if !request.network_name.is_empty() {
        lines.push(format!("network_name: {}", quote(&request.network_name)));
    }
    lines.push(format!("address: {}", quote(&request.address)));
    if !request.network.is_empty() {
        lines.push(format!("network: {}", quote(&request.network)));
    }
    if !request.disks.is_empty() {
        lines.push(format!("disks: {}", quoted(request.disks.iter())));
    }
    if !request.storage_groups.is_empty() {
        let groups: Vec<String> = request
            .storage_groups
            .iter()
            .map(|group| {
                format!(
                    "{indent}        (name: {}, log_disk: {}, database_disk: {}),\n",
                    quote(&group.name),
                    quote(&group.log_disk),
                    quote(&group.database_disk)
                )
            })
            .collect();
        lines.push(format!(
            "storage_groups: [\n{}{indent}    ]",
            groups.concat()
        ));
    }
    for (field, names) in [
        ("preferred_owners", &request.preferred_owners),
        ("possible_owners", &request.possible_owners),
    ] {
        if !names.is_empty() {
            lines.push(format!("{field}: {}", quoted(names.iter())));
        }
    }
    for (field, wanted) in [("imap4", request.imap4), ("pop3", request.pop3)] {
        if wanted {
            lines.push(format!("{field}: true"));
        }
    }
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("{indent}    {line},\n"))
        .collect();
    format!("(\n{}{indent})", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StorageGroup, types};

    const FOUR: &str = include_str!("../../../../scripts/clusters/four-node.ron");
    const PASSIVE: &str = include_str!("../../../../scripts/clusters/two-node-active-passive.ron");

    fn request(name: &str, address: &str) -> VirtualServerRequest {
        VirtualServerRequest {
            name: name.into(),
            network_name: String::new(),
            address: address.to_owned(),
            subnet_mask: String::new(),
            network: "".into(),
            disks: vec!["New Disk X:".into(), "New Disk Y:".into()],
            storage_groups: vec![StorageGroup {
                name: "First Storage Group".to_owned(),
                log_disk: "New Disk X:".into(),
                database_disk: "New Disk Y:".into(),
            }],
            preferred_owners: vec!["NODE2".into()],
            possible_owners: Vec::new(),
            mta: false,
            imap4: false,
            pop3: true,
            exclusive: false,
        }
    }

    /// The lines of `new` without those of `old`, which must all be there in their order.
    fn added(old: &str, new: &str) -> Vec<String> {
        let mut wanted = old.lines().peekable();
        let mut more = Vec::new();
        for line in new.lines() {
            if wanted.peek() == Some(&line) {
                wanted.next();
            } else {
                more.push(line.to_owned());
            }
        }
        assert_eq!(wanted.next(), None, "a line was lost");
        more
    }

    #[test]
    fn a_virtual_server_is_added_and_everything_else_stays() {
        let new = add_virtual_server("two.ron", PASSIVE, &request("EVS9", "10.0.0.99")).unwrap();
        let more = added(PASSIVE, &new).join("\n");
        assert!(
            more.contains("        \"New Disk X:\",\n        \"New Disk Y:\","),
            "{more}"
        );
        assert!(
            more.contains("            name: \"EVS9\",\n            address: \"10.0.0.99\","),
            "{more}"
        );
        let loaded = parse("two.ron", &new).unwrap();
        let group = loaded.definition.group("EVS9").unwrap();
        assert_eq!(group.properties.preferred_owners, ["NODE2"]);
        assert!(group.has_resource_of(types::POP3) && !group.has_resource_of(types::MTA));
        assert_eq!(
            loaded.definition.disks.len(),
            parse("", PASSIVE).unwrap().definition.disks.len() + 2
        );
    }

    #[test]
    fn lists_in_one_line_and_missing_ones_take_it_too() {
        let bare = r#"( // a cluster
    name: "C", address: "10.0.0.20", quorum: Standard(resource: "Q"),
    networks: [
        (name: "Private", role: Internal, subnet: "192.168.0.0/24"),
        (name: "Public", role: Mixed, subnet: "10.0.0.0/24")
    ],
    nodes: [
        (name: "NODE1", interfaces: { "Public": "10.0.0.11", "Private": "192.168.0.11" }),
        (name: "NODE2", interfaces: { "Public": "10.0.0.12", "Private": "192.168.0.12" }),
    ],
    disks: [(name: "Q", raid: true)] // no comma
)
"#;
        let new = add_virtual_server("bare.ron", bare, &request("EVS1", "10.0.0.21")).unwrap();
        assert!(
            new.contains("( // a cluster") && new.contains("// no comma"),
            "{new}"
        );
        let loaded = parse("bare.ron", &new).unwrap();
        assert!(
            loaded.definition.resource("EVS1 MTA").is_some(),
            "the first one has it"
        );
        let again = add_virtual_server("bare.ron", &new, &request("EVS2", "10.0.0.22"));
        let rules: Vec<_> = again
            .unwrap_err()
            .iter()
            .map(|finding| finding.rule)
            .collect();
        assert!(rules.contains(&"disk-shared"), "{rules:?}");
    }

    #[test]
    fn what_a_rule_forbids_is_not_written() {
        let refused = add_virtual_server("four.ron", FOUR, &request("EVS4", "10.0.0.24"));
        let found = refused.unwrap_err();
        assert!(
            found
                .iter()
                .any(|finding| finding.rule == "no-passive-node"),
            "{found}"
        );
    }
}
