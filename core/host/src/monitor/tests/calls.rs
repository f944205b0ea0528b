//! What crosses the boundary: service calls, properties, logs, control codes, panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use quorate_abi::*;
use quorate_model::control::{ControlCode, ControlOf};
use quorate_model::monitor::MonitorCommand;

use super::fake::{fake, pending, read, service};
use super::*;
use crate::table::lend;

/// Runs `f` inside `A`'s online.
fn inside(rig: &mut Rig, f: impl FnMut(*const QrInstance) + 'static) -> Vec<String> {
    set(|a| a.hook = Some(Box::new(f)));
    let events = rig.online("A");
    rig.offline("A");
    events
}

#[test]
fn services_reach_the_world_on_behalf_of_the_resource() {
    let mut rig = Rig::with_a();
    inside(&mut rig, |it| {
        // SAFETY: inside an entry, with text and places of this test's.
        unsafe {
            let clock: &QrClock = service(SERVICE_ID_CLOCK);
            assert_eq!(
                (clock.now_ms.unwrap()(it), clock.civil_ms.unwrap()(it)),
                (0, -5)
            );
            let random: &QrRandom = service(SERVICE_ID_RANDOM);
            assert_eq!(random.next.unwrap()(it), 42);
            let services: &QrService = service(SERVICE_ID_SERVICE);
            assert_eq!(services.start.unwrap()(it, lend("svc"), 7), 0);
            let mut state = 0;
            assert_eq!(services.state.unwrap()(it, lend("svc"), &raw mut state), 0);
            assert_eq!(state, SERVICE_STOP_PENDING);
            let listen = services.listen.unwrap();
            assert_eq!(
                listen(it, lend("svc"), lend("10.0.0.1"), 25, lend("smtp"), 1),
                0
            );
            assert_eq!(
                listen(it, lend("svc"), lend("10.0.0.1"), 65_536, lend("smtp"), 1),
                ERROR_INVALID_PARAMETER
            );
            assert_eq!(services.stop.unwrap()(it, lend("svc")), ERROR_NOT_SUPPORTED);
            let probe: &QrProbe = service(SERVICE_ID_PROBE);
            let banner = read(|at, len, needed| {
                probe.port.unwrap()(it, lend("10.0.0.1"), 25, lend("smtp"), at, len, needed)
            });
            assert_eq!(banner.unwrap(), "Fake 10.0.0.1:25 smtp");
            let disk: &QrDisk = service(SERVICE_ID_DISK);
            assert_eq!(disk.reserve.unwrap()(it, lend("Q:")), 0);
            let mut held = 9;
            assert_eq!(disk.reserved.unwrap()(it, lend("Q:"), &raw mut held), 0);
            assert_eq!(held, 1);
            let reservation = disk.reservation.unwrap()(it, lend("Q:"), &raw mut held);
            assert_eq!(
                (reservation, held),
                (0, RESERVATION_HERE),
                "nobody else has asked"
            );
            assert_eq!(
                disk.write.unwrap()(it, lend("Q:"), lend("f"), b"abc".as_ptr(), 3),
                0
            );
            let file = |name: &'static str| {
                read(move |at, len, needed| {
                    disk.read.unwrap()(it, lend("Q:"), lend(name), at, len, needed)
                })
            };
            assert_eq!(
                (file("f"), file("g")),
                (Ok("abc".to_owned()), Err(ERROR_NOT_FOUND))
            );
            let list = read(|at, len, needed| disk.list.unwrap()(it, lend("Q:"), at, len, needed));
            assert_eq!(list.unwrap(), "Q:f");
            assert_eq!(disk.unmount.unwrap()(it, lend("Q:"), 1), 0);
            let address: &QrAddress = service(SERVICE_ID_ADDRESS);
            assert_eq!(
                address.add.unwrap()(it, lend("public"), lend("10.0.0.1")),
                0
            );
            let works = address.works.unwrap()(it, lend("public"), lend("10.0.0.1"));
            assert_eq!(works, ERROR_GEN_FAILURE, "an error has a code");
            let mut seconds = 0;
            let lease = read(|at, len, needed| {
                address.lease.unwrap()(it, lend("public"), at, len, needed, &raw mut seconds)
            });
            assert_eq!((lease.unwrap().as_str(), seconds), ("10.0.0.9", 3_600));
            let names: &QrName = service(SERVICE_ID_NAME);
            let resolved =
                read(|at, len, needed| names.resolve.unwrap()(it, lend("EVS1"), at, len, needed));
            assert_eq!(resolved.unwrap(), "address of EVS1");
            let checkpoint: &QrCheckpoint = service(SERVICE_ID_CHECKPOINT);
            assert_eq!(
                checkpoint.save.unwrap()(it, lend("clean"), b"1".as_ptr(), 1),
                0
            );
            let loaded = read(|at, len, needed| {
                checkpoint.load.unwrap()(it, lend("clean"), at, len, needed)
            });
            assert_eq!(loaded.unwrap(), "1");
            let cluster: &QrCluster = service(SERVICE_ID_CLUSTER);
            assert_eq!(cluster.configured_nodes.unwrap()(it), 4);
            let unknown = (*crate::table::host()).get_service.unwrap()(lend("quorate.magic/1"));
            assert!(unknown.is_null());
        }
    });
    assert_eq!(
        rig.world.asked,
        [
            "A: start svc 7",
            "listen svc 10.0.0.1:25 smtp true",
            "A in G: reserve Q:",
            "unmount Q: true",
            "add 10.0.0.1 to public",
        ]
    );
}

/// The checkpoint of `it` under a key.
fn kept(it: *const QrInstance, key: &str) -> Result<String, u32> {
    let table: &QrCheckpoint = service(SERVICE_ID_CHECKPOINT);
    // SAFETY: inside an entry, with text and places of this test's.
    read(|at, len, needed| unsafe { table.load.unwrap()(it, lend(key), at, len, needed) })
}

/// Makes `it` store bytes under a key.
fn keep(it: *const QrInstance, key: &str, bytes: &[u8]) -> u32 {
    let table: &QrCheckpoint = service(SERVICE_ID_CHECKPOINT);
    let len = bytes.len() as u64;
    // SAFETY: as in `kept`.
    unsafe { table.save.unwrap()(it, lend(key), bytes.as_ptr(), len) }
}

#[test]
fn checkpoints_are_handed_over_reported_in_order_and_limited() {
    let mut rig = Rig::with_a();
    let mut checkpoints = quorate_model::Checkpoints::default();
    checkpoints.set("starts", b"7").unwrap();
    rig.command(MonitorCommand::Restore {
        resource: name("A"),
        checkpoints,
    });
    let events = inside(&mut rig, |it| {
        assert_eq!(kept(it, "starts"), Ok("7".to_owned()), "handed over");
        assert_eq!(keep(it, "starts", b"8"), 0);
        assert_eq!(kept(it, "starts"), Ok("8".to_owned()), "known here at once");
        assert_eq!(keep(it, "other", b"x"), 0);
        assert_eq!(keep(it, "other", b""), 0);
        assert_eq!(kept(it, "other"), Err(ERROR_NOT_FOUND), "taken away");
        let long = vec![0; CHECKPOINT_BYTES_MAX as usize + 1];
        assert_eq!(keep(it, "long", &long), ERROR_INVALID_PARAMETER);
        assert_eq!(keep(it, "", b"x"), ERROR_INVALID_PARAMETER);
    });
    assert_eq!(
        events,
        [
            "A keeps starts 8",
            "A keeps other x",
            "A keeps other ",
            "A Online"
        ],
        "before the state that follows, and nothing of what was refused"
    );
    let kept_now = rig.monitor.directory.checkpoints("A");
    assert_eq!(kept_now.get("starts"), Some(&b"8"[..]));
    rig.command(MonitorCommand::Restore {
        resource: name("A"),
        checkpoints: Default::default(),
    });
    inside(&mut rig, |it| {
        assert_eq!(kept(it, "starts"), Err(ERROR_NOT_FOUND), "another owner's");
    });
}

#[test]
fn outside_an_entry_or_on_anothers_behalf_the_host_refuses() {
    let mut rig = Rig::with_a();
    rig.open(spec("B", "Fake"));
    let b = fake("B", |b| b.instance);
    inside(&mut rig, move |a| {
        let disk: &QrDisk = service(SERVICE_ID_DISK);
        // SAFETY: handles are never followed, so they may be anything.
        unsafe {
            let reserve = disk.reserve.unwrap();
            assert_eq!(reserve(b, lend("Q:")), ERROR_ACCESS_DENIED);
            assert_eq!(reserve(ptr::null(), lend("Q:")), ERROR_ACCESS_DENIED);
            assert_eq!(
                reserve(a.wrapping_byte_add(1 << 40), lend("Q:")),
                ERROR_ACCESS_DENIED
            );
        }
    });
    let a = fake("A", |a| a.instance);
    // SAFETY: as above.
    unsafe {
        let disk: &QrDisk = service(SERVICE_ID_DISK);
        assert_eq!(disk.reserve.unwrap()(a, lend("Q:")), ERROR_ACCESS_DENIED);
        let clock: &QrClock = service(SERVICE_ID_CLOCK);
        assert_eq!(clock.now_ms.unwrap()(a), 0);
        let log: &QrLog = service(SERVICE_ID_LOG);
        log.write.unwrap()(a, 0, lend("nobody listens"));
        let properties: &QrProperties = service(SERVICE_ID_PROPERTIES);
        assert_eq!(properties.provider_count.unwrap()(a, lend("Fake")), 0);
    }
    assert_eq!(rig.world.asked, [""; 0]);
    assert_eq!(rig.events(), [""; 0]);
}

#[test]
fn a_dead_machine_answers_not_ready() {
    let mut rig = Rig::with_a();
    rig.online("A");
    // `terminate` has no hook in the fake, so this looks at what a frame without a world answers.
    let directory = crate::monitor::Directory::new(fake::plugins(0));
    let handle = crate::table::Handle::new();
    let spec = spec("A", "Fake");
    let frame = crate::table::Frame::new(handle, None, &directory, &spec);
    let disk: &QrDisk = service(SERVICE_ID_DISK);
    let (code, _) = crate::table::enter(frame, || {
        // SAFETY: inside a frame.
        unsafe { disk.reserve.unwrap()(handle.as_ptr(), lend("Q:")) }
    });
    assert_eq!(code, ERROR_NOT_READY);
}

#[test]
fn properties_are_the_resources_own_or_the_types_defaults() {
    let mut rig = Rig::new();
    let mut own = spec("A", "Fake");
    own.properties
        .private
        .insert("WAIT".to_owned(), Value::Dword(7));
    own.properties
        .private
        .insert("Extra".to_owned(), text("more"));
    own.properties.restart_threshold = 9;
    rig.open(own);
    inside(&mut rig, |it| {
        let properties: &QrProperties = service(SERVICE_ID_PROPERTIES);
        // SAFETY: inside an entry, with text and places of this test's.
        unsafe {
            let get = |name: &str| {
                let get = properties.get.unwrap();
                read(|at, len, needed| get(it, lend(name), at, len, needed))
            };
            let ok = |text: &str| Ok(text.to_owned());
            assert_eq!(get("Disk"), ok("Disk Q:"));
            assert_eq!(get("Wait"), ok("7"));
            assert_eq!(get("Lines"), ok("a\nb"));
            assert_eq!(get("extra"), ok("more"));
            assert_eq!(get("RestartThreshold"), ok("9"));
            assert_eq!(get("Nothing"), Err(ERROR_NOT_FOUND));
            let mut number = 0;
            let get_u32 = properties.get_u32.unwrap();
            assert_eq!(get_u32(it, lend("Wait"), &raw mut number), 0);
            assert_eq!(number, 7);
            assert_eq!(
                get_u32(it, lend("Disk"), &raw mut number),
                ERROR_RESOURCE_PROPERTY
            );
            let mut needed = 0;
            let get = properties.get.unwrap();
            let code = get(it, lend("Disk"), ptr::null_mut(), 0, &raw mut needed);
            assert_eq!((code, needed), (ERROR_MORE_DATA, 7));
        }
    });
}

#[test]
fn providers_are_found_through_others_in_the_order_of_the_definition() {
    let mut rig = Rig::new();
    let mut with = |name: &str, kind: &str, on: &[&str]| {
        let mut spec = spec(name, kind);
        spec.depends_on = on.iter().map(|on| (*on).into()).collect();
        spec.properties
            .private
            .insert("Disk".to_owned(), text(&format!("of {name}")));
        rig.open(spec);
    };
    with("Disk Z", "Fake Quick", &[]);
    with("Disk B", "Fake Quick", &[]);
    with("Middle", "Fake Bare", &["Disk B"]);
    with(
        "Top",
        "Fake Bare",
        &["Middle", "Disk Z", "Disk B", "Not Open"],
    );
    with("A", "Fake", &["Top"]);
    inside(&mut rig, |it| {
        let properties: &QrProperties = service(SERVICE_ID_PROPERTIES);
        // SAFETY: inside an entry, with text and places of this test's.
        unsafe {
            let kind = lend("Fake Quick");
            assert_eq!(properties.provider_count.unwrap()(it, kind), 2);
            assert_eq!(properties.provider_count.unwrap()(it, lend("Fake")), 0);
            let name = |index| {
                let name = properties.provider_name.unwrap();
                read(|at, len, needed| name(it, kind, index, at, len, needed))
            };
            assert_eq!(name(0).unwrap(), "Disk B");
            assert_eq!(name(1).unwrap(), "Disk Z");
            assert_eq!(name(2), Err(ERROR_NOT_FOUND));
            let get = properties.provider_get.unwrap();
            let disk = read(|at, len, needed| get(it, kind, 1, lend("Disk"), at, len, needed));
            assert_eq!(disk.unwrap(), "of Disk Z");
        }
    });
}

#[test]
fn what_a_provider_publishes_stands_while_it_is_in_service() {
    let mut rig = Rig::with_a();
    let mut dependent = spec("B", "Fake");
    dependent.depends_on = vec!["A".into()];
    rig.open(dependent);
    let publish = |it: *const QrInstance, name: &str, value: &str| {
        let properties: &QrProperties = service(SERVICE_ID_PROPERTIES);
        // SAFETY: inside an entry, with texts of this test's.
        unsafe { properties.publish.unwrap()(it, lend(name), lend(value)) }
    };
    let own = |it: *const QrInstance, name: &str| {
        let properties: &QrProperties = service(SERVICE_ID_PROPERTIES);
        let get = properties.get.unwrap();
        // SAFETY: inside an entry, with a buffer of `read`'s.
        read(|at, len, needed| unsafe { get(it, lend(name), at, len, needed) })
    };
    // What B reads of A while it is brought online.
    fn seen(rig: &mut Rig) -> Result<String, u32> {
        let found = std::rc::Rc::new(std::cell::RefCell::new(Err(0)));
        let out = found.clone();
        fake("B", |b| {
            b.hook = Some(Box::new(move |it| {
                let properties: &QrProperties = service(SERVICE_ID_PROPERTIES);
                let get = properties.provider_get.unwrap();
                *out.borrow_mut() = read(|at, len, needed| {
                    // SAFETY: inside an entry, with a buffer of `read`'s.
                    unsafe { get(it, lend("Fake"), 0, lend("ADDRESS"), at, len, needed) }
                });
            }))
        });
        rig.online("B");
        rig.offline("B");
        found.replace(Err(0))
    }
    set(|a| {
        a.hook = Some(Box::new(move |it| {
            assert_eq!(publish(it, "", "x"), ERROR_INVALID_PARAMETER);
            assert_eq!(publish(it, "Address", "10.0.0.9"), 0);
            assert_eq!(own(it, "Address"), Err(ERROR_NOT_FOUND), "as configured");
            for index in 1..100 {
                assert_eq!(publish(it, &format!("P{index}"), "x"), 0);
            }
            assert_eq!(publish(it, "P100", "x"), ERROR_INVALID_PARAMETER, "enough");
            assert_eq!(publish(it, "P1", ""), 0, "taken back");
            assert_eq!(publish(it, "P100", "x"), 0);
        }))
    });
    assert_eq!(seen(&mut rig), Err(ERROR_NOT_FOUND));
    rig.online("A");
    assert_eq!(seen(&mut rig).as_deref(), Ok("10.0.0.9"));
    rig.offline("A");
    assert_eq!(seen(&mut rig), Err(ERROR_NOT_FOUND));
}

#[test]
fn online_here_counts_other_groups_only_and_what_is_coming_online() {
    let mut rig = Rig::with_a();
    for (name, group) in [("B", "H"), ("C", "I"), ("D", "G"), ("E", "J")] {
        let mut other = spec(name, "Fake");
        other.group = group.into();
        rig.open(other);
    }
    fake("B", |b| b.online = pending(1_000_000, 0));
    for name in ["B", "C", "D"] {
        rig.online(name);
    }
    inside(&mut rig, |it| {
        let cluster: &QrCluster = service(SERVICE_ID_CLUSTER);
        // SAFETY: inside an entry.
        let count = |kind: &str| unsafe { cluster.online_here.unwrap()(it, lend(kind)) };
        assert_eq!((count("Fake"), count("Fake Bare")), (2, 0));
    });
}

/// A resource of another group, with a disk.
fn elsewhere(name: &str, kind: &str, group: &str, disk: &str) -> ResourceSpec {
    let mut other = spec(name, kind);
    other.group = group.into();
    let disk = ("Disk".to_owned(), text(disk));
    other.properties.private.extend([disk]);
    other
}

#[test]
fn others_are_the_resources_of_a_type_in_other_groups() {
    let mut rig = Rig::with_a();
    for (name, kind, group) in [
        ("B", "Fake", "G"),
        ("C", "Fake Quick", "H"),
        ("D", "Fake", "I"),
        ("E", "Fake", "J"),
    ] {
        rig.open(elsewhere(name, kind, group, &format!("of {name}")));
    }
    inside(&mut rig, |it| {
        let cluster: &QrCluster = service(SERVICE_ID_CLUSTER);
        let (other, kind) = (cluster.other.unwrap(), lend("Fake"));
        // The group of another resource, and one of its properties.
        let told = |index| {
            ["", "Disk"].map(|property| {
                read(|at, len, needed| {
                    // SAFETY: inside an entry, with a buffer of `read`'s.
                    unsafe { other(it, kind, index, lend(property), at, len, needed) }
                })
            })
        };
        let found = |told: &[&str]| told.iter().map(|text| Ok((*text).to_owned())).collect();
        let wanted: [Vec<Result<String, u32>>; 2] = [found(&["I", "of D"]), found(&["J", "of E"])];
        assert_eq!([told(0).to_vec(), told(1).to_vec()], wanted);
        assert_eq!(told(2), [Err(ERROR_NOT_FOUND), Err(ERROR_NOT_FOUND)]);
        // All of them at once.
        let all = |property| {
            read(|at, len, needed| {
                // SAFETY: inside an entry, with a buffer of `read`'s.
                unsafe { cluster.others.unwrap()(it, kind, lend(property), at, len, needed) }
            })
        };
        assert_eq!(all("Disk").as_deref(), Ok("I\0of D\0J\0of E\0"));
        assert_eq!(all("Nothing").as_deref(), Ok(""));
    });
}

#[test]
fn a_value_with_a_zero_byte_in_it_cannot_be_told_among_others() {
    let mut rig = Rig::with_a();
    rig.open(elsewhere("B", "Fake", "H", "C\0D"));
    inside(&mut rig, |it| {
        let cluster: &QrCluster = service(SERVICE_ID_CLUSTER);
        let told = read(|at, len, needed| {
            let (others, kind) = (cluster.others.unwrap(), lend("Fake"));
            // SAFETY: inside an entry, with a buffer of `read`'s.
            unsafe { others(it, kind, lend("Disk"), at, len, needed) }
        });
        assert_eq!(told, Err(ERROR_RESOURCE_PROPERTY));
    });
}

/// A node may have a monitor for each group.
#[test]
fn resources_of_the_nodes_other_monitors_are_known_and_are_not_its_own() {
    let mut rig = Rig::with_a();
    let other = elsewhere("B", "Fake", "H", "of B");
    let sees = |rig: &mut Rig, online: u32, disk: Result<&'static str, u32>| {
        inside(rig, move |it| {
            let cluster: &QrCluster = service(SERVICE_ID_CLUSTER);
            // SAFETY: inside an entry.
            let here = unsafe { cluster.online_here.unwrap()(it, lend("Fake")) };
            let found = read(|at, len, needed| {
                let other = cluster.other.unwrap();
                // SAFETY: inside an entry, with a buffer of `read`'s.
                unsafe { other(it, lend("Fake"), 0, lend("Disk"), at, len, needed) }
            });
            assert_eq!(
                (here, found.as_deref().map_err(|code| *code)),
                (online, disk)
            );
        });
    };
    rig.monitor.hear_of(other.clone(), ResourceState::Online);
    sees(&mut rig, 1, Ok("of B"));
    rig.monitor.hear_of(other, ResourceState::Offline);
    sees(&mut rig, 0, Ok("of B"));
    assert!(rig.monitor.resources().all(|(name, ..)| *name != *"B"));
    rig.monitor.hear_no_more("B");
    sees(&mut rig, 0, Err(ERROR_NOT_FOUND));
}

#[test]
fn a_required_property_that_nobody_set_is_not_there() {
    let mut rig = Rig::new();
    let mut strict = spec("B", "Fake Strict");
    let mut dependent = spec("A", "Fake");
    dependent.depends_on = vec!["B".into()];
    rig.open(strict.clone());
    rig.open(dependent);
    let asks = |wanted: Result<&'static str, u32>| {
        move |it| {
            let properties: &QrProperties = service(SERVICE_ID_PROPERTIES);
            let (get, kind) = (properties.provider_get.unwrap(), lend("Fake Strict"));
            // SAFETY: inside an entry, with a buffer of `read`'s.
            let found = read(|at, len, needed| unsafe {
                get(it, kind, 0, lend("Needed"), at, len, needed)
            });
            assert_eq!(found, wanted.map(str::to_owned));
        }
    };
    inside(&mut rig, asks(Err(ERROR_NOT_FOUND)));
    let needed = ("Needed".to_owned(), text("yes"));
    strict.properties.private.extend([needed]);
    rig.command(MonitorCommand::Update(strict));
    inside(&mut rig, asks(Ok("yes")));
    assert_eq!(calls(), ["open", "online", "offline", "online", "offline"]);
}

#[test]
fn log_lines_are_cut_and_come_before_the_state() {
    let mut rig = Rig::with_a();
    let events = inside(&mut rig, |it| {
        let log: &QrLog = service(SERVICE_ID_LOG);
        let long = "é".repeat(600);
        // SAFETY: inside an entry.
        unsafe {
            log.write.unwrap()(it, 77, lend(&long));
            (*crate::table::host()).log_event.unwrap()(it, LOG_WARNING, lend("two"));
        }
    });
    let cut = format!("A log 3 {}", "é".repeat(500));
    assert_eq!(events, [cut.as_str(), "A log 1 two", "A Online"]);
}

#[test]
fn a_refused_service_call_explains_the_error_it_leads_to() {
    let mut rig = Rig::with_a();
    rig.world.busy = true;
    for (own, told) in [
        ("", "Q: is reserved by NODE2"),
        ("no disk", "no disk: Q: is reserved by NODE2"),
        // Here the type has passed the words on itself.
        ("oh: Q: is reserved by NODE2", "oh: Q: is reserved by NODE2"),
    ] {
        set(|a| {
            a.hook = Some(Box::new(|it| {
                let disk: &QrDisk = service(SERVICE_ID_DISK);
                // SAFETY: inside an entry.
                assert_eq!(unsafe { disk.reserve.unwrap()(it, lend("Q:")) }, ERROR_BUSY);
            }));
            a.online.code = ERROR_BUSY;
            a.error = own.to_owned();
        });
        let wanted = format!("A Failed [170 Online failed: {told}]");
        assert_eq!(rig.online("A"), [wanted]);
    }
}

#[test]
fn a_panic_of_the_world_waits_for_the_plugin_to_return() {
    let mut rig = Rig::with_a();
    rig.world.panics = true;
    set(|a| {
        a.hook = Some(Box::new(|it| {
            let disk: &QrDisk = service(SERVICE_ID_DISK);
            // SAFETY: inside an entry. The call returns: nothing unwinds through the plugin.
            assert_eq!(
                unsafe { disk.reserve.unwrap()(it, lend("Q:")) },
                ERROR_ACCESS_DENIED
            );
            fake("order", |it| it.calls.push("returned"));
        }));
    });
    let panic = catch_unwind(AssertUnwindSafe(|| rig.online("A"))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the world is broken"));
    assert_eq!(fake("order", |it| it.calls.clone()), ["returned"]);
}

#[test]
fn control_codes_go_to_the_type_with_a_buffer_that_grows_and_then_to_the_monitor() {
    let mut rig = Rig::with_a();
    let mut control = |code| {
        let input = b"in".to_vec();
        let command = MonitorCommand::Control {
            of: ControlOf::Resource(name("A")),
            code: ControlCode(code),
            request: 5,
            input,
        };
        rig.command(command)
    };
    set(|a| a.control = Some(10));
    assert_eq!(control(1), ["#5 10 bytes"]);
    set(|a| a.control = Some(100_000));
    assert_eq!(control(1), ["#5 100000 bytes"]);
    let no_room = "#5 [234 control code 0x00000001 failed: error 234 (ERROR_MORE_DATA)]";
    calls();
    set(|a| a.control = Some(2_000_000));
    assert_eq!(control(1), [no_room], "past the limit");
    assert_eq!(calls(), ["control"]);
    set(|a| a.control_lacks = Some(0));
    assert_eq!(control(1), [no_room], "it has that much already");
    assert_eq!(calls(), ["control"]);
    set(|a| a.control_lacks = Some(1));
    let endless = "#5 [234 control code 0x00000001 failed: the type asks for a larger buffer again and again]";
    assert_eq!(control(1), [endless]);
    assert_eq!(calls(), ["control"; 4]);
    set(|a| (a.control, a.control_lacks) = (None, None));
    assert!(control(1)[0].starts_with("#5 [1 neither"));
    assert_eq!(control(0x0100_0029), ["#5 1 bytes"]);
    assert_eq!(control(0x0100_002d), ["#5 4 bytes"]);
}

#[test]
fn a_plugins_threads_report_through_set_resource_status() {
    fake::forget();
    let monitor = Monitor::new(fake::plugins(PLUGIN_THREADS));
    let mut rig = Rig {
        monitor,
        world: World::default(),
    };
    rig.open(spec("A", "Fake Bare"));
    let it = fake("A", |a| a.instance) as usize;
    let report = move |status, checkpoint| {
        let thread = std::thread::spawn(move || {
            // SAFETY: the handle is a number.
            unsafe {
                let host = &*crate::table::host();
                let it = ptr::without_provenance(it);
                host.log_event.unwrap()(it, 0, lend("from a thread"));
                host.set_resource_status.unwrap()(it, status, checkpoint)
            }
        });
        thread.join().unwrap()
    };
    assert_eq!(report(ERROR_IO_PENDING, 1), 1, "nothing is pending");
    set(|a| a.online = pending(0, 0));
    assert_eq!(rig.online("A"), ["A OnlinePending"]);
    rig.run(170 * SECOND);
    assert_eq!(report(ERROR_IO_PENDING, 1), 0);
    assert_eq!(
        rig.run(170 * SECOND),
        ["A log 0 from a thread"],
        "it got on"
    );
    assert_eq!(report(0, 2), 0);
    assert_eq!(report(0, 2), 1, "ended twice");
    let line = "A log 0 from a thread";
    assert_eq!(rig.run(100), [line, line, "A Online"]);
    assert_eq!(report(31, 3), 1, "nothing is pending any more");
    rig.command(MonitorCommand::Close {
        resource: name("A"),
    });
    assert_eq!(report(31, 3), 1, "closed");
}
