//! Map 9-1: a step for every item.

use durabox_sdk as durable;

async fn handler(names: Vec<String>, ctx: durable::DurableContext) -> Result<Vec<String>, durable::BoxError> {
    let greet = |iteration: durable::DurableContext, name: String, _| async move {
        Ok(iteration.step(move |_| async move { Ok(format!("Hello, {name}!")) }).await?)
    };
    Ok(ctx.map(names, greet).name("map").max_concurrency(1).await?)
}

fn main() {
    durable::run(handler)
}
