use super::durable;

const HANDLER: &str = "handler";

#[durable::main]
async fn main() -> Result<(), durable::lambda_runtime::Error> {
    durable::note("set up");
    durable::run(HANDLER).await
}

pub const MAIN: fn() -> Result<(), durable::lambda_runtime::Error> = main;
