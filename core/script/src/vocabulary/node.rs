//! Nodes and their cards.

use std::time::Duration;

use quorate_drill::stage::{Order, Stage};
use quorate_drill::{Noun, Thrown, suggestion};
use quorate_model::NodeStatus;
use quorate_model::{
    AdminOp, ClockFault, Damage, DiskFault, MachineFault, ProcessFault, Repair, StartSwitches,
};
use rhai::Map;
use rhai::plugin::*;

use super::order::{self, read};
use super::{clocks, options};
use crate::closed::{self, Set};
use crate::handles::{FaultRef, NicRef, NodeRef, PathRef, SystemDiskRef};
use crate::session::Session;
use crate::thrown::{Fallible, Raise};
use crate::values::{name_arg, show, span_arg, spoken};

/// What a machine takes to come up, before its services start.
const REBOOT: Duration = Duration::from_secs(120);

fn status<T>(
    context: &NativeCallContext<'_>,
    node: &NodeRef,
    property: &str,
    pick: impl FnOnce(NodeStatus) -> T,
    shown: impl FnOnce(&T) -> String,
) -> Fallible<T> {
    let name = node.name.clone();
    read(
        context,
        "node",
        &name,
        property,
        |stage: &dyn Stage| stage.node(&name).map(pick),
        shown,
    )
}

/// The file that is being written when the power fails, and how many bytes of the write reach the disk.
fn crash_options(context: &NativeCallContext<'_>, given: &Map) -> Fallible<(String, u64)> {
    let at = context.call_position();
    let (mut file, mut kept) = (None, 0);
    for (key, value) in given {
        match key.as_str() {
            "writing" => file = Some(name_arg(context, value)?.to_string()),
            "kept" => {
                let number = value.as_int().map_err(|kind| {
                    Thrown::mistake(format!("kept is a number of bytes, not {}", spoken(kind)))
                        .at(at)
                })?;
                kept = order::bytes_arg(context, number, "kept")?;
            }
            other => {
                let hint = suggestion(other, options::CRASH.iter().copied());
                let hint = hint.map_or_else(String::new, |hint| format!(": {hint}"));
                let text = format!("crash knows no option \"{other}\"{hint}");
                return Err(Thrown::mistake(text).at(at));
            }
        }
    }
    let file = file.ok_or_else(|| {
        let text = "crash(#{…}) needs the file: crash(#{writing: \"quolog.log\"})";
        Thrown::mistake(text).at(at)
    })?;
    Ok((file, kept))
}

fn start_switches(context: &NativeCallContext<'_>, given: &Map) -> Fallible<StartSwitches> {
    let at = context.call_position();
    let mut switches = StartSwitches::default();
    for (key, value) in given {
        let switch = match key.as_str() {
            "force_quorum" => {
                let list = value.as_array_ref().map_err(|kind| {
                    let text = format!(
                        "force_quorum is the list of the nodes that are left, such as [\"NODE1\", \"NODE2\"], not {}",
                        spoken(kind)
                    );
                    Thrown::mistake(text).at(at)
                })?;
                let names = list.iter().map(|name| name_arg(context, name));
                switches.force_quorum = names.collect::<Fallible<_>>()?;
                if switches.force_quorum.is_empty() {
                    let text = "force_quorum names no node: name those that are left";
                    return Err(Thrown::mistake(text).at(at));
                }
                continue;
            }
            "fix_quorum" => &mut switches.fix_quorum,
            "reset_quorum_log" => &mut switches.reset_quorum_log,
            "no_quorum_logging" => &mut switches.no_quorum_logging,
            other => {
                let hint = suggestion(other, options::SWITCHES.iter().copied()).unwrap_or_default();
                let text = format!("there is no start switch \"{other}\": {hint}");
                return Err(Thrown::mistake(text).at(at));
            }
        };
        *switch = value.as_bool().map_err(|kind| {
            Thrown::mistake(format!("{key} is true or false, not {}", spoken(kind))).at(at)
        })?;
    }
    Ok(switches)
}

fn freeze(
    context: &NativeCallContext<'_>,
    node: &NodeRef,
    lasting: Option<Duration>,
) -> Fallible<FaultRef> {
    let fault = MachineFault::Freeze {
        node: node.name.clone(),
    };
    order::inject_for(context, format!("{} froze", node.name), fault, lasting)
}

fn reset(context: &NativeCallContext<'_>, node: &NodeRef, takes: Duration) -> Fallible<FaultRef> {
    let fault = MachineFault::Crash {
        node: node.name.clone(),
    };
    order::inject_for(
        context,
        format!("{} was reset", node.name),
        fault,
        Some(takes),
    )
}

fn hang_monitor(
    context: &NativeCallContext<'_>,
    node: &NodeRef,
    lasting: Option<Duration>,
) -> Fallible<FaultRef> {
    let fault = MachineFault::MonitorHang {
        node: node.name.clone(),
    };
    order::inject_for(
        context,
        format!("{}'s resource monitor hung", node.name),
        fault,
        lasting,
    )
}

fn fan_fails(
    context: &NativeCallContext<'_>,
    node: &NodeRef,
    lasting: Option<Duration>,
) -> Fallible<FaultRef> {
    let fault = MachineFault::FanFailure {
        node: node.name.clone(),
    };
    order::inject_for(
        context,
        format!("{}'s fan failed", node.name),
        fault,
        lasting,
    )
}

/// Words about nodes.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// A node by its name.
    /// Example: `node("NODE3").crash(); recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn node(context: NativeCallContext<'_>, name: Dynamic) -> Fallible<NodeRef> {
        let name = name_arg(&context, &name)?;
        order::known(&context, "node", &name, |stage| stage.nodes()).map(|name| NodeRef { name })
    }

    /// Truth: the node's name.
    /// Example: `expect_eq(nodes()[0].name, "NODE1")`
    #[rhai_fn(get = "name", pure)]
    pub fn name(node: &mut NodeRef) -> String {
        node.name.to_string()
    }

    /// Belief: what the node is to its cluster: "Up", "Down", "Paused", "Joining", or "Evicted" where it is no node of it any more.
    /// Example: `node("NODE4").pause(); eventually(|| node("NODE4").state == "Paused", 1.minutes, "it may be so when
    /// the order is answered");`
    #[rhai_fn(get = "state", pure, return_raw)]
    pub fn state(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<Dynamic> {
        let state = |it: NodeStatus| closed::word(Set::NODE_STATE, it.state.as_str());
        status(&context, node, "state", state, show)
    }

    /// Belief: whether the node is a member of the cluster: Up or Paused.
    /// Example: `node("NODE2").crash(); becomes(|| !node("NODE2").is_up, 1.minutes);`
    #[rhai_fn(get = "is_up", pure, return_raw)]
    pub fn is_up(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<bool> {
        use quorate_model::NodeState::{Paused, Up};
        status(
            &context,
            node,
            "is_up",
            |it| matches!(it.state, Up | Paused),
            bool::to_string,
        )
    }

    /// Belief: the names of the groups the node owns.
    /// Example: `expect_eq(node("NODE3").groups, ["EVS3"])`
    #[rhai_fn(get = "groups", pure, return_raw)]
    pub fn groups(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<Dynamic> {
        status(
            &context,
            node,
            "groups",
            |it| closed::names(Noun::Group, &it.groups).into(),
            show,
        )
    }

    /// Takes the node's power away.
    /// Example: `node("NODE3").crash(); recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn crash(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<FaultRef> {
        let fault = MachineFault::Crash {
            node: node.name.clone(),
        };
        order::inject(&context, format!("{} lost power", node.name), fault)
    }

    /// Takes the node's power away in the middle of its next write to a file: `crash(#{writing: "quolog.log",
    /// kept: 5})` leaves five bytes of that write on the disk; without `kept` none.
    /// Example: `node(quorum().owner).crash(#{ writing: "quolog.log", kept: 5 }); expect_error(||
    /// group("EVS1").set("FailoverThreshold", 8), "stopped before it answered");`
    #[rhai_fn(name = "crash", return_raw)]
    pub fn crash_writing(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        options: Map,
    ) -> Fallible<FaultRef> {
        let (file, kept) = crash_options(&context, &options)?;
        let fault = MachineFault::CrashWriting {
            node: node.name.clone(),
            file,
            kept,
        };
        let what = format!("{} was to lose power in the middle of a write", node.name);
        order::inject(&context, what, fault)
    }

    /// Switches the node on.
    /// Example: `node("NODE4").crash(); becomes(|| !node("NODE4").is_up, 1.minutes); node("NODE4").start(); becomes(||
    /// node("NODE4").is_up, 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn start(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<()> {
        order::order(
            &context,
            Order::NodeStart(node.name.clone(), StartSwitches::default()),
        )
    }

    /// Switches the node on and starts its cluster service with one of the start switches:
    /// `start(#{force_quorum: ["NODE1", "NODE2"]})` for a Majority Node Set of which only these are left;
    /// `fix_quorum: true` to do without the quorum disk; `reset_quorum_log: true` to write a damaged or missing quorum
    /// log anew from the node's own copy; `no_quorum_logging: true` to leave the quorum log alone.
    /// Example with `five-node-majority.ron`: `for n in nodes() { n.crash(); } run("1m"); let two = ["NODE1", "NODE2"];
    /// for name in two { node(name).start(#{ force_quorum: two }); } eventually(|| quorum().has_quorum, 5.minutes);`
    #[rhai_fn(name = "start", return_raw)]
    pub fn start_with(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        switches: Map,
    ) -> Fallible<()> {
        let switches = start_switches(&context, &switches)?;
        order::order(&context, Order::NodeStart(node.name.clone(), switches))
    }

    /// Shuts the node down: its groups move away first, then it goes off.
    /// Example: `node("NODE3").shutdown(); recovers("EVS3", 5.minutes); expect_eq(unplanned_outage("EVS3"),
    /// 0.seconds);`
    #[rhai_fn(return_raw)]
    pub fn shutdown(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<()> {
        order::order(&context, Order::NodeShutdown(node.name.clone()))
    }

    /// Restarts the node: it is shut down in order, its groups move away first, and two minutes after it went off it is on
    /// again. Wait for it: `eventually(|| node("NODE1").is_up, "10m")`.
    /// Example: `node("NODE3").reboot(); becomes(|| node("NODE3").is_up, 10.minutes);`
    #[rhai_fn(return_raw)]
    pub fn reboot(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<()> {
        order::order(&context, Order::NodeReboot(node.name.clone(), REBOOT))
    }

    /// As `reboot()`, for a node that is off for so long: `reboot("5m")`.
    /// Example: `node("NODE3").reboot("5m"); becomes(|| node("NODE3").is_up, 15.minutes);`
    #[rhai_fn(name = "reboot", return_raw)]
    pub fn reboot_for(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        takes: Dynamic,
    ) -> Fallible<()> {
        let takes = span_arg(&context, &takes)?.0;
        order::order(&context, Order::NodeReboot(node.name.clone(), takes))
    }

    /// The node restarts without a word, as if somebody pressed its reset button: it loses its power, and two minutes
    /// later it is on again.
    /// Example: `node("NODE3").reset(); recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn reset(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<FaultRef> {
        super::reset(&context, node, REBOOT)
    }

    /// As `reset()`, for a node that is off for so long.
    /// Example: `node("NODE3").reset("30s"); becomes(|| node("NODE3").is_up, 10.minutes);`
    #[rhai_fn(name = "reset", return_raw)]
    pub fn reset_for(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        takes: Dynamic,
    ) -> Fallible<FaultRef> {
        let takes = span_arg(&context, &takes)?.0;
        super::reset(&context, node, takes)
    }

    /// Makes the node stand still until it is thawed: nothing on it runs, and nothing it holds is given up.
    /// Example: `let fault = node("NODE3").freeze(); recovers("EVS3", 5.minutes); fault.heal();`
    #[rhai_fn(return_raw)]
    pub fn freeze(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<FaultRef> {
        super::freeze(&context, node, None)
    }

    /// Makes the node stand still for a while.
    /// Example: `node("NODE3").freeze("5m"); recovers("EVS3", 5.minutes);`
    #[rhai_fn(name = "freeze", return_raw)]
    pub fn freeze_for(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        duration: Dynamic,
    ) -> Fallible<FaultRef> {
        let lasting = Some(span_arg(&context, &duration)?.0);
        super::freeze(&context, node, lasting)
    }

    /// Lets a frozen node go on.
    /// Example: `node("NODE3").freeze(); run("3s"); node("NODE3").thaw(); run("1m"); expect(node("NODE3").is_up);`
    #[rhai_fn(return_raw)]
    pub fn thaw(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<()> {
        order::repair(&context, &Repair::Thaw(node.name.clone()))
    }

    /// Makes the node's resource monitor stand still, and nothing else: no resource there is looked after, brought online or
    /// taken offline. The cluster service asks it for a sign of life, and replaces it when it has waited for 240 s: what was
    /// not offline counts as failed then.
    /// Example: `node("NODE3").hang_monitor(); becomes(|| group("EVS3").state != "Online", 10.minutes);`
    #[rhai_fn(return_raw)]
    pub fn hang_monitor(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<FaultRef> {
        super::hang_monitor(&context, node, None)
    }

    /// Makes the node's resource monitor stand still for a while.
    /// Example: `node("NODE3").hang_monitor("1m"); run("5m"); expect(group("EVS3").is_online);`
    #[rhai_fn(name = "hang_monitor", return_raw)]
    pub fn hang_monitor_for(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        duration: Dynamic,
    ) -> Fallible<FaultRef> {
        let lasting = Some(span_arg(&context, &duration)?.0);
        super::hang_monitor(&context, node, lasting)
    }

    /// Lets a resource monitor that stands still go on: it begins with what it was asked for meanwhile.
    /// Example: `node("NODE3").hang_monitor(); run("1m"); node("NODE3").resume_monitor(); run("5m");
    /// expect(group("EVS3").is_online);`
    #[rhai_fn(return_raw)]
    pub fn resume_monitor(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<()> {
        order::repair(&context, &Repair::Monitor(node.name.clone()))
    }

    /// Makes the node's fan fail: until it is healed, the node runs at a third of its speed. Its services take three times as
    /// long to start, to stop and to answer, apart from what their disks take, and its stores take three times as much of
    /// it. A node that is off comes up like that.
    /// Example: `node("NODE4").fan_fails(); group("EVS3").move_to("NODE4"); recovers("EVS3", 10.minutes);`
    #[rhai_fn(return_raw)]
    pub fn fan_fails(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<FaultRef> {
        super::fan_fails(&context, node, None)
    }

    /// Makes the node's fan fail for a while.
    /// Example: `node("NODE3").fan_fails("10m"); run("15m"); expect(group("EVS3").is_online);`
    #[rhai_fn(name = "fan_fails", return_raw)]
    pub fn fan_fails_for(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        duration: Dynamic,
    ) -> Fallible<FaultRef> {
        let lasting = Some(span_arg(&context, &duration)?.0);
        super::fan_fails(&context, node, lasting)
    }

    /// Pauses the node: it keeps what it owns and takes nothing more.
    /// Example: `node("NODE4").pause(); node("NODE3").crash(); run("2m"); expect(!group("EVS3").is_online);`
    #[rhai_fn(return_raw)]
    pub fn pause(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<()> {
        order::order(
            &context,
            AdminOp::NodePause {
                node: node.name.clone(),
            },
        )
    }

    /// Resumes a paused node.
    /// Example: `node("NODE4").pause(); run("1m"); node("NODE4").resume(); eventually(|| node("NODE4").state == "Up",
    /// 1.minutes);`
    #[rhai_fn(return_raw)]
    pub fn resume(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<()> {
        order::order(
            &context,
            AdminOp::NodeResume {
                node: node.name.clone(),
            },
        )
    }

    /// Takes the node out of the cluster. It must be down. To add it again, clean it up first: `forcecleanup`.
    /// Example: `node("NODE4").crash(); becomes(|| node("NODE4").state == "Down", 1.minutes); node("NODE4").evict();
    /// expect_eq(nodes().len(), 3);`
    #[rhai_fn(return_raw)]
    pub fn evict(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<()> {
        order::order(
            &context,
            AdminOp::NodeEvict {
                node: node.name.clone(),
            },
        )
    }

    /// Takes everything that belongs to the cluster off a node that was evicted: its copy of the database, and whose
    /// copy that is. Its cluster service must not run. Until `add_node` has made it a node again, the service does not
    /// start.
    /// Example: `node("NODE4").crash(); becomes(|| node("NODE4").state == "Down", 1.minutes); node("NODE4").evict();
    /// node("NODE4").start(); run("2m"); node("NODE4").forcecleanup(); add_node(#{ name: "NODE4" });`
    #[rhai_fn(return_raw)]
    pub fn forcecleanup(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<()> {
        order::order(&context, Order::NodeForceCleanup(node.name.clone()))
    }

    /// Stops the node's cluster service; its groups move away first. The machine stays on.
    /// Example: `node("NODE3").stop_service(); recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn stop_service(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<()> {
        order::order(&context, Order::ServiceStop(node.name.clone()))
    }

    /// Kills the process of the node's cluster service: nothing is moved away first. The machine stays on.
    /// Example: `node("NODE3").kill_service(); recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn kill_service(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<FaultRef> {
        let fault = MachineFault::ServiceStop {
            node: node.name.clone(),
        };
        order::inject(
            &context,
            format!("the cluster service of {} was killed", node.name),
            fault,
        )
    }

    /// Kills the process of the node's cluster service and starts it again at once, while the resource monitor of its old
    /// boot, and all that it runs, go on. The new boot ends that before it says a word to anybody.
    /// Example: `node("NODE3").restart_service(); run("5m"); expect(node("NODE3").is_up);`
    #[rhai_fn(return_raw)]
    pub fn restart_service(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
    ) -> Fallible<FaultRef> {
        let fault = MachineFault::ServiceRestart {
            node: node.name.clone(),
        };
        let what = format!("the cluster service of {} was started again", node.name);
        order::inject(&context, what, fault)
    }

    /// Truth: what the node's own clock shows, in its local time, as "2003-06-12 08:00:00". `clock()` is right.
    /// Example: `expect_eq(node("NODE1").clock, clock())`
    #[rhai_fn(get = "clock", pure, return_raw)]
    pub fn clock(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<String> {
        let session = Session::of(&context)?;
        session.read_time();
        let name = node.name.clone();
        let ms = session.try_stage(&context, |stage| stage.clock_of(&name))?;
        let civil = quorate_drill::civil::shown(ms);
        session.saw(
            &context,
            "",
            || format!("node(\"{name}\").clock"),
            format!("{civil:?}"),
        );
        Ok(civil)
    }

    /// Sets the node's clock forward, or back: `clock_step("1h")`, `clock_step("-90s")`. No timer runs by it; failback
    /// windows do, what policies are told, and when failovers were. A second step comes on top; healing one undoes it.
    /// Example: `node("NODE1").clock_step("1h"); expect(node("NODE1").clock != clock());`
    #[rhai_fn(return_raw)]
    pub fn clock_step(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        by: Dynamic,
    ) -> Fallible<FaultRef> {
        let (by_ms, said) = clocks::way(&context, &by)?;
        let fault = ClockFault::ClockStep {
            node: node.name.clone(),
            by_ms,
        };
        let what = format!("the clock of {} was set {said}", node.name);
        order::inject(&context, what, fault)
    }

    /// Makes the node's clocks run fast, or slow, by so many parts per million, and all its timers with them:
    /// `clock_drift(10000)` is 1 % fast, the most there is, and `clock_drift(-200)` loses 200 microseconds a second.
    /// Example: `node("NODE1").clock_drift(10000); run("1h"); expect(node("NODE1").is_up);`
    #[rhai_fn(return_raw)]
    pub fn clock_drift(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        ppm: i64,
    ) -> Fallible<FaultRef> {
        if ppm == 0 {
            let text =
                "a clock that drifts by 0 millionths is right: heal the fault that made it drift";
            return Err(Thrown::mistake(text).at(context.call_position()));
        }
        let fault = ClockFault::ClockDrift {
            node: node.name.clone(),
            ppm: clocks::within(ppm),
        };
        let what = format!("the clock of {} began to drift", node.name);
        order::inject(&context, what, fault)
    }

    /// The node's local time is so far ahead of the cluster's, or behind it, as in another time zone:
    /// `time_zone("-6h")`. Its clock goes on right by UTC. See `daylight_saving`.
    /// Example: `node("NODE1").time_zone("-6h"); expect(node("NODE1").clock != clock());`
    #[rhai_fn(return_raw)]
    pub fn time_zone(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        by: Dynamic,
    ) -> Fallible<FaultRef> {
        let (by_minutes, said) = clocks::minutes(&context, &by)?;
        let fault = ClockFault::LocalTime {
            node: Some(node.name.clone()),
            by_minutes,
        };
        let what = format!("local time on {} was set {said}", node.name);
        order::inject(&context, what, fault)
    }

    /// Starts the node's cluster service.
    /// Example: `node("NODE4").stop_service(); becomes(|| !node("NODE4").is_up, 5.minutes);
    /// node("NODE4").start_service(); becomes(|| node("NODE4").is_up, 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn start_service(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<()> {
        order::order(
            &context,
            Order::ServiceStart(node.name.clone(), StartSwitches::default()),
        )
    }

    /// Truth: how many bytes a file on the node's system disk has, such as "quolog.log" or "chk001.tmp".
    /// Example: `expect(node("NODE1").size("quolog.log") > 0)`
    #[rhai_fn(return_raw)]
    pub fn size(context: NativeCallContext<'_>, node: &mut NodeRef, file: &str) -> Fallible<i64> {
        order::file_size(&context, &node.name, file)
    }

    /// Flips a bit in the middle of a file on the node's system disk, such as "quolog.log" or "chk001.tmp". Nobody notices before
    /// the file is read.
    /// Example: `node("NODE2").corrupt("quolog.log").expect_unnoticed()`
    #[rhai_fn(name = "corrupt", return_raw)]
    pub fn corrupt(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        file: &str,
    ) -> Fallible<FaultRef> {
        order::damage(
            &context,
            &node.name,
            file,
            Damage::FlippedBit { byte: None },
        )
    }

    /// Flips a bit of one byte, counted from 0, of a file on the node's system disk.
    /// Example: `node("NODE2").corrupt("quolog.log", 12)`
    #[rhai_fn(name = "corrupt", return_raw)]
    pub fn corrupt_at(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        file: &str,
        byte: i64,
    ) -> Fallible<FaultRef> {
        let byte = Some(order::bytes_arg(&context, byte, "the place of a byte")?);
        order::damage(&context, &node.name, file, Damage::FlippedBit { byte })
    }

    /// The last bytes of a file on the node's system disk are gone, as if they had never been written out.
    /// Example: `node("NODE2").lose_tail("quolog.log", 10)`
    #[rhai_fn(return_raw)]
    pub fn lose_tail(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        file: &str,
        bytes: i64,
    ) -> Fallible<FaultRef> {
        let bytes = order::bytes_arg(&context, bytes, "a number of bytes")?;
        order::damage(&context, &node.name, file, Damage::LostTail { bytes })
    }

    /// A file on the node's system disk is gone.
    /// Example: `node("NODE2").lose_file("quolog.log")`
    #[rhai_fn(return_raw)]
    pub fn lose_file(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        file: &str,
    ) -> Fallible<FaultRef> {
        order::damage(&context, &node.name, file, Damage::Lost)
    }

    /// Wipes the system disk of a node that is off: its copy of the cluster database is gone.
    /// Example: `node("NODE4").crash(); node("NODE4").wipe(); node("NODE4").start(); run("5m");
    /// expect(!node("NODE4").is_up);`
    #[rhai_fn(return_raw)]
    pub fn wipe(context: NativeCallContext<'_>, node: &mut NodeRef) -> Fallible<FaultRef> {
        let fault = DiskFault::Wipe {
            node: node.name.clone(),
        };
        order::inject(
            &context,
            format!("{}'s system disk was wiped", node.name),
            fault,
        )
    }

    /// Starts the node's cluster service with one of the start switches: see `start`.
    /// Example with `five-node-majority.ron`: `for n in nodes() { n.kill_service(); } run("10s"); let two = ["NODE1",
    /// "NODE2"]; for name in two { node(name).start_service(#{ force_quorum: two }); } eventually(||
    /// quorum().has_quorum, 5.minutes);`
    #[rhai_fn(name = "start_service", return_raw)]
    pub fn start_service_with(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        switches: Map,
    ) -> Fallible<()> {
        let switches = start_switches(&context, &switches)?;
        order::order(&context, Order::ServiceStart(node.name.clone(), switches))
    }

    /// The node's card in a network: `node("NODE1").nic("Public").fail()`.
    /// Example: `node("NODE3").nic("Public").fail(); recovers("EVS3", 10.minutes);`
    #[rhai_fn(return_raw)]
    pub fn nic(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        network: Dynamic,
    ) -> Fallible<NicRef> {
        let network = name_arg(&context, &network)?;
        let network = order::known(&context, "network", &network, |stage| stage.networks())?;
        Ok(NicRef {
            node: node.name.clone(),
            network,
        })
    }

    /// The node's own disk, with its copy of the cluster database and the programs that resources start:
    /// `node("NODE1").system_disk().full()`.
    /// Example: `node("NODE2").system_disk().slow("2s"); run("5m"); expect(node("NODE2").is_up);`
    #[rhai_fn(name = "system_disk")]
    pub fn system_disk(node: &mut NodeRef) -> SystemDiskRef {
        SystemDiskRef {
            node: node.name.clone(),
        }
    }

    /// The node's path to a shared disk: `node("NODE1").path("Disk F:").fail()`.
    /// Example: `node("NODE3").path("EVS3 Disk L:").fail(); recovers("EVS3", 10.minutes);`
    #[rhai_fn(return_raw)]
    pub fn path(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        disk: Dynamic,
    ) -> Fallible<PathRef> {
        let disk = name_arg(&context, &disk)?;
        let disk = order::known(&context, "disk", &disk, |stage| stage.disks())?;
        Ok(PathRef {
            node: node.name.clone(),
            disk,
        })
    }

    /// Takes away the node's copy of a resource's script, by its ScriptFilepath: what runs goes on, and does not come
    /// online there again.
    /// Example with `two-node-scripts.ron`: `node("NODE1").lose_script("../resources/web-server.rhai"); run("1m");
    /// expect(group("Web").is_online);`
    #[rhai_fn(return_raw)]
    pub fn lose_script(
        context: NativeCallContext<'_>,
        node: &mut NodeRef,
        path: &str,
    ) -> Fallible<FaultRef> {
        let fault = ProcessFault::ScriptLost {
            node: node.name.clone(),
            path: path.to_owned(),
        };
        order::inject(&context, format!("{} lost {path}", node.name), fault)
    }

    /// Its name, as a text.
    #[rhai_fn(global, name = "to_string", pure)]
    pub fn to_string(node: &mut NodeRef) -> String {
        node.name.to_string()
    }

    /// The same text, for `debug`.
    #[rhai_fn(global, name = "to_debug", pure)]
    pub fn to_debug(node: &mut NodeRef) -> String {
        node.name.to_string()
    }

    /// Whether both are the same node.
    #[rhai_fn(name = "==")]
    pub fn eq(left: NodeRef, right: NodeRef) -> bool {
        left == right
    }

    /// Whether the node has this name.
    #[rhai_fn(name = "==")]
    pub fn eq_text(left: NodeRef, right: &str) -> bool {
        left.name == *right
    }
}
