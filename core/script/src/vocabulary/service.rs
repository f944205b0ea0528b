//! The processes behind resources.

use std::time::Duration;

use quorate_drill::Thrown;
use quorate_model::{ProcessFault, Repair};
use rhai::plugin::*;

use super::order::{self, read};
use crate::handles::{FaultRef, ServiceRef};
use crate::thrown::{Fallible, Raise};
use crate::values::{count_arg, name_arg, show, span_arg};

fn hang(
    context: &NativeCallContext<'_>,
    service: &ServiceRef,
    lasting: Option<Duration>,
) -> Fallible<FaultRef> {
    let fault = ProcessFault::Hang {
        resource: service.name.clone(),
    };
    let what = format!("the process of {} hung", service.name);
    order::inject_for(context, what, fault, lasting)
}

fn answers(
    context: &NativeCallContext<'_>,
    service: &ServiceRef,
    request: &str,
    text: String,
) -> Fallible<FaultRef> {
    let request = request.trim_end();
    let mistake = if request.is_empty() {
        Some("a request is a text, such as \"PING\", and this one is empty".to_owned())
    } else {
        let broken = [request, &text]
            .into_iter()
            .find(|it| it.contains(['\r', '\n']));
        broken.map(|it| {
            format!(
                "a request and its answer are one line each, without its end, and {it:?} is more"
            )
        })
    };
    if let Some(text) = mistake {
        return Err(Thrown::mistake(text).at(context.call_position()));
    }
    let what = format!(
        "the process of {} answers `{request}` with `{text}`",
        service.name
    );
    let fault = ProcessFault::Answers {
        resource: service.name.clone(),
        request: request.to_owned(),
        text,
    };
    order::inject(context, what, fault)
}

/// Words about the processes behind resources.
#[allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the macro wants `pub`, and unwraps what it has checked"
)]
#[export_module]
pub(crate) mod words {
    /// The processes behind a resource, by the resource's name. The cluster finds out what befalls them by its own
    /// checks.
    /// Example: `service("EVS3 SMTP").crash(); recovers("EVS3", 5.minutes);`
    #[rhai_fn(return_raw)]
    pub fn service(context: NativeCallContext<'_>, resource: Dynamic) -> Fallible<ServiceRef> {
        let name = name_arg(&context, &resource)?;
        order::known(&context, "resource", &name, |stage| stage.resources())
            .map(|name| ServiceRef { name })
    }

    /// Truth: whether the resource's processes run on the node that owns it.
    /// Example: `service("EVS3 SMTP").crash(); expect(!service("EVS3 SMTP").running);`
    #[rhai_fn(get = "running", pure, return_raw)]
    pub fn running(context: NativeCallContext<'_>, service: &mut ServiceRef) -> Fallible<bool> {
        let name = service.name.clone();
        read(
            &context,
            "service",
            &name,
            "running",
            |stage| stage.service_running(&name),
            bool::to_string,
        )
    }

    /// Kills the process.
    /// Example: `service("EVS3 SMTP").crash(); recovers("EVS3", 5.minutes);`
    #[rhai_fn(name = "crash", return_raw)]
    pub fn crash(context: NativeCallContext<'_>, service: &mut ServiceRef) -> Fallible<FaultRef> {
        let fault = ProcessFault::ServiceCrash {
            resource: service.name.clone(),
        };
        order::inject(
            &context,
            format!("the process of {} was killed", service.name),
            fault,
        )
    }

    /// Makes the process run without answering until it is repaired or started anew.
    /// Example: `service("EVS3 SMTP").hang(); recovers("EVS3", 10.minutes);`
    #[rhai_fn(return_raw)]
    pub fn hang(context: NativeCallContext<'_>, service: &mut ServiceRef) -> Fallible<FaultRef> {
        super::hang(&context, service, None)
    }

    /// Makes the process run without answering for a while.
    /// Example: `service("EVS3 SMTP").hang("20s"); recovers("EVS3", 10.minutes);`
    #[rhai_fn(name = "hang", return_raw)]
    pub fn hang_for(
        context: NativeCallContext<'_>,
        service: &mut ServiceRef,
        duration: Dynamic,
    ) -> Fallible<FaultRef> {
        let lasting = Some(span_arg(&context, &duration)?.0);
        super::hang(&context, service, lasting)
    }

    /// Makes the process answer this much later until it is repaired or started anew. Nobody waits longer than 30 s: not a
    /// client, nor a probe, to which it is silent then.
    /// Example: `service("EVS3 SMTP").slow_answers("10s"); run("1m"); expect(group("EVS3").is_online);`
    #[rhai_fn(return_raw)]
    pub fn slow_answers(
        context: NativeCallContext<'_>,
        service: &mut ServiceRef,
        delay: Dynamic,
    ) -> Fallible<FaultRef> {
        let delay = span_arg(&context, &delay)?.0;
        let fault = ProcessFault::SlowAnswers {
            resource: service.name.clone(),
            delay,
        };
        order::inject(
            &context,
            format!("the process of {} answers slowly", service.name),
            fault,
        )
    }

    /// Makes the process answer everybody with an error until it is repaired or started anew: 500 over http, a greeting that
    /// turns everybody away in mail protocols.
    /// Example: `service("EVS3 SMTP").wrong_answers(); expect(!group("EVS3").is_online);`
    #[rhai_fn(return_raw)]
    pub fn wrong_answers(
        context: NativeCallContext<'_>,
        service: &mut ServiceRef,
    ) -> Fallible<FaultRef> {
        let fault = ProcessFault::WrongAnswers {
            resource: service.name.clone(),
        };
        order::inject(
            &context,
            format!("the process of {} answers with errors", service.name),
            fault,
        )
    }

    /// Has the process answer a request that a plugin sends to its port (`probe().ask`) with this line, until that is
    /// repaired: also a process that starts later, on any node. A request is one line, whatever its end is; what was said last counts. The types that come with
    /// the program ask their ports for nothing, so nothing comes of it with them.
    /// Example: `let lag = service("EVS3 SMTP").answers("LAG", "4000 ms"); run("1m"); lag.heal();`
    #[rhai_fn(return_raw)]
    pub fn answers(
        context: NativeCallContext<'_>,
        service: &mut ServiceRef,
        request: &str,
        text: &str,
    ) -> Fallible<FaultRef> {
        super::answers(&context, service, request, text.to_owned())
    }

    /// Sets a number that the process says of itself: what it answers to the request of this name, until that is repaired.
    /// Example: `service("EVS3 SMTP").metric("lag_ms", 4_000); run("1m"); service("EVS3 SMTP").repair();`
    #[rhai_fn(return_raw)]
    pub fn metric(
        context: NativeCallContext<'_>,
        service: &mut ServiceRef,
        name: &str,
        value: Dynamic,
    ) -> Fallible<FaultRef> {
        let whole = value.as_int().map(|number| number.to_string());
        let number = whole.ok().or_else(|| {
            let number = value.as_float().ok().filter(|it| it.is_finite())?;
            // Without a point where there is nothing behind it.
            Some(number.to_string())
        });
        let Some(number) = number else {
            let text = format!(
                "\"metric\" takes a number, and {} is none: \"answers\" takes a text",
                show(&value)
            );
            return Err(Thrown::mistake(text).at(context.call_position()));
        };
        super::answers(&context, service, name, number)
    }

    /// Makes the next starts of the process fail, on any node.
    /// Example: `service("EVS3 SMTP").fail_starts(1); service("EVS3 SMTP").crash(); recovers("EVS3", 10.minutes);`
    #[rhai_fn(return_raw)]
    pub fn fail_starts(
        context: NativeCallContext<'_>,
        service: &mut ServiceRef,
        count: i64,
    ) -> Fallible<FaultRef> {
        let count = count_arg(count, "a number of starts", context.call_position())?;
        let fault = ProcessFault::FailStarts {
            resource: service.name.clone(),
            left: count,
        };
        order::inject(
            &context,
            format!("the process of {} was kept from starting", service.name),
            fault,
        )
    }

    /// Makes the process take this much longer to start, on any node.
    /// Example: `service("EVS3 SMTP").slow_start("20s"); group("EVS3").move_to("NODE4"); recovers("EVS3", 10.minutes);`
    #[rhai_fn(return_raw)]
    pub fn slow_start(
        context: NativeCallContext<'_>,
        service: &mut ServiceRef,
        delay: Dynamic,
    ) -> Fallible<FaultRef> {
        let delay = span_arg(&context, &delay)?.0;
        let fault = ProcessFault::SlowStart {
            resource: service.name.clone(),
            delay,
        };
        order::inject(
            &context,
            format!("the process of {} was made to start slowly", service.name),
            fault,
        )
    }

    /// Undoes every fault of the process.
    /// Example: `service("EVS3 SMTP").hang(); run("5s"); service("EVS3 SMTP").repair();
    /// expect(group("EVS3").is_online);`
    #[rhai_fn(name = "repair", return_raw)]
    pub fn repair(context: NativeCallContext<'_>, service: &mut ServiceRef) -> Fallible<()> {
        order::repair(&context, &Repair::Process(service.name.clone()))
    }
}
