//! Reference pages of resource types, made of what their plugins say of themselves: in Markdown, or as a manual page.

use quorate_host::{LibraryInfo, PropertyInfo, TypeInfo};

/// A library's page in Markdown.
pub(super) fn markdown(library: &LibraryInfo) -> String {
    let mut out = format!("# {} {}\n", library.name, library.version);
    if !library.description.is_empty() {
        out.push_str(&format!("\n{}\n", cell(&library.description)));
    }
    for kind in &library.types {
        out.push_str(&format!("\n## {}\n\n", cell(&kind.name)));
        if !kind.doc.is_empty() {
            out.push_str(&format!("{}.\n\n", cell(kind.doc.trim_end_matches('.'))));
        }
        out.push_str(&format!("{}\n", about(kind)));
        if kind.properties.is_empty() {
            out.push_str("\nIt has no properties of its own.\n");
            continue;
        }
        out.push_str("\n| Property | Takes | Default | |\n| --- | --- | --- | --- |\n");
        for property in &kind.properties {
            out.push_str(&format!(
                "| `{}` | {} | {} | {} |\n",
                property.name,
                cell(&takes(property)),
                default(property).map_or_else(|| "–".to_owned(), |it| format!("`{}`", cell(&it))),
                cell(&property.doc),
            ));
        }
    }
    out
}

/// A library's manual page, for section 7.
pub(super) fn man(library: &LibraryInfo) -> String {
    let title = library.name.to_uppercase();
    let mut out = format!(
        ".TH \"{}\" 7 \"\" \"{} {}\" \"Quorate resource types\"\n.SH NAME\n{} \\- {}\n",
        roff(&title),
        roff(&library.name),
        roff(&library.version),
        roff(&library.name),
        roff(&library.description),
    );
    for kind in &library.types {
        out.push_str(&format!(".SH \"{}\"\n", roff(&kind.name).to_uppercase()));
        if !kind.doc.is_empty() {
            out.push_str(&format!("{}.\n.PP\n", roff(kind.doc.trim_end_matches('.'))));
        }
        out.push_str(&format!("{}\n", roff(&about(kind))));
        for property in &kind.properties {
            let mut facts = takes(property);
            if let Some(default) = default(property) {
                facts = format!("{facts}; default {default}");
            }
            out.push_str(&format!(
                ".TP\n\\fB{}\\fR (\\fI{}\\fR)\n{}\n",
                roff(&property.name),
                roff(&facts),
                roff(&property.doc),
            ));
        }
    }
    out.push_str(".SH \"SEE ALSO\"\n.BR quorate (1)\n");
    out
}

/// How a type is watched, in a sentence.
fn about(kind: &TypeInfo) -> String {
    let pending = match kind.pending_timeout_ms {
        0 => String::new(),
        ms => format!(", and an operation may be pending for {ms} ms without progress"),
    };
    let quorum = match kind.quorum_capable {
        true => " It can be the quorum resource.",
        false => "",
    };
    format!(
        "LooksAlive is asked every {} ms and IsAlive every {} ms{pending}.{quorum}",
        kind.looks_alive_ms, kind.is_alive_ms
    )
}

/// What a property takes, and when it counts.
fn takes(property: &PropertyInfo) -> String {
    format!("{} ({})", property.takes(), property.kind.as_str())
}

fn default(property: &PropertyInfo) -> Option<String> {
    let text = property.default.replace('\n', ", ");
    (!property.required && !text.is_empty()).then_some(text)
}

/// A text in a cell of a table, on one line.
fn cell(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace('|', "\\|")
}

/// A text in a manual page, on one line.
fn roff(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('"', "\\(dq");
    // A point or an apostrophe at the beginning would make it a command.
    match line.starts_with(['.', '\'']) {
        true => format!("\\&{line}"),
        false => line,
    }
}

#[cfg(test)]
mod tests {
    use quorate_host::PropertyKind;

    use super::*;

    fn library() -> LibraryInfo {
        let port = PropertyInfo {
            name: "Port".to_owned(),
            kind: PropertyKind::Dword,
            unit: String::new(),
            doc: ".hidden | piped".to_owned(),
            default: "80".to_owned(),
            min: 1,
            max: 65_535,
            required: false,
            at_online: true,
        };
        let kind = TypeInfo {
            name: "Web Proxy".to_owned(),
            doc: "A proxy.".to_owned(),
            looks_alive_ms: 5_000,
            is_alive_ms: 60_000,
            pending_timeout_ms: 0,
            quorum_capable: true,
            properties: vec![port],
        };
        LibraryInfo {
            path: "libweb_proxy.so".into(),
            name: "web-proxy".to_owned(),
            version: "0.1.0".to_owned(),
            description: "A resource type".to_owned(),
            abi: 0x100,
            target: "x86_64-linux".to_owned(),
            flags: 0,
            types: vec![kind],
            program: false,
            shadows: Vec::new(),
        }
    }

    #[test]
    fn a_page_has_everything_that_a_plugin_says_of_its_types() {
        let page = markdown(&library());
        for part in [
            "# web-proxy 0.1.0\n",
            "## Web Proxy\n\nA proxy.\n",
            "every 5000 ms and IsAlive every 60000 ms. It can be the quorum resource.",
            "| `Port` | a number from 1 to 65535; from the next Online (DWORD) | `80` | .hidden \\| piped |",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }

    #[test]
    fn a_manual_page_takes_no_text_for_a_command() {
        let page = man(&library());
        for part in [
            ".TH \"WEB\\-PROXY\" 7 ",
            "web\\-proxy \\- A resource type\n",
            ".SH \"WEB PROXY\"\n",
            "\\fBPort\\fR (\\fIa number from 1 to 65535; from the next Online (DWORD); default 80\\fR)\n\\&.hidden | piped\n",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}
