//! The command, as a person meets it: a clean environment, a directory of its own, every line read.

#[path = "cli/package.rs"]
mod package;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use durabox::handlers::{Build, CargoOutput};

/// A directory in which a test runs the command.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("durabox-cli-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join(".durabox")).expect("a directory");
        Self(path)
    }

    fn run(&self, arguments: &[&str]) -> Printed {
        let output = Command::new(env!("CARGO_BIN_EXE_durabox"))
            .args(arguments)
            .current_dir(&self.0)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .output()
            .expect("the command starts");
        Printed::from(output)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.0.join(name), bytes).expect("a file");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Printed {
    code: i32,
    out: String,
    err: String,
}

impl From<Output> for Printed {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

impl Printed {
    /// Expects an error: this exit code, and each of these words on stderr.
    fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{}", self.err);
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in:\n{}", self.err);
        }
        assert!(self.err.contains("error: "), "{}", self.err);
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// Returns the path of an example's component.
fn example(name: &str) -> String {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        let outcome = Build::of_packages(root(), ["durabox-examples"], CargoOutput::Captured).run();
        outcome.result.unwrap_or_else(|error| panic!("{error}"));
        outcome.built.values().next().and_then(|built| built.path.parent()).expect("a build").to_owned()
    });
    directory.join(format!("{name}.wasm")).display().to_string()
}

/// Returns the path of the component of one of the tests' handlers.
fn handler(name: &str) -> String {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        let outcome = Build::of_packages(root(), ["durabox-test-handlers"], CargoOutput::Captured).run();
        outcome.result.unwrap_or_else(|error| panic!("{error}"));
        outcome.built.values().next().and_then(|built| built.path.parent()).expect("a build").to_owned()
    });
    directory.join(format!("{name}.wasm")).display().to_string()
}

const ORDER: &str = r#"{"id":"42","amount":1299}"#;

#[test]
fn an_order_takes_a_year_of_virtual_time_and_the_same_bytes_each_time() {
    let place = Place::new("order");
    let first = place.run(&["run", &example("order"), "--input", ORDER]);
    assert_eq!(first.code, 0, "{}", first.err);
    insta::assert_snapshot!(first.out);
    insta::assert_snapshot!(first.err);
    let second = place.run(&["run", &example("order"), "--input", ORDER]);
    assert_eq!(first.out, second.out);
    assert_ne!(place.run(&["run", &example("order"), "--input", ORDER, "--seed", "1"]).out, first.out);
}

#[test]
fn json_is_one_document_with_result_operations_and_events() {
    let place = Place::new("json");
    let printed = place.run(&["run", &example("order"), "--input", ORDER, "--json"]);
    let document: serde_json::Value = serde_json::from_str(&printed.out).expect("one JSON document");
    assert_eq!(document["events"][0]["EventType"], "ExecutionStarted");
    assert_eq!(document["execution"]["status"], "SUCCEEDED");
    assert_eq!(document["operations"].as_array().expect("a list").len(), 5, "the EXECUTION operation and four more");
}

#[test]
fn a_run_is_found_by_name_number_and_arn_and_replayed_from_its_export() {
    let place = Place::new("history");
    place.run(&["run", &example("order"), "--input", ORDER, "--name", "order-42"]);
    let list = place.run(&["history", "list"]).out;
    assert!(list.contains("order-42") && list.contains("SUCCEEDED"), "{list}");
    let by_name = place.run(&["history", "show", "order-42"]);
    assert_eq!(by_name.code, 0, "{}", by_name.err);
    assert_eq!(place.run(&["history", "show", "1"]).out, by_name.out);
    let document = place.run(&["history", "export", "order-42"]).out;
    let exported: serde_json::Value = serde_json::from_str(&document).expect("JSON");
    let arn = exported["DurableExecutionArn"].as_str().expect("an ARN");
    assert_eq!(place.run(&["history", "show", arn]).out, by_name.out);
    assert!(place.run(&["history", "show", "order-42", "--events"]).out.contains("WaitSucceeded"));

    place.write("order-42.json", &document);
    let replayed = place.run(&["replay", "order-42.json", "--with", &example("order")]);
    assert_eq!(replayed.code, 0, "{}{}", replayed.out, replayed.err);
    let other = place.run(&["replay", "order-42", "--with", &example("hello_world")]);
    assert_ne!(other.code, 0, "{}", other.out);
    let events = serde_json::json!({"Events": exported["Events"]}).to_string();
    place.write("cloud.json", events);
    let cloud = place.run(&["replay", "cloud.json", "--with", &example("order")]);
    assert_eq!(cloud.code, 0, "an answer of GetDurableExecutionHistory is enough: {}{}", cloud.out, cloud.err);
}

#[test]
fn a_callback_is_answered_from_the_command_line() {
    let place = Place::new("callback");
    let answers = ["--callback", "approval=heartbeat@60", "--callback", r#"approval=success:"yes"@90"#];
    let run = ["run", &handler("callback_4_1"), "--input", r#""approval""#];
    let answered = place.run(&[&run[..], &answers].concat());
    assert_eq!(answered.code, 0, "{}", answered.err);
    insta::assert_snapshot!(answered.out);
    let failed = place.run(&[&run[..], &["--callback", "*=failure:not today"]].concat());
    assert_eq!(failed.code, 1, "{}", failed.err);
    assert!(failed.out.contains("not today"), "{}", failed.out);
    let misspelt = place.run(&[&run[..], &["--callback", "aproval=success"]].concat());
    assert!(misspelt.err.contains("did you mean `approval`?"), "{}", misspelt.err);
}

#[test]
fn a_run_that_nobody_answers_is_left_open_with_a_hint() {
    let place = Place::new("open");
    let open = place.run(&["run", &handler("wait_for_callback_7_1"), "--input", r#""approval""#]);
    assert_eq!(open.code, 6, "{}", open.err);
    insta::assert_snapshot!(open.out);
    insta::assert_snapshot!(open.err);
}

#[test]
fn an_answer_or_a_function_of_the_wrong_shape_is_refused_before_a_build() {
    let place = Place::new("shapes");
    for (flag, value, words) in [
        ("--callback", "approval", "NAME=success[:JSON]"),
        ("--callback", "approval=success:yes", "double quotes"),
        ("--mock", "pay=yes", "not JSON"),
        ("--mock-error", "pay=Declined", "NAME=TYPE:MESSAGE"),
        ("--function", "pay", "NAME=HANDLER"),
    ] {
        place.run(&["run", "nowhere.wasm", flag, value]).refused(2, &[words]);
    }
}

#[test]
fn an_invoke_finds_the_component_beside_and_both_runs_are_kept() {
    let place = Place::new("invoke");
    let run = ["run", &handler("invoke_5_1"), "--input", r#"{"amount":7}"#];
    let printed = place.run(&run);
    assert_eq!(printed.code, 0, "{}", printed.err);
    insta::assert_snapshot!(printed.out);
    insta::assert_snapshot!(printed.err);
    insta::assert_snapshot!(place.run(&["history", "list"]).out);

    let json = place.run(&[&run[..], &["--json", "--no-save"]].concat()).out;
    let document: serde_json::Value = serde_json::from_str(&json).expect("one JSON document");
    assert_eq!(
        document["metering"],
        serde_json::json!({
            "operations": 2, "maxOperations": 3000, "bytes": 48, "maxBytes": 104_857_600,
        })
    );
    assert_eq!(document["chained"][0]["invokedBy"]["executionArn"], document["execution"]["arn"]);
    for execution in ["1", "2"] {
        assert_eq!(
            place
                .run(&[
                    "replay",
                    execution,
                    "--with",
                    &handler(if execution == "1" { "invoke_5_1" } else { "invoke_target_echo" })
                ])
                .code,
            0
        );
    }
}

#[test]
fn a_function_is_mocked_renamed_or_missing_with_what_is_near() {
    let place = Place::new("mock");
    let path = handler("invoke_5_1");
    let run = ["run", &path, "--input", "7", "--env", "TARGET_FUNCTION_NAME=payment:live"];
    let with = |more: &[&str]| place.run(&[&run[..], more].concat());
    assert!(with(&["--mock", r#"payment={"paid":true}"#]).out.contains(r#"result     {"paid":true}"#));
    let failed = with(&["--mock-error", "payment=Declined:no"]);
    assert_eq!(failed.code, 1);
    assert!(failed.out.contains("Declined"), "{}", failed.out);
    let renamed = with(&["--function", &format!("payment={}", handler("invoke_target_echo"))]);
    assert!(renamed.out.contains("result     7"), "{}{}", renamed.out, renamed.err);
    let missing = with(&["--mock", "paiment=1"]);
    assert_eq!(missing.code, 1);
    assert!(missing.out.contains("Function not found: arn:aws:lambda:us-east-1:123456789012:function:payment:live"));
    assert!(missing.err.contains("did you mean `paiment`?") && missing.err.contains("--mock"), "{}", missing.err);
}

#[test]
fn a_person_at_a_terminal_is_asked_for_the_answer() {
    let place = Place::new("terminal");
    // `script` gives the command a terminal of its own, and types what it reads.
    let command =
        format!("{} run {} --input '\"approval\"' --no-save", env!("CARGO_BIN_EXE_durabox"), handler("callback_4_1"));
    let mut child = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(&place.0)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("`script` of util-linux");
    let mut typed = child.stdin.take().expect("a pipe");
    typed.write_all(b"perhaps\nheartbeat\nsuccess \"yes\"\n").expect("it reads");
    let printed = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&printed.stdout);
    for words in [
        "callback approval of callback_4_1 is open",
        "timeout   none",
        "callback_4_1.rs:6",
        "success [JSON] | failure MESSAGE | heartbeat | skip",
        "approval> ",
        "result     \"yes\"",
    ] {
        assert!(text.contains(words), "{words:?} is not in:\n{text}");
    }
    assert_eq!(printed.status.code(), Some(0), "{text}");
}

#[test]
fn a_file_that_is_no_record_is_refused_with_what_would_be_one() {
    let place = Place::new("records");
    place.write("empty.json", "{}");
    place.run(&["replay", "empty.json"]).refused(2, &["missing field `Events`", "hint: ", "history export"]);
    place.run(&["replay", "emty.json"]).refused(2, &["emty.json", "did you mean `empty.json`?", "history export"]);
}

#[test]
fn a_run_needs_an_artifact_that_is_a_durable_handler() {
    let place = Place::new("artifact");
    place.write("text.wasm", "hello");
    place.run(&["run", "text.wasm"]).refused(5, &["not WebAssembly", "hello", "hint: "]);
    place.write("core.wasm", b"\0asm\x01\0\0\0");
    place
        .run(&["run", "core.wasm"])
        .refused(5, &["core module but not a durable handler", "does not import", "hint: "]);
    place.write("empty.wasm", b"\0asm\x0d\0\x01\0");
    place.run(&["run", "empty.wasm"]).refused(5, &["does not import", "durabox:durable/operations@0.1.0"]);
    place.write("cut.wasm", &std::fs::read(example("order")).expect("a component")[..5000]);
    place.run(&["run", "cut.wasm"]).refused(5, &["cut.wasm"]);
    place.run(&["run", "missing.wasm"]).refused(5, &["missing.wasm"]);
}

#[test]
fn an_unknown_handler_is_answered_with_those_that_are_near() {
    let output = Command::new(env!("CARGO_BIN_EXE_durabox")).args(["run", "ordr"]).current_dir(root()).output();
    Printed::from(output.expect("the command starts")).refused(2, &["ordr", "order"]);
}

#[test]
fn input_is_json_of_at_most_six_mebibytes() {
    let place = Place::new("input");
    let order = example("order");
    place.run(&["run", &order, "--input", "{bad"]).refused(2, &["not JSON", "line 1", "{bad"]);
    place.run(&["run", &order, "--input", "@nothing.json"]).refused(2, &["nothing.json"]);
    place.write("large.json", format!("\"{}\"", "x".repeat(6 * 1024 * 1024 - 1)));
    place.run(&["run", &order, "--input", "@large.json"]).refused(2, &["6,291,456", "6,291,457", "large.json"]);
    place.run(&["run", &order, "--name", "bad/name"]).refused(2, &["bad/name"]);
}

#[test]
fn a_handler_that_fails_says_so_with_its_exit_code() {
    let place = Place::new("fails");
    let printed = place.run(&["run", &example("order"), "--input", "{}"]);
    assert_eq!(printed.code, 1, "{}", printed.err);
    assert!(printed.out.contains("missing field `id`"), "{}", printed.out);
}

#[test]
fn a_corrupted_cache_file_is_made_anew() {
    let place = Place::new("cache");
    let run = || place.run(&["run", &example("order"), "--input", ORDER]);
    assert_eq!(run().code, 0);
    let mut files = 0;
    for entry in std::fs::read_dir(place.0.join(".durabox/cache")).expect("a cache") {
        std::fs::write(entry.expect("an entry").path(), b"garbage").expect("a file");
        files += 1;
    }
    assert!(files > 0);
    assert_eq!(run().code, 0);
}

#[test]
fn a_store_that_is_no_database_is_refused_and_left_alone() {
    let place = Place::new("store");
    place.write(".durabox/durabox.db", "this is not a database, and long enough to be read as one: ".repeat(20));
    place.run(&["history", "list"]).refused(5, &["durabox.db", "damaged"]);
    place.run(&["run", &example("order"), "--input", ORDER]).refused(5, &["durabox.db"]);
    let text = std::fs::read_to_string(place.0.join(".durabox/durabox.db")).expect("the file");
    assert!(text.starts_with("this is not a database"));
}

#[test]
fn a_store_of_the_first_layout_is_brought_up_to_date() {
    let place = Place::new("layout");
    let run = ["run", &handler("invoke_5_1"), "--input", "7"];
    assert_eq!(place.run(&run).code, 0);
    let store = rusqlite::Connection::open(place.0.join(".durabox/durabox.db")).expect("a database");
    let back = "
        DROP INDEX executions_by_arn;
        DROP INDEX executions_by_parent;
        DROP INDEX executions_by_function;
        ALTER TABLE executions DROP COLUMN hosted;
        ALTER TABLE executions DROP COLUMN saved;
        ALTER TABLE executions DROP COLUMN expires_ms;
        ALTER TABLE executions DROP COLUMN parent;
        ALTER TABLE executions DROP COLUMN parent_operation;
        PRAGMA user_version = 1;";
    store.execute_batch(back).expect("layout 1");
    drop(store);
    let listed = place.run(&["history", "list"]);
    assert!(listed.out.contains("invoke_5_1") && !listed.out.contains("invoked by"), "{}{}", listed.out, listed.err);
    assert_eq!(place.run(&run).code, 0);
    assert!(place.run(&["history", "list"]).out.contains("invoked by"));
}

#[test]
fn a_store_held_by_another_process_is_said_to_be_locked() {
    let place = Place::new("locked");
    assert_eq!(place.run(&["run", &example("order"), "--input", ORDER]).code, 0);
    let holder = rusqlite::Connection::open(place.0.join(".durabox/durabox.db")).expect("a database");
    holder.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    place.run(&["run", &example("order"), "--input", ORDER]).refused(5, &["durabox.db", "locked"]);
    holder.execute_batch("ROLLBACK").expect("no lock");
    assert_eq!(place.run(&["run", &example("order"), "--input", ORDER]).code, 0);
}

#[test]
fn ctrl_c_keeps_what_was_acknowledged() {
    let place = Place::new("interrupt");
    let child = Command::new(env!("CARGO_BIN_EXE_durabox"))
        .args(["run", &example("concurrent"), "--real-time", "--name", "long"])
        .current_dir(&place.0)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the command starts");
    // It waits for 30 real seconds once its steps are recorded.
    let is_waiting = || place.run(&["history", "show", "long", "--events"]).out.contains("WaitStarted");
    let start = std::time::Instant::now();
    while !is_waiting() && start.elapsed().as_secs() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill starts");
    assert!(interrupted.success());
    let printed = Printed::from(child.wait_with_output().expect("the command ends"));
    assert_eq!(printed.code, 130, "{}", printed.err);
    assert!(printed.err.contains("long"), "{}", printed.err);
    let shown = place.run(&["history", "show", "long", "--events"]).out;
    assert!(shown.contains("RUNNING") && shown.contains("StepSucceeded"), "{shown}");
    let replayed = place.run(&["replay", "long", "--with", &example("concurrent")]);
    assert_eq!(replayed.code, 0, "an open record can be replayed: {}{}", replayed.out, replayed.err);
}

#[test]
fn a_new_project_builds_and_runs_and_is_not_overwritten() {
    let place = Place::new("new");
    let made = place.run(&["new", "demo"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let project = place.0.join("demo");
    // The versions of this tree, so that nothing is compiled that is compiled already.
    std::fs::copy(root().join("Cargo.lock"), project.join("Cargo.lock")).expect("a lock file");
    let in_project = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_durabox"));
        if std::env::var_os("CARGO_TARGET_DIR").is_none() {
            command.env("CARGO_TARGET_DIR", root().join("target"));
        }
        Printed::from(command.args(arguments).current_dir(&project).output().expect("the command starts"))
    };
    let built = in_project(&["build"]);
    assert_eq!(built.code, 0, "{}", built.err);
    assert!(built.out.contains("demo"), "{}", built.out);
    let run = in_project(&["run", "demo", "--input", r#"{"name":"Ada"}"#]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("Hello, Ada!") && run.out.contains("after 1d"), "{}", run.out);

    // Without a server, the commands on executions run the project's own service.
    let invoked = in_project(&["invoke", "demo", "--input", r#"{"name":"Eve"}"#, "--name", "eve", "--skip-time"]);
    assert_eq!(invoked.code, 0, "{}{}", invoked.out, invoked.err);
    assert!(invoked.out.contains("Hello, Eve!") && invoked.out.contains("after 1d"), "{}", invoked.out);
    let late = in_project(&["invoke", "demo", "--input", r#"{"seconds":3600}"#, "--name", "late", "--timeout", "1"]);
    assert_eq!(late.code, 6, "{}{}", late.out, late.err);
    assert!(late.err.contains("hint: durabox history show 'arn:"), "{}", late.err);
    let stopped = in_project(&["stop", "late", "--message", "enough"]);
    assert!(stopped.out.starts_with("STOPPED  arn:"), "{}{}", stopped.out, stopped.err);
    let listed = in_project(&["history", "list"]);
    for line in ["of this project's service:", "eve ", "late "] {
        assert!(listed.out.contains(line), "{line:?} is not in:\n{}", listed.out);
    }
    let shown = in_project(&["history", "show", "late"]);
    assert!(shown.out.contains("STOPPED") && shown.out.contains("enough"), "{}", shown.out);
    in_project(&["callback", "succeed", "nothing", "--execution", "eve"]).refused(2, &["nothing", "hint: "]);

    place.run(&["new", "demo"]).refused(2, &["demo", "not empty", "nothing was written"]);
    place.run(&["new", "Bad Name"]).refused(2, &["Bad Name", "bad-name"]);
}

#[test]
fn a_handler_built_for_wasip1_runs_from_its_path_as_its_component_does() {
    let place = Place::new("wasip1");
    let build = |arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_durabox")).arg("build").args(arguments).current_dir(root()).output();
        Printed::from(output.expect("the command starts"))
    };
    let built = build(&["-p", "durabox-examples", "--bins", "--target", "wasm32-wasip1"]);
    assert_eq!(built.code, 0, "{}", built.err);
    let row = built.out.lines().find(|line| line.starts_with("order ")).expect("a row for order");
    assert!(row.contains("wasm32-wasip1"), "{row}");
    let path = root().join(row.split_whitespace().last().expect("a path"));
    let module = place.run(&["run", &path.display().to_string(), "--input", ORDER]);
    assert_eq!(module.code, 0, "{}", module.err);
    assert_eq!(module.out, place.run(&["run", &example("order"), "--input", ORDER]).out);

    let refused = ["wasm32-unknown-unknown", "wasm32-wasip2", "wasm32-wasip1"];
    build(&["--target", "wasm32-unknown-unknown"]).refused(2, &refused);
    build(&["--bin", "order", "--target=wasm32-unknown-unknown"]).refused(2, &refused);
    let help = build(&["--help"]).out;
    assert!(help.contains("--target") && help.contains("core modules"), "{help}");
}

#[test]
fn tests_in_the_cloud_need_to_know_where_it_is() {
    let place = Place::new("test-cloud");
    let refused = place.run(&["test", "--runner-mode=cloud"]);
    let words = "Cloud mode requires both QUALIFIED_FUNCTION_NAME and LAMBDA_FUNCTION_TEST_NAME environment variables";
    refused.refused(2, &[words, "hint: QUALIFIED_FUNCTION_NAME is the deployed function"]);
    place.run(&["test", "--runner-mode=clowd"]).refused(2, &["the runner mode is local, cloud or auto", "clowd"]);
}

#[test]
fn both_modes_are_compared_only_where_the_cloud_is_known() {
    let place = Place::new("verify");
    let words = "Cloud mode requires both QUALIFIED_FUNCTION_NAME and LAMBDA_FUNCTION_TEST_NAME environment variables";
    place.run(&["verify"]).refused(2, &[words, "hint: QUALIFIED_FUNCTION_NAME is the deployed function"]);
    place.run(&["verify", "order.wasm"]).refused(2, &["--input", "--function-name"]);
    place.run(&["verify", "--input", "{}"]).refused(2, &["NAME | PATH.WASM"]);
    let one = ["verify", "order.wasm", "--function-name", "order:1"];
    place.run(&[&one[..], &["--input", "{}", "-k", "order"]].concat()).refused(2, &["cannot be used with"]);
    place.run(&[&one[..], &["--input", "{id: 42}"]].concat()).refused(2, &["input is not JSON"]);
}

#[test]
fn tests_are_run_and_said_to_have_run_where() {
    let cargo = std::env::var_os("CARGO").expect("a test is run by cargo");
    let output = Command::new(env!("CARGO_BIN_EXE_durabox"))
        .args(["test", "-k", "says_hello", "-k", "retries_in_real_time", "--release", "--test", "modes"])
        .current_dir(root())
        .env("CARGO", cargo)
        .env_remove("DURABOX_RUNNER_MODE")
        .output()
        .expect("the command starts");
    let printed = Printed::from(output);
    assert_eq!(printed.code, 0, "{}", printed.err);
    let summary: Vec<&str> =
        printed.out.lines().filter(|line| line.contains("modes::") || line.contains("mode: ")).collect();
    assert_eq!(summary.len(), 3, "{}", printed.out);
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(summary[0]), "modes::retries_in_real_time skipped it requires the cloud");
    assert_eq!(words(summary[1]), "modes::says_hello local ok");
    assert_eq!(summary[2], "local mode: 2 tests; 1 local, 0 in the cloud, 1 skipped; 0 failed");
}

#[test]
fn help_says_what_each_command_does_and_what_exit_codes_mean() {
    let place = Place::new("help");
    let help = place.run(&["--help"]).out;
    for word in ["new", "build", "run", "history", "replay", "verify", "Exit codes", "130"] {
        assert!(help.contains(word), "{word}: {help}");
    }
    assert_eq!(place.run(&["run"]).code, 2);
    assert_eq!(place.run(&["fly"]).code, 2);
}

#[test]
fn an_allowed_host_that_is_none_is_refused_before_anything_runs() {
    let place = Place::new("allow-host");
    let printed = place.run(&["run", "handler.wasm", "--allow-host", "https://api.example.com/"]);
    printed.refused(2, &["--allow-host", "\"https://api.example.com/\"", "leave out the scheme"]);
}
