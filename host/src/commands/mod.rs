//! The subcommands, one to a file; the docs of their arguments are `--help`.

mod cargo_test;
mod granted;
mod input;
mod lambda;
mod subject;

pub mod build;
pub mod callback;
pub mod deploy;
pub mod history;
pub mod invoke;
pub mod new;
pub mod package;
pub mod replay;
pub mod run;
pub mod serve;
pub mod stop;
pub mod test;
pub mod verify;
