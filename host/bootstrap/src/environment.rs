//! What the handler sees of the function's configuration, and what it may take of the machine.

use durabox_runtime::sandbox::{AllowedHost, Preopen};

use crate::package::PackageError;

/// Names the hosts that steps may send requests to, separated by commas; in the place of the manifest's.
pub(crate) const ALLOWED_HOSTS: &str = "DURABOX_ALLOWED_HOSTS";

/// Names the directories that steps may use, separated by commas, as `durabox run --dir` takes them: `/tmp:/state`.
/// Lambda's `/tmp` is that of one environment, and gone with it.
pub(crate) const DIRS: &str = "DURABOX_DIRS";

/// What begins the names of our own settings.
const OWN: &str = "DURABOX_";

/// Of Lambda's own variables those that say what the function is. All others of them are credentials,
/// or differ from one environment to the next.
const OF_LAMBDA: [&str; 5] = [
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
];

/// What Lambda sets besides, and what the process itself goes by.
const INTERNAL: [&str; 12] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "TZ",
    "LANG",
    "LD_LIBRARY_PATH",
    "PATH",
    "PWD",
    "SHLVL",
    "HOME",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
    "SSL_CERT_FILE",
];

/// Returns the handler's environment: the function's, without credentials and what is Lambda's own.
pub(crate) fn visible(variables: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut visible: Vec<_> = variables.into_iter().filter(|(name, _)| is_visible(name)).collect();
    visible.sort();
    visible
}

fn is_visible(name: &str) -> bool {
    let internal =
        name.starts_with(OWN) || name.starts_with("_LAMBDA_") || name.starts_with("_AWS_") || INTERNAL.contains(&name);
    !internal && (!name.starts_with("AWS_") || OF_LAMBDA.contains(&name))
}

/// Returns the hosts that steps may ask: those of the variable, else those of the manifest.
pub(crate) fn allowed_hosts(variable: Option<&str>, manifest: &[String]) -> Result<Vec<AllowedHost>, PackageError> {
    let named: Vec<&str> = match variable {
        Some(list) => list.split(',').map(str::trim).filter(|host| !host.is_empty()).collect(),
        None => manifest.iter().map(String::as_str).collect(),
    };
    let parse = |host: &str| host.parse().map_err(|error| PackageError::AllowedHost { host: host.to_owned(), error });
    named.into_iter().map(parse).collect()
}

/// Returns the directories that steps may use; none unless the variable names some.
pub(crate) fn preopens(variable: Option<&str>) -> Result<Vec<Preopen>, PackageError> {
    let named = variable.unwrap_or_default().split(',').map(str::trim).filter(|text| !text.is_empty());
    named.map(|text| text.parse().map_err(PackageError::Directory)).collect()
}

/// Returns the bytes of memory that the handler may have of a function's `megabytes`.
///
/// The rest is the process's own: it is killed, without a word in the log, when all is taken.
pub(crate) fn memory_limit(megabytes: u64) -> u64 {
    const OURS: u64 = 48;
    megabytes.saturating_sub(OURS).max(megabytes / 2) * 1024 * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handler_sees_the_functions_variables_and_no_credentials() {
        let variables = [
            ("TABLE", "orders"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_SESSION_TOKEN", "secret"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "secret"),
            ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "differs"),
            ("_X_AMZN_TRACE_ID", "differs"),
            ("_LAMBDA_TELEMETRY_LOG_FD", "62"),
            ("_AWS_XRAY_DAEMON_PORT", "2000"),
            ("TZ", ":UTC"),
            ("DURABOX_ALLOWED_HOSTS", "a.test"),
            ("PATH", "/usr/bin"),
        ];
        let seen = visible(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let names: Vec<_> = seen.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["AWS_REGION", "TABLE"]);
    }

    #[test]
    fn the_variable_is_taken_in_the_place_of_the_manifest() {
        let manifest = ["a.test".to_owned()];
        let hosts = |variable| {
            let hosts = allowed_hosts(variable, &manifest).expect("hosts");
            hosts.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(hosts(None), ["a.test"]);
        assert_eq!(hosts(Some("b.test, c.test:8443,")), ["b.test", "c.test:8443"]);
        assert!(hosts(Some("")).is_empty());
        assert!(allowed_hosts(Some("http://b.test"), &manifest).is_err());
    }

    #[test]
    fn directories_are_granted_when_they_are_named() {
        assert_eq!(preopens(None).expect("none"), []);
        let named = preopens(Some("/tmp:/state, /opt/data:ro")).expect("directories");
        let seen: Vec<_> = named.iter().map(|one| (one.guest.as_str(), one.writable)).collect();
        assert_eq!(seen, [("/state", true), ("/opt/data", false)]);
        let error = preopens(Some(":/state")).expect_err("no directory").to_string();
        assert_eq!(error, "DURABOX_DIRS takes HOST[:GUEST][:ro], got \":/state\"");
    }

    #[test]
    fn some_of_the_functions_memory_is_kept_for_the_process() {
        assert_eq!(memory_limit(128), 80 * 1024 * 1024);
        assert_eq!(memory_limit(2048), 2000 * 1024 * 1024);
        assert_eq!(memory_limit(64), 32 * 1024 * 1024);
    }
}
