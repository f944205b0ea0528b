//! A service that a resource stands for: starts it, waits until it runs, stops it, waits until it has stopped.

use std::time::Duration;

use quorate_abi as abi;

use crate::services::ServiceState;
use crate::{Context, Error, Progress};

/// How often a service that starts or stops is looked at.
pub const SERVICE_POLL: Duration = Duration::from_millis(500);

/// One service, which is started and stopped without ever blocking.
///
/// ```
/// use quorate_sdk::{Context, Error, ManagedService, Operation, Progress, Resource, TypeInfo};
///
/// struct Ledger(ManagedService);
///
/// impl Resource for Ledger {
///     const TYPE: TypeInfo = TypeInfo::new("Ledger", "The ledger service");
///
///     fn open(_: &Context) -> Result<Self, Error> {
///         Ok(Ledger(ManagedService::new("ledgerd")))
///     }
///     fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
///         self.0.start(ctx, 0)
///     }
///     fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
///         self.0.stop(ctx)
///     }
///     fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
///         self.0.go_on(ctx, operation)
///     }
///     fn terminate(&mut self, ctx: &mut Context) {
///         self.0.kill(ctx);
///     }
///     fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
///         self.0.check(ctx)
///     }
/// }
///
/// let world = quorate_sdk::test::World::new();
/// let ledger = world.resource::<Ledger>("The ledger").open().unwrap();
/// ledger.online().unwrap();
/// world.service("The ledger", "ledgerd").crash();
/// assert!(ledger.is_alive().is_err());
/// ```
#[derive(Debug)]
pub struct ManagedService {
    name: String,
    work_units: u64,
    parameters: String,
    directory: String,
    started: bool,
}

impl ManagedService {
    /// The service with this name; nothing is done to it yet.
    pub fn new(name: impl Into<String>) -> Self {
        ManagedService {
            name: name.into(),
            work_units: 0,
            parameters: String::new(),
            directory: String::new(),
            started: false,
        }
    }

    /// With start parameters.
    #[must_use]
    pub fn with_parameters(mut self, parameters: impl Into<String>) -> Self {
        self.parameters = parameters.into();
        self
    }

    /// With a working directory.
    #[must_use]
    pub fn in_directory(mut self, directory: impl Into<String>) -> Self {
        self.directory = directory.into();
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Begins to start it, with `work_units` to do first. A service that runs already is left as it is, and one that
    /// is still stopping is started once it has stopped.
    ///
    /// # Errors
    /// The controller refuses to start it.
    pub fn start(&mut self, ctx: &Context, work_units: u64) -> Result<Progress, Error> {
        self.work_units = work_units;
        self.started = false;
        self.go_on_starting(ctx)
    }

    /// Begins to stop it.
    ///
    /// # Errors
    /// The controller refuses to stop it.
    pub fn stop(&mut self, ctx: &Context) -> Result<Progress, Error> {
        if ctx.service(&self.name).state()? != ServiceState::Stopped {
            ctx.service(&self.name).stop()?;
        }
        self.go_on_stopping(ctx)
    }

    /// Continues a start or stop, for [`work`](crate::Resource::work).
    ///
    /// # Errors
    /// The controller refuses, or a service that was starting has stopped (1062).
    pub fn go_on(&mut self, ctx: &Context, operation: crate::Operation) -> Result<Progress, Error> {
        match operation {
            crate::Operation::Online => self.go_on_starting(ctx),
            crate::Operation::Offline => self.go_on_stopping(ctx),
            crate::Operation::Arbitrate => Ok(Progress::Done),
        }
    }

    /// Kills it, whatever it is doing. A failure is only logged: nobody could act on it.
    pub fn kill(&mut self, ctx: &Context) {
        self.started = false;
        let service = ctx.service(&self.name);
        if matches!(service.state(), Ok(ServiceState::Stopped)) {
            return;
        }
        if let Err(error) = service.kill() {
            ctx.log().warning(error.text());
        }
    }

    /// Whether the controller says that it runs.
    ///
    /// # Errors
    /// 1062: it does not.
    pub fn check(&self, ctx: &Context) -> Result<(), Error> {
        match ctx.service(&self.name).state()? {
            ServiceState::Running => Ok(()),
            ServiceState::StartPending => Err(self.not_running("is starting")),
            ServiceState::StopPending => Err(self.not_running("is stopping")),
            ServiceState::Stopped => Err(self.not_running("has stopped")),
        }
    }

    fn go_on_starting(&mut self, ctx: &Context) -> Result<Progress, Error> {
        let service = ctx.service(&self.name);
        match service.state()? {
            ServiceState::Running => {
                self.started = true;
                Ok(Progress::Done)
            }
            ServiceState::Stopped if self.started => {
                Err(self.not_running("stopped while it was starting"))
            }
            ServiceState::Stopped => {
                service.start_with(self.work_units, &self.parameters, &self.directory)?;
                self.started = true;
                Ok(Progress::pending(SERVICE_POLL))
            }
            ServiceState::StartPending => {
                self.started = true;
                Ok(Progress::pending(SERVICE_POLL))
            }
            ServiceState::StopPending if self.started => {
                Err(self.not_running("was stopped while it was starting"))
            }
            ServiceState::StopPending => Ok(Progress::pending(SERVICE_POLL)),
        }
    }

    fn go_on_stopping(&mut self, ctx: &Context) -> Result<Progress, Error> {
        match ctx.service(&self.name).state()? {
            ServiceState::Stopped => {
                self.started = false;
                Ok(Progress::Done)
            }
            _ => Ok(Progress::pending(SERVICE_POLL)),
        }
    }

    fn not_running(&self, what: &str) -> Error {
        Error::new(
            abi::ERROR_SERVICE_NOT_ACTIVE,
            format!("service `{}` {what}", self.name),
        )
    }
}
