//! Loops without end after a step.

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    ctx.step(|_| async { Ok(()) }).await?;
    loop {
        std::hint::spin_loop();
    }
}

fn main() {
    durable::run(handler)
}
