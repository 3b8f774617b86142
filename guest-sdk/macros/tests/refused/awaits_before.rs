use durabox_sdk as durable;

async fn handler(_: (), _: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(())
}

async fn connect() {}

#[durable::main]
async fn main() -> Result<(), durable::lambda_runtime::Error> {
    connect().await;
    durable::run(handler).await
}
