//! Lambda, as one function in an environment of its own meets it: the Runtime API that gives it events,
//! and the API that it checkpoints to, answered by the engine's own execution. A process runs the
//! function, and every call of the service may go wrong as a test wants it to.

mod answer;
mod function;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use durabox::runtime::Clock;
use durabox::runtime::engine::service::{Effect, Execution, ExecutionConfig, InvocationEnd, StartExecution};
use durabox::runtime::model::{ErrorObject, InvocationEvent, Timestamp};
use serde_json::Value;

use crate::server::Server;

pub use function::{Environment, Function, architecture, packaged, program};

/// The ARN of every execution here.
pub const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:handler:1/durable-execution/test/00000000-0000-4000-8000-000000000001";

/// A call that the function made of the service.
#[derive(Clone, Debug)]
pub struct Call {
    /// From 1, repetitions by the function's SDK counted.
    pub number: usize,
    /// Of an invocation, from 1.
    pub invocation: u64,
    /// Whether it is a checkpoint; else it reads the state.
    pub is_checkpoint: bool,
    /// Of a checkpoint.
    pub client_token: Option<String>,
    /// What its updates do, such as `STEP START`.
    pub updates: Vec<String>,
}

/// What goes wrong with a call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is refused, with nothing applied: status, code and message. Without a code the message is the body,
    /// which is not Lambda's.
    Refused(u16, &'static str, &'static str),
    /// It is applied, and the answer is lost.
    Lost,
    /// It is applied, and the answer comes after this time.
    Slow(Duration),
    /// It is neither applied nor answered, for as long as the function waits.
    Silence,
}

/// Decides what goes wrong; `None` is nothing.
pub type Faults = Arc<dyn Fn(&Call) -> Option<Fault> + Send + Sync>;

/// How an execution is made.
pub struct Options {
    /// The input event, JSON text.
    pub input: String,
    /// The function's timeout, after which its process is killed.
    pub timeout: Duration,
    /// What the function is told of it; the same unless a test wants to see what it does before the end.
    pub told: Option<Duration>,
    /// Operations in a page of the state.
    pub page_size: usize,
    /// What goes wrong.
    pub faults: Faults,
    /// An event that is given in the place of the execution's.
    pub event: Option<Value>,
}

impl Options {
    /// Returns the options of an execution on this input in which nothing goes wrong.
    pub fn new(input: impl Into<String>) -> Self {
        let (timeout, page_size) = (Duration::from_secs(60), usize::MAX);
        Self { input: input.into(), timeout, told: None, page_size, faults: Arc::new(|_| None), event: None }
    }
}

/// What came of an execution.
#[derive(Debug)]
pub struct Finished {
    /// As it closed.
    pub execution: Execution,
    /// How each invocation ended, as the function said.
    pub ends: Vec<InvocationEnd>,
    /// How long each took, from the event to the answer.
    pub times: Vec<Duration>,
    /// What the function asked of the service.
    pub calls: Vec<Call>,
    /// The function's log, line by line; one that is no JSON is a string.
    pub logs: Vec<Value>,
    /// What the function said when it could not start.
    pub init_errors: Vec<Value>,
}

impl Finished {
    /// Returns the messages of the log.
    pub fn messages(&self) -> Vec<&str> {
        self.logs.iter().map(|line| line["message"].as_str().or(line.as_str()).unwrap_or_default()).collect()
    }
}

/// Lambda's half.
pub struct Lambda {
    server: Server,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    execution: Option<Running>,
    /// Events that no environment has taken yet.
    events: VecDeque<Event>,
    /// How the invocation under way has ended.
    ended: Option<InvocationEnd>,
    calls: Vec<Call>,
    init_errors: Vec<Value>,
    /// When an environment first asked for an event, and first called the service.
    asked: Option<Instant>,
    called: Option<Instant>,
}

struct Running {
    execution: Execution,
    /// Moves between invocations only, from one timer to the next.
    now: Timestamp,
    faults: Faults,
}

#[derive(Clone)]
struct Event {
    request_id: String,
    deadline: u64,
    body: String,
}

impl Lambda {
    /// Starts serving on a port of this machine.
    pub fn start() -> Self {
        let shared = Arc::<Shared>::default();
        let served = Arc::clone(&shared);
        Self { server: Server::start(move |request| served.answer(request)), shared }
    }

    /// Runs an execution of a function to its end.
    pub fn execute(&self, function: &Function, options: Options) -> Finished {
        let mut environment = function.start(&self.server.authority());
        let finished = self.execute_in(&mut environment, options);
        Finished { logs: environment.stop(), ..finished }
    }

    /// Runs an execution in an environment that may have run others before.
    pub fn execute_in(&self, environment: &mut Environment, options: Options) -> Finished {
        self.begin(&options);
        let (mut ends, mut times) = (Vec::new(), Vec::new());
        loop {
            let mut state = self.shared.lock();
            let running = state.running();
            match running.execution.poll_effect(running.now) {
                Some(Effect::Closed) => break,
                Some(Effect::Invoke { request_id, input }) => {
                    let body = options.event.clone().map_or_else(
                        || serde_json::to_string(&InvocationEvent::from(&input)).expect("JSON"),
                        |event| event.to_string(),
                    );
                    let deadline = epoch().saturating_add(options.told.unwrap_or(options.timeout));
                    let deadline = u64::try_from(deadline.as_millis()).expect("milliseconds of this age");
                    state.events.push_back(Event { request_id, deadline, body });
                    drop(state);
                    let start = Instant::now();
                    let end = self.invocation(environment, options.timeout);
                    times.push(start.elapsed());
                    ends.push(end.clone());
                    let mut state = self.shared.lock();
                    let running = state.running();
                    running.execution.complete_invocation(end, running.now);
                }
                None => {
                    let timer = running.execution.poll_timeout().expect("an open execution times out some day");
                    running.now = running.now.max(timer);
                    running.execution.handle_timeout(running.now);
                }
            }
        }
        let mut state = self.shared.lock();
        let execution = state.running().execution.clone();
        let (calls, init_errors) = (std::mem::take(&mut state.calls), std::mem::take(&mut state.init_errors));
        Finished { execution, ends, times, calls, logs: Vec::new(), init_errors }
    }

    /// Returns how long an environment took from its start to its first question for an event, and to
    /// its first call of the service.
    pub fn since(&self, start: Instant) -> (Duration, Duration) {
        let state = self.shared.lock();
        let since = |at: Option<Instant>| at.map(|at| at.duration_since(start)).unwrap_or_default();
        (since(state.asked), since(state.called))
    }

    /// Returns where it serves, `127.0.0.1:PORT`.
    pub fn authority(&self) -> String {
        self.server.authority()
    }

    fn begin(&self, options: &Options) {
        let start = StartExecution {
            arn: ARN.into(),
            input: Some(options.input.clone()),
            config: ExecutionConfig { page_size: options.page_size, ..ExecutionConfig::default() },
        };
        let now = Clock::real().now();
        let running = Running { execution: Execution::start(start, now), now, faults: Arc::clone(&options.faults) };
        let mut state = self.shared.lock();
        // An environment may have asked already.
        *state = State { execution: Some(running), asked: state.asked, ..State::default() };
    }

    /// Waits until the invocation under way has ended: by the function's word, by its death, which
    /// starts another environment, or by Lambda, which kills it when its time is up.
    fn invocation(&self, environment: &mut Environment, timeout: Duration) -> InvocationEnd {
        /// How late a death is noticed.
        const LOOK: Duration = Duration::from_millis(5);
        let deadline = Instant::now() + timeout;
        self.shared.changed.notify_all();
        let mut state = self.shared.lock();
        loop {
            if let Some(end) = state.ended.take() {
                return end;
            }
            let died = environment.died();
            if died.is_some() || Instant::now() >= deadline {
                state.events.clear();
                drop(state);
                environment.restart();
                return InvocationEnd::Crashed(match died {
                    Some(how) => ErrorObject::new("Runtime.ExitError", format!("Runtime exited with error: {how}")),
                    None => ErrorObject::new("Sandbox.Timedout", "Task timed out"),
                });
            }
            state = self.shared.changed.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn running(&mut self) -> &mut Running {
        self.execution.as_mut().expect("an execution has begun")
    }
}

fn epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that is set")
}
