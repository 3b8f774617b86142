//! Child 3-6: a child context in a child context, each with a step.

use durabox_sdk as durable;

async fn handler(input: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let outer = |outer: durable::DurableContext| async move {
        let value: String = outer.step(move |_| async move { Ok(input) }).await?;
        let inner =
            |inner: durable::DurableContext| async move { Ok(inner.step(move |_| async move { Ok(value) }).await?) };
        Ok(outer.run_in_child_context(inner).name("inner").await?)
    };
    Ok(ctx.run_in_child_context(outer).name("outer").await?)
}

fn main() {
    durable::run(handler)
}
