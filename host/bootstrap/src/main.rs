//! Runs a durable handler in AWS Lambda: durabox as a custom runtime.
//!
//! Lambda starts this program beside the package that `durabox package` has made. It loads the
//! compiled form of the handler, asks the Runtime API for events, and runs each with the sandbox and
//! the engine of local runs; the service that it checkpoints to is Lambda's own. It compiles
//! nothing and decides nothing that a local run decides otherwise.

mod convert;
mod deadline;
mod environment;
mod failure;
mod function;
mod lambda;
mod log;
mod package;

use std::process::ExitCode;
use std::thread;

use function::Function;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use package::{Package, PackageError};
use serde_json::value::RawValue;

fn main() -> ExitCode {
    // One event at a time is all that Lambda gives: one thread is enough.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            log::own("ERROR", &format!("the bootstrap cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(run())
}

async fn run() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| log::own("ERROR", &panic.to_string())));
    // Set once, before anything could have set another.
    let _ = tracing::subscriber::set_global_default(log::Libraries);
    // Reads root certificates, if the endpoint has any to show, while the handler is loaded.
    let client = thread::spawn(lambda::client);
    let function = Package::locate().and_then(|package| package.load()).and_then(|loaded| {
        let client = client.join().unwrap_or_else(|_| lambda::client());
        Function::new(loaded, client)
    });
    let function = match function {
        Ok(function) => function,
        Err(error) => return refuse(&error).await,
    };
    let service = service_fn(|event: LambdaEvent<Box<RawValue>>| function.invoke(event));
    match Runtime::new(service).run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::own("ERROR", &format!("the Runtime API cannot be used: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Tells Lambda and the log why no event can be taken.
async fn refuse(error: &PackageError) -> ExitCode {
    log::own("ERROR", &format!("the function cannot start: {error}"));
    if let Err(error) = lambda::report_init_error(&error.to_string()).await {
        log::own("ERROR", &format!("the Runtime API did not take the reason: {error}"));
    }
    ExitCode::FAILURE
}

/// Tells `durabox package` which version a program is of.
#[used]
static MARK: &str = concat!("durabox-bootstrap ", env!("CARGO_PKG_VERSION"), ";");
