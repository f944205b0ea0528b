//! What stands between nodes: their messages, and which of them get through.
//!
//! The cluster file has the relay's addresses, and each node is bound to one of its own, so that all that nodes say to each
//! other passes here. Who says it to whom stands in the clear at the beginning of each envelope.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use crate::rig::PORT;

/// Where the numbers of sender and receiver stand in an envelope.
const FROM: usize = 2;
const TO: usize = 3;

/// Carries the messages of three nodes. Its threads end with the test's process.
pub(crate) struct Relay {
    /// The number of the node that is cut off; 0 for none.
    lonely: Arc<AtomicU8>,
}

/// The private network's third number and the public one's; the nodes' own are by ten higher.
const NETWORKS: [u8; 2] = [1, 2];

/// What a node file says of its cards, with a relay between it and the others.
pub(crate) fn bound(net: u8, node: u8) -> String {
    format!(
        "bind: {{ \"Private\": \"127.{net}.11.1{node}\", \"Public\": \"127.{net}.12.1{node}\" }},"
    )
}

impl Relay {
    pub(crate) fn between(net: u8) -> Relay {
        let lonely = Arc::new(AtomicU8::new(0));
        for network in NETWORKS {
            for node in 1..=3 {
                let here = (Ipv4Addr::new(127, net, network, 10 + node), PORT);
                let there = (Ipv4Addr::new(127, net, network + 10, 10 + node), PORT);
                let socket = UdpSocket::bind(here).expect("a socket");
                let listener = TcpListener::bind(here).expect("a listener");
                let cut = Arc::clone(&lonely);
                thread::spawn(move || datagrams(&socket, there, &cut));
                let cut = Arc::clone(&lonely);
                thread::spawn(move || {
                    for stream in listener.incoming().flatten() {
                        let cut = Arc::clone(&cut);
                        thread::spawn(move || through(stream, there, &cut));
                    }
                });
            }
        }
        Relay { lonely }
    }

    /// From now on nothing comes to this node, or from it.
    pub(crate) fn cut_off(&self, node: u8) {
        self.lonely.store(node, Ordering::SeqCst);
    }

    /// Everything gets through again.
    pub(crate) fn heal(&self) {
        self.cut_off(0);
    }
}

fn passes(cut: &AtomicU8, parties: [u8; 2]) -> bool {
    let lonely = cut.load(Ordering::SeqCst);
    lonely == 0 || !parties.contains(&lonely)
}

fn datagrams(socket: &UdpSocket, there: (Ipv4Addr, u16), cut: &AtomicU8) {
    let mut bytes = [0; 65_536];
    // A receiver that is not there makes an error of the next call.
    loop {
        let Ok((length, _)) = socket.recv_from(&mut bytes) else {
            continue;
        };
        if length > TO && passes(cut, [bytes[FROM], bytes[TO]]) {
            let _ = socket.send_to(&bytes[..length], there);
        }
    }
}

fn through(mut from: TcpStream, there: (Ipv4Addr, u16), cut: &Arc<AtomicU8>) {
    let mut head = [0; TO + 1];
    if from.read_exact(&mut head).is_err() {
        return;
    }
    let parties = [head[FROM], head[TO]];
    let Some(mut to) = passes(cut, parties)
        .then(|| TcpStream::connect(there).ok())
        .flatten()
    else {
        return;
    };
    if to.write_all(&head).is_err() {
        return;
    }
    let (Ok(back), Ok(forth)) = (to.try_clone(), from.try_clone()) else {
        return;
    };
    let other = Arc::clone(cut);
    thread::spawn(move || carry(back, forth, &other, parties));
    carry(from, to, cut, parties);
}

/// Carries what is said one way, as long as it passes.
fn carry(mut from: TcpStream, mut to: TcpStream, cut: &AtomicU8, parties: [u8; 2]) {
    let mut bytes = [0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        if !passes(cut, parties) || to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
