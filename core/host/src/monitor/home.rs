//! Where resource types run: in this process, or in one beside it.

use quorate_model::monitor::ResourceSpec;

use crate::PluginSet;
use crate::plugins::Image;

/// Where a resource's type is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// In this process.
    Host,
    /// In one process with all resources of its library.
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

    /// Where a type as a whole is asked.
    pub(super) fn of_type(plugins: &PluginSet, image: &Image) -> Home {
        if plugins.isolation().covers(&image.info) {
            Home::Library
        } else {
            Home::Host
        }
    }
}
