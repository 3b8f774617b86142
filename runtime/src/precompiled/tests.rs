//! What is loaded, and what each refusal says.

use std::fs;

use super::{Architecture, Precompiled, PrecompiledError, missing, precompile};
use crate::artifact::CacheOutcome;
use crate::sandbox::tests::handler;
use crate::{Artifact, Sandbox, SandboxOptions};

/// Returns an architecture that is this machine's, and one that is not.
fn here_and_there() -> (Architecture, Architecture) {
    let here = Architecture::host().expect("Lambda has this architecture");
    let there = Architecture::ALL.into_iter().find(|architecture| *architecture != here).expect("two of them");
    (here, there)
}

/// Compiles a handler, lets `change` at what is said of it, and loads it.
fn load(
    architecture: Architecture,
    change: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>, &mut Precompiled),
) -> Result<Artifact, PrecompiledError> {
    let mut wasm = handler("i32.const 0");
    let (mut code, mut precompiled) = precompile("handler.wasm", &wasm, architecture).expect("a handler");
    change(&mut wasm, &mut code, &mut precompiled);
    let unique = std::thread::current().name().unwrap_or_default().replace(':', "-");
    let path = std::env::temp_dir().join(format!("durabox-precompiled-{}-{unique}", std::process::id()));
    fs::write(&path, &code).expect("a file");
    let sandbox = Sandbox::new(SandboxOptions::default()).expect("a sandbox");
    // SAFETY: what was changed does not pass the check of its digest.
    #[allow(unsafe_code)]
    let loaded = unsafe { sandbox.load_precompiled("handler.wasm", &wasm, &precompiled, &path) };
    fs::remove_file(&path).expect("the file goes");
    loaded
}

#[test]
fn a_compiled_form_is_loaded_for_the_wasm_that_it_was_made_of() {
    let wasm = handler("i32.const 0");
    let artifact = load(here_and_there().0, |_, _, _| {}).expect("a handler");
    let compiled_here = Sandbox::new(SandboxOptions::default()).expect("a sandbox").load_bytes("handler.wasm", &wasm);
    assert_eq!(artifact.sha256(), compiled_here.expect("a handler").sha256());
    assert_eq!((artifact.cache(), artifact.size()), (CacheOutcome::Precompiled, wasm.len()));
}

#[test]
fn the_same_wasm_gives_the_same_bytes() {
    let wasm = handler("i32.const 0");
    for architecture in Architecture::ALL.into_iter().filter(|architecture| architecture.can_be_compiled_for()) {
        let compile = || precompile("handler.wasm", &wasm, architecture).expect("a handler");
        assert_eq!(compile(), compile());
    }
}

#[test]
fn a_machine_that_this_build_has_no_compiler_for_is_named_with_the_way_to_one() {
    let (_, there) = here_and_there();
    match precompile("handler.wasm", &handler("i32.const 0"), there) {
        Ok(_) => assert!(there.can_be_compiled_for()),
        Err(error) => {
            assert!(!there.can_be_compiled_for());
            assert_eq!(error.to_string(), format!("this durabox compiles for its own machine only, not for {there}"));
            assert!(error.hint().is_some_and(|hint| hint.contains("--features arm64")));
        }
    }
}

#[test]
fn another_wasm_is_refused() {
    let error = load(here_and_there().0, |wasm, _, _| *wasm = handler("i32.const 1")).expect_err("another wasm");
    assert!(matches!(error, PrecompiledError::OtherWasm { .. }), "{error}");
    assert!(error.to_string().starts_with("the compiled form belongs to the wasm with SHA-256 "), "{error}");
}

#[test]
fn a_changed_form_is_refused_wherever_the_change_is() {
    for at in [0, 1000] {
        let error = load(here_and_there().0, |_, code, _| code[at] ^= 1).expect_err("a changed form");
        assert!(matches!(error, PrecompiledError::Damaged { .. }), "{error}");
    }
}

#[test]
fn a_form_for_other_machines_is_refused() {
    let (here, there) = here_and_there();
    let error = load(here, |_, _, precompiled| precompiled.architecture = there).expect_err("another machine's");
    assert_eq!(error.to_string(), format!("the compiled form is for {there}, this machine is {here}"));
}

#[cfg(feature = "arm64")]
#[test]
fn a_form_for_other_machines_is_refused_whatever_is_said_of_it() {
    let (here, there) = here_and_there();
    let error = load(there, |_, _, precompiled| {
        (precompiled.architecture, precompiled.cpu) = (here, here.baseline().to_owned());
    });
    assert!(matches!(error.expect_err("another machine's"), PrecompiledError::Refused(_)));
}

#[test]
fn a_form_of_another_engine_or_processor_is_refused() {
    let (here, _) = here_and_there();
    let error = load(here, |_, _, precompiled| precompiled.engine = "wasmtime 47".into()).expect_err("another engine");
    assert_eq!(error.to_string(), "the compiled form was made by wasmtime 47, this is wasmtime 48");
    let error = load(here, |_, _, precompiled| precompiled.cpu = "x86-64-v4".into()).expect_err("another processor");
    let expected = here.baseline();
    let said = format!("the compiled form is for the processor x86-64-v4, this version loads those for {expected}");
    assert_eq!(error.to_string(), said);
}

#[test]
fn a_weak_processor_is_told_what_it_lacks() {
    let missing = missing(&[("avx2", false), ("popcnt", true), ("lzcnt", false)]);
    let error = PrecompiledError::WeakCpu { baseline: "x86-64-v3", missing };
    let said = "the compiled form is for the processor x86-64-v3, this machine has no avx2, no lzcnt";
    assert_eq!(error.to_string(), said);
}

#[test]
fn a_missing_form_is_named() {
    let wasm = handler("i32.const 0");
    let (_, precompiled) = precompile("handler.wasm", &wasm, here_and_there().0).expect("a handler");
    let sandbox = Sandbox::new(SandboxOptions::default()).expect("a sandbox");
    // SAFETY: there is no code.
    #[allow(unsafe_code)]
    let error = unsafe { sandbox.load_precompiled("handler.wasm", &wasm, &precompiled, "no/handler.cwasm".as_ref()) };
    assert!(error.expect_err("no file").to_string().starts_with("`no/handler.cwasm` cannot be read: "));
}
