use durabox_sdk as durable;

async fn handler(_: (), _: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(())
}

#[durable::main]
async fn main() {
    durable::run(handler).await.unwrap();
}
