//! Where a test runs, from its attribute, its parameter and the environment; nothing is run here.

use super::case::{Case, Needs};
use super::failure::Failure;
use super::mode::RunnerMode;
use super::report::Verdict;
use crate::cloud::{CloudError, CloudSettings};
use crate::runner::{RunError, handler_problem};

/// Where a test runs.
#[derive(Debug)]
pub enum Decision {
    /// In this process.
    Local,
    /// In this process, and elsewhere if the sandbox refuses something.
    LocalFirst(Fallback),
    /// Where its function is deployed.
    Cloud(Place),
    /// Nowhere, for this reason.
    Skip(String),
}

/// A deployed function, and why a test runs there.
#[derive(Debug)]
pub struct Place {
    /// The function, with its version or alias.
    pub function: String,
    /// Where it is.
    pub settings: CloudSettings,
    /// Why not locally, in the mode `auto`.
    pub because: Option<String>,
}

impl Place {
    pub(super) fn verdict(&self) -> Verdict {
        match &self.because {
            Some(reason) => Verdict::fallback(reason.clone()),
            None => Verdict::cloud(),
        }
    }
}

/// What the mode `auto` does with a test that cannot be had locally.
#[derive(Debug)]
pub struct Fallback(Result<CloudSettings, CloudError>);

impl Fallback {
    /// Returns the cloud where it is configured, and otherwise why the test is skipped.
    pub(super) fn because(self, case: &Case, reason: &str) -> Decision {
        let settings = match self.0 {
            Ok(settings) => settings,
            Err(error) => return Decision::Skip(format!("{reason}; and the cloud is not configured: {error}")),
        };
        match in_cloud(case, settings, Some(reason.to_owned())) {
            Decision::Skip(other) => Decision::Skip(format!("{reason}; and {other}")),
            decision => decision,
        }
    }
}

/// Returns where a test runs.
pub fn decide(mode: RunnerMode, case: &Case, needs: Needs) -> Result<Decision, Failure> {
    decide_with(mode, case, needs, CloudSettings::from_environment, handler_problem)
}

fn decide_with(
    mode: RunnerMode,
    case: &Case,
    needs: Needs,
    settings: impl FnOnce() -> Result<CloudSettings, CloudError>,
    handler_problem: impl FnOnce(&str) -> Option<String>,
) -> Result<Decision, Failure> {
    let here = not_local(case, needs);
    match mode {
        RunnerMode::Local => Ok(here.map_or(Decision::Local, Decision::Skip)),
        RunnerMode::Cloud if needs == Needs::Local => Ok(Decision::Skip(LOCAL_ONLY.to_owned())),
        RunnerMode::Cloud => Ok(in_cloud(case, settings().map_err(RunError::from)?, None)),
        RunnerMode::Auto if needs == Needs::Local => Ok(Decision::Local),
        RunnerMode::Auto => {
            let fallback = Fallback(settings());
            match here.or_else(|| handler_problem(case.handler.unwrap_or_default())) {
                Some(reason) => Ok(fallback.because(case, &reason)),
                None => Ok(Decision::LocalFirst(fallback)),
            }
        }
    }
}

const LOCAL_ONLY: &str = "it takes a LocalRunner, for what only local mode has";

/// Returns why a test does not run locally.
fn not_local(case: &Case, needs: Needs) -> Option<String> {
    if needs == Needs::Cloud {
        return Some("it takes a CloudRunner, for what only the cloud has".to_owned());
    }
    if case.requires_cloud {
        return Some("it requires the cloud".to_owned());
    }
    case.handler.is_none().then(|| "it names no handler, which is required for local mode tests".to_owned())
}

fn in_cloud(case: &Case, settings: CloudSettings, because: Option<String>) -> Decision {
    let Some(name) = case.lambda_function_name else {
        return Decision::Skip("lambda_function_name is required for cloud mode tests".to_owned());
    };
    // `durabox deploy` knows handlers, and names them.
    let selected = settings.function(name).or_else(|| settings.function(case.handler?));
    match selected.map(str::to_owned) {
        Some(function) => Decision::Cloud(Place { function, settings, because }),
        None => {
            let selected: Vec<&str> = settings.selected().collect();
            Decision::Skip(format!("its lambda_function_name is `{name}`, and selected is `{}`", selected.join("`, `")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::{Case, Needs};
    use super::super::mode::RunnerMode::{self, Auto, Cloud, Local};
    use super::{Decision, decide_with};
    use crate::cloud::{CloudSettings, Variable};

    const CASE: Case = Case {
        package: "shop",
        module: "orders::refunds",
        name: "a_refund",
        handler: Some("refund"),
        lambda_function_name: Some("Refund"),
        requires_cloud: false,
    };

    fn deployed(name: &'static str) -> impl FnOnce() -> Result<CloudSettings, crate::CloudError> {
        move || {
            CloudSettings::read(|variable| match variable {
                Variable::QualifiedFunctionName => (!name.is_empty()).then(|| format!("{name}:1")),
                Variable::LambdaFunctionTestName => Some(name.to_owned()),
                _ => None,
            })
        }
    }

    /// Returns `local`, `local first`, `cloud FUNCTION`, `skipped: REASON` or `error: …`.
    fn decided(mode: RunnerMode, case: &Case, needs: Needs, name: &'static str, problem: Option<&str>) -> String {
        let problem = problem.map(str::to_owned);
        match decide_with(mode, case, needs, deployed(name), |_| problem) {
            Ok(Decision::Local) => "local".into(),
            Ok(Decision::LocalFirst(_)) => "local first".into(),
            Ok(Decision::Cloud(place)) => format!("cloud {}", place.function),
            Ok(Decision::Skip(reason)) => format!("skipped: {reason}"),
            Err(failure) => format!("error: {failure:?}").lines().next().unwrap_or_default().to_owned(),
        }
    }

    #[test]
    fn local_mode_runs_what_it_can_and_says_what_it_cannot() {
        assert_eq!(decided(Local, &CASE, Needs::Both, "", None), "local");
        assert_eq!(decided(Local, &CASE, Needs::Local, "", None), "local");
        let requires = Case { requires_cloud: true, ..CASE };
        assert_eq!(decided(Local, &requires, Needs::Both, "refund", None), "skipped: it requires the cloud");
        let nameless = Case { handler: None, ..CASE };
        let reason = "skipped: it names no handler, which is required for local mode tests";
        assert_eq!(decided(Local, &nameless, Needs::Both, "refund", None), reason);
        assert!(decided(Local, &CASE, Needs::Cloud, "refund", None).contains("CloudRunner"));
    }

    #[test]
    fn cloud_mode_runs_the_selected_function_and_skips_the_others_with_the_reason() {
        assert_eq!(decided(Cloud, &CASE, Needs::Both, "refund", None), "cloud refund:1");
        let other = "skipped: its lambda_function_name is `Refund`, and selected is `order`";
        assert_eq!(decided(Cloud, &CASE, Needs::Both, "order", None), other);
        let local_only = "skipped: it takes a LocalRunner, for what only local mode has";
        assert_eq!(decided(Cloud, &CASE, Needs::Local, "refund", None), local_only);
        let nameless = Case { lambda_function_name: None, ..CASE };
        let reason = "skipped: lambda_function_name is required for cloud mode tests";
        assert_eq!(decided(Cloud, &nameless, Needs::Both, "refund", None), reason);
    }

    #[test]
    fn cloud_mode_without_its_variables_fails_in_the_words_of_the_aws_framework() {
        let text = decided(Cloud, &CASE, Needs::Both, "", None);
        let words = "error: Cloud mode requires both QUALIFIED_FUNCTION_NAME and LAMBDA_FUNCTION_TEST_NAME environment variables";
        assert_eq!(text, words);
    }

    #[test]
    fn auto_mode_is_local_first_and_falls_back_to_the_cloud_where_it_is_configured() {
        assert_eq!(decided(Auto, &CASE, Needs::Both, "refund", None), "local first");
        assert_eq!(decided(Auto, &CASE, Needs::Local, "refund", None), "local");
        let requires = Case { requires_cloud: true, ..CASE };
        assert_eq!(decided(Auto, &requires, Needs::Both, "refund", None), "cloud refund:1");
        assert_eq!(decided(Auto, &CASE, Needs::Both, "refund", Some("no handler `refund`")), "cloud refund:1");
        let unconfigured = decided(Auto, &requires, Needs::Both, "", None);
        assert!(
            unconfigured.starts_with("skipped: it requires the cloud; and the cloud is not configured:"),
            "{unconfigured}"
        );
        let other = decided(Auto, &requires, Needs::Both, "order", None);
        assert!(other.contains("; and its lambda_function_name is `Refund`"), "{other}");
    }

    #[test]
    fn a_test_is_called_as_cargo_calls_it() {
        assert_eq!((CASE.path().as_str(), CASE.target()), ("refunds::a_refund", "orders"));
        assert_eq!(Case { module: "orders", ..CASE }.path(), "a_refund");
    }
}
