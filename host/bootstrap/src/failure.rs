//! What a failed call of the service means for the execution. The official SDKs decide the same.

use aws_sdk_lambda::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use durabox_runtime::model::ErrorObject;
use durabox_runtime::sandbox::CheckpointFailure;

/// What begins the message of a stale token. The service writes it so, the SDKs with capitals.
const STALE_TOKEN: &str = "invalid checkpoint token";

/// The code of an answer about a token.
const INVALID_PARAMETER: &str = "InvalidParameterValueException";

/// Most bytes of an answer that is not Lambda's in an error's message.
const MOST_OF_BODY: usize = 500;

/// What an error of the connection is called.
const NETWORK_ERROR: &str = "NetworkError";

/// Says what comes of a failure that the SDK's own retries have not healed.
///
/// Rejected for good, and the execution fails: 4xx, and a key of KMS that cannot be used. Retried as
/// an invocation: throttling, 5xx, no connection, no answer, and a token that another invocation has
/// made stale.
pub(crate) fn classify<E>(error: SdkError<E, HttpResponse>) -> CheckpointFailure
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + Send + Sync + 'static,
{
    let SdkError::ServiceError(refusal) = &error else {
        let message = DisplayErrorContext(&error).to_string();
        return CheckpointFailure::Unavailable(ErrorObject::new(NETWORK_ERROR, message));
    };
    let (raw, refusal) = (refusal.raw(), refusal.err());
    let status = raw.status().as_u16();
    let body = raw.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
    // What has no code is no answer of Lambda, but of something on the way to it.
    let code = refusal.code().unwrap_or("UnknownError");
    let message = refusal.message().unwrap_or_else(|| beginning(&body));
    let request = refusal.request_id().map(|id| format!(", request {id}")).unwrap_or_default();
    let object = ErrorObject::new(code, format!("{message} (HTTP {status}{request})"));
    match is_final(status, code, message) {
        true => CheckpointFailure::Rejected { error: object, operation_id: None },
        false => CheckpointFailure::Unavailable(object),
    }
}

/// Returns as much of a body as a log line should hold.
fn beginning(body: &str) -> &str {
    body.get(..body.floor_char_boundary(MOST_OF_BODY)).unwrap_or(body)
}

fn is_final(status: u16, code: &str, message: &str) -> bool {
    match status {
        429 => false,
        400..500 => code != INVALID_PARAMETER || !message.to_ascii_lowercase().starts_with(STALE_TOKEN),
        _ => code.starts_with("KMS"),
    }
}

#[cfg(test)]
mod tests {
    use super::is_final;

    #[test]
    fn what_a_retry_may_heal_is_retried() {
        for (status, code, message) in [
            (429, "TooManyRequestsException", "Rate exceeded"),
            (500, "ServiceException", "Service encountered an error"),
            (503, "ServiceException", ""),
            (400, "InvalidParameterValueException", "Invalid checkpoint token"),
            (400, "InvalidParameterValueException", "Invalid Checkpoint Token: it is not the newest"),
        ] {
            assert!(!is_final(status, code, message), "{status} {code} {message}");
        }
    }

    #[test]
    fn what_no_retry_heals_is_final() {
        for (status, code, message) in [
            (400, "InvalidParameterValueException", "Invalid parent operation id."),
            (403, "AccessDeniedException", "not authorized to perform: lambda:CheckpointDurableExecution"),
            (404, "ResourceNotFoundException", ""),
            (403, "AccessDeniedException", "Invalid checkpoint token or no permission"),
            (502, "KMSAccessDeniedException", "access denied"),
            (502, "KMSDisabledException", ""),
        ] {
            assert!(is_final(status, code, message), "{status} {code} {message}");
        }
    }
}
