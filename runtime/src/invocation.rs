//! One invocation of a handler, from the event to the answer that Lambda gets: the sandbox runs the
//! guest, and what it left to tell is told. Local runs, the server and the bootstrap all go through here.

use durabox_engine::replay::Replay;
use durabox_engine::service::InvocationEnd;
use durabox_model::{ErrorObject, InvocationOutput};

use crate::artifact::{Artifact, Sandbox};
use crate::sandbox::{self, AmbientRead, CheckpointClient, CheckpointFailure, Invocation, LogLine};

/// What came of an invocation.
pub struct Completed {
    /// The answer, or why there is none.
    pub end: InvocationEnd,
    /// The machine as the invocation left it, with every claim.
    pub replay: Replay,
    /// Output, in order.
    pub logs: Vec<LogLine>,
    /// Reads of clock and random in handler code, under [`sandbox::Policy::Warn`].
    pub ambient_reads: Vec<AmbientRead>,
}

/// Runs an invocation to its end, and checkpoints what the guest left to tell.
pub async fn complete(sandbox: &Sandbox, artifact: &Artifact, invocation: Invocation) -> Completed {
    let report = sandbox.invoke(artifact, invocation).await;
    let (mut replay, mut client) = (report.replay, report.client);
    let end = answer(&mut replay, &mut *client, report.end).await;
    Completed { end, replay, logs: report.logs, ambient_reads: report.ambient_reads }
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
            Err(CheckpointFailure::Rejected { error, operation_id }) => {
                Err(failed(with_site(error, operation_id.as_deref(), replay)))
            }
            Err(CheckpointFailure::Unavailable(error)) => Err(InvocationEnd::Crashed(error)),
        };
        if let Err(end) = told {
            return if matches!(answer, InvocationEnd::Crashed(_)) { answer } else { end };
        }
    }
    match answer {
        // Lambda took the execution back, and invokes the function again when it goes on.
        InvocationEnd::Answered(_) if replay.is_revoked() => InvocationEnd::Answered(InvocationOutput::pending()),
        answer => answer,
    }
}

fn failed(error: ErrorObject) -> InvocationEnd {
    InvocationEnd::Answered(InvocationOutput::failed(Some(error)))
}

/// Adds to an error where the operation stands that a checkpoint was rejected for.
pub(crate) fn with_site(mut error: ErrorObject, operation_id: Option<&str>, replay: &Replay) -> ErrorObject {
    let claim = operation_id.and_then(|id| replay.claims().find(|claim| claim.id == id));
    if let Some(claim) = claim {
        let message = error.error_message.take().unwrap_or_default();
        error.error_message = Some(format!("{message} (at {})", claim.site));
    }
    error
}
