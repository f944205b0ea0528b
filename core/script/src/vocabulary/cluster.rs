//! The cluster as a whole.

use std::time::Duration;

use quorate_drill::stage::{PropertyOf, Stage, StageRequest};
use quorate_drill::{DEFAULT_SEED, Noun, Span, Thrown, tell};
use quorate_model::ClientReport;
use quorate_model::{Name, Object, Repair};
use rhai::plugin::*;
use rhai::{Array, Map};

use super::drill::ClusterOptions;
use super::order;
use crate::closed::{self, Set};
use crate::events;
use crate::handles::FaultRef;
use crate::handles::{
    ClientsRef, DiskRef, EventRef, GroupRef, NetworkRef, NodeRef, QuorumRef, ResourceRef,
};
use crate::session::{Here, Session};
use crate::thrown::{Fallible, Raise};
use crate::values::{name_arg, name_or_empty, show, span_arg};
use crate::waits;

fn objects<T: Clone + 'static>(
    context: &NativeCallContext<'_>,
    list: impl FnOnce(&dyn Stage) -> Vec<Name>,
    object: impl Fn(Name) -> T,
) -> Fallible<Array> {
    let session = Session::of(context)?;
    let names = session.with_stage(context, |stage| list(stage))?;
    let read = || format!("{}()", context.fn_name());
    session.saw(context, "", read, format!("{names:?}"));
    Ok(names
        .into_iter()
        .map(|name| Dynamic::from(object(name)))
        .collect())
}

/// Opens a cluster for a script that runs line by line.
fn open(context: &NativeCallContext<'_>, path: &str, options: &Map) -> Fallible<()> {
    let session = Session::of(context)?;
    session.begin_act(context)?;
    let at = context.call_position();
    if session.with(|play| play.in_drill()) {
        return Err(Thrown::mistake(
            "a drill has its cluster already: name it in the drill's options",
        )
        .at(at));
    }
    let options = ClusterOptions::read(options).map_err(|text| Thrown::mistake(text).at(at))?;
    let (folder, seed) = session.with(|play| (play.text().folder.clone(), play.options().seed));
    let seed = seed.or(options.seed).unwrap_or(DEFAULT_SEED);
    let request = StageRequest {
        cluster: folder.join(path),
        text: None,
        seed,
        start: options.start,
    };
    let here = Here::new(context, &session);
    tell::open(&here, &request)?;
    if options.cold {
        Ok(())
    } else {
        tell::settle_start(&here)
    }
}

fn cut_all(context: &NativeCallContext<'_>, sides: &Array) -> Fallible<FaultRef> {
    order::partition(context, "all networks were cut".to_owned(), None, sides)
}

/// Words about the whole cluster.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// Opens the cluster of a cluster file and waits until it is up. For the REPL; a drill names its cluster in its
    /// options.
    /// Example at the prompt: `cluster("scripts/clusters/four-node.ron")`
    #[rhai_fn(return_raw)]
    pub fn cluster(context: NativeCallContext<'_>, path: &str) -> Fallible<()> {
        open(&context, path, &Map::new())
    }

    /// Opens a cluster with options: `seed` (a whole number), `start` (what its clock shows at power-on,
    /// "2003-10-26 01:30"), `cold` (true: do not wait until it is up).
    /// Example at the prompt: `cluster("scripts/clusters/four-node.ron", #{ seed: 7, start: "2003-10-26 01:30" })`
    #[rhai_fn(name = "cluster", return_raw)]
    pub fn cluster_with(context: NativeCallContext<'_>, path: &str, options: Map) -> Fallible<()> {
        open(&context, path, &options)
    }

    /// Lets virtual time pass: `run("30m")`.
    /// Example: `run("30m")`
    #[rhai_fn(return_raw)]
    pub fn run(context: NativeCallContext<'_>, duration: Dynamic) -> Fallible<()> {
        waits::run(&context, span_arg(&context, &duration)?)
    }

    /// Lets virtual time pass until the cluster's local clock shows an hour next, or a date with one: `run_until("9:00")`,
    /// `run_until("2003-10-26 03:00")`. An hour that it shows at this very instant comes again in a day; a date that is over
    /// is an error.
    /// Example: `run_until("9:00"); expect(clock() >= "9:00");`
    #[rhai_fn(return_raw)]
    pub fn run_until(context: NativeCallContext<'_>, time: &str) -> Fallible<()> {
        waits::run_until(&context, time)
    }

    /// Something that happens while the drill waits, when the cluster's local clock shows an hour next, or a date with one:
    /// `at("9:00", || node("NODE3").crash())`. It happens inside `run`, `eventually` and whatever else lets time pass, at
    /// that very instant. It may break things and give orders; it may not let time pass itself, nor plan another one. A
    /// drill that ends before it came due is an error.
    /// Example: `at("9:00", || node("NODE3").crash()); run_until("9:05"); expect_eq(group("EVS3").owner, "NODE4");`
    #[rhai_fn(return_raw)]
    pub fn at(context: NativeCallContext<'_>, time: &str, action: rhai::FnPtr) -> Fallible<()> {
        waits::at(&context, time, action)
    }

    /// Something that happens while the drill waits, so long from now: `after("10s", || node("NODE3").crash())`. As with
    /// `at`, it may not let time pass itself, and a drill that ends before it came due is an error.
    /// Example: `after("10s", || node("NODE3").crash()); recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn after(
        context: NativeCallContext<'_>,
        duration: Dynamic,
        action: rhai::FnPtr,
    ) -> Fallible<()> {
        let span = span_arg(&context, &duration)?;
        waits::after(&context, span, action)
    }

    /// Lets time pass until nothing goes on any more: nothing pending, nobody joining, and nothing different for
    /// 30 s. The verdict is unknown if that is not reached within 30 minutes.
    /// Example: `group("EVS3").move_to("NODE4"); settle(); expect_eq(group("EVS3").owner, "NODE4");`
    #[rhai_fn(return_raw)]
    pub fn settle(context: NativeCallContext<'_>) -> Fallible<()> {
        settle_within(context, Dynamic::from("30m".to_owned()))
    }

    /// As `settle()`, with a limit of one's own.
    /// Example: `node("NODE3").crash(); settle(5.minutes);`
    #[rhai_fn(name = "settle", return_raw)]
    pub fn settle_within(context: NativeCallContext<'_>, within: Dynamic) -> Fallible<()> {
        let within = span_arg(&context, &within)?;
        waits::settle(&context, within)
    }

    /// Begins a step of the story: a title in the report and in the journal.
    /// Example: `step("NODE3 loses its power"); node("NODE3").crash(); recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn step(context: NativeCallContext<'_>, title: &str) -> Fallible<()> {
        let session = Session::of(&context)?;
        session.begin_act(&context)?;
        let now = session.with_stage(&context, |stage| {
            stage.mark_step(title);
            stage.now()
        })?;
        session.with(|play| play.observer().step(now, title));
        Ok(())
    }

    /// Says something in the report and in the journal.
    /// Example: `note(`mail is on ${group("EVS3").owner}`)`
    #[rhai_fn(return_raw)]
    pub fn note(context: NativeCallContext<'_>, text: &str) -> Fallible<()> {
        let session = Session::of(&context)?;
        session.begin_act(&context)?;
        let now = session.with_stage(&context, |stage| {
            stage.mark_note(text);
            stage.now()
        })?;
        session.with(|play| play.observer().note(now, text));
        Ok(())
    }

    /// Cuts all networks between sides: `partition([["NODE1"], ["NODE2", "NODE3"]])`. Nodes that are not named are
    /// together on a side of their own.
    /// Example: `partition([["NODE1", "NODE2"], ["NODE3", "NODE4"]]); run("2m"); expect(quorum().has_quorum);`
    #[rhai_fn(return_raw)]
    pub fn partition(context: NativeCallContext<'_>, sides: Array) -> Fallible<FaultRef> {
        cut_all(&context, &sides)
    }

    /// Cuts one direction on all networks: `cut("NODE1", "NODE2")`, and NODE2 does not hear NODE1 while NODE1 hears
    /// NODE2.
    /// Example: `cut("NODE1", "NODE2"); run("1m"); expect(quorum().has_quorum);`
    #[rhai_fn(name = "cut", return_raw)]
    pub fn cut(context: NativeCallContext<'_>, from: Dynamic, to: Dynamic) -> Fallible<FaultRef> {
        order::cut(&context, None, &from, &to)
    }

    /// Heals every fault, the last one first: what was cut, broken, crashed or frozen.
    /// Example: `partition([["NODE4"]]); becomes(|| !node("NODE4").is_up, 1.minutes); heal(); becomes(||
    /// node("NODE4").is_up, 10.minutes);`
    #[rhai_fn(return_raw)]
    pub fn heal(context: NativeCallContext<'_>) -> Fallible<()> {
        order::act(&context, |stage| {
            stage.heal_all();
            Ok(())
        })
    }

    /// Heals the fault with this number, as `:faults` and the journal number them.
    /// Example: `node("NODE3").nic("Private").fail(); run("1m"); heal(1); run("1m");`
    #[rhai_fn(name = "heal", return_raw)]
    pub fn heal_number(context: NativeCallContext<'_>, number: i64) -> Fallible<()> {
        order::heal_number(&context, number)
    }

    /// Heals every partition and cut, and nothing else.
    /// Example: `partition([["NODE4"]]); becomes(|| !node("NODE4").is_up, 1.minutes); heal_partitions(); becomes(||
    /// node("NODE4").is_up, 10.minutes);`
    #[rhai_fn(return_raw)]
    pub fn heal_partitions(context: NativeCallContext<'_>) -> Fallible<()> {
        order::repair(&context, &Repair::Partitions)
    }

    /// Belief: the nodes, as objects, by number: `nodes().filter(|n| n.is_up).len()`.
    /// Example: `expect_eq(nodes().filter(|n| n.is_up).len(), 4)`
    #[rhai_fn(return_raw)]
    pub fn nodes(context: NativeCallContext<'_>) -> Fallible<Array> {
        objects(
            &context,
            |stage| stage.configured(),
            |name| NodeRef { name },
        )
    }

    /// Belief: the groups, as objects, the default Cluster Group first.
    /// Example: `expect(groups().all(|g| g.state == "Online"))`
    #[rhai_fn(return_raw)]
    pub fn groups(context: NativeCallContext<'_>) -> Fallible<Array> {
        objects(&context, |stage| stage.groups(), |name| GroupRef { name })
    }

    /// Belief: the resources, as objects, group by group.
    /// Example: `expect(resources().all(|r| r.state == "Online"))`
    #[rhai_fn(return_raw)]
    pub fn resources(context: NativeCallContext<'_>) -> Fallible<Array> {
        objects(
            &context,
            |stage| stage.resources(),
            |name| ResourceRef { name },
        )
    }

    /// Truth: the networks, as objects.
    /// Example: `for network in networks() { expect(network.role != "ClientAccess"); }`
    #[rhai_fn(return_raw)]
    pub fn networks(context: NativeCallContext<'_>) -> Fallible<Array> {
        objects(
            &context,
            |stage| stage.networks(),
            |name| NetworkRef { name },
        )
    }

    /// Truth: the shared disks, as objects.
    /// Example: `expect(disks().all(|d| d.mounted_on.len() <= 1))`
    #[rhai_fn(return_raw)]
    pub fn disks(context: NativeCallContext<'_>) -> Fallible<Array> {
        objects(&context, |stage| stage.disks(), |name| DiskRef { name })
    }

    /// Belief: the name of the node that coordinates, empty if none does.
    /// Example: `expect_eq(coordinator(), quorum().owner)`
    #[rhai_fn(return_raw)]
    pub fn coordinator(context: NativeCallContext<'_>) -> Fallible<Dynamic> {
        let session = Session::of(&context)?;
        let name = session.with_stage(&context, |stage| {
            name_or_empty(stage.coordinator().as_ref())
        })?;
        session.saw(
            &context,
            &name,
            || "coordinator()".to_owned(),
            format!("{name:?}"),
        );
        Ok(closed::name(Noun::Node, &name))
    }

    /// Belief: the quorum: `.kind`, `.owner`, `.has_quorum`.
    /// Example: `node("NODE2").crash(); run("2m"); expect(quorum().has_quorum);`
    #[rhai_fn(return_raw)]
    pub fn quorum(context: NativeCallContext<'_>) -> Fallible<QuorumRef> {
        let session = Session::of(&context)?;
        let status = session.with_stage(&context, |stage| stage.quorum())?;
        Ok(QuorumRef { status })
    }

    /// Belief: which quorum it is: "Standard", "MajorityNodeSet" or "Local".
    /// Example: `expect_eq(quorum().kind, "Standard")`
    #[rhai_fn(get = "kind", pure, return_raw)]
    pub fn quorum_kind(
        context: NativeCallContext<'_>,
        quorum: &mut QuorumRef,
    ) -> Fallible<Dynamic> {
        let kind = quorum.status.kind.as_str();
        saw_quorum(&context, "", "kind", format!("{kind:?}"))?;
        Ok(closed::word(Set::QUORUM_KIND, kind))
    }

    /// Belief: the node that holds the quorum, empty if none does.
    /// Example: `expect_eq(quorum().owner, disk("Disk Q:").owner)`
    #[rhai_fn(get = "owner", pure, return_raw)]
    pub fn quorum_owner(
        context: NativeCallContext<'_>,
        quorum: &mut QuorumRef,
    ) -> Fallible<Dynamic> {
        let owner = name_or_empty(quorum.status.owner.as_ref());
        saw_quorum(&context, &owner, "owner", format!("{owner:?}"))?;
        Ok(closed::name(Noun::Node, &owner))
    }

    /// Belief: a property of the quorum's, by the original's name and in its unit: `quorum().get("MaxQuorumLogSize")`.
    /// Example: `expect_eq(quorum().get("MaxQuorumLogSize"), 4194304)`
    #[rhai_fn(name = "get", return_raw)]
    pub fn quorum_get(
        context: NativeCallContext<'_>,
        _quorum: &mut QuorumRef,
        property: &str,
    ) -> Fallible<Dynamic> {
        order::property(&context, PropertyOf::Cluster, property)
    }

    /// Sets a property of the quorum's, by the original's name and in its unit; `()` resets it to its default.
    /// Example: `quorum().set("MaxQuorumLogSize", 65536)`
    #[rhai_fn(name = "set", return_raw)]
    pub fn quorum_set(
        context: NativeCallContext<'_>,
        _quorum: &mut QuorumRef,
        property: &str,
        value: Dynamic,
    ) -> Fallible<()> {
        let value = order::to_value(&context, PropertyOf::Cluster, property, &value)?;
        let property = property.to_owned();
        order::order(&context, order::set(Object::Cluster, property, value))
    }

    /// Belief: whether there is a quorate cluster.
    /// Example: `always("there is a cluster", || quorum().has_quorum); node("NODE2").crash(); run("5m");`
    #[rhai_fn(get = "has_quorum", pure, return_raw)]
    pub fn has_quorum(context: NativeCallContext<'_>, quorum: &mut QuorumRef) -> Fallible<bool> {
        let held = quorum.status.has_quorum;
        saw_quorum(&context, "", "has_quorum", held.to_string())?;
        Ok(held)
    }

    /// Truth: for how long clients did not find a group in full service (`is_online`) since they first did. It is
    /// `planned_outage` and `unplanned_outage` together.
    /// Example: `node("NODE3").crash(); recovers("EVS3", 5.minutes); expect(outage("EVS3") < 2.minutes);`
    #[rhai_fn(return_raw)]
    pub fn outage(context: NativeCallContext<'_>, group: Dynamic) -> Fallible<Span> {
        super::outage(&context, &group, "outage", |stage, name| stage.outage(name))
    }

    /// Truth: how much of a group's `outage` somebody wanted: it began with an administrator's move or offline, an ordered
    /// stop or shutdown of its node, or a failback. From the first failure on it is no longer as planned.
    /// Example: `group("EVS3").move_to("NODE4"); recovers("EVS3", 5.minutes); expect_eq(planned_outage("EVS3"),
    /// outage("EVS3"));`
    #[rhai_fn(return_raw)]
    pub fn planned_outage(context: NativeCallContext<'_>, group: Dynamic) -> Fallible<Span> {
        super::outage(&context, &group, "planned_outage", |stage, name| {
            stage.planned_outage(name)
        })
    }

    /// Truth: how much of a group's `outage` nobody wanted: it began with a failure, or something failed in a planned one.
    /// Example: `node("NODE3").crash(); recovers("EVS3", 5.minutes); expect_eq(unplanned_outage("EVS3"),
    /// outage("EVS3"));`
    #[rhai_fn(return_raw)]
    pub fn unplanned_outage(context: NativeCallContext<'_>, group: Dynamic) -> Fallible<Span> {
        super::outage(&context, &group, "unplanned_outage", |stage, name| {
            stage.unplanned_outage(name)
        })
    }

    /// Truth: the part of the time since clients first found a group in full service in which they did, 0.0 to 1.0.
    /// Example: `node("NODE3").crash(); run("2h"); expect(availability("EVS3") > 0.98);`
    #[rhai_fn(return_raw)]
    pub fn availability(context: NativeCallContext<'_>, group: Dynamic) -> Fallible<f64> {
        let name = name_arg(&context, &group)?;
        let name = order::known(&context, "group", &name, |stage| stage.groups())?;
        let session = Session::of(&context)?;
        session.read_time();
        let part = session.with_stage(&context, |stage| stage.availability(&name))?;
        session.saw(
            &context,
            &name,
            || format!("availability(\"{name}\")"),
            part.to_string(),
        );
        Ok(part)
    }

    /// Truth: the names of the groups that the drill's faults moved or stopped without touching them.
    /// Example: `node("NODE4").crash(); run("5m"); expect_eq(disturbed(), []);`
    #[rhai_fn(return_raw)]
    pub fn disturbed(context: NativeCallContext<'_>) -> Fallible<Array> {
        let session = Session::of(&context)?;
        let names = session.with_stage(&context, |stage| stage.disturbed())?;
        session.saw(
            &context,
            "",
            || "disturbed()".to_owned(),
            format!("{names:?}"),
        );
        Ok(closed::names(Noun::Group, &names))
    }

    /// The journal so far, oldest first. Each event has `kind`, `node`, `time` (a Duration), and the fields of its kind,
    /// which are `()` where an event has nothing to say; `:doc events` lists all kinds and fields.
    /// Example: `expect(events().len() > 0)`
    #[rhai_fn(name = "events", return_raw)]
    pub fn all_events(context: NativeCallContext<'_>) -> Fallible<Array> {
        events(context, Map::new())
    }

    /// The journal's events that match every field given: `events(#{kind: "group-owner", subject: "EVS3"})`. A
    /// list matches any of its values, and a field that holds a list matches where one of them is in it. `since` and
    /// `until` are durations, `limit` keeps the last so many. A kind, a field or a word that there is not is a mistake:
    /// `:doc events` lists them all.
    /// Example: `node("NODE3").crash(); recovers("EVS3", 5.minutes); let moves = events(#{ kind: "group-owner",
    /// subject: "EVS3" }); expect_eq(moves[-1].to, "NODE4");`
    #[rhai_fn(name = "events", return_raw)]
    pub fn events(context: NativeCallContext<'_>, filter: Map) -> Fallible<Array> {
        let session = Session::of(&context)?;
        let wanted = filter;
        let filter = events::Filter::read(&context, &wanted)?;
        let lines = session
            .lines()
            .map_err(|thrown| thrown.at(context.call_position()))?;
        let found = filter.apply(&lines);
        let text = |key: &str| wanted.get(key).and_then(|it| it.clone().into_string().ok());
        let subject = text("subject").or_else(|| text("node")).unwrap_or_default();
        let read = || format!("events({}).len()", show(&wanted.clone().into()));
        session.saw(&context, &subject, read, found.len().to_string());
        let most = context.engine().max_array_size();
        if most > 0 && found.len() > most {
            return Err(Thrown::mistake(format!(
                "{} events match, and a list holds at most {most}: filter more, or give a limit",
                found.len()
            ))
            .at(context.call_position()));
        }
        Ok(found
            .into_iter()
            .map(|line| Dynamic::from(EventRef { line: line.clone() }))
            .collect())
    }

    /// Belief: the cluster at a glance, as a text: nodes, groups, resources.
    /// Example: `note(status())`
    #[rhai_fn(return_raw)]
    pub fn status(context: NativeCallContext<'_>) -> Fallible<String> {
        let session = Session::of(&context)?;
        session.read_time();
        let status = session.with_stage(&context, |stage| quorate_drill::Status::of(stage))?;
        let status = status.to_string();
        session.saw(&context, "", || "status()".to_owned(), status.clone());
        Ok(status)
    }

    /// Sends clients to a group by its network name: `clients("EVS1", #{ users: 1500, every: "1s" })`. With `port: 25` or
    /// `protocol: "smtp"` a service must answer there, whatever the group's resources are.
    /// Example: `let users = clients("EVS1", #{ users: 1500, every: "1s" }); run("5m"); expect_eq(users.failures, 0);`
    #[rhai_fn(return_raw)]
    pub fn clients(
        context: NativeCallContext<'_>,
        group: Dynamic,
        options: Map,
    ) -> Fallible<ClientsRef> {
        let session = Session::of(&context)?;
        session.begin_act(&context)?;
        let name = name_arg(&context, &group)?;
        let name = order::known(&context, "group", &name, |stage| stage.groups())?;
        let calls = crate::vocabulary::clients::calls(&context, &options)?;
        let number = session.try_stage(&context, |stage| stage.clients(&name, &calls))?;
        Ok(ClientsRef {
            group: name,
            number,
        })
    }

    /// Counts these clients' calls once more, from now on and from nothing: what they feel in one part of a drill.
    /// Example: `let mail = clients("EVS3", #{ users: 10, every: "1m" }); let night = mail.part(); run("8h");
    /// night.end(); expect_eq(night.failures, 0);`
    #[rhai_fn(return_raw)]
    pub fn part(context: NativeCallContext<'_>, clients: &mut ClientsRef) -> Fallible<ClientsRef> {
        let session = Session::of(&context)?;
        session.begin_act(&context)?;
        let from = clients.number;
        let number = session.try_stage(&context, |stage| stage.part_of_clients(from))?;
        Ok(ClientsRef {
            group: clients.group.clone(),
            number,
        })
    }

    /// These clients call no more; what they felt stays. A part that `part` began is counted no further, and the clients
    /// themselves go on.
    /// Example: `let users = clients("EVS1", #{ users: 10, every: "1s" }); run("1m"); users.end();
    /// node("NODE1").crash(); run("1m"); expect_eq(users.failures, 0);`
    #[rhai_fn(return_raw)]
    pub fn end(context: NativeCallContext<'_>, clients: &mut ClientsRef) -> Fallible<()> {
        let session = Session::of(&context)?;
        session.begin_act(&context)?;
        let number = clients.number;
        session.try_stage(&context, |stage| stage.end_clients(number))
    }

    /// Declares what a virtual server's users are to its node: `load("EVS1", #{ users: 1500, cpu: 35 })`, `cpu` in per
    /// cent of a node. The cluster file's `users` and `cpu_percent` are what it begins with.
    /// Example: `load("EVS1", #{ users: 1500, cpu: 35 })`
    #[rhai_fn(return_raw)]
    pub fn load(context: NativeCallContext<'_>, group: Dynamic, options: Map) -> Fallible<()> {
        let session = Session::of(&context)?;
        session.begin_act(&context)?;
        let name = name_arg(&context, &group)?;
        let name = order::known(&context, "group", &name, |stage| stage.groups())?;
        let (users, cpu) = crate::vocabulary::clients::load(&context, &options)?;
        session.try_stage(&context, |stage| stage.set_load(&name, users, cpu))
    }

    /// Truth: how many requests these clients made.
    /// Example: `let users = clients("EVS1", #{ users: 10, every: "1s" }); run("1m"); expect(users.requests >= 590);`
    #[rhai_fn(get = "requests", pure, return_raw)]
    pub fn client_requests(
        context: NativeCallContext<'_>,
        clients: &mut ClientsRef,
    ) -> Fallible<i64> {
        let requests = |it: &ClientReport| i64::try_from(it.requests).unwrap_or(i64::MAX);
        client_report(&context, clients, "requests", requests, i64::to_string)
    }

    /// Truth: how many requests of these clients failed.
    /// Example: `let users = clients("EVS1", #{ users: 10, every: "1s" }); node("NODE1").crash(); recovers("EVS1",
    /// 5.minutes); expect(users.failures > 0);`
    #[rhai_fn(get = "failures", pure, return_raw)]
    pub fn client_failures(
        context: NativeCallContext<'_>,
        clients: &mut ClientsRef,
    ) -> Fallible<i64> {
        let failures = |it: &ClientReport| i64::try_from(it.failures).unwrap_or(i64::MAX);
        client_report(&context, clients, "failures", failures, i64::to_string)
    }

    /// Truth: the longest unbroken time in which every request of these clients failed.
    /// Example: `let users = clients("EVS1", #{ users: 10, every: "1s" }); node("NODE1").crash(); recovers("EVS1",
    /// 5.minutes); expect(users.longest_outage < 2.minutes);`
    #[rhai_fn(get = "longest_outage", pure, return_raw)]
    pub fn client_outage(
        context: NativeCallContext<'_>,
        clients: &mut ClientsRef,
    ) -> Fallible<Span> {
        let longest = |it: &ClientReport| Span(it.longest_outage);
        client_report(&context, clients, "longest_outage", longest, Span::exact)
    }

    /// Truth: the longest mean time that an answer took these clients: it grows with the load of the node that answers.
    /// Example: `let users = clients("EVS1", #{ users: 10, every: "1s" }); run("1m"); expect(users.longest_response <
    /// 5.seconds);`
    #[rhai_fn(get = "longest_response", pure, return_raw)]
    pub fn client_response(
        context: NativeCallContext<'_>,
        clients: &mut ClientsRef,
    ) -> Fallible<Span> {
        let longest = |it: &ClientReport| Span(it.longest_response);
        client_report(&context, clients, "longest_response", longest, Span::exact)
    }

    /// Truth: the share of these clients' requests that were answered, 0 to 1; 1 before the first.
    /// Example: `let users = clients("EVS1", #{ users: 10, every: "1s" }); run("1m"); expect_eq(users.availability,
    /// 1.0);`
    #[rhai_fn(get = "availability", pure, return_raw)]
    pub fn client_availability(
        context: NativeCallContext<'_>,
        clients: &mut ClientsRef,
    ) -> Fallible<f64> {
        let part = ClientReport::availability;
        client_report(&context, clients, "availability", part, f64::to_string)
    }
}

/// Reads how long a group was out of service, and remembers the reading.
fn outage(
    context: &NativeCallContext<'_>,
    group: &Dynamic,
    word: &str,
    read: impl FnOnce(&dyn Stage, &str) -> Duration,
) -> Fallible<Span> {
    let name = name_arg(context, group)?;
    let name = order::known(context, "group", &name, |stage| stage.groups())?;
    let session = Session::of(context)?;
    session.read_time();
    let span = Span(session.with_stage(context, |stage| read(stage, &name))?);
    session.saw(
        context,
        &name,
        || format!("{word}(\"{name}\")"),
        span.exact(),
    );
    Ok(span)
}

/// Reads a value from the clients' report, and remembers the reading.
fn client_report<T>(
    context: &NativeCallContext<'_>,
    clients: &ClientsRef,
    property: &str,
    pick: impl FnOnce(&ClientReport) -> T,
    shown: impl FnOnce(&T) -> String,
) -> Fallible<T> {
    let session = Session::of(context)?;
    session.read_calls();
    let found = session.with_stage(context, |stage| stage.client_status(clients.number))?;
    let value = pick(&found.map(|it| it.report).unwrap_or_default());
    let read = || format!("clients(\"{}\").{property}", clients.group);
    session.saw(context, &clients.group, read, shown(&value));
    Ok(value)
}

/// Remembers a reading of the quorum.
fn saw_quorum(
    context: &NativeCallContext<'_>,
    subject: &str,
    property: &str,
    value: String,
) -> Fallible<()> {
    let read = || format!("quorum().{property}");
    Session::of(context)?.saw(context, subject, read, value);
    Ok(())
}
