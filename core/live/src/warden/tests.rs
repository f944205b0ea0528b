//! A watchdog that is a plain file, and drivers that are shells.
#![allow(clippy::print_stderr, reason = "what is left out is said")]

use std::fs;
use std::io::BufRead as _;
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
        kept: None,
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

/// The control group of a driver's services in this folder, as the kernel shows one where something hangs.
fn with_something_that_hangs(folder: &Path) {
    let group = folder.join("group");
    fs::create_dir(&group).unwrap();
    fs::write(group.join("cgroup.events"), "populated 1\n").unwrap();
}

fn end(driver: &Child) {
    let group = i32::try_from(driver.id()).ok().and_then(Pid::from_raw);
    kill_process_group(group.unwrap(), Signal::KILL).unwrap();
}

#[test]
fn nothing_is_said_to_a_watchdog_once_services_outlast_their_licence() {
    let folder = tempfile::tempdir().unwrap();
    with_something_that_hangs(folder.path());
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
fn nothing_is_said_to_a_watchdog_while_services_outlast_a_licence_that_was_given_up() {
    let folder = tempfile::tempdir().unwrap();
    with_something_that_hangs(folder.path());
    let (to, happened) = channel();
    let (over, _) = channel();
    let mut driver = driver(Duration::from_millis(300), "exec sleep 1000", &to);
    // After what the driver has said itself.
    let Ok(Happened::Licence(first)) = happened.recv_timeout(LONG) else {
        panic!("it has a licence");
    };
    assert!(first > Time::ZERO);
    let mut warden = warden(folder.path(), happened, over);
    to.send(Happened::Licence(Time::ZERO)).unwrap();
    to.send(Happened::Gone).unwrap();
    warden.stand_by(&mut driver).unwrap_err();
    end(&driver);
    driver.wait().unwrap();
    assert_eq!(said(&folder.path().join("dog")), b"");
}

#[test]
fn a_driver_that_cannot_be_started_leaves_nothing_for_a_watchdog_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let (to, happened) = channel();
    let (over, _) = channel();
    let mut warden = warden(folder.path(), happened, over);
    let dog = folder.path().join("dog");
    let ward = Ward {
        cluster: "CLUSTER1".into(),
        node: "NODE1".into(),
        driver: vec!["/no/such/program".to_owned()],
        watchdog: Some(dog.clone()),
    };
    let refused = warden.run(&ward, &to).unwrap_err();
    assert!(matches!(refused, WatchError::System(_)), "{refused}");
    drop(warden);
    assert_eq!(said(&dog), b"V");
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

#[test]
fn what_is_left_of_a_node_is_ended_by_its_own_folder_and_by_no_other_nodes_of_its_name() {
    let cluster = format!("test{}", std::process::id());
    let group = match Cgroup::of_node(&cluster, "clear") {
        Ok(group) => group,
        Err(why) => return eprintln!("SKIPPED: {why}"),
    };
    let procs = group.path().join("cgroup.procs");
    let script = format!("echo 0 > {} && echo in; exec sleep 1000", procs.display());
    let mut left = Command::new("/bin/sh")
        .args(["-c", &script])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut said = io::BufReader::new(left.stdout.take().unwrap());
    said.read_line(&mut line).unwrap();
    if line != "in\n" {
        left.kill().unwrap();
        left.wait().unwrap();
        group.remove_with_those_above();
        return eprintln!("SKIPPED: this process may not be put into a control group");
    }
    let [own, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let number = group.number().unwrap();
    for (folder, number) in [(&own, number), (&other, number + 1)] {
        let state = crate::state::StateFolder::open(folder.path(), Duration::ZERO).unwrap();
        state.keep_group(number).unwrap();
    }
    assert!(clear(other.path(), &cluster, "clear"));
    assert!(group.is_populated(), "it is another node's");
    assert!(clear(own.path(), &cluster, "clear"));
    assert!(!group.path().exists());
    left.wait().unwrap();
}

#[test]
fn two_wardens_of_one_node_do_not_run_at_once() {
    let cluster = format!("test{}", std::process::id());
    let group = match Cgroup::of_node(&cluster, "twice") {
        Ok(group) => group,
        Err(why) => return eprintln!("SKIPPED: {why}"),
    };
    let ward = Ward {
        cluster: cluster.clone(),
        node: "twice".into(),
        driver: ["/bin/sh", "-c", "exit 7"].map(str::to_owned).to_vec(),
        watchdog: None,
    };
    let first = group.keep(Duration::ZERO).unwrap();
    assert!(first.is_some());
    let refused = watch(&ward, |_| {}).unwrap_err();
    assert!(matches!(refused, WatchError::Refused(_)), "{refused:?}");
    let refused = refused.to_string();
    assert!(
        refused.contains("runs on this machine already"),
        "{refused}"
    );
    let number = group.number();
    can_watch(&cluster, "twice").unwrap();
    assert_eq!(group.number(), number, "to look does not take it away");
    drop(first);
    assert_eq!(watch(&ward, |_| {}).unwrap(), 7);
    assert!(!group.path().exists());
}
