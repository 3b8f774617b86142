use serde::{Deserialize, Serialize};

use super::result::{BatchItem, BatchItemStatus, BatchResult, CompletionReason};
use crate::BoxError;
use crate::failure::{CHILD_FAILED, WireError};
use crate::serdes::{self, Serdes, SerdesContext};

/// The result of a map or parallel, as it is recorded.
#[derive(Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BatchSummary {
    results: Vec<Item>,
    reason: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Item {
    index: usize,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    status: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    result: String,
    #[serde(default, rename = "errType", skip_serializing_if = "String::is_empty")]
    error_type: String,
    #[serde(default, rename = "errMessage", skip_serializing_if = "String::is_empty")]
    error_message: String,
    #[serde(default, rename = "errData", skip_serializing_if = "Option::is_none")]
    error_data: Option<String>,
    #[serde(default, rename = "stackTrace", skip_serializing_if = "Vec::is_empty")]
    stack_trace: Vec<String>,
}

impl BatchSummary {
    /// Writes a result, and returns it as it is read back.
    pub(super) async fn write<O, S: Serdes<O>>(
        result: BatchResult<O>,
        serdes: &S,
        ctx: &SerdesContext,
    ) -> Result<(Self, BatchResult<O>), BoxError> {
        let BatchResult { items, reason } = result;
        let mut summary = Self { results: Vec::with_capacity(items.len()), reason: reason.as_str().to_owned() };
        let mut read_back = Vec::with_capacity(items.len());
        for mut item in items {
            let mut payload = String::new();
            if let Some(value) = item.result.take() {
                let ctx = ctx.item(item.index);
                payload = serdes::write(serdes, value, ctx.clone()).await?;
                item.result = Some(serdes::read(serdes, Some(payload.clone()), ctx).await?);
            }
            let failed = item.status == BatchItemStatus::Failed;
            let error_type = if failed { item.error_type.as_deref().unwrap_or(CHILD_FAILED) } else { "" };
            summary.results.push(Item {
                index: item.index,
                name: item.name.clone(),
                status: item.status.as_str().to_owned(),
                result: payload,
                error_type: error_type.to_owned(),
                error_message: item.error_message.clone().unwrap_or_default(),
                error_data: item.error_data.clone(),
                stack_trace: item.stack_trace.clone(),
            });
            read_back.push(item);
        }
        Ok((summary, BatchResult::new(read_back, reason)))
    }

    pub(super) async fn read<O, S: Serdes<O>>(
        self,
        serdes: &S,
        ctx: &SerdesContext,
    ) -> Result<BatchResult<O>, BoxError> {
        let reason = CompletionReason::from_wire(&self.reason).unwrap_or(CompletionReason::AllCompleted);
        let mut items = Vec::with_capacity(self.results.len());
        for item in self.results {
            let Item { index, name, .. } = item;
            items.push(match item.status.as_str() {
                "SUCCEEDED" => {
                    let value = serdes::read(serdes, Some(item.result), ctx.item(index)).await?;
                    BatchItem::succeeded(index, name, value)
                }
                "FAILED" => {
                    let mut wire = WireError::new(item.error_type, item.error_message);
                    wire.0.error_data = item.error_data;
                    wire.0.stack_trace = item.stack_trace;
                    BatchItem::failed(index, name, wire)
                }
                "STARTED" => BatchItem::new(index, name, BatchItemStatus::Started, None, None, None),
                other => return Err(format!("unknown item status: {other}").into()),
            });
        }
        Ok(BatchResult::new(items, reason))
    }
}

/// What is recorded in place of a summary above 256 KiB: which items a replay goes through again,
/// and why there are no more.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Decision {
    #[serde(rename = "totalCount")]
    started: usize,
    #[serde(rename = "completionReason")]
    reason: String,
    /// Those of the started that had not ended; only one of the two lists is there.
    #[serde(rename = "startedIndexes", default, skip_serializing_if = "Option::is_none")]
    not_ended: Option<Vec<usize>>,
    #[serde(rename = "completedIndexes", default, skip_serializing_if = "Option::is_none")]
    ended: Option<Vec<usize>>,
}

/// What a replay of a large batch goes by.
#[derive(Debug)]
pub(super) struct Plan {
    /// For each item that was started, whether it had ended.
    ended: Vec<bool>,
    pub(super) reason: CompletionReason,
}

impl Decision {
    /// Records `result`, of whose items the first `started` were started.
    pub(super) fn of<O>(result: &BatchResult<O>, started: usize) -> Self {
        let mut ended = vec![false; started];
        for item in &result.items {
            ended[item.index] = true;
        }
        let those = |state: bool| (0..started).filter(|index| ended[*index] == state).collect::<Vec<_>>();
        let (ended, not_ended) = (those(true), those(false));
        let (ended, not_ended) =
            if not_ended.len() <= ended.len() { (None, Some(not_ended)) } else { (Some(ended), None) };
        Self { started, reason: result.reason.as_str().to_owned(), not_ended, ended }
    }

    /// Reads a record of a batch of `items` items.
    pub(super) fn read(text: &str, items: usize) -> Result<Plan, String> {
        let invalid = |problem: String| format!("invalid batch decision record: {problem}");
        let decision: Self = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        let started = decision.started;
        if started > items {
            return Err(invalid(format!("totalCount {started} exceeds the input length {items}")));
        }
        let reason = CompletionReason::from_wire(&decision.reason)
            .ok_or_else(|| invalid(format!("unknown completionReason {:?}", decision.reason)))?;
        let (indexes, state) = match (decision.ended, decision.not_ended) {
            (Some(ended), None) => (ended, true),
            (None, Some(not_ended)) => (not_ended, false),
            _ => return Err(invalid("one of startedIndexes and completedIndexes must be present".into())),
        };
        let mut ended = vec![!state; started];
        for index in indexes {
            let place = ended.get_mut(index);
            *place.ok_or_else(|| invalid(format!("index {index} is outside [0, {started})")))? = state;
        }
        Ok(Plan { ended, reason })
    }
}

impl Plan {
    /// Whether the item at `index` is gone through again.
    pub(super) fn admits(&self, index: usize) -> bool {
        self.ended.get(index).copied().unwrap_or(false)
    }

    /// Whether the item at `index` was started.
    pub(super) fn started(&self, index: usize) -> bool {
        index < self.ended.len()
    }
}
