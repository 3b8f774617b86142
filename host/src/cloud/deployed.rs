use aws_sdk_lambda::types::FunctionConfiguration;

/// What begins the description of a function that durabox deployed.
const MARK: &str = "durabox ";
/// What stands before the wasm's SHA-256 in it.
const SHA256: &str = "wasm sha256 ";

/// A version of a function, as it is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deployed {
    /// The function's name.
    pub name: String,
    /// The version; `$LATEST` of what is not published.
    pub version: String,
    /// SHA-256 of the zip, base64, as Lambda has it.
    pub code_sha256: Option<String>,
    /// Its description, which says what durabox deployed.
    pub description: String,
    /// Whether it has a DurableConfig.
    pub is_durable: bool,
    /// Seconds of a whole execution.
    pub execution_timeout: Option<i32>,
    /// Days for which an execution is kept.
    pub retention_days: Option<i32>,
    /// Seconds of one invocation.
    pub timeout: Option<i32>,
    /// Memory, MB.
    pub memory: Option<i32>,
    /// The role that it runs as.
    pub role: Option<String>,
    /// Its environment, in order of names.
    pub environment: Vec<(String, String)>,
    /// What it runs on.
    pub architectures: Vec<String>,
}

impl Deployed {
    /// Returns the SHA-256 of the wasm that is deployed, hexadecimal, if durabox deployed it.
    pub fn artifact_sha256(&self) -> Option<&str> {
        let (_, rest) = self.description.strip_prefix(MARK)?.split_once(SHA256)?;
        let hash = rest.get(..64)?;
        hash.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(hash)
    }

    /// Whether durabox deployed it.
    pub fn is_ours(&self) -> bool {
        self.artifact_sha256().is_some()
    }

    /// Returns a durable function of which only this is known.
    #[cfg(test)]
    pub(crate) fn for_tests(name: &str, description: &str) -> Self {
        Self {
            name: name.into(),
            version: "3".into(),
            code_sha256: None,
            description: description.into(),
            is_durable: true,
            execution_timeout: None,
            retention_days: None,
            timeout: None,
            memory: None,
            role: None,
            environment: Vec::new(),
            architectures: vec!["x86_64".into()],
        }
    }

    pub(super) fn of(configuration: &FunctionConfiguration) -> Self {
        let durable = configuration.durable_config();
        let variables = configuration.environment().and_then(|environment| environment.variables());
        let mut environment: Vec<_> =
            variables.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
        environment.sort();
        Self {
            name: configuration.function_name().unwrap_or_default().to_owned(),
            version: configuration.version().unwrap_or_default().to_owned(),
            code_sha256: configuration.code_sha256().map(str::to_owned),
            description: configuration.description().unwrap_or_default().to_owned(),
            is_durable: durable.is_some(),
            execution_timeout: durable.and_then(|config| config.execution_timeout()),
            retention_days: durable.and_then(|config| config.retention_period_in_days()),
            timeout: configuration.timeout(),
            memory: configuration.memory_size(),
            role: configuration.role().map(str::to_owned),
            environment,
            architectures: configuration.architectures().iter().map(|one| one.as_str().to_owned()).collect(),
        }
    }
}

/// Returns the description of a version that holds this wasm; Lambda takes up to 256 characters.
pub fn mark(handler: &str, wasm_sha256: &str) -> String {
    format!("{MARK}{}, handler {handler}, {SHA256}{wasm_sha256}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::{Deployed, mark};

    #[test]
    fn a_description_says_which_wasm_is_deployed() {
        let hash = "0123456789abcdef".repeat(4);
        let text = mark(&"h".repeat(64), &hash);
        assert!(text.len() <= 256, "{text}");
        assert_eq!(Deployed::for_tests("order", &text).artifact_sha256(), Some(hash.as_str()));
        for other in ["", "an order service", "durabox", "durabox 0.1.0, handler order, wasm sha256 12"] {
            assert!(!Deployed::for_tests("order", other).is_ours(), "{other}");
        }
    }
}
