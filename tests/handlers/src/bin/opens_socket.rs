//! Connects to a port between operations; returns the error.

use std::net::TcpStream;

use durabox_sdk as durable;

async fn handler(_: serde_json::Value, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let connected = TcpStream::connect("127.0.0.1:9");
    ctx.step(|_| async { Ok(()) }).await?;
    Ok(connected.map_or_else(|error| error.to_string(), |_| "connected".to_owned()))
}

fn main() {
    durable::run(handler)
}
