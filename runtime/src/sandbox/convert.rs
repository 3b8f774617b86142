//! Between the contract's types and the engine's. Everything moves; nothing is decided.

use durabox_engine::replay;
use durabox_model::{CallbackOptions, ChainedInvokeOptions, ErrorObject, OperationStatus};

use super::LogLevel;
use super::bindings::operations as wit;

impl From<wit::CallSite> for replay::CallSite {
    fn from(site: wit::CallSite) -> Self {
        Self { file: site.file.into(), line: site.line, column: site.column }
    }
}

impl From<wit::Request> for replay::Request {
    fn from(request: wit::Request) -> Self {
        match request {
            wit::Request::Step(wit::StepSemantics::AtLeastOncePerRetry) => {
                Self::Step(replay::StepSemantics::AtLeastOncePerRetry)
            }
            wit::Request::Step(wit::StepSemantics::AtMostOncePerRetry) => {
                Self::Step(replay::StepSemantics::AtMostOncePerRetry)
            }
            wit::Request::Condition => Self::Condition,
            wit::Request::Wait(seconds) => Self::Wait { seconds },
            wit::Request::Callback(options) => Self::Callback(CallbackOptions {
                timeout_seconds: options.timeout_seconds,
                heartbeat_timeout_seconds: options.heartbeat_timeout_seconds,
            }),
            wit::Request::Invoke(options) => Self::Invoke(Box::new(ChainedInvokeOptions {
                function_name: options.function_name,
                tenant_id: options.tenant_id,
                ..ChainedInvokeOptions::default()
            })),
            wit::Request::Context(sub_type) => Self::Context { sub_type: sub_type.into() },
            wit::Request::VirtualContext(sub_type) => Self::VirtualContext { sub_type: sub_type.into() },
        }
    }
}

impl From<replay::Claimed> for wit::Claimed {
    fn from(claimed: replay::Claimed) -> Self {
        Self {
            operation: claimed.handle,
            recorded: match claimed.recorded {
                replay::Recorded::Absent => wit::Recorded::Absent,
                replay::Recorded::Open => wit::Recorded::Open,
                replay::Recorded::Ended => wit::Recorded::Ended,
            },
            settled: claimed.settled.map(Into::into),
        }
    }
}

impl From<replay::Outcome> for wit::Outcome {
    fn from(outcome: replay::Outcome) -> Self {
        match outcome {
            replay::Outcome::Succeeded(result) => Self::Succeeded(result),
            replay::Outcome::Failed { status, error, attempts } => {
                let status = match status {
                    OperationStatus::TimedOut => wit::FailedStatus::TimedOut,
                    OperationStatus::Stopped => wit::FailedStatus::Stopped,
                    OperationStatus::Cancelled => wit::FailedStatus::Cancelled,
                    _ => wit::FailedStatus::Failed,
                };
                Self::Failed(wit::FailedOutcome { status, error: error.into(), attempts })
            }
        }
    }
}

impl From<replay::State> for wit::State {
    fn from(state: replay::State) -> Self {
        match state {
            replay::State::Pending => Self::Pending,
            replay::State::Run { attempt, carried } => Self::Run(wit::Attempt { number: attempt, carried }),
            replay::State::Opened(id) => Self::Opened(id),
            replay::State::Interrupted(attempt) => Self::Interrupted(attempt),
            replay::State::Acknowledged => Self::Acknowledged,
            replay::State::Settled(outcome) => Self::Settled(outcome.into()),
        }
    }
}

impl From<wit::RetryDecision> for replay::RetryDecision {
    fn from(decision: wit::RetryDecision) -> Self {
        match decision {
            wit::RetryDecision::Stop => Self::Stop,
            wit::RetryDecision::After(seconds) => Self::After(seconds),
            wit::RetryDecision::ByStrategy(strategy) => Self::ByStrategy(strategy.into()),
        }
    }
}

impl From<wit::RetryStrategy> for replay::RetryStrategy {
    fn from(strategy: wit::RetryStrategy) -> Self {
        Self {
            max_attempts: strategy.max_attempts,
            initial_delay_seconds: strategy.initial_delay_seconds,
            max_delay_seconds: strategy.max_delay_seconds,
            backoff_rate: strategy.backoff_rate,
            jitter: match strategy.jitter {
                wit::Jitter::None => replay::Jitter::None,
                wit::Jitter::Half => replay::Jitter::Half,
                wit::Jitter::Full => replay::Jitter::Full,
            },
        }
    }
}

impl From<wit::Failure> for ErrorObject {
    fn from(failure: wit::Failure) -> Self {
        Self {
            error_message: failure.error_message,
            error_type: failure.error_type,
            error_data: failure.error_data,
            stack_trace: failure.stack_trace,
        }
    }
}

impl From<ErrorObject> for wit::Failure {
    fn from(error: ErrorObject) -> Self {
        Self {
            error_message: error.error_message,
            error_type: error.error_type,
            error_data: error.error_data,
            stack_trace: error.stack_trace,
        }
    }
}

impl From<wit::LogLevel> for LogLevel {
    fn from(level: wit::LogLevel) -> Self {
        match level {
            wit::LogLevel::Trace => Self::Trace,
            wit::LogLevel::Debug => Self::Debug,
            wit::LogLevel::Info => Self::Info,
            wit::LogLevel::Warn => Self::Warn,
            wit::LogLevel::Error => Self::Error,
        }
    }
}
