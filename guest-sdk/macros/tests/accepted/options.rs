use super::durable;

#[durable::main]
async fn main() -> Result<(), durable::lambda_runtime::Error> {
    let options = { "options" };
    super::durable::run_with_options("handler", options).await
}

pub const MAIN: fn() -> Result<(), durable::lambda_runtime::Error> = main;
