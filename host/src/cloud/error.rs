use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use durabox_runtime::model::{ErrorObject, ExecutionStatus};

use super::{CloudSettings, Variable};
use crate::render::operation::error_text;
use crate::render::text::duration;

/// Why there is no result from the cloud. An execution that failed is a result.
///
/// The first line of each is worded as AWS's testing framework words it.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// One function is named by two variables.
    #[error(
        "Cloud mode requires both QUALIFIED_FUNCTION_NAME and LAMBDA_FUNCTION_TEST_NAME environment variables{}",
        not_set(.missing)
    )]
    MissingVariables {
        /// Those that are not set.
        missing: Vec<Variable>,
    },
    /// The map is not one from names to names.
    #[error("DURABOX_FUNCTION_NAME_MAP is not a JSON object of names: {0}")]
    FunctionNameMap(serde_json::Error),
    /// The function could not be invoked.
    #[error("Failed to invoke Lambda function {function}: {failure}")]
    Invoke {
        /// The function, as it was named.
        function: String,
        /// Where.
        place: Place,
        /// Why.
        failure: ServiceFailure,
    },
    /// The function was invoked, and no durable execution was started.
    #[error("No DurableExecutionArn in response for function {function}")]
    NoExecutionArn {
        /// The function, as it was named.
        function: String,
    },
    /// The function's own code failed.
    #[error("Lambda function failed: {}", error_text(.error))]
    FunctionFailed {
        /// The function, as it was named.
        function: String,
        /// Where.
        place: Place,
        /// Its error.
        error: ErrorObject,
    },
    /// The execution could not be asked for.
    #[error("Failed to get execution status: {failure}")]
    Status {
        /// The execution.
        arn: String,
        /// Where.
        place: Place,
        /// Why.
        failure: ServiceFailure,
    },
    /// The history could not be read.
    #[error("Failed to fetch execution history: {failure}")]
    History {
        /// The execution.
        arn: String,
        /// Where.
        place: Place,
        /// Why.
        failure: ServiceFailure,
    },
    /// The execution was still running when the time was up.
    #[error(
        "Execution did not complete within {} (elapsed: {}, last status: {}, last event: {})",
        seconds(*.limit), seconds(*.elapsed), .last_status.map_or("unknown", ExecutionStatus::as_str),
        .last_event.as_deref().unwrap_or("none")
    )]
    Timeout {
        /// The function, as it was named.
        function: String,
        /// The execution.
        arn: String,
        /// Where.
        place: Place,
        /// How long it was waited for.
        limit: Duration,
        /// How long it took to find that out.
        elapsed: Duration,
        /// Where the execution stood; unknown when the service never said.
        last_status: Option<ExecutionStatus>,
        /// The newest event of its history, with its error.
        last_event: Option<String>,
    },
    /// No callback of this name was open when the time was up.
    #[error("Callback did not become available within {} (elapsed: {}): `{asked}`", seconds(*.limit), seconds(*.elapsed))]
    CallbackTimeout {
        /// What was waited for.
        asked: String,
        /// How long it was waited for.
        limit: Duration,
        /// How long it took to find that out.
        elapsed: Duration,
        /// The callbacks that did start.
        started: Vec<String>,
    },
    /// A callback could not be answered.
    #[error("Failed to send callback {action} for {function}, callback_id {callback_id}: {failure}")]
    Callback {
        /// `success`, `failure` or `heartbeat`.
        action: &'static str,
        /// The function, as it was named.
        function: String,
        /// The callback.
        callback_id: String,
        /// Where.
        place: Place,
        /// Why.
        failure: ServiceFailure,
    },
    /// There is no execution of this name.
    #[error("no execution {asked:?} of {}", listed(.functions))]
    NoExecution {
        /// What was asked for.
        asked: String,
        /// The functions among whose executions it was looked for.
        functions: Vec<String>,
        /// Where.
        place: Place,
    },
    /// A function could not be looked at, changed, or its executions listed.
    #[error("Failed to {doing} {function}: {failure}")]
    Function {
        /// What was to be done.
        doing: &'static str,
        /// The same, as a policy names it.
        action: &'static str,
        /// The function.
        function: String,
        /// Where.
        place: Place,
        /// Why.
        failure: ServiceFailure,
    },
    /// The execution could not be stopped.
    #[error("Failed to stop execution: {failure}")]
    Stop {
        /// The execution.
        arn: String,
        /// Where.
        place: Place,
        /// Why.
        failure: ServiceFailure,
    },
}

fn listed(functions: &[String]) -> String {
    match functions {
        [] => "any function, as none is durable".to_owned(),
        functions => functions.join(", "),
    }
}

fn not_set(missing: &[Variable]) -> String {
    match missing {
        [one] => format!("; {one} is not set"),
        _ => String::new(),
    }
}

/// Returns `10s`, `1.2s`, `90s`: in seconds, as AWS's framework says them.
fn seconds(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    if tenths.is_multiple_of(10) { format!("{}s", tenths / 10) } else { format!("{}.{}s", tenths / 10, tenths % 10) }
}

/// Where Lambda was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The region.
    pub region: String,
    /// Whether nobody has named it.
    pub is_default_region: bool,
    /// Another endpoint than the region's own.
    pub endpoint: Option<String>,
    /// The variable or the option that has named the endpoint, if it was one.
    pub endpoint_named_by: Option<&'static str>,
}

impl From<&CloudSettings> for Place {
    fn from(settings: &CloudSettings) -> Self {
        Self {
            region: settings.region.clone(),
            is_default_region: settings.is_default_region,
            endpoint: settings.endpoint.clone(),
            endpoint_named_by: settings.endpoint_named_by,
        }
    }
}

impl Place {
    /// Returns the command that shows what the function printed; a function's default log group has its name.
    pub(super) fn logs(&self, function: &str) -> String {
        format!("aws logs tail /aws/lambda/{} --since 15m --region {}", bare_name(function), self.region)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.endpoint, self.is_default_region) {
            (Some(endpoint), _) => match self.endpoint_named_by {
                Some(name) => write!(f, "{endpoint} ({name})"),
                None => f.write_str(endpoint),
            },
            (None, true) => write!(f, "{} (the default, as AWS_REGION is not set)", self.region),
            (None, false) => f.write_str(&self.region),
        }
    }
}

/// Returns the function's own name of an execution's ARN.
pub(super) fn function_of(execution_arn: &str) -> Option<&str> {
    let (_, function) = execution_arn.split_once(":function:")?;
    function.split(':').next()
}

/// Returns the function's own name of `name:qualifier` or of an ARN.
fn bare_name(function: &str) -> &str {
    let name = function.split_once(":function:").map_or(function, |(_, name)| name);
    name.split(':').next().unwrap_or(name)
}

/// What Lambda, or the way to it, answered instead of what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFailure {
    /// What kind of failure it is.
    pub cause: Cause,
    /// The name of Lambda's exception.
    pub code: Option<String>,
    /// What it said.
    pub message: String,
}

impl fmt::Display for ServiceFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{code}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// What kind of failure it is; each has a cure of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// There are no credentials, or they could not be had.
    NoCredentials,
    /// The credentials are not taken: wrong, or expired.
    BadCredentials,
    /// The credentials lack a permission.
    AccessDenied,
    /// There is no such function, version, execution or callback there.
    NotFound,
    /// The request is not one that Lambda takes.
    InvalidRequest,
    /// The callback had closed.
    CallbackClosed,
    /// Lambda is asked too often.
    Throttled,
    /// Nothing answers at the endpoint.
    Unreachable,
    /// No answer came in time.
    NoAnswer,
    /// Lambda itself failed.
    Service,
}

impl ServiceFailure {
    /// Reads what the SDK returned.
    pub(super) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        if let SdkError::ServiceError(service) = error {
            let status = service.raw().status().as_u16();
            let code = service.err().code().map(str::to_owned);
            let message = service.err().message().map_or_else(|| format!("HTTP status {status}"), str::to_owned);
            return Self { cause: Cause::of_code(code.as_deref().unwrap_or_default(), status), code, message };
        }
        let chain = causes(error);
        let said = |words: &str| chain.iter().any(|text| text.to_lowercase().contains(words));
        let cause = match error {
            _ if said("credential") => Cause::NoCredentials,
            SdkError::TimeoutError(_) => Cause::NoAnswer,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Cause::NoAnswer,
            SdkError::DispatchFailure(_) => Cause::Unreachable,
            SdkError::ConstructionFailure(_) => Cause::InvalidRequest,
            _ => Cause::Service,
        };
        // The SDK's own first line says only which stage it was.
        let told: Vec<&str> = chain.iter().skip(usize::from(chain.len() > 1)).map(String::as_str).collect();
        Self { cause, code: None, message: told.join(": ") }
    }
}

/// Returns what an error and its sources say, without what one of them repeats of the next.
fn causes(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
        next = error.source();
    }
    texts
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 10] = [
        Self::NoCredentials,
        Self::BadCredentials,
        Self::AccessDenied,
        Self::NotFound,
        Self::InvalidRequest,
        Self::CallbackClosed,
        Self::Throttled,
        Self::Unreachable,
        Self::NoAnswer,
        Self::Service,
    ];

    /// Returns the cause that Lambda's exception tells. The names are those of Lambda's API model and
    /// of the errors that all AWS services share.
    fn of_code(code: &str, status: u16) -> Self {
        match code {
            "CallbackTimeoutException" => return Self::CallbackClosed,
            "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "InvalidClientTokenId"
            | "IncompleteSignatureException"
            | "MissingAuthenticationTokenException"
            | "ExpiredTokenException"
            | "ExpiredToken" => return Self::BadCredentials,
            _ => {}
        }
        match status {
            401 | 403 => Self::AccessDenied,
            404 => Self::NotFound,
            429 => Self::Throttled,
            400..500 => Self::InvalidRequest,
            _ => Self::Service,
        }
    }

    /// Whether the same request may do well a little later.
    pub(super) const fn is_transient(self) -> bool {
        matches!(self, Self::Throttled | Self::NoAnswer | Self::Service)
    }
}

impl CloudError {
    /// Returns the kind of failure, if the service or the way to it made it.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Invoke { failure, .. }
            | Self::Status { failure, .. }
            | Self::History { failure, .. }
            | Self::Callback { failure, .. }
            | Self::Function { failure, .. }
            | Self::Stop { failure, .. } => Some(failure.cause),
            _ => None,
        }
    }

    /// Returns the Lambda action that was asked for, as a policy names it.
    fn action(&self) -> &'static str {
        match self {
            Self::Invoke { .. } => "lambda:InvokeFunction",
            Self::Status { .. } => "lambda:GetDurableExecution",
            Self::History { .. } => "lambda:GetDurableExecutionHistory",
            Self::Stop { .. } => "lambda:StopDurableExecution",
            Self::Callback { action: "success", .. } => "lambda:SendDurableExecutionCallbackSuccess",
            Self::Callback { action: "failure", .. } => "lambda:SendDurableExecutionCallbackFailure",
            Self::Callback { .. } => "lambda:SendDurableExecutionCallbackHeartbeat",
            Self::Function { action, .. } => action,
            _ => "",
        }
    }

    fn place(&self) -> Option<&Place> {
        match self {
            Self::Invoke { place, .. }
            | Self::FunctionFailed { place, .. }
            | Self::Status { place, .. }
            | Self::History { place, .. }
            | Self::Timeout { place, .. }
            | Self::Callback { place, .. }
            | Self::NoExecution { place, .. }
            | Self::Function { place, .. }
            | Self::Stop { place, .. } => Some(place),
            _ => None,
        }
    }

    /// Returns the cause and the cure, one hint to an element.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::MissingVariables { .. } => vec![
                "QUALIFIED_FUNCTION_NAME is the deployed function with its version or alias, such as order:1".into(),
                "LAMBDA_FUNCTION_TEST_NAME is the lambda_function_name of its tests, such as order".into(),
                "or name many: DURABOX_FUNCTION_NAME_MAP='{\"order\": \"order:1\"}'".into(),
            ],
            Self::FunctionNameMap(_) => {
                vec![
                    "DURABOX_FUNCTION_NAME_MAP='{\"hello world\": \"hello-world:1\", \"order\": \"order:live\"}'"
                        .into(),
                ]
            }
            Self::NoExecutionArn { function } => {
                let mut hints = Vec::new();
                if !is_qualified(function) {
                    hints.push(format!(
                        "a durable function is invoked with a version or an alias: {function}:$LATEST, or {function}:1"
                    ));
                }
                hints.push(format!(
                    "is it durable? aws lambda get-function-configuration --function-name {} --query DurableConfig",
                    bare_name(function)
                ));
                hints.push("DurableConfig is given when a function is created; it cannot be added later".into());
                hints
            }
            Self::FunctionFailed { function, place, .. } => {
                vec![
                    "the function's own code failed; run the same test locally to find out why".into(),
                    place.logs(function),
                ]
            }
            Self::Timeout { function, arn, place, .. } => vec![
                "does the handler wait, or wait for a callback? .timeout(…) of the run takes as long as that".into(),
                format!(
                    "aws lambda get-durable-execution-history --durable-execution-arn '{arn}' --region {}",
                    place.region
                ),
                place.logs(function),
            ],
            Self::NoExecution { functions, place, .. } => vec![
                match functions.as_slice() {
                    [one] => format!("`durabox history list --function {one}` lists those that are kept"),
                    _ => "--function NAME narrows it; names are those given when an execution was started".into(),
                },
                format!("{place} was asked"),
            ],
            Self::CallbackTimeout { asked, started, .. } => {
                vec![crate::near::hint(asked, "callbacks that started", started.iter().map(String::as_str))]
            }
            _ => self.cause().map(|cause| self.cures(cause)).unwrap_or_default(),
        }
    }

    /// Returns what helps against a cause.
    fn cures(&self, cause: Cause) -> Vec<String> {
        let place = self.place().map(ToString::to_string).unwrap_or_default();
        let action = self.action();
        match cause {
            Cause::NoCredentials => vec![
                "no AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".into(),
                "aws sts get-caller-identity says who you are".into(),
            ],
            Cause::BadCredentials => vec![
                "the AWS credentials are wrong or have expired; sign in again, with `aws sso login` if you use it".into(),
                "aws sts get-caller-identity says who you are".into(),
            ],
            Cause::AccessDenied => vec![format!("allow {action} to these credentials; {place} was asked")],
            Cause::NotFound => vec![match self {
                Self::Invoke { function, .. } | Self::Function { function, .. } => format!(
                    "is `{function}` deployed, with that version or alias, in that account? {place} was asked"
                ),
                _ => format!(
                    "an execution is kept until its function's retention period is over; {place} was asked"
                ),
            }],
            Cause::InvalidRequest => vec![match self {
                Self::Invoke { function, .. } if !is_qualified(function) => format!(
                    "a durable function is invoked with a version or an alias: {function}:$LATEST, or {function}:1"
                ),
                Self::Function { .. } => {
                    "Lambda says what it does not take; what was done before it stays done".into()
                }
                _ => "Lambda says what it does not take; nothing was changed".into(),
            }],
            Cause::CallbackClosed => vec!["the callback had timed out, or somebody had answered it".into()],
            Cause::Throttled => vec![
                "run fewer tests at once (--test-threads=1), or ask for a higher quota; Lambda takes about 15 reads of a history a second".into(),
            ],
            Cause::Unreachable => vec![format!("nothing answers there; {place} was asked")],
            Cause::NoAnswer => vec![format!("no answer came; {place} was asked, and a proxy or a firewall may swallow it")],
            Cause::Service => vec!["Lambda failed; try again, and look at https://health.aws.amazon.com".into()],
        }
    }
}

/// Whether a function is named with its version or alias.
fn is_qualified(function: &str) -> bool {
    let name = function.split_once(":function:").map_or(function, |(_, name)| name);
    name.contains(':')
}

/// Returns the newest event in words, for the error of a time that is up.
pub(super) fn last_event(event: &durabox_runtime::model::Event, now: durabox_runtime::model::Timestamp) -> String {
    use durabox_runtime::model::EventDetails;
    let mut text = event.details.event_type().to_owned();
    if let Some(name) = &event.name {
        text.push_str(&format!(" {name}"));
    }
    text.push_str(&format!(" {} ago", duration(now.since(event.event_timestamp))));
    if let EventDetails::InvocationCompleted(completed) = &event.details
        && let Some(error) = completed.details.error.as_ref().and_then(|error| error.payload.as_ref())
    {
        text.push_str(&format!(", Lambda function failed: {}", error_text(error)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Place, bare_name, is_qualified, seconds};
    use std::time::Duration;

    #[test]
    fn a_function_is_known_without_its_qualifier() {
        for function in ["order", "order:1", "arn:aws:lambda:us-east-1:123456789012:function:order:live"] {
            assert_eq!(bare_name(function), "order");
        }
        assert!(is_qualified("order:$LATEST") && !is_qualified("order"));
        assert!(!is_qualified("arn:aws:lambda:us-east-1:123456789012:function:order"));
    }

    #[test]
    fn an_endpoint_is_told_with_what_has_named_it() {
        let endpoint = Some("http://127.0.0.1:9".to_owned());
        let place = |endpoint_named_by| Place { endpoint: endpoint.clone(), endpoint_named_by, ..Place::default() };
        assert_eq!(place(Some("--endpoint")).to_string(), "http://127.0.0.1:9 (--endpoint)");
        assert_eq!(place(None).to_string(), "http://127.0.0.1:9");
    }

    #[test]
    fn times_are_in_seconds() {
        assert_eq!([Duration::from_secs(90), Duration::from_millis(1250)].map(seconds), ["90s", "1.2s"]);
    }
}
