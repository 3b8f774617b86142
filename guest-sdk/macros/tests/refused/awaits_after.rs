use durabox_sdk as durable;

async fn handler(_: (), _: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(())
}

async fn disconnect() {}

#[durable::main]
async fn main() -> Result<(), durable::lambda_runtime::Error> {
    durable::run(handler).await?;
    disconnect().await;
    Ok(())
}
