//! The executions of a run: its own, and those that chained invokes start.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use durabox_engine::replay::CallSite;
use durabox_engine::service::{Execution, ExecutionConfig, InvocationEnd, StartExecution};
use durabox_model::{InvocationInput, MAX_PAYLOAD_SIZE, MAX_RESULT_SIZE, SmolStr, Timestamp};

use super::client::{Shared, Surroundings};
use super::invocation::Invoker;
use super::names::ExecutionNames;
use super::{FunctionRef, InvocationRecord, InvokedBy, LocalError, Progress, Run, RunOptions};
use crate::artifact::Artifact;
use crate::sandbox::AmbientRead;
use crate::store::{Background, NewRun, Recorder};

/// One execution of a run, and what came of its invocations.
pub(super) struct Member {
    pub(super) shared: Arc<Shared>,
    pub(super) artifact: Artifact,
    pub(super) function: FunctionRef,
    pub(super) execution_name: String,
    /// The chained invoke that started it; absent for the run's own.
    pub(super) invoked_by: Option<Parent>,
    pub(super) invocations: Vec<InvocationRecord>,
    pub(super) sites: HashMap<SmolStr, CallSite>,
    ambient_reads: Vec<AmbientRead>,
}

/// The chained invoke that started an execution.
#[derive(Clone, Debug)]
pub(super) struct Parent {
    /// The execution that invoked, by its place in the run.
    pub(super) member: usize,
    pub(super) execution_arn: String,
    /// Its number in the store.
    pub(super) number: Option<u64>,
    pub(super) operation_id: SmolStr,
}

/// What an execution is started with.
pub(super) struct NewMember {
    pub(super) artifact: Artifact,
    pub(super) function: FunctionRef,
    pub(super) names: ExecutionNames,
    pub(super) input: Option<String>,
    pub(super) invoked_by: Option<Parent>,
}

impl Member {
    /// Starts an execution, and begins to keep it.
    pub(super) fn start(
        index: usize,
        new: NewMember,
        options: &RunOptions,
        surroundings: &Arc<Surroundings>,
        store: Option<&Arc<Background>>,
    ) -> Result<Self, LocalError> {
        let start = StartExecution {
            arn: new.names.arn,
            input: new.input,
            config: ExecutionConfig {
                execution_timeout_seconds: options.execution_timeout_seconds,
                page_size: options.page_size,
                max_result_bytes: if new.invoked_by.is_some() { MAX_PAYLOAD_SIZE } else { MAX_RESULT_SIZE },
                ..ExecutionConfig::default()
            },
        };
        let mut execution = Execution::start(start, surroundings.clock.now());
        let new_run = NewRun {
            name: &new.names.name,
            function_name: &new.function.name,
            wasm_sha256: new.artifact.sha256(),
            seed: options.seed,
            invoked_by: new.invoked_by.as_ref().and_then(|by| Some((by.number?, by.operation_id.as_str()))),
            hosted: None,
        };
        let recorder = store.map(|store| store.begin(&mut execution, &new_run)).transpose()?;
        let shared = Arc::new(Shared {
            member: index,
            execution: Mutex::new(execution),
            recorder,
            surroundings: Arc::clone(surroundings),
        });
        Ok(Self {
            shared,
            artifact: new.artifact,
            function: new.function,
            execution_name: new.names.name,
            invoked_by: new.invoked_by,
            invocations: Vec::new(),
            sites: HashMap::new(),
            ambient_reads: Vec::new(),
        })
    }

    pub(super) fn number(&self) -> Option<u64> {
        self.shared.recorder.as_ref().map(Recorder::number)
    }

    /// Runs an invocation, and gives its end to the execution.
    pub(super) async fn invoke(
        &mut self,
        invoker: &impl Invoker,
        request_id: String,
        input: InvocationInput,
    ) -> Result<(), LocalError> {
        let clock = self.shared.surroundings.clock.clone();
        let start = clock.now();
        let number = self.invocations.len() as u64 + 1;
        if let Some(observer) = &self.shared.surroundings.observer {
            observer(Progress::Invocation { function: &self.function.name, number, now: start });
        }
        let ended = invoker.invoke(self, request_id.clone(), input).await;
        let crash = match &ended.end {
            InvocationEnd::Crashed(error) => Some(error.clone()),
            InvocationEnd::Answered(_) => None,
        };
        let now = clock.now();
        let record = InvocationRecord { number, request_id, start, end: now, logs: ended.logs, crash };
        if let Some(recorder) = &self.shared.recorder {
            recorder.save_invocation(&record, &ended.sites)?;
        }
        self.invocations.push(record);
        self.sites.extend(ended.sites);
        self.ambient_reads.extend(ended.ambient_reads);
        let shared = &self.shared;
        shared.change(|execution| {
            shared.answer_earlier(execution, now);
            execution.complete_invocation(ended.end, now);
        })?;
        self.shared.surroundings.take_store_error()
    }

    /// Returns when the execution's own timeout is due.
    pub(super) fn execution_deadline(&self, options: &RunOptions) -> Timestamp {
        self.shared.execution().start_timestamp().plus_seconds(options.execution_timeout_seconds)
    }

    /// Returns what came of the execution, and the handler that ran.
    pub(super) fn into_run(self) -> (Run, Artifact) {
        let number = self.number();
        let invoked_by =
            self.invoked_by.map(|by| InvokedBy { execution_arn: by.execution_arn, operation_id: by.operation_id });
        let execution = match Arc::try_unwrap(self.shared) {
            Ok(shared) => shared.into_execution(),
            // An invocation that was cut off may hold it still.
            Err(shared) => shared.execution().clone(),
        };
        let run = Run {
            execution,
            function_name: self.function.name,
            execution_name: self.execution_name,
            invocations: self.invocations,
            sites: self.sites,
            ambient_reads: self.ambient_reads,
            shadow: None,
            number,
            invoked_by,
            chained: Vec::new(),
            outside: super::Outside::default(),
        };
        (run, self.artifact)
    }
}
