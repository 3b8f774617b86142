//! Sends the request that the event describes, in a step that is not retried; returns the answer.

use std::time::Duration;

use durabox_sdk as durable;
use durabox_sdk::builders::RetryStrategyConfig;
use durabox_sdk::http::{self, Method};

#[derive(serde::Deserialize)]
struct Wanted {
    url: String,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    body: Option<String>,
    /// So many bytes, instead of a body.
    #[serde(default)]
    size: Option<usize>,
    #[serde(default)]
    timeout_ms: Option<u64>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Answer {
    status: u16,
    location: Option<String>,
    body: String,
}

async fn ask(wanted: Wanted) -> Result<Answer, durable::BoxError> {
    let method: Method = wanted.method.as_deref().unwrap_or("GET").parse()?;
    let mut request = http::request(method, wanted.url).header("x-asked-by", "durabox");
    if let Some(size) = wanted.size {
        request = request.body(vec![b'x'; size]);
    }
    if let Some(body) = wanted.body {
        request = request.json(&body);
    }
    if let Some(timeout) = wanted.timeout_ms {
        request = request.timeout(Duration::from_millis(timeout));
    }
    let response = request.send().await?;
    let location = response.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
    Ok(Answer { status: response.status().as_u16(), location, body: response.text().await? })
}

async fn handler(wanted: Wanted, ctx: durable::DurableContext) -> Result<Answer, durable::BoxError> {
    let once = RetryStrategyConfig::builder().max_attempts(1).build();
    Ok(ctx.step(move |_| ask(wanted)).name("ask").retry_strategy_config(once).await?)
}

fn main() {
    durable::run(handler)
}
