use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use durabox_runtime::Artifact;
use durabox_runtime::model::MAX_EXECUTION_TIMEOUT_SECONDS;
use durabox_runtime::sandbox::{AllowedHost, Preopen};
use serde::{Deserialize, Deserializer, Serialize};

use crate::process::Processes;
use crate::remote::Remote;

/// Lambda's DurableConfig.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DurableConfig {
    /// Seconds, 1 to 31,622,400.
    #[serde(default = "default_execution_timeout", deserialize_with = "read_execution_timeout")]
    pub execution_timeout: u64,
    /// Days that a closed execution is kept, 1 to 90. Lambda's console begins with 14.
    #[serde(default = "default_retention", deserialize_with = "read_retention")]
    pub retention_period_in_days: u64,
    /// Kept and answered; nothing is encrypted here.
    #[serde(rename = "KMSKeyArn", default, skip_serializing_if = "Option::is_none")]
    pub kms_key_arn: Option<String>,
}

const fn default_execution_timeout() -> u64 {
    MAX_EXECUTION_TIMEOUT_SECONDS
}

const fn default_retention() -> u64 {
    14
}

/// Reads a number; `null` is one that is not there.
fn read_execution_timeout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(default_execution_timeout))
}

/// Reads a number; `null` is one that is not there.
fn read_retention<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(default_retention))
}

impl Default for DurableConfig {
    fn default() -> Self {
        Self {
            execution_timeout: default_execution_timeout(),
            retention_period_in_days: default_retention(),
            kms_key_arn: None,
        }
    }
}

impl DurableConfig {
    /// Says what is out of Lambda's bounds.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=MAX_EXECUTION_TIMEOUT_SECONDS).contains(&self.execution_timeout) {
            return Err(format!(
                "DurableConfig.ExecutionTimeout must be 1 to {MAX_EXECUTION_TIMEOUT_SECONDS} seconds, got {}",
                self.execution_timeout
            ));
        }
        if !(1..=90).contains(&self.retention_period_in_days) {
            return Err(format!(
                "DurableConfig.RetentionPeriodInDays must be 1 to 90, got {}",
                self.retention_period_in_days
            ));
        }
        Ok(())
    }
}

/// What a function is configured with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FunctionSettings {
    /// Such as `provided.al2023`; absent for a component that is run in process.
    pub runtime: Option<String>,
    /// What the runtime is to call.
    pub handler: Option<String>,
    /// What it is for.
    pub description: String,
    /// The role, kept and answered.
    pub role: String,
    /// Seconds that an invocation may take, 1 to 900.
    pub timeout_seconds: u64,
    /// MiB, 128 to 10,240.
    pub memory_mb: u64,
    /// The environment of the function.
    pub environment: BTreeMap<String, String>,
    /// `x86_64` or `arm64`.
    pub architectures: Vec<String>,
    /// Present for a durable function.
    pub durable_config: Option<DurableConfig>,
    /// Hosts that the steps of a component may send requests to.
    #[serde(skip)]
    pub allowed_hosts: Vec<AllowedHost>,
    /// Directories that the steps of a component may use.
    #[serde(skip)]
    pub preopens: Vec<Preopen>,
}

impl FunctionSettings {
    /// Returns Lambda's defaults: 3 seconds and 128 MiB.
    pub fn lambda_default() -> Self {
        Self {
            timeout_seconds: 3,
            memory_mb: 128,
            architectures: vec!["x86_64".into()],
            // Nobody assumes it here, but every function has one.
            role: "arn:aws:iam::123456789012:role/durabox".into(),
            ..Self::default()
        }
    }

    /// Returns what a component is served with when nothing is said: durable, a minute, 512 MiB.
    pub fn of_component() -> Self {
        Self {
            timeout_seconds: 60,
            memory_mb: 512,
            durable_config: Some(DurableConfig::default()),
            ..Self::lambda_default()
        }
    }

    /// Returns how long an invocation may take.
    pub const fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    /// Says what is out of Lambda's bounds.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=900).contains(&self.timeout_seconds) {
            return Err(format!("Timeout must be 1 to 900 seconds, got {}", self.timeout_seconds));
        }
        if !(128..=10_240).contains(&self.memory_mb) {
            return Err(format!("MemorySize must be 128 to 10240 MB, got {}", self.memory_mb));
        }
        self.durable_config.as_ref().map_or(Ok(()), DurableConfig::check)
    }
}

/// What runs when a function is invoked.
#[derive(Clone)]
pub enum Code {
    /// A component, in this process.
    Component(Artifact),
    /// Processes that speak the Runtime API.
    Process(Processes),
    /// A function behind an endpoint of Lambda's shape.
    Remote(Box<Remote>),
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Component(_) => "Component",
            Self::Process(_) => "Process",
            Self::Remote(_) => "Remote",
        })
    }
}

/// One version of a function, which never changes; `$LATEST` is replaced whole.
#[derive(Debug)]
pub struct FunctionVersion {
    /// The function's name.
    pub name: String,
    /// `$LATEST` or a number.
    pub version: String,
    /// How it is configured.
    pub settings: FunctionSettings,
    /// What runs.
    pub code: Code,
    /// Base64 of the SHA-256 of the code as it was given.
    pub code_sha256: String,
    /// Size of the code as it was given, bytes.
    pub code_size: u64,
    /// When code or configuration last changed, ISO 8601.
    pub last_modified: String,
    /// Changes with every change.
    pub revision_id: String,
}

impl FunctionVersion {
    /// Whether its executions are durable.
    pub const fn is_durable(&self) -> bool {
        self.settings.durable_config.is_some()
    }
}
