//! What a call is known by.

/// What is called, and on whose behalf.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whom<'a> {
    /// The library's name.
    pub(crate) plugin: &'a str,
    /// The resource's name, or the type's, in a call for the type as a whole.
    pub(crate) resource: &'a str,
    /// The entry's name.
    pub(crate) entry: &'static str,
}
