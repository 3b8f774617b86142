//! Shows a workflow that sleeps for a year: reserve, charge, wait out the warranty, close.

use std::time::Duration;

use durabox_sdk as durable;
use serde::{Deserialize, Serialize};

const WARRANTY: Duration = Duration::from_hours(365 * 24);

#[derive(Clone, Deserialize)]
struct Order {
    id: String,
    /// In cents.
    amount: u64,
}

#[derive(Serialize)]
struct Receipt {
    order: String,
    payment: String,
    closed: bool,
}

async fn handler(order: Order, ctx: durable::DurableContext) -> Result<Receipt, durable::BoxError> {
    tracing::info!(order = order.id, amount = order.amount, "order received");

    let reserved = order.clone();
    let reservation: String = ctx.step(|_| async { reserve(reserved) }).name("reserve").await?;

    let amount = order.amount;
    let payment: String = ctx.step(move |_| async move { charge(&reservation, amount) }).name("charge").await?;
    tracing::info!(payment, "order paid");

    ctx.wait(WARRANTY).name("warranty").await?;

    let closed = ctx.step(|_| async { Ok(true) }).name("close").await?;
    tracing::info!(closed, "warranty is over");
    Ok(Receipt { order: order.id, payment, closed })
}

fn reserve(order: Order) -> Result<String, durable::BoxError> {
    Ok(format!("reservation-{}", order.id))
}

fn charge(reservation: &str, amount: u64) -> Result<String, durable::BoxError> {
    tracing::info!(reservation, amount, "charging");
    Ok(format!("payment of {amount} for {reservation}"))
}

fn main() {
    durable::run(handler)
}
