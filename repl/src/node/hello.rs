//! `quorate hello`: a small web server that says on which node it runs, for trying a cluster out.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use clap::Args;

use crate::exit::Exit;
use crate::output::Output;

/// How long who asks may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most that is read of a request, in bytes.
const REQUEST_MAX: u64 = 8 * 1_024;

/// `quorate hello`.
#[derive(Args, Debug)]
pub(crate) struct HelloArgs {
    /// Where to answer, such as 127.0.0.30:8080.
    #[arg(value_name = "ADDRESS:PORT")]
    pub(crate) at: SocketAddr,
}

/// Answers until it is ended.
pub(crate) fn run(args: &HelloArgs, output: &mut Output) -> Exit {
    let listener = match TcpListener::bind(args.at) {
        Ok(listener) => listener,
        Err(why) => {
            output.error(&format!("cannot answer at {}: {why}", args.at));
            return Exit::Usage;
        }
    };
    let node = std::env::var("QUORATE_NODE").unwrap_or_else(|_| "nowhere".to_owned());
    for stream in listener.incoming().flatten() {
        let node = node.clone();
        // Who asks slowly must not keep others waiting.
        std::thread::spawn(move || answer(stream, &node));
    }
    Exit::Pass
}

fn answer(mut stream: TcpStream, node: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let lines = BufReader::new(stream.try_clone()?.take(REQUEST_MAX)).lines();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let text = format!("Hello from {node}\n");
    let length = text.len();
    write!(
        stream,
        "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{text}"
    )
}
