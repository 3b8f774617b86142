//! `durabox build`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use durabox::handlers::{Build, CargoOutput, Outcome, Target, UnknownTarget};
use durabox::render::text::{columns, thousands};
use durabox::workspace::Workspace;
use sha2::{Digest, Sha256};

use super::subject::current_directory;
use crate::cli_error::CliError;
use crate::{exit_code, stdout};

/// Builds the handlers for WebAssembly and lists the artifacts
///
/// Without a selection every handler of the workspace is built: every binary of a package that
/// depends on durabox-sdk. A missing target is installed with rustup.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// wasm32-wasip2 builds components; wasm32-wasip1 builds core modules, which durabox makes
    /// components of as it loads them. Both run the same; `durabox run NAME` builds for wasip2
    #[arg(long, value_name = "wasm32-wasip2 | wasm32-wasip1", default_value_t)]
    target: Target,

    /// Options of `cargo build`, such as `--bin order`, `-p shop` or `--features x`
    #[arg(value_name = "CARGO OPTIONS", trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// Builds, and prints one line to an artifact.
pub fn run(args: &Args) -> Result<u8, CliError> {
    let here = current_directory()?;
    let (target, options) = target(args)?;
    let manifest = values(&options, &["--manifest-path"]).next();
    let workspace = match manifest {
        Some(manifest) => Workspace::of_manifest(&here.join(manifest))?,
        None => Workspace::locate(&here)?,
    };
    let calls = calls(&options, &workspace)?;
    let build = Build { directory: &here, target, calls, output: CargoOutput::Shown };
    let Outcome { built, result } = build.run();
    result?;
    if built.is_empty() {
        return Err(CliError::usage("no handler was selected")
            .hint("a handler is a binary of a package that depends on `durabox-sdk`"));
    }
    let mut rows = Vec::new();
    for artifact in built.values() {
        let (size, digest) = identity(&artifact.path)?;
        let path = artifact.path.strip_prefix(&here).unwrap_or(&artifact.path);
        rows.push(vec![artifact.name.clone(), size, digest, path.display().to_string()]);
    }
    stdout::lines(&columns(&rows))?;
    Ok(exit_code::OK)
}

/// Returns what to build for and the options without it: among Cargo's, `--target` is no less ours.
fn target(args: &Args) -> Result<(Target, Vec<String>), CliError> {
    let mut target = args.target;
    let mut others = Vec::new();
    let mut options = args.options.iter();
    while let Some(option) = options.next() {
        let asked = match option.strip_prefix("--target") {
            Some("") => options.next().map(String::as_str).unwrap_or_default(),
            Some(rest) if rest.starts_with('=') => &rest[1..],
            _ => {
                others.push(option.clone());
                continue;
            }
        };
        target = asked.parse().map_err(|error: UnknownTarget| CliError::usage(error.to_string()))?;
    }
    Ok((target, others))
}

/// Returns Cargo's options for each package of a selection: of those that are named, of those of the
/// binaries that are, or else of every one with handlers.
fn calls(options: &[String], workspace: &Workspace) -> Result<Vec<Vec<String>>, CliError> {
    let (named, options) = without(options, &["-p", "--package"]);
    let (binaries, options) = without(&options, &["--bin"]);
    let options: Vec<String> =
        options.into_iter().filter(|option| option != "--workspace" && option != "--all").collect();
    let mut packages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    match (named.as_slice(), binaries.as_slice()) {
        ([], []) => packages.extend(workspace.handlers().iter().map(|one| (one.package.clone(), Vec::new()))),
        ([], binaries) => {
            for binary in binaries {
                packages.entry(workspace.handler(binary)?.package.clone()).or_default().push(binary.clone());
            }
        }
        (named, binaries) => packages.extend(named.iter().map(|package| (package.clone(), binaries.to_vec()))),
    }
    if packages.is_empty() {
        return Err(CliError::usage(format!("there are no handlers in {}", workspace.root().display()))
            .hint("a handler is a binary of a package that depends on `durabox-sdk`")
            .hint("`durabox new NAME` makes a project with one"));
    }
    let selects_all = options.iter().any(|option| option == "--bins");
    let call = |(package, binaries): (String, Vec<String>)| {
        let mut call = vec!["-p".to_owned(), package];
        call.extend(options.iter().cloned());
        if binaries.is_empty() && !selects_all {
            call.push("--bins".to_owned());
        }
        call.extend(binaries.into_iter().flat_map(|binary| ["--bin".to_owned(), binary]));
        call
    };
    Ok(packages.into_iter().map(call).collect())
}

/// Takes an option, spelt `--name value` or `--name=value`, out of others: returns its values and the rest.
fn without(options: &[String], names: &[&str]) -> (Vec<String>, Vec<String>) {
    let (mut values, mut rest) = (Vec::new(), Vec::new());
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let value = names.iter().find_map(|name| match option.strip_prefix(name)? {
            "" => options.clone().next().map(String::as_str).or(Some("")),
            rest => rest.strip_prefix('='),
        });
        match value {
            Some(value) => {
                values.push(value.to_owned());
                if names.contains(&option.as_str()) {
                    options.next();
                }
            }
            None => rest.push(option.clone()),
        }
    }
    (values, rest)
}

/// Returns the values of an option, spelt `--name value` or `--name=value`.
fn values<'a>(options: &'a [String], names: &'a [&str]) -> impl Iterator<Item = &'a str> {
    options.iter().enumerate().filter_map(move |(index, option)| {
        names.iter().find_map(|name| match option.strip_prefix(name)? {
            "" => options.get(index + 1).map(String::as_str),
            rest => rest.strip_prefix('='),
        })
    })
}

fn identity(path: &PathBuf) -> Result<(String, String), CliError> {
    let bytes = std::fs::read(path).map_err(|error| CliError::io("reading", Path::new(path), &error))?;
    let digest: String = Sha256::digest(&bytes).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Ok((format!("{} bytes", thousands(bytes.len() as u64)), format!("sha256 {digest}")))
}

#[cfg(test)]
mod tests {
    use durabox::handlers::Target;

    use super::{Args, target, values, without};

    #[test]
    fn options_are_read_in_both_spellings() {
        let options = ["--bin", "a", "-p=b", "--bin=c", "--bins"].map(str::to_owned);
        assert_eq!(values(&options, &["--bin"]).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(values(&options, &["-p", "--package"]).collect::<Vec<_>>(), ["b"]);
        let (values, rest) = without(&options, &["--bin"]);
        assert_eq!(values, ["a", "c"]);
        assert_eq!(rest, ["-p=b", "--bins"]);
    }

    #[test]
    fn the_target_is_taken_out_of_cargos_options_in_both_spellings() {
        let taken = |options: &[&str]| {
            let options = options.iter().map(|&option| option.to_owned()).collect();
            target(&Args { target: Target::Wasip2, options })
        };
        let rest = ["--bin", "order", "--target-dir", "t"].map(str::to_owned).to_vec();
        let one = taken(&["--bin", "order", "--target=wasm32-wasip1", "--target-dir", "t"]).expect("a target");
        assert_eq!(one, (Target::Wasip1, rest.clone()));
        assert_eq!(taken(&["--bin", "order", "--target-dir", "t"]).expect("a target"), (Target::Wasip2, rest));
        assert_eq!(taken(&["--lib", "--target", "wasm32-wasip1"]).expect("a target").0, Target::Wasip1);
        for bad in [["--target", "x86_64-unknown-linux-gnu"].as_slice(), &["--target"], &["--target="]] {
            let error = taken(bad).expect_err("no target of handlers").to_string();
            assert!(error.contains("wasm32-wasip2") && error.contains("wasm32-wasip1"), "{error}");
        }
    }
}
