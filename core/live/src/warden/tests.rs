//! A watchdog that is a plain file, and drivers that are shells.

use std::fs;
use std::path::Path;
use std::sync::mpsc::Sender;

use rustix::process::kill_process_group;

use super::*;

/// Longer than anything here takes on any machine.
const LONG: Duration = Duration::from_secs(30);

type Told = Box<dyn FnMut(&str) + Send>;

/// A driver that may run services for a while, and then does this.
fn driver(last: Duration, then: &str, to: &Sender<Happened>) -> Child {
    let until = clock::now() + last;
    let bytes = until.0.to_le_bytes().map(|byte| format!("\\{byte:03o}"));
    let script = format!("printf '{}' >&0; {then}", bytes.concat());
    let ward = Ward {
        cluster: "CLUSTER1".into(),
        node: "NODE1".into(),
        driver: ["/bin/sh", "-c", &script].map(str::to_owned).to_vec(),
        watchdog: None,
    };
    start(&ward, None, to).unwrap()
}

fn said(dog: &Path) -> Vec<u8> {
    fs::read(dog).unwrap()
}

/// A warden with a watchdog in this folder. `over` is told how much was said to it when the licence was over.
fn warden(folder: &Path, happened: Receiver<Happened>, over: Sender<usize>) -> Warden<Told> {
    let dog = folder.join("dog");
    fs::write(&dog, "").unwrap();
    Warden {
        group: Some(Cgroup::at(folder.join("group"))),
        happened,
        watchdog: Some(Watchdog::open(&dog).unwrap()),
        stops: false,
        told: Box::new(move |text| {
            if text.contains("the licence to run services is over") {
                over.send(said(&dog).len()).unwrap();
            }
        }),
    }
}

fn end(driver: &Child) {
    let group = i32::try_from(driver.id()).ok().and_then(Pid::from_raw);
    kill_process_group(group.unwrap(), Signal::KILL).unwrap();
}

#[test]
fn nothing_is_said_to_a_watchdog_once_services_outlast_their_licence() {
    let folder = tempfile::tempdir().unwrap();
    let group = folder.path().join("group");
    fs::create_dir(&group).unwrap();
    // Something that hangs in the kernel, as the kernel shows it.
    fs::write(group.join("cgroup.events"), "populated 1\n").unwrap();
    let (to, happened) = channel();
    let (over, length) = channel();
    let mut driver = driver(Duration::from_millis(300), "exec sleep 1000", &to);
    let mut warden = warden(folder.path(), happened, over);
    warden.stand_by(&mut driver).unwrap_err();
    drop(warden);
    end(&driver);
    driver.wait().unwrap();
    let length = length.recv_timeout(LONG).unwrap();
    assert!(length > 1, "it was put off while the licence stood");
    assert_eq!(said(&folder.path().join("dog")), vec![0; length]);
}

#[test]
fn a_watchdog_waits_until_a_driver_is_gone_that_was_killed_and_is_put_off_again() {
    let folder = tempfile::tempdir().unwrap();
    let (to, happened) = channel();
    let (over, length) = channel();
    // Its end is not seen: what it has started has its socket.
    let keeps = "sleep 1000 <&0 & exec sleep 1000";
    let mut driver = driver(Duration::from_millis(300), keeps, &to);
    let mut warden = warden(folder.path(), happened, over);
    let stood_by = thread::spawn(move || {
        let status = warden.stand_by(&mut driver);
        (warden, driver, status)
    });
    let length = length.recv_timeout(LONG).unwrap();
    assert!(length > 1, "it was put off while the licence stood");
    let dog = folder.path().join("dog");
    let later = clock::now() + 50 * EACH;
    while clock::now() < later {
        to.send(Happened::Signal(SIGHUP)).unwrap();
    }
    assert_eq!(said(&dog).len(), length);
    to.send(Happened::Gone).unwrap();
    let (mut warden, driver, status) = stood_by.join().unwrap();
    assert!(!status.unwrap().success());
    end(&driver);
    assert_eq!(said(&dog).len(), length);
    assert!(!warden.wait(3 * EACH));
    let (last, length) = (warden.watchdog.take().unwrap(), said(&dog).len() - length);
    assert!(length >= 2, "nothing runs any more");
    last.close().unwrap();
    assert_eq!(said(&dog).last(), Some(&b'V'));
}
