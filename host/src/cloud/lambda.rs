use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::client::Waiters;
use aws_sdk_lambda::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    Architecture, DurableConfig, Environment, ExecutionStatus as SdkStatus, FunctionCode, InvocationType, Runtime,
};
use durabox_runtime::model::{ErrorObject, ExecutionStatus, Timestamp};

use super::client::{CloudClient, Poll, connect};
use super::error::{Place, ServiceFailure};
use super::runner::DEFAULT_TIMEOUT;
use super::{Cause, CloudError, CloudExecution, CloudSettings, Deployed, events};

/// How long a function may take to become active.
const ACTIVE_WITHIN: Duration = Duration::from_secs(300);

/// Lambda in one region, or behind one endpoint: its functions and their executions.
#[derive(Clone, Debug)]
pub struct Lambda {
    client: Client,
    place: Place,
}

/// An execution, in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedExecution {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The function's own name.
    pub function: String,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it started.
    pub start: Timestamp,
    /// When it closed.
    pub end: Option<Timestamp>,
}

/// What a function is to be; what is absent is left as it is, or to Lambda.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionSettings {
    /// The role that it runs as; needed to create it.
    pub role: Option<String>,
    /// Seconds of one invocation.
    pub timeout: Option<i32>,
    /// Memory, MB.
    pub memory: Option<i32>,
    /// Seconds of a whole execution.
    pub execution_timeout: Option<i32>,
    /// Days for which an execution is kept.
    pub retention_days: Option<i32>,
    /// Its environment, all of it.
    pub environment: Option<Vec<(String, String)>>,
    /// Its description.
    pub description: Option<String>,
    /// The key of its executions; it goes with the two settings of an execution.
    pub kms_key_arn: Option<String>,
    /// Whether it becomes a custom runtime, as durabox's packages are.
    pub custom_runtime: bool,
}

impl Lambda {
    /// Connects to nothing yet; credentials are those that every AWS tool finds.
    pub async fn new(settings: &CloudSettings) -> Self {
        Self { client: connect(settings).await, place: Place::from(settings) }
    }

    /// Returns where it is.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Returns an execution by its ARN.
    pub fn execution(&self, arn: impl Into<String>) -> CloudExecution {
        let arn = arn.into();
        let function = super::error::function_of(&arn).unwrap_or("a durable execution").to_owned();
        CloudExecution::new(self.client_of(function), arn, DEFAULT_TIMEOUT, false)
    }

    /// Starts an execution of a function, named with its version or alias.
    pub async fn start(
        &self,
        function: &str,
        input: String,
        execution_name: Option<String>,
    ) -> Result<CloudExecution, CloudError> {
        let client = self.client_of(function.to_owned());
        let arn = client.invoke(input, execution_name).await?;
        Ok(CloudExecution::new(client, arn, DEFAULT_TIMEOUT, true))
    }

    /// Invokes a function and returns what it answers, or its own error; durable or not.
    pub async fn invoke(&self, function: &str, input: String) -> Result<String, CloudError> {
        let request = self.client.invoke().function_name(function).payload(Blob::new(input.into_bytes()));
        let answer = request.invocation_type(InvocationType::RequestResponse).send().await;
        let answer = answer.map_err(|error| CloudError::Invoke {
            function: function.to_owned(),
            place: self.place.clone(),
            failure: ServiceFailure::of(&error),
        })?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        match answer.function_error {
            None => Ok(String::from_utf8_lossy(&payload).into_owned()),
            Some(_) => Err(CloudError::FunctionFailed {
                function: function.to_owned(),
                place: self.place.clone(),
                error: super::client::function_error(&payload),
            }),
        }
    }

    /// Returns the executions of a function, the newest first, at most `limit` of them: those of this
    /// name if one is given, and in one of these states if any is.
    pub async fn executions(
        &self,
        function: &str,
        name: Option<&str>,
        statuses: &[ExecutionStatus],
        limit: usize,
    ) -> Result<Vec<ListedExecution>, CloudError> {
        let statuses: Vec<_> = statuses.iter().map(|status| SdkStatus::from(status.as_str())).collect();
        let mut pages = self
            .client
            .list_durable_executions_by_function()
            .function_name(function)
            .set_durable_execution_name(name.map(str::to_owned))
            .set_statuses((!statuses.is_empty()).then_some(statuses))
            .max_items(i32::try_from(limit.clamp(1, 1000)).unwrap_or(1000))
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(page) = pages.next().await
        {
            let page = page.map_err(|error| self.failed(LIST_EXECUTIONS, function, &error))?;
            found.extend(page.durable_executions().iter().map(|one| ListedExecution {
                arn: one.durable_execution_arn().to_owned(),
                name: one.durable_execution_name().to_owned(),
                function: super::error::function_of(one.durable_execution_arn()).unwrap_or(function).to_owned(),
                status: events::status(one.status()),
                start: events::timestamp(one.start_timestamp()),
                end: one.end_timestamp().map(events::timestamp),
            }));
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Returns the names of the functions that are durable, in order.
    pub async fn durable_functions(&self) -> Result<Vec<String>, CloudError> {
        let mut pages = self.client.list_functions().into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.failed(LIST_FUNCTIONS, "the region", &error))?;
            let durable = page.functions().iter().filter(|function| function.durable_config().is_some());
            names.extend(durable.filter_map(|function| function.function_name().map(str::to_owned)));
        }
        names.sort();
        Ok(names)
    }

    /// Finds an execution by its ARN, or by its name: the newest of that name among the executions of
    /// `function`, or else of every durable function.
    pub async fn find(&self, asked: &str, function: Option<&str>) -> Result<CloudExecution, CloudError> {
        if asked.starts_with("arn:") {
            return Ok(self.execution(asked));
        }
        let functions = match function {
            Some(function) => vec![function.to_owned()],
            None => self.durable_functions().await?,
        };
        let mut newest: Option<ListedExecution> = None;
        for function in &functions {
            let found = self.executions(function, Some(asked), &[], 1).await?.into_iter().next();
            newest = match (newest, found) {
                (Some(one), Some(other)) if one.start >= other.start => Some(one),
                (one, other) => other.or(one),
            };
        }
        match newest {
            Some(found) => Ok(self.execution(found.arn)),
            None => Err(CloudError::NoExecution { asked: asked.to_owned(), functions, place: self.place.clone() }),
        }
    }

    /// Ends a callback with these bytes as its result; by its id.
    pub async fn send_callback_success(&self, id: &str, result: Option<String>) -> Result<(), CloudError> {
        self.client_of(A_CALLBACK.to_owned()).succeed(id, result).await
    }

    /// Ends a callback with an error; by its id.
    pub async fn send_callback_failure(&self, id: &str, error: &ErrorObject) -> Result<(), CloudError> {
        self.client_of(A_CALLBACK.to_owned()).fail(id, error).await
    }

    /// Starts the heartbeat timeout of a callback anew; by its id.
    pub async fn send_callback_heartbeat(&self, id: &str) -> Result<(), CloudError> {
        self.client_of(A_CALLBACK.to_owned()).heartbeat(id).await
    }

    /// Returns what is deployed under a name, with its version or alias or without; nothing if there is
    /// no such function.
    pub async fn deployed(&self, function: &str) -> Result<Option<Deployed>, CloudError> {
        match self.client.get_function().function_name(function).send().await {
            Ok(answer) => Ok(answer.configuration().map(Deployed::of)),
            Err(error) => match self.failed(GET_FUNCTION, function, &error) {
                error if error.cause() == Some(Cause::NotFound) => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Creates a durable function of a zip, and waits until it is active.
    pub async fn create_function(
        &self,
        name: &str,
        zip: Vec<u8>,
        architecture: &str,
        settings: &FunctionSettings,
    ) -> Result<(), CloudError> {
        let request = self
            .client
            .create_function()
            .function_name(name)
            .runtime(Runtime::Providedal2023)
            .handler("bootstrap")
            .architectures(Architecture::from(architecture))
            .code(FunctionCode::builder().zip_file(Blob::new(zip)).build())
            .set_role(settings.role.clone())
            .set_description(settings.description.clone())
            .set_timeout(settings.timeout)
            .set_memory_size(settings.memory)
            .set_environment(settings.environment.as_deref().map(environment))
            .durable_config(durable_config(settings));
        request.send().await.map_err(|error| self.failed(CREATE, name, &error))?;
        self.active(name).await
    }

    /// Gives a function another zip, and waits until it is active.
    pub async fn update_code(&self, name: &str, zip: Vec<u8>, architecture: &str) -> Result<(), CloudError> {
        let request = self.client.update_function_code().function_name(name).zip_file(Blob::new(zip));
        let request = request.architectures(Architecture::from(architecture));
        request.send().await.map_err(|error| self.failed(UPDATE_CODE, name, &error))?;
        self.active(name).await
    }

    /// Changes settings of a function, and waits until it is active.
    pub async fn update_settings(&self, name: &str, settings: &FunctionSettings) -> Result<(), CloudError> {
        let is_durable = settings.execution_timeout.is_some() || settings.retention_days.is_some();
        let request = self
            .client
            .update_function_configuration()
            .function_name(name)
            .set_role(settings.role.clone())
            .set_description(settings.description.clone())
            .set_timeout(settings.timeout)
            .set_memory_size(settings.memory)
            .set_environment(settings.environment.as_deref().map(environment))
            .set_durable_config(is_durable.then(|| durable_config(settings)))
            .set_runtime(settings.custom_runtime.then_some(Runtime::Providedal2023))
            .set_handler(settings.custom_runtime.then(|| "bootstrap".to_owned()));
        request.send().await.map_err(|error| self.failed(UPDATE_SETTINGS, name, &error))?;
        self.active(name).await
    }

    /// Publishes a function as a version, waits until that is active, and returns it; the last version
    /// if nothing has changed since. It is refused if the code is another than that.
    pub async fn publish_version(
        &self,
        name: &str,
        description: &str,
        code_sha256: &str,
    ) -> Result<String, CloudError> {
        let request = self.client.publish_version().function_name(name).description(description);
        let request = request.code_sha256(code_sha256);
        let published = request.send().await.map_err(|error| self.failed(PUBLISH, name, &error))?;
        let version = published.version().unwrap_or_default().to_owned();
        let waiter = self.client.wait_until_published_version_active().function_name(name).qualifier(&version);
        match waiter.wait(ACTIVE_WITHIN).await {
            Ok(_) => Ok(version),
            Err(error) => Err(self.not_active(&format!("{name}:{version}"), DisplayErrorContext(error).to_string())),
        }
    }

    /// Returns the version that an alias points at; nothing if there is no such alias.
    pub async fn alias_version(&self, name: &str, alias: &str) -> Result<Option<String>, CloudError> {
        match self.client.get_alias().function_name(name).name(alias).send().await {
            Ok(answer) => Ok(answer.function_version().map(str::to_owned)),
            Err(error) => match self.failed(GET_ALIAS, name, &error) {
                error if error.cause() == Some(Cause::NotFound) => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Points an alias at a version; makes it if it is not there.
    pub async fn put_alias(&self, name: &str, alias: &str, version: &str) -> Result<(), CloudError> {
        let update = self.client.update_alias().function_name(name).name(alias).function_version(version);
        let error = match update.send().await {
            Ok(_) => return Ok(()),
            Err(error) => self.failed(UPDATE_ALIAS, name, &error),
        };
        if error.cause() != Some(Cause::NotFound) {
            return Err(error);
        }
        let create = self.client.create_alias().function_name(name).name(alias).function_version(version);
        create.send().await.map(drop).map_err(|error| self.failed(CREATE_ALIAS, name, &error))
    }

    async fn active(&self, name: &str) -> Result<(), CloudError> {
        let active = self.client.wait_until_function_active_v2().function_name(name).wait(ACTIVE_WITHIN).await;
        active.map_err(|error| self.not_active(name, DisplayErrorContext(error).to_string()))?;
        let updated = self.client.wait_until_function_updated_v2().function_name(name).wait(ACTIVE_WITHIN).await;
        updated.map(drop).map_err(|error| self.not_active(name, DisplayErrorContext(error).to_string()))
    }

    fn not_active(&self, function: &str, message: String) -> CloudError {
        CloudError::Function {
            doing: "wait for",
            action: "lambda:GetFunction and lambda:GetFunctionConfiguration",
            function: function.to_owned(),
            place: self.place.clone(),
            failure: ServiceFailure { cause: Cause::InvalidRequest, code: None, message },
        }
    }

    fn client_of(&self, function: String) -> CloudClient {
        CloudClient::of(self.client.clone(), function, self.place.clone(), Poll::default())
    }

    fn failed<E>(&self, (doing, action): Request, function: &str, error: &SdkError<E>) -> CloudError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let failure = ServiceFailure::of(error);
        CloudError::Function { doing, action, function: function.to_owned(), place: self.place.clone(), failure }
    }
}

/// What stands for the function of a callback that is known by its id alone.
const A_CALLBACK: &str = "a durable execution";

/// What is asked for, in words and as a policy names it.
type Request = (&'static str, &'static str);

const LIST_EXECUTIONS: Request = ("list the executions of", "lambda:ListDurableExecutionsByFunction");
const LIST_FUNCTIONS: Request = ("list the functions of", "lambda:ListFunctions");
const GET_FUNCTION: Request = ("look at", "lambda:GetFunction");
const CREATE: Request = ("create", "lambda:CreateFunction and iam:PassRole");
const UPDATE_CODE: Request = ("update the code of", "lambda:UpdateFunctionCode");
const UPDATE_SETTINGS: Request = ("change the settings of", "lambda:UpdateFunctionConfiguration");
const PUBLISH: Request = ("publish a version of", "lambda:PublishVersion");
const GET_ALIAS: Request = ("look at an alias of", "lambda:GetAlias");
const UPDATE_ALIAS: Request = ("point an alias of", "lambda:UpdateAlias");
const CREATE_ALIAS: Request = ("make an alias of", "lambda:CreateAlias");

fn environment(variables: &[(String, String)]) -> Environment {
    Environment::builder().set_variables(Some(variables.iter().cloned().collect())).build()
}

fn durable_config(settings: &FunctionSettings) -> DurableConfig {
    DurableConfig::builder()
        .set_execution_timeout(settings.execution_timeout)
        .set_retention_period_in_days(settings.retention_days)
        .set_kms_key_arn(settings.kms_key_arn.clone())
        .build()
}
