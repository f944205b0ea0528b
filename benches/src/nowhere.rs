//! A world with nothing in it, for calls that ask nothing of it.

use quorate_host::{Answer, Caller, Request, Serve};
use quorate_model::Reason;

/// Answers everything with "not supported".
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl Serve for Nowhere {
    fn serve(&mut self, _: Caller<'_>, request: Request<'_>) -> Answer {
        match request {
            Request::Now | Request::Random {} => Answer::Number(0),
            Request::CivilMs => Answer::Signed(0),
            Request::ConfiguredNodes => Answer::Number(1),
            _ => Answer::Refused(Reason::new(50, "there is nothing here")),
        }
    }
}
