use super::durable;

#[durable::main]
async fn main() -> Result<(), durable::lambda_runtime::Error> {
    durable::run("handler").await?;
    durable::note("after");
    Ok(())
}

pub const MAIN: fn() -> Result<(), durable::lambda_runtime::Error> = main;
