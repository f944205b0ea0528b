//! Errors: a code of the original's and a sentence.

use std::fmt;

use quorate_abi as abi;

/// Why a call failed: one of the original's (Win32) error codes, and a sentence for people.
///
/// The code is returned by the call. The sentence is kept, and the host reads it through the table's `last_error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: u32,
    text: String,
}

// By hand, so that a plugin's project needs nothing from a registry.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

impl Error {
    /// An error with this `code`. The two codes that mean "no error" (0 and 997, still pending) become 31, general
    /// failure, so that a failure is never taken for either.
    pub fn new(code: u32, text: impl Into<String>) -> Self {
        let code = match code {
            abi::ERROR_SUCCESS | abi::ERROR_IO_PENDING => abi::ERROR_GEN_FAILURE,
            code => code,
        };
        Error {
            code,
            text: text.into(),
        }
    }

    /// The resource failed (5038), for failures without a code of their own.
    pub fn failed(text: impl Into<String>) -> Self {
        Error::new(abi::ERROR_RESOURCE_FAILED, text)
    }

    /// A control code that the type does not know (1): the host handles it then.
    pub fn unhandled() -> Self {
        Error::new(
            abi::ERROR_INVALID_FUNCTION,
            "the type does not handle this control code",
        )
    }

    /// A private property is missing or bad (1610).
    pub fn property(name: &str, why: impl std::fmt::Display) -> Self {
        Error::new(
            abi::ERROR_RESOURCE_PROPERTY,
            format!("property {name}: {why}"),
        )
    }

    /// The code of a host service, with the action that failed, such as "reserve disk `Q:`".
    pub(crate) fn service(code: u32, doing: &str) -> Self {
        let text = match (meaning(code), abi::error_name(code)) {
            (Some(meaning), _) => format!("{doing}: {meaning} ({code})"),
            (None, Some(name)) => format!("{doing}: {name} ({code})"),
            (None, None) => format!("{doing}: error {code}"),
        };
        Error::new(code, text)
    }

    /// A host service, or an entry of it, is not there (50).
    pub(crate) fn no_service(id: &str, entry: &str) -> Self {
        Error::new(
            abi::ERROR_NOT_SUPPORTED,
            format!("the host has no {entry} in {id}"),
        )
    }

    /// The code: never 0 and never 997.
    pub fn code(&self) -> u32 {
        self.code
    }

    /// The sentence.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same code; its sentence begins with `doing` and a colon.
    #[must_use]
    pub fn context(self, doing: &str) -> Self {
        Error {
            code: self.code,
            text: format!("{doing}: {}", self.text),
        }
    }

    /// Whether something that should answer gave no answer in time (258, 1053, 1460 or 10060), as a service that
    /// hangs. A wrong answer, or a service that is gone, is no silence.
    pub fn is_silence(&self) -> bool {
        matches!(
            self.code,
            abi::ERROR_TIMEOUT
                | abi::ERROR_SERVICE_REQUEST_TIMEOUT
                | abi::ERROR_TIMEOUT_EXPIRED
                | abi::WSAETIMEDOUT
        )
    }

    /// Whether a request is not finished (996), as with a slow disk: make the same request again later.
    pub fn is_unfinished(&self) -> bool {
        self.code == abi::ERROR_IO_INCOMPLETE
    }

    /// The result of a request, `None` while it is not finished: for operations, which are pending then.
    ///
    /// ```
    /// use quorate_sdk::{Context, Error, Progress, SERVICE_POLL};
    ///
    /// fn online(ctx: &Context) -> Result<Progress, Error> {
    ///     Ok(match Error::finished(ctx.disk("D:").list())? {
    ///         Some(_) => Progress::Done,
    ///         None => Progress::pending(SERVICE_POLL),
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// Every error but that of [`is_unfinished`](Self::is_unfinished).
    pub fn finished<T>(asked: Result<T, Error>) -> Result<Option<T>, Error> {
        match asked {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_unfinished() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether what was asked for is not there (2 or 1168).
    pub fn is_not_found(&self) -> bool {
        matches!(self.code, abi::ERROR_FILE_NOT_FOUND | abi::ERROR_NOT_FOUND)
    }
}

/// The meaning of a host service's code, in words.
fn meaning(code: u32) -> Option<&'static str> {
    Some(match code {
        abi::ERROR_FILE_NOT_FOUND => "no such file",
        abi::ERROR_ACCESS_DENIED => "not allowed here",
        abi::ERROR_NOT_READY => "the device is not there or not mounted",
        abi::ERROR_GEN_FAILURE | abi::ERROR_IO_DEVICE => "the device reports an error",
        abi::ERROR_NOT_SUPPORTED => "the host does not support it",
        abi::ERROR_DISK_FULL => "there is no room for it",
        abi::ERROR_IO_INCOMPLETE => "the device is still at it",
        abi::ERROR_DUP_NAME => "the name is in use already",
        abi::ERROR_NETNAME_DELETED => "the network or its card does not work",
        abi::ERROR_INVALID_PARAMETER => "a bad value",
        abi::ERROR_BUSY => "reserved by another node or by none, or files are open",
        abi::ERROR_TIMEOUT | abi::ERROR_TIMEOUT_EXPIRED | abi::WSAETIMEDOUT => "no answer in time",
        abi::ERROR_SERVICE_REQUEST_TIMEOUT => "the service did not answer in time",
        abi::ERROR_SERVICE_DOES_NOT_EXIST => "no such service",
        abi::ERROR_SERVICE_NOT_ACTIVE => "the service is not running",
        abi::ERROR_CONNECTION_REFUSED | abi::WSAECONNREFUSED => "the connection was refused",
        abi::ERROR_NOT_FOUND => "nothing is found",
        abi::ERROR_CLUSTER_IPADDR_IN_USE => "the address is in use already",
        abi::WSAEADDRINUSE => "the port is taken",
        abi::WSAEADDRNOTAVAIL => "the address is not on this node",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_never_carries_a_code_that_means_success() {
        assert_eq!(
            Error::new(abi::ERROR_SUCCESS, "x").code(),
            abi::ERROR_GEN_FAILURE
        );
        assert_eq!(
            Error::new(abi::ERROR_IO_PENDING, "x").code(),
            abi::ERROR_GEN_FAILURE
        );
    }

    #[test]
    fn a_service_error_says_what_was_done_and_why_it_failed() {
        let error = Error::service(abi::ERROR_BUSY, "reserve disk `Q:`").context("arbitration");
        assert_eq!(
            error.to_string(),
            "arbitration: reserve disk `Q:`: reserved by another node or by none, or files are open (170)"
        );
    }
}
