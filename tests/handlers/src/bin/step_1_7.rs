//! Step 1-7: a step that logs.

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let greet = move |_| async move {
        tracing::info!("Greeting step started for: {input}");
        let greeting = format!("Hello, {input}!");
        tracing::info!("Greeting step completed with: {greeting}");
        Ok(greeting)
    };
    Ok(ctx.step(greet).await?)
}

fn main() {
    durable::run(handler)
}
