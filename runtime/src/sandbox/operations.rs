//! The durable contract, answered by [`durabox_engine::replay::Replay`].

use std::sync::atomic::Ordering;
use std::time::Instant;

use durabox_engine::replay::{CallSite, Claim, RetryDecision, RetryStrategy, Scope};
use durabox_model::ErrorObject;

use super::CheckpointFailure;
use super::bindings::operations::{self as wit, Claimed, Failure, Invocation, Position, State, Wake};
use super::host::{Host, Phase};
use super::output::{LogLine, Origin, Stream};
use super::stop::Stop;
use crate::clock::saturating_nanos;
use crate::invocation::with_site;

impl wit::Host for Host {
    fn start(&mut self) -> wasmtime::Result<Invocation> {
        if self.phase != Phase::Loaded {
            return Err(Stop::contract("`start` was called twice".into()).into());
        }
        self.phase = Phase::Running;
        let deadline = self.clock.now_nanos().saturating_add(saturating_nanos(self.options.deadline));
        Ok(Invocation {
            execution_arn: self.info.execution_arn.clone(),
            input: std::mem::take(&mut self.info.input),
            request_id: self.info.request_id.clone(),
            function_arn: std::mem::take(&mut self.info.function_arn),
            deadline_ms: deadline / 1_000_000,
        })
    }

    fn claim(
        &mut self,
        at: Position,
        name: Option<String>,
        request: wit::Request,
        site: wit::CallSite,
    ) -> wasmtime::Result<Claimed> {
        self.running("claim")?;
        // What was written until here belongs to the time before the claim.
        self.drain_output();
        let Position { context, index, batch } = at;
        let name = name.map(Into::into);
        let claim = Claim { context, index, batch, name, request: request.into(), site: site.into() };
        let claimed = self.replay.claim(claim).map_err(Stop::Fault)?;
        self.last_claimed = claimed.handle;
        Ok(claimed.into())
    }

    fn poll(&mut self, operation: u32) -> wasmtime::Result<State> {
        self.running("poll")?;
        self.polls += 1;
        let state = self.replay.poll(operation).map_err(Stop::Fault)?;
        Ok(self.hooked(operation, state)?.into())
    }

    fn succeed(&mut self, operation: u32, payload: Option<String>, summary: Option<String>) -> wasmtime::Result<()> {
        self.running("succeed")?;
        Ok(self.replay.succeed(operation, payload, summary).map_err(Stop::Fault)?)
    }

    fn retry(&mut self, operation: u32, state: String, decision: wit::RetryDecision) -> wasmtime::Result<()> {
        self.running("retry")?;
        let (decision, random) = self.decision(operation, decision)?;
        Ok(self.replay.retry(operation, state, decision, random).map_err(Stop::Fault)?)
    }

    fn submit(&mut self, operation: u32, payload: String) -> wasmtime::Result<()> {
        self.running("submit")?;
        Ok(self.replay.submit(operation, payload).map_err(Stop::Fault)?)
    }

    fn fail(&mut self, operation: u32, error: Failure, retry: wit::RetryDecision) -> wasmtime::Result<()> {
        self.running("fail")?;
        let (retry, random) = self.decision(operation, retry)?;
        Ok(self.replay.fail(operation, error.into(), retry, random).map_err(Stop::Fault)?)
    }

    fn abandon(&mut self, operation: u32) -> wasmtime::Result<()> {
        self.running("abandon")?;
        self.replay.abandon(operation);
        Ok(())
    }

    fn enter(&mut self, scope: u32) -> wasmtime::Result<()> {
        self.running("enter")?;
        // What was written until here belongs to the scope that is left.
        self.drain_output();
        self.replay.enter(scope).map_err(Stop::Fault)?;
        self.in_serdes = false;
        self.in_step.set(matches!(self.replay.scope(), Scope::Step { .. }));
        Ok(())
    }

    fn serdes(&mut self, runs: bool) -> wasmtime::Result<()> {
        self.running("serdes")?;
        self.in_serdes = runs;
        self.in_step.set(runs || matches!(self.replay.scope(), Scope::Step { .. }));
        Ok(())
    }

    async fn wait_any(&mut self, tell_idle: bool) -> wasmtime::Result<Wake> {
        self.running("wait-any")?;
        self.drain_output();
        let ready = self.next_ready().await?;
        if self.replay.is_revoked() {
            self.phase = Phase::Suspended;
            return Ok(Wake::Suspended);
        }
        if !ready.is_empty() {
            return Ok(Wake::Ready(ready));
        }
        if tell_idle {
            return Ok(Wake::Idle);
        }
        self.phase = Phase::Suspended;
        Ok(Wake::Suspended)
    }

    fn backoff(&mut self, strategy: wit::RetryStrategy, context: u32, attempt: u32) -> wasmtime::Result<Option<u64>> {
        self.running("backoff")?;
        let random = self.spread(context, attempt)?;
        Ok(RetryStrategy::from(strategy).delay(attempt, random))
    }

    fn operation_id(&mut self, operation: u32) -> wasmtime::Result<String> {
        self.started("operation-id")?;
        Ok(self.replay.operation_id(operation).map_err(Stop::Fault)?.to_owned())
    }

    /// Taken also after suspension: what the handler owns may ask as it is dropped.
    fn is_replaying(&mut self, context: u32) -> wasmtime::Result<bool> {
        self.started("is-replaying")?;
        Ok(self.replay.is_replaying(context))
    }

    /// Taken also after suspension: what the handler owns may log as it is dropped.
    fn log(
        &mut self,
        level: wit::LogLevel,
        target: String,
        message: String,
        fields: String,
        when_replaying: bool,
    ) -> wasmtime::Result<()> {
        self.started("log")?;
        self.drain_output();
        if self.is_silent() && !when_replaying {
            return Ok(());
        }
        let Origin { operation_id, operation_name, attempt } = self.origin();
        self.output.emit(LogLine {
            timestamp: self.clock.now(),
            stream: Stream::Log,
            level: Some(level.into()),
            target: Some(target),
            message,
            fields: match fields.as_str() {
                "" => serde_json::Value::Null,
                text => serde_json::from_str(text).unwrap_or(serde_json::Value::String(fields)),
            },
            operation_id,
            operation_name,
            attempt,
        });
        Ok(())
    }

    /// Taken at any time: a reason to stop is never refused.
    fn panicked(&mut self, message: String, site: wit::CallSite) -> wasmtime::Result<()> {
        self.panic.get_or_insert_with(|| (message, CallSite::from(site)));
        Ok(())
    }

    fn finish(&mut self, outcome: Result<String, Failure>) -> wasmtime::Result<()> {
        self.running("finish")?;
        self.drain_output();
        self.phase = Phase::Finished;
        self.answer = Some(outcome.map(Some).map_err(ErrorObject::from));
        Ok(())
    }
}

impl Host {
    /// Checkpoints until an operation has something new; none has when nothing is left to checkpoint.
    pub(super) async fn next_ready(&mut self) -> Result<Vec<u32>, Stop> {
        loop {
            let ready = self.replay.take_ready();
            if !ready.is_empty() {
                return Ok(ready);
            }
            let Some(request) = self.replay.poll_checkpoint() else {
                return Ok(ready);
            };
            self.checkpoints += 1;
            self.telling.store(true, Ordering::Relaxed);
            let told = self.client.checkpoint(request).await;
            self.telling.store(false, Ordering::Relaxed);
            let output = told.map_err(|failure| match failure {
                CheckpointFailure::Rejected { error, operation_id } => {
                    Stop::Rejected(with_site(error, operation_id.as_deref(), &self.replay))
                }
                CheckpointFailure::Unavailable(error) => Stop::Unavailable(error),
            })?;
            self.replay.handle_checkpoint(output)?;
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(Stop::Timedout);
            }
        }
    }

    /// Fails unless the invocation goes on.
    pub(super) fn running(&self, call: &str) -> Result<(), Stop> {
        match self.phase {
            Phase::Running => Ok(()),
            phase => Err(out_of_turn(call, phase)),
        }
    }

    /// Returns what to do after a failed attempt, with the random number that spreads the delay.
    fn decision(&mut self, operation: u32, decision: wit::RetryDecision) -> wasmtime::Result<(RetryDecision, f64)> {
        let decision = RetryDecision::from(decision);
        let random = match decision {
            RetryDecision::ByStrategy(_) => self.spread(operation, self.replay.attempt(operation))?,
            RetryDecision::Stop | RetryDecision::After(_) => 0.0,
        };
        Ok((decision, random))
    }

    /// Fails before `start`.
    fn started(&self, call: &str) -> Result<(), Stop> {
        match self.phase {
            Phase::Loaded => Err(out_of_turn(call, Phase::Loaded)),
            Phase::Running | Phase::Suspended | Phase::Finished => Ok(()),
        }
    }

    /// Returns the step or context whose code runs.
    pub(super) fn origin(&self) -> Origin {
        let attempt = match self.replay.scope() {
            Scope::Step { attempt, .. } => Some(attempt),
            Scope::Handler { .. } => None,
        };
        let text = |text: Option<&str>| text.map(str::to_owned);
        Origin {
            operation_id: text(self.replay.scope_operation()),
            operation_name: text(self.replay.scope_name()),
            attempt,
        }
    }
}

#[cold]
fn out_of_turn(call: &str, phase: Phase) -> Stop {
    Stop::contract(match phase {
        Phase::Loaded => format!("`{call}` was called before `start`"),
        Phase::Suspended => format!("`{call}` was called after the invocation was suspended"),
        Phase::Finished | Phase::Running => format!("`{call}` was called after `finish`"),
    })
}
