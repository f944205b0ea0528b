//! Providers: resources of loaded types that those under test depend on. Each is opened and brought online as a resource
//! monitor would, with its own library's code, and has its time like every other. What becomes of it is no finding about
//! the type under test.

use std::mem;
use std::path::Path;

use quorate_abi as abi;
use quorate_host::direct::{Entries, Image, host};
use quorate_host::{LibraryInfo, PluginSet, TypeInfo};
use quorate_model::{Name, ResourceState};

use super::{Bench, Opening, bare, code_text, provider_name};
use crate::world::PROVIDER;
use crate::{Case, Stop};

/// A type of which there are providers.
#[derive(Debug)]
pub(super) struct Supply {
    kind: TypeInfo,
    entries: Entries,
    has_threads: bool,
}

/// Finds the types that a case asks for, and loads the libraries that they are in.
pub(super) fn supplies(
    case: &Case<'_>,
    own: &LibraryInfo,
    own_entries: &[Entries],
    set: &mut PluginSet,
) -> Result<Vec<Supply>, Stop> {
    let mut found = Vec::new();
    for wanted in &case.settings.providers {
        if own.types.iter().any(|kind| kind.name == wanted.kind) {
            found.extend(of(own, own_entries, &wanted.kind));
            continue;
        }
        let lacks = |why: String| {
            Stop::unknown(format!(
                "the tester cannot give it a provider of type `{}`: {why}",
                wanted.kind
            ))
        };
        let known = set
            .library_of(&wanted.kind)
            .map(|library| library.path.clone());
        if known.as_deref() != Some(Path::new(&wanted.library)) {
            case.before("load of a provider's library")?;
            let image = Image::open_for(&wanted.library, host());
            let image = image.map_err(|error| lacks(error.to_string()))?;
            set.insert(image)
                .map_err(|error| lacks(error.to_string()))?;
        }
        let image = set.image_of(&wanted.kind);
        let image = image.ok_or_else(|| lacks("its library has no such type".to_owned()))?;
        let entries = image.entries().map_err(|error| lacks(error.to_string()))?;
        found.extend(of(&image.info, entries, &wanted.kind));
    }
    Ok(found)
}

fn of(library: &LibraryInfo, entries: &[Entries], kind: &str) -> Option<Supply> {
    let index = library.types.iter().position(|it| it.name == kind)?;
    Some(Supply {
        kind: library.types.get(index)?.clone(),
        entries: *entries.get(index)?,
        has_threads: library.has_threads(),
    })
}

impl Bench<'_> {
    /// Ends all providers, before their world does.
    pub(super) fn dismiss_providers(&mut self) -> Result<(), Stop> {
        for id in mem::take(&mut self.providers).into_iter().rev() {
            self.terminate(id)?;
            self.close(id)?;
        }
        self.ailing.clear();
        Ok(())
    }

    /// Opens two resources of each type that there are to be providers of, and brings them online.
    pub(super) fn engage_providers(&mut self) -> Result<(), Stop> {
        for index in 0..self.supplies.len() {
            for number in 0..2 {
                self.engage(index, number)?;
            }
        }
        // A test begins with a world in which nothing has happened yet.
        self.trace.clear();
        Ok(())
    }

    fn engage(&mut self, index: usize, number: usize) -> Result<(), Stop> {
        let Some(supply) = self.supplies.get(index) else {
            return Ok(());
        };
        let name: Name = provider_name(&supply.kind.name, number).as_str().into();
        let mut spec = bare(&name, &supply.kind.name);
        let suffix = format!(" {number}");
        let others = self.directory.names();
        spec.depends_on = others
            .filter(|it| it.starts_with(PROVIDER) && it.ends_with(&suffix) && **it != name)
            .cloned()
            .collect();
        spec.properties.private = self.values(&supply.kind, number).into_iter().collect();
        let opened = self.open_with(Opening {
            spec,
            machine: 0,
            name: name.as_bytes(),
            entries: supply.entries,
            has_threads: supply.has_threads,
            timeout_ms: supply.kind.pending_timeout_ms,
            provider: true,
        })?;
        match opened {
            Ok(id) => {
                self.providers.push(id);
                self.revive(id, &name)
            }
            Err(code) => {
                let why = format!("`open` failed with {}{}", code_text(code), self.complaint);
                self.ail(&name, &why);
                Ok(())
            }
        }
    }

    /// Brings a provider online, or notes that it is not.
    fn revive(&mut self, id: super::Id, name: &Name) -> Result<(), Stop> {
        let why = match self.try_online(id) {
            Ok(abi::ERROR_SUCCESS) => {
                self.directory.set_state(name, ResourceState::Online);
                return Ok(());
            }
            Ok(code) => self.explain(id, "online", code)?,
            Err(stop) => stop.why,
        };
        self.terminate(id)?;
        self.directory.set_state(name, ResourceState::Failed);
        self.ail(name, &why);
        Ok(())
    }

    fn ail(&mut self, name: &Name, why: &str) {
        self.ailing.push(format!(
            "its provider `{name}` does not go online ({why}): test that type for itself, or give it properties of \
             certain values with --properties"
        ));
    }

    /// Makes everything work again, providers included.
    pub(crate) fn heal(&mut self) -> Result<(), Stop> {
        self.world.heal();
        for id in self.providers.clone() {
            let name = self.get(id)?.spec.name.clone();
            self.terminate(id)?;
            self.revive(id, &name)?;
        }
        Ok(())
    }

    /// Why a type does not get as far as online: by its own fault, or because the tester lacks something.
    pub(crate) fn blame(&self, why: String) -> Stop {
        match self.lack() {
            None => Stop::failed(why),
            Some(lack) => Stop::unknown(format!("{lack} ({why})")),
        }
    }

    /// What the tester could not give to the type under test, in a sentence, if there is anything.
    fn lack(&self) -> Option<String> {
        if let Some(ailing) = self.ailing.first() {
            return Some(ailing.clone());
        }
        let wanted = self.wanted.all();
        let kind = wanted.first()?;
        Some(format!(
            "it asks for a provider of type `{kind}`, and no library that is loaded here has that type: name the folder of \
             one that has with --plugin-dir"
        ))
    }
}
