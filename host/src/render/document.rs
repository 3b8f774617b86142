//! One JSON document of an execution, for programs.
//!
//! Operations and events are spelt as Lambda's API spells them, with `Path` and `Site` added to
//! operations; what is ours around them is in camelCase.

use durabox_runtime::engine::replay::CallSite;
use durabox_runtime::local::{InvocationRecord, MockCall, OpenCallback, Outside, RefusedAnswer, Run};
use durabox_runtime::model::{MAX_OPERATIONS, MAX_PERSISTED_BYTES};
use durabox_runtime::sandbox::AmbientRead;
use durabox_runtime::verify::Recorded;
use serde_json::{Value, json};

use super::operation::positions;

/// Returns `{execution, operations, events}`.
pub fn execution(recorded: &Recorded) -> Value {
    let execution = json!({
        "arn": recorded.durable_execution_arn,
        "name": recorded.execution_name(),
        "function": recorded.function_name,
        "status": recorded.status.as_str(),
        "input": recorded.input_payload.as_deref().map(payload),
        "result": recorded.result.as_deref().map(payload),
        "error": recorded.error,
        "start": recorded.operations.first().map(|operation| operation.start_timestamp),
        "end": recorded.operations.first().and_then(|operation| operation.end_timestamp),
    });
    json!({ "execution": execution, "operations": operations(recorded), "events": recorded.events })
}

/// Returns `{execution, operations, events, invocations, ambientReads, shadowReplay, metering}` of a
/// run, or of one of its chained executions; `settings` join the execution's members.
pub fn run(run: &Run, recorded: &Recorded, settings: Value, shadow: Value) -> Value {
    let mut document = execution(recorded);
    if let (Some(execution), Value::Object(settings)) = (document["execution"].as_object_mut(), settings) {
        execution.insert("end".into(), json!(run.execution.end_timestamp()));
        execution.extend(settings);
    }
    document["invocations"] = run.invocations.iter().map(invocation).collect();
    document["ambientReads"] = run.ambient_reads.iter().map(ambient_read).collect();
    document["shadowReplay"] = shadow;
    let metering = run.execution.metering();
    document["metering"] = json!({
        "operations": metering.operations,
        "maxOperations": MAX_OPERATIONS,
        "bytes": metering.bytes,
        "maxBytes": MAX_PERSISTED_BYTES,
    });
    document["invokedBy"] = match &run.invoked_by {
        Some(by) => json!({ "executionArn": by.execution_arn, "operationId": by.operation_id }),
        None => Value::Null,
    };
    document
}

/// Returns `{mockCalls, unknownFunctions, openCallbacks, unusedAnswers, refusedAnswers}`.
pub fn outside(outside: &Outside) -> Value {
    let call = |call: &MockCall| {
        json!({
            "function": call.function_name,
            "payload": call.payload.as_deref().map(payload),
            "tenantId": call.tenant_id,
        })
    };
    let refused = |refused: &RefusedAnswer| json!({ "callback": refused.answer.callback.as_str(), "reason": refused.reason.to_string() });
    json!({
        "mockCalls": outside.calls.iter().map(call).collect::<Vec<_>>(),
        "unknownFunctions": outside.unknown_functions.iter().map(|unknown| &unknown.asked).collect::<Vec<_>>(),
        "openCallbacks": outside.open_callbacks.iter().map(open_callback).collect::<Vec<_>>(),
        "unusedAnswers": outside.unused_answers.iter().map(|answer| answer.callback.as_str()).collect::<Vec<_>>(),
        "refusedAnswers": outside.refused_answers.iter().map(refused).collect::<Vec<_>>(),
    })
}

fn open_callback(open: &OpenCallback) -> Value {
    json!({
        "id": open.id,
        "name": open.name,
        "function": open.function_name,
        "start": open.start,
        "timeout": open.timeout,
        "heartbeatTimeout": open.heartbeat_timeout,
        "site": open.site.as_ref().map(site),
    })
}

/// Returns a call site as `{File, Line, Column}`.
pub fn site(site: &CallSite) -> Value {
    json!({ "File": site.file, "Line": site.line, "Column": site.column })
}

/// Returns `{what, after, site, count}`.
pub fn ambient_read(read: &AmbientRead) -> Value {
    json!({
        "what": read.what.to_string(),
        "after": read.after,
        "site": read.site.as_ref().map(site),
        "count": read.count,
    })
}

fn operations(recorded: &Recorded) -> Vec<Value> {
    let positions = positions(&recorded.operations);
    let mut documents = Vec::with_capacity(recorded.operations.len());
    for operation in &recorded.operations {
        let mut document = json!(operation);
        if let Some(path) = positions.get(operation.id.as_str()) {
            document["Path"] = json!(path);
        }
        if let Some(known) = recorded.sites.get(&operation.id) {
            document["Site"] = site(known);
        }
        documents.push(document);
    }
    documents
}

fn invocation(record: &InvocationRecord) -> Value {
    json!({
        "number": record.number,
        "requestId": record.request_id,
        "start": record.start,
        "end": record.end,
        "logs": record.logs,
        "crash": record.crash,
    })
}

/// A payload is JSON text unless a serdes of the author's made it something else.
fn payload(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
