//! The pages in `docs/`: what they quote is what the code says.

use std::time::Duration;

use durabox::cloud::{Cause, CloudSettings, Place, ServiceFailure, Variable};
use durabox::{CloudError, ErrorObject, ExecutionStatus, RunError};

const TROUBLESHOOTING: &str = include_str!("../docs/troubleshooting.md");
const LOCAL_AND_CLOUD: &str = include_str!("../docs/local-and-cloud.md");
const LAPTOP_TO_LAMBDA: &str = include_str!("../docs/from-laptop-to-lambda.md");

const ARN: &str = "arn:aws:lambda:us-west-2:123456789012:function:order:1/durable-execution/order-42/5f2c";

fn here() -> Place {
    Place { region: "us-west-2".into(), is_default_region: true, ..Place::default() }
}

fn there() -> Place {
    Place { region: "eu-central-1".into(), is_default_region: false, ..Place::default() }
}

fn failure(cause: Cause, code: &str, message: &str) -> ServiceFailure {
    let code = (!code.is_empty()).then(|| code.to_owned());
    ServiceFailure { cause, code, message: message.into() }
}

fn invoke(function: &str, place: Place, failure: ServiceFailure) -> CloudError {
    CloudError::Invoke { function: function.into(), place, failure }
}

/// Every failure that the page tells of, in its order.
fn failures() -> Vec<CloudError> {
    let order = || "order:1".to_owned();
    let arn = || ARN.to_owned();
    let map = CloudSettings::read(|variable| (variable == Variable::FunctionNameMap).then(|| "order:1".into()));
    vec![
        CloudSettings::read(|_| None).expect_err("nothing is set"),
        map.expect_err("not JSON"),
        invoke(
            "order:1",
            there(),
            failure(
                Cause::NoCredentials,
                "",
                "the credential provider was not enabled: no providers in chain provided credentials",
            ),
        ),
        invoke(
            "order:1",
            there(),
            failure(
                Cause::BadCredentials,
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ),
        ),
        invoke(
            "order:1",
            there(),
            failure(
                Cause::AccessDenied,
                "AccessDeniedException",
                "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: lambda:InvokeFunction",
            ),
        ),
        invoke(
            "order:1",
            here(),
            failure(
                Cause::NotFound,
                "ResourceNotFoundException",
                "Function not found: arn:aws:lambda:us-west-2:123456789012:function:order:1",
            ),
        ),
        invoke(
            "order",
            there(),
            failure(
                Cause::InvalidRequest,
                "InvalidParameterValueException",
                "You cannot invoke a durable function using an unqualified ARN.",
            ),
        ),
        invoke(
            "order:1",
            Place {
                endpoint: Some("http://127.0.0.1:3001".into()),
                endpoint_named_by: Some("LAMBDA_ENDPOINT"),
                ..here()
            },
            failure(
                Cause::Unreachable,
                "",
                "client error (Connect): tcp connect error: Connection refused (os error 111)",
            ),
        ),
        CloudError::NoExecutionArn { function: "order".into() },
        CloudError::FunctionFailed {
            function: order(),
            place: there(),
            error: ErrorObject::new("PaymentError", "card declined"),
        },
        CloudError::Status {
            arn: arn(),
            place: there(),
            failure: failure(
                Cause::AccessDenied,
                "AccessDeniedException",
                "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: lambda:GetDurableExecution",
            ),
        },
        CloudError::Status {
            arn: arn(),
            place: here(),
            failure: failure(Cause::NotFound, "ResourceNotFoundException", "Durable Execution does not exist"),
        },
        CloudError::History {
            arn: arn(),
            place: there(),
            failure: failure(Cause::Throttled, "TooManyRequestsException", "Rate exceeded"),
        },
        CloudError::Status {
            arn: arn(),
            place: there(),
            failure: failure(Cause::Service, "ServiceException", "An error occurred. Try again later."),
        },
        CloudError::Status {
            arn: arn(),
            place: there(),
            failure: failure(Cause::NoAnswer, "", "connection timed out"),
        },
        CloudError::Timeout {
            function: order(),
            arn: arn(),
            place: there(),
            limit: Duration::from_secs(60),
            elapsed: Duration::from_millis(60_100),
            last_status: Some(ExecutionStatus::Running),
            last_event: Some("WaitStarted warranty 58s ago".into()),
        },
        CloudError::CallbackTimeout {
            asked: "aproval".into(),
            limit: Duration::from_secs(60),
            elapsed: Duration::from_millis(60_100),
            started: vec!["approval".into()],
        },
        CloudError::Callback {
            action: "success",
            function: order(),
            callback_id: "Y2Fs".into(),
            place: there(),
            failure: failure(Cause::CallbackClosed, "CallbackTimeoutException", "Callback has timed out"),
        },
        CloudError::NoExecution { asked: "order-24".into(), functions: vec!["order".into()], place: there() },
        CloudError::Function {
            doing: "create",
            action: "lambda:CreateFunction and iam:PassRole",
            function: "order".into(),
            place: there(),
            failure: failure(
                Cause::AccessDenied,
                "AccessDeniedException",
                "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: lambda:CreateFunction",
            ),
        },
        CloudError::Stop {
            arn: arn(),
            place: there(),
            failure: failure(
                Cause::AccessDenied,
                "AccessDeniedException",
                "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: lambda:StopDurableExecution",
            ),
        },
    ]
}

/// Returns the blocks of a page that are fenced as `kind`.
fn blocks<'a>(page: &'a str, kind: &str) -> Vec<&'a str> {
    let fence = format!("```{kind}\n");
    page.split(&fence).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn the_troubleshooting_page_quotes_every_failure_as_the_code_says_it() {
    let said: Vec<String> = failures().into_iter().map(|error| format!("{:?}", RunError::from(error))).collect();
    let quoted = blocks(TROUBLESHOOTING, "text");
    for (index, (said, quoted)) in said.iter().zip(&quoted).enumerate() {
        assert_eq!(quoted, said, "block {}", index + 1);
    }
    assert_eq!(quoted.len(), said.len(), "the page lacks:\n{}", said[quoted.len().min(said.len())..].join("\n\n"));
}

#[test]
fn every_cause_of_a_failure_is_among_those_of_the_page() {
    let known: Vec<Cause> = failures().iter().filter_map(CloudError::cause).collect();
    for cause in Cause::ALL {
        assert!(known.contains(&cause), "{cause:?}");
    }
}

#[test]
fn every_variable_is_explained() {
    for variable in Variable::ALL {
        assert!(LOCAL_AND_CLOUD.contains(variable.name()), "{variable}");
    }
    for variable in [durabox::harness::RunnerMode::VARIABLE, durabox::golden::UPDATE_VARIABLE] {
        assert!(LOCAL_AND_CLOUD.contains(variable), "{variable}");
    }
}

#[test]
fn what_was_tried_without_an_account_says_so() {
    assert!(LAPTOP_TO_LAMBDA.contains("without an account"), "the page says what nobody has tried in AWS");
}
