//! `durabox serve`

mod functions;
mod log;
mod template;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use durabox::render::text::count;
use durabox::state_dir::StateDir;
use durabox_runtime::model::MAX_PAGE_SIZE;
use durabox_runtime::sandbox::AllowedHost;
use durabox_server::api::{Access, router};
use durabox_server::{Account, Limits, Service, ServiceOptions, serve};
use tokio::net::TcpListener;

use super::granted::Granted;
use super::subject::current_directory;
use crate::cli_error::{CliError, Kind};
use crate::exit_code;

/// Where a server says at which endpoint it listens, in the directory of its executions.
const ENDPOINT_FILE: &str = "endpoint";

/// Serves Lambda's API for durable functions on this machine
///
/// With no function named it serves every handler of the workspace. Any client of Lambda can be
/// pointed at it: AWS_ENDPOINT_URL_LAMBDA=http://127.0.0.1:9000, with any credentials. Executions are
/// kept in .durabox/serve, and go on when the server is started again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port to listen on; 0 takes a free one, which is printed
    #[arg(long, default_value_t = 9000)]
    pub port: u16,
    /// Address to listen on; any but loopback asks for --token
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub host: IpAddr,
    /// Ask every request for this token: `Authorization: Bearer TOKEN`, or the AWS access key id
    #[arg(long, env = "DURABOX_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Serve a function: a handler of the workspace, a component, a zip, a directory with a bootstrap, or
    /// the endpoint of a function elsewhere. Repeatable
    #[arg(
        long,
        value_name = "NAME | NAME=PATH | NAME=http://HOST:PORT",
        value_parser = functions::parse
    )]
    pub function: Vec<functions::Named>,
    /// Serve the functions of a SAM template
    #[arg(long, value_name = "TEMPLATE.YAML")]
    pub template: Option<PathBuf>,
    /// Start without the workspace's handlers: with the functions alone that were deployed to it
    #[arg(long)]
    pub empty: bool,
    /// Where functions are that --function or the template names without code
    #[arg(long, value_name = "http://HOST:PORT")]
    pub lambda_endpoint: Option<String>,
    /// Keep nothing: executions are gone with the server
    #[arg(long, conflicts_with = "state_dir")]
    pub memory: bool,
    /// Where executions and functions are kept [default: .durabox/serve]
    #[arg(long, value_name = "DIRECTORY")]
    pub state_dir: Option<PathBuf>,
    /// Skip the time in which nothing has to be done, while no callback is open
    #[arg(long)]
    pub skip_time: bool,
    /// Region in ARNs
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1")]
    pub region: String,
    /// Let the steps of components send requests to a host; repeatable
    #[arg(long, value_name = "HOST[:PORT] | *.DOMAIN | *")]
    pub allow_host: Vec<AllowedHost>,
    #[command(flatten)]
    pub granted: Granted,
    /// Operations in a page of state; small pages test paging
    #[arg(long, value_name = "N", default_value_t = MAX_PAGE_SIZE, value_parser = page_size)]
    pub page_size: usize,
    /// Executions that may be open at a time
    #[arg(long, value_name = "N", default_value_t = Limits::default().open_executions)]
    pub max_open: usize,
    /// Invocations that may run at a time
    #[arg(long, value_name = "N", default_value_t = Limits::default().concurrent_invocations)]
    pub max_concurrency: usize,
    /// Connections that may be open at a time
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections)]
    pub max_connections: usize,
    /// Append the log to a file, one JSON object to a line
    #[arg(long, value_name = "PATH")]
    pub log_file: Option<PathBuf>,
    /// How the log reads on stderr
    #[arg(long, value_enum, default_value_t = log::Format::Text)]
    pub log_format: log::Format,
    /// Log every request, not only those that fail
    #[arg(short, long)]
    pub verbose: bool,
}

fn page_size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(size @ 1..=MAX_PAGE_SIZE) => Ok(size),
        _ => Err(format!("takes 1 to {MAX_PAGE_SIZE}, got {text:?}")),
    }
}

/// Serves until it is interrupted.
pub fn run(args: &Args) -> Result<u8, CliError> {
    if !args.host.is_loopback() && args.token.is_none() {
        return Err(CliError::usage(format!("--host {} lets other machines in, and asks for --token", args.host))
            .hint(
                "anyone who reaches the port could run functions here; leave --host out to serve this machine only",
            ));
    }
    args.granted.check()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::usage(format!("no threads to serve with: {error}")))?;
    runtime.block_on(until_interrupted(args))
}

async fn until_interrupted(args: &Args) -> Result<u8, CliError> {
    // From here on, so that nobody who has read where it listens can kill what they meant to end.
    let interrupted = interrupted()?;
    let started = start(args).await?;
    // Executions that were open go on here, with what this server grants.
    let resumed = started.service.resume()?;
    let endpoint = &started.endpoint;
    eprintln!(
        "functions  {}",
        if started.functions.is_empty() {
            "none yet; CreateFunction adds them".into()
        } else {
            started.functions.join(", ")
        }
    );
    if resumed > 0 {
        eprintln!("resumed    {} that the last server left open", count(resumed, "execution"));
    }
    eprintln!("use it     AWS_ENDPOINT_URL_LAMBDA={endpoint}");
    println!("listening on {endpoint}");
    let service = started.until(args, interrupted).await?;
    match (service.open_count(), args.memory) {
        (0, _) => eprintln!("ended"),
        (open, true) => eprintln!("ended; {} open, and gone", count(open, "execution")),
        (open, false) => eprintln!("ended; {} open, to go on when it is started again", count(open, "execution")),
    }
    Ok(exit_code::OK)
}

/// A service that has its functions and takes requests as soon as it is served.
pub(super) struct Started {
    /// Where, `http://ADDRESS:PORT`.
    pub(super) endpoint: String,
    pub(super) service: Arc<Service>,
    listener: TcpListener,
    functions: Vec<String>,
}

/// Listens, and adds the functions.
pub(super) async fn start(args: &Args) -> Result<Started, CliError> {
    let address = SocketAddr::new(args.host, args.port);
    let listener = TcpListener::bind(address).await.map_err(|error| busy(address, &error))?;
    let address = listener.local_addr().map_err(|error| busy(address, &error))?;
    let endpoint = format!("http://{address}");
    let service = Service::new(options(args, &endpoint)?)?;
    functions::add_all(args, &service)?;
    let functions = service.function_names();
    Ok(Started { endpoint, service, listener, functions })
}

impl Started {
    /// Takes requests until `ended` is done.
    pub(super) async fn until(
        self,
        args: &Args,
        ended: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Arc<Service>, CliError> {
        let directory = self.service.options().state_dir.as_deref();
        let _announced = directory.map(|directory| Announced::at(directory, &self.endpoint));
        let app = router(Arc::clone(&self.service), Access { token: args.token.clone() });
        let service = Arc::clone(&self.service);
        let ended = async move {
            ended.await;
            service.end().await;
        };
        serve(self.listener, app, args.max_connections, ended)
            .await
            .map_err(|error| CliError::usage(format!("serving {} failed: {error}", self.endpoint)))?;
        Ok(self.service)
    }
}

/// The file that tells commands of the same project where the server is, while it runs.
struct Announced(PathBuf);

impl Announced {
    fn at(directory: &Path, endpoint: &str) -> Self {
        let path = directory.join(ENDPOINT_FILE);
        // Without it, commands must be told where the server is.
        let _ = std::fs::write(&path, endpoint);
        Self(path)
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        // What is left behind leads to a server that does not answer, and is passed over.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Returns where the server of a project listens, if one runs.
pub(super) fn announced(state: &StateDir) -> Option<String> {
    let endpoint = std::fs::read_to_string(directory(state).join(ENDPOINT_FILE)).ok()?;
    let address: SocketAddr = endpoint.strip_prefix("http://")?.parse().ok()?;
    std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok().then_some(endpoint)
}

/// Returns where a project's server keeps executions.
pub(super) fn directory(state: &StateDir) -> PathBuf {
    state.path().join("serve")
}

fn options(args: &Args, endpoint: &str) -> Result<ServiceOptions, CliError> {
    let state_dir = match (&args.state_dir, args.memory) {
        (_, true) => None,
        (Some(directory), _) => Some(directory.clone()),
        (None, false) => {
            let state = StateDir::near(&current_directory()?);
            state.create().map_err(|error| CliError::io("making", state.path(), &error))?;
            Some(directory(&state))
        }
    };
    let key = args.token.clone().unwrap_or_else(|| "durabox".into());
    let mut function_environment: Vec<(String, String)> =
        [("AWS_ENDPOINT_URL_LAMBDA", endpoint), ("AWS_ACCESS_KEY_ID", &key), ("AWS_SECRET_ACCESS_KEY", "durabox")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    function_environment.extend(args.granted.env.iter().cloned());
    Ok(ServiceOptions {
        state_dir,
        account: Account { region: args.region.clone(), ..Account::default() },
        skip_time: args.skip_time,
        page_size: args.page_size,
        limits: Limits {
            open_executions: args.max_open,
            concurrent_invocations: args.max_concurrency.min(tokio::sync::Semaphore::MAX_PERMITS),
            connections: args.max_connections.min(tokio::sync::Semaphore::MAX_PERMITS),
            ..Limits::default()
        },
        endpoint: endpoint.to_owned(),
        function_environment,
        log: Some(log::sink(args)?),
    })
}

/// Listens for Ctrl-C and SIGTERM, and returns what waits for one of them.
fn interrupted() -> Result<impl Future<Output = ()> + Send + 'static, CliError> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| {
        signal(kind).map_err(|error| CliError::usage(format!("cannot listen for what ends the server: {error}")))
    };
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn busy(address: SocketAddr, error: &std::io::Error) -> CliError {
    CliError { kind: Kind::Usage, source: format!("cannot listen on {address}: {error}").into(), hints: Vec::new() }
        .hint("--port 0 takes a free port")
}
