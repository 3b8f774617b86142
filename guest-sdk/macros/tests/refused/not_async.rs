use durabox_sdk as durable;

async fn handler(_: (), _: durable::DurableContext) -> Result<(), durable::BoxError> {
    Ok(())
}

#[durable::main]
fn main() {
    durable::run(handler)
}
