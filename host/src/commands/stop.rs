//! `durabox stop`

use durabox_runtime::model::ErrorObject;

use super::lambda::Asked;
use crate::cli_error::CliError;
use crate::{exit_code, stdout};

/// Stops an execution: it is STOPPED at once, whatever it does
///
/// Without --endpoint and --region it is one of this project's service.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of the execution (the newest of it) or ARN
    #[arg(value_name = "NAME-OR-ARN")]
    execution: String,
    /// Its function; without it, every durable function is looked at
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Why, as the error that the execution ends with
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// Type of that error
    #[arg(long = "type", value_name = "NAME")]
    error_type: Option<String>,
    #[command(flatten)]
    asked: Asked,
}

/// Stops.
pub fn run(args: &Args) -> Result<u8, CliError> {
    let (error_message, error_type) = (args.message.clone(), args.error_type.clone());
    let has_error = error_message.is_some() || error_type.is_some();
    let error = has_error.then(|| ErrorObject { error_message, error_type, ..ErrorObject::default() });
    args.asked.with(false, async |lambda| {
        let execution = lambda.find(&args.execution, args.function.as_deref()).await?;
        execution.stop(error).await?;
        let status = execution.status().await?;
        if !status.is_terminal() {
            return Err(CliError::usage(format!("the execution is {} still: {}", status.as_str(), execution.arn())));
        }
        stdout::lines(&[format!("{}  {}", status.as_str(), execution.arn())])?;
        Ok(exit_code::OK)
    })
}
