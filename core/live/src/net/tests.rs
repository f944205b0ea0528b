use std::num::NonZeroU64;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use quorate_wire::{ClusterKey, KeyRing};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

fn channeled() -> (Deliver, Receiver<Arrival>) {
    let (to, arrivals) = channel();
    (Arc::new(move |arrival| to.send(arrival).is_ok()), arrivals)
}

fn free() -> SocketAddr {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    taken.local_addr().unwrap()
}

/// One node on one network, and what came to it.
struct End {
    me: NodeId,
    address: SocketAddr,
    networks: Networks,
    sealed: Sealed,
    arrivals: Receiver<Arrival>,
}

fn public() -> Name {
    "Public".into()
}

fn boot(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number).unwrap()
}

impl End {
    fn new(ring: &KeyRing, me: u8) -> End {
        let me = NodeId(me);
        let sealed = Sealed::new(ring.clone(), "CLUSTER1", me, boot(7));
        let (to, arrivals) = channeled();
        let address = free();
        let plan = BTreeMap::from([(public(), address)]);
        let networks = Networks::open(&plan, &sealed, &to).unwrap();
        End {
            me,
            address,
            networks,
            sealed,
            arrivals,
        }
    }

    fn send(&mut self, to: &End, message: &[u8]) {
        let to = (to.me, to.address);
        self.networks.send(&public(), to, message.to_vec());
    }

    /// The next message, with what else comes before it dealt with.
    fn message(&mut self, other: &End) -> Option<Vec<u8>> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let wait = Duration::from_millis(200);
            match self.arrivals.recv_timeout(wait).ok()?.what {
                What::Message { from, bytes, .. } => {
                    assert_eq!(from, other.me);
                    return Some(bytes);
                }
                What::Answer { to, datagram } => {
                    assert_eq!(to, other.me);
                    self.networks.answer(&public(), other.address, &datagram);
                }
                What::Refused { .. } => {}
            }
        }
        None
    }
}

/// Sends until it is taken: what is sent before both know each other is lost.
fn carried(from: &mut End, to: &mut End, message: &[u8]) {
    let begun = Instant::now();
    loop {
        from.send(to, message);
        if let Some(got) = to.message(from) {
            assert!(got == message);
            return;
        }
        while from.arrivals.try_recv().is_ok() {}
        assert!(begun.elapsed() < PATIENCE);
    }
}

#[test]
fn small_messages_come_as_datagrams_and_large_ones_whole_by_stream() {
    let ring = KeyRing::new(ClusterKey::generate().unwrap());
    let (mut one, mut two) = (End::new(&ring, 1), End::new(&ring, 2));
    carried(&mut one, &mut two, &[1; MESSAGE_MAX]);
    carried(&mut two, &mut one, b"heartbeat");
    let large: Vec<u8> = (0..400_000_u32).map(|at| at as u8).collect();
    carried(&mut one, &mut two, &large);
    carried(&mut one, &mut two, &large[..200_000]);
    let delivered = two.sealed.counts()["delivered"];
    assert!(delivered >= 3, "{delivered}");
}

#[test]
fn a_new_boot_is_met_and_what_was_made_for_the_old_one_is_not_taken() {
    let ring = KeyRing::new(ClusterKey::generate().unwrap());
    let (mut one, mut two) = (End::new(&ring, 1), End::new(&ring, 2));
    carried(&mut one, &mut two, b"before");
    two.sealed.boot(boot(8));
    one.send(&two, b"made for boot 7");
    assert_eq!(two.message(&one), None);
    carried(&mut one, &mut two, b"after");
    carried(&mut one, &mut two, &vec![3; 100_000]);
    two.sealed.boot(boot(9));
    carried(&mut one, &mut two, &vec![4; 100_000]);
}

#[test]
fn who_has_another_key_is_refused_and_counted() {
    let ring = || KeyRing::new(ClusterKey::generate().unwrap());
    let (mut one, two) = (End::new(&ring(), 1), End::new(&ring(), 2));
    one.send(&two, b"let me in");
    let arrival = two.arrivals.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(arrival.what, What::Refused { .. }), "{arrival:?}");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"", two.address).unwrap();
    socket.send_to(&[1; 3_000], two.address).unwrap();
    for _ in 0..2 {
        two.arrivals.recv_timeout(PATIENCE).unwrap();
    }
    let counts = two.sealed.counts();
    let of = |name: &str| counts.get(name).copied().unwrap_or(0);
    assert_eq!(
        (of("foreign_key"), of("truncated"), of("oversized")),
        (1, 1, 1),
        "{counts:?}"
    );
    assert_eq!(of("delivered"), 0);
}

#[test]
fn a_flood_is_dropped_and_counted_and_shuts_nobody_out() {
    let ring = KeyRing::new(ClusterKey::generate().unwrap());
    let end = End::new(&ring, 1);
    let (to, happened) = channeled();
    let hand_in = HandIn {
        name: public(),
        id: NetworkId::of_name("Public"),
        inbox: Arc::new(Inbox::default()),
        sealed: end.sealed.clone(),
        to,
    };
    let refused = || What::Refused {
        why: "forged".to_owned(),
    };
    for _ in 0..REFUSALS_MAX + 5 {
        assert!(hand_in.hand_in(refused()));
    }
    let dropped = || hand_in.inbox.dropped.load(Ordering::Relaxed);
    assert_eq!(dropped(), 5);
    let message = || What::Message {
        from: NodeId(2),
        to_boot: 7,
        bytes: Vec::new(),
    };
    assert!(hand_in.hand_in(message()));
    assert_eq!(dropped(), 5);
    assert_eq!(happened.try_iter().count(), REFUSALS_MAX + 1);
    assert!(hand_in.hand_in(refused()));
    assert_eq!(dropped(), 5);
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let plan = BTreeMap::from([(public(), address)]);
    let ring = KeyRing::new(ClusterKey::generate().unwrap());
    let sealed = Sealed::new(ring, "CLUSTER1", NodeId(1), boot(1));
    let error = Networks::open(&plan, &sealed, &channeled().0).unwrap_err();
    let told = format!("network Public: cannot receive on {address}: ");
    assert!(error.to_string().starts_with(&told), "{error}");
}
