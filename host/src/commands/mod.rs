//! The subcommands, one to a file; the docs of their arguments are `--help`.

mod cargo_test;
mod input;
mod subject;

pub mod build;
pub mod history;
pub mod new;
pub mod package;
pub mod replay;
pub mod run;
pub mod serve;
pub mod test;
pub mod verify;
