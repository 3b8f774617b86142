//! Prints and logs around a step and a wait.

use std::time::Duration;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<(), durable::BoxError> {
    println!("before the step");
    let print = |_| async {
        eprintln!("in the step");
        tracing::info!(kind = "step", "logged in the step");
        Ok(())
    };
    ctx.step(print).name("print").await?;
    println!("after the step");
    ctx.wait(Duration::from_secs(1)).await?;
    println!("after the wait");
    tracing::info!("logged after the wait");
    Ok(())
}

fn main() {
    durable::run(handler)
}
