//! Several futures decided on as one operation: what they came to is recorded, so that a replay
//! decides the same.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::BoxError;
use crate::bindings::host::{Outcome, Request};
use crate::child::SUB_TYPE;
use crate::context_body::{self, Body, Ended};
use crate::error::{
    ChildContextError, ChildContextErrorKind, CombinatorError, CombinatorErrorKind as Kind, JoinFailed, OperationError,
    Replayed,
};
use crate::failure::{ReplayedFailure, WireError, chain_text};
use crate::future::{DurableFuture, Settled};
use crate::operation::{Claimed, Place};
use crate::tasks::Tasks;
use crate::terminals::{debug_by_place, terminals};

const JOIN_FAILED: &str = "CombinatorError.JoinFailed.";
const ALL_FAILED: &str = "CombinatorError.AllFailed";
const FIRST_SETTLED_FAILED: &str = "CombinatorError.FirstSettledFailed";
const EMPTY_INPUT: &str = "CombinatorError.EmptyInput";
/// ErrorType of a rejection that has none of its own.
const REJECTED: &str = "CombinatorError";

/// Declares a combinator's builder around what it does with its futures.
macro_rules! combinator {
    ($(#[$doc:meta])* $builder:ident, $name:literal => $output:ty, $decide:path, $read:path) => {
        $(#[$doc])*
        #[must_use = "a combinator does nothing until it is awaited, spawned or turned into a future"]
        #[non_exhaustive]
        pub struct $builder<O> {
            place: Place,
            futures: Vec<DurableFuture<O>>,
        }

        impl<O> $builder<O> {
            pub(crate) fn new(place: Place, futures: Vec<DurableFuture<O>>) -> Self {
                Self { place, futures }
            }

            /// Names the operation; 1 to 256 printable ASCII characters, an empty name is none.
            pub fn name(mut self, name: impl Into<String>) -> Self {
                self.place.name(name.into());
                self
            }
        }

        impl<O: Serialize + DeserializeOwned + 'static> $builder<O> {
            fn start(self) -> DurableFuture<$output> {
                let Self { place, futures } = self;
                let scope = place.context.handle();
                let claimed = place.claim(Request::Context(SUB_TYPE));
                DurableFuture::lazy(async move {
                    let futures = Futures::new(scope, futures);
                    drive(claimed, futures, $decide, $read).await
                })
            }
        }

        terminals!([O] $builder<O> => $output, where O: Serialize + DeserializeOwned + 'static);
        debug_by_place!([O] $builder<O>, $name);
    };
}

combinator!(
    /// Waits for all futures, or for the first that fails.
    TryJoinAllBuilder, "TryJoinAllBuilder" => Vec<O>, try_join_all, from_json);
combinator!(
    /// Waits for all futures, however they end.
    JoinAllBuilder, "JoinAllBuilder" => Vec<Settled<O>>, join_all, read_settled);
combinator!(
    /// Waits for the first future that succeeds.
    SelectOkBuilder, "SelectOkBuilder" => O, select_ok, from_json);
combinator!(
    /// Waits for the first future that ends.
    RaceBuilder, "RaceBuilder" => O, race, from_json);

/// The futures of a combinator. They do not run before it does.
struct Futures<O> {
    scope: u32,
    waiting: Vec<DurableFuture<O>>,
    count: usize,
    tasks: Tasks<Result<O, OperationError>>,
}

impl<O: 'static> Futures<O> {
    fn new(scope: u32, futures: Vec<DurableFuture<O>>) -> Self {
        let waiting: Vec<_> = futures.into_iter().map(DurableFuture::taken_on).collect();
        Self { scope, count: waiting.len(), waiting, tasks: Tasks::new() }
    }

    fn start(&mut self) {
        for (index, future) in std::mem::take(&mut self.waiting).into_iter().enumerate() {
            self.tasks.spawn(index, self.scope, future);
        }
    }

    /// Waits for the next to end; `None` when all have.
    async fn next(&mut self) -> Option<(usize, Result<O, OperationError>)> {
        if self.tasks.len() == 0 { None } else { Some(self.tasks.next().await) }
    }
}

async fn drive<O: 'static, T>(
    mut claimed: Claimed,
    mut futures: Futures<O>,
    decide: impl AsyncFnOnce(&mut Futures<O>) -> Body<T>,
    read: fn(&str) -> Result<T, OperationError>,
) -> Result<T, OperationError> {
    let count = futures.count;
    let run = async |_| {
        futures.start();
        decide(&mut futures).await
    };
    match context_body::run(&mut claimed, run).await {
        Ended::Here(result) => result.map(|(value, _)| value),
        Ended::Earlier(Outcome::Succeeded(payload)) => read(payload.as_deref().unwrap_or("null")),
        Ended::Earlier(Outcome::Failed(failed)) => {
            let replayed = Replayed::new(failed, claimed.operation.id());
            let error = recorded(&replayed.wire, count);
            Err(replayed.error(error))
        }
    }
}

async fn try_join_all<O: Serialize + 'static>(futures: &mut Futures<O>) -> Body<Vec<O>> {
    let mut values: Vec<Option<O>> = (0..futures.count).map(|_| None).collect();
    while let Some((index, result)) = futures.next().await {
        match result {
            Ok(value) => values[index] = Some(value),
            Err(error) => {
                let wire = WireError::typed(&error, &format!("{JOIN_FAILED}{index}"));
                return failed(Kind::JoinFailed(JoinFailed(index)), vec![error.into()], wire);
            }
        }
    }
    let values: Vec<O> = values.into_iter().flatten().collect();
    succeeded(to_json(&values), values)
}

async fn join_all<O: Serialize + 'static>(futures: &mut Futures<O>) -> Body<Vec<Settled<O>>> {
    let mut settled: Vec<Option<Settled<O>>> = (0..futures.count).map(|_| None).collect();
    while let Some((index, result)) = futures.next().await {
        settled[index] = Some(match result {
            Ok(value) => Settled::Fulfilled(value),
            Err(error) => Settled::Rejected(error),
        });
    }
    let settled: Vec<Settled<O>> = settled.into_iter().flatten().collect();
    let payload = to_json(&settled.iter().map(SettledPayload::of).collect::<Vec<_>>());
    succeeded(payload, settled)
}

async fn select_ok<O: Serialize + 'static>(futures: &mut Futures<O>) -> Body<O> {
    if futures.count == 0 {
        return empty("select_ok");
    }
    let mut failures: Vec<(usize, OperationError)> = Vec::new();
    while let Some((index, result)) = futures.next().await {
        match result {
            Ok(value) => return succeeded(to_json(&value), value),
            Err(error) => failures.push((index, error)),
        }
    }
    failures.sort_by_key(|(index, _)| *index);
    let texts = failures.iter().map(|(index, error)| format!("[{index}] {}", chain_text(error)));
    let message = format!("all {} futures failed: {}", failures.len(), texts.collect::<Vec<_>>().join("; "));
    let mut wire = WireError::new(ALL_FAILED, message);
    let losers: Vec<_> = failures.iter().map(|(_, error)| FailurePayload::from(rejection(error))).collect();
    wire.0.error_data = serde_json::to_string(&losers).ok();
    failed(Kind::AllFailed, failures.into_iter().map(|(_, error)| error.into()).collect(), wire)
}

async fn race<O: Serialize + 'static>(futures: &mut Futures<O>) -> Body<O> {
    match futures.next().await {
        None => empty("race"),
        Some((_, Ok(value))) => succeeded(to_json(&value), value),
        Some((_, Err(error))) => {
            let wire = WireError::typed(&error, FIRST_SETTLED_FAILED);
            failed(Kind::FirstSettledFailed, vec![error.into()], wire)
        }
    }
}

fn succeeded<T>(payload: Result<String, OperationError>, value: T) -> Body<T> {
    match payload {
        // The futures belong to the context around: they cannot rebuild a result from inside.
        Ok(payload) => Body::Succeeded { value, payload, summary: None },
        Err(error) => Body::Refused(error),
    }
}

fn failed<T>(kind: Kind, failures: Vec<BoxError>, wire: WireError) -> Body<T> {
    Body::Failed { error: OperationError::new(CombinatorError::new(kind, failures)), wire }
}

fn empty<T>(name: &str) -> Body<T> {
    failed(Kind::EmptyInput, Vec::new(), WireError::new(EMPTY_INPUT, format!("{name} called with no futures")))
}

/// Makes of a recorded failure what it was when it was recorded.
fn recorded(wire: &WireError, count: usize) -> CombinatorError {
    let failure = |wire: WireError| BoxError::from(ReplayedFailure(wire));
    let one = || vec![failure(wire.clone())];
    let error_type = wire.error_type().unwrap_or_default();
    if let Some(index) = error_type.strip_prefix(JOIN_FAILED).and_then(|index| index.parse().ok()) {
        return CombinatorError::new(Kind::JoinFailed(JoinFailed(index)), one());
    }
    match error_type {
        EMPTY_INPUT => CombinatorError::new(Kind::EmptyInput, Vec::new()),
        FIRST_SETTLED_FAILED => CombinatorError::new(Kind::FirstSettledFailed, one()),
        ALL_FAILED => {
            let losers = wire.error_data().and_then(|data| serde_json::from_str::<Vec<FailurePayload>>(data).ok());
            let failures = match losers {
                Some(losers) => losers.into_iter().map(|loser| failure(loser.into())).collect(),
                None => (0..count.max(1)).map(|_| failure(wire.clone())).collect(),
            };
            CombinatorError::new(Kind::AllFailed, failures)
        }
        _ => CombinatorError::new(Kind::Internal, one()),
    }
}

/// Returns what is recorded of a future that failed.
fn rejection(error: &OperationError) -> WireError {
    error.wire().cloned().unwrap_or_else(|| WireError::of(error, REJECTED))
}

/// How one future ended, as it is recorded.
#[derive(Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum SettledPayload<O> {
    Fulfilled {
        value: O,
    },
    Rejected {
        message: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error_type: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error_data: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stack_trace: Vec<String>,
    },
}

impl<'a, O> SettledPayload<&'a O> {
    fn of(settled: &'a Settled<O>) -> Self {
        match settled {
            Settled::Fulfilled(value) => Self::Fulfilled { value },
            Settled::Rejected(error) => {
                let wire = rejection(error).0;
                Self::Rejected {
                    message: wire.error_message.unwrap_or_else(|| chain_text(error)),
                    error_type: wire.error_type,
                    error_data: wire.error_data,
                    stack_trace: wire.stack_trace,
                }
            }
        }
    }
}

impl<O> From<SettledPayload<O>> for Settled<O> {
    fn from(payload: SettledPayload<O>) -> Self {
        match payload {
            SettledPayload::Fulfilled { value } => Self::Fulfilled(value),
            SettledPayload::Rejected { message, error_type, error_data, stack_trace } => {
                let failure = FailurePayload { error_type, message: Some(message), error_data, stack_trace };
                let wire = WireError::from(failure);
                let source = ReplayedFailure(wire.clone()).into();
                let error = ChildContextError::new(ChildContextErrorKind::ChildFailed, Some(source));
                Self::Rejected(OperationError::new(error).with_wire(wire))
            }
        }
    }
}

/// A failure among several, as it is recorded.
#[derive(Serialize, Deserialize)]
struct FailurePayload {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_data: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stack_trace: Vec<String>,
}

impl From<WireError> for FailurePayload {
    fn from(wire: WireError) -> Self {
        let wire = wire.0;
        Self {
            error_type: wire.error_type,
            message: wire.error_message,
            error_data: wire.error_data,
            stack_trace: wire.stack_trace,
        }
    }
}

impl From<FailurePayload> for WireError {
    fn from(failure: FailurePayload) -> Self {
        let mut wire = Self::new("", "");
        wire.0.error_type = failure.error_type;
        wire.0.error_message = failure.message;
        wire.0.error_data = failure.error_data;
        wire.0.stack_trace = failure.stack_trace;
        wire
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<String, OperationError> {
    serde_json::to_string(value).map_err(|error| internal(format!("serialization failed: {error}")))
}

fn from_json<T: DeserializeOwned>(payload: &str) -> Result<T, OperationError> {
    serde_json::from_str(payload).map_err(|error| internal(format!("replay deserialization failed: {error}")))
}

fn read_settled<O: DeserializeOwned>(payload: &str) -> Result<Vec<Settled<O>>, OperationError> {
    Ok(from_json::<Vec<SettledPayload<O>>>(payload)?.into_iter().map(Settled::from).collect())
}

fn internal(problem: String) -> OperationError {
    OperationError::new(CombinatorError::new(Kind::Internal, vec![problem.into()]))
}
