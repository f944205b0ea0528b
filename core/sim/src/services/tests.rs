//! The answers of a machine's services.

use quorate_host::{Reservation, ServiceState, Services};
use quorate_journal::ReservationChange;
use quorate_model::errors::{
    ERROR_BUSY, ERROR_DISK_FULL, ERROR_GEN_FAILURE, ERROR_IO_DEVICE, ERROR_IO_INCOMPLETE,
    ERROR_NOT_READY, ERROR_SERVICE_NOT_ACTIVE, ERROR_TIMEOUT, ERROR_WRITE_PROTECT, WSAEADDRINUSE,
    WSAEADDRNOTAVAIL, WSAECONNREFUSED, WSAETIMEDOUT,
};
use quorate_model::{DiskFault, Drive, FaultId, NetworkFault};

use super::*;
use crate::env::tests::environment;

const SMTP: Caller<'static> = Caller {
    resource: "EVS1 SMTP",
    kind: "Microsoft Exchange SMTP Server Instance",
    group: "EVS1",
};
const DISK: Caller<'static> = Caller {
    resource: "Disk L:",
    kind: "Physical Disk",
    group: "EVS1",
};

fn on(env: &mut Environment, machine: Machine) -> impl Services + '_ {
    Local { env, machine }
}

#[test]
fn each_request_has_an_answer_that_it_can_have() {
    let mut env = environment(2);
    for request in Request::one_of_each() {
        let answer = on(&mut env, 0).serve(SMTP, request.clone());
        assert!(request.is_answered_by(&answer), "{request:?}: {answer:?}");
    }
}

fn code<T: std::fmt::Debug>(result: ServiceResult<T>) -> u32 {
    result.expect_err("refused").code
}

/// A mail server on the first machine that answers on 10.0.0.21:25.
fn mail_server() -> Environment {
    let mut env = environment(2);
    on(&mut env, 0)
        .address_add(SMTP, "Public", "10.0.0.21")
        .unwrap();
    on(&mut env, 0).service_start(SMTP, "SMTPSVC", 0).unwrap();
    while let Some((
        at,
        crate::env::Happening::Process {
            machine,
            resource,
            service,
            generation,
        },
    )) = env.queue.pop()
    {
        env.now = at;
        env.process_due(machine, &resource, &service, generation);
    }
    on(&mut env, 0)
        .service_listen(SMTP, "SMTPSVC", "10.0.0.21", 25, "smtp", true)
        .unwrap();
    env
}

fn probe(env: &mut Environment) -> ServiceResult<String> {
    on(env, 0).probe_port(SMTP, "10.0.0.21", 25, "smtp")
}

#[test]
fn a_probe_of_a_port_sees_the_service_and_the_address() {
    let mut env = mail_server();
    assert!(probe(&mut env).unwrap().starts_with("220 "));
    env.process_hang(0, "EVS1 SMTP", "SMTPSVC", true);
    assert_eq!(code(probe(&mut env)), WSAETIMEDOUT);
    assert_eq!(
        code(on(&mut env, 0).probe_service(SMTP, "SMTPSVC")),
        ERROR_TIMEOUT
    );
    env.process_hang(0, "EVS1 SMTP", "SMTPSVC", false);
    on(&mut env, 0)
        .address_remove(SMTP, "Public", "10.0.0.21")
        .unwrap();
    assert_eq!(code(probe(&mut env)), WSAETIMEDOUT);
    on(&mut env, 0)
        .address_add(SMTP, "Public", "10.0.0.21")
        .unwrap();
    on(&mut env, 0).service_kill(SMTP, "SMTPSVC").unwrap();
    assert_eq!(code(probe(&mut env)), WSAECONNREFUSED);
    assert_eq!(
        code(on(&mut env, 0).probe_service(SMTP, "SMTPSVC")),
        ERROR_SERVICE_NOT_ACTIVE
    );
}

#[test]
fn a_port_on_another_node_is_probed_over_its_network() {
    let mut env = mail_server();
    let from_elsewhere =
        |env: &mut Environment| on(env, 1).probe_port(DISK, "10.0.0.21", 25, "smtp");
    assert!(
        from_elsewhere(&mut env)
            .unwrap()
            .starts_with("220 EVS1 SMTP")
    );
    let broken = NetworkFault::Card {
        node: "NODE2".into(),
        network: "Public".into(),
    };
    env.faults.insert(FaultId(1), broken.into());
    env.apply_faults();
    assert_eq!(code(from_elsewhere(&mut env)), WSAETIMEDOUT);
    env.faults.clear();
    env.apply_faults();
    env.process_hang(0, "EVS1 SMTP", "SMTPSVC", true);
    assert_eq!(code(from_elsewhere(&mut env)), WSAETIMEDOUT);
    on(&mut env, 0).service_kill(SMTP, "SMTPSVC").unwrap();
    assert_eq!(code(from_elsewhere(&mut env)), WSAECONNREFUSED);
    env.power_off(0);
    assert_eq!(code(from_elsewhere(&mut env)), WSAETIMEDOUT);
}

#[test]
fn a_port_is_taken_once() {
    let mut env = mail_server();
    let other = Caller {
        resource: "Other",
        ..SMTP
    };
    let mut local = on(&mut env, 0);
    let again = local.service_listen(other, "Other", "10.0.0.21", 25, "smtp", true);
    assert_eq!(code(again), WSAEADDRINUSE);
    let nowhere = local.service_listen(SMTP, "SMTPSVC", "10.0.0.99", 25, "smtp", true);
    assert_eq!(code(nowhere), WSAEADDRNOTAVAIL);
}

#[test]
fn a_reservation_is_one_node_s_until_it_is_given_up_or_broken() {
    let mut env = environment(2);
    on(&mut env, 0).disk_reserve(DISK, "Disk L:").unwrap();
    on(&mut env, 0).disk_mount(DISK, "Disk L:").unwrap();
    on(&mut env, 0)
        .disk_write(DISK, "Disk L:", "test", b"1")
        .unwrap();
    assert_eq!(
        code(on(&mut env, 1).disk_reserve(DISK, "Disk L:")),
        ERROR_BUSY
    );
    assert_eq!(
        code(on(&mut env, 1).disk_mount(DISK, "Disk L:")),
        ERROR_BUSY
    );
    on(&mut env, 1).disk_release(DISK, "Disk L:").unwrap();
    assert!(on(&mut env, 0).disk_reserved(DISK, "Disk L:").unwrap());
    let seen = |env: &mut Environment, machine| on(env, machine).disk_reservation(DISK, "Disk L:");
    assert_eq!(seen(&mut env, 0), Ok(Reservation::Here));
    assert_eq!(seen(&mut env, 1), Ok(Reservation::Elsewhere));
    assert_eq!(
        code(on(&mut env, 1).disk_list(DISK, "Disk L:")),
        ERROR_BUSY,
        "somebody defends it"
    );
    env.power_off(0);
    assert_eq!(
        code(on(&mut env, 1).disk_reserve(DISK, "Disk L:")),
        ERROR_BUSY
    );
    on(&mut env, 1)
        .disk_break_reservation(DISK, "Disk L:")
        .unwrap();
    assert_eq!(seen(&mut env, 1), Ok(Reservation::Nobody));
    assert_eq!(
        code(on(&mut env, 1).disk_list(DISK, "Disk L:")),
        ERROR_NOT_READY,
        "nobody does"
    );
    on(&mut env, 1).disk_reserve(DISK, "Disk L:").unwrap();
    on(&mut env, 1).disk_mount(DISK, "Disk L:").unwrap();
    assert_eq!(
        on(&mut env, 1).disk_read(DISK, "Disk L:", "test").unwrap(),
        b"1"
    );
}

/// Replaces the present faults by these.
fn now_wrong(env: &mut Environment, faults: &[DiskFault]) {
    env.faults = (1..)
        .map(FaultId)
        .zip(faults.iter().cloned().map(Fault::from))
        .collect();
    env.apply_faults();
}

fn disk() -> Drive {
    Drive::Shared("Disk L:".into())
}

fn system() -> Drive {
    Drive::System("NODE1".into())
}

fn mounted() -> Environment {
    let mut env = environment(2);
    on(&mut env, 0).disk_reserve(DISK, "Disk L:").unwrap();
    on(&mut env, 0).disk_mount(DISK, "Disk L:").unwrap();
    env
}

#[test]
fn a_disk_that_refuses_a_write_says_why_in_the_original_s_codes() {
    let mut env = mounted();
    let write =
        |env: &mut Environment, text: &[u8]| on(env, 0).disk_write(DISK, "Disk L:", "test", text);
    write(&mut env, b"12").unwrap();
    let faults: [(DiskFault, u32); 4] = [
        (DiskFault::DiskFull { disk: disk() }, ERROR_DISK_FULL),
        (
            DiskFault::ReadOnlyDisk { disk: disk() },
            ERROR_WRITE_PROTECT,
        ),
        (DiskFault::FlushFails { disk: disk() }, ERROR_IO_DEVICE),
        (DiskFault::HungDisk { disk: disk() }, ERROR_IO_INCOMPLETE),
    ];
    for (fault, expected) in faults {
        now_wrong(&mut env, &[fault]);
        assert_eq!(code(write(&mut env, b"123")), expected);
        now_wrong(&mut env, &[]);
        // After a dismount, only what reached the medium is left.
        on(&mut env, 0).disk_unmount(DISK, "Disk L:", true).unwrap();
        on(&mut env, 0).disk_mount(DISK, "Disk L:").unwrap();
        let read = on(&mut env, 0).disk_read(DISK, "Disk L:", "test");
        assert_eq!(read.unwrap(), b"12");
    }
    write(&mut env, b"123").unwrap();
}

#[test]
fn a_path_that_is_lost_is_one_node_s_and_a_disk_that_is_stolen_everybody_s() {
    let mut env = environment(2);
    let (node, name) = ("NODE1".into(), "Disk L:".into());
    now_wrong(&mut env, &[DiskFault::Path { node, disk: name }]);
    assert_eq!(
        code(on(&mut env, 0).disk_reserve(DISK, "Disk L:")),
        ERROR_IO_DEVICE
    );
    assert_eq!(
        code(on(&mut env, 0).disk_break_reservation(DISK, "Disk L:")),
        ERROR_IO_DEVICE
    );
    on(&mut env, 1).disk_reserve(DISK, "Disk L:").unwrap();

    now_wrong(
        &mut env,
        &[DiskFault::Stolen {
            disk: "Disk L:".into(),
        }],
    );
    env.set_holder(None, "Disk L:", None, ReservationChange::BusReset);
    for machine in [0, 1] {
        let mut local = on(&mut env, machine);
        // The node that resets the bus finds that another one was quicker.
        local.disk_break_reservation(DISK, "Disk L:").unwrap();
        let refused = local.disk_reserve(DISK, "Disk L:").unwrap_err();
        assert_eq!(refused.code, ERROR_BUSY);
        assert_eq!(
            refused.text,
            "Disk L: is reserved by a host outside the cluster"
        );
        let seen = local.disk_reservation(DISK, "Disk L:");
        assert_eq!(seen, Ok(Reservation::Elsewhere));
    }
}

#[test]
fn answers_may_be_late_and_wrong() {
    let mut env = mail_server();
    env.change_processes("EVS1 SMTP", |it| {
        it.late = std::time::Duration::from_secs(30)
    });
    assert!(probe(&mut env).unwrap().starts_with("220 "));
    env.change_processes("EVS1 SMTP", |it| {
        it.late += std::time::Duration::from_secs(1)
    });
    assert_eq!(
        code(probe(&mut env)),
        WSAETIMEDOUT,
        "nobody waits for longer"
    );
    assert_eq!(
        code(on(&mut env, 0).probe_service(SMTP, "SMTPSVC")),
        ERROR_TIMEOUT
    );
    env.change_processes("EVS1 SMTP", |it| {
        (it.late, it.wrong) = (Default::default(), true)
    });
    assert!(probe(&mut env).unwrap().starts_with("421 "));
    assert_eq!(
        code(on(&mut env, 0).probe_service(SMTP, "SMTPSVC")),
        ERROR_GEN_FAILURE
    );
}

#[test]
fn programs_are_on_the_system_disk() {
    let state = |env: &mut Environment| on(env, 0).service_state(SMTP, "SMTPSVC").unwrap();
    let start = |env: &mut Environment| on(env, 0).service_start(SMTP, "SMTPSVC", 0).unwrap();
    let pass = |env: &mut Environment, seconds| {
        let until = env.now + std::time::Duration::from_secs(seconds);
        while env.queue.next_time().is_some_and(|at| at <= until) {
            let Some((at, what)) = env.queue.pop() else {
                break;
            };
            env.now = at;
            if let crate::env::Happening::Process {
                machine,
                resource,
                service,
                generation,
            } = what
            {
                env.process_due(machine, &resource, &service, generation);
            }
        }
        env.now = until;
    };
    let mut env = environment(2);
    now_wrong(&mut env, &[DiskFault::Disk { disk: system() }]);
    start(&mut env);
    pass(&mut env, 60);
    assert_eq!(
        state(&mut env),
        ServiceState::Stopped,
        "there is no program"
    );

    now_wrong(&mut env, &[DiskFault::HungDisk { disk: system() }]);
    start(&mut env);
    pass(&mut env, 3_600);
    assert_eq!(state(&mut env), ServiceState::StartPending);
    now_wrong(&mut env, &[]);
    pass(&mut env, 60);
    assert_eq!(
        state(&mut env),
        ServiceState::Running,
        "it is done when the disk is"
    );

    now_wrong(&mut env, &[DiskFault::HungDisk { disk: system() }]);
    assert_eq!(
        state(&mut env),
        ServiceState::Running,
        "what runs is in memory"
    );
    on(&mut env, 0).service_stop(SMTP, "SMTPSVC").unwrap();
    pass(&mut env, 60);
    assert_eq!(state(&mut env), ServiceState::Stopped);
}
