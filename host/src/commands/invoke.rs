//! `durabox invoke`

use std::time::Duration;

use durabox::render::document;
use durabox::render::summary::{metered, summary};
use durabox::state_dir::StateDir;
use durabox::{CloudError, RunError};
use durabox_runtime::model::ExecutionStatus;

use super::input;
use super::lambda::Asked;
use super::subject::{current_directory, sources};
use crate::cli_error::CliError;
use crate::{exit_code, stdout};

/// Starts an execution of a deployed function, and waits for its end
///
/// The function is one of AWS Lambda (--region), of a server (--endpoint), or a handler of this
/// project: `durabox serve` runs it if it is running, otherwise this command does, and keeps the execution in
/// .durabox/serve.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Function, with its version or alias: order:3, order:live or an ARN; $LATEST is taken without one
    #[arg(value_name = "FUNCTION[:QUALIFIER]")]
    function: String,

    /// Input as JSON; @FILE reads a file, - reads stdin
    #[arg(short, long, value_name = "JSON", default_value = "null")]
    input: String,

    /// Name of the execution: the same name and input again find the same execution
    #[arg(long)]
    name: Option<String>,

    /// Return at once, and print the execution's ARN
    #[arg(long, conflicts_with = "answer")]
    no_wait: bool,

    /// Invoke synchronously and print what the function answers, durable or not
    #[arg(long, conflicts_with_all = ["name", "json"])]
    answer: bool,

    /// Wait this many seconds for the end; the execution goes on after that
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    timeout: u64,

    /// Skip the time in which nothing has to be done, where this command runs the function itself
    #[arg(long)]
    skip_time: bool,

    /// Print one JSON document: execution, operations and events
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    asked: Asked,
}

/// Invokes.
pub fn run(args: &Args) -> Result<u8, CliError> {
    let input = input::read(&args.input)?;
    let function = qualified(&args.function);
    args.asked.with(args.skip_time, async |lambda| {
        if args.answer {
            return match lambda.invoke(&function, input).await {
                Ok(answer) => stdout::lines(&[answer]).map(|()| exit_code::OK),
                Err(error @ CloudError::FunctionFailed { .. }) => {
                    eprintln!("{}", CliError::from(error));
                    Ok(exit_code::EXECUTION_FAILED)
                }
                Err(error) => Err(error.into()),
            };
        }
        let execution = lambda.start(&function, input, args.name.clone()).await?;
        if args.no_wait {
            stdout::lines(&[execution.arn().to_owned()])?;
            return Ok(exit_code::OK);
        }
        let arn = execution.arn().to_owned();
        let result = match execution.with_timeout(Duration::from_secs(args.timeout)).wait_for_result().await {
            Ok(result) => result,
            Err(RunError::Cloud(error)) if matches!(*error, CloudError::Timeout { .. }) => {
                eprintln!("error: {error}\n\nhint: --timeout SECONDS waits longer");
                eprintln!("hint: durabox history show '{arn}' --events{}", args.asked.options());
                return Ok(exit_code::OPEN);
            }
            Err(error) => return Err(error.into()),
        };
        let recorded = result.recorded();
        match args.json {
            true => stdout::json(&document::execution(recorded))?,
            false => {
                let details = [("arn", arn), ("metered", metered(result.metering()))];
                stdout::lines(&summary(recorded, &details, &sources(&StateDir::near(&current_directory()?))))?;
            }
        }
        Ok(match recorded.status {
            ExecutionStatus::Succeeded => exit_code::OK,
            _ => exit_code::EXECUTION_FAILED,
        })
    })
}

/// A durable function is invoked by a version or an alias; `$LATEST` is both tools' default.
fn qualified(function: &str) -> String {
    let name = function.split_once(":function:").map_or(function, |(_, name)| name);
    if name.contains(':') { function.to_owned() } else { format!("{function}:$LATEST") }
}

#[cfg(test)]
mod tests {
    use super::qualified;

    #[test]
    fn a_function_without_a_qualifier_is_its_latest() {
        assert_eq!(qualified("order"), "order:$LATEST");
        assert_eq!(qualified("order:live"), "order:live");
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:order";
        assert_eq!(qualified(arn), format!("{arn}:$LATEST"));
        assert_eq!(qualified(&format!("{arn}:3")), format!("{arn}:3"));
    }
}
