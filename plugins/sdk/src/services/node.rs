//! What a node provides itself: its clocks, a seeded generator, the cluster, the log.

use std::iter;
use std::time::Duration;

use quorate_abi::{self as abi, QrClock, QrCluster, QrLog, QrRandom};

use crate::raw::{answer_text, entry, text};
use crate::{Context, Error};

/// The longest line the cluster log takes, in characters (docs/semantics.md, 1.4).
const LOG_LINE_MAX: usize = 500;

/// `quorate.clock/1`: the node's clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clock<'a>(&'a Context);

impl<'a> Clock<'a> {
    pub(crate) fn new(ctx: &'a Context) -> Self {
        Clock(ctx)
    }

    /// The node's monotonic clock: the time since a moment that does not change while the instance lives.
    ///
    /// # Errors
    /// 50: the host has no clock.
    pub fn now(&self) -> Result<Duration, Error> {
        let now_ms = entry!(self.0.tables.clock, QrClock, now_ms)?;
        // SAFETY: the host's function, called with the instance it gave.
        Ok(Duration::from_millis(unsafe { now_ms(self.0.instance()) }))
    }

    /// Milliseconds since 1970 UTC by the node's clock, which may be wrong or be set back.
    ///
    /// # Errors
    /// 50: the host has no clock.
    pub fn civil_ms(&self) -> Result<i64, Error> {
        let civil_ms = entry!(self.0.tables.clock, QrClock, civil_ms)?;
        // SAFETY: as in `now`.
        Ok(unsafe { civil_ms(self.0.instance()) })
    }
}

/// `quorate.random/1`: the resource's own seeded generator; the same seed gives the same numbers.
#[derive(Clone, Copy, Debug)]
pub struct Random<'a>(&'a Context);

impl<'a> Random<'a> {
    pub(crate) fn new(ctx: &'a Context) -> Self {
        Random(ctx)
    }

    /// The next number.
    ///
    /// # Errors
    /// 50: the host has no generator.
    pub fn next(&self) -> Result<u64, Error> {
        let next = entry!(self.0.tables.random, QrRandom, next)?;
        // SAFETY: the host's function, called with the instance it gave.
        Ok(unsafe { next(self.0.instance()) })
    }

    /// A number below `bound`; 0 if `bound` is 0.
    ///
    /// # Errors
    /// 50: the host has no generator.
    pub fn below(&self, bound: u32) -> Result<u32, Error> {
        // The high half of the product is spread as evenly as 2^-32 allows.
        Ok(((u64::from(bound) * (self.next()? >> 32)) >> 32) as u32)
    }
}

/// `quorate.cluster/1`: the cluster, as far as a resource type may know it.
#[derive(Clone, Copy, Debug)]
pub struct Cluster<'a>(&'a Context);

impl<'a> Cluster<'a> {
    pub(crate) fn new(ctx: &'a Context) -> Self {
        Cluster(ctx)
    }

    /// How many nodes are configured, whether up or down.
    ///
    /// # Errors
    /// 50: the host does not say.
    pub fn configured_nodes(&self) -> Result<u32, Error> {
        let nodes = entry!(self.0.tables.cluster, QrCluster, configured_nodes)?;
        // SAFETY: the host's function, called with the instance it gave.
        Ok(unsafe { nodes(self.0.instance()) })
    }

    /// How many resources of a type are Online or OnlinePending on this node in other groups than this one's.
    ///
    /// # Errors
    /// 50: the host does not say.
    pub fn online_here(&self, type_name: &str) -> Result<u32, Error> {
        let online_here = entry!(self.0.tables.cluster, QrCluster, online_here)?;
        // SAFETY: as in `configured_nodes`; the text lives for the call.
        Ok(unsafe { online_here(self.0.instance(), text(type_name)) })
    }

    /// The resources of a type in other groups, wherever they are owned: each group's name and the configured value
    /// of a property. Resources without the property are left out.
    ///
    /// # Errors
    /// 50: the host does not say. 1610: a value cannot be told, since it has a zero byte in it.
    pub fn others(&self, type_name: &str, property: &str) -> Result<Others, Error> {
        let others = entry!(self.0.tables.cluster, QrCluster, others)?;
        let told = answer_text(
            || format!("read {property} of each other {type_name}"),
            // SAFETY: as in `configured_nodes`; texts and buffer live for the call.
            |buffer, len, needed| unsafe {
                let (kind, property) = (text(type_name), text(property));
                others(self.0.instance(), kind, property, buffer, len, needed)
            },
        )?;
        Ok(Others(told))
    }
}

/// What [`Cluster::others`] gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Others(
    // A name, a value, a name, ..., each ended by a zero byte.
    String,
);

impl Others {
    /// Each group's name, and the value there.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut texts = self.0.split_terminator('\0');
        iter::from_fn(move || Some((texts.next()?, texts.next()?)))
    }
}

/// `quorate.log/1`: the cluster log. Without one on the host the lines are lost.
#[derive(Clone, Copy, Debug)]
pub struct Log<'a>(&'a Context);

impl<'a> Log<'a> {
    pub(crate) fn new(ctx: &'a Context) -> Self {
        Log(ctx)
    }

    /// A line of information. Lines are cut after 500 characters, here and below.
    pub fn info(&self, line: impl AsRef<str>) {
        self.write(abi::LOG_INFORMATION, line.as_ref());
    }

    /// A warning.
    pub fn warning(&self, line: impl AsRef<str>) {
        self.write(abi::LOG_WARNING, line.as_ref());
    }

    /// An error.
    pub fn error(&self, line: impl AsRef<str>) {
        self.write(abi::LOG_ERROR, line.as_ref());
    }

    /// A severe error.
    pub fn severe(&self, line: impl AsRef<str>) {
        self.write(abi::LOG_SEVERE, line.as_ref());
    }

    fn write(&self, level: u32, line: &str) {
        let end = line
            .char_indices()
            .nth(LOG_LINE_MAX)
            .map_or(line.len(), |(at, _)| at);
        if let Ok(write) = entry!(self.0.tables.log, QrLog, write) {
            // SAFETY: the host's function, called with the instance it gave; the text lives for the call.
            unsafe { write(self.0.instance(), level, text(&line[..end])) };
        }
    }
}
