//! One task to an open execution: performs what its machine asks for, and fires its timers.

use std::sync::Arc;

use durabox_runtime::engine::service::{Effect, Execution};
use durabox_runtime::model::Timestamp;

use crate::hosted::Hosted;
use crate::service::{Service, ServiceError};

/// What the machine has to say.
struct Next {
    effect: Option<Effect>,
    due: Option<Timestamp>,
    /// Whether somebody outside is expected to answer.
    holds: bool,
    /// How often the execution had been changed from outside.
    changes: u64,
}

impl Next {
    fn of(hosted: &Hosted, execution: &mut Execution, now: Timestamp) -> Self {
        execution.handle_timeout(now);
        let effect = execution.poll_effect(now);
        let holds = execution.open_callbacks().next().is_some();
        Self { effect, due: execution.poll_timeout(), holds, changes: hosted.changes() }
    }
}

/// Drives an execution until it closes, or the server ends. A state that cannot be kept ends it as well:
/// what was kept goes on after a restart.
pub async fn drive(service: Arc<Service>, hosted: Arc<Hosted>) {
    tokio::select! {
        biased;
        // What its functions do from here on, such as to end with the server, is not the execution's.
        () = service.ended() => return,
        left = go_on(&service, &hosted) => {
            if let Err(error) = left {
                service.log_error(&hosted, &error.to_string());
            }
        }
    }
    service.close(&hosted);
}

async fn go_on(service: &Arc<Service>, hosted: &Arc<Hosted>) -> Result<(), ServiceError> {
    loop {
        let next = hosted.change_quietly(|execution, now| Next::of(hosted, execution, now))?;
        match next.effect {
            Some(Effect::Closed) => return Ok(()),
            Some(Effect::Invoke { request_id, input }) => {
                let invocation = service.invoke_durable(hosted, request_id, input);
                let end = while_timers_fire(service, hosted, invocation).await?;
                service.goes_on().await;
                hosted.change_quietly(|execution, now| execution.complete_invocation(end, now))?;
            }
            None => {
                hosted.rest(next.changes, next.due);
                hosted.member.idle(next.due, next.holds, &hosted.wake, || hosted.changes() == next.changes);
                reach(hosted, next.due).await;
                hosted.work();
                hosted.member.busy();
            }
        }
    }
}

/// Runs an invocation, and meanwhile the timers: history says when something happened, not when the
/// function came to ask. Who waits for the end of an execution that a stop or its timeout has closed
/// is told at once.
async fn while_timers_fire<T>(
    service: &Arc<Service>,
    hosted: &Hosted,
    invocation: impl Future<Output = T>,
) -> Result<T, ServiceError> {
    let mut invocation = std::pin::pin!(invocation);
    loop {
        if hosted.is_cut_short() {
            service.close_early(hosted);
        }
        let due = hosted.execution().poll_timeout();
        tokio::select! {
            biased;
            end = &mut invocation => return Ok(end),
            () = reach(hosted, due) => {}
        }
        if hosted.execution().poll_timeout().is_some_and(|due| due <= hosted.now()) {
            hosted.change_quietly(Execution::handle_timeout)?;
        }
    }
}

/// Waits until `due`, or until something happens to the execution.
async fn reach(hosted: &Hosted, due: Option<Timestamp>) {
    let woken = hosted.wake.notified();
    match due {
        Some(due) => {
            let left = due.since(hosted.now());
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(left) => {}
            }
        }
        None => woken.await,
    }
}
