use aws_sdk_lambda::types::FunctionConfiguration;

/// Who describes a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Describer {
    /// `durabox deploy`, whose functions it may deploy again.
    Deploy,
    /// The template of `durabox package`, whose functions are those of a stack.
    Template,
}

impl Describer {
    const fn mark(self) -> &'static str {
        match self {
            Self::Deploy => "durabox deploy ",
            Self::Template => "durabox package ",
        }
    }
}

/// What stands before the wasm's SHA-256 in a description, hexadecimal.
const WASM: &str = ", wasm sha256 ";
/// What stands before the zip's, base64.
const ZIP: &str = ", zip sha256 ";

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
    /// What runs it.
    pub runtime: Option<String>,
    /// The key that its executions are encrypted with, if it is not Lambda's.
    pub kms_key_arn: Option<String>,
    /// Its environment, in order of names.
    pub environment: Vec<(String, String)>,
    /// What it runs on.
    pub architectures: Vec<String>,
}

impl Deployed {
    /// Returns the SHA-256 of the wasm that is deployed, hexadecimal, if durabox has packaged it and the code is
    /// that package still.
    pub fn artifact_sha256(&self) -> Option<&str> {
        let (who, zip) = self.description.split_once(ZIP)?;
        let (_, wasm) = who.split_once(WASM)?;
        let is_known = [Describer::Deploy, Describer::Template].iter().any(|one| who.starts_with(one.mark()));
        let is_hash = wasm.len() == 64 && wasm.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_known && is_hash && self.code_sha256.as_deref() == Some(zip)).then_some(wasm)
    }

    /// Whether `durabox deploy` has deployed it.
    pub fn is_ours(&self) -> bool {
        self.description.starts_with(Describer::Deploy.mark())
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
            runtime: Some("provided.al2023".into()),
            kms_key_arn: None,
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
            runtime: configuration.runtime().map(|runtime| runtime.as_str().to_owned()),
            kms_key_arn: durable.and_then(|config| config.kms_key_arn()).map(str::to_owned),
            environment,
            architectures: configuration.architectures().iter().map(|one| one.as_str().to_owned()).collect(),
        }
    }
}

/// Returns the description of a version that holds this wasm in this zip; Lambda takes up to 256 characters.
pub fn mark(by: Describer, handler: &str, wasm_sha256: &str, code_sha256: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("{}{version}, handler {handler}{WASM}{wasm_sha256}{ZIP}{code_sha256}", by.mark())
}

#[cfg(test)]
mod tests {
    use super::{Deployed, Describer, mark};

    #[test]
    fn a_description_says_which_wasm_is_deployed_while_the_code_is_that_of_the_package() {
        let (wasm, zip) = ("0123456789abcdef".repeat(4), "x".repeat(44));
        for (by, is_ours) in [(Describer::Deploy, true), (Describer::Template, false)] {
            let text = mark(by, &"h".repeat(64), &wasm, &zip);
            assert!(text.len() <= 256, "{text}");
            let mut deployed = Deployed::for_tests("order", &text);
            deployed.code_sha256 = Some(zip.clone());
            assert_eq!((deployed.artifact_sha256(), deployed.is_ours()), (Some(wasm.as_str()), is_ours));
            deployed.code_sha256 = Some("of other code".into());
            assert_eq!(deployed.artifact_sha256(), None, "somebody has updated the code alone");
        }
        for other in ["", "an order service", "durabox", "durabox 0.1.0, handler order, wasm sha256 12"] {
            assert!(!Deployed::for_tests("order", other).is_ours(), "{other}");
        }
    }
}
