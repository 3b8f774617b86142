//! Step 1-4: a step that returns a nested object.

use durabox_sdk as durable;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Event {
    name: String,
    tags: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Response {
    user: User,
    count: usize,
}

#[derive(Serialize, Deserialize)]
struct User {
    name: String,
    tags: Vec<String>,
}

async fn handler(event: Event, ctx: durable::DurableContext) -> Result<Response, durable::BoxError> {
    let build = move |_| async move {
        let count = event.tags.len();
        Ok(Response { user: User { name: event.name, tags: event.tags }, count })
    };
    Ok(ctx.step(build).await?)
}

fn main() {
    durable::run(handler)
}
