//! Where a resource type runs: in this process, or in another one beside it.

use quorate_model::monitor::ResourceSpec;

use crate::PluginSet;
use crate::plugins::Image;

/// The process in which the instance of a resource is to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// In this process.
    Host,
    /// In one process for all resources of the library.
    Library,
    /// In a process of its own (`SeparateMonitor`).
    Resource,
}

impl Home {
    pub(super) fn of(plugins: &PluginSet, image: &Image, spec: &ResourceSpec) -> Home {
        if spec.properties.separate_monitor {
            Home::Resource
        } else {
            Home::of_type(plugins, image)
        }
    }

    /// Where the entry of a type as a whole is called.
    pub(super) fn of_type(plugins: &PluginSet, image: &Image) -> Home {
        if image.info.program || plugins.isolation().covers(&image.info) {
            Home::Library
        } else {
            Home::Host
        }
    }
}
