//! Typed private properties: name, unit, range, default and doc in one place.
//!
//! ```
//! use quorate_sdk::{AnyProperty, Number, Property, Text};
//!
//! const PORT: Property<Number> =
//!     Property::number("Port").doc("TCP port it answers on").range(1, 65_535).default("25");
//! const PATH: Property<Text> = Property::text("Path").doc("Folder it serves").required();
//! const PROPERTIES: &[AnyProperty] = &[PORT.any(), PATH.any()];
//! assert_eq!(PROPERTIES[0].name(), "Port");
//! ```
//!
//! A number's default that is not a number, or out of range, does not compile:
//!
//! ```compile_fail
//! # use quorate_sdk::{Number, Property};
//! const PORT: Property<Number> = Property::number("Port").default("twenty-five");
//! ```
//!
//! Nor does a range that does not contain the default, which is 0 if none is given:
//!
//! ```compile_fail
//! # use quorate_sdk::{AnyProperty, Number, Property};
//! const PORT: Property<Number> = Property::number("Port").range(1, 65_535);
//! const PROPERTIES: &[AnyProperty] = &[PORT.any()];
//! ```

use std::marker::PhantomData;

use quorate_abi as abi;

use crate::error::Error;
use crate::raw;

/// A property that holds text (SZ).
#[derive(Clone, Copy, Debug)]
pub struct Text;
/// A property that holds a 32-bit number (DWORD).
#[derive(Clone, Copy, Debug)]
pub struct Number;
/// A property that holds 0 or 1.
#[derive(Clone, Copy, Debug)]
pub struct Flag;
/// A property that holds a list of texts (MULTI_SZ).
#[derive(Clone, Copy, Debug)]
pub struct List;

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Text {}
    impl Sealed for super::Number {}
    impl Sealed for super::Flag {}
    impl Sealed for super::List {}
}

/// The kind of a property: [`Text`], [`Number`], [`Flag`] or [`List`].
pub trait Kind: sealed::Sealed + Sized {
    /// The type of its values.
    type Value;
    /// The value from the host's text form: decimal for numbers, one line an entry for lists. Errors with 1610.
    #[doc(hidden)]
    fn parse(property: &Property<Self>, text: &str) -> Result<Self::Value, Error>;
}

/// One private property of a type. A `const`, read with [`Properties::get`](crate::Properties::get).
#[derive(Debug)]
pub struct Property<K> {
    name: &'static str,
    unit: &'static str,
    doc: &'static str,
    default: &'static str,
    kind: u32,
    flags: u32,
    min: u32,
    max: u32,
    holds: PhantomData<K>,
}

impl Property<Text> {
    /// A property that holds text; its default is the empty text.
    pub const fn text(name: &'static str) -> Self {
        Property::new(name, abi::PROPERTY_SZ, "", 0)
    }
}

impl Property<Number> {
    /// A property that holds a number; its default is 0.
    pub const fn number(name: &'static str) -> Self {
        Property::new(name, abi::PROPERTY_DWORD, "0", u32::MAX)
    }

    /// The smallest and the largest value allowed. Give it before `default`.
    #[must_use]
    pub const fn range(mut self, min: u32, max: u32) -> Self {
        assert!(
            min <= max,
            "a range's smallest value is larger than its largest"
        );
        self.min = min;
        self.max = max;
        self
    }

    /// Its unit, such as `ms`.
    #[must_use]
    pub const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }
}

impl Property<Flag> {
    /// A property that holds 0 or 1; its default is 0.
    pub const fn flag(name: &'static str) -> Self {
        Property::new(name, abi::PROPERTY_BOOL, "0", 1)
    }
}

impl Property<List> {
    /// A property that holds a list of texts; its default is the empty list.
    pub const fn list(name: &'static str) -> Self {
        Property::new(name, abi::PROPERTY_MULTI_SZ, "", 0)
    }
}

impl<K> Property<K> {
    const fn new(name: &'static str, kind: u32, default: &'static str, max: u32) -> Self {
        Property {
            name,
            unit: "",
            doc: "",
            default,
            kind,
            flags: 0,
            min: 0,
            max,
            holds: PhantomData,
        }
    }

    /// One line for people.
    #[must_use]
    pub const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    /// Its default as text: decimal for numbers and flags, one line an entry for lists.
    ///
    /// # Panics
    /// While compiling a `const`, if it is no number or out of range where one is wanted.
    #[must_use]
    pub const fn default(mut self, default: &'static str) -> Self {
        if self.kind == abi::PROPERTY_DWORD || self.kind == abi::PROPERTY_BOOL {
            match decimal(default) {
                Some(value) => {
                    assert!(
                        value >= self.min && value <= self.max,
                        "the default is out of range"
                    );
                }
                None if self.kind == abi::PROPERTY_BOOL => {
                    panic!("the default of a flag is 0 or 1")
                }
                None => panic!("the default is no 32-bit number"),
            }
        }
        self.default = default;
        self
    }

    /// Online is refused without it.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.flags |= abi::PROPERTY_REQUIRED;
        self
    }

    /// A change takes effect at the next Online.
    #[must_use]
    pub const fn at_online(mut self) -> Self {
        self.flags |= abi::PROPERTY_AT_ONLINE;
        self
    }

    /// The same property without its kind, for the list in a type.
    ///
    /// # Panics
    /// While compiling a `const`, if it is a number that is not required, and its default lies outside of its range.
    pub const fn any(&self) -> AnyProperty {
        if self.kind == abi::PROPERTY_DWORD && !self.is_required() {
            let fits = match decimal(self.default) {
                Some(value) => value >= self.min && value <= self.max,
                None => false,
            };
            assert!(
                fits,
                "the default is no number in the range (without `.default(...)` it is 0): give `.range(...)` and `.default(...)` that fit"
            );
        }
        AnyProperty(abi::QrProperty {
            size: size_of::<abi::QrProperty>() as u32,
            kind: self.kind,
            flags: self.flags,
            reserved: 0,
            name: raw::text(self.name),
            unit: raw::text(self.unit),
            doc: raw::text(self.doc),
            default: raw::text(self.default),
            min: self.min as u64,
            max: self.max as u64,
        })
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its default, as text.
    pub const fn default_text(&self) -> &'static str {
        self.default
    }

    pub(crate) const fn is_required(&self) -> bool {
        self.flags & abi::PROPERTY_REQUIRED != 0
    }

    fn number_in(&self, text: &str) -> Result<u32, Error> {
        let value = decimal(text)
            .ok_or_else(|| Error::property(self.name, format!("`{text}` is no number")))?;
        if value < self.min || value > self.max {
            return Err(Error::property(
                self.name,
                format!("{value} is out of range: {} to {}", self.min, self.max),
            ));
        }
        Ok(value)
    }
}

impl Kind for Text {
    type Value = String;
    fn parse(_: &Property<Self>, text: &str) -> Result<String, Error> {
        Ok(text.to_owned())
    }
}

impl Kind for Number {
    type Value = u32;
    fn parse(property: &Property<Self>, text: &str) -> Result<u32, Error> {
        property.number_in(text)
    }
}

impl Kind for Flag {
    type Value = bool;
    fn parse(property: &Property<Self>, text: &str) -> Result<bool, Error> {
        Ok(property.number_in(text)? == 1)
    }
}

impl Kind for List {
    type Value = Vec<String>;
    fn parse(_: &Property<Self>, text: &str) -> Result<Vec<String>, Error> {
        Ok(text
            .lines()
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect())
    }
}

/// A property of any kind, as a type lists it: laid out as the contract's own block.
#[repr(transparent)]
#[derive(Debug)]
pub struct AnyProperty(abi::QrProperty);

impl AnyProperty {
    /// Its name.
    pub fn name(&self) -> &'static str {
        raw::literal(self.0.name)
    }

    /// Its default, as text.
    pub fn default_text(&self) -> &'static str {
        raw::literal(self.0.default)
    }
}

/// A decimal 32-bit number: digits only.
const fn decimal(text: &str) -> Option<u32> {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return None;
    }
    let mut value: u32 = 0;
    let mut index = 0;
    while index < bytes.len() {
        let digit = bytes[index];
        if !digit.is_ascii_digit() {
            return None;
        }
        let Some(tens) = value.checked_mul(10) else {
            return None;
        };
        let Some(sum) = tens.checked_add((digit - b'0') as u32) else {
            return None;
        };
        value = sum;
        index += 1;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PORT: Property<Number> = Property::number("Port").range(1, 65_535).default("25");
    const DHCP: Property<Flag> = Property::flag("EnableDhcp");

    #[test]
    fn a_number_out_of_range_is_refused_with_the_range() {
        assert_eq!(Number::parse(&PORT, "143"), Ok(143));
        let error = Number::parse(&PORT, "70000").unwrap_err();
        assert_eq!(error.code(), abi::ERROR_RESOURCE_PROPERTY);
        assert_eq!(
            error.text(),
            "property Port: 70000 is out of range: 1 to 65535"
        );
        assert!(Flag::parse(&DHCP, "2").is_err());
        assert_eq!(Flag::parse(&DHCP, "1"), Ok(true));
    }

    #[test]
    fn a_list_has_one_entry_a_line() {
        const GROUPS: Property<List> = Property::list("StorageGroups");
        assert_eq!(
            List::parse(&GROUPS, "a|L:|M:\nb|L:|M:\n").unwrap(),
            ["a|L:|M:", "b|L:|M:"]
        );
        assert_eq!(List::parse(&GROUPS, "").unwrap(), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn decimal_agrees_with_the_standard_library(text in "[0-9a+ -]{0,12}") {
            let wanted = if text.starts_with('+') { None } else { text.parse::<u32>().ok() };
            prop_assert_eq!(decimal(&text), wanted);
        }
    }
}
