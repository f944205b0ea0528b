//! A node file with its place: what its paths mean, and where its node is in the cluster.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use quorate_model::{
    ClusterDefinition, Diagnostics, Name, NodeFile, Ready, ServiceCommand, called, load_node_file,
};

/// A node file, and the folder that its paths count from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the file says.
    pub file: NodeFile,
    /// The file.
    pub path: PathBuf,
    folder: PathBuf,
}

impl Settings {
    /// Reads a node file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Settings, Diagnostics> {
        let file = load_node_file(path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        // A path that cannot be made absolute stays as it is: whoever uses it finds that out.
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        Ok(Settings {
            file,
            path: path.to_path_buf(),
            folder,
        })
    }

    /// A path of the file's.
    pub fn place(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// The cluster file.
    pub fn cluster(&self) -> PathBuf {
        self.place(&self.file.cluster)
    }

    /// The folder of everything that the node keeps.
    pub fn state(&self) -> PathBuf {
        self.place(&self.file.state)
    }

    /// The control socket.
    pub fn socket(&self) -> PathBuf {
        match &self.file.socket {
            Some(socket) => self.place(socket),
            None => default_socket(Path::new(RUN), &self.file.node),
        }
    }

    /// The file with the cluster's key.
    pub fn key(&self) -> Option<PathBuf> {
        self.file.key.as_ref().map(|key| self.place(key))
    }

    /// The watchdog, if one is to be used.
    pub fn watchdog(&self) -> Option<PathBuf> {
        self.file.watchdog.as_ref().map(|it| self.place(it))
    }

    /// By shared disk: the folder that stands for it.
    pub fn disks(&self) -> BTreeMap<Name, PathBuf> {
        self.folders(&self.file.disks)
    }

    /// By file share: where it is mounted.
    pub fn shares(&self) -> BTreeMap<Name, PathBuf> {
        self.folders(&self.file.shares)
    }

    /// The folder that stands for a shared disk.
    pub fn disk(&self, name: &str) -> Option<PathBuf> {
        called(&self.disks(), name, |(it, _)| *it).map(|(_, place)| place.clone())
    }

    /// Where a file share is mounted.
    pub fn share(&self, name: &str) -> Option<PathBuf> {
        called(&self.shares(), name, |(it, _)| *it).map(|(_, place)| place.clone())
    }

    fn folders(&self, named: &BTreeMap<Name, String>) -> BTreeMap<Name, PathBuf> {
        let placed = |(name, path): (&Name, &String)| (name.clone(), self.place(path));
        named.iter().map(placed).collect()
    }

    /// The folders to search for plugins first.
    pub fn plugins(&self) -> Vec<PathBuf> {
        self.file.plugins.iter().map(|it| self.place(it)).collect()
    }

    /// The services, with their paths as they are meant.
    pub fn services(&self) -> BTreeMap<String, ServiceCommand> {
        let meant = |path: &String| self.place(path).display().to_string();
        let services = self.file.services.iter();
        services
            .map(|(name, command)| {
                let mut command = command.clone();
                command.directory = command.directory.as_ref().map(meant);
                if let Ready::File(file) = &command.ready {
                    command.ready = Ready::File(meant(file));
                }
                for words in [&mut command.run, &mut command.stop] {
                    if let Some(program) = words.first_mut()
                        && program.starts_with('.')
                    {
                        *program = meant(program);
                    }
                }
                (name.clone(), command)
            })
            .collect()
    }

    /// By network of the cluster's: where this node receives. Networks that carry clients only are left out.
    ///
    /// # Errors
    /// The node or network that is wrong, and what is wrong with it: the field, and a sentence.
    pub fn networks(
        &self,
        definition: &ClusterDefinition,
    ) -> Result<BTreeMap<Name, SocketAddr>, (String, String)> {
        let name = &self.file.node;
        let Some(node) = definition.node(name) else {
            let text = format!("cluster {} has no node {name}", definition.name);
            return Err(("node".to_owned(), text));
        };
        for network in self.file.bind.keys() {
            if !node.interfaces.contains_key(network) {
                let text = format!("{name} has no card in a network {network}");
                return Err((format!("bind/{network}"), text));
            }
        }
        let mut all = BTreeMap::new();
        for network in &definition.networks {
            let Some(own) = node.interfaces.get(&network.name) else {
                continue;
            };
            if !network.role.carries_cluster() {
                continue;
            }
            let address = match self.file.bind.get(&network.name) {
                Some(address) => *address,
                None => own.parse::<IpAddr>().map_err(|_| {
                    let text = format!("{name}'s address {own} is none");
                    ("cluster".to_owned(), text)
                })?,
            };
            let place = SocketAddr::new(address, self.file.port);
            all.insert(network.name.clone(), place);
        }
        Ok(all)
    }
}

/// The folder of the sockets of nodes whose files name no other place.
pub const RUN: &str = "/run/quorate";

/// Where a node's control socket is, below a folder of such sockets.
pub fn default_socket(run: &Path, node: &str) -> PathBuf {
    run.join(node).join("ctl.sock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_count_from_the_folder_of_the_node_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.ron");
        let text = r#"(cluster: "../c.ron", node: "NODE1", state: "state", key: "/etc/key", services: {
            "web": (run: ["./serve", "./x"], ready: File("web.pid")), "sh": (run: ["sh"]) })"#;
        std::fs::write(&path, text).unwrap();
        let settings = Settings::load(&path).unwrap();
        let within = |name: &str| folder.path().join(name);
        assert_eq!(settings.cluster(), within("../c.ron"));
        assert_eq!(settings.key(), Some("/etc/key".into()));
        assert_eq!(settings.state(), within("state"));
        assert_eq!(settings.socket(), Path::new("/run/quorate/NODE1/ctl.sock"));
        let services = settings.services();
        let serve = within("./serve").display().to_string();
        assert_eq!(services["web"].run, [serve, "./x".to_owned()]);
        assert_eq!(
            services["web"].ready,
            Ready::File(within("web.pid").display().to_string())
        );
        assert_eq!(services["sh"].run, ["sh"]);
    }
}
