//! The functions that the command line and the template name.

use std::path::Path;

use durabox::handlers::{Build, CargoOutput};
use durabox::workspace::Workspace;
use durabox_server::{CodeSource, FunctionSettings, Service};

use super::{Args, template};
use crate::cli_error::CliError;
use crate::commands::subject::{Subject, current_directory};

/// A `--function`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The function's name.
    name: String,
    /// A path or an endpoint; absent for a handler of the workspace.
    code: Option<String>,
}

/// Reads a `--function`.
pub fn parse(text: &str) -> Result<Named, String> {
    match text.split_once('=') {
        Some((name, code)) if !name.is_empty() && !code.is_empty() => {
            Ok(Named { name: name.to_owned(), code: Some(code.to_owned()) })
        }
        None if !text.is_empty() => Ok(Named { name: text.to_owned(), code: None }),
        _ => Err(format!("takes NAME, NAME=PATH or NAME=http://HOST:PORT, got {text:?}")),
    }
}

/// Adds every function that is named, or every handler of the workspace if none is. Functions that were
/// deployed are there already.
pub fn add_all(args: &Args, service: &Service) -> Result<(), CliError> {
    for Named { name, code } in &args.function {
        let source = match code {
            Some(code) => source(code)?,
            None => by_name(args, name)?,
        };
        add(args, service, name, default_settings(&source), source)?;
    }
    if let Some(path) = &args.template {
        for function in template::read(path, args.lambda_endpoint.as_deref())? {
            add(args, service, &function.name, function.settings, function.source)?;
        }
    }
    if args.function.is_empty() && args.template.is_none() && !args.empty {
        add_workspace(args, service)?;
    }
    Ok(())
}

fn add(
    args: &Args,
    service: &Service,
    name: &str,
    mut settings: FunctionSettings,
    source: CodeSource,
) -> Result<(), CliError> {
    if matches!(source, CodeSource::Component(_)) {
        settings.allowed_hosts.clone_from(&args.allow_host);
        settings.preopens.clone_from(&args.granted.dir);
        settings.environment.extend(args.granted.env.iter().cloned());
    }
    service.add_function(name, settings, source).map_err(|error| CliError::usage(error.to_string()))?;
    Ok(())
}

fn default_settings(source: &CodeSource) -> FunctionSettings {
    // What nothing is said of is durable, as components are: this serves durable functions.
    let runtime = match source {
        CodeSource::Zip(_) | CodeSource::Directory(_) => Some("provided.al2023".to_owned()),
        _ => None,
    };
    FunctionSettings { runtime, ..FunctionSettings::of_component() }
}

/// Says what a path or an endpoint holds.
pub fn source(code: &str) -> Result<CodeSource, CliError> {
    if code.contains("://") {
        return Ok(CodeSource::Endpoint(code.to_owned()));
    }
    let path = Path::new(code);
    if path.is_dir() {
        return Ok(CodeSource::Directory(path.to_owned()));
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("wasm") => Ok(CodeSource::Component(path.to_owned())),
        Some("zip") => std::fs::read(path).map(CodeSource::Zip).map_err(|error| CliError::io("reading", path, &error)),
        _ if !path.exists() => {
            // The name of a handler, to be served under another name.
            Ok(CodeSource::Component(Subject::resolve(code)?.path))
        }
        _ => Err(CliError::usage(format!("{code} is no .wasm component, no .zip and no directory"))
            .hint("a function is a component, a zip as Lambda takes it, or a directory with its bootstrap")),
    }
}

fn by_name(args: &Args, name: &str) -> Result<CodeSource, CliError> {
    match (Subject::resolve(name), &args.lambda_endpoint) {
        (Ok(subject), _) => Ok(CodeSource::Component(subject.path)),
        (Err(_), Some(endpoint)) => Ok(CodeSource::Endpoint(endpoint.clone())),
        (Err(error), None) => Err(error),
    }
}

fn add_workspace(args: &Args, service: &Service) -> Result<(), CliError> {
    let workspace = match Workspace::locate(&current_directory()?) {
        Ok(workspace) => workspace,
        // Functions that were made through the API may be there.
        Err(_) => return Ok(()),
    };
    let mut packages: Vec<&str> = workspace.handlers().iter().map(|handler| handler.package.as_str()).collect();
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    let outcome = Build::of_packages(workspace.root(), packages, CargoOutput::Shown).run();
    outcome.result?;
    for built in outcome.built.into_values() {
        let source = CodeSource::Component(built.path);
        add(args, service, &built.name, default_settings(&source), source)?;
    }
    Ok(())
}
