//! Child 3-2: a child context with a name.

use durabox_sdk as durable;

#[derive(serde::Deserialize)]
struct Event {
    name: String,
    value: String,
}

async fn handler(event: Event, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let value = event.value;
    let body = |child: durable::DurableContext| async move { Ok(child.step(move |_| async move { Ok(value) }).await?) };
    Ok(ctx.run_in_child_context(body).name(event.name).await?)
}

fn main() {
    durable::run(handler)
}
