//! Where commands on executions ask: Lambda in the cloud, a server, or the service of this project.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use durabox::cloud::{CloudSettings, Lambda};
use durabox::state_dir::StateDir;
use durabox_server::Service;
use tokio::sync::oneshot;

use super::serve;
use super::subject::current_directory;
use crate::cli_error::CliError;

/// Whom a command asks.
#[derive(Clone, Debug, clap::Args)]
pub struct Asked {
    /// Ask the Lambda at this endpoint, such as `durabox serve`
    #[arg(long, value_name = "http://HOST:PORT", env = "LAMBDA_ENDPOINT")]
    pub endpoint: Option<String>,
    /// Ask AWS Lambda in this region; without it and without --endpoint, this project's own service
    #[arg(long)]
    pub region: Option<String>,
}

impl Asked {
    /// Returns where Lambda is asked, if not this project's service.
    pub fn remote(&self) -> Option<CloudSettings> {
        let is_remote = self.endpoint.is_some() || self.region.is_some();
        let region = || self.region.clone().or_else(|| std::env::var("AWS_REGION").ok());
        is_remote.then(|| CloudSettings::of_place(region(), self.endpoint.clone()))
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

async fn with_own<T>(skip_time: bool, work: impl AsyncFnOnce(Lambda) -> Result<T, CliError>) -> Result<T, CliError> {
    let mut line = vec!["durabox", "--port", "0", "--log-format", "none"];
    line.extend(skip_time.then_some("--skip-time"));
    let own = Own::try_parse_from(line).map_err(|error| CliError::usage(error.to_string()))?;
    let started = serve::start(&own.args).await?;
    let settings = CloudSettings::of_place(None, Some(started.endpoint.clone()));
    let (service, (end, ended)) = (Arc::clone(&started.service), oneshot::channel::<()>());
    let serving = started.until(&own.args, async move { drop(ended.await) });
    let working = async {
        let done = work(Lambda::new(&settings).await).await;
        settled(&service).await;
        // Ends the service.
        drop(end);
        done
    };
    let (served, done) = tokio::join!(serving, working);
    served?;
    if service.open_count() > 0 {
        eprintln!(
            "{} open; `durabox serve` lets them go on, and so does the next command",
            durabox::render::text::count(service.open_count(), "execution")
        );
    }
    done
}

/// Waits until every execution waits.
async fn settled(service: &Service) {
    while !service.is_at_rest() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
