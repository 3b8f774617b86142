//! Zips of functions: what is unpacked, and what is refused.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use durabox_server::process::code::{CodeError, unzip, unzip_bounded};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

type Zip = ZipWriter<Cursor<Vec<u8>>>;

/// Writes a zip with the writer of the crate, which takes any name.
fn zip(write: impl FnOnce(&mut Zip)) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    write(&mut zip);
    zip.finish().unwrap().into_inner()
}

fn file(zip: &mut Zip, name: &str, content: &[u8]) {
    zip.start_file(name, SimpleFileOptions::default()).unwrap();
    zip.write_all(content).unwrap();
}

/// An empty directory in an empty directory, so that there is an outside to look at.
fn directory(name: &str) -> PathBuf {
    let outside = Path::new(env!("CARGO_TARGET_TMPDIR")).join("code").join(name);
    let _ = fs::remove_dir_all(&outside);
    fs::create_dir_all(&outside).unwrap();
    outside.join("task")
}

fn assert_nothing_outside(directory: &Path) {
    let found: Vec<_> = fs::read_dir(directory.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(found, [directory]);
}

#[test]
fn files_directories_links_and_permissions_are_kept() {
    let directory = directory("kept");
    let zip = zip(|zip| {
        let mode = |mode| SimpleFileOptions::default().unix_permissions(mode);
        zip.start_file("bootstrap", mode(0o755)).unwrap();
        zip.write_all(b"#!/bin/sh\n").unwrap();
        zip.start_file("lib/deep/data.json", mode(0o640)).unwrap();
        zip.write_all(b"{}").unwrap();
        zip.add_directory("empty/", mode(0o755)).unwrap();
        zip.add_symlink("bin/tool", "../lib/deep/data.json", mode(0o777)).unwrap();
    });
    unzip(&zip, &directory).unwrap();
    let mode = |name: &str| fs::metadata(directory.join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(fs::read(directory.join("bootstrap")).unwrap(), b"#!/bin/sh\n");
    assert_eq!((mode("bootstrap"), mode("lib/deep/data.json")), (0o755, 0o640));
    assert!(directory.join("empty").is_dir());
    assert_eq!(fs::read_link(directory.join("bin/tool")).unwrap(), Path::new("../lib/deep/data.json"));
    assert_eq!(fs::read(directory.join("bin/tool")).unwrap(), b"{}");
}

#[test]
fn an_entry_that_leads_out_of_the_directory_is_refused() {
    for name in ["../evil", "lib/../../evil", "/tmp/evil", "lib/.."] {
        let directory = directory("slip");
        let error = unzip(&zip(|zip| file(zip, name, b"evil")), &directory).unwrap_err();
        assert!(matches!(&error, CodeError::Outside { name: refused, target: None } if refused == name), "{error}");
        assert_nothing_outside(&directory);
    }
}

#[test]
fn a_link_that_leads_out_of_the_directory_is_refused() {
    for (name, target) in [("link", ".."), ("link", "/etc/passwd"), ("a/link", "../../evil"), ("a/link", "b/../../..")]
    {
        let directory = directory("link");
        let zip = zip(|zip| zip.add_symlink(name, target, SimpleFileOptions::default()).unwrap());
        let error = unzip(&zip, &directory).unwrap_err();
        let text =
            format!("entry `{name}` of the zip leads out of the function's directory: it is a link to `{target}`");
        assert_eq!(error.to_string(), text);
        assert_nothing_outside(&directory);
    }
}

/// Each link stays inside by its text, but the second by way of the first does not.
#[test]
fn nothing_is_written_through_links_to_the_outside() {
    let directory = directory("through");
    let zip = zip(|zip| {
        zip.add_directory("a/b", SimpleFileOptions::default()).unwrap();
        zip.add_symlink("c", "a/b", SimpleFileOptions::default()).unwrap();
        zip.add_symlink("c/up", "../..", SimpleFileOptions::default()).unwrap_or_default();
        file(zip, "c/up/up/evil", b"evil");
    });
    unzip(&zip, &directory).unwrap_err();
    assert_nothing_outside(&directory);
}

#[test]
fn a_zip_that_unpacks_to_too_much_is_refused_wherever_the_limit_is_reached() {
    let two = zip(|zip| {
        file(zip, "one", &[0; 600]);
        file(zip, "two", &[0; 401]);
    });
    let error = unzip_bounded(&two, &directory("large"), 1000).unwrap_err();
    assert_eq!(error.to_string(), "the zip unpacks to more than 1000 bytes, at entry `two`");
    unzip_bounded(&two, &directory("fits"), 1001).unwrap();
}

#[test]
fn bytes_that_are_no_zip_are_refused() {
    let directory = directory("damaged");
    assert!(matches!(unzip(b"PK\x03\x04 or not", &directory), Err(CodeError::Zip(_))));
    let mut damaged = zip(|zip| file(zip, "bootstrap", b"#!/bin/sh\nexec true\n"));
    damaged[45] ^= 0xff;
    unzip(&damaged, &directory).unwrap_err();
}
