//! The language server: in Neovim, as a person uses it, and with an editor that does not keep to the rules.

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use support::{finish, quorate, root, run};

const DRILL: &str = "\
// Mail, and what becomes of it.
drill(\"mail survives\", #{ cluster: \"../clusters/mail.ron\" }, || {
    steady(\"mail flows\", || group(\"EVS3\").is_online);
    node(\"NODE33\").crash();
    recovers(\"EVS3\", 5.minutes);
    run(\"1m\");
    expect_eq(group(\"EVS3\").owner, \"NODE4\");
    note(`NODE3 has ${resource(\"EVS3 SMTP\").state}`);
    expect_eq(resource(\"EVS3 SMTP\").state, \"Online\");
    expect(disk(\"EVS3 Disk L:\").mounted_on == [\"NODE4\"]);
});
";

const POLICY: &str = "\
fn choose_owner(group, candidates) {
    if group.cause == \"Failback\" { return stay(); }
    candidates[0]
}
";

fn other_drill() -> String {
    DRILL.replace("NODE33", "NODE3")
}

/// A folder with a cluster and two files of drills on it, and one on another cluster.
fn project(folder: &Path) {
    fs::create_dir_all(folder.join("drills")).expect("a folder");
    fs::create_dir_all(folder.join("clusters")).expect("a folder");
    let cluster =
        fs::read_to_string(root().join("scripts/clusters/four-node.ron")).expect("a file");
    fs::create_dir_all(folder.join("policies")).expect("a folder");
    fs::write(folder.join("policies/rack.rhai"), POLICY).expect("a file");
    fs::write(folder.join("clusters/mail.ron"), &cluster).expect("a file");
    fs::write(folder.join("clusters/other.ron"), &cluster).expect("a file");
    fs::write(folder.join("drills/mail.rhai"), DRILL).expect("a file");
    fs::write(folder.join("drills/second.rhai"), other_drill()).expect("a file");
    let other = other_drill().replace("mail.ron", "other.ron");
    fs::write(folder.join("drills/other.rhai"), other).expect("a file");
}

/// What a session in Neovim has seen. `None` where there is no Neovim, which is said on standard error.
#[expect(clippy::print_stderr, reason = "what is left out is said")]
fn neovim(folder: &Path) -> Option<Value> {
    let there = Command::new("nvim").arg("--version").output();
    if there.is_err() {
        eprintln!("SKIPPED: there is no Neovim here; no editor was tried");
        return None;
    }
    let result = folder.join("seen.json");
    let set_up = format!(
        "lua vim.g.quorate_command = {{ {:?}, 'lsp' }}",
        env!("CARGO_BIN_EXE_quorate")
    );
    let tests = root().join("tests/editors/session.lua");
    let mut nvim = Command::new("nvim");
    nvim.args(["--headless", "--clean", "-n", "--cmd", &set_up])
        .arg("--cmd")
        .arg(format!(
            "luafile {}",
            root().join("editors/nvim/quorate.lua").display()
        ))
        .arg("-c")
        .arg(format!("luafile {}", tests.display()))
        .current_dir(folder)
        .env("FOLDER", folder)
        .env("RESULT", &result)
        // Its own settings and logs stay out of the caller's.
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .env("XDG_DATA_HOME", folder.join("data"))
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env("XDG_STATE_HOME", folder.join("state"));
    let run = finish(&mut nvim);
    let seen = fs::read_to_string(&result);
    let seen = seen.unwrap_or_else(|why| panic!("{why}: {}{}", run.out, run.err));
    let seen: Value = serde_json::from_str(&seen).expect("JSON");
    assert_eq!(seen.get("error"), None, "{seen:#}\n{}{}", run.out, run.err);
    Some(seen)
}

#[track_caller]
fn texts(value: &Value) -> Vec<&str> {
    let list = value.as_array().expect("a list");
    list.iter().map(|it| it.as_str().expect("a text")).collect()
}

#[test]
fn neovim_finds_completes_explains_leads_and_renames() {
    let folder = tempfile::tempdir().expect("a folder");
    project(folder.path());
    let Some(seen) = neovim(folder.path()) else {
        return;
    };
    let [finding] = seen["findings"].as_array().expect("findings").as_slice() else {
        panic!("{:#}", seen["findings"]);
    };
    assert_eq!(finding["code"], "unknown-name");
    let place = ["line", "from", "to"].map(|it| finding[it].as_u64().unwrap_or(0));
    assert_eq!(place, [3, 9, 17], "the whole text with its quotes");
    let message = finding["message"].as_str().expect("a text");
    assert!(message.contains("did you mean \"NODE3\"?"), "{message}");
    assert_eq!(texts(&seen["fixes"]), ["Write NODE3"]);
    assert_eq!(seen["mended"], "    node(\"NODE3\").crash();");

    let hover = |key: &str| seen[key].as_str().expect("a text");
    assert!(
        hover("hover_word").contains("Takes the node's power away."),
        "{}",
        hover("hover_word")
    );
    assert!(
        hover("hover_name").contains("preferred owners: NODE3, NODE4"),
        "{}",
        hover("hover_name")
    );
    assert!(
        hover("hover_field").contains("What it carries"),
        "{}",
        hover("hover_field")
    );
    let uri = seen["definition"]["uri"].as_str().expect("an address");
    assert!(uri.ends_with("/clusters/mail.ron"), "{uri}");
    let line = seen["definition"]["range"]["start"]["line"]
        .as_u64()
        .expect("a number");
    let cluster =
        fs::read_to_string(root().join("scripts/clusters/four-node.ron")).expect("a file");
    let line = cluster.lines().nth(line as usize).expect("a line");
    assert!(line.contains("(name: \"NODE3\""), "{line}");

    assert_eq!(texts(&seen["names"]), ["NODE1", "NODE2", "NODE3", "NODE4"]);
    let members = texts(&seen["members"]);
    assert!(
        members.contains(&"move_to") && !members.contains(&"freeze"),
        "{members:?}"
    );
    assert_eq!(texts(&seen["symbols"]), ["mail survives"]);
    let fields = texts(&seen["fields"]);
    assert!(
        fields.contains(&"anti_affine") && !fields.contains(&"cause"),
        "{fields:?}"
    );
    let causes = texts(&seen["causes"]);
    assert!(causes.contains(&"Failback"), "{causes:?}");
    assert!(
        hover("hover_answer").contains("nobody takes the group now"),
        "{}",
        hover("hover_answer")
    );
    assert!(
        hover("hover_cause").contains("a move to the best node"),
        "{}",
        hover("hover_cause")
    );
    let unsaved = seen["unsaved"].to_string();
    assert!(unsaved.contains("no group \\\"EVS3\\\""), "{unsaved}");
    let wrong = seen["cluster"].to_string();
    assert!(
        wrong.contains("unknown-field") && wrong.contains("`name`") && wrong.contains("why: "),
        "{wrong}"
    );

    assert_eq!(seen["prepared"]["placeholder"], "NODE3");
    assert_eq!(seen["refused"], "there is a node \"NODE4\" already");
    let no_name = seen["no_name"].as_str().expect("a text");
    assert!(no_name.contains("rename \"POST\""), "{no_name}");
    let nothing = seen["nothing"].as_str().expect("a text");
    assert!(
        nothing.starts_with("this is no name of a cluster file"),
        "{nothing}"
    );
    assert_eq!(seen["alive"], "x");

    // What was renamed is renamed wherever it is that cluster's, and nowhere else.
    let read = |file: &str| fs::read_to_string(folder.path().join(file)).expect("a file");
    let renamed = other_drill()
        .replace("\"NODE3\"", "\"MAILBOX\"")
        .replace("\"EVS3\"", "\"POST\"")
        .replace("EVS3 SMTP", "POST SMTP");
    assert_eq!(read("drills/mail.rhai"), renamed);
    assert_eq!(read("drills/second.rhai"), renamed);
    assert!(
        read("drills/other.rhai").contains("\"EVS3\"")
            && read("drills/other.rhai").contains("\"NODE3\"")
    );
    let cluster = read("clusters/mail.ron");
    assert!(
        cluster.contains("preferred_owners: [\"MAILBOX\", \"NODE4\"]"),
        "{cluster}"
    );
    assert!(
        !cluster.contains("\"NODE3\"") && !cluster.contains("\"EVS3\""),
        "{cluster}"
    );
    let folder = folder.path().display().to_string();
    let check = run(&[
        "check",
        &format!("{folder}/clusters"),
        &format!("{folder}/drills/second.rhai"),
    ]);
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
}

/// An editor of a few lines.
struct Editor {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Editor {
    fn start() -> Editor {
        let mut command = quorate();
        let command = command.arg("lsp");
        let mut server = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        Editor {
            input: server.stdin.take().expect("a pipe"),
            output: BufReader::new(server.stdout.take().expect("a pipe")),
            server,
        }
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("a pipe");
        self.input.flush().expect("a pipe");
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(
                self.output.read_line(&mut line).expect("a pipe") > 0,
                "it has ended"
            );
            if let Some(number) = line.trim().strip_prefix("Content-Length: ") {
                length = number.parse().expect("a number");
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut text = vec![0; length];
        self.output.read_exact(&mut text).expect("a message");
        serde_json::from_slice(&text).expect("JSON")
    }

    fn begin(&mut self) {
        self.send(&json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "capabilities": {} } }));
        let answer = self.read();
        assert_eq!(answer["result"]["serverInfo"]["name"], "quorate");
        self.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
    }

    /// How it ended, and what it said.
    fn end(self) -> (i32, String) {
        drop(self.input);
        drop(self.output);
        let ended = self.server.wait_with_output().expect("it ends");
        let said = String::from_utf8(ended.stderr).expect("text");
        (ended.status.code().unwrap_or(-1), said)
    }
}

#[test]
fn an_editor_that_asks_for_what_there_is_not_is_told_so() {
    let mut editor = Editor::start();
    editor.begin();
    editor
        .send(&json!({ "jsonrpc": "2.0", "id": 2, "method": "textDocument/colors", "params": {} }));
    let answer = editor.read();
    assert_eq!(
        (&answer["id"], &answer["error"]["code"]),
        (&json!(2), &json!(-32601))
    );
    // A file that was never opened, one that is none, and a place that is none.
    for uri in ["file:///nowhere.rhai", "untitled:Untitled-1", ""] {
        let params =
            json!({ "textDocument": { "uri": uri }, "position": { "line": 9, "character": 9 } });
        editor.send(
            &json!({ "jsonrpc": "2.0", "id": 3, "method": "textDocument/hover", "params": params }),
        );
        assert_eq!(editor.read()["result"], Value::Null, "{uri}");
    }
    let opened = json!({ "textDocument": { "uri": "file:///a.rhai", "text": "drill(\"x\"", "languageId": "rhai", "version": 1 } });
    editor.send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": opened }));
    let told = editor.read();
    assert_eq!(told["method"], "textDocument/publishDiagnostics");
    assert_eq!(told["params"]["diagnostics"][0]["code"], "syntax", "{told}");
    let params = json!({ "textDocument": { "uri": "file:///a.rhai" }, "position": { "line": 99, "character": 99 } });
    editor.send(&json!({ "jsonrpc": "2.0", "id": 4, "method": "textDocument/completion", "params": params }));
    assert_eq!(editor.read()["id"], 4);
    editor.send(&json!({ "jsonrpc": "2.0", "id": 5, "method": "shutdown" }));
    assert_eq!(editor.read()["id"], 5);
    editor.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    assert_eq!(editor.end(), (0, String::new()));
}

#[test]
fn an_editor_that_goes_away_or_speaks_otherwise_ends_it() {
    let mut gone = Editor::start();
    gone.begin();
    assert_eq!(gone.end(), (0, String::new()));
    let mut other = Editor::start();
    other.send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {} }));
    let (code, said) = other.end();
    assert_eq!(code, 64, "{said}");
    assert!(said.contains("Language Server Protocol"), "{said}");
}

#[test]
fn the_set_up_for_vs_code_starts_the_server_for_its_files() {
    let read =
        |file: &str| fs::read_to_string(root().join("editors/vscode").join(file)).expect("a file");
    let about: Value = serde_json::from_str(&read("package.json")).expect("JSON");
    let _: Value = serde_json::from_str(&read("language.json")).expect("JSON");
    let settings = &about["contributes"]["configuration"]["properties"];
    assert_eq!(settings["quorate.command"]["default"], "quorate");
    let arguments = texts(&settings["quorate.arguments"]["default"]);
    let help = run(&[&arguments[..], &["--help"]].concat());
    assert_eq!(help.code, 0, "{}", help.err);
    let languages = about["contributes"]["languages"]
        .as_array()
        .expect("a list");
    let endings: Vec<&str> = languages
        .iter()
        .flat_map(|it| texts(&it["extensions"]))
        .collect();
    assert_eq!(endings, [".rhai", ".ron"]);
    assert!(read(about["main"].as_str().expect("a file")).contains("activate"));
}
