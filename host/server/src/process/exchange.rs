//! What passes between the two sides of a process: its requests to the Runtime API on one, the
//! invocations that it is given on the other.

use hyper::body::Bytes;
use tokio::sync::{oneshot, watch};

/// Where a process stands, and what may happen next.
pub(super) struct Exchange(watch::Sender<State>);

enum State {
    /// It has been started and has not asked for work.
    Started,
    /// It has said that it cannot start.
    InitError(PostedError),
    /// It asks for work, and waits.
    Ready(oneshot::Sender<Box<Delivery>>),
    /// It has an event.
    Running { request_id: String, answer: oneshot::Sender<Answer> },
    /// It is sending its answer.
    Answering,
    /// Its answer is complete, and it has not asked for more work.
    ResponseSent,
}

/// An event, with the headers that it comes with.
pub(super) struct Delivery {
    pub request_id: String,
    pub headers: http::HeaderMap,
    pub payload: Bytes,
}

/// What a process has answered.
pub(super) enum Answer {
    Response(Bytes),
    Error(PostedError),
    TooLarge,
    InvalidMode,
}

/// An error as the process posted it.
#[derive(Clone)]
pub(super) struct PostedError {
    pub error_type: Option<String>,
    pub body: Bytes,
}

/// Why a request of the process is refused.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The id is not that of the event under way.
    InvalidRequestId,
    /// The request does not fit where the process stands.
    Transition { from: &'static str, to: &'static str },
}

impl Exchange {
    pub fn new() -> Self {
        Self(watch::Sender::new(State::Started))
    }

    /// The process asks for work.
    pub fn ask(&self) -> Result<oneshot::Receiver<Box<Delivery>>, Refusal> {
        self.change(|state| {
            match state {
                State::Started | State::ResponseSent => Ok(()),
                // The connection on which it had asked has gone.
                State::Ready(asked) if asked.is_closed() => Ok(()),
                _ => Err(state.refuse("Ready")),
            }
            .map(|()| {
                let (asking, asked) = oneshot::channel();
                (State::Ready(asking), asked)
            })
        })
    }

    /// The process begins to answer; what it answers is told by [`Self::answer`].
    pub fn begin_answer(&self, id: &str, to: &'static str) -> Result<oneshot::Sender<Answer>, Refusal> {
        let mut taken = None;
        let mut refusal = None;
        self.0.send_if_modified(|state| match std::mem::replace(state, State::Answering) {
            State::Running { request_id, answer } if request_id == id => {
                taken = Some(answer);
                true
            }
            other => {
                refusal = Some(match &other {
                    State::Running { .. } => Refusal::InvalidRequestId,
                    _ => other.refuse(to),
                });
                *state = other;
                false
            }
        });
        taken.ok_or_else(|| refusal.unwrap_or(Refusal::InvalidRequestId))
    }

    /// The process has answered.
    pub fn answer(&self, answering: oneshot::Sender<Answer>, answer: Answer) {
        self.0.send_replace(State::ResponseSent);
        // Nobody waits for it when the invocation has timed out meanwhile.
        let _ = answering.send(answer);
    }

    /// The process says that it cannot start.
    pub fn init_error(&self, error: PostedError) -> Result<(), Refusal> {
        self.change(|state| match state {
            State::Started => Ok((State::InitError(error), ())),
            _ => Err(state.refuse("InitError")),
        })
    }

    /// Waits until the process asks for work, or says that it cannot start.
    pub async fn ready(&self) -> Result<(), PostedError> {
        let mut states = self.0.subscribe();
        let state = states.wait_for(|state| matches!(state, State::Ready(_) | State::InitError(_))).await;
        match state.as_deref() {
            Ok(State::InitError(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Gives the process an event, or the event back when it does not wait for one any more.
    pub fn deliver(&self, delivery: Box<Delivery>) -> Result<oneshot::Receiver<Answer>, Box<Delivery>> {
        let mut outcome = None;
        self.0.send_modify(|state| match std::mem::replace(state, State::ResponseSent) {
            State::Ready(asked) => {
                let (answer, answered) = oneshot::channel();
                let request_id = delivery.request_id.clone();
                outcome = Some(asked.send(delivery).map(|()| {
                    *state = State::Running { request_id, answer };
                    answered
                }));
            }
            other => {
                *state = other;
                outcome = Some(Err(delivery));
            }
        });
        outcome.expect("the closure ran")
    }

    /// Changes the state if `next` says to what.
    fn change<T>(&self, next: impl FnOnce(&State) -> Result<(State, T), Refusal>) -> Result<T, Refusal> {
        let mut outcome = None;
        self.0.send_if_modified(|state| {
            let (changed, told) = match next(state) {
                Ok((next, told)) => {
                    *state = next;
                    (true, Ok(told))
                }
                Err(refusal) => (false, Err(refusal)),
            };
            outcome = Some(told);
            changed
        });
        outcome.expect("the closure ran")
    }
}

impl State {
    fn refuse(&self, to: &'static str) -> Refusal {
        let from = match self {
            Self::Started => "Started",
            Self::InitError(_) => "InitError",
            Self::Ready(_) => "Ready",
            Self::Running { .. } => "Running",
            Self::Answering => "InvocationResponse",
            Self::ResponseSent => "ResponseSent",
        };
        Refusal::Transition { from, to }
    }
}
