//! The command `durabox`: stdout carries data, stderr status and errors.

mod cli_error;
mod commands;
mod exit_code;
mod interrupt;
mod progress;
mod stdout;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs durable handlers for AWS Lambda locally: compiled once to WebAssembly, sandboxed,
/// deterministic, in virtual time.
#[derive(Debug, Parser)]
#[command(name = "durabox", version, after_help = exit_code::HELP, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(commands::new::Args),
    Build(commands::build::Args),
    Run(Box<commands::run::Args>),
    History(commands::history::Args),
    Replay(commands::replay::Args),
    Serve(Box<commands::serve::Args>),
    Invoke(commands::invoke::Args),
    Callback(commands::callback::Args),
    Stop(commands::stop::Args),
    Test(commands::test::Args),
    Package(commands::package::Args),
    Deploy(commands::deploy::Args),
    Verify(commands::verify::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::New(args) => commands::new::run(&args),
        Command::Build(args) => commands::build::run(&args),
        Command::Run(args) => commands::run::run(*args),
        Command::History(args) => commands::history::run(&args),
        Command::Replay(args) => commands::replay::run(&args),
        Command::Serve(args) => commands::serve::run(&args),
        Command::Invoke(args) => commands::invoke::run(&args),
        Command::Callback(args) => commands::callback::run(args),
        Command::Stop(args) => commands::stop::run(&args),
        Command::Test(args) => commands::test::run(&args),
        Command::Package(args) => commands::package::run(&args),
        Command::Deploy(args) => commands::deploy::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}
