use std::collections::BTreeMap;
use std::fmt;

use super::CloudError;

/// A variable of the environment that decides how the cloud is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// `QUALIFIED_FUNCTION_NAME`: the deployed function, with its version or alias.
    QualifiedFunctionName,
    /// `LAMBDA_FUNCTION_TEST_NAME`: the `lambda_function_name` of the tests that it is for.
    LambdaFunctionTestName,
    /// `DURABOX_FUNCTION_NAME_MAP`: many of these pairs, a JSON object from test names to deployed names.
    FunctionNameMap,
    /// `AWS_REGION`: `us-west-2` unless it is set, as in AWS's framework.
    Region,
    /// `LAMBDA_ENDPOINT`: another endpoint than the region's own.
    Endpoint,
}

impl Variable {
    /// Every variable.
    pub const ALL: [Self; 5] = [
        Self::QualifiedFunctionName,
        Self::LambdaFunctionTestName,
        Self::FunctionNameMap,
        Self::Region,
        Self::Endpoint,
    ];

    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QualifiedFunctionName => "QUALIFIED_FUNCTION_NAME",
            Self::LambdaFunctionTestName => "LAMBDA_FUNCTION_TEST_NAME",
            Self::FunctionNameMap => "DURABOX_FUNCTION_NAME_MAP",
            Self::Region => "AWS_REGION",
            Self::Endpoint => "LAMBDA_ENDPOINT",
        }
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The region of AWS's framework when none is named.
const DEFAULT_REGION: &str = "us-west-2";

/// Which functions are deployed, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudSettings {
    /// The region.
    pub region: String,
    /// Whether nobody has named the region, so that it is the default.
    pub is_default_region: bool,
    /// Another endpoint than the region's own.
    pub endpoint: Option<String>,
    /// The variable or the option that has named the endpoint, if it was one.
    pub endpoint_named_by: Option<&'static str>,
    /// The deployed function of each `lambda_function_name`; names are compared without regard to case.
    functions: BTreeMap<String, String>,
}

impl CloudSettings {
    /// Reads the environment: one function by [`Variable::QualifiedFunctionName`] and
    /// [`Variable::LambdaFunctionTestName`], which are both needed, or many by
    /// [`Variable::FunctionNameMap`], or both.
    pub fn from_environment() -> Result<Self, CloudError> {
        Self::read(|variable| std::env::var(variable.name()).ok())
    }

    /// Reads variables like [`CloudSettings::from_environment`]; one that is empty is not set.
    pub fn read(variable: impl Fn(Variable) -> Option<String>) -> Result<Self, CloudError> {
        let variable = |which| variable(which).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let mut functions = BTreeMap::new();
        let map = variable(Variable::FunctionNameMap);
        if let Some(text) = &map {
            let named: BTreeMap<String, String> = serde_json::from_str(text).map_err(CloudError::FunctionNameMap)?;
            functions.extend(named.into_iter().map(|(name, deployed)| (name.to_lowercase(), deployed)));
        }
        match (variable(Variable::QualifiedFunctionName), variable(Variable::LambdaFunctionTestName)) {
            (Some(deployed), Some(name)) => drop(functions.insert(name.to_lowercase(), deployed)),
            (None, None) if map.is_some() => {}
            (qualified, test) => {
                let missing = [
                    (qualified.is_none(), Variable::QualifiedFunctionName),
                    (test.is_none(), Variable::LambdaFunctionTestName),
                ];
                let missing = missing.into_iter().filter(|(is_missing, _)| *is_missing).map(|(_, variable)| variable);
                return Err(CloudError::MissingVariables { missing: missing.collect() });
            }
        }
        Ok(Self { functions, ..Self::of_variables(variable) })
    }

    /// Returns settings without a function, for those who name the function themselves; us-west-2
    /// unless a region is named.
    pub fn of_place(region: Option<String>, endpoint: Option<String>) -> Self {
        let (region, endpoint) = (region.filter(|text| !text.is_empty()), endpoint.filter(|text| !text.is_empty()));
        Self {
            is_default_region: region.is_none(),
            region: region.unwrap_or_else(|| DEFAULT_REGION.to_owned()),
            endpoint,
            endpoint_named_by: None,
            functions: BTreeMap::new(),
        }
    }

    fn of_variables(variable: impl Fn(Variable) -> Option<String>) -> Self {
        let endpoint_named_by = Some(Variable::Endpoint.name());
        Self { endpoint_named_by, ..Self::of_place(variable(Variable::Region), variable(Variable::Endpoint)) }
    }

    /// Returns settings without a function: the place that the environment names.
    pub fn place_from_environment() -> Self {
        Self::of_variables(|variable| std::env::var(variable.name()).ok())
    }

    /// Whether requests stay on this machine.
    pub fn is_on_this_machine(&self) -> bool {
        self.endpoint.as_deref().is_some_and(super::client::is_on_this_machine)
    }

    /// Returns the deployed function of a `lambda_function_name`, if it is selected.
    pub fn function(&self, lambda_function_name: &str) -> Option<&str> {
        self.functions.get(&lambda_function_name.to_lowercase()).map(String::as_str)
    }

    /// Returns the names that are selected, in lower case.
    pub fn selected(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::{CloudError, CloudSettings, Variable};

    fn read(variables: &[(Variable, &str)]) -> Result<CloudSettings, CloudError> {
        let found = |which| variables.iter().find(|(variable, _)| *variable == which);
        CloudSettings::read(|which| found(which).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_environment_of_the_aws_framework_works_unchanged() {
        let settings = read(&[
            (Variable::QualifiedFunctionName, "HelloWorld:$LATEST"),
            (Variable::LambdaFunctionTestName, "hello world"),
            (Variable::Endpoint, "http://127.0.0.1:3001"),
        ])
        .expect("settings");
        assert_eq!(settings.function("Hello World"), Some("HelloWorld:$LATEST"));
        assert_eq!(settings.function("goodbye"), None);
        assert_eq!((settings.region.as_str(), settings.is_default_region), ("us-west-2", true));
        assert_eq!(settings.endpoint.as_deref(), Some("http://127.0.0.1:3001"));
    }

    #[test]
    fn one_variable_without_the_other_is_refused_and_says_which() {
        let lacking = |variables: &[(Variable, &str)]| match read(variables) {
            Err(CloudError::MissingVariables { missing }) => missing,
            other => panic!("{other:?}"),
        };
        assert_eq!(lacking(&[]), [Variable::QualifiedFunctionName, Variable::LambdaFunctionTestName]);
        assert_eq!(lacking(&[(Variable::QualifiedFunctionName, "f:1")]), [Variable::LambdaFunctionTestName]);
        let empty = [(Variable::QualifiedFunctionName, " "), (Variable::LambdaFunctionTestName, "f")];
        assert_eq!(lacking(&empty), [Variable::QualifiedFunctionName]);
        let map = [(Variable::FunctionNameMap, "{}"), (Variable::LambdaFunctionTestName, "f")];
        assert_eq!(lacking(&map), [Variable::QualifiedFunctionName]);
    }

    #[test]
    fn a_map_names_many_functions_and_the_pair_one_more() {
        let map = (Variable::FunctionNameMap, r#"{"Hello World": "hello:1", "order": "order:live"}"#);
        let settings = read(&[map, (Variable::Region, "eu-central-1")]).expect("settings");
        assert_eq!(settings.selected().collect::<Vec<_>>(), ["hello world", "order"]);
        assert_eq!((settings.region.as_str(), settings.is_default_region), ("eu-central-1", false));
        let pair = [(Variable::QualifiedFunctionName, "o:2"), (Variable::LambdaFunctionTestName, "order")];
        let both = read(&[map, pair[0], pair[1]]).expect("settings");
        assert_eq!(both.function("order"), Some("o:2"));
        assert_eq!(both.function("hello world"), Some("hello:1"));
        assert!(matches!(read(&[(Variable::FunctionNameMap, "[1]")]), Err(CloudError::FunctionNameMap(_))));
    }
}
