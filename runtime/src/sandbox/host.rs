use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use durabox_engine::replay::{CallSite, ClaimView, Replay, Scope};
use durabox_model::{ErrorObject, Timestamp};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::WasiHttpCtx;

use super::clocks::Sleeps;
use super::http::Sender;
use super::limits::Limits;
use super::output::Output;
use super::random::Randomness;
use super::report::{Ambient, AmbientRead};
use super::step_hook::Replaced;
use super::step_stream::InStep;
use super::stop::Stop;
use super::{CheckpointClient, InvocationInfo, InvokeOptions, Policy};
use crate::clock::Clock;

/// Most different ambient reads that are noted.
const MAX_AMBIENT_READS: usize = 1_000;

/// What the host keeps for one invocation: the data of its wasmtime store.
pub(crate) struct Host {
    pub(super) replay: Replay,
    pub(super) client: Box<dyn CheckpointClient>,
    pub(super) clock: Clock,
    pub(super) options: Arc<InvokeOptions>,
    pub(super) info: InvocationInfo,
    /// When the execution started: where its monotonic clock begins.
    pub(super) execution_start: Timestamp,
    pub(super) phase: Phase,
    pub(super) answer: Option<Result<Option<String>, ErrorObject>>,
    pub(super) panic: Option<(String, CallSite)>,
    /// Handle of the operation claimed last; 0 before the first.
    pub(super) last_claimed: u32,
    pub(super) ambient_reads: Vec<AmbientRead>,
    pub(super) random: Randomness,
    pub(super) sleeps: Arc<Sleeps>,
    /// Whether a checkpoint is under way.
    pub(super) telling: Arc<AtomicBool>,
    /// When the guest's time is up.
    pub(super) deadline: Option<Instant>,
    /// The latest instant that a step was told.
    pub(super) latest_instant: u64,
    pub(super) output: Output,
    pub(super) limits: Limits,
    pub(super) polls: u64,
    /// Outcomes in the place of those of steps' bodies.
    pub(super) replaced: Replaced,
    pub(super) checkpoints: u64,
    pub(super) in_step: InStep,
    /// Whether a serdes runs, which may use files.
    pub(super) in_serdes: bool,
    pub(super) http: WasiHttpCtx,
    pub(super) sender: Sender,
    pub(super) wasi: WasiCtx,
    pub(super) table: ResourceTable,
}

/// How far the conversation with the guest has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The guest's runtime starts up.
    Loaded,
    /// `start` has been called.
    Running,
    /// `wait-any` answered so.
    Suspended,
    /// `finish` has been called.
    Finished,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl Host {
    /// Notes or refuses a read, as the policy says, if handler code makes it.
    ///
    /// The guest's runtime may read as it likes before `start` and after the end.
    pub(super) fn read(&mut self, what: Ambient) -> Result<(), Stop> {
        if self.options.policy == Policy::Stabilise || self.phase != Phase::Running {
            return Ok(());
        }
        if let Scope::Step { .. } = self.replay.scope() {
            return Ok(());
        }
        let last = self.claim_of(self.last_claimed);
        if self.options.policy == Policy::Deny {
            let place = self.place();
            return Err(Stop::refused(format!(
                "the handler read {what} between operations, {place}, and the policy `deny` allows it only in a step: \
                 read it in a step, whose result is recorded"
            )));
        }
        let after = last.map(|claim| claim.id.clone());
        let site = last.map(|claim| claim.site.clone());
        let full = self.ambient_reads.len() >= MAX_AMBIENT_READS;
        match self.ambient_reads.last_mut() {
            Some(read) if read.what == what && read.after == after => read.count += 1,
            _ if full => {}
            _ => self.ambient_reads.push(AmbientRead { what, after, site, count: 1 }),
        }
        Ok(())
    }

    /// Returns the claim with this handle.
    pub(super) fn claim_of(&self, handle: u32) -> Option<ClaimView<'_>> {
        (handle as usize).checked_sub(1).and_then(|nth| self.replay.claims().nth(nth))
    }

    /// Returns where handler code is, for a person.
    pub(super) fn place(&self) -> String {
        match self.claim_of(self.last_claimed) {
            Some(claim) => format!("after {}", title(&claim)),
            None => "before the first operation".to_owned(),
        }
    }

    /// Fails unless a step's body runs; `deed` is what the handler did, and `way` the way to do it.
    pub(super) fn only_in_step(&self, deed: fmt::Arguments<'_>, way: &str) -> Result<(), Stop> {
        match self.replay.scope() {
            Scope::Step { .. } => Ok(()),
            Scope::Handler { .. } => {
                Err(Stop::refused(format!("the handler {deed} outside any step, {}: {way}", self.place())))
            }
        }
    }

    /// Whether output is dropped now, because an earlier invocation has shown it.
    pub(super) fn is_silent(&self) -> bool {
        match self.replay.scope() {
            Scope::Handler { context } => self.replay.is_replaying(context),
            Scope::Step { .. } => false,
        }
    }

    /// Takes what the guest has written since the last time, as output of the current scope.
    pub(super) fn drain_output(&mut self) {
        if !self.output.has_pending() {
            return;
        }
        if self.is_silent() {
            self.output.discard_pending();
        } else {
            let origin = self.origin();
            self.output.take_pending(self.clock.now(), &origin);
        }
    }
}

/// Returns an operation as a person knows it: its kind, name and place.
pub(super) fn title(claim: &ClaimView<'_>) -> String {
    match claim.name {
        Some(name) => format!("{} `{name}` at {}", claim.sub_type, claim.site),
        None => format!("{} at {}", claim.sub_type, claim.site),
    }
}
