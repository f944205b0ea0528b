//! Maps by name.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Index;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Name;

/// What a name is sought by: a [`Name`], which knows its first bytes as a number already, or its text.
pub trait Sought {
    /// The first eight bytes as a number that is ordered like them.
    fn head(&self) -> u64;
    /// The whole text.
    fn text(&self) -> &str;
    /// Whether it is this name.
    fn is(&self, name: &Name) -> bool {
        *name == *self.text()
    }
}

impl Sought for Name {
    fn head(&self) -> u64 {
        self.head
    }

    fn text(&self) -> &str {
        self
    }

    fn is(&self, name: &Name) -> bool {
        self == name
    }
}

impl Sought for str {
    fn head(&self) -> u64 {
        super::ids::head(self)
    }

    fn text(&self) -> &str {
        self
    }
}

impl Sought for String {
    fn head(&self) -> u64 {
        self.as_str().head()
    }

    fn text(&self) -> &str {
        self
    }
}

/// Where an entry of a [`NameMap`] lies: the same as long as it is in the map, and then free for another one.
pub type Slot = u32;

/// A map by name, for names that seldom come and go and are sought all the time. It is gone through in the order of the names,
/// like a `BTreeMap`; a search costs a third of what it costs there, and one for an entry whose [`Slot`] is known next to
/// nothing.
#[derive(Clone)]
pub struct NameMap<T> {
    /// The first bytes of each name, in the order of the names.
    heads: Vec<u64>,
    /// Where the entry of each lies.
    order: Vec<Slot>,
    entries: Vec<Option<(Name, T)>>,
    /// Where no entry lies any more.
    free: Vec<Slot>,
    /// Where the entry lies that was sought last: mostly it is sought again.
    last: Last,
}

/// A slot that is remembered while a map is only read.
struct Last(AtomicU32);

impl Clone for Last {
    fn clone(&self) -> Last {
        Last(AtomicU32::new(self.0.load(Ordering::Relaxed)))
    }
}

impl<T> NameMap<T> {
    /// A map without entries.
    pub const fn new() -> NameMap<T> {
        NameMap {
            heads: Vec::new(),
            order: Vec::new(),
            entries: Vec::new(),
            free: Vec::new(),
            last: Last(AtomicU32::new(0)),
        }
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = NameMap::new();
    }

    /// Where in the order a name is; or else where it would be.
    fn place<Q: Sought + ?Sized>(&self, name: &Q) -> Result<usize, usize> {
        let head = name.head();
        let first = self.heads.partition_point(|other| *other < head);
        if self.heads.get(first) != Some(&head) {
            return Err(first);
        }
        match self.entry(self.order[first]) {
            Some((known, _)) if name.is(known) => Ok(first),
            _ => self.place_among(first, name),
        }
    }

    /// As [`place`](Self::place), among names with the same first bytes, the first of which is at `first`.
    #[cold]
    fn place_among<Q: Sought + ?Sized>(&self, first: usize, name: &Q) -> Result<usize, usize> {
        let head = name.head();
        let alike = self.heads[first..].partition_point(|other| *other == head);
        let found = self.order[first..first + alike].binary_search_by(|slot| {
            let known = self.entry(*slot).map_or("", |(known, _)| known);
            known.cmp(name.text())
        });
        match found {
            Ok(place) => Ok(first + place),
            Err(place) => Err(first + place),
        }
    }

    fn entry(&self, slot: Slot) -> Option<&(Name, T)> {
        self.entries.get(slot as usize)?.as_ref()
    }

    fn entry_mut(&mut self, slot: Slot) -> Option<&mut (Name, T)> {
        self.entries.get_mut(slot as usize)?.as_mut()
    }

    /// Where a name's entry lies.
    pub fn slot<Q: Sought + ?Sized>(&self, name: &Q) -> Option<Slot> {
        let last = self.last.0.load(Ordering::Relaxed);
        if let Some((known, _)) = self.entry(last)
            && known.head == name.head()
            && name.is(known)
        {
            return Some(last);
        }
        let slot = self.order[self.place(name).ok()?];
        self.last.0.store(slot, Ordering::Relaxed);
        Some(slot)
    }

    /// Where a name's entry lies, which may be known: it is sought only if another one lies there by now, or none.
    #[inline]
    pub fn slot_near(&self, known: Slot, name: &Name) -> Option<Slot> {
        match self.entry(known) {
            Some((there, _)) if there == name => Some(known),
            _ => self.slot(name),
        }
    }

    /// The value of a name whose entry most likely lies there. As [`slot_near`](Self::slot_near).
    #[inline]
    pub fn near(&self, known: Slot, name: &Name) -> Option<&T> {
        self.at(self.slot_near(known, name)?)
    }

    /// What lies in a slot.
    pub fn at(&self, slot: Slot) -> Option<&T> {
        self.entry(slot).map(|(_, value)| value)
    }

    /// What lies in a slot.
    pub fn at_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.entry_mut(slot).map(|(_, value)| value)
    }

    /// The value of a name.
    pub fn get<Q: Sought + ?Sized>(&self, name: &Q) -> Option<&T> {
        self.at(self.slot(name)?)
    }

    /// The value of a name.
    pub fn get_mut<Q: Sought + ?Sized>(&mut self, name: &Q) -> Option<&mut T> {
        let slot = self.slot(name)?;
        self.at_mut(slot)
    }

    /// A name as the map has it, with its value.
    pub fn get_key_value<Q: Sought + ?Sized>(&self, name: &Q) -> Option<(&Name, &T)> {
        let (name, value) = self.entry(self.slot(name)?)?;
        Some((name, value))
    }

    /// Whether a name is there.
    pub fn contains_key<Q: Sought + ?Sized>(&self, name: &Q) -> bool {
        self.slot(name).is_some()
    }

    /// Sets the value of a name. Returns the one before.
    pub fn insert(&mut self, name: Name, value: T) -> Option<T> {
        match self.place(&name) {
            Ok(place) => {
                let slot = self.order[place];
                let known = self.at_mut(slot)?;
                Some(std::mem::replace(known, value))
            }
            Err(place) => {
                let head = name.head;
                let entry = Some((name, value));
                let slot = match self.free.pop() {
                    Some(slot) => {
                        self.entries[slot as usize] = entry;
                        slot
                    }
                    None => {
                        self.entries.push(entry);
                        self.entries.len() as Slot - 1
                    }
                };
                self.heads.insert(place, head);
                self.order.insert(place, slot);
                None
            }
        }
    }

    /// The value of a name, which is made where there is none.
    pub fn get_or_insert_with(&mut self, name: &Name, value: impl FnOnce() -> T) -> &mut T {
        if !self.contains_key(name) {
            self.insert(name.clone(), value());
        }
        #[expect(clippy::expect_used, reason = "it was put there if it was not")]
        self.get_mut(name).expect("the name is there")
    }

    /// Removes a name. Returns its value.
    pub fn remove<Q: Sought + ?Sized>(&mut self, name: &Q) -> Option<T> {
        let place = self.place(name).ok()?;
        self.heads.remove(place);
        let slot = self.order.remove(place);
        self.free.push(slot);
        let entry = self.entries[slot as usize].take();
        entry.map(|(_, value)| value)
    }

    /// Removes every name for which `keep` is false.
    pub fn retain(&mut self, mut keep: impl FnMut(&Name, &mut T) -> bool) {
        let NameMap {
            heads,
            order,
            entries,
            free,
            last: _,
        } = self;
        let mut known = heads.iter().copied();
        let mut left = Vec::with_capacity(order.len());
        order.retain(|slot| {
            let head = known.next();
            let place = &mut entries[*slot as usize];
            let kept = place
                .as_mut()
                .is_some_and(|(name, value)| keep(name, value));
            if kept {
                left.extend(head);
            } else {
                *place = None;
                free.push(*slot);
            }
            kept
        });
        *heads = left;
    }

    /// Every name with its value, in the order of the names.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter {
            order: self.order.iter(),
            entries: &self.entries,
        }
    }

    /// As [`iter`](Self::iter), each with where it lies.
    pub fn iter_slots(&self) -> impl Iterator<Item = (Slot, &Name, &T)> {
        self.order.iter().filter_map(|slot| {
            let (name, value) = self.entry(*slot)?;
            Some((*slot, name, value))
        })
    }

    /// The names, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Name> {
        self.iter().map(|(name, _)| name)
    }

    /// The values, in the order of the names.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.iter().map(|(_, value)| value)
    }

    /// The values, in the order in which they lie.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().flatten().map(|(_, value)| value)
    }

    /// Shows each value to `change`, in the order of the names.
    pub fn change_each(&mut self, mut change: impl FnMut(&Name, &mut T)) {
        for slot in &self.order {
            if let Some((name, value)) = &mut self.entries[*slot as usize] {
                change(name, value);
            }
        }
    }
}

/// The entries of a [`NameMap`] in the order of the names.
#[derive(Clone, Debug)]
pub struct Iter<'a, T> {
    order: std::slice::Iter<'a, Slot>,
    entries: &'a [Option<(Name, T)>],
}

impl<'a, T> Iter<'a, T> {
    fn entry(&self, slot: Slot) -> Option<(&'a Name, &'a T)> {
        let (name, value) = self.entries.get(slot as usize)?.as_ref()?;
        Some((name, value))
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (&'a Name, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        let slot = self.order.next()?;
        self.entry(*slot)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.order.size_hint()
    }
}

impl<T> DoubleEndedIterator for Iter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let slot = self.order.next_back()?;
        self.entry(*slot)
    }
}

impl<'a, T> IntoIterator for &'a NameMap<T> {
    type Item = (&'a Name, &'a T);
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> Default for NameMap<T> {
    fn default() -> Self {
        NameMap::new()
    }
}

impl<T: PartialEq> PartialEq for NameMap<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for NameMap<T> {}

impl<T: fmt::Debug> fmt::Debug for NameMap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<T> FromIterator<(Name, T)> for NameMap<T> {
    fn from_iter<I: IntoIterator<Item = (Name, T)>>(all: I) -> Self {
        let mut map = NameMap::new();
        for (name, value) in all {
            map.insert(name, value);
        }
        map
    }
}

/// # Panics
/// If the name is not there.
impl<T, Q: Sought + ?Sized> Index<&Q> for NameMap<T> {
    type Output = T;

    fn index(&self, name: &Q) -> &T {
        match self.get(name) {
            Some(value) => value,
            None => panic!("there is no \"{}\"", name.text()),
        }
    }
}

/// As a map, in the order of the names.
impl<T: Serialize> Serialize for NameMap<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for NameMap<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = BTreeMap::<Name, T>::deserialize(deserializer)?;
        Ok(map.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(String, u8),
        Remove(String),
        Retain(u8),
    }

    fn name() -> impl Strategy<Value = String> {
        // Short ones, and some with the same first eight bytes.
        prop_oneof!["[a-c\0]{0,2}", "Service [a-c]{0,2}", "Service [0-9]{1,3}"]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (name(), any::<u8>()).prop_map(|(name, value)| Step::Insert(name, value)),
            2 => name().prop_map(Step::Remove),
            1 => any::<u8>().prop_map(Step::Retain),
        ]
    }

    proptest! {
        #[test]
        fn it_is_an_ordered_map_whose_entries_stay_where_they_are(
            steps in prop::collection::vec(step(), 0..60),
            sought in prop::collection::vec(name(), 8),
        ) {
            let mut map = NameMap::new();
            let mut plain = BTreeMap::new();
            let mut slots = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Insert(name, value) => {
                        let name = Name::from(name);
                        prop_assert_eq!(map.insert(name.clone(), value), plain.insert(name.clone(), value));
                        let slot = map.slot(&name).unwrap();
                        prop_assert_eq!(*slots.entry(name).or_insert(slot), slot);
                    }
                    Step::Remove(name) => {
                        prop_assert_eq!(map.remove(name.as_str()), plain.remove(name.as_str()));
                        slots.remove(name.as_str());
                    }
                    Step::Retain(limit) => {
                        map.retain(|_, value| *value < limit);
                        plain.retain(|_, value| *value < limit);
                        slots.retain(|name, _| plain.contains_key(name));
                    }
                }
                prop_assert!(map.iter().eq(plain.iter()));
                for (slot, name, value) in map.iter_slots() {
                    prop_assert_eq!((map.slot(name), map.at(slot)), (Some(slot), Some(value)));
                }
                prop_assert!(map.iter().rev().eq(plain.iter().rev()));
                prop_assert_eq!((map.len(), map.is_empty()), (plain.len(), plain.is_empty()));
                for (name, slot) in &slots {
                    prop_assert_eq!(map.at(*slot), plain.get(name));
                    prop_assert_eq!(map.slot(name), Some(*slot));
                    prop_assert_eq!(map.slot_near(slot ^ 1, name), Some(*slot));
                    prop_assert_eq!(map.slot_near(*slot, name), Some(*slot));
                    prop_assert_eq!(map.near(slot ^ 1, name), plain.get(name));
                    prop_assert_eq!(map.near(*slot, name), plain.get(name));
                }
            }
            for name in &sought {
                prop_assert_eq!(map.get(name), plain.get(name.as_str()));
                prop_assert_eq!(map.get(&Name::from(name.as_str())), plain.get(name.as_str()));
            }
            let again: NameMap<u8> = plain.clone().into_iter().rev().collect();
            prop_assert_eq!(&again, &map);
            let written = ron::to_string(&map).unwrap();
            prop_assert_eq!(&written, &ron::to_string(&plain).unwrap());
            prop_assert_eq!(ron::from_str::<NameMap<u8>>(&written).unwrap(), map);
        }
    }
}
