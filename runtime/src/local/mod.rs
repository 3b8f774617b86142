//! Runs an execution to its end on this machine: `service` and `replay` face to face, in virtual
//! or real time.

mod client;
mod names;
mod options;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use durabox_engine::replay::{CallSite, Mode, Replay};
use durabox_engine::service::{Effect, Execution, ExecutionConfig, InvocationEnd, StartExecution};
use durabox_model::{ErrorObject, ExecutionStatus, InvocationInput, InvocationOutput, MAX_INPUT_SIZE, Timestamp};

use crate::artifact::{Artifact, Sandbox};
use crate::clock::Clock;
use crate::sandbox::{
    self, AmbientRead, CheckpointClient, CheckpointFailure, Invocation, InvocationInfo, LogLine, Policy,
};
use crate::store::{Recorder, Store, StoreError};
use crate::verify;
use client::{LocalClient, Shared};

pub use names::execution_arn;
pub use options::{Observer, Progress, RunOptions};

/// The instant at which virtual time begins: 2026-01-01T00:00:00Z.
pub const VIRTUAL_START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// Why a run could not be made, or not be kept.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The input is not JSON.
    #[error("input is not JSON: {0}")]
    MalformedInput(serde_json::Error),
    /// The input is larger than Lambda takes.
    #[error("input takes at most {MAX_INPUT_SIZE} bytes (6 MiB), got {0}")]
    InputTooLarge(usize),
    /// The execution's name is not one that Lambda takes.
    #[error("execution name takes 1 to 64 characters of [a-zA-Z0-9-_], got {0:?}")]
    InvalidName(String),
    /// The execution timeout is out of Lambda's bounds.
    #[error("execution timeout takes 1 to 31622400 seconds (366 days), got {0}")]
    InvalidExecutionTimeout(u64),
    /// The run went on, but its record is not whole.
    #[error("the run could not be saved")]
    Store(#[from] StoreError),
}

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
    pub sites: HashMap<String, CallSite>,
    /// Reads of clock and random in handler code, where the policy reports them.
    pub ambient_reads: Vec<AmbientRead>,
    /// What the shadow replay found, if one was made.
    pub shadow: Option<verify::Report>,
    /// The run's number in the store.
    pub number: Option<u64>,
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

/// Runs `artifact` on `input`, JSON text, until the execution closes.
///
/// With a store every checkpoint is kept before it is acknowledged.
pub async fn run(
    sandbox: &Sandbox,
    artifact: &Artifact,
    input: &str,
    options: RunOptions,
    store: Option<&Store>,
) -> Result<Run, LocalError> {
    if input.len() > MAX_INPUT_SIZE {
        return Err(LocalError::InputTooLarge(input.len()));
    }
    serde_json::from_str::<serde::de::IgnoredAny>(input).map_err(LocalError::MalformedInput)?;
    let execution_name = names::execution_name(&options, input)?;
    if !(1..=durabox_model::MAX_EXECUTION_TIMEOUT_SECONDS).contains(&options.execution_timeout_seconds) {
        return Err(LocalError::InvalidExecutionTimeout(options.execution_timeout_seconds));
    }

    let clock = if options.real_time { Clock::real() } else { Clock::virtual_at(VIRTUAL_START) };
    let id = names::execution_id(&options, &execution_name, input);
    let start = StartExecution {
        arn: execution_arn(&options.function_name, &execution_name, &id),
        input: Some(input.to_owned()),
        config: ExecutionConfig {
            execution_timeout_seconds: options.execution_timeout_seconds,
            page_size: options.page_size,
            ..ExecutionConfig::default()
        },
    };
    let mut execution = Execution::start(start, clock.now());
    let recorder = match store {
        Some(store) => Some(store.begin(&mut execution, &execution_name, &options, artifact.sha256())?),
        None => None,
    };
    let number = recorder.as_ref().map(Recorder::number);
    let shared = Arc::new(Shared {
        execution: Mutex::new(execution),
        clock,
        recorder,
        observer: options.observer.clone(),
        store_error: Mutex::new(None),
    });
    let mut driver = Driver {
        sandbox,
        artifact,
        invoke_options: Arc::new(options.invoke_options()),
        function_arn: names::function_arn(&options.function_name),
        options,
        shared,
        invocations: Vec::new(),
        sites: HashMap::new(),
        ambient_reads: Vec::new(),
    };
    driver.drive().await?;
    driver.into_run(execution_name, number).await
}

struct Driver<'a> {
    sandbox: &'a Sandbox,
    artifact: &'a Artifact,
    invoke_options: Arc<sandbox::InvokeOptions>,
    function_arn: String,
    options: RunOptions,
    shared: Arc<Shared>,
    invocations: Vec<InvocationRecord>,
    sites: HashMap<String, CallSite>,
    ambient_reads: Vec<AmbientRead>,
}

impl Driver<'_> {
    /// Performs effects; when idle, goes to the next deadline. This is all of skipping time.
    async fn drive(&mut self) -> Result<(), LocalError> {
        loop {
            let (effect, deadline) = {
                let mut execution = self.shared.execution();
                (execution.poll_effect(self.shared.clock.now()), execution.poll_timeout())
            };
            match (effect, deadline) {
                (Some(Effect::Invoke { request_id, input }), _) => self.invoke(request_id, input).await?,
                (Some(Effect::Closed), _) | (None, None) => return Ok(()),
                (None, Some(deadline)) => {
                    self.options.report(Progress::TimeSkip { to: deadline });
                    self.shared.clock.reach(deadline).await;
                    let now = self.shared.clock.now();
                    self.shared.change(|execution| execution.handle_timeout(now))?;
                }
            }
        }
    }

    async fn invoke(&mut self, request_id: String, input: InvocationInput) -> Result<(), LocalError> {
        let start = self.shared.clock.now();
        let number = self.invocations.len() as u64 + 1;
        self.options.report(Progress::Invocation { number, now: start });
        let event = input.operations.first().and_then(|execution| execution.execution_details.as_ref());
        let info = InvocationInfo {
            execution_arn: input.durable_execution_arn.clone(),
            input: event.and_then(|details| details.input_payload.clone()).unwrap_or_else(|| "null".into()),
            request_id: request_id.clone(),
            function_arn: self.function_arn.clone(),
        };
        let operations = self.shared.whole_state(input.operations, input.next_marker, &input.checkpoint_token);
        let invocation = Invocation {
            replay: Replay::new(input.checkpoint_token, operations, Mode::Live),
            info,
            client: Box::new(LocalClient(Arc::clone(&self.shared))),
            clock: self.shared.clock.clone(),
            options: Arc::clone(&self.invoke_options),
            sink: self.options.sink(),
        };
        let report = self.sandbox.invoke(self.artifact, invocation).await;
        let (mut replay, mut client) = (report.replay, report.client);
        let end = answer(&mut replay, &mut *client, report.end).await;

        for claim in replay.claims() {
            if !self.sites.contains_key(claim.id) {
                self.sites.insert(claim.id.to_owned(), claim.site.clone());
            }
        }
        self.ambient_reads.extend(report.ambient_reads);
        let now = self.shared.clock.now();
        let crash = match &end {
            InvocationEnd::Crashed(error) => Some(error.clone()),
            InvocationEnd::Answered(_) => None,
        };
        let record = InvocationRecord { number, request_id, start, end: now, logs: report.logs, crash };
        if let Some(recorder) = &self.shared.recorder {
            recorder.save_invocation(&record, replay.claims())?;
        }
        self.invocations.push(record);
        self.shared.change(|execution| execution.complete_invocation(end, now))?;
        self.shared.take_store_error()
    }

    async fn into_run(self, execution_name: String, number: Option<u64>) -> Result<Run, LocalError> {
        let execution = self.shared.execution().clone();
        let mut run = Run {
            execution,
            function_name: self.options.function_name.clone(),
            execution_name,
            invocations: self.invocations,
            sites: self.sites,
            ambient_reads: self.ambient_reads,
            shadow: None,
            number,
        };
        if self.options.shadow_replay && run.execution.status() == ExecutionStatus::Succeeded {
            let mut invoke_options = (*self.invoke_options).clone();
            // Another order for every std HashMap: what depends on it differs.
            invoke_options.hash_seed = invoke_options.hash_seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            // Noted, so that a divergence can name the read before it.
            if invoke_options.policy == Policy::Stabilise {
                invoke_options.policy = Policy::Warn;
            }
            let recorded = verify::Recorded::from(&run);
            run.shadow = Some(verify::replay(self.sandbox, self.artifact, &recorded, invoke_options).await);
        }
        Ok(run)
    }
}

/// Turns the end of a guest's run into the answer that Lambda gets, after what it left to tell.
async fn answer(replay: &mut Replay, client: &mut dyn CheckpointClient, end: sandbox::InvocationEnd) -> InvocationEnd {
    use sandbox::InvocationEnd as End;
    let answer = match end {
        End::Finished(outcome) => InvocationEnd::Answered(replay.finish(outcome)),
        End::Suspended => InvocationEnd::Answered(InvocationOutput::pending()),
        End::Fault(fault) => failed(fault.error_object()),
        End::Refused(error) => failed(error),
        // The service has refused this batch; there is nobody to tell the rest.
        End::Rejected(error) => return failed(error),
        End::Crashed(error) => InvocationEnd::Crashed(error),
    };
    // STARTs of operations that ran or were dropped, reports of a guest that died before it could
    // wait for them, a large result: the engine outlives its guest, so none of it is lost.
    while let Some(request) = replay.poll_checkpoint() {
        let told = match client.checkpoint(request).await {
            Ok(output) => replay.handle_checkpoint(output).map_err(|fault| failed(fault.error_object())),
            Err(CheckpointFailure::Rejected(error)) => Err(failed(error)),
            Err(CheckpointFailure::Unavailable(error)) => Err(InvocationEnd::Crashed(error)),
        };
        if let Err(end) = told {
            return if matches!(answer, InvocationEnd::Crashed(_)) { answer } else { end };
        }
    }
    answer
}

fn failed(error: ErrorObject) -> InvocationEnd {
    InvocationEnd::Answered(InvocationOutput::failed(Some(error)))
}

/// A poisoned lock means that another thread panicked in the middle of nothing of ours.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
