//! What the command's exit codes mean; `durabox --help` says the same.

/// Everything went well.
pub const OK: u8 = 0;
/// The execution ended FAILED, TIMED_OUT or STOPPED.
pub const EXECUTION_FAILED: u8 = 1;
/// The command line or the input is wrong.
pub const USAGE: u8 = 2;
/// A build does not follow a record: of another build, or in the shadow replay its own.
pub const DIVERGENCE: u8 = 3;
/// The handler could not be built.
pub const BUILD: u8 = 4;
/// The artifact, the cache or the store in `.durabox/` cannot be used; a package cannot be checked whole.
pub const STORE: u8 = 5;
/// The execution is still RUNNING: it waits for a callback that nobody has answered, or the time to wait for it is up.
pub const OPEN: u8 = 6;
/// A package holds something else than what was tested.
pub const OTHER_PACKAGE: u8 = 7;
/// What runs locally and what is deployed do not do the same.
pub const DIFFERS: u8 = 8;
/// Interrupted by Ctrl-C.
pub const INTERRUPTED: u8 = 130;

/// The table in `durabox --help`.
pub const HELP: &str = "\
Exit codes:
    0  success
    1  the execution ended FAILED, TIMED_OUT or STOPPED; a test failed
    2  wrong command line or input
    3  a build does not follow a record (replay, shadow replay)
    4  the handler could not be built
    5  the artifact or the store in .durabox/ cannot be used; a package cannot be checked whole
    6  the execution is RUNNING still: a callback has no answer, or --timeout is up
    7  a package is not what was tested
    8  verify: local and cloud differ
  130  interrupted by Ctrl-C";

#[cfg(test)]
mod tests {
    #[test]
    fn the_help_names_every_code() {
        for code in [
            super::OK,
            super::EXECUTION_FAILED,
            super::USAGE,
            super::DIVERGENCE,
            super::BUILD,
            super::STORE,
            super::OPEN,
            super::OTHER_PACKAGE,
            super::DIFFERS,
            super::INTERRUPTED,
        ] {
            assert!(super::HELP.lines().any(|line| line.trim_start().starts_with(&format!("{code}  "))), "{code}");
        }
    }
}
