//! The types that other plugins have, of which the tester's world may need providers.

use std::path::PathBuf;
use std::sync::OnceLock;

use quorate_conformance::Provider;
use quorate_host::{Isolation, LibraryInfo, PluginSet, TypeInfo, search_folders};

/// The tested library's types, and those of all plugins that are found. The others are looked for when one is needed.
#[derive(Debug)]
pub(crate) struct Catalog {
    own: Option<LibraryInfo>,
    folders: Vec<PathBuf>,
    others: OnceLock<PluginSet>,
}

impl Catalog {
    /// A catalog with a library that is tested, and what is found in `folders` and where plugins are always looked for.
    pub(crate) fn new(own: Option<LibraryInfo>, folders: &[PathBuf]) -> Catalog {
        Catalog {
            own,
            folders: search_folders(folders),
            others: OnceLock::new(),
        }
    }

    /// The plugins that are found. One that is broken is passed by: it is not what is tested.
    fn others(&self) -> &PluginSet {
        self.others
            .get_or_init(|| PluginSet::load_sound(&self.folders, Isolation::for_learning()).0)
    }

    /// All types, the tested library's first.
    pub(crate) fn types(&self) -> Vec<&TypeInfo> {
        let own = self.own.iter().flat_map(|library| &library.types);
        let others = self.others().libraries().flat_map(|it| &it.types);
        own.chain(others).collect()
    }

    /// A provider of this type, if a library has it.
    pub(crate) fn provider(&self, kind: &str) -> Option<Provider> {
        let own = self.own.as_ref();
        let own = own.filter(|library| library.types.iter().any(|it| it.name == kind));
        let library = own.or_else(|| self.others().library_of(kind))?;
        Some(Provider {
            kind: kind.to_owned(),
            library: library.path.clone(),
        })
    }

    /// Adds those that are wanted and can be had, before those that are there: one of these has asked for them, if it was
    /// not the type under test. Whether there are any.
    pub(crate) fn supply(&self, wanted: &[String], providers: &mut Vec<Provider>) -> bool {
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
