//! What Lambda's API does to one execution, and tells of it.

use std::sync::Arc;

use durabox_runtime::engine::service::{CheckpointError, Execution, callback_execution_arn};
use durabox_runtime::engine::{CheckpointOutput, CheckpointRequest, StatePage};
use durabox_runtime::model::{
    DEFAULT_PAGE_SIZE, ErrorObject, Event, ExecutionStatus, MAX_CALLBACK_ID_LENGTH, MAX_PAGE_SIZE, MAX_PAYLOAD_SIZE,
    Timestamp,
};
use durabox_runtime::store::{self, Filter, StoreError};

use super::{Service, ServiceError};
use crate::hosted::{Hosted, Metadata};

/// An execution as GetDurableExecution tells it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The machine.
    pub execution: Execution,
    /// The execution's name.
    pub name: String,
    /// What the server keeps of it.
    pub metadata: Metadata,
}

/// A page of a history.
#[derive(Clone, Debug)]
pub struct History {
    /// The events, in the order that was asked for.
    pub events: Vec<Event>,
    /// Where it goes on.
    pub next_marker: Option<String>,
}

/// Which page of a history.
#[derive(Clone, Debug, Default)]
pub struct HistoryQuery {
    /// Newest first.
    pub reverse_order: bool,
    /// Where to go on.
    pub marker: Option<String>,
    /// At most 1,000; 0 is 100.
    pub max_items: usize,
}

impl Service {
    /// Returns the execution with this ARN, if it has not closed.
    pub(crate) fn find_open(&self, arn: &str) -> Option<Arc<Hosted>> {
        self.open().get(arn).cloned()
    }

    /// CheckpointDurableExecution.
    pub fn checkpoint(
        self: &Arc<Self>,
        arn: &str,
        request: CheckpointRequest,
        client_token: Option<String>,
    ) -> Result<CheckpointOutput, ServiceError> {
        // Whatever is not open has no token that is good.
        let hosted = self.find_open(arn).ok_or(ServiceError::StaleToken)?;
        self.checkpoint_hosted(&hosted, request, client_token)
    }

    pub(crate) fn checkpoint_hosted(
        self: &Arc<Self>,
        hosted: &Arc<Hosted>,
        request: CheckpointRequest,
        client_token: Option<String>,
    ) -> Result<CheckpointOutput, ServiceError> {
        let (output, plans) = hosted.change(|execution, now| {
            let output = execution.checkpoint_once(request, client_token, now)?;
            Ok::<_, ServiceError>((output, self.plan_chained(execution)))
        })??;
        self.run_chained(hosted, plans);
        Ok(output)
    }

    /// GetDurableExecutionState.
    pub fn state(
        &self,
        arn: &str,
        token: &str,
        marker: Option<&str>,
        max_items: usize,
    ) -> Result<StatePage, ServiceError> {
        let size = page_size(max_items)?;
        let hosted = self.find_open(arn).ok_or(ServiceError::StaleToken)?;
        let page = hosted.execution().state(token, marker, size)?;
        Ok(page)
    }

    /// GetDurableExecution.
    pub fn snapshot(&self, arn: &str) -> Result<Snapshot, ServiceError> {
        if let Some(hosted) = self.find_open(arn) {
            let execution = hosted.execution().clone();
            return Ok(Snapshot { execution, name: hosted.name.clone(), metadata: hosted.metadata.clone() });
        }
        let kept = self.kept(arn)?;
        let metadata = serde_json::from_str(&kept.hosted).map_err(|error| ServiceError::Service(error.to_string()))?;
        let execution = self.store.hosted_execution(kept.number)?;
        Ok(Snapshot { execution, name: kept.name, metadata })
    }

    /// GetDurableExecutionHistory.
    pub fn history(&self, arn: &str, query: &HistoryQuery) -> Result<History, ServiceError> {
        if let Some(hosted) = self.find_open(arn) {
            return history_page(hosted.execution().events(), query);
        }
        let execution = self.store.hosted_execution(self.kept(arn)?.number)?;
        history_page(execution.events(), query)
    }

    /// ListDurableExecutionsByFunction.
    pub fn list(&self, mut filter: Filter) -> Result<(Vec<store::Hosted>, Option<String>), ServiceError> {
        let limit = page_size(filter.limit)?;
        filter.limit = limit + 1;
        let mut executions = self.store.hosted_list(&filter, self.now())?;
        let goes_on = executions.len() > limit;
        executions.truncate(limit);
        // Tied to the last item, not to its place, which shifts when executions start or are deleted.
        let last = executions.last().filter(|_| goes_on);
        let next = last.map(|last| format!("{}-{}", last.start.as_millis(), last.number));
        Ok((executions, next))
    }

    /// StopDurableExecution. Stopping again tells when it was stopped first.
    pub fn stop(&self, arn: &str, error: Option<ErrorObject>) -> Result<Timestamp, ServiceError> {
        let size = error.as_ref().map_or(0, ErrorObject::size);
        if size > MAX_PAYLOAD_SIZE {
            return Err(CheckpointError::ErrorTooLarge(size).into());
        }
        if let Some(hosted) = self.find_open(arn) {
            return hosted.change(|execution, now| {
                execution.stop(error, now);
                execution.end_timestamp().unwrap_or(now)
            });
        }
        let kept = self.kept(arn)?;
        if let Some(end) = kept.end {
            return Ok(end);
        }
        // It waits for a server that has its function, and is stopped all the same.
        self.change_kept(&kept, |execution, now| {
            execution.stop(error, now);
            execution.end_timestamp().unwrap_or(now)
        })
    }

    /// Changes an execution that nobody drives, as its function is not served.
    fn change_kept<T>(
        &self,
        kept: &store::Hosted,
        change: impl FnOnce(&mut Execution, Timestamp) -> T,
    ) -> Result<T, ServiceError> {
        let metadata: Metadata =
            serde_json::from_str(&kept.hosted).map_err(|error| ServiceError::Service(error.to_string()))?;
        let (mut execution, recorder) = self.store.take_up(kept.number, metadata.retention())?;
        let latest = execution.events().last().map_or(Timestamp::default(), |event| event.event_timestamp);
        let now = self.now().max(latest);
        execution.handle_timeout(now);
        let answer = change(&mut execution, now);
        recorder.save(&mut execution)?;
        Ok(answer)
    }

    /// PauseDurableExecution.
    pub fn pause(
        &self,
        arn: &str,
        reason: Option<String>,
        execution_timeout_paused: bool,
        client_token: Option<String>,
    ) -> Result<(), ServiceError> {
        let hosted = self.open_or_conflict(arn, "pause")?;
        if hosted.is_repeated("pause", client_token.as_deref()) {
            return Ok(());
        }
        hosted.change(|execution, now| execution.pause(reason, execution_timeout_paused, now))??;
        hosted.remember("pause", client_token);
        Ok(())
    }

    /// ResumeDurableExecution.
    pub fn resume_execution(
        &self,
        arn: &str,
        reason: Option<String>,
        client_token: Option<String>,
    ) -> Result<(), ServiceError> {
        let hosted = self.open_or_conflict(arn, "resume")?;
        if hosted.is_repeated("resume", client_token.as_deref()) {
            return Ok(());
        }
        hosted.change(|execution, now| execution.resume(reason, now))??;
        hosted.remember("resume", client_token);
        Ok(())
    }

    /// DeleteDurableExecution: what is closed is forgotten at once, whatever its last invocation does.
    pub fn delete(&self, arn: &str) -> Result<Timestamp, ServiceError> {
        match self.find_open(arn) {
            Some(hosted) => self.delete_open(&hosted)?,
            None => {
                let kept = self.kept(arn)?;
                let damaged = matches!(self.store.hosted_execution(kept.number), Err(StoreError::Corrupt { .. }));
                // What is damaged never closes.
                if !damaged {
                    check_closed(kept.status)?;
                }
                self.store.delete(kept.number)?;
            }
        }
        Ok(self.now())
    }

    /// Forgets an execution that may have closed before its last invocation has ended.
    fn delete_open(&self, hosted: &Hosted) -> Result<(), ServiceError> {
        let execution = hosted.execution();
        check_closed(execution.status())?;
        self.store.delete(hosted.number())?;
        hosted.forget();
        drop(execution);
        self.open().remove(&hosted.arn);
        Ok(())
    }

    /// Answers a callback, or sends it a heartbeat.
    pub fn answer_callback(&self, callback_id: &str, answer: CallbackAnswer) -> Result<(), ServiceError> {
        let arn = match callback_execution_arn(callback_id) {
            Some(arn) if callback_id.len() <= MAX_CALLBACK_ID_LENGTH => arn,
            _ => {
                let shown: String = callback_id.chars().take(100).collect();
                return Err(ServiceError::InvalidParameter(format!("Invalid callback ID: {shown}")));
            }
        };
        if let Some(hosted) = self.find_open(&arn) {
            return Ok(hosted.change(|execution, now| answer.give(execution, callback_id, now))??);
        }
        let not_found = || ServiceError::NotFound(format!("Callback not found: {callback_id}"));
        let kept = self.store.hosted_by_arn(&arn, self.now())?.ok_or_else(not_found)?;
        // A closed execution takes no answer, and says why; one that is open goes on where its function is served.
        Ok(self.change_kept(&kept, |execution, now| answer.give(execution, callback_id, now))??)
    }

    fn open_or_conflict(&self, arn: &str, wanted: &str) -> Result<Arc<Hosted>, ServiceError> {
        match self.find_open(arn) {
            Some(hosted) => Ok(hosted),
            None => Err(conflict(wanted, self.kept(arn)?.status)),
        }
    }

    fn kept(&self, arn: &str) -> Result<store::Hosted, ServiceError> {
        let kept = self.store.hosted_by_arn(arn, self.now())?;
        kept.ok_or_else(|| ServiceError::NotFound(format!("Durable Execution does not exist: {arn}")))
    }
}

/// How a callback is answered.
#[derive(Clone, Debug)]
pub enum CallbackAnswer {
    /// With a result; none is null.
    Succeed(Option<String>),
    /// With an error.
    Fail(ErrorObject),
    /// Not yet, but its heartbeat timeout begins anew.
    Heartbeat,
}

impl CallbackAnswer {
    fn give(
        self,
        execution: &mut Execution,
        callback_id: &str,
        now: Timestamp,
    ) -> Result<(), durabox_runtime::engine::service::CallbackError> {
        match self {
            Self::Succeed(result) => execution.succeed_callback(callback_id, result, now),
            Self::Fail(error) => execution.fail_callback(callback_id, error, now),
            Self::Heartbeat => execution.heartbeat_callback(callback_id, now),
        }
    }
}

fn conflict(wanted: &str, status: ExecutionStatus) -> ServiceError {
    ServiceError::Conflict(format!("Cannot {wanted} a durable execution with status {}.", status.as_str()))
}

fn check_closed(status: ExecutionStatus) -> Result<(), ServiceError> {
    if status.is_terminal() { Ok(()) } else { Err(conflict("delete", status)) }
}

/// Returns how many items a page has.
fn page_size(max_items: usize) -> Result<usize, ServiceError> {
    match max_items {
        0 => Ok(DEFAULT_PAGE_SIZE),
        1..=MAX_PAGE_SIZE => Ok(max_items),
        _ => Err(ServiceError::InvalidParameter(format!("MaxItems must be 0 to {MAX_PAGE_SIZE}, got {max_items}"))),
    }
}

fn history_page(events: &[Event], query: &HistoryQuery) -> Result<History, ServiceError> {
    let size = page_size(query.max_items)?;
    // A marker is the id of the next event.
    let invalid = || ServiceError::InvalidParameter("Invalid marker".into());
    let marker = match &query.marker {
        Some(marker) => Some(marker.parse::<usize>().ok().filter(|id| *id > 0).ok_or_else(invalid)?),
        None => None,
    };
    let (page, next): (Vec<Event>, Option<usize>) = if query.reverse_order {
        let end = marker.unwrap_or(events.len()).min(events.len());
        let begin = end.saturating_sub(size);
        (events[begin..end].iter().rev().cloned().collect(), (begin > 0).then_some(begin))
    } else {
        let begin = (marker.unwrap_or(1) - 1).min(events.len());
        let end = (begin + size).min(events.len());
        (events[begin..end].to_vec(), (end < events.len()).then_some(end + 1))
    };
    Ok(History { events: page, next_marker: next.map(|id| id.to_string()) })
}
