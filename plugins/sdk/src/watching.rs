//! Helpers for types that watch a service: its address, the check of its answers, and how long it may be silent.

use std::time::Duration;

use quorate_abi as abi;

use crate::{Context, Error};

/// The time between two probes. The original's Exchange types probe every ten seconds, and no property changes that.
pub const PROBE_PERIOD: Duration = Duration::from_secs(10);

/// How long a disk may take for one request before the resources that use it have failed.
pub const DISK_PATIENCE: Duration = Duration::from_secs(30);

/// How long a request may be unfinished before a line in the log says so.
const SLOW: Duration = Duration::from_secs(5);

/// How a server's answer must begin in each protocol. In a protocol that is not listed any answer is right.
const GREETINGS: [(&str, &str); 5] = [
    ("smtp", "220"),
    ("imap4", "* OK"),
    ("imap", "* OK"),
    ("pop3", "+OK"),
    ("http", "HTTP/"),
];

/// Where a service answers, and in which protocol.
///
/// ```
/// use quorate_sdk::{Context, Endpoint, Error};
///
/// fn look(ctx: &Context) -> Result<(), Error> {
///     Endpoint::of_provider(ctx, 8080, "http")?.probe(ctx)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    address: String,
    port: u32,
    protocol: String,
}

impl Endpoint {
    /// On a TCP port of the IP Address resource that this resource depends on. The protocol has the host's name for
    /// it, such as `smtp`, or `tcp` for one without a name.
    ///
    /// # Errors
    /// 5002: it depends on no IP Address; 1610: that has no address.
    pub fn of_provider(ctx: &Context, port: u32, protocol: &str) -> Result<Self, Error> {
        let provider = ctx.properties().provider("IP Address")?;
        let address = provider.text("Address")?;
        if address.is_empty() {
            return Err(Error::new(
                abi::ERROR_RESOURCE_PROPERTY,
                format!(
                    "`{}` has no address to answer on: neither a static one nor a lease",
                    provider.name()
                ),
            ));
        }
        Ok(Endpoint {
            address,
            port,
            protocol: protocol.to_owned(),
        })
    }

    /// Makes `service` answer there.
    ///
    /// # Errors
    /// As [`Service::listen`](crate::Service::listen).
    pub fn open(&self, ctx: &Context, service: &str) -> Result<(), Error> {
        ctx.service(service)
            .listen(&self.address, self.port, &self.protocol)
    }

    /// Makes `service` stop answering there.
    ///
    /// # Errors
    /// As [`Service::stop_listening`](crate::Service::stop_listening).
    pub fn close(&self, ctx: &Context, service: &str) -> Result<(), Error> {
        ctx.service(service)
            .stop_listening(&self.address, self.port, &self.protocol)
    }

    /// Connects and checks the answer: it must be a greeting of the protocol or, over HTTP, any status below 500.
    ///
    /// # Errors
    /// No answer in time ([`Error::is_silence`]), nobody there, or a wrong answer (5038).
    pub fn probe(&self, ctx: &Context) -> Result<(), Error> {
        let banner = ctx.probe().port(&self.address, self.port, &self.protocol)?;
        let protocol = self.protocol.to_ascii_lowercase();
        let known = GREETINGS.iter().find(|(name, _)| *name == protocol);
        let wanted = match known {
            Some((_, greeting)) if !banner.starts_with(greeting) => (*greeting).to_owned(),
            Some(("http", _)) if server_failed(&banner) => "a status below 500".to_owned(),
            _ => return Ok(()),
        };
        Err(Error::failed(format!(
            "{} on {}:{} answers `{}`, not `{wanted}`",
            self.protocol,
            self.address,
            self.port,
            banner.chars().take(60).collect::<String>(),
        )))
    }
}

/// Whether an HTTP status line says that the server cannot serve.
fn server_failed(banner: &str) -> bool {
    let status = banner.split_whitespace().nth(1);
    status.and_then(|status| status.parse::<u32>().ok()) >= Some(500)
}

/// Tells a service that is busy from one that hangs: a silence is tolerated up to a limit.
///
/// ```
/// use quorate_sdk::{Context, Error, Patience};
/// use std::time::Duration;
///
/// struct Watched(Patience);
///
/// impl Watched {
///     fn is_alive(&mut self, ctx: &Context) -> Result<(), Error> {
///         let answer = ctx.probe().service("ledgerd");
///         self.0.judge(ctx, answer)
///     }
/// }
/// let watched = Watched(Patience::new(Duration::from_secs(180)));
/// ```
#[derive(Clone, Debug)]
pub struct Patience {
    limit: Duration,
    /// Since when there has been no answer, by the node's clock.
    silent_since: Option<Duration>,
    /// Whether this silence is in the log already.
    told: bool,
}

impl Patience {
    /// Tolerates a silence shorter than `limit`.
    pub const fn new(limit: Duration) -> Self {
        Patience {
            limit,
            silent_since: None,
            told: false,
        }
    }

    /// Starts again, as after a start of the service.
    pub const fn forget(&mut self) {
        self.silent_since = None;
        self.told = false;
    }

    /// Judges an answer. A silence ([`Error::is_silence`]) or an unfinished request ([`Error::is_unfinished`]) is an
    /// error once it has lasted for the limit; any other answer counts as it is. A silence is logged once, at its
    /// beginning; an unfinished request once, after 5 s.
    ///
    /// # Errors
    /// The service has failed.
    pub fn judge(&mut self, ctx: &Context, answer: Result<(), Error>) -> Result<(), Error> {
        let silence = match answer {
            Err(error) if error.is_silence() || error.is_unfinished() => error,
            other => {
                self.forget();
                return other;
            }
        };
        let now = ctx.clock().now()?;
        let since = *self.silent_since.get_or_insert(now);
        let lasted = now.saturating_sub(since);
        if !self.told && (lasted >= SLOW || silence.is_silence()) {
            self.told = true;
            ctx.log().warning(silence.text());
        }
        if lasted < self.limit {
            return Ok(());
        }
        Err(silence.context(&format!("silent for {} ms", lasted.as_millis())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_of_500_and_above_is_the_servers_own_failure() {
        for fine in [
            "HTTP/1.1 200 OK",
            "HTTP/1.1 401 Unauthorized",
            "HTTP/1.1 404",
            "HTTP/1.1",
        ] {
            assert!(!server_failed(fine), "{fine}");
        }
        for failed in ["HTTP/1.1 500 Internal Server Error", "HTTP/1.0 503"] {
            assert!(server_failed(failed), "{failed}");
        }
    }
}
