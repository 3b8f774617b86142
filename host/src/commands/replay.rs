//! `durabox replay`

use std::path::Path;

use durabox::near;
use durabox::render::divergence::{Compared, diagnose};
use durabox::render::document::{ambient_read, site};
use durabox::render::text::count;
use durabox::state_dir::StateDir;
use durabox_runtime::sandbox::{InvokeOptions, Policy};
use durabox_runtime::verify::{self, Recorded, Report, Verdict};
use serde_json::{Value, json};

use super::granted::Granted;
use super::subject::{Subject, current_directory, existing_store};
use crate::cli_error::CliError;
use crate::{exit_code, stdout};

/// Replays a recorded execution against a build, offline
///
/// No step body runs. Says whether the build follows the history to its end, or where it leaves
/// it: both operations with their call sites, the operations around them, and the likely cause.
/// Exits with 3 when the build does not follow.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name, number or ARN of a run that is kept; or a file: a document of `durabox history
    /// export`, or an answer of Lambda's GetDurableExecutionHistory
    #[arg(value_name = "NAME-OR-FILE")]
    execution: String,
    /// The build to compare: a handler's name, or the path of a .wasm file [default: the handler
    /// that was recorded, as it is now]
    #[arg(long, value_name = "NAME | PATH.WASM")]
    with: Option<String>,
    #[command(flatten)]
    granted: Granted,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Replays, and prints the verdict.
pub fn run(args: &Args) -> Result<u8, CliError> {
    args.granted.check()?;
    let recorded = read(&args.execution)?;
    let subject = match &args.with {
        Some(with) => Subject::resolve(with)?,
        None if recorded.function_name == "unknown" => {
            return Err(CliError::usage("a history of Lambda does not say which handler made it")
                .hint(format!("durabox replay {} --with HANDLER", args.execution)));
        }
        None => Subject::resolve(&recorded.function_name).map_err(|error| {
            error.hint(format!("--with compares another build: durabox replay {} --with HANDLER", args.execution))
        })?,
    };
    let (sandbox, artifact) = subject.load()?;
    // Reads of clock and random are what a cause is most often made of.
    let options = InvokeOptions {
        policy: Policy::Warn,
        preopens: args.granted.dir.clone(),
        environment: args.granted.env.clone(),
        ..InvokeOptions::default()
    };
    let runtime = super::run::runtime()?;
    let report = runtime.block_on(verify::replay(&sandbox, &artifact, &recorded, options));

    let sources = subject.sources();
    let diagnosis = diagnose(&recorded, &report, Compared::Build, &sources);
    let safe = report.verdict.is_safe();
    if args.json {
        let mut document = report_document(&report);
        document["execution"] = json!(recorded.execution_name());
        document["safe"] = json!(safe);
        document["divergence"] = diagnosis.map(|diagnosis| diagnosis.document).unwrap_or_default();
        stdout::json(&document)?;
    } else {
        let claims = count(report.claims.len(), "operation");
        match diagnosis {
            None => stdout::lines(&[format!(
                "follows: {} follows the history of {} to its end ({claims})",
                subject.function_name,
                recorded.execution_name()
            )])?,
            Some(diagnosis) => stdout::lines(&[diagnosis.text(if safe { "follows" } else { "diverges" })])?,
        }
    }
    Ok(if safe { exit_code::OK } else { exit_code::DIVERGENCE })
}

fn read(asked: &str) -> Result<Recorded, CliError> {
    let path = Path::new(asked);
    if path.is_file() {
        let text = std::fs::read_to_string(path).map_err(|error| CliError::io("reading", path, &error))?;
        return Ok(Recorded::from_json(&text)?);
    }
    if path.extension().is_some_and(|extension| extension == "json") {
        return Err(missing(asked, path));
    }
    let store = existing_store(&StateDir::near(&current_directory()?))?;
    Ok(store.find(asked)?)
}

/// Returns the error of a file that is not there, with those that are.
fn missing(asked: &str, path: &Path) -> CliError {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let names: Vec<String> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or(asked);
    CliError::usage(format!("there is no file {asked}"))
        .hint(near::hint(name, &format!("JSON files in {}", directory.display()), names.iter().map(String::as_str)))
        .hint(format!("durabox history export NAME --output {asked} writes a run to it"))
}

/// Returns `{verdict, claims, ambientReads}`.
pub(super) fn report_document(report: &Report) -> Value {
    let verdict = match &report.verdict {
        Verdict::Follows => "follows",
        Verdict::ResultDiffers { .. } => "result-differs",
        Verdict::EndsOtherwise { .. } => "ends-otherwise",
        Verdict::Diverges(_) => "diverges",
        Verdict::Refused(_) => "refused",
        Verdict::Crashed(_) => "crashed",
    };
    let claims: Vec<Value> = report
        .claims
        .iter()
        .map(|claim| {
            json!({
                "Id": claim.id,
                "Path": claim.path,
                "Type": claim.operation_type,
                "SubType": claim.sub_type,
                "Name": claim.name,
                "Site": site(&claim.site),
            })
        })
        .collect();
    let reads: Vec<Value> = report.ambient_reads.iter().map(ambient_read).collect();
    json!({ "verdict": verdict, "claims": claims, "ambientReads": reads })
}
