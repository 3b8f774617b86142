//! One invocation of a handler: in the sandbox, against an execution in this process.

use std::sync::Arc;

use durabox_engine::replay::{CallSite, Mode, Replay};
use durabox_engine::service::InvocationEnd;
use durabox_model::{InvocationInput, SmolStr};

use super::client::LocalClient;
use super::member::Member;
use super::{Observer, Progress};
use crate::artifact::Sandbox;
use crate::invocation::complete;
use crate::sandbox::{AmbientRead, Invocation, InvocationInfo, InvokeOptions, LogLine, Sink};

/// Runs invocations; a test puts its own in the sandbox's place.
pub(super) trait Invoker: Send + Sync {
    /// Runs one invocation of the handler to its end.
    fn invoke<'a>(
        &'a self,
        member: &'a Member,
        request_id: String,
        input: InvocationInput,
    ) -> impl Future<Output = Ended> + Send + 'a;
}

/// What came of an invocation.
pub(super) struct Ended {
    pub(super) end: InvocationEnd,
    pub(super) logs: Vec<LogLine>,
    pub(super) ambient_reads: Vec<AmbientRead>,
    /// Where operations were asked for that no earlier invocation asked for, by operation id.
    pub(super) sites: Vec<(SmolStr, CallSite)>,
}

/// Invokes handlers in a sandbox.
pub(super) struct SandboxInvoker<'a> {
    pub(super) sandbox: &'a Sandbox,
    pub(super) options: Arc<InvokeOptions>,
    pub(super) observer: Option<Observer>,
}

impl Invoker for SandboxInvoker<'_> {
    async fn invoke(&self, member: &Member, request_id: String, input: InvocationInput) -> Ended {
        let shared = &member.shared;
        let event = input.operations.first().and_then(|execution| execution.execution_details.as_ref());
        let info = InvocationInfo {
            execution_arn: input.durable_execution_arn.clone(),
            input: event.and_then(|details| details.input_payload.clone()).unwrap_or_else(|| "null".into()),
            request_id,
            function_arn: member.function.arn(),
        };
        let operations = shared.whole_state(input.operations, input.next_marker, &input.checkpoint_token);
        let invocation = Invocation {
            replay: Replay::new(input.checkpoint_token, operations, Mode::Live),
            info,
            client: Box::new(LocalClient(Arc::clone(shared))),
            clock: shared.surroundings.clock.clone(),
            options: Arc::clone(&self.options),
            sink: self.sink(member),
        };
        let completed = complete(self.sandbox, &member.artifact, invocation).await;
        let new = completed.replay.claims().filter(|claim| !member.sites.contains_key(claim.id));
        let sites = new.map(|claim| (claim.id.clone(), claim.site.clone())).collect();
        Ended { end: completed.end, logs: completed.logs, ambient_reads: completed.ambient_reads, sites }
    }
}

impl SandboxInvoker<'_> {
    fn sink(&self, member: &Member) -> Option<Sink> {
        let observer = self.observer.clone()?;
        let chained = member.invoked_by.is_some().then(|| member.function.name.clone());
        Some(Arc::new(move |line: &LogLine| observer(Progress::Log { line, chained: chained.as_deref() })))
    }
}
