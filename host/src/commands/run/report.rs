//! What `durabox run` prints when the run is over.

use durabox::render::divergence::{Compared, Diagnosis, diagnose};
use durabox::render::operation::title_of;
use durabox::render::summary::{details, summary};
use durabox::render::warnings::{Audience, warnings};
use durabox::render::{cause, document};
use durabox::source::Sources;
use durabox_runtime::local::Run;
use durabox_runtime::model::ExecutionStatus;
use durabox_runtime::verify::Recorded;
use serde_json::{Value, json};

use super::Args;
use crate::cli_error::CliError;
use crate::commands::replay::report_document;
use crate::{exit_code, stdout};

/// Prints what came of it, and returns the exit code.
pub fn report(args: &Args, run: &Run, sha256: &str, sources: &Sources) -> Result<u8, CliError> {
    let executions: Vec<Reported<'_>> = run.executions().map(|run| Reported::new(run, sources)).collect();
    if args.json {
        stdout::json(&document_of(args, run, sha256, &executions))?;
    } else {
        stdout::lines(&text(run, &executions, sources))?;
    }
    for run in run.executions() {
        warn_of_reads(run, sources);
        warnings(run, sources, Audience::Command).iter().for_each(|warning| eprintln!("{warning}"));
    }
    say_what_is_kept(args, run);
    let divergences: Vec<&Diagnosis> = executions.iter().filter_map(|execution| execution.shadow.as_ref()).collect();
    for diagnosis in &divergences {
        eprintln!("{}", diagnosis.text("error: shadow replay"));
    }
    Ok(match run.execution.status() {
        _ if !divergences.is_empty() => exit_code::DIVERGENCE,
        ExecutionStatus::Succeeded => exit_code::OK,
        ExecutionStatus::Running | ExecutionStatus::Pausing | ExecutionStatus::Paused => exit_code::OPEN,
        ExecutionStatus::Failed | ExecutionStatus::TimedOut | ExecutionStatus::Stopped => exit_code::EXECUTION_FAILED,
    })
}

/// One execution of a run, and what its shadow replay found.
struct Reported<'a> {
    run: &'a Run,
    recorded: Recorded,
    shadow: Option<Diagnosis>,
}

impl<'a> Reported<'a> {
    fn new(run: &'a Run, sources: &Sources) -> Self {
        let recorded = Recorded::from(run);
        let shadow = run.shadow.as_ref().and_then(|report| diagnose(&recorded, report, Compared::Shadow, sources));
        Self { run, recorded, shadow }
    }

    fn document(&self, settings: Value) -> Value {
        let mut report = self.run.shadow.as_ref().map(report_document).unwrap_or_default();
        if let (Some(diagnosis), Value::Object(report)) = (&self.shadow, &mut report) {
            report.insert("divergence".into(), diagnosis.document.clone());
        }
        document::run(self.run, &self.recorded, settings, report)
    }
}

/// Returns the document of the run's own execution, with those of the chained ones in it.
fn document_of(args: &Args, run: &Run, sha256: &str, executions: &[Reported<'_>]) -> Value {
    let settings = json!({
        "seed": args.seed,
        "policy": args.policy.as_str(),
        "realTime": args.real_time,
        "artifactSha256": sha256,
    });
    let mut documents = executions.iter();
    let mut document = documents.next().map(|own| own.document(settings)).unwrap_or_default();
    document["chained"] = documents.map(|execution| execution.document(json!({}))).collect();
    document["outside"] = document::outside(&run.outside);
    document
}

fn text(run: &Run, executions: &[Reported<'_>], sources: &Sources) -> Vec<String> {
    let mut lines = Vec::new();
    for execution in executions {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let details = details(execution.run, run.executions());
        lines.extend(summary(&execution.recorded, &details, sources));
    }
    lines
}

fn say_what_is_kept(args: &Args, run: &Run) {
    let (seed, policy) = (args.seed, args.policy.as_str());
    let Some(number) = run.number else {
        eprintln!("not kept (seed {seed}, policy {policy})");
        return;
    };
    eprintln!("kept as run {number}, {} (seed {seed}, policy {policy})", run.execution_name);
    for chained in &run.chained {
        if let Some(number) = chained.number {
            eprintln!("kept as run {number}, {}", chained.execution_name);
        }
    }
}

/// Says what the policy `warn` noted: each read once, though every invocation repeats it.
fn warn_of_reads(run: &Run, sources: &Sources) {
    for (index, read) in run.ambient_reads.iter().enumerate() {
        if run.ambient_reads[..index].contains(read) {
            continue;
        }
        let times = run.ambient_reads[index..].iter().filter(|other| *other == read).count();
        let operation = read.after.as_deref().and_then(|id| {
            run.execution.operations().iter().find(|operation| operation.id == id).map(|operation| title_of(operation))
        });
        let repeated = if times > 1 { format!(", in {times} invocations") } else { String::new() };
        eprintln!("warning: handler code read {}{repeated}", cause::describe(read, operation));
        if let Some((site, line)) = read.site.as_ref().and_then(|site| Some((site, sources.line(site)?))) {
            eprintln!("  {} | {line}", site.line);
        }
    }
    if !run.ambient_reads.is_empty() {
        eprintln!("\nhint: the answers are the same on every replay; in a step they would be real");
    }
}
