use durabox_sdk as durable;

#[durable::main]
async fn handler(_: (), _: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(())
}
