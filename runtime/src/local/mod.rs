//! Runs an execution to its end on this machine: `service` and `replay` face to face, in virtual
//! or real time, with the executions that chained invokes start and answers to callbacks.

mod answer;
mod callbacks;
mod client;
mod control;
mod faults;
mod functions;
mod invocation;
mod invokes;
mod member;
mod names;
mod options;
mod run;
#[cfg(test)]
mod tests;
mod time;
mod world;

use std::sync::{Arc, Mutex, PoisonError};

use durabox_model::{ExecutionStatus, MAX_INPUT_SIZE, Timestamp};

use crate::artifact::{Artifact, Sandbox};
use crate::clock::Clock;
use crate::sandbox::{InvokeOptions, Policy};
use crate::store::{Store, StoreError};
use crate::verify;
use faults::Faults;
use invocation::SandboxInvoker;
use member::NewMember;
use names::ExecutionNames;
use world::{Setting, World};

pub use answer::{CallbackAction, CallbackAnswer, CallbackSelector};
pub use callbacks::{OpenCallback, RefusedAnswer};
pub use control::{Commands, ControlError, Controls, controls};
pub use faults::{Fault, StepMock};
pub use functions::{Functions, Mock, MockCall, Resolver, UnknownFunction};
pub use names::{FunctionRef, execution_arn};
pub use options::{Observer, Progress, RunOptions};
pub use run::{InvocationRecord, InvokedBy, LargePayload, Outside, Run};

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
    /// A handler that a chained invoke calls exists and cannot be run.
    #[error("the function `{name}`, which the handler invokes, cannot be run: {source}")]
    Function {
        /// The function, as the invoke named it.
        name: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The run went on, but its record is not whole.
    #[error("the run could not be saved")]
    Store(#[from] StoreError),
}

/// Runs `artifact` on `input`, JSON text, until the execution closes, and every execution that
/// chained invokes have started; or until only callbacks are left that nobody will answer.
///
/// With a store the run is kept as it goes on; all of it is when this returns, or the error says why not.
pub async fn run(
    sandbox: &Sandbox,
    artifact: &Artifact,
    input: &str,
    options: RunOptions,
    store: Option<&Store>,
) -> Result<Run, LocalError> {
    run_controlled(sandbox, artifact, input, options, store, Commands::none()).await
}

/// Runs like [`run`], and obeys the [`Controls`] that `commands` belong to.
pub async fn run_controlled(
    sandbox: &Sandbox,
    artifact: &Artifact,
    input: &str,
    mut options: RunOptions,
    store: Option<&Store>,
    commands: Commands,
) -> Result<Run, LocalError> {
    let new = own(artifact, input, &mut options)?;
    let clock = if options.real_time { Clock::real() } else { Clock::virtual_at(VIRTUAL_START) };
    let faults = Arc::new(Mutex::new(Faults::new(&options.faults, &options.step_mocks)));
    let step_hook = Faults::hook(&faults);
    let invoke_options = Arc::new(InvokeOptions { step_hook, ..options.invoke_options() });
    let invoker = SandboxInvoker { sandbox, options: Arc::clone(&invoke_options), observer: options.observer.clone() };
    let mut world = World::new(invoker, Setting { clock, faults }, &options, store, commands)?;
    world.start(new)?;
    world.drive().await?;
    let (mut runs, outside) = world.finish();
    if options.shadow_replay {
        for (run, artifact) in &mut runs {
            run.shadow = shadow_replay(sandbox, artifact, run, &invoke_options).await;
        }
    }
    let mut runs = runs.into_iter().map(|(run, _)| run);
    let mut run = runs.next().expect("a world that was driven has an execution");
    run.chained = runs.collect();
    run.outside = outside;
    Ok(run)
}

/// Checks what a run is made with, and returns its own execution.
fn own(artifact: &Artifact, input: &str, options: &mut RunOptions) -> Result<NewMember, LocalError> {
    if input.len() > MAX_INPUT_SIZE {
        return Err(LocalError::InputTooLarge(input.len()));
    }
    serde_json::from_str::<serde::de::IgnoredAny>(input).map_err(LocalError::MalformedInput)?;
    let names = ExecutionNames::of_run(options, input)?;
    if !(1..=durabox_model::MAX_EXECUTION_TIMEOUT_SECONDS).contains(&options.execution_timeout_seconds) {
        return Err(LocalError::InvalidExecutionTimeout(options.execution_timeout_seconds));
    }
    let function = FunctionRef::named(&options.function_name);
    options.functions.add_own(&function, artifact);
    let (artifact, input) = (artifact.clone(), Some(input.to_owned()));
    Ok(NewMember { artifact, function, names, input, invoked_by: None })
}

/// Replays a success against its own history, with another order of every hash map.
async fn shadow_replay(
    sandbox: &Sandbox,
    artifact: &Artifact,
    run: &Run,
    options: &InvokeOptions,
) -> Option<verify::Report> {
    if run.execution.status() != ExecutionStatus::Succeeded {
        return None;
    }
    let mut options = InvokeOptions { step_hook: None, ..options.clone() };
    // Another order for every std HashMap: what depends on it differs.
    options.hash_seed = options.hash_seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    // Noted, so that a divergence can name the read before it.
    if options.policy == Policy::Stabilise {
        options.policy = Policy::Warn;
    }
    Some(verify::replay(sandbox, artifact, &verify::Recorded::from(run), options).await)
}

/// A poisoned lock means that another thread panicked in the middle of nothing of ours.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
