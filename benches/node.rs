//! A node's own work: a heartbeat taken in, and the bytes of one.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use quorate_model::{NodeId, Time};
use quorate_node::{BootImage, Input, Message, Node, NodeConfig, Output};

fn boot(id: u8) -> Node {
    let config = NodeConfig {
        joins: false,
        switches: Default::default(),
        id: NodeId(id),
        definition: quorate_benches::cluster("four-node.ron"),
        incarnation: 1,
        seed: 1,
        civil_origin_ms: 0,
        local_shift_minutes: 0,
    };
    Node::boot(config, BootImage::default(), Time::ZERO)
}

/// A heartbeat from node 2 to node 1, and the network it is on.
fn heartbeat() -> Input {
    let mut sender = boot(2);
    sender.handle(Time::ZERO, Input::Wake);
    while let Some(output) = sender.poll_output() {
        if let Output::SendAll { ways, message } = output
            && let Some((_, network)) = ways.iter().find(|(to, _)| *to == NodeId(1))
        {
            return Input::Message {
                from: NodeId(2),
                network: network.clone(),
                message,
            };
        }
    }
    panic!("a node that starts sends heartbeats");
}

fn node(criterion: &mut Criterion) {
    let heartbeat = heartbeat();
    let mut receiver = boot(1);
    criterion.bench_function("node: take a heartbeat in", |bencher| {
        bencher.iter(|| {
            receiver.handle(Time(1), heartbeat.clone());
            while receiver.poll_output().is_some() {}
        });
    });
    let Input::Message { message, .. } = heartbeat else {
        return;
    };
    let bytes = message.encode();
    criterion.bench_function("message: encode a heartbeat", |bencher| {
        bencher.iter(|| black_box(&message).encode());
    });
    criterion.bench_function("message: decode a heartbeat", |bencher| {
        bencher.iter(|| Message::decode(black_box(&bytes)));
    });
}

criterion_group!(benches, node);
criterion_main!(benches);
