//! The place of durabox's custom runtime for AWS Lambda. It runs nothing yet, and says so.

use std::process::ExitCode;

fn main() -> ExitCode {
    eprintln!("this bootstrap does not run handlers yet: use `durabox run` or `durabox serve`");
    ExitCode::FAILURE
}
