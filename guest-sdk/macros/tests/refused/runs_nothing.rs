use durabox_sdk as durable;

#[durable::main]
async fn main() -> Result<(), durable::lambda_runtime::Error> {
    Ok(())
}
