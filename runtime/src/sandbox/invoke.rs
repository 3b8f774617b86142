use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Instant;

use wasmtime::component::ResourceTable;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi::{FsPerms, WasiCtx};
use wasmtime_wasi_http::WasiHttpCtx;

use super::clocks::Sleeps;
use super::host::{Host, Phase};
use super::http::Sender;
use super::limits::Limits;
use super::output::Output;
use super::random::Randomness;
use super::step_stream::InStep;
use super::stop::{Silence, Stop};
use super::{Invocation, InvocationEnd, InvocationReport, InvokeOptions};
use crate::artifact::{Artifact, Form, Sandbox};
use crate::clock::saturating_nanos;

impl Sandbox {
    /// Runs one invocation in a fresh instance of a handler that this sandbox has loaded.
    ///
    /// Needs a tokio runtime with time enabled if the client, or a step on the real clock, waits, and
    /// with I/O enabled if a host is allowed.
    /// Dropping the future stops the guest.
    ///
    /// # Panics
    ///
    /// If another sandbox loaded the handler.
    pub async fn invoke(&self, artifact: &Artifact, invocation: Invocation) -> InvocationReport {
        let options = Arc::clone(&invocation.options);
        let deadline = Instant::now().checked_add(options.deadline);
        let (wasi, refused) = match wasi(&options) {
            Ok(wasi) => (wasi, None),
            Err(stop) => (WasiCtx::default(), Some(stop)),
        };
        let host = Host::new(invocation, artifact.form(), wasi, deadline);
        let (sleeps, telling) = (Arc::clone(&host.sleeps), Arc::clone(&host.telling));
        let mut store = Store::new(self.engine(), host);
        store.limiter(|host| &mut host.limits);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |mut context| {
            context.data_mut().drain_output();
            match deadline {
                Some(deadline) if Instant::now() >= deadline => Err(Stop::Timedout.into()),
                _ => Ok(UpdateDeadline::Yield(1)),
            }
        });

        let result = match refused {
            Some(stop) => Err(stop.into()),
            None => {
                let _ticking = self.ticker().tick();
                until(deadline, &sleeps, &telling, run(artifact, &mut store)).await
            }
        };
        store.into_data().report(result)
    }
}

/// Runs the guest's `main` in a fresh instance.
async fn run(artifact: &Artifact, store: &mut Store<Host>) -> wasmtime::Result<Result<(), ()>> {
    let command = artifact.pre().instantiate_async(&mut *store).await?;
    command.wasi_cli_run().call_run(store).await
}

/// Runs a guest that may wait in the host until its time is up, on the wall or on its own clock. A checkpoint
/// that is under way then is waited for: who sends it knows how long there is for that.
async fn until<T>(
    deadline: Option<Instant>,
    sleeps: &Sleeps,
    telling: &AtomicBool,
    guest: impl Future<Output = wasmtime::Result<T>>,
) -> wasmtime::Result<T> {
    let mut guest = pin!(guest);
    // Made only for a guest that waits, which most never do.
    let mut timer = None;
    poll_fn(|context| {
        if let Poll::Ready(result) = guest.as_mut().poll(context) {
            return Poll::Ready(result);
        }
        if sleeps.timed_out() {
            return Poll::Ready(Err(Stop::Timedout.into()));
        }
        let Some(deadline) = deadline else { return Poll::Pending };
        let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
        match timer.as_mut().poll(context) {
            Poll::Ready(()) if !telling.load(Ordering::Relaxed) => Poll::Ready(Err(Stop::Timedout.into())),
            _ => Poll::Pending,
        }
    })
    .await
}

/// Returns the guest's world, in which nothing exists that the options do not grant.
fn wasi(options: &InvokeOptions) -> Result<WasiCtx, Stop> {
    let mut builder = WasiCtx::builder();
    builder.envs(&options.environment).args(&options.arguments);
    for preopen in &options.preopens {
        let permissions = if preopen.writable { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
        builder.preopened_dir(&preopen.host, &preopen.guest, permissions).map_err(|source| {
            let (host, guest) = (preopen.host.display(), &preopen.guest);
            Stop::refused(format!("the directory `{host}`, granted as `{guest}`, cannot be opened: {source:#}"))
        })?;
    }
    Ok(builder.build())
}

impl Host {
    fn new(invocation: Invocation, form: Form, wasi: WasiCtx, deadline: Option<Instant>) -> Self {
        let Invocation { replay, info, client, clock, options, sink } = invocation;
        let limit = clock.now_nanos().saturating_add(saturating_nanos(options.deadline));
        let sleeps = Arc::new(Sleeps::new(limit));
        Self {
            execution_start: replay.now(),
            phase: Phase::Loaded,
            answer: None,
            panic: None,
            last_claimed: 0,
            ambient_reads: Vec::new(),
            random: Randomness::new(&options, form),
            sender: Sender::new(Arc::clone(&sleeps), deadline),
            sleeps,
            telling: Arc::default(),
            deadline,
            in_step: InStep::default(),
            in_serdes: false,
            http: WasiHttpCtx::new(),
            latest_instant: 0,
            output: Output::new(sink, options.keep_output),
            limits: Limits::new(options.memory_limit),
            polls: 0,
            replaced: HashMap::new(),
            checkpoints: 0,
            wasi,
            table: ResourceTable::new(),
            replay,
            client,
            clock,
            options,
            info,
        }
    }

    /// Says what came of the invocation, from what `main` came to.
    fn report(mut self, result: wasmtime::Result<Result<(), ()>>) -> InvocationReport {
        self.drain_output();
        let logs = self.output.finish(self.clock.now());
        let end = match self.answer {
            Some(answer) => InvocationEnd::Finished(answer),
            None => Silence {
                suspended: self.phase == Phase::Suspended,
                panic: self.panic.as_ref(),
                request_id: &self.info.request_id,
                deadline: self.options.deadline,
            }
            .end(result),
        };
        InvocationReport {
            replay: self.replay,
            client: self.client,
            end,
            logs,
            ambient_reads: self.ambient_reads,
            panic: self.panic,
            peak_memory: self.limits.peak_memory,
            polls: self.polls,
            checkpoints: self.checkpoints,
        }
    }
}
