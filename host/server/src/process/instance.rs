use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue};
use hyper::body::Bytes;
use rustix::io::Errno;
use rustix::process::Pid;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::Instant;

use super::api::{MAX_RESPONSE, RuntimeApi};
use super::environment::{self, epoch_millis};
use super::exchange::{Answer, Delivery, Exchange};
use super::group::Group;
use super::guardian::Guardian;
use super::output::Output;
use super::{FailureKind, FunctionError, Invocation, InvokeError, ProcessConfig, memory};

/// One process of a function, with the Runtime API that it talks to. Dropping it kills the process.
pub(super) struct Instance {
    config: Arc<ProcessConfig>,
    exchange: Arc<Exchange>,
    /// Served as long as this stands.
    _api: RuntimeApi,
    process: Process,
    output: Output,
}

/// A process that can be waited for in several places.
#[derive(Clone)]
pub(super) struct Process {
    pub group: Arc<Group>,
    exit: watch::Receiver<Option<ExitStatus>>,
}

/// An event and its headers.
#[derive(Clone)]
pub(super) struct Event {
    request_id: String,
    headers: HeaderMap,
    payload: Bytes,
}

/// What came of an invocation.
pub(super) struct Outcome {
    pub result: Result<Bytes, FunctionError>,
    /// Whether the process is frozen and can have another event; it is dead otherwise.
    pub reusable: bool,
}

impl Instance {
    /// Starts a process, which then comes up by itself.
    pub async fn start(
        config: Arc<ProcessConfig>,
        guardian: Arc<Guardian>,
        request_id: &str,
    ) -> Result<Self, InvokeError> {
        let exchange = Arc::new(Exchange::new());
        let api = RuntimeApi::serve(exchange.clone()).await?;
        let variables = environment::variables(&config, api.address);
        let Some((program, arguments)) = config.command.split_first() else {
            return Err(io::Error::other("the command of the function is empty").into());
        };
        let program = resolved(program, &config.working_dir);
        if !config.working_dir.is_dir() {
            let what = format!("chdir {}: no such file or directory", config.working_dir.display());
            return Err(FunctionError::launch(request_id, "Runtime.InvalidWorkingDir", &what).into());
        }
        let mut child = Command::new(&program)
            .args(arguments)
            .current_dir(&config.working_dir)
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| not_launched(request_id, &program, error))?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("the process has no output").into());
        };
        let output = Output::follow(stdout, stderr, &config.log);
        let process = Process::supervise(child, guardian)?;
        Ok(Self { config, exchange, _api: api, process, output })
    }

    /// Returns a handle with which the process can be ended from elsewhere.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Waits until the process asks for its first event. It is dead after an error.
    pub async fn init(&mut self, request_id: &str) -> Result<(), FunctionError> {
        let limit = self.config.init_timeout.max(self.config.timeout);
        let failed = tokio::select! {
            biased;
            ready = self.exchange.ready() => match ready {
                Ok(()) => return Ok(()),
                Err(posted) => FunctionError::posted(FailureKind::InitReported, posted.error_type, posted.body),
            },
            status = self.process.exited() => FunctionError::exited(request_id, status),
            () = self.memory_exceeded() => FunctionError::out_of_memory(request_id),
            () = tokio::time::sleep(limit) => {
                FunctionError::timed_out(FailureKind::InitTimedOut, request_id, limit)
            }
        };
        self.end().await;
        Err(failed)
    }

    /// Gives the process an event, waits for its answer, and then for it to ask for more work.
    pub async fn invoke(&mut self, event: Event) -> Outcome {
        let (request_id, timeout) = (event.request_id.clone(), self.config.timeout);
        self.output.begin(&request_id);
        self.process.group.thaw();
        let deadline = Instant::now() + timeout;
        let answer = tokio::select! {
            biased;
            answer = self.answer_to(event) => answer,
            status = self.process.exited() => Err(FunctionError::exited(&request_id, status)),
            () = self.memory_exceeded() => Err(FunctionError::out_of_memory(&request_id)),
            () = tokio::time::sleep_until(deadline) => {
                Err(FunctionError::timed_out(FailureKind::TimedOut, &request_id, timeout))
            }
        };
        let (result, answered) = match answer {
            Ok(answer) => (result_of(answer, &request_id), true),
            Err(error) => (Err(error), false),
        };
        // The answer stands whatever the process does now; it is fit for another event if it asks.
        let reusable = answered
            && tokio::select! {
                biased;
                ready = self.exchange.ready() => ready.is_ok(),
                _ = self.process.exited() => false,
                () = self.memory_exceeded() => false,
                () = tokio::time::sleep_until(deadline) => false,
            };
        if reusable {
            self.process.group.freeze();
            self.output.end().await;
        } else {
            self.end().await;
        }
        Outcome { result, reusable }
    }

    /// Hands the event over, as soon as the process asks, and waits for the answer.
    async fn answer_to(&self, event: Event) -> Result<Answer, FunctionError> {
        let Event { request_id, mut headers, payload } = event;
        let deadline = epoch_millis(SystemTime::now() + self.config.timeout);
        headers.insert(HeaderName::from_static("lambda-runtime-deadline-ms"), deadline.into());
        let mut delivery = Box::new(Delivery { request_id: request_id.clone(), headers, payload });
        loop {
            // It has come up, so there is nothing but a request for work to wait for.
            let _ = self.exchange.ready().await;
            match self.exchange.deliver(delivery) {
                Ok(answered) => {
                    return answered.await.map_err(|_| {
                        let what = "the response of the runtime broke off";
                        FunctionError::invalid_response(&request_id, "Runtime.TruncatedResponse", what)
                    });
                }
                Err(back) => delivery = back,
            }
        }
    }

    /// Tells what the process has written since its last answer.
    pub async fn tell_output(&self) {
        self.output.end().await;
    }

    async fn memory_exceeded(&self) {
        memory::exceeded(self.process.group.id(), u64::from(self.config.memory_mb) * 1024 * 1024).await;
    }

    /// Kills the process, and tells what it wrote last.
    async fn end(&mut self) {
        self.process.group.kill();
        self.process.exited().await;
        self.output.end().await;
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.process.group.kill();
    }
}

impl Process {
    fn supervise(mut child: Child, guardian: Arc<Guardian>) -> io::Result<Self> {
        let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let id = id.ok_or_else(|| io::Error::other("the process has no id"))?;
        let group = Arc::new(Group::new(id, guardian));
        let (told, exit) = watch::channel(None);
        let supervised = group.clone();
        tokio::spawn(async move {
            let status = child.wait().await.unwrap_or_default();
            supervised.end();
            told.send_replace(Some(status));
        });
        Ok(Self { group, exit })
    }

    pub fn is_alive(&self) -> bool {
        self.exit.borrow().is_none()
    }

    /// Waits until the process has gone, and with it its group.
    pub async fn exited(&self) -> ExitStatus {
        let mut exit = self.exit.clone();
        let status = exit.wait_for(Option::is_some).await;
        status.ok().and_then(|status| *status).unwrap_or_default()
    }
}

impl Event {
    /// Returns the event of an invocation, with the headers of the Runtime API except for the deadline.
    pub fn new(invocation: Invocation, config: &ProcessConfig) -> Result<Self, InvokeError> {
        let Invocation { request_id, payload, invoked_function_arn, trace_id, client_context, tenant_id } = invocation;
        let arn = invoked_function_arn.unwrap_or_else(|| config.function_arn.clone());
        let headers = [
            ("content-type", Some("application/json")),
            ("lambda-runtime-aws-request-id", Some(&*request_id)),
            ("lambda-runtime-invoked-function-arn", Some(&*arn)),
            ("lambda-runtime-trace-id", trace_id.as_deref()),
            ("lambda-runtime-client-context", client_context.as_deref()),
            ("lambda-runtime-aws-tenant-id", tenant_id.as_deref()),
        ];
        let mut map = HeaderMap::new();
        for (what, value) in headers {
            let Some(value) = value else { continue };
            let header = HeaderValue::from_bytes(value.as_bytes())
                .map_err(|_| InvokeError::InvalidHeader { what, value: value.to_owned() })?;
            map.insert(HeaderName::from_static(what), header);
        }
        Ok(Self { request_id, headers: map, payload })
    }

    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}

fn result_of(answer: Answer, request_id: &str) -> Result<Bytes, FunctionError> {
    match answer {
        Answer::Response(payload) => Ok(payload),
        Answer::Error(posted) => Err(FunctionError::posted(FailureKind::Reported, posted.error_type, posted.body)),
        Answer::TooLarge => Err(FunctionError::too_large(MAX_RESPONSE)),
        Answer::InvalidMode => {
            let what = "the only response mode is `streaming`";
            Err(FunctionError::invalid_response(request_id, "Runtime.InvalidResponseModeHeader", what))
        }
    }
}

/// Returns the program of a command: one with a slash in it, from the directory of the function.
fn resolved(program: &str, working_dir: &Path) -> PathBuf {
    if program.contains('/') { working_dir.join(program) } else { program.into() }
}

/// Says why a program did not start: the function's fault, unless this machine is short of something.
fn not_launched(request_id: &str, program: &Path, error: io::Error) -> InvokeError {
    let program = program.display();
    let what = match Errno::from_io_error(&error) {
        Some(Errno::NOENT | Errno::NOTDIR) => format!("Couldn't find valid bootstrap(s): [{program}]"),
        Some(Errno::ACCESS) => format!("fork/exec {program}: permission denied"),
        Some(Errno::NOEXEC) => format!("fork/exec {program}: exec format error"),
        Some(Errno::TOOBIG) => format!("fork/exec {program}: argument list too long"),
        _ => return error.into(),
    };
    FunctionError::launch(request_id, "Runtime.InvalidEntrypoint", &what).into()
}
