//! The functions of a SAM template: names, code, durable configuration, environment, timeout, memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use durabox_server::{CodeSource, DurableConfig, FunctionSettings};
use serde::Deserialize;
use serde_json::Value;

use super::functions::source;
use crate::cli_error::CliError;

/// A function of a template.
#[derive(Debug)]
pub struct Function {
    pub name: String,
    pub settings: FunctionSettings,
    pub source: CodeSource,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    #[serde(default)]
    globals: Globals,
    #[serde(default)]
    resources: BTreeMap<String, Resource>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Globals {
    function: Properties,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(default)]
    properties: Value,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Metadata {
    durabox: Ours,
}

/// What only durabox reads: a command that speaks the Runtime API, started where the code is.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Ours {
    command: Option<Vec<String>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Properties {
    function_name: Option<String>,
    code_uri: Option<String>,
    runtime: Option<String>,
    handler: Option<String>,
    timeout: Option<u64>,
    memory_size: Option<u64>,
    description: Option<String>,
    architectures: Option<Vec<String>>,
    durable_config: Option<DurableConfig>,
    environment: Environment,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Environment {
    variables: BTreeMap<String, Value>,
}

/// Reads the functions of the template at `path`; those without code are at `endpoint`.
pub fn read(path: &Path, endpoint: Option<&str>) -> Result<Vec<Function>, CliError> {
    let text = std::fs::read_to_string(path).map_err(|error| CliError::io("reading", path, &error))?;
    let template: Template = serde_saphyr::from_str(&text)
        .map_err(|error| CliError::usage(format!("{} is no SAM template: {error}", path.display())))?;
    let directory = path.parent().unwrap_or(Path::new(""));
    let functions = template.resources.into_iter().filter(|(_, resource)| {
        matches!(resource.kind.as_str(), "AWS::Serverless::Function" | "AWS::Lambda::Function")
    });
    let functions = functions.map(|(id, resource)| {
        let properties: Properties = serde_json::from_value(resource.properties)
            .map_err(|error| CliError::usage(format!("{}: the function {id}: {error}", path.display())))?;
        let properties = properties.over(template.globals.function.clone());
        function(directory, id, properties, resource.metadata.durabox, endpoint)
    });
    functions.collect()
}

impl Properties {
    /// Returns these with what `globals` say where these say nothing.
    fn over(self, globals: Self) -> Self {
        let mut variables = globals.environment.variables;
        variables.extend(self.environment.variables);
        Self {
            function_name: self.function_name,
            code_uri: self.code_uri.or(globals.code_uri),
            runtime: self.runtime.or(globals.runtime),
            handler: self.handler.or(globals.handler),
            timeout: self.timeout.or(globals.timeout),
            memory_size: self.memory_size.or(globals.memory_size),
            description: self.description.or(globals.description),
            architectures: self.architectures.or(globals.architectures),
            durable_config: self.durable_config.or(globals.durable_config),
            environment: Environment { variables },
        }
    }
}

fn function(
    directory: &Path,
    id: String,
    properties: Properties,
    ours: Ours,
    endpoint: Option<&str>,
) -> Result<Function, CliError> {
    let name = properties.function_name.unwrap_or_else(|| id.clone());
    let code = properties.code_uri.map(|uri| directory.join(uri));
    let source = match (code, ours.command, endpoint) {
        (code, Some(command), _) => {
            let directory = code.unwrap_or_else(|| {
                if directory.as_os_str().is_empty() { PathBuf::from(".") } else { directory.to_owned() }
            });
            CodeSource::Command { command, directory }
        }
        (Some(code), None, _) => source(&code.display().to_string())?,
        (None, None, Some(endpoint)) => CodeSource::Endpoint(endpoint.to_owned()),
        (None, None, None) => {
            return Err(CliError::usage(format!("the function {id} has no CodeUri"))
                .hint("CodeUri is a .wasm component, a .zip, or a directory with a bootstrap")
                .hint("--lambda-endpoint says where functions without code are"));
        }
    };
    let is_component = matches!(source, CodeSource::Component(_));
    let mut settings = if is_component { FunctionSettings::of_component() } else { FunctionSettings::lambda_default() };
    settings.timeout_seconds = properties.timeout.unwrap_or(settings.timeout_seconds);
    settings.memory_mb = properties.memory_size.unwrap_or(settings.memory_mb);
    settings.description = properties.description.unwrap_or_default();
    settings.architectures = properties.architectures.unwrap_or(settings.architectures);
    settings.durable_config = properties.durable_config.or(settings.durable_config);
    settings.runtime = properties.runtime.filter(|_| !is_component);
    settings.handler = properties.handler;
    // An intrinsic function, such as !Ref, has no value here.
    let text = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    let variables = properties.environment.variables.into_iter();
    settings.environment = variables.filter_map(|(name, value)| Some((name, text(value)?))).collect();
    Ok(Function { name, settings, source })
}
