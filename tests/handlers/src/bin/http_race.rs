//! A step gives an answer a twentieth of a second, by a sleep of its own; returns who won.

use std::pin::pin;
use std::time::Duration;

use durabox_sdk as durable;
use durabox_sdk::{http, io};
use futures_util::future::{Either, select};

async fn handler(url: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let race = |_| async move {
        let (answer, sleep) = (pin!(http::get(url).send()), pin!(io::sleep(Duration::from_millis(50))));
        match select(answer, sleep).await {
            Either::Left((answer, _)) => Ok(answer?.text().await?),
            Either::Right(((), _)) => Ok("the sleep".to_owned()),
        }
    };
    Ok(ctx.step(race).name("race").await?)
}

fn main() {
    durable::run(handler)
}
