//! The real server gives the answers that the plugin takes for those of a site that is well, and others where it is not.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use quorate_static_site::is_well;

/// A server that runs until the test is over.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path) -> Server {
        let mut process = Command::new(env!("CARGO_BIN_EXE_static-file-server"))
            .arg(folder)
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe"))
            .read_line(&mut line)
            .expect("its first line");
        let address = line.trim().trim_end_matches('/').rsplit('/').next();
        Server {
            process,
            address: address.expect("an address").to_owned(),
        }
    }

    fn ask(&self, request: &str) -> String {
        let mut connection = TcpStream::connect(&self.address).expect("it answers");
        write!(connection, "{request} HTTP/1.1\r\nHost: site\r\n\r\n").expect("a request");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("an answer");
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn what_the_server_answers_is_what_the_plugin_asks_for() {
    let above = tempfile::tempdir().expect("a folder");
    let folder = above.path().join("site");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("index.html"), "<p>here</p>").expect("a page");
    fs::write(above.path().join("secret.txt"), "secret").expect("a file");
    let server = Server::start(&folder);

    is_well(&server.ask("HEAD /")).expect("a page that is there");
    assert!(server.ask("GET /").ends_with("<p>here</p>"));
    for (request, status) in [
        ("GET /nowhere.html", "HTTP/1.1 404 "),
        ("GET /../secret.txt", "HTTP/1.1 404 "),
        ("GET //etc/hostname", "HTTP/1.1 404 "),
        ("PUT /index.html", "HTTP/1.1 405 "),
        ("", "HTTP/1.1 405 "),
    ] {
        let answer = server.ask(request);
        assert!(answer.starts_with(status), "{request}: {answer}");
        assert!(is_well(&answer).is_err(), "{request}");
    }
    // The disk with the files is gone, and the process is there as before.
    fs::rename(&folder, above.path().join("gone")).expect("a folder");
    let answer = server.ask("HEAD /");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(is_well(&answer).is_err());
}
