//! `durabox deploy`

use std::io::{IsTerminal, Write};

use durabox::cloud::{CloudError, CloudSettings, Describer, FunctionSettings, Lambda, mark};
use durabox::deploy::{Change, Refusal, Wanted, carry_out, plan};
use durabox::package::{Zip, code_sha256};
use serde_json::json;

use super::granted::parse_variable;
use super::lambda::place;
use super::package::{Made, Making};
use super::run::runtime;
use crate::cli_error::{CliError, Kind};
use crate::{exit_code, stdout};

/// Stands for a role where nobody looks at it: a server on this machine.
const LOCAL_ROLE: &str = "arn:aws:iam::123456789012:role/durabox";

/// Creates or updates functions in Lambda, each of the artifact that was tested
///
/// It packages, says what it will change, changes it, publishes a version and waits until that is
/// active. stdout gets the variables that cloud mode needs: eval "$(durabox deploy order)" sets them for
/// `durabox test --runner-mode=cloud`. A function that durabox has not deployed is left alone unless told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Handlers by name, or artifacts by path; every handler of the workspace if none is named
    #[arg(value_name = "NAME|FILE.wasm")]
    subjects: Vec<String>,

    /// Name of the function, where one is deployed [default: the handler's]
    #[arg(long, value_name = "NAME")]
    function_name: Option<String>,

    /// Role that functions run as; needed to create one in AWS
    #[arg(long, value_name = "ARN", env = "DURABOX_ROLE")]
    role: Option<String>,

    /// Memory, MB [default: 256 when it is created, else as it is]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(i32).range(128..=10_240))]
    memory: Option<i32>,

    /// Seconds of one invocation [default: 60 when it is created, else as it is]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i32).range(1..=900))]
    timeout: Option<i32>,

    /// Seconds of a whole execution [default: a day when it is created, else as it is]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i32).range(1..=31_622_400))]
    execution_timeout: Option<i32>,

    /// Days for which an execution is kept [default: 14 when it is created, else as it is]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i32).range(1..=90))]
    retention: Option<i32>,

    /// A variable of the environment; repeatable, and all of them, as it is replaced whole
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_variable)]
    env: Vec<(String, String)>,

    /// Point this alias at the new version, and name the function by it
    #[arg(long, value_name = "NAME")]
    alias: Option<String>,

    #[command(flatten)]
    making: Making,

    /// AWS region; us-west-2 if neither this nor the variable is set
    #[arg(long, env = "AWS_REGION")]
    region: Option<String>,

    /// Another endpoint than the region's, such as that of `durabox serve`
    #[arg(long, value_name = "http://HOST:PORT", env = "LAMBDA_ENDPOINT")]
    endpoint: Option<String>,

    /// Deploy over functions that durabox has not deployed
    #[arg(long)]
    overwrite: bool,

    /// Only say what would change
    #[arg(long)]
    dry_run: bool,

    /// Do not ask before changing anything; without a terminal nothing is asked
    #[arg(short, long)]
    yes: bool,
}

/// Deploys.
pub fn run(args: &Args) -> Result<u8, CliError> {
    if args.function_name.is_some() && args.subjects.len() != 1 {
        let message = format!("--function-name names one function, and {} handlers are named", args.subjects.len());
        return Err(CliError::usage(message).hint("name the one handler that is deployed under it"));
    }
    let settings = place(args.region.clone(), args.endpoint.clone());
    let Made { zips, .. } = args.making.make(&args.subjects)?;
    let functions: Vec<(&str, Wanted<'_>)> =
        zips.iter().map(|(handler, zip)| (handler.as_str(), args.wanted(handler, zip, &settings))).collect();
    runtime()?.block_on(async {
        let lambda = Lambda::new(&settings).await;
        let planned = planned(&lambda, &functions, args.alias.as_deref()).await?;
        if args.dry_run {
            eprintln!("\nnothing was changed (--dry-run)");
            return Ok(exit_code::OK);
        }
        let changes = args.alias.is_some() || planned.iter().any(|(_, _, change)| *change != Change::Keep);
        if changes && !args.yes && !is_agreed()? {
            eprintln!("nothing was changed");
            return Ok(exit_code::USAGE);
        }
        let mut qualified = Vec::new();
        let mut failed: Option<CloudError> = None;
        for (handler, wanted, change) in &planned {
            match carry_out(&lambda, wanted, change, args.alias.as_deref()).await {
                Ok(version) => {
                    let name = format!("{}:{}", wanted.name, args.alias.as_deref().unwrap_or(&version));
                    eprintln!("active  {name}  version {version}");
                    qualified.push((*handler, name));
                }
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        // What is deployed can be used, whatever came after it.
        if !qualified.is_empty() {
            stdout::lines(&variables(&qualified))?;
        }
        failed.map_or(Ok(exit_code::OK), |error| Err(error.into()))
    })
}

/// Says what is to be done to each function, and returns it.
async fn planned<'a>(
    lambda: &Lambda,
    functions: &'a [(&'a str, Wanted<'a>)],
    alias: Option<&str>,
) -> Result<Vec<(&'a str, &'a Wanted<'a>, Change)>, CliError> {
    let mut planned = Vec::new();
    eprintln!("in {}", lambda.place());
    for (handler, wanted) in functions {
        let deployed = lambda.deployed(wanted.name).await?;
        let change = plan(wanted, deployed.as_ref()).map_err(refused)?;
        let (done, mut lines) = change.describe();
        if let Some(alias) = alias {
            let now = match deployed {
                Some(_) => lambda.alias_version(wanted.name, alias).await?,
                None => None,
            };
            let now = now.unwrap_or_else(|| "not there".to_owned());
            lines.push(format!("alias {alias}: {now} → the version that is published"));
        }
        eprintln!("{done}  {}", wanted.name);
        lines.iter().for_each(|line| eprintln!("        {line}"));
        planned.push((*handler, wanted, change));
    }
    Ok(planned)
}

impl Args {
    fn wanted<'a>(&'a self, handler: &'a str, zip: &'a Zip, place: &CloudSettings) -> Wanted<'a> {
        let (wasm_sha256, code_sha256) = (zip.manifest.handler.sha256.clone(), code_sha256(&zip.bytes));
        Wanted {
            name: self.function_name.as_deref().unwrap_or(handler),
            zip: &zip.bytes,
            description: mark(Describer::Deploy, handler, &wasm_sha256, &code_sha256),
            code_sha256,
            architecture: self.making.arch.to_string(),
            settings: self.settings(),
            default_role: place.is_on_this_machine().then(|| LOCAL_ROLE.to_owned()),
            wasm_sha256,
            overwrite: self.overwrite,
        }
    }

    fn settings(&self) -> FunctionSettings {
        FunctionSettings {
            role: self.role.clone(),
            timeout: self.timeout,
            memory: self.memory,
            execution_timeout: self.execution_timeout,
            retention_days: self.retention,
            environment: (!self.env.is_empty()).then(|| {
                let mut variables = self.env.clone();
                variables.sort();
                variables
            }),
            ..FunctionSettings::default()
        }
    }
}

/// Asks, where somebody can answer.
fn is_agreed() -> Result<bool, CliError> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(true);
    }
    eprint!("\ngo on? [y/N] ");
    let unread = |error: std::io::Error| CliError::usage(format!("the answer cannot be read: {error}"));
    std::io::stderr().flush().map_err(unread)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(unread)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Returns the variables of cloud mode, for a shell: the pair for one function, the map for many.
fn variables(qualified: &[(&str, String)]) -> Vec<String> {
    match qualified {
        [(handler, name)] => vec![
            format!("export QUALIFIED_FUNCTION_NAME='{name}'"),
            format!("export LAMBDA_FUNCTION_TEST_NAME='{handler}'"),
        ],
        _ => {
            let names = qualified.iter().map(|(handler, name)| ((*handler).to_owned(), json!(name)));
            vec![format!("export DURABOX_FUNCTION_NAME_MAP='{}'", serde_json::Value::Object(names.collect()))]
        }
    }
}

fn refused(refusal: Refusal) -> CliError {
    let hint = refusal.hint();
    CliError { kind: Kind::Usage, source: Box::new(refusal), hints: vec![hint] }
}
