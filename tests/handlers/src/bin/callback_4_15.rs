//! Callback 4-15: a serdes reads the payload into a struct and its timestamp into Unix seconds.

use durable::serdes::{Serdes, SerdesContext};
use durabox_sdk as durable;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Wire {
    id: String,
    message: String,
    timestamp: String,
}

#[derive(Serialize)]
struct Message {
    id: String,
    message: String,
    timestamp: i64,
}

#[derive(Serialize)]
struct Output {
    received: Message,
}

struct MessageSerdes;

impl Serdes<Message> for MessageSerdes {
    async fn serialize(&self, _: Message, _: SerdesContext) -> Result<String, durable::BoxError> {
        Err("a callback's payload is written by the external system, never by the handler".into())
    }

    async fn deserialize(&self, wire: String, _: SerdesContext) -> Result<Message, durable::BoxError> {
        let Wire { id, message, timestamp } = serde_json::from_str(&wire)?;
        Ok(Message { id, message, timestamp: unix_seconds(&timestamp)? })
    }
}

/// Reads `2026-01-01T00:00:00.000Z` (UTC only) as seconds since 1970; the fraction is dropped.
fn unix_seconds(text: &str) -> Result<i64, durable::BoxError> {
    let unreadable = || format!("expected a time like 2026-01-01T00:00:00.000Z, got {text}");
    let utc = text.strip_suffix('Z').ok_or_else(unreadable)?;
    let whole = utc.split_once('.').map_or(utc, |(seconds, _)| seconds);
    let fields: Vec<i64> =
        whole.split(['-', 'T', ':']).map(str::parse).collect::<Result<_, _>>().map_err(|_| unreadable())?;
    let [year, month, day, hour, minute, second] = fields[..] else { return Err(unreadable().into()) };
    Ok(((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

/// Counts days in the Gregorian calendar, for years from 1 on. A year starts in March here, so that
/// the leap day is its last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days_to_1970_01_01 = 719_468;
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - days_to_1970_01_01
}

async fn handler(name: String, ctx: durable::DurableContext) -> Result<Output, durable::BoxError> {
    let callback = ctx.create_callback::<Message>().name(name).serdes(MessageSerdes).await?;
    Ok(Output { received: callback.result().await? })
}

fn main() {
    durable::run(handler)
}
