//! `durabox history`

use std::path::PathBuf;

use durabox::render::summary::summary;
use durabox::render::text::{columns, duration};
use durabox::render::{document, events};
use durabox::state_dir::StateDir;
use durabox_runtime::store::Summary;
use serde_json::{Value, json};

use super::subject::{current_directory, existing_store, sources};
use crate::cli_error::CliError;
use crate::{exit_code, stdout};

/// Lists, shows and exports the runs that are kept in .durabox
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Lists every run, the newest first
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Shows status, result or error, and the operations of a run
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
    /// Writes a run as a document that `durabox replay` reads
    Export {
        /// Name of the execution (the newest of it), number of the run, or ARN
        #[arg(value_name = "NAME-OR-ARN")]
        execution: String,
        /// Write to this file instead of stdout
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Reads the store; changes nothing.
pub fn run(args: &Args) -> Result<u8, CliError> {
    let state = StateDir::near(&current_directory()?);
    let store = existing_store(&state)?;
    match &args.command {
        Command::List { json } => {
            let runs = store.list()?;
            match json {
                true => stdout::json(&Value::Array(runs.iter().map(list_entry).collect()))?,
                false if runs.is_empty() => eprintln!("no runs are kept in {}", state.path().display()),
                false => stdout::lines(&columns(&list(&runs)))?,
            }
        }
        Command::Show { execution, events: with_events, json } => {
            let recorded = store.find(execution)?;
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
            let recorded = store.find(execution)?;
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

fn list_entry(run: &Summary) -> Value {
    json!({
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
