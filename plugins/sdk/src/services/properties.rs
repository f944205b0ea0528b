//! `quorate.properties/1`: the resource's properties and those of its providers.

use quorate_abi::{self as abi, QrProperties};

use crate::property::Kind;
use crate::raw::{answer_text, entry, outcome, text};
use crate::{Context, Error, Property};

/// The resource's properties, and the resources it depends on.
#[derive(Clone, Copy, Debug)]
pub struct Properties<'a>(&'a Context);

impl<'a> Properties<'a> {
    pub(crate) fn new(ctx: &'a Context) -> Self {
        Properties(ctx)
    }

    /// The value of one of the type's own properties, or its default.
    ///
    /// # Errors
    /// 1610: the property is required and empty, not a number, or out of range; or the type does not list it, so that
    /// nobody could set it. Otherwise any error of the host.
    pub fn get<K: Kind>(&self, property: &Property<K>) -> Result<K::Value, Error> {
        if let Some(listed) = self.0.listed
            && !listed.iter().any(|it| it.name() == property.name())
        {
            return Err(Error::property(
                property.name(),
                "the type does not list it: add it to `.properties(...)` of its TYPE",
            ));
        }
        let value = match self.text(property.name()) {
            Err(error) if error.code() == abi::ERROR_NOT_FOUND => {
                property.default_text().to_owned()
            }
            other => other?,
        };
        if property.is_required() && value.is_empty() {
            return Err(Error::property(
                property.name(),
                "it is required and is not set",
            ));
        }
        K::parse(property, &value)
    }

    /// A property by its name, common ones included, as text: decimal for numbers, one line an entry for lists.
    ///
    /// # Errors
    /// 1168: there is none of this name.
    pub fn text(&self, name: &str) -> Result<String, Error> {
        let get = entry!(self.0.tables.properties, QrProperties, get)?;
        answer_text(
            || format!("read property {name}"),
            // SAFETY: the host's function with the instance it gave; text and buffer live for the call.
            |buffer, len, needed| unsafe {
                get(self.0.instance(), text(name), buffer, len, needed)
            },
        )
    }

    /// Sets the present value of one of this resource's properties, such as a leased address. Its dependents read
    /// this with [`Provider::text`] instead of the configured value, until the resource is Offline or Failed; an
    /// empty value removes it. This resource's own [`text`](Self::text) still reads the configured value.
    ///
    /// # Errors
    /// 87: the name is empty, or there are too many.
    pub fn publish(&self, name: &str, value: &str) -> Result<(), Error> {
        let publish = entry!(self.0.tables.properties, QrProperties, publish)?;
        // SAFETY: as in `text`.
        let code = unsafe { publish(self.0.instance(), text(name), text(value)) };
        outcome(code, || format!("publish property {name}"))
    }

    /// The resources of a type that this one depends on, directly or through others, in the order of the
    /// definition.
    ///
    /// # Errors
    /// What the host says.
    pub fn providers(&self, type_name: &str) -> Result<Vec<Provider<'a>>, Error> {
        let count = entry!(self.0.tables.properties, QrProperties, provider_count)?;
        let name = entry!(self.0.tables.properties, QrProperties, provider_name)?;
        // SAFETY: as in `text`.
        let count = unsafe { count(self.0.instance(), text(type_name)) };
        (0..count)
            .map(|index| {
                let name = answer_text(
                    || format!("name the provider {index} of type {type_name}"),
                    // SAFETY: as in `text`.
                    |buffer, len, needed| unsafe {
                        name(
                            self.0.instance(),
                            text(type_name),
                            index,
                            buffer,
                            len,
                            needed,
                        )
                    },
                )?;
                Ok(Provider {
                    ctx: self.0,
                    type_name: type_name.to_owned(),
                    index,
                    name,
                })
            })
            .collect()
    }

    /// The first resource of a type that this one depends on.
    ///
    /// # Errors
    /// 5002: it depends on none.
    pub fn provider(&self, type_name: &str) -> Result<Provider<'a>, Error> {
        self.providers(type_name)?
            .into_iter()
            .next()
            .ok_or_else(|| {
                Error::new(
                    abi::ERROR_DEPENDENCY_NOT_FOUND,
                    format!(
                        "`{}` depends on no resource of type {type_name}; add the dependency",
                        self.0.resource()
                    ),
                )
            })
    }
}

/// A resource that this one depends on.
#[derive(Clone, Debug)]
pub struct Provider<'a> {
    ctx: &'a Context,
    type_name: String,
    index: u32,
    name: String,
}

impl Provider<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of its shared disk, for [`Context::disk`], if it is a Physical Disk: its property `Disk`, or its own
    /// name if that is not set.
    ///
    /// # Errors
    /// As for [`text`](Self::text), if it is of another type.
    pub fn disk(&self) -> Result<String, Error> {
        let named = self.text("Disk")?;
        Ok(if named.is_empty() {
            self.name.clone()
        } else {
            named
        })
    }

    /// One of its properties as text, as [`Properties::text`], or the value that it has
    /// [published](Properties::publish).
    ///
    /// # Errors
    /// 1168: there is none of this name.
    pub fn text(&self, property: &str) -> Result<String, Error> {
        let get = entry!(self.ctx.tables.properties, QrProperties, provider_get)?;
        answer_text(
            || format!("read property {property} of `{}`", self.name),
            // SAFETY: the host's function with the instance it gave; texts and buffer live for the call.
            |buffer, len, needed| unsafe {
                get(
                    self.ctx.instance(),
                    text(&self.type_name),
                    self.index,
                    text(property),
                    buffer,
                    len,
                    needed,
                )
            },
        )
    }
}
