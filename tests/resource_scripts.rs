//! Resources written in Rhai: the shipped scripts, their drills, and the findings of `quorate check`.

mod support;

use std::fs;

use support::{root, run};

#[track_caller]
fn passes(file: &str, drills: usize) {
    support::passes(&format!("resources/{file}"), drills);
}

#[test]
fn web_server() {
    passes("web-server", 3);
}

#[test]
fn witness() {
    passes("witness", 3);
}

#[test]
fn disk_faults() {
    passes("disk-faults", 7);
}

#[test]
fn slow_disk() {
    passes("slow-disk", 7);
}

#[test]
fn hanging() {
    passes("hanging", 5);
}

#[test]
fn control_codes() {
    passes("control-codes", 6);
}

#[test]
fn every_drill_on_resources_has_a_test_here() {
    support::all_are_run(
        "scripts/drills/resources",
        include_str!("resource_scripts.rs"),
    );
}

#[test]
fn monitor() {
    passes("monitor", 4);
}

#[test]
fn fan() {
    passes("fan", 5);
}

#[test]
fn answers() {
    passes("answers", 4);
}

#[test]
fn a_script_has_properties_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
    put(
        "mine.rhai",
        "fn online() { log(`the limit is ${property(\"Limit\")}`); service(\"limited\").start() }\n\
         fn is_alive() { service(\"limited\").is_running }\n",
    );
    let cluster =
        fs::read_to_string(root().join("scripts/clusters/two-node-scripts.ron")).expect("it");
    let groups = cluster.find("    groups: [").expect("groups");
    let own = "    groups: [(name: \"Mine\", resources: [(name: \"Mine\", type: \"Generic Script\", properties: { \
               \"ScriptFilepath\": \"mine.rhai\", \"Limit\": 7 })])],\n)\n";
    put("mine.ron", &format!("{}{own}", &cluster[..groups]));
    put(
        "drill.rhai",
        "drill(\"it reads its own\", #{ cluster: \"mine.ron\", seed: 1 }, || {\n\
         let said = |limit| !events(#{ kind: \"log\" }).filter(|it| it.text.contains(`the limit is ${limit}`)).is_empty();\n\
         expect(said.call(7));\n\
         expect_eq(resource(\"Mine\").get(\"Limit\"), 7);\n\
         resource(\"Mine\").set(\"Limit\", 9);\n\
         resource(\"Mine\").offline(); resource(\"Mine\").online(); run(\"1m\");\n\
         expect(said.call(9));\n});\n",
    );
    let at = |name: &str| folder.path().join(name).display().to_string();
    let found = run(&["check", &at("mine.ron"), &at("drill.rhai")]);
    assert_eq!(found.code, 0, "{}{}", found.out, found.err);
    let run = run(&["drill", &at("drill.rhai")]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

#[test]
fn every_shipped_script_and_its_cluster_are_sound() {
    let folder = root().join("scripts/resources");
    let scripts = fs::read_dir(folder).expect("scripts");
    let mut files: Vec<String> = scripts
        .map(|entry| entry.expect("an entry").path().display().to_string())
        .collect();
    assert!(files.len() >= 3, "{files:?}");
    files.push("scripts/clusters/two-node-scripts.ron".to_owned());
    let mut args = vec!["check"];
    args.extend(files.iter().map(String::as_str));
    let run = run(&args);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(!run.out.contains("error"), "{}", run.out);
}

#[test]
fn a_bad_script_is_told_everything_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let bad = "\
fn onlin() {
    servce(\"httpd\").start()
}
fn is_alive() {
    probe(address(), 80).len > service(\"httpd\").is_runing
}
fn look_alive() { true }
";
    let script = folder.path().join("bad.rhai");
    fs::write(&script, bad).expect("a file");
    let run = run(&["check", &script.display().to_string()]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    for wanted in [
        "is \"onlin\" meant to be \"online\"?",
        "there is no function \"servce\"",
        "did you mean \"service\"?",
        "\"probe\" takes 3 arguments, and 2 are given",
        "a Service has no property \"is_runing\"",
        "did you mean \"is_running\"?",
        "nothing calls the function \"look_alive\"",
        "did you mean \"looks_alive\"?",
    ] {
        assert!(run.out.contains(wanted), "{wanted}:\n{}", run.out);
    }
}

#[test]
fn a_cluster_whose_script_is_missing_is_told_so_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = root().join("scripts/clusters/two-node-scripts.ron");
    let text = fs::read_to_string(cluster).expect("the cluster");
    let path = folder.path().join("cluster.ron");
    fs::write(&path, text).expect("a file");
    let run = run(&["check", &path.display().to_string()]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    for wanted in [
        "script-missing",
        "the script of \"Web Server\" cannot be read",
        "\"ScriptFilepath\": \"../resources/web-server.rhai\"",
        "the path counts from the folder of the cluster file",
    ] {
        assert!(run.out.contains(wanted), "{wanted}:\n{}", run.out);
    }
}
