//! What types that watch a service do alike: where it answers, what a right answer is, how long a silence is forgiven.

use std::time::Duration;

use quorate_abi as abi;

use crate::{Context, Error};

/// Between two looks at something that answers: the original's Exchange types look every ten seconds, a period that no
/// property changes.
pub const PROBE_PERIOD: Duration = Duration::from_secs(10);

/// How long a disk may be at one request before whoever stands on it has failed.
pub const DISK_PATIENCE: Duration = Duration::from_secs(30);

/// How long a request may be unfinished before it is worth a line in the log.
const SLOW: Duration = Duration::from_secs(5);

/// How a server's answer begins if it is one of its protocol. A protocol that is not here may answer with anything.
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
    /// On a TCP port of the address of the IP Address that the resource depends on. The protocol is named as the host
    /// knows it, such as `smtp`; `tcp` for one that has no name.
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

    /// Lets `service` answer there.
    ///
    /// # Errors
    /// As [`Service::listen`](crate::Service::listen).
    pub fn open(&self, ctx: &Context, service: &str) -> Result<(), Error> {
        ctx.service(service)
            .listen(&self.address, self.port, &self.protocol)
    }

    /// Lets `service` answer there no longer.
    ///
    /// # Errors
    /// As [`Service::stop_listening`](crate::Service::stop_listening).
    pub fn close(&self, ctx: &Context, service: &str) -> Result<(), Error> {
        ctx.service(service)
            .stop_listening(&self.address, self.port, &self.protocol)
    }

    /// Connects, and judges what is answered: a greeting of the protocol is right, and over HTTP any status but a
    /// server's own failure (500 and above).
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

/// Whether an HTTP status line is a server's word that it cannot serve.
fn server_failed(banner: &str) -> bool {
    let status = banner.split_whitespace().nth(1);
    status.and_then(|status| status.parse::<u32>().ok()) >= Some(500)
}

/// Tells something that is busy from something that hangs: a silence is forgiven until it has lasted too long.
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
    /// Since when there was no answer, by the node's clock.
    silent_since: Option<Duration>,
    /// Whether this silence is in the log.
    told: bool,
}

impl Patience {
    /// Forgives a silence shorter than `limit`.
    pub const fn new(limit: Duration) -> Self {
        Patience {
            limit,
            silent_since: None,
            told: false,
        }
    }

    /// Begins anew, as after a start.
    pub const fn forget(&mut self) {
        self.silent_since = None;
        self.told = false;
    }

    /// What an answer means: a silence ([`Error::is_silence`]) or a request that is not finished
    /// ([`Error::is_unfinished`]) counts once it has lasted for the limit; everything else counts as it is. A
    /// silence is logged once: at its first sight, and a request that is not finished after 5 s.
    ///
    /// # Errors
    /// It has failed.
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
