use durabox_runtime::precompiled::Architecture;
use serde_json::{Value, json};

use super::super::archive::{self, DATA, Entry, File};
use super::super::{MAX_UNZIPPED, Package};
use super::*;

/// A component without anything in it, which is enough to be compiled.
const WASM: &[u8] = b"\0asm\x0d\0\x01\0";

/// What `packaged` is made of.
const TESTED: Tested<'_> = Tested { function: "order", wasm: WASM, allowed_hosts: None, bootstrap: None };

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
    let said: Vec<_> = package.check(&TESTED).differences.iter().map(ToString::to_string).collect();
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
    let handler = ["manifest.json, SHA-256 of handler.wasm: expected …", "manifest.json, size of handler.wasm: …"];
    check(&[&handler[..], &["handler.wasm: expected …"]].concat(), |files| entry(files, HANDLER).bytes.push(0));
    check(&["manifest.json, SHA-256 of bootstrap: expected …", "manifest.json, size of bootstrap: …"], |files| {
        entry(files, BOOTSTRAP).bytes.push(0);
    });
    check(&["manifest.json, durabox: expected …"], |files| {
        change_manifest(files, |manifest| manifest["durabox"] = json!("0.0.1"));
    });
}

#[test]
fn a_file_that_lambda_could_not_read_is_named_with_its_mode() {
    for mode in [0o600, 0o640, 0] {
        let said = format!("handler.wasm, its mode: expected one that lets everybody read it, found {mode:03o}");
        check(&[&said], |files| entry(files, HANDLER).mode = mode);
    }
}

#[test]
fn what_the_manifest_says_of_sizes_and_the_function_is_compared() {
    check(&["manifest.json, size of handler.wasm: expected 8, found 9"], |files| {
        change_manifest(files, |manifest| manifest["handler"]["size"] = json!(9));
    });
    check(&["manifest.json, size of bootstrap: expected …"], |files| {
        change_manifest(files, |manifest| manifest["bootstrap"]["size"] = json!(9));
    });
    check(&["manifest.json, the function: expected order, found refund"], |files| {
        change_manifest(files, |manifest| manifest["function"] = json!("refund"));
    });
}

#[test]
fn allowed_hosts_are_hosts_and_those_that_were_asked_for() {
    let allows = |hosts: Value| packaged(|files| change_manifest(files, |manifest| manifest["allowedHosts"] = hosts));
    let said = |hosts: Value, allowed_hosts: Option<&[AllowedHost]>| {
        let tested = Tested { allowed_hosts, ..TESTED };
        let checked = Packaged::read(&allows(hosts)).expect("a package").check(&tested);
        checked.differences.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let asked = ["api.test".parse().expect("a host")];
    assert_eq!(said(json!(["api.test", "*"]), None), [""; 0]);
    assert_eq!(said(json!(["api.test"]), Some(&asked)), [""; 0]);
    let extended = "manifest.json, the allowed hosts: expected api.test, found api.test, *";
    assert_eq!(said(json!(["api.test", "*"]), Some(&asked)), [extended]);
    let none = "manifest.json, the allowed hosts: expected api.test, found none";
    assert_eq!(said(json!([]), Some(&asked)), [none]);
    let no_host = said(json!(["https://api.test"]), None);
    assert!(no_host[0].contains("expected hosts that can be allowed, found") && no_host.len() == 1, "{no_host:?}");
}

#[test]
fn a_bootstrap_with_an_adapted_digest_is_told_from_the_one_that_is_packaged() {
    let other = packaged(|files| {
        let bytes = program("and something else");
        change_manifest(files, |manifest| {
            manifest["bootstrap"] = json!({"sha256": sha256(&bytes), "size": bytes.len()});
        });
        entry(files, BOOTSTRAP).bytes = bytes;
    });
    let parts = |bootstrap: Option<&[u8]>| {
        let checked = Packaged::read(&other).expect("a package").check(&Tested { bootstrap, ..TESTED });
        checked.differences.iter().map(|difference| difference.part().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(parts(None), [""; 0], "nothing to compare it with");
    assert_eq!(parts(Some(&program(""))), ["bootstrap, its SHA-256"]);
    assert_eq!(parts(Some(&program("and something else"))), [""; 0]);
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
    let checked = Packaged::read(&zip).expect("a package").check(&TESTED);
    let parts: Vec<_> = checked.differences.iter().map(Difference::part).collect();
    assert_eq!(parts, ["notes.txt", BOOTSTRAP], "the program is for this machine");
    assert!(matches!(checked.no_compiler, Some(PrecompiledError::NoCompiler(_))), "{checked:?}");
}
