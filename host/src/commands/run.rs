//! `durabox run`

mod answer;
mod args;
mod functions;
mod prompt;
mod report;

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use durabox_runtime::local::{self, LocalError, Run, RunOptions};
use durabox_runtime::store::Store;
use durabox_runtime::{Artifact, Sandbox};

use super::input;
use super::subject::Subject;
use crate::cli_error::CliError;
use crate::interrupt;
use crate::progress::Display;

pub use args::Args;

/// Runs, keeps the run, and prints it.
pub fn run(args: Args) -> Result<u8, CliError> {
    // Everything that can be wrong with the command line comes before a build.
    let input = input::read(&args.input)?;
    args.check()?;
    let subject = Subject::resolve(&args.handler)?;
    let (sandbox, artifact) = subject.load()?;
    let functions = functions::functions(&args, &subject, &sandbox)?;
    let store = open_store(&args, &subject)?;
    let (name, kept) = (args.name.clone(), store.clone());
    interrupt::exit_after(move || keep_interrupted(name.as_deref(), kept.as_ref()));

    let display = Display::start();
    let options = RunOptions {
        function_name: subject.function_name.clone(),
        execution_name: args.name.clone(),
        seed: args.seed,
        policy: args.policy.into(),
        real_time: args.real_time,
        timeout: Duration::from_secs(args.timeout),
        memory_limit: args.memory * 1024 * 1024,
        preopens: args.granted.dir.clone(),
        allowed_hosts: args.allow_host.clone(),
        environment: args.granted.env.clone(),
        shadow_replay: !args.no_shadow_replay,
        functions,
        callbacks: args.callback.clone(),
        observer: Some(display.observer()),
        ..RunOptions::default()
    };
    let work = Work { sandbox: &sandbox, artifact: &artifact, input: &input, options, store: store.as_ref() };
    let run = match prompt::is_possible(&args) {
        true => runtime()?.block_on(work.by_hand(&display, &subject)),
        false => runtime()?.block_on(work.alone()),
    };
    drop(display);
    report::report(&args, &run?, artifact.sha256(), &subject.sources())
}

/// What is run.
struct Work<'a> {
    sandbox: &'a Sandbox,
    artifact: &'a Artifact,
    input: &'a str,
    options: RunOptions,
    store: Option<&'a Store>,
}

impl Work<'_> {
    async fn alone(self) -> Result<Run, LocalError> {
        local::run(self.sandbox, self.artifact, self.input, self.options, self.store).await
    }

    /// Runs, and asks the person at the terminal for answers to callbacks.
    async fn by_hand(self, display: &Display, subject: &Subject) -> Result<Run, LocalError> {
        let (controls, commands) = local::controls();
        let Self { sandbox, artifact, input, options, store } = self;
        let sources = subject.sources();
        let mut run = pin!(local::run_controlled(sandbox, artifact, input, options, store, commands));
        tokio::select! {
            biased;
            () = prompt::answer(controls, display, &sources) => {}
            run = &mut run => return run,
        }
        run.await
    }
}

/// Returns a runtime for one thread; handlers need no more.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| CliError::io("starting", Path::new("the async runtime"), &error))
}

fn open_store(args: &Args, subject: &Subject) -> Result<Option<Store>, CliError> {
    if args.no_save {
        return Ok(None);
    }
    subject.state.create().map_err(|error| {
        CliError::io("making", subject.state.path(), &error).hint("run with --no-save to do without the store")
    })?;
    Ok(Some(Store::open(subject.state.path())?))
}

/// Keeps what a run that is interrupted has come to, and returns what to say of it.
fn keep_interrupted(name: Option<&str>, store: Option<&Store>) -> String {
    let Some(store) = store else { return "interrupted; the run is not kept (--no-save)".to_owned() };
    let look = name.map_or_else(|| "list".to_owned(), |name| format!("show {name}"));
    let kept = match store.settle() {
        Ok(()) => "up to its last checkpoint".to_owned(),
        Err(error) => format!("but not to its end: {error}"),
    };
    format!("interrupted; the run is kept as RUNNING, {kept}\nhint: durabox history {look}")
}
