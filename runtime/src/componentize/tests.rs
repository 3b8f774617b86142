//! Core modules, made by hand: those that become components, and what is said of the others.

use wit_component::{StringEncoding, embed_component_metadata};

use super::*;
use crate::artifact::CacheOutcome::{Hit, Miss};
use crate::{Artifact, Sandbox, SandboxOptions};

const START: &str = r#"(import "durabox:durable/operations@0.1.0" "abandon" (func (param i32)))
                       (memory (export "memory") 1)"#;
const ENTERED: &str = r#"(func (export "_start"))"#;

fn module(text: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {text})")).expect("a module")
}

/// Returns a module that describes the contract as wit-bindgen does.
fn described(text: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_path("wit").expect("the contract");
    let world = resolve.select_world(&[package], Some("handler")).expect("the world");
    let mut module = module(text);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("a description");
    module
}

fn load(wasm: &[u8]) -> Result<Artifact, ArtifactError> {
    Sandbox::new(SandboxOptions::default()).expect("a sandbox").load_bytes("handler.wasm", wasm)
}

fn refusal(wasm: &[u8]) -> String {
    let error = load(wasm).expect_err("no handler");
    format!("{error}\nhint: {}", error.hint().unwrap_or("none"))
}

#[test]
fn a_module_is_known_by_its_own_bytes() {
    let wasm = described(&format!("{START}{ENTERED}"));
    let artifact = load(&wasm).expect("a handler");
    assert_eq!(artifact.sha256(), hex(&Sha256::digest(&wasm)));
    assert_eq!((artifact.form(), artifact.size()), (Form::Module, wasm.len()));
}

#[test]
fn the_cache_knows_what_a_module_was_made_a_component_with() {
    let directory = std::env::temp_dir().join(format!("durabox-componentize-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    let load = || {
        let sandbox = Sandbox::new(SandboxOptions { cache_dir: Some(directory.clone()) }).expect("a sandbox");
        sandbox.load_bytes("handler.wasm", &described(&format!("{START}{ENTERED}"))).expect("a handler").cache()
    };
    assert_eq!([load(), load()], [Miss, Hit]);
    let mut entries = std::fs::read_dir(&directory).expect("the directory");
    let entry = entries.next().expect("an entry").expect("an entry").file_name().into_string().expect("a name");
    assert!(entry.contains(&format!("-{}-", recipe())), "{entry}");
    assert!(entries.next().is_none());
    let _ = std::fs::remove_dir_all(&directory);
}

#[test]
fn the_encoder_in_the_caches_key_is_the_one_that_encodes() {
    let component = componentize("handler.wasm", &described(&format!("{START}{ENTERED}"))).expect("a component");
    let (tool, version) = ENCODER.split_once(' ').expect("tool and version");
    // In the section `producers` each string stands behind its length.
    let producer = format!("{}{tool}{}{version}", tool.len() as u8 as char, version.len() as u8 as char);
    let written = component.windows(producer.len()).any(|window| window == producer.as_bytes());
    assert!(written, "the component was not processed by {ENCODER}: ENCODER names another version");
}

#[test]
fn a_module_that_is_no_handler_is_described() {
    let wasm = module(
        r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
           (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
           (func (export "_start"))"#,
    );
    assert_eq!(
        refusal(&wasm),
        "`handler.wasm` is a core module but not a durable handler: it does not import \
         `durabox:durable/operations@0.1.0`\n  imports  `wasi_snapshot_preview1`\n  exports  `_start`\n\
         hint: a handler's `main` calls `durable::run`, from the crate durabox-sdk"
    );
}

#[test]
fn a_library_and_a_program_without_wasi_cannot_be_started() {
    let refusal = refusal(&described(&format!("{START}{}", r#"(func (export "_initialize"))"#)));
    assert_eq!(
        refusal,
        "`handler.wasm` cannot be started: a durable handler that is a core module exports `_start`, this one exports \
         `memory`, `_initialize`\nhint: a handler is a Rust binary with `fn main`, not a library, built for \
         wasm32-wasip2 or wasm32-wasip1, not for wasm32-unknown-unknown"
    );
}

#[test]
fn another_version_of_the_contract_names_both() {
    let wasm = module(r#"(import "durabox:durable/operations@0.2.0" "abandon" (func (param i32)))"#);
    let refusal = refusal(&wasm);
    assert!(refusal.contains("imports `durabox:durable/operations@0.2.0`"), "{refusal}");
    assert!(refusal.contains("provides `durabox:durable/operations@0.1.0`"), "{refusal}");
}

#[test]
fn a_module_without_its_description_was_stripped() {
    let refusal = refusal(&module(&format!("{START}{ENTERED}")));
    assert!(refusal.contains("no section `component-type:…`") && refusal.contains("custom sections"), "{refusal}");
}

#[test]
fn a_module_that_wants_threads_or_a_browser_is_told_which_import_is_not_there() {
    let imports = r#"(import "env" "memory" (memory 1 1 shared)) (import "wasi" "thread-spawn" (func (param i32)))"#;
    let text = r#"(import "durabox:durable/operations@0.1.0" "abandon" (func (param i32)))"#;
    let refusal = refusal(&described(&format!("{text}{imports}{ENTERED}")));
    assert!(refusal.starts_with("`handler.wasm` imports `env`, `wasi`, which the sandbox does not"), "{refusal}");
}

#[test]
fn what_the_adapter_or_the_contract_does_not_have_is_named() {
    let unknown = r#"(import "wasi_snapshot_preview1" "sock_open" (func (param i32)))"#;
    let refused = refusal(&described(&format!(
        r#"(import "durabox:durable/operations@0.1.0" "abandon" (func (param i32)))
           {unknown} (memory (export "memory") 1) {ENTERED}"#
    )));
    assert!(refused.contains("cannot be made a component") && refused.contains("sock_open"), "{refused}");
    let shape = r#"(import "durabox:durable/operations@0.1.0" "abandon" (func (param i64)))"#;
    let refused = refusal(&described(&format!(r#"{shape} (memory (export "memory") 1) {ENTERED}"#)));
    assert!(refused.contains("abandon"), "{refused}");
}

#[test]
fn a_damaged_module_is_invalid_wherever_the_damage_is() {
    let wasm = described(&format!("{START}{ENTERED}"));
    for length in 8..wasm.len() {
        let error = load(&wasm[..length]).expect_err("no handler");
        let of_a_prefix = matches!(
            error,
            ArtifactError::Invalid { .. }
                | ArtifactError::NotDurable { .. }
                | ArtifactError::NotCommand { .. }
                | ArtifactError::Stripped { .. }
        );
        assert!(of_a_prefix, "cut to {length}: {error}");
    }
    for at in 8..wasm.len() {
        let mut damaged = wasm.clone();
        damaged[at] ^= 0xff;
        // Some bytes do not matter. None may bring the host down.
        let _ = componentize("handler.wasm", &damaged);
    }
}
