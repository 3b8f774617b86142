use durabox_sdk as durable;

async fn handler(_: (), _: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(())
}

#[durable::main]
async fn main(event: ()) -> Result<(), durable::lambda_runtime::Error> {
    durable::run(handler).await
}
