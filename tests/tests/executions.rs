//! `durabox invoke`, `callback`, `stop` and `history`, by hand against a server: by name and by ARN.

use std::process::Command;
use std::time::{Duration, Instant};

use durabox_tests::clients::service::{Service, durabox};
use durabox_tests::directory::Directory;
use serde_json::Value;

/// What a command printed, and how it ended.
#[derive(Debug)]
struct Printed {
    out: String,
    err: String,
    code: Option<i32>,
}

impl Printed {
    fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }

    fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        words.iter().for_each(|word| assert!(self.err.contains(word), "{word:?} is not in:\n{}", self.err));
    }
}

/// A server, and a directory that is no project.
struct Place {
    directory: Directory,
    service: Service,
}

impl Place {
    fn new(handlers: &[&str], arguments: &[&str]) -> Self {
        let directory = Directory::new();
        let service = Service::start_kept(&directory.path().join("state"), handlers, arguments);
        Self { directory, service }
    }

    fn run(&self, arguments: &[&str]) -> Printed {
        let mut command = Command::new(durabox());
        command.args(arguments).current_dir(self.directory.path()).env_remove("AWS_PROFILE").env_remove("AWS_REGION");
        let output = command.env("LAMBDA_ENDPOINT", self.service.endpoint()).output().expect("the command starts");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Printed { out: text(output.stdout), err: text(output.stderr), code: output.status.code() }
    }

    /// Waits until the history of an execution has an event of this type.
    fn until(&self, execution: &str, event: &str) {
        let limit = Instant::now() + Duration::from_secs(60);
        loop {
            let shown = self.run(&["history", "show", execution, "--events"]);
            if shown.out.contains(event) {
                return;
            }
            assert!(Instant::now() < limit, "no {event}:\n{}{}", shown.out, shown.err);
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn an_execution_is_started_shown_listed_and_exported() {
    let place = Place::new(&["order", "invoke_target_error", "hello_world"], &["--skip-time"]);
    let input = r#"{"id":"42","amount":1299}"#;
    let invoked = place.run(&["invoke", "order", "--input", input, "--name", "order-42"]).ok();
    for words in ["execution  order-42", "SUCCEEDED", "WAIT", "warranty", "arn        arn:aws:lambda:"] {
        assert!(invoked.contains(words), "{words:?} is not in:\n{invoked}");
    }
    let arn = invoked.lines().find_map(|line| line.strip_prefix("arn        ")).expect("its ARN");
    let again = place.run(&["invoke", "order:$LATEST", "--input", input, "--name", "order-42", "--no-wait"]).ok();
    assert_eq!(again.trim(), arn, "the same name and input find the same execution");

    let shown = place.run(&["history", "show", "order-42"]).ok();
    assert!(shown.contains("reservation-42"), "{shown}");
    assert_eq!(place.run(&["history", "show", arn, "--function", "order"]).ok(), shown);
    let listed = place.run(&["history", "list"]).ok();
    assert!(listed.lines().any(|line| line.starts_with("order-42") && line.contains("SUCCEEDED")), "{listed}");
    let json: Value = serde_json::from_str(&place.run(&["history", "list", "--json"]).ok()).expect("JSON");
    assert_eq!((json[0]["name"].as_str(), json[0]["arn"].as_str()), (Some("order-42"), Some(arn)));

    place.run(&["history", "export", "order-42", "-o", "order.json"]).ok();
    let component = durabox_tests::handlers::component("order").display().to_string();
    let replayed = place.run(&["replay", "order.json", "--with", &component]);
    assert_eq!(replayed.code, Some(0), "a history of the server can be replayed: {}{}", replayed.out, replayed.err);

    let failed = place.run(&["invoke", "invoke_target_error"]);
    assert_eq!(failed.code, Some(1), "{}{}", failed.out, failed.err);
    assert!(failed.out.contains("FAILED") && failed.out.contains("the target always fails"), "{}", failed.out);
    let answer = place.run(&["invoke", "hello_world", "--input", r#"{"name":"Ada"}"#, "--answer"]).ok();
    assert_eq!(answer, "\"Hello, Ada!\"\n");
}

#[test]
fn callbacks_are_answered_by_name_and_by_id_and_an_execution_is_stopped() {
    let place = Place::new(&["create_callback", "callback_heartbeat"], &[]);
    let start = |name: &str| place.run(&["invoke", "create_callback", "--name", name, "--no-wait"]).ok();
    start("by-name");
    place.until("by-name", "CallbackStarted");
    place.run(&["callback", "succeed", "approval", "--execution", "by-name", "--result", "true"]).ok();
    place.until("by-name", "ExecutionSucceeded");

    start("by-id");
    place.until("by-id", "CallbackStarted");
    let document: Value = serde_json::from_str(&place.run(&["history", "export", "by-id"]).ok()).expect("JSON");
    let events = document["Events"].as_array().or(document["events"].as_array()).expect("events");
    let id = events.iter().find_map(|event| event["CallbackStartedDetails"]["CallbackId"].as_str()).expect("an id");
    place.run(&["callback", "heartbeat", id]).ok();
    place.run(&["callback", "fail", id, "--message", "not today", "--type", "Declined"]).ok();
    place.until("by-id", "ExecutionFailed");
    let shown = place.run(&["history", "show", "by-id"]).ok();
    assert!(shown.contains("Declined") && shown.contains("not today"), "{shown}");
    place.run(&["callback", "succeed", id]).refused(2, &["Failed to send callback success", "hint: "]);

    let arn = start("stopped");
    let stopped = place.run(&["stop", "stopped", "--message", "enough", "--type", "Operator"]).ok();
    assert_eq!(stopped, format!("STOPPED  {arn}"));
    let shown = place.run(&["history", "show", arn.trim()]).ok();
    assert!(shown.contains("STOPPED") && shown.contains("enough"), "{shown}");
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let place = Place::new(&["hello_world"], &[]);
    place
        .run(&["invoke", "helo_world"])
        .refused(2, &["Failed to invoke Lambda function helo_world:$LATEST", "Function not found", "hint: "]);
    place.run(&["history", "show", "nothing"]).refused(2, &["no execution \"nothing\" of hello_world", "hint: "]);
    place.run(&["stop", "nothing", "--function", "hello_world"]).refused(2, &["no execution \"nothing\""]);
    place.run(&["callback", "succeed", "approval"]).refused(2, &["Failed to send callback success", "--execution"]);
    let unreachable = ["invoke", "hello_world", "--endpoint", "http://127.0.0.1:9"];
    place.run(&unreachable).refused(2, &["Connection refused", "hint: "]);
    place.run(&["invoke", "hello_world", "--input", "{nope"]).refused(2, &["--input", "JSON"]);
}
