//! The file share witness in cluster files.

use super::{findings, parse, place, with_groups};

#[test]
fn the_file_share_witness_has_a_short_form() {
    let text = with_groups("");
    let quorum = "Standard(resource: \"Disk Q:\")";
    let of = |share: &str| format!("MajorityNodeSet(MNSFileShare: {share})");
    let files = r#""\\\\FILES\\witness""#;
    let two = text.replace(quorum, &of(files));
    let loaded = parse("x", &two).unwrap();
    assert_eq!(
        loaded.definition.file_share_witness(),
        Some(r"\\FILES\witness")
    );
    assert_eq!(findings(&two), Vec::<String>::new());
    // The same with the property written where it belongs.
    let written = two
        .replace(&of(files), "MajorityNodeSet")
        .replace("address: \"10.0.0.20\", ", "")
        .replace(
            "groups: [",
            r#"groups: [ (name: "Cluster Group", resources: [
    (name: "Majority", type: "Majority Node Set", properties: { "mnsfileshare": "\\\\FILES\\witness" }),
])"#,
        );
    let full = parse("x", &written).unwrap();
    assert_eq!(
        full.definition.file_share_witness(),
        Some(r"\\FILES\witness")
    );
    let twice = written.replace("quorum: MajorityNodeSet", &format!("quorum: {}", of(files)));
    assert_eq!(
        findings(&twice),
        [format!("duplicate-field {}", place(&twice, files))]
    );
    let there = written.replace(
        r#", properties: { "mnsfileshare": "\\\\FILES\\witness" }"#,
        "",
    );
    let there = there.replace("quorum: MajorityNodeSet", &format!("quorum: {}", of(files)));
    let loaded = parse("x", &there).unwrap();
    assert_eq!(
        loaded.definition.file_share_witness(),
        Some(r"\\FILES\witness")
    );
    for (share, rule) in [
        (r#""""#, "majority-of-two"),
        ("7", "wrong-type"),
        (r#""FILES""#, "witness-share"),
        (r#""\\\\FILES""#, "witness-share"),
        (r#""\\\\FILES\\""#, "witness-share"),
        (r#""\\\\FILES\\a:b""#, "witness-share"),
        (r#""\\\\b\\witness""#, "witness-in-cluster"),
        (r#""\\\\10.0.0.2\\witness""#, "witness-in-cluster"),
        (r#""\\\\10.0.0.20\\witness""#, "witness-in-cluster"),
    ] {
        let broken = text.replace(quorum, &of(share));
        let found = findings(&broken);
        let all = of(share);
        let at = match rule {
            "majority-of-two" => &all,
            _ => share,
        };
        assert!(
            found.contains(&format!("{rule} {}", place(&broken, at))),
            "{share}: {found:?}"
        );
    }
    let slip = text.replace(quorum, &of(files).replace("MNSFileShare", "FileShare"));
    let found = parse("x", &slip).unwrap_err();
    assert!(found.0.iter().any(|it| it.rule == "unknown-field"));
    assert!(found.to_string().contains("MNSFileShare"), "{found}");
}

#[test]
fn a_witness_of_an_odd_number_of_nodes_adds_nothing() {
    let file = include_str!("../../../../../scripts/clusters/three-node-majority.ron");
    assert_eq!(findings(file), Vec::<String>::new());
    let share = r#"MajorityNodeSet(MNSFileShare: "\\\\FILES\\witness")"#;
    let with = file.replace("quorum: MajorityNodeSet", &format!("quorum: {share}"));
    assert_eq!(
        findings(&with),
        [format!(
            "witness-of-odd {}",
            place(&with, r#""\\\\FILES\\witness""#)
        )]
    );
}
