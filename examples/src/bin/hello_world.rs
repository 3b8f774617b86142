//! Shows the smallest handler: one step, whose result is recorded.

use durabox_sdk as durable;
use serde::Deserialize;

#[derive(Deserialize)]
struct Event {
    name: String,
}

async fn handler(event: Event, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let greet = move |_| async move { Ok(format!("Hello, {}!", event.name)) };
    Ok(ctx.step(greet).name("greet").await?)
}

fn main() {
    durable::run(handler)
}
