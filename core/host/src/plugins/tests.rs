//! Loads real libraries, the bad ones among them. Cargo builds them beside this test, as dev-dependencies.

use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use quorate_abi::{self as abi, QrPlugin, QrProperty, QrType};

use super::image::private_copy;
use super::*;
use crate::monitor::tests::fake::{block, image_of};

/// The folder in which cargo puts this test and the libraries.
fn deps() -> PathBuf {
    env::current_exe().unwrap().parent().unwrap().to_owned()
}

/// The path of a library, by its crate's name.
pub(crate) fn library(name: &str) -> PathBuf {
    let file = deps().join(format!("lib{name}.so"));
    assert!(file.is_file(), "{} was not built", file.display());
    file
}

/// The message of the error for a library, without its folder.
fn message(name: &str) -> String {
    let error = PluginSet::empty().add(&library(name)).unwrap_err();
    let text = error.to_string();
    let folder = format!("{}/", deps().display());
    assert!(text.starts_with(&folder), "`{text}` names the file first");
    text.replace(&folder, "")
}

#[test]
fn a_folder_search_loads_plugins_and_passes_by_other_libraries_and_the_bad_ones() {
    // Compiler plugins and the bad fixtures are in this folder as well.
    let others = fs::read_dir(deps()).unwrap().flatten();
    let others = others.filter(|file| file.file_name().to_string_lossy().contains("derive"));
    assert!(others.count() > 0);
    let set = PluginSet::load(&[PathBuf::from("/nowhere"), deps()]).unwrap();
    // Other plugins of the workspace may have been built here as well.
    let mut names = set.libraries().map(|library| library.name.as_str());
    assert!(names.all(|name| !name.starts_with("bad-")));
    assert_eq!(set.folders_searched(), [PathBuf::from("/nowhere"), deps()]);
    let clusres = set.library_of("Physical Disk").unwrap();
    assert_eq!(clusres.path, library("quorate_clusres"));
    assert_eq!((clusres.abi, clusres.abi_text().as_str()), (0x100, "1.0"));
    assert!(clusres.is_stateless() && !clusres.has_threads());
    let disk = set.type_info("Physical Disk").unwrap();
    assert!(disk.quorum_capable && disk.property("disk").is_some());
    assert!(set.type_names().any(|name| name == "Network Name"));
    assert_eq!(set.library_of("IP Address").unwrap().name, "clusres");
    set.require(["IP Address", "Physical Disk"]).unwrap();
}

#[test]
fn a_plugin_found_again_is_taken_from_the_first_folder() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("libquorate_clusres.so");
    fs::copy(library("quorate_clusres"), &copy).unwrap();
    let set = PluginSet::load(&[folder.path().to_owned(), deps()]).unwrap();
    let clusres = set.library_of("Physical Disk").unwrap();
    assert_eq!(
        (&clusres.path, &clusres.shadows),
        (&copy, &vec![library("quorate_clusres")])
    );
}

#[test]
fn without_plugins_the_error_names_the_folders_searched() {
    let folder = tempfile::tempdir().unwrap();
    let errors = PluginSet::load(&[folder.path().to_owned(), "/nowhere".into()]).unwrap_err();
    let wanted = format!(
        "no plugins found; folders searched: {}, /nowhere (no such folder); name one with --plugin-dir or QUORATE_PLUGIN_PATH",
        folder.path().display()
    );
    assert_eq!(errors.to_string(), wanted);
}

#[test]
fn files_that_were_probably_meant_are_named_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let mine = folder.path();
    fs::write(mine.join("libweb_proxy.rlib"), "!<arch>\n").unwrap();
    fs::write(mine.join("notes.txt"), "none").unwrap();
    fs::copy(
        library("quorate_clusres"),
        mine.join("libquorate_clusres.so"),
    )
    .unwrap();
    let set = PluginSet::load(&[mine.to_owned()]).unwrap();
    let missing = || set.require(["Web Proxy"]).unwrap_err().to_string();
    let text = missing();
    assert!(
        text.contains("/libweb_proxy.rlib is no plugin: it is an archive to link with"),
        "{text}"
    );
    assert!(
        !text.contains("notes") && !text.contains("clusres.so"),
        "{text}"
    );
    fs::write(mine.join("libtext.so"), "no library at all").unwrap();
    fs::write(mine.join("web_proxy.so"), "whatever").unwrap();
    let text = missing();
    for wanted in [
        "/libtext.so is no plugin: it is no shared library",
        "/web_proxy.so is no plugin: it is passed by; name it libweb_proxy.so",
    ] {
        assert!(text.contains(wanted), "{text}");
    }
    // In a folder full of other files, only those with a name like the type's are named.
    for number in 0..9 {
        fs::write(mine.join(format!("libother{number}.rlib")), "!<arch>\n").unwrap();
    }
    let text = missing();
    assert_eq!(text.matches("is no plugin").count(), 2, "{text}");
}

#[test]
fn a_missing_type_is_named_with_what_was_meant() {
    let set = PluginSet::load(&[deps()]).unwrap();
    let errors = set
        .require(["Phisical Disk", "IP Address", "Phisical Disk", "Zzz"])
        .unwrap_err();
    assert_eq!(errors.0.len(), 2, "each once");
    let text = errors.to_string();
    assert!(
        text.contains("`Phisical Disk` (did you mean `Physical Disk`?)"),
        "{text}"
    );
    assert!(
        text.contains("resource type `Zzz`; folders searched: "),
        "{text}"
    );
}

#[test]
fn each_bad_library_is_refused_by_file_field_and_both_values() {
    assert_eq!(
        message("quorate_bad_magic"),
        "libquorate_bad_magic.so: field `magic` is 0x0badf00d, expected 0x4c505251: the entry does not return a \
         plugin block"
    );
    assert_eq!(
        message("quorate_bad_abi"),
        "libquorate_bad_abi.so: field `abi_version` is 0x200, expected 0x100: rebuild it against this version's \
         contract"
    );
    assert_eq!(
        message("quorate_bad_table"),
        "libquorate_bad_table.so: type `Bad Table`: table field `size` is 32, expected at least 64: the table is \
         truncated"
    );
    assert_eq!(
        message("quorate_bad_entry"),
        "libquorate_bad_entry.so: type `Bad Entry`: table entry `is_alive` is NULL, expected a function: it is required"
    );
}

#[test]
fn a_broken_library_in_a_folder_is_an_error_beside_the_others() {
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [
        ("quorate_bad_abi", "libmine.so"),
        ("quorate_bad_magic", "libyours.so"),
    ] {
        fs::copy(library(from), folder.path().join(to)).unwrap();
    }
    fs::write(folder.path().join("libtext.so"), "no library at all").unwrap();
    let errors = PluginSet::load(&[folder.path().to_owned(), deps()]).unwrap_err();
    let files: Vec<_> = errors
        .0
        .iter()
        .map(|error| error.file().unwrap().file_name().unwrap())
        .collect();
    assert_eq!(files, ["libmine.so", "libyours.so"]);
    assert_eq!(errors.to_string().lines().count(), 2);
}

#[test]
fn a_library_whose_open_file_a_plugin_has_closed_is_not_called_empty() {
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
    let image = Image::open(&library("quorate_clusres")).unwrap();
    image.copy().unwrap();
    let number = image.file.as_ref().unwrap().as_raw_fd();
    // SAFETY: this is what is wrong. The image knows that, and does not close the number once more.
    drop(unsafe { OwnedFd::from_raw_fd(number) });
    let others: Vec<_> = (0..8).map(|_| tempfile::tempfile().unwrap()).collect();
    let error = image.copy().unwrap_err().to_string();
    assert!(
        error.contains("closed descriptors that are not its own"),
        "{error}"
    );
    drop(image);
    assert!(others.iter().all(|file| file.metadata().is_ok()));
}

#[test]
fn a_copy_has_of_a_library_what_is_mapped_and_copies_of_it_are_as_good() {
    let path = library("quorate_clusres");
    let file = File::open(&path).unwrap();
    let whole = file.metadata().unwrap().len();
    let mapped = elf::mapped_length(&file).unwrap();
    assert!(mapped < whole, "{mapped} of {whole}");
    for (most, length) in [(Some(mapped), mapped), (None, whole)] {
        let copy = private_copy(&path, &path, most).unwrap();
        assert_eq!(copy.as_file().metadata().unwrap().len(), length);
    }
    let image = Image::open(&path).unwrap();
    let copy = image.copy().unwrap();
    for another in [copy.copy().unwrap(), copy] {
        assert_eq!(another.info, image.info);
        assert_eq!(another.entries().unwrap().len(), image.info.types.len());
    }
    let mut text = tempfile::tempfile().unwrap();
    text.write_all(b"no library").unwrap();
    assert_eq!(elf::mapped_length(&text), None);
}

#[test]
fn what_is_no_plugin_is_never_opened() {
    let derive = fs::read_dir(deps())
        .unwrap()
        .flatten()
        .map(|file| file.path());
    let derive = derive
        .filter(|path| path.extension().is_some_and(|end| end == "so"))
        .find(|path| path.to_string_lossy().contains("derive"))
        .unwrap();
    let error = PluginSet::empty().add(&derive).unwrap_err();
    assert!(matches!(error, PluginError::NotAPlugin { .. }), "{error}");
    assert!(error.to_string().contains("`export_plugin!`"), "{error}");
    let file = tempfile::NamedTempFile::new().unwrap();
    for (bytes, why) in [
        ("no library at all", "no shared library"),
        ("", "it is empty"),
        ("!<arch>\nweb_proxy.o/", "`crate-type = [\"cdylib\"]`"),
        ("\u{7f}ELF\u{1}\u{1}\u{1}", "not built for 64 bits"),
    ] {
        fs::write(file.path(), bytes).unwrap();
        let error = PluginSet::empty().add(file.path()).unwrap_err();
        assert!(matches!(error, PluginError::NotAPlugin { .. }), "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
    let error = PluginSet::empty()
        .add("/nowhere/lib.so".as_ref())
        .unwrap_err();
    assert!(matches!(error, PluginError::Open { .. }), "{error}");
    // A library for another machine: the header has another processor's number.
    let mut bytes = fs::read(library("quorate_clusres")).unwrap();
    bytes[18] = 183;
    fs::write(file.path(), &bytes).unwrap();
    let error = PluginSet::empty().add(file.path()).unwrap_err();
    let wanted = "it is built for Aarch64, and this machine is x86_64";
    assert!(
        cfg!(not(target_arch = "x86_64")) || error.to_string().contains(wanted),
        "{error}"
    );
    // A library that is cut off in the middle.
    let bytes = fs::read(library("quorate_clusres")).unwrap();
    for part in [100, 4_000, bytes.len() / 2] {
        fs::write(file.path(), &bytes[..part]).unwrap();
        let error = PluginSet::empty().add(file.path()).unwrap_err();
        assert!(
            error.to_string().contains("it is cut off"),
            "{part}: {error}"
        );
    }
}

#[test]
fn one_type_in_two_plugins_is_an_error_that_names_both() {
    let mut set = PluginSet::empty();
    set.add(&library("quorate_bad_panic")).unwrap();
    let error = set.add(&library("quorate_bad_panic")).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, PluginError::DuplicateType { .. }));
    assert!(
        text.starts_with("resource type `Bad Panic` is implemented by two plugins"),
        "{text}"
    );
    assert_eq!(text.matches("libquorate_bad_panic.so").count(), 2);
    assert_eq!(set.libraries().count(), 1);
}

/// The field that the error about a block names.
fn field(block: QrPlugin) -> String {
    match image_of(block).unwrap_err() {
        PluginError::Field { field, .. } => field,
        PluginError::Length { .. } => "length".to_owned(),
        PluginError::PointerWidth { .. } => "pointer_width".to_owned(),
        PluginError::Target { .. } => "target".to_owned(),
        other => other.to_string(),
    }
}

#[test]
fn every_field_of_a_block_is_checked() {
    image_of(block()).unwrap();
    // A later version may be longer.
    image_of(QrPlugin {
        length: 4_096,
        ..block()
    })
    .unwrap();
    image_of(QrPlugin {
        abi_version: 0x1ff,
        ..block()
    })
    .unwrap();
    let text = |bytes: &'static [u8]| abi::QrStr {
        ptr: bytes.as_ptr(),
        len: bytes.len() as u64,
    };
    let null = abi::QrStr {
        ptr: std::ptr::null(),
        len: 4,
    };
    let huge = abi::QrStr {
        ptr: b"x".as_ptr(),
        len: u64::MAX,
    };
    for (bad, wanted) in [
        (
            QrPlugin {
                length: 8,
                ..block()
            },
            "length",
        ),
        (
            QrPlugin {
                pointer_width: 32,
                ..block()
            },
            "pointer_width",
        ),
        (
            QrPlugin {
                target: text(b"vax-vms"),
                ..block()
            },
            "target",
        ),
        (
            QrPlugin {
                target: null,
                ..block()
            },
            "target",
        ),
        (
            QrPlugin {
                name: text(b""),
                ..block()
            },
            "name",
        ),
        (
            QrPlugin {
                name: huge,
                ..block()
            },
            "name",
        ),
        (
            QrPlugin {
                version: text(b"\xff"),
                ..block()
            },
            "version",
        ),
        (
            QrPlugin {
                startup: None,
                ..block()
            },
            "startup",
        ),
        (
            QrPlugin {
                type_count: 0,
                ..block()
            },
            "type_count",
        ),
        (
            QrPlugin {
                type_count: u32::MAX,
                ..block()
            },
            "type_count",
        ),
        (
            QrPlugin {
                types: std::ptr::null(),
                ..block()
            },
            "types[0]",
        ),
        (
            QrPlugin {
                types: std::ptr::without_provenance(1),
                ..block()
            },
            "types[0]",
        ),
    ] {
        assert_eq!(field(bad), wanted);
    }
}

#[test]
fn every_field_of_a_type_and_a_property_is_checked() {
    fn with(change: impl FnOnce(&mut QrType)) -> String {
        // SAFETY: the fake's block has at least one type, and QrType is plain data.
        let mut kind = unsafe { block().types.read() };
        change(&mut kind);
        field(QrPlugin {
            types: Box::leak(Box::new(kind)),
            type_count: 1,
            ..block()
        })
    }
    fn with_property(change: impl FnOnce(&mut QrProperty)) -> String {
        with(|kind| {
            // SAFETY: its second property is a number, and QrProperty is plain data.
            let mut property = unsafe { kind.properties.add(1).read() };
            change(&mut property);
            kind.properties = Box::leak(Box::new(property));
            kind.property_count = 1;
        })
    }
    let empty = abi::QrStr {
        ptr: std::ptr::null(),
        len: 0,
    };
    assert_eq!(with(|kind| kind.size = 8), "types[0].size");
    assert_eq!(with(|kind| kind.size += 1), "types[0].size");
    assert_eq!(with(|kind| kind.name = empty), "types[0].name");
    assert_eq!(
        with(|kind| kind.looks_alive_ms = 0),
        "types[0].looks_alive_ms"
    );
    assert_eq!(with(|kind| kind.is_alive_ms = 0), "types[0].is_alive_ms");
    assert_eq!(
        with(|kind| kind.property_count = u32::MAX),
        "types[0].property_count"
    );
    assert_eq!(
        with(|kind| kind.properties = std::ptr::null()),
        "types[0].properties[0]"
    );
    assert_eq!(
        with_property(|it| it.kind = 9),
        "types[0].properties[0].kind"
    );
    assert_eq!(
        with_property(|it| it.size = 0),
        "types[0].properties[0].size"
    );
    assert_eq!(
        with_property(|it| it.name = empty),
        "types[0].properties[0].name"
    );
    assert_eq!(
        with_property(|it| it.default = empty),
        "types[0].properties[0].default"
    );
    assert_eq!(
        with_property(|it| it.max = 24),
        "types[0].properties[0].default"
    );
    // An element that is larger than ours is of a later version. Its size is the distance to the next element.
    #[repr(C)]
    struct Later(QrType, u64);
    // SAFETY: as above.
    let kind = || unsafe { block().types.read() };
    let size = size_of::<Later>() as u32;
    let name = crate::table::lend("Fake Bare");
    let later = Box::leak(Box::new([
        Later(QrType { size, ..kind() }, 0),
        Later(
            QrType {
                size,
                name,
                ..kind()
            },
            0,
        ),
    ]));
    let types = later.as_ptr().cast();
    let image = image_of(QrPlugin {
        types,
        type_count: 2,
        ..block()
    })
    .unwrap_err();
    // Both elements were read: the second one's table is the bare one, which cannot be quorum-capable.
    let wanted = "table entry `arbitrate` is NULL, expected a function: it is required of a quorum-capable type";
    assert!(image.to_string().ends_with(wanted), "{image}");
}

#[test]
fn tables_are_negotiated() {
    use abi::{QrHost, QrStartupFn, QrStr, QrTable};
    unsafe extern "C" fn refuse(
        _: QrStr,
        _: u32,
        _: u32,
        _: *const QrHost,
        _: *mut *const QrTable,
    ) -> u32 {
        abi::ERROR_REVISION_MISMATCH
    }
    unsafe extern "C" fn deny(
        _: QrStr,
        _: u32,
        _: u32,
        _: *const QrHost,
        _: *mut *const QrTable,
    ) -> u32 {
        abi::ERROR_RESOURCE_TYPE_NOT_FOUND
    }
    unsafe extern "C" fn nothing(
        _: QrStr,
        _: u32,
        _: u32,
        _: *const QrHost,
        _: *mut *const QrTable,
    ) -> u32 {
        0
    }
    unsafe extern "C" fn newer(
        _: QrStr,
        _: u32,
        _: u32,
        _: *const QrHost,
        table: *mut *const QrTable,
    ) -> u32 {
        static NEWER: QrTable = QrTable {
            version: 0x101,
            size: size_of::<QrTable>() as u32,
            ..QrTable {
                size: 0,
                version: 0,
                open: None,
                close: None,
                online: None,
                offline: None,
                terminate: None,
                looks_alive: None,
                is_alive: None,
                arbitrate: None,
                release: None,
                resource_control: None,
                resource_type_control: None,
                work: None,
                last_error: None,
                get_extension: None,
            }
        };
        // SAFETY: the place is the host's, and may be written.
        unsafe { table.write(&raw const NEWER) };
        0
    }
    let with = |startup: QrStartupFn| {
        image_of(QrPlugin {
            startup: Some(startup),
            ..block()
        })
        .unwrap_err()
        .to_string()
    };
    let none = "/fake.so: type `Fake`: no table version in common: it offers none, this host takes 0x100 to 0x100";
    assert!(with(refuse).starts_with(none));
    assert!(with(newer).contains("it offers 0x101, this host takes 0x100 to 0x100"));
    let denied = "type `Fake`: `startup` failed with error 5078 (ERROR_RESOURCE_TYPE_NOT_FOUND)";
    assert!(with(deny).ends_with(denied), "{}", with(deny));
    assert!(with(nothing).contains("field `table of `Fake`` is NULL"));
}
