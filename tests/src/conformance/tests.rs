//! The judge judged: each rule passes what it should and names both sides of what it should not.

use serde_json::{Value, json};

use super::matcher::{Observed, judge, strict};
use super::package::requirements_dir;
use super::requirement::{CallbackOperation, Requirement, ids};

const WAIT: &str = r#"
Variables:
  INPUT: ${GEN_STR:8}
Input: ${INPUT}
ExpectedResult:
  ExecutionStatus: SUCCEEDED
  Result: Hello, ${INPUT}!
ExpectedExecutionHistory:
  - EventType: WaitStarted
    EventId: 2
    Id: ${ID}
    EventTimestamp: '*'
    WaitStartedDetails:
      Duration: ${/^[1-5]$/}
      Tags: [a, b]
  - EventType: InvocationCompleted
    EventId: 3
    InvocationCompletedDetails: {}
  - EventType: WaitSucceeded
    EventId: 4
    Id: ${ID}
    WaitSucceededDetails:
      Payload: '"${INPUT}"'
  - EventType: InvocationCompleted
    EventId: 5
"#;

#[test]
fn an_execution_that_does_what_is_required_passes() {
    let (requirement, observed) = wait();
    assert_eq!(judge(&requirement, &observed), [""; 0]);
    assert_eq!(strict(&requirement, &observed), [""; 0]);
}

#[test]
fn an_event_that_nobody_pinned_is_ignored() {
    check_judge(|observed| observed.events.push(json!({ "EventId": 99 })), &[]);
}

#[test]
fn a_pinned_event_must_be_there() {
    let missing = "event 3: expected InvocationCompleted, got no event of this id among 5";
    check_judge(|observed| drop(observed.events.remove(2)), &[missing]);
}

#[test]
fn an_ignored_value_must_still_have_its_key() {
    let missing = [
        r#"event 2.EventTimestamp: expected "*", got no such key"#,
        "event 3.InvocationCompletedDetails: expected {}, got no such key",
    ];
    let change = |observed: &mut Observed| {
        for (index, key) in [(1, "EventTimestamp"), (2, "InvocationCompletedDetails")] {
            observed.events[index].as_object_mut().expect("events are objects").remove(key);
        }
    };
    check_judge(change, &missing);
}

#[test]
fn a_name_stands_for_one_value_in_the_whole_history() {
    let change = |observed: &mut Observed| observed.events[3]["Id"] = json!("b");
    check_judge(change, &[r#"event 4.Id: expected "a" (${ID}), got "b""#]);
}

#[test]
fn a_pattern_searches_the_text_of_a_number() {
    let change = |observed: &mut Observed| observed.events[1]["WaitStartedDetails"]["Duration"] = json!(6);
    check_judge(change, &["event 2.WaitStartedDetails.Duration: expected a match of /^[1-5]$/, got 6"]);
}

#[test]
fn a_list_must_have_the_same_items() {
    let tags = |tags: Value| move |observed: &mut Observed| observed.events[1]["WaitStartedDetails"]["Tags"] = tags;
    check_judge(tags(json!(["a"])), &["event 2.WaitStartedDetails.Tags: expected 2 items, got 1"]);
    check_judge(tags(json!(["a", "c"])), &[r#"event 2.WaitStartedDetails.Tags[1]: expected "b", got "c""#]);
    check_judge(tags(json!("a")), &[r#"event 2.WaitStartedDetails.Tags: expected ["a","b"], got "a""#]);
}

#[test]
fn a_variable_inside_a_text_is_its_value() {
    let (requirement, mut observed) = wait();
    observed.events[3]["WaitSucceededDetails"]["Payload"] = json!("\"other\"");
    let expected = Value::from(requirement.input.to_string());
    let error = format!(r#"event 4.WaitSucceededDetails.Payload: expected {expected}, got "\"other\"""#);
    assert_eq!(judge(&requirement, &observed), [error]);
}

#[test]
fn a_wrong_status_hides_the_result() {
    let change = |observed: &mut Observed| {
        observed.status = "FAILED".to_owned();
        observed.result = None;
    };
    check_judge(change, &["status: expected SUCCEEDED, got FAILED"]);
}

#[test]
fn a_result_is_compared_as_a_json_value() {
    let yaml = "
ExpectedResult: { ExecutionStatus: SUCCEEDED, Result: { n: 5 } }
ExpectedExecutionHistory: [{ EventId: 1 }]";
    let check = |result: Option<&str>, errors: &[&str]| {
        let result = result.map(str::to_owned);
        let observed = Observed {
            result,
            status: "SUCCEEDED".to_owned(),
            events: vec![json!({ "EventId": 1 })],
            ..Observed::default()
        };
        assert_eq!(judge(&parse(yaml), &observed), errors);
    };
    check(Some(r#" {"n": 5.0} "#), &[]);
    check(Some(r#""{\"n\": 5}""#), &[r#"result: expected {"n":5}, got "{\"n\": 5}""#]);
    check(None, &[r#"result: expected {"n":5}, got null"#]);
}

#[test]
fn log_lines_are_counted() {
    check_logs("{ match: { message: /two/ } }", &[]);
    check_logs("{ match: { message: two, n: 2 }, count: 1 }", &[]);
    check_logs("{ match: { n: '2' }, min_count: 1, max_count: 1 }", &[]);
    check_logs("{ match: { message: tw } }", &[r#"expected at least 1 of {"message":"tw"}, got 0 of 3 lines"#]);
    check_logs(
        "{ match: { message: /t/ }, count: 1 }",
        &[r#"expected exactly 1 of {"message":"/t/"}, got 2 of 3 lines"#],
    );
    check_logs(
        "{ match: { message: /t/ }, max_count: 1 }",
        &[r#"expected at most 1 of {"message":"/t/"}, got 2 of 3 lines"#],
    );
    check_logs("{ match: { first: 1 } }", &[r#"expected at least 1 of {"first":1}, got 0 of 3 lines"#]);
    check_logs("{ match: {} }", &["expected match to name fields, got {}"]);
}

#[test]
fn log_lines_are_ordered_by_their_anchors() {
    check_logs("{ match: { n: 2 }, after: { n: 1 }, before: [{ n: 3 }] }", &[]);
    let late = r#"expected {"n":2} after {"n":3} (lines 2 to 2), got it in line 1"#;
    check_logs("{ match: { n: 2 }, after: { n: 3 } }", &[late]);
    let early = r#"expected {"n":2} before {"n":1} (lines 0 to 0), got it in line 1"#;
    check_logs("{ match: { n: 2 }, before: { n: 1 } }", &[early]);
    let lost = r#"expected {"n":2} before {"n":4}, got no line that matches {"n":4}"#;
    check_logs("{ match: { n: 2 }, before: { n: 4 } }", &[lost]);
}

#[test]
fn strictly_ids_count_from_one() {
    let skipped = "event 6: expected EventId 6, got 7 (ExecutionSucceeded)";
    check_strict(|observed| observed.events[5]["EventId"] = json!(7), &[skipped]);
}

#[test]
fn strictly_time_does_not_go_back() {
    let back = "event 4: expected EventTimestamp from 3.5, got 2";
    check_strict(|observed| observed.events[3]["EventTimestamp"] = json!(2), &[back]);
}

#[test]
fn strictly_a_history_begins_with_its_start() {
    let other = "event 1: expected ExecutionStarted, got StepStarted";
    check_strict(|observed| observed.events[0]["EventType"] = json!("StepStarted"), &[other]);
}

#[test]
fn strictly_nothing_follows_the_end() {
    let more = [
        "event 7: expected no event after ExecutionSucceeded, got InvocationCompleted",
        "history: expected 6 events (pinned to 5, SUCCEEDED), got 7",
    ];
    check_strict(|observed| observed.events.push(event(7, "InvocationCompleted")), &more);
}

#[test]
fn strictly_an_execution_ends_once() {
    let twice = [
        r#"status SUCCEEDED: expected 1 terminal events, got 2 ["6 ExecutionSucceeded", "7 ExecutionFailed"]"#,
        "event 7: expected no event after ExecutionSucceeded, got ExecutionFailed",
        "history: expected 6 events (pinned to 5, SUCCEEDED), got 7",
    ];
    check_strict(|observed| observed.events.push(event(7, "ExecutionFailed")), &twice);
    let never = [
        "status SUCCEEDED: expected 1 terminal events, got 0 []",
        "history: expected 6 events (pinned to 5, SUCCEEDED), got 5",
    ];
    check_strict(|observed| drop(observed.events.pop()), &never);
}

#[test]
fn strictly_a_pinned_id_is_there_once() {
    let twice = [
        "event 5: expected EventId 5, got 4 (InvocationCompleted)",
        "event 4: expected one event of this id, got 2",
        "event 5: expected one event of this id, got 0",
    ];
    check_strict(|observed| observed.events[4]["EventId"] = json!(4), &twice);
}

#[test]
fn a_seed_draws_the_same_variables_again() {
    let input = |seed| Requirement::parse("x", WAIT, seed).expect("the requirement is valid").input;
    assert_eq!(input(1), input(1));
    assert_ne!(input(1), input(2));
    let drawn = input(1).as_str().expect("the input is a text").to_owned();
    assert_eq!(drawn.len(), 8);
    assert!(drawn.chars().all(|character| character.is_ascii_lowercase() || character.is_ascii_digit()), "{drawn}");
}

#[test]
fn a_callback_is_completed_with_the_text_that_the_suite_sends() {
    let requirement = parse(
        "{ CallbackActions: [{ CallbackName: '${/^a/}', Operation: success, Payload: { s: é, t: [1, null] } },
         { CallbackName: '*', Operation: Heartbeat, Delay: 1 }], ExpectedExecutionHistory: [{ EventId: 1 }] }",
    );
    let [success, heartbeat] = &requirement.callback_actions[..] else { panic!("expected two actions") };
    let text = r#"{"s": "\u00e9", "t": [1, null]}"#.to_owned();
    assert_eq!(success.operation, CallbackOperation::Success(Some(text)));
    assert!(success.is_for("approve") && !success.is_for("") && heartbeat.is_for(""));
    assert_eq!(heartbeat.delay.as_secs(), 1);
}

#[test]
fn all_155_requirements_of_the_package_load() {
    let dir = requirements_dir().unwrap_or_else(|error| panic!("{error}"));
    let ids = ids(&dir).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        (ids.len(), ids.first().map(String::as_str), ids.last().map(String::as_str)),
        (155, Some("1-1"), Some("10-7"))
    );
    for id in ids {
        let requirement = Requirement::load(&dir, &id, 7).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(requirement.expected_result.is_none(), ["2-4", "2-5"].contains(&&*id), "{id}");
        assert!(!requirement.input.to_string().contains("${"), "{id}: {}", requirement.input);
    }
}

/// The requirement [`WAIT`] and an execution that meets it.
fn wait() -> (Requirement, Observed) {
    let requirement = parse(WAIT);
    let input = requirement.input.as_str().expect("the input is a text");
    let mut events = vec![
        event(1, "ExecutionStarted"),
        event(2, "WaitStarted"),
        event(3, "InvocationCompleted"),
        event(4, "WaitSucceeded"),
        event(5, "InvocationCompleted"),
        event(6, "ExecutionSucceeded"),
    ];
    events[1]["Id"] = json!("a");
    events[1]["WaitStartedDetails"] = json!({ "Duration": 5, "Tags": ["a", "b"] });
    events[2]["InvocationCompletedDetails"] = json!({ "RequestId": "r" });
    events[3]["Id"] = json!("a");
    events[3]["WaitSucceededDetails"] = json!({ "Payload": format!("\"{input}\"") });
    let result = Some(format!("\"Hello, {input}!\""));
    (requirement, Observed { status: "SUCCEEDED".to_owned(), result, events, logs: Vec::new() })
}

fn event(id: u32, event_type: &str) -> Value {
    json!({ "EventId": id, "EventType": event_type, "EventTimestamp": f64::from(id) + 0.5 })
}

fn parse(yaml: &str) -> Requirement {
    Requirement::parse("x", yaml, 7).expect("the requirement is valid")
}

fn check_judge(change: impl FnOnce(&mut Observed), errors: &[&str]) {
    let (requirement, mut observed) = wait();
    change(&mut observed);
    assert_eq!(judge(&requirement, &observed), errors);
}

fn check_strict(change: impl FnOnce(&mut Observed), errors: &[&str]) {
    let (requirement, mut observed) = wait();
    change(&mut observed);
    assert_eq!(strict(&requirement, &observed), errors);
}

fn check_logs(entry: &str, errors: &[&str]) {
    let requirement = parse(&format!("{{ ExpectedExecutionHistory: [{{ EventId: 1 }}], ExpectedLogs: [{entry}] }}"));
    let logs = vec![
        json!({ "message": "one", "n": 1, "first": true }),
        json!(r#"{"message": "two", "n": 2}"#),
        json!({ "message": "three", "n": 3 }),
    ];
    let observed = Observed { events: vec![json!({ "EventId": 1 })], logs, ..Observed::default() };
    let errors: Vec<_> = errors.iter().map(|error| format!("ExpectedLogs[0]: {error}")).collect();
    assert_eq!(judge(&requirement, &observed), errors);
}
