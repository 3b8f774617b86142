//! What the sandbox says of files that are no handlers, and of guests too small for Rust.

use std::sync::Arc;
use std::time::Duration;

use durabox_engine::replay::{Mode, Replay};
use durabox_engine::{CheckpointOutput, CheckpointRequest};
use durabox_model::{ErrorObject, Operation, OperationType, Timestamp};

use super::{
    CheckpointClient, CheckpointFuture, Invocation, InvocationEnd, InvocationInfo, InvocationReport, InvokeOptions,
};
use crate::{ArtifactError, Clock, Sandbox, SandboxOptions};

/// Returns a handler whose `main` is this function body; its memory is a page.
pub(crate) fn handler(body: &str) -> Vec<u8> {
    component(
        r#"(import "durabox:durable/operations@0.1.0" (instance))"#,
        &format!(
            r#"(core module $m
                 (memory 1)
                 (func $main (export "run") (result i32) {body}))
               (core instance $i (instantiate $m))
               (func $run (result (result)) (canon lift (core func $i "run")))
               (instance $command (export "run" (func $run)))
               (export "wasi:cli/run@0.2.6" (instance $command))"#
        ),
    )
}

fn component(imports: &str, rest: &str) -> Vec<u8> {
    wat::parse_str(format!("(component {imports} {rest})")).expect("a component")
}

fn sandbox() -> Sandbox {
    Sandbox::new(SandboxOptions::default()).expect("a sandbox")
}

fn refusal(wasm: &[u8]) -> ArtifactError {
    sandbox().load_bytes("handler.wasm", wasm).expect_err("no handler")
}

struct Nobody;

impl CheckpointClient for Nobody {
    fn checkpoint<'a>(&'a mut self, _: CheckpointRequest) -> CheckpointFuture<'a> {
        Box::pin(std::future::ready(Ok(CheckpointOutput::default())))
    }
}

fn invoke(body: &str, options: InvokeOptions) -> InvocationReport {
    let sandbox = sandbox();
    let artifact = sandbox.load_bytes("handler.wasm", &handler(body)).expect("a handler");
    let now = Timestamp::from_millis(1_767_225_600_000);
    let execution = Arc::new(Operation::started("execution", OperationType::Execution, now));
    let invocation = Invocation {
        replay: Replay::new("token".into(), vec![execution], Mode::Live),
        info: InvocationInfo { request_id: "request-1".into(), ..InvocationInfo::default() },
        client: Box::new(Nobody),
        clock: Clock::virtual_at(now),
        options: Arc::new(options),
        sink: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(sandbox.invoke(&artifact, invocation))
}

fn crash(body: &str, options: InvokeOptions) -> ErrorObject {
    match invoke(body, options).end {
        InvocationEnd::Crashed(error) => error,
        other => panic!("expected a crash, got {other:?}"),
    }
}

fn exit_error(message: &str) -> (Option<String>, Option<String>) {
    (Some("Runtime.ExitError".into()), Some(message.into()))
}

#[test]
fn a_missing_file_is_named() {
    let error = sandbox().load("target/no/handler.wasm".as_ref()).expect_err("no file");
    assert_eq!(error.to_string(), "there is no file `target/no/handler.wasm`");
}

#[test]
fn text_is_told_from_webassembly() {
    let error = refusal(b"#!/bin/sh\necho");
    assert_eq!(
        error.to_string(),
        r"`handler.wasm` is not WebAssembly: it begins with `#!/bin/sh\necho`, not with `\0asm`"
    );
    assert!(refusal(b"(module)").hint().is_some_and(|hint| hint.contains("text")));
    assert!(refusal(b"").to_string().contains("the file is empty"));
}

#[test]
fn a_component_cut_short_is_invalid() {
    let wasm = handler("i32.const 0");
    assert!(matches!(refusal(&wasm[..wasm.len() - 3]), ArtifactError::Invalid { .. }));
}

#[test]
fn a_component_that_is_no_handler_is_described() {
    let error = refusal(&component(r#"(import "wasi:io/error@0.2.6" (instance))"#, ""));
    assert_eq!(
        error.to_string(),
        "`handler.wasm` is a component but not a durable handler: it does not import \
         `durabox:durable/operations@0.1.0`\n  imports  `wasi:io/error@0.2.6`\n  exports  nothing"
    );
}

#[test]
fn another_version_of_the_contract_names_both() {
    let error = refusal(&component(r#"(import "durabox:durable/operations@0.2.0" (instance))"#, ""));
    assert_eq!(
        error.to_string(),
        "`handler.wasm` imports `durabox:durable/operations@0.2.0`, this durabox provides \
         `durabox:durable/operations@0.1.0`"
    );
}

#[test]
fn an_import_that_is_not_provided_is_named() {
    let imports = r#"(import "durabox:durable/operations@0.1.0" (instance))
                     (import "wasi:keyvalue/store@0.2.0" (instance))"#;
    let error = refusal(&component(imports, ""));
    assert_eq!(
        error.to_string(),
        "`handler.wasm` imports `wasi:keyvalue/store@0.2.0`, which the sandbox does not provide"
    );
}

#[test]
fn a_library_has_no_main() {
    let error = refusal(&component(r#"(import "durabox:durable/operations@0.1.0" (instance))"#, ""));
    assert!(matches!(error, ArtifactError::NotCommand { .. }));
}

#[test]
fn a_guest_that_returns_without_an_answer_has_crashed() {
    let error = crash("i32.const 0", InvokeOptions::default());
    assert_eq!((error.error_type, error.error_message), exit_error("the handler returned without an answer"));
}

#[test]
fn a_guest_that_loops_is_cut_off_at_its_deadline() {
    let options = InvokeOptions { deadline: Duration::from_millis(30), ..InvokeOptions::default() };
    let error = crash("(loop $l br $l) unreachable", options);
    assert_eq!(error.error_type.as_deref(), Some("Sandbox.Timedout"));
    assert_eq!(error.error_message.as_deref(), Some("RequestId: request-1 Error: Task timed out after 0.03 seconds"));
}

#[test]
fn memory_ends_at_its_limit() {
    let options = InvokeOptions { memory_limit: 2 << 20, ..InvokeOptions::default() };
    let error = crash("(drop (memory.grow (i32.const 31))) (memory.grow (i32.const 1))", options.clone());
    assert_eq!((error.error_type, error.error_message), exit_error("memory limit of 2 MiB reached"));
    let report = invoke("(drop (memory.grow (i32.const 31))) (i32.const 0)", options);
    assert_eq!(report.peak_memory, 2 << 20);
}

#[test]
fn endless_recursion_names_the_function() {
    let error = crash("call $main", InvokeOptions::default());
    assert_eq!(
        (error.error_type, error.error_message),
        exit_error("the handler's call stack is exhausted in `main`: it recurses too deep")
    );
    assert_eq!(error.stack_trace, ["main"]);
}

#[test]
fn a_trap_says_what_and_where() {
    let error = crash("unreachable", InvokeOptions::default());
    assert_eq!(
        (error.error_type, error.error_message),
        exit_error("the handler trapped: wasm trap: wasm `unreachable` instruction executed")
    );
    assert_eq!(error.stack_trace, ["main"]);
}

#[test]
fn a_directory_that_cannot_be_granted_is_refused_before_the_guest_runs() {
    let preopen = super::Preopen { host: "no/such/directory".into(), guest: "/data".into(), writable: false };
    let options = InvokeOptions { preopens: vec![preopen], ..InvokeOptions::default() };
    match invoke("unreachable", options).end {
        InvocationEnd::Refused(error) => {
            let message = error.error_message.unwrap_or_default();
            assert!(message.starts_with("the directory `no/such/directory`, granted as `/data`, cannot be opened"));
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}
