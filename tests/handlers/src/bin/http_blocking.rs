//! A step asks with a client of somebody else's, which blocks; returns the answer.

use durabox_sdk as durable;

async fn handler(url: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let ask = |_| async move {
        let response = waki::Client::new().get(&url).send().map_err(|error| error.to_string())?;
        Ok(String::from_utf8(response.body().map_err(|error| error.to_string())?)?)
    };
    Ok(ctx.step(ask).name("ask").await?)
}

fn main() {
    durable::run(handler)
}
