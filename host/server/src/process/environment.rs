use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::SystemTime;

use durabox_runtime::model::Timestamp;

use super::ProcessConfig;

/// What a process has of the environment of this one.
const OF_THIS_MACHINE: [&str; 3] = ["PATH", "HOME", "LANG"];

/// Returns the whole environment of a process: little of this machine's, the function's own, and what
/// Lambda sets. Later ones win.
pub(super) fn variables(config: &ProcessConfig, runtime_api: SocketAddr) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::from([("TZ".to_owned(), ":UTC".to_owned())]);
    for name in OF_THIS_MACHINE {
        if let Ok(value) = std::env::var(name) {
            variables.insert(name.to_owned(), value);
        }
    }
    variables.extend(config.environment.iter().cloned());
    let reserved = [
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", config.function_name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", config.function_version.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", config.memory_mb.to_string()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", config.function_name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream(&config.function_version)),
        ("AWS_REGION", config.region.clone()),
        ("AWS_DEFAULT_REGION", config.region.clone()),
        ("LAMBDA_TASK_ROOT", config.working_dir.display().to_string()),
    ];
    variables.extend(reserved.map(|(name, value)| (name.to_owned(), value)));
    let runtime = config.runtime.as_deref().filter(|runtime| !runtime.starts_with("provided"));
    let named = [
        ("_HANDLER", config.handler.clone()),
        ("AWS_EXECUTION_ENV", runtime.map(|runtime| format!("AWS_Lambda_{runtime}"))),
    ];
    for (name, value) in named {
        match value {
            Some(value) => variables.insert(name.to_owned(), value),
            None => variables.remove(name),
        };
    }
    variables
}

/// Returns a name for the log of one process, of the form that Lambda gives them.
fn log_stream(version: &str) -> String {
    let now = Timestamp::from_millis(epoch_millis(SystemTime::now())).to_string();
    let day = now.get(..10).unwrap_or_default().replace('-', "/");
    format!("{day}/[{version}]{}", uuid::Uuid::new_v4().simple())
}

/// Returns milliseconds since the epoch.
pub(super) fn epoch_millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
