//! A static file server: the files of one folder, over HTTP, until the process is ended.
#![forbid(unsafe_code)]

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const USAGE: &str = "usage: static-file-server FOLDER ADDRESS:PORT";
/// A request's first line and headers may take this much.
const REQUEST_BYTES: u64 = 16 * 1_024;
/// A client may be silent for this long.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, address] = arguments.as_slice() else {
        return fail(USAGE);
    };
    let listener = match TcpListener::bind(address) {
        Ok(listener) => listener,
        Err(error) => return fail(&format!("cannot answer on {address}: {error}")),
    };
    // The port that was taken, where any would do.
    let here = listener
        .local_addr()
        .map_or_else(|_| address.clone(), |it| it.to_string());
    // Whoever started it may not read what it says.
    let _ = writeln!(io::stdout(), "{folder} is on http://{here}/");
    let folder: Arc<Path> = PathBuf::from(folder).into();
    for connection in listener.incoming().flatten() {
        let folder = Arc::clone(&folder);
        // A client that goes away, or a thread too many, is no reason to end.
        let _ = thread::Builder::new().spawn(move || answer(&folder, &connection));
    }
    ExitCode::SUCCESS
}

fn fail(text: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{text}");
    ExitCode::from(64)
}

/// Reads one request and answers it.
fn answer(folder: &Path, mut connection: &TcpStream) -> io::Result<()> {
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(connection.take(REQUEST_BYTES));
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let mut words = request.split_ascii_whitespace();
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let (status, kind, body) = match method {
        "GET" | "HEAD" => look(folder, target),
        _ => ("405 Method Not Allowed", "text/plain", Vec::new()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes())?;
    if method != "HEAD" {
        connection.write_all(&body)?;
    }
    Ok(())
}

/// Status, type and body for a target such as `/notes/today.txt`.
fn look(folder: &Path, target: &str) -> (&'static str, &'static str, Vec<u8>) {
    // A disk that is not mounted is no page that is missing.
    if !folder.is_dir() {
        return (
            "503 Service Unavailable",
            "text/plain",
            b"the files are not there\n".to_vec(),
        );
    }
    let missing = ("404 Not Found", "text/plain", b"no such page\n".to_vec());
    let inside = target.split('?').next().unwrap_or("");
    let inside = Path::new(inside.trim_start_matches('/'));
    // Nothing leads out of the folder.
    if !inside
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return missing;
    }
    let mut file = folder.join(inside);
    if file.is_dir() {
        file.push("index.html");
    }
    let kind = match file.extension().and_then(|it| it.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    match fs::read(&file) {
        Ok(body) => ("200 OK", kind, body),
        Err(_) => missing,
    }
}
