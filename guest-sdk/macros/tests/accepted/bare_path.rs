use super::durable::lambda_runtime::Error;
use super::durable::{self, run};

/// Documented, and kept so.
#[durable::main]
#[allow(clippy::unnecessary_wraps)]
pub(crate) async fn main() -> Result<(), Error> {
    {
        super::durable::note("set up");
    }
    run("handler").await
}
