//! `durabox callback`

use durabox_runtime::model::ErrorObject;

use super::input;
use super::lambda::Asked;
use crate::cli_error::CliError;
use crate::exit_code;

/// Answers a callback of an execution that runs
///
/// A callback is known by its id, or by its name and its execution. Without --endpoint and --region it is one of
/// this project's service.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Ends it with a result
    Succeed {
        #[command(flatten)]
        callback: Callback,
        /// The result as JSON; @FILE reads a file, - reads stdin; without it the result is empty
        #[arg(long, value_name = "JSON")]
        result: Option<String>,
    },
    /// Ends it with an error
    Fail {
        #[command(flatten)]
        callback: Callback,
        /// What went wrong
        #[arg(long, value_name = "TEXT")]
        message: Option<String>,
        /// Type of the error
        #[arg(long = "type", value_name = "NAME")]
        error_type: Option<String>,
        /// Data of the error
        #[arg(long, value_name = "TEXT")]
        data: Option<String>,
    },
    /// Starts its heartbeat timeout anew
    Heartbeat {
        #[command(flatten)]
        callback: Callback,
    },
}

#[derive(Debug, clap::Args)]
struct Callback {
    /// Its id; with --execution its name
    #[arg(value_name = "ID | NAME")]
    callback: String,
    /// The execution that it is part of, by name or ARN
    #[arg(long, value_name = "NAME-OR-ARN")]
    execution: Option<String>,
    /// The function of that execution; without it, every durable function is looked at
    #[arg(long, value_name = "NAME", requires = "execution")]
    function: Option<String>,
    #[command(flatten)]
    asked: Asked,
}

/// What a callback is answered with.
enum Answer {
    Success(Option<String>),
    Failure(ErrorObject),
    Heartbeat,
}

/// Answers.
pub fn run(args: Args) -> Result<u8, CliError> {
    match args.command {
        Command::Succeed { callback, result } => {
            let result = result.as_deref().map(input::read).transpose()?;
            callback.answer(Answer::Success(result))
        }
        Command::Fail { callback, message, error_type, data } => {
            let error = ErrorObject { error_message: message, error_type, error_data: data, ..ErrorObject::default() };
            callback.answer(Answer::Failure(error))
        }
        Command::Heartbeat { callback } => callback.answer(Answer::Heartbeat),
    }
}

impl Callback {
    fn answer(&self, answer: Answer) -> Result<u8, CliError> {
        let id = self.callback.as_str();
        self.asked.with(false, async |lambda| {
            match &self.execution {
                Some(asked) => {
                    let execution = lambda.find(asked, self.function.as_deref()).await?;
                    match answer {
                        Answer::Success(result) => execution.send_callback_payload(id, result).await?,
                        Answer::Failure(error) => execution.send_callback_failure(id, error).await?,
                        Answer::Heartbeat => execution.send_callback_heartbeat(id).await?,
                    }
                }
                None => {
                    let sent = match answer {
                        Answer::Success(result) => lambda.send_callback_success(id, result).await,
                        Answer::Failure(error) => lambda.send_callback_failure(id, &error).await,
                        Answer::Heartbeat => lambda.send_callback_heartbeat(id).await,
                    };
                    let hint = "a name is found with --execution NAME-OR-ARN; `durabox history show` lists callbacks";
                    sent.map_err(|error| CliError::from(error).hint(hint))?;
                }
            }
            eprintln!("sent; the execution goes on where its function is served");
            Ok(exit_code::OK)
        })
    }
}
