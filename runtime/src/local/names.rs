use std::fmt;

use durabox_model::{MAX_EXECUTION_NAME_LENGTH, parse_function_name};
use sha2::{Digest, Sha256};

use super::{LocalError, RunOptions};

/// What stands before a function's name in its ARN; the account is made up.
const ARN_PREFIX: &str = "arn:aws:lambda:us-east-1:123456789012:function:";

/// The version that runs when none is named.
const LATEST: &str = "$LATEST";

/// A function as an invoke names it: `name`, `name:qualifier`, or an ARN of either.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionRef {
    /// The function's name.
    pub name: String,
    /// Its version or alias, if one was named.
    pub qualifier: Option<String>,
}

impl FunctionRef {
    /// Returns the function of this name, without a qualifier.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), qualifier: None }
    }

    /// Reads what an invoke gives as the function's name; region and account of an ARN do not count.
    /// What is no name of Lambda's pattern is one that no function has.
    pub fn parse(text: &str) -> Self {
        let (name, qualifier) = parse_function_name(text).unwrap_or((text, None));
        Self { name: name.to_owned(), qualifier: qualifier.map(str::to_owned) }
    }

    /// Returns the ARN, with `$LATEST` when no qualifier was named.
    pub fn arn(&self) -> String {
        format!("{ARN_PREFIX}{}:{}", self.name, self.qualifier.as_deref().unwrap_or(LATEST))
    }

    /// Returns the version that runs: the one that is named, and `$LATEST` for an alias.
    pub(super) fn version(&self) -> &str {
        let is_number = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
        self.qualifier.as_deref().filter(is_number).unwrap_or(LATEST)
    }
}

/// Writes `name` or `name:qualifier`.
impl fmt::Display for FunctionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.qualifier.as_ref().map_or(Ok(()), |qualifier| write!(f, ":{qualifier}"))
    }
}

/// Returns the ARN of an execution in Lambda's pattern, of a made-up account.
pub fn execution_arn(function_name: &str, execution_name: &str, id: &str) -> String {
    arn_of(&FunctionRef::named(function_name), execution_name, id)
}

fn arn_of(function: &FunctionRef, execution_name: &str, id: &str) -> String {
    format!("{}/durable-execution/{execution_name}/{id}", function.arn())
}

/// What an execution is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExecutionNames {
    pub(super) name: String,
    pub(super) arn: String,
}

impl ExecutionNames {
    /// Returns the names of a run's own execution, which only the run's inputs decide.
    pub(super) fn of_run(options: &RunOptions, input: &str) -> Result<Self, LocalError> {
        let function = FunctionRef::named(&options.function_name);
        let name = match &options.execution_name {
            Some(name) => checked(name)?,
            None => short_name(&function, &digest(options.seed, [&options.function_name, "", input])),
        };
        let id = uuid(&digest(options.seed, [&options.function_name, &name, input]));
        Ok(Self { arn: arn_of(&function, &name, &id), name })
    }

    /// Returns the names of the execution that a chained invoke starts, which the invoke decides.
    pub(super) fn of_chained(seed: u64, function: &FunctionRef, parent_arn: &str, operation_id: &str) -> Self {
        let digest = digest(seed, [parent_arn, operation_id, &function.name]);
        let name = short_name(function, &digest);
        Self { arn: arn_of(function, &name, &uuid(&digest)), name }
    }
}

fn checked(name: &str) -> Result<String, LocalError> {
    let is_word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if is_word && (1..=MAX_EXECUTION_NAME_LENGTH).contains(&name.len()) {
        Ok(name.to_owned())
    } else {
        Err(LocalError::InvalidName(name.to_owned()))
    }
}

fn short_name(function: &FunctionRef, digest: &str) -> String {
    let room = MAX_EXECUTION_NAME_LENGTH - 9;
    let function: String = function.name.chars().take(room).collect();
    format!("{function}-{}", &digest[..8])
}

fn uuid(hex: &str) -> String {
    format!("{}-{}-8{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

fn digest(seed: u64, parts: [&str; 3]) -> String {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{ExecutionNames, FunctionRef};

    #[test]
    fn an_alias_runs_the_latest_version() {
        assert_eq!(FunctionRef::parse("pay:7").version(), "7");
        assert_eq!(FunctionRef::parse("pay:live").version(), "$LATEST");
        assert_eq!(FunctionRef::parse("pay").version(), "$LATEST");
    }

    #[test]
    fn a_chained_execution_is_named_by_its_invoke() {
        let pay = FunctionRef::parse("pay:live");
        let names = |operation: &str| ExecutionNames::of_chained(0, &pay, "arn:parent", operation);
        assert_eq!(names("1"), names("1"));
        assert_ne!(names("1"), names("2"));
        let arn = names("1").arn;
        assert!(
            arn.starts_with("arn:aws:lambda:us-east-1:123456789012:function:pay:live/durable-execution/pay-"),
            "{arn}"
        );
    }
}
