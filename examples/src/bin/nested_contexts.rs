//! Shows child contexts: each groups its operations, and is one operation to the context around it.

use std::time::Duration;

use durabox_sdk as durable;
use serde_json::Value;

async fn handler(_: Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    Ok(ctx.run_in_child_context(trip).name("trip").await?)
}

async fn trip(ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let flight: String = ctx.step(|_| async { Ok("flight".to_owned()) }).name("book-flight").await?;
    let hotel = ctx.run_in_child_context(hotel).name("hotel").await?;
    Ok(format!("{flight} and {hotel}"))
}

async fn hotel(ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let room: String = ctx.step(|_| async { Ok("room 7".to_owned()) }).name("choose-room").await?;
    ctx.wait(Duration::from_secs(60)).name("hold").await?;
    Ok(ctx.step(move |_| async move { Ok(format!("hotel with {room}")) }).name("book-room").await?)
}

fn main() {
    durable::run(handler)
}
