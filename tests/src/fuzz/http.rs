use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use durabox_server::api::{Access, router};
use durabox_server::{Account, CodeSource, FunctionSettings, Limits, Service, ServiceOptions};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use super::Draw;
use crate::handlers::block_on;
use crate::request::encoded;

/// Requests of one input, at most.
const MOST_REQUESTS: usize = 4;

/// How long an answer is waited for. An Invoke that waits for its execution's end has none: the function never answers.
const PATIENCE: Duration = Duration::from_millis(100);

/// What Lambda answers to a client, whatever it asked.
const STATUSES: [u16; 10] = [200, 201, 202, 204, 400, 403, 404, 409, 413, 429];

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/// The routes. `{arn}`, `{callback}` and `{token}` stand for what there is, here and wherever else they occur.
const ROUTES: [(&str, &str); 31] = [
    ("GET", "/2025-12-01/durable-executions/{arn}"),
    ("DELETE", "/2025-12-01/durable-executions/{arn}"),
    ("POST", "/2025-12-01/durable-executions/{arn}/checkpoint"),
    ("POST", "/2025-12-01/durable-executions/{arn}/checkpoint"),
    ("GET", "/2025-12-01/durable-executions/{arn}/history"),
    ("GET", "/2025-12-01/durable-executions/{arn}/state?CheckpointToken={token}"),
    ("POST", "/2025-12-01/durable-executions/{arn}/stop"),
    ("POST", "/2025-12-01/durable-executions/{arn}/pause"),
    ("POST", "/2025-12-01/durable-executions/{arn}/resume"),
    ("GET", "/2025-12-01/functions/f/durable-executions"),
    ("POST", "/2025-12-01/durable-execution-callbacks/{callback}/succeed"),
    ("POST", "/2025-12-01/durable-execution-callbacks/{callback}/fail"),
    ("POST", "/2025-12-01/durable-execution-callbacks/{callback}/heartbeat"),
    ("POST", "/2015-03-31/functions/f/invocations?Qualifier=%24LATEST"),
    ("POST", "/2015-03-31/functions/f/invocations"),
    ("GET", "/2015-03-31/functions"),
    ("POST", "/2015-03-31/functions"),
    ("GET", "/2015-03-31/functions/"),
    ("POST", "/2015-03-31/functions/"),
    ("GET", "/2015-03-31/functions/f"),
    ("DELETE", "/2015-03-31/functions/f"),
    ("GET", "/2015-03-31/functions/f/configuration"),
    ("PUT", "/2015-03-31/functions/f/configuration"),
    ("PUT", "/2015-03-31/functions/f/code"),
    ("GET", "/2015-03-31/functions/f/versions"),
    ("POST", "/2015-03-31/functions/f/versions"),
    ("GET", "/2015-03-31/functions/f/aliases"),
    ("POST", "/2015-03-31/functions/f/aliases"),
    ("PUT", "/2015-03-31/functions/f/aliases/live"),
    ("GET", "/durabox/functions/f/code/1"),
    ("GET", "/health"),
];

/// What stands where something else is expected in a path.
const SEGMENTS: [&str; 18] = [
    "",
    ".",
    "..",
    "%2F",
    "%2e%2e%2f",
    "%FF",
    "%",
    "%00",
    "{arn}",
    "{callback}",
    "f",
    "f:1",
    "arn:aws:lambda:us-east-1:123456789012:function:f:live",
    "nobody",
    "$LATEST",
    "-1",
    "18446744073709551616",
    "invocations",
];

const KEYS: [&str; 11] = [
    "Qualifier",
    "MaxItems",
    "Marker",
    "ReverseOrder",
    "IncludeExecutionData",
    "Statuses",
    "StartedAfter",
    "StartedBefore",
    "DurableExecutionName",
    "CheckpointToken",
    "FunctionVersion",
];

const VALUES: [&str; 24] = [
    "",
    "0",
    "1",
    "2",
    "-1",
    "1001",
    "1.5",
    "1e999",
    "NaN",
    "18446744073709551615",
    "18446744073709551616",
    "true",
    "False",
    "maybe",
    "%24LATEST",
    "ALL",
    "RUNNING",
    "DONE",
    "2026-01-01T00:00:00Z",
    "2026-02-30T00:00:00.000%2B01:00",
    "2026-01-01T00:00:00.5e300Z",
    "2026-01-01T00:00:00-9999999999999999999:00",
    "%FF%00",
    "{token}",
];

const HEADERS: [(&str, &str); 15] = [
    ("x-amz-invocation-type", "Event"),
    ("x-amz-invocation-type", "Event"),
    ("x-amz-invocation-type", "DryRun"),
    ("x-amz-invocation-type", "RequestResponse"),
    ("x-amz-invocation-type", "event"),
    ("x-amz-durable-execution-name", "one"),
    ("x-amz-durable-execution-name", "three"),
    ("x-amz-durable-execution-name", "a/b"),
    ("x-amz-client-context", "e30="),
    ("x-amz-client-context", "%%%"),
    ("x-amz-tenant-id", "\u{e9}"),
    ("x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793"),
    ("origin", "http://example.com"),
    ("authorization", "AWS4-HMAC-SHA256 Credential=/"),
    ("content-type", "text/plain"),
];

const BODIES: [&str; 34] = [
    "1",
    "{}",
    "null",
    "[]",
    "\"text\"",
    "{not json",
    r#"{"a":[null,-1.5e308,"\u0000\ud83d\ude00"]}"#,
    r#"{"a":1,"a":2}"#,
    r#"{"CheckpointToken":"{token}"}"#,
    r#"{"CheckpointToken":"{token}","Updates":null,"ClientToken":"once"}"#,
    r#"{"CheckpointToken":"{token}","Updates":[{"Id":"s","Type":"STEP","Action":"START"}],"ClientToken":"once"}"#,
    r#"{"CheckpointToken":"{token}","Updates":[{"Id":"s","Type":"STEP","Action":"SUCCEED","Payload":"1"}]}"#,
    r#"{"CheckpointToken":"{token}","Updates":[{"Id":"s","Type":"STEP","Action":"RETRY","StepOptions":{"NextAttemptDelaySeconds":1}}]}"#,
    r#"{"CheckpointToken":"{token}","Updates":[{"Id":"w","Type":"WAIT","Action":"START","WaitOptions":{"WaitSeconds":18446744073709551615}}]}"#,
    r#"{"CheckpointToken":"{token}","Updates":[{"Id":"w","Type":"WAIT","Action":"START","WaitOptions":{"WaitSeconds":-1}}]}"#,
    r#"{"CheckpointToken":"{token}","Updates":[{"Id":"c","Type":"CALLBACK","Action":"START","CallbackOptions":{"TimeoutSeconds":1}}]}"#,
    r#"{"CheckpointToken":"{token}","Updates":[{"Id":"i","Type":"CHAINED_INVOKE","Action":"START","ChainedInvokeOptions":{"FunctionName":"f"}}]}"#,
    r#"{"CheckpointToken":"{token}","Updates":[{"Id":"j","Type":"CHAINED_INVOKE","Action":"START","ChainedInvokeOptions":{"FunctionName":"nobody:1"}}]}"#,
    r#"{"CheckpointToken":"{token}","Updates":[{"Id":"x","Type":"CONTEXT","Action":"START"},{"Id":"y","ParentId":"x","Type":"STEP","Action":"FAIL","Error":{"ErrorType":"E"}}]}"#,
    r#"{"CheckpointToken":"{token}","Updates":[{"Id":"e","Type":"EXECUTION","Action":"SUCCEED","Payload":"1"}]}"#,
    r#"{"CheckpointToken":"{token}","Updates":[{"Id":"e","Type":"EXECUTION","Action":"FAIL"},{"Id":"s","Type":"STEP","Action":"START"}]}"#,
    r#"{"CheckpointToken":"stale","Updates":[]}"#,
    r#"{"CheckpointToken":1,"Updates":{}}"#,
    r#"{"ErrorMessage":"m","ErrorType":"T","ErrorData":"{}","StackTrace":["here"]}"#,
    r#"{"ErrorMessage":{},"StackTrace":"here"}"#,
    r#"{"Reason":"a break","ClientToken":"once","ExecutionTimeoutPaused":false}"#,
    r#"{"FunctionName":"g","Code":{"ZipFile":"AAAA"},"Runtime":"provided.al2023","Publish":true}"#,
    r#"{"FunctionName":"../g","Code":{"ZipFile":"not base64"},"DurableConfig":{"ExecutionTimeout":0}}"#,
    r#"{"FunctionName":"f","Code":{"S3Bucket":"b","S3Key":"k"}}"#,
    r#"{"ZipFile":"AAAA","Publish":true,"DryRun":false,"Architectures":["arm64"]}"#,
    r#"{"Timeout":900,"MemorySize":10240,"Environment":{"Variables":{"A":"b"}},"DurableConfig":{"RetentionPeriodInDays":91}}"#,
    r#"{"Timeout":18446744073709551616,"RevisionId":"none"}"#,
    r#"{"Name":"live","FunctionVersion":"1"}"#,
    r#"{"Name":"123","FunctionVersion":"$LATEST","Description":"d"}"#,
];

/// Asks Lambda's API what the bytes say: one request, written as `METHOD /path`, headers, an empty line and a body,
/// or else up to four that are drawn.
///
/// # Panics
///
/// When an answer is none of Lambda's to a client: its status, the exception in its header, the message in its body.
pub fn http(data: &[u8]) {
    block_on(async {
        let mut server = Server::start().await;
        if let Some(asked) = Asked::written(data) {
            return server.ask(&asked).await;
        }
        let mut draw = Draw(data);
        for _ in 0..MOST_REQUESTS {
            server.ask(&Asked::drawn(&mut draw)).await;
            if draw.is_used_up() {
                break;
            }
        }
    });
}

/// A request.
struct Asked {
    method: String,
    path: Vec<u8>,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
}

impl Asked {
    fn written(data: &[u8]) -> Option<Self> {
        let method = METHODS.into_iter().find(|method| data.starts_with(method.as_bytes()))?;
        let rest = data[method.len()..].strip_prefix(b" ")?;
        let (head, body) = match rest.windows(2).position(|two| two == b"\n\n") {
            Some(end) => (&rest[..end], &rest[end + 2..]),
            None => (rest, &rest[rest.len()..]),
        };
        let mut lines = head.split(|byte| *byte == b'\n');
        let path = lines.next()?.to_vec();
        let header = |line: &[u8]| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((line[..colon].to_vec(), line[colon + 1..].trim_ascii().to_vec()))
        };
        Some(Self { method: method.into(), path, headers: lines.filter_map(header).collect(), body: body.to_vec() })
    }

    fn drawn(draw: &mut Draw<'_>) -> Self {
        let (method, route) = draw.of(&ROUTES);
        let method = if draw.once_in(8) { draw.of(&METHODS) } else { method };
        let mut path = String::new();
        for segment in route.split('/').skip(1) {
            path.push('/');
            path.push_str(if draw.once_in(16) { draw.of(&SEGMENTS) } else { segment });
        }
        for _ in 0..draw.byte() % 4 {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(&format!("{}={}", draw.of(&KEYS), draw.of(&VALUES)));
        }
        let mut headers = Vec::new();
        for _ in 0..draw.byte() % 4 {
            let (name, value) = draw.of(&HEADERS);
            headers.push((name.into(), value.into()));
        }
        let mut body = match draw.byte() % 8 {
            0 => Vec::new(),
            1 => draw.bytes(64).to_vec(),
            _ => draw.of(&BODIES).as_bytes().to_vec(),
        };
        if draw.once_in(4) && !body.is_empty() {
            let place = usize::from(draw.byte()) % body.len();
            body[place] = draw.byte();
        }
        Self { method: method.into(), path: path.into(), headers, body }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.method, self.path.escape_ascii())?;
        for (name, value) in &self.headers {
            writeln!(f, "{}: {}", name.escape_ascii(), value.escape_ascii())?;
        }
        write!(f, "\n{}", self.body.escape_ascii())
    }
}

/// The API over a function that never answers, with two executions: one has a callback open, and its token is known.
struct Server {
    router: Router,
    arn: String,
    callback: String,
    token: String,
    /// The function, and the invocation that runs.
    _function: (TcpListener, TcpStream),
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let options = ServiceOptions {
            state_dir: None,
            account: Account::default(),
            skip_time: false,
            page_size: 1000,
            limits: Limits::default(),
            endpoint: "http://127.0.0.1:9000".into(),
            function_environment: Vec::new(),
            log: None,
        };
        let service = Service::new(options).expect("a server in memory");
        let function = CodeSource::Endpoint(format!("http://{address}"));
        service.add_function("f", FunctionSettings::of_component(), function).expect("a function elsewhere");
        let router = router(Arc::clone(&service), Access::default());

        let arn = start(&router, "one").await;
        let (mut invocation, _) = listener.accept().await.expect("the function is invoked");
        let token = token_of(&mut invocation).await;
        start(&router, "two").await;

        let mut server = Self { router, arn, callback: String::new(), token, _function: (listener, invocation) };
        let update = json!({ "Id": "callback", "Type": "CALLBACK", "Action": "START" });
        let body = json!({ "CheckpointToken": server.token, "Updates": [update] });
        let asked = Asked {
            method: "POST".into(),
            path: "/2025-12-01/durable-executions/{arn}/checkpoint".into(),
            headers: Vec::new(),
            body: body.to_string().into(),
        };
        let answer = server.answer(&asked).await.map(|(_, _, body)| body).unwrap_or_default();
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let callback = &answer["NewExecutionState"]["Operations"][0]["CallbackDetails"]["CallbackId"];
        server.callback = callback.as_str().expect("the checkpoint opens a callback").to_owned();
        server.learn(&answer);
        server
    }

    /// Asks, and looks at the answer if there is one.
    async fn ask(&mut self, asked: &Asked) {
        let Some((status, headers, body)) = self.answer(asked).await else { return };
        let text = String::from_utf8_lossy(&body);
        assert!(STATUSES.contains(&status.as_u16()), "{asked}\n\nis answered {status}: {text}");
        assert!(headers.contains_key("x-amzn-requestid"), "{asked}\n\nhas no request id");
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_success() {
            self.learn(&answer);
        } else {
            let exception = headers.get("x-amzn-errortype").and_then(|name| name.to_str().ok()).unwrap_or_default();
            assert!(exception.ends_with("Exception"), "{asked}\n\nis answered {status} {exception:?}: {text}");
            let is_told = answer["message"].is_string() && answer["Message"].is_string() && answer["Type"] == "User";
            // An answer to HEAD has no body.
            assert!(is_told || asked.method == "HEAD", "{asked}\n\nis answered {status} {exception}: {text}");
        }
        // Executions go on in between.
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }

    /// Keeps the token that a checkpoint answered.
    fn learn(&mut self, answer: &Value) {
        if let Some(token) = answer["CheckpointToken"].as_str() {
            self.token = token.to_owned();
        }
    }

    /// Returns the answer; none to what is no request in HTTP, and none to what waits.
    async fn answer(&self, asked: &Asked) -> Option<(StatusCode, HeaderMap, Vec<u8>)> {
        let mut request = Request::builder().method(asked.method.as_str()).uri(self.filled_in(&asked.path, encoded));
        for (name, value) in &asked.headers {
            request = request.header(name.as_slice(), value.as_slice());
        }
        let request = request.body(Body::from(self.filled_in(&asked.body, str::to_owned))).ok()?;
        let Ok(response) = tokio::time::timeout(PATIENCE, self.router.clone().oneshot(request)).await.ok()?;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body in memory");
        Some((parts.status, parts.headers, body.into()))
    }

    /// Puts what there is in place of its names.
    fn filled_in(&self, text: &[u8], spelled: impl Fn(&str) -> String) -> Vec<u8> {
        let mut text = text.to_vec();
        for (name, there) in [("{arn}", &self.arn), ("{callback}", &self.callback), ("{token}", &self.token)] {
            while let Some(at) = text.windows(name.len()).position(|window| window == name.as_bytes()) {
                text.splice(at..at + name.len(), spelled(there).into_bytes());
            }
        }
        text
    }
}

/// Starts an execution of the function and returns its ARN.
async fn start(router: &Router, name: &str) -> String {
    let request = Request::post("/2015-03-31/functions/f/invocations?Qualifier=%24LATEST")
        .header("x-amz-invocation-type", "Event")
        .header("x-amz-durable-execution-name", name)
        .body(Body::from("{}"))
        .expect("a request");
    let Ok(response) = router.clone().oneshot(request).await;
    let arn = response.headers().get("x-amz-durable-execution-arn").and_then(|arn| arn.to_str().ok());
    arn.expect("the execution starts").to_owned()
}

/// Reads an invocation up to the end of its event, and returns the event's checkpoint token.
async fn token_of(invocation: &mut TcpStream) -> String {
    let mut message = Vec::new();
    loop {
        let read = invocation.read_buf(&mut message).await.expect("an invocation");
        assert!(read > 0, "the invocation breaks off");
        let body = message.windows(4).position(|end| end == b"\r\n\r\n").map(|end| &message[end + 4..]);
        let event: Value = body.and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
        if let Some(token) = event["CheckpointToken"].as_str() {
            return token.to_owned();
        }
    }
}
