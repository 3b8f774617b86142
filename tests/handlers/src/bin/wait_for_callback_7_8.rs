//! Wait-for-callback 7-8: an operation inside a child context named "wrapper".

use durabox_sdk as durable;

async fn handler(name: String, ctx: durable::DurableContext) -> Result<String, durable::BoxError> {
    let body = |child: durable::DurableContext| async move {
        Ok(child.wait_for_callback::<String, _, _>(|_, _| async { Ok(()) }).name(name).await?)
    };
    Ok(ctx.run_in_child_context(body).name("wrapper").await?)
}

fn main() {
    durable::run(handler)
}
