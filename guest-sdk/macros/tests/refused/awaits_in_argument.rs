use durabox_sdk as durable;

async fn handler(_: (), _: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(())
}

async fn options() -> durable::Options {
    durable::Options::default()
}

#[durable::main]
async fn main() -> Result<(), durable::lambda_runtime::Error> {
    durable::run_with_options(handler, options().await).await
}
