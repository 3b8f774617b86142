//! One invocation of a handler: in the sandbox, against an execution in this process.

use std::sync::Arc;

use durabox_engine::replay::{CallSite, Mode, Replay};
use durabox_engine::service::InvocationEnd;
use durabox_model::{ErrorObject, InvocationInput, InvocationOutput};

use super::client::LocalClient;
use super::member::Member;
use super::{Observer, Progress, lock};
use crate::artifact::Sandbox;
use crate::sandbox::{
    self, AmbientRead, CheckpointClient, CheckpointFailure, Invocation, InvocationInfo, InvokeOptions, LogLine, Sink,
};

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
    pub(super) sites: Vec<(String, CallSite)>,
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
        let report = self.sandbox.invoke(&member.artifact, invocation).await;
        let (mut replay, mut client) = (report.replay, report.client);
        let end = answer(&mut replay, &mut *client, report.end).await;
        let end = with_site(end, lock(&shared.rejected).take(), &replay);
        let new = replay.claims().filter(|claim| !member.sites.contains_key(claim.id));
        let sites = new.map(|claim| (claim.id.to_owned(), claim.site.clone())).collect();
        Ended { end, logs: report.logs, ambient_reads: report.ambient_reads, sites }
    }
}

impl SandboxInvoker<'_> {
    fn sink(&self, member: &Member) -> Option<Sink> {
        let observer = self.observer.clone()?;
        let chained = member.invoked_by.is_some().then(|| member.function.name.clone());
        Some(Arc::new(move |line: &LogLine| observer(Progress::Log { line, chained: chained.as_deref() })))
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

/// Adds to an invocation's error where the operation stands that a checkpoint was rejected for.
fn with_site(mut end: InvocationEnd, rejected: Option<String>, replay: &Replay) -> InvocationEnd {
    let Some(id) = rejected else { return end };
    let site = replay.claims().find(|claim| claim.id == id).map(|claim| claim.site.to_string());
    if let (Some(site), InvocationEnd::Answered(InvocationOutput { error: Some(error), .. })) = (site, &mut end) {
        let message = error.error_message.take().unwrap_or_default();
        error.error_message = Some(format!("{message} at {site}"));
    }
    end
}
