//! The types that other plugins have, of which the tester's world may need providers.

use std::path::PathBuf;
use std::sync::OnceLock;

use quorate_host::{Isolation, LibraryInfo, PluginSet, TypeInfo, search_folders};

use super::Provider;

/// The tested libraries' types, and those of all plugins that are found. The others are looked for when one is needed.
#[derive(Debug)]
pub struct Catalog {
    own: Vec<LibraryInfo>,
    folders: Vec<PathBuf>,
    isolation: Isolation,
    others: OnceLock<PluginSet>,
}

impl Catalog {
    /// A catalog with the libraries that are tested, and what is found in `folders` and where plugins are always looked for.
    /// `isolation` says whether libraries may be mapped into this process to be read.
    pub fn new(own: Vec<LibraryInfo>, folders: &[PathBuf], isolation: Isolation) -> Catalog {
        Catalog {
            own,
            folders: search_folders(folders),
            isolation,
            others: OnceLock::new(),
        }
    }

    /// The plugins that are found. One that is broken is passed by: it is not what is tested.
    fn others(&self) -> &PluginSet {
        self.others
            .get_or_init(|| PluginSet::load_sound(&self.folders, self.isolation.clone()).0)
    }

    /// All types, the tested libraries' first.
    pub fn types(&self) -> Vec<&TypeInfo> {
        let own = self.own.iter().flat_map(|library| &library.types);
        let others = self.others().libraries().flat_map(|it| &it.types);
        own.chain(others).collect()
    }

    /// A provider of this type, if a library has it.
    pub fn provider(&self, kind: &str) -> Option<Provider> {
        let has = |library: &&LibraryInfo| library.types.iter().any(|it| it.name == kind);
        let own = self.own.iter().find(has);
        let library = own.or_else(|| self.others().library_of(kind))?;
        Some(Provider {
            kind: kind.to_owned(),
            library: library.path.clone(),
        })
    }

    /// Adds those that are wanted and can be had, before those that are there: one of these has asked for them, if it was
    /// not the type under test. Whether there are any.
    pub fn supply(&self, wanted: &[String], providers: &mut Vec<Provider>) -> bool {
        let before = providers.len();
        for kind in wanted {
            if providers.iter().all(|it| it.kind != *kind)
                && let Some(provider) = self.provider(kind)
            {
                providers.insert(0, provider);
            }
        }
        providers.len() > before
    }
}
