use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;

/// How long a process may take from its start to its first request for work: Lambda's 10 seconds.
pub const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a process is kept without work. Lambda says no figure; some minutes are seen.
pub const IDLE_TIMEOUT: Duration = Duration::from_mins(5);

/// What the processes of a function version are.
#[derive(Clone)]
pub struct ProcessConfig {
    /// Program and arguments. A program without a slash is looked up on the function's `PATH`; a
    /// relative one is relative to `working_dir`.
    pub command: Vec<String>,
    /// Where the process starts; the function knows it as `LAMBDA_TASK_ROOT`.
    pub working_dir: PathBuf,
    /// The function's own variables. They may replace `PATH`, `HOME`, `LANG` and `TZ`, but no
    /// variable that Lambda reserves.
    pub environment: Vec<(String, String)>,
    /// Name, as in `AWS_LAMBDA_FUNCTION_NAME` and the name of the log group.
    pub function_name: String,
    /// Version: `$LATEST` or a number.
    pub function_version: String,
    /// ARN without a qualifier, for invocations that name none.
    pub function_arn: String,
    /// Handler, as in `_HANDLER`.
    pub handler: Option<String>,
    /// Runtime identifier, as in `python3.13`; `AWS_EXECUTION_ENV` is made of it, unless it is one of
    /// those that bring only an operating system.
    pub runtime: Option<String>,
    /// Region.
    pub region: String,
    /// How long an invocation may take, from the moment the process has its event.
    pub timeout: Duration,
    /// How long a process may take to start, at least; a longer `timeout` counts instead.
    pub init_timeout: Duration,
    /// Memory that a process and its children may have resident, in MiB.
    pub memory_mb: u32,
    /// Invocations, and so processes, at a time.
    pub max_concurrency: usize,
    /// How long a process may be idle, at least; some time after that it is ended.
    pub idle_timeout: Duration,
    /// Who is told what the processes write.
    pub log: LogSink,
}

impl ProcessConfig {
    /// Returns the configuration of a function with Lambda's defaults: 3 seconds, 128 MiB, version
    /// `$LATEST` in `us-east-1`. Ten processes at a time; lines that they write are dropped.
    pub fn new(
        name: impl Into<String>,
        command: impl IntoIterator<Item = impl Into<String>>,
        working_dir: impl Into<PathBuf>,
    ) -> Self {
        let function_name = name.into();
        Self {
            command: command.into_iter().map(Into::into).collect(),
            working_dir: working_dir.into(),
            environment: Vec::new(),
            function_arn: format!("arn:aws:lambda:us-east-1:000000000000:function:{function_name}"),
            function_name,
            function_version: "$LATEST".into(),
            handler: None,
            runtime: None,
            region: "us-east-1".into(),
            timeout: Duration::from_secs(3),
            init_timeout: INIT_TIMEOUT,
            memory_mb: 128,
            max_concurrency: 10,
            idle_timeout: IDLE_TIMEOUT,
            log: Arc::new(|_| ()),
        }
    }
}

impl fmt::Debug for ProcessConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function_name, function_version, command, .. } = self;
        write!(f, "ProcessConfig({function_name}:{function_version} {command:?})")
    }
}

/// Who is told what the processes write. It is called in order, and should not block.
pub type LogSink = Arc<dyn Fn(ProcessLine) + Send + Sync>;

/// A line that a process has written.
///
/// All lines that a process wrote before it answered are told before [`super::Processes::invoke`]
/// returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessLine {
    /// The invocation under way; none while the process starts.
    pub request_id: Option<Arc<str>>,
    /// Where it was written.
    pub stream: Stream,
    /// The line without its end. One above 256 KiB comes in parts.
    pub text: String,
}

/// One of the two outputs of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// An event for a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Id of the request, unique.
    pub request_id: String,
    /// The event, JSON.
    pub payload: Bytes,
    /// ARN as it was invoked, with the qualifier; [`ProcessConfig::function_arn`] if none.
    pub invoked_function_arn: Option<String>,
    /// X-Ray's tracing header.
    pub trace_id: Option<String>,
    /// Client context: JSON, not base64.
    pub client_context: Option<String>,
    /// Tenant, of a function with tenant isolation.
    pub tenant_id: Option<String>,
}

impl Invocation {
    /// Returns an invocation with no more than an id and an event.
    pub fn new(request_id: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self {
            request_id: request_id.into(),
            payload: payload.into(),
            invoked_function_arn: None,
            trace_id: None,
            client_context: None,
            tenant_id: None,
        }
    }
}
