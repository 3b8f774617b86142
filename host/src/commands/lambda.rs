//! Where commands on executions ask: Lambda in the cloud, a server, or the service of this project.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use durabox::cloud::{CloudSettings, Lambda, Variable};
use durabox::state_dir::StateDir;
use durabox_server::Service;
use tokio::sync::oneshot;

use super::serve;
use super::subject::current_directory;
use crate::cli_error::CliError;

/// The variable that names an endpoint for the AWS SDKs.
const SDK_ENDPOINT: &str = "AWS_ENDPOINT_URL_LAMBDA";

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// Returns the place that options name, or the variables that stand in for them. An error says which of them it
/// was: the argument parser does not.
pub fn place(region: Option<String>, endpoint: Option<String>) -> CloudSettings {
    let variables = [Variable::Endpoint.name(), SDK_ENDPOINT];
    let named_by = variables.into_iter().find(|name| variable(name) == endpoint).unwrap_or("--endpoint");
    let mut settings = CloudSettings::of_place(region, endpoint);
    settings.endpoint_named_by = Some(named_by);
    settings
}

/// Whom a command asks.
#[derive(Clone, Debug, clap::Args)]
pub struct Asked {
    /// Ask the Lambda at this endpoint, such as `durabox serve`
    #[arg(long, value_name = "http://HOST:PORT", env = "LAMBDA_ENDPOINT", global = true)]
    pub endpoint: Option<String>,
    /// Ask AWS Lambda in this region; without it and without --endpoint, this project's own service
    #[arg(long, global = true)]
    pub region: Option<String>,
}

impl Asked {
    /// Returns the options that ask the same place again, for a hint.
    pub fn options(&self) -> String {
        let option = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!(" --{name} {value}"));
        [option("endpoint", &self.endpoint), option("region", &self.region)].into_iter().flatten().collect()
    }

    /// Returns where Lambda is asked, if not this project's service.
    pub fn remote(&self) -> Option<CloudSettings> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let endpoint = given(&self.endpoint).or_else(|| variable(SDK_ENDPOINT));
        let is_remote = endpoint.is_some() || given(&self.region).is_some();
        is_remote.then(|| place(given(&self.region).or_else(|| variable("AWS_REGION")), endpoint))
    }

    /// Does `work` with the Lambda that is asked: with this project's service, that of `durabox serve`
    /// if it runs, and otherwise one of this process, which ends once every execution waits.
    pub fn with<T>(
        &self,
        skip_time: bool,
        work: impl AsyncFnOnce(Lambda) -> Result<T, CliError>,
    ) -> Result<T, CliError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| CliError::usage(format!("no threads to ask with: {error}")))?;
        runtime.block_on(async {
            let settings = match self.remote() {
                Some(settings) => settings,
                None => {
                    let state = StateDir::near(&current_directory()?);
                    match serve::announced(&state) {
                        Some(endpoint) => CloudSettings::of_place(None, Some(endpoint)),
                        None => return with_own(skip_time, work).await,
                    }
                }
            };
            work(Lambda::new(&settings).await).await
        })
    }
}

/// What `durabox serve` takes, for the service of this process.
#[derive(Debug, clap::Parser)]
struct Own {
    #[command(flatten)]
    args: serve::Args,
}

/// Does `work` with a service of this process. Other executions that are open are left alone: they may need
/// what only `durabox serve` grants.
async fn with_own<T>(skip_time: bool, work: impl AsyncFnOnce(Lambda) -> Result<T, CliError>) -> Result<T, CliError> {
    let mut line = vec!["durabox", "--port", "0", "--log-format", "none"];
    line.extend(skip_time.then_some("--skip-time"));
    let mut own = Own::try_parse_from(line).map_err(|error| CliError::usage(error.to_string()))?.args;
    // It is only asked from here, and by commands of this project.
    own.token = None;
    let started = serve::start(&own).await?;
    let settings = CloudSettings::of_place(None, Some(started.endpoint.clone()));
    let (service, (end, ended)) = (Arc::clone(&started.service), oneshot::channel::<()>());
    let serving = started.until(&own, async move { drop(ended.await) });
    let working = async {
        let done = work(Lambda::new(&settings).await).await;
        settled(&service).await;
        // Ends the service.
        drop(end);
        done
    };
    let (served, done) = tokio::join!(serving, working);
    served?;
    done
}

/// Waits until every execution waits.
async fn settled(service: &Service) {
    while !service.is_at_rest() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
