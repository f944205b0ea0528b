//! The traits that a plugin implements: one [`Resource`] per resource type.

use crate::{AnyProperty, Context, Error, Operation, Progress};

/// A resource type's name and how it is watched. A `const`, built from [`TypeInfo::new`].
#[derive(Clone, Copy, Debug)]
pub struct TypeInfo {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) looks_alive_ms: u32,
    pub(crate) is_alive_ms: u32,
    pub(crate) pending_timeout_ms: u32,
    pub(crate) watches_itself: bool,
    pub(crate) properties: &'static [AnyProperty],
}

impl TypeInfo {
    /// A type with its name and one line for people. Polls as in the original: LooksAlive every 5,000 ms,
    /// IsAlive every 60,000 ms.
    pub const fn new(name: &'static str, doc: &'static str) -> Self {
        TypeInfo {
            name,
            doc,
            looks_alive_ms: 5_000,
            is_alive_ms: 60_000,
            pending_timeout_ms: 0,
            watches_itself: false,
            properties: &[],
        }
    }

    /// Its private properties.
    #[must_use]
    pub const fn properties(mut self, properties: &'static [AnyProperty]) -> Self {
        self.properties = properties;
        self
    }

    /// Its own poll intervals in ms, for resources that set none.
    ///
    /// # Panics
    /// While compiling a `const`, if one of them is below 10, the smallest interval there is.
    #[must_use]
    pub const fn polls(mut self, looks_alive_ms: u32, is_alive_ms: u32) -> Self {
        assert!(
            looks_alive_ms >= 10 && is_alive_ms >= 10,
            "a poll interval is below 10 ms"
        );
        self.looks_alive_ms = looks_alive_ms;
        self.is_alive_ms = is_alive_ms;
        self
    }

    /// Its own default of `PendingTimeout`, in ms; without one it is the cluster's (180,000).
    #[must_use]
    pub const fn pending_timeout(mut self, ms: u32) -> Self {
        self.pending_timeout_ms = ms;
        self
    }

    /// The type watches itself and calls [`Context::signal`], so LooksAlive is not polled (the original's event
    /// handle, docs/semantics.md, 1.2). IsAlive is polled all the same.
    #[must_use]
    pub const fn watches_itself(mut self) -> Self {
        self.watches_itself = true;
        self
    }

    /// The type's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// A resource type. One value of it is one resource on one node.
///
/// The SDK keeps the state and makes only the calls that the contract allows: `online` only when offline, `offline`
/// and the checks only when online, `work` only while an operation is pending. A panic is a failed call; afterwards
/// the instance counts as not alive until it is terminated.
///
/// No method may wait. Start the operation, return [`Progress::pending`], and check it again in `work`: this makes
/// drills repeatable. Read the clock, draw random numbers and use the system only through the [`Context`].
pub trait Resource: Sized + 'static {
    /// What it is called and how it is watched.
    const TYPE: TypeInfo;

    /// `Some(Quorum::capable())` for a type that can be the quorum resource and implements [`QuorumResource`].
    const QUORUM: Option<Quorum<Self>> = None;

    /// Makes an instance and leaves the resource offline.
    ///
    /// # Errors
    /// The resource cannot be made and stays Failed.
    fn open(ctx: &Context) -> Result<Self, Error>;

    /// Brings into service.
    ///
    /// # Errors
    /// It failed; [`terminate`](Self::terminate) follows.
    fn online(&mut self, ctx: &mut Context) -> Result<Progress, Error>;

    /// Takes out of service gracefully. By default `terminate`.
    ///
    /// # Errors
    /// It failed; [`terminate`](Self::terminate) follows.
    fn offline(&mut self, ctx: &mut Context) -> Result<Progress, Error> {
        self.terminate(ctx);
        Ok(Progress::Done)
    }

    /// Takes out of service at once, in any state, and gives up whatever was begun. It must do no harm if the
    /// resource is offline already.
    fn terminate(&mut self, ctx: &mut Context);

    /// The cheap check. By default `is_alive`.
    ///
    /// # Errors
    /// Why it does not look alive; `is_alive` follows at once.
    fn looks_alive(&mut self, ctx: &mut Context) -> Result<(), Error> {
        self.is_alive(ctx)
    }

    /// The thorough check.
    ///
    /// # Errors
    /// Why it is not alive: the resource is Failed then, and terminated.
    fn is_alive(&mut self, ctx: &mut Context) -> Result<(), Error>;

    /// Continues the pending `operation`. Types that return [`Progress::pending`] need it: the default is an error
    /// that says so.
    ///
    /// # Errors
    /// It failed; [`terminate`](Self::terminate) follows.
    fn work(&mut self, ctx: &mut Context, operation: Operation) -> Result<Progress, Error> {
        let _ = ctx;
        Err(Error::failed(format!(
            "{operation:?} is pending, and the type has no `work` that goes on with it"
        )))
    }

    /// The type's own activity while online or defending: a probe, a lease, a renewal. It is called once for each
    /// [`Context::wake_after`], so it asks for its next call itself.
    fn watch(&mut self, ctx: &mut Context) {
        let _ = ctx;
    }

    /// Handles a control code (CLUSCTL), in any state: a well-known one of [`controls`](crate::controls), or one of
    /// the plugin's own from [`controls::CLUSCTL_RESOURCE_USER`](crate::controls::CLUSCTL_RESOURCE_USER) on. The
    /// result goes to whoever asked, at most 32 KiB.
    ///
    /// # Errors
    /// [`Error::unhandled`] leaves the code to the host, as the default does. Any other error is the answer.
    fn control(&mut self, ctx: &mut Context, code: u32, input: &[u8]) -> Result<Vec<u8>, Error> {
        let _ = (ctx, code, input);
        Err(Error::unhandled())
    }

    /// Handles a control code for the type as a whole. There may be no instance, so there is no context, and the
    /// answer may only depend on the input: the same input must always have the same answer.
    ///
    /// # Errors
    /// As [`control`](Self::control); only the error's code gets to the host.
    fn type_control(code: u32, input: &[u8]) -> Result<Vec<u8>, Error> {
        let _ = (code, input);
        Err(Error::unhandled())
    }

    /// Destroys the instance, which is offline. By default it is dropped.
    fn close(self, ctx: &mut Context) {
        let _ = ctx;
    }
}

/// A type that can be the quorum resource: only one node can win it.
pub trait QuorumResource: Resource {
    /// Gains the reservation, before Online. From then on [`watch`](Resource::watch) defends it, and calls
    /// [`Context::quorum_lost`] when it is gone.
    ///
    /// # Errors
    /// Another node holds and defends it, or it cannot be reached.
    fn arbitrate(&mut self, ctx: &mut Context) -> Result<Progress, Error>;

    /// Stops defending and gives the reservation up.
    ///
    /// # Errors
    /// It could not be given up; defending has stopped nevertheless.
    fn release(&mut self, ctx: &mut Context) -> Result<(), Error>;
}

/// The proof that a type implements [`QuorumResource`], for [`Resource::QUORUM`].
#[derive(Debug)]
pub struct Quorum<T> {
    pub(crate) arbitrate: fn(&mut T, &mut Context) -> Result<Progress, Error>,
    pub(crate) release: fn(&mut T, &mut Context) -> Result<(), Error>,
}

impl<T: QuorumResource> Quorum<T> {
    /// Can be the quorum resource.
    pub const fn capable() -> Self {
        Quorum {
            arbitrate: T::arbitrate,
            release: T::release,
        }
    }
}

impl<T> Clone for Quorum<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Quorum<T> {}
