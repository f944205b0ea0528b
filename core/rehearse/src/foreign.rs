//! Checks of cluster files against the plugins: their names, their types and their types' private properties. The
//! file's own checks know the shipped types only.

use quorate_drill::suggestion;
use quorate_host::{Isolation, PluginSet, TypeInfo};
use quorate_model::{Diagnostic, ForeignResource, PluginSettings, RESOURCE_PROPERTIES};

/// What is wrong with a cluster file's `plugins`: a name that no plugin has, a version or a file of it that is not wanted.
pub fn check_plugins(settings: &[PluginSettings], plugins: &PluginSet) -> Vec<Diagnostic> {
    let named = settings.iter().filter(|it| it.plugin != Isolation::ALL);
    let mut wrong = Vec::new();
    for it in named {
        if let Err(error) = plugins.require_library(&it.plugin) {
            wrong.push(it.error("unknown-plugin", error.to_string()));
        }
        let library = plugins
            .libraries()
            .find(|library| library.name == it.plugin);
        let Some(library) = library else { continue };
        let file = library.path.display().to_string();
        wrong.extend(it.other_version(&library.version, &file));
        if it.wants_digest() {
            // A file that cannot be read any more has no digest that anybody wants.
            let digest = library.digest().unwrap_or_else(|error| error.to_string());
            wrong.extend(it.other_digest(&digest, &file));
        }
    }
    wrong
}

/// Mistakes in the resources of a cluster file whose types are not shipped, in the order of the file.
pub fn check_foreign(foreign: &[ForeignResource], plugins: &PluginSet) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    for resource in foreign {
        match plugins.type_info(&resource.kind) {
            Some(kind) => {
                wrong.append(&mut check_resource(resource, kind));
                wrong.extend(check_quorum(resource, kind, plugins));
            }
            None => {
                let errors = plugins.require([resource.kind.as_str()]).err();
                wrong.extend(errors.iter().flat_map(|errors| &errors.0).map(|error| {
                    let (message, help) = error.parts();
                    Diagnostic {
                        help,
                        ..resource.error_at_kind("unknown-type", message)
                    }
                }));
            }
        }
    }
    wrong.sort_by_key(|finding| (finding.line, finding.column));
    wrong
}

/// That the quorum resource is of a type that can arbitrate (5021).
fn check_quorum(
    resource: &ForeignResource,
    kind: &TypeInfo,
    plugins: &PluginSet,
) -> Option<Diagnostic> {
    if !resource.is_quorum || kind.quorum_capable {
        return None;
    }
    let names = plugins.type_names();
    let can = names.filter(|name| plugins.type_info(name).is_some_and(|it| it.quorum_capable));
    let can: Vec<_> = can.map(|name| format!("`{name}`")).collect();
    let message = format!(
        "the quorum resource `{}` cannot arbitrate: its type `{}` does not claim it",
        resource.resource, kind.name
    );
    let finding = resource.error_at_kind("not-quorum-capable", message);
    Some(finding.help(format!("the types here that can: {}", can.join(", "))))
}

/// Mistakes in the properties of one resource.
fn check_resource(resource: &ForeignResource, kind: &TypeInfo) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    for given in &resource.properties {
        match kind.property(&given.name) {
            Some(known) => {
                if let Err(error) = known.check(&given.value) {
                    wrong.push(given.error_at_value(error.rule(), error.to_string()));
                }
            }
            None => {
                let message = format!(
                    "the type `{}` has no property `{}`",
                    resource.kind, given.name
                );
                let known = kind.properties.iter().map(|known| known.name.as_str());
                let common = RESOURCE_PROPERTIES.iter().map(|known| known.name);
                let near = suggestion(&given.name, known.chain(common));
                wrong.push(Diagnostic {
                    help: near.or_else(|| own_properties(kind)),
                    ..given.error_at_name("unknown-property", message)
                });
            }
        }
    }
    for known in kind.properties.iter().filter(|known| known.required) {
        let same = |name: &str| name.eq_ignore_ascii_case(&known.name);
        if !resource.properties.iter().any(|given| same(&given.name)) {
            let message = format!(
                "`{}` lacks the property `{}`, which its type `{}` needs",
                resource.resource, known.name, resource.kind
            );
            let finding = resource.error("required-property", message);
            wrong.push(finding.help(format!("set it: {}, {}", known.doc, known.expected())));
        }
    }
    wrong
}

fn own_properties(kind: &TypeInfo) -> Option<String> {
    let names: Vec<_> = kind.properties.iter().map(|known| &*known.name).collect();
    (!names.is_empty()).then(|| format!("its own are {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use quorate_host::{PropertyInfo, PropertyKind};

    use super::*;

    const CLUSTER: &str = r#"(
    name: "CLUSTER1",
    address: "10.0.0.20",
    quorum: Local,
    networks: [(name: "Public", role: Mixed, subnet: "10.0.0.0/24")],
    nodes: [(name: "NODE1", interfaces: { "Public": "10.0.0.11" })],
    groups: [(
        name: "Proxies",
        resources: [
            (name: "Proxy", type: "Web Proxy", properties: { "port": 80 }),
        ],
    )],
)"#;

    fn property(name: &str, kind: PropertyKind, (min, max): (u64, u64)) -> PropertyInfo {
        PropertyInfo {
            name: name.to_owned(),
            kind,
            unit: String::new(),
            doc: format!("What {name} is"),
            default: String::new(),
            min,
            max,
            required: name == "Folder",
            at_online: false,
        }
    }

    #[test]
    fn what_a_type_requires_and_a_resource_lacks_is_told_where_the_resource_is_named() {
        let loaded = quorate_model::parse("cluster.ron", CLUSTER).expect("a cluster");
        let kind = TypeInfo {
            name: "Web Proxy".to_owned(),
            doc: String::new(),
            looks_alive_ms: 5_000,
            is_alive_ms: 60_000,
            pending_timeout_ms: 0,
            quorum_capable: false,
            properties: vec![
                property("Port", PropertyKind::Dword, (1, 65_535)),
                property("Folder", PropertyKind::Text, (0, 0)),
            ],
        };
        let found = check_resource(&loaded.foreign[0], &kind);
        let [missing] = &*found else {
            panic!("{found:?}")
        };
        assert_eq!((missing.line, missing.column), (10, 20), "{missing:?}");
        assert_eq!(missing.rule, "required-property");
        assert_eq!(
            missing.message,
            "`Proxy` lacks the property `Folder`, which its type `Web Proxy` needs"
        );
        let help = missing.help.as_deref();
        assert_eq!(help, Some("set it: What Folder is, a text"));
    }
}
