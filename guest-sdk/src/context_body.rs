//! What child contexts, batches and combinators share: a context's body runs, and what it comes to
//! is recorded.

use std::fmt;

use crate::bindings::host::{self, Outcome, RetryDecision, State};
use crate::error::OperationError;
use crate::failure::WireError;
use crate::operation::Claimed;

/// What a context's body comes to.
pub(crate) enum Body<T> {
    Succeeded {
        value: T,
        payload: String,
        /// Recorded in place of a payload above 256 KiB, which the children rebuild on replay.
        summary: Option<String>,
    },
    Failed {
        error: OperationError,
        wire: WireError,
    },
    /// The context is left as it is.
    Refused(OperationError),
}

/// How a context ended.
pub(crate) enum Ended<T> {
    /// In this invocation, and it is recorded: what it came to, and as which payload.
    Here(Result<(T, String), OperationError>),
    /// Earlier.
    Earlier(Outcome),
}

/// Runs a claimed context to its end. `body` is given what the record has in place of its result,
/// if it is run to rebuild that.
pub(crate) async fn run<T, F, Fut>(claimed: &mut Claimed, body: F) -> Ended<T>
where
    F: FnOnce(Option<String>) -> Fut,
    Fut: Future<Output = Body<T>>,
{
    match claimed.next().await {
        State::Run(attempt) => Ended::Here(rest(claimed, body(attempt.carried).await).await),
        State::Settled(outcome) => Ended::Earlier(outcome),
        state => unexpected(&state),
    }
}

/// Reports what a body came to, and waits until that is durable. Gives its payload back.
pub(crate) async fn rest<T>(claimed: &mut Claimed, body: Body<T>) -> Result<(T, String), OperationError> {
    let handle = claimed.operation.handle();
    match body {
        Body::Succeeded { value, payload, summary } => {
            host::succeed(handle, Some(&payload), summary.as_deref());
            claimed.operation.acknowledged().await;
            Ok((value, payload))
        }
        Body::Failed { error, wire } => {
            host::fail(handle, &wire.0, RetryDecision::Stop);
            claimed.operation.acknowledged().await;
            Err(error.recorded(claimed.operation.id(), "FAILED", wire))
        }
        Body::Refused(error) => Err(error),
    }
}

pub(crate) fn unexpected(state: &dyn fmt::Debug) -> ! {
    panic!("a context runs or has ended, but the host answered {state:?}")
}
