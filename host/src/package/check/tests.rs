use durabox_runtime::precompiled::Architecture;
use serde_json::{Value, json};

use super::super::archive::{self, DATA, Entry, File};
use super::super::{MAX_UNZIPPED, Package};
use super::*;

/// A component without anything in it, which is enough to be compiled.
const WASM: &[u8] = b"\0asm\x0d\0\x01\0";

/// Returns the stand-in of a bootstrap: what is looked at, and a word of its own.
fn program(word: &str) -> Vec<u8> {
    let machine = if cfg!(target_arch = "x86_64") { 0x3e } else { 0xb7 };
    let mut bytes = b"\x7fELF".to_vec();
    bytes.resize(18, 0);
    bytes.extend([machine, 0]);
    bytes.extend(format!("durabox-bootstrap {};{word}", env!("CARGO_PKG_VERSION")).as_bytes());
    bytes
}

/// Returns a package after a change of its files.
fn packaged(change: impl FnOnce(&mut Vec<Entry>)) -> Vec<u8> {
    let architecture = Architecture::host().expect("Lambda has this architecture");
    let bootstrap = &program("");
    let package = Package { function: "order", wasm: WASM, bootstrap, architecture, allowed_hosts: &[] };
    let mut entries = archive::read(&package.zip().expect("a zip").bytes, MAX_UNZIPPED).expect("its files");
    change(&mut entries);
    let files = entries.iter().map(|Entry { name, bytes, mode }| File { name, bytes, mode: *mode });
    archive::write(&files.collect::<Vec<_>>()).expect("a zip")
}

fn entry<'a>(entries: &'a mut [Entry], name: &str) -> &'a mut Entry {
    entries.iter_mut().find(|entry| entry.name == name).expect(name)
}

fn change_manifest(entries: &mut [Entry], change: impl FnOnce(&mut Value)) {
    let bytes = &mut entry(entries, MANIFEST).bytes;
    let mut manifest = serde_json::from_slice(bytes).expect("JSON");
    change(&mut manifest);
    *bytes = manifest.to_string().into_bytes();
}

/// Expects what is said of a package after a change of its files; `…` ends what is compared of a line.
fn check(expected: &[&str], change: impl FnOnce(&mut Vec<Entry>)) {
    let package = Packaged::read(&packaged(change)).expect("a package");
    let said: Vec<_> = package.check(WASM).differences.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (said, expected) in said.iter().zip(expected) {
        match expected.strip_suffix('…') {
            Some(beginning) => assert!(said.starts_with(beginning), "{said}"),
            None => assert_eq!(said, expected),
        }
    }
}

#[test]
fn a_package_as_it_was_made_has_no_differences() {
    check(&[], |_| {});
}

#[test]
fn a_missing_file_is_said_to_be_missing() {
    check(&["handler.cwasm: missing from the zip"], |files| files.retain(|file| file.name != COMPILED));
    check(&["bootstrap: missing from the zip", "handler.wasm: missing from the zip"], |files| {
        files.retain(|file| file.name != BOOTSTRAP && file.name != HANDLER);
    });
}

#[test]
fn a_file_too_many_is_named() {
    check(&["notes.txt: in the zip, but no file of a package"], |files| {
        files.push(Entry { name: "notes.txt".into(), bytes: b"hello".to_vec(), mode: DATA });
    });
}

#[test]
fn a_bootstrap_that_nobody_may_run_is_no_program() {
    check(&["bootstrap: expected a program, found a file that cannot be run"], |files| {
        entry(files, BOOTSTRAP).mode = DATA;
    });
}

#[test]
fn changed_files_differ_from_the_manifest() {
    check(&["manifest.json, SHA-256 of handler.wasm: expected …", "handler.wasm: expected …"], |files| {
        entry(files, HANDLER).bytes.push(0);
    });
    check(&["manifest.json, SHA-256 of the bootstrap: expected …"], |files| entry(files, BOOTSTRAP).bytes.push(0));
    check(&["manifest.json, durabox: expected …"], |files| {
        change_manifest(files, |manifest| manifest["durabox"] = json!("0.0.1"));
    });
}

#[test]
fn a_manifest_of_another_version_or_none_is_not_checked_at_all() {
    let error = |zip: &[u8]| Packaged::read(zip).expect_err("no package of ours").to_string();
    let other = packaged(|files| change_manifest(files, |manifest| *manifest = json!({"manifestVersion": 2})));
    assert_eq!(error(&other), "its manifest.json has version 2, this durabox reads 1: package the handler again");
    let none = packaged(|files| files.retain(|file| file.name != MANIFEST));
    assert_eq!(error(&none), "it has no manifest.json: `durabox package` has not made it");
    assert!(error(b"no zip").starts_with("it is not a zip that can be read"));
}

#[test]
fn without_a_compiler_for_its_machine_the_rest_is_compared() {
    let is_other = |architecture: &Architecture| !architecture.can_be_compiled_for();
    let Some(other) = Architecture::ALL.into_iter().find(is_other) else { return };
    let zip = packaged(|files| {
        files.push(Entry { name: "notes.txt".into(), bytes: Vec::new(), mode: DATA });
        change_manifest(files, |manifest| {
            manifest["precompiled"]["architecture"] = json!(other);
            manifest["precompiled"]["cpu"] = json!(other.baseline());
        });
    });
    let checked = Packaged::read(&zip).expect("a package").check(WASM);
    let parts: Vec<_> = checked.differences.iter().map(Difference::part).collect();
    assert_eq!(parts, ["notes.txt", BOOTSTRAP], "the program is for this machine");
    assert!(matches!(checked.no_compiler, Some(PrecompiledError::NoCompiler(_))), "{checked:?}");
}
