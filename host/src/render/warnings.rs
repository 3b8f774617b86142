//! What a person should know about a run besides how it ended.

use durabox_runtime::local::{CallbackAction, CallbackAnswer, FunctionRef, OpenCallback, Run};
use durabox_runtime::model::{SUMMARY_THRESHOLD, Timestamp};

use super::operation::title_of;
use super::text::{clean, duration, thousands};
use crate::near;
use crate::source::Sources;

/// Who reads a warning, and so what its hints name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Of `durabox run`.
    Command,
    /// Of a test with `LocalRunner`.
    Test,
}

/// Returns each warning about a run, with the lines of its hint; those of chained executions are
/// their own.
pub fn warnings(run: &Run, sources: &Sources, audience: Audience) -> Vec<String> {
    let outside = &run.outside;
    let mut warnings: Vec<String> = Vec::new();
    for unknown in &outside.unknown_functions {
        let name = FunctionRef::parse(&unknown.asked).name;
        let hint = near::hint(&name, "functions", unknown.known.iter().map(String::as_str));
        let how = match audience {
            Audience::Command => format!("--function {name}=PATH.wasm or --mock '{name}=JSON' provides it"),
            Audience::Test => format!("with_function({name:?}, …) or with_mock({name:?}, …) provides it"),
        };
        warnings.push(format!(
            "warning: the function `{}` was invoked and does not exist\nhint: {hint}\nhint: {how}",
            unknown.asked
        ));
    }
    for open in &outside.open_callbacks {
        warnings.push(open_callback(open, run.execution.start_timestamp(), audience));
    }
    let names = run.callback_names();
    for answer in &outside.unused_answers {
        let callback = answer.callback.as_str();
        let hint = near::hint(callback, "callbacks that started", names.iter().map(String::as_str));
        warnings.push(format!("warning: {} was not used\nhint: {hint}", described(answer)));
    }
    for refused in &outside.refused_answers {
        let site = refused.site.as_ref().map(|site| format!(" (made at {site})")).unwrap_or_default();
        warnings.push(format!("warning: {} was refused: {}{site}", described(&refused.answer), refused.reason));
    }
    for unused in &outside.unused_faults {
        warnings.push(format!("warning: the run did not come to this: {unused}"));
    }
    warnings.extend(large_payloads(run, sources));
    warnings
}

/// Returns `the answer success to callback `approval` after 5s`.
fn described(answer: &CallbackAnswer) -> String {
    let action = match answer.action {
        CallbackAction::Success(_) => "success",
        CallbackAction::Failure(_) => "failure",
        CallbackAction::Heartbeat => "heartbeat",
    };
    let after = match answer.after.is_zero() {
        true => String::new(),
        false => format!(" after {}", duration(answer.after)),
    };
    format!("the answer {action} to callback `{}`{after}", answer.callback.as_str())
}

fn open_callback(open: &OpenCallback, start: Timestamp, audience: Audience) -> String {
    let site = open.site.as_ref().map(|site| format!(" ({site})")).unwrap_or_default();
    let name = open.name.as_deref().unwrap_or("*");
    let hint = match audience {
        Audience::Command => format!("--callback '{name}=success:JSON' answers it"),
        Audience::Test => format!("with_callback_success({name:?}, &value) answers it"),
    };
    format!(
        "warning: the run waits for callback `{}`{site}, open since +{} without a timeout\nhint: {hint}",
        open.title(),
        duration(open.start.since(start))
    )
}

fn large_payloads(run: &Run, sources: &Sources) -> Vec<String> {
    let payloads = run.large_payloads();
    let warning = |payload: &durabox_runtime::local::LargePayload<'_>| {
        let mut text = format!(
            "warning: the {} of {} is {} bytes, more than {} (256 KiB)",
            payload.what,
            clean(&title_of(payload.operation)),
            thousands(payload.size as u64),
            thousands(SUMMARY_THRESHOLD as u64)
        );
        if let Some(site) = run.sites.get(&payload.operation.id) {
            text.push_str(&format!("  {site}"));
            if let Some(line) = sources.line(site) {
                text.push_str(&format!("\n  {} | {line}", site.line));
            }
        }
        text.push_str("\nhint: every replay reads it again; keep the data elsewhere, and record where");
        text
    };
    payloads.iter().map(warning).collect()
}
