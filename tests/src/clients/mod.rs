//! Clients of Lambda that were written by others, and the service that they are pointed at.
//!
//! `tests/clients` has the scripts and what they need, pinned. [`tools`] installs that once to a target folder, [`service`]
//! runs `durabox serve`, [`judge`] runs a script against it.

pub mod service;
pub mod tools;

use std::process::Command;

use service::Service;
use tools::Tools;

/// Runs a script of `tests/clients` against a service; `arguments` come after `--endpoint`.
///
/// # Panics
///
/// When a check of the script fails: with everything that the script printed and the service told.
pub fn judge(tools: &Tools, service: &Service, script: &str, arguments: &[&str]) {
    let interpreter = if script.ends_with(".py") { tools.python() } else { "node".into() };
    let output = Command::new(interpreter)
        .arg(tools.home().join(script))
        .args(["--endpoint", service.endpoint()])
        .args(arguments)
        // The scripts say themselves where they ask and as whom.
        .env_remove("AWS_PROFILE")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap_or_else(|error| panic!("cannot run {script}: {error}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let failures: Vec<_> = stdout.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert!(
        output.status.success(),
        "{script}: {}\n{}\n--- stderr\n{stderr}\n--- service\n{}",
        output.status,
        failures.join("\n"),
        service.stderr()
    );
}
