//! What the handler's invokes call: `--function`, `--mock`, `--mock-error`, and by name the other
//! handlers of the workspace, or the components beside a component.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use durabox::siblings::{Siblings, is_component};
use durabox::workspace::Workspace;
use durabox_runtime::local::{Functions, Resolver, UnknownFunction};
use durabox_runtime::model::ErrorObject;
use durabox_runtime::{Artifact, Sandbox};

use super::Args;
use super::answer::json;
use crate::cli_error::CliError;
use crate::commands::subject::{Subject, current_directory};

/// Loads what the command line names, and finds the rest when it is invoked.
pub fn functions(args: &Args, subject: &Subject, sandbox: &Sandbox) -> Result<Functions, CliError> {
    let mut functions = Functions::default();
    for (name, handler) in &args.function {
        let handler = Subject::resolve(handler)?;
        functions.add_handler(name, sandbox.load(&handler.path)?);
    }
    for (name, result) in &args.mock {
        functions.add_result(name, result.clone());
    }
    for (name, error) in &args.mock_error {
        functions.add_error(name, error.clone());
    }
    functions.set_resolver(match is_component(&args.handler) {
        true => Arc::new(Components { siblings: Siblings::of(&subject.path), sandbox: sandbox.clone() }),
        false => Arc::new(Handlers { workspace: Mutex::default(), sandbox: sandbox.clone() }),
    });
    Ok(functions)
}

/// Reads a `--function`.
pub fn parse_function(text: &str) -> Result<(String, String), String> {
    split(text, "NAME=PATH.WASM or NAME=HANDLER")
}

/// Reads a `--mock`.
pub fn parse_mock(text: &str) -> Result<(String, String), String> {
    let (name, result) = split(text, "NAME=JSON")?;
    json(&result)?;
    Ok((name, result))
}

/// Reads a `--mock-error`.
pub fn parse_mock_error(text: &str) -> Result<(String, ErrorObject), String> {
    const SHAPE: &str = "NAME=TYPE:MESSAGE";
    let (name, error) = split(text, SHAPE)?;
    match error.split_once(':') {
        Some((kind, message)) if !kind.is_empty() => Ok((name, ErrorObject::new(kind, message))),
        _ => Err(format!("takes {SHAPE}, got {text:?}")),
    }
}

fn split(text: &str, shape: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("takes {shape}, got {text:?}")),
    }
}

/// The handlers of the workspace, read when the first is invoked.
struct Handlers {
    workspace: Mutex<Option<Workspace>>,
    sandbox: Sandbox,
}

impl Resolver for Handlers {
    fn find(&self, name: &str) -> Result<(), UnknownFunction> {
        let mut workspace = self.workspace.lock().unwrap_or_else(PoisonError::into_inner);
        if workspace.is_none() {
            // The run's own handler was found in it, so it is there.
            *workspace = current_directory().ok().and_then(|here| Workspace::locate(&here).ok());
        }
        let handlers = workspace.iter().flat_map(Workspace::handlers).map(|handler| handler.name.clone());
        let known: Vec<String> = handlers.collect();
        match known.iter().any(|known| known == name) {
            true => Ok(()),
            false => Err(UnknownFunction { asked: name.to_owned(), known }),
        }
    }

    fn load(&self, name: &str) -> Result<Artifact, Box<dyn Error + Send + Sync>> {
        // Its text has the hints of whatever went wrong.
        let subject = Subject::resolve(name).map_err(|error| error.text())?;
        Ok(self.sandbox.load(&subject.path)?)
    }
}

/// The components beside the one that runs.
struct Components {
    siblings: Siblings,
    sandbox: Sandbox,
}

impl Resolver for Components {
    fn find(&self, name: &str) -> Result<(), UnknownFunction> {
        self.siblings.find(name).map(drop)
    }

    fn load(&self, name: &str) -> Result<Artifact, Box<dyn Error + Send + Sync>> {
        Ok(self.sandbox.load(&self.siblings.path(name))?)
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_function, parse_mock, parse_mock_error};

    #[test]
    fn a_function_is_given_by_name() {
        assert_eq!(parse_function("pay:live=pay.wasm"), Ok(("pay:live".into(), "pay.wasm".into())));
        assert!(parse_function("pay").is_err());
        assert_eq!(parse_mock("pay={\"a\":1}"), Ok(("pay".into(), "{\"a\":1}".into())));
        assert!(parse_mock("pay=yes").expect_err("not JSON").contains("double quotes"));
        let (name, error) = parse_mock_error("pay=Declined:no: not today").expect("an error");
        assert_eq!((name.as_str(), error.error_type.as_deref()), ("pay", Some("Declined")));
        assert_eq!(error.error_message.as_deref(), Some("no: not today"));
        assert!(parse_mock_error("pay=Declined").is_err());
    }
}
