//! Handlers as closures: each invocation is a turn that checkpoints what it likes and answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use durabox_engine::CheckpointRequest;
use durabox_engine::service::InvocationEnd;
use durabox_model::{
    CallbackOptions, ChainedInvokeOptions, InvocationInput, InvocationOutput, Operation, OperationAction,
    OperationType, OperationUpdate, SmolStr, Timestamp, WaitOptions,
};

use crate::artifact::{Artifact, Sandbox, SandboxOptions};
use crate::clock::Clock;
use crate::local::client::LocalClient;
use crate::local::invocation::{Ended, Invoker};
use crate::local::member::Member;
use crate::local::world::{Setting, World};
use crate::local::{Commands, LocalError, Outside, Run, RunOptions, VIRTUAL_START, own};
use crate::sandbox::{CheckpointClient, CheckpointFailure, tests::handler};
use crate::store::Store;

/// One invocation of a scripted handler.
pub(super) struct Turn {
    /// From 1, of its execution.
    pub(super) number: usize,
    token: String,
    client: LocalClient,
    pub(super) operations: HashMap<SmolStr, Operation>,
    pub(super) clock: Clock,
}

impl Turn {
    pub(super) fn callback(&mut self, id: &str, timeout_seconds: u64, heartbeat_timeout_seconds: u64) {
        let mut update = OperationUpdate::new(id, OperationType::Callback, OperationAction::Start);
        update.name = Some(id.into());
        update.callback_options = Some(CallbackOptions { timeout_seconds, heartbeat_timeout_seconds });
        self.checkpoint(vec![update]);
    }

    pub(super) fn wait(&mut self, id: &str, wait_seconds: u64) {
        self.try_wait(id, wait_seconds).expect("a checkpoint");
    }

    pub(super) fn try_wait(&mut self, id: &str, wait_seconds: u64) -> Result<(), CheckpointFailure> {
        let mut update = OperationUpdate::new(id, OperationType::Wait, OperationAction::Start);
        update.wait_options = Some(WaitOptions { wait_seconds });
        self.try_checkpoint(vec![update])
    }

    pub(super) fn invoke(&mut self, id: &str, function: &str, payload: &str) {
        let mut update = OperationUpdate::new(id, OperationType::ChainedInvoke, OperationAction::Start);
        let options = ChainedInvokeOptions { function_name: function.into(), ..ChainedInvokeOptions::default() };
        update.chained_invoke_options = Some(options.into());
        update.payload = Some(payload.into());
        self.checkpoint(vec![update]);
    }

    /// Makes an empty checkpoint, which tells what moved outside.
    pub(super) fn look(&mut self) {
        self.checkpoint(Vec::new());
    }

    fn checkpoint(&mut self, updates: Vec<OperationUpdate>) {
        self.try_checkpoint(updates).expect("a checkpoint");
    }

    fn try_checkpoint(&mut self, updates: Vec<OperationUpdate>) -> Result<(), CheckpointFailure> {
        let request = CheckpointRequest { token: self.token.clone(), updates };
        let output = now(self.client.checkpoint(request))?;
        self.token = output.token.expect("the execution is open");
        self.operations.extend(output.operations.iter().map(|operation| (operation.id.clone(), (**operation).clone())));
        Ok(())
    }

    /// Returns the result of an operation that succeeded.
    pub(super) fn result(&self, id: &str) -> Option<String> {
        self.operations.get(id)?.result().map(str::to_owned)
    }

    /// Returns the type of an operation's error.
    pub(super) fn error(&self, id: &str) -> Option<String> {
        self.operations.get(id)?.error()?.error_type.clone()
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.operations.contains_key(id)
    }

    /// Whether an operation has ended.
    pub(super) fn ended(&self, id: &str) -> bool {
        self.operations.get(id).is_some_and(|operation| operation.status.is_terminal())
    }
}

pub(super) fn pending() -> InvocationEnd {
    InvocationEnd::Answered(InvocationOutput::pending())
}

pub(super) fn done(result: impl Into<String>) -> InvocationEnd {
    InvocationEnd::Answered(InvocationOutput::succeeded(Some(result.into())))
}

/// Returns the value of a future that never waits.
pub(super) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the future waits"),
    }
}

type Script = Arc<dyn Fn(&mut Turn) -> InvocationEnd + Send + Sync>;

/// Handlers by function name, and a line to each invocation.
#[derive(Clone, Default)]
pub(super) struct Scripts {
    handlers: HashMap<String, Script>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Scripts {
    pub(super) fn handler(
        mut self,
        name: &str,
        script: impl Fn(&mut Turn) -> InvocationEnd + Send + Sync + 'static,
    ) -> Self {
        self.handlers.insert(name.into(), Arc::new(script));
        self
    }
}

impl Invoker for Scripts {
    async fn invoke(&self, member: &Member, _: String, input: InvocationInput) -> Ended {
        let shared = Arc::clone(&member.shared);
        let clock = shared.surroundings.clock.clone();
        let number = member.invocations.len() + 1;
        let line = format!("{} {} #{number}", offset(clock.now()), member.function);
        self.lines.lock().expect("no panic").push(line);
        let operations = shared.whole_state(input.operations, input.next_marker, &input.checkpoint_token);
        let operations = operations.iter().map(|operation| (operation.id.clone(), (**operation).clone())).collect();
        let mut turn = Turn { number, token: input.checkpoint_token, client: LocalClient(shared), operations, clock };
        let end = self.handlers[&member.function.name](&mut turn);
        Ended { end, logs: Vec::new(), ambient_reads: Vec::new(), sites: Vec::new() }
    }
}

/// Returns `90s`: the time since the run's start.
pub(super) fn offset(time: Timestamp) -> String {
    format!("{}s", time.since(VIRTUAL_START).as_secs())
}

/// What came of a scripted run.
pub(super) struct Told {
    pub(super) run: Run,
    pub(super) chained: Vec<Run>,
    pub(super) outside: Outside,
    /// `10s order #2`: each invocation, over all executions.
    pub(super) invocations: Vec<String>,
}

/// Returns `10s CallbackSucceeded approval` of each event of an execution but the invocations'.
pub(super) fn events(run: &Run) -> Vec<String> {
    let events = run.execution.events().iter();
    let told = events.filter(|event| event.id.is_some());
    told.map(|event| {
        let id = event.id.as_deref().unwrap_or_default();
        format!("{} {} {id}", offset(event.event_timestamp), event.details.event_type())
    })
    .collect()
}

/// Returns a component that does nothing; scripts run in its place.
pub(super) fn artifact() -> Artifact {
    static ARTIFACT: OnceLock<Artifact> = OnceLock::new();
    let load = || {
        let sandbox = Sandbox::new(SandboxOptions::default()).expect("a sandbox");
        sandbox.load_bytes("scripted.wasm", &handler("i32.const 0")).expect("a handler")
    };
    ARTIFACT.get_or_init(load).clone()
}

/// Runs the handler `order` of these scripts; the others are functions that it can invoke.
pub(super) fn run(scripts: Scripts, options: RunOptions) -> Told {
    now(drive(scripts, options, Commands::none())).expect("a run")
}

/// Runs like [`run`], controlled.
pub(super) async fn drive(scripts: Scripts, options: RunOptions, commands: Commands) -> Result<Told, LocalError> {
    drive_kept(scripts, options, commands, None).await
}

/// Runs like [`drive`], and keeps the run.
pub(super) async fn drive_kept(
    scripts: Scripts,
    mut options: RunOptions,
    commands: Commands,
    store: Option<&Store>,
) -> Result<Told, LocalError> {
    options.function_name = "order".into();
    for name in scripts.handlers.keys().filter(|name| *name != "order") {
        options.functions.add_handler(name, artifact());
    }
    let new = own(&artifact(), "{}", &mut options)?;
    let lines = Arc::clone(&scripts.lines);
    let clock = if options.real_time { Clock::real() } else { Clock::virtual_at(VIRTUAL_START) };
    let mut world = World::new(scripts, Setting { clock, faults: Arc::default() }, &options, store, commands)?;
    world.start(new)?;
    world.drive().await?;
    let (runs, outside) = world.finish();
    let mut runs = runs.into_iter().map(|(run, _)| run);
    let run = runs.next().expect("the run's own execution");
    let invocations = lines.lock().expect("no panic").clone();
    Ok(Told { run, chained: runs.collect(), outside, invocations })
}

/// Returns options with these answers.
pub(super) fn answers(callbacks: Vec<crate::local::CallbackAnswer>) -> RunOptions {
    RunOptions { callbacks, ..RunOptions::default() }
}

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
