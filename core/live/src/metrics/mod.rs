//! A node's metrics, for whoever asks by HTTP on loopback.
//!
//! The node answers by what it tells `quorate ctl status`, so whoever reads the metrics holds it up no longer than that.

mod text;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::control::{Asked, Hear, Request, Response};
use text::text_of;

/// How long who asks may take for each step.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the node may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// The most that is read of a question, in bytes.
const QUESTION_MAX: u64 = 8 * 1_024;

/// Answers at a place from now on, one after the other.
///
/// # Errors
/// The system's.
pub(crate) fn serve(at: SocketAddr, to: &Hear) -> io::Result<()> {
    let listener = TcpListener::bind(at)?;
    let to = Hear::clone(to);
    let answer_all = move || {
        for stream in listener.incoming() {
            match stream {
                // However it ends: who asked sees that.
                Ok(stream) => drop(answer(stream, &to)),
                Err(_) => thread::sleep(Duration::from_millis(10)),
            }
        }
    };
    let named = thread::Builder::new().name("metrics".to_owned());
    named.spawn(answer_all).map(drop)
}

fn answer(mut stream: TcpStream, to: &Hear) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream.try_clone()?.take(QUESTION_MAX)).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let mut words = first.split(' ');
    let (method, path) = (words.next(), words.next().unwrap_or_default());
    let path = path.split('?').next().unwrap_or_default();
    let (status, text) = match (method, path) {
        (Some("GET" | "HEAD"), "/metrics") => match ask(to) {
            Some(text) => ("200 OK", text),
            None => (
                "503 Service Unavailable",
                "the node does not answer\n".to_owned(),
            ),
        },
        (Some("GET" | "HEAD"), _) => ("404 Not Found", "the metrics are at /metrics\n".to_owned()),
        _ => (
            "405 Method Not Allowed",
            "metrics can be read, and no more\n".to_owned(),
        ),
    };
    let body = match method {
        Some("HEAD") => "",
        _ => &text,
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        text.len()
    )
}

/// The metrics as they are now.
fn ask(to: &Hear) -> Option<String> {
    let (answers, given) = channel();
    let request = Request::Status;
    if !to(Asked { request, answers }) {
        return None;
    }
    match given.recv_timeout(ANSWER) {
        Ok(Response::Status(status)) => Some(text_of(&status)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn asked(at: SocketAddr, question: &str) -> String {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.write_all(question.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn who_asks_something_else_or_of_a_node_that_is_gone_is_told_so() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = free.local_addr().unwrap();
        drop(free);
        serve(at, &(Arc::new(|_| false) as Hear)).unwrap();
        let gone = asked(at, "GET /metrics HTTP/1.1\r\n\r\n");
        assert!(gone.starts_with("HTTP/1.1 503 "), "{gone}");
        let elsewhere = asked(at, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(elsewhere.starts_with("HTTP/1.1 404 "), "{elsewhere}");
        let post = asked(at, "POST /metrics HTTP/1.1\r\n\r\n");
        assert!(post.starts_with("HTTP/1.1 405 "), "{post}");
        let head = asked(at, "HEAD / HTTP/1.1\r\n\r\n");
        assert!(head.ends_with("\r\n\r\n"), "{head}");
    }
}
