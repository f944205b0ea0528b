//! The conversation with the editor.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use quorate_script::is_policy;
use serde_json::{Value, json};

use super::language::Language;
use super::text::{Text, path_of, uri_of};
use super::tokens::Tokens;
use super::workspace::Workspace;
use super::{complete, findings, hover, rename, symbols};
use crate::args::PluginFolders;
use crate::found::{Plugins, check_text};
use crate::resource_scripts;

/// What the server can do.
fn capabilities() -> Value {
    json!({
        "textDocumentSync": { "openClose": true, "change": 2, "save": {} },
        "completionProvider": { "triggerCharacters": [".", "\"", "#", "{", "(", ","] },
        "hoverProvider": true,
        "definitionProvider": true,
        "renameProvider": { "prepareProvider": true },
        "documentSymbolProvider": true,
        "codeActionProvider": { "codeActionKinds": ["quickfix"] },
    })
}

/// For how long nothing is typed before what was typed is checked.
const QUIET: Duration = Duration::from_millis(100);

/// Speaks with the editor until it says that it is enough, or goes away.
///
/// # Errors
/// One sentence, if the editor does not keep to the protocol.
pub(super) fn serve(connection: Connection, plugins: &PluginFolders) -> Result<(), String> {
    let (id, asked) = connection.initialize_start().map_err(|why| {
        format!("the editor did not begin as the Language Server Protocol has it: {why}")
    })?;
    let about = json!({
        "capabilities": capabilities(),
        "serverInfo": { "name": "quorate", "version": env!("CARGO_PKG_VERSION") },
    });
    connection
        .initialize_finish(id, about)
        .map_err(|why| why.to_string())?;
    let mut server = Server {
        connection: &connection,
        workspace: Workspace {
            roots: roots(&asked),
            ..Workspace::default()
        },
        folders: plugins,
        plugins: Plugins::new(plugins),
        drills: Language::of_drills(),
        policies: Language::of_policies(),
        resources: Language::of_resources(),
        shown: BTreeMap::new(),
        stale: Vec::new(),
    };
    loop {
        // What is typed comes faster than it is checked: only what stands when nothing more comes counts.
        let message = match server.stale.is_empty() {
            true => connection.receiver.recv().ok(),
            false => match connection.receiver.recv_timeout(QUIET) {
                Ok(message) => Some(message),
                Err(why) if why.is_timeout() => {
                    server.check();
                    continue;
                }
                Err(_) => None,
            },
        };
        let Some(message) = message else { break };
        match message {
            Message::Request(request) => match connection.handle_shutdown(&request) {
                Ok(true) => break,
                Ok(false) => {
                    // These speak of findings, whose places must be those of the text.
                    if ["textDocument/hover", "textDocument/codeAction"].contains(&&*request.method)
                    {
                        server.check();
                    }
                    server.answer(request);
                }
                Err(why) => return Err(why.to_string()),
            },
            Message::Notification(notification) => {
                if notification.method == "exit" {
                    break;
                }
                server.hear(&notification);
            }
            Message::Response(_) => {}
        }
    }
    Ok(())
}

/// The folders that the editor works in.
fn roots(asked: &Value) -> Vec<PathBuf> {
    let folders = asked["workspaceFolders"].as_array().into_iter().flatten();
    let mut roots: Vec<PathBuf> = folders
        .filter_map(|it| path_of(it["uri"].as_str()?))
        .collect();
    if roots.is_empty() {
        roots.extend(asked["rootUri"].as_str().and_then(path_of));
    }
    roots
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Cluster,
    Drill,
    Policy,
    Resource,
}

fn sort(path: &Path, text: &str) -> Option<Sort> {
    match path.extension()?.to_str()? {
        // Other files are RON, too, those of nodes among them.
        "ron" => {
            let fields = ["nodes", "networks", "quorum", "virtual_servers", "groups"];
            let empty = text.trim().is_empty();
            let tokens = Tokens::of(text);
            let field = |at: usize| {
                tokens.is(at + 1, ':') && fields.iter().any(|it| tokens.is_word(at, it))
            };
            (empty || (0..tokens.all.len()).any(field)).then_some(Sort::Cluster)
        }
        "rhai" if resource_scripts::is_one(text) => Some(Sort::Resource),
        "rhai" if is_policy(path, text) => Some(Sort::Policy),
        "rhai" => Some(Sort::Drill),
        _ => None,
    }
}

struct Server<'s> {
    connection: &'s Connection,
    workspace: Workspace,
    folders: &'s PluginFolders,
    /// The plugins as far as they were needed; learning them takes processes.
    plugins: Plugins<'s>,
    drills: Language,
    policies: Language,
    resources: Language,
    /// The diagnostics that each file has in the editor.
    shown: BTreeMap<PathBuf, Vec<Value>>,
    /// The files that are to be checked anew.
    stale: Vec<PathBuf>,
}

impl Server<'_> {
    fn send(&self, message: impl Into<Message>) {
        // An editor that has gone away hears nothing, and its end is seen when it is listened to.
        let _ = self.connection.sender.send(message.into());
    }

    /// Answers a question. A mistake of the program's own is an error of this one question.
    fn answer(&self, request: Request) {
        let id = request.id.clone();
        let answered = catch_unwind(AssertUnwindSafe(|| self.result(&request)));
        self.send(match answered {
            Ok(Ok(result)) => Response::new_ok(id, result),
            Ok(Err((code, why))) => Response::new_err(id, code as i32, why),
            Err(_) => {
                let why = format!("a mistake of quorate's in {}", request.method);
                Response::new_err(id, ErrorCode::InternalError as i32, why)
            }
        });
    }

    fn result(&self, request: &Request) -> Result<Value, (ErrorCode, String)> {
        let params = &request.params;
        let uri = params["textDocument"]["uri"].as_str().unwrap_or_default();
        let known = [
            "completion",
            "hover",
            "definition",
            "rename",
            "prepareRename",
            "documentSymbol",
            "codeAction",
        ];
        let method = request
            .method
            .strip_prefix("textDocument/")
            .unwrap_or_default();
        if !known.contains(&method) {
            let why = format!("quorate does not know the method {}", request.method);
            return Err((ErrorCode::MethodNotFound, why));
        }
        let open = path_of(uri).and_then(|path| {
            let text = self.workspace.open.get(&path)?;
            Some((sort(&path, &text.text)?, path, text))
        });
        let Some((sort, path, text)) = open else {
            return Ok(Value::Null);
        };
        let offset = text.offset(&params["position"]);
        let language = match sort {
            Sort::Drill | Sort::Cluster => &self.drills,
            Sort::Policy => &self.policies,
            Sort::Resource => &self.resources,
        };
        let words = language.words.as_slice();
        let workspace = &self.workspace;
        let refused = |why: String| (ErrorCode::InvalidRequest, why);
        Ok(match (method, sort) {
            ("completion", Sort::Cluster) => complete::in_cluster(workspace, &path, text, offset),
            ("completion", _) => complete::in_script(workspace, &path, text, language, offset),
            ("hover", _) => {
                let found = match sort {
                    Sort::Cluster => hover::in_cluster(&path, text, offset),
                    _ => hover::in_script(workspace, &path, text, language, offset),
                };
                self.hovered(&path, text, found, offset)
            }
            ("definition", _) => {
                let found = match sort {
                    Sort::Cluster => hover::definition_in_cluster(&path, text, offset),
                    _ => hover::definition_in_script(workspace, &path, text, words, offset),
                };
                let found = found.and_then(|(file, range)| {
                    let text = workspace.text(&file).ok()?;
                    Some((Text::new(text), file, range))
                });
                found.map_or(Value::Null, |(text, file, range)| {
                    json!({ "uri": uri_of(&file), "range": text.range(&range) })
                })
            }
            ("prepareRename", _) => {
                let subject = rename::subject(workspace, &path, &text.text, words, offset)
                    .map_err(refused)?;
                json!({ "range": text.range(&subject.place), "placeholder": subject.name() })
            }
            ("rename", _) => {
                let subject = rename::subject(workspace, &path, &text.text, words, offset)
                    .map_err(refused)?;
                let new = params["newName"].as_str().unwrap_or_default();
                let edits =
                    rename::edits(workspace, &self.drills.words, &subject, new).map_err(refused)?;
                let mut changes = serde_json::Map::new();
                for (file, places) in edits {
                    let text = Text::new(workspace.text(&file).unwrap_or_default());
                    let edits = places
                        .iter()
                        .map(|(place, new)| json!({ "range": text.range(place), "newText": new }));
                    changes.insert(uri_of(&file), edits.collect());
                }
                json!({ "changes": changes })
            }
            ("documentSymbol", Sort::Cluster) => symbols::in_cluster(text),
            ("documentSymbol", _) => symbols::in_script(text, words),
            _ => {
                let range = &params["range"];
                let asked = text.offset(&range["start"])..text.offset(&range["end"]);
                let shown = self.shown.get(&path).map_or(&[][..], Vec::as_slice);
                findings::fixes(uri, text, shown, &asked)
            }
        })
    }

    /// What a place is, and below it the rules of the findings there.
    fn hovered(&self, path: &Path, text: &Text, found: hover::Hover, offset: usize) -> Value {
        let (mut parts, mut range) = (Vec::new(), None);
        if let Some((told, place)) = found {
            parts.push(told);
            range = Some(text.range(&place));
        }
        for diagnostic in self.shown.get(path).into_iter().flatten() {
            let place = &diagnostic["range"];
            let (start, end) = (text.offset(&place["start"]), text.offset(&place["end"]));
            if start <= offset && offset <= end {
                let part = |key: &str| diagnostic[key].as_str().unwrap_or_default().to_owned();
                parts.push(format!("**{}**: {}", part("code"), part("message")));
            }
        }
        if parts.is_empty() {
            return Value::Null;
        }
        let text = parts.join("\n\n---\n\n");
        let mut hover = json!({ "contents": { "kind": "markdown", "value": text } });
        if let Some(range) = range {
            hover["range"] = range;
        }
        hover
    }

    /// Takes over what the editor tells of its texts.
    fn hear(&mut self, notification: &Notification) {
        let document = &notification.params["textDocument"];
        let Some(path) = document["uri"].as_str().and_then(path_of) else {
            return;
        };
        match notification.method.as_str() {
            "textDocument/didOpen" => {
                let text = document["text"].as_str().unwrap_or_default();
                let text = Text::new(text.to_owned());
                self.workspace.open.insert(path.clone(), text);
            }
            "textDocument/didChange" => {
                let changes = notification.params["contentChanges"].as_array();
                let text = self.workspace.open.entry(path.clone()).or_default();
                for change in changes.into_iter().flatten() {
                    text.change(change);
                }
            }
            // A plugin may have been built meanwhile.
            "textDocument/didSave" => self.plugins = Plugins::new(self.folders),
            "textDocument/didClose" => {
                self.workspace.open.remove(&path);
                self.shown.remove(&path);
                self.publish(&path, Vec::new());
                self.stale.retain(|it| *it != path);
                // Drills are held to what is on the disk again.
                if path.extension().is_some_and(|end| end == "ron") {
                    self.stale.extend(self.workspace.open.keys().cloned());
                }
                return;
            }
            _ => return,
        }
        // What a cluster file says is what drills are held to.
        let cluster = path.extension().is_some_and(|end| end == "ron");
        let others = self.workspace.open.keys().filter(|_| cluster);
        self.stale.extend(others.cloned());
        self.stale.push(path);
    }

    fn publish(&self, path: &Path, diagnostics: Vec<Value>) {
        let params = json!({ "uri": uri_of(path), "diagnostics": diagnostics });
        self.send(Notification::new(
            "textDocument/publishDiagnostics".to_owned(),
            params,
        ));
    }

    /// Checks what has changed, and tells the editor.
    fn check(&mut self) {
        let mut stale = std::mem::take(&mut self.stale);
        stale.sort();
        stale.dedup();
        for path in stale {
            let Some(text) = self.workspace.open.get(&path) else {
                continue;
            };
            if sort(&path, &text.text).is_none() || text.text.trim().is_empty() {
                self.shown.insert(path.clone(), Vec::new());
                self.publish(&path, Vec::new());
                continue;
            }
            let checked = catch_unwind(AssertUnwindSafe(|| {
                let read = |path: &Path| self.workspace.text(path);
                let known = &mut self.plugins;
                check_text(&path, &text.text, known, &mut BTreeMap::new(), &read)
            }));
            let shown = match checked {
                Ok(Ok((found, _))) => findings::shown(&path, text, &found),
                Ok(Err(why)) => {
                    self.log(&why);
                    Vec::new()
                }
                Err(_) => {
                    self.log(&format!("a mistake of quorate's in {}", path.display()));
                    Vec::new()
                }
            };
            self.shown.insert(path.clone(), shown.clone());
            self.publish(&path, shown);
        }
    }

    /// Says something in the editor's log.
    fn log(&self, text: &str) {
        let params = json!({ "type": 2, "message": text });
        self.send(Notification::new("window/logMessage".to_owned(), params));
    }
}
