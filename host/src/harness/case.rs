use super::decision::Place;
use super::failure::Failure;
use crate::cloud::CloudRunner;
use crate::runner::{DurableRunner, LocalRunner};

/// What a test says of itself, in its attribute.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The package that it stands in.
    pub package: &'static str,
    /// The module that it stands in, with its crate.
    pub module: &'static str,
    /// Its function.
    pub name: &'static str,
    /// The handler that local mode runs.
    pub handler: Option<&'static str>,
    /// What the function is called in `LAMBDA_FUNCTION_TEST_NAME`.
    pub lambda_function_name: Option<&'static str>,
    /// Whether it is skipped in local mode.
    pub requires_cloud: bool,
}

impl Case {
    /// Returns `module::name` without the crate, which is what Cargo prints.
    pub fn path(&self) -> String {
        match self.module.split_once("::") {
            Some((_, module)) => format!("{module}::{}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// Returns the crate that it stands in: the test target's name.
    pub fn target(&self) -> &str {
        self.module.split("::").next().unwrap_or(self.module)
    }
}

/// What a test needs, by the type of its parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// What both modes have.
    Both,
    /// What only local mode has.
    Local,
    /// What only the cloud has.
    Cloud,
}

/// The parameter of a test: `DurableRunner`, `LocalRunner` or `CloudRunner`.
#[diagnostic::on_unimplemented(
    message = "a durabox test takes its runner, and `{Self}` is none",
    label = "not a runner",
    note = "write `DurableRunner` for what both modes have, `LocalRunner` for what only local mode has, or `CloudRunner`"
)]
pub trait Runner: Sized {
    /// What the test needs.
    const NEEDS: Needs;

    /// Returns a runner for local mode.
    fn local(case: &Case) -> Result<Self, Failure>;

    /// Returns a runner for cloud mode.
    fn cloud(place: &Place) -> Result<Self, Failure>;
}

impl Runner for LocalRunner {
    const NEEDS: Needs = Needs::Local;

    fn local(case: &Case) -> Result<Self, Failure> {
        let handler = case.handler.ok_or_else(|| Failure::new("handler is required for local mode tests"))?;
        Ok(Self::new(handler))
    }

    fn cloud(_: &Place) -> Result<Self, Failure> {
        Err(Failure::new("a LocalRunner does not run in the cloud"))
    }
}

impl Runner for CloudRunner {
    const NEEDS: Needs = Needs::Cloud;

    fn local(_: &Case) -> Result<Self, Failure> {
        Err(Failure::new("a CloudRunner does not run locally"))
    }

    fn cloud(place: &Place) -> Result<Self, Failure> {
        Ok(Self::with_settings(&place.function, place.settings.clone()))
    }
}

impl Runner for DurableRunner {
    const NEEDS: Needs = Needs::Both;

    fn local(case: &Case) -> Result<Self, Failure> {
        LocalRunner::local(case).map(Self::from)
    }

    fn cloud(place: &Place) -> Result<Self, Failure> {
        CloudRunner::cloud(place).map(Self::from)
    }
}
