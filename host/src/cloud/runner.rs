use std::time::Duration;

use serde::Serialize;
use tokio::sync::OnceCell;

use super::client::{CloudClient, Poll};
use super::{CloudError, CloudExecution, CloudSettings, Deployed, Lambda};
use crate::runner::{RunError, RunRequest, StartRequest, TestResult};

/// How long a run is waited for unless it says otherwise, as in AWS's framework.
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Runs one deployed function, as often as a test likes.
///
/// A function is named as Lambda's `Invoke` takes it, with its version or alias: `order:1`,
/// `order:$LATEST` or an ARN.
#[derive(Debug)]
pub struct CloudRunner {
    function: String,
    settings: CloudSettings,
    timeout: Duration,
    poll: Poll,
    client: OnceCell<CloudClient>,
}

impl CloudRunner {
    /// Returns a runner of a deployed function, in the region and at the endpoint that the
    /// environment names: `AWS_REGION`, which is us-west-2 unless it is set, and `LAMBDA_ENDPOINT`.
    pub fn new(function: impl Into<String>) -> Self {
        Self::with_settings(function, CloudSettings::place_from_environment())
    }

    /// Returns a runner of a deployed function where these settings say.
    pub fn with_settings(function: impl Into<String>, settings: CloudSettings) -> Self {
        let poll = Poll::default();
        Self { function: function.into(), settings, timeout: DEFAULT_TIMEOUT, poll, client: OnceCell::new() }
    }

    /// Asks this region.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<String>) -> Self {
        self.settings.region = region.into();
        self.settings.is_default_region = false;
        self
    }

    /// Asks this endpoint in the place of the region's own.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.settings.endpoint = Some(endpoint.into());
        self.settings.endpoint_named_by = None;
        self
    }

    /// Waits this long for an execution, or for a callback, unless a run says otherwise; 60 seconds
    /// by default.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Asks for an execution after this pause, then after pauses that grow by half, up to 2 seconds
    /// or this, if it is longer.
    #[must_use]
    pub fn with_poll_interval(mut self, first: Duration) -> Self {
        self.poll = Poll { first, longest: Poll::default().longest.max(first) };
        self
    }

    /// Returns the function, as it was named.
    pub fn function(&self) -> &str {
        &self.function
    }

    /// Runs the function on `input` until the execution closes, however it closes.
    pub fn run<I: Serialize + ?Sized>(&self, input: &I) -> RunRequest<'_> {
        RunRequest::cloud(self, input)
    }

    /// Runs the function on JSON text.
    pub async fn run_json(&self, input: &str) -> Result<TestResult, RunError> {
        self.start_json(input.to_owned(), None).await?.wait_for_result().await
    }

    /// Starts an execution and returns at once.
    pub fn start<I: Serialize + ?Sized>(&self, input: &I) -> StartRequest<'_> {
        StartRequest::cloud(self, input)
    }

    /// Returns an execution of this function that somebody has started.
    pub async fn attach(&self, execution_arn: impl Into<String>) -> CloudExecution {
        CloudExecution::new(self.client().await.clone(), execution_arn.into(), self.timeout, false)
    }

    /// Returns what is deployed under the function's name; nothing if there is no such function.
    pub async fn deployed(&self) -> Result<Option<Deployed>, CloudError> {
        Lambda::new(&self.settings).await.deployed(&self.function).await
    }

    pub(crate) async fn start_json(&self, input: String, name: Option<String>) -> Result<CloudExecution, RunError> {
        let client = self.client().await;
        let arn = client.invoke(input, name).await?;
        Ok(CloudExecution::new(client.clone(), arn, self.timeout, true))
    }

    /// The client is made in the run's own async runtime.
    async fn client(&self) -> &CloudClient {
        let new = || CloudClient::new(&self.settings, self.function.clone(), self.poll);
        self.client.get_or_init(new).await
    }
}
