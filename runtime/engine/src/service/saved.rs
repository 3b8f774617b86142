use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use durabox_model::{
    ErrorObject, Event, EventDetails, ExecutionStatus, Operation, OperationStatus, OperationType, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::callback::OpenCallback;
use super::execution::RunningInvocation;
use super::timer::Timers;
use super::token::Tokens;
use super::{ChainedInvoke, Execution, ExecutionConfig, Metering, Pause, operation};

/// What an execution is besides its operations and events: small, and kept with every change of them.
///
/// Left out is the answer to the last checkpoint: whoever could ask for it again belongs to an
/// invocation that [`Execution::restore`]'s caller interrupts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Saved {
    arn: String,
    config: ExecutionConfig,
    status: ExecutionStatus,
    result: Option<String>,
    error: Option<ErrorObject>,
    end: Option<Timestamp>,
    deadline: Timestamp,
    pause: Option<Pause>,
    callbacks: Vec<(usize, OpenCallback)>,
    metering: Metering,
    tokens: (u64, u64),
    invocation: Option<RunningInvocation>,
    invocation_count: u64,
    updated: Vec<usize>,
    wake: bool,
    crashes: u32,
    empty_suspensions: u32,
}

impl Execution {
    /// Returns what must be kept besides the operations and the events.
    pub fn saved(&self) -> Saved {
        Saved {
            arn: self.arn.clone(),
            config: self.config.clone(),
            status: self.status,
            result: self.result.clone(),
            error: self.error.clone(),
            end: self.end,
            deadline: self.deadline,
            pause: self.pause.clone(),
            callbacks: self.callbacks.iter().map(|(index, open)| (*index, open.clone())).collect(),
            metering: self.metering,
            tokens: self.tokens.position(),
            invocation: self.invocation.clone(),
            invocation_count: self.invocation_count,
            updated: self.updated.clone(),
            wake: self.wake,
            crashes: self.crashes,
            empty_suspensions: self.empty_suspensions,
        }
    }

    /// Returns the execution as it stood when all of this was kept; `operations` in start order.
    ///
    /// An invocation that ran then is still running: who cannot know its end says so with
    /// [`Execution::interrupt_invocation`]. Chained invokes that have not ended are to be taken again.
    pub fn restore(saved: Saved, operations: Vec<Arc<Operation>>, events: Vec<Event>) -> Self {
        let index = operations.iter().enumerate().map(|(index, operation)| (operation.id.clone(), index)).collect();
        let mut execution = Self {
            tokens: Tokens::at(&saved.arn, saved.tokens),
            arn: saved.arn,
            config: saved.config,
            status: saved.status,
            result: saved.result,
            error: saved.error,
            end: saved.end,
            deadline: saved.deadline,
            pause: saved.pause,
            pending: operations.iter().filter(|operation| operation::is_pending(operation)).count(),
            index,
            operations,
            events,
            timers: Timers::default(),
            callbacks: BTreeMap::new(),
            chained_invokes: Vec::new(),
            invoke_events: HashMap::new(),
            metering: saved.metering,
            last_checkpoint: None,
            invocation: saved.invocation,
            invocation_count: saved.invocation_count,
            unseen: Vec::new(),
            updated: saved.updated,
            dirty: Vec::new(),
            wake: saved.wake,
            crashes: saved.crashes,
            empty_suspensions: saved.empty_suspensions,
            announce_close: false,
        };
        if !execution.status.is_terminal() {
            execution.arm_timers(saved.callbacks);
            execution.find_chained_invokes();
        }
        execution
    }

    fn arm_timers(&mut self, callbacks: Vec<(usize, OpenCallback)>) {
        self.timers.arm(self.deadline, 0);
        for (index, operation) in self.operations.iter().enumerate() {
            let due = match (operation.operation_type, operation.status) {
                (OperationType::Wait, OperationStatus::Started) => {
                    operation.wait_details.as_ref().and_then(|wait| wait.scheduled_end_timestamp)
                }
                (OperationType::Step, OperationStatus::Pending) => {
                    operation.step_details.as_ref().and_then(|step| step.next_attempt_timestamp)
                }
                _ => None,
            };
            if let Some(due) = due {
                self.timers.arm(due, index);
            }
        }
        for (index, open) in callbacks {
            self.keep_open_callback(index, open);
        }
    }

    fn find_chained_invokes(&mut self) {
        for (position, event) in self.events.iter().enumerate() {
            let (EventDetails::ChainedInvokeStarted(started), Some(id)) = (&event.details, &event.id) else { continue };
            let Some(index) = self.index.get(id) else { continue };
            self.invoke_events.insert(*index, position);
            if self.operations[*index].status == OperationStatus::Started {
                let started = &started.details;
                self.chained_invokes.push(ChainedInvoke {
                    operation_id: id.clone(),
                    function_name: started.function_name.clone(),
                    tenant_id: started.tenant_id.clone(),
                    x_amzn_trace_id: None,
                    payload: started.input.as_ref().and_then(|input| input.payload.clone()),
                });
            }
        }
    }
}
