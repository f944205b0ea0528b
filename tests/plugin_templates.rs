//! The drills of a new project, held against plugins with one fault each: every one must turn them red.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{Run, finish, library, quorate};

/// The types of the fixture with a fault, and what must be in the output where the fault is found.
const FAULTS: [&str; 12] = [
    "Server Idle",
    "Server Once",
    "Server Blind",
    "Server Mute",
    "Server Shallow",
    "Server Elsewhere",
    "Server Stays",
    "Server Keeps",
    "Server Flaps",
    "Server Lies",
    "Server Early",
    "Server Late",
];

/// A new project of a language, in which the cluster has a resource of the fixture's type in place of its own.
fn project(folder: &Path, lang: &str, kind: &str) -> PathBuf {
    let name = format!("web-{}", kind.to_lowercase().replace(' ', "-"));
    let arguments = ["plugin", "new", &name, "--lang", lang];
    let run = finish(quorate().current_dir(folder).args(arguments));
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let project = folder.join(name);
    let cluster = project.join("drills/cluster.ron");
    let text = fs::read_to_string(&cluster).expect("the project's cluster");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let server = lines
        .iter()
        .position(|line| line.contains("\"Files Server\""));
    let at = server.expect("the project's own resource");
    assert!(lines[at + 1].contains("type: "), "{text}");
    lines[at + 1] = format!("type: \"{kind}\",");
    assert!(lines[at + 3].contains("properties: "), "{text}");
    lines[at + 3] = "properties: { \"Port\": 8080 },".to_owned();
    fs::write(cluster, lines.join("\n")).expect("the project's cluster");
    project
}

/// A folder with the fixture, under a name that a search does not pass by.
fn plugins(folder: &Path) -> PathBuf {
    let plugins = folder.join("plugins");
    fs::create_dir(&plugins).expect("a folder");
    fs::copy(library("bad_server"), plugins.join("libserver.so")).expect("a copy");
    plugins
}

fn drill(project: &Path, plugins: &Path) -> Run {
    let mut command = quorate();
    command.current_dir(project).args(["drill", "drills"]);
    finish(command.arg("--plugin-dir").arg(plugins))
}

#[track_caller]
fn holds_in(lang: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let plugins = plugins(folder.path());
    let good = drill(&project(folder.path(), lang, "Server Good"), &plugins);
    assert_eq!(good.code, 0, "{}{}", good.out, good.err);
    assert!(good.out.contains("5 drills: 5 pass;"), "{}", good.out);
    let missed: Vec<_> = FAULTS
        .into_iter()
        .filter(|kind| {
            let run = drill(&project(folder.path(), lang, kind), &plugins);
            // A verdict, and no error of the script or of the program.
            run.code != 1 || !run.out.contains(" fail") || run.out.contains(" error")
        })
        .collect();
    assert!(
        missed.is_empty(),
        "not found by the drills of {lang}: {missed:?}"
    );
}

#[test]
fn the_drills_of_a_project_in_rust_find_every_fault() {
    holds_in("rust");
}

#[test]
fn the_drills_of_a_project_in_c_find_every_fault() {
    holds_in("c");
}

#[test]
fn the_drills_of_a_project_in_rhai_find_every_fault() {
    holds_in("rhai");
}

#[test]
fn a_script_whose_online_does_nothing_is_found_by_its_projects_drills() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = finish(
        quorate()
            .current_dir(folder.path())
            .args(["plugin", "new", "web-log", "--lang", "rhai"]),
    );
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let project = folder.path().join("web-log");
    let script = project.join("web-log.rhai");
    let text = fs::read_to_string(&script).expect("the project's script");
    let begin = text.find("fn online() {").expect("a function");
    let end = begin + text[begin..].find("\n}").expect("its end");
    let idle = format!("{}fn online() {{ }}{}", &text[..begin], &text[end + 2..]);
    let idle = idle.replace("service(global::SERVICE).is_running", "true");
    let begin = idle.find("fn is_alive() {").expect("a function");
    let end = begin + idle[begin..].find("\n}").expect("its end");
    let idle = format!(
        "{}fn is_alive() {{ true }}{}",
        &idle[..begin],
        &idle[end + 2..]
    );
    fs::write(&script, idle).expect("the project's script");
    let mut command = quorate();
    let run = finish(command.current_dir(&project).args(["drill", "drills"]));
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains(" fail"), "{}", run.out);
}
