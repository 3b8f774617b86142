//! Brings packages to Lambda: says what would change, and changes it.
//!
//! A function that durabox deployed says so in its description, with the SHA-256 of the wasm; any
//! other is refused unless it is to be overwritten.

use crate::cloud::{CloudError, Deployed, FunctionSettings, Lambda};
use crate::package::template::{EXECUTION_TIMEOUT, MEMORY, RETENTION_DAYS, TIMEOUT};

/// What runs durabox's packages.
const RUNTIME: &str = "provided.al2023";

/// A function as it is to be.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its zip.
    pub zip: &'a [u8],
    /// SHA-256 of the zip, base64, as Lambda has it.
    pub code_sha256: String,
    /// What it runs on, as Lambda calls it.
    pub architecture: String,
    /// What a version with this zip is described as.
    pub description: String,
    /// Settings that were asked for.
    pub settings: FunctionSettings,
    /// The role that it is created with if none was asked for.
    pub default_role: Option<String>,
    /// SHA-256 of the wasm, hexadecimal.
    pub wasm_sha256: String,
    /// Whether a function that durabox has not deployed is to be overwritten.
    pub overwrite: bool,
}

/// What is to be done to a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is not there.
    Create(FunctionSettings),
    /// It is there, and differs.
    Update {
        /// Whether its zip does.
        code: bool,
        /// The settings that do.
        settings: FunctionSettings,
        /// Both, in words.
        differences: Vec<String>,
    },
    /// It is there, as it is to be.
    Keep,
}

/// Why a function is not touched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody else has made it.
    #[error("the function {name} is there, and durabox has not deployed it: its description is {description:?}")]
    NotOurs {
        /// The function.
        name: String,
        /// What it says of itself.
        description: String,
    },
    /// Lambda makes no function durable once it is there.
    #[error("the function {name} is there, and is not durable; a DurableConfig is given when a function is created")]
    NotDurable {
        /// The function.
        name: String,
    },
    /// Every function runs as a role.
    #[error("the function {name} is not there, and creating it takes a role")]
    NoRole {
        /// The function.
        name: String,
    },
}

impl Refusal {
    /// Returns what to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NotOurs { .. } => {
                "--overwrite deploys over it; --function-name NAME deploys under another name".into()
            }
            Self::NotDurable { name } => {
                format!(
                    "deploy under another name, or delete it first: aws lambda delete-function --function-name {name}"
                )
            }
            Self::NoRole { .. } => "--role ARN names it; it needs AWSLambdaBasicExecutionRole, \
                                    lambda:CheckpointDurableExecution and lambda:GetDurableExecutionState"
                .into(),
        }
    }
}

/// Returns what is to be done.
pub fn plan(wanted: &Wanted<'_>, deployed: Option<&Deployed>) -> Result<Change, Refusal> {
    let name = || wanted.name.to_owned();
    let Some(deployed) = deployed else {
        let asked = &wanted.settings;
        let Some(role) = asked.role.clone().or_else(|| wanted.default_role.clone()) else {
            return Err(Refusal::NoRole { name: name() });
        };
        return Ok(Change::Create(FunctionSettings {
            role: Some(role),
            timeout: asked.timeout.or(Some(TIMEOUT)),
            memory: asked.memory.or(Some(MEMORY)),
            execution_timeout: asked.execution_timeout.or(Some(EXECUTION_TIMEOUT)),
            retention_days: asked.retention_days.or(Some(RETENTION_DAYS)),
            description: Some(wanted.description.clone()),
            ..asked.clone()
        }));
    };
    if !deployed.is_ours() && !wanted.overwrite {
        return Err(Refusal::NotOurs { name: name(), description: deployed.description.clone() });
    }
    if !deployed.is_durable {
        return Err(Refusal::NotDurable { name: name() });
    }
    let mut differences = Vec::new();
    let is_other_machine = deployed.architectures != [wanted.architecture.clone()];
    if is_other_machine {
        differences.push(format!("architecture: {} → {}", deployed.architectures.join(", "), wanted.architecture));
    }
    let is_other_code = deployed.code_sha256.as_ref() != Some(&wanted.code_sha256);
    if is_other_code {
        let old = deployed.artifact_sha256().map_or("unknown", |hash| &hash[..12]);
        let new = &wanted.wasm_sha256[..12];
        differences.push(match old == new {
            true => "code: the same wasm in another package".to_owned(),
            false => format!("code: wasm {old} → {new}"),
        });
    }
    let code = is_other_code || is_other_machine;
    let settings = changed(&wanted.settings, deployed, &wanted.description, &mut differences);
    Ok(match differences.is_empty() {
        true => Change::Keep,
        false => Change::Update { code, settings, differences },
    })
}

/// Returns the settings that differ from what is deployed, and says them in words.
fn changed(
    asked: &FunctionSettings,
    deployed: &Deployed,
    description: &str,
    differences: &mut Vec<String>,
) -> FunctionSettings {
    let mut number = |what: &str, asked: Option<i32>, is: Option<i32>, unit: &str| {
        let new = asked.filter(|_| asked != is)?;
        let old = is.map_or("none".to_owned(), |is| is.to_string());
        differences.push(format!("{what}: {old} → {new} {unit}"));
        Some(new)
    };
    let timeout = number("timeout of an invocation", asked.timeout, deployed.timeout, "s");
    let memory = number("memory", asked.memory, deployed.memory, "MB");
    let execution_timeout = number("timeout of an execution", asked.execution_timeout, deployed.execution_timeout, "s");
    let retention_days = number("executions are kept", asked.retention_days, deployed.retention_days, "days");
    let role = asked.role.clone().filter(|role| Some(role) != deployed.role.as_ref());
    if let Some(role) = &role {
        differences.push(format!("role: {} → {role}", deployed.role.as_deref().unwrap_or("none")));
    }
    let environment = asked.environment.clone().filter(|variables| *variables != deployed.environment);
    if let Some(variables) = &environment {
        let names = |variables: &[(String, String)]| match variables {
            [] => "none".to_owned(),
            some => some.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "),
        };
        differences.push(format!("environment: {} → {}", names(&deployed.environment), names(variables)));
    }
    let custom_runtime = deployed.runtime.as_deref() != Some(RUNTIME);
    if custom_runtime {
        differences.push(format!("runtime: {} → {RUNTIME}", deployed.runtime.as_deref().unwrap_or("none")));
    }
    let new_description = (deployed.description != description).then(|| description.to_owned());
    if new_description.is_some() && (differences.is_empty() || !deployed.is_ours()) {
        differences.push(format!("description: {:?} → {description:?}", deployed.description));
    }
    // The parts of a DurableConfig are given together, or the others would be forgotten.
    let is_durable_changed = execution_timeout.is_some() || retention_days.is_some();
    FunctionSettings {
        role,
        timeout,
        memory,
        execution_timeout: is_durable_changed.then(|| asked.execution_timeout.or(deployed.execution_timeout)).flatten(),
        retention_days: is_durable_changed.then(|| asked.retention_days.or(deployed.retention_days)).flatten(),
        environment,
        description: new_description,
        kms_key_arn: deployed.kms_key_arn.clone().filter(|_| is_durable_changed),
        custom_runtime,
    }
}

impl Change {
    /// Returns what is done, in a word, and the rest of it, a line to an element.
    pub fn describe(&self) -> (&'static str, Vec<String>) {
        match self {
            Self::Create(settings) => {
                let number = |value: Option<i32>| value.unwrap_or_default();
                let lines = vec![
                    format!("{} MB, {} s to an invocation", number(settings.memory), number(settings.timeout)),
                    format!(
                        "durable: {} s to an execution, kept {} days",
                        number(settings.execution_timeout),
                        number(settings.retention_days)
                    ),
                    format!("role {}", settings.role.as_deref().unwrap_or_default()),
                ];
                ("create", lines)
            }
            Self::Update { differences, .. } => ("update", differences.clone()),
            Self::Keep => ("keep", vec!["nothing differs".into()]),
        }
    }
}

/// Does what is to be done, publishes a version, and returns it; with an alias, points that at it.
pub async fn carry_out(
    lambda: &Lambda,
    wanted: &Wanted<'_>,
    change: &Change,
    alias: Option<&str>,
) -> Result<String, CloudError> {
    let Wanted { name, zip, architecture, description, code_sha256, .. } = wanted;
    match change {
        Change::Create(settings) => lambda.create_function(name, zip.to_vec(), architecture, settings).await?,
        Change::Update { code, settings, .. } => {
            // The code goes first: a description must not say what is not there yet.
            if *code {
                lambda.update_code(name, zip.to_vec(), architecture).await?;
            }
            if *settings != FunctionSettings::default() {
                lambda.update_settings(name, settings).await?;
            }
        }
        Change::Keep => {}
    }
    let version = lambda.publish_version(name, description, code_sha256).await?;
    if let Some(alias) = alias {
        lambda.put_alias(name, alias, &version).await?;
    }
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::{Describer, mark};

    const ROLE: &str = "arn:aws:iam::123456789012:role/durable";

    fn hash(digit: char) -> String {
        digit.to_string().repeat(64)
    }

    fn wanted(settings: FunctionSettings) -> Wanted<'static> {
        Wanted {
            name: "order",
            zip: b"zip",
            code_sha256: "new".into(),
            architecture: "x86_64".into(),
            description: mark(Describer::Deploy, "order", &hash('b'), "new"),
            settings,
            default_role: None,
            wasm_sha256: hash('b'),
            overwrite: false,
        }
    }

    fn deployed(change: impl FnOnce(&mut Deployed)) -> Deployed {
        let mut deployed = Deployed::for_tests("order", &mark(Describer::Deploy, "order", &hash('a'), "old"));
        deployed.code_sha256 = Some("old".into());
        change(&mut deployed);
        deployed
    }

    #[test]
    fn a_function_that_is_not_there_is_created_with_the_templates_settings() {
        let refused = plan(&wanted(FunctionSettings::default()), None);
        assert_eq!(refused, Err(Refusal::NoRole { name: "order".into() }));
        let settings = FunctionSettings { role: Some(ROLE.into()), memory: Some(512), ..FunctionSettings::default() };
        let Ok(Change::Create(created)) = plan(&wanted(settings), None) else { panic!("it is created") };
        assert_eq!((created.memory, created.timeout), (Some(512), Some(TIMEOUT)));
        assert_eq!(created.execution_timeout, Some(EXECUTION_TIMEOUT));
        assert_eq!(created.description, Some(mark(Describer::Deploy, "order", &hash('b'), "new")));
    }

    #[test]
    fn only_what_differs_and_was_asked_for_is_changed() {
        let settings = FunctionSettings { memory: Some(512), timeout: Some(60), ..FunctionSettings::default() };
        let before = deployed(|deployed| (deployed.memory, deployed.timeout) = (Some(128), Some(60)));
        let Ok(Change::Update { code, settings, differences }) = plan(&wanted(settings), Some(&before)) else {
            panic!("it is updated")
        };
        assert!(code);
        assert_eq!((settings.memory, settings.timeout, settings.execution_timeout), (Some(512), None, None));
        assert_eq!(differences, ["code: wasm aaaaaaaaaaaa → bbbbbbbbbbbb", "memory: 128 → 512 MB"]);
    }

    #[test]
    fn a_durable_configuration_keeps_what_was_not_asked_for() {
        let settings = FunctionSettings { retention_days: Some(30), ..FunctionSettings::default() };
        let before = deployed(|deployed| {
            (deployed.execution_timeout, deployed.retention_days) = (Some(3600), Some(14));
        });
        let Ok(Change::Update { settings, .. }) = plan(&wanted(settings), Some(&before)) else { panic!("updated") };
        assert_eq!((settings.execution_timeout, settings.retention_days), (Some(3600), Some(30)));
    }

    #[test]
    fn what_is_there_as_it_is_to_be_is_kept() {
        let same = deployed(|deployed| {
            deployed.code_sha256 = Some("new".into());
            deployed.description = mark(Describer::Deploy, "order", &hash('b'), "new");
        });
        assert_eq!(plan(&wanted(FunctionSettings::default()), Some(&same)), Ok(Change::Keep));
    }

    #[test]
    fn a_function_of_somebody_else_is_refused_unless_told() {
        let other = deployed(|deployed| deployed.description = "the order service".into());
        let refused = plan(&wanted(FunctionSettings::default()), Some(&other)).expect_err("refused");
        assert!(refused.to_string().contains("\"the order service\""), "{refused}");
        let overwriting = Wanted { overwrite: true, ..wanted(FunctionSettings::default()) };
        let python = deployed(|deployed| {
            (deployed.description, deployed.runtime) = ("the order service".into(), Some("python3.13".into()));
        });
        let Ok(Change::Update { code, settings, differences }) = plan(&overwriting, Some(&python)) else {
            panic!("it is updated")
        };
        assert!(code && settings.custom_runtime, "a package needs its runtime");
        assert!(differences.contains(&"runtime: python3.13 → provided.al2023".to_owned()), "{differences:?}");
        assert!(differences.iter().any(|one| one.starts_with("description: \"the order service\"")), "{differences:?}");
        let plain = deployed(|deployed| deployed.is_durable = false);
        assert_eq!(plan(&overwriting, Some(&plain)), Err(Refusal::NotDurable { name: "order".into() }));
    }
}
