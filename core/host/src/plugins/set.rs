//! The set of plugins of a process.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use quorate_model::nearest;

use super::elf;
use super::error::{LoadErrors, PluginError};
use super::image::Image;
use super::near::near_misses;
use super::program::is_program;
use super::reload::{ReloadError, Reloaded};
use super::search;
use crate::library::Isolation;
use crate::library::{LibraryInfo, TypeInfo};

/// The loaded plugin libraries and the resource types they implement.
///
/// Libraries stay mapped for as long as the process lives, even if the set is dropped.
#[derive(Clone, Debug, Default)]
pub struct PluginSet {
    images: Vec<Image>,
    /// By a type's name: the number of its library, and its number in the library.
    types: BTreeMap<String, (usize, usize)>,
    folders: Vec<PathBuf>,
    isolation: Isolation,
}

impl PluginSet {
    /// A set without plugins.
    pub fn empty() -> PluginSet {
        PluginSet::default()
    }

    /// Loads every plugin in `folders`: each `lib*.so` that exports the entry symbol. Other libraries are not opened.
    /// Neither are the broken ones for tests, `libquorate_bad_*.so`; [`add`](Self::add) loads those.
    ///
    /// If a plugin is in two folders, the first one counts; if a folder has several files of it, the one without
    /// cargo's build hash, or else the newest. A folder that does not exist is skipped.
    ///
    /// # Errors
    ///
    /// All errors at once: each library that is broken, each type that two plugins implement, or, if no plugin was
    /// found at all, the folders that were searched.
    pub fn load(folders: &[PathBuf]) -> Result<PluginSet, LoadErrors> {
        PluginSet::load_under(folders, Isolation::default())
    }

    /// As [`load`](Self::load), with settings for resource monitor processes. If a library is to run apart, or if
    /// [`Isolation::learn_apart`] is set, all libraries are first loaded in a process, which reports what they say of
    /// themselves; if one of them makes trouble there, each is loaded in a process of its own. The host then maps a
    /// library only when the first of its resources is to run there. Names in the settings that no library has are not
    /// an error here: [`isolate`](Self::isolate) finds them.
    ///
    /// # Errors
    ///
    /// Those of [`load`](Self::load), and each library that crashes or hangs while it is loaded.
    pub fn load_under(folders: &[PathBuf], isolation: Isolation) -> Result<PluginSet, LoadErrors> {
        match PluginSet::load_sound(folders, isolation) {
            (set, None) => Ok(set),
            (_, Some(errors)) => Err(errors),
        }
    }

    /// As [`load_under`](Self::load_under), but returns the libraries that are sound and, apart from them, the errors
    /// of the others.
    pub fn load_sound(
        folders: &[PathBuf],
        isolation: Isolation,
    ) -> (PluginSet, Option<LoadErrors>) {
        let mut set = PluginSet {
            folders: folders.to_vec(),
            isolation,
            ..PluginSet::default()
        };
        let mut errors = Vec::new();
        let searched = folders
            .iter()
            .map(|folder| (folder, search::candidates(folder)));
        let searched: Vec<_> = searched.collect();
        let files = searched.iter().filter_map(|(_, found)| found.as_ref().ok());
        let mut learned = set.learn_together(files.flatten().map(PathBuf::as_path));
        for (folder, found) in &searched {
            match found {
                Ok(files) => {
                    for file in files {
                        if let Err(error) = set.add_found(file, learned.remove(file.as_path())) {
                            errors.push(error);
                        }
                    }
                }
                Err(error) => errors.push(PluginError::Open {
                    file: (*folder).clone(),
                    why: error.to_string(),
                }),
            }
        }
        if set.images.is_empty() && errors.is_empty() {
            errors.push(set.not_found(None));
        }
        let errors = (!errors.is_empty()).then_some(LoadErrors(errors));
        (set, errors)
    }

    /// Loads the one library in `file`, whatever its name.
    ///
    /// # Errors
    ///
    /// If it is not a plugin, is broken, or implements a type that the set already has. The set is then unchanged.
    pub fn add(&mut self, file: &Path) -> Result<(), PluginError> {
        self.insert(self.read(file)?)
    }

    /// The libraries, in the order they were found.
    pub fn libraries(&self) -> impl Iterator<Item = &LibraryInfo> {
        self.images.iter().map(|image| &image.info)
    }

    /// The resource type called `name`, if a library implements it.
    pub fn type_info(&self, name: &str) -> Option<&TypeInfo> {
        let &(image, kind) = self.types.get(name)?;
        self.images.get(image)?.info.types.get(kind)
    }

    /// The names of all resource types, in order.
    pub fn type_names(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }

    /// The library that implements the type called `name`.
    pub fn library_of(&self, name: &str) -> Option<&LibraryInfo> {
        let &(image, _) = self.types.get(name)?;
        self.images.get(image).map(|image| &image.info)
    }

    /// The library that implements the type called `name`, as it is mapped or learned.
    pub fn image_of(&self, name: &str) -> Option<&Image> {
        let &(image, _) = self.types.get(name)?;
        self.images.get(image)
    }

    /// The folders that [`load`](Self::load) searched, in order.
    pub fn folders_searched(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Checks that every type in `kinds` is implemented, so that nothing is built on one that is not.
    ///
    /// # Errors
    ///
    /// One [`PluginError::NotFound`] for each missing type, even if `kinds` has it twice.
    pub fn require<'a>(&self, kinds: impl IntoIterator<Item = &'a str>) -> Result<(), LoadErrors> {
        let mut errors: Vec<PluginError> = Vec::new();
        for kind in kinds {
            if !self.types.contains_key(kind) {
                let error = self.not_found(Some(kind));
                if !errors.contains(&error) {
                    errors.push(error);
                }
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(LoadErrors(errors))
        }
    }

    /// The error for a type that no library implements, or, if `wanted` is `None`, for a set without plugins.
    pub(crate) fn not_found(&self, wanted: Option<&str>) -> PluginError {
        PluginError::NotFound {
            wanted: wanted.map(str::to_owned),
            folders: self.folders.clone(),
            near_misses: self
                .folders
                .iter()
                .flat_map(|folder| near_misses(folder, wanted))
                .collect(),
            did_you_mean: wanted
                .and_then(|wanted| nearest(wanted, self.type_names()))
                .map(str::to_owned),
        }
    }

    /// The image that implements a type, and the number of the type in it.
    pub(crate) fn find(&self, kind: &str) -> Option<(usize, &Image)> {
        let &(image, kind) = self.types.get(kind)?;
        Some((kind, self.images.get(image)?))
    }

    /// The images, in the order of [`libraries`](Self::libraries).
    pub(crate) fn images(&self) -> impl Iterator<Item = &Image> {
        self.images.iter()
    }

    /// The settings of resource monitor processes.
    pub fn isolation(&self) -> &Isolation {
        &self.isolation
    }

    /// Changes the settings of resource monitor processes.
    ///
    /// # Errors
    ///
    /// If [`Isolation::libraries`] names a library that is not in the set. The set is then unchanged.
    pub fn isolate(&mut self, isolation: Isolation) -> Result<(), ReloadError> {
        for name in isolation
            .libraries
            .keys()
            .filter(|name| *name != Isolation::ALL)
        {
            self.library(name)?;
        }
        self.isolation = isolation;
        Ok(())
    }

    /// Checks that there is a library called `name`.
    ///
    /// # Errors
    ///
    /// If there is none; the error has the most similar name.
    pub fn require_library(&self, name: &str) -> Result<(), ReloadError> {
        self.library(name).map(drop)
    }

    /// The number of the library called `name`.
    fn library(&self, name: &str) -> Result<usize, ReloadError> {
        let number = self.images.iter().position(|it| it.info.name == name);
        number.ok_or_else(|| ReloadError::unknown(name, self.libraries()))
    }

    /// The set with a newly read image of the library called `name`, or, without a name, of each library whose file has
    /// changed since it was read. Each is mapped from a private copy, so that its file can be replaced at any time.
    ///
    /// # Errors
    ///
    /// If there is no such library, or if its file is no longer a plugin, is another plugin, or lacks a type that it
    /// had.
    pub fn reload(&self, name: Option<&str>) -> Result<(PluginSet, Vec<Reloaded>), ReloadError> {
        let numbers: Vec<usize> = match name {
            Some(name) => vec![self.library(name)?],
            None => (0..self.images.len())
                .filter(|number| self.images[*number].has_changed())
                .collect(),
        };
        let (mut set, mut reloaded) = (self.clone(), Vec::new());
        for number in numbers {
            let old = &self.images[number];
            let path = &old.info.path;
            let apart = self.isolation.learns_apart() || self.isolation.covers(&old.info);
            let mut new = if old.info.program {
                Image::learn_program(path, &self.isolation)?
            } else if apart {
                Image::learn_copy(path, &self.isolation)?
            } else {
                Image::open_copy(path)?
            };
            ReloadError::check(&old.info, &new.info)?;
            new.info.shadows.clone_from(&old.info.shadows);
            for (index, kind) in new.info.types.iter().enumerate() {
                // Another library that was just reloaded may have this type now.
                if let Some(other) = set
                    .library_of(&kind.name)
                    .filter(|it| it.name != new.info.name)
                {
                    return Err(ReloadError::Plugin(PluginError::DuplicateType {
                        kind: kind.name.clone(),
                        first: (other.name.clone(), other.path.clone()),
                        second: (new.info.name.clone(), new.info.path.clone()),
                    }));
                }
                set.types.insert(kind.name.clone(), (number, index));
            }
            reloaded.push(Reloaded {
                plugin: new.info.name.clone(),
                path: new.info.path.clone(),
                before: old.info.version.clone(),
                now: new.info.version.clone(),
            });
            set.images[number] = new;
        }
        Ok((set, reloaded))
    }

    /// Reads the library in `file`: maps it, or learns it from a process, as the settings say.
    fn read(&self, file: &Path) -> Result<Image, PluginError> {
        if is_program(file) {
            Image::learn_program(file, &self.isolation)
        } else if self.isolation.learns_apart() {
            Image::learn(file, &self.isolation)
        } else {
            Image::open(file)
        }
    }

    /// Learns the libraries among these files from one process, if they are to be learned and no one of them makes trouble. What
    /// is not here is still to be read.
    fn learn_together<'f>(
        &self,
        files: impl Iterator<Item = &'f Path>,
    ) -> BTreeMap<&'f Path, Image> {
        if !self.isolation.learns_apart() {
            return BTreeMap::new();
        }
        let files =
            files.filter(|file| !is_program(file) && elf::exports_entry(file).unwrap_or_default());
        let libraries: Vec<_> = files
            .filter_map(|file| {
                let known = file.metadata().ok()?;
                Some(((known.dev(), known.ino()), file))
            })
            .collect();
        if libraries.len() < 2 {
            return BTreeMap::new();
        }
        // One file at two paths is mapped once in a process, and started once.
        let mut seen = BTreeSet::new();
        let once = libraries.iter().filter(|(id, _)| seen.insert(*id));
        let (ids, paths): (Vec<_>, Vec<_>) = once.copied().unzip();
        let learned = Image::learn_together(&paths, &self.isolation);
        let images: BTreeMap<_, _> = ids.into_iter().zip(learned.unwrap_or_default()).collect();
        let known = libraries
            .into_iter()
            .filter_map(|(id, path)| Some((path, images.get(&id)?.of_path(path))));
        known.collect()
    }

    /// Adds a plugin that a folder search found, unless the set already has it. It may have been learned.
    fn add_found(&mut self, file: &Path, learned: Option<Image>) -> Result<(), PluginError> {
        let image = match learned {
            Some(image) => image,
            None if !is_program(file) && !elf::exports_entry(file)? => return Ok(()),
            None => self.read(file)?,
        };
        match self
            .images
            .iter_mut()
            .find(|other| other.info.name == image.info.name)
        {
            Some(earlier) => {
                earlier.info.shadows.push(file.to_owned());
                Ok(())
            }
            None => self.insert(image),
        }
    }

    /// Adds a library that is already mapped.
    ///
    /// # Errors
    ///
    /// If it has a type that another library has as well.
    pub fn insert(&mut self, image: Image) -> Result<(), PluginError> {
        for kind in &image.info.types {
            if let Some(other) = self.library_of(&kind.name) {
                return Err(PluginError::DuplicateType {
                    kind: kind.name.clone(),
                    first: (other.name.clone(), other.path.clone()),
                    second: (image.info.name.clone(), image.info.path.clone()),
                });
            }
        }
        let number = self.images.len();
        for (index, kind) in image.info.types.iter().enumerate() {
            self.types.insert(kind.name.clone(), (number, index));
        }
        self.images.push(image);
        Ok(())
    }
}
