use std::collections::HashMap;

use durabox_engine::replay::CallSite;
use durabox_engine::service::{CallbackError, Execution, Metering};
use durabox_model::{ErrorObject, EventDetails, Operation, SUMMARY_THRESHOLD, SmolStr, Timestamp};

use super::callbacks::name_of;
use super::{CallbackAnswer, CallbackSelector, ControlError, MockCall, OpenCallback, RefusedAnswer, UnknownFunction};
use crate::sandbox::{AmbientRead, LogLine};
use crate::verify;

/// A run that has come to its end.
#[derive(Debug)]
pub struct Run {
    /// The execution, as Lambda would keep it.
    pub execution: Execution,
    /// The function that ran.
    pub function_name: String,
    /// The execution's name.
    pub execution_name: String,
    /// Its invocations, in order.
    pub invocations: Vec<InvocationRecord>,
    /// Where each operation was asked for, by operation id.
    pub sites: HashMap<SmolStr, CallSite>,
    /// Reads of clock and random in handler code, where the policy reports them.
    pub ambient_reads: Vec<AmbientRead>,
    /// What the shadow replay found, if one was made.
    pub shadow: Option<verify::Report>,
    /// The run's number in the store.
    pub number: Option<u64>,
    /// The chained invoke that started the execution; absent for the run's own.
    pub invoked_by: Option<InvokedBy>,
    /// The executions that chained invokes started, at any depth, in start order. Empty in them.
    pub chained: Vec<Run>,
    /// What came from outside of all executions. Empty in the chained ones.
    pub outside: Outside,
}

/// A chained invoke, seen from the execution that it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvokedBy {
    /// The execution that invoked.
    pub execution_arn: String,
    /// The invoke's operation in it.
    pub operation_id: SmolStr,
}

/// What a run had from outside, and what it lacked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// Every call of a mock, in order.
    pub calls: Vec<MockCall>,
    /// Functions that were invoked and do not exist, each once.
    pub unknown_functions: Vec<UnknownFunction>,
    /// Answers that came too late, or that Lambda would not take.
    pub refused_answers: Vec<RefusedAnswer>,
    /// Answers for which no callback started, or whose time did not come.
    pub unused_answers: Vec<CallbackAnswer>,
    /// Callbacks that are still open in executions that have not closed.
    pub open_callbacks: Vec<OpenCallback>,
    /// Faults and mocks of steps that nothing met.
    pub unused_faults: Vec<String>,
}

/// One invocation of a run.
#[derive(Clone, Debug)]
pub struct InvocationRecord {
    /// From 1.
    pub number: u64,
    /// Its Lambda request id.
    pub request_id: String,
    /// When it began.
    pub start: Timestamp,
    /// When it ended.
    pub end: Timestamp,
    /// What it printed and logged.
    pub logs: Vec<LogLine>,
    /// Why it crashed, if it did.
    pub crash: Option<ErrorObject>,
}

/// A payload that is larger than the official SDKs record in one piece, 256 KiB.
#[derive(Clone, Debug)]
pub struct LargePayload<'a> {
    /// The operation.
    pub operation: &'a Operation,
    /// What of it: `result`, or `input` of a chained invoke.
    pub what: &'static str,
    /// Its size, bytes.
    pub size: usize,
}

impl Run {
    /// Returns the executions of the run: its own first, then those that chained invokes started.
    pub fn executions(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.chained)
    }

    /// Returns names, or else ids, of the callbacks that started in any of its executions.
    pub fn callback_names(&self) -> Vec<String> {
        let all = self.executions().flat_map(|run| callbacks(&run.execution));
        all.map(|(id, name, _)| name.unwrap_or(id)).collect()
    }

    /// Returns the error of an answer that comes after the run.
    pub fn late_answer(&self, callback: &CallbackSelector) -> ControlError {
        let meant = self.executions().find_map(|run| {
            let mut all = callbacks(&run.execution);
            let (id, name, operation) = all.find(|(id, name, _)| callback.matches(id, name.as_deref()))?;
            Some((name.unwrap_or(id), operation, run))
        });
        let Some((name, operation, run)) = meant else {
            return ControlError::Unknown { asked: callback.as_str().to_owned(), started: self.callback_names() };
        };
        let reason = match (operation.end_timestamp, run.execution.end_timestamp()) {
            (Some(end), _) => CallbackError::Closed { name, status: operation.status, end },
            (None, Some(end)) => CallbackError::ExecutionClosed { name, status: run.execution.status(), end },
            (None, None) => return ControlError::Over,
        };
        let site = std::iter::once(&operation.id).chain(&operation.parent_id).find_map(|id| run.sites.get(id));
        ControlError::Refused { reason, site: site.cloned() }
    }

    /// Returns payloads of more than 256 KiB, the largest of each operation.
    pub fn large_payloads(&self) -> Vec<LargePayload<'_>> {
        let inputs = self.inputs();
        let payload = |operation: &'_ Operation| {
            let result = operation.result().map_or(0, str::len);
            let input = inputs.get(operation.id.as_str()).copied().unwrap_or_default();
            if input > result { ("input", input) } else { ("result", result) }
        };
        let operations = self.execution.operations().iter().map(|operation| &**operation);
        operations
            .map(|operation| (operation, payload(operation)))
            .filter(|(_, (_, size))| *size > SUMMARY_THRESHOLD)
            .map(|(operation, (what, size))| LargePayload { operation, what, size })
            .collect()
    }

    /// Returns what all executions of the run are metered for, each by itself, in their order.
    pub fn metering(&self) -> impl Iterator<Item = (&Self, Metering)> {
        self.executions().map(|run| (run, run.execution.metering()))
    }

    /// Returns the sizes of the inputs of chained invokes, by operation id.
    fn inputs(&self) -> HashMap<&str, usize> {
        let started = self.execution.events().iter().filter_map(|event| match &event.details {
            EventDetails::ChainedInvokeStarted(started) => {
                let input = started.details.input.as_ref()?.payload.as_ref()?;
                Some((event.id.as_deref()?, input.len()))
            }
            _ => None,
        });
        started.collect()
    }
}

/// Returns id, name and operation of every callback of an execution, in start order.
fn callbacks(execution: &Execution) -> impl Iterator<Item = (String, Option<String>, &Operation)> {
    execution.operations().iter().filter_map(|operation| {
        let id = operation.callback_details.as_ref()?.callback_id.clone()?;
        Some((id, name_of(operation, execution), &**operation))
    })
}
