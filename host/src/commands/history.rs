//! `durabox history`

use std::path::PathBuf;

use durabox::cloud::ListedExecution;
use durabox::render::summary::summary;
use durabox::render::text::{columns, duration};
use durabox::render::{document, events};
use durabox::state_dir::StateDir;
use durabox_runtime::store::{Store, StoreError, Summary};
use durabox_runtime::verify::Recorded;
use serde_json::{Value, json};

use super::lambda::Asked;
use super::subject::{current_directory, existing_store, service_store, sources};
use crate::cli_error::CliError;
use crate::{exit_code, stdout};

/// Lists, shows and exports executions
///
/// Without --endpoint and --region they are those that are kept in .durabox: runs of `durabox run`, and
/// executions of this project's service.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    /// The function whose executions are meant; in Lambda, every durable function is looked at without it
    #[arg(long, value_name = "NAME", global = true)]
    function: Option<String>,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Lists executions, the newest first
    List {
        /// At most so many of each function in Lambda
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Shows status, result or error, and the operations of an execution
    Show {
        /// Name of the execution (the newest of it), number of the run, or ARN
        #[arg(value_name = "NAME-OR-ARN")]
        execution: String,
        /// Show the history's events too
        #[arg(long)]
        events: bool,
        /// Print one JSON document: execution, operations and events
        #[arg(long)]
        json: bool,
    },
    /// Writes an execution as a document that `durabox replay` reads
    Export {
        /// Name of the execution (the newest of it), number of the run, or ARN
        #[arg(value_name = "NAME-OR-ARN")]
        execution: String,
        /// Write to this file instead of stdout
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Reads what is kept; changes nothing.
pub fn run(args: &Args) -> Result<u8, CliError> {
    let state = StateDir::near(&current_directory()?);
    match &args.command {
        Command::List { limit, json } => match args.asked.remote() {
            Some(_) => list_lambda(args, *limit, *json)?,
            None => list_kept(args, &state, *json)?,
        },
        Command::Show { execution, events: with_events, json } => {
            let recorded = find(args, &state, execution)?;
            if *json {
                stdout::json(&document::execution(&recorded))?;
            } else {
                let mut lines = summary(&recorded, &[], &sources(&state));
                if *with_events {
                    lines.push(String::new());
                    lines.extend(events::table(&recorded.events));
                }
                stdout::lines(&lines)?;
            }
        }
        Command::Export { execution, output } => {
            let recorded = find(args, &state, execution)?;
            let document = json!(recorded);
            match output {
                None => stdout::json(&document)?,
                Some(path) => {
                    std::fs::write(path, format!("{document:#}\n"))
                        .map_err(|error| CliError::io("writing", path, &error))?;
                    eprintln!("{} written to {}", recorded.execution_name(), path.display());
                }
            }
        }
    }
    Ok(exit_code::OK)
}

/// Finds an execution where the command asks: in Lambda, or among runs and then among the executions
/// of this project's service.
fn find(args: &Args, state: &StateDir, asked: &str) -> Result<Recorded, CliError> {
    if args.asked.remote().is_some() {
        return args.asked.with(false, async |lambda| {
            let result = lambda.find(asked, args.function.as_deref()).await?.snapshot().await?;
            Ok(result.recorded().clone())
        });
    }
    let runs = existing_store(state)?;
    match (runs.find(asked), service_store(state)?) {
        (Err(StoreError::NotFound { asked, mut kept }), Some(service)) => match service.find(&asked) {
            Err(StoreError::NotFound { asked, kept: others }) => {
                kept.extend(others);
                Err(StoreError::NotFound { asked, kept }.into())
            }
            found => Ok(found?),
        },
        (found, _) => Ok(found?),
    }
}

fn list_lambda(args: &Args, limit: usize, as_json: bool) -> Result<(), CliError> {
    let executions = args.asked.with(false, async |lambda| {
        let functions = match &args.function {
            Some(function) => vec![function.clone()],
            None => lambda.durable_functions().await?,
        };
        let mut executions = Vec::new();
        for function in functions {
            executions.extend(lambda.executions(&function, None, &[], limit).await?);
        }
        Ok(executions)
    })?;
    let mut executions: Vec<ListedExecution> = executions;
    executions.sort_by_key(|one| std::cmp::Reverse(one.start));
    if as_json {
        let entry = |one: &ListedExecution| {
            json!({
                "name": one.name, "arn": one.arn, "function": one.function, "status": one.status.as_str(),
                "start": one.start, "end": one.end,
            })
        };
        return stdout::json(&Value::Array(executions.iter().map(entry).collect()));
    }
    if executions.is_empty() {
        eprintln!("no executions");
        return Ok(());
    }
    let mut rows = vec![["execution", "function", "status", "took", "started"].map(str::to_owned).to_vec()];
    rows.extend(executions.iter().map(|one| {
        let took = one.end.map_or_else(|| "…".to_owned(), |end| duration(end.since(one.start)));
        vec![one.name.clone(), one.function.clone(), one.status.as_str().to_owned(), took, one.start.to_string()]
    }));
    stdout::lines(&columns(&rows))
}

fn list_kept(args: &Args, state: &StateDir, as_json: bool) -> Result<(), CliError> {
    let is_meant = |one: &Summary| args.function.as_ref().is_none_or(|function| *function == one.function_name);
    let kept =
        |store: &Store| -> Result<Vec<Summary>, CliError> { Ok(store.list()?.into_iter().filter(is_meant).collect()) };
    let runs = kept(&existing_store(state)?)?;
    let hosted = service_store(state)?.map(|store| kept(&store)).transpose()?.unwrap_or_default();
    if as_json {
        let entries = runs.iter().map(|run| list_entry(run, "run"));
        let entries = entries.chain(hosted.iter().map(|one| list_entry(one, "service"))).collect();
        return stdout::json(&Value::Array(entries));
    }
    if runs.is_empty() && hosted.is_empty() {
        eprintln!("no runs are kept in {}", state.path().display());
        return Ok(());
    }
    let mut lines = Vec::new();
    if !runs.is_empty() {
        lines.extend(columns(&list(&runs)));
    }
    if !hosted.is_empty() {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push("of this project's service:".to_owned());
        // Numbers are those of runs; these are known by name or ARN.
        let rows = list(&hosted).into_iter().map(|row| row.into_iter().skip(1).collect()).collect::<Vec<_>>();
        lines.extend(columns(&rows));
    }
    stdout::lines(&lines)
}

fn list(runs: &[Summary]) -> Vec<Vec<String>> {
    let header =
        ["run", "execution", "function", "status", "took", "operations", "invoked by"].map(str::to_owned).to_vec();
    let has_parents = runs.iter().any(|run| run.parent.is_some());
    let row = |run: &Summary| {
        vec![
            run.number.to_string(),
            run.name.clone(),
            run.function_name.clone(),
            run.status.as_str().to_owned(),
            run.end.map_or_else(|| "…".to_owned(), |end| duration(end.since(run.start))),
            run.operations.to_string(),
            run.parent.map(|parent| format!("run {parent}")).unwrap_or_default(),
        ]
    };
    let mut rows: Vec<Vec<String>> = std::iter::once(header).chain(runs.iter().map(row)).collect();
    if !has_parents {
        rows.iter_mut().for_each(|row| drop(row.pop()));
    }
    rows
}

fn list_entry(run: &Summary, kept_by: &str) -> Value {
    json!({
        "keptBy": kept_by,
        "number": run.number,
        "name": run.name,
        "arn": run.arn,
        "function": run.function_name,
        "status": run.status.as_str(),
        "start": run.start,
        "end": run.end,
        "operations": run.operations,
        "invokedBy": run.parent,
    })
}
