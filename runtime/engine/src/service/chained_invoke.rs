use durabox_model::{ErrorObject, EventDetails, ExecutionStatus, OperationStatus, OperationType, SmolStr, Timestamp};

use super::operation::chained_invoke;
use super::{Execution, Metering};

/// A chained invoke that the driver is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainedInvoke {
    /// The operation, to answer with.
    pub operation_id: SmolStr,
    /// Name or ARN of the function.
    pub function_name: String,
    /// The tenant to invoke it for.
    pub tenant_id: Option<String>,
    /// The X-Ray trace header to hand on.
    pub x_amzn_trace_id: Option<String>,
    /// The input, JSON text.
    pub payload: Option<String>,
}

/// How the function of a chained invoke ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainedInvokeEnd {
    /// With this result, JSON text.
    Succeeded(Option<String>),
    /// With an error of its own, or because it does not exist.
    Failed(ErrorObject),
    /// By its execution's or its function's timeout.
    TimedOut(ErrorObject),
    /// From outside.
    Stopped(ErrorObject),
}

impl ChainedInvokeEnd {
    fn metering(&self) -> Metering {
        match self {
            Self::Succeeded(result) => Metering::of_data(result.as_deref(), None),
            Self::Failed(error) | Self::TimedOut(error) | Self::Stopped(error) => Metering::of_data(None, Some(error)),
        }
    }
}

impl Execution {
    /// Returns how the execution closed, for the chained invoke that started it; `None` while it is open.
    pub fn chained_invoke_end(&self) -> Option<ChainedInvokeEnd> {
        let error = || self.error.clone().unwrap_or_default();
        match self.status {
            ExecutionStatus::Running | ExecutionStatus::Pausing | ExecutionStatus::Paused => None,
            ExecutionStatus::Succeeded => Some(ChainedInvokeEnd::Succeeded(self.result.clone())),
            ExecutionStatus::Failed => Some(ChainedInvokeEnd::Failed(error())),
            ExecutionStatus::TimedOut => Some(ChainedInvokeEnd::TimedOut(error())),
            ExecutionStatus::Stopped => Some(ChainedInvokeEnd::Stopped(error())),
        }
    }

    /// Takes the chained invokes that were started since the last call. The driver resolves each and
    /// answers with [`Execution::chained_invoke_started`] before it lets anyone see the events, then
    /// runs the target and answers with [`Execution::complete_chained_invoke`].
    pub fn take_chained_invokes(&mut self) -> Vec<ChainedInvoke> {
        std::mem::take(&mut self.chained_invokes)
    }

    /// Completes the details of ChainedInvokeStarted; the event keeps its place. Of any other
    /// operation it changes nothing.
    pub fn chained_invoke_started(
        &mut self,
        operation_id: &str,
        executed_version: Option<String>,
        durable_execution_arn: Option<String>,
    ) {
        let position = self.index.get(operation_id).and_then(|index| self.invoke_events.get(index));
        let Some(event) = position.map(|position| &mut self.events[*position]) else { return };
        if let EventDetails::ChainedInvokeStarted(started) = &mut event.details {
            started.details.executed_version = executed_version;
            started.details.durable_execution_arn = durable_execution_arn;
        }
    }

    /// Takes the end of a chained invoke's function. After a CANCEL, of a closed execution or of an
    /// unknown operation it changes nothing. An end at the very instant of a timer comes before it.
    pub fn complete_chained_invoke(&mut self, operation_id: &str, end: ChainedInvokeEnd, now: Timestamp) {
        self.fire_before(now);
        let Some(index) = self.index.get(operation_id).copied() else { return };
        let operation = &self.operations[index];
        let is_running = operation.operation_type == OperationType::ChainedInvoke
            && operation.status == OperationStatus::Started
            && !self.status.is_terminal();
        if !is_running {
            return;
        }
        self.meter(end.metering());
        let event = self.change(index, |operation| chained_invoke::end(operation, end, now));
        self.moved(index, Some(event), now);
    }
}
