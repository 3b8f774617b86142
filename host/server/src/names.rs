use std::fmt;

use durabox_runtime::model::{MAX_EXECUTION_NAME_LENGTH, parse_function_name};

/// The version that is not published.
pub const LATEST: &str = "$LATEST";

/// Longest name of a function, without what may stand around it. Source: API model.
const MAX_NAME_LENGTH: usize = 140;

/// Whose functions these are, as ARNs say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Such as `us-east-1`.
    pub region: String,
    /// Twelve digits.
    pub id: String,
}

impl Default for Account {
    /// Returns `us-east-1` and a made-up account.
    fn default() -> Self {
        Self { region: "us-east-1".into(), id: "123456789012".into() }
    }
}

impl Account {
    /// Returns the ARN of a function, without a qualifier.
    pub fn function_arn(&self, name: &str) -> String {
        format!("arn:aws:lambda:{}:{}:function:{name}", self.region, self.id)
    }

    /// Returns the ARN of a function's version or alias.
    pub fn qualified_arn(&self, name: &str, qualifier: &str) -> String {
        format!("{}:{qualifier}", self.function_arn(name))
    }

    /// Returns the ARN of a durable execution.
    pub fn execution_arn(&self, name: &str, version: &str, execution_name: &str, id: &str) -> String {
        format!("{}/durable-execution/{execution_name}/{id}", self.qualified_arn(name, version))
    }
}

/// A function as a request names it: in the path, with the qualifier there or beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionName {
    /// The function's name.
    pub name: String,
    /// A version, an alias or `$LATEST`, if one was named.
    pub qualifier: Option<String>,
}

impl FunctionName {
    /// Reads a name, a partial ARN or a whole one; `qualifier` is what the query says.
    pub fn parse(text: &str, qualifier: Option<&str>) -> Result<Self, String> {
        let named = parse_function_name(text).filter(|(name, _)| name.len() <= MAX_NAME_LENGTH);
        let (name, inner) = named.ok_or_else(|| {
            format!("Value '{text}' at 'functionName' failed to satisfy constraint: a name, or an ARN of it")
        })?;
        if let (Some(inner), Some(outer)) = (inner, qualifier)
            && inner != outer
        {
            let problem = "The derived qualifier from the function name does not match the specified qualifier.";
            return Err(problem.into());
        }
        Ok(Self { name: name.to_owned(), qualifier: inner.or(qualifier).map(str::to_owned) })
    }
}

/// Writes `name` or `name:qualifier`.
impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.qualifier.as_ref().map_or(Ok(()), |qualifier| write!(f, ":{qualifier}"))
    }
}

/// Whether Lambda takes this name of an execution: 1 to 64 characters of `[a-zA-Z0-9-_]`.
pub fn is_execution_name(name: &str) -> bool {
    (1..=MAX_EXECUTION_NAME_LENGTH).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
