//! The operations on durable executions.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use durabox_runtime::engine::CheckpointRequest;
use durabox_runtime::model::{ErrorObject, ExecutionStatus, OperationUpdate, Timestamp};
use durabox_runtime::store::Filter;
use serde::Deserialize;
use serde_json::{Value, json};

use super::empty;
use super::error::ApiError;
use super::request::{Path, Query, json as read};
use crate::names::is_execution_name;
use crate::service::{HistoryQuery, Service, ServiceError, Snapshot};

type Body = Result<Bytes, BytesRejection>;
type Answer = Result<Response, ApiError>;

/// POST …/{arn}/checkpoint
pub async fn checkpoint(State(service): State<Arc<Service>>, Path(arn): Path<String>, body: Body) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Checkpoint {
        checkpoint_token: String,
        #[serde(default)]
        updates: Option<Vec<OperationUpdate>>,
        #[serde(default)]
        client_token: Option<String>,
    }
    let Checkpoint { checkpoint_token, updates, client_token } = read(&body?)?;
    check_client_token(client_token.as_deref())?;
    let request = CheckpointRequest { token: checkpoint_token, updates: updates.unwrap_or_default() };
    let output = service.checkpoint(&arn, request, client_token)?;
    let mut state = json!({ "Operations": operations(&output.operations)? });
    if let Some(marker) = output.next_marker {
        state["NextMarker"] = marker.into();
    }
    let mut answer = json!({ "NewExecutionState": state });
    if let Some(token) = output.token {
        answer["CheckpointToken"] = token.into();
    }
    Ok(Json(answer).into_response())
}

fn check_client_token(token: Option<&str>) -> Result<(), ApiError> {
    let is_token = |token: &str| (1..=64).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
    match token.filter(|token| !is_token(token)) {
        None => Ok(()),
        Some(token) => Err(ApiError::invalid(format!(
            "Value '{token}' at 'clientToken' failed to satisfy constraint: 1 to 64 printable ASCII characters, no space"
        ))),
    }
}

/// GET …/{arn}/state
pub async fn state(State(service): State<Arc<Service>>, Path(arn): Path<String>, uri: Uri) -> Answer {
    let query = Query::of(&uri)?;
    let token = query.text("CheckpointToken").ok_or_else(|| ApiError::invalid("CheckpointToken is missing"))?;
    let page = service.state(&arn, token, query.text("Marker"), query.count("MaxItems")?)?;
    let mut answer = json!({ "Operations": operations(&page.operations)? });
    if let Some(marker) = page.next_marker {
        answer["NextMarker"] = marker.into();
    }
    Ok(Json(answer).into_response())
}

fn operations(operations: &[Arc<durabox_runtime::model::Operation>]) -> Result<Value, ApiError> {
    value(operations)
}

fn value(value: impl serde::Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(value).map_err(|error| ServiceError::Service(error.to_string()).into())
}

/// Refuses what is no ARN of a durable execution.
fn check_arn(arn: &str) -> Result<(), ApiError> {
    let parts: Vec<&str> = arn.split('/').collect();
    let function = parts.first().map_or(0, |function| function.split(':').count());
    match parts.as_slice() {
        [function_arn, "durable-execution", name, id]
            if function == 8
                && function_arn.starts_with("arn:")
                && is_execution_name(name)
                && is_execution_name(id) =>
        {
            Ok(())
        }
        _ => Err(ApiError::invalid(format!(
            "Value '{arn}' at 'durableExecutionArn' failed to satisfy constraint: \
             arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME:VERSION/durable-execution/NAME/ID"
        ))),
    }
}

/// GET …/{arn}
pub async fn get(State(service): State<Arc<Service>>, Path(arn): Path<String>, uri: Uri) -> Answer {
    check_arn(&arn)?;
    let with_data = Query::of(&uri)?.flag("IncludeExecutionData", true)?;
    let Snapshot { execution, name, metadata } = service.snapshot(&arn)?;
    let mut answer = json!({
        "DurableExecutionArn": execution.arn(),
        "DurableExecutionName": name,
        "FunctionArn": metadata.function_arn,
        "StartTimestamp": execution.start_timestamp(),
        "Status": execution.status(),
        "Version": metadata.version,
        "ExecutionDataIncluded": with_data,
        "DurableConfig": metadata.durable_config,
    });
    let mut add = |name: &str, member: Option<Value>| {
        if let Some(member) = member {
            answer[name] = member;
        }
    };
    add("EndTimestamp", execution.end_timestamp().map(value).transpose()?);
    add("TraceHeader", metadata.trace_header.map(|id| json!({ "XAmznTraceId": id })));
    if !execution.status().is_terminal() {
        add("ExpectedExecutionTimeoutTimestamp", Some(value(execution.deadline())?));
    }
    if let Some(pause) = execution.pause_details() {
        let mut details = json!({
            "PauseRequestTimestamp": pause.requested,
            "ExecutionTimeoutPaused": pause.execution_timeout_paused,
        });
        if let Some(reason) = pause.reason.clone().filter(|_| with_data) {
            details["Reason"] = reason.into();
        }
        add("PauseDetails", Some(details));
    }
    if with_data {
        add("InputPayload", execution.input().map(Value::from));
        add("Result", execution.result().map(Value::from));
        add("Error", execution.error().map(value).transpose()?);
    }
    Ok(Json(answer).into_response())
}

/// GET …/{arn}/history
pub async fn history(State(service): State<Arc<Service>>, Path(arn): Path<String>, uri: Uri) -> Answer {
    check_arn(&arn)?;
    let query = Query::of(&uri)?;
    let with_data = query.flag("IncludeExecutionData", true)?;
    let asked = HistoryQuery {
        reverse_order: query.flag("ReverseOrder", false)?,
        marker: query.text("Marker").map(str::to_owned),
        max_items: query.count("MaxItems")?,
    };
    let history = service.history(&arn, &asked)?;
    let mut events = value(&history.events)?;
    name_execution(&mut events, &arn);
    if !with_data {
        leave_out_data(&mut events);
    }
    let mut answer = json!({ "Events": events });
    if let Some(marker) = history.next_marker {
        answer["NextMarker"] = marker.into();
    }
    Ok(Json(answer).into_response())
}

/// Gives the events of the execution itself its operation's id, without which the official runners read none.
fn name_execution(events: &mut Value, arn: &str) {
    let id = arn.rsplit('/').next().unwrap_or(arn);
    for event in events.as_array_mut().into_iter().flatten() {
        if event["EventType"].as_str().is_some_and(|kind| kind.starts_with("Execution")) {
            event["Id"] = id.into();
        }
    }
}

/// Takes payloads out of events, and says so: what holds one has a member `Truncated` beside it.
fn leave_out_data(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(leave_out_data),
        Value::Object(members) => {
            if members.contains_key("Truncated") {
                let had_data = members.remove("Payload").is_some();
                members.insert("Truncated".into(), had_data.into());
            }
            members.values_mut().for_each(leave_out_data);
        }
        _ => {}
    }
}

/// GET /2025-12-01/functions/{name}/durable-executions
pub async fn list(State(service): State<Arc<Service>>, Path(name): Path<String>, uri: Uri) -> Answer {
    let query = Query::of(&uri)?;
    let function = query.function(&name)?;
    let not_found = || service.function_not_found(&function);
    let version = match &function.qualifier {
        Some(_) => Some(service.registry.find(&function).ok_or_else(not_found)?.version.clone()),
        None => {
            service.registry.read().get(&function.name).ok_or_else(not_found)?;
            None
        }
    };
    let statuses: Vec<&str> = query.all("Statuses").filter(|status| !status.is_empty()).collect();
    if statuses.len() > 10 {
        return Err(ApiError::invalid(format!("Statuses takes 1 to 10 values, got {}", statuses.len())));
    }
    let execution_name = query.text("DurableExecutionName").map(str::to_owned);
    if let Some(name) = execution_name.as_ref().filter(|name| !is_execution_name(name)) {
        return Err(ApiError::invalid(format!("DurableExecutionName must be 1 to 64 of [a-zA-Z0-9-_], got {name:?}")));
    }
    // What is deleted is gone at once, so nothing is ever DELETING.
    let deleting_only = !statuses.is_empty() && statuses.iter().all(|status| *status == "DELETING");
    let filter = Filter {
        function_name: function.name.clone(),
        version: version.map(|version| format!(":{version}/durable-execution/")),
        name: execution_name,
        statuses: statuses.into_iter().filter(|status| *status != "DELETING").map(status).collect::<Result<_, _>>()?,
        started_after: query.time("StartedAfter")?,
        started_before: query.time("StartedBefore")?,
        oldest_first: query.flag("ReverseOrder", false)?,
        after: query.text("Marker").map(list_marker).transpose()?,
        limit: query.count("MaxItems")?,
    };
    let (executions, next) = if deleting_only { (Vec::new(), None) } else { service.list(filter)? };
    let executions = executions.into_iter().map(|one| {
        let metadata = serde_json::from_str::<Value>(&one.hosted).unwrap_or_default();
        let mut listed = json!({
            "DurableExecutionArn": one.arn,
            "DurableExecutionName": one.name,
            "FunctionArn": metadata["function_arn"],
            "Status": one.status,
            "StartTimestamp": one.start,
        });
        if let Some(end) = one.end {
            listed["EndTimestamp"] = json!(end);
        }
        let key = &metadata["durable_config"]["KMSKeyArn"];
        if key.is_string() {
            listed["KMSKeyArn"] = key.clone();
        }
        listed
    });
    let mut answer = json!({ "DurableExecutions": executions.collect::<Vec<Value>>() });
    if let Some(marker) = next {
        answer["NextMarker"] = marker.into();
    }
    Ok(Json(answer).into_response())
}

/// Reads a marker as the list before gave it: the start of its last item, and that one's number.
fn list_marker(text: &str) -> Result<(Timestamp, u64), ApiError> {
    let number = |text: &str| text.parse::<i64>().ok().map(i64::unsigned_abs);
    let parts = text.split_once('-').and_then(|(start, last)| number(start).zip(number(last)));
    let (start, last) = parts.ok_or_else(|| ApiError::invalid("Invalid marker"))?;
    Ok((Timestamp::from_millis(start), last))
}

fn status(text: &str) -> Result<ExecutionStatus, ApiError> {
    serde_json::from_value(text.into()).map_err(|_| {
        ApiError::invalid(format!(
            "Statuses takes RUNNING, PAUSING, PAUSED, SUCCEEDED, FAILED, TIMED_OUT, STOPPED and DELETING, got {text:?}"
        ))
    })
}

/// POST …/{arn}/stop
pub async fn stop(State(service): State<Arc<Service>>, Path(arn): Path<String>, body: Body) -> Answer {
    check_arn(&arn)?;
    let body = body?;
    let error: Option<ErrorObject> = if body.is_empty() { None } else { Some(read(&body)?) };
    let stopped = service.stop(&arn, error)?;
    Ok(Json(json!({ "StopTimestamp": stopped })).into_response())
}

/// POST …/{arn}/pause
pub async fn pause(State(service): State<Arc<Service>>, Path(arn): Path<String>, body: Body) -> Answer {
    check_arn(&arn)?;
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Pause {
        client_token: Option<String>,
        reason: Option<String>,
        execution_timeout_paused: Option<bool>,
    }
    let Pause { client_token, reason, execution_timeout_paused } = read(&body?)?;
    check_client_token(client_token.as_deref())?;
    service.pause(&arn, reason, execution_timeout_paused.unwrap_or(true), client_token)?;
    Ok(empty(StatusCode::ACCEPTED))
}

/// POST …/{arn}/resume
pub async fn resume(State(service): State<Arc<Service>>, Path(arn): Path<String>, body: Body) -> Answer {
    check_arn(&arn)?;
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Resume {
        client_token: Option<String>,
        reason: Option<String>,
    }
    let Resume { client_token, reason } = read(&body?)?;
    check_client_token(client_token.as_deref())?;
    service.resume_execution(&arn, reason, client_token)?;
    Ok(empty(StatusCode::ACCEPTED))
}

/// DELETE …/{arn}
pub async fn delete(State(service): State<Arc<Service>>, Path(arn): Path<String>) -> Answer {
    check_arn(&arn)?;
    let requested = service.delete(&arn)?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "DeletionRequestTimestamp": requested }))).into_response())
}
