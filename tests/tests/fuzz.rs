//! Arbitrary requests and checkpoints: what `tests/fuzz` gives to libFuzzer, with bytes that are drawn, and those that
//! were made by hand. A failure prints the request, or the bytes and their seed.

use durabox_tests::fuzz::{checkpoint, http};
use proptest::collection::vec;
use proptest::prelude::*;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn any_request_gets_one_of_lambdas_answers(data in vec(any::<u8>(), 0..160)) {
        http(&data);
    }
}

proptest! {
    #![proptest_config(config(4000))]

    #[test]
    fn any_checkpoints_keep_what_holds_of_an_execution(data in vec(any::<u8>(), 0..400)) {
        checkpoint(&data);
    }
}

/// Requests as [`http`] reads them.
const REQUESTS: [&[u8]; 44] = [
    b"",
    b"GET ",
    b"GET /",
    b"GET *",
    b"GET /health?%FF",
    b"POST /health",
    b"GET http://elsewhere/health",
    b"PATCH /2015-03-31/functions",
    b"GET //2015-03-31//functions//f",
    b"GET /2015-03-31/functions/%FF%FE",
    b"GET /2015-03-31/functions/\xff",
    b"GET /2015-03-31/functions/%",
    b"GET /2015-03-31/functions/%00",
    b"GET /2015-03-31/functions/%2E%2E%2Ff",
    b"GET /2015-03-31/functions/f?Qualifier=18446744073709551616",
    b"GET /2015-03-31/functions?Marker=18446744073709551615&MaxItems=18446744073709551615",
    b"GET /2015-03-31/functions?MaxItems=-1",
    b"GET /durabox/functions/f/code/..%2F..%2Fetc%2Fpasswd",
    // The slashes of an ARN, percent-encoded, twice over, and as they are.
    b"GET /2025-12-01/durable-executions/{arn}",
    b"GET /2025-12-01/durable-executions/arn%253Aaws%253Alambda%252Fdurable-execution%252Fone",
    b"GET /2025-12-01/durable-executions/arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST/durable-execution/one/1",
    b"GET /2025-12-01/durable-executions/%2F%2F%2F",
    b"GET /2025-12-01/durable-executions/{arn}?IncludeExecutionData=2",
    b"GET /2025-12-01/durable-executions/{arn}/history?Marker=0&ReverseOrder=true",
    b"GET /2025-12-01/durable-executions/{arn}/history?Marker=18446744073709551615&MaxItems=1000",
    b"GET /2025-12-01/durable-executions/{arn}/history?MaxItems=99999999999999999999",
    b"GET /2025-12-01/durable-executions/{arn}/state?CheckpointToken={token}&Marker=18446744073709551615",
    b"GET /2025-12-01/durable-executions/{arn}/state?CheckpointToken=%FF",
    // A place that the next one cannot be counted from.
    b"GET /2025-12-01/functions/f/durable-executions?MaxItems=1&Marker=18446744073709551615",
    b"GET /2025-12-01/functions/f/durable-executions?StartedAfter=2026-01-01T00:00:00-9999999999999999999:00",
    b"GET /2025-12-01/functions/f/durable-executions?StartedBefore=2026-01-01T00:00:00.5e300Z",
    b"GET /2025-12-01/functions/f/durable-executions?StartedBefore=-1e308&StartedBefore=NaN",
    b"GET /2025-12-01/functions/f/durable-executions?Statuses=RUNNING&Statuses=&Statuses=%00",
    b"POST /2025-12-01/durable-executions/{arn}/checkpoint\n\n{\"CheckpointToken\":\"{token}\",\"Updates\":[{\"Id\":\"w\",\"Type\":\"WAIT\",\"Action\":\"START\",\"WaitOptions\":{\"WaitSeconds\":1e400}}]}",
    b"POST /2025-12-01/durable-executions/{arn}/checkpoint\n\n{\"CheckpointToken\":\"{token}\",\"CheckpointToken\":\"{token}\"}",
    b"POST /2025-12-01/durable-executions/{arn}/checkpoint\n\n{\"CheckpointToken\":\"{token}\",\"Updates\":[{\"Id\":\"\\ud800\",\"Type\":\"STEP\",\"Action\":\"START\"}]}",
    b"POST /2025-12-01/durable-executions/{arn}/checkpoint\n\n{\"CheckpointToken\":\"{token}\",\"Unknown\":{},\"Updates\":[{\"Id\":\"s\",\"Type\":\"STEP\",\"Action\":\"START\",\"Unknown\":[]}]}",
    b"POST /2025-12-01/durable-executions/{arn}/checkpoint\n\n[\"{token}\",[]]",
    b"POST /2025-12-01/durable-execution-callbacks/{callback}/succeed\n\n\xff\xfe",
    b"POST /2025-12-01/durable-execution-callbacks/{callback}/fail\n\n{\"StackTrace\":{\"0\":1}}",
    b"POST /2025-12-01/durable-execution-callbacks/{arn}/heartbeat\n\n",
    b"POST /2015-03-31/functions/f/invocations?Qualifier=%24LATEST\nx-amz-invocation-type: Event\n\n\xef\xbb\xbf{}",
    b"POST /2015-03-31/functions/f/invocations?Qualifier=%24LATEST\nx-amz-invocation-type: Event\nx-amz-durable-execution-name: one\n\n{\"another\":\"input\"}",
    b"PUT /2015-03-31/functions/f/configuration\n\n{\"Timeout\":-3,\"MemorySize\":\"512\"}",
];

#[test]
fn requests_made_by_hand_get_one_of_lambdas_answers() {
    for request in REQUESTS {
        http(request);
    }
    let invoke = "POST /2015-03-31/functions/f/invocations?Qualifier=%24LATEST\nx-amz-invocation-type: Event\n\n";
    let stop = "POST /2025-12-01/durable-executions/{arn}/stop\n\n";
    let deep = ["[".repeat(100_000), "{\"a\":".repeat(100_000), "[".repeat(127) + &"]".repeat(127)];
    for head in [invoke, stop] {
        for body in &deep {
            http(format!("{head}{body}").as_bytes());
        }
    }
    http(format!("GET /2015-03-31/functions/{}", "f".repeat(60_000)).as_bytes());
    http(format!("{invoke}\"{}\"", "x".repeat(1024 * 1024)).as_bytes());
}

/// Checkpoints as [`checkpoint`] reads them.
const CHECKPOINTS: [&str; 9] = [
    "",
    "[",
    "[] [] []",
    r#"[{"Id":"a","Type":"STEP","Action":"START"}][{"Id":"a","Type":"STEP","Action":"SUCCEED"}][{"Id":"a","Type":"STEP","Action":"SUCCEED"}]"#,
    r#"[{"Id":"a","Type":"STEP","Action":"START"},{"Id":"a","Type":"WAIT","Action":"CANCEL"}]"#,
    r#"[{"Id":"a","ParentId":"a","Type":"CONTEXT","Action":"START"}]"#,
    r#"[{"Id":"w","Type":"WAIT","Action":"START","WaitOptions":{"WaitSeconds":18446744073709551615}}][]"#,
    r#"[{"Id":"c","Type":"CALLBACK","Action":"START","CallbackOptions":{"TimeoutSeconds":18446744073709551615}}]"#,
    r#"[{"Id":"e","Type":"EXECUTION","Action":"SUCCEED","Payload":"1"}][{"Id":"a","Type":"STEP","Action":"START"}]"#,
];

#[test]
fn checkpoints_made_by_hand_keep_what_holds_of_an_execution() {
    for batches in CHECKPOINTS {
        checkpoint(batches.as_bytes());
    }
    checkpoint("[".repeat(100_000).as_bytes());
    let update = r#"{"Id":"a","Type":"STEP","Action":"START"}"#;
    checkpoint(format!("[{}]", [update; 251].join(",")).as_bytes());
}
