//! Shows a step that asks another service over HTTP: an answer of 500 or more, or none, is retried;
//! any other is the order's end. Needs `--allow-host` for the shop's host.

use std::time::Duration;

use durabox_sdk as durable;
use durabox_sdk::http;
use serde::{Deserialize, Serialize};

#[derive(Clone, Deserialize, Serialize)]
struct Order {
    /// Where the shop is: `https://shop.example.com`.
    shop: String,
    item: String,
}

#[derive(Deserialize, Serialize)]
struct Reservation {
    number: u64,
}

async fn handler(order: Order, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let item = order.item.clone();
    let reserve = move |_| async move {
        let url = format!("{}/reservations", order.shop);
        let answer = http::post(url).json(&order).timeout(Duration::from_secs(5)).send().await?;
        match answer.status() {
            http::StatusCode::CONFLICT => Ok(None),
            _ => Ok(Some(answer.error_for_status()?.json::<Reservation>().await?)),
        }
    };
    // The answer is recorded: a replay does not ask again.
    match ctx.step(reserve).name("reserve").await? {
        Some(reservation) => Ok(format!("{item} is reserved, number {}", reservation.number)),
        None => Ok(format!("{item} is sold out")),
    }
}

fn main() {
    durable::run(handler)
}
