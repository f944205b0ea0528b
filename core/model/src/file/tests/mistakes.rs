//! The same mistakes in every shipped file.

use super::{SHIPPED, all_findings};

/// A mistake, made by replacing the first `from` by `to`, and the finding that it must give.
struct Mistake {
    from: &'static str,
    to: &'static str,
    rule: &'static str,
    /// The text that the finding must point at, in the broken file.
    at: &'static str,
    /// A text that the finding must contain.
    says: &'static str,
}

const fn mistake(
    from: &'static str,
    to: &'static str,
    rule: &'static str,
    at: &'static str,
    says: &'static str,
) -> Mistake {
    Mistake {
        from,
        to,
        rule,
        at,
        says,
    }
}

/// Mistakes that can be made in every shipped file.
const MISTAKES: &[Mistake] = &[
    mistake(
        "name: \"CLUSTER1\",",
        "name: \"CLUSTER1\", name: \"C2\",",
        "duplicate-field",
        "name: \"C2\"",
        "twice",
    ),
    mistake(
        "{ \"Public\": \"10.0.0.12\"",
        "{ \"public\": \"10.0.0.99\", \"Public\": \"10.0.0.12\"",
        "duplicate-field",
        "\"Public\": \"10.0.0.12\"",
        "twice",
    ),
    mistake(
        "networks: [",
        "netwroks: [",
        "unknown-field",
        "netwroks",
        "did you mean `networks`?",
    ),
    mistake(
        "role: Internal",
        "rle: Internal",
        "unknown-field",
        "rle",
        "did you mean `role`?",
    ),
    mistake(
        "role: Internal",
        "role: Intern",
        "out-of-range",
        "Intern",
        "did you mean `Internal`?",
    ),
    mistake(
        "role: Internal",
        "role: \"Internal\"",
        "wrong-type",
        "\"Internal\"",
        "`ClientAccess`",
    ),
    mistake(
        "start: \"2003-06-12",
        "start: \"2003-13-12",
        "out-of-range",
        "\"2003-13-12 08:00:00\"",
        "time",
    ),
    mistake(
        "address: \"10.0.0.20\"",
        "address: 10",
        "wrong-type",
        "10,",
        "a text",
    ),
    mistake(
        "address: \"10.0.0.20\"",
        "address: \"10.0.0\"",
        "bad-address",
        "\"10.0.0\"",
        "IPv4",
    ),
    mistake(
        "address: \"10.0.0.20\"",
        "address: \"10.0.0.12\"",
        "duplicate-address",
        "\"10.0.0.12\"",
        "`NODE2` on `Public`",
    ),
    mistake(
        "address: \"10.0.0.20\"",
        "address: \"192.168.0.20\"",
        "address-without-clients",
        "\"192.168.0.20\"",
        "`Private`",
    ),
    mistake(
        "address: \"10.0.0.20\"",
        "address: \"172.16.0.20\"",
        "address-outside-subnet",
        "\"172.16.0.20\"",
        "10.0.0.0/24",
    ),
    mistake(
        "\"Public\": \"10.0.0.12\"",
        "\"Public\": \"192.168.0.99\"",
        "address-outside-subnet",
        "\"192.168.0.99\"",
        "it lies in the subnet of `Private`",
    ),
    mistake(
        "\"192.168.0.0/24\"",
        "\"192.168.0.0\"",
        "bad-subnet",
        "\"192.168.0.0\"",
        "10.0.0.0/24",
    ),
    mistake(
        "\"192.168.0.0/24\"",
        "\"0.0.0.0/0\"",
        "overlapping-subnets",
        "\"10.0.0.0/24\"",
        "overlap",
    ),
    mistake(
        "name: \"NODE2\"",
        "name: \"node1\"",
        "duplicate-name",
        "\"node1\"",
        "case",
    ),
    mistake(
        "name: \"NODE2\"",
        "name: \"\"",
        "out-of-range",
        "\"\"",
        "name",
    ),
    mistake(
        "{ \"Public\": \"10.0.0.12\"",
        "{ \"Pubic\": \"10.0.0.12\"",
        "unknown-network",
        "\"Pubic\"",
        "`Public`",
    ),
    mistake(
        "\"Private\": \"192.168.0.12\"",
        "\"Privat\": \"192.168.0.12\"",
        "unknown-network",
        "\"Privat\"",
        "did you mean `Private`?",
    ),
    mistake(
        "[\"NODE1\", ",
        "[\"NOED1\", ",
        "unknown-node",
        "\"NOED1\"",
        "did you mean `NODE1`?",
    ),
    mistake(
        "disks: [\"EVS1 Disk E:\",",
        "disks: [\"EVS1 Disk X:\",",
        "unknown-disk",
        "\"EVS1 Disk X:\"",
        "`EVS1 Disk E:`",
    ),
    mistake(
        "disks: [\"EVS1 Disk E:\",",
        "disks: [7,",
        "wrong-type",
        "7,",
        "the number 7",
    ),
    mistake(
        "name: \"EVS1\",\n",
        "naem: \"EVS1\",\n",
        "unknown-field",
        "naem",
        "did you mean `name`?",
    ),
    mistake(
        "log_disk: \"EVS1 Disk E:\", ",
        "",
        "missing-field",
        "(name: \"First",
        "log_disk",
    ),
    mistake(
        "preferred_owners: [\"NODE1\"",
        "properties: { \"FailoverTreshold\": 3 }, preferred_owners: [\"NODE1\"",
        "unknown-property",
        "\"FailoverTreshold\"",
        "did you mean `FailoverThreshold`?",
    ),
    mistake(
        "preferred_owners: [\"NODE1\"",
        "properties: { \"FailoverPeriod\": 1194 }, preferred_owners: [\"NODE1\"",
        "property-value",
        "1194",
        "0 to 1193 h",
    ),
    mistake(
        "preferred_owners: [\"NODE1\"",
        "properties: { \"FailbackWindowStart\": 22 }, preferred_owners: [\"NODE1\"",
        "failback-window",
        "\"FailbackWindowStart\"",
        "FailbackWindowEnd",
    ),
    mistake(
        "preferred_owners: [\"NODE1\"",
        "resource_properties: { \"Information Stor\": {} }, preferred_owners: [\"NODE1\"",
        "unknown-resource",
        "\"Information Stor\"",
        "did you mean `EVS1 Information Store`?",
    ),
    mistake(
        "preferred_owners: [\"NODE1\"",
        "resource_properties: { \"EVS1 SMTP\": { \"IsAlivePollInterval\": 0 } }, preferred_owners: [\"NODE1\"",
        "property-value",
        "0 }",
        "at least 10 ms",
    ),
    mistake(
        "preferred_owners: [\"NODE1\"",
        "resource_properties: { \"SMTP\": { \"RetryPeriodOnFailure\": 600000 } }, preferred_owners: [\"NODE1\"",
        "property-conflict",
        "600000",
        "at least RestartPeriod",
    ),
    mistake(
        "quorum: ",
        "quorum: Majority, //",
        "out-of-range",
        "Majority,",
        "did you mean `MajorityNodeSet`?",
    ),
    mistake(
        "quorum: ",
        "quorum: Local, //",
        "local-quorum-nodes",
        "Local,",
        "one node",
    ),
    mistake(
        "quorum: ",
        "quorum: Standard, //",
        "missing-field",
        "Standard,",
        "resource",
    ),
    mistake(
        "quorum: ",
        "quorum: Standard(resource: \"Disk R:\"), //",
        "unknown-disk",
        "\"Disk R:\"",
        "there is no shared disk `Disk R:`",
    ),
    mistake("    ],\n)", "    ],\n", "syntax", "(\n", "never closed"),
    mistake(
        "name: \"CLUSTER1\",",
        "name: \"CLUSTER1,",
        "syntax",
        "\"CLUSTER1,",
        "closing",
    ),
    mistake(
        "name: \"CLUSTER1\",",
        "",
        "missing-field",
        "(\n",
        "add `name: …`",
    ),
    mistake(
        "address: \"10.0.0.20\",",
        "",
        "missing-field",
        "(\n",
        "Cluster Group",
    ),
];

#[test]
fn each_mistake_in_each_shipped_file_is_named_with_its_place() {
    for (file, text) in SHIPPED {
        let mut made = std::collections::BTreeSet::new();
        for mistake in MISTAKES {
            assert!(
                text.contains(mistake.from),
                "{file} has no {:?}",
                mistake.from
            );
            let broken = text.replacen(mistake.from, mistake.to, 1);
            let findings = all_findings(file, &broken);
            let found = findings
                .iter()
                .find(|finding| finding.rule == mistake.rule)
                .unwrap_or_else(|| panic!("{file}: {:?} gave {findings}", mistake.to));
            assert_eq!(&found.file, file);
            assert!(
                found.to_string().contains(mistake.says),
                "{file}: {found} does not say {}",
                mistake.says
            );
            assert!(
                broken[found.offset..].starts_with(mistake.at),
                "{file}: {found} is not where {:?} stands",
                mistake.at
            );
            // Line and column are those of the offset.
            let line = broken.split('\n').nth(found.line - 1).unwrap();
            let column: String = line.chars().skip(found.column - 1).collect();
            assert!(column.starts_with(mistake.at.trim_end()), "{file}: {found}");
            assert!(found.length > 0 && found.offset < broken.len());
            // One mistake must not give ten findings.
            assert!(
                findings.iter().count() <= 5,
                "{file}: {:?} gave {findings}",
                mistake.to
            );
            made.insert(mistake.rule);
        }
        assert!(made.len() >= 12);
    }
}
